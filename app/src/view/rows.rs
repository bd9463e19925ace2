//! Owns the text of a row of the event table. Never loads a row and never knows where it is drawn.

use std::collections::HashMap;

use causeway::event::EventKind;

use super::{text, times};
use crate::state::table::{Column, TimeMode};
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

/// A kind's name as the store, a file or a person gave it, made safe to show.
pub fn kind_text(kind: EventKind, names: &HashMap<EventKind, String>) -> KindText {
    let name = names.get(&kind).map_or_else(|| kind.to_string(), |name| escape::visible(name).into_owned());
    let failed = kind == EventKind::EFFECT_ERROR || name.ends_with("Failed") || name.ends_with("Error");
    KindText { mark: KindMark::of_category(kind.category()), name, failed }
}

/// How the cells of a table are told.
#[derive(Clone, Copy, Debug)]
pub struct Telling<'a> {
    /// Names of kinds.
    pub names: &'a HashMap<EventKind, String>,
    /// The zone of times.
    pub zone: &'a Zone,
    /// What times are told against.
    pub time: TimeMode,
    /// Wall time of this frame, microseconds since 1970.
    pub now_us: i64,
}

impl Telling<'_> {
    /// The words of a cell; columns that are drawn rather than written have none. `above_us` is the time of the row above.
    pub fn cell(&self, column: Column, sequence: u64, event: &EventCell, above_us: Option<i64>) -> String {
        match column {
            Column::Flow | Column::Lock => String::new(),
            Column::Sequence => text::grouped(sequence),
            Column::Time => self.time_cell(event.time_us, above_us),
            Column::Entity => escape::visible(&event.entity).into_owned(),
            Column::Kind => kind_text(event.kind, self.names).name,
            Column::Summary => summary(event),
            Column::Correlation => text::id_tail(event.correlation),
            Column::Scope => escape::visible(&event.scope).into_owned(),
            Column::Clock => text::grouped(u64::from(event.clock)),
            Column::Cause => cause(event),
            Column::Size => text::bytes(u64::from(event.payload_bytes)),
            Column::Flags => flags(event),
        }
    }

    fn time_cell(&self, time_us: i64, above_us: Option<i64>) -> String {
        match self.time {
            TimeMode::Clock => times::cell(time_us, above_us, self.zone),
            TimeMode::Ago if time_us > self.now_us => "in the future".to_owned(),
            // Parts of a second would change with each frame.
            TimeMode::Ago => match self.now_us.abs_diff(time_us) / 1_000_000 {
                0 => "now".to_owned(),
                seconds @ 1..60 => format!("{seconds} s"),
                seconds => text::duration_us(seconds * 1_000_000),
            },
            TimeMode::Delta => above_us.map_or_else(String::new, |above| text::delta_us(above, time_us)),
        }
    }

    /// What a row says to those who hear it.
    pub fn spoken(&self, sequence: u64, event: &EventCell) -> String {
        let [number, kind, entity, summary] =
            [Column::Sequence, Column::Kind, Column::Entity, Column::Summary]
                .map(|column| self.cell(column, sequence, event, None));
        format!("#{number} {kind} {entity} {summary}")
    }
}

/// The sequence of the cause, or the end of its id if it is not in the store; empty without one.
fn cause(event: &EventCell) -> String {
    match (event.cause_sequence, event.causation) {
        (Some(sequence), _) => text::sequence(sequence),
        (None, Some(id)) => format!("…{}", text::id_tail(id)),
        (None, None) => String::new(),
    }
}

/// What the header marks, in words: version of the payload, and how it was committed.
fn flags(event: &EventCell) -> String {
    let marks = [(1_u8, "ack"), (1 << 1, "batch"), (1 << 3, "replay")];
    let mut words: Vec<String> = Vec::new();
    if event.payload_version > 0 {
        words.push(format!("v{}", event.payload_version));
    }
    words.extend(marks.iter().filter(|(bit, _)| event.flags & bit != 0).map(|(_, word)| (*word).to_owned()));
    words.join(" ")
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
            flags: 0,
            payload_version: 0,
            summary: "a\nb".to_owned(),
            note: RowNote::None,
        }
    }

    fn told(time: TimeMode, column: Column, event: &EventCell, above_us: Option<i64>) -> String {
        let names = HashMap::new();
        let now_us = event.time_us + 192_400_000;
        Telling { names: &names, zone: &Zone::UTC, time, now_us }.cell(column, 9_811_992, event, above_us)
    }

    #[test]
    fn hidden_characters_of_names_and_payloads_are_shown_as_escapes() {
        let event = event(EventKind::custom(1, 2));
        let cell = |column| told(TimeMode::Clock, column, &event, None);
        assert_eq!(cell(Column::Entity), "order:8841\\u{202e}");
        assert_eq!(cell(Column::Summary), "a\\nb");
        assert_eq!(
            (cell(Column::Sequence).as_str(), cell(Column::Correlation).as_str()),
            ("9,811,992", "a7f3")
        );
        assert_eq!(cell(Column::Kind), "0x1002");
        assert_eq!((cell(Column::Size).as_str(), cell(Column::Clock).as_str()), ("312 B", "3"));
    }

    #[test]
    fn a_time_is_told_as_clock_as_age_or_as_distance_to_the_row_above() {
        let event = event(EventKind::DATA);
        let above = Some(event.time_us - 6_000);
        assert_eq!(told(TimeMode::Clock, Column::Time, &event, above), "06.655");
        assert_eq!(told(TimeMode::Ago, Column::Time, &event, above), "3 min 12 s");
        assert_eq!(told(TimeMode::Delta, Column::Time, &event, above), "+6 ms");
        assert_eq!(told(TimeMode::Delta, Column::Time, &event, None), "");
    }

    #[test]
    fn a_cause_is_named_by_its_place_or_by_its_id_and_flags_by_words() {
        let mut event = event(EventKind::DATA);
        assert_eq!(told(TimeMode::Clock, Column::Cause, &event, None), "");
        event.causation = Some(causeway::id::CausationId::from_u128(0xbeef));
        assert_eq!(told(TimeMode::Clock, Column::Cause, &event, None), "…beef");
        event.cause_sequence = Some(1_234);
        assert_eq!(told(TimeMode::Clock, Column::Cause, &event, None), "#1,234");
        (event.flags, event.payload_version) = (0b1010, 2);
        assert_eq!(told(TimeMode::Clock, Column::Flags, &event, None), "v2 batch replay");
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
