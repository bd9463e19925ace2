//! Receipts: what they say, who signed them, and when they stop being true.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use causeway::coordinate::Coordinate;
use causeway::event::{EventKind, StoredEvent};
use causeway::guard::{Denial, Gate, GateSet};
use causeway::id::{EventId, IdempotencyKey};
use causeway::pipeline::Proposal;
use causeway::store::{
    AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, DenialReceipt, ExtensionKey, Extensions,
    Open, ReadOnly, ReceiptClaim, ReceiptExtensionKey, ReceiptExtensionNamespace, ReceiptExtensionValue,
    ReceiptVerification, ReceiptVerificationError, SigningKey, Store, StoreConfig, StoreId, StoreState,
    verify_receipt_claim, verify_receipt_claim_of,
};
use serde_json::json;
use tempfile::TempDir;

const PLACED: EventKind = EventKind::custom(1, 1);

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn config(&self) -> StoreConfig {
        StoreConfig::new(self.path())
    }

    fn open_with(&self, keys: &[u8]) -> Store<Open> {
        let keyed = keys.iter().fold(self.config(), |config, seed| config.with_signing_key(key(*seed)));
        Store::open(keyed).unwrap()
    }

    /// The directory as it stands, elsewhere: as if the process had died just now.
    fn copy(&self) -> Self {
        let copy = Self::new();
        for entry in fs::read_dir(self.path()).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() && entry.file_name() != "lock" {
                fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
            }
        }
        copy
    }
}

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes([seed; 32])
}

fn at(entity: &str) -> Coordinate {
    Coordinate::new(entity, "shop").unwrap()
}

fn trace() -> ExtensionKey {
    ExtensionKey::new("acme.trace").unwrap()
}

fn append(store: &Store<Open>, n: u64) -> AppendReceipt {
    let options = AppendOptions::new().with_extension(trace(), vec![n as u8, 7]);
    let order = at(&format!("order:{}", n % 3));
    store.append_with_options(&order, PLACED, &json!({ "n": n }), options).unwrap()
}

fn invalid(error: ReceiptVerificationError) -> ReceiptVerification {
    ReceiptVerification::Invalid(error)
}

fn wire<State: StoreState>(store: &Store<State>, receipt: &AppendReceipt) -> ReceiptVerification {
    let AppendReceipt { event_id, sequence, content_hash, key_id, signature, extensions, .. } =
        receipt.clone();
    store.verify_append_receipt_wire_detailed(event_id, sequence, content_hash, key_id, signature, extensions)
}

#[track_caller]
fn check<State: StoreState>(store: &Store<State>, receipt: &AppendReceipt, expected: &ReceiptVerification) {
    assert_eq!(&store.verify_append_receipt_detailed(receipt), expected);
    assert_eq!(&wire(store, receipt), expected);
    assert_eq!(store.verify_append_receipt(receipt), expected.is_valid());
}

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

struct Acme;

impl ReceiptExtensionNamespace for Acme {
    const PREFIX: &'static str = "acme";
}

#[test]
fn extensions_of_a_typed_namespace_come_back_in_the_receipt() {
    let place = Place::new();
    let store = place.open_with(&[1]);
    let (span, value) =
        (ReceiptExtensionKey::<Acme>::new("span").unwrap(), ReceiptExtensionValue::new([5, 6]));
    let options = AppendOptions::new()
        .with_extensions(Extensions::from([(trace(), vec![1])]))
        .with_receipt_extension(span.clone(), value.clone());
    let single = store.append_with_options(&at("order:1"), PLACED, &1, options.clone()).unwrap();
    let item =
        BatchAppendItem::new(at("order:1"), PLACED, &2, AppendOptions::new(), CausationRef::None).unwrap();
    let item =
        item.with_extensions(Extensions::from([(trace(), vec![1])])).with_receipt_extension(span, value);
    let batch = store.append_batch(vec![item]).unwrap().remove(0);
    let expected =
        Extensions::from([(trace(), vec![1]), (ExtensionKey::new("acme.span").unwrap(), vec![5, 6])]);
    for receipt in [&single, &batch] {
        assert_eq!(receipt.extensions, expected);
        assert_eq!(receipt.signing_downgrade(), None);
        check(&store, receipt, &ReceiptVerification::Signed);
    }
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

/// A small generator of numbers, the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// Appends one event or a batch, with or without keys and extensions.
fn append_randomly(store: &Store<Open>, random: &mut Random) -> Vec<AppendReceipt> {
    let keyed = random.below(3) == 0;
    let count = if random.below(4) == 0 { random.below(5) + 1 } else { 1 };
    let items = (0..count).map(|n| {
        let mut options = AppendOptions::new();
        for field in 0..random.below(3) {
            let bytes = vec![random.below(256) as u8; random.below(40) as usize];
            options = options.with_extension(ExtensionKey::new(format!("acme.field{field}")).unwrap(), bytes);
        }
        if keyed {
            let key = u128::from(random.below(u64::MAX)) << 8 | u128::from(n);
            options = options.with_idempotency(IdempotencyKey::from(key));
        }
        let order = at(&format!("order:{}", random.below(20)));
        let payload = json!({ "n": random.below(1_000) });
        BatchAppendItem::new(order, PLACED, &payload, options, CausationRef::None).unwrap()
    });
    let items: Vec<_> = items.collect();
    match items.as_slice() {
        [item] => {
            let payload: serde_json::Value = causeway::encoding::to_json(item.payload_bytes()).unwrap();
            vec![store.append_with_options(item.coord(), item.kind(), &payload, item.options()).unwrap()]
        }
        _ => store.append_batch(items).unwrap(),
    }
}

#[test]
fn receipts_of_a_thousand_random_appends_hold_before_and_after_closing_and_a_new_key() {
    for seed in [1, 0x5EED, 0xBAD_CAFE] {
        let place = Place::new();
        let mut random = Random(seed);
        let mut receipts = Vec::new();
        let mut keys = Vec::new();
        for round in 1..=4 {
            keys.push(round);
            let config = place.config().with_segment_max_bytes(16 * 1_024);
            let config = keys.iter().fold(config, |config, seed| config.with_signing_key(key(*seed)));
            let store = Store::open(config).unwrap();
            while receipts.len() < 250 * usize::from(round) {
                receipts.extend(append_randomly(&store, &mut random));
            }
            for receipt in &receipts {
                let verified = store.verify_append_receipt_detailed(receipt);
                assert_eq!(
                    verified,
                    ReceiptVerification::Signed,
                    "seed {seed:#x}, sequence {}",
                    receipt.sequence
                );
            }
            if round % 2 == 0 {
                store.close().unwrap();
            }
        }
        let public = keys.iter().map(|seed| key(*seed).verifying_key());
        let reader = public.fold(place.config(), StoreConfig::with_verifying_key);
        let reader = Store::<ReadOnly>::open_read_only(reader).unwrap();
        assert!(receipts.iter().all(|receipt| wire(&reader, receipt) == ReceiptVerification::Signed));
    }
}

struct Never;

impl Gate<u32> for Never {
    fn name(&self) -> &'static str {
        "never"
    }

    fn evaluate(&self, amount: &u32) -> Result<(), Denial> {
        Err(Denial::new("never", format!("{amount} is too much")))
    }
}

fn deny(store: &Store<Open>) -> DenialReceipt {
    let mut gates = GateSet::new();
    gates.push(Never);
    let denial = gates.evaluate(&7, Proposal::new("buy")).unwrap_err();
    let options = AppendOptions::new().with_extension(trace(), vec![1]);
    store.append_denial(&at("order:1"), PLACED, &gates, &denial, None, None, options).unwrap()
}

#[test]
fn the_receipt_of_a_denial_holds_for_a_denial_only() {
    for (keys, expected) in
        [(&[][..], ReceiptVerification::UnsignedAccepted), (&[1], ReceiptVerification::Signed)]
    {
        let place = Place::new();
        let store = place.open_with(keys);
        let (denial, other) = (deny(&store), append(&store, 1));
        assert_eq!(store.verify_denial_receipt_detailed(&denial), expected);
        assert_eq!(store.verify_receipt_claim(&denial.claim()), expected, "it is an event like any other");
        assert!(store.verify_denial_receipt(&denial));
        let mut changed = denial.clone();
        changed.content_hash[0] ^= 1;
        let said = store.verify_denial_receipt_detailed(&changed);
        assert_eq!(said, invalid(ReceiptVerificationError::ContentHashMismatch));
        (changed.event_id, changed.sequence) = (other.event_id, other.sequence);
        let said = store.verify_denial_receipt_detailed(&changed);
        assert_eq!(said, invalid(ReceiptVerificationError::DenialKindMismatch));
        assert!(!store.verify_denial_receipt(&changed));
    }
}
