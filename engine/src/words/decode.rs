//! Owns the decoding of one stored payload into a Rust type, in either form in which payloads reach an application.
//!
//! Invariants:
//! - a payload is decoded as the version that stored it: an older one is never read as if it were of the type of today;
//! - both forms fail for the same reasons, with the same errors.

use std::error::Error as StdError;

use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use crate::words::encoding;
use crate::words::event::Event;
use crate::words::kind::EventKind;

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
    /// A newer program stored the payload: this one does not know what changed.
    #[error("payload of kind {kind} has version {stored}; this program knows up to {known}")]
    FutureVersion {
        /// Kind of the event.
        kind: EventKind,
        /// Version of the payload.
        stored: u16,
        /// Version of the type.
        known: u16,
    },
    /// The type has no upcast from the version that was stored. A derived payload type always has one.
    #[error("payload of kind {kind} has version {stored}, from which nothing leads to version {known}")]
    NoUpcast {
        /// Kind of the event.
        kind: EventKind,
        /// Version of the payload.
        stored: u16,
        /// Version of the type.
        known: u16,
    },
    /// An upcast refused the payload.
    #[error("payload of kind {kind} cannot be brought from version {from_version} to the next: {source}")]
    UpcastFailure {
        /// Kind of the event.
        kind: EventKind,
        /// Version of the payload that was refused.
        from_version: u16,
        /// What the upcast says.
        source: Box<dyn StdError + Send + Sync>,
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

/// A payload as it was stored, with the kind and the version that its event says: what [`EventPayload::upcast`] starts from.
///
/// [`EventPayload::upcast`]: crate::event::EventPayload::upcast
#[derive(Clone, Copy, Debug)]
pub struct StoredPayload<'a> {
    kind: EventKind,
    version: u16,
    form: Form<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Form<'a> {
    Json(&'a Value),
    Msgpack(&'a [u8]),
}

impl<'a> StoredPayload<'a> {
    pub(crate) fn of_value(event: &'a Event<Value>) -> Self {
        let (kind, version) = (event.header.event_kind, event.header.payload_version);
        Self { kind, version, form: Form::Json(&event.payload) }
    }

    pub(crate) fn of_bytes(event: &'a Event<Vec<u8>>) -> Self {
        let (kind, version) = (event.header.event_kind, event.header.payload_version);
        Self { kind, version, form: Form::Msgpack(&event.payload) }
    }

    /// Kind of the event.
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    /// Version of the type that stored the payload; 0 when it was appended untyped.
    pub fn version(&self) -> u16 {
        self.version
    }

    /// Decodes the payload as it stands into a type of the version that stored it.
    ///
    /// # Errors
    /// [`TypedDecodeError::DecodeFailure`] if it does not fit.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, TypedDecodeError> {
        let decoded = match self.form {
            Form::Json(value) => T::deserialize(value).map_err(DecodeSource::Json),
            Form::Msgpack(bytes) => encoding::from_bytes(bytes).map_err(DecodeSource::Msgpack),
        };
        decoded.map_err(|source| TypedDecodeError::DecodeFailure { kind: self.kind, source })
    }

    /// What one upcast answered; a refusal becomes [`TypedDecodeError::UpcastFailure`].
    pub fn step<T, E>(&self, from_version: u16, upcast: Result<T, E>) -> Result<T, TypedDecodeError>
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        upcast.map_err(|refused| TypedDecodeError::UpcastFailure {
            kind: self.kind,
            from_version,
            source: refused.into(),
        })
    }

    /// The error of a type of version `known` that nothing brings this payload up to.
    pub fn no_upcast(&self, known: u16) -> TypedDecodeError {
        TypedDecodeError::NoUpcast { kind: self.kind, stored: self.version, known }
    }
}
