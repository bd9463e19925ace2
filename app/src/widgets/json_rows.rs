//! The rows of a JSON tree: which are shown, and what each says. Plain data, no drawing.
//!
//! Never shows more of one text than [`PREVIEW_BYTES_MAX`], and says so when it shows less than all.

use std::collections::HashSet;

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

/// What a row is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowKind {
    Container,
    Text,
    Number,
    Keyword,
    TextLine,
    Note,
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

/// The paths that differ from their initial folding.
pub(super) type Flipped = HashSet<String>;

/// All rows to show of `value`.
pub(super) fn rows(value: &Value, flipped: &Flipped) -> Vec<JsonRow> {
    let mut out = Vec::new();
    match value {
        Value::Object(_) | Value::Array(_) if !is_empty(value) => children(value, "", 0, flipped, &mut out),
        _ => node(value, "", String::new(), 0, flipped, &mut out),
    }
    out
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => true,
    }
}

fn children(value: &Value, pointer: &str, depth: u16, flipped: &Flipped, out: &mut Vec<JsonRow>) {
    match value {
        Value::Object(map) => {
            for (key, child) in map {
                let step = key.replace('~', "~0").replace('/', "~1");
                let path = format!("{pointer}/{step}");
                node(child, &path, escape::visible(key).into_owned(), depth, flipped, out);
            }
        }
        Value::Array(list) => {
            for (index, child) in list.iter().enumerate() {
                node(child, &format!("{pointer}/{index}"), index.to_string(), depth, flipped, out);
            }
        }
        _ => {}
    }
}

fn node(value: &Value, pointer: &str, key: String, depth: u16, flipped: &Flipped, out: &mut Vec<JsonRow>) {
    let is_flipped = flipped.contains(pointer);
    let (text, kind, open) = match value {
        Value::Null => ("null".to_owned(), RowKind::Keyword, None),
        Value::Bool(bool) => (bool.to_string(), RowKind::Keyword, None),
        Value::Number(number) => (number.to_string(), RowKind::Number, None),
        Value::String(text) => {
            let long = text.len() > INLINE_CHARS || text.contains('\n');
            let head: String = text.chars().take(2 * INLINE_CHARS).collect();
            (escape::quoted(&head), RowKind::Text, long.then_some(is_flipped))
        }
        Value::Array(list) => {
            let open = (!list.is_empty()).then_some((list.len() <= OPEN_CHILDREN_MAX) != is_flipped);
            (format!("[{}]", list.len()), RowKind::Container, open)
        }
        Value::Object(map) => {
            let open = (!map.is_empty()).then_some((map.len() <= OPEN_CHILDREN_MAX) != is_flipped);
            (format!("{{{}}}", map.len()), RowKind::Container, open)
        }
    };
    out.push(JsonRow { depth, key, value: text, kind, open, pointer: pointer.to_owned() });
    if open == Some(true) {
        match value {
            Value::String(text) => text_lines(text, pointer, depth.saturating_add(1), out),
            _ => children(value, pointer, depth.saturating_add(1), flipped, out),
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

    fn texts(rows: &[JsonRow]) -> Vec<String> {
        rows.iter().map(|row| format!("{}{} {}", " ".repeat(row.depth.into()), row.key, row.value)).collect()
    }

    #[test]
    fn small_containers_are_open_and_folding_hides_the_children() {
        let value = json!({"amount": {"value": 129.9, "paid": true}, "lines": []});
        let all = rows(&value, &Flipped::new());
        assert_eq!(texts(&all), ["amount {2}", " value 129.9", " paid true", "lines [0]"]);
        let folded = rows(&value, &Flipped::from(["/amount".to_owned()]));
        assert_eq!(texts(&folded), ["amount {2}", "lines [0]"]);
    }

    #[test]
    fn large_containers_start_folded_and_open_on_demand() {
        let value = json!({"n": (0..10_000).collect::<Vec<u32>>()});
        assert_eq!(rows(&value, &Flipped::new()).len(), 1);
        assert_eq!(rows(&value, &Flipped::from(["/n".to_owned()])).len(), 10_001);
    }

    #[test]
    fn an_unfolded_text_ends_at_the_cap_and_says_so() {
        let value = json!({"t": "é".repeat(PREVIEW_BYTES_MAX)});
        let open = rows(&value, &Flipped::from(["/t".to_owned()]));
        let last = open.last().expect("the note");
        assert_eq!((last.kind, last.value.as_str()), (RowKind::Note, "first 64 KiB of 128 KiB shown"));
        let shown: usize = open[1..open.len() - 1].iter().map(|row| row.value.len()).sum();
        assert_eq!(shown, PREVIEW_BYTES_MAX);
    }

    #[test]
    fn keys_and_texts_show_what_they_hide() {
        let value = json!({"a\u{200b}/b": "x\u{202e}y"});
        let row = &rows(&value, &Flipped::new())[0];
        assert_eq!((row.key.as_str(), row.value.as_str()), ("a\\u{200b}/b", "\"x\\u{202e}y\""));
        assert_eq!(value.pointer(&row.pointer), Some(&json!("x\u{202e}y")));
    }

    #[test]
    fn a_bare_value_is_one_row() {
        for value in [json!(null), json!(7), json!("x"), json!({})] {
            assert_eq!(rows(&value, &Flipped::new()).len(), 1);
        }
    }
}
