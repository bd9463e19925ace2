//! Owns the index of events that are not in a sealed index yet: it grows by one event at a time.
//!
//! Invariants:
//! - ordinals are dense: row n is the event at global sequence `first + n`, or a damaged place;
//! - it never looks at a frame: what it knows, the caller told it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::disk::frame::Stub;
use crate::disk::segment::SegmentName;
use crate::memory::postings::{Places, Postings};
use crate::words::catalogue::{FieldDescription, KindDescription};
use crate::words::event::{EventHeader, RemovalReason};
use crate::words::kind::EventKind;
use crate::words::sync::Arc;

/// Events whose greatest earlier time is noted once.
pub(crate) const BLOCK_LEN: usize = 1024;

/// Most bytes that the descriptions of kinds take in memory.
const MOST_CATALOGUE_BYTES: usize = 16 * 1024 * 1024;

/// What the index keeps of one event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    /// Place of the frame in its segment, in bytes.
    pub(crate) offset: u32,
    pub(crate) header: &'a EventHeader,
    pub(crate) entity: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) event_hash: &'a [u8; 32],
}

/// Newest event of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) clock: u32,
    pub(crate) event_hash: [u8; 32],
}

/// What came before a block of [`BLOCK_LEN`] events, and whether time only went forward in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) largest_before: i64,
    pub(crate) ascending: bool,
}

/// In place of a stream: the row is in no postings, because its frame is damaged or its event is hidden.
pub(crate) const NO_STREAM: u32 = u32::MAX;

/// Index of the newest events.
#[derive(Debug)]
pub(crate) struct LivePart {
    /// The segment that holds the frames.
    pub(crate) segment: SegmentName,
    /// Global sequence of row 0.
    pub(crate) first: u64,
    pub(crate) offsets: Vec<u32>,
    pub(crate) times: Vec<i64>,
    pub(crate) kinds: Vec<u16>,
    /// The stream of each row: a place in `stream_names`, or [`NO_STREAM`].
    pub(crate) stream_of: Vec<u32>,
    /// Names of the streams, in the order in which they came.
    pub(crate) stream_names: Vec<Arc<str>>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) largest_time: i64,
    /// Smallest time of a row.
    pub(crate) smallest_time: i64,
    /// No row has a smaller time than one before it, in this part or an earlier one.
    pub(crate) rises: bool,
    pub(crate) streams: BTreeMap<Arc<str>, Vec<u32>>,
    pub(crate) scopes: BTreeMap<Arc<str>, Vec<u32>>,
    pub(crate) by_kind: BTreeMap<u16, Vec<u32>>,
    pub(crate) ids: HashMap<u32, Vec<u32>>,
    pub(crate) correlations: HashMap<u32, Vec<u32>>,
    pub(crate) causations: HashMap<u32, Vec<u32>>,
    /// What retention removed: it is in no other list but `ids`.
    pub(crate) removed: Vec<u32>,
    /// The same by stream, where the places stay taken.
    pub(crate) removed_streams: BTreeMap<Arc<str>, Vec<u32>>,
    pub(crate) catalogue: BTreeSet<KindDescription>,
    /// What the descriptions take, in bytes.
    catalogue_bytes: usize,
    heads: HashMap<Arc<str>, Head>,
}

/// CRC-32 of an id: what the index keeps of it. Different ids may share one; the frame decides.
pub(crate) fn fingerprint(id: u128) -> u32 {
    crc32fast::hash(&id.to_le_bytes())
}

impl LivePart {
    /// An empty part whose first event will have global sequence `first`. `largest_time` is the greatest time before it.
    pub(crate) fn new(segment: SegmentName, first: u64, largest_time: i64) -> Self {
        Self {
            segment,
            first,
            offsets: Vec::new(),
            times: Vec::new(),
            kinds: Vec::new(),
            stream_of: Vec::new(),
            stream_names: Vec::new(),
            blocks: Vec::new(),
            largest_time,
            smallest_time: i64::MAX,
            rises: true,
            streams: BTreeMap::new(),
            scopes: BTreeMap::new(),
            by_kind: BTreeMap::new(),
            ids: HashMap::new(),
            correlations: HashMap::new(),
            causations: HashMap::new(),
            removed: Vec::new(),
            removed_streams: BTreeMap::new(),
            catalogue: BTreeSet::new(),
            catalogue_bytes: 0,
            heads: HashMap::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.offsets.len()
    }

    /// Global sequence after the last row.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.len() as u64
    }

    /// Adds the next event.
    pub(crate) fn push(&mut self, row: &Row<'_>) {
        let ordinal = self.len() as u32;
        let header = row.header;
        self.push_columns(row.offset, header.timestamp_us, header.event_kind.as_raw_u16());
        let entity = self.post_stream(row.entity, ordinal);
        post(&mut self.scopes, row.scope, ordinal);
        self.by_kind.entry(header.event_kind.as_raw_u16()).or_default().push(ordinal);
        let id = u128::from(header.event_id);
        self.ids.entry(fingerprint(id)).or_default().push(ordinal);
        if u128::from(header.correlation_id) != id {
            self.correlations.entry(fingerprint(header.correlation_id.into())).or_default().push(ordinal);
        }
        if let Some(cause) = header.causation_id {
            self.causations.entry(fingerprint(cause.into())).or_default().push(ordinal);
        }
        self.heads.insert(entity, Head { clock: header.position.sequence(), event_hash: *row.event_hash });
    }

    /// Adds what is left of a removed event. Its time is not known: it counts as the greatest before it.
    pub(crate) fn push_stub(&mut self, offset: u32, stub: &Stub) {
        let ordinal = self.len() as u32;
        let time_us = if self.largest_time == i64::MIN { 0 } else { self.largest_time };
        let entity = match stub.reason {
            RemovalReason::Retention => {
                self.push_columns(offset, time_us, 0);
                self.removed.push(ordinal);
                post(&mut self.removed_streams, &stub.entity, ordinal);
                stub.entity.as_str().into()
            }
            RemovalReason::Tombstone => {
                let kind = EventKind::TOMBSTONE.as_raw_u16();
                self.push_columns(offset, time_us, kind);
                self.by_kind.entry(kind).or_default().push(ordinal);
                self.post_stream(&stub.entity, ordinal)
            }
        };
        self.ids.entry(fingerprint(stub.event_id.into())).or_default().push(ordinal);
        self.heads.insert(entity, Head { clock: stub.stream_sequence, event_hash: stub.event_hash });
    }

    /// Adds the rows of the part that follows this one.
    pub(crate) fn absorb(&mut self, next: &Self) {
        let shift = self.len() as u32;
        for (at, offset) in next.offsets.iter().enumerate() {
            let time = next.times.get(at).copied().unwrap_or_default();
            self.push_columns(*offset, time, next.kinds.get(at).copied().unwrap_or_default());
        }
        self.absorb_streams(next, shift);
        shift_names(&mut self.scopes, &next.scopes, shift);
        shift_names(&mut self.removed_streams, &next.removed_streams, shift);
        self.removed.extend(next.removed.iter().map(|ordinal| ordinal + shift));
        for (kind, ordinals) in &next.by_kind {
            self.by_kind.entry(*kind).or_default().extend(ordinals.iter().map(|ordinal| ordinal + shift));
        }
        for (table, added) in [
            (&mut self.ids, &next.ids),
            (&mut self.correlations, &next.correlations),
            (&mut self.causations, &next.causations),
        ] {
            for (print, ordinals) in added {
                table.entry(*print).or_default().extend(ordinals.iter().map(|ordinal| ordinal + shift));
            }
        }
        next.catalogue.iter().for_each(|description| self.describe(description));
        self.heads.extend(next.heads.iter().map(|(entity, head)| (Arc::clone(entity), *head)));
    }

    /// Notes what a kind is called. Descriptions are for people: those that a log has beyond all measure are left out.
    pub(crate) fn describe(&mut self, description: &KindDescription) {
        let field = |field: &FieldDescription| size_of_val(field) + field.name.len() + field.type_name.len();
        let bytes = description.name.len() + description.fields.iter().map(field).sum::<usize>();
        let all = self.catalogue_bytes + size_of_val(description) + bytes;
        if all <= MOST_CATALOGUE_BYTES && self.catalogue.insert(description.clone()) {
            self.catalogue_bytes = all;
        }
    }

    /// Adds a place whose frame cannot be read.
    pub(crate) fn push_damaged(&mut self) {
        self.push_columns(0, self.largest_time, 0);
    }

    /// Adds a row that only its sequence leads to.
    pub(crate) fn push_columns(&mut self, offset: u32, time_us: i64, kind: u16) {
        if self.len().is_multiple_of(BLOCK_LEN) {
            self.blocks.push(Block { largest_before: self.largest_time, ascending: true });
        }
        if time_us < self.largest_time
            && let Some(block) = self.blocks.last_mut()
        {
            block.ascending = false;
            self.rises = false;
        }
        self.largest_time = self.largest_time.max(time_us);
        self.smallest_time = self.smallest_time.min(time_us);
        self.offsets.push(offset);
        self.times.push(time_us);
        self.kinds.push(kind);
        self.stream_of.push(NO_STREAM);
    }

    /// Adds rows that are in the columns already to a stream that is not here yet.
    pub(crate) fn insert_stream(&mut self, name: Arc<str>, ordinals: Vec<u32>) {
        let stream = self.stream_names.len() as u32;
        for ordinal in &ordinals {
            self.set_stream(*ordinal, stream);
        }
        self.stream_names.push(Arc::clone(&name));
        self.streams.insert(name, ordinals);
    }

    fn set_stream(&mut self, ordinal: u32, stream: u32) {
        if let Some(place) = self.stream_of.get_mut(ordinal as usize) {
            *place = stream;
        }
    }

    fn post_stream(&mut self, entity: &str, ordinal: u32) -> Arc<str> {
        let Some(ordinals) = self.streams.get_mut(entity) else {
            let name: Arc<str> = entity.into();
            self.insert_stream(Arc::clone(&name), vec![ordinal]);
            return name;
        };
        // Whoever came before in the stream knows its place among the names.
        let stream = ordinals.last().and_then(|last| self.stream_of.get(*last as usize)).copied();
        ordinals.push(ordinal);
        let stream = stream.unwrap_or(NO_STREAM);
        self.set_stream(ordinal, stream);
        self.stream_names.get(stream as usize).map_or_else(|| entity.into(), Arc::clone)
    }

    fn absorb_streams(&mut self, next: &Self, shift: u32) {
        for (name, ordinals) in &next.streams {
            let shifted = ordinals.iter().map(|ordinal| ordinal + shift);
            match self.streams.get_mut(name) {
                None => self.insert_stream(Arc::clone(name), shifted.collect()),
                Some(known) => {
                    let stream = known.last().and_then(|last| self.stream_of.get(*last as usize)).copied();
                    known.extend(shifted.clone());
                    for ordinal in shifted {
                        self.set_stream(ordinal, stream.unwrap_or(NO_STREAM));
                    }
                }
            }
        }
    }

    /// Newest event of the stream, if this part holds one of its events.
    pub(crate) fn head(&self, entity: &str) -> Option<Head> {
        self.heads.get(entity).copied()
    }

    pub(crate) fn stream(&self, entity: &str) -> Option<Postings<'_>> {
        self.streams.get(entity).map(|ordinals| Postings::Slice(ordinals))
    }

    /// Every place of a stream, those that retention emptied included.
    pub(crate) fn places(&self, entity: &str) -> Places<'_> {
        let removed = self.removed_streams.get(entity).map_or(&[][..], Vec::as_slice);
        Places {
            events: self.stream(entity).unwrap_or(Postings::Slice(&[])),
            removed: Postings::Slice(removed),
        }
    }

    pub(crate) fn candidates(table: &HashMap<u32, Vec<u32>>, id: u128) -> Postings<'_> {
        Postings::Slice(table.get(&fingerprint(id)).map_or(&[], Vec::as_slice))
    }
}

fn post(table: &mut BTreeMap<Arc<str>, Vec<u32>>, name: &str, ordinal: u32) {
    match table.get_mut(name) {
        Some(ordinals) => ordinals.push(ordinal),
        None => {
            table.insert(name.into(), vec![ordinal]);
        }
    }
}

fn shift_names(table: &mut BTreeMap<Arc<str>, Vec<u32>>, added: &BTreeMap<Arc<str>, Vec<u32>>, shift: u32) {
    for (name, ordinals) in added {
        let shifted = ordinals.iter().map(|ordinal| ordinal + shift);
        table.entry(Arc::clone(name)).or_default().extend(shifted);
    }
}
