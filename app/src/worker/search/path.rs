//! Owns looking at one value inside a payload. A payload whose bytes do not hold the name of the field is not decoded.

use memchr::memmem::Finder;
use serde_json::Value;

use crate::state::query::{Compare, Literal};
use crate::worker::search::test::compares;

/// A path and what is asked of the value there.
#[derive(Debug)]
pub(super) struct PathTest {
    path: Vec<String>,
    test: Option<(Compare, Wanted)>,
    /// Finds the longest name of the path that is no number: an element of a list has no name.
    name: Option<Finder<'static>>,
}

/// What a value is compared with.
#[derive(Debug)]
struct Wanted {
    text: String,
    /// What the word means, if it is no text: a number, `true`, `false` or `null`.
    value: Option<Value>,
}

impl PathTest {
    pub(super) fn new(path: &[String], test: Option<&(Compare, Literal)>) -> Self {
        let names = path.iter().filter(|step| step.parse::<usize>().is_err());
        let name = names.max_by_key(|step| step.len()).map(|step| Finder::new(step).into_owned());
        let test = test.map(|(compare, literal)| (*compare, Wanted::new(literal)));
        Self { path: path.to_vec(), test, name }
    }

    /// False if the bytes of the payload show that it has no such field. Stored names are spelled out, but for the escapes of JSON.
    pub(super) fn may_be_in(&self, payload: &[u8]) -> bool {
        self.name
            .as_ref()
            .is_none_or(|name| name.find(payload).is_some() || memchr::memchr(b'\\', payload).is_some())
    }

    /// True if a value at the path is what is asked for; of a list without a number any element may be.
    pub(super) fn takes(&self, payload: &Value) -> bool {
        self.at(payload, &self.path)
    }

    fn at(&self, value: &Value, path: &[String]) -> bool {
        let Some((step, rest)) = path.split_first() else {
            return self.test.as_ref().is_none_or(|(compare, wanted)| wanted.is(*compare, value));
        };
        match value {
            Value::Object(fields) => fields.get(step).is_some_and(|inner| self.at(inner, rest)),
            Value::Array(items) => match step.parse::<usize>() {
                Ok(index) => items.get(index).is_some_and(|inner| self.at(inner, rest)),
                Err(_) => items.iter().any(|inner| self.at(inner, path)),
            },
            _ => false,
        }
    }
}

impl Wanted {
    fn new(literal: &Literal) -> Self {
        match literal {
            Literal::Text(text) => Self { text: text.clone(), value: None },
            Literal::Bare(word) => {
                let value = serde_json::from_str::<Value>(word).ok().filter(|value| !value.is_string());
                Self { text: word.clone(), value }
            }
        }
    }

    fn is(&self, compare: Compare, found: &Value) -> bool {
        if compare == Compare::Contains {
            let found = match found {
                Value::String(text) => text.to_lowercase(),
                other => other.to_string().to_lowercase(),
            };
            return found.contains(&self.text.to_lowercase());
        }
        let order = match (found, &self.value) {
            (Value::String(found), _) => Some(found.as_str().cmp(&self.text)),
            (Value::Number(found), Some(Value::Number(wanted))) => match (found.as_i64(), wanted.as_i64()) {
                (Some(found), Some(wanted)) => Some(found.cmp(&wanted)),
                _ => {
                    found.as_f64().zip(wanted.as_f64()).and_then(|(found, wanted)| found.partial_cmp(&wanted))
                }
            },
            (found, Some(wanted)) if found == wanted => Some(std::cmp::Ordering::Equal),
            _ => None,
        };
        // Values of different sorts differ, and neither is greater.
        order.map_or(compare == Compare::Unequal, |order| compares(compare, order))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn takes(path: &str, compare: Compare, literal: &str, payload: &Value) -> bool {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        PathTest::new(&path, Some(&(compare, Literal::Bare(literal.to_owned())))).takes(payload)
    }

    #[test]
    fn values_inside_payloads_are_compared_by_what_they_are() {
        let payload = json!({"total": 12.5, "n": 9, "id": "10", "at": "2026-11-24", "ok": true, "gone": null,
            "lines": [{"sku": "A-1", "n": 2}, {"sku": "B-2", "n": 7}]});
        for (path, compare, literal, expected) in [
            ("total", Compare::More, "10", true),
            ("total", Compare::Less, "12.5", false),
            ("n", Compare::AtLeast, "9.0", true),
            ("n", Compare::More, "10", false),
            ("id", Compare::Equal, "10", true),
            ("id", Compare::Unequal, "10", false),
            ("at", Compare::Less, "2026-12", true),
            ("ok", Compare::Equal, "true", true),
            ("ok", Compare::Unequal, "false", true),
            ("gone", Compare::Equal, "null", true),
            ("total", Compare::Equal, "abc", false),
            ("total", Compare::Unequal, "abc", true),
            ("missing", Compare::Unequal, "1", false),
            ("lines.sku", Compare::Contains, "b-", true),
            ("lines.0.sku", Compare::Contains, "b-", false),
            ("lines.n", Compare::More, "7", false),
            ("total", Compare::Contains, "2.5", true),
        ] {
            assert_eq!(takes(path, compare, literal, &payload), expected, "{path} {compare:?} {literal}");
        }
        let path = ["lines".to_owned()];
        assert!(PathTest::new(&path, None).takes(&payload));
        assert!(!PathTest::new(&path, None).may_be_in(b"{\"total\":1}"));
    }
}
