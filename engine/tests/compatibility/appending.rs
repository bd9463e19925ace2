//! Appends: single, typed, with options, as reactions, in batches.

use crate::batpak::event::header::FLAG_REPLAY;
use crate::batpak::id::{CausationId, CorrelationId, EntityIdType, IdempotencyKey};
use crate::batpak::prelude::*;
use crate::batpak::store::index::DiskPos;
use crate::batpak::store::{AppendPositionHint, BatchAppendItem, CausationRef};
use serde_json::json;

use crate::shared::{Deposited, Withdrawn, account, open};

const NOTED: EventKind = EventKind::custom(0xF, 0x003);

#[test]
fn an_event_is_appended_and_read_back() -> Result<(), Box<dyn std::error::Error>> {
    let (_directory, store) = open();
    let receipt: AppendReceipt = store.append(&account(), NOTED, &json!({"text": "hello"}))?;
    assert_eq!(receipt.sequence, 1);
    let stored = store.get(receipt.event_id)?;
    assert_eq!((stored.coordinate.entity(), stored.event.event_kind()), ("account:1", NOTED));
    assert_eq!(stored.event.payload["text"], "hello");
    assert_eq!(stored.event.header.content_hash, receipt.content_hash);
    let typed = store.append_typed(&account(), &Deposited { cents: 5 })?;
    assert_eq!(store.get(typed.event_id)?.event.header.event_kind, Deposited::KIND);
    let place: DiskPos = receipt.disk_pos();
    assert!(place.length() > 0);
    store.sync()?;
    let store: Store<Open> = store;
    let _: Closed = store.close()?;
    Ok(())
}

#[test]
fn options_say_more_about_an_append() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let key = IdempotencyKey::now_v7();
    let options = AppendOptions::new()
        .with_idempotency(key)
        .with_correlation(CorrelationId::new(7))
        .with_causation(CausationId::new(8))
        .with_flags(FLAG_REPLAY)
        .with_position_hint(AppendPositionHint::new(2, 1));
    let first = store.append_with_options(&account(), NOTED, &1, options.clone())?;
    let again = store.append_with_options(&account(), NOTED, &1, options)?;
    assert_eq!((first.event_id, first.sequence), (again.event_id, again.sequence));
    assert_eq!(first.event_id.as_u128(), key.as_u128());
    let header = store.get(first.event_id)?.event.header;
    assert_eq!((header.correlation_id.as_u128(), header.causation_id), (7, Some(CausationId::new(8))));
    assert!(header.is_replay());
    assert_eq!((header.position.lane(), header.position.depth()), (2, 1));
    let struct_literal = AppendOptions {
        expected_sequence: Some(0),
        idempotency_key: None,
        correlation_id: Some(CorrelationId::new(9)),
        causation_id: None,
        flags: 0,
        position_hint: Some(AppendPositionHint { lane: 0, depth: 0 }),
        ..AppendOptions::default()
    };
    let receipt = store.append_typed_with_options(&account(), &Deposited { cents: 5 }, struct_literal)?;
    assert_eq!(receipt.sequence, 2);
    match store.append_with_options(&account(), NOTED, &1, AppendOptions::new().with_cas(9)) {
        Err(StoreError::SequenceMismatch { entity, expected, actual }) => {
            assert_eq!((entity.as_str(), expected, actual), ("account:1", 9, 1));
        }
        other => panic!("{other:?}"),
    }
    Ok(())
}

#[test]
fn a_reaction_belongs_to_what_it_reacts_to() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let cause = store.append_typed(&account(), &Deposited { cents: 5 })?;
    let (correlation, causation) =
        (CorrelationId::new(cause.event_id.as_u128()), CausationId::new(cause.event_id.as_u128()));
    let untyped = store.append_reaction(&account(), NOTED, &1, correlation, causation)?;
    let typed = store.append_reaction_typed(&account(), &Withdrawn { cents: 1 }, correlation, causation)?;
    for id in [untyped.event_id, typed.event_id] {
        let header = store.get(id)?.event.header;
        assert_eq!((header.correlation_id, header.causation_id), (correlation, Some(causation)));
    }
    let caused = store.query(&Region::all()).into_iter().filter(|row| row.is_caused_by(cause.event_id));
    assert_eq!(caused.count(), 2);
    Ok(())
}

#[test]
fn a_batch_becomes_visible_as_one() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let other = Coordinate::new("account:2", "bank")?;
    let items = vec![
        BatchAppendItem::typed(account(), &Withdrawn { cents: 5 }, AppendOptions::new(), CausationRef::None)?,
        BatchAppendItem::typed(
            other,
            &Deposited { cents: 5 },
            AppendOptions::new(),
            CausationRef::PriorItem(0),
        )?,
        BatchAppendItem::new(
            account(),
            NOTED,
            &"moved",
            AppendOptions::default(),
            CausationRef::Absolute(77),
        )?,
        BatchAppendItem::new(
            account(),
            NOTED,
            &"typed",
            AppendOptions::default(),
            CausationRef::absolute_typed(CausationId::new(78)),
        )?,
    ];
    assert_eq!(
        (items[2].kind(), items[2].coord().entity(), items[2].payload_bytes().len()),
        (NOTED, "account:1", 6)
    );
    let receipts = store.append_batch(items)?;
    let causes: Vec<_> = receipts
        .iter()
        .map(|receipt| store.get(receipt.event_id).map(|stored| stored.event.header.causation_id))
        .collect::<Result<_, _>>()?;
    let first = receipts[0].event_id.as_u128();
    assert_eq!(
        causes.iter().map(|id| id.map(|id| id.as_u128())).collect::<Vec<_>>(),
        [None, Some(first), Some(77), Some(78)]
    );
    assert_eq!(store.append_batch(Vec::new())?.len(), 0);
    Ok(())
}

#[test]
fn a_batch_that_is_refused_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let config = StoreConfig::new(directory.path()).with_batch_max_size(1).with_single_append_max_bytes(64);
    let store = Store::open(config).unwrap();
    let item = |text: &str| {
        BatchAppendItem::new(account(), NOTED, &text, AppendOptions::default(), CausationRef::None).unwrap()
    };
    match store.append_batch(vec![item("a"), item("b")]) {
        Err(StoreError::BatchFailed { item_index, source }) => {
            assert_eq!(item_index, 0);
            assert!(matches!(*source, StoreError::Configuration(_)), "{source}");
        }
        other => panic!("{other:?}"),
    }
    let half_keyed = [Some(IdempotencyKey::now_v7()), None].map(|idempotency_key| {
        let options = AppendOptions { idempotency_key, ..AppendOptions::default() };
        BatchAppendItem::new(account(), NOTED, &1, options, CausationRef::None).unwrap()
    });
    let second = tempfile::tempdir().unwrap();
    let roomy = Store::open(StoreConfig::new(second.path())).unwrap();
    assert!(matches!(roomy.append_batch(half_keyed.into()), Err(StoreError::IdempotencyPartialBatch { .. })));
    assert_eq!((store.stats().event_count, roomy.stats().event_count), (1, 1));
}
