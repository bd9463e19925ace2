//! The verbs that derive: states, watchers, subscriptions and cursors.

use crate::derive::checkpoint::CheckpointId;
use crate::derive::cursor::Cursor;
use crate::derive::projection::{self, Freshness, Projection, ProjectionOutcome};
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
        projection::project(&self.reader, &self.memory, entity, *freshness)
    }

    /// The state of one entity with its generation and how it came about.
    pub fn projection<T: Projection>(
        &self,
        entity: &str,
        freshness: &Freshness,
    ) -> Result<ProjectionOutcome<T>, StoreError> {
        projection::projection(&self.reader, &self.memory, entity, *freshness)
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
        projection::project_if_changed(&self.reader, &self.memory, entity, last_generation)
    }

    /// Watches the state of one entity from now on. The watcher does not keep the store open.
    ///
    /// States are always those of the moment, whatever freshness is asked for.
    pub fn watch_projection<T: Projection>(
        &self,
        entity: &str,
        _freshness: Freshness,
    ) -> ProjectionWatcher<T> {
        watch::watch(&self.reader, &self.memory, entity)
    }

    /// Watches the state of one entity with a cursor: from the beginning, or from where `checkpoint` was last saved.
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
        watch::watch_with_cursor(&self.reader, &self.memory, entity, checkpoint)
    }

    /// Watches one state over all events of a region, from the first on. The watcher does not keep the store open.
    pub fn watch_region<T: Projection + Clone>(&self, region: &Region) -> RegionWatcher<T> {
        region::watch_region(&self.reader, region)
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
