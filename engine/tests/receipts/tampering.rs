//! Receipts, logs and damage: what is told apart.

use std::fs;

use causeway::id::EventId;
use causeway::store::{
    AppendReceipt, ExtensionKey, ReceiptClaim, ReceiptVerification, ReceiptVerificationError, StoreId,
    verify_receipt_claim,
};

use crate::{Place, append, check, invalid, key, trace};

/// Changes the frame of an event and makes its checksum right again.
fn forge_frame(place: &Place, receipt: &AppendReceipt, change: impl FnOnce(&mut [u8])) {
    let position = receipt.disk_pos();
    let path = place.path().join(format!("{:020}-0.seg", position.segment_id()));
    let mut bytes = fs::read(&path).unwrap();
    let start = position.offset() as usize;
    let frame = &mut bytes[start..start + position.length() as usize];
    change(frame);
    let mut crc = crc32fast::Hasher::new();
    crc.update(&frame[..4]);
    crc.update(&frame[8..]);
    let crc = crc.finalize().to_le_bytes();
    frame[4..8].copy_from_slice(&crc);
    fs::write(&path, bytes).unwrap();
}

#[test]
fn a_log_that_was_rewritten_does_not_fit_its_receipts() {
    let forge = |change: fn(&mut [u8]), error| {
        let place = Place::new();
        let store = place.open_with(&[1]);
        let (receipt, next) = (append(&store, 1), append(&store, 2));
        store.close().unwrap();
        forge_frame(&place, &receipt, change);
        let store = place.open_with(&[1]);
        check(&store, &receipt, &invalid(error));
        check(&store, &next, &ReceiptVerification::Signed);
    };
    forge(|frame| *frame.last_mut().unwrap() ^= 1, ReceiptVerificationError::ContentHashMismatch);
    forge(|frame| frame[42] ^= 1, ReceiptVerificationError::EventHashMismatch); // the time
    forge(|frame| frame[92] ^= 1, ReceiptVerificationError::EventHashMismatch); // the event hash
}

#[test]
fn damage_before_an_event_does_not_make_its_receipt_false() {
    let place = Place::new();
    let store = place.open_with(&[1]);
    let (before, receipt) = (append(&store, 1), append(&store, 4));
    assert_eq!(receipt.stream_sequence(), before.stream_sequence() + 1);
    store.close().unwrap();
    let path = place.path().join(format!("{:020}-0.seg", before.disk_pos().segment_id()));
    let mut bytes = fs::read(&path).unwrap();
    bytes[before.disk_pos().offset() as usize + 130] ^= 1;
    fs::write(&path, bytes).unwrap();
    let store = place.open_with(&[1]);
    check(&store, &receipt, &ReceiptVerification::Signed);
    let verified = store.verify_append_receipt_detailed(&before);
    assert!(
        matches!(verified, ReceiptVerification::Invalid(ReceiptVerificationError::UnreadableEvent { .. })),
        "{verified:?}"
    );
}

/// Every claim that differs from `claim` in one byte of one field, with the name of the field.
fn changed_claims(claim: &ReceiptClaim) -> Vec<(&'static str, ReceiptClaim)> {
    let mut changed = Vec::new();
    let mut push = |field, len: usize, flip: &dyn Fn(&mut ReceiptClaim, usize)| {
        for at in 0..len {
            let mut copy = claim.clone();
            flip(&mut copy, at);
            assert_ne!(&copy, claim);
            changed.push((field, copy));
        }
    };
    push("store id", 16, &|claim, at| {
        let mut bytes = claim.store_id.to_bytes();
        bytes[at] ^= 1;
        claim.store_id = StoreId::from_bytes(bytes);
    });
    push("epoch", 8, &|claim, at| claim.epoch ^= 1 << (8 * at));
    push("event id", 16, &|claim, at| {
        claim.event_id = EventId::from(u128::from(claim.event_id) ^ 1 << (8 * at));
    });
    push("sequence", 8, &|claim, at| claim.sequence ^= 1 << (8 * at));
    push("content hash", 32, &|claim, at| claim.content_hash[at] ^= 1);
    push("event hash", 32, &|claim, at| claim.event_hash[at] ^= 1);
    push("key id", 32, &|claim, at| claim.key_id[at] ^= 1);
    push("signature", 64, &|claim, at| claim.signature.as_mut().unwrap()[at] ^= 1);
    push("extension", 2, &|claim, at| claim.extensions.values_mut().next().unwrap()[at] ^= 1);
    push("extensions", 2, &|claim, at| {
        let value = claim.extensions.remove(&trace()).unwrap();
        if at == 0 {
            claim.extensions.insert(ExtensionKey::new("acme.tracf").unwrap(), value);
        }
    });
    changed
}

#[test]
fn one_changed_byte_of_a_signed_receipt_makes_it_invalid() {
    let place = Place::new();
    let store = place.open_with(&[1]);
    let claim = append(&store, 1).claim();
    let keys = [key(1).verifying_key()];
    for (field, changed) in changed_claims(&claim) {
        let (here, elsewhere) = (store.verify_receipt_claim(&changed), verify_receipt_claim(&changed, &keys));
        assert!(!here.is_valid() && !elsewhere.is_valid(), "{field}: {here:?} {elsewhere:?}");
        let ReceiptClaim { event_id, sequence, content_hash, key_id, signature, extensions, .. } =
            changed.clone();
        let wire = store.verify_append_receipt_wire_detailed(
            event_id,
            sequence,
            content_hash,
            key_id,
            signature,
            extensions,
        );
        let travels = !matches!(field, "store id" | "epoch" | "event hash");
        assert_eq!(wire.is_valid(), !travels, "{field}: {wire:?}");
    }
}
