//! Owns the one line that a kind says, as a person wrote it: `{payload.total} EUR for {entity}`.
//!
//! Names in braces are filled in, everything else stands as it is written; `{{` and `}}` are single braces.

use serde_json::Value;

/// Characters that a filled-in line has at most.
pub const LINE_CHARS_MAX: usize = 200;
/// What stands for a field that an event does not have.
const MISSING: char = '–';

/// A template that can be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Entity,
    Scope,
    Clock,
    Size,
    /// Steps from the payload inwards; none is the payload itself.
    Payload(Vec<String>),
}

/// What a template is filled in with.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Whose stream the event extends.
    pub entity: &'a str,
    /// Its context.
    pub scope: &'a str,
    /// Its place in the stream.
    pub clock: u32,
    /// Its stored payload in bytes.
    pub payload_bytes: u32,
    /// Its payload, if it could be decoded.
    pub payload: Option<&'a Value>,
}

impl Template {
    /// Reads what a person typed.
    ///
    /// # Errors
    /// One sentence without a full stop.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                literal.push_str(&from[..1]);
                rest = after;
                continue;
            }
            let Some(inner) = from.strip_prefix('{') else {
                return Err("A } without its {; write }} for the brace itself".to_owned());
            };
            let Some(end) = inner.find('}') else {
                return Err("A { without its }; write {{ for the brace itself".to_owned());
            };
            if !literal.is_empty() {
                parts.push(Part::Text(std::mem::take(&mut literal)));
            }
            parts.push(field(inner[..end].trim())?);
            rest = &inner[end + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Text(literal));
        }
        Ok(Self(parts))
    }

    /// The line for an event, at most [`LINE_CHARS_MAX`] characters.
    pub fn fill(&self, facts: &Facts<'_>) -> String {
        let mut line = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => line.push_str(text),
                Part::Entity => line.push_str(facts.entity),
                Part::Scope => line.push_str(facts.scope),
                Part::Clock => line.push_str(&facts.clock.to_string()),
                Part::Size => line.push_str(&facts.payload_bytes.to_string()),
                Part::Payload(steps) => push_value(&mut line, at(facts.payload, steps)),
            }
            // A character has at most four bytes: what is shorter need not be counted.
            if line.len() > 4 * LINE_CHARS_MAX {
                break;
            }
        }
        if line.chars().count() > LINE_CHARS_MAX {
            line = line.chars().take(LINE_CHARS_MAX - 1).chain(['…']).collect();
        }
        line
    }
}

/// What a name in braces stands for.
fn field(name: &str) -> Result<Part, String> {
    match name {
        "entity" => return Ok(Part::Entity),
        "scope" => return Ok(Part::Scope),
        "clock" => return Ok(Part::Clock),
        "size" => return Ok(Part::Size),
        "payload" => return Ok(Part::Payload(Vec::new())),
        _ => {}
    }
    match name.strip_prefix("payload.") {
        Some(path) if path.split('.').all(|step| !step.is_empty()) => {
            Ok(Part::Payload(path.split('.').map(str::to_owned).collect()))
        }
        _ => Err(format!("{{{name}}} is none of payload, payload.field, entity, scope, clock, size")),
    }
}

fn at<'a>(payload: Option<&'a Value>, steps: &[String]) -> Option<&'a Value> {
    steps.iter().try_fold(payload?, |value, step| match value {
        Value::Object(fields) => fields.get(step),
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

fn push_value(line: &mut String, value: Option<&Value>) {
    match value {
        None => line.push(MISSING),
        Some(Value::String(text)) => {
            line.extend(text.chars().take(LINE_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }));
        }
        // Members of a large value would push everything else out of the line.
        Some(Value::Array(items)) => push_count(line, ['[', ']'], items.len()),
        Some(Value::Object(fields)) => push_count(line, ['{', '}'], fields.len()),
        Some(other) => line.push_str(&other.to_string()),
    }
}

fn push_count(line: &mut String, [open, close]: [char; 2], count: usize) {
    line.push(open);
    line.push_str(&count.to_string());
    line.push(close);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn filled(template: &str, payload: &Value) -> String {
        let facts =
            Facts { entity: "order:1", scope: "shop", clock: 3, payload_bytes: 9, payload: Some(payload) };
        Template::parse(template).unwrap().fill(&facts)
    }

    #[test]
    fn names_in_braces_are_filled_in_and_the_rest_stands_as_it_is() {
        let payload = json!({"total": 129.9, "lines": [{"sku": "a-1"}], "note": "two\nlines"});
        assert_eq!(filled("{payload.total} EUR · {entity}", &payload), "129.9 EUR · order:1");
        assert_eq!(filled("{ payload.lines.0.sku } of {payload.lines}", &payload), "a-1 of [1]");
        assert_eq!(
            filled("{payload.note}|{scope}|{clock}|{size}|{payload}", &payload),
            "two lines|shop|3|9|{3}"
        );
        assert_eq!(filled("{{{payload.total}}}", &payload), "{129.9}");
        assert_eq!(filled("", &payload), "");
    }

    #[test]
    fn a_field_that_an_event_does_not_have_is_a_dash() {
        assert_eq!(filled("{payload.total} EUR", &json!({"sum": 1})), "– EUR");
        assert_eq!(filled("{payload.a.b}", &json!({"a": 7})), "–");
        assert_eq!(filled("{payload.0}", &json!([u64::MAX])), "18446744073709551615");
        let facts = Facts { entity: "e", scope: "s", clock: 0, payload_bytes: 0, payload: None };
        assert_eq!(Template::parse("{payload.x}").unwrap().fill(&facts), "–");
    }

    #[test]
    fn what_cannot_be_understood_is_said_in_a_sentence() {
        for (text, part) in
            [("{entity", "without its }"), ("a } b", "without its {"), ("{total}", "{total} is none")]
        {
            let error = Template::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(Template::parse("{payload.}").is_err() && Template::parse("{payload.a..b}").is_err());
    }

    #[test]
    fn a_line_is_bounded_whatever_the_payload_says() {
        let payload = json!({"t": "\u{1b}ß".repeat(100_000)});
        let line = filled("{payload.t}{payload.t}{payload.t}{payload.t}{payload.t}", &payload);
        assert_eq!(line.chars().count(), LINE_CHARS_MAX);
        assert!(!line.contains('\u{1b}'));
    }
}
