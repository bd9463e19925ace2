//! Owns the index of the whole log: sealed parts in order, then the live part.
//!
//! Invariants:
//! - parts are in order and do not overlap; between them events may be missing, when a segment is;
//! - no file is read while the live part is locked: a sealed part is taken out first and asked afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use parking_lot::RwLockReadGuard;

use crate::memory::live::{BLOCK_LEN, Head, LivePart};
use crate::memory::postings::{Places, u32_at};
use crate::memory::sealed::{SealedPart, Tag};
use crate::memory::selection::{Place, Selection, Span, select_live, select_sealed};
use crate::words::catalogue::KindDescription;
use crate::words::error::StoreError;
use crate::words::kind::EventKind;
use crate::words::sync::{Arc, RwLock};

/// What is where in the log.
#[derive(Debug)]
pub(crate) struct Index {
    live: RwLock<LivePart>,
    sealed: RwLock<Vec<Arc<SealedPart>>>,
}

/// The part that holds a sequence.
enum Part<'a> {
    Sealed(Arc<SealedPart>),
    Live(RwLockReadGuard<'a, LivePart>),
    /// No part holds these sequences.
    Missing(Range<u64>),
}

/// Times and kinds of a run of events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// Microseconds since 1970; of a removed event only the greatest time before it is known.
    pub times_us: Vec<i64>,
    /// Type tags; `0x0000` where a frame is damaged or retention removed the event.
    pub kinds: Vec<EventKind>,
}

/// The newest event of a stream that may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Newest {
    pub(crate) sequence: u64,
    /// Known without reading a frame, if the event is in the live part.
    pub(crate) head: Option<Head>,
}

impl Index {
    pub(crate) fn new(sealed: Vec<Arc<SealedPart>>, live: LivePart) -> Self {
        Self { live: RwLock::new(live), sealed: RwLock::new(sealed) }
    }

    /// Changes the live part. Short: readers wait meanwhile.
    pub(crate) fn update<R>(&self, change: impl FnOnce(&mut LivePart) -> R) -> R {
        change(&mut self.live.write())
    }

    /// Looks at the live part. Short: the writer waits meanwhile.
    pub(crate) fn with_live<R>(&self, look: impl FnOnce(&LivePart) -> R) -> R {
        look(&self.live.read())
    }

    /// Puts a sealed part in place of every part at or behind its first sequence, and begins a new live part.
    pub(crate) fn seal(&self, part: Arc<SealedPart>, next: LivePart) {
        let mut live = self.live.write();
        let mut sealed = self.sealed.write();
        sealed.retain(|old| old.header.first < part.header.first);
        sealed.push(part);
        *live = next;
    }

    /// Replaces everything: a follower found that the files changed behind it.
    pub(crate) fn replace(&self, parts: Vec<Arc<SealedPart>>, next: LivePart) {
        let mut live = self.live.write();
        *self.sealed.write() = parts;
        *live = next;
    }

    /// Puts parts in the places of those that they replace, all at one instant.
    pub(crate) fn replace_sealed(&self, parts: &[Arc<SealedPart>]) {
        let mut sealed = self.sealed.write();
        let replaces = |new: &Arc<SealedPart>, old: &Arc<SealedPart>| {
            (new.header.first..new.header.end).contains(&old.header.first)
        };
        sealed.retain(|old| !parts.iter().any(|new| replaces(new, old)));
        sealed.extend(parts.iter().map(Arc::clone));
        sealed.sort_unstable_by_key(|part| part.header.first);
    }

    /// The sealed part that begins where the live part's segment begins, if there is one.
    pub(crate) fn base_of_live(&self) -> Option<Arc<SealedPart>> {
        let live = self.live.read();
        let sealed = self.sealed.read();
        sealed.last().filter(|part| part.segment_name() == live.segment).map(Arc::clone)
    }

    pub(crate) fn sealed_parts(&self) -> Vec<Arc<SealedPart>> {
        self.sealed.read().clone()
    }

    /// Global sequence after the last event.
    pub(crate) fn end(&self) -> u64 {
        self.live.read().end()
    }

    /// Global sequence of the first event.
    pub(crate) fn first(&self) -> u64 {
        let live = self.live.read();
        self.sealed.read().first().map_or(live.first, |part| part.header.first)
    }

    fn part_at(&self, sequence: u64) -> Part<'_> {
        let live = self.live.read();
        if sequence >= live.first {
            return Part::Live(live);
        }
        let sealed = self.sealed.read();
        let at = sealed.partition_point(|part| part.header.end <= sequence);
        match sealed.get(at) {
            Some(part) if part.header.first <= sequence => Part::Sealed(Arc::clone(part)),
            next => {
                let before = at.checked_sub(1).and_then(|at| sealed.get(at));
                let end = next.map_or(live.first, |part| part.header.first);
                Part::Missing(before.map_or(0, |part| part.header.end)..end)
            }
        }
    }

    /// Sequences below the end that no part holds.
    pub(crate) fn missing(&self) -> Vec<Range<u64>> {
        let live = self.live.read();
        let sealed = self.sealed.read();
        let firsts = sealed.iter().skip(1).map(|part| part.header.first).chain([live.first]);
        let gaps = sealed.iter().zip(firsts).map(|(part, next)| part.header.end..next);
        gaps.filter(|gap| !gap.is_empty()).collect()
    }

    /// Where the frame of an event lies; `None` if it is damaged or not there.
    pub(crate) fn place(&self, sequence: u64) -> Result<Option<Place>, StoreError> {
        let (segment, offset) = match self.part_at(sequence) {
            Part::Live(live) => {
                let ordinal = sequence.checked_sub(live.first);
                let offset = ordinal.and_then(|ordinal| live.offsets.get(ordinal as usize)).copied();
                (live.segment, offset.unwrap_or(0))
            }
            Part::Sealed(part) => match sequence.checked_sub(part.header.first) {
                Some(ordinal) => (part.segment_name(), part.offset(ordinal as u32)?),
                None => return Ok(None),
            },
            Part::Missing(_) => return Ok(None),
        };
        Ok((offset != 0).then_some(Place { segment, offset }))
    }

    /// Appends the sequences in `range` that the selection takes, ascending, at most `limit`. Where the selection needs confirmation they are proposals.
    pub(crate) fn select(
        &self,
        selection: &Selection,
        range: Range<u64>,
        limit: usize,
        out: &mut Vec<u64>,
    ) -> Result<(), StoreError> {
        let mut from = range.start.max(self.first());
        let mut ordinals = Vec::new();
        while from < range.end && out.len() < limit {
            ordinals.clear();
            let (first, end) = match self.part_at(from) {
                Part::Live(live) => {
                    let span = span(live.first, live.end(), from, range.end, limit - out.len());
                    select_live(&live, selection, span, &mut ordinals);
                    (live.first, u64::MAX)
                }
                Part::Sealed(part) => {
                    let header = &part.header;
                    let span = span(header.first, header.end, from, range.end, limit - out.len());
                    select_sealed(&part, selection, span, &mut ordinals)?;
                    (header.first, header.end)
                }
                Part::Missing(gap) => (gap.start, gap.end),
            };
            out.extend(ordinals.iter().map(|ordinal| first + u64::from(*ordinal)));
            from = end;
        }
        Ok(())
    }

    /// Newest event of exactly `entity` before `end`, or what is left of it.
    pub(crate) fn newest_of(&self, entity: &str, end: u64) -> Result<Option<Newest>, StoreError> {
        let mut before = end;
        while before > self.first() {
            let (found, first) = match self.part_at(before - 1) {
                Part::Live(live) => (newest_in_live(&live, entity, before), live.first),
                Part::Sealed(part) => {
                    let cut = (before - part.header.first) as u32;
                    let last = part.with_places(entity, |places| places.newest_before(cut))?;
                    let newest = last.map(|ordinal| Newest {
                        sequence: part.header.first + u64::from(ordinal),
                        head: None,
                    });
                    (newest, part.header.first)
                }
                Part::Missing(gap) => (None, gap.start),
            };
            if found.is_some() {
                return Ok(found);
            }
            before = first;
        }
        Ok(None)
    }

    /// The `n`-th place of exactly `entity`, counted from 0, before `end`: an event that can be read, or what is left of a removed one.
    pub(crate) fn nth_of(&self, entity: &str, n: u64, end: u64) -> Result<Option<u64>, StoreError> {
        let mut left = n;
        let mut from = self.first();
        while from < end {
            let (found, count, next) = match self.part_at(from) {
                Part::Live(live) => {
                    let found = live.places(entity).get(left as usize);
                    (found.map(|ordinal| live.first + u64::from(ordinal)), 0, u64::MAX)
                }
                Part::Sealed(part) => {
                    let look = |places: Places<'_>| (places.get(left as usize), places.len());
                    let (found, count) = part.with_places(entity, look)?;
                    let sequence = found.map(|ordinal| part.header.first + u64::from(ordinal));
                    (sequence, count, part.header.end)
                }
                Part::Missing(gap) => (None, 0, gap.end),
            };
            if found.is_some() {
                return Ok(found.filter(|sequence| *sequence < end));
            }
            left -= count as u64;
            from = next;
        }
        Ok(None)
    }

    /// How many events retention removed.
    pub(crate) fn removed_count(&self) -> u64 {
        let live = self.live.read();
        let sealed = self.sealed.read();
        sealed.iter().map(|part| part.removed_count()).sum::<u64>() + live.removed.len() as u64
    }

    /// Number of readable events of exactly `entity` before `end`.
    pub(crate) fn count_of(&self, entity: &str, end: u64) -> Result<u64, StoreError> {
        let (mut count, mut from) = (0, self.first());
        while from < end {
            let ordinal_of_end = |first: u64| u32::try_from(end - first).unwrap_or(u32::MAX);
            let (found, next) = match self.part_at(from) {
                Part::Live(live) => {
                    let list = live.stream(entity);
                    (list.map_or(0, |list| list.seek(ordinal_of_end(live.first))), u64::MAX)
                }
                Part::Sealed(part) => {
                    let names = part.names(Tag::Streams)?;
                    let cut = ordinal_of_end(part.header.first);
                    (names.find(entity).map_or(0, |list| list.seek(cut)), part.header.end)
                }
                Part::Missing(gap) => (0, gap.end),
            };
            count += found as u64;
            from = next;
        }
        Ok(count)
    }

    /// Sequences whose event may have this id, newest part first.
    pub(crate) fn id_candidates(&self, id: u128, end: u64) -> Result<Vec<u64>, StoreError> {
        let mut found = Vec::new();
        let mut before = end;
        while before > self.first() {
            let (first, ordinals) = match self.part_at(before - 1) {
                Part::Live(live) => {
                    let list = LivePart::candidates(&live.ids, id);
                    (live.first, (0..list.len()).filter_map(|at| list.get(at)).collect())
                }
                Part::Sealed(part) => (part.header.first, part.candidates(Tag::Ids, id)?),
                Part::Missing(gap) => (gap.start, Vec::new()),
            };
            found.extend(
                ordinals.iter().rev().map(|ordinal| first + u64::from(*ordinal)).filter(|at| *at < end),
            );
            before = first;
        }
        Ok(found)
    }

    /// Greatest time at or before an event, in microseconds since 1970, given the event's own.
    pub(crate) fn largest_time(&self, sequence: u64, own: i64) -> Result<i64, StoreError> {
        let (block, times) = match self.part_at(sequence) {
            Part::Live(live) => {
                let Some(ordinal) = sequence.checked_sub(live.first) else { return Ok(own) };
                let at = ordinal as usize;
                let block = live.blocks.get(at / BLOCK_LEN).copied();
                let start = at / BLOCK_LEN * BLOCK_LEN;
                let rising = block.is_none_or(|block| block.ascending);
                let times =
                    if rising { Vec::new() } else { live.times.get(start..=at).unwrap_or_default().to_vec() };
                (block, times)
            }
            Part::Sealed(part) => {
                let at = (sequence - part.header.first) as usize;
                let block = part.block(at as u32)?;
                let start = at / BLOCK_LEN * BLOCK_LEN;
                let rising = block.is_none_or(|block| block.ascending);
                let times = if rising { Vec::new() } else { sealed_times(&part, start..at + 1)? };
                (block, times)
            }
            Part::Missing(_) => return Ok(own),
        };
        let before = block.map_or(own, |block| block.largest_before);
        Ok(times.into_iter().chain([own]).fold(before, i64::max))
    }

    /// Greatest time before a sequence at which a part begins.
    pub(crate) fn largest_time_before(&self, first: u64) -> Result<i64, StoreError> {
        match first.checked_sub(1) {
            Some(before) => self.largest_time(before, i64::MIN).map(|time| time.max(self.part_time(before))),
            None => Ok(i64::MIN),
        }
    }

    /// Greatest time of the events in the sealed part that holds a sequence.
    fn part_time(&self, sequence: u64) -> i64 {
        match self.part_at(sequence) {
            Part::Sealed(part) => part.header.times.1,
            Part::Live(live) => live.largest_time,
            Part::Missing(_) => i64::MIN,
        }
    }

    /// Times and kinds of a run of events.
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
                    columns.times_us.extend(sealed_times(&part, rows.clone())?);
                    let kinds = part.section(Tag::Kinds)?;
                    let words = kinds.get(rows.start * 2..rows.end * 2).unwrap_or_default().chunks_exact(2);
                    let kind = |word: &[u8]| word.try_into().map_or(0, u16::from_le_bytes);
                    columns.kinds.extend(words.map(|word| EventKind::from_raw_u16(kind(word))));
                    end
                }
                Part::Missing(gap) => {
                    let end = gap.end.min(range.end);
                    let rows = columns.times_us.len() + (end - from) as usize;
                    columns.times_us.resize(rows, 0);
                    columns.kinds.resize(rows, EventKind::from_raw_u16(0));
                    end
                }
            };
        }
        Ok(columns)
    }

    /// Names of entities or scopes with the number of their events.
    pub(crate) fn names(&self, tag: Tag) -> Result<BTreeMap<Arc<str>, u64>, StoreError> {
        let mut counts = BTreeMap::new();
        for part in self.sealed_parts() {
            for (name, postings) in part.names(tag)?.iter() {
                add(&mut counts, name, postings.len());
            }
        }
        let live = self.live.read();
        let table = if tag == Tag::Scopes { &live.scopes } else { &live.streams };
        for (name, ordinals) in table {
            add(&mut counts, name, ordinals.len());
        }
        Ok(counts)
    }

    /// Kinds with the number of their events.
    pub(crate) fn kinds(&self) -> Result<BTreeMap<EventKind, u64>, StoreError> {
        let mut counts: BTreeMap<EventKind, u64> = BTreeMap::new();
        for part in self.sealed_parts() {
            for (kind, _, count) in part.kind_rows()?.1 {
                *counts.entry(EventKind::from_raw_u16(kind)).or_default() += u64::from(count);
            }
        }
        for (kind, ordinals) in &self.live.read().by_kind {
            *counts.entry(EventKind::from_raw_u16(*kind)).or_default() += ordinals.len() as u64;
        }
        Ok(counts)
    }

    /// What the log says about its kinds, the newest version of each last.
    pub(crate) fn catalogue(&self) -> Result<BTreeSet<KindDescription>, StoreError> {
        let mut descriptions = BTreeSet::new();
        for part in self.sealed_parts() {
            descriptions.extend(part.catalogue()?);
        }
        descriptions.extend(self.live.read().catalogue.iter().cloned());
        Ok(descriptions)
    }
}

fn add(counts: &mut BTreeMap<Arc<str>, u64>, name: &str, count: usize) {
    match counts.get_mut(name) {
        Some(total) => *total += count as u64,
        None => {
            counts.insert(name.into(), count as u64);
        }
    }
}

fn span(first: u64, part_end: u64, from: u64, end: u64, limit: usize) -> Span {
    Span { from: (from - first) as u32, end: (end.min(part_end) - first) as u32, limit }
}

fn newest_in_live(live: &LivePart, entity: &str, before: u64) -> Option<Newest> {
    let places = live.places(entity);
    let cut = u32::try_from(before.checked_sub(live.first)?).unwrap_or(u32::MAX);
    let ordinal = places.newest_before(cut)?;
    let is_last = places.newest_before(u32::MAX) == Some(ordinal);
    let head = is_last.then(|| live.head(entity)).flatten();
    Some(Newest { sequence: live.first + u64::from(ordinal), head })
}

fn sealed_times(part: &SealedPart, rows: Range<usize>) -> Result<Vec<i64>, StoreError> {
    let bytes = part.section(Tag::Times)?;
    let time = |at: usize| {
        let (low, high) = (u32_at(&bytes, 2 * at)?, u32_at(&bytes, 2 * at + 1)?);
        Some((u64::from(high) << 32 | u64::from(low)).cast_signed())
    };
    Ok(rows.map_while(time).collect())
}
