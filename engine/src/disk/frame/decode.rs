//! Owns reading a frame. Never allocates for a length that the bytes at hand do not bear out.

use crate::disk::bytes::{EndsEarly, Reader};
use crate::disk::frame::{
    CATALOGUE, CLAIMS_NOTHING, EVENT, EventView, ExtensionsView, FIXED_EVENT_LEN, FrameError, HAS_BRANCH,
    HAS_CAUSATION, HAS_CORRELATION, HAS_EXTENSIONS, HAS_GROUP, MARK, MARK_LEN, MAX_EXTENSIONS, MAX_FRAME_LEN,
    MIN_FRAME_LEN, Mark, MarkPurpose, Record, STUB, Stub, crc,
};
use crate::words::catalogue::{FieldDescription, KindDescription, MAX_CATALOGUE_FIELDS};
use crate::words::coordinate::MAX_COORDINATE_COMPONENT_LEN;
use crate::words::event::RemovalReason;
use crate::words::id::{CausationId, CorrelationId, EventId};
use crate::words::kind::EventKind;

const ALL_PARTS: u8 = HAS_GROUP | HAS_CORRELATION | HAS_CAUSATION | HAS_BRANCH | HAS_EXTENSIONS;

/// Greatest number of events that may be missing before a frame that a search finds.
const MAX_SEQUENCE_GAP: u64 = 1 << 32;

impl From<EndsEarly> for FrameError {
    fn from(_: EndsEarly) -> Self {
        Self::Malformed("the frame ends before its record does")
    }
}

/// The length that a frame's first four bytes tell; [`FrameError::End`] for 0.
pub(crate) fn frame_len(word: [u8; 4]) -> Result<u32, FrameError> {
    match u32::from_le_bytes(word) {
        0 => Err(FrameError::End),
        len @ MIN_FRAME_LEN..=MAX_FRAME_LEN => Ok(len),
        found => Err(FrameError::Length { found }),
    }
}

/// Reads exactly one whole frame.
pub(crate) fn decode(frame: &[u8]) -> Result<Record<'_>, FrameError> {
    let available = frame.len() as u64;
    let mut reader = Reader::new(frame);
    let Ok(word) = reader.array::<4>() else {
        return Err(FrameError::Truncated { needed: 4, available });
    };
    let len = frame_len(*word)?;
    if available < u64::from(len) {
        return Err(FrameError::Truncated { needed: u64::from(len), available });
    }
    if available > u64::from(len) {
        return Err(FrameError::Length { found: len });
    }
    if reader.u32()? != crc(*word, reader.rest()) {
        return Err(FrameError::Crc);
    }
    match reader.u8()? {
        EVENT => event(reader).map(Record::Event),
        STUB => stub(reader).map(Record::Stub),
        CATALOGUE => catalogue(reader),
        MARK => mark(reader).map(Record::Mark),
        _ => Err(FrameError::Malformed("the record type is unknown")),
    }
}

/// The checksum that a frame has, and the one that fits its bytes.
pub(crate) fn checksums(frame: &[u8]) -> Option<(u32, u32)> {
    let mut reader = Reader::new(frame);
    let (word, stored) = (*reader.array().ok()?, reader.u32().ok()?);
    Some((stored, crc(word, reader.rest())))
}

/// A cheap look at the first bytes of what may be a frame with `available` bytes left: says no to nearly everything that
/// is none, so that a search need not compute a checksum at each byte.
pub(crate) fn looks_like_frame(bytes: &[u8], available: u64, min_sequence: u64) -> bool {
    look(bytes, available, min_sequence).unwrap_or(false)
}

fn look(bytes: &[u8], available: u64, min_sequence: u64) -> Result<bool, EndsEarly> {
    let mut reader = Reader::new(bytes);
    let Ok(len) = frame_len(*reader.array()?) else {
        return Ok(false);
    };
    let len = u64::from(len);
    if len > available {
        return Ok(false);
    }
    reader.u32()?;
    // A file cannot hold so many frames that the sequence goes on further away than this.
    let is_near =
        |sequence: u64| sequence.checked_sub(min_sequence).is_some_and(|gap| gap <= MAX_SEQUENCE_GAP);
    Ok(match reader.u8()? {
        EVENT => {
            let presence = reader.u8()?;
            reader.u32()?;
            len > FIXED_EVENT_LEN as u64 && presence & !ALL_PARTS == 0 && is_near(reader.u64()?)
        }
        STUB => (1..=2).contains(&reader.u8()?) && is_near(reader.u64()?),
        CATALOGUE => true,
        MARK => len == MARK_LEN as u64,
        _ => false,
    })
}

fn event(mut reader: Reader<'_>) -> Result<EventView<'_>, FrameError> {
    let presence = reader.u8()?;
    if presence & !ALL_PARTS != 0 {
        return Err(FrameError::Malformed("the event says that it has an unknown part"));
    }
    let unsynced = reader.u32()?;
    let global_sequence = reader.u64()?;
    let stream_sequence = reader.u32()?;
    let event_id = reader.u128()?;
    let timestamp_us = reader.i64()?;
    let kind = EventKind::from_raw_u16(reader.u16()?);
    let flags = reader.u8()?;
    let payload_form = reader.u8()?;
    let payload_version = reader.u16()?;
    let (entity_len, scope_len) = (name_len(reader.u16()?)?, name_len(reader.u16()?)?);
    let (content_hash, event_hash) = (reader.array()?, reader.array()?);
    let has = |bit: u8| presence & bit != 0;
    let remaining = if has(HAS_GROUP) { reader.u32()? } else { 0 };
    let correlation = if has(HAS_CORRELATION) { reader.u128()? } else { event_id };
    let cause = if has(HAS_CAUSATION) { reader.u128()? } else { 0 };
    let (lane, depth) = if has(HAS_BRANCH) { (reader.u32()?, reader.u32()?) } else { (0, 0) };
    let extensions = if has(HAS_EXTENSIONS) { extensions(&mut reader)? } else { ExtensionsView::default() };
    Ok(EventView {
        global_sequence,
        synced_through: synced_through(global_sequence, unsynced)?,
        stream_sequence,
        event_id: EventId::from_u128(event_id),
        timestamp_us,
        kind,
        flags,
        payload_form,
        payload_version,
        content_hash,
        event_hash,
        remaining,
        correlation_id: CorrelationId::from_u128(correlation),
        causation_id: (cause != 0).then(|| CausationId::from_u128(cause)),
        lane,
        depth,
        entity: text(reader.take(entity_len)?)?,
        scope: text(reader.take(scope_len)?)?,
        extensions,
        payload: reader.rest(),
    })
}

fn stub(mut reader: Reader<'_>) -> Result<Stub, FrameError> {
    let reason = match reader.u8()? {
        1 => RemovalReason::Retention,
        2 => RemovalReason::Tombstone,
        _ => return Err(FrameError::Malformed("the reason of the stub is unknown")),
    };
    let (global_sequence, stream_sequence) = (reader.u64()?, reader.u32()?);
    let event_id = EventId::from_u128(reader.u128()?);
    let kind = EventKind::from_raw_u16(reader.u16()?);
    let entity_len = name_len(reader.u16()?)?;
    let (content_hash, event_hash) = (*reader.array()?, *reader.array()?);
    let entity = text(reader.take(entity_len)?)?.to_owned();
    nothing_left(&reader)?;
    Ok(Stub { reason, global_sequence, stream_sequence, event_id, kind, content_hash, event_hash, entity })
}

fn catalogue(mut reader: Reader<'_>) -> Result<Record<'_>, FrameError> {
    let synced_through = reader.u64()?;
    let kind = EventKind::from_raw_u16(reader.u16()?);
    let version = reader.u16()?;
    let name = text(reader.short()?)?.to_owned();
    let count = usize::from(reader.u16()?);
    if count > MAX_CATALOGUE_FIELDS {
        return Err(FrameError::Malformed("the catalogue record has too many fields"));
    }
    // Each field takes at least its two lengths.
    let mut fields = Vec::with_capacity(count.min(reader.rest().len() / 4));
    for _ in 0..count {
        let (name, type_name) = (text(reader.short()?)?, text(reader.short()?)?);
        fields.push(FieldDescription { name: name.to_owned(), type_name: type_name.to_owned() });
    }
    nothing_left(&reader)?;
    Ok(Record::Catalogue { synced_through, description: KindDescription { kind, version, name, fields } })
}

fn mark(mut reader: Reader<'_>) -> Result<Mark, FrameError> {
    let synced_through = reader.u64()?;
    let purpose = match reader.u8()? {
        1 => MarkPurpose::Sealed,
        2 => MarkPurpose::Closed,
        _ => return Err(FrameError::Malformed("the purpose of the mark is unknown")),
    };
    nothing_left(&reader)?;
    Ok(Mark { synced_through, purpose })
}

fn synced_through(global_sequence: u64, unsynced: u32) -> Result<Option<u64>, FrameError> {
    if unsynced == CLAIMS_NOTHING {
        return Ok(None);
    }
    let synced = global_sequence.checked_sub(u64::from(unsynced));
    synced.map(Some).ok_or(FrameError::Malformed("more events are unsynced than come before the event"))
}

fn name_len(len: u16) -> Result<usize, FrameError> {
    match usize::from(len) {
        len @ 1..=MAX_COORDINATE_COMPONENT_LEN => Ok(len),
        _ => Err(FrameError::Malformed("an entity or a scope has an impossible length")),
    }
}

fn text(bytes: &[u8]) -> Result<&str, FrameError> {
    std::str::from_utf8(bytes).map_err(|_| FrameError::Malformed("a name is not UTF-8"))
}

fn nothing_left(reader: &Reader<'_>) -> Result<(), FrameError> {
    if reader.rest().is_empty() {
        return Ok(());
    }
    Err(FrameError::Malformed("bytes follow the end of the record"))
}

fn extensions<'a>(reader: &mut Reader<'a>) -> Result<ExtensionsView<'a>, FrameError> {
    let count = reader.u16()?;
    if count > MAX_EXTENSIONS {
        return Err(FrameError::Malformed("the event has too many extensions"));
    }
    let bytes = reader.rest();
    let mut previous = None;
    for _ in 0..count {
        let (key, _) = extension(reader)?;
        if previous.is_some_and(|previous| previous >= key) {
            return Err(FrameError::Malformed("the extensions are not sorted, or not unique"));
        }
        previous = Some(key);
    }
    let len = bytes.len() - reader.rest().len();
    Ok(ExtensionsView { count, bytes: bytes.get(..len).unwrap_or_default() })
}

fn extension<'a>(reader: &mut Reader<'a>) -> Result<(&'a str, &'a [u8]), FrameError> {
    let key = text(reader.short()?)?;
    let len = reader.u32()?;
    Ok((key, reader.take(len as usize)?))
}

/// Extensions that were checked before; what was not checked ends the walk.
pub(super) fn extension_entries(count: u16, bytes: &[u8]) -> impl Iterator<Item = (&str, &[u8])> {
    let mut reader = Reader::new(bytes);
    (0..count).map_while(move |_| extension(&mut reader).ok())
}
