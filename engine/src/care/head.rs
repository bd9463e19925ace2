//! Owns the head of a log: what it says, what its signature covers, and its text. Pure: a head is checked with public keys, without a
//! store.
//!
//! Invariants:
//! - a signature covers every field of the head but itself and the name of its key; no two different heads have the same cover;
//! - a head may come from anywhere: nothing about it is believed before its signature is checked.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::disk::segment::StoreId;
use crate::words::hex::{from_hex_array, to_hex};
use crate::words::merkle::{ConsistencyProof, InclusionProof, ProofError};
use crate::words::signing::{SigningKey, VerifyingKey};

const HEAD_CONTEXT: &str = "causeway head 1";

/// What a log was at one moment: the Merkle root over its first `size` events. With a signature it is a signed tree head, as transparency
/// logs call it.
///
/// Whoever keeps heads outside the store's reach finds out when history is rewritten, cut or replaced by another: a log holds to a head
/// for ever. A head covers nothing but what was on stable storage, so that no crash makes it false.
///
/// It prints as one line of JSON and is parsed from it, ids and hashes in hexadecimal digits.
///
/// ```
/// # use causeway::prelude::*;
/// use causeway::store::{Head, HeadCheck, SigningKey};
///
/// # let directory = tempfile::tempdir()?;
/// let key = SigningKey::from_bytes([7; 32]);
/// let public = key.verifying_key();
/// let store = Store::open(StoreConfig::new(directory.path()).with_signing_key(key))?;
/// let order = Coordinate::new("order:42", "shop")?;
/// let receipt = store.append(&order, EventKind::custom(1, 1), &"paid")?;
/// store.sync()?;
/// let kept: String = store.head()?.to_string(); // kept where nobody who writes the store can change it
///
/// // Elsewhere, later, with the public key alone:
/// let head: Head = kept.parse()?;
/// head.verify(&[public])?;
/// let proof = store.prove_inclusion(receipt.sequence, head.size)?;
/// head.verify_inclusion(&proof)?;
///
/// // And with the store at hand:
/// assert_eq!(store.check_head(&head)?, HeadCheck::Continues { signed: true });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "HeadText", into = "HeadText")]
pub struct Head {
    /// The store whose log it is.
    pub store_id: StoreId,
    /// The epoch in which it was taken.
    pub epoch: u64,
    /// Number of events that it covers, those of the store itself and removed ones included.
    pub size: u64,
    /// Merkle root over the hashes of those events.
    pub root: [u8; 32],
    /// When it was taken, in microseconds since 1970.
    pub time_us: i64,
    /// Who signed it, if a key was configured.
    pub signature: Option<HeadSignature>,
}

/// The Ed25519 signature of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadSignature {
    /// Names the key: BLAKE3 of its public half.
    pub key_id: [u8; 32],
    /// The signature.
    pub bytes: [u8; 64],
}

/// Why nobody is known to vouch for a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeadSignatureError {
    /// It has no signature, and there are keys that could have signed it.
    #[error("the head is not signed")]
    Unsigned,
    /// No key that is known here has the name that it gives.
    #[error("the head is signed by a key that is not known here")]
    UnknownKey,
    /// The signature does not fit what the head says.
    #[error("the signature does not fit the head")]
    Invalid,
}

impl Head {
    /// Checks that the owner of one of these keys signed exactly this head.
    pub fn verify(&self, keys: &[VerifyingKey]) -> Result<(), HeadSignatureError> {
        let signature = self.signature.ok_or(HeadSignatureError::Unsigned)?;
        let key = keys.iter().find(|key| key.key_id() == signature.key_id);
        match key.map(|key| key.verifies(&self.cover(), &signature.bytes)) {
            None => Err(HeadSignatureError::UnknownKey),
            Some(true) => Ok(()),
            Some(false) => Err(HeadSignatureError::Invalid),
        }
    }

    /// Checks that the event with this hash is the one at the proof's sequence of the log whose head this is.
    ///
    /// It says nothing of who made the head: [`Head::verify`] does.
    pub fn verify_inclusion(&self, proof: &InclusionProof) -> Result<(), ProofError> {
        proof.check(self.size, &self.root)
    }

    /// Checks that the log whose head this is begins with all that the older head covers, unchanged.
    ///
    /// It says nothing of who made the heads: [`Head::verify`] does.
    pub fn verify_consistency(&self, older: &Self, proof: &ConsistencyProof) -> Result<(), ProofError> {
        if older.store_id != self.store_id {
            return Err(ProofError::Store);
        }
        for (expected, found) in [(older.size, proof.old_size), (self.size, proof.new_size)] {
            if expected != found {
                return Err(ProofError::Size { expected, found });
            }
        }
        proof.check(&older.root, &self.root)
    }

    /// The same head, signed.
    pub(crate) fn signed(self, key: &SigningKey) -> Self {
        let bytes = key.sign(&self.cover());
        Self { signature: Some(HeadSignature { key_id: key.verifying_key().key_id(), bytes }), ..self }
    }

    /// What is signed, as FORMAT.md section 8 defines it.
    pub(crate) fn cover(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key(HEAD_CONTEXT);
        hasher.update(&self.store_id.0);
        hasher.update(&self.epoch.to_le_bytes());
        hasher.update(&self.size.to_le_bytes());
        hasher.update(&self.root);
        hasher.update(&self.time_us.to_le_bytes());
        *hasher.finalize().as_bytes()
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Head {
    type Err = HeadParseError;

    fn from_str(text: &str) -> Result<Self, HeadParseError> {
        Ok(serde_json::from_str(text)?)
    }
}

/// Why a text is no head.
#[derive(Debug, Error)]
#[error("no head: {0}")]
pub struct HeadParseError(#[from] serde_json::Error);

/// A head as text: ids and hashes in hexadecimal digits.
#[derive(Serialize, Deserialize)]
struct HeadText {
    store_id: String,
    epoch: u64,
    size: u64,
    root: String,
    time_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

impl From<Head> for HeadText {
    fn from(head: Head) -> Self {
        Self {
            store_id: to_hex(&head.store_id.0),
            epoch: head.epoch,
            size: head.size,
            root: to_hex(&head.root),
            time_us: head.time_us,
            key_id: head.signature.map(|signature| to_hex(&signature.key_id)),
            signature: head.signature.map(|signature| to_hex(&signature.bytes)),
        }
    }
}

/// A field of a head in text form cannot be read.
#[derive(Debug, Error)]
#[error("{field} of the head cannot be read")]
struct HeadTextError {
    field: &'static str,
}

impl TryFrom<HeadText> for Head {
    type Error = HeadTextError;

    fn try_from(text: HeadText) -> Result<Self, HeadTextError> {
        let signature = match (text.key_id, text.signature) {
            (None, None) => None,
            (Some(key_id), Some(signature)) => Some(HeadSignature {
                key_id: bytes("key_id", &key_id)?,
                bytes: bytes("signature", &signature)?,
            }),
            (None, Some(_)) => return Err(HeadTextError { field: "key_id" }),
            (Some(_), None) => return Err(HeadTextError { field: "signature" }),
        };
        Ok(Self {
            store_id: StoreId(bytes("store_id", &text.store_id)?),
            epoch: text.epoch,
            size: text.size,
            root: bytes("root", &text.root)?,
            time_us: text.time_us,
            signature,
        })
    }
}

fn bytes<const N: usize>(field: &'static str, text: &str) -> Result<[u8; N], HeadTextError> {
    from_hex_array(text).ok_or(HeadTextError { field })
}
