//! What an append expects of its stream, and keys that make it repeatable.

use causeway::id::{CausationId, CorrelationId, EventId, IdempotencyKey};
use causeway::store::{
    AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, Store, StoreError, StreamState,
};

use super::{KIND, Place, append, assert_whole, at, events, item, item_with, refused_item};

fn expecting(state: StreamState) -> AppendOptions {
    AppendOptions::new().with_expected_state(state)
}

#[test]
fn a_stream_without_events_is_expected_apart_from_one_with_a_single_event() {
    let place = Place::new();
    let store = place.open();
    let try_with = |options| store.append_with_options(&at("a"), KIND, &0, options);
    let mismatch = try_with(expecting(StreamState::Exactly(0)));
    assert!(
        matches!(mismatch, Err(StoreError::StreamStateMismatch { actual: None, .. })),
        "an empty stream has no event 0: {mismatch:?}"
    );
    try_with(AppendOptions::new().with_cas(0)).unwrap();
    let refused = try_with(expecting(StreamState::NoStream)).unwrap_err();
    assert_eq!(refused.to_string(), "entity \"a\" is at sequence 0, not without events");
    try_with(AppendOptions::new().with_cas(0)).unwrap();
    try_with(expecting(StreamState::Exactly(1))).unwrap();
    let literal = AppendOptions { expected_state: StreamState::Exactly(2), ..Default::default() };
    try_with(literal.with_cas(2)).unwrap();
    assert_eq!(store.entity_generation("a"), Some(4));
}

#[test]
fn a_retry_with_its_key_is_a_no_op_whatever_it_expected() {
    let place = Place::new();
    let store = place.open();
    let options = expecting(StreamState::NoStream).with_idempotency(IdempotencyKey::from_u128(7));
    let first = store.append_with_options(&at("a"), KIND, &0, options.clone()).unwrap();
    append(&store, "a");
    let again = store.append_with_options(&at("a"), KIND, &0, options.clone()).unwrap();
    assert_eq!((again.sequence, again.event_hash()), (first.sequence, first.event_hash()));
    let other = store.append_with_options(&at("a"), KIND, &"other", options);
    assert!(matches!(other, Err(StoreError::IdempotencyConflict { key: 7, sequence: 1 })), "{other:?}");
    assert_eq!(events(&store), 2);
}

#[test]
fn an_item_of_a_batch_expects_the_stream_as_the_items_before_it_leave_it() {
    let place = Place::new();
    let store = place.open();
    append(&store, "a");
    let items = vec![
        item("a", expecting(StreamState::Exactly(0))),
        item("b", expecting(StreamState::NoStream)),
        item("a", AppendOptions::new().with_cas(1)),
        item("b", expecting(StreamState::Exactly(0))),
    ];
    let clocks: Vec<u32> =
        store.append_batch(items).unwrap().iter().map(AppendReceipt::stream_sequence).collect();
    assert_eq!(clocks, [1, 0, 2, 1]);
    assert_whole(&store);
}

#[test]
fn a_refused_expectation_names_its_item_and_nothing_of_its_batch_is_written_or_burned() {
    let place = Place::new();
    let store = place.open();
    let items = vec![
        item("a", expecting(StreamState::NoStream)),
        item("b", AppendOptions::new()),
        item("a", expecting(StreamState::NoStream)),
    ];
    let (at, error) = refused_item(store.append_batch(items));
    assert_eq!(at, 2);
    assert!(matches!(error, StoreError::StreamStateMismatch { actual: Some(0), .. }), "{error:?}");
    let (at, error) = refused_item(store.append_batch(vec![item("a", AppendOptions::new().with_cas(1))]));
    assert!(matches!((at, &error), (0, StoreError::SequenceMismatch { actual: 0, .. })), "{error:?}");
    assert_eq!(append(&store, "a").sequence, 1);
}

#[test]
fn no_key_is_ever_required_however_many_commits_share_a_write() {
    let place = Place::new();
    let store = Store::open(place.config().with_group_commit_max_batch(16)).unwrap();
    append(&store, "a");
    store.append_batch(vec![item("a", AppendOptions::new())]).unwrap();
    store.submit(&at("a"), KIND, &0).unwrap().wait().unwrap();
    assert_eq!(events(&store), 3);
}

#[test]
fn a_key_stands_once_in_a_batch_and_on_all_of_its_items_or_on_none() {
    let place = Place::new();
    let store = place.open();
    let keyed = |key| AppendOptions::new().with_idempotency(IdempotencyKey::from_u128(key));
    let twice = store.append_batch(vec![item("a", keyed(1)), item("a", keyed(1))]);
    assert!(matches!(twice, Err(StoreError::Configuration(_))), "{twice:?}");
    let mixed = store.append_batch(vec![item("a", keyed(1)), item("a", AppendOptions::new())]);
    assert!(matches!(mixed, Err(StoreError::IdempotencyPartialBatch { .. })), "{mixed:?}");
    let first = store.append_batch(vec![item("a", keyed(1)), item("a", keyed(2))]).unwrap();
    let again = store.append_batch(vec![item("a", keyed(1)), item("a", keyed(2))]).unwrap();
    assert!(first.iter().zip(&again).all(|(first, again)| first.sequence == again.sequence));
    let part = store.append_batch(vec![item("a", keyed(2)), item("a", keyed(3))]);
    assert!(matches!(part, Err(StoreError::IdempotencyPartialBatch { .. })), "{part:?}");
    assert_eq!(events(&store), 2);
}

#[test]
fn the_flags_of_a_batch_item_are_kept() {
    let place = Place::new();
    let store = place.open();
    let receipts = store.append_batch(vec![item("a", AppendOptions::new().with_flags(5))]).unwrap();
    assert_eq!(store.get(receipts[0].event_id).unwrap().event.header.flags, 5);
}

#[test]
fn a_reaction_batch_is_one_conversation_and_an_items_own_cause_counts_more() {
    let place = Place::new();
    let store = place.open();
    let cause = append(&store, "a").event_id;
    let items = vec![
        item("b", AppendOptions::new().with_causation(CausationId::from_u128(9))),
        item_with("b", AppendOptions::new(), CausationRef::PriorItem(0)),
        item_with("b", AppendOptions::new(), CausationRef::Absolute(11)),
    ];
    let conversation = CorrelationId::from_u128(5);
    let receipts = store.append_reaction_batch(conversation, CausationId::from(cause), items).unwrap();
    let causes: Vec<_> = receipts
        .iter()
        .map(|receipt| {
            let header = store.get(receipt.event_id).unwrap().event.header;
            assert_eq!(header.correlation_id, conversation);
            header.causation_id.map(u128::from)
        })
        .collect();
    assert_eq!(causes, [Some(cause.into()), Some(receipts[0].event_id.into()), Some(11)]);
}

#[test]
fn a_dry_run_says_what_an_append_would_and_leaves_no_trace() {
    let place = Place::new();
    let store = place.open();
    append(&store, "a");
    let key = IdempotencyKey::from_u128(3);
    let batch = || {
        let first = expecting(StreamState::Exactly(0)).with_idempotency(key);
        let second = AppendOptions::new().with_idempotency(IdempotencyKey::from_u128(4));
        vec![item("a", first), item("b", second)]
    };
    let said = store.dry_run(batch()).unwrap();
    assert!(said.iter().all(|receipt| !receipt.is_durable()));
    assert_eq!((store.visible(), store.sequence_of(EventId::from_u128(3)).unwrap()), (2, None));
    let done = store.append_batch(batch()).unwrap();
    for (said, done) in said.iter().zip(&done) {
        assert_eq!((said.event_id, said.sequence), (done.event_id, done.sequence));
        assert_eq!((said.stream_sequence(), said.content_hash), (done.stream_sequence(), done.content_hash));
    }
    assert_eq!(
        store.dry_run(batch()).unwrap()[1].event_hash(),
        done[1].event_hash(),
        "a known key is answered"
    );
    let (refused, _) = refused_item(
        store.dry_run(vec![item("c", AppendOptions::new()), item("a", expecting(StreamState::NoStream))]),
    );
    assert_eq!(refused, 1);
    let alone = store.dry_run(vec![item("a", expecting(StreamState::NoStream))]);
    assert!(
        matches!(alone, Err(StoreError::StreamStateMismatch { .. })),
        "a single event is no batch: {alone:?}"
    );
    assert!(store.dry_run(Vec::new()).unwrap().is_empty());
    let payload = vec![0; 20 << 20];
    let large =
        BatchAppendItem::from_msgpack_bytes(at("a"), KIND, payload, AppendOptions::new(), CausationRef::None);
    assert!(matches!(store.dry_run(vec![large]), Err(StoreError::Configuration(_))));
    assert_eq!(append(&store, "c").sequence, 4);
}
