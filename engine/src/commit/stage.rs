//! Owns staging: giving events their place, linking them into their streams, encoding them. Nothing is written here.
//!
//! Invariant: what is staged can be dropped without a trace; no number is burned.

use std::collections::HashMap;

use crate::commit::options::CausationRef;
use crate::commit::receipt::{AppendReceipt, Issuer, Witness};
use crate::commit::request::{Form, Item};
use crate::disk::frame::{CatalogueFrame, EventFrame};
use crate::memory::live::{Head, Row};
use crate::words::catalogue::KindDescription;
use crate::words::chain::Link;
use crate::words::error::StoreError;
use crate::words::event::EventHeader;
use crate::words::id::{CausationId, CorrelationId, EventId, IdempotencyKey, v7_at};
use crate::words::position::{DagPosition, DiskPos};
use crate::words::sync::Arc;

/// An event that has its place.
#[derive(Debug)]
pub(crate) struct StagedEvent {
    pub(crate) item: Item,
    pub(crate) global_sequence: u64,
    pub(crate) header: EventHeader,
    pub(crate) event_hash: [u8; 32],
    pub(crate) offset: u32,
    pub(crate) length: u32,
}

impl StagedEvent {
    pub(crate) fn row(&self) -> Row<'_> {
        Row {
            offset: self.offset,
            header: &self.header,
            entity: self.item.coordinate.entity(),
            scope: self.item.coordinate.scope(),
            event_hash: &self.event_hash,
        }
    }

    /// Its stream, and itself as the newest event of it.
    fn head(&self) -> (Arc<str>, Head) {
        let head = Head { clock: self.header.position.sequence(), event_hash: self.event_hash };
        (self.item.coordinate.shared_entity(), head)
    }

    pub(crate) fn receipt(&self, issuer: Issuer<'_>, segment: u64, durable: bool) -> AppendReceipt {
        issuer.issue(Witness {
            event_id: self.header.event_id,
            sequence: self.global_sequence,
            stream_sequence: self.header.position.sequence(),
            content_hash: self.header.content_hash,
            event_hash: self.event_hash,
            extensions: self.item.options.extensions.clone(),
            place: DiskPos::new(segment, u64::from(self.offset), self.length),
            durable,
        })
    }
}

/// What one write will hold.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    pub(crate) bytes: Vec<u8>,
    pub(crate) events: Vec<StagedEvent>,
    pub(crate) descriptions: Vec<KindDescription>,
    heads: HashMap<Arc<str>, Head>,
    /// Places among the staged events of those that have a key.
    keys: HashMap<u128, usize>,
    largest_time: i64,
}

/// Why a group was not staged, and at which of its items that showed.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) item_index: usize,
    pub(crate) source: StoreError,
}

impl Refused {
    /// The reason as a request of this form is told it.
    pub(crate) fn told_to(self, form: Form) -> StoreError {
        match form {
            Form::Batch => {
                StoreError::BatchFailed { item_index: self.item_index, source: Box::new(self.source) }
            }
            Form::Single | Form::Lifecycle | Form::Import => self.source,
        }
    }
}

/// How much was staged at some moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Savepoint {
    bytes: usize,
    events: usize,
    descriptions: usize,
    largest_time: i64,
}

/// Where the next event goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) next_sequence: u64,
    pub(crate) synced_through: u64,
    /// Place in the segment of the first staged byte.
    pub(crate) segment_bytes: u64,
    pub(crate) now_us: i64,
}

impl Stage {
    pub(crate) fn new(largest_time: i64) -> Self {
        Self { largest_time, ..Self::default() }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Newest staged event of a stream.
    fn head(&self, entity: &str) -> Option<Head> {
        self.heads.get(entity).copied()
    }

    /// Place among the staged events of the one that has this key.
    pub(crate) fn place_of(&self, key: IdempotencyKey) -> Option<usize> {
        self.keys.get(&key.into()).copied()
    }

    /// How much is staged now.
    pub(crate) fn savepoint(&self) -> Savepoint {
        Savepoint {
            bytes: self.bytes.len(),
            events: self.events.len(),
            descriptions: self.descriptions.len(),
            largest_time: self.largest_time,
        }
    }

    /// Drops what was staged since, and returns the descriptions among it.
    pub(crate) fn roll_back(&mut self, to: Savepoint) -> Vec<KindDescription> {
        self.bytes.truncate(to.bytes);
        self.events.truncate(to.events);
        self.largest_time = to.largest_time;
        self.heads = self.events.iter().map(StagedEvent::head).collect();
        self.keys.retain(|_, place| *place < to.events);
        self.descriptions.split_off(to.descriptions)
    }

    /// Stages a description of a kind.
    pub(crate) fn describe(&mut self, description: KindDescription, synced_through: u64) {
        CatalogueFrame { synced_through, description: &description }.encode(&mut self.bytes);
        self.descriptions.push(description);
    }

    /// Stages a group; after a failure the caller rolls back. `head_of` tells the newest committed event of a stream.
    ///
    /// What an item expects of its stream is compared with the stream as it stands with the items before it.
    pub(crate) fn push_group(
        &mut self,
        items: Vec<Item>,
        start: Start,
        mut head_of: impl FnMut(&str) -> Result<Option<Head>, StoreError>,
    ) -> Result<(), Refused> {
        let count = items.len();
        let mut ids = Vec::with_capacity(count);
        for (item_index, item) in items.into_iter().enumerate() {
            let refused = |source| Refused { item_index, source };
            let head = match self.head(item.coordinate.entity()) {
                Some(head) => Some(head),
                None => head_of(item.coordinate.entity()).map_err(refused)?,
            };
            expect(&item, head).map_err(refused)?;
            let header = header(&item, head, &ids, start.now_us).map_err(refused)?;
            ids.push(header.event_id);
            self.push(item, header, head, start, (count - item_index - 1) as u32);
        }
        Ok(())
    }

    /// Stages events as one group that were staged elsewhere before: they keep their headers.
    pub(crate) fn push_staged(
        &mut self,
        events: Vec<StagedEvent>,
        start: Start,
        mut head_of: impl FnMut(&str) -> Result<Option<Head>, StoreError>,
    ) -> Result<(), StoreError> {
        let count = events.len();
        for (index, event) in events.into_iter().enumerate() {
            let head = match self.head(event.item.coordinate.entity()) {
                Some(head) => Some(head),
                None => head_of(event.item.coordinate.entity())?,
            };
            self.push(event.item, event.header, head, start, (count - index - 1) as u32);
        }
        Ok(())
    }

    fn push(
        &mut self,
        item: Item,
        mut header: EventHeader,
        head: Option<Head>,
        start: Start,
        remaining: u32,
    ) {
        self.largest_time = self.largest_time.max(header.timestamp_us);
        let old = header.position;
        let wall_ms = u64::try_from(self.largest_time / 1_000).unwrap_or(0);
        header.position = DagPosition::with_hlc(wall_ms, 0, old.depth(), old.lane(), old.sequence());
        let global_sequence = start.next_sequence + self.events.len() as u64;
        let payload_form = item.origin.map_or(0, |origin| origin.payload_form);
        let event_hash = Link {
            prev_hash: &head.map_or([0; 32], |head| head.event_hash),
            global_sequence,
            header: &header,
            payload_form,
            entity: item.coordinate.entity(),
            scope: item.coordinate.scope(),
            extensions: &item.options.extensions,
        }
        .hash();
        let offset = start.segment_bytes as usize + self.bytes.len();
        let frame = EventFrame {
            global_sequence,
            synced_through: start.synced_through,
            remaining,
            header: &header,
            payload_form,
            event_hash: &event_hash,
            entity: item.coordinate.entity(),
            scope: item.coordinate.scope(),
            extensions: &item.options.extensions,
            payload: &item.payload,
        };
        let length = frame.encoded_len() as u32;
        frame.encode(&mut self.bytes);
        let event = StagedEvent { item, global_sequence, header, event_hash, offset: offset as u32, length };
        let (entity, head) = event.head();
        self.heads.insert(entity, head);
        if let Some(key) = event.item.options.idempotency_key {
            self.keys.insert(key.into(), self.events.len());
        }
        self.events.push(event);
    }
}

/// Compares what an item expects with the newest event of its stream.
fn expect(item: &Item, head: Option<Head>) -> Result<(), StoreError> {
    let (options, last) = (&item.options, head.map(|head| head.clock));
    let entity = || item.coordinate.entity().to_owned();
    let at = last.unwrap_or(0);
    if let Some(expected) = options.expected_sequence.filter(|expected| *expected != at) {
        return Err(StoreError::SequenceMismatch { entity: entity(), expected, actual: at });
    }
    if !options.expected_state.admits(last) {
        let expected = options.expected_state;
        return Err(StoreError::StreamStateMismatch { entity: entity(), expected, actual: last });
    }
    Ok(())
}

/// The header of an item, given the newest event of its stream and the ids of the items before it in its group.
fn header(
    item: &Item,
    head: Option<Head>,
    earlier: &[EventId],
    now_us: i64,
) -> Result<EventHeader, StoreError> {
    let options = &item.options;
    let timestamp_us = item.origin.map_or(now_us, |origin| origin.timestamp_us);
    let event_id = match (item.origin, options.idempotency_key) {
        (Some(origin), _) => origin.event_id,
        (None, Some(key)) => EventId::from_u128(key.into()),
        (None, None) => EventId::from_u128(v7_at(timestamp_us)),
    };
    let correlation = options.correlation_id.unwrap_or_else(|| CorrelationId::from(event_id));
    let causation = match item.causation {
        CausationRef::Absolute(id) => Some(CausationId::from_u128(id)),
        CausationRef::PriorItem(index) => earlier.get(index).copied().map(CausationId::from),
        CausationRef::None => options.causation_id,
    };
    let causation = causation.filter(|id| u128::from(*id) != 0);
    let clock = match head {
        None => 0,
        Some(head) => head
            .clock
            .checked_add(1)
            .ok_or_else(|| StoreError::EntityClockOverflow { entity: item.coordinate.entity().to_owned() })?,
    };
    let branch = options.position_hint.unwrap_or_default();
    let position = DagPosition::new(branch.depth, branch.lane, clock);
    let size = item.payload.len() as u32;
    let mut header =
        EventHeader::new_typed(event_id, correlation, causation, timestamp_us, position, size, item.kind)
            .with_flags(options.flags);
    header.content_hash = item.content_hash;
    header.payload_version = item.payload_version;
    Ok(header)
}
