//! Owns the keys of signed receipts and heads: Ed25519, one key signs, many verify.
//!
//! Invariants:
//! - the secret half of a key is never printed, compared or serialised, and its memory is overwritten when it is dropped;
//! - a signature is checked strictly (RFC 8032, no small-order keys), so that it holds for one key and one message only.

use std::fmt;

use ed25519_dalek::Signer;
use thiserror::Error;

use crate::words::hex::to_hex;

/// A secret Ed25519 key that signs receipts and heads.
///
/// ```
/// use causeway::store::{SigningKey, StoreConfig};
///
/// let key = SigningKey::from_bytes([7; 32]); // 32 bytes of a real random source
/// let public = key.verifying_key(); // what others need to check receipts and heads
/// let config = StoreConfig::new("orders.store").with_signing_key(key);
/// assert!(format!("{config:?}").contains("verifying_keys: 1"));
/// # assert_eq!(public.to_bytes().len(), 32);
/// ```
#[derive(Clone)]
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// The key that grows from a seed of 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(&bytes))
    }

    /// Its public half, which verifies what it signs.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey::of(self.0.verifying_key())
    }

    /// Signs a digest.
    pub(crate) fn sign(&self, digest: &[u8; 32]) -> [u8; 64] {
        self.0.sign(digest).to_bytes()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", to_hex(&self.verifying_key().key_id()))
    }
}

/// A public Ed25519 key that verifies receipts and heads; it holds no secret.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifyingKey {
    key: ed25519_dalek::VerifyingKey,
    id: [u8; 32],
}

/// The bytes are no public key: they encode no point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the 32 bytes are no Ed25519 public key")]
pub struct VerifyingKeyError;

impl VerifyingKey {
    /// The key that these 32 bytes encode, as [`VerifyingKey::to_bytes`] gives them.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, VerifyingKeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| VerifyingKeyError)?;
        Ok(Self::of(key))
    }

    /// The key as 32 bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.key.to_bytes()
    }

    /// Names the key in a receipt or head: BLAKE3 of its 32 bytes.
    pub fn key_id(&self) -> [u8; 32] {
        self.id
    }

    /// True if the secret half of this key signed the digest.
    pub(crate) fn verifies(&self, digest: &[u8; 32], signature: &[u8; 64]) -> bool {
        self.key.verify_strict(digest, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()
    }

    fn of(key: ed25519_dalek::VerifyingKey) -> Self {
        Self { id: *blake3::hash(key.as_bytes()).as_bytes(), key }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", to_hex(&self.to_bytes()))
    }
}

/// The keys that a store is configured with: the one that signs, and all that verify.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyRing {
    signer: Option<SigningKey>,
    verifiers: Vec<VerifyingKey>,
}

impl KeyRing {
    /// Signs with this key from now on; those before go on verifying.
    pub(crate) fn sign_with(&mut self, key: SigningKey) {
        self.verify_with(key.verifying_key());
        self.signer = Some(key);
    }

    /// Accepts what this key signed.
    pub(crate) fn verify_with(&mut self, key: VerifyingKey) {
        if !self.verifiers.contains(&key) {
            self.verifiers.push(key);
        }
    }

    /// The key that signs.
    pub(crate) fn signer(&self) -> Option<&SigningKey> {
        self.signer.as_ref()
    }

    /// The keys that verify.
    pub(crate) fn verifiers(&self) -> &[VerifyingKey] {
        &self.verifiers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_key_and_its_digest_only() {
        let (key, other) = (SigningKey::from_bytes([1; 32]), SigningKey::from_bytes([2; 32]));
        let signature = key.sign(&[9; 32]);
        assert!(key.verifying_key().verifies(&[9; 32], &signature));
        assert!(!key.verifying_key().verifies(&[8; 32], &signature));
        assert!(!other.verifying_key().verifies(&[9; 32], &signature));
        assert_ne!(key.verifying_key().key_id(), other.verifying_key().key_id());
    }

    #[test]
    fn printing_a_key_shows_its_name_and_not_its_secret() {
        let key = SigningKey::from_bytes([0xAB; 32]);
        let printed = format!("{key:?} {:?}", KeyRing { signer: Some(key.clone()), verifiers: Vec::new() });
        assert!(printed.contains(&to_hex(&key.verifying_key().key_id())), "{printed}");
        assert!(!printed.contains(&to_hex(&[0xAB; 4])) && !printed.contains("171"), "{printed}");
    }

    #[test]
    fn a_public_key_reads_back_and_what_is_no_key_is_refused() {
        let key = SigningKey::from_bytes([3; 32]).verifying_key();
        assert_eq!(VerifyingKey::from_bytes(key.to_bytes()), Ok(key));
        let refused = (0..=u8::MAX).filter(|byte| VerifyingKey::from_bytes([*byte; 32]).is_err()).count();
        assert!(refused > 0, "about half of all byte strings encode no point");
    }

    /// Does not compile for a type that can be serialised: which of the two implementations is meant would be unclear.
    trait NotSerialized<Marker> {
        fn holds() {}
    }
    struct Other;
    impl<T> NotSerialized<()> for T {}
    impl<T: serde::Serialize> NotSerialized<Other> for T {}

    #[test]
    fn a_secret_key_is_overwritten_when_it_is_dropped_and_cannot_be_serialised() {
        fn is_overwritten<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        let key = SigningKey::from_bytes([5; 32]);
        is_overwritten(&key.0);
        <SigningKey as NotSerialized<_>>::holds();
    }

    #[test]
    fn a_key_of_small_order_verifies_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let weak = VerifyingKey::from_bytes(identity).unwrap();
        let mut forged = [0; 64];
        forged[0] = 1;
        assert!(!weak.verifies(&[0; 32], &forged));
    }
}
