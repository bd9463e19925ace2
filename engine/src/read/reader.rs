//! Owns reading an open store: every lookup that its users, its folds and its watchers make.
//!
//! Invariants:
//! - a read takes the visible end once, at its start, and shows nothing beyond it;
//! - the index proposes, the frame decides: an event whose frame says something else is reported as damaged.

use std::ops::Range;

use serde_json::Value;

use crate::disk::storage::Directory;
use crate::memory::files::Window;
use crate::memory::hub::Inbox;
use crate::memory::selection::Selection;
use crate::memory::shared::Shared;
use crate::read::entry::{IndexEntry, LogEvent};
use crate::read::streams::{Events, StreamIter};
use crate::words::clock::Clock;
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::event::{EventHeader, RawEvent, Removal, RemovalReason, StoredEvent};
use crate::words::id::EventId;
use crate::words::kind::EventKind;
use crate::words::position::{DagPosition, DiskPos};
use crate::words::region::Region;
use crate::words::sync::{Arc, Weak};

/// Sequences that one question to the index returns at most.
const PAGE: usize = 4096;

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
        if !self.shared.source.is_dense() {
            let count = self.shared.index.count_of(entity, self.visible())?;
            return Ok((count > 0).then_some(count));
        }
        let newest = self.shared.index.newest_of(entity, self.visible())?;
        let clock = match newest {
            None => return Ok(None),
            Some(newest) => match newest.head {
                Some(head) => head.clock,
                None => self.kept_or_removed_at(newest.sequence)?.raw.header.position.sequence(),
            },
        };
        Ok(Some(u64::from(clock) + 1))
    }

    /// Events of exactly `entity` from stream sequence `from` on, oldest first; only `kinds` if there are any.
    pub(crate) fn stream(
        &self,
        entity: &str,
        from: u32,
        kinds: &[EventKind],
    ) -> Result<StreamIter, StoreError> {
        let start = self.sequence_of_clock(entity, from)?;
        let selection = Selection { kinds: kinds.to_vec(), ..Selection::stream(entity) };
        Ok(StreamIter::new(Events::new(self.clone(), selection, start..self.visible())))
    }

    /// Events that a selection takes, in commit order.
    pub(crate) fn events(&self, selection: Selection, range: Range<u64>) -> Events {
        let end = range.end.min(self.visible());
        Events::new(self.clone(), selection, range.start..end)
    }

    /// Sequence of the first event of a stream whose place is not smaller than `clock`.
    fn sequence_of_clock(&self, entity: &str, clock: u32) -> Result<u64, StoreError> {
        if clock == 0 {
            return Ok(0);
        }
        let visible = self.visible();
        let mut place = u64::from(clock);
        if !self.shared.source.is_dense() {
            return Ok(self.shared.index.nth_of(entity, place, visible)?.unwrap_or(visible));
        }
        // Damaged events are missing from the postings, so that the n-th posting may lie behind place n of the stream.
        loop {
            let Some(sequence) = self.shared.index.nth_of(entity, place, visible)? else {
                if place == 0 {
                    return Ok(visible);
                }
                place -= 1;
                continue;
            };
            match self.kept_or_removed_at(sequence) {
                Ok(event) if event.raw.header.position.sequence() > clock && place > 0 => place -= 1,
                Ok(event) if event.raw.header.position.sequence() < clock => return Ok(sequence + 1),
                Ok(_) | Err(_) => return Ok(sequence),
            }
        }
    }

    /// Metadata of the events of a region after a sequence, in commit order.
    pub(crate) fn entries_after(
        &self,
        region: &Region,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<IndexEntry>, StoreError> {
        let start = after.map_or(0, |sequence| sequence.saturating_add(1));
        let events = self.events(Selection::region(region.clone()), start..u64::MAX);
        let taken = |event: &Result<LogEvent, StoreError>| {
            event.as_ref().map_or(true, |event| region.takes_clock(event.raw.header.position.sequence()))
        };
        events.readable().filter(taken).take(limit).map(|event| event.map(IndexEntry::from)).collect()
    }

    /// Sequences that a selection takes from `from` on, at most `limit`.
    pub(crate) fn select(
        &self,
        selection: &Selection,
        from: u64,
        limit: usize,
    ) -> Result<Vec<u64>, StoreError> {
        let mut found = Vec::new();
        if !selection.needs_confirmation() {
            self.shared.index.select(selection, from..self.visible(), limit, &mut found)?;
            return Ok(found);
        }
        for event in self.events(selection.clone(), from..u64::MAX).readable().take(limit) {
            found.push(event?.raw.global_sequence);
        }
        Ok(found)
    }

    /// How many events a selection takes.
    pub(crate) fn count(&self, selection: &Selection) -> Result<u64, StoreError> {
        let (mut count, mut from) = (0, 0);
        loop {
            let page = self.select(selection, from, PAGE)?;
            count += page.len() as u64;
            match page.last() {
                Some(last) if page.len() == PAGE => from = last + 1,
                _ => return Ok(count),
            }
        }
    }

    /// Place of an event in the commit order.
    pub(crate) fn sequence_of(&self, id: EventId) -> Result<Option<u64>, StoreError> {
        Ok(self.find(id)?.map(|event| event.raw.global_sequence))
    }

    /// The event with this id.
    pub(crate) fn find(&self, id: EventId) -> Result<Option<LogEvent>, StoreError> {
        Ok(self.find_kept_or_removed(id)?.filter(|event| !event.is_passed_over()))
    }

    /// The event with this id, or what compaction left of it: sequence, place and both hashes are those of its receipt.
    pub(crate) fn find_kept_or_removed(&self, id: EventId) -> Result<Option<LogEvent>, StoreError> {
        for sequence in self.shared.index.id_candidates(id.into(), self.visible())? {
            let event = self.kept_or_removed_at(sequence)?;
            if event.raw.header.event_id == id {
                return Ok(Some(event));
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
        let event = self.find(id)?.ok_or(StoreError::NotFound(id.into()))?;
        let is_removed = event.removed.is_some();
        let stored = event.into_stored();
        let payload = match stored.event.payload.as_slice() {
            _ if is_removed => Value::Null,
            bytes => encoding::to_json(bytes).map_err(StoreError::encoding)?,
        };
        Ok(StoredEvent { coordinate: stored.coordinate, event: stored.event.map_payload(|_| payload) })
    }

    /// The event at a place of the commit order.
    pub(crate) fn event_at(&self, sequence: u64) -> Result<LogEvent, StoreError> {
        let event = self.kept_or_removed_at(sequence)?;
        match event.removed {
            Some(Removal { reason: reason @ RemovalReason::Retention, .. }) => {
                Err(StoreError::Removed { sequence, reason })
            }
            Some(_) | None => Ok(event),
        }
    }

    /// The event at a place of the commit order, or what compaction left of it.
    pub(crate) fn kept_or_removed_at(&self, sequence: u64) -> Result<LogEvent, StoreError> {
        self.read_at(sequence, &mut Window::single(), |_, _| None)
    }

    /// Reads an event, or what is left of a removed one. `known_hash` may tell the event hash at a place of a stream without a read.
    pub(crate) fn read_at(
        &self,
        sequence: u64,
        window: &mut Window,
        known_hash: impl FnOnce(&str, u32) -> Option<[u8; 32]>,
    ) -> Result<LogEvent, StoreError> {
        let end = self.visible();
        if sequence >= end {
            return Err(StoreError::NoSuchSequence { sequence, end });
        }
        let (place, mut sourced) = self.shared.read(sequence, window)?;
        let found = sourced.event.global_sequence;
        if found != sequence {
            return Err(StoreError::CorruptFrame {
                segment_id: place.segment.first,
                offset: sourced.offset,
                reason: format!("it holds sequence {found} where the index expects {sequence}"),
            });
        }
        if sourced.removed.is_some() {
            let columns = self.shared.index.columns(sequence..sequence + 1)?;
            sourced.event.header.timestamp_us = columns.times_us.first().copied().unwrap_or_default();
        }
        self.set_wall_time(sequence, &mut sourced.event.header)?;
        let prev_hash = match sourced.prev_hash {
            Some(hash) => hash,
            None => self.prev_hash(&sourced.event, known_hash)?,
        };
        Ok(LogEvent {
            raw: sourced.event,
            prev_hash,
            place: DiskPos::new(place.segment.first, sourced.offset, sourced.length),
            segment: sourced.segment,
            hidden: sourced.hidden,
            findings: sourced.findings,
            removed: sourced.removed,
        })
    }

    fn set_wall_time(&self, sequence: u64, header: &mut EventHeader) -> Result<(), StoreError> {
        let old = header.position;
        let largest_us = self.shared.index.largest_time(sequence, header.timestamp_us)?;
        let wall_ms = old.wall_ms().max(u64::try_from(largest_us / 1_000).unwrap_or(0));
        header.position =
            DagPosition::with_hlc(wall_ms, old.counter(), old.depth(), old.lane(), old.sequence());
        Ok(())
    }

    fn prev_hash(
        &self,
        event: &RawEvent,
        known_hash: impl FnOnce(&str, u32) -> Option<[u8; 32]>,
    ) -> Result<[u8; 32], StoreError> {
        let entity = event.coordinate.entity();
        let Some(before) = event.header.position.sequence().checked_sub(1) else { return Ok([0; 32]) };
        if let Some(hash) = known_hash(entity, before) {
            return Ok(hash);
        }
        let head = self.shared.head_before(entity, event.global_sequence)?;
        Ok(head.map_or([0; 32], |head| head.event_hash))
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}
