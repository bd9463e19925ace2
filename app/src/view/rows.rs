//! Owns the text of a row of the event table. Never loads a row and never knows where it is drawn.

use std::collections::HashMap;

use causeway::event::EventKind;

use super::{text, times};
use crate::state::zone::Zone;
use crate::theme::KindMark;
use crate::widgets::escape;
use crate::worker::protocol::{EventCell, EventRow, RowCell, RowNote};

/// A kind as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindText {
    /// Before its name.
    pub mark: KindMark,
    /// Its name, or its number.
    pub name: String,
    /// True if it says that something failed.
    pub failed: bool,
}

/// What stands in the cells of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowText {
    /// Place in the commit order.
    pub sequence: String,
    /// Time.
    pub time: String,
    /// Entity.
    pub entity: String,
    /// Kind.
    pub kind: KindText,
    /// The payload in one line.
    pub summary: String,
    /// The end of the correlation id.
    pub correlation: String,
    /// What is unusual.
    pub note: RowNote,
}

/// A kind's name as the store, a file or a person gave it, made safe to show.
pub fn kind_text(kind: EventKind, names: &HashMap<EventKind, String>) -> KindText {
    let name = names.get(&kind).map_or_else(|| kind.to_string(), |name| escape::visible(name).into_owned());
    let failed = kind == EventKind::EFFECT_ERROR || name.ends_with("Failed") || name.ends_with("Error");
    KindText { mark: KindMark::of_category(kind.category()), name, failed }
}

/// The text of an event's row below a row at `above_us`.
pub fn event_text(
    sequence: u64,
    event: &EventCell,
    names: &HashMap<EventKind, String>,
    above_us: Option<i64>,
    zone: &Zone,
) -> RowText {
    RowText {
        sequence: text::grouped(sequence),
        time: times::cell(event.time_us, above_us, zone),
        entity: escape::visible(&event.entity).into_owned(),
        kind: kind_text(event.kind, names),
        summary: summary(event),
        correlation: text::id_tail(event.correlation),
        note: event.note,
    }
}

/// The payload in one line, or why there is none.
pub fn summary(event: &EventCell) -> String {
    if event.note == RowNote::Undecoded {
        return format!("undecoded, {}", text::bytes(u64::from(event.payload_bytes)));
    }
    escape::visible(&event.summary).into_owned()
}

/// What the icon at the end of a row says; nothing for an ordinary event.
pub fn note_text(note: RowNote) -> &'static str {
    match note {
        RowNote::None => "",
        RowNote::Pending => "Written, not yet known to be on stable storage",
        RowNote::Undecoded => "No decoder understands the payload",
        RowNote::Hidden => "The program that wrote this directory hides the event",
        RowNote::Finding => "Something is odd here, the detail says what",
    }
}

/// The event of a row, unless its place is damaged or its event was removed.
pub fn event_of(row: &EventRow) -> Option<&EventCell> {
    match &row.cell {
        RowCell::Event(event) => Some(event),
        RowCell::Removed | RowCell::Damaged { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use causeway::id::{CorrelationId, EventId};

    use super::*;

    fn event(kind: EventKind) -> EventCell {
        EventCell {
            event_id: EventId::from_u128(7),
            time_us: 1_795_440_726_655_000,
            entity: Arc::from("order:8841\u{202e}"),
            scope: Arc::from("shop"),
            kind,
            clock: 3,
            correlation: CorrelationId::from_u128(0x01_a7f3),
            causation: None,
            cause_sequence: None,
            payload_bytes: 312,
            summary: "a\nb".to_owned(),
            note: RowNote::None,
        }
    }

    #[test]
    fn hidden_characters_of_names_and_payloads_are_shown_as_escapes() {
        let row = event_text(9_811_992, &event(EventKind::custom(1, 2)), &HashMap::new(), None, &Zone::UTC);
        assert_eq!(row.entity, "order:8841\\u{202e}");
        assert_eq!(row.summary, "a\\nb");
        assert_eq!((row.sequence.as_str(), row.correlation.as_str()), ("9,811,992", "a7f3"));
        assert_eq!(row.kind.name, "0x1002");
    }

    #[test]
    fn a_kind_whose_name_says_so_has_failed() {
        let kind = EventKind::custom(6, 1);
        let named = |name: &str| kind_text(kind, &HashMap::from([(kind, name.to_owned())])).failed;
        assert!(named("ToolFailed") && named("ReadError"));
        assert!(!named("FailedOver"));
        assert!(kind_text(EventKind::EFFECT_ERROR, &HashMap::new()).failed);
    }

    #[test]
    fn an_undecoded_payload_says_how_large_it_is() {
        let event = EventCell { note: RowNote::Undecoded, ..event(EventKind::DATA) };
        assert_eq!(summary(&event), "undecoded, 312 B");
    }
}
