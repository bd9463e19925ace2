//! Owns typed payloads: which Rust type belongs to which kind, and decoding an event into one.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use crate::words::catalogue::KindDescription;
use crate::words::encoding;
use crate::words::event::Event;
use crate::words::kind::EventKind;

/// A Rust type that is the payload of one kind. Usually derived: `#[derive(EventPayload)] #[causeway(category = 1, type_id = 2)]`.
pub trait EventPayload: Serialize + DeserializeOwned {
    /// The kind.
    const KIND: EventKind;

    /// Version of the type, stored with each event. 1 unless the derive says otherwise.
    const PAYLOAD_VERSION: u16 = 1;

    /// Name and fields for people; stored once per segment. The derive supplies it.
    fn description() -> Option<KindDescription> {
        None
    }
}

/// Decoding an event by the kind of a payload type.
pub trait DecodeTyped {
    /// The payload if the event's kind is that of `T`, else `None`.
    fn route_typed<T: EventPayload>(&self) -> Result<Option<T>, TypedDecodeError>;

    /// The payload; another kind is an error.
    fn decode_typed<T: EventPayload>(&self) -> Result<T, TypedDecodeError>;
}

/// Why an event did not become a typed payload.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TypedDecodeError {
    /// The event has another kind.
    #[error("event has kind {got}, not {expected}")]
    KindMismatch {
        /// Kind of the type.
        expected: EventKind,
        /// Kind of the event.
        got: EventKind,
    },
    /// The payload does not fit the type.
    #[error("payload of kind {kind} does not decode: {source}")]
    DecodeFailure {
        /// Kind of both.
        kind: EventKind,
        /// What the decoder says.
        source: DecodeSource,
    },
}

/// The decoder's own error.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DecodeSource {
    /// From the JSON view.
    #[error(transparent)]
    Json(serde_json::Error),
    /// From the stored bytes.
    #[error(transparent)]
    Msgpack(rmp_serde::decode::Error),
}

impl DecodeTyped for Event<Value> {
    fn route_typed<T: EventPayload>(&self) -> Result<Option<T>, TypedDecodeError> {
        route(self.event_kind(), || serde_json::from_value(self.payload.clone()).map_err(DecodeSource::Json))
    }

    fn decode_typed<T: EventPayload>(&self) -> Result<T, TypedDecodeError> {
        expect_kind(self.route_typed()?, self.event_kind())
    }
}

impl DecodeTyped for Event<Vec<u8>> {
    fn route_typed<T: EventPayload>(&self) -> Result<Option<T>, TypedDecodeError> {
        route(self.event_kind(), || encoding::from_bytes(&self.payload).map_err(DecodeSource::Msgpack))
    }

    fn decode_typed<T: EventPayload>(&self) -> Result<T, TypedDecodeError> {
        expect_kind(self.route_typed()?, self.event_kind())
    }
}

fn route<T: EventPayload>(
    kind: EventKind,
    decode: impl FnOnce() -> Result<T, DecodeSource>,
) -> Result<Option<T>, TypedDecodeError> {
    if kind != T::KIND {
        return Ok(None);
    }
    decode().map(Some).map_err(|source| TypedDecodeError::DecodeFailure { kind, source })
}

fn expect_kind<T: EventPayload>(routed: Option<T>, got: EventKind) -> Result<T, TypedDecodeError> {
    routed.ok_or(TypedDecodeError::KindMismatch { expected: T::KIND, got })
}
