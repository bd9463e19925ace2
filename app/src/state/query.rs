//! Owns the filter: what the user typed, and what it means.
//!
//! The line is a list of words. `entity:`, `kind:`, `scope:` and `corr:` ask for fields; everything else is text that the payload must
//! contain. Values with blanks stand in double quotes.

use std::collections::HashMap;
use std::ops::Range;

use causeway::event::EventKind;

/// What the current result is made of. All parts must hold; an empty query takes every event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Entity or namespace: `order` takes `order` and `order:42`.
    pub entity: Option<String>,
    /// Any of these kinds.
    pub kinds: Option<Vec<EventKind>>,
    /// The scope.
    pub scope: Option<String>,
    /// The conversation, as the last digits of its id or all of them.
    pub correlation: Option<String>,
    /// Text in the payload, case ignored.
    pub text: Option<String>,
}

/// What is wrong with a filter line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Which bytes of the line.
    pub range: Range<usize>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
}

impl Query {
    /// Reads a line. Kinds are named as in `names`, case ignored, or written as `0x1001`.
    ///
    /// # Errors
    /// Names the first word that cannot be understood.
    pub fn parse(line: &str, names: &HashMap<EventKind, String>) -> Result<Self, QueryError> {
        let mut query = Self::default();
        let mut text: Vec<String> = Vec::new();
        for word in words(line)? {
            match word.field {
                None => text.push(word.value),
                Some(Field::Entity) => once(&mut query.entity, word)?,
                Some(Field::Scope) => once(&mut query.scope, word)?,
                Some(Field::Correlation) => {
                    let digits = correlation_digits(&word)?;
                    once(&mut query.correlation, Word { value: digits, ..word })?;
                }
                Some(Field::Kind) => {
                    let kind = find_kind(&word, names)?;
                    let kinds = query.kinds.get_or_insert_default();
                    if !kinds.contains(&kind) {
                        kinds.push(kind);
                    }
                }
            }
        }
        if !text.is_empty() {
            query.text = Some(text.join(" "));
        }
        Ok(query)
    }

    /// The line that means this query: `parse` gives the same query back.
    pub fn line(&self, names: &HashMap<EventKind, String>) -> String {
        let mut words = Vec::new();
        if let Some(entity) = &self.entity {
            words.push(format!("entity:{}", quoted(entity)));
        }
        for kind in self.kinds.iter().flatten() {
            words.push(format!("kind:{}", kind_word(*kind, names)));
        }
        if let Some(scope) = &self.scope {
            words.push(format!("scope:{}", quoted(scope)));
        }
        if let Some(correlation) = &self.correlation {
            words.push(format!("corr:{correlation}"));
        }
        if let Some(text) = &self.text {
            words.push(text_words(text));
        }
        words.join(" ")
    }

    /// True if every event is taken.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Entity,
    Kind,
    Scope,
    Correlation,
}

impl Field {
    const ALL: [(&'static str, Self); 4] = [
        ("entity:", Self::Entity),
        ("kind:", Self::Kind),
        ("scope:", Self::Scope),
        ("corr:", Self::Correlation),
    ];

    fn prefix(self) -> &'static str {
        Self::ALL.iter().find(|(_, field)| *field == self).map_or("", |(prefix, _)| prefix)
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(prefix, _)| word.starts_with(prefix)).map(|(_, field)| *field)
    }
}

/// A word of the line, unquoted, and where it stands.
#[derive(Clone, Debug)]
struct Word {
    field: Option<Field>,
    value: String,
    range: Range<usize>,
}

fn words(line: &str) -> Result<Vec<Word>, QueryError> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let start = line.len() - rest.len();
        let field = Field::of(rest);
        let value = &rest[field.map_or(0, |field| field.prefix().len())..];
        let (value, after) = if let Some(inside) = value.strip_prefix('"') {
            unquote(inside).ok_or_else(|| QueryError {
                range: start..line.len(),
                message: "the closing quote is missing".to_owned(),
            })?
        } else {
            let end = value.find(char::is_whitespace).unwrap_or(value.len());
            (value[..end].to_owned(), &value[end..])
        };
        let range = start..line.len() - after.len();
        if let (Some(field), true) = (field, value.is_empty()) {
            let message = format!("a value is missing after {}", field.prefix());
            return Err(QueryError { range, message });
        }
        words.push(Word { field, value, range });
        rest = after.trim_start();
    }
    Ok(words)
}

/// The text up to the closing quote, and what follows it.
fn unquote(inside: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &inside[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            _ => value.push(c),
        }
    }
    None
}

fn quoted(value: &str) -> String {
    if !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c == '"') {
        return value.to_owned();
    }
    in_quotes(value)
}

fn in_quotes(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The text as plain words where that reads back the same, and in quotes otherwise.
fn text_words(text: &str) -> String {
    let plain = text.split(' ').all(|word| {
        !word.is_empty()
            && Field::of(word).is_none()
            && !word.contains(|c: char| c.is_whitespace() || c == '"')
    });
    if plain { text.to_owned() } else { in_quotes(text) }
}

fn once(part: &mut Option<String>, word: Word) -> Result<(), QueryError> {
    if part.is_some() {
        let prefix = word.field.map_or("", Field::prefix);
        let message = format!("{prefix} can stand only once");
        return Err(QueryError { range: word.range, message });
    }
    *part = Some(word.value);
    Ok(())
}

fn correlation_digits(word: &Word) -> Result<String, QueryError> {
    let digits = word.value.to_ascii_lowercase();
    if digits.len() > 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        let message = "a correlation is written as up to 32 hexadecimal digits".to_owned();
        return Err(QueryError { range: word.range.clone(), message });
    }
    Ok(digits)
}

fn kind_word(kind: EventKind, names: &HashMap<EventKind, String>) -> String {
    let readable = names.get(&kind).filter(|name| named(name, names) == Some(kind) && number(name).is_none());
    readable.map_or_else(|| kind.to_string(), |name| quoted(name))
}

/// The kind that a word such as `0x1001` writes.
pub fn number(word: &str) -> Option<EventKind> {
    let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"))?;
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u16::from_str_radix(digits, 16).ok()).flatten().map(EventKind::from_raw_u16)
}

/// The kind with this name; the smallest of several.
fn named(name: &str, names: &HashMap<EventKind, String>) -> Option<EventKind> {
    let wanted = name.to_lowercase();
    names.iter().filter(|(_, name)| name.to_lowercase() == wanted).map(|(kind, _)| *kind).min()
}

fn find_kind(word: &Word, names: &HashMap<EventKind, String>) -> Result<EventKind, QueryError> {
    number(&word.value).or_else(|| named(&word.value, names)).ok_or_else(|| {
        let mut message = format!("no kind is called {}", word.value);
        if let Some(near) = nearest(&word.value, names) {
            message = format!("{message}; did you mean {near}?");
        }
        QueryError { range: word.range.clone(), message }
    })
}

/// The name that differs least, if it differs little enough to be a slip of the fingers.
fn nearest<'a>(word: &str, names: &'a HashMap<EventKind, String>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let tolerated = (word.chars().count() / 3).max(1);
    names
        .values()
        .map(|name| {
            let lower = name.to_lowercase();
            let distance = if lower.starts_with(&word) { 0 } else { edit_distance(&word, &lower) };
            (distance, name.as_str())
        })
        .filter(|(distance, _)| *distance <= tolerated)
        .min()
        .map(|(_, name)| name)
}

/// How many characters must be inserted, removed, replaced or swapped with their neighbour.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> HashMap<EventKind, String> {
        [
            (0x1001, "OrderPlaced"),
            (0x1003, "OrderCompleted"),
            (0x2002, "PaymentCaptured"),
            (0x2003, "Two words"),
        ]
        .map(|(raw, name)| (EventKind::from_raw_u16(raw), name.to_owned()))
        .into()
    }

    fn query(change: impl FnOnce(&mut Query)) -> Query {
        let mut query = Query::default();
        change(&mut query);
        query
    }

    #[test]
    fn words_ask_for_fields_and_the_rest_is_text() {
        let line = "  entity:order kind:orderplaced kind:0x2002  scope:\"EU shop\" corr:01AB free text ";
        let expected = Query {
            entity: Some("order".into()),
            kinds: Some(vec![EventKind::from_raw_u16(0x1001), EventKind::from_raw_u16(0x2002)]),
            scope: Some("EU shop".into()),
            correlation: Some("01ab".into()),
            text: Some("free text".into()),
        };
        assert_eq!(Query::parse(line, &names()), Ok(expected));
        assert_eq!(Query::parse(" \t ", &names()), Ok(Query::default()));
        assert_eq!(Query::parse("order:42", &names()), Ok(query(|q| q.text = Some("order:42".into()))));
    }

    #[test]
    fn what_cannot_be_understood_is_named_with_its_place() {
        let check = |line: &str, range: Range<usize>, message: &str| {
            assert_eq!(
                Query::parse(line, &names()),
                Err(QueryError { range, message: message.to_owned() }),
                "{line}"
            );
        };
        check("a kind:OrderPlcaed", 2..18, "no kind is called OrderPlcaed; did you mean OrderPlaced?");
        check("kind:zebra b", 0..10, "no kind is called zebra");
        check("kind:0x12345", 0..12, "no kind is called 0x12345");
        check("x entity: y", 2..9, "a value is missing after entity:");
        check("entity:a entity:b", 9..17, "entity: can stand only once");
        check("corr:xyz", 0..8, "a correlation is written as up to 32 hexadecimal digits");
        check("ä scope:\"a b", 3..13, "the closing quote is missing");
    }

    #[test]
    fn a_query_reads_back_from_its_line() {
        let tricky = [
            "a",
            "two words",
            "  blanks  ",
            "qu\"ote",
            "back\\slash",
            "kind:x",
            "\"",
            "\\\"",
            "ü\tß",
            "a  b",
        ];
        let mut checked = 0;
        for text in tricky {
            for (position, kinds) in
                [None, Some(vec![0x1001, 0xF00D]), Some(vec![0x2003])].into_iter().enumerate()
            {
                let kinds = kinds.map(|kinds| kinds.into_iter().map(EventKind::from_raw_u16).collect());
                let query = Query {
                    entity: (position != 0).then(|| text.to_owned()),
                    kinds,
                    scope: (position != 1).then(|| text.to_owned()),
                    correlation: (position == 2).then(|| "0123abcd".to_owned()),
                    text: Some(text.to_owned()),
                };
                let line = query.line(&names());
                assert_eq!(Query::parse(&line, &names()), Ok(query), "{line}");
                checked += 1;
            }
        }
        assert_eq!(checked, 30);
    }

    #[test]
    fn a_name_that_two_kinds_share_is_written_as_a_number() {
        let mut names = names();
        names.insert(EventKind::from_raw_u16(0x4001), "ORDERPLACED".to_owned());
        let both =
            query(|q| q.kinds = Some(vec![EventKind::from_raw_u16(0x1001), EventKind::from_raw_u16(0x4001)]));
        assert_eq!(both.line(&names), "kind:OrderPlaced kind:0x4001");
        assert_eq!(Query::parse(&both.line(&names), &names), Ok(both));
    }
}
