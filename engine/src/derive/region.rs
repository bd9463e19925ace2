//! Owns states over regions: one fold over all events of a region, in commit order, whatever entity they belong to; as a call, and as a
//! watcher that delivers each newer state.
//!
//! Invariants:
//! - frames are read of kinds that the fold takes; the others are counted by the index alone, unless only their frames tell whether they
//!   lie in the region;
//! - a delivery folds what is new and nothing else, if the fold allows it; a view that went back is folded anew;
//! - a watcher does not keep the store open, and after the closing delivers the last state before it ends.

use std::convert::Infallible;
use std::time::Duration;

use crate::derive::evidence::{ProjectionRunCacheStatus, ProjectionRunFreshnessStatus};
use crate::derive::kept::KeptStates;
use crate::derive::outcome::{ProjectionOutcome, ProjectionSource};
use crate::derive::projection::Projection;
use crate::derive::remembered::Era;
use crate::derive::replay::replay;
use crate::derive::subscription::Subscription;
use crate::derive::wait::{Patience, Waited, WatchStop, wait};
use crate::derive::watch::{Failure, WatcherError};
use crate::memory::selection::Selection;
use crate::read::reader::Reader;
use crate::read::streams::readable;
use crate::words::error::StoreError;
use crate::words::region::Region;
use crate::words::sync::Arc;
use crate::words::sync::channel::Receiver;

/// A wake-up that finds another one waiting adds nothing to it.
const WAKE_UPS: usize = 1;

/// A state and what is in it.
#[derive(Clone, Debug)]
struct Folded<T> {
    state: Option<T>,
    /// Events of the region before `end`.
    generation: u64,
    /// How many of them the fold took.
    taken: u64,
    /// Global sequence of the last one that it took.
    applied: Option<u64>,
    /// Sequence of the first event that was not looked at.
    end: u64,
}

impl<T: Projection> Folded<T> {
    fn nothing() -> Self {
        Self { state: None, generation: 0, taken: 0, applied: None, end: 0 }
    }

    /// True if the fold may go on from here. Events that made no state yet do not count: the fold must see them again.
    fn continues(&self) -> bool {
        self.taken == 0 || self.state.is_some() && T::supports_incremental_apply()
    }

    /// Folds the events of the region up to `end`. Damaged events are left out: the others still make a state.
    fn advance(self, reader: &Reader, region: &Region, end: u64) -> Result<Self, StoreError> {
        let range = self.end..end;
        let kinds = T::relevant_event_kinds();
        let counted = Selection::region(region.clone());
        let mut seen = 0;
        // The index knows no places in streams, and of a batpak directory it knows hidden events only by their frames.
        let counts_frames = region.clock_range().is_some() || !reader.shared().source.is_dense();
        let selection = if counts_frames {
            counted
        } else {
            seen = reader.count_in(&counted, range.clone())?;
            Selection { kinds: kinds.to_vec(), ..counted }
        };
        let events = readable(reader.events(selection, range)).filter(|event| {
            let Ok(event) = event else { return true };
            let header = &event.raw.header;
            if !region.takes_clock(header.position.sequence()) {
                return false;
            }
            seen += u64::from(counts_frames);
            kinds.is_empty() || kinds.contains(&header.event_kind)
        });
        let replayed = replay(self.state, events)?;
        Ok(Self {
            state: replayed.state,
            generation: self.generation + seen,
            taken: self.taken + replayed.events_folded,
            applied: replayed.applied.or(self.applied),
            end,
        })
    }
}

/// The state over all events of a region.
pub(crate) fn project_region<T: Projection>(
    reader: &Reader,
    region: &Region,
) -> Result<ProjectionOutcome<T>, StoreError> {
    let folded = Folded::nothing().advance(reader, region, reader.visible())?;
    Ok(ProjectionOutcome {
        state: folded.state,
        generation: folded.generation,
        applied_sequence: folded.applied,
        frontier: folded.end,
        source: ProjectionSource::Replayed,
        events_folded: folded.taken,
        cache_status: ProjectionRunCacheStatus::Bypassed,
        freshness: match folded.applied {
            None => ProjectionRunFreshnessStatus::NotApplicable,
            Some(_) => ProjectionRunFreshnessStatus::Fresh,
        },
    })
}

/// Waits for the events of a region to change a state. The first call returns the state of all events there are.
///
/// The generation is the number of the region's events, of whatever kind. As an iterator it ends when the store is closed or the watcher
/// stopped.
#[derive(Debug)]
pub struct RegionWatcher<T> {
    /// Taken away when the store is closed and its last state delivered.
    reader: Option<Reader>,
    kept: Arc<KeptStates>,
    region: Region,
    wakes: Subscription,
    folded: Folded<T>,
    /// Which view of the log `folded` belongs to.
    era: Era,
    /// How often the log had been rewritten.
    rewrites: u64,
    /// There may be news that no wake-up will tell of again.
    due: bool,
    delivered: Option<u64>,
    stop: WatchStop,
    stopped: Receiver<Infallible>,
}

/// Watches a region from its first event on.
pub(crate) fn watch_region<T: Projection>(
    reader: &Reader,
    kept: &Arc<KeptStates>,
    region: &Region,
) -> RegionWatcher<T> {
    let (stop, stopped) = WatchStop::new();
    RegionWatcher {
        wakes: Subscription::new(reader.subscribe(region, WAKE_UPS)),
        reader: Some(reader.clone()),
        era: kept.memory.era(),
        rewrites: reader.rewrites(),
        kept: Arc::clone(kept),
        region: region.clone(),
        folded: Folded::nothing(),
        due: true,
        delivered: None,
        stop,
        stopped,
    }
}

impl<T> RegionWatcher<T> {
    /// The region that is watched.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// A handle that stops the watcher from another thread.
    pub fn stop_handle(&self) -> WatchStop {
        self.stop.clone()
    }
}

impl<T: Projection + Clone> RegionWatcher<T> {
    /// Waits for the next generation and returns it with its state.
    pub fn recv(&mut self) -> Result<(u64, Option<T>), WatcherError> {
        loop {
            if let Some(update) = self.next_update(Patience::endless())? {
                return Ok(update);
            }
        }
    }

    /// Waits for the next generation, but no longer than `timeout`; `Ok(None)` if there is none by then.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<(u64, Option<T>)>, WatcherError> {
        Ok(self.next_update(Patience::of(timeout))?)
    }

    /// The next generation if there is one; `Ok(None)` if not.
    pub fn try_recv(&mut self) -> Result<Option<(u64, Option<T>)>, WatcherError> {
        self.recv_timeout(Duration::ZERO)
    }

    /// The generation and state of this moment, delivered before or not. What it returns counts as delivered.
    pub fn current(&mut self) -> Result<(u64, Option<T>), WatcherError> {
        let reader = self.reader.as_ref().filter(|reader| !reader.is_closed()).cloned();
        Ok(self.take_in(&reader.ok_or(Failure::Closed)?)?)
    }

    fn next_update(&mut self, patience: Patience) -> Result<Option<(u64, Option<T>)>, Failure> {
        let patience = patience.unless(&self.stopped);
        loop {
            if self.stop.is_stopped() {
                return Err(Failure::Stopped);
            }
            if !self.due {
                match wait(self.wakes.receiver(), &patience) {
                    // The closing may have cut off the wake-up for the last events.
                    Waited::Got(_) | Waited::Closed => self.due = true,
                    Waited::Expired => return Ok(None),
                    Waited::Stopped => return Err(Failure::Stopped),
                }
            }
            let reader = self.reader.clone().ok_or(Failure::Closed)?;
            // Asked before the end is read: nothing becomes visible in a closed store, which is looked at only once.
            if reader.is_closed() {
                self.reader = None;
            }
            let (before, update) = (self.delivered, self.take_in(&reader)?);
            self.due = false;
            if before != Some(update.0) {
                return Ok(Some(update));
            }
        }
    }

    /// Folds what is new. After an error nothing of it counts.
    fn take_in(&mut self, reader: &Reader) -> Result<(u64, Option<T>), Failure> {
        // Looked up before the end is read: who goes back clears the memory last.
        let era = self.kept.memory.era();
        let visible = reader.visible();
        let rewrites = reader.rewrites();
        let went_back = era != self.era || visible < self.folded.end;
        let mut start = if went_back { Folded::nothing() } else { self.folded.clone() };
        let taken =
            Selection { kinds: T::relevant_event_kinds().to_vec(), ..Selection::region(self.region.clone()) };
        if !start.continues() && reader.any(&taken, start.end..visible)? {
            start = Folded::nothing();
        }
        let mut folded = start.advance(reader, &self.region, visible)?;
        if rewrites != self.rewrites && visible >= self.folded.end {
            // Events that were delivered may be removed by now, and count all the same: generations only rise.
            let left = Folded::<T>::nothing().advance(reader, &self.region, self.folded.end)?;
            folded.generation = self.folded.generation + (folded.generation - left.generation);
        }
        self.folded = folded;
        (self.era, self.rewrites) = (era, rewrites);
        self.delivered = Some(self.folded.generation);
        Ok((self.folded.generation, self.folded.state.clone()))
    }
}

impl<T: Projection + Clone> Iterator for RegionWatcher<T> {
    type Item = Result<(u64, Option<T>), WatcherError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.next_update(Patience::endless()) {
                Ok(Some(update)) => return Some(Ok(update)),
                Ok(None) => {}
                Err(Failure::Closed | Failure::Stopped) => return None,
                Err(failure @ Failure::Store(_)) => return Some(Err(failure.into())),
            }
        }
    }
}
