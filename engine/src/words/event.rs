//! Owns the event: header, payload and place in the hash chain.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::words::coordinate::Coordinate;
use crate::words::id::{CausationId, CorrelationId, EventId};
use crate::words::kind::EventKind;
use crate::words::position::DagPosition;

/// Flag: the producer asks for an acknowledgement.
pub const FLAG_REQUIRES_ACK: u8 = 0b0001;
/// Flag: part of an application transaction.
pub const FLAG_TRANSACTIONAL: u8 = 0b0010;
/// Flag: written by a replay.
pub const FLAG_REPLAY: u8 = 0b1000;

/// What the store knows of an event besides its payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventHeader {
    /// Names the event.
    pub event_id: EventId,
    /// The conversation it belongs to; its own id when none was given.
    pub correlation_id: CorrelationId,
    /// The event that caused it.
    pub causation_id: Option<CausationId>,
    /// When it was appended, in microseconds since 1970, as the clock told.
    pub timestamp_us: i64,
    /// Its place in the stream.
    pub position: DagPosition,
    /// Length of the stored payload in bytes.
    pub payload_size: u32,
    /// Type tag of the payload.
    pub event_kind: EventKind,
    /// Flags; the store keeps them and does not interpret them.
    pub flags: u8,
    /// BLAKE3 of the stored payload.
    pub content_hash: [u8; 32],
    /// Version of the payload's type; 0 when it was appended untyped.
    #[serde(default)]
    pub payload_version: u16,
}

impl EventHeader {
    /// A header from raw identifiers; flags, content hash and payload version are zero.
    #[expect(clippy::too_many_arguments, reason = "the signature that users of batpak know")]
    pub fn new(
        event_id: u128,
        correlation_id: u128,
        causation_id: Option<u128>,
        timestamp_us: i64,
        position: DagPosition,
        payload_size: u32,
        event_kind: EventKind,
    ) -> Self {
        let causation_id = causation_id.map(CausationId::from);
        let (event_id, correlation_id) = (event_id.into(), correlation_id.into());
        Self::new_typed(
            event_id,
            correlation_id,
            causation_id,
            timestamp_us,
            position,
            payload_size,
            event_kind,
        )
    }

    /// A header from typed identifiers; flags, content hash and payload version are zero.
    #[expect(clippy::too_many_arguments, reason = "the signature that users of batpak know")]
    pub fn new_typed(
        event_id: EventId,
        correlation_id: CorrelationId,
        causation_id: Option<CausationId>,
        timestamp_us: i64,
        position: DagPosition,
        payload_size: u32,
        event_kind: EventKind,
    ) -> Self {
        Self {
            event_id,
            correlation_id,
            causation_id,
            timestamp_us,
            position,
            payload_size,
            event_kind,
            flags: 0,
            content_hash: [0; 32],
            payload_version: 0,
        }
    }

    /// Sets the flags.
    #[must_use]
    pub fn with_flags(mut self, flags: u8) -> Self {
        self.flags = flags;
        self
    }

    /// True if the producer asked for an acknowledgement.
    pub fn requires_ack(&self) -> bool {
        self.flags & FLAG_REQUIRES_ACK != 0
    }

    /// True if the event is part of an application transaction.
    pub fn is_transactional(&self) -> bool {
        self.flags & FLAG_TRANSACTIONAL != 0
    }

    /// True if a replay wrote the event.
    pub fn is_replay(&self) -> bool {
        self.flags & FLAG_REPLAY != 0
    }

    /// Microseconds from the event to `now_us`; 0 if it lies in the future.
    pub fn age_us(&self, now_us: i64) -> u64 {
        u64::try_from(now_us.saturating_sub(self.timestamp_us)).unwrap_or(0)
    }
}

/// Two hashes: of the event before in the same stream, and of this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HashChain {
    /// Event hash of the stream's previous event; zeros for the first.
    pub prev_hash: [u8; 32],
    /// Hash over header, coordinate, extensions, content hash and `prev_hash`.
    pub event_hash: [u8; 32],
}

/// A header and a payload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event<P> {
    /// What the store knows of it.
    pub header: EventHeader,
    /// What the application said.
    pub payload: P,
    /// Its place in the hash chain, once committed.
    pub hash_chain: Option<HashChain>,
}

impl<P> Event<P> {
    /// An event that is not linked into a chain.
    pub fn new(header: EventHeader, payload: P) -> Self {
        Self { header, payload, hash_chain: None }
    }

    /// Gives the event its place in the chain.
    #[must_use]
    pub fn with_hash_chain(mut self, chain: HashChain) -> Self {
        self.hash_chain = Some(chain);
        self
    }

    /// Names the event.
    pub fn event_id(&self) -> EventId {
        self.header.event_id
    }

    /// Type tag of the payload.
    pub fn event_kind(&self) -> EventKind {
        self.header.event_kind
    }

    /// Place in the stream.
    pub fn position(&self) -> &DagPosition {
        &self.header.position
    }

    /// True if nothing precedes the event in its chain, or it is not linked.
    pub fn is_genesis(&self) -> bool {
        self.hash_chain.is_none_or(|chain| chain.prev_hash == [0; 32])
    }

    /// Replaces the payload and keeps the rest.
    pub fn map_payload<U, F: FnOnce(P) -> U>(self, f: F) -> Event<U> {
        Event { header: self.header, payload: f(self.payload), hash_chain: self.hash_chain }
    }
}

/// An event and where it belongs: what a read returns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredEvent<P> {
    /// Entity and scope.
    pub coordinate: Coordinate,
    /// The event.
    pub event: Event<P>,
}

/// Why compaction removed an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RemovalReason {
    /// It was dropped: reads pass over its place.
    Retention,
    /// It was dropped and reads say so: an event of kind [`EventKind::TOMBSTONE`] without payload is listed in its place.
    Tombstone,
}

impl fmt::Display for RemovalReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Retention => "retention",
            Self::Tombstone => "tombstone",
        })
    }
}

/// What is known of an event's removal. Its place, id, entity and hashes are kept with the event itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Why it was removed.
    pub reason: RemovalReason,
    /// The type tag that its payload had.
    pub kind: EventKind,
}

/// Value of an extension: bytes that the application has encoded.
pub type EncodedBytes = Vec<u8>;

/// Extensions of an event: opaque bytes by key, stored and hashed with it.
pub type Extensions = BTreeMap<ExtensionKey, EncodedBytes>;

/// Greatest length of an extension key, in bytes.
pub(crate) const MAX_EXTENSION_KEY_LEN: usize = 256;

/// Key of an extension: `namespace.field`, ASCII, at most 256 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExtensionKey(String);

/// Why a text is not an extension key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ExtensionKeyError {
    /// It is empty.
    #[error("an extension key must not be empty")]
    Empty,
    /// It has characters that are not ASCII.
    #[error("an extension key must be ASCII")]
    NonAscii,
    /// It has more than 256 bytes.
    #[error("an extension key must not be longer than {MAX_EXTENSION_KEY_LEN} bytes")]
    TooLong,
    /// It is not two non-empty parts with one point between them.
    #[error("an extension key must be two non-empty parts with one point between them")]
    InvalidNamespaceFormat,
    /// Its first part is `batpak` or `causeway`.
    #[error("the namespace of the extension key belongs to the store")]
    ReservedNamespace,
}

impl ExtensionKey {
    /// Makes a key. The namespaces `batpak` and `causeway` belong to the store.
    pub fn new(key: impl Into<String>) -> Result<Self, ExtensionKeyError> {
        let text = key.into();
        if text.is_empty() {
            return Err(ExtensionKeyError::Empty);
        }
        if !text.is_ascii() {
            return Err(ExtensionKeyError::NonAscii);
        }
        if text.len() > MAX_EXTENSION_KEY_LEN {
            return Err(ExtensionKeyError::TooLong);
        }
        match text.split_once('.') {
            Some((space, field)) if !space.is_empty() && !field.is_empty() && !field.contains('.') => {
                if space == "batpak" || space == "causeway" {
                    return Err(ExtensionKeyError::ReservedNamespace);
                }
                Ok(Self(text))
            }
            Some(_) | None => Err(ExtensionKeyError::InvalidNamespaceFormat),
        }
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A key as it stands in a log, or one of the store's own.
    pub(crate) fn from_log(text: String) -> Self {
        Self(text)
    }
}

impl TryFrom<String> for ExtensionKey {
    type Error = ExtensionKeyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<ExtensionKey> for String {
    fn from(key: ExtensionKey) -> Self {
        key.0
    }
}

impl fmt::Display for ExtensionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An event as it stands in a log, before anybody decodes its payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEvent {
    /// Place in the commit order.
    pub global_sequence: u64,
    /// Entity and scope.
    pub coordinate: Coordinate,
    /// Header; `position.sequence()` is the place in the stream.
    pub header: EventHeader,
    /// Extensions.
    pub extensions: Extensions,
    /// How the payload bytes are to be understood: 0 = plain.
    pub payload_form: u8,
    /// The stored payload.
    pub payload: Vec<u8>,
    /// The event's own hash.
    pub event_hash: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extension_keys_have_exactly_two_parts_and_a_free_namespace() {
        assert!(ExtensionKey::new("acme.trace").is_ok());
        assert!(ExtensionKey::new(format!("a.{}", "x".repeat(MAX_EXTENSION_KEY_LEN - 2))).is_ok());
        let check = |text: &str, expected| assert_eq!(ExtensionKey::new(text), Err(expected), "{text}");
        check("", ExtensionKeyError::Empty);
        check("ä.b", ExtensionKeyError::NonAscii);
        check(&format!("a.{}", "x".repeat(MAX_EXTENSION_KEY_LEN - 1)), ExtensionKeyError::TooLong);
        for text in ["acme", "acme.", ".x", "a.b.c", "batpak.signing.downgrade"] {
            check(text, ExtensionKeyError::InvalidNamespaceFormat);
        }
        for text in ["batpak.x", "causeway.origin"] {
            check(text, ExtensionKeyError::ReservedNamespace);
        }
    }
}
