//! The projection watcher, point by point of its contract.

use super::*;

#[test]
fn point_1_history_before_the_watch_is_not_delivered() {
    let f = fixture();
    f.add("a", 1);
    let mut watcher = f.watch("a");
    assert_eq!(watcher.try_recv().unwrap(), None);
    f.add("a", 2);
    assert_eq!(watcher.recv().unwrap(), (2, sum(3)));
}

#[test]
fn point_1_an_event_appended_while_the_watch_begins_is_delivered_once_at_most() {
    let f = fixture();
    for round in 0..200_u64 {
        let (store, barrier) = (Arc::clone(&f.store), Arc::new(Barrier::new(2)));
        let begin = Arc::clone(&barrier);
        let writer = thread::spawn(move || {
            begin.wait();
            store.append_typed(&at("a"), &Added { amount: 1 }).unwrap();
        });
        barrier.wait();
        let mut watcher = f.watch("a");
        writer.join().unwrap();
        if let Some(update) = watcher.try_recv().unwrap() {
            assert_eq!(update, (round + 1, sum(round + 1)));
        }
        assert_eq!(watcher.try_recv().unwrap(), None, "nothing is delivered twice");
        assert_eq!(watcher.current().unwrap(), (round + 1, sum(round + 1)));
    }
}

#[test]
fn point_2_a_wake_up_that_brings_no_newer_generation_is_waited_through() {
    let f = fixture();
    let mut watcher = f.watch("a");
    f.add("a", 1);
    assert_eq!(watcher.current().unwrap(), (1, sum(1)));
    assert_eq!(watcher.try_recv().unwrap(), None);
    f.add("a", 1);
    assert_eq!(watcher.recv_timeout(LONG).unwrap(), Some((2, sum(2))));
}

#[test]
fn point_3_many_appends_may_become_one_delivery() {
    let f = fixture();
    let mut watcher = f.watch("a");
    for _ in 0..10 {
        f.add("a", 1);
    }
    assert_eq!(watcher.recv().unwrap(), (10, sum(10)));
    assert_eq!(watcher.try_recv().unwrap(), None);
}

#[test]
fn point_3_generations_rise_strictly_and_the_last_state_is_delivered() {
    let f = fixture();
    let mut watcher = f.watch("a");
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let store = Arc::clone(&f.store);
            thread::spawn(move || {
                for _ in 0..250 {
                    store.append_typed(&at("a"), &Added { amount: 1 }).unwrap();
                }
            })
        })
        .collect();
    let mut last = 0;
    while last < 1_000 {
        let (generation, state) = watcher.recv_timeout(LONG).unwrap().expect("an append is to come");
        assert!(generation > last, "{generation} after {last}");
        assert_eq!(state, sum(generation));
        last = generation;
    }
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(watcher.try_recv().unwrap(), None);
}

#[test]
fn point_3_an_irrelevant_append_is_delivered_with_the_same_state() {
    let f = fixture();
    let mut watcher = f.watch("a");
    f.add("a", 5);
    assert_eq!(watcher.recv().unwrap(), (1, sum(5)));
    f.note("a");
    assert_eq!(watcher.recv().unwrap(), (2, sum(5)));
}

/// A fold that never makes a state.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

impl EventSourced for Nothing {
    type Input = JsonValueInput;

    fn from_events(_: &[ProjectionEvent<Self>]) -> Option<Self> {
        None
    }

    fn apply_event(&mut self, _: &ProjectionEvent<Self>) {}

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[]
    }
}

#[test]
fn point_3_a_fold_without_a_state_is_delivered_as_none() {
    let f = fixture();
    let mut watcher = f.store.watch_projection::<Nothing>("a", Freshness::Consistent);
    f.add("a", 1);
    assert_eq!(watcher.recv().unwrap(), (1, None));
}

/// Fails as long as the switch is on.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Moody(u64);

static BROKEN: AtomicBool = AtomicBool::new(true);

impl EventSourced for Moody {
    type Input = JsonValueInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        Some(Self(events.len() as u64))
    }

    fn apply_event(&mut self, _: &ProjectionEvent<Self>) {
        self.0 += 1;
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        const { &[Added::KIND] }
    }

    fn try_from_events(
        events: &[ProjectionEvent<Self>],
    ) -> Result<Option<Self>, causeway::event::TypedDecodeError> {
        if BROKEN.load(Ordering::Relaxed) {
            let (expected, got) = (Added::KIND, Noted::KIND);
            return Err(causeway::event::TypedDecodeError::KindMismatch { expected, got });
        }
        Ok(Self::from_events(events))
    }
}

#[test]
fn point_3_after_an_error_the_next_call_tries_again_at_once_and_loses_nothing() {
    let f = fixture();
    let mut watcher = f.store.watch_projection::<Moody>("a", Freshness::Consistent);
    f.add("a", 1);
    for _ in 0..3 {
        let failed = watcher.recv_timeout(LONG);
        assert!(matches!(failed, Err(WatcherError::Store(StoreError::Serialization(_)))));
    }
    BROKEN.store(false, Ordering::Relaxed);
    assert_eq!(watcher.try_recv().unwrap(), Some((1, Some(Moody(1)))));
    f.add("a", 1);
    assert_eq!(watcher.recv().unwrap(), (2, Some(Moody(2))));
}

#[test]
fn point_4_appends_below_the_entity_wake_and_are_absorbed() {
    let f = fixture();
    let mut watcher = f.watch("a");
    f.add("a:b", 1);
    assert_eq!(watcher.try_recv().unwrap(), None);
    f.add("a:b", 1);
    f.add("a", 7);
    f.add("a:b", 1);
    assert_eq!(watcher.recv().unwrap(), (1, sum(7)));
    assert_eq!(watcher.try_recv().unwrap(), None);
}

#[test]
fn point_5_a_watcher_that_falls_far_behind_catches_up() {
    let f = fixture_with(|config| config.with_broadcast_capacity(2));
    let mut watcher = f.watch("a");
    for _ in 0..100 {
        f.add("a", 1);
    }
    assert!(watcher.subscription().lagged() > 0);
    assert_eq!(watcher.recv().unwrap(), (100, sum(100)));
    f.add("a", 1);
    assert_eq!(watcher.recv().unwrap(), (101, sum(101)));
}

#[test]
fn point_5_the_entity_is_not_missed_when_others_below_it_fill_the_buffer() {
    let f = fixture_with(|config| config.with_broadcast_capacity(1));
    let mut watcher = f.watch("a");
    f.add("a:b", 1);
    f.add("a", 7);
    assert_eq!(watcher.recv_timeout(LONG).unwrap(), Some((1, sum(7))));
}

#[test]
fn point_7_a_wait_with_a_timeout_ends_without_news() {
    let f = fixture();
    let mut watcher = f.watch("a");
    assert_eq!(watcher.recv_timeout(Duration::from_millis(1)).unwrap(), None);
    f.add("a", 1);
    assert_eq!(watcher.recv_timeout(Duration::ZERO).unwrap(), Some((1, sum(1))));
}

#[test]
fn point_7_the_current_state_counts_as_delivered() {
    let f = fixture();
    f.add("a", 3);
    let mut watcher = f.watch("a");
    assert_eq!(watcher.current().unwrap(), (1, sum(3)));
    f.add("a", 3);
    assert_eq!(watcher.current().unwrap(), (2, sum(6)));
    assert_eq!(watcher.try_recv().unwrap(), None);
    assert_eq!(f.watch("unknown").current().unwrap(), (0, None));
}

#[test]
fn point_7_stopping_wakes_whoever_waits_and_lasts() {
    let f = fixture();
    let mut watcher = f.watch("a");
    let stop = watcher.stop_handle();
    let waiting = thread::spawn(move || {
        let ended = watcher.recv();
        (watcher, ended)
    });
    stop.clone().stop();
    let (mut watcher, ended) = waiting.join().unwrap();
    assert!(matches!(ended, Err(WatcherError::Stopped)));
    f.add("a", 1);
    assert!(matches!(watcher.try_recv(), Err(WatcherError::Stopped)));
    assert!(stop.is_stopped() && watcher.next().is_none());
}

#[test]
fn point_7_dropping_a_stop_handle_stops_nothing() {
    let f = fixture();
    let mut watcher = f.watch("a");
    drop(watcher.stop_handle());
    f.add("a", 1);
    assert_eq!(watcher.recv().unwrap(), (1, sum(1)));
}

#[test]
fn point_7_iterating_ends_when_the_store_is_closed() {
    let f = fixture();
    let watcher = f.watch("a");
    let (first, delivered) = std::sync::mpsc::channel();
    let reading = thread::spawn(move || {
        watcher.map(|update| update.unwrap()).inspect(|_| first.send(()).unwrap()).collect::<Vec<_>>()
    });
    f.add("a", 1);
    delivered.recv_timeout(LONG).unwrap();
    f.close();
    assert_eq!(reading.join().unwrap(), [(1, sum(1))]);
}

#[test]
fn a_watcher_does_not_keep_the_store_open_and_closing_ends_it() {
    let f = fixture();
    let (mut idle, mut waiting) = (f.watch("a"), f.watch("a"));
    let waiting = thread::spawn(move || waiting.recv());
    f.add("b", 1);
    f.close();
    assert!(matches!(waiting.join().unwrap(), Err(WatcherError::StoreClosed)));
    assert!(matches!(idle.recv(), Err(WatcherError::StoreClosed)));
    assert!(matches!(idle.current(), Err(WatcherError::StoreClosed)));
}

#[test]
fn the_last_state_before_the_closing_is_delivered_and_then_the_closing() {
    let f = fixture();
    let (mut behind, mut done) = (f.watch("a"), f.watch("a"));
    f.add("a", 1);
    done.recv().unwrap();
    behind.recv().unwrap();
    f.add("a", 2);
    f.note("a");
    done.recv().unwrap();
    let _dir = f.close();
    assert_eq!(behind.recv().unwrap(), (3, sum(3)));
    for ended in [&mut behind, &mut done] {
        assert!(matches!(ended.recv(), Err(WatcherError::StoreClosed)));
        assert!(ended.next().is_none());
    }
}

#[test]
fn a_last_state_that_cannot_be_read_is_an_error_before_the_closing() {
    let f = fixture();
    let mut watcher = f.watch("a");
    f.add_nonsense("a");
    let _dir = f.close();
    assert!(matches!(watcher.recv(), Err(WatcherError::Store(StoreError::Serialization(_)))));
    assert!(matches!(watcher.recv(), Err(WatcherError::StoreClosed)));
}

#[test]
fn a_store_can_be_opened_again_while_a_watcher_of_the_closed_one_is_left() {
    let f = fixture();
    let mut watcher = f.watch("a");
    f.add("a", 1);
    let dir = f.close();
    let store = Store::open(StoreConfig::new(dir.path())).unwrap();
    store.append_typed(&at("a"), &Added { amount: 5 }).unwrap();
    assert_eq!(watcher.recv().unwrap(), (1, sum(1)), "only what its own store held");
    assert!(matches!(watcher.recv(), Err(WatcherError::StoreClosed)));
    store.close().unwrap();
}
