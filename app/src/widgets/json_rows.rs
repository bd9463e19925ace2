//! The rows of a JSON tree: which are shown, and what each says. Plain data, no drawing.
//!
//! Never shows more of one text than [`PREVIEW_BYTES_MAX`], nor more members of one value than were asked for, and says so when it
//! shows less than all.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::escape;

/// How much of one text is shown at most, bytes.
pub(super) const PREVIEW_BYTES_MAX: usize = 64 * 1024;
/// A text longer than this can be unfolded into lines, characters.
const INLINE_CHARS: usize = 120;
/// Characters in a line of an unfolded text.
const LINE_CHARS: usize = 96;
/// Containers with more children start folded.
const OPEN_CHILDREN_MAX: usize = 64;
/// Members of one value that are shown at first, and that are added with each click.
const PAGE: usize = 1_000;
/// Places that a search finds at most.
const HITS_MAX: usize = 1_000;
/// Values inside each other that a search looks into.
const SEARCH_DEPTH: usize = 256;

/// What a row is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowKind {
    Container,
    Text,
    Number,
    Keyword,
    TextLine,
    Note,
    /// Members that are not shown; a click shows more.
    More,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonRow {
    pub(super) depth: u16,
    /// The escaped key; empty for elements of the root and for lines of a text.
    pub(super) key: String,
    pub(super) value: String,
    pub(super) kind: RowKind,
    /// Whether its children are shown; `None` if there are none.
    pub(super) open: Option<bool>,
    /// A JSON pointer, of the owner for lines and notes.
    pub(super) pointer: String,
}

/// What is open, and how much of it is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Folding {
    /// Everything is open, or nothing; `None` leaves it to the number of members.
    pub(super) all: Option<bool>,
    /// The paths that differ from that.
    pub(super) flipped: HashSet<String>,
    /// Paths that are open whatever else is said: a search found something inside.
    pub(super) opened: HashSet<String>,
    /// Members that are shown, where it is not [`PAGE`].
    pub(super) shown: HashMap<String, usize>,
}

impl Folding {
    fn is_open(&self, pointer: &str, members: usize) -> bool {
        let usual = self.all.unwrap_or(members <= OPEN_CHILDREN_MAX);
        self.opened.contains(pointer) || usual != self.flipped.contains(pointer)
    }

    fn shown(&self, pointer: &str) -> usize {
        self.shown.get(pointer).copied().unwrap_or(PAGE)
    }

    /// Shows more members of one value.
    pub(super) fn show_more(&mut self, pointer: &str) {
        let shown = self.shown(pointer).saturating_add(PAGE);
        self.shown.insert(pointer.to_owned(), shown);
    }

    /// Opens what leads to a place and shows as many members as it takes.
    pub(super) fn reveal(&mut self, pointer: &str) {
        for (at, _) in pointer.match_indices('/') {
            let parent = &pointer[..at];
            self.opened.insert(parent.to_owned());
            let step = pointer[at + 1..].split('/').next().unwrap_or_default();
            if let Ok(index) = step.parse::<usize>()
                && index >= self.shown(parent)
            {
                self.shown.insert(parent.to_owned(), (index / PAGE + 1) * PAGE);
            }
        }
    }
}

/// All rows to show of `value`.
pub(super) fn rows(value: &Value, folding: &Folding) -> Vec<JsonRow> {
    let mut out = Vec::new();
    match value {
        Value::Object(_) | Value::Array(_) if !is_empty(value) => children(value, "", 0, folding, &mut out),
        _ => node(value, "", String::new(), 0, folding, &mut out),
    }
    out
}

/// Pointers of the keys, texts, numbers and keywords that contain `needle`, case ignored, in the order in which they are shown.
pub(super) fn find(value: &Value, needle: &str) -> Vec<String> {
    let needle = needle.to_lowercase();
    let mut hits = Vec::new();
    if !needle.is_empty() {
        find_in(value, &mut String::new(), "", &needle, SEARCH_DEPTH, &mut hits);
    }
    hits
}

fn find_in(
    value: &Value,
    pointer: &mut String,
    key: &str,
    needle: &str,
    depth: usize,
    hits: &mut Vec<String>,
) {
    if hits.len() >= HITS_MAX || depth == 0 {
        return;
    }
    let contains = |text: &str| text.to_lowercase().contains(needle);
    let found = contains(key)
        || match value {
            Value::String(text) => contains(text),
            Value::Array(_) | Value::Object(_) => false,
            other => contains(&other.to_string()),
        };
    if found {
        hits.push(pointer.clone());
    }
    let here = pointer.len();
    match value {
        Value::Object(map) => {
            for (key, child) in map {
                push_step(pointer, key);
                find_in(child, pointer, key, needle, depth - 1, hits);
                pointer.truncate(here);
            }
        }
        Value::Array(list) => {
            for (index, child) in list.iter().enumerate() {
                push_step(pointer, &index.to_string());
                find_in(child, pointer, "", needle, depth - 1, hits);
                pointer.truncate(here);
            }
        }
        _ => {}
    }
}

/// One step of a JSON pointer.
fn push_step(pointer: &mut String, step: &str) {
    pointer.push('/');
    pointer.push_str(&step.replace('~', "~0").replace('/', "~1"));
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => true,
    }
}

fn children(value: &Value, pointer: &str, depth: u16, folding: &Folding, out: &mut Vec<JsonRow>) {
    let most = folding.shown(pointer);
    let members = match value {
        Value::Object(map) => {
            for (key, child) in map.iter().take(most) {
                let mut path = pointer.to_owned();
                push_step(&mut path, key);
                node(child, &path, escape::visible(key).into_owned(), depth, folding, out);
            }
            map.len()
        }
        Value::Array(list) => {
            for (index, child) in list.iter().take(most).enumerate() {
                node(child, &format!("{pointer}/{index}"), index.to_string(), depth, folding, out);
            }
            list.len()
        }
        _ => 0,
    };
    if members > most {
        let value = format!("… {} more", grouped(members - most));
        let (key, pointer) = (String::new(), pointer.to_owned());
        out.push(JsonRow { depth, key, value, kind: RowKind::More, open: None, pointer });
    }
}

/// `4096` as `4,096`.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn node(value: &Value, pointer: &str, key: String, depth: u16, folding: &Folding, out: &mut Vec<JsonRow>) {
    let (text, kind, open) = match value {
        Value::Null => ("null".to_owned(), RowKind::Keyword, None),
        Value::Bool(bool) => (bool.to_string(), RowKind::Keyword, None),
        Value::Number(number) => (number.to_string(), RowKind::Number, None),
        Value::String(text) => {
            let long = text.len() > INLINE_CHARS || text.contains('\n');
            let head: String = text.chars().take(2 * INLINE_CHARS).collect();
            (escape::quoted(&head), RowKind::Text, long.then_some(folding.flipped.contains(pointer)))
        }
        Value::Array(list) => {
            let open = (!list.is_empty()).then(|| folding.is_open(pointer, list.len()));
            (format!("[{}]", list.len()), RowKind::Container, open)
        }
        Value::Object(map) => {
            let open = (!map.is_empty()).then(|| folding.is_open(pointer, map.len()));
            (format!("{{{}}}", map.len()), RowKind::Container, open)
        }
    };
    out.push(JsonRow { depth, key, value: text, kind, open, pointer: pointer.to_owned() });
    if open == Some(true) {
        match value {
            Value::String(text) => text_lines(text, pointer, depth.saturating_add(1), out),
            _ => children(value, pointer, depth.saturating_add(1), folding, out),
        }
    }
}

fn text_lines(text: &str, pointer: &str, depth: u16, out: &mut Vec<JsonRow>) {
    let mut row = |value: String, kind| {
        out.push(JsonRow { depth, key: String::new(), value, kind, open: None, pointer: pointer.to_owned() });
    };
    let shown = preview(text);
    for line in shown.lines() {
        let chars: Vec<char> = line.chars().collect();
        if chars.is_empty() {
            row(String::new(), RowKind::TextLine);
        }
        for part in chars.chunks(LINE_CHARS) {
            let part: String = part.iter().collect();
            row(escape::visible(&part).into_owned(), RowKind::TextLine);
        }
    }
    if shown.len() < text.len() {
        let note =
            format!("first {} KiB of {} KiB shown", shown.len().div_ceil(1024), text.len().div_ceil(1024));
        row(note, RowKind::Note);
    }
}

/// The start of `text`, cut between characters.
fn preview(text: &str) -> &str {
    let mut end = text.len().min(PREVIEW_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flipped(pointer: &str) -> Folding {
        Folding { flipped: [pointer.to_owned()].into(), ..Folding::default() }
    }

    #[test]
    fn a_search_finds_keys_and_values_and_opens_what_hides_them() {
        let list: Vec<Value> = (0..5_000).map(|n| json!({"sku": format!("A-{n}")})).collect();
        let value = json!({"lines": list, "a/b": {"Total": 129.9}, "paid": true});
        assert_eq!(find(&value, "a-4999"), ["/lines/4999/sku"]);
        assert_eq!(find(&value, "total"), ["/a~1b/Total"]);
        assert_eq!(find(&value, "129.9"), ["/a~1b/Total"]);
        assert_eq!(find(&value, "TRUE"), ["/paid"]);
        assert_eq!(find(&value, "sku").len(), HITS_MAX);
        assert!(find(&value, "").is_empty());
        let mut folding = Folding { all: Some(false), ..Folding::default() };
        assert_eq!(rows(&value, &folding).len(), 3);
        folding.reveal("/lines/4999/sku");
        assert!(rows(&value, &folding).iter().any(|row| row.pointer == "/lines/4999/sku"));
    }

    #[test]
    fn everything_opens_and_folds_at_once() {
        let value = json!({"n": (0..100).collect::<Vec<u32>>(), "o": {"p": {"q": 1}}});
        let all = |open| rows(&value, &Folding { all: Some(open), ..Folding::default() }).len();
        assert_eq!((all(false), all(true)), (2, 104));
    }

    #[test]
    fn numbers_are_shown_digit_by_digit() {
        let value: Value =
            serde_json::from_str("[9007199254740993, 18446744073709551615, -9223372036854775808]").unwrap();
        let shown: Vec<String> = rows(&value, &Folding::default()).into_iter().map(|row| row.value).collect();
        assert_eq!(shown, ["9007199254740993", "18446744073709551615", "-9223372036854775808"]);
    }

    fn texts(rows: &[JsonRow]) -> Vec<String> {
        rows.iter().map(|row| format!("{}{} {}", " ".repeat(row.depth.into()), row.key, row.value)).collect()
    }

    #[test]
    fn small_containers_are_open_and_folding_hides_the_children() {
        let value = json!({"amount": {"value": 129.9, "paid": true}, "lines": []});
        let all = rows(&value, &Folding::default());
        assert_eq!(texts(&all), ["amount {2}", " value 129.9", " paid true", "lines [0]"]);
        let folded = rows(&value, &flipped("/amount"));
        assert_eq!(texts(&folded), ["amount {2}", "lines [0]"]);
    }

    #[test]
    fn large_containers_start_folded_and_open_on_demand() {
        let value = json!({"n": (0..10_000).collect::<Vec<u32>>()});
        assert_eq!(rows(&value, &Folding::default()).len(), 1);
        let mut folding = flipped("/n");
        let open = rows(&value, &folding);
        assert_eq!((open.len(), open[1_001].value.as_str()), (1_002, "… 9,000 more"));
        folding.show_more("/n");
        assert_eq!(rows(&value, &folding).len(), 2_002);
    }

    #[test]
    fn an_unfolded_text_ends_at_the_cap_and_says_so() {
        let value = json!({"t": "é".repeat(PREVIEW_BYTES_MAX)});
        let open = rows(&value, &flipped("/t"));
        let last = open.last().expect("the note");
        assert_eq!((last.kind, last.value.as_str()), (RowKind::Note, "first 64 KiB of 128 KiB shown"));
        let shown: usize = open[1..open.len() - 1].iter().map(|row| row.value.len()).sum();
        assert_eq!(shown, PREVIEW_BYTES_MAX);
    }

    #[test]
    fn keys_and_texts_show_what_they_hide() {
        let value = json!({"a\u{200b}/b": "x\u{202e}y"});
        let row = &rows(&value, &Folding::default())[0];
        assert_eq!((row.key.as_str(), row.value.as_str()), ("a\\u{200b}/b", "\"x\\u{202e}y\""));
        assert_eq!(value.pointer(&row.pointer), Some(&json!("x\u{202e}y")));
    }

    #[test]
    fn a_bare_value_is_one_row() {
        for value in [json!(null), json!(7), json!("x"), json!({})] {
            assert_eq!(rows(&value, &Folding::default()).len(), 1);
        }
    }
}
