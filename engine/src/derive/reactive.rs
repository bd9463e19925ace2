//! Owns what a type must say to be a reactor: which events it takes, and what it answers them with. Runs none.

use thiserror::Error;

use crate::derive::fold::ProjectionInput;
use crate::derive::observation::AtLeastOnce;
use crate::derive::reaction::ReactionBatch;
use crate::words::coordinate::Coordinate;
use crate::words::decode::TypedDecodeError;
use crate::words::event::{Event, StoredEvent};
use crate::words::kind::EventKind;
use crate::words::payload::EventPayload;

/// Answers events of any kind with events of any kind; cannot fail.
pub trait Reactive<P> {
    /// The answers to one event: coordinate, kind and payload of each.
    fn react(&self, event: &Event<P>) -> Vec<(Coordinate, EventKind, P)>;
}

/// Answers events with a payload of type `T`. Events of other kinds do not reach it.
pub trait TypedReactive<T: EventPayload>: Send + 'static {
    /// Why the reactor gives up.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Adds the answers to `event` to `out`; they are appended together.
    ///
    /// `at_least_once` says that deliveries are saved under a name; it is there only if the reactor has a checkpoint id. An event may
    /// come again after a crash, whether it is or not.
    ///
    /// # Errors
    /// Whatever is returned ends the reactor: the answers are dropped, and the event comes again when the reactor starts anew.
    fn react(
        &mut self,
        event: &StoredEvent<T>,
        out: &mut ReactionBatch,
        at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), Self::Error>;
}

/// Answers events of several payload types, which reach it in the form that `Input` names. Usually derived.
///
/// ```
/// use causeway::event::{JsonValueInput, StoredEvent};
/// use causeway::store::delivery::observation::AtLeastOnce;
/// use causeway::store::{ReactionBatch, StoreError};
/// use causeway::{EventPayload, MultiEventReactor, MultiReactive};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, EventPayload)]
/// #[causeway(category = 1, type_id = 1)]
/// struct Ordered {
///     item: String,
/// }
///
/// #[derive(MultiEventReactor)]
/// #[causeway(input = JsonValueInput, error = StoreError)]
/// #[causeway(event = Ordered, handler = on_ordered)]
/// struct Warehouse {
///     to_pick: Vec<String>,
/// }
///
/// impl Warehouse {
///     fn on_ordered(
///         &mut self,
///         event: &StoredEvent<Ordered>,
///         _out: &mut ReactionBatch,
///         _at_least_once: Option<&AtLeastOnce>,
///     ) -> Result<(), StoreError> {
///         self.to_pick.push(event.event.payload.item.clone());
///         Ok(())
///     }
/// }
///
/// assert_eq!(Warehouse::relevant_event_kinds(), [Ordered::KIND]);
/// ```
pub trait MultiReactive<Input: ProjectionInput>: Send + 'static {
    /// Why the reactor gives up.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The kinds that reach the reactor. Empty means every kind.
    fn relevant_event_kinds() -> &'static [EventKind];

    /// Hands an event to its handler, which adds the answers to `out`; they are appended together.
    ///
    /// `at_least_once` means the same as for [`TypedReactive::react`].
    ///
    /// # Errors
    /// [`MultiDispatchError::User`] if the handler fails, [`MultiDispatchError::Decode`] if the payload does not fit the type that
    /// belongs to its kind. Both end the reactor.
    fn dispatch(
        &mut self,
        event: &StoredEvent<Input::Payload>,
        out: &mut ReactionBatch,
        at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), MultiDispatchError<Self::Error>>;
}

/// Why a reactor of several payload types gives up.
#[derive(Debug, Error)]
pub enum MultiDispatchError<E: std::error::Error + Send + Sync + 'static> {
    /// A handler failed.
    #[error("a handler failed: {0}")]
    User(#[source] E),
    /// An event does not decode as the type that belongs to its kind.
    #[error("an event did not reach its handler: {0}")]
    Decode(#[source] TypedDecodeError),
}

/// An event with its decoded payload in place of the stored one.
#[doc(hidden)]
pub fn with_payload<P, T>(event: &StoredEvent<P>, payload: T) -> StoredEvent<T> {
    let Event { header, hash_chain, .. } = &event.event;
    let event_of_type = Event { header: header.clone(), payload, hash_chain: *hash_chain };
    StoredEvent { coordinate: event.coordinate.clone(), event: event_of_type }
}
