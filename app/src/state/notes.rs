//! Owns bookmarks and notes: to which event each belongs, and how they are written down.
//!
//! Invariants:
//! - a note belongs to an event hash, not to a place: it is found again in every copy of the store, and never at another event;
//! - what cannot be read is never overwritten.

use std::collections::BTreeMap;

use causeway::id::EventId;
use serde::{Deserialize, Serialize};

/// Version of the file; this one only is read.
const VERSION: u32 = 1;
/// Longest note, in characters.
pub const LENGTH_MAX: usize = 4_000;

/// A bookmark, with or without a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Names the event, so that it is found quickly: 32 hexadecimal digits.
    pub event_id: String,
    /// The hash of the event: 64 hexadecimal digits.
    pub event_hash: String,
    /// Where the event stood when the note was made.
    pub sequence: u64,
    /// What the event was, for whoever reads the note without it.
    pub about: String,
    /// What somebody wrote; empty for a mere bookmark.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// When it was written last, microseconds since 1970.
    pub time_us: i64,
}

/// All notes of a store, as they are written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notebook {
    version: u32,
    /// Names the store.
    pub store: String,
    /// In the order of the log as it was.
    pub notes: Vec<Note>,
}

impl Note {
    /// The event's id.
    pub fn id(&self) -> Option<EventId> {
        u128::from_str_radix(&self.event_id, 16).ok().map(EventId::from)
    }

    /// The first line of what was written, or what the event was.
    pub fn title(&self) -> &str {
        self.text.lines().next().filter(|line| !line.trim().is_empty()).unwrap_or(&self.about)
    }
}

impl Notebook {
    /// The notes of a store.
    pub fn new(store: &str, notes: &BTreeMap<u64, Note>, gone: &[Note]) -> Self {
        let notes = notes.values().chain(gone).cloned().collect();
        Self { version: VERSION, store: store.to_owned(), notes }
    }

    /// Reads a notebook.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn parse(text: &str) -> Result<Self, String> {
        let book: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if book.version == VERSION { Ok(book) } else { Err(format!("it has version {}", book.version)) }
    }

    /// As it is written down.
    pub fn text(&self) -> String {
        // Strings and numbers can always be written.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

/// The event before or after a place that has a note, round and round.
pub fn neighbour(notes: &BTreeMap<u64, Note>, from: Option<u64>, forward: bool) -> Option<u64> {
    let from = from.unwrap_or(if forward { u64::MAX } else { 0 });
    let found = if forward {
        notes.range(from.saturating_add(1)..).next().or_else(|| notes.iter().next())
    } else {
        notes.range(..from).next_back().or_else(|| notes.iter().next_back())
    };
    found.map(|(sequence, _)| *sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(sequence: u64, text: &str) -> Note {
        Note {
            event_id: format!("{sequence:032x}"),
            event_hash: "ab".repeat(32),
            sequence,
            about: "OrderPlaced order:1".to_owned(),
            text: text.to_owned(),
            time_us: 9,
        }
    }

    #[test]
    fn a_notebook_is_read_as_it_was_written_and_another_version_is_refused() {
        let notes = BTreeMap::from([(4, note(4, "why?\nsecond line")), (7, note(7, ""))]);
        let book = Notebook::new("store", &notes, &[note(2, "lost")]);
        assert_eq!(Notebook::parse(&book.text()), Ok(book.clone()));
        assert!(Notebook::parse(&book.text().replace("\"version\": 1", "\"version\": 2")).is_err());
        assert!(Notebook::parse("{").is_err());
        assert_eq!((notes[&4].title(), notes[&7].title()), ("why?", "OrderPlaced order:1"));
        assert_eq!(notes[&7].id(), Some(EventId::from(7_u128)));
    }

    #[test]
    fn bookmarks_are_gone_through_in_a_circle() {
        let notes: BTreeMap<_, _> = [4, 7, 9].into_iter().map(|at| (at, note(at, ""))).collect();
        assert_eq!(neighbour(&notes, Some(4), true), Some(7));
        assert_eq!(neighbour(&notes, Some(9), true), Some(4));
        assert_eq!(neighbour(&notes, Some(4), false), Some(9));
        assert_eq!((neighbour(&notes, None, true), neighbour(&notes, None, false)), (Some(4), Some(9)));
        assert_eq!(neighbour(&BTreeMap::new(), Some(3), true), None);
    }
}
