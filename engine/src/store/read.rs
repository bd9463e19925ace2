//! The verbs that read, the same for every open store.

use std::ops::Range;

use serde_json::Value;

use crate::care::chain_walk::{
    ChainWalkEvidenceReport, ChainWalkReportError, ChainWalkRequest, chain_walk_evidence,
};
use crate::care::read_walk::{ReadWalkEvidenceReport, ReadWalkReportError, ReadWalkRequest, read_walk};
use crate::memory::locate::Columns;
use crate::memory::postings::Order;
use crate::memory::sealed::Tag;
use crate::memory::selection::Selection;
use crate::read::ancestry::{AncestorWalk, walk_ancestors};
use crate::read::entry::{IndexEntry, LogEvent};
use crate::read::streams::readable;
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
        self.reader.shared().durable()
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
    ) -> impl DoubleEndedIterator<Item = (u64, Result<LogEvent, StoreError>)> + use<State> {
        self.reader.events(Selection::default(), range)
    }

    /// Events that a selection takes, in commit order, each with its sequence. Both ends can be taken: `.rev()` gives the newest first.
    ///
    /// ```
    /// # use causeway::{coordinate::Coordinate, event::EventKind, store::{Selection, Store, StoreConfig}};
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Store::open(StoreConfig::new(directory.path()))?;
    /// let order = Coordinate::new("order:42", "shop")?;
    /// for step in ["placed", "paid", "sent"] {
    ///     store.append(&order, EventKind::custom(1, 1), &step)?;
    /// }
    /// let (_, newest) = store.read_selected(&Selection::stream("order:42"), 0..u64::MAX).next_back().unwrap();
    /// assert_eq!(newest?.raw.header.position.sequence(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_selected(
        &self,
        selection: &Selection,
        range: Range<u64>,
    ) -> impl DoubleEndedIterator<Item = (u64, Result<LogEvent, StoreError>)> + use<State> {
        self.reader.events(selection.clone(), range)
    }

    /// Metadata of the events that a selection takes, in commit order, each with its sequence. No payload is taken out of a frame.
    pub fn read_entries(
        &self,
        selection: &Selection,
        range: Range<u64>,
    ) -> impl DoubleEndedIterator<Item = (u64, Result<IndexEntry, StoreError>)> + use<State> {
        self.reader.entries(selection.clone(), range)
    }

    /// Sequences of the events that a selection takes, ascending from `from` on, at most `limit`.
    pub fn select(&self, selection: &Selection, from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        self.reader.select(selection, from..u64::MAX, (limit, Order::Ascending))
    }

    /// Sequences of the events that a selection takes, descending from below `before`, at most `limit`.
    pub fn select_before(
        &self,
        selection: &Selection,
        before: u64,
        limit: usize,
    ) -> Result<Vec<u64>, StoreError> {
        self.reader.select(selection, 0..before, (limit, Order::Descending))
    }

    /// How many events a selection takes.
    pub fn count(&self, selection: &Selection) -> Result<u64, StoreError> {
        self.reader.count(selection)
    }

    /// Place of an event in the commit order.
    pub fn sequence_of(&self, id: EventId) -> Result<Option<u64>, StoreError> {
        self.reader.sequence_of(id)
    }

    /// An event and those before it in its stream, at most `limit` together, their payloads as JSON; none for an unknown id.
    /// [`Store::walk_ancestors_outcome`] says why there are no more.
    pub fn walk_ancestors(&self, event_id: EventId, limit: usize) -> Vec<StoredEvent<Value>> {
        self.walk_ancestors_outcome(event_id, limit).map(|walk| walk.ancestors).unwrap_or_default()
    }

    /// An event and those before it in its stream, at most `limit` together, as far as each links to the one before it.
    ///
    /// ```
    /// # use causeway::{coordinate::Coordinate, event::EventKind, store::{AncestorBoundary, Store, StoreConfig}};
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Store::open(StoreConfig::new(directory.path()))?;
    /// let order = Coordinate::new("order:42", "shop")?;
    /// store.append(&order, EventKind::custom(1, 1), &"same")?;
    /// let receipt = store.append(&order, EventKind::custom(1, 1), &"same")?;
    /// let walk = store.walk_ancestors_outcome(receipt.event_id, 10)?;
    /// assert_eq!(walk.ancestors.len(), 2);
    /// assert!(matches!(walk.boundary, AncestorBoundary::ReachedGenesis));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Only if the event that the walk is to begin at cannot be looked up; what fails later is the boundary.
    pub fn walk_ancestors_outcome(
        &self,
        event_id: EventId,
        limit: usize,
    ) -> Result<AncestorWalk, StoreError> {
        walk_ancestors(&self.reader, event_id, limit)
    }

    /// A report on the links of a stream, from an event back: which events were met, whether their hashes hold, and where it ended.
    pub fn chain_walk_evidence(
        &self,
        request: &ChainWalkRequest,
    ) -> Result<ChainWalkEvidenceReport, ChainWalkReportError> {
        chain_walk_evidence(&self.reader, request)
    }

    /// Metadata of the events of a region, in commit order, with a report on what was asked and answered.
    pub fn query_with_read_walk_evidence(
        &self,
        request: &ReadWalkRequest,
    ) -> Result<(Vec<IndexEntry>, ReadWalkEvidenceReport), ReadWalkReportError> {
        read_walk(&self.reader, request)
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

    /// Metadata of the events of a region before a sequence, or of the last ones, the newest first, at most `limit`. Damaged events are
    /// left out.
    pub fn entries_before(
        &self,
        region: &Region,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        self.reader.entries_before(region, before, limit)
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

    /// Runs of places in `range` at which nothing can be read, ascending, and where the look at them ended: behind `most` runs it ends
    /// early. Their frames are damaged, or missing with their segment; of a frame that was damaged since its index was made only reading
    /// it, or [`Store::verify`], knows.
    pub fn unreadable(&self, range: Range<u64>, most: usize) -> Result<(Vec<Range<u64>>, u64), StoreError> {
        let end = range.end.min(self.visible());
        self.reader.shared().index.unreadable(range.start.min(end)..end, most)
    }

    /// Times and kinds of a run of events, without reading a frame: a row for each. The answer ends early within a gap of more than a
    /// million missing events.
    pub fn columns(&self, range: Range<u64>) -> Result<Columns, StoreError> {
        let end = range.end.min(self.visible());
        self.reader.shared().index.columns(range.start.min(end)..end)
    }

    fn entries(&self, selection: Selection) -> Vec<IndexEntry> {
        readable(self.reader.entries(selection, 0..u64::MAX)).filter_map(Result::ok).collect()
    }
}
