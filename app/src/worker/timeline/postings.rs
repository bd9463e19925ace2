//! Owns the places of one lane's events, in two bytes each, taken over from the index slice by slice.

use std::ops::Range;
use std::time::Instant;

use causeway::store::{Selection, StoreError};

use crate::worker::protocol::{Lane, LaneKey, TimeAxis, Window};
use crate::worker::timeline::blocks::{BLOCK, Blocks, Log};
use crate::worker::timeline::strip::Strip;

/// Places that the index gives in one slice.
const SLICE: usize = 16_384;

/// A lane's events.
pub(super) struct Postings {
    pub(super) key: LaneKey,
    selection: Selection,
    /// Blocks that hold events of the lane, and where their offsets begin.
    runs: Vec<(u64, usize)>,
    offsets: Vec<u16>,
    /// The first place that was not looked at.
    next: u64,
    strip: Option<Strip>,
    /// When it was last asked for.
    pub(super) used: u64,
}

impl Postings {
    /// The lane of a selection, of which nothing is known yet.
    pub(super) fn new(key: LaneKey, selection: Selection) -> Self {
        Self { key, selection, runs: Vec::new(), offsets: Vec::new(), next: 0, strip: None, used: 0 }
    }

    /// Takes over places until `deadline`. True if there are no more.
    pub(super) fn extend(&mut self, log: Log<'_>, deadline: Instant) -> Result<bool, StoreError> {
        while self.next < log.end {
            let found = log.source.select(&self.selection, self.next, SLICE)?;
            let is_last = found.len() < SLICE;
            let next = found.last().map_or(log.end, |last| last + 1);
            for sequence in found.into_iter().filter(|sequence| *sequence < log.end) {
                if log.holes.at(sequence).is_none() {
                    self.add(sequence);
                }
            }
            self.next = if is_last { log.end } else { next.min(log.end) };
            if Instant::now() >= deadline {
                break;
            }
        }
        Ok(self.next >= log.end)
    }

    fn add(&mut self, sequence: u64) {
        let block = sequence / BLOCK;
        if self.runs.last().is_none_or(|(last, _)| *last != block) {
            self.runs.push((block, self.offsets.len()));
        }
        self.offsets.push((sequence % BLOCK) as u16);
    }

    /// Marks what lies within a window, until `deadline`. True if nothing is left. `places` are those that may.
    pub(super) fn mark(
        &mut self,
        log: Log<'_>,
        blocks: &mut Blocks,
        (axis, window, places): (TimeAxis, Window, &Range<u64>),
        deadline: Instant,
    ) -> Result<bool, StoreError> {
        let fits = |strip: &mut Strip| strip.axis == axis && strip.window == window;
        let mut strip = self.strip.take_if(fits).unwrap_or_else(|| Strip::new(axis, window, places.start));
        let end = places.end.min(log.end);
        let mut run = self.runs.partition_point(|(block, _)| (block + 1).saturating_mul(BLOCK) <= strip.next);
        while let Some((block, from)) = self.runs.get(run).copied() {
            let first = block * BLOCK;
            if first >= end || Instant::now() >= deadline {
                break;
            }
            let to = self.runs.get(run + 1).map_or(self.offsets.len(), |(_, start)| *start);
            let offsets = &self.offsets[from..to];
            let skipped = offsets.partition_point(|offset| first + u64::from(*offset) < strip.next);
            let events = blocks.of(log, first)?;
            for offset in &offsets[skipped..] {
                let sequence = first + u64::from(*offset);
                if let Some(event) = events.event(sequence).filter(|_| sequence < end) {
                    strip.add(event);
                }
            }
            strip.next = end.min(first.saturating_add(BLOCK)).max(strip.next);
            run += 1;
        }
        let is_done = self.runs.get(run).is_none_or(|(block, _)| block * BLOCK >= end);
        if is_done {
            strip.next = strip.next.max(end);
        }
        self.strip = Some(strip);
        Ok(is_done)
    }

    /// The lane as far as it is known.
    pub(super) fn lane(&self) -> Lane {
        let marks = self.strip.as_ref().map(Strip::marks);
        Lane {
            key: self.key.clone(),
            total: self.offsets.len() as u64,
            marks: marks.unwrap_or_else(|| crate::worker::protocol::LaneMarks::Events(Vec::new())),
        }
    }

    /// Forgets what lies behind the end of a store that shrank.
    pub(super) fn rewind(&mut self, end: u64) {
        if end >= self.next {
            return;
        }
        self.next = end;
        self.strip = None;
        while let Some((block, start)) = self.runs.last().copied() {
            let first = block * BLOCK;
            let kept = self.offsets[start..].partition_point(|offset| first + u64::from(*offset) < end);
            self.offsets.truncate(start + kept);
            if kept > 0 {
                break;
            }
            self.runs.pop();
        }
    }
}
