//! Owns reading one event with its payload; must never return bytes whose checksum was not compared.
//!
//! Floor 6.

use crate::batpak::BatpakStore;
use crate::batpak::finding::{Damage, Damaged};
use crate::batpak::frame::{Frame, Payload};
use crate::batpak::row::{Row, Segment};
use crate::batpak::window::{Spot, Window};
use crate::disk::storage::File;
use crate::words::chain::compute_hash;
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::event::{Extensions, RawEvent};
use crate::words::sync::Arc;

/// Most segment files that are kept open for reads.
const MAX_OPEN_FILES: usize = 16;
/// Payload form of an encrypted payload: its key is never in the store's segments, so it is shown as bytes of an unknown form.
pub(crate) const ENCRYPTED_FORM: u8 = u8::MAX;

/// An event as it stands in its segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BatpakEvent {
    /// Header, coordinate, extensions and payload. The event hash is the stored one: BLAKE3 of the payload and of nothing else.
    pub(crate) event: RawEvent,
    /// Event hash of the stream's previous event, as stored; zeros for the first, and where the writer began anew.
    pub(crate) prev_hash: [u8; 32],
    /// `None` in stores of versions that did not write one.
    pub(crate) payload_version: Option<u16>,
    /// True if a cancelled fence took the event out of sight.
    pub(crate) hidden: bool,
    pub(crate) segment_id: u64,
    /// Where the frame begins in the segment.
    pub(crate) offset: u64,
    /// Length of the frame, its head included.
    pub(crate) frame_length: u32,
    /// What is wrong with this event.
    pub(crate) findings: Vec<Damaged>,
}

impl BatpakStore {
    /// Reads the event at a place in commit order.
    ///
    /// # Errors
    /// `CrcMismatch` or `CorruptFrame` if the file changed since the last refresh; `Configuration` if there is no such place.
    pub(crate) fn read(&self, index: u64) -> Result<BatpakEvent, StoreError> {
        self.read_with(index, payload_of)
    }

    /// Reads the event at a place in commit order without its payload, which stays empty, and without what is wrong with it.
    pub(crate) fn read_header(&self, index: u64) -> Result<BatpakEvent, StoreError> {
        self.read_with(index, |_, _| Vec::new())
    }

    fn read_with(
        &self,
        index: u64,
        payload: impl FnOnce(&Frame<'_>, &mut Vec<Damage>) -> Vec<u8>,
    ) -> Result<BatpakEvent, StoreError> {
        let no_event = || StoreError::Configuration(format!("there is no event at place {index}"));
        let row = *self.row(index).ok_or_else(no_event)?;
        let segment = self.segments.get(row.segment as usize).ok_or_else(no_event)?;
        let file = self.file(row.segment, segment)?;
        let mut window = Window::frame(file, row.offset, row.length);
        let corrupt =
            |reason: String| StoreError::CorruptFrame { segment_id: segment.id, offset: row.offset, reason };
        let frame = match window.spot(row.offset, row.end())? {
            Spot::Whole { length, body } if length == row.length => {
                Frame::decode(body).map_err(|error| corrupt(error.to_string()))?
            }
            Spot::Mismatch { .. } => {
                return Err(StoreError::CrcMismatch { segment_id: segment.id, offset: row.offset });
            }
            Spot::Whole { .. } | Spot::NoFrame => {
                return Err(corrupt("the file changed since it was read last".to_owned()));
            }
        };
        if frame.header.event_id != row.event_id {
            return Err(corrupt("another event stands there now".to_owned()));
        }
        let mut damages = Vec::new();
        let payload = payload(&frame, &mut damages);
        Ok(self.event(&row, segment, &frame, (payload, damages)))
    }

    fn event(
        &self,
        row: &Row,
        segment: &Segment,
        frame: &Frame<'_>,
        (payload, mut damages): (Vec<u8>, Vec<Damage>),
    ) -> BatpakEvent {
        let chain = frame.chain.unwrap_or_default();
        if frame.chain.is_none() {
            damages.push(Damage::ChainMissing);
        } else if chain.event_hash != frame.header.content_hash && frame.header.content_hash != [0; 32] {
            damages.push(Damage::EventHash);
        }
        let extensions = frame.extensions().unwrap_or_else(|_| {
            damages.push(Damage::Extensions);
            Extensions::new()
        });
        let shared = |name: Option<&Arc<str>>, text: &str| name.map_or_else(|| text.into(), Arc::clone);
        let entity = shared(self.names.entities.text(row.entity), frame.entity);
        let scope = shared(self.names.scopes.text(row.scope), frame.scope);
        let range = row.offset..row.end();
        BatpakEvent {
            event: RawEvent {
                global_sequence: row.global_sequence,
                coordinate: Coordinate::from_log(entity, scope),
                header: frame.header.clone(),
                extensions,
                payload_form: if frame.encrypted { ENCRYPTED_FORM } else { 0 },
                payload,
                event_hash: chain.event_hash,
            },
            prev_hash: chain.prev_hash,
            payload_version: frame.payload_version,
            hidden: row.hidden,
            segment_id: segment.id,
            offset: row.offset,
            frame_length: row.length,
            findings: damages
                .into_iter()
                .map(|damage| Damaged::of_bytes(segment.id, range.clone(), damage))
                .collect(),
        }
    }

    pub(super) fn file(&self, place: u32, segment: &Segment) -> Result<Arc<dyn File>, StoreError> {
        let mut files = self.files.lock();
        if let Some(file) = files.get(&place) {
            return Ok(Arc::clone(file));
        }
        let file = self.dir.open(&segment.name)?;
        if Some(file.identity()?) != segment.identity {
            let detail = "the file was replaced since it was read last".to_owned();
            return Err(StoreError::CorruptSegment { segment_id: segment.id, detail });
        }
        if files.len() >= MAX_OPEN_FILES {
            files.clear();
        }
        files.insert(place, Arc::clone(&file));
        Ok(file)
    }
}

/// The payload bytes. A payload that a compaction rewrote as a value is kept as it stands: its bytes are the stored ones exactly
/// if their hash fits.
fn payload_of(frame: &Frame<'_>, damages: &mut Vec<Damage>) -> Vec<u8> {
    let content_hash = frame.header.content_hash;
    let has_hash = content_hash != [0; 32];
    match frame.payload() {
        Payload::Bytes(bytes) => {
            let (found, expected) = (bytes.len() as u64, u64::from(frame.header.payload_size));
            if found != expected {
                damages.push(Damage::PayloadSize { found, expected });
            }
            if has_hash && compute_hash(&bytes) != content_hash {
                damages.push(Damage::ContentHash);
            }
            bytes
        }
        Payload::Inline(value) => {
            let is_proven = has_hash && compute_hash(value) == content_hash;
            damages.push(if is_proven { Damage::InlinePayloadProven } else { Damage::InlinePayload });
            value.to_vec()
        }
    }
}
