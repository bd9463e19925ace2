//! Owns the frame of a batpak segment: its checksum, its body and the forms a payload takes; must never read a file by itself.
//!
//! Floor 6. Tolerant as the format's own readers are: key order, unknown keys, positional arrays, hashes and ids in either form.

use crate::batpak::pack::{PackError, PackReader};
use crate::words::event::{EventHeader, ExtensionKey, Extensions, HashChain};
use crate::words::id::{CausationId, CorrelationId, EventId};
use crate::words::kind::EventKind;
use crate::words::position::DagPosition;

/// Length word and checksum.
pub(crate) const FRAME_HEAD_BYTES: usize = 8;
/// Longest body, in bytes.
pub(crate) const MAX_BODY_BYTES: u32 = 256 << 20;
/// Most extensions that are shown of one event.
const MAX_EXTENSIONS: usize = 1_024;

/// The entity that marks of batches name.
const MARKER_ENTITY: &str = "_batch";

const BODY: &[&str] = &["event", "entity", "scope", "receipt_extensions"];
const EVENT: &[&str] = &["header", "payload", "hash_chain"];
const HEADER: &[&str] = &[
    "event_id",
    "correlation_id",
    "causation_id",
    "timestamp_us",
    "position",
    "payload_size",
    "event_kind",
    "flags",
    "content_hash",
    "payload_version",
    "payload_encryption",
];
const POSITION: &[&str] = &["wall_ms", "counter", "depth", "lane", "sequence"];
const CHAIN: &[&str] = &["prev_hash", "event_hash"];

/// A decoded body that borrows from the frame's bytes.
#[derive(Clone, Debug)]
pub(crate) struct Frame<'a> {
    pub(crate) header: EventHeader,
    /// `None` in stores of versions that did not write one.
    pub(crate) payload_version: Option<u16>,
    pub(crate) encrypted: bool,
    pub(crate) chain: Option<HashChain>,
    pub(crate) entity: &'a str,
    pub(crate) scope: &'a str,
    /// The payload as a MessagePack value, in whatever form it stands.
    pub(crate) payload: &'a [u8],
    extensions: &'a [u8],
}

/// A mark at either end of a batch; not an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marker {
    /// This many items follow.
    Begin(u32),
    Commit,
}

/// A payload, as it stands in its frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Payload<'a> {
    /// The stored bytes.
    Bytes(Vec<u8>),
    /// A value that a rewriting compaction left in place of the bytes.
    Inline(&'a [u8]),
}

/// The event part of a body.
struct EventPart<'a> {
    header: EventHeader,
    payload_version: Option<u16>,
    encrypted: bool,
    payload: &'a [u8],
    chain: Option<HashChain>,
}

impl<'a> Frame<'a> {
    /// Decodes a body, which must end with its last value.
    pub(crate) fn decode(body: &'a [u8]) -> Result<Self, PackError> {
        let mut reader = PackReader::new(body);
        let mut fields = reader.fields(BODY)?;
        let (mut event, mut entity, mut scope) = (None, None, None);
        let mut extensions: &[u8] = &[];
        while let Some(place) = reader.next_field(&mut fields)? {
            match place {
                0 => event = Some(read_event(&mut reader)?),
                1 => entity = Some(reader.str()?),
                2 => scope = Some(reader.str()?),
                _ => extensions = reader.skip()?,
            }
        }
        reader.finish()?;
        let event = required(event, "a body with an event")?;
        Ok(Self {
            header: event.header,
            payload_version: event.payload_version,
            encrypted: event.encrypted,
            chain: event.chain,
            entity: required(entity, "a body with an entity")?,
            scope: required(scope, "a body with a scope")?,
            payload: event.payload,
            extensions,
        })
    }

    /// Says whether the frame is a mark of a batch. An application's event of the same kind is none: it is linked into a chain.
    pub(crate) fn marker(&self) -> Option<Marker> {
        if self.entity != MARKER_ENTITY || self.scope != "_system" || self.chain.is_some() {
            return None;
        }
        match self.header.event_kind {
            EventKind::SYSTEM_BATCH_BEGIN => Some(Marker::Begin(self.header.payload_size)),
            EventKind::SYSTEM_BATCH_COMMIT => Some(Marker::Commit),
            _ => None,
        }
    }

    /// True if a damaged body was more likely a mark of a batch than an event.
    pub(crate) fn resembles_marker(body: &[u8]) -> bool {
        body.windows(MARKER_ENTITY.len()).any(|bytes| bytes == MARKER_ENTITY.as_bytes())
    }

    /// The extensions, at most 1,024.
    pub(crate) fn extensions(&self) -> Result<Extensions, PackError> {
        let mut reader = PackReader::new(self.extensions);
        let mut extensions = Extensions::new();
        if self.extensions.is_empty() || reader.nil() {
            return Ok(extensions);
        }
        let count = reader.map_length()?;
        if count > MAX_EXTENSIONS {
            return Err(PackError { at: 0, expected: "at most 1,024 extensions" });
        }
        for _ in 0..count {
            let key = ExtensionKey::from_log(reader.str()?.to_owned());
            extensions.insert(key, reader.bytes()?);
        }
        Ok(extensions)
    }

    /// The payload. An array of numbers is bytes exactly if it is as long as the header says: an array that is itself the
    /// value takes more bytes than it has elements.
    pub(crate) fn payload(&self) -> Payload<'a> {
        let mut reader = PackReader::new(self.payload);
        let is_binary = matches!(self.payload.first(), Some(0xC4..=0xC6));
        let stored_len = PackReader::new(self.payload).array_length().ok();
        if is_binary || stored_len == Some(self.header.payload_size as usize) {
            match reader.bytes() {
                Ok(bytes) if reader.is_at_end() => return Payload::Bytes(bytes),
                Ok(_) | Err(_) => {}
            }
        }
        Payload::Inline(self.payload)
    }
}

fn read_event<'a>(reader: &mut PackReader<'a>) -> Result<EventPart<'a>, PackError> {
    let mut fields = reader.fields(EVENT)?;
    let (mut header, mut payload, mut chain) = (None, None, None);
    while let Some(place) = reader.next_field(&mut fields)? {
        match place {
            0 => header = Some(read_header(reader)?),
            1 => payload = Some(reader.skip()?),
            _ if reader.nil() => {}
            _ => chain = Some(read_chain(reader)?),
        }
    }
    let (header, payload_version, encrypted) = required(header, "an event with a header")?;
    let payload = required(payload, "an event with a payload")?;
    Ok(EventPart { header, payload_version, encrypted, payload, chain })
}

fn read_header(reader: &mut PackReader<'_>) -> Result<(EventHeader, Option<u16>, bool), PackError> {
    let mut fields = reader.fields(HEADER)?;
    let (mut event_id, mut correlation_id, mut causation_id) = (None, None, None);
    let (mut timestamp_us, mut position, mut payload_size, mut kind) = (None, None, None, None);
    let (mut flags, mut content_hash, mut version, mut encrypted) = (0, [0; 32], None, false);
    while let Some(place) = reader.next_field(&mut fields)? {
        match place {
            0 => event_id = Some(read_id(reader)?),
            1 => correlation_id = Some(read_id(reader)?),
            2 | 9 if reader.nil() => {}
            2 => causation_id = Some(CausationId::from(read_id(reader)?)),
            3 => timestamp_us = Some(reader.signed()?),
            4 => position = Some(read_position(reader)?),
            5 => payload_size = Some(reader.number::<u32>()?),
            6 => kind = Some(reader.number::<u16>()?),
            7 => flags = reader.number::<u8>()?,
            8 => content_hash = reader.byte_array()?,
            9 => version = Some(reader.number::<u16>()?),
            _ => encrypted = reader.skip()? != [0xC0],
        }
    }
    let event_id = required(event_id, "a header with an event id")?;
    let header = EventHeader {
        event_id: EventId::from(event_id),
        correlation_id: CorrelationId::from(correlation_id.unwrap_or(event_id)),
        causation_id,
        timestamp_us: required(timestamp_us, "a header with a time")?,
        position: required(position, "a header with a position")?,
        payload_size: required(payload_size, "a header with a payload size")?,
        event_kind: EventKind::from_raw_u16(required(kind, "a header with a kind")?),
        flags,
        content_hash,
        payload_version: version.unwrap_or(0),
    };
    Ok((header, version, encrypted))
}

fn read_position(reader: &mut PackReader<'_>) -> Result<DagPosition, PackError> {
    let mut fields = reader.fields(POSITION)?;
    let (mut wall_ms, mut counter, mut depth, mut lane, mut sequence) = (0, 0, 0, 0, None);
    while let Some(place) = reader.next_field(&mut fields)? {
        match place {
            0 => wall_ms = reader.unsigned()?,
            1 => counter = reader.number()?,
            2 => depth = reader.number()?,
            3 => lane = reader.number()?,
            _ => sequence = Some(reader.number()?),
        }
    }
    let sequence = required(sequence, "a position with a sequence")?;
    Ok(DagPosition::with_hlc(wall_ms, counter, depth, lane, sequence))
}

fn read_chain(reader: &mut PackReader<'_>) -> Result<HashChain, PackError> {
    let mut fields = reader.fields(CHAIN)?;
    let mut chain = HashChain::default();
    while let Some(place) = reader.next_field(&mut fields)? {
        match place {
            0 => chain.prev_hash = reader.byte_array()?,
            _ => chain.event_hash = reader.byte_array()?,
        }
    }
    Ok(chain)
}

fn read_id(reader: &mut PackReader<'_>) -> Result<u128, PackError> {
    reader.byte_array().map(u128::from_be_bytes)
}

fn required<T>(value: Option<T>, expected: &'static str) -> Result<T, PackError> {
    value.ok_or(PackError { at: 0, expected })
}
