//! Receipts: what they say, who signed them, and when they stop being true.
#![allow(clippy::unwrap_used, missing_docs)]

mod claims;
mod recovery;
mod signing;
mod tampering;
mod verbs;

use std::fs;
use std::path::Path;

use causeway::coordinate::Coordinate;
use causeway::event::EventKind;
use causeway::store::{
    AppendOptions, AppendReceipt, ExtensionKey, Open, ReceiptVerification, ReceiptVerificationError,
    SigningKey, Store, StoreConfig, StoreState,
};
use serde_json::json;
use tempfile::TempDir;

pub(crate) const PLACED: EventKind = EventKind::custom(1, 1);

pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn config(&self) -> StoreConfig {
        StoreConfig::new(self.path())
    }

    pub(crate) fn open_with(&self, keys: &[u8]) -> Store<Open> {
        let keyed = keys.iter().fold(self.config(), |config, seed| config.with_signing_key(key(*seed)));
        Store::open(keyed).unwrap()
    }

    /// The directory as it stands, elsewhere: as if the process had died just now.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self::new();
        for entry in fs::read_dir(self.path()).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() && entry.file_name() != "lock" {
                fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        copy
    }
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes([seed; 32])
}

pub(crate) fn at(entity: &str) -> Coordinate {
    Coordinate::new(entity, "shop").unwrap()
}

pub(crate) fn trace() -> ExtensionKey {
    ExtensionKey::new("acme.trace").unwrap()
}

pub(crate) fn append(store: &Store<Open>, n: u64) -> AppendReceipt {
    let options = AppendOptions::new().with_extension(trace(), vec![n as u8, 7]);
    let order = at(&format!("order:{}", n % 3));
    store.append_with_options(&order, PLACED, &json!({ "n": n }), options).unwrap()
}

pub(crate) fn invalid(error: ReceiptVerificationError) -> ReceiptVerification {
    ReceiptVerification::Invalid(error)
}

pub(crate) fn wire<State: StoreState>(store: &Store<State>, receipt: &AppendReceipt) -> ReceiptVerification {
    let AppendReceipt { event_id, sequence, content_hash, key_id, signature, extensions, .. } =
        receipt.clone();
    store.verify_append_receipt_wire_detailed(event_id, sequence, content_hash, key_id, signature, extensions)
}

#[track_caller]
pub(crate) fn check<State: StoreState>(
    store: &Store<State>,
    receipt: &AppendReceipt,
    expected: &ReceiptVerification,
) {
    assert_eq!(&store.verify_append_receipt_detailed(receipt), expected);
    assert_eq!(&wire(store, receipt), expected);
    assert_eq!(store.verify_append_receipt(receipt), expected.is_valid());
}
