//! Owns what the index knows of single rows: where their frames lie, and times and kinds without reading a frame.

use std::ops::Range;

use crate::disk::segment::SegmentName;
use crate::memory::index::{Index, Part};
use crate::memory::live::{BLOCK_LEN, Block, LivePart};
use crate::memory::postings::{Postings, u32_at};
use crate::memory::rows::{greatest_in_block, i64_at};
use crate::memory::sealed::{SealedPart, Tag, block_at};
use crate::memory::selection::Place;
use crate::words::error::StoreError;
use crate::words::kind::EventKind;
use crate::words::sync::Arc;

/// Rows of missing events that one answer shows at most.
const MOST_MISSING: u64 = 1 << 20;

/// Times and kinds of a run of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Microseconds since 1970; of a removed event only the greatest time before it is known, and 0 stands for a missing one.
    pub times_us: Vec<i64>,
    /// Type tags; `0x0000` where a frame is damaged or missing, or retention removed the event.
    pub kinds: Vec<EventKind>,
}

/// Where an event lies, and what its frame does not say of its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Located {
    pub(crate) sequence: u64,
    /// `None` if the frame is damaged or not there.
    pub(crate) place: Option<Place>,
    /// Greatest time before the event, in microseconds since 1970, if it may be greater than the event's own; [`i64::MIN`] otherwise.
    pub(crate) earlier_us: i64,
}

impl Located {
    fn missing(sequence: u64) -> Self {
        Self { sequence, place: None, earlier_us: i64::MIN }
    }
}

impl Index {
    /// Where events lie. The sequences are in order, up or down: a part is asked once for all of its own that follow each other.
    pub(crate) fn locate(&self, sequences: &[u64]) -> Result<Vec<Located>, StoreError> {
        let mut located = Vec::with_capacity(sequences.len());
        while let Some(next) = sequences.get(located.len()) {
            let rest = sequences.get(located.len()..).unwrap_or_default().iter().copied();
            match self.part_at(*next) {
                Part::Live(live) => {
                    located.extend(rest.take_while(|at| *at >= live.first).map(|at| in_live(&live, at)));
                }
                Part::Sealed(part) => {
                    let rows = SealedRows::load(&part)?;
                    let own = part.header.first..part.header.end;
                    for sequence in rest.take_while(|sequence| own.contains(sequence)) {
                        located.push(rows.locate(sequence)?);
                    }
                }
                Part::Missing(gap) => {
                    located
                        .extend(rest.take_while(|at| gap.contains(at) || at == next).map(Located::missing));
                }
            }
        }
        self.count_looks(located.len() as u64);
        Ok(located)
    }

    /// Where one event lies.
    pub(crate) fn locate_one(&self, sequence: u64) -> Result<Located, StoreError> {
        Ok(self.locate(&[sequence])?.pop().unwrap_or(Located::missing(sequence)))
    }

    /// Where the frame of an event lies; `None` if it is damaged or not there.
    pub(crate) fn place(&self, sequence: u64) -> Result<Option<Place>, StoreError> {
        Ok(self.locate_one(sequence)?.place)
    }

    /// Greatest time before a sequence at which a part begins.
    pub(crate) fn largest_time_before(&self, first: u64) -> Result<i64, StoreError> {
        let Some(before) = first.checked_sub(1) else { return Ok(i64::MIN) };
        let own = match self.part_at(before) {
            Part::Sealed(part) => part.header.times.1,
            Part::Live(live) => live.largest_time,
            Part::Missing(_) => i64::MIN,
        };
        Ok(own.max(self.locate_one(before)?.earlier_us))
    }

    /// Runs of places in a range at which nothing can be read, ascending, and where the look at them ended: behind `most` runs it
    /// ends early. Reads four bytes an event at most; a segment that is missing costs nothing.
    pub(crate) fn unreadable(
        &self,
        range: Range<u64>,
        most: usize,
    ) -> Result<(Vec<Range<u64>>, u64), StoreError> {
        let mut runs: Vec<Range<u64>> = Vec::new();
        let mut from = range.start;
        while from < range.end && runs.len() < most {
            from = match self.part_at(from) {
                Part::Live(live) => {
                    let offsets = live.offsets.iter().skip((from - live.first) as usize);
                    let holes = (from..range.end).zip(offsets).filter(|(_, offset)| **offset == 0);
                    holes.for_each(|(sequence, _)| lengthen(&mut runs, sequence..sequence + 1));
                    range.end
                }
                Part::Sealed(part) => {
                    let end = part.header.end.min(range.end);
                    let bytes = part.section(Tag::Offsets)?;
                    let offsets = bytes.chunks_exact(4).skip((from - part.header.first) as usize);
                    let holes = (from..end).zip(offsets).filter(|(_, offset)| **offset == [0; 4]);
                    holes.for_each(|(sequence, _)| lengthen(&mut runs, sequence..sequence + 1));
                    end
                }
                Part::Missing(gap) => {
                    let end = gap.end.min(range.end);
                    lengthen(&mut runs, from..end);
                    end
                }
            };
        }
        Ok((runs, from))
    }

    /// Times and kinds of a run of events, one row each; at most about a million rows of missing ones, and the answer ends there.
    pub(crate) fn columns(&self, range: Range<u64>) -> Result<Columns, StoreError> {
        let mut columns = Columns::default();
        let mut from = range.start;
        while from < range.end {
            from = match self.part_at(from) {
                Part::Live(live) => {
                    let Some(start) = from.checked_sub(live.first) else { break };
                    let end = ((range.end - live.first) as usize).min(live.len());
                    let start = start as usize;
                    columns.times_us.extend(live.times.get(start..end).unwrap_or_default());
                    let kinds = live.kinds.get(start..end).unwrap_or_default();
                    columns.kinds.extend(kinds.iter().copied().map(EventKind::from_raw_u16));
                    range.end
                }
                Part::Sealed(part) => {
                    let (first, end) = (part.header.first, part.header.end.min(range.end));
                    let rows = (from - first) as usize..(end - first) as usize;
                    let times = part.section(Tag::Times)?;
                    columns.times_us.extend(rows.clone().map_while(|at| i64_at(&times, at)));
                    let kinds = part.section(Tag::Kinds)?;
                    let words = kinds.get(rows.start * 2..rows.end * 2).unwrap_or_default().chunks_exact(2);
                    let kind = |word: &[u8]| word.try_into().map_or(0, u16::from_le_bytes);
                    columns.kinds.extend(words.map(|word| EventKind::from_raw_u16(kind(word))));
                    end
                }
                Part::Missing(gap) => {
                    let end = gap.end.min(range.end);
                    let missing = end - from;
                    let rows = columns.times_us.len() + missing.min(MOST_MISSING) as usize;
                    columns.times_us.resize(rows, 0);
                    columns.kinds.resize(rows, EventKind::from_raw_u16(0));
                    if missing > MOST_MISSING {
                        break;
                    }
                    end
                }
            };
        }
        Ok(columns)
    }
}

/// Adds a run behind the others; one that begins where the last ends lengthens it.
fn lengthen(runs: &mut Vec<Range<u64>>, run: Range<u64>) {
    match runs.last_mut() {
        Some(last) if last.end == run.start => last.end = run.end,
        _ => runs.push(run),
    }
}

/// The row of the live part. A frame's room ends where the next one begins, as far as the index knows.
fn in_live(live: &LivePart, sequence: u64) -> Located {
    let at = (sequence - live.first) as usize;
    let next = live.offsets.get(at + 1).copied();
    let place = place(live.segment, live.offsets.get(at).copied(), next);
    let block = live.blocks.get(at / BLOCK_LEN).copied();
    let time = |at: usize| live.times.get(at).copied();
    let earlier_us = block.map_or(i64::MIN, |block| greatest_in_block(block, at, time));
    Located { sequence, place, earlier_us }
}

fn place(segment: SegmentName, offset: Option<u32>, next: Option<u32>) -> Option<Place> {
    let offset = offset.filter(|offset| *offset != 0)?;
    let room = next.and_then(|next| next.checked_sub(offset)).unwrap_or(0);
    Some(Place { segment, offset, room })
}

/// The sections of a sealed part that tell where its rows lie.
struct SealedRows<'a> {
    part: &'a SealedPart,
    offsets: Arc<[u8]>,
    blocks: Arc<[u8]>,
}

impl<'a> SealedRows<'a> {
    fn load(part: &'a SealedPart) -> Result<Self, StoreError> {
        Ok(Self { part, offsets: part.section(Tag::Offsets)?, blocks: part.section(Tag::Blocks)? })
    }

    fn locate(&self, sequence: u64) -> Result<Located, StoreError> {
        let header = &self.part.header;
        let at = (sequence - header.first) as usize;
        let next = u32_at(&self.offsets, at + 1).or_else(|| u32::try_from(header.segment_bytes).ok());
        let place = place(self.part.segment_name(), Postings::Bytes(&self.offsets).get(at), next);
        let earlier_us = match block_at(&self.blocks, at / BLOCK_LEN) {
            None | Some(Block { ascending: true, .. }) => i64::MIN,
            Some(block) => {
                let times = self.part.section(Tag::Times)?;
                greatest_in_block(block, at, |at| i64_at(&times, at))
            }
        };
        Ok(Located { sequence, place, earlier_us })
    }
}
