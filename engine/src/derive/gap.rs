//! Owns the gaps of a cursor: the places in the commit order that it passed over between two deliveries because nothing could be
//! delivered there. Moves no cursor.
//!
//! Invariants:
//! - at most as many gaps are kept as the configuration allows; the oldest goes first;
//! - what lies outside the cursor's region, or outside the kinds it asks for, is no gap.

use std::collections::VecDeque;
use std::num::NonZeroUsize;

use crate::words::sync::{Arc, Mutex};

/// Whether a cursor observes gaps, and how many it keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CursorGapConfig {
    /// It does not.
    #[default]
    Disabled,
    /// It keeps the newest ones.
    Enabled {
        /// How many.
        capacity: NonZeroUsize,
    },
}

/// Places between two deliveries at which nothing was delivered.
///
/// A store of ours has no holes: what is passed over is damaged, or was removed and left no more than a stub. A batpak directory has
/// numbers that nobody used, and events that the program that wrote them hides. What was removed has neither scope nor kind any more: a
/// cursor that asks for one of them does not tell of it. A delivery that is repeated repeats its gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapObservation {
    /// Global sequence after the delivery before; 0 if there was none.
    pub expected_sequence: u64,
    /// Global sequence of the delivery that followed.
    pub delivered_sequence: u64,
    /// What was passed over: global sequences from the first of a pair to just before the second, in order.
    pub cancelled_ranges: Vec<(u64, u64)>,
}

/// Sequences that were passed over since the last delivery, neighbours joined.
#[derive(Clone, Debug, Default)]
pub(super) struct Skipped {
    ranges: Vec<(u64, u64)>,
}

impl Skipped {
    /// Adds a sequence greater than all before.
    pub(super) fn push(&mut self, sequence: u64) {
        match self.ranges.last_mut() {
            Some((_, end)) if *end == sequence => *end += 1,
            Some(_) | None => self.ranges.push((sequence, sequence + 1)),
        }
    }

    /// What a delivery at `delivered` makes of them; begins anew.
    pub(super) fn end_at(&mut self, expected: u64, delivered: u64) -> Option<GapObservation> {
        let cancelled_ranges = std::mem::take(&mut self.ranges);
        (!cancelled_ranges.is_empty()).then_some(GapObservation {
            expected_sequence: expected,
            delivered_sequence: delivered,
            cancelled_ranges,
        })
    }
}

/// The gaps that a cursor keeps, for whoever wants to see them. Clones show the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gaps {
    capacity: usize,
    kept: Arc<Mutex<VecDeque<GapObservation>>>,
}

impl Gaps {
    pub(super) fn new(config: CursorGapConfig) -> Self {
        let capacity = match config {
            CursorGapConfig::Disabled => 0,
            CursorGapConfig::Enabled { capacity } => capacity.get(),
        };
        Self { capacity, kept: Arc::default() }
    }

    /// Whether any are kept.
    pub(super) fn are_observed(&self) -> bool {
        self.capacity > 0
    }

    /// Keeps a gap, in place of the oldest if there are enough.
    pub(super) fn push(&self, gap: GapObservation) {
        let mut kept = self.kept.lock();
        if kept.len() >= self.capacity {
            kept.pop_front();
        }
        kept.push_back(gap);
    }

    /// Takes those that are kept, oldest first.
    pub(crate) fn take(&self) -> Vec<GapObservation> {
        self.kept.lock().drain(..).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_range_and_a_delivery_begins_anew() {
        let mut skipped = Skipped::default();
        assert_eq!(skipped.end_at(0, 1), None);
        for sequence in [3, 4, 7] {
            skipped.push(sequence);
        }
        let gap = skipped.end_at(2, 9).unwrap();
        assert_eq!((gap.expected_sequence, gap.delivered_sequence), (2, 9));
        assert_eq!(gap.cancelled_ranges, [(3, 5), (7, 8)]);
        assert_eq!(skipped.end_at(10, 11), None);
    }

    #[test]
    fn the_newest_gaps_are_kept() {
        let gaps = Gaps::new(CursorGapConfig::Enabled { capacity: NonZeroUsize::new(2).unwrap() });
        for delivered_sequence in 1..4 {
            gaps.push(GapObservation { expected_sequence: 0, delivered_sequence, cancelled_ranges: vec![] });
        }
        let delivered =
            |gaps: Vec<GapObservation>| -> Vec<_> { gaps.iter().map(|gap| gap.delivered_sequence).collect() };
        assert_eq!(delivered(gaps.take()), [2, 3]);
        assert!(gaps.take().is_empty());
    }
}
