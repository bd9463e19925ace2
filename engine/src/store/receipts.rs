//! The verbs that check receipts.

use crate::care::receipts::{Acknowledgement, verify_acknowledgement, verify_claim, verify_denial};
use crate::commit::claim::{ReceiptClaim, ReceiptVerification};
use crate::commit::receipt::{AppendReceipt, DenialReceipt};
use crate::store::Store;
use crate::store::state::StoreState;
use crate::words::event::Extensions;
use crate::words::id::EventId;

impl<State: StoreState> Store<State> {
    /// True if the log holds the event as the receipt says, and a configured key signed that.
    pub fn verify_append_receipt(&self, receipt: &AppendReceipt) -> bool {
        self.verify_append_receipt_detailed(receipt).is_valid()
    }

    /// Says whether the log holds the event as the receipt says, and which way, or why not.
    ///
    /// The hashes of the event are computed anew. Where it lies on disk is not compared: a receipt outlives compaction. Without
    /// configured keys a receipt needs no signature, and with keys it does.
    ///
    /// ```
    /// # use causeway::prelude::*;
    /// use causeway::store::SigningKey;
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let config = StoreConfig::new(directory.path()).with_signing_key(SigningKey::from_bytes([7; 32]));
    /// let store = Store::open(config)?;
    /// let mut receipt = store.append(&Coordinate::new("order:42", "shop")?, EventKind::custom(1, 1), &"paid")?;
    /// assert_eq!(store.verify_append_receipt_detailed(&receipt), ReceiptVerification::Signed);
    ///
    /// receipt.sequence += 1;
    /// let refused = ReceiptVerification::Invalid(ReceiptVerificationError::SequenceMismatch);
    /// assert_eq!(store.verify_append_receipt_detailed(&receipt), refused);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify_append_receipt_detailed(&self, receipt: &AppendReceipt) -> ReceiptVerification {
        self.verify_receipt_claim(&receipt.claim())
    }

    /// True if the log holds the denial as the receipt says, and a configured key signed that.
    pub fn verify_denial_receipt(&self, receipt: &DenialReceipt) -> bool {
        self.verify_denial_receipt_detailed(receipt).is_valid()
    }

    /// Says of the receipt of a denial what [`Store::verify_append_receipt_detailed`] says of others, and that its event is a denial.
    pub fn verify_denial_receipt_detailed(&self, receipt: &DenialReceipt) -> ReceiptVerification {
        verify_denial(&self.reader, &receipt.claim())
    }

    /// Checks the fields of a receipt that came over a wire without its store, epoch and event hash: those are taken from the log, and
    /// the signature may be of any epoch so far.
    ///
    /// That an event was lost in a recovery cannot be told this way. [`Store::verify_receipt_claim`] can.
    #[expect(clippy::too_many_arguments, reason = "the signature that users of batpak know")]
    pub fn verify_append_receipt_wire_detailed(
        &self,
        event_id: EventId,
        sequence: u64,
        content_hash: [u8; 32],
        key_id: [u8; 32],
        signature: Option<[u8; 64]>,
        extensions: Extensions,
    ) -> ReceiptVerification {
        let said = Acknowledgement { event_id, sequence, content_hash, key_id, signature, extensions };
        verify_acknowledgement(&self.reader, said)
    }

    /// Checks a claim against the log, as [`Store::verify_append_receipt_detailed`] does for the receipt that it was made from.
    pub fn verify_receipt_claim(&self, claim: &ReceiptClaim) -> ReceiptVerification {
        verify_claim(&self.reader, claim)
    }
}
