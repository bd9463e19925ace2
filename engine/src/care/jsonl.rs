//! Owns an event as a line of JSON: what an export writes and an import reads, nothing lost in between.
//!
//! A payload stands there as JSON where that gives back the same bytes, and as hexadecimal bytes otherwise.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::read::entry::LogEvent;
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::event::{ExtensionKey, Extensions};
use crate::words::hex::{from_hex, to_hex};
use crate::words::id::EventId;

/// An event as a line of JSON; the order of the fields is the order in the line. Numbers of identifiers and hashes are hexadecimal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EventLine {
    /// Place in the commit order.
    pub sequence: u64,
    /// Names the event: 32 digits.
    pub id: String,
    /// Entity.
    pub entity: String,
    /// Scope.
    pub scope: String,
    /// Kind: `0x` and four digits.
    pub kind: String,
    /// When it was appended, in microseconds since 1970.
    pub time_us: i64,
    /// Place in the stream.
    pub clock: u32,
    /// The conversation.
    pub correlation: String,
    /// The event that caused it.
    pub causation: Option<String>,
    /// Event hash of the stream's previous event: 64 digits.
    pub prev_hash: String,
    /// Its own event hash.
    pub event_hash: String,
    /// BLAKE3 of the stored payload.
    pub content_hash: String,
    /// The payload, as far as it is JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// Why the payload cannot be shown as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_error: Option<String>,
    /// The stored bytes, where `payload` does not give them back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_bytes: Option<String>,
    /// How the payload bytes are to be understood; left out for plain ones.
    #[serde(default, skip_serializing_if = "is_zero_byte")]
    pub payload_form: u8,
    /// Version of the payload's type; left out for an untyped one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub payload_version: u16,
    /// Flags.
    pub flags: u8,
    /// Lane of the branch.
    pub lane: u32,
    /// Depth of the branch.
    pub depth: u32,
    /// Extensions: keys with hexadecimal bytes.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub extensions: std::collections::BTreeMap<String, String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero_byte(number: &u8) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(number: &u16) -> bool {
    *number == 0
}

impl From<&LogEvent> for EventLine {
    fn from(event: &LogEvent) -> Self {
        let (raw, header) = (&event.raw, &event.raw.header);
        let (payload, payload_error) = match encoding::to_json(&raw.payload) {
            Ok(payload) => (Some(payload), None),
            Err(error) => (None, Some(error.to_string())),
        };
        let same = payload.as_ref().and_then(|payload| encoding::to_bytes(payload).ok());
        let payload_bytes = (same.as_ref() != Some(&raw.payload)).then(|| to_hex(&raw.payload));
        let extensions = raw.extensions.iter().map(|(key, value)| (key.to_string(), to_hex(value)));
        Self {
            sequence: raw.global_sequence,
            id: id_text(header.event_id),
            entity: raw.coordinate.entity().to_owned(),
            scope: raw.coordinate.scope().to_owned(),
            kind: header.event_kind.to_string(),
            time_us: header.timestamp_us,
            clock: header.position.sequence(),
            correlation: id_text(header.correlation_id),
            causation: header.causation_id.map(id_text),
            prev_hash: to_hex(&event.prev_hash),
            event_hash: to_hex(&raw.event_hash),
            content_hash: to_hex(&header.content_hash),
            payload,
            payload_error,
            payload_bytes,
            payload_form: raw.payload_form,
            payload_version: header.payload_version,
            flags: header.flags,
            lane: header.position.lane(),
            depth: header.position.depth(),
            extensions: extensions.collect(),
        }
    }
}

impl EventLine {
    /// The payload as it was stored.
    pub(crate) fn stored_payload(&self) -> Result<Vec<u8>, StoreError> {
        match (&self.payload_bytes, &self.payload) {
            (Some(digits), _) => bytes(digits),
            (None, Some(payload)) => Ok(encoding::to_bytes(payload)?),
            (None, None) => Err(malformed("neither payload nor payload_bytes is there".to_owned())),
        }
    }

    /// The extensions as they were stored.
    pub(crate) fn stored_extensions(&self) -> Result<Extensions, StoreError> {
        let pairs = self.extensions.iter();
        pairs.map(|(key, value)| Ok((ExtensionKey::from_log(key.clone()), bytes(value)?))).collect()
    }

    /// The event's id.
    pub(crate) fn event_id(&self) -> Result<EventId, StoreError> {
        number(&self.id).map(EventId::from_u128)
    }
}

/// An identifier that stands as hexadecimal digits.
pub(crate) fn number(digits: &str) -> Result<u128, StoreError> {
    u128::from_str_radix(digits, 16).map_err(|_| malformed(format!("{digits:?} is not a hexadecimal number")))
}

pub(crate) fn malformed(reason: String) -> StoreError {
    StoreError::Configuration(reason)
}

fn bytes(digits: &str) -> Result<Vec<u8>, StoreError> {
    from_hex(digits).ok_or_else(|| malformed("bytes are written as pairs of hexadecimal digits".to_owned()))
}

fn id_text(id: impl Into<u128>) -> String {
    format!("{:032x}", id.into())
}
