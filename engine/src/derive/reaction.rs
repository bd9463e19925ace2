//! Owns reactions: the events that a reactor answers one event with, gathered before anything is written.
//!
//! Invariant: keys are derived for all reactions to an event or for none, because a batch has keys on all its items or on none.

use crate::commit::request::{AppendOptions, BatchAppendItem, CausationRef};
use crate::derive::checkpoint::CheckpointId;
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::event::EventHeader;
use crate::words::id::{CausationId, CorrelationId, EventId, IdempotencyKey};
use crate::words::payload::EventPayload;

/// What a reactor answers one event with: events that are appended together, or dropped together if the handler fails.
#[derive(Debug, Default)]
pub struct ReactionBatch {
    items: Vec<BatchAppendItem>,
}

impl ReactionBatch {
    /// Adds a reaction. [`CausationRef::None`] makes the event that is reacted to its cause.
    ///
    /// # Errors
    /// [`StoreError::Serialization`] if the payload cannot be encoded.
    pub fn push_typed<T: EventPayload>(
        &mut self,
        coord: Coordinate,
        payload: &T,
        causation: CausationRef,
    ) -> Result<(), StoreError> {
        self.push_typed_with_options(coord, payload, AppendOptions::default(), causation)
    }

    /// Adds a reaction with options. Its conversation is always that of the event that is reacted to.
    ///
    /// # Errors
    /// [`StoreError::Serialization`] if the payload cannot be encoded.
    pub fn push_typed_with_options<T: EventPayload>(
        &mut self,
        coord: Coordinate,
        payload: &T,
        options: AppendOptions,
        causation: CausationRef,
    ) -> Result<(), StoreError> {
        self.items.push(BatchAppendItem::typed(coord, payload, options, causation)?);
        Ok(())
    }

    /// How many reactions there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// True if the handler gave a reaction a key of its own.
    pub(crate) fn has_keys(&self) -> bool {
        self.items.iter().any(|item| item.options().idempotency_key.is_some())
    }

    /// The reactions as they are appended: in the conversation of their source and caused by it, unless they name another cause.
    pub(crate) fn into_items(self, source: Source, keys: Option<&ReactionKeys>) -> Vec<BatchAppendItem> {
        let mut items = self.items;
        for (index, item) in items.iter_mut().enumerate() {
            let options = item.options_mut();
            options.correlation_id = Some(source.correlation);
            options.causation_id = Some(CausationId::from(source.event));
            if let Some(keys) = keys {
                options.idempotency_key = Some(keys.key(index));
            }
        }
        items
    }
}

/// The event that is reacted to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    event: EventId,
    correlation: CorrelationId,
}

impl From<&EventHeader> for Source {
    fn from(header: &EventHeader) -> Self {
        Self { event: header.event_id, correlation: header.correlation_id }
    }
}

/// The keys of one reactor's reactions to one event: the same ones whenever the event is delivered again.
#[derive(Debug)]
pub(crate) struct ReactionKeys {
    seed: blake3::Hasher,
}

impl ReactionKeys {
    pub(crate) fn new(reactor: &CheckpointId, source: Source) -> Self {
        let mut seed = blake3::Hasher::new_derive_key("causeway reaction 1");
        seed.update(&u128::from(source.event).to_le_bytes());
        seed.update(&(reactor.as_str().len() as u64).to_le_bytes());
        seed.update(reactor.as_str().as_bytes());
        Self { seed }
    }

    /// The key of the reaction at `index`, first = 0.
    pub(crate) fn key(&self, index: usize) -> IdempotencyKey {
        let mut seed = self.seed.clone();
        seed.update(&(index as u64).to_le_bytes());
        let mut bytes = [0; 16];
        seed.finalize_xof().fill(&mut bytes);
        IdempotencyKey::from_u128(u128::from_le_bytes(bytes))
    }
}
