//! Owns the whole store in equal parts, counted from the sums where a sum lies in one part, and from the events where it does not.

use std::ops::Range;
use std::time::Instant;

use causeway::store::StoreError;

use crate::worker::protocol::{LaneEvent, TimeAxis};
use crate::worker::timeline::blocks::{Blocks, Log};
use crate::worker::timeline::pyramid::{Node, Pyramid};

/// Parts of the whole, on their way to be counted.
pub(super) struct Overview {
    axis: TimeAxis,
    pub(super) span: (i64, i64),
    pub(super) bins: Vec<[u32; 16]>,
    pub(super) first_sequence: Vec<u64>,
    /// Leaves that lie in more than one part.
    torn: Vec<Range<u64>>,
}

impl Overview {
    /// Counts what the sums tell.
    pub(super) fn of(pyramid: &Pyramid, axis: TimeAxis, bins: usize) -> Self {
        let bins = bins.clamp(1, 16_384);
        let mut overview = Self {
            axis,
            span: pyramid.span(axis).unwrap_or_default(),
            bins: vec![[0; 16]; bins],
            first_sequence: vec![u64::MAX; bins],
            torn: Vec::new(),
        };
        pyramid.walk(|node, is_leaf| overview.look(node, is_leaf));
        for event in pyramid.tail() {
            overview.add_event(*event);
        }
        overview
    }

    /// Reads what the sums do not tell, until `deadline`. True if nothing is left.
    pub(super) fn advance(
        &mut self,
        log: Log<'_>,
        blocks: &mut Blocks,
        deadline: Instant,
    ) -> Result<bool, StoreError> {
        while let Some(leaf) = self.torn.pop() {
            blocks.each(log, leaf, |event| self.add_event(event))?;
            if Instant::now() >= deadline {
                break;
            }
        }
        Ok(self.torn.is_empty())
    }

    /// An empty part begins where the next one begins.
    pub(super) fn first_sequences(&self, end: u64) -> Vec<u64> {
        let mut next = end;
        let mut firsts = self.first_sequence.clone();
        for first in firsts.iter_mut().rev() {
            next = if *first == u64::MAX { next } else { *first };
            *first = next;
        }
        firsts
    }

    fn look(&mut self, node: &Node, is_leaf: bool) -> bool {
        let (least, greatest) = node.values(self.axis);
        let bin = self.bin(least);
        if bin == self.bin(greatest) {
            self.bins[bin].iter_mut().zip(node.counts).for_each(|(sum, count)| *sum += count);
            self.first_sequence[bin] = self.first_sequence[bin].min(node.first);
            return false;
        }
        if is_leaf {
            self.torn.push(node.first..node.end);
        }
        true
    }

    fn add_event(&mut self, event: LaneEvent) {
        let bin = self.bin(event.value(self.axis));
        self.bins[bin][usize::from(event.kind.category() & 15)] += 1;
        self.first_sequence[bin] = self.first_sequence[bin].min(event.sequence);
    }

    fn bin(&self, value: i64) -> usize {
        let width = i128::from(self.span.1) - i128::from(self.span.0) + 1;
        let offset = i128::from(value.clamp(self.span.0, self.span.1)) - i128::from(self.span.0);
        (offset * self.bins.len() as i128 / width) as usize
    }
}
