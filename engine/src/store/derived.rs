//! The verbs that derive: states, watchers, subscriptions and cursors.

use crate::derive::checkpoint::CheckpointId;
use crate::derive::cursor::Cursor;
use crate::derive::evidence::{self, ProjectionRunEvidenceReport, ProjectionRunReportError};
use crate::derive::outcome::ProjectionOutcome;
use crate::derive::projection::{self, Freshness, Projection};
use crate::derive::region::{self, RegionWatcher};
use crate::derive::subscription::Subscription;
use crate::derive::watch::{self, ProjectionWatcher};
use crate::store::Store;
use crate::store::state::StoreState;
use crate::words::error::StoreError;
use crate::words::region::Region;

impl<State: StoreState> Store<State> {
    /// The state that the fold `T` makes of the events of exactly one entity; `None` if it makes none.
    pub fn project<T: Projection>(
        &self,
        entity: &str,
        freshness: &Freshness,
    ) -> Result<Option<T>, StoreError> {
        projection::project(&self.reader, &self.kept, entity, *freshness)
    }

    /// The state of one entity with its generation and how it came about.
    pub fn projection<T: Projection>(
        &self,
        entity: &str,
        freshness: &Freshness,
    ) -> Result<ProjectionOutcome<T>, StoreError> {
        projection::projection(&self.reader, &self.kept, entity, *freshness)
    }

    /// The generation and state of one entity, or `None` if the generation is still `last_generation`.
    ///
    /// The state is always that of the moment, whatever freshness is asked for.
    pub fn project_if_changed<T: Projection>(
        &self,
        entity: &str,
        last_generation: u64,
        _freshness: &Freshness,
    ) -> Result<Option<(u64, Option<T>)>, StoreError> {
        projection::project_if_changed(&self.reader, &self.kept, entity, last_generation)
    }

    /// The state of one entity as it was when the event at a global sequence was the newest of the store, that event included.
    ///
    /// A sequence beyond the end means the end; [`ProjectionOutcome::frontier`] tells how far the state reaches.
    pub fn project_at<T: Projection>(
        &self,
        entity: &str,
        sequence: u64,
    ) -> Result<ProjectionOutcome<T>, StoreError> {
        projection::projection_before(&self.reader, &self.kept, entity, sequence.saturating_add(1))
    }

    /// The state of one entity as its first `generation` events make it, of whatever kind; fewer if there are fewer.
    pub fn project_at_generation<T: Projection>(
        &self,
        entity: &str,
        generation: u64,
    ) -> Result<ProjectionOutcome<T>, StoreError> {
        let end = self.reader.end_of_generation(entity, generation)?;
        projection::projection_before(&self.reader, &self.kept, entity, end)
    }

    /// The state that the fold `T` makes of all events of a region, in commit order, whatever entity they belong to.
    ///
    /// Replayed with each call; [`Store::watch_region`] goes on from where it was. Damaged events are left out.
    pub fn project_region<T: Projection>(&self, region: &Region) -> Result<ProjectionOutcome<T>, StoreError> {
        region::project_region(&self.reader, region)
    }

    /// The state of one entity with a report on how it came about, for those who must be able to show it later.
    ///
    /// # Errors
    /// [`ProjectionRunReportError::ProjectionFailed`], with a report too, if the projection failed.
    pub fn project_run_evidence<T: Projection>(
        &self,
        entity: &str,
        freshness: &Freshness,
    ) -> Result<(Option<T>, ProjectionRunEvidenceReport), ProjectionRunReportError> {
        evidence::project_run_evidence(&self.reader, &self.kept, entity, *freshness)
    }

    /// Watches the state of one entity from now on. The watcher does not keep the store open.
    ///
    /// States are always those of the moment, whatever freshness is asked for.
    pub fn watch_projection<T: Projection>(
        &self,
        entity: &str,
        _freshness: Freshness,
    ) -> ProjectionWatcher<T> {
        watch::watch(&self.reader, &self.kept, entity)
    }

    /// Watches the state of one entity with a cursor: from the beginning, or from where `checkpoint` was last saved.
    ///
    /// The position behind a state is saved by the call that asks for the next one, so that a state is delivered again whose consumer
    /// ended before it was done with it; [`ProjectionWatcher::acknowledge`] saves it earlier.
    ///
    /// # Errors
    /// [`StoreError::CursorCheckpointRegionMismatch`] if the position was saved for another entity,
    /// [`StoreError::CursorCheckpointCorrupt`] if it cannot be read, [`StoreError::Configuration`] if the store is open for reading
    /// only and a position is to be saved.
    pub fn watch_projection_with_cursor<T: Projection>(
        &self,
        entity: &str,
        _freshness: Freshness,
        checkpoint: Option<CheckpointId>,
    ) -> Result<ProjectionWatcher<T, Cursor>, StoreError> {
        watch::watch_with_cursor(&self.reader, &self.kept, entity, checkpoint)
    }

    /// Watches one state over all events of a region, from the first on. The watcher does not keep the store open.
    pub fn watch_region<T: Projection + Clone>(&self, region: &Region) -> RegionWatcher<T> {
        region::watch_region(&self.reader, &self.kept, region)
    }

    /// Notifications of the events of a region from now on. What finds the buffer full is dropped and counted.
    pub fn subscribe_lossy(&self, region: &Region) -> Subscription {
        let capacity = self.reader.shared().config.broadcast_capacity();
        Subscription::new(self.reader.subscribe(region, capacity))
    }

    /// Pulls the events of a region in commit order, from the first on.
    pub fn cursor_guaranteed(&self, region: &Region) -> Cursor {
        Cursor::new(&self.reader, region)
    }
}
