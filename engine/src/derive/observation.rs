//! Owns the witnesses of a delivery: what a handler is told about how often an event reaches it. Delivers nothing.

use crate::derive::checkpoint::CheckpointId;

/// Says that the deliveries that reach a handler are saved under a name: each event comes at least once, restarts included.
///
/// Only a worker or reactor with a checkpoint id hands it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtLeastOnce(CheckpointId);

impl AtLeastOnce {
    pub(crate) fn new(id: CheckpointId) -> Self {
        Self(id)
    }

    /// The name under which the position is saved.
    pub fn checkpoint_id(&self) -> &CheckpointId {
        &self.0
    }
}

/// Names one effect of a consumer, so that the consumer can tell whether it happened already: 32 bytes of the consumer's choice.
///
/// Not the key of an append, which is [`crate::id::IdempotencyKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey([u8; 32]);

impl IdempotencyKey {
    /// A key of these bytes, such as a digest of what the effect depends on.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A consumer's claim that an effect happens exactly once: it is delivered at least once and has a key by which repeats are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedOnce {
    at_least_once: AtLeastOnce,
    idempotency_key: IdempotencyKey,
}

impl ObservedOnce {
    /// The claim, made of both halves.
    pub fn new(at_least_once: AtLeastOnce, idempotency_key: IdempotencyKey) -> Self {
        Self { at_least_once, idempotency_key }
    }

    /// Both halves.
    pub fn into_parts(self) -> (AtLeastOnce, IdempotencyKey) {
        (self.at_least_once, self.idempotency_key)
    }
}
