//! Owns the one difference between a store that is read and one that is written: everything else in the worker asks this handle.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use causeway::coordinate::Region;
use causeway::event::{EventKind, KindDescription};
use causeway::id::EventId;
use causeway::store::{
    Columns, Finding, LogEvent, Open, Progress, ReadOnly, Selection, Store, StoreConfig, StoreError,
    StoreFormat, Subscription,
};

use crate::worker::protocol::OpenMode;

/// An open store, in either state.
#[derive(Clone)]
pub(crate) enum Handle {
    /// Another process may write it.
    Reader(Arc<Store<ReadOnly>>),
    /// This process holds the writer's lock.
    Writer(Arc<Store<Open>>),
}

/// Asks the store in the same words, whichever state it is in.
macro_rules! ask {
    ($handle:expr, $store:ident => $answer:expr) => {
        match $handle {
            Handle::Reader($store) => $answer,
            Handle::Writer($store) => $answer,
        }
    };
}
pub(crate) use ask;

impl Handle {
    /// Opens a directory. `progress` is told bytes done and bytes in all, and may end it; only reading takes long enough to ask it.
    pub(crate) fn open(path: &Path, mode: OpenMode, progress: Progress<'_>) -> Result<Self, StoreError> {
        let config = StoreConfig::new(path);
        match mode {
            OpenMode::ReadOnly => Store::<ReadOnly>::open_read_only_with_progress(config, progress)
                .map(Arc::new)
                .map(Self::Reader),
            OpenMode::Writable => Store::open(config).map(Arc::new).map(Self::Writer),
        }
    }

    /// Closes the store, unless a thread still uses it: then that thread closes it when it ends.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        match self {
            Self::Reader(_) => Ok(()),
            Self::Writer(store) => Arc::into_inner(store).map_or(Ok(()), |store| store.close().map(drop)),
        }
    }

    /// The mode it was opened in.
    pub(crate) fn mode(&self) -> OpenMode {
        match self {
            Self::Reader(_) => OpenMode::ReadOnly,
            Self::Writer(_) => OpenMode::Writable,
        }
    }

    /// The number of events that can be read.
    pub(crate) fn visible(&self) -> u64 {
        ask!(self, store => store.visible())
    }

    /// The number of events that are on stable storage.
    pub(crate) fn durable(&self) -> u64 {
        ask!(self, store => store.durable())
    }

    /// One event.
    pub(crate) fn event_at(&self, sequence: u64) -> Result<LogEvent, StoreError> {
        ask!(self, store => store.event_at(sequence))
    }

    /// The events of a range that match, in commit order.
    pub(crate) fn read_selected(
        &self,
        selection: &Selection,
        range: Range<u64>,
    ) -> Box<dyn Iterator<Item = (u64, Result<LogEvent, StoreError>)>> {
        ask!(self, store => Box::new(store.read_selected(selection, range)))
    }

    /// The sequences that match, ascending from `from`, answered by the index alone.
    pub(crate) fn select(
        &self,
        selection: &Selection,
        from: u64,
        limit: usize,
    ) -> Result<Vec<u64>, StoreError> {
        ask!(self, store => store.select(selection, from, limit))
    }

    /// The sequences that match, descending from below `before`, answered by the index alone.
    pub(crate) fn select_before(
        &self,
        selection: &Selection,
        before: u64,
        limit: usize,
    ) -> Result<Vec<u64>, StoreError> {
        ask!(self, store => store.select_before(selection, before, limit))
    }

    /// How many match.
    pub(crate) fn count(&self, selection: &Selection) -> Result<u64, StoreError> {
        ask!(self, store => store.count(selection))
    }

    /// Where an event is.
    pub(crate) fn sequence_of(&self, id: EventId) -> Result<Option<u64>, StoreError> {
        ask!(self, store => store.sequence_of(id))
    }

    /// Entities with the number of their events.
    pub(crate) fn entities(&self) -> Result<Vec<(Arc<str>, u64)>, StoreError> {
        ask!(self, store => store.entities())
    }

    /// Scopes with the number of their events.
    pub(crate) fn scopes(&self) -> Result<Vec<(Arc<str>, u64)>, StoreError> {
        ask!(self, store => store.scopes())
    }

    /// Kinds with the number of their events.
    pub(crate) fn kinds(&self) -> Result<Vec<(EventKind, u64)>, StoreError> {
        ask!(self, store => store.kinds())
    }

    /// Times and kinds of a range.
    pub(crate) fn columns(&self, range: Range<u64>) -> Result<Columns, StoreError> {
        ask!(self, store => store.columns(range))
    }

    /// Runs of places at which nothing can be read, and where the look at them ended.
    pub(crate) fn unreadable(
        &self,
        range: Range<u64>,
        most: usize,
    ) -> Result<(Vec<Range<u64>>, u64), StoreError> {
        ask!(self, store => store.unreadable(range, most))
    }

    /// What the log says about its kinds.
    pub(crate) fn kind_descriptions(&self) -> Result<Vec<KindDescription>, StoreError> {
        ask!(self, store => store.kind_descriptions())
    }

    /// What is damaged or odd.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        ask!(self, store => store.findings())
    }

    /// Names the store whatever its path.
    pub(crate) fn identity(&self) -> String {
        ask!(self, store => store.identity().to_owned())
    }

    /// Who wrote it.
    pub(crate) fn format(&self) -> StoreFormat {
        ask!(self, store => store.format())
    }

    /// The sequence to which a followed store went back since this was last asked.
    pub(crate) fn take_rollback(&self) -> Option<u64> {
        match self {
            Self::Reader(store) => store.take_rollback(),
            Self::Writer(_) => None,
        }
    }

    /// Size of its segments.
    pub(crate) fn size_bytes(&self) -> Result<u64, StoreError> {
        ask!(self, store => store.size_bytes())
    }

    /// Wakes up when something was added to a region.
    pub(crate) fn subscribe(&self, region: &Region) -> Subscription {
        ask!(self, store => store.subscribe_lossy(region))
    }
}
