//! Owns the frame: how one record of the log is written as bytes and read back. Never touches a file.
//!
//! Floor 1. Invariants:
//! - a frame that decodes was written as it stands: the checksum covers every byte, the length word included;
//! - each length is checked against the bytes at hand before anything is allocated for it;
//! - a decoded event borrows from the frame, so that a scan copies nothing it does not keep.

mod decode;
#[cfg(test)]
mod tests;

use thiserror::Error;

pub(crate) use crate::disk::frame::decode::{checksums, decode, frame_len, looks_like_frame};
use crate::words::catalogue::{KindDescription, MAX_CATALOGUE_FIELDS};
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::event::{EventHeader, ExtensionKey, Extensions, RawEvent, RemovalReason};
use crate::words::id::{CausationId, CorrelationId, EventId};
use crate::words::kind::EventKind;
use crate::words::position::DagPosition;

/// Smallest length of a frame in bytes.
pub(crate) const MIN_FRAME_LEN: u32 = 13;
/// Greatest length of a frame in bytes.
pub(crate) const MAX_FRAME_LEN: u32 = 268_435_456;
/// Length in bytes of an event frame without its optional parts, names and payload.
pub(crate) const FIXED_EVENT_LEN: usize = 124;
/// Length in bytes of a stub frame without its name.
pub(crate) const FIXED_STUB_LEN: usize = 106;
/// Length in bytes of a mark.
pub(crate) const MARK_LEN: usize = 18;
/// Greatest number of extensions of an event.
pub(crate) const MAX_EXTENSIONS: u16 = 1_024;

const EVENT: u8 = 1;
const STUB: u8 = 2;
const CATALOGUE: u8 = 3;
const MARK: u8 = 4;

const HAS_GROUP: u8 = 1;
const HAS_CORRELATION: u8 = 1 << 1;
const HAS_CAUSATION: u8 = 1 << 2;
const HAS_BRANCH: u8 = 1 << 3;
const HAS_EXTENSIONS: u8 = 1 << 4;

/// In place of a distance: the frame claims nothing about what is on stable storage.
const CLAIMS_NOTHING: u32 = u32::MAX;

/// Why bytes are not a frame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum FrameError {
    /// The length word is 0: nothing was written here yet.
    #[error("no frame begins here")]
    End,
    /// The length is out of range, or not that of the bytes given.
    #[error("a frame cannot have {found} bytes here")]
    Length { found: u32 },
    /// The bytes end before the frame does.
    #[error("the frame needs {needed} bytes and {available} are there")]
    Truncated { needed: u64, available: u64 },
    /// The checksum does not fit.
    #[error("the checksum does not fit the bytes")]
    Crc,
    /// The record breaks a rule of the format.
    #[error("{0}")]
    Malformed(&'static str),
}

impl FrameError {
    /// The store's error for a frame at `offset` of the segment that begins with `segment_id`.
    pub(crate) fn at(&self, segment_id: u64, offset: u64) -> StoreError {
        match self {
            Self::Crc => StoreError::CrcMismatch { segment_id, offset },
            Self::End | Self::Length { .. } | Self::Truncated { .. } | Self::Malformed(_) => {
                StoreError::CorruptFrame { segment_id, offset, reason: self.to_string() }
            }
        }
    }
}

/// An event on its way into the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventFrame<'a> {
    pub(crate) global_sequence: u64,
    /// Every event with a smaller global sequence is known to be on stable storage.
    pub(crate) synced_through: u64,
    /// Frames of the same group that follow this one.
    pub(crate) remaining: u32,
    pub(crate) header: &'a EventHeader,
    pub(crate) payload_form: u8,
    pub(crate) event_hash: &'a [u8; 32],
    pub(crate) entity: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) extensions: &'a Extensions,
    pub(crate) payload: &'a [u8],
}

impl EventFrame<'_> {
    /// Length of the whole frame in bytes. It fits the format only up to [`MAX_FRAME_LEN`], which the caller checks.
    pub(crate) fn encoded_len(&self) -> usize {
        let presence = self.presence();
        let part = |bit: u8, len: usize| if presence & bit == 0 { 0 } else { len };
        FIXED_EVENT_LEN
            + part(HAS_GROUP, 4)
            + part(HAS_CORRELATION, 16)
            + part(HAS_CAUSATION, 16)
            + part(HAS_BRANCH, 8)
            + extensions_len(self.extensions)
            + self.entity.len()
            + self.scope.len()
            + self.payload.len()
    }

    /// Appends the whole frame to `out`. Names, extensions and length must be within the limits of the format.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        debug_assert!(self.encoded_len() <= MAX_FRAME_LEN as usize, "the caller checks the length");
        out.reserve(self.encoded_len());
        push_frame(out, EVENT, |out| {
            let presence = self.presence();
            out.push(presence);
            self.push_fixed(out);
            self.push_optional(presence, out);
            out.extend_from_slice(self.entity.as_bytes());
            out.extend_from_slice(self.scope.as_bytes());
            out.extend_from_slice(self.payload);
        });
    }

    fn push_fixed(&self, out: &mut Vec<u8>) {
        let header = self.header;
        out.extend_from_slice(&unsynced(self.global_sequence, self.synced_through).to_le_bytes());
        out.extend_from_slice(&self.global_sequence.to_le_bytes());
        out.extend_from_slice(&header.position.sequence().to_le_bytes());
        out.extend_from_slice(&u128::from(header.event_id).to_le_bytes());
        out.extend_from_slice(&header.timestamp_us.to_le_bytes());
        out.extend_from_slice(&header.event_kind.as_raw_u16().to_le_bytes());
        out.push(header.flags);
        out.push(self.payload_form);
        out.extend_from_slice(&header.payload_version.to_le_bytes());
        out.extend_from_slice(&(self.entity.len() as u16).to_le_bytes());
        out.extend_from_slice(&(self.scope.len() as u16).to_le_bytes());
        out.extend_from_slice(&header.content_hash);
        out.extend_from_slice(self.event_hash);
    }

    fn push_optional(&self, presence: u8, out: &mut Vec<u8>) {
        let header = self.header;
        if presence & HAS_GROUP != 0 {
            out.extend_from_slice(&self.remaining.to_le_bytes());
        }
        if presence & HAS_CORRELATION != 0 {
            out.extend_from_slice(&u128::from(header.correlation_id).to_le_bytes());
        }
        if presence & HAS_CAUSATION != 0 {
            out.extend_from_slice(&cause(header).to_le_bytes());
        }
        if presence & HAS_BRANCH != 0 {
            out.extend_from_slice(&header.position.lane().to_le_bytes());
            out.extend_from_slice(&header.position.depth().to_le_bytes());
        }
        if presence & HAS_EXTENSIONS != 0 {
            push_extensions(out, self.extensions);
        }
    }

    fn presence(&self) -> u8 {
        let header = self.header;
        let bit = |is_there: bool, bit: u8| if is_there { bit } else { 0 };
        bit(self.remaining != 0, HAS_GROUP)
            | bit(u128::from(header.correlation_id) != u128::from(header.event_id), HAS_CORRELATION)
            | bit(cause(header) != 0, HAS_CAUSATION)
            | bit(header.position.lane() != 0 || header.position.depth() != 0, HAS_BRANCH)
            | bit(!self.extensions.is_empty(), HAS_EXTENSIONS)
    }
}

/// What compaction leaves of an event that it removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stub {
    pub(crate) reason: RemovalReason,
    pub(crate) global_sequence: u64,
    pub(crate) stream_sequence: u32,
    pub(crate) event_id: EventId,
    pub(crate) kind: EventKind,
    pub(crate) content_hash: [u8; 32],
    pub(crate) event_hash: [u8; 32],
    pub(crate) entity: String,
}

impl Stub {
    /// Appends the whole frame to `out`.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        push_frame(out, STUB, |out| {
            out.push(match self.reason {
                RemovalReason::Retention => 1,
                RemovalReason::Tombstone => 2,
            });
            out.extend_from_slice(&self.global_sequence.to_le_bytes());
            out.extend_from_slice(&self.stream_sequence.to_le_bytes());
            out.extend_from_slice(&u128::from(self.event_id).to_le_bytes());
            out.extend_from_slice(&self.kind.as_raw_u16().to_le_bytes());
            out.extend_from_slice(&(self.entity.len() as u16).to_le_bytes());
            out.extend_from_slice(&self.content_hash);
            out.extend_from_slice(&self.event_hash);
            out.extend_from_slice(self.entity.as_bytes());
        });
    }
}

/// Names for a kind, on their way into the log. What is too long for the format is cut: it is for display only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CatalogueFrame<'a> {
    pub(crate) synced_through: u64,
    pub(crate) description: &'a KindDescription,
}

impl CatalogueFrame<'_> {
    /// Appends the whole frame to `out`.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let description = self.description;
        let fields = description.fields.get(..MAX_CATALOGUE_FIELDS).unwrap_or(&description.fields);
        push_frame(out, CATALOGUE, |out| {
            out.extend_from_slice(&self.synced_through.to_le_bytes());
            out.extend_from_slice(&description.kind.as_raw_u16().to_le_bytes());
            out.extend_from_slice(&description.version.to_le_bytes());
            push_name(out, &description.name);
            out.extend_from_slice(&(fields.len() as u16).to_le_bytes());
            for field in fields {
                push_name(out, &field.name);
                push_name(out, &field.type_name);
            }
        });
    }
}

/// Why a mark was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MarkPurpose {
    Sealed,
    Closed,
}

/// Says what is on stable storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) synced_through: u64,
    pub(crate) purpose: MarkPurpose,
}

impl Mark {
    /// Appends the whole frame to `out`.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        push_frame(out, MARK, |out| {
            out.extend_from_slice(&self.synced_through.to_le_bytes());
            out.push(match self.purpose {
                MarkPurpose::Sealed => 1,
                MarkPurpose::Closed => 2,
            });
        });
    }
}

/// What a frame holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Record<'a> {
    Event(EventView<'a>),
    Stub(Stub),
    Catalogue { synced_through: u64, description: KindDescription },
    Mark(Mark),
}

impl Record<'_> {
    /// The global sequence of an event or of its stub.
    pub(crate) fn global_sequence(&self) -> Option<u64> {
        match self {
            Self::Event(event) => Some(event.global_sequence),
            Self::Stub(stub) => Some(stub.global_sequence),
            Self::Catalogue { .. } | Self::Mark(_) => None,
        }
    }

    /// What the frame says about stable storage.
    pub(crate) fn synced_through(&self) -> Option<u64> {
        match self {
            Self::Event(event) => event.synced_through,
            Self::Stub(_) => None,
            Self::Catalogue { synced_through, .. } => Some(*synced_through),
            Self::Mark(mark) => Some(mark.synced_through),
        }
    }
}

/// An event in a frame that was read; it borrows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventView<'a> {
    pub(crate) global_sequence: u64,
    /// Every event with a smaller global sequence was on stable storage; `None` if the frame claims nothing.
    pub(crate) synced_through: Option<u64>,
    pub(crate) stream_sequence: u32,
    pub(crate) event_id: EventId,
    pub(crate) timestamp_us: i64,
    pub(crate) kind: EventKind,
    pub(crate) flags: u8,
    pub(crate) payload_form: u8,
    pub(crate) payload_version: u16,
    pub(crate) content_hash: &'a [u8; 32],
    pub(crate) event_hash: &'a [u8; 32],
    /// Frames of the same group that follow this one.
    pub(crate) remaining: u32,
    pub(crate) correlation_id: CorrelationId,
    pub(crate) causation_id: Option<CausationId>,
    pub(crate) lane: u32,
    pub(crate) depth: u32,
    pub(crate) entity: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) extensions: ExtensionsView<'a>,
    pub(crate) payload: &'a [u8],
}

impl EventView<'_> {
    /// The header by value; `wall_ms`, milliseconds since 1970, goes into its position.
    pub(crate) fn header(&self, wall_ms: u64) -> EventHeader {
        EventHeader {
            event_id: self.event_id,
            correlation_id: self.correlation_id,
            causation_id: self.causation_id,
            timestamp_us: self.timestamp_us,
            position: DagPosition::with_hlc(wall_ms, 0, self.depth, self.lane, self.stream_sequence),
            payload_size: self.payload.len() as u32,
            event_kind: self.kind,
            flags: self.flags,
            content_hash: *self.content_hash,
            payload_version: self.payload_version,
        }
    }

    /// The event by value, with this much of the payload and without a wall time. `coordinate` is its own: whoever reads many has the
    /// names already.
    pub(crate) fn to_raw(&self, coordinate: Coordinate, payload: Vec<u8>) -> RawEvent {
        RawEvent {
            global_sequence: self.global_sequence,
            coordinate,
            header: self.header(0),
            extensions: self.extensions.to_extensions(),
            payload_form: self.payload_form,
            payload,
            event_hash: *self.event_hash,
        }
    }
}

/// The extensions of an event in a frame: checked when the frame was decoded, read when somebody asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ExtensionsView<'a> {
    count: u16,
    bytes: &'a [u8],
}

impl<'a> ExtensionsView<'a> {
    /// Keys and values, in the order of the keys.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        decode::extension_entries(self.count, self.bytes)
    }

    /// The extensions by value.
    pub(crate) fn to_extensions(self) -> Extensions {
        self.iter().map(|(key, value)| (ExtensionKey::from_log(key.to_owned()), value.to_vec())).collect()
    }
}

/// Appends a frame around what `record` appends, then fills in length and checksum.
fn push_frame(out: &mut Vec<u8>, record_type: u8, record: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; 8]);
    out.push(record_type);
    record(out);
    let frame = &mut out[start..];
    let len = (frame.len() as u32).to_le_bytes();
    let checksum = crc(len, &frame[8..]).to_le_bytes();
    frame[..4].copy_from_slice(&len);
    frame[4..8].copy_from_slice(&checksum);
}

/// The checksum of a frame with this length word and these bytes behind the checksum.
fn crc(len: [u8; 4], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&len);
    hasher.update(body);
    hasher.finalize()
}

fn unsynced(global_sequence: u64, synced_through: u64) -> u32 {
    let distance = global_sequence.checked_sub(synced_through);
    distance.and_then(|distance| u32::try_from(distance).ok()).unwrap_or(CLAIMS_NOTHING)
}

/// The cause as the format holds it; an id of 0 names nothing, as in the event hash.
fn cause(header: &EventHeader) -> u128 {
    header.causation_id.map_or(0, u128::from)
}

fn extensions_len(extensions: &Extensions) -> usize {
    if extensions.is_empty() {
        return 0;
    }
    2 + extensions.iter().map(|(key, value)| 2 + key.as_str().len() + 4 + value.len()).sum::<usize>()
}

fn push_extensions(out: &mut Vec<u8>, extensions: &Extensions) {
    debug_assert!(extensions.len() <= usize::from(MAX_EXTENSIONS), "the caller checks the count");
    out.extend_from_slice(&(extensions.len() as u16).to_le_bytes());
    for (key, value) in extensions {
        out.extend_from_slice(&(key.as_str().len() as u16).to_le_bytes());
        out.extend_from_slice(key.as_str().as_bytes());
        out.extend_from_slice(&(value.len() as u32).to_le_bytes());
        out.extend_from_slice(value);
    }
}

/// Appends a name for people, cut to what its length field can say.
fn push_name(out: &mut Vec<u8>, name: &str) {
    let name = &name[..name.floor_char_boundary(usize::from(u16::MAX))];
    out.extend_from_slice(&(name.len() as u16).to_le_bytes());
    out.extend_from_slice(name.as_bytes());
}
