//! Owns reactions: the events that a reactor answers one event with, gathered before anything is written.
//!
//! Invariant: keys are derived for all reactions to an event or for none, because a batch has keys on all its items or on none.

use crate::commit::options::{AppendOptions, CausationRef};
use crate::commit::request::BatchAppendItem;
use crate::derive::checkpoint::CheckpointId;
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::id::{EventId, IdempotencyKey};
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

    /// The reactions, with keys if there are any for them.
    pub(crate) fn into_items(self, keys: Option<&ReactionKeys>) -> Vec<BatchAppendItem> {
        let Some(keys) = keys else { return self.items };
        let items = self.items.into_iter().enumerate();
        items.map(|(index, item)| item.keyed(keys.key(index))).collect()
    }
}

/// The keys of one reactor's reactions to one event: the same ones whenever the event is delivered again.
#[derive(Debug)]
pub(crate) struct ReactionKeys {
    seed: blake3::Hasher,
}

impl ReactionKeys {
    pub(crate) fn new(reactor: &CheckpointId, source: EventId) -> Self {
        let mut seed = blake3::Hasher::new_derive_key("causeway reaction 1");
        seed.update(&u128::from(source).to_le_bytes());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn key(reactor: &str, source: u128, index: usize) -> u128 {
        let reactor = CheckpointId::new(reactor).unwrap();
        ReactionKeys::new(&reactor, EventId::from_u128(source)).key(index).into()
    }

    /// Stores hold events with these keys: another value would append their reactions again.
    #[test]
    fn the_key_of_a_reaction_never_changes() {
        assert_eq!(key("billing", 7, 0), 0xe7a5_1492_a42f_f728_41ed_a9aa_9617_2912);
    }

    #[test]
    fn reactors_events_and_places_have_keys_of_their_own() {
        let keys = [("a", 1, 0), ("a", 1, 1), ("a", 2, 0), ("b", 1, 0), ("aa", 1, 0)];
        let distinct: std::collections::BTreeSet<_> =
            keys.map(|(reactor, source, index)| key(reactor, source, index)).into();
        assert_eq!(distinct.len(), keys.len());
    }
}
