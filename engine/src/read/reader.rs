//! Owns reading an open store: every lookup that its users, its folds and its watchers make.
//!
//! Invariants:
//! - a read takes the visible end once, at its start, and shows nothing beyond it;
//! - the index proposes, the frame decides: an event whose frame says something else is reported as damaged.

use std::ops::Range;

use serde_json::Value;

use crate::disk::storage::Directory;
use crate::memory::files::{Sourced, Window};
use crate::memory::hub::Inbox;
use crate::memory::locate::Located;
use crate::memory::postings::Order;
use crate::memory::selection::Selection;
use crate::memory::shared::Shared;
use crate::read::entry::{IndexEntry, LogEvent};
use crate::read::streams::{Entries, Events, readable};
use crate::words::clock::Clock;
use crate::words::error::StoreError;
use crate::words::event::{EventHeader, Removal, RemovalReason, StoredEvent};
use crate::words::id::EventId;
use crate::words::position::DagPosition;
use crate::words::region::Region;
use crate::words::sync::{Arc, Weak};

/// A handle for reading; cheap to clone, whatever the store was opened for.
#[derive(Clone, Debug)]
pub(crate) struct Reader {
    shared: Arc<Shared>,
}

/// A handle that does not keep the store open.
#[derive(Clone, Debug)]
pub(crate) struct WeakReader {
    shared: Weak<Shared>,
}

impl WeakReader {
    /// The reader, as long as the store is open.
    pub(crate) fn upgrade(&self) -> Option<Reader> {
        let shared = self.shared.upgrade()?;
        (!shared.hub.is_closed()).then_some(Reader { shared })
    }
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub(crate) fn downgrade(&self) -> WeakReader {
        WeakReader { shared: Arc::downgrade(&self.shared) }
    }

    /// True once the store was closed: what is visible then stays as it is.
    pub(crate) fn is_closed(&self) -> bool {
        self.shared.hub.is_closed()
    }

    /// Exclusive end of what may be read.
    pub(crate) fn visible(&self) -> u64 {
        self.shared.visible()
    }

    /// How often the log changed other than by growing.
    pub(crate) fn rewrites(&self) -> u64 {
        self.shared.rewrites()
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock.0
    }

    /// Where cursors save their positions; `None` when nothing may be written.
    pub(crate) fn directory(&self) -> Option<Arc<dyn Directory>> {
        self.shared.directory.clone()
    }

    /// True if the visible end never goes back: only that of a follower does, when the files shrink.
    pub(crate) fn only_grows(&self) -> bool {
        self.shared.directory.is_some()
    }

    /// Notifications of what becomes visible in `region` from now on.
    pub(crate) fn subscribe(&self, region: &Region, capacity: usize) -> Inbox {
        self.shared.hub.subscribe(region, capacity)
    }

    /// Number of events in the stream of exactly `entity`; `None` if it has none.
    pub(crate) fn generation(&self, entity: &str) -> Result<Option<u64>, StoreError> {
        Ok(self.stream_end(entity, self.visible())?.map(|end| end.generation))
    }

    /// Events that a selection takes, in commit order.
    pub(crate) fn events(&self, selection: Selection, range: Range<u64>) -> Events {
        let end = range.end.min(self.visible());
        Events::new(self.clone(), selection, range.start..end)
    }

    /// The same without payloads.
    pub(crate) fn entries(&self, selection: Selection, range: Range<u64>) -> Entries {
        let end = range.end.min(self.visible());
        Entries::new(self.clone(), selection, range.start..end)
    }

    /// The part of a range in which a selection can lie: of a single stream it is known where its places lie.
    pub(super) fn narrowed(
        &self,
        selection: &Selection,
        range: Range<u64>,
    ) -> Result<Range<u64>, StoreError> {
        let (Some(entity), Some((first, last))) = (&selection.stream, selection.region.clock_range()) else {
            return Ok(range);
        };
        let start = self.sequence_of_clock(entity, first)?.max(range.start);
        let end = match last.checked_add(1) {
            Some(end) => self.sequence_of_clock(entity, end)?.min(range.end),
            None => range.end,
        };
        Ok(start..end)
    }

    /// Sequence of the first event of a stream whose place is not smaller than `clock`. Searches from the end: what is asked for is new
    /// as a rule.
    pub(super) fn sequence_of_clock(&self, entity: &str, clock: u32) -> Result<u64, StoreError> {
        if clock == 0 {
            return Ok(0);
        }
        let visible = self.visible();
        let index = &self.shared.index;
        let Some(generation) = self.generation(entity)? else { return Ok(visible) };
        let Some(behind) = generation.checked_sub(u64::from(clock) + 1) else { return Ok(visible) };
        let found = index.nth_before(entity, behind, visible)?;
        if !self.shared.source.is_dense() {
            return Ok(found.unwrap_or(visible));
        }
        // Damaged events are missing from the postings, so that the place wanted may be nearer to the end than that.
        let clock_at = |sequence| match self.header_at(sequence) {
            Ok(header) => Ok(Some(header.position.sequence())),
            Err(error) if error.is_one_event() => Ok(None),
            Err(error) => Err(error),
        };
        if let Some(sequence) = found
            && clock_at(sequence)?.is_none_or(|found| found == clock)
        {
            return Ok(sequence);
        }
        let (mut nearer, mut farther) = (0, behind);
        while nearer < farther {
            let middle = nearer + (farther - nearer).div_ceil(2);
            let sequence = index.nth_before(entity, middle, visible)?;
            let is_early = match sequence {
                Some(sequence) => clock_at(sequence)?.is_some_and(|found| found < clock),
                None => true,
            };
            if is_early {
                farther = middle - 1;
            } else {
                nearer = middle;
            }
        }
        Ok(index.nth_before(entity, nearer, visible)?.unwrap_or(visible))
    }

    /// Metadata of the events of a region after a sequence, in commit order.
    pub(crate) fn entries_after(
        &self,
        region: &Region,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        let start = after.map_or(0, |sequence| sequence.saturating_add(1));
        let entries = self.entries(Selection::region(region.clone()), start..u64::MAX);
        readable(entries.page(limit)).take(limit).collect()
    }

    /// Metadata of the events of a region before a sequence, the newest first.
    pub(crate) fn entries_before(
        &self,
        region: &Region,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        let end = before.unwrap_or(u64::MAX);
        let entries = self.entries(Selection::region(region.clone()), 0..end);
        readable(entries.page(limit)).rev().take(limit).collect()
    }

    /// Sequences in a range that a selection takes, at most `limit`: the first ascending, or the last descending.
    pub(crate) fn select(
        &self,
        selection: &Selection,
        range: Range<u64>,
        (limit, order): (usize, Order),
    ) -> Result<Vec<u64>, StoreError> {
        let range = range.start..range.end.min(self.visible());
        let mut found = Vec::new();
        if !selection.needs_confirmation() {
            self.shared.index.select(selection, range, (limit, order), &mut found)?;
            return Ok(found);
        }
        let entries = readable(self.entries(selection.clone(), range).page(limit));
        let sequence = |entry: Result<IndexEntry, StoreError>| entry.map(|entry| entry.global_sequence());
        match order {
            Order::Ascending => entries.take(limit).map(sequence).collect(),
            Order::Descending => entries.rev().take(limit).map(sequence).collect(),
        }
    }

    /// How many events a selection takes.
    pub(crate) fn count(&self, selection: &Selection) -> Result<u64, StoreError> {
        if selection.needs_confirmation() {
            let entries = readable(self.entries(selection.clone(), 0..u64::MAX));
            return entries.map(|entry| entry.map(|_| 1)).sum();
        }
        self.count_in(selection, 0..self.visible())
    }

    /// Place of an event in the commit order.
    pub(crate) fn sequence_of(&self, id: EventId) -> Result<Option<u64>, StoreError> {
        let found = self.find_with(id, &mut Window::headers())?.filter(|found| !found.is_passed_over());
        Ok(found.map(|sourced| sourced.event.global_sequence))
    }

    /// The event with this id.
    pub(crate) fn find(&self, id: EventId) -> Result<Option<LogEvent>, StoreError> {
        Ok(self.find_kept_or_removed(id)?.filter(|event| !event.is_passed_over()))
    }

    /// The event with this id, or what compaction left of it: sequence, place and both hashes are those of its receipt.
    pub(crate) fn find_kept_or_removed(&self, id: EventId) -> Result<Option<LogEvent>, StoreError> {
        let mut window = Window::whole();
        let found = self.find_with(id, &mut window)?;
        found.map(|sourced| self.linked(sourced, None, &mut window)).transpose()
    }

    /// The event with this id as its source has it.
    pub(crate) fn find_frame(&self, id: EventId) -> Result<Option<Sourced>, StoreError> {
        Ok(self.find_with(id, &mut Window::whole())?.filter(|found| !found.is_passed_over()))
    }

    fn find_with(&self, id: EventId, window: &mut Window) -> Result<Option<Sourced>, StoreError> {
        for sequence in self.shared.index.id_candidates(id.into(), self.visible()) {
            let sourced = self.sourced_at(sequence?, window)?;
            if sourced.event.header.event_id == id {
                return Ok(Some(sourced));
            }
        }
        Ok(None)
    }

    /// The event with this id, with its payload as stored.
    pub(crate) fn read_raw(&self, id: EventId) -> Result<StoredEvent<Vec<u8>>, StoreError> {
        Ok(self.find(id)?.ok_or(StoreError::NotFound(id.into()))?.into_stored())
    }

    /// The event with this id, with its payload as JSON; null where a tombstone stands.
    pub(crate) fn get(&self, id: EventId) -> Result<StoredEvent<Value>, StoreError> {
        self.find(id)?.ok_or(StoreError::NotFound(id.into()))?.into_json()
    }

    /// The event at a place of the commit order.
    pub(crate) fn event_at(&self, sequence: u64) -> Result<LogEvent, StoreError> {
        let mut window = Window::whole();
        let sourced = self.sourced_at(sequence, &mut window)?;
        if let Some(Removal { reason: reason @ RemovalReason::Retention, .. }) = sourced.removed {
            return Err(StoreError::Removed { sequence, reason });
        }
        self.linked(sourced, None, &mut window)
    }

    /// The header of an event, or of what is left of it.
    pub(crate) fn header_at(&self, sequence: u64) -> Result<EventHeader, StoreError> {
        Ok(self.sourced_at(sequence, &mut Window::headers())?.event.header)
    }

    fn sourced_at(&self, sequence: u64, window: &mut Window) -> Result<Sourced, StoreError> {
        let end = self.visible();
        if sequence >= end {
            return Err(StoreError::NoSuchSequence { sequence, end });
        }
        self.read_located(&self.shared.index.locate_one(sequence)?, window)
    }

    /// Reads an event where the index says that it is, and fills in its wall time.
    pub(super) fn read_located(&self, located: &Located, window: &mut Window) -> Result<Sourced, StoreError> {
        let sequence = located.sequence;
        let mut sourced = self.shared.read(located, window)?;
        let found = sourced.event.global_sequence;
        if found != sequence {
            return Err(StoreError::CorruptFrame {
                segment_id: sourced.place.segment_id(),
                offset: sourced.place.offset(),
                reason: format!("it holds sequence {found} where the index expects {sequence}"),
            });
        }
        let header = &mut sourced.event.header;
        if sourced.removed.is_some() {
            let columns = self.shared.index.columns(sequence..sequence + 1)?;
            header.timestamp_us = columns.times_us.first().copied().unwrap_or_default();
        }
        let old = header.position;
        let largest_us = located.earlier_us.max(header.timestamp_us);
        let wall_ms = old.wall_ms().max(u64::try_from(largest_us / 1_000).unwrap_or(0));
        header.position =
            DagPosition::with_hlc(wall_ms, old.counter(), old.depth(), old.lane(), old.sequence());
        Ok(sourced)
    }

    /// An event with the hash that it links to: its source has it, or it is known, or the event before it in its stream tells.
    pub(super) fn linked(
        &self,
        sourced: Sourced,
        known: Option<[u8; 32]>,
        window: &mut Window,
    ) -> Result<LogEvent, StoreError> {
        let event = &sourced.event;
        let place = (event.global_sequence, event.header.position.sequence());
        let prev_hash = if let Some(hash) = sourced.prev_hash.or(known) {
            hash
        } else {
            self.shared.hash_before(window, event.coordinate.entity(), place)?
        };
        Ok(LogEvent::new(sourced, prev_hash))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}
