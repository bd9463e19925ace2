//! Who signs, and which keys are believed.

use causeway::id::EventId;
use causeway::id::IdempotencyKey;
use causeway::store::{
    AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, Open, ReadOnly, ReceiptVerification,
    ReceiptVerificationError, Store, StoreConfig, verify_receipt_claim,
};
use serde_json::json;

use crate::{PLACED, Place, append, at, check, invalid, key, trace};

#[test]
fn without_a_key_receipts_are_unsigned_and_accepted() {
    let place = Place::new();
    let store = place.open_with(&[]);
    let receipt = append(&store, 1);
    assert_eq!((receipt.key_id, receipt.signature), ([0; 32], None));
    assert_eq!((receipt.store_id().to_string().as_str(), receipt.epoch()), (store.identity(), 1));
    check(&store, &receipt, &ReceiptVerification::UnsignedAccepted);
    let alone = verify_receipt_claim(&receipt.claim(), &[]);
    assert_eq!(alone, invalid(ReceiptVerificationError::UnsignedReceiptRejected), "nothing vouches for it");
}

#[test]
fn with_a_key_every_receipt_is_signed() {
    let place = Place::new();
    let store = place.open_with(&[1]);
    let item = |n: u32| {
        let item = BatchAppendItem::new(at("order:1"), PLACED, &n, AppendOptions::new(), CausationRef::None);
        item.unwrap().with_extension(trace(), [n as u8])
    };
    let mut receipts = store.append_batch(vec![item(1), item(2)]).unwrap();
    receipts.push(append(&store, 3));
    for receipt in &receipts {
        assert_eq!(receipt.key_id, key(1).verifying_key().key_id());
        check(&store, receipt, &ReceiptVerification::Signed);
        assert_eq!(
            verify_receipt_claim(&receipt.claim(), &[key(1).verifying_key()]),
            ReceiptVerification::Signed
        );
    }
}

/// Section 7 of FORMAT.md, written out once more with nothing but the two algorithms.
#[test]
fn a_signature_covers_what_the_format_says() {
    let place = Place::new();
    let receipt = append(&place.open_with(&[1]), 1);
    let mut cover = receipt.store_id().to_bytes().to_vec();
    cover.extend(receipt.epoch().to_le_bytes());
    cover.extend(u128::from(receipt.event_id).to_le_bytes());
    cover.extend(receipt.sequence.to_le_bytes());
    cover.extend(receipt.content_hash);
    cover.extend(receipt.event_hash());
    cover.extend(1_u64.to_le_bytes());
    cover.extend(10_u64.to_le_bytes());
    cover.extend(b"acme.trace");
    cover.extend(2_u64.to_le_bytes());
    cover.extend([1, 7]);
    let digest = blake3::derive_key("causeway receipt 1", &cover);
    let public = ed25519_dalek::SigningKey::from_bytes(&[1; 32]).verifying_key();
    let signature = ed25519_dalek::Signature::from_bytes(&receipt.signature.unwrap());
    public.verify_strict(&digest, &signature).unwrap();
    assert_eq!(receipt.key_id, *blake3::hash(public.as_bytes()).as_bytes());
}

#[test]
fn a_signed_store_refuses_what_is_not_signed_by_one_of_its_keys() {
    let place = Place::new();
    let unsigned = append(&place.open_with(&[]), 1);
    let store = place.open_with(&[1]);
    let signed = append(&store, 2);
    check(&store, &unsigned, &invalid(ReceiptVerificationError::UnsignedReceiptRejected));
    let change = |change: fn(&mut AppendReceipt), error| {
        let mut changed = signed.clone();
        change(&mut changed);
        check(&store, &changed, &invalid(error));
    };
    change(|receipt| receipt.signature = None, ReceiptVerificationError::MissingSignature);
    change(|receipt| receipt.key_id = [0; 32], ReceiptVerificationError::ZeroKeyWithSignature);
    change(|receipt| receipt.key_id = [9; 32], ReceiptVerificationError::UnknownSigningKey);
    change(|receipt| receipt.signature = Some([9; 64]), ReceiptVerificationError::InvalidSignature);
    drop(store);
    let store = place.open_with(&[]);
    check(&store, &signed, &invalid(ReceiptVerificationError::UnknownSigningKey));
}

#[test]
fn a_receipt_that_says_otherwise_than_the_log_is_told_in_what() {
    let place = Place::new();
    let store = place.open_with(&[]);
    let (receipt, other) = (append(&store, 1), append(&store, 4));
    let change = |change: &dyn Fn(&mut AppendReceipt), error| {
        let mut changed = receipt.clone();
        change(&mut changed);
        check(&store, &changed, &invalid(error));
    };
    change(&|receipt| receipt.event_id = EventId::from(7), ReceiptVerificationError::MissingCommittedEvent);
    change(&|receipt| receipt.sequence = 2, ReceiptVerificationError::SequenceMismatch);
    change(&|receipt| receipt.content_hash[0] ^= 1, ReceiptVerificationError::ContentHashMismatch);
    change(&|receipt| receipt.extensions.clear(), ReceiptVerificationError::ExtensionsMismatch);
    let mut mixed = receipt.claim();
    mixed.event_hash = other.event_hash();
    assert_eq!(store.verify_receipt_claim(&mixed), invalid(ReceiptVerificationError::EventHashMismatch));
}

#[test]
fn a_key_is_replaced_by_adding_the_next_one() {
    let place = Place::new();
    let old = append(&place.open_with(&[1]), 1);
    let store = place.open_with(&[1, 2]);
    let new = append(&store, 2);
    assert_eq!(new.key_id, key(2).verifying_key().key_id(), "the last key signs");
    check(&store, &old, &ReceiptVerification::Signed);
    check(&store, &new, &ReceiptVerification::Signed);
    drop(store);
    let store = place.open_with(&[2]);
    check(&store, &old, &invalid(ReceiptVerificationError::UnknownSigningKey));
    check(&store, &new, &ReceiptVerification::Signed);
}

#[test]
fn whoever_checks_receipts_needs_no_secret() {
    let place = Place::new();
    let store = place.open_with(&[1]);
    let receipt = append(&store, 1);
    store.sync().unwrap();
    let config = place.config().with_verifying_key(key(1).verifying_key());
    let reader = Store::<ReadOnly>::open_read_only(config.clone()).unwrap();
    check(&reader, &receipt, &ReceiptVerification::Signed);
    store.close().unwrap();
    let store = Store::open(config).unwrap();
    let unsigned = append(&store, 2);
    assert_eq!(unsigned.signature, None, "a public key signs nothing");
    check(&store, &unsigned, &invalid(ReceiptVerificationError::UnsignedReceiptRejected));
}

#[test]
fn a_configuration_is_printed_with_the_number_of_its_keys_and_no_secret() {
    let config = StoreConfig::new("x").with_signing_key(key(0xAB)).with_signing_key(key(0xCD));
    let printed = format!("{config:?}");
    assert!(printed.contains("verifying_keys: 2"), "{printed}");
    assert!(!printed.to_lowercase().contains("abab") && !printed.contains("171, 171"), "{printed}");
}

#[test]
fn a_retry_is_answered_with_a_receipt_that_is_signed_anew() {
    let place = Place::new();
    let options = || {
        let options = AppendOptions::new().with_idempotency(IdempotencyKey::from(77));
        options.with_extension(trace(), vec![1])
    };
    let retry = |store: &Store<Open>| {
        store.append_with_options(&at("order:1"), PLACED, &json!(1), options()).unwrap()
    };
    let first = retry(&place.open_with(&[1]));
    let store = place.open_with(&[1, 2]);
    let again = retry(&store);
    assert_eq!((again.event_id, again.sequence), (first.event_id, first.sequence));
    assert_eq!(again.key_id, key(2).verifying_key().key_id(), "with the key of today");
    check(&store, &first, &ReceiptVerification::Signed);
    check(&store, &again, &ReceiptVerification::Signed);
}
