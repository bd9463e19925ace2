//! Models of what commits: publishing, requests of several threads, expectations, keys and fences.

use serde_json::json;
use shuttle::thread::{scope, yield_now};

use crate::coordinate::Region;
use crate::id::IdempotencyKey;
use crate::proof::oracle::dump;
use crate::proof::schedules::{Receipts, append, either, explore, number_at, numbers, unsynced, with};
use crate::proof::script::{KIND, config, item, open, stream_of};
use crate::store::segment::CompactionOutcome;
use crate::store::{AppendOptions, AppendReceipt, CompactionConfig, Store, StoreError, StreamState};
use crate::words::sync::Mutex;

/// Events that a reader sees all of, or none.
const TOGETHER: [u64; 3] = [10, 11, 12];

/// Looks at everything, by its place and through the index.
fn look(store: &Store) {
    let is_whole = |seen: &[u64]| {
        let together = TOGETHER.iter().filter(|n| seen.contains(n)).count();
        assert!(together == 0 || together == TOGETHER.len(), "{seen:?}");
    };
    is_whole(&numbers(store));
    let listed = store.query(&Region::scope("shop"));
    let listed = listed.iter().filter_map(|entry| number_at(store, entry.global_sequence()));
    is_whole(&listed.collect::<Vec<_>>());
    let generation = || store.entity_generation("order:0").unwrap_or(0);
    let (before, events, after) = (generation(), store.by_entity("order:0").len() as u64, generation());
    assert!(before <= events && events <= after, "{before} <= {events} <= {after}");
}

#[test]
fn readers_see_no_event_before_it_is_written_and_no_batch_in_part() {
    explore(600, || {
        // Small segments, so that one is sealed meanwhile.
        let (_, store) = with(config(3, 600));
        let subscription = store.subscribe_lossy(&Region::all());
        scope(|scope| {
            scope.spawn(|| {
                append(&store, 0).unwrap();
                store.append_batch(TOGETHER.map(|n| item(n, AppendOptions::new())).to_vec()).unwrap();
                append(&store, 3).unwrap();
            });
            scope.spawn(|| (0..3).for_each(|_| look(&store)));
            scope.spawn(|| {
                for expected in [0, 10, 11, 12, 3] {
                    let told = subscription.recv().unwrap();
                    assert!(told.sequence < store.visible());
                    assert_eq!(number_at(&store, told.sequence), Some(expected));
                }
            });
        });
        assert_eq!(numbers(&store), [0, 10, 11, 12, 3]);
    });
}

#[test]
fn readers_and_appends_go_on_while_segments_are_merged() {
    explore(600, || {
        let (_, store) = with(config(3, 600));
        (0..8).for_each(|n| drop(append(&store, n).unwrap()));
        scope(|scope| {
            scope.spawn(|| {
                let (result, _) = store.compact(&CompactionConfig::default()).unwrap();
                assert_eq!(result.outcome, CompactionOutcome::Performed);
            });
            scope.spawn(|| (8..10).for_each(|n| drop(append(&store, n).unwrap())));
            scope.spawn(|| {
                let seen = numbers(&store);
                assert!(seen.len() >= 8 && seen.iter().copied().eq(0..seen.len() as u64), "{seen:?}");
            });
        });
        assert!(numbers(&store).into_iter().eq(0..10));
    });
}

#[test]
fn every_request_is_answered_once_whoever_commits_it() {
    explore(1200, || {
        // A queue for one, so that whoever submits helps.
        let (directory, store) = with(config(2, 1 << 20).with_writer_channel_capacity(1));
        let receipts = Receipts::default();
        scope(|scope| {
            scope.spawn(|| receipts.note([0], vec![append(&store, 0).unwrap()]));
            scope.spawn(|| {
                let items = [1, 2].map(|n| item(n, AppendOptions::new()));
                receipts.note([1, 2], store.append_batch(items.to_vec()).unwrap());
            });
            scope.spawn(|| {
                let submit = |n: u64| store.submit(&stream_of(n), KIND, &json!({ "n": n })).unwrap();
                let (waited, _, heard) = (submit(3), submit(4), submit(5));
                // Nobody helps: the thread behind the store commits it, if nobody else did.
                let answer = heard.receiver().recv().unwrap();
                assert!(heard.receiver().recv().is_err(), "a second answer");
                receipts.note([5], vec![answer.unwrap()]);
                receipts.note([3], vec![waited.wait().unwrap()]);
            });
        });
        receipts.check(&store);
        store.close().unwrap();
        let whole = dump(&open(&directory, config(1, 1 << 20)).unwrap(), "after");
        let mut numbers: Vec<u64> = whole.into_iter().map(|(n, _)| n).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..6));
    });
}

/// Appends the same with three threads, one of which submits, and returns the answers.
fn thrice(store: &Store, options: &AppendOptions) -> Vec<Result<AppendReceipt, StoreError>> {
    let answers: Mutex<Vec<Result<AppendReceipt, StoreError>>> = Mutex::default();
    let note = |answer| answers.lock().push(answer);
    let items = || vec![item(0, options.clone())];
    let first = |receipts: Vec<AppendReceipt>| receipts.into_iter().next().unwrap();
    scope(|scope| {
        scope.spawn(|| {
            let payload = json!({ "n": 0 });
            note(store.append_with_options(&stream_of(0), KIND, &payload, options.clone()));
        });
        scope.spawn(|| note(store.append_batch(items()).map(first)));
        scope.spawn(|| note(store.submit_batch(items()).unwrap().wait().map(first)));
    });
    answers.into_inner()
}

#[test]
fn of_appends_that_expect_the_same_place_one_succeeds() {
    explore(800, || {
        let (_, store) = unsynced();
        let answers = thrice(&store, &AppendOptions::new().with_expected_state(StreamState::NoStream));
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        let is_mismatch = |error: &StoreError| matches!(error, StoreError::StreamStateMismatch { .. });
        let is_expected = |answer: &Result<AppendReceipt, StoreError>| match answer {
            Ok(receipt) => receipt.stream_sequence() == 0,
            Err(StoreError::BatchFailed { source, .. }) => is_mismatch(source),
            Err(error) => is_mismatch(error),
        };
        assert!(answers.iter().all(is_expected), "{answers:?}");
        assert_eq!(numbers(&store), [0]);
    });
}

#[test]
fn of_retries_of_one_key_one_writes_and_all_get_its_receipt() {
    explore(800, || {
        let (_, store) = unsynced();
        let key = IdempotencyKey::for_operation("order", &[b"42"]);
        let answers = thrice(&store, &AppendOptions::new().with_idempotency(key));
        assert!(answers.iter().all(|answer| answer.as_ref().unwrap().sequence == 1), "{answers:?}");
        assert_eq!(numbers(&store), [0]);
    });
}

/// Submits two events to a fence and ends it one way or the other; returns whether they are committed.
fn fence(store: &Store) -> bool {
    let fence = match store.begin_visibility_fence() {
        Ok(fence) => fence,
        Err(StoreError::VisibilityFenceActive) => return false,
        Err(error) => panic!("{error}"),
    };
    let submit = |n: u64| fence.submit(&stream_of(n), KIND, &json!({ "n": n })).unwrap();
    let tickets = [20, 21].map(submit);
    let commits = either();
    if commits {
        fence.commit().unwrap()
    } else {
        fence.cancel().unwrap()
    }
    let answers = tickets.map(|ticket| ticket.wait().map(|receipt| receipt.sequence));
    match answers {
        [Ok(first), Ok(second)] if commits => assert_eq!(first + 1, second),
        [Err(StoreError::VisibilityFenceCancelled), Err(StoreError::VisibilityFenceCancelled)]
            if !commits => {}
        answers => panic!("{answers:?}"),
    }
    commits
}

#[test]
fn a_fence_shows_all_of_its_events_or_none_and_nothing_stands_between_them() {
    explore(800, || {
        let (_, store) = unsynced();
        let committed = Mutex::new(0);
        scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let commits = fence(&store);
                    *committed.lock() += usize::from(commits);
                });
            }
            scope.spawn(|| {
                let is_free = |answer: Result<AppendReceipt, StoreError>| match answer {
                    Ok(_) => true,
                    Err(StoreError::VisibilityFenceActive) => false,
                    Err(error) => panic!("{error}"),
                };
                while !is_free(append(&store, 1)) {
                    yield_now();
                }
                let submit = || store.submit(&stream_of(2), KIND, &json!({ "n": 2 }));
                while !is_free(submit().and_then(|ticket| ticket.wait())) {
                    yield_now();
                }
            });
            scope.spawn(|| {
                let seen = numbers(&store);
                let places = |n: u64| seen.iter().enumerate().filter(move |seen| *seen.1 == n);
                let (first, second) = (places(20).map(|place| place.0 + 1), places(21).map(|place| place.0));
                assert!(first.eq(second), "{seen:?}");
            });
        });
        let mut all = numbers(&store);
        all.retain(|n| *n < 20);
        assert_eq!((all, numbers(&store).len()), (vec![1, 2], 2 + 2 * committed.into_inner()));
    });
}
