//! Owns sums of the whole store: leaves of 256 events, and levels above them that each halve the number of nodes.
//!
//! Invariants:
//! - a node holds the full pair below it and never changes; the newest events, which fill no leaf, stand in the tail;
//! - every event is in exactly one leaf or in the tail, whatever its time says;
//! - a node's times are the least and the greatest of its events, so that a clock that went back loses nothing.

use std::ops::Range;

use crate::worker::protocol::{Jump, LaneEvent, TimeAxis};

/// Events of a leaf.
pub(super) const LEAF: usize = 256;
/// Places where the clock went back that are remembered.
const JUMPS_MAX: usize = 1_000;

/// Events beside each other in the commit order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    /// From the first event to behind the last; unreadable places may lie between.
    pub(super) first: u64,
    pub(super) end: u64,
    pub(super) min_us: i64,
    pub(super) max_us: i64,
    /// The longest time for which nothing happened before an event of it.
    pub(super) idle_us: u64,
    pub(super) counts: [u32; 16],
}

impl Node {
    fn joined(a: &Self, b: &Self) -> Self {
        let mut counts = a.counts;
        counts.iter_mut().zip(b.counts).for_each(|(sum, count)| *sum = sum.saturating_add(count));
        Self {
            first: a.first,
            end: b.end,
            min_us: a.min_us.min(b.min_us),
            max_us: a.max_us.max(b.max_us),
            idle_us: a.idle_us.max(b.idle_us),
            counts,
        }
    }

    /// Its least and its greatest value on an axis.
    pub(super) fn values(&self, axis: TimeAxis) -> (i64, i64) {
        match axis {
            TimeAxis::Time => (self.min_us, self.max_us),
            TimeAxis::Sequence => (signed(self.first), signed(self.end.saturating_sub(1))),
        }
    }
}

/// A sequence as a value of the axis.
pub(super) fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

/// Sums of a growing store.
#[derive(Default)]
pub(super) struct Pyramid {
    /// Level 0 holds the leaves.
    levels: Vec<Vec<Node>>,
    /// What else is known of each leaf's times.
    leaf_times: Vec<LeafTimes>,
    tail: Vec<LaneEvent>,
    next: u64,
    jumps: Vec<Jump>,
    /// The greatest time so far.
    latest: Option<i64>,
    /// The time of the last event.
    last: Option<i64>,
}

/// The times of a leaf, beyond its least and greatest.
struct LeafTimes {
    /// The usual time between two events.
    usual: u64,
    /// The greatest time up to its end.
    latest: i64,
    /// The time of its last event.
    last: i64,
}

impl Pyramid {
    /// The first place that was not looked at.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Notes that everything before a place was looked at.
    pub(super) fn skip_to(&mut self, place: u64) {
        self.next = self.next.max(place);
    }

    /// Events that fill no leaf.
    pub(super) fn tail(&self) -> &[LaneEvent] {
        &self.tail
    }

    /// Where the clock went back.
    pub(super) fn jumps(&self) -> &[Jump] {
        &self.jumps
    }

    /// Adds the next event.
    pub(super) fn push(&mut self, event: LaneEvent) {
        let goes_back = self.last.is_some_and(|last| last > event.time_us);
        if let Some(from_us) = self.latest.filter(|_| goes_back && self.jumps.len() < JUMPS_MAX) {
            self.jumps.push(Jump { sequence: event.sequence, from_us, to_us: event.time_us });
        }
        self.last = Some(event.time_us);
        self.latest = self.latest.max(Some(event.time_us));
        self.tail.push(event);
        self.next = event.sequence + 1;
        if self.tail.len() == LEAF {
            self.close_leaf();
        }
    }

    fn close_leaf(&mut self) {
        let tail = std::mem::take(&mut self.tail);
        let (Some(first), Some(last)) = (tail.first(), tail.last()) else { return };
        let mut leaf = Node {
            first: first.sequence,
            end: last.sequence + 1,
            min_us: i64::MAX,
            max_us: i64::MIN,
            idle_us: 0,
            counts: [0; 16],
        };
        let mut latest = self.leaf_times.last().map_or(first.time_us, |times| times.latest);
        let mut steps: Vec<u64> = Vec::with_capacity(LEAF);
        for event in &tail {
            let step = u64::try_from(event.time_us.saturating_sub(latest)).unwrap_or(0);
            steps.push(step);
            latest = latest.max(event.time_us);
            leaf.idle_us = leaf.idle_us.max(step);
            leaf.min_us = leaf.min_us.min(event.time_us);
            leaf.max_us = leaf.max_us.max(event.time_us);
            leaf.counts[usize::from(event.kind.category() & 15)] += 1;
        }
        let middle = steps.len() / 2;
        let (_, usual, _) = steps.select_nth_unstable(middle);
        self.leaf_times.push(LeafTimes { usual: *usual, latest, last: last.time_us });
        self.add_node(0, leaf);
    }

    fn add_node(&mut self, level: usize, node: Node) {
        if self.levels.len() <= level {
            self.levels.push(Vec::new());
        }
        let nodes = &mut self.levels[level];
        nodes.push(node);
        if let (true, [.., a, b]) = (nodes.len().is_multiple_of(2), nodes.as_slice()) {
            let above = Node::joined(a, b);
            self.add_node(level + 1, above);
        }
    }

    /// Forgets what lies behind the end of a store that shrank.
    pub(super) fn rewind(&mut self, end: u64) {
        if end >= self.next {
            return;
        }
        let leaves = self.levels.first().map_or(0, Vec::len);
        let kept = self.levels.first().map_or(0, |nodes| nodes.partition_point(|leaf| leaf.end <= end));
        for (level, nodes) in self.levels.iter_mut().enumerate() {
            nodes.truncate(kept >> level);
        }
        self.leaf_times.truncate(kept);
        self.jumps.retain(|jump| jump.sequence < end);
        if kept < leaves {
            self.tail.clear();
            self.next = self.levels.first().and_then(|nodes| nodes.last()).map_or(0, |leaf| leaf.end);
            let next = self.next;
            self.jumps.retain(|jump| jump.sequence < next);
        } else {
            self.tail.retain(|event| event.sequence < end);
            self.next = end;
        }
        let closed = self.leaf_times.last().map(|times| times.latest);
        self.last = self.tail.last().map(|event| event.time_us);
        self.last = self.last.or(self.leaf_times.last().map(|times| times.last));
        self.latest = self.tail.iter().map(|event| event.time_us).max().max(closed);
    }

    /// Walks from the top, in the commit order. `look` says of a node whether the nodes below it are wanted; of a leaf it is told so.
    pub(super) fn walk(&self, mut look: impl FnMut(&Node, bool) -> bool) {
        let leaves = self.levels.first().map_or(0, Vec::len);
        for level in (0..self.levels.len()).rev() {
            // A level of an odd number ends in a node that has none above it.
            if (leaves >> level) % 2 == 1 {
                self.walk_from(level, (leaves >> level) - 1, &mut look);
            }
        }
    }

    fn walk_from(&self, level: usize, at: usize, look: &mut impl FnMut(&Node, bool) -> bool) {
        let Some(node) = self.levels.get(level).and_then(|nodes| nodes.get(at)) else { return };
        if look(node, level == 0) && level > 0 {
            self.walk_from(level - 1, at * 2, look);
            self.walk_from(level - 1, at * 2 + 1, look);
        }
    }

    /// The first and the last value on an axis; `None` without an event.
    pub(super) fn span(&self, axis: TimeAxis) -> Option<(i64, i64)> {
        let mut span: Option<(i64, i64)> = None;
        let mut widen = |(least, greatest): (i64, i64)| {
            span = Some(span.map_or((least, greatest), |(a, b)| (a.min(least), b.max(greatest))));
        };
        self.walk(|node, _| {
            widen(node.values(axis));
            false
        });
        self.tail.iter().map(|event| event.value(axis)).for_each(|value| widen((value, value)));
        match axis {
            TimeAxis::Time => span,
            TimeAxis::Sequence => span.map(|_| (0, signed(self.next.saturating_sub(1)))),
        }
    }

    /// Places among which are all whose values lie in a part of the axis.
    pub(super) fn places(&self, axis: TimeAxis, values: &Range<i64>) -> Range<u64> {
        if axis == TimeAxis::Sequence {
            let place = |value: i64| u64::try_from(value).unwrap_or(0);
            return place(values.start)..place(values.end).min(self.next);
        }
        let mut places: Option<Range<u64>> = None;
        let mut widen = |first: u64, end: u64| {
            places =
                Some(places.take().map_or(first..end, |known| known.start.min(first)..known.end.max(end)));
        };
        self.walk(|node, is_leaf| {
            let meets = node.min_us < values.end && node.max_us >= values.start;
            let within = node.min_us >= values.start && node.max_us < values.end;
            if meets && (within || is_leaf) {
                widen(node.first, node.end);
            }
            meets && !within
        });
        for event in self.tail.iter().filter(|event| values.contains(&event.time_us)) {
            widen(event.sequence, event.sequence + 1);
        }
        places.unwrap_or(0..0)
    }

    /// The usual time between two events of a range: the middle one of those of its leaves.
    pub(super) fn usual_step_us(&self, places: &Range<u64>) -> Option<u64> {
        let leaves = self.levels.first()?;
        let start = leaves.partition_point(|leaf| leaf.end <= places.start);
        let end = leaves.partition_point(|leaf| leaf.first < places.end);
        let mut steps: Vec<u64> = self.leaf_times.get(start..end)?.iter().map(|times| times.usual).collect();
        let middle = steps.len() / 2;
        (!steps.is_empty()).then(|| *steps.select_nth_unstable(middle).1)
    }

    /// The greatest time before a place that begins a leaf, or the tail.
    pub(super) fn latest_before(&self, place: u64) -> Option<i64> {
        let leaves = self.levels.first()?;
        let before = leaves.partition_point(|leaf| leaf.end <= place).checked_sub(1)?;
        self.leaf_times.get(before).map(|times| times.latest)
    }
}
