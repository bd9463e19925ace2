//! Owns a thread that works on events: wait for a batch, handle it, commit it; begin again after a panic. Knows no handler.
//!
//! Invariants:
//! - a batch is committed only after its handler returned, so that a crash, a panic or a rollback repeats it and loses nothing;
//! - the thread sleeps until an append wakes it, and ends when it is stopped or the store is closed.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::Receiver;

use crate::derive::feed::Feed;
use crate::derive::observation::AtLeastOnce;
use crate::derive::restart::RestartBudget;
use crate::derive::wait::{Patience, Waited, WatchStop};
use crate::store::Store;
use crate::store::react::guests::Door;
use crate::store::react::worker::CursorWorkerAction;
use crate::words::config::RestartPolicy;
use crate::words::error::StoreError;
use crate::words::sync::{Arc, JoinHandle, spawn};

/// What handles a batch: events, the store, and the witness if positions are saved.
pub(super) trait Handle<I, E>:
    FnMut(Vec<I>, &Store, Option<&AtLeastOnce>) -> Result<CursorWorkerAction, E> + Send + 'static
{
}

impl<I, E, H> Handle<I, E> for H where
    H: FnMut(Vec<I>, &Store, Option<&AtLeastOnce>) -> Result<CursorWorkerAction, E> + Send + 'static
{
}

/// Why a thread gave up.
#[derive(Debug)]
pub(super) enum Failure<E> {
    /// Reading, or saving the position, failed.
    Store(StoreError),
    /// The handler failed.
    Handler(E),
    /// The handler panicked more often than it may.
    Exhausted,
}

impl<E> From<StoreError> for Failure<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// How a thread works.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) batch_size: usize,
    pub(super) restart: RestartPolicy,
    pub(super) witness: Option<AtLeastOnce>,
}

/// A thread that works on events.
struct Work<F> {
    door: Door,
    feed: F,
    terms: Terms,
    stop: WatchStop,
    stopped: Receiver<Infallible>,
}

impl<F: Feed> Work<F> {
    fn run<E>(&mut self, mut handle: impl Handle<F::Item, E>) -> Result<(), Failure<E>> {
        let patience = Patience::endless().unless(&self.stopped);
        let mut budget = RestartBudget::new(self.terms.restart);
        while !self.stop.is_stopped() {
            let batch = match self.feed.next(self.terms.batch_size.max(1), &patience) {
                Ok(Waited::Got(batch)) => batch,
                Ok(Waited::Expired | Waited::Stopped | Waited::Closed) | Err(StoreError::Closed) => break,
                Err(error) => return Err(error.into()),
            };
            let Some(store) = self.door.enter() else { break };
            let witness = self.terms.witness.as_ref();
            let handled = catch_unwind(AssertUnwindSafe(|| handle(batch, &store, witness)));
            match handled {
                Ok(Ok(CursorWorkerAction::Continue)) => self.feed.commit()?,
                Ok(Ok(CursorWorkerAction::Stop)) => return Ok(self.feed.commit()?),
                Ok(Ok(CursorWorkerAction::StopWithRollback)) => break,
                Ok(Err(error)) => return Err(Failure::Handler(error)),
                Err(_) if !self.feed.rewind() => return Err(StoreError::WriterCrashed.into()),
                Err(_) if !budget.grant(store.reader.clock().now_mono_ns()) => {
                    return Err(Failure::Exhausted);
                }
                // The hook that every panic runs has told of it.
                Err(_) => {}
            }
        }
        Ok(())
    }
}

/// Starts a thread that works on what `feed` yields, if there is one; otherwise it ends at once and says why.
pub(super) fn start<F: Feed, E: Send + 'static>(
    name: &str,
    store: &Arc<Store>,
    feed: Result<F, StoreError>,
    terms: Terms,
    handle: impl Handle<F::Item, E>,
) -> Result<Running<Failure<E>>, StoreError> {
    let door = Door::of(store);
    let (stop, stopped) = WatchStop::new();
    let stop_handle = stop.clone();
    let thread = spawn(name, move || Work { door, feed: feed?, terms, stop, stopped }.run(handle))?;
    Ok(Running { stop: stop_handle, thread: Some(thread) })
}

/// A thread that works on events, seen from outside. Dropping it asks the thread to stop.
#[derive(Debug)]
pub(super) struct Running<E> {
    stop: WatchStop,
    thread: Option<JoinHandle<Result<(), E>>>,
}

impl<E> Running<Failure<E>> {
    pub(super) fn stop(&self) {
        self.stop.stop();
    }

    /// Waits until the thread ended.
    pub(super) fn join(mut self) -> Result<(), Failure<E>> {
        let Some(thread) = self.thread.take() else { return Ok(()) };
        thread.join().unwrap_or(Err(Failure::Store(StoreError::WriterCrashed)))
    }
}

impl<E> Drop for Running<E> {
    fn drop(&mut self) {
        self.stop.stop();
    }
}
