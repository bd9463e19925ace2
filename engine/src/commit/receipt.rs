//! Owns the receipt: what the store answers when an event is committed, signed if it has a key.
//!
//! Invariant: receipts come into being in [`Issuer::issue`] only, so that each of them is signed, or none.

use crate::commit::claim::{Cover, ReceiptClaim};
use crate::disk::segment::StoreId;
use crate::words::event::Extensions;
use crate::words::extension::SigningDowngradeBody;
use crate::words::id::EventId;
use crate::words::position::DiskPos;
use crate::words::signing::SigningKey;

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
    /// Ed25519 signature over the receipt, if a key was configured.
    pub signature: Option<[u8; 64]>,
    /// Extensions of the event.
    pub extensions: Extensions,
    pub(crate) store_id: StoreId,
    pub(crate) epoch: u64,
    pub(crate) stream_sequence: u32,
    pub(crate) event_hash: [u8; 32],
    pub(crate) place: DiskPos,
    pub(crate) durable: bool,
}

impl AppendReceipt {
    /// Where the frame lay when the receipt was given; compaction may move it.
    pub const fn disk_pos(&self) -> DiskPos {
        self.place
    }

    /// The store that gave the receipt.
    pub const fn store_id(&self) -> StoreId {
        self.store_id
    }

    /// The epoch in which it was given. It rises after each recovery that had to cut the end of the log.
    pub const fn epoch(&self) -> u64 {
        self.epoch
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

    /// What the receipt says, to be kept, sent and checked elsewhere.
    pub fn claim(&self) -> ReceiptClaim {
        ReceiptClaim {
            store_id: self.store_id,
            epoch: self.epoch,
            event_id: self.event_id,
            sequence: self.sequence,
            content_hash: self.content_hash,
            event_hash: self.event_hash,
            extensions: self.extensions.clone(),
            key_id: self.key_id,
            signature: self.signature,
        }
    }

    /// batpak's note, among the extensions of an imported event, that its receipt had to stay unsigned.
    ///
    /// A store of this crate never writes it: what a signature covers here can always be built.
    pub fn signing_downgrade(&self) -> Option<SigningDowngradeBody> {
        SigningDowngradeBody::among(&self.extensions)
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
    /// Ed25519 signature over the receipt, if a key was configured.
    pub signature: Option<[u8; 64]>,
    /// Extensions of the event.
    pub extensions: Extensions,
    store_id: StoreId,
    epoch: u64,
    event_hash: [u8; 32],
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
            store_id: receipt.store_id,
            epoch: receipt.epoch,
            event_hash: receipt.event_hash,
            place: receipt.place,
        }
    }
}

impl DenialReceipt {
    /// Where the frame lay when the receipt was given; compaction may move it.
    pub const fn disk_pos(&self) -> DiskPos {
        self.place
    }

    /// What the receipt says, to be kept, sent and checked elsewhere.
    pub fn claim(&self) -> ReceiptClaim {
        ReceiptClaim {
            store_id: self.store_id,
            epoch: self.epoch,
            event_id: self.event_id,
            sequence: self.sequence,
            content_hash: self.content_hash,
            event_hash: self.event_hash,
            extensions: self.extensions.clone(),
            key_id: self.key_id,
            signature: self.signature,
        }
    }
}

/// In whose name receipts are given, and which key signs them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Issuer<'a> {
    pub(crate) store_id: StoreId,
    pub(crate) epoch: u64,
    pub(crate) signer: Option<&'a SigningKey>,
}

/// What a receipt says of one event.
#[derive(Debug)]
pub(crate) struct Witness {
    pub(crate) event_id: EventId,
    pub(crate) sequence: u64,
    pub(crate) stream_sequence: u32,
    pub(crate) content_hash: [u8; 32],
    pub(crate) event_hash: [u8; 32],
    pub(crate) extensions: Extensions,
    pub(crate) place: DiskPos,
    pub(crate) durable: bool,
}

impl Issuer<'_> {
    /// Gives a receipt for a committed event. Without a key nothing is computed.
    pub(crate) fn issue(&self, witness: Witness) -> AppendReceipt {
        let signed = self.signer.map(|key| {
            let cover = Cover {
                store_id: self.store_id,
                epoch: self.epoch,
                event_id: witness.event_id,
                sequence: witness.sequence,
                content_hash: &witness.content_hash,
                event_hash: &witness.event_hash,
                extensions: &witness.extensions,
            };
            (key.verifying_key().key_id(), key.sign(&cover.digest()))
        });
        AppendReceipt {
            event_id: witness.event_id,
            sequence: witness.sequence,
            content_hash: witness.content_hash,
            key_id: signed.map_or([0; 32], |(key_id, _)| key_id),
            signature: signed.map(|(_, signature)| signature),
            extensions: witness.extensions,
            store_id: self.store_id,
            epoch: self.epoch,
            stream_sequence: witness.stream_sequence,
            event_hash: witness.event_hash,
            place: witness.place,
            durable: witness.durable,
        }
    }
}
