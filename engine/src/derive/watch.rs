//! Owns the projection watcher: who waits for an entity's state to change. Payloads never travel through its channel.
//!
//! Invariants:
//! - a wake-up says only that there may be news: what is delivered is read afterwards, so a lost wake-up loses nothing;
//! - delivered generations rise strictly; an error delivers nothing and the next call tries again at once;
//! - a position is saved only when the consumer comes back for more, or says so: a state that it did not handle is delivered again;
//! - a watcher does not keep the store open, and after the closing delivers the last state before it ends.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::time::Duration;

use crossbeam_channel::Receiver;
use thiserror::Error;

use crate::derive::canal::Canal;
use crate::derive::checkpoint::CheckpointId;
use crate::derive::cursor::Cursor;
use crate::derive::kept::KeptStates;
use crate::derive::projection::{Freshness, Projection, projection};
use crate::derive::subscription::Subscription;
use crate::derive::wait::{Patience, Waited, WatchStop, wait};
use crate::memory::selection::Selection;
use crate::read::reader::Reader;
use crate::words::error::StoreError;
use crate::words::region::Region;
use crate::words::sync::Arc;

/// A wake-up that finds another one waiting adds nothing to it.
const WAKE_UPS: usize = 1;

/// Waits for the state of one entity to change: each call of [`ProjectionWatcher::recv`] returns the next generation and its state.
///
/// Several appends may become one delivery; an append that the fold ignores is delivered too, with the same state. `None` as the state
/// means that the fold makes no state of the events there are. As an iterator it ends when the store is closed or the watcher stopped.
#[derive(Debug)]
pub struct ProjectionWatcher<T, C: Canal = Subscription> {
    /// Taken away when the store is closed and its last state delivered. Holds files and index, not the store's lock.
    reader: Option<Reader>,
    kept: Arc<KeptStates>,
    entity: Arc<str>,
    canal: C,
    /// Generation that was delivered last.
    delivered: u64,
    /// Exclusive end of the commit order before which nothing needs a delivery any more.
    passed: u64,
    /// What was delivered last may not have been handled yet.
    unsettled: bool,
    /// There may be news that no wake-up will tell of again.
    due: bool,
    stop: WatchStop,
    stopped: Receiver<Infallible>,
    state: PhantomData<fn() -> T>,
}

/// Why a watcher delivered nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WatcherError {
    /// The store was closed: nothing can come any more.
    #[error("the store is closed")]
    StoreClosed,
    /// Kept for programs written against batpak; never produced, because a watcher that falls behind catches up.
    #[error("the subscription was pruned")]
    SubscriptionPruned,
    /// Somebody stopped the watcher.
    #[error("the watcher was stopped")]
    Stopped,
    /// Reading or folding failed. The watcher goes on: the next call tries again.
    #[error(transparent)]
    Store(StoreError),
}

/// Why a watcher with a cursor delivered nothing.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CursorWatcherError {
    /// The store was closed: nothing can come any more.
    #[error("the store is closed")]
    StoreClosed,
    /// Somebody stopped the watcher.
    #[error("the watcher was stopped")]
    Stopped,
    /// Reading, folding or saving the position failed. The watcher goes on: the next call tries again.
    #[error(transparent)]
    Store(StoreError),
}

/// The same for every canal, before it gets the canal's own name.
#[derive(Debug)]
pub enum Failure {
    /// For ever: the store was closed.
    Closed,
    /// For ever: somebody stopped the watcher.
    Stopped,
    /// This time.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Closed => Self::Closed,
            error => Self::Store(error),
        }
    }
}

impl From<Failure> for WatcherError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Closed => Self::StoreClosed,
            Failure::Stopped => Self::Stopped,
            Failure::Store(error) => Self::Store(error),
        }
    }
}

impl From<Failure> for CursorWatcherError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Closed => Self::StoreClosed,
            Failure::Stopped => Self::Stopped,
            Failure::Store(error) => Self::Store(error),
        }
    }
}

impl From<StoreError> for WatcherError {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}

impl From<StoreError> for CursorWatcherError {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}

/// A canal that wakes a watcher.
pub trait WakeUp: Canal {
    /// What a watcher with this canal returns.
    type WatchError: std::error::Error + From<Failure>;

    /// Waits until something may have happened to `entity`.
    fn wait(&mut self, entity: &str, patience: &Patience) -> Result<Waited<()>, StoreError>;

    /// Learns that nothing before `end` needs a wake-up any more.
    fn pass(&mut self, end: u64);

    /// Keeps what was passed for the next start.
    fn save(&self) -> Result<(), StoreError>;
}

impl WakeUp for Subscription {
    type WatchError = WatcherError;

    /// Every notification counts, those of other entities below this one too: one of its own may have been dropped behind them.
    fn wait(&mut self, _: &str, patience: &Patience) -> Result<Waited<()>, StoreError> {
        Ok(wait(self.receiver(), patience).map(drop))
    }

    fn pass(&mut self, _: u64) {}

    fn save(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl WakeUp for Cursor {
    type WatchError = CursorWatcherError;

    fn wait(&mut self, entity: &str, patience: &Patience) -> Result<Waited<()>, StoreError> {
        self.wait_until(patience, |cursor| Ok(cursor.finds_event_of(entity)?.then_some(())))
    }

    fn pass(&mut self, end: u64) {
        self.skip_to(end);
    }

    fn save(&self) -> Result<(), StoreError> {
        self.save_position()
    }
}

/// Watches the state of `entity` from now on: what was appended before is not delivered.
pub(crate) fn watch<T: Projection>(
    reader: &Reader,
    kept: &Arc<KeptStates>,
    entity: &str,
) -> ProjectionWatcher<T> {
    let generation = || reader.generation(entity).map(Option::unwrap_or_default).ok();
    let passed = reader.visible();
    let before = generation();
    let canal = Subscription::new(reader.subscribe(&Region::entity(entity), WAKE_UPS));
    // What was appended since the first reading and before the subscription wakes nobody; a reading that failed may hide such an event.
    let after = generation();
    kept.prefetch::<T>(reader, entity);
    ProjectionWatcher::new(reader, kept, entity, canal, Start::between(passed, before, after))
}

/// Watches the state of `entity` with a cursor: from the beginning, so that the first delivery is the current state, or from where `id`
/// was last saved. With an `id` the position behind a delivery is saved by the call that follows it.
pub(crate) fn watch_with_cursor<T: Projection>(
    reader: &Reader,
    kept: &Arc<KeptStates>,
    entity: &str,
    id: Option<CheckpointId>,
) -> Result<ProjectionWatcher<T, Cursor>, StoreError> {
    let region = Region::entity(entity);
    let canal = match id {
        None => Cursor::new(reader, &region),
        Some(id) => Cursor::resume(reader, &region, id)?,
    };
    kept.prefetch::<T>(reader, entity);
    let passed = canal.position().map_or(0, |last| last.saturating_add(1));
    Ok(ProjectionWatcher::new(reader, kept, entity, canal, Start { passed, delivered: 0, due: false }))
}

/// Where a watcher begins.
#[derive(Debug, PartialEq, Eq)]
struct Start {
    passed: u64,
    delivered: u64,
    due: bool,
}

impl Start {
    /// After the first of two readings of the generation, between which the subscription was made. Each may have failed.
    fn between(passed: u64, before: Option<u64>, after: Option<u64>) -> Self {
        let rose = before.zip(after).is_none_or(|(before, after)| after > before);
        Self { passed, delivered: before.unwrap_or(0), due: rose }
    }
}

impl<T, C: Canal> ProjectionWatcher<T, C> {
    fn new(
        reader: &Reader,
        kept: &Arc<KeptStates>,
        entity: &str,
        canal: C,
        Start { passed, delivered, due }: Start,
    ) -> Self {
        let (stop, stopped) = WatchStop::new();
        Self {
            reader: Some(reader.clone()),
            kept: Arc::clone(kept),
            entity: entity.into(),
            canal,
            delivered,
            passed,
            unsettled: false,
            due,
            stop,
            stopped,
            state: PhantomData,
        }
    }

    /// The entity that is watched.
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// A handle that stops the watcher from another thread.
    pub fn stop_handle(&self) -> WatchStop {
        self.stop.clone()
    }
}

impl<T> ProjectionWatcher<T, Subscription> {
    /// The subscription that wakes the watcher.
    pub fn subscription(&self) -> &Subscription {
        &self.canal
    }
}

impl<T: Projection, C: WakeUp> ProjectionWatcher<T, C> {
    /// Waits for the next generation and returns it with its state.
    pub fn recv(&mut self) -> Result<(u64, Option<T>), C::WatchError> {
        loop {
            if let Some(update) = self.next_update(Patience::endless())? {
                return Ok(update);
            }
        }
    }

    /// Waits for the next generation, but no longer than `timeout`; `Ok(None)` if there is none by then.
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<(u64, Option<T>)>, C::WatchError> {
        Ok(self.next_update(Patience::of(timeout))?)
    }

    /// The next generation if there is one; `Ok(None)` if not.
    pub fn try_recv(&mut self) -> Result<Option<(u64, Option<T>)>, C::WatchError> {
        self.recv_timeout(Duration::ZERO)
    }

    /// The generation and state of this moment, delivered before or not. What it returns counts as delivered.
    pub fn current(&mut self) -> Result<(u64, Option<T>), C::WatchError> {
        self.settle()?;
        let reader = self.reader.as_ref().filter(|reader| !reader.is_closed()).cloned();
        Ok(self.deliver(&reader.ok_or(Failure::Closed)?)?)
    }

    /// Saves the position behind what was delivered last: whoever comes back has handled it. A closed store takes no position any more.
    fn settle(&mut self) -> Result<(), Failure> {
        if self.unsettled {
            match self.canal.save() {
                Ok(()) | Err(StoreError::Closed) => self.unsettled = false,
                Err(error) => return Err(Failure::Store(error)),
            }
        }
        Ok(())
    }

    /// Waits for a wake-up and looks, until there is a newer generation or patience ends.
    fn next_update(&mut self, patience: Patience) -> Result<Option<(u64, Option<T>)>, Failure> {
        self.settle()?;
        let patience = patience.unless(&self.stopped);
        loop {
            if self.stop.is_stopped() {
                return Err(Failure::Stopped);
            }
            if !self.due {
                match self.canal.wait(&self.entity, &patience) {
                    // The closing may have cut off the wake-up for the last events.
                    Ok(Waited::Got(()) | Waited::Closed) | Err(StoreError::Closed) => self.due = true,
                    Ok(Waited::Expired) => return Ok(None),
                    Ok(Waited::Stopped) => return Err(Failure::Stopped),
                    Err(error) => return Err(Failure::Store(error)),
                }
            }
            let update = self.probe()?;
            self.due = false;
            if update.is_some() {
                return Ok(update);
            }
        }
    }

    /// The newest generation and its state, if it was not delivered yet. Costs one look at the index if it was.
    fn probe(&mut self) -> Result<Option<(u64, Option<T>)>, Failure> {
        let reader = self.reader.clone().ok_or(Failure::Closed)?;
        // Asked before the end is read: nothing becomes visible in a closed store.
        if !reader.is_closed() {
            return self.look(&reader);
        }
        // Once only: what a closed store does not give now it does not give later.
        self.reader = None;
        let news = reader.any(&Selection::stream(&*self.entity), self.passed..reader.visible())?;
        if news { self.look(&reader) } else { Ok(None) }
    }

    fn look(&mut self, reader: &Reader) -> Result<Option<(u64, Option<T>)>, Failure> {
        let visible = reader.visible();
        if reader.generation(&self.entity)?.unwrap_or(0) <= self.delivered {
            self.pass(visible);
            return Ok(None);
        }
        self.deliver(reader).map(Some)
    }

    fn pass(&mut self, end: u64) {
        self.passed = self.passed.max(end);
        self.canal.pass(end);
    }

    fn deliver(&mut self, reader: &Reader) -> Result<(u64, Option<T>), Failure> {
        // Read before the state is, so that the state holds at least every event before it.
        let visible = reader.visible();
        let outcome = projection::<T>(reader, &self.kept, &self.entity, Freshness::Consistent)?;
        self.pass(visible);
        self.unsettled = true;
        self.delivered = self.delivered.max(outcome.generation);
        Ok((outcome.generation, outcome.state))
    }
}

impl<T: Projection> ProjectionWatcher<T, Cursor> {
    /// Declares the state that was delivered last handled, and saves the position behind it; without a name to save it under, nothing.
    ///
    /// Every call that asks for the next state does the same first. A consumer that ends need not save its last position, and is then
    /// delivered the last state once more when it begins again.
    ///
    /// # Errors
    /// [`CursorWatcherError::StoreClosed`] if the store was closed meanwhile.
    pub fn acknowledge(&mut self) -> Result<(), CursorWatcherError> {
        if self.unsettled && self.reader.as_ref().is_none_or(Reader::is_closed) {
            return Err(CursorWatcherError::StoreClosed);
        }
        Ok(self.settle()?)
    }
}

impl<T: Projection, C: WakeUp> Iterator for ProjectionWatcher<T, C> {
    type Item = Result<(u64, Option<T>), C::WatchError>;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_appended_while_the_watch_begins_is_due_at_once() {
        let start = |delivered, due| Start { passed: 7, delivered, due };
        assert_eq!(Start::between(7, Some(3), Some(3)), start(3, false));
        assert_eq!(Start::between(7, Some(3), Some(4)), start(3, true));
    }

    #[test]
    fn a_reading_that_fails_while_the_watch_begins_is_made_again_by_the_first_call() {
        assert_eq!(Start::between(0, None, Some(4)), Start { passed: 0, delivered: 0, due: true });
        assert_eq!(Start::between(0, Some(3), None), Start { passed: 0, delivered: 3, due: true });
    }
}
