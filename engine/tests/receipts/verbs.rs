//! Every verb that gives receipts: batches, retries, denials, random appends.

use causeway::guard::{Denial, Gate, GateSet};
use causeway::id::IdempotencyKey;
use causeway::pipeline::Proposal;
use causeway::store::{
    AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, DenialReceipt, ExtensionKey, Extensions,
    Open, ReadOnly, ReceiptExtensionKey, ReceiptExtensionNamespace, ReceiptExtensionValue,
    ReceiptVerification, ReceiptVerificationError, Store, StoreConfig,
};
use serde_json::json;

use crate::{PLACED, Place, append, at, check, invalid, key, trace, wire};

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

#[test]
fn whichever_verb_appends_its_receipts_are_signed() {
    let place = Place::new();
    let store = place.open_with(&[1]);
    let mut receipts = vec![store.submit(&at("order:1"), PLACED, &1).unwrap().wait().unwrap()];
    let mut outbox = store.outbox();
    outbox.stage(at("order:1"), PLACED, &2).unwrap();
    receipts.extend(outbox.flush().unwrap());
    let fence = store.begin_visibility_fence().unwrap();
    let ticket = fence.submit(&at("order:1"), PLACED, &3).unwrap();
    assert!(ticket.try_check().is_none(), "nothing is signed before it is committed");
    fence.commit().unwrap();
    receipts.push(ticket.wait().unwrap());
    assert_eq!(receipts.len(), 3);
    for receipt in &receipts {
        check(&store, receipt, &ReceiptVerification::Signed);
    }
}

#[test]
fn a_dry_run_signs_nothing_that_is_not_committed() {
    let place = Place::new();
    let store = place.open_with(&[1]);
    let item = |key: u128| {
        let options = AppendOptions::new().with_idempotency(IdempotencyKey::from(key));
        BatchAppendItem::new(at("order:1"), PLACED, &1, options, CausationRef::None).unwrap()
    };
    let dry = store.dry_run(vec![item(1)]).unwrap().remove(0);
    assert_eq!((dry.key_id, dry.signature), ([0; 32], None));
    check(&store, &dry, &invalid(ReceiptVerificationError::MissingCommittedEvent));
    store.append_batch(vec![item(1)]).unwrap();
    let known = store.dry_run(vec![item(1)]).unwrap().remove(0);
    check(&store, &known, &ReceiptVerification::Signed);
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
