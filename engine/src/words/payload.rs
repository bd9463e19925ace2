//! Owns typed payloads: which Rust type belongs to which kind and version, and how an event becomes one.

use std::cmp::Ordering;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::words::catalogue::KindDescription;
use crate::words::decode::{StoredPayload, TypedDecodeError};
use crate::words::event::Event;
use crate::words::kind::EventKind;

/// A Rust type that is the payload of one kind. Usually derived: `#[derive(EventPayload)] #[causeway(category = 1, type_id = 2)]`.
///
/// A type may change after events were stored: raise its version, keep the old type beside it, and name the function that leads from
/// the one to the next. Events of every version then decode, in projections and everywhere else.
///
/// ```
/// use causeway::EventPayload;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, EventPayload)]
/// #[causeway(category = 1, type_id = 1, version = 2)]
/// #[causeway(from_version = 1, try_upcast = Deposited::from_euros)]
/// struct Deposited {
///     cents: u64,
/// }
///
/// /// What version 1 stored.
/// #[derive(Deserialize)]
/// struct DepositedEuros {
///     euros: u64,
/// }
///
/// impl Deposited {
///     fn from_euros(old: DepositedEuros) -> Result<Self, &'static str> {
///         let cents = old.euros.checked_mul(100).ok_or("more than can be said in cents")?;
///         Ok(Self { cents })
///     }
/// }
/// ```
pub trait EventPayload: Serialize + DeserializeOwned {
    /// The kind.
    const KIND: EventKind;

    /// Version of the type, stored with each event. 1 unless the derive says otherwise.
    const PAYLOAD_VERSION: u16 = 1;

    /// Name and fields for people; stored once per segment. The derive supplies it.
    fn description() -> Option<KindDescription> {
        None
    }

    /// Makes this type of what an older version of it stored. The derive supplies it from the functions that it is given.
    ///
    /// # Errors
    /// [`TypedDecodeError::NoUpcast`] unless implemented; else whatever the steps say.
    fn upcast(stored: &StoredPayload<'_>) -> Result<Self, TypedDecodeError> {
        Err(stored.no_upcast(Self::PAYLOAD_VERSION))
    }
}

/// Decoding an event by the kind of a payload type.
///
/// An event that an older version of the type stored is brought up first; one that was appended untyped is decoded as it stands.
pub trait DecodeTyped {
    /// The payload if the event's kind is that of `T`, else `None`.
    fn route_typed<T: EventPayload>(&self) -> Result<Option<T>, TypedDecodeError>;

    /// The payload; another kind is an error.
    fn decode_typed<T: EventPayload>(&self) -> Result<T, TypedDecodeError>;
}

impl DecodeTyped for Event<Value> {
    fn route_typed<T: EventPayload>(&self) -> Result<Option<T>, TypedDecodeError> {
        route(&StoredPayload::of_value(self))
    }

    fn decode_typed<T: EventPayload>(&self) -> Result<T, TypedDecodeError> {
        expect_kind(self.route_typed()?, self.event_kind())
    }
}

impl DecodeTyped for Event<Vec<u8>> {
    fn route_typed<T: EventPayload>(&self) -> Result<Option<T>, TypedDecodeError> {
        route(&StoredPayload::of_bytes(self))
    }

    fn decode_typed<T: EventPayload>(&self) -> Result<T, TypedDecodeError> {
        expect_kind(self.route_typed()?, self.event_kind())
    }
}

/// What an untyped append stores in place of a version.
const UNTYPED: u16 = 0;

fn route<T: EventPayload>(stored: &StoredPayload<'_>) -> Result<Option<T>, TypedDecodeError> {
    if stored.kind() != T::KIND {
        return Ok(None);
    }
    if stored.version() == UNTYPED {
        return stored.decode().map(Some);
    }
    match stored.version().cmp(&T::PAYLOAD_VERSION) {
        Ordering::Less => T::upcast(stored).map(Some),
        Ordering::Equal => stored.decode().map(Some),
        Ordering::Greater => Err(TypedDecodeError::FutureVersion {
            kind: T::KIND,
            stored: stored.version(),
            known: T::PAYLOAD_VERSION,
        }),
    }
}

fn expect_kind<T: EventPayload>(routed: Option<T>, got: EventKind) -> Result<T, TypedDecodeError> {
    routed.ok_or(TypedDecodeError::KindMismatch { expected: T::KIND, got })
}
