//! Owns what can be wrong with a batpak directory and what the published crate does about it; must never repair anything.
//!
//! Floor 6. Damage never hides an event that can be shown: it is told beside it, as a [`Finding`].

use std::fmt;

use thiserror::Error;

use crate::words::finding::{Finding, FindingClass};

/// Something in a directory that is not as its writer meant it, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damaged {
    /// The segment, if it concerns one.
    pub(crate) segment_id: Option<u64>,
    /// The bytes of the segment that are meant: where they begin, and how many.
    pub(crate) bytes: Option<ByteRange>,
    pub(crate) damage: Damage,
}

/// Some bytes of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ByteRange {
    pub(crate) offset: u64,
    pub(crate) len_bytes: u64,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub(crate) enum Damage {
    #[error("a segment cannot be read: {reason}")]
    SegmentUnreadable { reason: String },
    #[error("a segment has no readable header")]
    Header,
    #[error("a segment has format version {found}, not 1")]
    SegmentVersion { found: u64 },
    #[error("the header says segment {found}, the file name another")]
    HeaderId { found: u64 },
    #[error("the file name is not padded to six digits")]
    FileName,
    #[error("two files claim the same segment; this one is left out")]
    SegmentTwice { name: String },
    #[error("{events} events are missing before this segment, with the segments that held them")]
    SegmentsMissing { events: u64 },
    #[error(
        "segments {first} to {last} are absent; whether a compaction took them or events are missing cannot be told, as this segment has \
         no footer to count from"
    )]
    SegmentsAbsent { first: u64, last: u64 },
    #[error("the footer is not believed: {reason}")]
    Footer { reason: &'static str },
    #[error("the footer differs from the frames and is not believed: {reason}")]
    FooterDiffers { reason: &'static str },
    #[error("the footer counts from {found}, but the events before it reach {expected}")]
    FooterSequence { found: u64, expected: u64 },
    #[error("the checksum of a frame does not fit its bytes")]
    Checksum {
        /// True if nothing follows the frame.
        is_last: bool,
    },
    #[error("bytes that are no frame stand between frames")]
    NotAFrame,
    #[error("a frame holds no event: {reason}")]
    NoEvent { reason: String },
    #[error("a segment ends inside a frame")]
    TornTail {
        /// True if the published crate passes over it: at the end of the last segment, or of less than eight bytes.
        is_tolerated: bool,
    },
    #[error("a segment ends with zeros")]
    ZeroTail,
    #[error("a batch has no end; its {items} events count as never committed and are not shown")]
    UnfinishedBatch { items: u64 },
    #[error("the end of a batch is damaged; its {items} events are shown")]
    BatchEndDamaged { items: u64 },
    #[error("a batch ends that did not begin")]
    BatchBeginMissing,
    #[error("an event is not linked into a chain")]
    ChainMissing,
    #[error("{text:?} is not a valid entity or scope")]
    Coordinate { text: String },
    #[error("the extensions cannot be read")]
    Extensions,
    #[error("the payload does not fit its content hash")]
    ContentHash,
    #[error("the event hash differs from the content hash")]
    EventHash,
    #[error("the payload has {found} bytes, the header says {expected}")]
    PayloadSize { found: u64, expected: u64 },
    #[error("a rewriting compaction left the payload as a value; whether it is the original cannot be told")]
    InlinePayload,
    #[error("a rewriting compaction left the payload as a value; its hash fits")]
    InlinePayloadProven,
    #[error("the list of hidden events is damaged, so none is hidden: {reason}")]
    HiddenRanges { reason: &'static str },
    #[error("the list of hidden events has version {found}, newer than 2")]
    HiddenRangesVersion { found: u16 },
    #[error("a compaction did not finish")]
    CompactionPending,
    #[error("the note about a running compaction cannot be read")]
    CompactionMarker,
    #[error("{name} is missing, which the running compaction needs")]
    CompactionSource { name: String },
    #[error("{name} stands in for a segment that is missing")]
    CompactionStandIn { name: String },
}

/// What the published crate does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerOutcome {
    /// It reads what this reader shows.
    Reads,
    /// It opens the store and shows fewer events, or other positions.
    ShowsLess,
    /// It opens the store and fails when the event is read.
    EventUnreadable,
    /// It refuses to open the store.
    Refuses,
}

impl fmt::Display for PeerOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reads => "reads it",
            Self::ShowsLess => "shows fewer events",
            Self::EventUnreadable => "cannot read the event",
            Self::Refuses => "refuses the directory",
        })
    }
}

impl Damaged {
    pub(crate) fn of_store(damage: Damage) -> Self {
        Self { segment_id: None, bytes: None, damage }
    }

    pub(crate) fn of_segment(segment_id: u64, damage: Damage) -> Self {
        Self { segment_id: Some(segment_id), bytes: None, damage }
    }

    pub(crate) fn of_bytes(segment_id: u64, range: std::ops::Range<u64>, damage: Damage) -> Self {
        let bytes = ByteRange { offset: range.start, len_bytes: range.end.saturating_sub(range.start) };
        Self { segment_id: Some(segment_id), bytes: Some(bytes), damage }
    }

    /// True if bytes that it concerns overlap the frame from `offset` on.
    pub(crate) fn covers(&self, offset: u64, length: u32) -> bool {
        self.bytes.is_some_and(|bytes| {
            offset < bytes.offset.saturating_add(bytes.len_bytes)
                && bytes.offset < offset.saturating_add(u64::from(length))
        })
    }

    /// What is told of it. `file` is the segment's, if it concerns one.
    pub(crate) fn finding(&self, file: Option<&str>) -> Finding {
        let length = self.bytes.map(|bytes| format!(", {} bytes", bytes.len_bytes)).unwrap_or_default();
        let (older, newer) = (self.damage.outcome_0_8(), self.damage.outcome_0_10());
        let also = if older == newer { String::new() } else { format!(", 0.10.0 {newer}") };
        let message = format!("{}{length}; batpak 0.8.2 {older}{also}", self.damage);
        let finding = Finding::new(self.damage.class(), message);
        let finding = file.iter().fold(finding, Finding::in_file);
        self.bytes.iter().fold(finding, |finding, bytes| finding.at(bytes.offset))
    }
}

impl Damage {
    /// What it is among all that can be wrong with a log.
    fn class(&self) -> FindingClass {
        match self {
            Self::SegmentUnreadable { .. }
            | Self::FileName
            | Self::SegmentTwice { .. }
            | Self::HiddenRanges { .. }
            | Self::HiddenRangesVersion { .. }
            | Self::CompactionMarker => FindingClass::File,
            Self::Header | Self::SegmentVersion { .. } | Self::HeaderId { .. } => FindingClass::Header,
            Self::SegmentsMissing { .. } | Self::CompactionSource { .. } => FindingClass::Hole,
            Self::Footer { .. } | Self::FooterDiffers { .. } | Self::FooterSequence { .. } => {
                FindingClass::Derived
            }
            Self::TornTail { is_tolerated: true }
            | Self::ZeroTail
            | Self::SegmentsAbsent { .. }
            | Self::CompactionPending
            | Self::CompactionStandIn { .. }
            | Self::InlinePayload
            | Self::InlinePayloadProven => FindingClass::Note,
            Self::Checksum { .. }
            | Self::NotAFrame
            | Self::NoEvent { .. }
            | Self::TornTail { is_tolerated: false }
            | Self::Coordinate { .. }
            | Self::Extensions
            | Self::PayloadSize { .. } => FindingClass::Frame,
            Self::UnfinishedBatch { .. } | Self::BatchEndDamaged { .. } | Self::BatchBeginMissing => {
                FindingClass::Group
            }
            Self::ChainMissing => FindingClass::Link,
            Self::ContentHash => FindingClass::ContentHash,
            Self::EventHash => FindingClass::EventHash,
        }
    }

    /// What version 0.8.2 does when it rebuilds from frames; with a snapshot or footers it may not notice.
    pub(crate) fn outcome_0_8(&self) -> PeerOutcome {
        match self {
            Self::ZeroTail | Self::Checksum { .. } | Self::HiddenRangesVersion { .. } => PeerOutcome::Refuses,
            Self::FooterSequence { .. } => PeerOutcome::ShowsLess,
            _ => self.outcome_0_10(),
        }
    }

    /// True if version 0.8.2 may not read what this reader shows.
    pub(crate) fn is_misread_0_8(&self) -> bool {
        self.outcome_0_8() != PeerOutcome::Reads
    }

    /// What version 0.10.0 does when it rebuilds from frames; with a snapshot or footers it may not notice.
    pub(crate) fn outcome_0_10(&self) -> PeerOutcome {
        match self {
            Self::HeaderId { .. }
            | Self::SegmentsAbsent { .. }
            | Self::CompactionPending
            | Self::CompactionStandIn { .. }
            | Self::BatchBeginMissing
            | Self::ZeroTail
            | Self::Checksum { is_last: true }
            | Self::TornTail { is_tolerated: true }
            | Self::ContentHash
            | Self::EventHash
            | Self::PayloadSize { .. } => PeerOutcome::Reads,
            Self::SegmentsMissing { .. }
            | Self::SegmentTwice { .. }
            | Self::FooterDiffers { .. }
            | Self::UnfinishedBatch { .. } => PeerOutcome::ShowsLess,
            Self::FileName | Self::InlinePayload | Self::InlinePayloadProven => PeerOutcome::EventUnreadable,
            Self::SegmentUnreadable { .. }
            | Self::Header
            | Self::SegmentVersion { .. }
            | Self::Footer { .. }
            | Self::FooterSequence { .. }
            | Self::Checksum { is_last: false }
            | Self::NotAFrame
            | Self::NoEvent { .. }
            | Self::TornTail { is_tolerated: false }
            | Self::BatchEndDamaged { .. }
            | Self::ChainMissing
            | Self::Coordinate { .. }
            | Self::Extensions
            | Self::HiddenRanges { .. }
            | Self::HiddenRangesVersion { .. }
            | Self::CompactionMarker
            | Self::CompactionSource { .. } => PeerOutcome::Refuses,
        }
    }
}
