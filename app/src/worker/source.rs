//! Owns what a projection is fed from: the stream of an entity, or a scope, which cuts across streams. The store watches both.

use causeway::coordinate::Region;
use causeway::store::{Freshness, ProjectionWatcher, RegionWatcher, WatchStop, WatcherError};

use crate::worker::handle::{Handle, ask};
use crate::worker::protocol::FoldSource;
use crate::worker::states::Fold;

/// A source of states.
pub(crate) enum Source<T: Fold> {
    /// An entity's stream.
    Entity(ProjectionWatcher<T>),
    /// A scope.
    Scope(RegionWatcher<T>),
}

impl<T: Fold> Source<T> {
    /// Watches a source from now on.
    pub(crate) fn of(handle: &Handle, source: &FoldSource) -> Self {
        match source {
            FoldSource::Entity(entity) => {
                Self::Entity(ask!(handle, store => store.watch_projection(entity, Freshness::Consistent)))
            }
            FoldSource::Scope(scope) => {
                Self::Scope(ask!(handle, store => store.watch_region(&Region::scope(scope))))
            }
        }
    }

    /// Ends the source from another thread: whoever waits in it returns at once.
    pub(crate) fn stop_handle(&self) -> WatchStop {
        match self {
            Self::Entity(watcher) => watcher.stop_handle(),
            Self::Scope(watcher) => watcher.stop_handle(),
        }
    }

    /// The generation and the state as they are now. To be asked once, first.
    pub(crate) fn current(&mut self) -> Result<(u64, Option<T>), WatcherError> {
        match self {
            Self::Entity(watcher) => watcher.current(),
            Self::Scope(watcher) => watcher.recv(),
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
