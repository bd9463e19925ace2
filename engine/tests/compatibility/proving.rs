//! Receipts: signed, checked, refused when they were changed.

use crate::batpak::event::validate_event_payload_registry;
use crate::batpak::guard::{Denial, GateSet};
use crate::batpak::prelude::*;
use crate::batpak::store::SigningKey;

use crate::shared::{Deposited, account, open};

#[test]
fn a_signed_receipt_is_checked_against_the_log() -> Result<(), StoreError> {
    let directory = tempfile::tempdir()?;
    let config = StoreConfig::new(directory.path()).with_signing_key(SigningKey::from_bytes([7; 32]));
    let store: Store = Store::open(config)?;
    let receipt = store.append_typed(&account(), &Deposited { cents: 5 })?;
    assert!(receipt.signature.is_some() && receipt.key_id != [0; 32]);
    assert!(store.verify_append_receipt(&receipt));
    assert!(matches!(store.verify_append_receipt_detailed(&receipt), ReceiptVerification::Signed));
    let mut changed = receipt.clone();
    changed.content_hash[0] ^= 1;
    match store.verify_append_receipt_detailed(&changed) {
        ReceiptVerification::Invalid(ReceiptVerificationError::ContentHashMismatch { .. }) => {}
        other => panic!("{other:?}"),
    }
    let verification: ReceiptVerification = store.verify_append_receipt_detailed(&changed);
    assert!(!verification.is_valid() && verification.error().is_some());
    Ok(())
}

#[test]
fn without_a_key_a_receipt_is_accepted_unsigned() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let receipt = store.append_typed(&account(), &Deposited { cents: 5 })?;
    assert!(receipt.signature.is_none());
    assert!(matches!(store.verify_append_receipt_detailed(&receipt), ReceiptVerification::UnsignedAccepted));
    let store: Store = store;
    let denial = Denial::new("till", "closed");
    let gates = GateSet::<()>::new();
    let denied = store.append_denial(
        &account(),
        Deposited::KIND,
        &gates,
        &denial,
        None,
        None,
        AppendOptions::new(),
    )?;
    assert!(store.verify_denial_receipt(&denied));
    assert!(store.verify_denial_receipt_detailed(&denied).is_valid());
    Ok(())
}

#[test]
fn the_payload_types_of_a_program_do_not_collide() {
    let checked: Result<(), EventPayloadRegistryError> = validate_event_payload_registry();
    assert!(checked.is_ok());
}
