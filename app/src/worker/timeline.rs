//! Owns the whole store in equal parts: events by category of their kind, by wall time or by sequence.
//!
//! Columns are read once and summed up in leaves of `LEAF` events, so that a large store is not read again while it grows.

use causeway::store::StoreError;

use crate::worker::handle::Handle;
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
}

#[derive(Clone, Copy, Default)]
struct Leaf {
    first_us: i64,
    last_us: i64,
    counts: [u16; 16],
}

impl Leaves {
    /// The timeline in `bins` parts.
    pub(crate) fn timeline(
        &mut self,
        handle: &Handle,
        axis: TimeAxis,
        bins: usize,
    ) -> Result<Timeline, StoreError> {
        let total = handle.visible();
        self.extend(handle, total)?;
        let mut binned = Binned::new(axis, self.span(handle, axis, total)?, bins.clamp(1, 16_384));
        let exact = total <= EXACT_MAX;
        let leaf_end = if exact { 0 } else { self.leaves.len() as u64 * LEAF };
        for (index, leaf) in self.leaves.iter().enumerate().take_while(|_| !exact) {
            let sequence = index as u64 * LEAF;
            binned.add(sequence, leaf.first_us.midpoint(leaf.last_us), &leaf.counts.map(u32::from));
        }
        for start in (leaf_end..total).step_by(BLOCK as usize) {
            let columns = handle.columns(start..total.min(start + BLOCK))?;
            for (offset, (time_us, kind)) in columns.times_us.iter().zip(&columns.kinds).enumerate() {
                binned.add_one(start + offset as u64, *time_us, kind.category());
            }
        }
        Ok(binned.finish(total))
    }

    /// Forgets what lies behind the end of a store that shrank.
    pub(crate) fn rewind(&mut self, end: u64) {
        self.leaves.truncate((end / LEAF) as usize);
    }

    fn extend(&mut self, handle: &Handle, total: u64) -> Result<(), StoreError> {
        self.rewind(total);
        let end = total - total % LEAF;
        let mut start = self.leaves.len() as u64 * LEAF;
        while start < end {
            let columns = handle.columns(start..end.min(start + BLOCK))?;
            for (times, kinds) in
                columns.times_us.chunks_exact(LEAF as usize).zip(columns.kinds.chunks_exact(LEAF as usize))
            {
                let mut leaf = Leaf { first_us: i64::MAX, last_us: i64::MIN, counts: [0; 16] };
                for (time_us, kind) in times.iter().zip(kinds) {
                    leaf.first_us = leaf.first_us.min(*time_us);
                    leaf.last_us = leaf.last_us.max(*time_us);
                    leaf.counts[usize::from(kind.category() & 15)] += 1;
                }
                self.leaves.push(leaf);
            }
            start += BLOCK;
        }
        Ok(())
    }

    /// First and last value on the axis; the clock may have gone back in between.
    fn span(&self, handle: &Handle, axis: TimeAxis, total: u64) -> Result<(i64, i64), StoreError> {
        if axis == TimeAxis::Sequence {
            return Ok((0, total.saturating_sub(1).cast_signed()));
        }
        let tail = handle.columns(self.leaves.len() as u64 * LEAF..total)?;
        let firsts = self.leaves.iter().map(|leaf| leaf.first_us).chain(tail.times_us.iter().copied());
        let lasts = self.leaves.iter().map(|leaf| leaf.last_us).chain(tail.times_us.iter().copied());
        Ok((firsts.min().unwrap_or_default(), lasts.max().unwrap_or_default()))
    }
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
        let value = if self.axis == TimeAxis::Sequence { sequence.cast_signed() } else { time_us };
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
