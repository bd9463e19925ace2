//! Owns what a receipt claims and what its signature covers. Pure: a claim is checked with public keys, without a store.
//!
//! Invariants:
//! - a signature covers every field of the claim but itself and the name of its key; no two different claims have the same cover;
//! - a claim may come from anywhere: nothing about it is believed before its signature is checked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::disk::segment::StoreId;
use crate::words::chain::{Link, compute_hash};
use crate::words::event::{ExtensionKey, Extensions, StoredEvent};
use crate::words::hex::{from_hex, to_hex};
use crate::words::id::EventId;
use crate::words::signing::VerifyingKey;

const RECEIPT_CONTEXT: &str = "causeway receipt 1";

/// What a receipt says: that a store holds an event with these hashes at this place of its commit order.
///
/// It serialises as text, so that it can be kept in a file, sent to others, and checked there by [`verify_receipt_claim`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ClaimText", into = "ClaimText")]
pub struct ReceiptClaim {
    /// The store that gave the receipt.
    pub store_id: StoreId,
    /// The epoch in which it was given.
    pub epoch: u64,
    /// Names the event.
    pub event_id: EventId,
    /// Place in the commit order.
    pub sequence: u64,
    /// BLAKE3 of the stored payload.
    pub content_hash: [u8; 32],
    /// Hash over everything the event says and what came before it in its stream.
    pub event_hash: [u8; 32],
    /// Extensions of the event.
    pub extensions: Extensions,
    /// Which key signed; zeros when none did.
    pub key_id: [u8; 32],
    /// The signature, if a key was configured.
    pub signature: Option<[u8; 64]>,
}

/// What came of checking a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptVerification {
    /// It holds, and the signature is that of a known key.
    Signed,
    /// It holds and is not signed, and the store has no keys that could have signed it.
    UnsignedAccepted,
    /// It does not hold.
    Invalid(ReceiptVerificationError),
}

impl ReceiptVerification {
    /// True if the receipt holds.
    pub fn is_valid(&self) -> bool {
        self.error().is_none()
    }

    /// Why it does not hold.
    pub fn error(&self) -> Option<&ReceiptVerificationError> {
        match self {
            Self::Signed | Self::UnsignedAccepted => None,
            Self::Invalid(error) => Some(error),
        }
    }
}

/// Why a receipt does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReceiptVerificationError {
    /// No event has the receipt's id.
    #[error("the log holds no event with this id")]
    MissingCommittedEvent,
    /// The event that was given beside the claim has another id.
    #[error("the event has another id")]
    EventIdMismatch,
    /// The event has another place in the commit order.
    #[error("the event has another sequence")]
    SequenceMismatch,
    /// Kept for programs written against batpak; never produced here, because compaction may move the frame of an event.
    #[error("the event lies elsewhere on disk")]
    DiskPositionMismatch,
    /// The event has another payload.
    #[error("the event has another content hash")]
    ContentHashMismatch,
    /// The event says something else, or comes after another one.
    #[error("the event has another event hash")]
    EventHashMismatch,
    /// The event has other extensions.
    #[error("the event has other extensions")]
    ExtensionsMismatch,
    /// The receipt of a denial names an event that is none.
    #[error("the event is no denial")]
    DenialKindMismatch,
    /// It is not signed, and there are keys that could have signed it.
    #[error("the receipt is not signed")]
    UnsignedReceiptRejected,
    /// It names a key and has no signature.
    #[error("the receipt names a key and has no signature")]
    MissingSignature,
    /// It has a signature and names no key.
    #[error("the receipt has a signature and names no key")]
    ZeroKeyWithSignature,
    /// No key that is known here has this name.
    #[error("the receipt is signed by a key that is not known here")]
    UnknownSigningKey,
    /// The signature does not fit what the receipt says.
    #[error("the signature does not fit the receipt")]
    InvalidSignature,
    /// What the signature would cover cannot be built.
    #[error("what the signature covers cannot be built: {reason}")]
    CoverBuildFailed {
        /// Why.
        reason: String,
    },
    /// Another store gave the receipt.
    #[error("the receipt is that of store {store_id}")]
    OtherStore {
        /// Which.
        store_id: StoreId,
    },
    /// The receipt is true, and its event was not yet on stable storage when a crash came: the recovery cut it.
    #[error("the event was lost in the recovery that began epoch {epoch}")]
    LostInRecovery {
        /// The epoch that began with the recovery.
        epoch: u64,
    },
    /// The log has not come to the epoch in which the receipt was given: it is an older copy.
    #[error("the receipt was given in epoch {epoch}, to which the log has not come")]
    LaterEpoch {
        /// The epoch of the receipt.
        epoch: u64,
    },
    /// The event cannot be read, so that nothing can be said about its receipt.
    #[error("the event cannot be read: {reason}")]
    UnreadableEvent {
        /// Why.
        reason: String,
    },
}

/// Checks a claim with public keys alone: says whether one of their owners signed exactly this.
///
/// A claim that is not signed proves nothing without a store, and is refused.
///
/// ```
/// # use causeway::prelude::*;
/// use causeway::store::{ReceiptClaim, SigningKey, verify_receipt_claim};
///
/// # let directory = tempfile::tempdir()?;
/// let key = SigningKey::from_bytes([7; 32]);
/// let public = key.verifying_key();
/// let store = Store::open(StoreConfig::new(directory.path()).with_signing_key(key))?;
/// let receipt = store.append(&Coordinate::new("order:42", "shop")?, EventKind::custom(1, 1), &"paid")?;
/// let sent = serde_json::to_string(&receipt.claim())?;
///
/// // Elsewhere:
/// let claim: ReceiptClaim = serde_json::from_str(&sent)?;
/// assert_eq!(verify_receipt_claim(&claim, &[public]), ReceiptVerification::Signed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_receipt_claim(claim: &ReceiptClaim, keys: &[VerifyingKey]) -> ReceiptVerification {
    match claim.check_signature(keys) {
        ReceiptVerification::UnsignedAccepted => invalid(ReceiptVerificationError::UnsignedReceiptRejected),
        verified @ (ReceiptVerification::Signed | ReceiptVerification::Invalid(_)) => verified,
    }
}

/// Checks a claim with public keys, and that it speaks of this event and of nothing else: every hash is computed anew.
///
/// The event is one as `read_raw` of a store returns it, its payload stored plain.
pub fn verify_receipt_claim_of(
    claim: &ReceiptClaim,
    event: &StoredEvent<Vec<u8>>,
    keys: &[VerifyingKey],
) -> ReceiptVerification {
    match claim.check_event(event) {
        Ok(()) => verify_receipt_claim(claim, keys),
        Err(error) => invalid(error),
    }
}

fn invalid(error: ReceiptVerificationError) -> ReceiptVerification {
    ReceiptVerification::Invalid(error)
}

impl ReceiptClaim {
    /// `Signed` if one of the keys signed this; `UnsignedAccepted` if nobody did and there are no keys.
    pub(crate) fn check_signature(&self, keys: &[VerifyingKey]) -> ReceiptVerification {
        let signature = match (self.key_id == [0; 32], &self.signature) {
            (true, None) if keys.is_empty() => return ReceiptVerification::UnsignedAccepted,
            (true, None) => return invalid(ReceiptVerificationError::UnsignedReceiptRejected),
            (false, None) => return invalid(ReceiptVerificationError::MissingSignature),
            (true, Some(_)) => return invalid(ReceiptVerificationError::ZeroKeyWithSignature),
            (false, Some(signature)) => signature,
        };
        match keys.iter().find(|key| key.key_id() == self.key_id) {
            None => invalid(ReceiptVerificationError::UnknownSigningKey),
            Some(key) if key.verifies(&self.cover().digest(), signature) => ReceiptVerification::Signed,
            Some(_) => invalid(ReceiptVerificationError::InvalidSignature),
        }
    }

    fn cover(&self) -> Cover<'_> {
        Cover {
            store_id: self.store_id,
            epoch: self.epoch,
            event_id: self.event_id,
            sequence: self.sequence,
            content_hash: &self.content_hash,
            event_hash: &self.event_hash,
            extensions: &self.extensions,
        }
    }

    fn check_event(&self, stored: &StoredEvent<Vec<u8>>) -> Result<(), ReceiptVerificationError> {
        let header = &stored.event.header;
        if header.event_id != self.event_id {
            return Err(ReceiptVerificationError::EventIdMismatch);
        }
        if header.content_hash != self.content_hash
            || compute_hash(&stored.event.payload) != self.content_hash
        {
            return Err(ReceiptVerificationError::ContentHashMismatch);
        }
        let link = Link {
            prev_hash: &stored.event.hash_chain.unwrap_or_default().prev_hash,
            global_sequence: self.sequence,
            header,
            payload_form: 0,
            entity: stored.coordinate.entity(),
            scope: stored.coordinate.scope(),
            extensions: &self.extensions,
        };
        if link.hash() == self.event_hash { Ok(()) } else { Err(ReceiptVerificationError::EventHashMismatch) }
    }
}

/// Everything that the signature of a receipt covers, by value.
pub(crate) struct Cover<'a> {
    pub(crate) store_id: StoreId,
    pub(crate) epoch: u64,
    pub(crate) event_id: EventId,
    pub(crate) sequence: u64,
    pub(crate) content_hash: &'a [u8; 32],
    pub(crate) event_hash: &'a [u8; 32],
    pub(crate) extensions: &'a Extensions,
}

impl Cover<'_> {
    /// What is signed, as FORMAT.md section 7 defines it.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key(RECEIPT_CONTEXT);
        hasher.update(&self.store_id.0);
        hasher.update(&self.epoch.to_le_bytes());
        hasher.update(&u128::from(self.event_id).to_le_bytes());
        hasher.update(&self.sequence.to_le_bytes());
        hasher.update(self.content_hash);
        hasher.update(self.event_hash);
        hasher.update(&(self.extensions.len() as u64).to_le_bytes());
        for (key, value) in self.extensions {
            for bytes in [key.as_str().as_bytes(), value] {
                hasher.update(&(bytes.len() as u64).to_le_bytes());
                hasher.update(bytes);
            }
        }
        *hasher.finalize().as_bytes()
    }
}

/// A claim as text: ids and hashes in hexadecimal digits.
#[derive(Serialize, Deserialize)]
struct ClaimText {
    store_id: String,
    epoch: u64,
    event_id: String,
    sequence: u64,
    content_hash: String,
    event_hash: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    extensions: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

impl From<ReceiptClaim> for ClaimText {
    fn from(claim: ReceiptClaim) -> Self {
        let extensions = claim.extensions.iter();
        Self {
            store_id: to_hex(&claim.store_id.0),
            epoch: claim.epoch,
            event_id: claim.event_id.to_string(),
            sequence: claim.sequence,
            content_hash: to_hex(&claim.content_hash),
            event_hash: to_hex(&claim.event_hash),
            extensions: extensions.map(|(key, value)| (key.to_string(), to_hex(value))).collect(),
            key_id: (claim.key_id != [0; 32]).then(|| to_hex(&claim.key_id)),
            signature: claim.signature.map(|signature| to_hex(&signature)),
        }
    }
}

/// A field of a claim in text form cannot be read.
#[derive(Debug, Error)]
#[error("{field} of the receipt cannot be read")]
struct ClaimTextError {
    field: &'static str,
}

impl TryFrom<ClaimText> for ReceiptClaim {
    type Error = ClaimTextError;

    fn try_from(text: ClaimText) -> Result<Self, ClaimTextError> {
        let event_id = text.event_id.parse().map_err(|_| ClaimTextError { field: "event_id" })?;
        let value = |text: String| from_hex(&text).ok_or(ClaimTextError { field: "extensions" });
        let extensions = text.extensions.into_iter();
        Ok(Self {
            store_id: StoreId(bytes("store_id", &text.store_id)?),
            epoch: text.epoch,
            event_id,
            sequence: text.sequence,
            content_hash: bytes("content_hash", &text.content_hash)?,
            event_hash: bytes("event_hash", &text.event_hash)?,
            extensions: extensions
                .map(|(key, text)| Ok((ExtensionKey::from_log(key), value(text)?)))
                .collect::<Result<_, _>>()?,
            key_id: text.key_id.map_or(Ok([0; 32]), |text| bytes("key_id", &text))?,
            signature: text.signature.map(|text| bytes("signature", &text)).transpose()?,
        })
    }
}

fn bytes<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], ClaimTextError> {
    from_hex(text).and_then(|bytes| bytes.try_into().ok()).ok_or(ClaimTextError { field })
}
