//! Owns typed extensions: keys and values that belong to one namespace, and the note that batpak leaves in one of its own.
//!
//! The bytes themselves are opaque: nothing here encodes or checks what an application puts into them.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use crate::words::encoding;
use crate::words::event::{EncodedBytes, ExtensionKey, ExtensionKeyError, Extensions};

/// A namespace of extensions, as a type: keys and values of different namespaces do not mix.
///
/// ```
/// use causeway::store::{AppendOptions, ReceiptExtensionKey, ReceiptExtensionNamespace, ReceiptExtensionValue};
///
/// struct Trace;
/// impl ReceiptExtensionNamespace for Trace {
///     const PREFIX: &'static str = "trace";
/// }
///
/// let span = ReceiptExtensionKey::<Trace>::new("span")?;
/// assert_eq!(span.as_key().as_str(), "trace.span");
/// let options = AppendOptions::new().with_receipt_extension(span, ReceiptExtensionValue::new([0x2a]));
/// assert_eq!(options.extensions.len(), 1);
/// # Ok::<(), causeway::store::ExtensionKeyError>(())
/// ```
pub trait ReceiptExtensionNamespace {
    /// What stands before the point in the keys.
    const PREFIX: &'static str;
}

/// A key of the namespace `P`.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReceiptExtensionKey<P: ReceiptExtensionNamespace> {
    key: ExtensionKey,
    namespace: PhantomData<fn() -> P>,
}

impl<P: ReceiptExtensionNamespace> ReceiptExtensionKey<P> {
    /// The key `<P::PREFIX>.<field>`, checked like every other.
    pub fn new(field: impl AsRef<str>) -> Result<Self, ExtensionKeyError> {
        let key = ExtensionKey::new(format!("{}.{}", P::PREFIX, field.as_ref()))?;
        Ok(Self { key, namespace: PhantomData })
    }

    /// The key without its type.
    pub fn as_key(&self) -> &ExtensionKey {
        &self.key
    }

    pub(crate) fn into_key(self) -> ExtensionKey {
        self.key
    }
}

impl<P: ReceiptExtensionNamespace> Clone for ReceiptExtensionKey<P> {
    fn clone(&self) -> Self {
        Self { key: self.key.clone(), namespace: PhantomData }
    }
}

/// A value of the namespace `P`: bytes that the application has encoded.
#[derive(Debug, PartialEq, Eq)]
pub struct ReceiptExtensionValue<P: ReceiptExtensionNamespace> {
    bytes: EncodedBytes,
    namespace: PhantomData<fn() -> P>,
}

impl<P: ReceiptExtensionNamespace> ReceiptExtensionValue<P> {
    /// A value from encoded bytes.
    pub fn new(bytes: impl Into<EncodedBytes>) -> Self {
        Self { bytes: bytes.into(), namespace: PhantomData }
    }

    pub(crate) fn into_bytes(self) -> EncodedBytes {
        self.bytes
    }
}

impl<P: ReceiptExtensionNamespace> Clone for ReceiptExtensionValue<P> {
    fn clone(&self) -> Self {
        Self { bytes: self.bytes.clone(), namespace: PhantomData }
    }
}

/// Version of [`SigningDowngradeBody`].
pub const SIGNING_DOWNGRADE_SCHEMA_VERSION: u16 = 1;

/// The namespace of batpak's notes about signing; applications cannot make keys of it.
pub struct SigningExtensionNamespace;

impl ReceiptExtensionNamespace for SigningExtensionNamespace {
    const PREFIX: &'static str = "batpak.signing";
}

/// Why batpak left a receipt unsigned although a key was configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SigningDowngradeReason {
    /// It could not build what it would have signed.
    CoverBuildFailed {
        /// What failed, in its words.
        encoding_error: String,
    },
}

/// batpak's note that a receipt is unsigned although a key was configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SigningDowngradeBody {
    /// Version of the note, 1.
    pub schema_version: u16,
    /// Why the receipt is unsigned.
    pub reason: SigningDowngradeReason,
}

impl SigningDowngradeBody {
    /// The note among the extensions of an event, if there is one that can be read.
    pub(crate) fn among(extensions: &Extensions) -> Option<Self> {
        let key = format!("{}.downgrade", SigningExtensionNamespace::PREFIX);
        extensions.get(&ExtensionKey::from_log(key)).and_then(|bytes| encoding::from_bytes(bytes).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Acme;

    impl ReceiptExtensionNamespace for Acme {
        const PREFIX: &'static str = "acme";
    }

    #[test]
    fn a_typed_key_is_checked_like_every_other() {
        let key = |field| ReceiptExtensionKey::<Acme>::new(field).map(|key| key.as_key().to_string());
        assert_eq!(key("trace"), Ok("acme.trace".to_owned()));
        assert_eq!(key(""), Err(ExtensionKeyError::InvalidNamespaceFormat));
        assert_eq!(key("a.b"), Err(ExtensionKeyError::InvalidNamespaceFormat));
        assert!(ReceiptExtensionKey::<SigningExtensionNamespace>::new("downgrade").is_err());
    }

    #[test]
    fn the_note_of_an_unsigned_batpak_receipt_reads_back() {
        let reason = SigningDowngradeReason::CoverBuildFailed { encoding_error: "too long".to_owned() };
        let note = SigningDowngradeBody { schema_version: SIGNING_DOWNGRADE_SCHEMA_VERSION, reason };
        let key = ExtensionKey::from_log("batpak.signing.downgrade".to_owned());
        let found = |bytes| SigningDowngradeBody::among(&Extensions::from([(key.clone(), bytes)]));
        assert_eq!(found(encoding::to_bytes(&note).unwrap()), Some(note));
        assert_eq!(found(vec![0xC1]), None);
        assert_eq!(SigningDowngradeBody::among(&Extensions::new()), None);
    }
}
