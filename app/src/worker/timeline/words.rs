//! Owns what is asked about a timeline and what is answered: plain data, like all words of the protocol.
//!
//! Values of the axis are microseconds since 1970 or sequences, both as `i64`.

use std::ops::Range;
use std::sync::Arc;

use causeway::event::EventKind;
use causeway::id::CorrelationId;
use serde::{Deserialize, Serialize};

/// What the horizontal axis of the timeline counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeAxis {
    /// Wall time.
    #[default]
    Time,
    /// Place in the commit order.
    Sequence,
}

/// What the lanes of a timeline are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaneBy {
    /// Entities, those with most events first.
    #[default]
    Entity,
    /// Kinds, those with most events first.
    Kind,
    /// Scopes, those with most events first.
    Scope,
    /// Conversations among the newest events.
    Correlation,
    /// Entities of the selected event's conversation, in the order in which they join it.
    Flow,
}

/// A part of the axis in equal buckets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// First value.
    pub from: i64,
    /// Behind the last value.
    pub to: i64,
    /// Width of a bucket; bucket number n begins at n times it, whatever the window.
    pub bucket: u64,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimelineQuestion {
    /// What the axis counts.
    pub axis: TimeAxis,
    /// Which part in which detail; the whole store without it.
    pub window: Option<Window>,
    /// Parts of the overview.
    pub bins: usize,
    /// What the lanes are.
    pub lanes: LaneBy,
    /// Which lanes, by their rank.
    pub ranks: Range<usize>,
    /// The event whose flow the lanes are; asked for by no other lanes.
    pub focus: Option<u64>,
}

/// The whole store in equal parts, and lanes over a window of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    /// What the axis counts.
    pub axis: TimeAxis,
    /// First and last value on the axis.
    pub span: (i64, i64),
    /// Places of the commit order that were looked at, and how many there were when it was asked.
    pub looked_at: (u64, u64),
    /// Events of each part of the whole, by category of their kind (0 to 15).
    pub bins: Vec<[u32; 16]>,
    /// Sequence of the first event of each part.
    pub first_sequence: Vec<u64>,
    /// Parts that hold an event of the current result; empty without a filter.
    pub hits: Vec<bool>,
    /// What the lanes show.
    pub window: Window,
    /// What the lanes are.
    pub lanes_by: LaneBy,
    /// The event whose flow the lanes are.
    pub focus: Option<u64>,
    /// Rank of the first lane.
    pub first_rank: usize,
    /// How many lanes there are in all.
    pub lane_count: usize,
    /// The lanes, in the order of their rank.
    pub lanes: Vec<Lane>,
    /// Where nothing happened for long within the window: from the last event before to the first after, ascending.
    pub gaps: Vec<(i64, i64)>,
    /// Where the clock went back, at most a thousand: the first event after, its time, and the greatest time before.
    pub jumps: Vec<Jump>,
    /// False while parts of it are still being counted.
    pub complete: bool,
}

/// A place where the clock went back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// The first event with an earlier time than one before it.
    pub sequence: u64,
    /// The greatest time before it, microseconds since 1970.
    pub from_us: i64,
    /// Its time.
    pub to_us: i64,
}

/// Names a lane.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum LaneKey {
    /// An entity's stream.
    Entity(Arc<str>),
    /// A kind.
    Kind(EventKind),
    /// A scope.
    Scope(Arc<str>),
    /// A conversation.
    Correlation(CorrelationId),
}

/// One lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Whose it is.
    pub key: LaneKey,
    /// Its events in the whole store.
    pub total: u64,
    /// Its events within the window.
    pub marks: LaneMarks,
}

/// Events of a lane within a window.
#[derive(Clone, Debug, PartialEq)]
pub enum LaneMarks {
    /// Each one, in the commit order.
    Events(Vec<LaneEvent>),
    /// Counted in buckets, ascending, without the empty ones.
    Buckets(Vec<Bucket>),
}

/// One event of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneEvent {
    /// Place in the commit order.
    pub sequence: u64,
    /// Microseconds since 1970.
    pub time_us: i64,
    /// Type tag.
    pub kind: EventKind,
}

impl LaneEvent {
    /// Its value on an axis.
    pub fn value(&self, axis: TimeAxis) -> i64 {
        match axis {
            TimeAxis::Time => self.time_us,
            TimeAxis::Sequence => i64::try_from(self.sequence).unwrap_or(i64::MAX),
        }
    }
}

/// Events of a lane that lie beside each other on the axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its number: it begins at so many times the width.
    pub at: i64,
    /// The first of its events.
    pub first: u64,
    /// Its events by category of their kind.
    pub counts: [u32; 16],
}
