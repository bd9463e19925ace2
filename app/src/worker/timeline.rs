//! Owns the whole store in equal parts: events by category of their kind, by wall time or by sequence.
//!
//! Columns are read once and summed up in leaves of `LEAF` events, so that a large store is not read again while it grows.

use std::ops::Range;

use causeway::store::StoreError;

use crate::worker::handle::Handle;
use crate::worker::holes::Holes;
use crate::worker::protocol::{TimeAxis, Timeline};

/// Events of a leaf.
const LEAF: u64 = 256;
/// Events that are read at once; a multiple of `LEAF`.
const BLOCK: u64 = 65_536;
/// Up to so many events each one is counted where it stands; beyond, each leaf is.
const EXACT_MAX: u64 = 200_000;

/// Sums of full leaves. Lives as long as the store is open.
#[derive(Default)]
pub(crate) struct Leaves {
    leaves: Vec<Leaf>,
    /// The first place that is in no leaf.
    next: u64,
}

/// Readable events beside each other.
#[derive(Clone, Copy)]
struct Leaf {
    first: u64,
    end: u64,
    first_us: i64,
    last_us: i64,
    counts: [u16; 16],
}

impl Leaves {
    /// The timeline in `bins` parts.
    pub(crate) fn timeline(
        &mut self,
        handle: &Handle,
        holes: &Holes,
        axis: TimeAxis,
        bins: usize,
    ) -> Result<Timeline, StoreError> {
        let total = handle.visible().min(holes.looked_at());
        self.extend(handle, holes, total)?;
        let mut binned = Binned::new(axis, self.span(handle, holes, axis, total)?, bins.clamp(1, 16_384));
        let exact = total - holes.count_below(total) <= EXACT_MAX;
        for leaf in self.leaves.iter().take_while(|_| !exact) {
            binned.add(leaf.first, leaf.first_us.midpoint(leaf.last_us), &leaf.counts.map(u32::from));
        }
        let start = if exact { 0 } else { self.next };
        for block in blocks(holes, start..total) {
            let columns = handle.columns(block.clone())?;
            for (sequence, (time_us, kind)) in block.zip(columns.times_us.iter().zip(&columns.kinds)) {
                binned.add_one(sequence, *time_us, kind.category());
            }
        }
        Ok(binned.finish(total))
    }

    /// Forgets what lies behind the end of a store that shrank.
    pub(crate) fn rewind(&mut self, end: u64) {
        self.leaves.truncate(self.leaves.partition_point(|leaf| leaf.end <= end));
        self.next = self.next.min(self.leaves.last().map_or(0, |leaf| leaf.end));
    }

    fn extend(&mut self, handle: &Handle, holes: &Holes, total: u64) -> Result<(), StoreError> {
        self.rewind(total);
        for block in blocks(holes, self.next..total) {
            let columns = handle.columns(block.clone())?;
            let chunks = columns.times_us.chunks(LEAF as usize).zip(columns.kinds.chunks(LEAF as usize));
            for ((times, kinds), first) in chunks.zip(block.step_by(LEAF as usize)) {
                let end = first + times.len() as u64;
                // The newest events are read again until they fill a leaf.
                if end == total && (times.len() as u64) < LEAF {
                    break;
                }
                let mut leaf = Leaf { first, end, first_us: i64::MAX, last_us: i64::MIN, counts: [0; 16] };
                for (time_us, kind) in times.iter().zip(kinds) {
                    leaf.first_us = leaf.first_us.min(*time_us);
                    leaf.last_us = leaf.last_us.max(*time_us);
                    leaf.counts[usize::from(kind.category() & 15)] += 1;
                }
                self.leaves.push(leaf);
                self.next = end;
            }
        }
        Ok(())
    }

    /// First and last value on the axis; the clock may have gone back in between.
    fn span(
        &self,
        handle: &Handle,
        holes: &Holes,
        axis: TimeAxis,
        total: u64,
    ) -> Result<(i64, i64), StoreError> {
        if axis == TimeAxis::Sequence {
            return Ok((0, signed(total.saturating_sub(1))));
        }
        let mut times: Vec<(i64, i64)> =
            self.leaves.iter().map(|leaf| (leaf.first_us, leaf.last_us)).collect();
        for block in blocks(holes, self.next..total) {
            times.extend(handle.columns(block)?.times_us.iter().map(|time_us| (*time_us, *time_us)));
        }
        let first = times.iter().map(|(first, _)| *first).min();
        Ok((first.unwrap_or_default(), times.iter().map(|(_, last)| *last).max().unwrap_or_default()))
    }
}

/// Readable places of a range in runs that are read at once.
fn blocks(holes: &Holes, range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    holes.readable(range).flat_map(|run| {
        run.clone().step_by(BLOCK as usize).map(move |start| start..run.end.min(start.saturating_add(BLOCK)))
    })
}

/// A sequence as a value of the axis.
fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

struct Binned {
    axis: TimeAxis,
    span: (i64, i64),
    bins: Vec<[u32; 16]>,
    first_sequence: Vec<u64>,
}

impl Binned {
    fn new(axis: TimeAxis, span: (i64, i64), bins: usize) -> Self {
        Self { axis, span, bins: vec![[0; 16]; bins], first_sequence: vec![u64::MAX; bins] }
    }

    fn bin(&self, sequence: u64, time_us: i64) -> usize {
        let value = if self.axis == TimeAxis::Sequence { signed(sequence) } else { time_us };
        let width = i128::from(self.span.1) - i128::from(self.span.0) + 1;
        let offset = i128::from(value.clamp(self.span.0, self.span.1)) - i128::from(self.span.0);
        (offset * self.bins.len() as i128 / width) as usize
    }

    fn add_one(&mut self, sequence: u64, time_us: i64, category: u8) {
        let bin = self.bin(sequence, time_us);
        self.bins[bin][usize::from(category & 15)] += 1;
        self.first_sequence[bin] = self.first_sequence[bin].min(sequence);
    }

    fn add(&mut self, sequence: u64, time_us: i64, counts: &[u32; 16]) {
        let bin = self.bin(sequence, time_us);
        self.bins[bin].iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
        self.first_sequence[bin] = self.first_sequence[bin].min(sequence);
    }

    /// An empty bin begins where the next one begins.
    fn finish(mut self, total: u64) -> Timeline {
        let mut next = total;
        for first in self.first_sequence.iter_mut().rev() {
            next = if *first == u64::MAX { next } else { *first };
            *first = next;
        }
        Timeline { axis: self.axis, span: self.span, bins: self.bins, first_sequence: self.first_sequence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_fall_into_the_bin_of_their_value_and_empty_bins_point_ahead() {
        let mut binned = Binned::new(TimeAxis::Time, (100, 199), 4);
        for (sequence, time_us) in [(0, 100), (1, 124), (2, 125), (3, 199)] {
            binned.add_one(sequence, time_us, 1);
        }
        let timeline = binned.finish(4);
        assert_eq!(timeline.bins.iter().map(|bin| bin[1]).collect::<Vec<_>>(), [2, 1, 0, 1]);
        assert_eq!(timeline.first_sequence, [0, 2, 3, 3]);
    }

    #[test]
    fn an_empty_store_and_the_widest_span_are_binned_without_overflow() {
        assert_eq!(Binned::new(TimeAxis::Sequence, (0, 0), 2).finish(0).first_sequence, [0, 0]);
        let binned = Binned::new(TimeAxis::Time, (i64::MIN, i64::MAX), 3);
        assert_eq!((binned.bin(0, i64::MIN), binned.bin(0, 0), binned.bin(0, i64::MAX)), (0, 1, 2));
    }
}
