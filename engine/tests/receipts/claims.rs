//! Claims: receipts that are checked far from their store.

use causeway::event::StoredEvent;
use causeway::id::EventId;
use causeway::store::{ReceiptClaim, ReceiptVerification, ReceiptVerificationError, verify_receipt_claim_of};
use serde_json::json;

use crate::{Place, append, at, invalid, key};

#[test]
fn a_claim_and_its_event_are_checked_without_a_store() {
    let place = Place::new();
    let store = place.open_with(&[1]);
    append(&store, 1);
    let receipt = append(&store, 4);
    let sent = serde_json::to_string(&(receipt.claim(), store.read_raw(receipt.event_id).unwrap())).unwrap();
    drop(store);
    let (claim, event): (ReceiptClaim, StoredEvent<Vec<u8>>) = serde_json::from_str(&sent).unwrap();
    let keys = [key(2).verifying_key(), key(1).verifying_key()];
    assert_eq!(verify_receipt_claim_of(&claim, &event, &keys), ReceiptVerification::Signed);
    let change = |change: fn(&mut StoredEvent<Vec<u8>>), error| {
        let mut changed = event.clone();
        change(&mut changed);
        assert_eq!(verify_receipt_claim_of(&claim, &changed, &keys), invalid(error));
    };
    change(|event| event.event.header.event_id = EventId::from(1), ReceiptVerificationError::EventIdMismatch);
    change(|event| event.event.payload[0] ^= 1, ReceiptVerificationError::ContentHashMismatch);
    change(|event| event.coordinate = at("order:9"), ReceiptVerificationError::EventHashMismatch);
    change(|event| event.event.header.flags ^= 1, ReceiptVerificationError::EventHashMismatch);
    change(|event| event.event.hash_chain = None, ReceiptVerificationError::EventHashMismatch);
}

#[test]
fn a_claim_as_text_reads_back_and_damaged_text_is_refused() {
    let place = Place::new();
    let claim = append(&place.open_with(&[1]), 1).claim();
    let packed = causeway::encoding::to_bytes(&claim).unwrap();
    assert_eq!(causeway::encoding::from_bytes::<ReceiptClaim>(&packed).unwrap(), claim);
    let text = serde_json::to_value(&claim).unwrap();
    assert_eq!(serde_json::from_value::<ReceiptClaim>(text.clone()).unwrap(), claim);
    for field in ["store_id", "event_id", "content_hash", "event_hash", "key_id", "signature"] {
        let mut damaged = text.clone();
        damaged[field] = json!("00");
        let error = serde_json::from_value::<ReceiptClaim>(damaged).unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
}
