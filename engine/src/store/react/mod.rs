//! The verbs that start threads which work on events: cursor workers and reactors. None of them keeps the store open.

mod dispatch;
pub(crate) mod guests;
mod raw;
pub(crate) mod reactor;
mod work;
pub(crate) mod worker;

use serde_json::Value;

use crate::derive::fold::{JsonValueInput, RawMsgpackInput};
use crate::derive::observation::AtLeastOnce;
use crate::derive::reactive::{MultiReactive, Reactive, TypedReactive};
use crate::read::entry::IndexEntry;
use crate::store::react::dispatch::{One, Several};
use crate::store::react::reactor::{ReactorConfig, TypedReactorHandle};
use crate::store::react::worker::{CursorWorkerAction, CursorWorkerConfig, CursorWorkerHandle};
use crate::store::{Closed, Open, Store};
use crate::words::error::StoreError;
use crate::words::payload::EventPayload;
use crate::words::region::Region;
use crate::words::sync::{Arc, JoinHandle};

impl Store<Open> {
    /// Starts a thread that hands the events of a region to `handler`, in commit order, a batch at a time.
    ///
    /// The position is kept after the handler returned, so that each event comes at least once: a batch comes again if the handler
    /// panics, and, if the configuration names a checkpoint, after a crash of the process too. The witness is there only if it does.
    /// What goes wrong with the saved position is told by [`CursorWorkerHandle::join`].
    ///
    /// The worker holds the store only while the handler runs. It ends when the handler or its handle says so, and when the store is
    /// closed or dropped.
    ///
    /// ```
    /// use std::sync::{Arc, mpsc};
    ///
    /// use causeway::coordinate::{Coordinate, Region};
    /// use causeway::event::EventKind;
    /// use causeway::store::delivery::cursor::{CursorWorkerAction, CursorWorkerConfig};
    /// use causeway::store::{Store, StoreConfig};
    ///
    /// let directory = tempfile::tempdir()?;
    /// let store = Arc::new(Store::open(StoreConfig::new(directory.path()))?);
    /// let (mails, sent) = mpsc::channel();
    /// let worker = store.cursor_worker(
    ///     &Region::entity("order"),
    ///     CursorWorkerConfig::default(),
    ///     move |batch, _store, _at_least_once| {
    ///         for event in batch {
    ///             let _ = mails.send(event.coord().entity().to_owned());
    ///         }
    ///         CursorWorkerAction::Continue
    ///     },
    /// )?;
    /// store.append(&Coordinate::new("order:42", "shop")?, EventKind::custom(1, 1), &129.9)?;
    /// assert_eq!(sent.recv()?, "order:42");
    /// worker.stop_and_join()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Io`] if the system gives no thread.
    pub fn cursor_worker<F>(
        self: &Arc<Self>,
        region: &Region,
        config: CursorWorkerConfig,
        handler: F,
    ) -> Result<CursorWorkerHandle, StoreError>
    where
        F: FnMut(&[IndexEntry], &Store<Open>, Option<&AtLeastOnce>) -> CursorWorkerAction + Send + 'static,
    {
        worker::work(self, region, config, handler)
    }

    /// Starts a thread that hands the events of a region with payloads of type `T` to `reactor` and appends its answers.
    ///
    /// The answers to one event are appended together, in its conversation and caused by it. A reactor whose region and type take in
    /// its own answers answers those too. An error of the reactor, of decoding or of the store ends it without the answers to its batch;
    /// [`TypedReactorHandle::join`] tells which. See [`ReactorConfig`] for what a crash repeats.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the system gives no thread.
    pub fn react_loop_typed<T, R>(
        self: &Arc<Self>,
        region: &Region,
        config: ReactorConfig,
        reactor: R,
    ) -> Result<TypedReactorHandle<R::Error>, StoreError>
    where
        T: EventPayload + Send + 'static,
        R: TypedReactive<T>,
    {
        reactor::react(self, region, config, One::<T, R>::new(reactor))
    }

    /// The same for a reactor of several payload types that takes payloads as JSON values.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the system gives no thread.
    pub fn react_loop_multi<R>(
        self: &Arc<Self>,
        region: &Region,
        config: ReactorConfig,
        reactor: R,
    ) -> Result<TypedReactorHandle<R::Error>, StoreError>
    where
        R: MultiReactive<JsonValueInput>,
    {
        reactor::react(self, region, config, Several::<JsonValueInput, R>::new(reactor))
    }

    /// The same for a reactor of several payload types that takes payloads as stored bytes.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the system gives no thread.
    pub fn react_loop_multi_raw<R>(
        self: &Arc<Self>,
        region: &Region,
        config: ReactorConfig,
        reactor: R,
    ) -> Result<TypedReactorHandle<R::Error>, StoreError>
    where
        R: MultiReactive<RawMsgpackInput>,
    {
        reactor::react(self, region, config, Several::<RawMsgpackInput, R>::new(reactor))
    }

    /// Starts a thread that shows `reactor` what is appended to a region from now on, and appends its answers one by one.
    ///
    /// Lossy: what the reactor is too slow for, what cannot be read and what cannot be appended is left out, and nobody is told;
    /// [`Store::react_loop_typed`] loses nothing. The thread ends when the store is closed or dropped.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the system gives no thread.
    pub fn react_loop<R>(self: &Arc<Self>, region: &Region, reactor: R) -> Result<JoinHandle<()>, StoreError>
    where
        R: Reactive<Value> + Send + 'static,
    {
        raw::react(self, region, reactor)
    }

    /// Closes a store that workers and reactors work in: each finishes the batch that it is at, and ends.
    ///
    /// Not to be called from a handler, which would wait for itself.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] if another part of the program still holds the store: its workers and reactors have ended, and it
    /// is open until the last part lets go of it. Else the errors of [`Store::close`].
    pub fn close_shared(self: Arc<Self>) -> Result<Closed, StoreError> {
        self.half.guests.see_off();
        let held =
            || StoreError::Configuration("another part of the program still holds the store".to_owned());
        Arc::into_inner(self).ok_or_else(held)?.close()
    }
}
