//! Models of the closing of a store: whoever waits is told the last, then the end, and nobody hangs.

use std::time::Duration;

use shuttle::thread::spawn;

use crate::coordinate::Region;
use crate::proof::schedules::{append, count, either, explore, unsynced, with};
use crate::proof::script::{Highest, KIND, config, stream_of};
use crate::store::delivery::cursor::{CursorWorkerAction, CursorWorkerConfig};
use crate::store::{Canal, CursorWatcherError, Freshness, HlcPoint, Store, StoreError, WatcherError};
use crate::words::sync::{Arc, AtomicU64, Ordering};

/// The last update, and the error behind it.
fn to_the_end<E>(mut next: impl FnMut() -> Result<(u64, Option<Highest>), E>) -> (u64, E) {
    let mut last = 0;
    loop {
        match next() {
            Ok((generation, state)) => {
                assert_eq!(state.map_or(0, |highest| highest.0), generation);
                last = generation;
            }
            Err(end) => return (last, end),
        }
    }
}

/// Ends a store, one way or the other.
fn end(store: Store) {
    if either() {
        store.close().unwrap();
    }
}

#[test]
fn watchers_deliver_the_last_state_and_then_the_end() {
    explore(800, || {
        let (_, store) = unsynced();
        let mut watcher = store.watch_projection::<Highest>("order:0", Freshness::Consistent);
        let mut by_cursor =
            store.watch_projection_with_cursor("order:0", Freshness::Consistent, None).unwrap();
        let mut of_region = store.watch_region::<Highest>(&Region::entity("order:0"));
        let watching = spawn(move || {
            let (last, end) = to_the_end(|| watcher.recv());
            assert!(last == 2 && matches!(end, WatcherError::StoreClosed), "{last}, then {end:?}");
        });
        let watching_by_cursor = spawn(move || {
            let (last, end) = to_the_end(|| by_cursor.recv());
            assert!(last == 2 && matches!(end, CursorWatcherError::StoreClosed), "{last}, then {end:?}");
        });
        let watching_region = spawn(move || {
            let (last, end) = to_the_end(|| of_region.recv());
            assert!(last == 2 && matches!(end, WatcherError::StoreClosed), "{last}, then {end:?}");
        });
        count(&store, 1);
        count(&store, 2);
        end(store);
        for thread in [watching, watching_by_cursor, watching_region] {
            thread.join().unwrap();
        }
    });
}

#[test]
fn subscriptions_cursors_and_tickets_end() {
    explore(800, || {
        let (_, store) = unsynced();
        let subscription = store.subscribe_lossy(&Region::entity("order:1"));
        let mut cursor = store.cursor_guaranteed(&Region::all());
        let listening = spawn(move || std::iter::from_fn(|| subscription.recv()).count());
        let pulling = spawn(move || {
            let end = std::iter::repeat_with(|| cursor.pull_batch(2, Duration::MAX)).find_map(Result::err);
            assert!(matches!(end, Some(StoreError::Closed)), "{end:?}");
        });
        append(&store, 1).unwrap();
        let ticket = store.submit(&stream_of(1), KIND, &"submitted").unwrap();
        let waiting = spawn(move || ticket.wait().unwrap());
        end(store);
        assert_eq!(listening.join().unwrap(), 2);
        pulling.join().unwrap();
        assert_eq!(waiting.join().unwrap().sequence, 2);
    });
}

#[test]
fn a_wait_for_the_disk_ends_though_the_background_sync_ends_first() {
    explore(800, || {
        let every = if either() { Duration::from_millis(1) } else { Duration::MAX };
        let (_, store) = with(config(u32::MAX, 1 << 20).with_sync_every(every));
        let target = HlcPoint { wall_ms: 0, global_sequence: append(&store, 0).unwrap().sequence };
        let writer = Arc::clone(&store.half.writer);
        let waiting = spawn(move || writer.wait(crate::store::WatermarkKind::Durable, target, Duration::MAX));
        end(store);
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn a_shared_store_closes_when_its_workers_have_left_it() {
    explore(800, || {
        let (_, store) = unsynced();
        let (store, handled) = (Arc::new(store), Arc::new(AtomicU64::new(0)));
        let count_handled = Arc::clone(&handled);
        let handler = move |batch: &[_], store: &Store, _: Option<&_>| {
            append(store, 1).unwrap();
            count_handled.fetch_add(batch.len() as u64, Ordering::SeqCst);
            CursorWorkerAction::Continue
        };
        let region = Region::entity("order:0");
        let worker = store.cursor_worker(&region, CursorWorkerConfig::default(), handler).unwrap();
        count(&store, 1);
        count(&store, 2);
        if either() {
            // The worker ends by itself, and the store with whoever lets go of it last.
            drop(store);
        } else {
            store.close_shared().unwrap();
        }
        worker.join().unwrap();
        assert!(handled.load(Ordering::SeqCst) <= 2);
    });
}
