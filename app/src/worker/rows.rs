//! Owns the rows of the event table: what stands at a place of the commit order, short enough for one line.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use causeway::event::{EventKind, RawEvent};
use causeway::id::EventId;
use causeway::store::{LogEvent, Selection, StoreError};
use serde_json::Value;

use crate::state::template::{Facts, Template};
use crate::worker::caught::caught;
use crate::worker::decode::decode;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::protocol::{EventCell, EventRow, Failure, RowCell, RowNote};

/// Characters of a payload that a row shows.
const SUMMARY_CHARS_MAX: usize = 200;
/// More of a payload is not decoded for its row.
const SUMMARY_BYTES_MAX: usize = 4 * 1024;

/// What kinds say in one line, by the name of the kind in a file; other kinds say their fields.
pub(crate) type Summaries = BTreeMap<String, Template>;

/// The row of an event. A place that cannot be read is a row as well.
pub(crate) fn row(handle: &Handle, sequence: u64) -> EventRow {
    row_saying(handle, sequence, &Summaries::new())
}

/// The row of an event whose kind may say its own line.
pub(crate) fn row_saying(handle: &Handle, sequence: u64, summaries: &Summaries) -> EventRow {
    let read = || match handle.event_at(sequence) {
        Ok(event) => RowCell::Event(Box::new(cell(handle, &event, summaries))),
        Err(StoreError::Removed { .. }) => RowCell::Removed,
        Err(error) => RowCell::Damaged { places: 1, reason: hole(&error) },
    };
    let cell = caught(read).unwrap_or_else(|said| RowCell::Damaged {
        places: 1,
        reason: format!("reading it failed unexpectedly: {said}"),
    });
    EventRow { sequence, cell }
}

/// The first event at a moment or after it; the last one of the store, if the moment lies behind it.
pub(crate) fn at_time(handle: &Handle, time_us: i64) -> Result<u64, Failure> {
    // The index passes over whole blocks that end before the moment.
    let later = Selection::default().between(time_us..i64::MAX);
    let found = handle.select(&later, 0, 1).map_err(|error| failure::of(&error))?;
    let last = handle.visible().checked_sub(1);
    found.first().copied().or(last).ok_or_else(|| failure::refused("The store holds no event yet."))
}

/// The row of several places at which nothing can be read.
pub(crate) fn hole_row(run: &Range<u64>) -> EventRow {
    let places = run.end - run.start;
    let error = StoreError::UnreadableEvent { sequence: run.start };
    let reason = match places {
        1 => hole(&error),
        _ => format!("{places} events cannot be read, #{} to #{}", run.start, run.end - 1),
    };
    EventRow { sequence: run.start, cell: RowCell::Damaged { places, reason } }
}

/// Why nothing stands at a place, in the words of a row.
fn hole(error: &StoreError) -> String {
    match error {
        StoreError::UnreadableEvent { sequence } => format!("no event can be read at #{sequence}"),
        other => other.to_string(),
    }
}

/// The cell of an event that was read.
pub(crate) fn cell(handle: &Handle, event: &LogEvent, summaries: &Summaries) -> EventCell {
    let raw = &event.raw;
    let header = &raw.header;
    let cause = header.causation_id.map(|cause| EventId::from(u128::from(cause)));
    let summary = match event.removed {
        Some(_) => Ok("its payload was removed".to_owned()),
        None => match template_of(summaries, header.event_kind) {
            Some(template) => Ok(filled(template, raw)),
            None => summary(raw.payload_form, &raw.payload),
        },
    };
    EventCell {
        event_id: header.event_id,
        time_us: header.timestamp_us,
        entity: Arc::from(raw.coordinate.entity()),
        scope: Arc::from(raw.coordinate.scope()),
        kind: header.event_kind,
        clock: header.position.sequence(),
        correlation: header.correlation_id,
        causation: header.causation_id,
        // A cause that cannot be looked up is shown by its id alone.
        cause_sequence: cause.and_then(|cause| handle.sequence_of(cause).ok().flatten()),
        payload_bytes: raw.payload.len() as u32,
        flags: header.flags,
        payload_version: header.payload_version,
        note: note(handle, event, summary.is_ok()),
        summary: summary.unwrap_or_else(|reason| reason),
    }
}

fn note(handle: &Handle, event: &LogEvent, decoded: bool) -> RowNote {
    if event.hidden {
        RowNote::Hidden
    } else if !event.findings.is_empty() {
        RowNote::Finding
    } else if !decoded {
        RowNote::Undecoded
    } else if event.raw.global_sequence >= handle.durable() {
        RowNote::Pending
    } else {
        RowNote::None
    }
}

fn template_of(summaries: &Summaries, kind: EventKind) -> Option<&Template> {
    if summaries.is_empty() { None } else { summaries.get(&kind.to_string()) }
}

/// The template of a kind, filled in. It may name a field at the end of a large payload: then that field is a dash, because no row
/// decodes more than [`SUMMARY_BYTES_MAX`].
fn filled(template: &Template, raw: &RawEvent) -> String {
    let decoded = decode(raw.payload_form, &raw.payload, SUMMARY_BYTES_MAX).ok();
    template.fill(&Facts {
        entity: raw.coordinate.entity(),
        scope: raw.coordinate.scope(),
        clock: raw.header.position.sequence(),
        payload_bytes: raw.payload.len() as u32,
        payload: decoded.as_ref().map(|decoded| &decoded.value),
    })
}

/// The payload in one line, or why there is none.
fn summary(form: u8, payload: &[u8]) -> Result<String, String> {
    match decode(form, payload, SUMMARY_BYTES_MAX) {
        Ok(decoded) => Ok(one_line(&decoded.value)),
        Err(_) => Err(format!("undecoded, {} bytes", payload.len())),
    }
}

/// The value in at most `SUMMARY_CHARS_MAX` characters: fields of the outer object without its braces.
pub(crate) fn one_line(value: &Value) -> String {
    let mut line = String::new();
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if !line.is_empty() {
                    line.push_str(", ");
                }
                line.push_str(name);
                line.push_str(": ");
                push_short(&mut line, value);
                if line.chars().count() > SUMMARY_CHARS_MAX {
                    break;
                }
            }
        }
        other => push_short(&mut line, other),
    }
    if line.chars().count() > SUMMARY_CHARS_MAX {
        line = line.chars().take(SUMMARY_CHARS_MAX - 1).chain(['…']).collect();
    }
    line
}

/// A large value by the number of its members.
fn push_count(line: &mut String, open: char, count: usize, close: char) {
    line.push(open);
    line.push_str(&count.to_string());
    line.push(close);
}

fn push_short(line: &mut String, value: &Value) {
    match value {
        Value::String(text) => line.extend(text.chars().map(|c| if c.is_control() { ' ' } else { c })),
        // Most of a large value would be cut off again.
        Value::Array(items) if items.len() > SUMMARY_CHARS_MAX => push_count(line, '[', items.len(), ']'),
        Value::Object(fields) if fields.len() > SUMMARY_CHARS_MAX => {
            push_count(line, '{', fields.len(), '}');
        }
        other => line.push_str(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_row_shows_the_fields_of_a_payload_in_one_line() {
        let value = json!({"id": 7, "note": "two\nlines", "list": [1, {"a": null}]});
        assert_eq!(one_line(&value), "id: 7, note: two lines, list: [1,{\"a\":null}]");
        assert_eq!(one_line(&json!(4.5)), "4.5");
        assert_eq!(one_line(&json!({})), "");
    }

    #[test]
    fn a_long_payload_is_cut_at_a_character() {
        let line = one_line(&json!({"text": "ß".repeat(500)}));
        assert_eq!(line.chars().count(), SUMMARY_CHARS_MAX);
        assert!(line.ends_with('…'));
    }

    #[test]
    fn a_place_that_cannot_be_read_is_said_once() {
        assert_eq!(hole(&StoreError::UnreadableEvent { sequence: 12 }), "no event can be read at #12");
        let damaged = StoreError::CorruptFrame { segment_id: 3, offset: 96, reason: "too long".into() };
        assert_eq!(hole(&damaged), "damaged frame in segment 3 at byte 96: too long");
    }

    #[test]
    fn a_payload_that_no_decoder_understands_is_said_to_be_undecoded() {
        assert_eq!(summary(0, &[0xc1, 0, 0xff]), Err("undecoded, 3 bytes".to_owned()));
    }
}
