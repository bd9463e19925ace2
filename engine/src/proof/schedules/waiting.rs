//! Models of who waits: for a watermark, and for a state to change.

use std::io::ErrorKind;
use std::time::Duration;

use shuttle::thread::scope;

use crate::coordinate::Region;
use crate::proof::schedules::{append, count, either, explore, unsynced, with};
use crate::proof::script::{self, Highest, config};
use crate::store::{Canal, CanalBatch, Freshness, HlcPoint, Store, StoreError, WatcherError};

/// A point that is told by its sequence alone.
fn point(global_sequence: u64) -> HlcPoint {
    HlcPoint { wall_ms: 0, global_sequence }
}

/// Waits as long as it takes for a sequence to be durable, and looks whether it is.
fn wait_for_disk(store: &Store, sequence: u64) {
    store.wait_for_durable(point(sequence), Duration::MAX).unwrap();
    assert!(store.durable() > sequence, "{} is not more than {sequence}", store.durable());
    let reached = store.frontier().durable_hlc;
    assert!(reached.global_sequence >= sequence && reached.wall_ms > 0, "{reached:?} for {sequence}");
}

#[test]
fn a_wait_for_the_disk_ends_when_it_is_reached_and_not_before() {
    explore(1200, || {
        // In time, on request or by number: whatever comes first.
        let every = if either() { Duration::from_millis(1) } else { Duration::MAX };
        let every_n_events = if either() { 1 } else { 3 };
        let (_, store) = with(config(every_n_events, 1 << 20).with_sync_every(every));
        scope(|scope| {
            scope.spawn(|| wait_for_disk(&store, append(&store, 0).unwrap().sequence));
            scope.spawn(|| wait_for_disk(&store, append(&store, 1).unwrap().sequence));
            // Nobody has appended it yet.
            scope.spawn(|| wait_for_disk(&store, 2));
        });
    });
}

#[test]
fn a_wait_for_what_is_visible_or_folded_ends_when_it_is_reached_and_not_before() {
    explore(1200, || {
        let (_, store) = unsynced();
        let highest = || store.project::<Highest>("order:0", &Freshness::Consistent).unwrap().unwrap().0;
        scope(|scope| {
            scope.spawn(|| {
                count(&store, 1);
                assert!(highest() >= 1);
            });
            scope.spawn(|| {
                count(&store, 2);
                assert!(highest() >= 1);
            });
            scope.spawn(|| {
                store.wait_for_visible(point(2), Duration::MAX).unwrap();
                assert_eq!((store.visible(), highest()), (3, 2));
            });
            scope.spawn(|| {
                store.wait_for_applied(point(1), Duration::MAX).unwrap();
                assert!(store.frontier().applied_hlc.global_sequence >= 1);
            });
        });
    });
}

#[test]
fn a_failed_sync_ends_every_wait() {
    explore(800, || {
        let (directory, store) = unsynced();
        let sequence = append(&store, 0).unwrap().sequence;
        directory.fail_call(directory.calls() + 1, ErrorKind::Other, true);
        scope(|scope| {
            for target in [sequence, sequence, sequence + 1] {
                let store = &store;
                scope.spawn(move || {
                    let ended = store.wait_for_durable(point(target), Duration::MAX);
                    assert!(matches!(ended, Err(StoreError::Poisoned { .. })), "{ended:?}");
                });
            }
        });
    });
}

/// Takes updates until one is of generation 2.
fn follow(mut next: impl FnMut() -> (u64, Option<Highest>)) {
    let mut before = 0;
    loop {
        let (generation, state) = next();
        assert!(generation > before, "{generation} after {before}");
        before = generation;
        if generation == 2 {
            assert_eq!(state.unwrap().0, 2);
            return;
        }
    }
}

#[test]
fn an_append_between_the_look_and_the_wait_wakes_a_watcher() {
    explore(800, || {
        let (_, store) = unsynced();
        let mut watcher = store.watch_projection::<Highest>("order:0", Freshness::Consistent);
        let mut by_cursor =
            store.watch_projection_with_cursor("order:0", Freshness::Consistent, None).unwrap();
        scope(|scope| {
            scope.spawn(|| {
                count(&store, 1);
                count(&store, 2);
            });
            scope.spawn(|| follow(|| watcher.recv().unwrap()));
            scope.spawn(|| follow(|| by_cursor.recv().unwrap()));
            scope.spawn(|| {
                let mut late = store.watch_projection::<Highest>("order:0", Freshness::Consistent);
                if store.entity_generation("order:0").unwrap_or(0) < 2 {
                    follow(|| late.recv().unwrap());
                }
            });
        });
    });
}

#[test]
fn an_append_between_the_look_and_the_wait_wakes_a_cursor_and_a_watcher_of_a_region() {
    explore(800, || {
        let (_, store) = unsynced();
        let region = Region::entity("order:0");
        let mut watcher = store.watch_region::<Highest>(&region);
        let mut cursor = store.cursor_guaranteed(&region);
        scope(|scope| {
            scope.spawn(|| {
                count(&store, 1);
                count(&store, 2);
            });
            scope.spawn(|| {
                // The first state is delivered though nothing is in it.
                let first = watcher.recv().unwrap().0;
                if first < 2 {
                    follow(|| watcher.recv().unwrap());
                }
            });
            scope.spawn(|| {
                let mut pulled = 0;
                while pulled < 2 {
                    pulled += match cursor.pull_batch(2, Duration::MAX).unwrap() {
                        CanalBatch::Empty => panic!("nothing, and time is not up"),
                        CanalBatch::One(_) => 1,
                        CanalBatch::Many(events) => events.len(),
                    };
                }
            });
        });
    });
}

#[test]
fn a_store_for_reading_follows_by_itself_and_wakes_its_watchers() {
    explore(800, || {
        let (directory, store) = unsynced();
        let following = config(1, 1 << 20).with_follow_interval(Duration::from_millis(1));
        let reader = script::follow(&directory, following).unwrap();
        let mut watcher = reader.watch_projection::<Highest>("order:0", Freshness::Consistent);
        scope(|scope| {
            scope.spawn(|| {
                count(&store, 1);
                count(&store, 2);
            });
            scope.spawn(|| follow(|| watcher.recv().unwrap()));
            scope.spawn(|| {
                let before = reader.visible();
                reader.refresh().unwrap();
                assert!(reader.visible() >= before);
            });
        });
        drop(reader);
        assert!(matches!(watcher.recv(), Err(WatcherError::StoreClosed)));
    });
}

#[test]
fn whoever_waits_in_a_watcher_is_stopped_from_elsewhere() {
    explore(800, || {
        let (_, store) = unsynced();
        let mut watcher = store.watch_projection::<Highest>("order:0", Freshness::Consistent);
        let stop = watcher.stop_handle();
        scope(|scope| {
            scope.spawn(|| {
                count(&store, 1);
                stop.stop();
            });
            scope.spawn(|| {
                let end = std::iter::repeat_with(|| watcher.recv()).find_map(Result::err);
                assert!(matches!(end, Some(WatcherError::Stopped)), "{end:?}");
            });
        });
    });
}
