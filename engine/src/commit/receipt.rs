//! Owns the receipt: what the store answers when an event is committed.

use crate::words::event::Extensions;
use crate::words::id::EventId;
use crate::words::position::DiskPos;

/// Proof that an event is part of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppendReceipt {
    /// Names the event.
    pub event_id: EventId,
    /// Place in the commit order.
    pub sequence: u64,
    /// BLAKE3 of the stored payload.
    pub content_hash: [u8; 32],
    /// Which key signed; zeros when none did.
    pub key_id: [u8; 32],
    /// Signature over the receipt, if a key was configured.
    pub signature: Option<[u8; 64]>,
    /// Extensions of the event.
    pub extensions: Extensions,
    pub(crate) stream_sequence: u32,
    pub(crate) event_hash: [u8; 32],
    pub(crate) place: DiskPos,
    pub(crate) durable: bool,
}

impl AppendReceipt {
    /// Where the frame lies.
    pub const fn disk_pos(&self) -> DiskPos {
        self.place
    }

    /// Place in the stream of the entity, first = 0.
    pub const fn stream_sequence(&self) -> u32 {
        self.stream_sequence
    }

    /// Hash over everything the event says and what came before it in its stream.
    pub const fn event_hash(&self) -> [u8; 32] {
        self.event_hash
    }

    /// True if the event was on stable storage when the append returned.
    pub const fn is_durable(&self) -> bool {
        self.durable
    }
}

/// Proof that the trace of a denial is part of the log: the receipt of its `SYSTEM_DENIAL` event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DenialReceipt {
    /// Names the event.
    pub event_id: EventId,
    /// Place in the commit order.
    pub sequence: u64,
    /// BLAKE3 of the stored trace.
    pub content_hash: [u8; 32],
    /// Which key signed; zeros when none did.
    pub key_id: [u8; 32],
    /// Signature over the receipt, if a key was configured.
    pub signature: Option<[u8; 64]>,
    /// Extensions of the event.
    pub extensions: Extensions,
    place: DiskPos,
}

impl From<AppendReceipt> for DenialReceipt {
    fn from(receipt: AppendReceipt) -> Self {
        Self {
            event_id: receipt.event_id,
            sequence: receipt.sequence,
            content_hash: receipt.content_hash,
            key_id: receipt.key_id,
            signature: receipt.signature,
            extensions: receipt.extensions,
            place: receipt.place,
        }
    }
}

impl DenialReceipt {
    /// Where the frame lies.
    pub const fn disk_pos(&self) -> DiskPos {
        self.place
    }
}
