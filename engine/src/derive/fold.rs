//! Owns the fold: what a type must say to be a state derived from events. Reads no store.
//!
//! Invariants:
//! - the store folds through the fallible methods only, so that an event that does not decode is an error and never a panic;
//! - a projection sees payloads in the one form that its input names, whatever path replayed them.

use serde_json::Value;

use crate::words::decode::TypedDecodeError;
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::event::Event;
use crate::words::kind::EventKind;

/// A state that is a fold of one entity's events. Usually derived.
///
/// ```
/// use causeway::event::JsonValueInput;
/// use causeway::{EventPayload, EventSourced};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, EventPayload)]
/// #[causeway(category = 1, type_id = 1)]
/// struct Deposited {
///     cents: u64,
/// }
///
/// #[derive(Default, Serialize, Deserialize, EventSourced)]
/// #[causeway(input = JsonValueInput)]
/// #[causeway(event = Deposited, handler = deposit)]
/// struct Account {
///     cents: u64,
/// }
///
/// impl Account {
///     fn deposit(&mut self, event: &Deposited) {
///         self.cents += event.cents;
///     }
/// }
///
/// assert_eq!(Account::relevant_event_kinds(), [Deposited::KIND]);
/// ```
pub trait EventSourced: Sized {
    /// The form in which payloads reach the fold.
    type Input: ProjectionInput;

    /// Folds events, oldest first, from nothing. `None` means that they make no state.
    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self>;

    /// Folds one more event into the state.
    fn apply_event(&mut self, event: &ProjectionEvent<Self>);

    /// The kinds that the fold takes; the store reads no others. Empty means every kind.
    fn relevant_event_kinds() -> &'static [EventKind];

    /// Changes whenever the serialised form of the type does, so that no state of the old form is taken for one of the new.
    fn schema_version() -> u64 {
        0
    }

    /// True if the store may fold only what is new into a state that it kept in serialised form.
    ///
    /// That needs a pure fold: `from_events` gives what `apply_event`, repeated, gives, and the serialised form is the whole state.
    fn supports_incremental_apply() -> bool {
        false
    }

    /// False if serde leaves a part of the state out: then the store keeps no state of the fold at all, neither in memory nor in a cache.
    ///
    /// The derive finds out by itself.
    fn serialises_whole() -> bool {
        true
    }

    /// [`EventSourced::from_events`], with a way to fail. This is what the store calls.
    fn try_from_events(events: &[ProjectionEvent<Self>]) -> Result<Option<Self>, TypedDecodeError> {
        Ok(Self::from_events(events))
    }

    /// [`EventSourced::apply_event`], with a way to fail. This is what the store calls.
    ///
    /// After an error the state is not used again.
    fn try_apply_event(&mut self, event: &ProjectionEvent<Self>) -> Result<(), TypedDecodeError> {
        self.apply_event(event);
        Ok(())
    }
}

/// The payload that reaches the fold of `T`.
pub type ProjectionPayload<T> = <<T as EventSourced>::Input as ProjectionInput>::Payload;

/// The event that reaches the fold of `T`.
pub type ProjectionEvent<T> = Event<ProjectionPayload<T>>;

/// The form in which payloads reach a fold. Closed: [`JsonValueInput`] and [`RawMsgpackInput`] are all there are.
pub trait ProjectionInput: sealed::Sealed + Send + Sync + 'static {
    /// What a payload is in this form.
    type Payload: Clone + Send + Sync + 'static;

    /// The form as a value.
    const MODE: ReplayLane;

    #[doc(hidden)]
    fn payload(stored: Vec<u8>) -> Result<Self::Payload, StoreError>;
}

/// The form in which payloads reach a fold, as a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayLane {
    /// As JSON values.
    Value,
    /// As stored bytes.
    RawMsgpack,
}

/// Payloads as JSON values: comfortable, and open to payloads of any shape.
#[derive(Clone, Copy, Debug, Default)]
pub struct JsonValueInput;

/// Payloads as the stored MessagePack bytes: fast, and exact for what JSON lacks.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawMsgpackInput;

impl ProjectionInput for JsonValueInput {
    type Payload = Value;
    const MODE: ReplayLane = ReplayLane::Value;

    /// No bytes are what is left of a removed event; every encoded value has at least one.
    fn payload(stored: Vec<u8>) -> Result<Value, StoreError> {
        if stored.is_empty() {
            return Ok(Value::Null);
        }
        encoding::to_json(&stored).map_err(StoreError::encoding)
    }
}

impl ProjectionInput for RawMsgpackInput {
    type Payload = Vec<u8>;
    const MODE: ReplayLane = ReplayLane::RawMsgpack;

    fn payload(stored: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        Ok(stored)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::JsonValueInput {}
    impl Sealed for super::RawMsgpackInput {}
}

/// True if no two are the same: an event of a kind with two payload types would reach both handlers.
#[doc(hidden)]
pub const fn are_distinct(kinds: &[EventKind]) -> bool {
    let mut first = 0;
    while first < kinds.len() {
        let mut second = first + 1;
        while second < kinds.len() {
            if kinds[first].as_raw_u16() == kinds[second].as_raw_u16() {
                return false;
            }
            second += 1;
        }
        first += 1;
    }
    true
}
