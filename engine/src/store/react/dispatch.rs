//! Owns the way of an event to the handler of its type: one payload type, or several. Appends nothing.

use std::marker::PhantomData;

use crate::derive::fold::ProjectionInput;
use crate::derive::observation::AtLeastOnce;
use crate::derive::reaction::ReactionBatch;
use crate::derive::reactive::{MultiDispatchError, MultiReactive, TypedReactive};
use crate::read::entry::LogEvent;
use crate::store::react::reactor::ReactorError;
use crate::words::error::StoreError;
use crate::words::event::{Event, StoredEvent};
use crate::words::kind::EventKind;
use crate::words::payload::{DecodeTyped, EventPayload};

/// Hands an event to a handler.
pub(super) trait Dispatch: Send + 'static {
    /// What the handler may return.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The kinds that are handled; empty means every kind.
    fn kinds() -> &'static [EventKind];

    fn dispatch(
        &mut self,
        event: LogEvent,
        out: &mut ReactionBatch,
        witness: Option<&AtLeastOnce>,
    ) -> Result<(), ReactorError<Self::Error>>;
}

/// A reactor for one payload type.
pub(super) struct One<T, R> {
    reactor: R,
    payload: PhantomData<fn() -> T>,
}

impl<T, R> One<T, R> {
    pub(super) fn new(reactor: R) -> Self {
        Self { reactor, payload: PhantomData }
    }
}

impl<T: EventPayload + 'static, R: TypedReactive<T>> Dispatch for One<T, R> {
    type Error = R::Error;

    fn kinds() -> &'static [EventKind] {
        const { &[T::KIND] }
    }

    fn dispatch(
        &mut self,
        event: LogEvent,
        out: &mut ReactionBatch,
        witness: Option<&AtLeastOnce>,
    ) -> Result<(), ReactorError<R::Error>> {
        let StoredEvent { coordinate, event } = event.into_stored();
        let payload: T = event.decode_typed().map_err(ReactorError::Decode)?;
        let event = StoredEvent { coordinate, event: event.map_payload(|_| payload) };
        self.reactor.react(&event, out, witness).map_err(ReactorError::User)
    }
}

/// A reactor for several payload types.
pub(super) struct Several<I, R> {
    reactor: R,
    input: PhantomData<fn() -> I>,
}

impl<I, R> Several<I, R> {
    pub(super) fn new(reactor: R) -> Self {
        Self { reactor, input: PhantomData }
    }
}

impl<I: ProjectionInput, R: MultiReactive<I>> Dispatch for Several<I, R> {
    type Error = R::Error;

    fn kinds() -> &'static [EventKind] {
        R::relevant_event_kinds()
    }

    fn dispatch(
        &mut self,
        event: LogEvent,
        out: &mut ReactionBatch,
        witness: Option<&AtLeastOnce>,
    ) -> Result<(), ReactorError<R::Error>> {
        let event = input::<I>(event)?;
        self.reactor.dispatch(&event, out, witness).map_err(|error| match error {
            MultiDispatchError::User(error) => ReactorError::User(error),
            MultiDispatchError::Decode(error) => ReactorError::Decode(error),
        })
    }
}

/// An event with its payload in the form that `I` names.
pub(super) fn input<I: ProjectionInput>(event: LogEvent) -> Result<StoredEvent<I::Payload>, StoreError> {
    let StoredEvent { coordinate, event: Event { header, payload, hash_chain } } = event.into_stored();
    let payload = I::payload(payload)?;
    Ok(StoredEvent { coordinate, event: Event { header, payload, hash_chain } })
}
