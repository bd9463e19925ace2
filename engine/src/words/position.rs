//! Owns positions: the place of an event in its stream, and a point in the commit order.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Place of an event in its stream: wall time, branch (lane and depth) and stream sequence.
///
/// Two positions are comparable only on the same lane and depth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DagPosition {
    wall_ms: u64,
    counter: u16,
    depth: u32,
    lane: u32,
    sequence: u32,
}

impl DagPosition {
    /// A position without a wall time.
    pub const fn new(depth: u32, lane: u32, sequence: u32) -> Self {
        Self::with_hlc(0, 0, depth, lane, sequence)
    }

    /// A position with all its parts; `wall_ms` counts milliseconds since 1970.
    pub const fn with_hlc(wall_ms: u64, counter: u16, depth: u32, lane: u32, sequence: u32) -> Self {
        Self { wall_ms, counter, depth, lane, sequence }
    }

    /// The first position of the main lane.
    pub const fn root() -> Self {
        Self::new(0, 0, 0)
    }

    /// The position with stream sequence `sequence` on the main lane.
    pub const fn child(sequence: u32) -> Self {
        Self::new(0, 0, sequence)
    }

    /// The position with stream sequence `sequence` on the main lane at a wall time.
    pub const fn child_at(sequence: u32, wall_ms: u64, counter: u16) -> Self {
        Self::with_hlc(wall_ms, counter, 0, 0, sequence)
    }

    /// The first position of a new lane, one level below `parent_depth`.
    pub const fn fork(parent_depth: u32, new_lane: u32) -> Self {
        Self::new(parent_depth.saturating_add(1), new_lane, 0)
    }

    /// Wall time in milliseconds since 1970.
    pub const fn wall_ms(&self) -> u64 {
        self.wall_ms
    }

    /// Counter within the millisecond; always 0 in stores of this crate.
    pub const fn counter(&self) -> u16 {
        self.counter
    }

    /// Depth of the branch.
    pub const fn depth(&self) -> u32 {
        self.depth
    }

    /// Lane of the branch.
    pub const fn lane(&self) -> u32 {
        self.lane
    }

    /// Place in the stream, first = 0.
    pub const fn sequence(&self) -> u32 {
        self.sequence
    }

    /// True for the first event of a stream on the main lane, whenever it was.
    pub const fn is_root(&self) -> bool {
        self.sequence == 0 && self.depth == 0 && self.lane == 0
    }

    /// True if this position comes strictly before `other` on the same lane and depth.
    pub const fn is_ancestor_of(&self, other: &Self) -> bool {
        self.lane == other.lane && self.depth == other.depth && self.sequence < other.sequence
    }
}

impl PartialOrd for DagPosition {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        if self == other {
            return Some(std::cmp::Ordering::Equal);
        }
        (self.lane == other.lane && self.depth == other.depth && self.sequence != other.sequence)
            .then(|| self.sequence.cmp(&other.sequence))
    }
}

impl fmt::Display for DagPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}@{}.{}", self.depth, self.lane, self.sequence, self.wall_ms, self.counter)
    }
}

/// A point in the commit order: an event's place, and the wall time that it was committed at.
///
/// Points are ordered by the sequence; the wall time only tells people when that was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HlcPoint {
    /// Wall time in milliseconds since 1970.
    pub wall_ms: u64,
    /// Place in the commit order, first = 0.
    pub global_sequence: u64,
}

impl HlcPoint {
    /// The point before anything was committed.
    pub const ORIGIN: Self = Self { wall_ms: 0, global_sequence: 0 };
}

impl Ord for HlcPoint {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.global_sequence, self.wall_ms).cmp(&(other.global_sequence, other.wall_ms))
    }
}

impl PartialOrd for HlcPoint {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for HlcPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.global_sequence, self.wall_ms)
    }
}

/// Where a frame lies on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DiskPos {
    segment_id: u64,
    offset: u64,
    length: u32,
}

impl DiskPos {
    /// A place: the segment's first global sequence, the offset of the frame and its length, both in bytes.
    pub const fn new(segment_id: u64, offset: u64, length: u32) -> Self {
        Self { segment_id, offset, length }
    }

    /// First global sequence of the segment (in a batpak directory: the number of the segment file).
    pub const fn segment_id(&self) -> u64 {
        self.segment_id
    }

    /// Offset of the frame in the segment, in bytes.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// Length of the frame in bytes.
    pub const fn length(&self) -> u32 {
        self.length
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_compare_only_on_the_same_branch() {
        let first = DagPosition::child(1);
        assert!(first < DagPosition::child(2));
        assert!(first.is_ancestor_of(&DagPosition::child(2)));
        assert_eq!(first.partial_cmp(&DagPosition::fork(0, 7)), None);
        assert_eq!(DagPosition::with_hlc(9, 0, 1, 2, 3).to_string(), "1:2:3@9.0");
    }

    #[test]
    fn points_are_ordered_by_the_commit_order_whatever_the_clock_said() {
        let before = HlcPoint { wall_ms: 9_000, global_sequence: 1 };
        let after = HlcPoint { wall_ms: 2_000, global_sequence: 2 };
        assert!(HlcPoint::ORIGIN < before && before < after);
    }
}
