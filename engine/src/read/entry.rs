//! Owns what a read returns: an event with its links and place, and the row of metadata that batpak's users know.

use crate::words::chain::Link;
use crate::words::coordinate::Coordinate;
use crate::words::event::{
    Event, EventHeader, Extensions, HashChain, RawEvent, Removal, RemovalReason, StoredEvent,
};
use crate::words::id::EventId;
use crate::words::kind::EventKind;
use crate::words::position::DiskPos;

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
    pub segment: String,
    /// The program that wrote it hides it (batpak directories only).
    pub hidden: bool,
    /// What is damaged or odd about it, a sentence each.
    pub findings: Vec<String>,
    /// Set if compaction removed the event: then entity, id, place and hashes are all that is left of it, and the time is the greatest
    /// before it.
    pub removed: Option<Removal>,
}

impl LogEvent {
    /// The two hashes.
    pub fn hash_chain(&self) -> HashChain {
        HashChain { prev_hash: self.prev_hash, event_hash: self.raw.event_hash }
    }

    /// The event hash computed anew from what was read; of a removed event it cannot be.
    pub fn computed_hash(&self) -> [u8; 32] {
        let raw = &self.raw;
        let link = Link {
            prev_hash: &self.prev_hash,
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
    chain: HashChain,
    place: DiskPos,
}

impl From<LogEvent> for IndexEntry {
    fn from(event: LogEvent) -> Self {
        let chain = event.hash_chain();
        Self {
            global_sequence: event.raw.global_sequence,
            coordinate: event.raw.coordinate,
            header: event.raw.header,
            extensions: event.raw.extensions,
            chain,
            place: event.place,
        }
    }
}

impl IndexEntry {
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

    /// The two hashes.
    pub fn hash_chain(&self) -> &HashChain {
        &self.chain
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
