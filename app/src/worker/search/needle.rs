//! Owns looking for text in payloads: in the stored bytes first, in what they mean only where that can differ.

use causeway::encoding;
use memchr::{memchr, memchr2};

/// A text that a payload must contain, case ignored.
#[derive(Debug)]
pub(super) struct Needle {
    lower: String,
    /// True if the text may be part of a number or of JSON's own signs, which the stored bytes do not spell out.
    spelled_by_json: bool,
}

impl Needle {
    pub(super) fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let spelled_by_json = !lower.is_ascii()
            || lower.contains(|c: char| c.is_ascii_digit() || "{}[]:,\"".contains(c))
            || ["true", "false", "null"]
                .iter()
                .any(|word| word.contains(lower.as_str()) || lower.contains(word));
        Self { lower, spelled_by_json }
    }

    /// Texts stand in the stored bytes as they are, so most payloads need no decoding.
    pub(super) fn is_in(&self, payload: &[u8]) -> bool {
        if contains_ignoring_case(payload, self.lower.as_bytes()) {
            return true;
        }
        self.spelled_by_json
            && encoding::to_json(payload)
                .is_ok_and(|value| value.to_string().to_lowercase().contains(&self.lower))
    }
}

fn contains_ignoring_case(mut bytes: &[u8], lower: &[u8]) -> bool {
    let Some(first) = lower.first().copied() else { return true };
    let upper = first.to_ascii_uppercase();
    loop {
        let found = if first == upper { memchr(first, bytes) } else { memchr2(first, upper, bytes) };
        let Some(candidate) = found.and_then(|at| bytes.get(at..)).filter(|rest| rest.len() >= lower.len())
        else {
            return false;
        };
        if candidate[..lower.len()].eq_ignore_ascii_case(lower) {
            return true;
        }
        bytes = &candidate[1..];
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_found_in_fields_values_and_numbers_whatever_its_case() {
        let payload = encoding::to_bytes(&json!({"Name": "Grüße", "total": 4200, "paid": true})).unwrap();
        for (text, expected) in [
            ("name", true),
            ("GRÜSSE", false),
            ("GRÜßE", true),
            ("4200", true),
            ("total\":42", true),
            ("TRUE", true),
            ("4201", false),
            ("nothing here", false),
            ("", true),
        ] {
            assert_eq!(Needle::new(text).is_in(&payload), expected, "{text}");
        }
        assert!(contains_ignoring_case(b"xxAbaB", b"abab"));
        assert!(!contains_ignoring_case(b"aba", b"abab"));
    }
}
