//! Owns the store's error: the variants that its users match on.
//!
//! Every floor may say it: an error enum per floor would repeat these variants and convert between them.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::words::coordinate::CoordinateError;
use crate::words::event::RemovalReason;
use crate::words::expectation::StreamState;
use crate::words::kind::EventKind;
use crate::words::position::HlcPoint;
use crate::words::registry::EventPayloadRegistryError;
use crate::words::watermark::WatermarkKind;

/// How a store was to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreLockMode {
    /// For writing.
    Mutable,
    /// For reading.
    ReadOnly,
}

/// Why a call on a store failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused.
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
    /// Another process, or another store in this one, writes the directory.
    #[error("{} is open for writing elsewhere", path.display())]
    StoreLocked {
        /// The store directory.
        path: PathBuf,
        /// How it was to be opened.
        mode: StoreLockMode,
    },
    /// The directory holds no store, or not one that can be read.
    #[error("{} {reason}", path.display())]
    DataDirMalformed {
        /// The directory.
        path: PathBuf,
        /// What is wrong with it, as the rest of a sentence that begins with the path.
        reason: String,
    },
    /// The store was written by a newer version of the format.
    #[error("{} has format version {found}; this program reads up to {supported}", path.display())]
    NewerFormat {
        /// The file that says so.
        path: PathBuf,
        /// Its version.
        found: u16,
        /// The greatest version that is read.
        supported: u16,
    },
    /// An entity or a scope is not valid.
    #[error("invalid coordinate: {0}")]
    Coordinate(#[from] CoordinateError),
    /// A payload could not be encoded, or a stored one not decoded.
    #[error("payload: {0}")]
    Serialization(Box<dyn std::error::Error + Send + Sync>),
    /// A frame's checksum does not fit its bytes.
    #[error("checksum mismatch in segment {segment_id} at byte {offset}")]
    CrcMismatch {
        /// First global sequence of the segment.
        segment_id: u64,
        /// Where the frame begins.
        offset: u64,
    },
    /// A frame cannot be read.
    #[error("damaged frame in segment {segment_id} at byte {offset}: {reason}")]
    CorruptFrame {
        /// First global sequence of the segment.
        segment_id: u64,
        /// Where the frame begins.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing can be read where an event should stand: its frame is damaged, or nobody used the number (batpak directories only).
    #[error("nothing can be read at sequence {sequence}")]
    UnreadableEvent {
        /// Place in the commit order.
        sequence: u64,
    },
    /// Compaction removed the event; its place stays taken.
    #[error("the event at sequence {sequence} was removed by {reason}")]
    Removed {
        /// Place in the commit order.
        sequence: u64,
        /// Why it was removed.
        reason: RemovalReason,
    },
    /// A segment cannot be read.
    #[error("damaged segment {segment_id}: {detail}")]
    CorruptSegment {
        /// First global sequence of the segment.
        segment_id: u64,
        /// What is wrong with it.
        detail: String,
    },
    /// No event has this id.
    #[error("no event has id {0:032x}")]
    NotFound(u128),
    /// The log does not reach this far.
    #[error("sequence {sequence} is not in the store, which ends before {end}")]
    NoSuchSequence {
        /// The sequence that was asked for.
        sequence: u64,
        /// The next sequence that will be written.
        end: u64,
    },
    /// The stream is not where the caller expected it.
    #[error("entity {entity:?} is at sequence {actual}, not {expected}")]
    SequenceMismatch {
        /// The entity.
        entity: String,
        /// The stream sequence that the caller expected.
        expected: u32,
        /// The stream sequence of its last event; 0 for an empty stream.
        actual: u32,
    },
    /// The stream does not stand where the caller expected it.
    #[error("entity {entity:?} is {}, not {expected}", actual.map_or(StreamState::NoStream, StreamState::Exactly))]
    StreamStateMismatch {
        /// The entity.
        entity: String,
        /// Where the caller expected it.
        expected: StreamState,
        /// The stream sequence of its last event; `None` for an entity without events.
        actual: Option<u32>,
    },
    /// A write or sync failed earlier: nothing more is written until the store is opened anew.
    #[error("the store takes no more events until it is opened anew, because {reason}")]
    Poisoned {
        /// What failed.
        reason: String,
    },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// The thread that was to do it is gone: it panicked.
    #[error("the thread that was to do it is gone")]
    WriterCrashed,
    /// A watermark was not reached in time. After an append with a gate: the event is committed all the same.
    #[error("{watermark} did not reach sequence {} within {waited_ms} ms", target.global_sequence)]
    WaitTimeout {
        /// Which one.
        watermark: WatermarkKind,
        /// The point that was waited for.
        target: HlcPoint,
        /// How long, in milliseconds.
        waited_ms: u64,
    },
    /// Events that were to be hidden for a while are committed together or not at all, and nobody else may append meanwhile.
    #[error("a visibility fence is open")]
    VisibilityFenceActive,
    /// The fence is not open any more.
    #[error("the visibility fence is not open")]
    VisibilityFenceNotActive,
    /// The fence was cancelled, or its store was closed: its events were never written.
    #[error("the visibility fence was cancelled")]
    VisibilityFenceCancelled,
    /// A fence holds its events in memory until it is committed, and these would be too many.
    #[error("the visibility fence would hold {bytes} bytes, more than {limit}")]
    VisibilityFenceFull {
        /// Size of all its events with the one that was refused, in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A projection cache failed.
    #[error("projection cache: {0}")]
    CacheFailed(Box<dyn std::error::Error + Send + Sync>),
    /// The configuration, or a request, makes no sense.
    #[error("{0}")]
    Configuration(String),
    /// Two payload types of this program claim one kind, and the configuration says to refuse that.
    #[error("payload types: {0}")]
    EventPayloadRegistry(#[from] EventPayloadRegistryError),
    /// The kind belongs to the store: applications may not append it.
    #[error("kind {kind} is reserved for the store")]
    ReservedKind {
        /// The refused kind.
        kind: EventKind,
    },
    /// An idempotency key was used before, for another entity, kind or payload.
    #[error("idempotency key {key:032x} was used for another event, at sequence {sequence}")]
    IdempotencyConflict {
        /// The key.
        key: u128,
        /// Global sequence of the event that has it.
        sequence: u64,
    },
    /// A line of an import is not an event.
    #[error("line {line}: {source}")]
    InvalidLine {
        /// Which one, first = 1.
        line: u64,
        /// What is wrong with it.
        source: Box<StoreError>,
    },
    /// Some items of a batch were committed before, others not.
    #[error("batch is partly known already: {reason}")]
    IdempotencyPartialBatch {
        /// Which.
        reason: String,
    },
    /// Kept for programs written against batpak, which wants keys for its group commit; never produced here.
    #[error("an idempotency key is required")]
    IdempotencyRequired,
    /// An item of a batch was refused; nothing of the batch was written.
    #[error("item {item_index} of the batch: {source}")]
    BatchFailed {
        /// Place in the batch, first = 0.
        item_index: usize,
        /// Why.
        source: Box<StoreError>,
    },
    /// The sync that a batch waits for failed; nothing of the batch became visible.
    #[error("a batch of {item_count} items could not be synced: {source}")]
    BatchSyncFailed {
        /// Number of its items.
        item_count: usize,
        /// Why.
        source: Box<StoreError>,
    },
    /// The coordinate of an item of a batch is not valid.
    #[error("invalid coordinate: {reason}")]
    InvalidCoordinate {
        /// Place in the batch, first = 0; `None` for a single event.
        index: Option<usize>,
        /// What is wrong with it.
        reason: String,
    },
    /// An item of a batch is too large.
    #[error("item {index} of the batch has {size} bytes, more than {limit}")]
    BatchItemTooLarge {
        /// Place in the batch, first = 0.
        index: usize,
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A batch item names a cause that does not come before it in the batch.
    #[error(
        "item {item_index} of the batch names item {prior_idx} as its cause, which does not come before it"
    )]
    InvalidCausation {
        /// The item that is named.
        prior_idx: usize,
        /// The item that names it.
        item_index: usize,
        /// What is wrong.
        reason: String,
    },
    /// What a commit told of itself does not hold together.
    #[error("commit metadata: {reason}")]
    InvalidCommitMetadata {
        /// What is wrong.
        reason: String,
    },
    /// A stream has no more sequence numbers.
    #[error("the stream of {entity:?} is full")]
    EntityClockOverflow {
        /// The entity.
        entity: String,
    },
    /// The clock told a time before 1970.
    #[error("the clock told {timestamp_us} us: {reason}")]
    InvalidClock {
        /// What it told, in microseconds since 1970.
        timestamp_us: i64,
        /// What is wrong with it.
        reason: String,
    },
    /// Heads and proofs were asked of a batpak directory: the hashes of its events cover their payloads only.
    #[error("a batpak directory has no heads and no proofs; a store that it is imported into has")]
    HeadsUnsupported,
    /// A consumer's position could not be saved.
    #[error("position of cursor {id:?} was not saved: {source}")]
    CheckpointWriteFailed {
        /// The cursor.
        id: String,
        /// Why.
        source: io::Error,
    },
    /// A consumer's saved position cannot be read.
    #[error("{}: {reason}", path.display())]
    CursorCheckpointCorrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A consumer's saved position belongs to another region.
    #[error("{} belongs to region {:?}, not {expected:?}", path.display(), stored.as_deref().unwrap_or_default())]
    CursorCheckpointRegionMismatch {
        /// The file.
        path: PathBuf,
        /// The region it belongs to, if it names one.
        stored: Option<String>,
        /// The region of the cursor.
        expected: String,
    },
}

impl StoreError {
    /// True if just one event cannot be read, and the others can.
    pub fn is_one_event(&self) -> bool {
        matches!(
            self,
            Self::CrcMismatch { .. }
                | Self::CorruptFrame { .. }
                | Self::UnreadableEvent { .. }
                | Self::Removed { .. }
        )
    }

    pub(crate) fn encoding(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Serialization(source.into())
    }
}

impl From<rmp_serde::encode::Error> for StoreError {
    fn from(source: rmp_serde::encode::Error) -> Self {
        Self::encoding(source)
    }
}
