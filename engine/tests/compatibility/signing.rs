//! Signed receipts, and what goes with them.

use crate::batpak::guard::{Denial, Gate, GateSet};
use crate::batpak::pipeline::Proposal;
use crate::batpak::prelude::*;
use crate::batpak::store::{
    BatchAppendItem, CausationRef, ExtensionKey, ReceiptExtensionKey, ReceiptExtensionNamespace,
    ReceiptExtensionValue, SigningKey,
};
use tempfile::TempDir;

use crate::shared::{Deposited, account};

struct Branch;

impl ReceiptExtensionNamespace for Branch {
    const PREFIX: &'static str = "branch";
}

struct Closed;

impl Gate<()> for Closed {
    fn name(&self) -> &'static str {
        "closed"
    }

    fn evaluate(&self, (): &()) -> Result<(), Denial> {
        Err(Denial::new("closed", "the branch is closed").with_code("CLOSED"))
    }
}

fn open(directory: &TempDir, keys: &[u8]) -> Store {
    let config = keys.iter().fold(StoreConfig::new(directory.path()), |config, seed| {
        config.with_signing_key(SigningKey::from_bytes([*seed; 32]))
    });
    Store::open(config).unwrap()
}

#[test]
fn receipts_are_signed_and_checked() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory, &[1]);
    let number = ReceiptExtensionKey::<Branch>::new("number").unwrap();
    let options = AppendOptions::new()
        .with_extension(ExtensionKey::new("teller.name").unwrap(), b"Kim".to_vec())
        .with_receipt_extension(number.clone(), ReceiptExtensionValue::new([4]));
    let receipt = store.append_typed_with_options(&account(), &Deposited { cents: 5 }, options).unwrap();
    assert_eq!(receipt.extensions[number.as_key()], [4]);
    assert!(receipt.signature.is_some() && receipt.key_id != [0; 32]);
    assert!(receipt.signing_downgrade().is_none());
    assert!(store.verify_append_receipt(&receipt));
    match store.verify_append_receipt_detailed(&receipt) {
        ReceiptVerification::Signed => {}
        other => panic!("{other:?}"),
    }

    let mut forged = receipt.clone();
    forged.content_hash = [0; 32];
    let verified = store.verify_append_receipt_detailed(&forged);
    assert!(!verified.is_valid());
    assert_eq!(verified.error(), Some(&ReceiptVerificationError::ContentHashMismatch));
    let wire = store.verify_append_receipt_wire_detailed(
        receipt.event_id,
        receipt.sequence,
        receipt.content_hash,
        receipt.key_id,
        receipt.signature,
        receipt.extensions.clone(),
    );
    assert_eq!(wire, ReceiptVerification::Signed);
}

#[test]
fn a_second_key_signs_and_the_first_still_verifies() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory, &[1]);
    let item =
        BatchAppendItem::typed(account(), &Deposited { cents: 5 }, AppendOptions::new(), CausationRef::None);
    let item = item.unwrap().with_extension(ExtensionKey::new("teller.name").unwrap(), *b"Kim");
    let first = store.append_batch(vec![item]).unwrap().remove(0);
    store.close().unwrap();
    let store = open(&directory, &[1, 2]);
    let second = store.append_typed(&account(), &Deposited { cents: 6 }).unwrap();
    assert_ne!(first.key_id, second.key_id);
    assert!(store.verify_append_receipt(&first) && store.verify_append_receipt(&second));
}

#[test]
fn denials_are_signed_too() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory, &[1]);
    let mut gates = GateSet::new();
    gates.push(Closed);
    let denial = gates.evaluate(&(), Proposal::new(5)).err().unwrap();
    let kind = EventKind::custom(0xF, 1);
    let options = AppendOptions::default();
    let receipt = store.append_denial(&account(), kind, &gates, &denial, None, None, options).unwrap();
    assert!(store.verify_denial_receipt(&receipt));
    assert_eq!(store.verify_denial_receipt_detailed(&receipt), ReceiptVerification::Signed);
    assert_eq!(store.read_raw(receipt.event_id).unwrap().event.event_kind(), EventKind::SYSTEM_DENIAL);
}

#[test]
fn without_a_key_a_receipt_is_accepted_unsigned() {
    let directory = TempDir::new().unwrap();
    let store = open(&directory, &[]);
    let receipt = store.append_typed(&account(), &Deposited { cents: 5 }).unwrap();
    assert!(receipt.signature.is_none() && receipt.key_id == [0; 32]);
    assert_eq!(store.verify_append_receipt_detailed(&receipt), ReceiptVerification::UnsignedAccepted);
}
