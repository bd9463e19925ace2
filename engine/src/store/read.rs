//! The verbs that read, the same for every open store.

use std::ops::Range;

use serde_json::Value;

use crate::memory::index::Columns;
use crate::memory::sealed::Tag;
use crate::memory::selection::Selection;
use crate::read::entry::{IndexEntry, LogEvent};
use crate::store::Store;
use crate::store::state::StoreState;
use crate::words::catalogue::KindDescription;
use crate::words::error::StoreError;
use crate::words::event::StoredEvent;
use crate::words::id::{CorrelationId, EventId};
use crate::words::kind::EventKind;
use crate::words::payload::EventPayload;
use crate::words::region::{KindFilter, Region};
use crate::words::sync::Arc;

/// How much a store holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreStats {
    /// Events, those of the store itself included, without those that retention removed.
    pub event_count: usize,
    /// The next global sequence.
    pub global_sequence: u64,
}

impl<State: StoreState> Store<State> {
    /// Exclusive end of what can be read: the next global sequence.
    pub fn visible(&self) -> u64 {
        self.reader.visible()
    }

    /// Exclusive end of what is known to be on stable storage.
    pub fn durable(&self) -> u64 {
        self.reader.shared().durable().min(self.visible())
    }

    /// How much the store holds.
    pub fn stats(&self) -> StoreStats {
        let global_sequence = self.visible();
        let removed = self.reader.shared().index.removed_count();
        StoreStats { event_count: global_sequence.saturating_sub(removed) as usize, global_sequence }
    }

    /// Frames that were read from segments since the store was opened, opening included.
    pub fn frames_read(&self) -> u64 {
        self.reader.shared().source.frames_read()
    }

    /// The event with this id, its payload as JSON.
    pub fn get(&self, id: EventId) -> Result<StoredEvent<Value>, StoreError> {
        self.reader.get(id)
    }

    /// The event with this id, its payload as stored.
    pub fn read_raw(&self, id: EventId) -> Result<StoredEvent<Vec<u8>>, StoreError> {
        self.reader.read_raw(id)
    }

    /// The event at a place of the commit order.
    ///
    /// # Errors
    /// An error of which [`StoreError::is_one_event`] is true if just this event cannot be read; the others stay readable. If retention
    /// removed it, that is [`StoreError::Removed`].
    pub fn event_at(&self, sequence: u64) -> Result<LogEvent, StoreError> {
        self.reader.event_at(sequence)
    }

    /// Events in commit order, each with its sequence. Damaged ones come as errors, and the iteration goes on.
    pub fn read_range(
        &self,
        range: Range<u64>,
    ) -> impl Iterator<Item = (u64, Result<LogEvent, StoreError>)> + use<State> {
        self.reader.events(Selection::default(), range)
    }

    /// Events that a selection takes, in commit order, each with its sequence.
    pub fn read_selected(
        &self,
        selection: &Selection,
        range: Range<u64>,
    ) -> impl Iterator<Item = (u64, Result<LogEvent, StoreError>)> + use<State> {
        self.reader.events(selection.clone(), range)
    }

    /// Sequences of the events that a selection takes, ascending from `from` on, at most `limit`.
    pub fn select(&self, selection: &Selection, from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        self.reader.select(selection, from, limit)
    }

    /// How many events a selection takes.
    pub fn count(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.reader.count(selection)
    }

    /// Place of an event in the commit order.
    pub fn sequence_of(&self, id: EventId) -> Result<Option<u64>, StoreError> {
        self.reader.sequence_of(id)
    }

    /// Metadata of every event of a region, in commit order. Damaged events are left out.
    pub fn query(&self, region: &Region) -> Vec<IndexEntry> {
        self.query_entries_after(region, None, usize::MAX)
    }

    /// Metadata of the next events of a region after a sequence, at most `limit`. Damaged events are left out, and a page that cannot
    /// be read is empty: [`Store::entries_after`] tells the difference.
    pub fn query_entries_after(&self, region: &Region, after: Option<u64>, limit: usize) -> Vec<IndexEntry> {
        self.entries_after(region, after, limit).unwrap_or_default()
    }

    /// Metadata of the next events of a region after a sequence, at most `limit`. Damaged events are left out.
    pub fn entries_after(
        &self,
        region: &Region,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        self.reader.entries_after(region, after, limit)
    }

    /// Metadata of the stream of exactly one entity, oldest first.
    pub fn by_entity(&self, entity: &str) -> Vec<IndexEntry> {
        self.entries(Selection::stream(entity))
    }

    /// Metadata of the events of a scope.
    pub fn by_scope(&self, scope: &str) -> Vec<IndexEntry> {
        self.query(&Region::scope(scope))
    }

    /// Metadata of the events of a kind.
    pub fn by_fact(&self, kind: EventKind) -> Vec<IndexEntry> {
        self.query(&Region::all().with_fact(KindFilter::Exact(kind)))
    }

    /// Metadata of the events with a payload type.
    pub fn by_fact_typed<T: EventPayload>(&self) -> Vec<IndexEntry> {
        self.by_fact(T::KIND)
    }

    /// Metadata of the members of a conversation.
    pub fn by_correlation(&self, id: CorrelationId) -> Vec<IndexEntry> {
        self.entries(Selection::correlation(id))
    }

    /// Metadata of the events that an event caused.
    pub fn effects_of(&self, id: EventId) -> Vec<IndexEntry> {
        self.entries(Selection::effects_of(id))
    }

    /// Number of events in the stream of exactly one entity; `None` if it has none.
    pub fn entity_generation(&self, entity: &str) -> Option<u64> {
        self.reader.generation(entity).ok().flatten()
    }

    /// Every entity with the number of its events, sorted by name.
    pub fn entities(&self) -> Result<Vec<(Arc<str>, u64)>, StoreError> {
        Ok(self.reader.shared().index.names(Tag::Streams)?.into_iter().collect())
    }

    /// Every scope with the number of its events, sorted by name.
    pub fn scopes(&self) -> Result<Vec<(Arc<str>, u64)>, StoreError> {
        Ok(self.reader.shared().index.names(Tag::Scopes)?.into_iter().collect())
    }

    /// Every kind with the number of its events, sorted by number.
    pub fn kinds(&self) -> Result<Vec<(EventKind, u64)>, StoreError> {
        Ok(self.reader.shared().index.kinds()?.into_iter().collect())
    }

    /// What the log says about its kinds: names, versions, fields.
    pub fn kind_descriptions(&self) -> Result<Vec<KindDescription>, StoreError> {
        Ok(self.reader.shared().index.catalogue()?.into_iter().collect())
    }

    /// Times and kinds of a run of events, without reading a frame.
    pub fn columns(&self, range: Range<u64>) -> Result<Columns, StoreError> {
        let end = range.end.min(self.visible());
        self.reader.shared().index.columns(range.start.min(end)..end)
    }

    fn entries(&self, selection: Selection) -> Vec<IndexEntry> {
        let events = self.reader.events(selection, 0..u64::MAX).readable();
        events.filter_map(Result::ok).map(IndexEntry::from).collect()
    }
}
