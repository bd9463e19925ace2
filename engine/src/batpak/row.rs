//! Owns what is kept in memory of an event and of a segment; must never hold a payload.
//!
//! Floor 6. Invariants:
//! - rows stand in the order of the files, which is the commit order, and their global sequences rise;
//! - the rows of a segment stand together, from its `first_row` on.

use std::collections::HashMap;

use crate::batpak::finding::Damaged;
use crate::batpak::frame::Frame;
use crate::batpak::segment::FooterKind;
use crate::disk::storage::FileIdentity;
use crate::words::coordinate::{Coordinate, CoordinateError};
use crate::words::id::{CausationId, CorrelationId, EventId};
use crate::words::kind::EventKind;
use crate::words::sync::Arc;

/// An event without its payload, in 112 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) event_id: EventId,
    pub(crate) correlation_id: CorrelationId,
    /// 0 stands for none, which saves 16 bytes a row.
    causation_id: u128,
    pub(crate) global_sequence: u64,
    pub(crate) timestamp_us: i64,
    /// Where the frame begins in its segment.
    pub(crate) offset: u64,
    /// Place of the segment among the store's segments.
    pub(crate) segment: u32,
    /// Length of the frame, its head included.
    pub(crate) length: u32,
    /// Place in the stream of the entity.
    pub(crate) clock: u32,
    pub(crate) lane: u32,
    /// Place of the entity among the store's entities.
    pub(crate) entity: u32,
    /// Place of the scope among the store's scopes.
    pub(crate) scope: u32,
    /// Length of the payload in bytes, as the header says.
    pub(crate) payload_size: u32,
    pub(crate) kind: EventKind,
    /// 0 if the store has none.
    pub(crate) payload_version: u16,
    pub(crate) flags: u8,
    /// True if a cancelled fence took the event out of sight.
    pub(crate) hidden: bool,
}

impl Row {
    /// A row of a frame; its global sequence is not known yet.
    pub(crate) fn new(segment: u32, offset: u64, length: u32, frame: &Frame<'_>, names: &mut Names) -> Self {
        let header = &frame.header;
        Self {
            event_id: header.event_id,
            correlation_id: header.correlation_id,
            causation_id: header.causation_id.map_or(0, u128::from),
            global_sequence: 0,
            timestamp_us: header.timestamp_us,
            offset,
            segment,
            length,
            clock: header.position.sequence(),
            lane: header.position.lane(),
            entity: names.entities.intern(frame.entity),
            scope: names.scopes.intern(frame.scope),
            payload_size: header.payload_size,
            kind: header.event_kind,
            payload_version: header.payload_version,
            flags: header.flags,
            hidden: false,
        }
    }

    /// The event that caused this one.
    pub(crate) fn causation_id(&self) -> Option<CausationId> {
        (self.causation_id != 0).then(|| CausationId::from(self.causation_id))
    }

    /// Where the frame ends in its segment.
    pub(crate) fn end(&self) -> u64 {
        self.offset.saturating_add(u64::from(self.length))
    }
}

/// The names that occur in a store.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) entities: Interner,
    pub(crate) scopes: Interner,
}

/// Texts by number and numbers by text.
#[derive(Debug, Default)]
pub(crate) struct Interner {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Interner {
    pub(crate) fn intern(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.texts.len() as u32;
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }

    /// The text with this number.
    pub(crate) fn text(&self, number: u32) -> Option<&Arc<str>> {
        self.texts.get(number as usize)
    }

    /// The number of this text, if it occurs.
    pub(crate) fn number(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    /// All texts; a text's place is its number. After a rollback some may belong to no event.
    #[cfg(test)]
    pub(crate) fn texts(&self) -> &[Arc<str>] {
        &self.texts
    }
}

/// The part of a name pair that no writer of the format accepts.
pub(crate) fn invalid_name<'a>(entity: &'a str, scope: &'a str) -> Option<&'a str> {
    let is_bad = |text: &str| {
        let checked: Result<Coordinate, CoordinateError> = Coordinate::new(text, "x");
        checked.is_err()
    };
    [entity, scope].into_iter().find(|text| is_bad(text))
}

/// How far the reading of a segment is settled: what lies behind may be read again and turn out otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) offset: u64,
    pub(crate) rows: usize,
    pub(crate) frames: u64,
    pub(crate) findings: usize,
    pub(crate) lost: usize,
}

/// From this row of a segment on, global sequences rise by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) row: usize,
    pub(crate) global_sequence: u64,
}

/// What a confirmed footer says about global sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FooterNumbers {
    pub(crate) runs: Vec<Run>,
    /// One more than the greatest.
    pub(crate) next: u64,
}

/// A segment, as far as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) id: u64,
    /// Name of the file.
    pub(crate) name: String,
    /// `None` if the file could not be opened.
    pub(crate) identity: Option<FileIdentity>,
    pub(crate) len_bytes: u64,
    /// When it was created, in nanoseconds since 1970, if the header can be read.
    pub(crate) created_ns: Option<i64>,
    /// Place of its first row.
    pub(crate) first_row: usize,
    /// Whole frames, marks of batches included.
    pub(crate) frames: u64,
    /// Where the last of them ends, or where the footer begins.
    pub(crate) frames_end: u64,
    /// The footer, if it is believed.
    pub(crate) footer: Option<FooterKind>,
    pub(crate) findings: Vec<Damaged>,
    /// Where the frames begin.
    pub(super) start: Mark,
    pub(super) mark: Mark,
    pub(super) numbers: Option<FooterNumbers>,
    /// Rows in front of which an event was lost that had a global sequence.
    pub(super) lost: Vec<usize>,
    pub(super) number_findings: Vec<Damaged>,
    /// One more than the greatest global sequence up to here.
    pub(super) next_sequence: u64,
    /// How often the end was found unfinished and unchanged.
    pub(super) checks: u8,
    /// True if the end was read for good, as that of the last segment or not.
    pub(super) settled_as_last: Option<bool>,
}

impl Segment {
    pub(super) fn new(id: u64, name: String, first_row: usize) -> Self {
        let mark = Mark { rows: first_row, ..Mark::default() };
        Self {
            id,
            name,
            identity: None,
            len_bytes: 0,
            created_ns: None,
            first_row,
            frames: 0,
            frames_end: 0,
            footer: None,
            findings: Vec::new(),
            start: mark,
            mark,
            numbers: None,
            lost: Vec::new(),
            number_findings: Vec::new(),
            next_sequence: 0,
            checks: 0,
            settled_as_last: None,
        }
    }

    /// Where reading stands now.
    pub(super) fn mark_at(&self, offset: u64, rows: usize) -> Mark {
        let (findings, lost) = (self.findings.len(), self.lost.len());
        Mark { offset, rows, frames: self.frames, findings, lost }
    }

    /// Forgets what was read behind a mark.
    pub(super) fn rewind(&mut self, mark: Mark, rows: &mut Vec<Row>) {
        self.mark = mark;
        self.frames = mark.frames;
        self.frames_end = mark.offset;
        self.findings.truncate(mark.findings);
        self.lost.truncate(mark.lost);
        self.footer = None;
        self.numbers = None;
        rows.truncate(mark.rows);
    }

    /// True if the header, or bytes at the end, belong to nothing that is shown yet.
    pub(crate) fn has_unfinished_end(&self) -> bool {
        self.mark.offset == 0 || (self.mark.offset < self.len_bytes && self.footer.is_none())
    }
}
