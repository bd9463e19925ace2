//! Owns the cursor worker: a thread that hands batches of a region's events to a function, in order, at least once.

use std::time::Duration;

use crate::derive::canal::CanalHandle;
use crate::derive::checkpoint::CheckpointId;
use crate::derive::cursor::Cursor;
use crate::derive::feed::CursorFeed;
use crate::derive::gap::{CursorGapConfig, GapObservation, Gaps};
use crate::derive::observation::AtLeastOnce;
use crate::read::entry::IndexEntry;
use crate::store::Store;
use crate::store::react::work::{Failure, Running, Terms, start};
use crate::words::config::RestartPolicy;
use crate::words::error::StoreError;
use crate::words::region::Region;
use crate::words::sync::Arc;

/// What a handler wants to happen after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CursorWorkerAction {
    /// The batch is handled; go on.
    Continue,
    /// The batch is handled; end.
    Stop,
    /// The batch is not handled: end, and deliver it again when a worker starts from the same position.
    StopWithRollback,
}

/// How a cursor worker works. Made by [`CursorWorkerConfig::default`], then changed field by field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CursorWorkerConfig {
    /// Most events of a batch; 64 unless set, and 0 counts as 1.
    pub batch_size: usize,
    /// Kept for programs written against batpak; has no effect, because an append wakes the worker at once and nothing else does.
    pub idle_sleep: Duration,
    /// How often the worker begins again after the handler panicked. The batch is delivered again then.
    pub restart: RestartPolicy,
    /// The name under which the position is saved after each batch; without one the worker begins at the first event every time.
    pub checkpoint_id: Option<CheckpointId>,
    /// Whether the worker observes what it passes over: [`CursorWorkerHandle::take_gaps`].
    pub gap_observation: CursorGapConfig,
}

impl Default for CursorWorkerConfig {
    fn default() -> Self {
        Self {
            batch_size: 64,
            idle_sleep: Duration::from_millis(10),
            restart: RestartPolicy::default(),
            checkpoint_id: None,
            gap_observation: CursorGapConfig::default(),
        }
    }
}

/// A running cursor worker. Dropping it asks the worker to stop; the worker ends by itself when the store is closed.
#[derive(Debug)]
pub struct CursorWorkerHandle {
    running: Running<Failure<StoreError>>,
    gaps: Gaps,
}

impl CursorWorkerHandle {
    /// Asks the worker to stop, and does not wait for it. A batch that is being handled is finished first.
    pub fn stop(&self) {
        self.running.stop();
    }

    /// Waits until the worker ends by itself: the handler ended it, it failed, somebody stopped it, or the store was closed.
    ///
    /// # Errors
    /// [`StoreError::CursorCheckpointCorrupt`] or [`StoreError::CursorCheckpointRegionMismatch`] if it could not begin where it was,
    /// [`StoreError::CheckpointWriteFailed`] if it could not save where it is, [`StoreError::WriterCrashed`] if the handler panicked
    /// more often than the configuration allows.
    pub fn join(self) -> Result<(), StoreError> {
        self.running.join().map_err(|failure| match failure {
            Failure::Store(error) | Failure::Handler(error) => error,
            Failure::Exhausted => StoreError::WriterCrashed,
        })
    }

    /// Stops the worker and waits until it ended. The same errors as [`CursorWorkerHandle::join`].
    pub fn stop_and_join(self) -> Result<(), StoreError> {
        self.stop();
        self.join()
    }

    /// Takes the gaps that the worker observed, oldest first.
    pub fn take_gaps(&self) -> Vec<GapObservation> {
        self.gaps.take()
    }
}

impl CanalHandle for CursorWorkerHandle {
    fn stop(&self) {
        Self::stop(self);
    }

    fn join(self: Box<Self>) -> Result<(), StoreError> {
        Self::join(*self)
    }

    fn stop_and_join(self: Box<Self>) -> Result<(), StoreError> {
        Self::stop_and_join(*self)
    }
}

/// A cursor where a consumer begins, or why it cannot.
pub(super) fn begin(
    store: &Store,
    region: &Region,
    checkpoint: Option<&CheckpointId>,
) -> Result<Cursor, StoreError> {
    match checkpoint {
        None => Ok(Cursor::new(&store.reader, region)),
        Some(id) => Cursor::resume(&store.reader, region, id.clone()),
    }
}

/// Starts a worker.
pub(super) fn work<H>(
    store: &Arc<Store>,
    region: &Region,
    config: CursorWorkerConfig,
    mut handler: H,
) -> Result<CursorWorkerHandle, StoreError>
where
    H: FnMut(&[IndexEntry], &Store, Option<&AtLeastOnce>) -> CursorWorkerAction + Send + 'static,
{
    let cursor = begin(store, region, config.checkpoint_id.as_ref())
        .map(|cursor| cursor.with_gap_config(config.gap_observation));
    let gaps = cursor.as_ref().map(Cursor::gaps).unwrap_or_default();
    let terms = Terms {
        batch_size: config.batch_size,
        restart: config.restart,
        witness: config.checkpoint_id.map(AtLeastOnce::new),
    };
    let handle = move |entries: Vec<IndexEntry>, store: &Store, witness: Option<&AtLeastOnce>| {
        Ok(handler(&entries, store, witness))
    };
    let running = start("worker", store, cursor.map(CursorFeed::of_entries), terms, handle)?;
    Ok(CursorWorkerHandle { running, gaps })
}
