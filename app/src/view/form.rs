//! Owns the check of what was typed into the append form. Never appends.

use std::collections::HashMap;

use causeway::coordinate::{Coordinate, CoordinateError};
use causeway::event::EventKind;
use causeway::id::{CorrelationId, EventId};
use serde_json::Value;

use crate::worker::protocol::Draft;

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form {
    /// Whose stream the event extends.
    pub entity: String,
    /// The context.
    pub scope: String,
    /// Name or number of the kind.
    pub kind: String,
    /// The payload as JSON.
    pub payload: String,
    /// How many events the stream must have; empty if it does not matter.
    pub expected: String,
}

/// What is wrong with what was typed, field by field, and the event if nothing is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Checked {
    /// What is wrong with the entity.
    pub entity: Option<String>,
    /// What is wrong with the scope.
    pub scope: Option<String>,
    /// What is wrong with the kind.
    pub kind: Option<String>,
    /// What is wrong with the payload.
    pub payload: Option<JsonProblem>,
    /// What is wrong with the expectation.
    pub expected: Option<String>,
    /// The kind, if it is understood.
    pub found_kind: Option<EventKind>,
    /// The encoded payload in bytes, if it is JSON.
    pub encoded_bytes: Option<u64>,
    /// The event, if nothing is wrong.
    pub draft: Option<Draft>,
}

/// Where JSON stops being JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonProblem {
    /// Line, the first is 1.
    pub line: usize,
    /// Column, the first is 1.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

impl Checked {
    /// How many of the fields that hold something are wrong.
    pub fn wrong(&self, form: &Form) -> u64 {
        [
            (self.entity.is_some(), &form.entity),
            (self.scope.is_some(), &form.scope),
            (self.kind.is_some(), &form.kind),
            (self.payload.is_some(), &form.payload),
            (self.expected.is_some(), &form.expected),
        ]
        .into_iter()
        .map(|(is_wrong, typed)| u64::from(is_wrong && !typed.trim().is_empty()))
        .sum()
    }

    /// How many fields are empty or wrong.
    pub fn problems(&self) -> u64 {
        let wrong = [
            self.entity.is_some(),
            self.scope.is_some(),
            self.kind.is_some(),
            self.payload.is_some(),
            self.expected.is_some(),
        ];
        wrong.into_iter().map(u64::from).sum()
    }
}

/// Checks a form; `names` are the kinds that have a name.
pub fn check(
    form: &Form,
    names: &HashMap<EventKind, String>,
    reaction_to: Option<(EventId, CorrelationId)>,
) -> Checked {
    let (entity, scope) = (form.entity.trim(), form.scope.trim());
    // Entity and scope are checked one at a time, so that an error is shown at the field that it is about.
    let mut out = Checked {
        entity: Coordinate::new(entity, "scope").err().map(|error| coordinate_text(&error)),
        scope: Coordinate::new("entity", scope).err().map(|error| coordinate_text(&error)),
        ..Checked::default()
    };
    match kind(form.kind.trim(), names) {
        Ok(kind) => out.found_kind = Some(kind),
        Err(message) => out.kind = Some(message),
    }
    let expected = match expected(form.expected.trim()) {
        Ok(expected) => expected,
        Err(message) => {
            out.expected = Some(message);
            None
        }
    };
    let payload = match json(&form.payload) {
        Ok(payload) => {
            out.encoded_bytes = causeway::encoding::to_bytes(&payload).ok().map(|bytes| bytes.len() as u64);
            Some(payload)
        }
        Err(problem) => {
            out.payload = Some(problem);
            None
        }
    };
    if let (0, Some(kind), Some(payload)) = (out.problems(), out.found_kind, payload) {
        out.draft = Some(Draft {
            entity: entity.to_owned(),
            scope: scope.to_owned(),
            kind,
            payload,
            reaction_to,
            expected,
        });
    }
    out
}

/// How many events the stream must have; nothing if nothing is typed.
fn expected(typed: &str) -> Result<Option<u64>, String> {
    if typed.is_empty() {
        return Ok(None);
    }
    let digits = typed.replace(',', "");
    digits
        .parse()
        .map(Some)
        .map_err(|_| "A number of events, such as 3; empty if it does not matter".to_owned())
}

/// A kind by its name or as `0x1002`.
fn kind(typed: &str, names: &HashMap<EventKind, String>) -> Result<EventKind, String> {
    if typed.is_empty() {
        return Err("Choose a kind or type its number, such as 0x1001".to_owned());
    }
    if let Some(digits) = typed.strip_prefix("0x").or_else(|| typed.strip_prefix("0X")) {
        let raw = u16::from_str_radix(digits, 16)
            .map_err(|_| "A number has up to four hexadecimal digits, such as 0x1001".to_owned())?;
        let known = EventKind::from_raw_u16(raw);
        return EventKind::try_custom(known.category(), known.type_id())
            .map_err(|error| sentence(&error.to_string()));
    }
    // The smallest number wins if two kinds have the same name.
    let mut named: Vec<EventKind> =
        names.iter().filter(|(_, name)| name.as_str() == typed).map(|(kind, _)| *kind).collect();
    named.sort();
    let found = named.first().copied().ok_or_else(|| "No kind has this name".to_owned())?;
    EventKind::try_custom(found.category(), found.type_id()).map_err(|error| sentence(&error.to_string()))
}

fn json(text: &str) -> Result<Value, JsonProblem> {
    if text.trim().is_empty() {
        return Err(JsonProblem { line: 1, column: 1, message: "The payload is empty".to_owned() });
    }
    serde_json::from_str(text).map_err(|error| {
        let whole = error.to_string();
        let message = whole.split(" at line ").next().unwrap_or(&whole);
        JsonProblem { line: error.line().max(1), column: error.column().max(1), message: sentence(message) }
    })
}

fn coordinate_text(error: &CoordinateError) -> String {
    match error {
        CoordinateError::EmptyEntity => "An event belongs to an entity, such as order:8842".to_owned(),
        CoordinateError::EmptyScope => "An event happens in a scope, such as shop".to_owned(),
        CoordinateError::EntityTooLong { max, .. } | CoordinateError::ScopeTooLong { max, .. } => {
            format!("This is longer than {max} bytes")
        }
        CoordinateError::NulByte => "Zero bytes are not allowed".to_owned(),
        CoordinateError::ControlChar => "Control characters are not allowed".to_owned(),
        CoordinateError::PathTraversal => "\"/\" and \"..\" are not allowed, \":\" is".to_owned(),
        CoordinateError::ForbiddenSeparator => "\"|\" and \"=\" are not allowed".to_owned(),
        error => sentence(&error.to_string()),
    }
}

/// The same words with a capital letter first.
fn sentence(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form {
            entity: " order:8842 ".to_owned(),
            scope: "shop".to_owned(),
            kind: "OrderPlaced".to_owned(),
            payload: r#"{"total": 4980}"#.to_owned(),
            expected: "1,204".to_owned(),
        }
    }

    fn names() -> HashMap<EventKind, String> {
        HashMap::from([(EventKind::custom(1, 1), "OrderPlaced".to_owned())])
    }

    #[test]
    fn a_form_without_mistakes_becomes_an_event() {
        let checked = check(&form(), &names(), None);
        assert_eq!(checked.problems(), 0);
        let draft = checked.draft.unwrap();
        assert_eq!((draft.entity.as_str(), draft.kind), ("order:8842", EventKind::custom(1, 1)));
        assert_eq!(draft.expected, Some(1_204));
        assert_eq!(checked.encoded_bytes, Some(10));
    }

    #[test]
    fn each_mistake_is_told_at_its_field() {
        let wrong = Form {
            entity: "order/8842".to_owned(),
            scope: String::new(),
            kind: "0xD001".to_owned(),
            payload: "{\"a\": 1,\n \"b\" 2}".to_owned(),
            expected: "three".to_owned(),
        };
        let checked = check(&wrong, &names(), None);
        assert_eq!((checked.problems(), checked.draft), (5, None));
        assert_eq!(checked.entity.as_deref(), Some("\"/\" and \"..\" are not allowed, \":\" is"));
        assert_eq!(checked.kind.as_deref(), Some("Category 0xD is reserved for effects"));
        let problem = checked.payload.unwrap();
        assert_eq!((problem.line, problem.column), (2, 6));
        assert_eq!(problem.message, "Expected `:`");
    }

    #[test]
    fn a_kind_is_found_by_name_or_number() {
        assert_eq!(kind("0x2001", &names()), Ok(EventKind::custom(2, 1)));
        assert_eq!(kind("OrderPlaced", &names()), Ok(EventKind::custom(1, 1)));
        assert!(kind("OrderPlcaed", &names()).is_err());
        assert!(kind("0x12345", &names()).is_err());
        assert!(kind("0xGG", &names()).is_err());
    }
}
