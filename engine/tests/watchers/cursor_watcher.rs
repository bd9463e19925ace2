//! The projection watcher that a cursor wakes.

use super::*;

#[test]
fn point_6_the_first_delivery_is_the_current_state() {
    let f = fixture();
    f.add("a", 1);
    f.add("a", 2);
    let mut watcher = f.watch_with_cursor("a", None);
    assert_eq!(watcher.recv().unwrap(), (2, sum(3)));
    assert_eq!(watcher.try_recv().unwrap(), None);
    f.add("a:b", 9);
    assert_eq!(watcher.try_recv().unwrap(), None);
    f.add("a", 4);
    assert_eq!(watcher.recv().unwrap(), (3, sum(7)));
}

#[test]
fn point_6_a_waiting_watcher_is_woken_by_an_append() {
    let f = fixture();
    let mut watcher = f.watch_with_cursor("a", None);
    let waiting = thread::spawn(move || watcher.recv_timeout(LONG));
    f.add("a", 1);
    assert_eq!(waiting.join().unwrap().unwrap(), Some((1, sum(1))));
}

/// Where the watcher `id` was saved: the global sequence.
fn saved(f: &Fixture, id: &str) -> Option<u64> {
    let id = CheckpointId::new(id).unwrap();
    Cursor::load_checkpoint(f.dir.path(), &id).unwrap().map(|saved| saved.position)
}

#[test]
fn point_6_the_position_behind_a_state_is_saved_when_its_consumer_comes_back() {
    let f = fixture();
    f.add("a", 1);
    let mut watcher = f.watch_with_cursor("a", Some("reader one"));
    assert_eq!(watcher.recv().unwrap(), (1, sum(1)));
    assert_eq!(saved(&f, "reader one"), None);
    f.add("a", 1);
    assert_eq!(watcher.recv().unwrap(), (2, sum(2)));
    assert_eq!(saved(&f, "reader one"), Some(1));
    assert_eq!(watcher.try_recv().unwrap(), None);
    assert_eq!(saved(&f, "reader one"), Some(2));
}

#[test]
fn point_6_a_state_whose_consumer_ended_before_it_was_done_is_delivered_again() {
    let f = fixture();
    f.add("a", 1);
    assert_eq!(f.watch_with_cursor("a", Some("x")).recv().unwrap(), (1, sum(1)));
    let f = f.reopen();
    assert_eq!(f.watch_with_cursor("a", Some("x")).recv().unwrap(), (1, sum(1)));
}

#[test]
fn point_6_a_watcher_resumes_behind_what_was_acknowledged() {
    let f = fixture();
    f.add("a", 1);
    f.take_and_acknowledge("a", "x");
    let f = f.reopen();
    let mut watcher = f.watch_with_cursor("a", Some("x"));
    assert_eq!(watcher.try_recv().unwrap(), None);
    f.add("a", 1);
    assert_eq!(watcher.recv().unwrap(), (2, sum(2)));
    assert_eq!(f.watch_with_cursor("a", Some("another")).recv().unwrap(), (2, sum(2)));
}

#[test]
fn point_6_a_position_that_cannot_be_saved_is_an_error_and_saved_by_the_next_call() {
    let f = fixture();
    f.add("a", 1);
    let mut watcher = f.watch_with_cursor("a", Some("x"));
    watcher.recv().unwrap();
    let in_the_way = f.dir.path().join("cursors");
    fs::write(&in_the_way, "").unwrap();
    f.add("a", 1);
    for _ in 0..2 {
        let failed = watcher.recv();
        assert!(
            matches!(failed, Err(CursorWatcherError::Store(StoreError::CheckpointWriteFailed { .. }))),
            "{failed:?}"
        );
    }
    fs::remove_file(&in_the_way).unwrap();
    assert_eq!(watcher.recv().unwrap(), (2, sum(2)));
    assert_eq!(saved(&f, "x"), Some(1));
}

#[test]
fn the_last_state_before_the_closing_is_delivered_and_not_saved() {
    let f = fixture();
    f.add("a", 1);
    let mut watcher = f.watch_with_cursor("a", Some("x"));
    watcher.recv().unwrap();
    watcher.acknowledge().unwrap();
    f.add("a", 1);
    let dir = f.close();
    assert_eq!(watcher.recv().unwrap(), (2, sum(2)));
    assert!(matches!(watcher.acknowledge(), Err(CursorWatcherError::StoreClosed)));
    assert!(matches!(watcher.recv(), Err(CursorWatcherError::StoreClosed)));
    let store = Arc::new(Store::open(StoreConfig::new(dir.path())).unwrap());
    let f = Fixture { dir, store };
    assert_eq!(f.watch_with_cursor("a", Some("x")).recv().unwrap(), (2, sum(2)));
}

#[test]
fn closing_delivers_nothing_that_was_passed_before_a_restart() {
    let f = fixture();
    f.add("a", 1);
    f.take_and_acknowledge("a", "x");
    let f = f.reopen();
    let mut watcher = f.watch_with_cursor("a", Some("x"));
    let _dir = f.close();
    assert!(matches!(watcher.recv(), Err(CursorWatcherError::StoreClosed)));
}

#[test]
fn point_6_a_state_that_was_not_delivered_is_delivered_after_a_restart() {
    let f = fixture();
    let mut watcher = f.watch_with_cursor("a", Some("x"));
    f.add_nonsense("a");
    assert!(matches!(watcher.recv(), Err(CursorWatcherError::Store(_))));
    let f = f.reopen();
    let mut watcher = f.watch_with_cursor("a", Some("x"));
    assert!(matches!(watcher.recv(), Err(CursorWatcherError::Store(_))));
}

#[test]
fn point_6_closing_and_stopping_end_a_cursor_watcher_too() {
    let f = fixture();
    let (mut stopped, mut closed) = (f.watch_with_cursor("a", None), f.watch_with_cursor("a", None));
    stopped.stop_handle().stop();
    assert!(matches!(stopped.recv(), Err(CursorWatcherError::Stopped)));
    let waiting = thread::spawn(move || closed.recv());
    f.close();
    assert!(matches!(waiting.join().unwrap(), Err(CursorWatcherError::StoreClosed)));
}

#[test]
fn a_position_of_another_entity_is_refused() {
    let f = fixture();
    f.add("a", 1);
    f.take_and_acknowledge("a", "x");
    let id = Some(CheckpointId::new("x").unwrap());
    let refusal = f.store.watch_projection_with_cursor::<Sum>("b", Freshness::Consistent, id).err();
    assert!(matches!(refusal, Some(StoreError::CursorCheckpointRegionMismatch { .. })), "{refusal:?}");
}

/// Appends an event the next time that it is asked for the monotonic time, which is when a projection begins.
#[derive(Default)]
struct MeddlingClock(Mutex<Option<Arc<Store>>>);

impl Clock for MeddlingClock {
    fn now_us(&self) -> i64 {
        1_000_000
    }

    fn now_mono_ns(&self) -> i64 {
        let store = self.0.lock().unwrap().take();
        if let Some(store) = store {
            store.append_typed(&at("a"), &Added { amount: 1 }).unwrap();
        }
        0
    }
}

#[test]
fn an_event_that_a_delivery_took_in_early_is_not_delivered_again() {
    let meddler = Arc::new(MeddlingClock::default());
    let clock = Arc::clone(&meddler);
    let f = fixture_with(|config| config.with_clock(Some(clock)));
    f.add("a", 1);
    let mut watcher = f.watch_with_cursor("a", None);
    *meddler.0.lock().unwrap() = Some(Arc::clone(&f.store));
    assert_eq!(watcher.recv().unwrap(), (2, sum(2)));
    assert_eq!(watcher.try_recv().unwrap(), None);
    f.add("a", 1);
    assert_eq!(watcher.recv().unwrap(), (3, sum(3)));
}
