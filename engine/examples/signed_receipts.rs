//! Proof for others that an event is in the log: the store signs its receipts, and whoever has the public key checks them without it.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use causeway::prelude::*;
use causeway::store::{
    ReceiptClaim, SigningKey, VerifyingKey, verify_receipt_claim, verify_receipt_claim_of,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x9, type_id = 1)]
struct Paid {
    cents: u64,
}

/// What the customer does, far from the store: all there is are the public key, the claim and, if wanted, the event itself.
fn customer(public: [u8; 32], claim: &str, event: &str) -> Result<(), Box<dyn std::error::Error>> {
    let keys = [VerifyingKey::from_bytes(public)?];
    let claim: ReceiptClaim = serde_json::from_str(claim)?;
    assert_eq!(verify_receipt_claim(&claim, &keys), ReceiptVerification::Signed);
    println!("the store vouches for an event at sequence {}", claim.sequence);

    // The claim holds hashes of the event: with the event at hand, it is known to be this one.
    let mut event: StoredEvent<Vec<u8>> = serde_json::from_str(event)?;
    assert_eq!(verify_receipt_claim_of(&claim, &event, &keys), ReceiptVerification::Signed);
    assert_eq!(event.event.decode_typed::<Paid>()?.cents, 500);

    // Nothing about it can be changed.
    event.event.header.timestamp_us += 1;
    let changed = verify_receipt_claim_of(&claim, &event, &keys);
    println!("after a change of the time: {changed:?}");
    assert!(!changed.is_valid());
    let raised = ReceiptClaim { sequence: claim.sequence + 1, ..claim };
    assert!(matches!(verify_receipt_claim(&raised, &keys), ReceiptVerification::Invalid(_)));
    Ok(())
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    // A real key is 32 bytes of a real random source, kept outside the store.
    let key = SigningKey::from_bytes([7; 32]);
    let public = key.verifying_key().to_bytes();
    let store = Store::open(StoreConfig::new(directory.path()).with_signing_key(key))?;

    let receipt = store.append_typed(&Coordinate::new("order:42", "shop")?, &Paid { cents: 500 })?;
    assert!(receipt.signature.is_some());

    // The store itself checks a receipt against its log: the event is there, it is that one, and the signature is good.
    assert_eq!(store.verify_append_receipt_detailed(&receipt), ReceiptVerification::Signed);

    // A claim is the receipt as text, to be handed over.
    let claim = serde_json::to_string(&receipt.claim())?;
    let event = serde_json::to_string(&store.read_raw(receipt.event_id)?)?;
    customer(public, &claim, &event)
}
