//! Deriving in a store that is open for reading only, beside its writer.

use super::*;
use causeway::store::ReadOnly;

/// A reader that looks for news only when it is told to.
fn reader(f: &Fixture) -> Store<ReadOnly> {
    reader_with(f, |config| config)
}

fn reader_with(f: &Fixture, configure: impl FnOnce(StoreConfig) -> StoreConfig) -> Store<ReadOnly> {
    let config = StoreConfig::new(f.dir.path()).with_follow_interval(LONG);
    Store::<ReadOnly>::open_read_only(configure(config)).unwrap()
}

#[test]
fn a_follower_projects_and_watches_what_another_store_writes() {
    let f = fixture();
    f.add("a", 1);
    let reader = reader(&f);
    assert_eq!(reader.project("a", &Freshness::Consistent).unwrap(), sum(1));
    let mut watcher = reader.watch_projection::<Sum>("a", Freshness::Consistent);
    let mut cursor = reader.cursor_guaranteed(&Region::entity("a"));
    assert_eq!(cursor.poll_batch(9).len(), 1);
    f.add("a", 2);
    assert_eq!(watcher.try_recv().unwrap(), None);
    assert!(reader.refresh().unwrap());
    assert_eq!(watcher.recv_timeout(LONG).unwrap(), Some((2, sum(3))));
    assert_eq!(cursor.poll_batch(9).len(), 1);
}

#[test]
fn a_follower_saves_no_position_and_says_so() {
    let f = fixture();
    let id = Some(CheckpointId::new("x").unwrap());
    let reader = reader(&f);
    let refusal = reader.watch_projection_with_cursor::<Sum>("a", Freshness::Consistent, id).err();
    assert!(matches!(refusal, Some(StoreError::Configuration(_))), "{refusal:?}");
    assert!(!f.dir.path().join("cursors").exists());
}

#[test]
fn a_state_is_not_continued_across_a_rollback() {
    let f = fixture();
    f.add("a", 1);
    let now = Arc::new(TestClock::default());
    let clock = Arc::clone(&now);
    let reader = reader_with(&f, |config| config.with_clock(Some(clock)));
    assert_eq!(reader.project("a", &Freshness::Consistent).unwrap(), sum(1));
    let dir = f.close();
    for entry in fs::read_dir(dir.path()).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let store = Store::open(StoreConfig::new(dir.path())).unwrap();
    for _ in 0..3 {
        store.append_typed(&at("a"), &Added { amount: 10 }).unwrap();
    }
    now.set_ms(60_000);
    reader.refresh().unwrap();
    assert!(reader.take_rollback().is_some());
    assert_eq!(reader.project("a", &Freshness::Consistent).unwrap(), sum(30));
    store.close().unwrap();
}

#[test]
fn closing_a_follower_ends_its_watchers() {
    let f = fixture();
    let reader = reader(&f);
    let mut watcher = reader.watch_projection::<Sum>("a", Freshness::Consistent);
    let waiting = thread::spawn(move || watcher.recv());
    drop(reader);
    assert!(matches!(waiting.join().unwrap(), Err(WatcherError::StoreClosed)));
}
