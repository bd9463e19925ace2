//! Receipts of events that a crash took, and of other stores and copies.

use std::fs;
use std::time::Duration;

use causeway::id::EventId;
use causeway::store::{AppendReceipt, Open, ReadOnly, ReceiptVerificationError, Store};

use crate::{Place, append, invalid, key, wire};

/// A store whose last event is torn, as a crash may leave one that was acknowledged and not yet synced.
fn torn_copy(of: &Place, last: &AppendReceipt) -> Place {
    let copy = of.copy();
    let place = last.disk_pos();
    let path = copy.path().join(format!("{:020}-0.seg", place.segment_id()));
    let mut bytes = fs::read(&path).unwrap();
    bytes[(place.offset() + u64::from(place.length()) - 1) as usize] ^= 1;
    fs::write(&path, bytes).unwrap();
    copy
}

fn unsynced(place: &Place, keys: &[u8]) -> Store<Open> {
    let config = place.config().with_sync_every_n_events(1_000).with_sync_every(Duration::MAX);
    Store::open(keys.iter().fold(config, |config, seed| config.with_signing_key(key(*seed)))).unwrap()
}

#[test]
fn a_receipt_whose_event_a_recovery_cut_is_lost_and_not_forged() {
    for keys in [&[][..], &[1]] {
        let place = Place::new();
        let store = unsynced(&place, keys);
        let (kept, lost) = (append(&store, 1), append(&store, 2));
        let copy = torn_copy(&place, &lost);
        let store = copy.open_with(keys);
        assert!(store.open_report().cut_bytes > 0);
        assert!(store.verify_append_receipt(&kept));
        let expected = invalid(ReceiptVerificationError::LostInRecovery { epoch: 2 });
        assert_eq!(store.verify_append_receipt_detailed(&lost), expected);
        assert_eq!(wire(&store, &lost), invalid(ReceiptVerificationError::MissingCommittedEvent));
        let other = append(&store, 3);
        assert_eq!(
            (other.sequence, other.epoch()),
            (lost.sequence + 1, 2),
            "behind the event of the opening"
        );
        assert_eq!(
            store.verify_append_receipt_detailed(&lost),
            expected,
            "another event has its place by now"
        );
        let old = wire(&store, &kept);
        assert!(old.is_valid(), "the epoch of a wire receipt is found: {old:?}");
        store.close().unwrap();
        let store = Store::<ReadOnly>::open_read_only(
            keys.iter().fold(copy.config(), |config, seed| config.with_signing_key(key(*seed))),
        );
        assert_eq!(store.unwrap().verify_append_receipt_detailed(&lost), expected);
    }
}

#[test]
fn a_recovery_does_not_excuse_a_forged_receipt() {
    let place = Place::new();
    let store = unsynced(&place, &[1]);
    append(&store, 1);
    let lost = append(&store, 2);
    let mut forged = lost.clone();
    forged.content_hash[0] ^= 1;
    let store = torn_copy(&place, &lost).open_with(&[1]);
    let expected = invalid(ReceiptVerificationError::MissingCommittedEvent);
    assert_eq!(store.verify_append_receipt_detailed(&forged), expected);
}

#[test]
fn an_event_below_the_cut_is_not_said_to_be_lost() {
    let place = Place::new();
    let store = unsynced(&place, &[1]);
    let (kept, lost) = (append(&store, 1), append(&store, 2));
    let store = torn_copy(&place, &lost).open_with(&[1]);
    let mut forged = kept.clone();
    forged.event_id = EventId::from(9);
    let expected = invalid(ReceiptVerificationError::MissingCommittedEvent);
    assert_eq!(store.verify_append_receipt_detailed(&forged), expected);
}

#[test]
fn an_older_copy_of_a_store_says_that_it_is_older() {
    let place = Place::new();
    let store = unsynced(&place, &[1]);
    append(&store, 1);
    let older = place.copy();
    let lost = append(&store, 2);
    let recovered = torn_copy(&place, &lost).open_with(&[1]);
    let later = append(&recovered, 3);
    let expected = invalid(ReceiptVerificationError::LaterEpoch { epoch: 2 });
    assert_eq!(older.open_with(&[1]).verify_append_receipt_detailed(&later), expected);
}

#[test]
fn the_receipt_of_another_store_is_told_as_such() {
    let (place, other) = (Place::new(), Place::new());
    let receipt = append(&other.open_with(&[1]), 1);
    let store = place.open_with(&[1]);
    append(&store, 1);
    let expected = invalid(ReceiptVerificationError::OtherStore { store_id: receipt.store_id() });
    assert_eq!(store.verify_append_receipt_detailed(&receipt), expected);
}
