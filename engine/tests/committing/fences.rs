//! Visibility fences: everything at once, or nothing.

use causeway::coordinate::Region;
use causeway::event::EventKind;
use causeway::id::IdempotencyKey;
use causeway::outcome::Outcome;
use causeway::store::{AppendOptions, CausationRef, Store, StoreError, StreamState};
use serde_json::json;

use super::{KIND, Place, append, assert_whole, at, count, events, item, item_with, refused_item};

fn keyed(key: u128) -> AppendOptions {
    AppendOptions::new().with_idempotency(IdempotencyKey::from_u128(key))
}

#[test]
fn what_a_fence_holds_becomes_visible_at_once_and_is_linked_like_any_other_event() {
    let place = Place::new();
    let store = place.open();
    append(&store, "a");
    let told = store.subscribe_lossy(&Region::entity("a"));
    let fence = store.begin_visibility_fence().unwrap();
    let tickets = [
        fence.submit(&at("a"), KIND, &json!({})).unwrap(),
        fence.submit(&at("b"), KIND, &json!({})).unwrap(),
        fence.submit(&at("a"), KIND, &json!({})).unwrap(),
    ];
    assert!(tickets.iter().all(|ticket| ticket.try_check().is_none()));
    assert_eq!(
        (events(&store), store.entity_generation("a"), store.entity_generation("b")),
        (1, Some(1), None)
    );
    assert_eq!(store.frontier().accepted_hlc.global_sequence, 1);
    fence.commit().unwrap();
    let receipts = tickets.map(|ticket| ticket.wait().unwrap());
    let places = receipts.each_ref().map(|receipt| (receipt.sequence, receipt.stream_sequence()));
    assert_eq!(places, [(2, 1), (3, 0), (4, 2)]);
    assert!(receipts.iter().all(causeway::store::AppendReceipt::is_durable));
    for receipt in &receipts {
        let event = store.event_at(receipt.sequence).unwrap();
        assert_eq!((event.raw.event_hash, event.place), (receipt.event_hash(), receipt.disk_pos()));
    }
    assert_eq!([told.recv(), told.recv()].map(|told| told.unwrap().sequence), [2, 4]);
    assert_whole(&store);
    drop(store);
    assert_eq!(events(&place.open()), 4);
}

#[test]
fn a_fence_that_is_cancelled_or_dropped_burns_nothing_and_leaves_no_trace() {
    let place = Place::new();
    let store = place.open();
    append(&store, "a");
    let fence = store.begin_visibility_fence().unwrap();
    let cancelled = fence.submit(&at("a"), KIND, &json!({})).unwrap();
    fence.cancel().unwrap();
    let fence = store.begin_visibility_fence().unwrap();
    let dropped = fence.submit_batch(vec![item("a", keyed(7))]).unwrap();
    drop(fence);
    assert!(matches!(cancelled.wait(), Err(StoreError::VisibilityFenceCancelled)));
    assert!(matches!(dropped.wait(), Err(StoreError::VisibilityFenceCancelled)));
    let next = store.append_with_options(&at("a"), KIND, &json!({}), keyed(7)).unwrap();
    assert_eq!((next.sequence, next.stream_sequence()), (2, 1), "neither numbers nor keys are used up");
    store.begin_visibility_fence().unwrap().commit().unwrap();
    assert_eq!(append(&store, "a").sequence, 3, "an empty fence commits nothing");
    assert_whole(&store);
}

#[test]
fn while_a_fence_is_open_only_the_fence_takes_events() {
    let place = Place::new();
    let store = place.open();
    let before = store.submit(&at("a"), KIND, &json!({})).unwrap();
    let fence = store.begin_visibility_fence().unwrap();
    assert_eq!(before.wait().unwrap().sequence, 1, "what was submitted before comes before");
    let active = |error: StoreError| matches!(error, StoreError::VisibilityFenceActive);
    assert!(active(store.begin_visibility_fence().unwrap_err()));
    assert!(active(store.append(&at("a"), KIND, &json!({})).unwrap_err()));
    assert!(active(store.append_batch(vec![item("a", AppendOptions::new())]).unwrap_err()));
    assert!(active(store.submit(&at("a"), KIND, &json!({})).unwrap_err()));
    assert!(active(store.submit_batch(Vec::new()).unwrap_err()));
    assert!(active(store.dry_run(vec![item("a", AppendOptions::new())]).unwrap_err()));
    assert!(active(store.outbox().stage(at("a"), KIND, &json!({})).unwrap().flush().unwrap_err()));
    assert!(matches!(store.try_submit(&at("a"), KIND, &json!({})).unwrap(), Outcome::Cancelled { .. }));
    store.sync().unwrap();
    assert_eq!(events(&store), 1, "reading goes on");
    fence.commit().unwrap();
    assert_eq!(append(&store, "a").sequence, 2);
}

#[test]
fn a_fence_answers_an_expectation_at_once_by_what_it_holds_itself() {
    let place = Place::new();
    let store = place.open();
    append(&store, "a");
    let expecting = |state| AppendOptions::new().with_expected_state(state);
    let fence = store.begin_visibility_fence().unwrap();
    let first = fence.submit_batch(vec![item("a", expecting(StreamState::Exactly(0)))]).unwrap();
    let items =
        vec![item("b", expecting(StreamState::NoStream)), item("a", expecting(StreamState::Exactly(0)))];
    let (refused, error) = refused_item(fence.submit_batch(items).map(drop));
    assert!(
        matches!((refused, &error), (1, StoreError::StreamStateMismatch { actual: Some(1), .. })),
        "{error:?}"
    );
    let second = fence.submit_batch(vec![item("b", expecting(StreamState::NoStream))]).unwrap();
    fence.commit().unwrap();
    assert_eq!([first, second].map(|ticket| ticket.wait().unwrap()[0].sequence), [2, 3]);
    assert_whole(&store);
}

#[test]
fn keys_that_the_log_or_the_fence_knows_are_answered() {
    let place = Place::new();
    let store = place.open();
    let logged = store.append_with_options(&at("a"), KIND, &json!({ "of": "a" }), keyed(1)).unwrap();
    let fence = store.begin_visibility_fence().unwrap();
    let known = fence.submit_batch(vec![item("a", keyed(1))]).unwrap();
    assert_eq!(known.try_check().unwrap().unwrap()[0].event_hash(), logged.event_hash());
    let first = fence.submit_batch(vec![item("b", keyed(2)), item("b", keyed(3))]).unwrap();
    let again = fence.submit_batch(vec![item("b", keyed(3)), item("b", keyed(2))]).unwrap();
    let conflict = fence.submit_batch(vec![item("c", keyed(2))]).map(drop);
    assert!(matches!(conflict, Err(StoreError::IdempotencyConflict { key: 2, sequence: 2 })), "{conflict:?}");
    let part = fence.submit_batch(vec![item("b", keyed(2)), item("b", keyed(4))]).map(drop);
    assert!(matches!(part, Err(StoreError::IdempotencyPartialBatch { .. })), "{part:?}");
    fence.commit().unwrap();
    let sequences = |receipts: Vec<causeway::store::AppendReceipt>| -> Vec<u64> {
        receipts.iter().map(|receipt| receipt.sequence).collect()
    };
    assert_eq!(sequences(first.wait().unwrap()), [2, 3]);
    assert_eq!(sequences(again.wait().unwrap()), [3, 2]);
    assert_eq!(events(&store), 3);
}

#[test]
fn a_cause_among_the_items_is_one_of_the_same_batch_of_the_fence() {
    let place = Place::new();
    let store = place.open();
    let fence = store.begin_visibility_fence().unwrap();
    let (first, second) = (
        fence.submit(&at("a"), KIND, &json!({})).unwrap(),
        fence
            .submit_batch(vec![
                item("a", AppendOptions::new()),
                item_with("a", AppendOptions::new(), CausationRef::PriorItem(0)),
            ])
            .unwrap(),
    );
    let mut outbox = fence.outbox();
    outbox.stage(at("a"), KIND, &json!({})).unwrap();
    outbox.stage_with_causation(at("a"), KIND, &json!({}), CausationRef::PriorItem(0)).unwrap();
    let third = outbox.submit_flush().unwrap();
    assert!(outbox.is_empty());
    drop(outbox);
    fence.commit().unwrap();
    assert_eq!(first.wait().unwrap().sequence, 1);
    for ticket in [second, third] {
        let receipts = ticket.wait().unwrap();
        let effect = store.get(receipts[1].event_id).unwrap().event.header;
        assert_eq!(effect.causation_id.map(u128::from), Some(receipts[0].event_id.into()));
    }
}

#[test]
fn flushing_the_outbox_of_a_fence_is_refused_because_its_receipts_come_with_the_commit() {
    let place = Place::new();
    let store = place.open();
    let fence = store.begin_visibility_fence().unwrap();
    let mut outbox = fence.outbox();
    outbox.stage(at("a"), KIND, &json!({})).unwrap();
    assert!(matches!(outbox.flush(), Err(StoreError::VisibilityFenceActive)));
    assert_eq!(outbox.len(), 1, "nothing is lost");
    outbox.submit_flush().unwrap();
    drop(outbox);
    fence.commit().unwrap();
    assert_eq!(events(&store), 1);
}

#[test]
fn a_fence_holds_more_than_a_batch_may_and_no_more_than_its_limit() {
    let place = Place::new();
    let config = place.config().with_batch_max_size(4).with_visibility_fence_max_bytes(64 * 1024);
    let store = Store::open(config.clone().with_segment_max_bytes(16 * 1024)).unwrap();
    let fence = store.begin_visibility_fence().unwrap();
    let fill = "x".repeat(1_000);
    for _ in 0..50 {
        fence.submit(&at("a"), KIND, &fill).unwrap();
    }
    let full = fence.submit(&at("b"), KIND, &"x".repeat(20_000)).map(drop);
    assert!(matches!(full, Err(StoreError::VisibilityFenceFull { limit: 65_536, .. })), "{full:?}");
    let after = fence.submit(&at("b"), KIND, &fill).unwrap();
    fence.commit().unwrap();
    let receipt = after.wait().unwrap();
    assert_eq!(
        (receipt.sequence, receipt.stream_sequence()),
        (51, 0),
        "what was refused left nothing behind"
    );
    append(&store, "a");
    assert_whole(&store);
    store.close().unwrap();
    assert_eq!(events(&Store::open(config).unwrap()), 52);
}

#[test]
fn projections_and_watchers_see_nothing_of_a_fence_before_its_commit() {
    let place = Place::new();
    let store = place.open();
    append(&store, "a");
    let fence = store.begin_visibility_fence().unwrap();
    fence.submit(&at("a"), KIND, &json!({})).unwrap();
    assert_eq!(count(&store, "a"), Some(1));
    fence.commit().unwrap();
    assert_eq!(count(&store, "a"), Some(2));
}

#[test]
fn closing_a_store_cancels_a_fence_that_was_forgotten_and_still_says_that_it_was_closed() {
    let place = Place::new();
    let store = place.open();
    let fence = store.begin_visibility_fence().unwrap();
    let ticket = fence.submit(&at("a"), KIND, &json!({})).unwrap();
    std::mem::forget(fence);
    store.close().unwrap();
    assert!(matches!(ticket.wait(), Err(StoreError::VisibilityFenceCancelled)));
    let store = place.open();
    assert_eq!(store.event_at(1).unwrap().raw.header.event_kind, EventKind::SYSTEM_CLOSE_COMPLETED);
    assert_eq!(events(&store), 0);
}
