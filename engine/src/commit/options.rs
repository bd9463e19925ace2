//! Owns what an append may say besides coordinate, kind and payload.

use crate::words::event::{EncodedBytes, ExtensionKey, Extensions};
use crate::words::expectation::StreamState;
use crate::words::extension::{ReceiptExtensionKey, ReceiptExtensionNamespace, ReceiptExtensionValue};
use crate::words::id::{CausationId, CorrelationId, IdempotencyKey};
use crate::words::watermark::DurabilityGate;

/// Branch of an event: the store keeps it and orders by the stream all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct AppendPositionHint {
    /// Lane.
    pub lane: u32,
    /// Depth.
    pub depth: u32,
}

impl AppendPositionHint {
    /// A lane and a depth.
    pub fn new(lane: u32, depth: u32) -> Self {
        Self { lane, depth }
    }
}

/// What an append may say besides coordinate, kind and payload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppendOptions {
    /// Stream sequence that the entity's last event must have; an empty stream counts as 0.
    pub expected_sequence: Option<u32>,
    /// Where the entity's stream must stand; tells a stream without events from one with a single event.
    pub expected_state: StreamState,
    /// Makes the append repeatable: the key becomes the event's id.
    pub idempotency_key: Option<IdempotencyKey>,
    /// The conversation; by default that of the event's own id.
    pub correlation_id: Option<CorrelationId>,
    /// The event that caused this one; zero counts as none.
    pub causation_id: Option<CausationId>,
    /// Branch.
    pub position_hint: Option<AppendPositionHint>,
    /// Flags of the header.
    pub flags: u8,
    /// What the append waits for after its commit. For a batch the options of the batch say it, never those of an item.
    pub gate: Option<DurabilityGate>,
    /// Opaque bytes by key, stored and hashed with the event.
    pub extensions: Extensions,
}

impl AppendOptions {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends only if the entity's last event has this stream sequence; an empty stream counts as 0.
    #[must_use]
    pub fn with_cas(mut self, sequence: u32) -> Self {
        self.expected_sequence = Some(sequence);
        self
    }

    /// Appends only if the entity's stream stands there.
    ///
    /// ```
    /// use causeway::store::{AppendOptions, StreamState};
    ///
    /// let first = AppendOptions::new().with_expected_state(StreamState::NoStream);
    /// let second = AppendOptions::new().with_expected_state(StreamState::Exactly(0));
    /// assert_ne!(first, second); // with_cas(0) accepts both
    /// ```
    #[must_use]
    pub fn with_expected_state(mut self, state: StreamState) -> Self {
        self.expected_state = state;
        self
    }

    /// Makes the append repeatable: the key becomes the event's id.
    #[must_use]
    pub fn with_idempotency(mut self, key: IdempotencyKey) -> Self {
        self.idempotency_key = Some(key);
        self
    }

    /// Sets the flags of the header.
    #[must_use]
    pub fn with_flags(mut self, flags: u8) -> Self {
        self.flags = flags;
        self
    }

    /// Sets the conversation.
    #[must_use]
    pub fn with_correlation(mut self, id: CorrelationId) -> Self {
        self.correlation_id = Some(id);
        self
    }

    /// Sets the cause; zero counts as none.
    #[must_use]
    pub fn with_causation(mut self, id: CausationId) -> Self {
        self.causation_id = Some(id);
        self
    }

    /// Sets the branch.
    #[must_use]
    pub fn with_position_hint(mut self, hint: AppendPositionHint) -> Self {
        self.position_hint = Some(hint);
        self
    }

    /// Sets what the append waits for after its commit.
    #[must_use]
    pub fn with_gate(mut self, gate: DurabilityGate) -> Self {
        self.gate = Some(gate);
        self
    }

    /// Adds an extension, or replaces that with the same key.
    #[must_use]
    pub fn with_extension(mut self, key: ExtensionKey, bytes: impl Into<EncodedBytes>) -> Self {
        self.extensions.insert(key, bytes.into());
        self
    }

    /// Adds an extension of a typed namespace, or replaces that with the same key.
    #[must_use]
    pub fn with_receipt_extension<P: ReceiptExtensionNamespace>(
        self,
        key: ReceiptExtensionKey<P>,
        value: ReceiptExtensionValue<P>,
    ) -> Self {
        self.with_extension(key.into_key(), value.into_bytes())
    }

    /// Replaces all extensions.
    #[must_use]
    pub fn with_extensions(mut self, extensions: Extensions) -> Self {
        self.extensions = extensions;
        self
    }

    /// The options of an event that another one caused, in the same conversation.
    pub(crate) fn reaction(correlation: CorrelationId, causation: CausationId) -> Self {
        Self::new().with_correlation(correlation).with_causation(causation)
    }
}

/// What caused an item of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CausationRef {
    /// What the item's options say.
    #[default]
    None,
    /// The event with this id; zero counts as none.
    Absolute(u128),
    /// An item that comes before it in the batch, first = 0.
    PriorItem(usize),
}

impl CausationRef {
    /// The event with this id.
    pub fn absolute_typed(id: CausationId) -> Self {
        Self::Absolute(id.into())
    }
}
