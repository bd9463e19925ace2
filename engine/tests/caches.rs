//! States in caches: when one is used, when it is not, and what a cache that fails or lies can do. Nothing but the time it takes changes.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use causeway::coordinate::Coordinate;
use causeway::event::{EventKind, JsonValueInput, ProjectionEvent, RawMsgpackInput};
use causeway::store::{
    CacheCapabilities, CacheMeta, Clock, Freshness, NativeCache, NoCache, ProjectionCache, ProjectionOutcome,
    ProjectionRunCacheStatus as Status, ProjectionRunFreshnessStatus, ProjectionSource, ReadOnly, Store,
    StoreConfig, StoreError,
};
use causeway::{EventPayload, EventSourced};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
struct Added {
    amount: u64,
}

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 2)]
struct Noted;

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
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

/// The same name and form in another version.
mod later {
    use super::*;

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
    #[causeway(input = JsonValueInput, cache_version = 1)]
    #[causeway(event = Added, handler = add)]
    pub(super) struct Sum {
        pub(super) total: u64,
    }

    impl Sum {
        fn add(&mut self, event: &Added) {
            self.total += 100 * event.amount;
        }
    }
}

/// A fold that may not be continued.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Count(u64);

impl EventSourced for Count {
    type Input = RawMsgpackInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        Some(Self(events.len() as u64))
    }

    fn apply_event(&mut self, _: &ProjectionEvent<Self>) {
        panic!("the fold does not allow it");
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        const { &[Added::KIND] }
    }
}

/// A fold that keeps to itself what serde leaves out.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Added, handler = add)]
struct Forgetful {
    #[serde(skip)]
    count: u64,
}

impl Forgetful {
    fn add(&mut self, _: &Added) {
        self.count += 1;
    }
}

/// Keys, values and metas in memory, shared by every store that it is given to; a test may damage or break it.
#[derive(Clone, Default)]
struct SharedCache(Arc<Shelf>);

type Shelved = BTreeMap<Vec<u8>, (Vec<u8>, CacheMeta)>;

#[derive(Default)]
struct Shelf {
    values: Mutex<Shelved>,
    is_broken: AtomicBool,
    asked: AtomicU64,
    synced: AtomicU64,
    hints: Mutex<Vec<(Vec<u8>, CacheMeta)>>,
}

impl Shelf {
    fn check(&self) -> Result<(), StoreError> {
        if self.is_broken.load(Ordering::Relaxed) {
            return Err(StoreError::CacheFailed("the shelf broke".into()));
        }
        Ok(())
    }
}

impl ProjectionCache for SharedCache {
    fn capabilities(&self) -> CacheCapabilities {
        CacheCapabilities::prefetch_hints()
    }

    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, CacheMeta)>, StoreError> {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
        self.0.check()?;
        Ok(self.0.values.lock().unwrap().get(key).cloned())
    }

    fn put(&self, key: &[u8], value: &[u8], meta: CacheMeta) -> Result<(), StoreError> {
        self.0.check()?;
        self.0.values.lock().unwrap().insert(key.to_vec(), (value.to_vec(), meta));
        Ok(())
    }

    fn delete_prefix(&self, prefix: &[u8]) -> Result<u64, StoreError> {
        let mut values = self.0.values.lock().unwrap();
        let before = values.len();
        values.retain(|key, _| !key.starts_with(prefix));
        Ok((before - values.len()) as u64)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.0.synced.fetch_add(1, Ordering::Relaxed);
        self.0.check()
    }

    fn prefetch(&self, key: &[u8], predicted_meta: CacheMeta) -> Result<(), StoreError> {
        self.0.hints.lock().unwrap().push((key.to_vec(), predicted_meta));
        self.0.check()
    }
}

fn at(entity: &str) -> Coordinate {
    Coordinate::new(entity, "test").unwrap()
}

fn add(store: &Store, entity: &str, amount: u64) {
    store.append_typed(&at(entity), &Added { amount }).unwrap();
}

fn open(dir: &Path, cache: &SharedCache) -> Store {
    open_with(StoreConfig::new(dir), cache)
}

fn open_with(config: StoreConfig, cache: &SharedCache) -> Store {
    Store::open_with_cache(config, Box::new(cache.clone())).unwrap()
}

fn outcome<T>(store: &Store, entity: &str) -> ProjectionOutcome<T>
where
    T: EventSourced + Serialize + for<'de> Deserialize<'de> + 'static,
{
    store.projection(entity, &Freshness::Consistent).unwrap()
}

/// A store in which `a` holds two sums, closed after their state was cached.
fn cached() -> (TempDir, SharedCache) {
    let (dir, cache) = (tempfile::tempdir().unwrap(), SharedCache::default());
    let store = open(dir.path(), &cache);
    add(&store, "a", 1);
    add(&store, "a", 2);
    let first = outcome::<Sum>(&store, "a");
    assert_eq!((first.source, first.cache_status), (ProjectionSource::Replayed, Status::Miss));
    store.close().unwrap();
    (dir, cache)
}

#[test]
fn a_state_outlives_the_store_and_is_given_again_without_reading_its_events() {
    let (dir, cache) = cached();
    let store = open(dir.path(), &cache);
    let again = outcome::<Sum>(&store, "a");
    assert_eq!(again.state, Some(Sum { total: 3 }));
    assert_eq!((again.source, again.cache_status), (ProjectionSource::Remembered, Status::Hit));
    assert_eq!((again.generation, again.applied_sequence, again.events_folded), (2, Some(2), 0));
    assert_eq!(again.freshness, ProjectionRunFreshnessStatus::Fresh);
    assert_eq!(again.frontier, store.visible());
}

#[test]
fn memory_comes_before_the_cache_and_counts_as_a_hit_of_it() {
    let (dir, cache) = cached();
    let store = open(dir.path(), &cache);
    outcome::<Sum>(&store, "a");
    let asked = cache.0.asked.load(Ordering::Relaxed);
    add(&store, "a", 4);
    let continued = outcome::<Sum>(&store, "a");
    assert_eq!((continued.source, continued.cache_status), (ProjectionSource::Continued, Status::Hit));
    assert_eq!(cache.0.asked.load(Ordering::Relaxed), asked);
}

#[test]
fn events_that_the_fold_does_not_take_leave_a_cached_state_good() {
    let (dir, cache) = cached();
    let store = open(dir.path(), &cache);
    store.append_typed(&at("a"), &Noted).unwrap();
    let again = outcome::<Sum>(&store, "a");
    assert_eq!((again.generation, again.state), (3, Some(Sum { total: 3 })));
    assert_eq!((again.source, again.cache_status), (ProjectionSource::Remembered, Status::Hit));
}

#[test]
fn new_events_are_folded_into_a_cached_state_only_if_the_configuration_says_so() {
    for (incremental, expected) in [
        (false, (ProjectionSource::Replayed, Status::Miss, 3)),
        (true, (ProjectionSource::Continued, Status::Hit, 1)),
    ] {
        let (dir, cache) = cached();
        let config = StoreConfig::new(dir.path()).with_incremental_projection(incremental);
        let store = open_with(config, &cache);
        add(&store, "a", 4);
        let found = outcome::<Sum>(&store, "a");
        assert_eq!(found.state, Some(Sum { total: 7 }));
        assert_eq!((found.source, found.cache_status, found.events_folded), expected);
    }
}

#[test]
fn a_fold_that_may_not_be_continued_is_repeated_from_a_cache_and_never_continued() {
    let (dir, cache) = (tempfile::tempdir().unwrap(), SharedCache::default());
    let open = || open_with(StoreConfig::new(dir.path()).with_incremental_projection(true), &cache);
    let store = open();
    add(&store, "a", 1);
    assert_eq!(outcome::<Count>(&store, "a").state, Some(Count(1)));
    store.close().unwrap();
    let store = open();
    assert_eq!(outcome::<Count>(&store, "a").cache_status, Status::Hit);
    add(&store, "a", 1);
    let replayed = outcome::<Count>(&store, "a");
    assert_eq!((replayed.state, replayed.cache_status), (Some(Count(2)), Status::Miss));
}

#[test]
fn a_state_of_which_serde_leaves_a_part_out_is_never_kept() {
    let (dir, cache) = (tempfile::tempdir().unwrap(), SharedCache::default());
    let store = open(dir.path(), &cache);
    for count in 1..4 {
        add(&store, "a", 1);
        for freshness in [Freshness::Consistent, Freshness::MaybeStale { max_stale_ms: u64::MAX }] {
            assert_eq!(store.project("a", &freshness).unwrap(), Some(Forgetful { count }));
        }
    }
    assert!(cache.0.values.lock().unwrap().is_empty());
}

#[test]
fn states_of_another_version_fold_entity_or_store_are_not_used() {
    let (dir, cache) = cached();
    let store = open(dir.path(), &cache);
    add(&store, "b", 5);
    assert_eq!(outcome::<later::Sum>(&store, "a").state, Some(later::Sum { total: 300 }));
    assert_eq!(outcome::<Sum>(&store, "b").state, Some(Sum { total: 5 }));
    let elsewhere = tempfile::tempdir().unwrap();
    let other = open(elsewhere.path(), &cache);
    add(&other, "a", 1);
    add(&other, "a", 9);
    let found = outcome::<Sum>(&other, "a");
    assert_eq!((found.state, found.cache_status), (Some(Sum { total: 10 }), Status::Miss));
    assert_eq!(outcome::<Sum>(&store, "a").cache_status, Status::Hit);
}

#[test]
fn a_key_names_the_type_and_not_what_one_build_of_a_program_calls_it() {
    let (_dir, cache) = cached();
    let values = cache.0.values.lock().unwrap();
    let key = values.keys().next().unwrap();
    assert!(key.starts_with(b"a\0"));
    assert!(String::from_utf8_lossy(key).contains(std::any::type_name::<Sum>()));
}

#[test]
fn a_value_with_any_byte_changed_or_under_another_key_is_a_miss_and_never_a_wrong_state() {
    let (dir, cache) = cached();
    let whole = cache.0.values.lock().unwrap().clone();
    let (key, (value, meta)) = whole.first_key_value().unwrap();
    let store = open(dir.path(), &cache);
    add(&store, "b", 5);
    outcome::<Sum>(&store, "b");
    let other = cache.0.values.lock().unwrap().keys().next_back().unwrap().clone();
    for byte in 0..=value.len() {
        let mut damaged = value.clone();
        match damaged.get_mut(byte) {
            Some(byte) => *byte ^= 0x01,
            None => damaged.truncate(byte / 2),
        }
        cache.0.values.lock().unwrap().insert(key.clone(), (damaged, meta.clone()));
        let config = StoreConfig::new(dir.path());
        let reader = Store::<ReadOnly>::open_read_only_with_cache(config, Box::new(cache.clone())).unwrap();
        let found = reader.projection::<Sum>("a", &Freshness::Consistent).unwrap();
        assert_eq!((found.state, found.cache_status), (Some(Sum { total: 3 }), Status::Miss), "byte {byte}");
    }
    cache.0.values.lock().unwrap().insert(other, (value.clone(), meta.clone()));
    let reader =
        Store::<ReadOnly>::open_read_only_with_cache(StoreConfig::new(dir.path()), Box::new(cache.clone()));
    let found = reader.unwrap().projection::<Sum>("b", &Freshness::Consistent).unwrap();
    assert_eq!((found.state, found.cache_status), (Some(Sum { total: 5 }), Status::Miss));
}

#[test]
fn a_log_that_lost_its_end_and_went_on_otherwise_meets_no_state_of_the_other_history() {
    let (dir, cache) = (tempfile::tempdir().unwrap(), SharedCache::default());
    let store = open(dir.path(), &cache);
    add(&store, "a", 1);
    store.close().unwrap();
    let earlier = tempfile::tempdir().unwrap();
    copy(dir.path(), earlier.path());
    for (amount, expected) in [(2, 3), (4, 5)] {
        // Both histories belong to the same store and have the same length.
        let history = tempfile::tempdir().unwrap();
        copy(earlier.path(), history.path());
        let config = StoreConfig::new(history.path()).with_incremental_projection(true);
        let store = open_with(config, &cache);
        add(&store, "a", amount);
        let found = outcome::<Sum>(&store, "a");
        assert_eq!((found.state, found.cache_status), (Some(Sum { total: expected }), Status::Miss));
    }
    let store = open_with(StoreConfig::new(earlier.path()).with_incremental_projection(true), &cache);
    let found = outcome::<Sum>(&store, "a");
    assert_eq!((found.state, found.cache_status), (Some(Sum { total: 1 }), Status::Miss));
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name() != "lock" {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn a_cache_that_fails_is_told_and_costs_a_replay() {
    let (dir, cache) = cached();
    cache.0.is_broken.store(true, Ordering::Relaxed);
    let store = open(dir.path(), &cache);
    let found = outcome::<Sum>(&store, "a");
    let reason = "projection cache: the shelf broke".to_owned();
    assert_eq!((found.state, found.cache_status), (Some(Sum { total: 3 }), Status::Unavailable { reason }));
    drop(store.watch_projection::<Sum>("a", Freshness::Consistent));
    store.close().unwrap();
}

#[test]
fn a_state_that_cannot_be_put_into_the_cache_is_told_too() {
    let (dir, cache) = cached();
    let store = open(dir.path(), &cache);
    outcome::<Sum>(&store, "a");
    add(&store, "a", 1);
    cache.0.is_broken.store(true, Ordering::Relaxed);
    let found = outcome::<Sum>(&store, "a");
    assert_eq!((found.state, found.source), (Some(Sum { total: 4 }), ProjectionSource::Continued));
    assert!(matches!(found.cache_status, Status::Unavailable { .. }));
}

#[test]
fn without_a_cache_nothing_is_said_to_be_hit_or_missed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open_with_cache(StoreConfig::new(dir.path()), Box::new(NoCache)).unwrap();
    add(&store, "a", 1);
    for _ in 0..2 {
        assert_eq!(outcome::<Sum>(&store, "a").cache_status, Status::Bypassed);
    }
}

#[test]
fn an_entity_without_events_that_the_fold_takes_has_nothing_to_cache() {
    let (dir, cache) = (tempfile::tempdir().unwrap(), SharedCache::default());
    let store = open(dir.path(), &cache);
    store.append_typed(&at("a"), &Noted).unwrap();
    for entity in ["a", "unknown"] {
        let found = outcome::<Sum>(&store, entity);
        assert_eq!((found.state, found.cache_status), (None, Status::Bypassed));
        assert_eq!(found.freshness, ProjectionRunFreshnessStatus::NotApplicable);
    }
    assert!(cache.0.values.lock().unwrap().is_empty());
}

/// A clock whose monotonic time and process a test sets.
#[derive(Default)]
struct TestClock {
    monotonic_ms: AtomicI64,
    process: AtomicU64,
}

impl Clock for TestClock {
    fn now_us(&self) -> i64 {
        1_000_000
    }

    fn now_mono_ns(&self) -> i64 {
        self.monotonic_ms.load(Ordering::Relaxed) * 1_000_000
    }

    fn process_boot_ns(&self) -> u64 {
        self.process.load(Ordering::Relaxed)
    }
}

#[test]
fn a_cached_state_that_is_stale_comes_with_its_own_generation_while_it_is_young_enough() {
    let (dir, cache, clock) = (tempfile::tempdir().unwrap(), SharedCache::default(), Arc::default());
    let open = || {
        let clock: Arc<TestClock> = Arc::clone(&clock);
        open_with(StoreConfig::new(dir.path()).with_clock(Some(clock)), &cache)
    };
    let stale = Freshness::MaybeStale { max_stale_ms: 10 };
    let store = open();
    add(&store, "a", 1);
    outcome::<Sum>(&store, "a");
    store.close().unwrap();

    let store = open();
    add(&store, "a", 1);
    clock.monotonic_ms.store(9, Ordering::Relaxed);
    let found = store.projection::<Sum>("a", &stale).unwrap();
    assert_eq!((found.generation, found.state), (1, Some(Sum { total: 1 })));
    assert_eq!(found.freshness, ProjectionRunFreshnessStatus::StaleAllowed);
    assert_eq!((found.source, found.cache_status), (ProjectionSource::Remembered, Status::Hit));
    assert!(found.frontier < store.visible());
    clock.monotonic_ms.store(10, Ordering::Relaxed);
    let found = store.projection::<Sum>("a", &stale).unwrap();
    assert_eq!((found.generation, found.state), (2, Some(Sum { total: 2 })));
    store.close().unwrap();
}

#[test]
fn the_age_of_a_state_that_another_process_cached_is_not_known() {
    let (dir, cache, clock) = (tempfile::tempdir().unwrap(), SharedCache::default(), Arc::default());
    for process in 0..2_u64 {
        let clock: Arc<TestClock> = Arc::clone(&clock);
        clock.process.store(process, Ordering::Relaxed);
        let store = open_with(StoreConfig::new(dir.path()).with_clock(Some(clock)), &cache);
        add(&store, "a", 1);
        let stale = Freshness::MaybeStale { max_stale_ms: u64::MAX };
        assert_eq!(store.projection::<Sum>("a", &stale).unwrap().generation, process + 1);
        store.close().unwrap();
    }
}

#[test]
fn closing_lets_the_cache_write_out_and_a_watcher_says_what_it_will_ask_for() {
    let (dir, cache) = cached();
    assert_eq!(cache.0.synced.load(Ordering::Relaxed), 1);
    let store = open(dir.path(), &cache);
    drop(store.watch_projection::<Sum>("a", Freshness::Consistent));
    let hints = cache.0.hints.lock().unwrap();
    assert_eq!(hints.len(), 1);
    assert!(cache.0.values.lock().unwrap().contains_key(&hints[0].0));
}

#[test]
fn a_native_cache_serves_a_writer_and_readers_and_forgets_an_entity_when_asked() {
    let (dir, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = cache.path().join("states");
    let store = Store::open_with_native_cache(StoreConfig::new(dir.path()), &path).unwrap();
    add(&store, "a", 1);
    outcome::<Sum>(&store, "a");
    let read = || {
        let config = StoreConfig::new(dir.path());
        let reader = Store::<ReadOnly>::open_read_only_with_native_cache(config, &path).unwrap();
        let found = reader.projection::<Sum>("a", &Freshness::Consistent).unwrap();
        assert_eq!(found.state, Some(Sum { total: 1 }));
        found.cache_status
    };
    assert_eq!(read(), Status::Hit);
    assert_eq!(NativeCache::open(&path).unwrap().delete_prefix(b"a\0").unwrap(), 1);
    assert_eq!(read(), Status::Miss);
    store.close().unwrap();
}

#[test]
fn a_native_cache_is_private_and_what_lies_in_its_way_counts_as_none() {
    let (dir, cache) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = cache.path().join("new/states");
    let open = || Store::open_with_native_cache(StoreConfig::new(dir.path()), &path).unwrap();
    let store = open();
    add(&store, "a", 1);
    outcome::<Sum>(&store, "a");
    store.close().unwrap();
    let files: Vec<_> = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((files.len(), mode(&path), mode(&files[0])), (1, 0o700, 0o600));

    let target = cache.path().join("elsewhere");
    fs::rename(&files[0], &target).unwrap();
    std::os::unix::fs::symlink(&target, &files[0]).unwrap();
    let store = open();
    assert_eq!(outcome::<Sum>(&store, "a").cache_status, Status::Miss);
    assert!(!fs::symlink_metadata(&files[0]).unwrap().is_symlink());
    store.close().unwrap();
    assert_eq!(outcome::<Sum>(&open(), "a").cache_status, Status::Hit);
}

#[test]
fn a_native_cache_that_cannot_be_created_is_an_error_at_the_opening() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let refused =
        Store::open_with_native_cache(StoreConfig::new(dir.path().join("store")), file.join("cache"));
    assert!(matches!(refused.err(), Some(StoreError::CacheFailed(_))));
}
