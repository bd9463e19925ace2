//! Owns the current result: which events match, found slice by slice and kept up to date while the store grows.
//!
//! Invariants:
//! - a slice is short enough that a new request never waits noticeably;
//! - the result only grows at its end, except when the followed files shrank;
//! - what an index can answer is never scanned for;
//! - of a place at which nothing can be read only its number and that it is damaged are known: it matches what these alone decide.

mod facets;
mod found;
mod needle;
mod nodes;
mod path;
mod plan;
mod test;
#[cfg(test)]
mod tests;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use causeway::store::{Selection, StoreError};

use crate::state::query::{Flag, Moment, Query, Term};
use crate::worker::handle::Handle;
use crate::worker::holes::Holes;
use crate::worker::protocol::{Matched, RequestId};

pub use facets::ResultFacets;
pub(crate) use found::Found;

use found::{BLOCK, Places};
use nodes::Window;
use plan::Plan;
use test::Test;

/// How long a slice takes.
const SLICE: Duration = Duration::from_millis(8);
/// Events that a thread reads in one slice.
const READ: usize = 1_024;
/// Fewer events are not worth a second thread.
const READ_ALONE: usize = 128;
/// Threads that read events together.
const THREADS_MAX: usize = 4;

/// A query on its way through the store.
pub(crate) struct Search {
    /// Who asked.
    pub(crate) id: RequestId,
    query: Query,
    plan: Plan,
    /// Matching places; `None` if every place of the store is a row.
    found: Option<Found>,
    /// The block whose events are being read.
    open: Option<OpenBlock>,
    /// The first place that was not looked at.
    next: u64,
    /// Until the whole store was searched for the first time.
    elapsed: Duration,
    answered: bool,
}

/// A block whose events must be read.
struct OpenBlock {
    end: u64,
    may: Vec<u64>,
    at: usize,
    /// Places that match whatever stands there.
    must: Places,
}

impl Search {
    /// A search that has looked at nothing yet.
    pub(crate) fn new(id: RequestId, query: &Query, handle: &Handle, now_us: i64) -> Self {
        let plan = Plan::of(query, handle, now_us);
        let found = (!query.is_empty()).then(Found::default);
        let query = query.clone();
        Self { id, query, plan, found, open: None, next: 0, elapsed: Duration::ZERO, answered: false }
    }

    /// Looks at one slice more.
    pub(crate) fn step(&mut self, handle: &Handle, holes: &Holes) -> Result<(), StoreError> {
        let started = Instant::now();
        let visible = handle.visible();
        self.rewind(visible);
        // Rows are counted from runs of unreadable places, so that nothing is shown before these are known.
        let end = visible.min(holes.looked_at()).max(self.next);
        let mut stepped = Ok(());
        while stepped.is_ok() && self.next < end && started.elapsed() < SLICE {
            stepped = self.look(handle, holes, end);
        }
        if !self.answered {
            self.elapsed += started.elapsed();
        }
        self.answered |= self.next == visible;
        stepped
    }

    /// Looks at one block, or reads some events of it.
    fn look(&mut self, handle: &Handle, holes: &Holes, end: u64) -> Result<(), StoreError> {
        let Some(found) = &mut self.found else {
            self.next = end;
            return Ok(());
        };
        if let Some(open) = &mut self.open {
            let test = self.plan.test.as_ref();
            self.next = open.read(handle, test, found);
            if self.next >= open.end {
                self.open = None;
            }
            return Ok(());
        }
        let start = holes.readable(self.next..end).next().map_or(end, |run| run.start);
        for hole in holes.starts(self.next..start).filter(|hole| takes_hole(&self.query, *hole) == Some(true))
        {
            found.push(hole);
        }
        self.next = start;
        if start == end {
            return Ok(());
        }
        let (number, end) = (start / BLOCK, end.min((start / BLOCK + 1) * BLOCK));
        let mut window = Window { handle, holes, range: start..end, every: None };
        let mut may = self.plan.may.places(&mut window)?;
        let mut must = match &mut self.plan.must {
            Some(must) => must.places(&mut window)?,
            None => Places::none(),
        };
        for run in holes.within(start..end) {
            may.set((run.start - number * BLOCK) as u32..(run.end - number * BLOCK) as u32, false);
        }
        for hole in holes.starts(start..end).filter(|hole| takes_hole(&self.query, *hole) == Some(true)) {
            may.insert((hole % BLOCK) as u16);
            must.insert((hole % BLOCK) as u16);
        }
        if self.plan.test.is_none() || may.is_empty() {
            found.extend(number, may);
            self.next = end;
        } else {
            let may = may.iter().map(|place| number * BLOCK + u64::from(place)).collect();
            self.open = Some(OpenBlock { end, may, at: 0, must });
        }
        Ok(())
    }

    /// Forgets what lies behind the end of a store that shrank.
    pub(crate) fn rewind(&mut self, end: u64) {
        if end < self.next || self.open.as_ref().is_some_and(|open| end < open.end) {
            self.open = None;
            self.next = self.next.min(end);
            self.plan.may.rewind(self.next);
            if let Some(must) = &mut self.plan.must {
                must.rewind(self.next);
            }
            if let Some(found) = &mut self.found {
                found.truncate(self.next);
            }
        }
    }

    /// True if everything that can be read was looked at.
    pub(crate) fn is_complete(&self, handle: &Handle) -> bool {
        self.next == handle.visible()
    }

    /// True if events must be read one by one, which takes long enough to show progress.
    pub(crate) fn scans(&self) -> bool {
        self.plan.test.is_some()
    }

    /// How it stands.
    pub(crate) fn matched(&self, handle: &Handle, holes: &Holes) -> Matched {
        let total = handle.visible();
        let asks_for_damage = self.query.terms().iter().any(|term| asks_for_damage(term));
        Matched {
            matched: self.found.as_ref().map_or(self.next, Found::len),
            rows: self.found.as_ref().map_or_else(|| holes.rows(self.next), Found::len),
            unreadable: match self.found {
                Some(_) if !asks_for_damage => holes.count_below(self.next),
                _ => 0,
            },
            searched: self.next,
            total,
            complete: self.next >= total,
            elapsed_us: self.elapsed.as_micros() as u64,
            served_by: self.plan.served_by,
        }
    }

    /// What was found until now; `None` if every place of the store is a row.
    pub(crate) fn found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    /// The places of some rows; fewer if the result is shorter.
    pub(crate) fn sequences(&self, rows: Range<u64>, holes: &Holes) -> Vec<u64> {
        match &self.found {
            None => {
                (rows.start..rows.end.min(holes.rows(self.next))).map(|row| holes.place_of(row)).collect()
            }
            Some(found) => found.rows(rows).collect(),
        }
    }

    /// The newest places of the result so far, oldest first.
    pub(crate) fn newest(&self, most: usize, holes: &Holes) -> Vec<u64> {
        let rows = self.found.as_ref().map_or_else(|| holes.rows(self.next), Found::len);
        self.sequences(rows.saturating_sub(most as u64)..rows, holes)
    }

    /// The row of an event, if it is part of the result so far.
    pub(crate) fn row_of(&self, sequence: u64, holes: &Holes) -> Option<u64> {
        match &self.found {
            None => (sequence < self.next).then(|| holes.row_of(sequence)),
            Some(found) => found.row_of(sequence),
        }
    }
}

impl OpenBlock {
    /// Reads the next events that may match. Returns the first place that was not looked at.
    fn read(&mut self, handle: &Handle, test: Option<&Test>, found: &mut Found) -> u64 {
        let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(THREADS_MAX);
        let left = self.may.get(self.at..).unwrap_or_default();
        let slice = &left[..left.len().min(READ * threads)];
        let share = if slice.len() < READ_ALONE { READ_ALONE } else { slice.len().div_ceil(threads) };
        let must = &self.must;
        let job = |places: &[u64]| matching(handle, test, must, places);
        let parts: Vec<&[u64]> = slice.chunks(share).collect();
        let matches: Vec<Vec<u64>> = thread::scope(|scope| {
            let Some((first, others)) = parts.split_first() else { return Vec::new() };
            let others: Vec<_> = others.iter().map(|places| scope.spawn(|| job(places))).collect();
            let first = job(first);
            let joined = others.into_iter().map(|other| match other.join() {
                Ok(matches) => matches,
                Err(panic) => std::panic::resume_unwind(panic),
            });
            std::iter::once(first).chain(joined).collect()
        });
        matches.into_iter().flatten().for_each(|place| found.push(place));
        self.at += slice.len();
        if self.at >= self.may.len() { self.end } else { self.may[self.at] }
    }
}

/// Those of some places that match. Damaged events do not match a test.
fn matching(handle: &Handle, test: Option<&Test>, must: &Places, places: &[u64]) -> Vec<u64> {
    let takes = |event: &causeway::store::LogEvent| test.is_none_or(|test| test.takes(event));
    let is_certain = |place: &u64| must.contains((place % BLOCK) as u16);
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return Vec::new() };
    let is_dense = (last - first) / 4 < places.len() as u64;
    if !is_dense {
        let takes =
            |place: &&u64| is_certain(place) || handle.event_at(**place).is_ok_and(|event| takes(&event));
        return places.iter().filter(takes).copied().collect();
    }
    // Neighbours are read together.
    let all = Selection { hidden: true, ..Selection::default() };
    let mut events = handle.read_selected(&all, *first..last + 1).peekable();
    let mut matches = Vec::new();
    for place in places {
        while events.next_if(|(sequence, _)| sequence < place).is_some() {}
        let read = events.next_if(|(sequence, _)| sequence == place);
        let takes = || read.is_some_and(|(_, event)| event.is_ok_and(|event| takes(&event)));
        if is_certain(place) || takes() {
            matches.push(*place);
        }
    }
    matches
}

fn asks_for_damage(term: &Term) -> bool {
    matches!(term, Term::Flag(flags) if flags.contains(&Flag::Damaged))
}

/// Whether a query takes a place at which nothing can be read; `None` if what is not known decides. Without a demand for damage such a
/// place is no row, but is counted.
fn takes_hole(query: &Query, place: u64) -> Option<bool> {
    let found = hole(query, place);
    found.filter(|_| query.terms().iter().any(|term| asks_for_damage(term)))
}

fn hole(query: &Query, place: u64) -> Option<bool> {
    match query {
        Query::Is(Term::Flag(flags)) if flags.contains(&Flag::Damaged) => Some(true),
        Query::Is(Term::After(Moment::Sequence(after))) => Some(place > *after),
        Query::Is(Term::Before(Moment::Sequence(before))) => Some(place < *before),
        Query::Is(_) => None,
        Query::Not(inner) => hole(inner, place).map(|takes| !takes),
        Query::All(parts) => decided(parts.iter().map(|part| hole(part, place)), false),
        Query::Any(parts) => decided(parts.iter().map(|part| hole(part, place)), true),
    }
}

/// One part that is `deciding` decides; all others together decide the opposite.
fn decided(parts: impl Iterator<Item = Option<bool>>, deciding: bool) -> Option<bool> {
    let mut is_known = true;
    for part in parts {
        if part == Some(deciding) {
            return Some(deciding);
        }
        is_known &= part.is_some();
    }
    is_known.then_some(!deciding)
}
