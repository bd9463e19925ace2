//! Owns times and kinds of events in blocks as they were read last: what is looked at again is not read again.
//!
//! Invariants:
//! - at most `KEPT_MAX` blocks are kept, those that were used last;
//! - a block is read on when the store grew, and forgotten behind the end of a store that shrank.

use std::collections::HashMap;
use std::ops::Range;

use causeway::event::EventKind;
use causeway::store::{Columns, Selection, StoreError};

use crate::worker::handle::Handle;
use crate::worker::holes::Holes;
use crate::worker::protocol::LaneEvent;

/// Events of a block.
pub(super) const BLOCK: u64 = 65_536;
/// Blocks that are kept: about 94 MB.
const KEPT_MAX: usize = 144;

/// Where times, kinds and postings come from.
pub(super) trait Source {
    /// Times and kinds of a range.
    fn columns(&self, range: Range<u64>) -> Result<Columns, StoreError>;
    /// The sequences that match, ascending from `from`.
    fn select(&self, selection: &Selection, from: u64, limit: usize) -> Result<Vec<u64>, StoreError>;
}

impl Source for Handle {
    fn columns(&self, range: Range<u64>) -> Result<Columns, StoreError> {
        Self::columns(self, range)
    }

    fn select(&self, selection: &Selection, from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        Self::select(self, selection, from, limit)
    }
}

/// A store whose places are known as far as `end`.
#[derive(Clone, Copy)]
pub(super) struct Log<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) holes: &'a Holes,
    pub(super) end: u64,
}

/// Times and kinds of consecutive places.
pub(super) struct Block {
    first: u64,
    times_us: Vec<i64>,
    kinds: Vec<EventKind>,
    used: u64,
}

impl Block {
    /// What stands at a place of this block.
    pub(super) fn event(&self, sequence: u64) -> Option<LaneEvent> {
        let at = usize::try_from(sequence.checked_sub(self.first)?).ok()?;
        Some(LaneEvent { sequence, time_us: *self.times_us.get(at)?, kind: *self.kinds.get(at)? })
    }
}

/// The blocks that were used last.
#[derive(Default)]
pub(super) struct Blocks {
    kept: HashMap<u64, Block>,
    clock: u64,
}

impl Blocks {
    /// The block that a place belongs to.
    pub(super) fn of(&mut self, log: Log<'_>, sequence: u64) -> Result<&Block, StoreError> {
        let number = sequence / BLOCK;
        if !self.kept.contains_key(&number) {
            self.make_room();
        }
        self.clock += 1;
        let first = number * BLOCK;
        let block = self.kept.entry(number).or_insert_with(|| Block {
            first,
            times_us: Vec::new(),
            kinds: Vec::new(),
            used: 0,
        });
        block.used = self.clock;
        let from = first + block.times_us.len() as u64;
        let end = log.end.min(first.saturating_add(BLOCK));
        if from < end {
            let columns = log.source.columns(from..end)?;
            block.times_us.extend(columns.times_us);
            block.kinds.extend(columns.kinds);
        }
        Ok(block)
    }

    /// Hands out the events of the readable places of a range.
    pub(super) fn each(
        &mut self,
        log: Log<'_>,
        range: Range<u64>,
        mut take: impl FnMut(LaneEvent),
    ) -> Result<(), StoreError> {
        for run in log.holes.readable(range.start..range.end.min(log.end)) {
            let mut from = run.start;
            while from < run.end {
                let end = run.end.min((from / BLOCK + 1).saturating_mul(BLOCK));
                let block = self.of(log, from)?;
                (from..end).filter_map(|sequence| block.event(sequence)).for_each(&mut take);
                from = end;
            }
        }
        Ok(())
    }

    /// Forgets what lies behind the end of a store that shrank.
    pub(super) fn rewind(&mut self, end: u64) {
        self.kept.retain(|_, block| block.first < end);
        for block in self.kept.values_mut() {
            let left = usize::try_from(end - block.first).unwrap_or(usize::MAX);
            block.times_us.truncate(left);
            block.kinds.truncate(left);
        }
    }

    fn make_room(&mut self) {
        while self.kept.len() >= KEPT_MAX {
            let oldest = self.kept.iter().min_by_key(|(_, block)| block.used).map(|(number, _)| *number);
            self.kept.remove(&oldest.unwrap_or_default());
        }
    }
}
