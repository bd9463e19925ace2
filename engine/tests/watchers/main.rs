//! Projections, watchers, canals, subscriptions and cursors, point by point of their contract, over stores in temporary directories.
#![allow(clippy::unwrap_used)]

mod canal;
mod cost;
mod cursor;
mod cursor_watcher;
mod following;
mod project_if_changed;
mod projection;
mod region;
mod subscription;
mod watcher;

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use causeway::coordinate::{Coordinate, KindFilter, Region};
use causeway::event::{EventKind, JsonValueInput, ProjectionEvent, RawMsgpackInput};
use causeway::store::delivery::canal::{Canal, CanalBatch};
use causeway::store::delivery::cursor::Cursor;
use causeway::store::delivery::observation::CheckpointId;
use causeway::store::{
    Clock, CursorWatcherError, Freshness, IndexEntry, Notification, ProjectionSource, ProjectionWatcher,
    Store, StoreConfig, StoreError, WatcherError,
};
use causeway::{EventPayload, EventSourced};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// Longer than any machine needs: a test that waits this long has failed.
const LONG: Duration = Duration::from_mins(1);

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
struct Added {
    amount: u64,
}

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 2)]
struct Noted;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Added, handler = add)]
struct Sum {
    total: u64,
}

impl Sum {
    fn add(&mut self, event: &Added) {
        self.total += event.amount;
    }
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = RawMsgpackInput)]
#[causeway(event = Added, handler = add)]
struct RawSum(u64);

impl RawSum {
    fn add(&mut self, event: &Added) {
        self.0 += event.amount;
    }
}

struct Fixture {
    dir: TempDir,
    store: Arc<Store>,
}

fn fixture() -> Fixture {
    fixture_with(|config| config)
}

fn fixture_with(configure: impl FnOnce(StoreConfig) -> StoreConfig) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(configure(StoreConfig::new(dir.path()))).unwrap());
    Fixture { dir, store }
}

impl Fixture {
    fn add(&self, entity: &str, amount: u64) {
        self.store.append_typed(&at(entity), &Added { amount }).unwrap();
    }

    fn note(&self, entity: &str) {
        self.store.append_typed(&at(entity), &Noted).unwrap();
    }

    /// Appends a payload of the kind of `Added` that does not decode as one.
    fn add_nonsense(&self, entity: &str) {
        self.store.append(&at(entity), Added::KIND, &"nonsense").unwrap();
    }

    fn project<T>(&self, entity: &str) -> Option<T>
    where
        T: EventSourced + Serialize + for<'de> Deserialize<'de> + 'static,
    {
        self.store.project(entity, &Freshness::Consistent).unwrap()
    }

    fn changed(&self, entity: &str, last: u64) -> Option<(u64, Option<Sum>)> {
        self.store.project_if_changed(entity, last, &Freshness::Consistent).unwrap()
    }

    fn watch(&self, entity: &str) -> ProjectionWatcher<Sum> {
        self.store.watch_projection(entity, Freshness::Consistent)
    }

    fn watch_with_cursor(&self, entity: &str, id: Option<&str>) -> ProjectionWatcher<Sum, Cursor> {
        let id = id.map(|id| CheckpointId::new(id).unwrap());
        self.store.watch_projection_with_cursor(entity, Freshness::Consistent, id).unwrap()
    }

    /// Lets a consumer with a saved position take one state and be done with it.
    fn take_and_acknowledge(&self, entity: &str, id: &str) {
        let mut watcher = self.watch_with_cursor(entity, Some(id));
        watcher.recv().unwrap();
        watcher.acknowledge().unwrap();
    }

    fn close(self) -> TempDir {
        Arc::into_inner(self.store).expect("nothing but the fixture holds the store").close().unwrap();
        self.dir
    }

    /// Closes the store and opens it again.
    fn reopen(self) -> Self {
        let dir = self.close();
        let store = Arc::new(Store::open(StoreConfig::new(dir.path())).unwrap());
        Self { dir, store }
    }
}

fn at(entity: &str) -> Coordinate {
    Coordinate::new(entity, "test").unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what a projection returns")]
fn sum(total: u64) -> Option<Sum> {
    Some(Sum { total })
}

/// A clock whose wall stands still and whose monotonic time a test sets.
#[derive(Default)]
struct TestClock {
    monotonic_ms: AtomicI64,
}

impl TestClock {
    fn set_ms(&self, monotonic_ms: i64) {
        self.monotonic_ms.store(monotonic_ms, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now_us(&self) -> i64 {
        1_000_000
    }

    fn now_mono_ns(&self) -> i64 {
        self.monotonic_ms.load(Ordering::Relaxed) * 1_000_000
    }
}
