//! Owns what a projection is fed from: the stream of an entity, watched by the store, or a scope, which cuts across streams.

use std::convert::Infallible;

use causeway::coordinate::Region;
use causeway::encoding;
use causeway::event::Event;
use causeway::store::{
    Freshness, LogEvent, ProjectionWatcher, Selection, StoreError, Subscription, WatchStop, WatcherError,
};
use crossbeam_channel::{Receiver, Sender, bounded, select};

use crate::worker::folds::Fold;
use crate::worker::handle::{Handle, ask};
use crate::worker::protocol::FoldSource;

/// Sequences that are asked for at once.
const SLICE: usize = 1024;

/// A source of states.
pub(crate) enum Source<T: Fold> {
    /// An entity's stream.
    Entity(ProjectionWatcher<T>),
    /// A scope.
    Scope(Box<ScopeWatcher<T>>),
}

/// Ends a source: whoever waits in it returns at once.
pub(crate) enum Stop {
    /// The store's own.
    Entity(WatchStop),
    /// Never used to send: dropping it disconnects the receiver.
    Scope(Sender<Infallible>),
}

impl Stop {
    /// Ends the source.
    pub(crate) fn stop(self) {
        match self {
            Self::Entity(stop) => stop.stop(),
            Self::Scope(signal) => drop(signal),
        }
    }
}

impl<T: Fold> Source<T> {
    /// Watches a source from now on.
    pub(crate) fn of(handle: &Handle, source: &FoldSource) -> (Self, Stop) {
        match source {
            FoldSource::Entity(entity) => {
                let watcher = ask!(handle, store => store.watch_projection(entity, Freshness::Consistent));
                let stop = Stop::Entity(watcher.stop_handle());
                (Self::Entity(watcher), stop)
            }
            FoldSource::Scope(scope) => {
                let (signal, stopped) = bounded(0);
                let region = Region::scope(scope);
                let arrivals = handle.subscribe(&region);
                let selection = Selection::region(region);
                let handle = handle.clone();
                let watcher = ScopeWatcher {
                    handle,
                    selection,
                    arrivals,
                    stopped,
                    next: 0,
                    generation: 0,
                    state: None,
                };
                (Self::Scope(Box::new(watcher)), Stop::Scope(signal))
            }
        }
    }

    /// The generation and the state as they are now.
    pub(crate) fn current(&mut self) -> Result<(u64, Option<T>), WatcherError> {
        match self {
            Self::Entity(watcher) => watcher.current(),
            Self::Scope(watcher) => watcher.current(),
        }
    }

    /// Waits for the next generation.
    pub(crate) fn recv(&mut self) -> Result<(u64, Option<T>), WatcherError> {
        match self {
            Self::Entity(watcher) => watcher.recv(),
            Self::Scope(watcher) => watcher.recv(),
        }
    }
}

/// Folds the events of a scope in commit order. A wake-up only says that there may be news; what is folded is read afterwards.
pub(crate) struct ScopeWatcher<T> {
    handle: Handle,
    selection: Selection,
    arrivals: Subscription,
    stopped: Receiver<Infallible>,
    /// The first sequence that was not looked at.
    next: u64,
    /// Events folded so far.
    generation: u64,
    state: Option<T>,
}

impl<T: Fold> ScopeWatcher<T> {
    fn current(&mut self) -> Result<(u64, Option<T>), WatcherError> {
        self.catch_up().map_err(WatcherError::Store)?;
        Ok((self.generation, self.state.clone()))
    }

    fn recv(&mut self) -> Result<(u64, Option<T>), WatcherError> {
        let before = self.generation;
        loop {
            select! {
                recv(self.stopped) -> _ => return Err(WatcherError::Stopped),
                recv(self.arrivals.receiver()) -> arrived => {
                    if arrived.is_err() {
                        return Err(WatcherError::StoreClosed);
                    }
                    self.arrivals.receiver().try_iter().for_each(drop);
                }
            }
            let current = self.current()?;
            if current.0 != before {
                return Ok(current);
            }
        }
    }

    fn catch_up(&mut self) -> Result<(), StoreError> {
        let end = self.handle.visible();
        if end < self.next {
            // The followed files shrank: what was folded is no longer what there is.
            (self.next, self.generation, self.state) = (0, 0, None);
        }
        while self.next < end {
            let sequences = self.handle.select(&self.selection, self.next, SLICE)?;
            for sequence in sequences.iter().copied().filter(|sequence| *sequence < end) {
                let event = folded(self.handle.event_at(sequence)?)?;
                self.state.get_or_insert_default().apply_event(&event);
                self.generation += 1;
                self.next = sequence + 1;
            }
            if sequences.len() < SLICE {
                self.next = end;
            }
        }
        Ok(())
    }
}

fn folded(event: LogEvent) -> Result<Event<serde_json::Value>, StoreError> {
    let payload =
        encoding::to_json(&event.raw.payload).map_err(|error| StoreError::Serialization(Box::new(error)))?;
    Ok(Event::new(event.raw.header, payload))
}
