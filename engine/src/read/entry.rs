//! Owns what a read returns: an event with its links and place, and the row of metadata that batpak's users know.

use std::fmt;

use serde_json::Value;

use crate::memory::files::{Sourced, Window};
use crate::memory::shared::Shared;
use crate::words::chain::Link;
use crate::words::coordinate::Coordinate;
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::event::{
    Event, EventHeader, Extensions, HashChain, RawEvent, Removal, RemovalReason, StoredEvent,
};
use crate::words::finding::Finding;
use crate::words::id::EventId;
use crate::words::kind::EventKind;
use crate::words::position::DiskPos;
use crate::words::sync::{Arc, OnceLock};

/// An event of the log with everything that is known about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// The event.
    pub raw: RawEvent,
    /// Event hash of the stream's previous event; zeros for the first.
    pub prev_hash: [u8; 32],
    /// Where its frame lies.
    pub place: DiskPos,
    /// The file it lies in.
    pub segment: Arc<str>,
    /// The program that wrote it hides it (batpak directories only).
    pub hidden: bool,
    /// What is damaged or odd about it.
    pub findings: Vec<Finding>,
    /// Set if compaction removed the event: then entity, id, place and hashes are all that is left of it, and the time is the greatest
    /// before it.
    pub removed: Option<Removal>,
}

impl LogEvent {
    pub(super) fn new(sourced: Sourced, prev_hash: [u8; 32]) -> Self {
        let Sourced { event: raw, segment, place, prev_hash: _, hidden, findings, removed } = sourced;
        Self { raw, prev_hash, place, segment, hidden, findings, removed }
    }

    /// The two hashes.
    pub fn hash_chain(&self) -> HashChain {
        HashChain { prev_hash: self.prev_hash, event_hash: self.raw.event_hash }
    }

    /// The event hash computed anew from what was read; of a removed event it cannot be.
    pub fn computed_hash(&self) -> [u8; 32] {
        Self::link_hash(&self.raw, &self.prev_hash)
    }

    /// The hash that an event has if it follows one with the hash `prev_hash`.
    pub(crate) fn link_hash(raw: &RawEvent, prev_hash: &[u8; 32]) -> [u8; 32] {
        let link = Link {
            prev_hash,
            global_sequence: raw.global_sequence,
            header: &raw.header,
            payload_form: raw.payload_form,
            entity: raw.coordinate.entity(),
            scope: raw.coordinate.scope(),
            extensions: &raw.extensions,
        };
        link.hash()
    }

    /// True if reads pass over it.
    pub(crate) fn is_passed_over(&self) -> bool {
        self.removed.is_some_and(|removal| removal.reason == RemovalReason::Retention)
    }

    /// The event with its payload as JSON; null where a tombstone stands.
    pub(crate) fn into_json(self) -> Result<StoredEvent<Value>, StoreError> {
        let is_removed = self.removed.is_some();
        let stored = self.into_stored();
        let payload = match stored.event.payload.as_slice() {
            _ if is_removed => Value::Null,
            bytes => encoding::to_json(bytes).map_err(StoreError::encoding)?,
        };
        Ok(StoredEvent { coordinate: stored.coordinate, event: stored.event.map_payload(|_| payload) })
    }

    pub(crate) fn into_stored(self) -> StoredEvent<Vec<u8>> {
        let chain = self.hash_chain();
        let event = Event::new(self.raw.header, self.raw.payload).with_hash_chain(chain);
        StoredEvent { coordinate: self.raw.coordinate, event }
    }
}

/// What is known of an event without its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    global_sequence: u64,
    coordinate: Coordinate,
    header: EventHeader,
    extensions: Extensions,
    chain: Chain,
    place: DiskPos,
    hidden: bool,
}

/// The two hashes of an event. The frame tells its own; that of the event before is read when somebody asks: most never do.
#[derive(Clone)]
struct Chain {
    event_hash: [u8; 32],
    known: OnceLock<HashChain>,
    /// Where the event before is read; `None` if nothing needs to be read.
    shared: Option<Arc<Shared>>,
}

impl PartialEq for Chain {
    /// The event hash covers the other one.
    fn eq(&self, other: &Self) -> bool {
        self.event_hash == other.event_hash
    }
}

impl Eq for Chain {}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("event_hash", &self.event_hash).finish_non_exhaustive()
    }
}

impl From<LogEvent> for IndexEntry {
    fn from(event: LogEvent) -> Self {
        let chain = event.hash_chain();
        Self {
            global_sequence: event.raw.global_sequence,
            coordinate: event.raw.coordinate,
            header: event.raw.header,
            extensions: event.raw.extensions,
            chain: Chain { event_hash: chain.event_hash, known: OnceLock::from(chain), shared: None },
            place: event.place,
            hidden: event.hidden,
        }
    }
}

impl IndexEntry {
    pub(super) fn read(sourced: Sourced, shared: &Arc<Shared>) -> Self {
        let Sourced { event, prev_hash, place, hidden, .. } = sourced;
        let event_hash = event.event_hash;
        let known = prev_hash.map(|prev_hash| OnceLock::from(HashChain { prev_hash, event_hash }));
        let shared = known.is_none().then(|| Arc::clone(shared));
        Self {
            global_sequence: event.global_sequence,
            coordinate: event.coordinate,
            header: event.header,
            extensions: event.extensions,
            chain: Chain { event_hash, known: known.unwrap_or_default(), shared },
            place,
            hidden,
        }
    }

    /// Names the event.
    pub fn event_id(&self) -> u128 {
        self.header.event_id.into()
    }

    /// Its conversation.
    pub fn correlation_id(&self) -> u128 {
        self.header.correlation_id.into()
    }

    /// The event that caused it.
    pub fn causation_id(&self) -> Option<u128> {
        self.header.causation_id.map(u128::from)
    }

    /// Entity and scope.
    pub fn coord(&self) -> &Coordinate {
        &self.coordinate
    }

    /// Type tag.
    pub fn event_kind(&self) -> EventKind {
        self.header.event_kind
    }

    /// Wall time in milliseconds since 1970; never smaller than that of an earlier event.
    pub fn wall_ms(&self) -> u64 {
        self.header.position.wall_ms()
    }

    /// Time in microseconds since 1970, as the clock told it.
    pub fn timestamp_us(&self) -> i64 {
        self.header.timestamp_us
    }

    /// Place in the stream, first = 0.
    pub fn clock(&self) -> u32 {
        self.header.position.sequence()
    }

    /// Lane of the branch.
    pub fn dag_lane(&self) -> u32 {
        self.header.position.lane()
    }

    /// Depth of the branch.
    pub fn dag_depth(&self) -> u32 {
        self.header.position.depth()
    }

    /// The two hashes. That of the event before in the stream is read when it is asked for first; it is zeros for the first event, and
    /// where it cannot be read: [`IndexEntry::try_hash_chain`] tells the difference.
    pub fn hash_chain(&self) -> &HashChain {
        self.chain.known.get_or_init(|| HashChain {
            prev_hash: self.read_prev_hash().unwrap_or_default(),
            event_hash: self.chain.event_hash,
        })
    }

    /// The two hashes, or why the event before in the stream cannot be read.
    pub fn try_hash_chain(&self) -> Result<&HashChain, StoreError> {
        if self.chain.known.get().is_none() {
            let prev_hash = self.read_prev_hash()?;
            let chain = HashChain { prev_hash, event_hash: self.chain.event_hash };
            return Ok(self.chain.known.get_or_init(|| chain));
        }
        Ok(self.hash_chain())
    }

    fn read_prev_hash(&self) -> Result<[u8; 32], StoreError> {
        let Some(shared) = &self.chain.shared else { return Ok([0; 32]) };
        let place = (self.global_sequence, self.clock());
        shared.hash_before(&mut Window::headers(), self.coordinate.entity(), place)
    }

    /// The event's own hash.
    pub fn event_hash(&self) -> &[u8; 32] {
        &self.chain.event_hash
    }

    /// Header, without a read.
    pub fn header(&self) -> &EventHeader {
        &self.header
    }

    /// Where the frame lies.
    pub fn disk_pos(&self) -> DiskPos {
        self.place
    }

    /// Place in the commit order.
    pub fn global_sequence(&self) -> u64 {
        self.global_sequence
    }

    /// Extensions.
    pub fn receipt_extensions(&self) -> &Extensions {
        &self.extensions
    }

    /// True if the program that wrote the event hides it (batpak directories only).
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// True if the event belongs to a conversation that another event began.
    pub fn is_correlated(&self) -> bool {
        self.event_id() != self.correlation_id()
    }

    /// True if `event_id` caused it.
    pub fn is_caused_by(&self, event_id: EventId) -> bool {
        self.causation_id() == Some(event_id.into())
    }

    /// True if nothing caused it.
    pub fn is_root_cause(&self) -> bool {
        self.header.causation_id.is_none()
    }
}
