//! Owns the index of the whole log: sealed parts in order, then the live part.
//!
//! Invariants:
//! - parts are in order and do not overlap; between them events may be missing, when a segment is;
//! - no file is read while the live part is locked: a sealed part is taken out first and asked afterwards.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::memory::live::{Head, LivePart};
use crate::memory::postings::{Order, Places};
use crate::memory::sealed::{SealedPart, Tag};
use crate::memory::selection::{Selection, Span, select_live, select_sealed};
use crate::words::catalogue::KindDescription;
use crate::words::error::StoreError;
use crate::words::kind::EventKind;
use crate::words::sync::{Arc, AtomicU64, Ordering, RwLock, RwLockReadGuard};

/// What is where in the log.
#[derive(Debug)]
pub(crate) struct Index {
    live: RwLock<LivePart>,
    sealed: RwLock<Vec<Arc<SealedPart>>>,
    looks: AtomicU64,
}

/// The part that holds a sequence.
pub(super) enum Part<'a> {
    Sealed(Arc<SealedPart>),
    Live(RwLockReadGuard<'a, LivePart>),
    /// No part holds these sequences.
    Missing(Range<u64>),
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
        Self { live: RwLock::new(live), sealed: RwLock::new(sealed), looks: AtomicU64::new(0) }
    }

    /// How many rows, postings, names and parts were looked at so far: what questions cost.
    #[cfg(test)]
    pub(crate) fn looks(&self) -> u64 {
        self.looks.load(Ordering::Relaxed)
    }

    /// Counts what a question looked at.
    pub(super) fn count_looks(&self, looks: u64) {
        self.looks.fetch_add(looks, Ordering::Relaxed);
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

    /// A number for what compaction made of the log: it changes when a segment is rewritten, and only then.
    pub(crate) fn rewrites(&self) -> u64 {
        let mut hasher = crc32fast::Hasher::new();
        let mut total = 0_u64;
        for part in self.sealed.read().iter() {
            let name = part.segment_name();
            if name.generation > 0 {
                total += u64::from(name.generation);
                hasher.update(name.to_string().as_bytes());
            }
        }
        total << 32 | u64::from(hasher.finalize())
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

    pub(super) fn part_at(&self, sequence: u64) -> Part<'_> {
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

    /// Sequences below the end that no part holds. A log begins with sequence 0.
    pub(crate) fn missing(&self) -> Vec<Range<u64>> {
        let live = self.live.read();
        let sealed = self.sealed.read();
        let before = 0..sealed.first().map_or(live.first, |part| part.header.first);
        let firsts = sealed.iter().skip(1).map(|part| part.header.first).chain([live.first]);
        let gaps = sealed.iter().zip(firsts).map(|(part, next)| part.header.end..next);
        std::iter::once(before).chain(gaps).filter(|gap| !gap.is_empty()).collect()
    }

    /// Appends the sequences in `range` that the selection takes, at most `limit`: the first ones ascending, or the last ones
    /// descending. Where the selection needs confirmation they are proposals.
    pub(crate) fn select(
        &self,
        selection: &Selection,
        range: Range<u64>,
        (limit, order): (usize, Order),
        out: &mut Vec<u64>,
    ) -> Result<(), StoreError> {
        let mut left = range.start.max(self.first())..range.end;
        let mut ordinals = Vec::new();
        while !left.is_empty() && out.len() < limit {
            ordinals.clear();
            let next = match order {
                Order::Ascending => left.start,
                Order::Descending => left.end - 1,
            };
            let span = |first: u64, end: u64| Span {
                from: (left.start.max(first) - first) as u32,
                end: (left.end.min(end) - first) as u32,
                limit: limit - out.len(),
                order,
            };
            let (part, looks) = match self.part_at(next) {
                Part::Live(live) => {
                    let span = span(live.first, live.end().max(live.first));
                    (live.first..u64::MAX, select_live(&live, selection, span, &mut ordinals))
                }
                Part::Sealed(part) => {
                    let rows = part.header.first..part.header.end;
                    let span = span(rows.start, rows.end);
                    (rows, select_sealed(&part, selection, span, &mut ordinals)?)
                }
                Part::Missing(gap) => (gap, 0),
            };
            self.count_looks(looks + 1);
            out.extend(ordinals.iter().map(|ordinal| part.start + u64::from(*ordinal)));
            match order {
                Order::Ascending => left.start = part.end,
                Order::Descending => left.end = part.start,
            }
        }
        Ok(())
    }

    /// Newest event of exactly `entity` before `end`, or what is left of it.
    pub(crate) fn newest_of(&self, entity: &str, end: u64) -> Result<Option<Newest>, StoreError> {
        let mut before = end;
        while before > self.first() {
            self.count_looks(1);
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

    /// The `n`-th place of exactly `entity` before `end`, counted from 0 for the newest: an event that can be read, or
    /// what is left of a removed one. Looks at no part before it.
    pub(crate) fn nth_before(&self, entity: &str, n: u64, end: u64) -> Result<Option<u64>, StoreError> {
        let (mut left, mut before) = (n, end);
        while before > self.first() {
            self.count_looks(1);
            let cut = |first: u64| u32::try_from(before - first).unwrap_or(u32::MAX);
            let (found, count, first) = match self.part_at(before - 1) {
                Part::Live(live) => {
                    let (ordinal, count) = nth_back(live.places(entity), left, cut(live.first));
                    (ordinal, count, live.first)
                }
                Part::Sealed(part) => {
                    let look = |places: Places<'_>| nth_back(places, left, cut(part.header.first));
                    let (ordinal, count) = part.with_places(entity, look)?;
                    (ordinal, count, part.header.first)
                }
                Part::Missing(gap) => (None, 0, gap.start),
            };
            if let Some(ordinal) = found {
                return Ok(Some(first + u64::from(ordinal)));
            }
            left -= count;
            before = first;
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
            self.count_looks(1);
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

    /// Sequences before `end` whose event may have this id. A part is asked only when those before it were not what was wanted: first the
    /// live one, then the others, beginning with the one whose times are nearest to the time that an id of the store's own tells.
    pub(crate) fn id_candidates(&self, id: u128, end: u64) -> IdCandidates<'_> {
        IdCandidates { index: self, id, end, found: Vec::new(), parts: None }
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

/// Sequences whose event may have an id. See [`Index::id_candidates`].
#[derive(Debug)]
pub(crate) struct IdCandidates<'a> {
    index: &'a Index,
    id: u128,
    end: u64,
    /// Of the part that was asked last; the newest last.
    found: Vec<u64>,
    /// Sealed parts that were not asked yet, the next one last; `None` before the live part was asked.
    parts: Option<Vec<Arc<SealedPart>>>,
}

impl IdCandidates<'_> {
    fn ask_live(&mut self) {
        let live = self.index.live.read();
        let list = LivePart::candidates(&live.ids, self.id);
        let sequences = (0..list.len()).filter_map(|at| list.get(at)).map(|at| live.first + u64::from(at));
        self.found.extend(sequences);
    }

    /// The sealed parts, the one that is to be asked first last.
    fn sealed(&self) -> Vec<Arc<SealedPart>> {
        let mut parts = self.index.sealed_parts();
        let made_us = ((self.id >> 80) as i64).saturating_mul(1_000);
        parts.sort_by_key(|part| {
            let (first, last) = part.header.times;
            Reverse(first.saturating_sub(made_us).max(made_us.saturating_sub(last)).max(0))
        });
        parts
    }
}

impl Iterator for IdCandidates<'_> {
    type Item = Result<u64, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            while let Some(sequence) = self.found.pop() {
                if sequence < self.end {
                    return Some(Ok(sequence));
                }
            }
            self.index.count_looks(1);
            let Some(parts) = &mut self.parts else {
                self.ask_live();
                self.parts = Some(self.sealed());
                continue;
            };
            let part = parts.pop()?;
            match part.candidates(Tag::Ids, self.id) {
                Ok(found) => self.found.extend(found.iter().map(|at| part.header.first + u64::from(*at))),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// The `n`-th ordinal before `cut`, counted from 0 for the last, and how many there are before `cut`.
fn nth_back(places: Places<'_>, n: u64, cut: u32) -> (Option<u32>, u64) {
    let count = places.count_before(cut) as u64;
    let at = count.checked_sub(n.saturating_add(1));
    (at.and_then(|at| places.get(at as usize)), count)
}

fn newest_in_live(live: &LivePart, entity: &str, before: u64) -> Option<Newest> {
    let places = live.places(entity);
    let cut = u32::try_from(before.checked_sub(live.first)?).unwrap_or(u32::MAX);
    // Whoever appends asks for the last one: it is found without a search.
    let last = places.last()?;
    let (ordinal, head) =
        if last < cut { (last, live.head(entity)) } else { (places.newest_before(cut)?, None) };
    Some(Newest { sequence: live.first + u64::from(ordinal), head })
}
