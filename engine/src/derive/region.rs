//! Owns watching a region: one state folded over all its events, in commit order, whatever entity they belong to.
//!
//! Invariants:
//! - the state continues from where it was: a delivery folds what is new and nothing else, unless events were removed meanwhile;
//! - a watcher does not keep the store open, and closing the store ends it.

use std::convert::Infallible;
use std::time::Duration;

use crossbeam_channel::Receiver;

use crate::derive::projection::{Projection, fold, projection_event};
use crate::derive::subscription::Subscription;
use crate::derive::wait::{Patience, Waited, WatchStop, wait};
use crate::derive::watch::{Failure, WatcherError};
use crate::memory::selection::Selection;
use crate::read::entry::LogEvent;
use crate::read::reader::{Reader, WeakReader};
use crate::words::error::StoreError;
use crate::words::region::Region;

/// A wake-up that finds another one waiting adds nothing to it.
const WAKE_UPS: usize = 1;

/// Waits for the events of a region to change a state. The first call returns the state of all events there are.
///
/// The generation is the number of the region's events that were read, of whatever kind. The clock range of the region is not looked at.
#[derive(Debug)]
pub struct RegionWatcher<T> {
    reader: WeakReader,
    region: Region,
    wakes: Subscription,
    folded: Folded<T>,
    /// There may be news that no wake-up will tell of again.
    due: bool,
    delivered: Option<u64>,
    stop: WatchStop,
    stopped: Receiver<Infallible>,
}

/// A state and what is in it.
#[derive(Clone, Debug)]
struct Folded<T> {
    state: Option<T>,
    /// Events of the region before `end`.
    generation: u64,
    /// Sequence of the first event that was not looked at.
    end: u64,
    /// How often the log had been rewritten.
    rewrites: u64,
}

impl<T> Folded<T> {
    fn nothing() -> Self {
        Self { state: None, generation: 0, end: 0, rewrites: 0 }
    }
}

/// Watches a region from its first event on.
pub(crate) fn watch_region<T>(reader: &Reader, region: &Region) -> RegionWatcher<T> {
    let (stop, stopped) = WatchStop::new();
    RegionWatcher {
        wakes: Subscription::new(reader.subscribe(region, WAKE_UPS)),
        reader: reader.downgrade(),
        region: region.clone(),
        folded: Folded::nothing(),
        due: true,
        delivered: None,
        stop,
        stopped,
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

    /// A handle that stops the watcher from another thread.
    pub fn stop_handle(&self) -> WatchStop {
        self.stop.clone()
    }

    fn next_update(&mut self, patience: Patience) -> Result<Option<(u64, Option<T>)>, Failure> {
        let patience = patience.unless(&self.stopped);
        loop {
            if self.stop.is_stopped() {
                return Err(Failure::Stopped);
            }
            if !self.due {
                match wait(self.wakes.receiver(), &patience) {
                    Waited::Got(_) => self.due = true,
                    Waited::Expired => return Ok(None),
                    Waited::Stopped => return Err(Failure::Stopped),
                    Waited::Closed => return Err(Failure::Closed),
                }
            }
            self.take_in()?;
            self.due = false;
            if self.delivered != Some(self.folded.generation) {
                self.delivered = Some(self.folded.generation);
                return Ok(Some((self.folded.generation, self.folded.state.clone())));
            }
        }
    }

    /// Folds the events that became visible since the last time. After an error nothing of them counts.
    fn take_in(&mut self) -> Result<(), Failure> {
        let reader = self.reader.upgrade().ok_or(Failure::Closed)?;
        let (rewrites, visible) = (reader.rewrites(), reader.visible());
        if visible < self.folded.end {
            self.folded = Folded::nothing();
        }
        // What was folded before may be removed by now: the state is made anew of what is left, and generations go on rising.
        let (base, from) = if rewrites == self.folded.rewrites {
            (self.folded.state.clone(), self.folded.end)
        } else {
            (None, 0)
        };
        let counted_from = self.folded.end;
        let kinds = T::relevant_event_kinds();
        let mut seen = 0;
        let selection = Selection::region(self.region.clone());
        let events = reader
            .events(selection, from..visible)
            .inspect(|(sequence, _)| seen += u64::from(*sequence >= counted_from))
            .map(|(_, event)| event)
            .filter(|event| {
                let taken = |kind| kinds.is_empty() || kinds.contains(&kind);
                let is_folded =
                    |event: &LogEvent| event.removed.is_none() && taken(event.raw.header.event_kind);
                event.as_ref().map_or(true, is_folded)
            })
            .map(|event| event.and_then(|event| projection_event::<T>((event.raw, event.prev_hash))));
        let (state, _) = fold(base, skip_damaged(events))?;
        self.folded = Folded { state, generation: self.folded.generation + seen, end: visible, rewrites };
        Ok(())
    }
}

/// Leaves out events whose frame is damaged: the others still make a state.
fn skip_damaged<I>(
    events: impl Iterator<Item = Result<I, StoreError>>,
) -> impl Iterator<Item = Result<I, StoreError>> {
    events.filter(|event| !event.as_ref().is_err_and(StoreError::is_one_event))
}
