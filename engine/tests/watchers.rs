//! Projections, watchers, canals, subscriptions and cursors, point by point of their contract, over stores in temporary directories.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use causeway::coordinate::{Coordinate, KindFilter, Region};
use causeway::event::{EventKind, JsonValueInput, ProjectionEvent, RawMsgpackInput};
use causeway::store::delivery::canal::{Canal, CanalBatch};
use causeway::store::delivery::cursor::Cursor;
use causeway::store::delivery::observation::CheckpointId;
use causeway::store::{
    Clock, CursorWatcherError, Freshness, IndexEntry, Notification, ProjectionWatcher, Store, StoreConfig,
    StoreError, WatcherError,
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

#[expect(clippy::unnecessary_wraps, reason = "what is compared with a state that may be missing")]
fn sum(total: u64) -> Option<Sum> {
    Some(Sum { total })
}

mod projection {
    use super::*;

    #[test]
    fn a_projection_folds_the_relevant_events_of_exactly_its_entity_in_every_scope() {
        let f = fixture();
        f.add("a", 1);
        f.add("a:b", 10);
        f.add("ab", 100);
        f.note("a");
        let elsewhere = Coordinate::new("a", "elsewhere").unwrap();
        f.store.append_typed(&elsewhere, &Added { amount: 1_000 }).unwrap();
        assert_eq!(f.project("a"), sum(1_001));
        assert_eq!(f.project("a"), Some(RawSum(1_001)));
    }

    #[test]
    fn an_unknown_entity_and_one_without_relevant_events_have_no_state() {
        let f = fixture();
        f.note("a");
        assert_eq!(f.project::<Sum>("a"), None);
        assert_eq!(f.project::<Sum>("b"), None);
    }

    #[test]
    fn a_payload_that_does_not_decode_is_an_error_of_its_entity_only() {
        let f = fixture();
        f.add("good", 1);
        f.add_nonsense("bad");
        assert!(matches!(
            f.store.project::<Sum>("bad", &Freshness::Consistent),
            Err(StoreError::Serialization(_))
        ));
        assert!(matches!(
            f.store.project::<RawSum>("bad", &Freshness::Consistent),
            Err(StoreError::Serialization(_))
        ));
        assert_eq!(f.project("good"), sum(1));
    }

    #[test]
    fn states_are_the_same_after_every_append_and_after_reopening() {
        let mut f = fixture();
        let mut total = 0;
        for round in 0..3 {
            for amount in 0..20 {
                f.add("a", amount);
                total += amount;
                assert_eq!(f.project("a"), sum(total), "round {round}");
            }
            f = f.reopen();
            assert_eq!(f.project("a"), sum(total), "round {round}");
        }
    }

    #[test]
    fn reading_continues_while_others_append_and_each_state_fits_its_generation() {
        let f = fixture();
        let store = Arc::clone(&f.store);
        let writer = thread::spawn(move || {
            for _ in 0..500 {
                store.append_typed(&at("a"), &Added { amount: 1 }).unwrap();
            }
        });
        let mut last = 0;
        while last < 500 {
            if let Some((generation, state)) = f.changed("a", last) {
                assert_eq!(state, sum(generation));
                assert!(generation > last);
                last = generation;
            }
        }
        writer.join().unwrap();
    }

    /// Counts the events that reach it, in all its values together.
    #[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
    #[causeway(input = JsonValueInput)]
    #[causeway(event = Added, handler = add)]
    struct Counted(u64);

    static COUNTED: AtomicU64 = AtomicU64::new(0);

    impl Counted {
        fn add(&mut self, _: &Added) {
            self.0 += 1;
            COUNTED.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_step_after_one_more_event_folds_only_that_event() {
        let f = fixture();
        for _ in 0..100 {
            f.add("a", 1);
        }
        assert_eq!(f.project("a"), Some(Counted(100)));
        let before = COUNTED.load(Ordering::Relaxed);
        f.add("a", 1);
        assert_eq!(f.project("a"), Some(Counted(101)));
        assert_eq!(f.project("a"), Some(Counted(101)));
        assert_eq!(COUNTED.load(Ordering::Relaxed) - before, 1);
    }

    /// Remembers in its memory what its serialised form leaves out.
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

    #[test]
    fn a_fold_that_is_not_applied_incrementally_is_replayed_each_time() {
        let f = fixture();
        for count in 1..5 {
            f.add("a", 1);
            assert_eq!(f.project("a"), Some(Forgetful { count }));
        }
    }

    struct TestClock {
        monotonic_ms: Arc<AtomicI64>,
    }

    impl Clock for TestClock {
        fn now_us(&self) -> i64 {
            1_000_000
        }

        fn now_mono_ns(&self) -> i64 {
            self.monotonic_ms.load(Ordering::Relaxed) * 1_000_000
        }
    }

    #[test]
    fn a_stale_state_will_do_until_it_is_as_old_as_the_caller_accepts() {
        let now = Arc::new(AtomicI64::new(0));
        let clock = Arc::new(TestClock { monotonic_ms: Arc::clone(&now) });
        let f = fixture_with(|config| config.with_clock(Some(clock)));
        let stale = Freshness::MaybeStale { max_stale_ms: 10 };
        f.add("a", 1);
        assert_eq!(f.store.project("a", &stale).unwrap(), sum(1));
        f.add("a", 1);
        now.store(9, Ordering::Relaxed);
        assert_eq!(f.store.project("a", &stale).unwrap(), sum(1));
        assert_eq!(f.project("a"), sum(2));
        f.add("a", 1);
        now.store(19, Ordering::Relaxed);
        assert_eq!(f.store.project("a", &stale).unwrap(), sum(3));
    }
}

mod project_if_changed {
    use super::*;

    #[test]
    fn the_same_generation_is_unchanged() {
        let f = fixture();
        assert_eq!(f.changed("a", 0), None);
        f.add("a", 1);
        assert_eq!(f.changed("a", 1), None);
    }

    #[test]
    fn a_greater_and_a_smaller_generation_are_changed() {
        let f = fixture();
        f.add("a", 1);
        f.add("a", 2);
        assert_eq!(f.changed("a", 1), Some((2, sum(3))));
        assert_eq!(f.changed("a", 7), Some((2, sum(3))));
    }

    #[test]
    fn an_unknown_entity_is_changed_to_generation_zero_without_a_state() {
        let f = fixture();
        assert_eq!(f.changed("a", 5), Some((0, None)));
    }

    #[test]
    fn irrelevant_events_change_the_generation_and_make_no_state() {
        let f = fixture();
        f.note("a");
        assert_eq!(f.changed("a", 0), Some((1, None)));
    }

    #[test]
    fn a_change_is_projected_consistently_whatever_freshness_is_asked_for() {
        let f = fixture();
        let stale = Freshness::MaybeStale { max_stale_ms: u64::MAX };
        f.add("a", 1);
        assert_eq!(f.store.project("a", &stale).unwrap(), sum(1));
        f.add("a", 1);
        assert_eq!(f.store.project("a", &stale).unwrap(), sum(1));
        assert_eq!(f.store.project_if_changed("a", 1, &stale).unwrap(), Some((2, sum(2))));
    }
}

mod watcher {
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
            assert!(matches!(watcher.recv(), Err(WatcherError::Store(StoreError::Serialization(_)))));
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
}

mod cursor_watcher {
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

    #[test]
    fn point_6_the_position_is_saved_after_each_delivered_state() {
        let f = fixture();
        f.add("a", 1);
        let mut watcher = f.watch_with_cursor("a", Some("reader one"));
        assert_eq!(watcher.recv().unwrap(), (1, sum(1)));
        let id = CheckpointId::new("reader one").unwrap();
        let saved = Cursor::load_checkpoint(f.dir.path(), &id).unwrap().unwrap();
        f.add("a", 1);
        assert_eq!(watcher.recv().unwrap(), (2, sum(2)));
        let later = Cursor::load_checkpoint(f.dir.path(), &id).unwrap().unwrap();
        assert!(saved.started && later.position > saved.position, "{saved:?} {later:?}");
    }

    #[test]
    fn point_6_a_watcher_resumes_behind_what_it_has_delivered() {
        let f = fixture();
        f.add("a", 1);
        assert_eq!(f.watch_with_cursor("a", Some("x")).recv().unwrap(), (1, sum(1)));
        let f = f.reopen();
        let mut watcher = f.watch_with_cursor("a", Some("x"));
        assert_eq!(watcher.try_recv().unwrap(), None);
        f.add("a", 1);
        assert_eq!(watcher.recv().unwrap(), (2, sum(2)));
        assert_eq!(f.watch_with_cursor("a", Some("another")).recv().unwrap(), (2, sum(2)));
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
        f.watch_with_cursor("a", Some("x")).recv().unwrap();
        let id = Some(CheckpointId::new("x").unwrap());
        let refusal = f.store.watch_projection_with_cursor::<Sum>("b", Freshness::Consistent, id).err();
        assert!(matches!(refusal, Some(StoreError::CursorCheckpointRegionMismatch { .. })), "{refusal:?}");
    }
}

mod canal {
    use super::*;

    fn check(batch: CanalBatch<Notification>, expected: &[u64]) {
        let sequences: Vec<_> = match batch {
            CanalBatch::Empty => vec![],
            CanalBatch::One(one) => vec![one.sequence],
            CanalBatch::Many(many) => many.iter().map(|item| item.sequence).collect(),
        };
        assert_eq!(sequences, expected);
    }

    #[test]
    fn a_pull_returns_as_soon_as_there_is_an_item_and_no_more_than_asked_for() {
        let f = fixture();
        let mut subscription = f.store.subscribe_lossy(&Region::entity("a"));
        for _ in 0..4 {
            f.add("a", 1);
        }
        check(subscription.pull_batch(0, LONG).unwrap(), &[]);
        check(subscription.pull_batch(1, LONG).unwrap(), &[1]);
        check(subscription.pull_batch(2, LONG).unwrap(), &[2, 3]);
        check(subscription.pull_batch(9, LONG).unwrap(), &[4]);
        assert!(subscription.pull_batch(9, Duration::from_millis(1)).unwrap().is_empty());
    }

    #[test]
    fn items_that_are_there_when_the_store_closes_are_pulled_before_the_end() {
        let f = fixture();
        let mut subscription = f.store.subscribe_lossy(&Region::entity("a"));
        f.add("a", 1);
        f.add("a", 1);
        f.close();
        check(subscription.pull_batch(9, LONG).unwrap(), &[1, 2]);
        assert!(subscription.pull_batch(9, LONG).is_err());
    }

    #[test]
    fn pulling_from_a_cursor_waits_for_an_append_and_ends_with_the_store() {
        let f = fixture();
        let mut cursor = f.store.cursor_guaranteed(&Region::entity("a"));
        assert!(cursor.pull_batch(0, LONG).unwrap().is_empty());
        assert!(cursor.pull_batch(9, Duration::from_millis(1)).unwrap().is_empty());
        let waiting = thread::spawn(move || (cursor.pull_batch(9, LONG), cursor));
        f.add("a", 1);
        let (batch, mut cursor) = waiting.join().unwrap();
        assert!(matches!(batch, Ok(CanalBatch::One(entry)) if entry.global_sequence() == 1));
        f.add("a", 1);
        f.add("a", 1);
        assert!(matches!(cursor.pull_batch(9, LONG), Ok(CanalBatch::Many(entries)) if entries.len() == 2));
        f.close();
        assert!(matches!(cursor.pull_batch(9, LONG), Err(StoreError::Closed)));
    }
}

mod subscription {
    use super::*;

    #[test]
    fn a_subscription_tells_of_its_region_and_of_nothing_before_it() {
        let f = fixture();
        f.add("a", 1);
        let region = Region::entity("a").with_fact(KindFilter::Exact(Added::KIND));
        let subscription = f.store.subscribe_lossy(&region);
        f.note("a");
        f.add("b", 1);
        f.add("a:b", 1);
        let told = subscription.recv().unwrap();
        assert_eq!((told.coord.entity(), told.kind, told.sequence), ("a:b", Added::KIND, 4));
        assert_eq!(told.position.sequence(), 0);
        assert_eq!(subscription.try_recv().unwrap(), None);
        assert_eq!(subscription.recv_timeout(Duration::from_millis(1)).unwrap(), None);
    }

    #[test]
    fn what_finds_the_buffer_full_is_dropped_and_counted_and_the_subscription_lives_on() {
        let f = fixture_with(|config| config.with_broadcast_capacity(2));
        let subscription = f.store.subscribe_lossy(&Region::entity("a"));
        for _ in 0..5 {
            f.add("a", 1);
        }
        assert_eq!(subscription.lagged(), 3);
        let told: Vec<_> = subscription.receiver().try_iter().map(|told| told.sequence).collect();
        assert_eq!(told, [1, 2]);
        f.add("a", 1);
        assert_eq!(subscription.filtered_receiver().recv().unwrap().sequence, 6);
    }

    #[test]
    fn after_the_store_closed_what_is_buffered_comes_and_then_the_end() {
        let f = fixture();
        let subscription = f.store.subscribe_lossy(&Region::entity("a"));
        f.add("a", 1);
        f.close();
        assert_eq!(subscription.recv().unwrap().sequence, 1);
        assert_eq!(subscription.recv(), None);
        assert!(subscription.try_recv().is_err());
    }

    #[test]
    fn filters_come_before_maps_and_the_limit_counts_what_comes_through() {
        let f = fixture();
        let mut ops = f
            .store
            .subscribe_lossy(&Region::entity("a"))
            .ops()
            .take(2)
            .map(|told| {
                (told.sequence != 3).then(|| Notification { sequence: told.sequence * 10, ..told.clone() })
            })
            .filter(|told| told.sequence % 2 == 1);
        for _ in 0..9 {
            f.add("a", 1);
        }
        assert_eq!(ops.recv().unwrap().sequence, 10);
        assert_eq!(ops.recv().unwrap().sequence, 50);
        assert_eq!(ops.recv(), None);
    }

    #[test]
    fn a_scan_returns_what_its_step_returns_and_skips_the_rest() {
        let f = fixture();
        let mut scan = f.store.subscribe_lossy(&Region::entity("a")).ops().scan(0, |total, told| {
            *total += told.sequence;
            (told.sequence % 2 == 0).then_some(*total)
        });
        for _ in 0..4 {
            f.add("a", 1);
        }
        assert_eq!(scan.recv(), Some(3));
        assert_eq!(scan.recv(), Some(10));
        f.close();
        assert_eq!(scan.recv(), None);
    }
}

mod cursor {
    use super::*;

    fn sequences(cursor: &mut Cursor, max: usize) -> Vec<u64> {
        cursor.poll_batch(max).iter().map(IndexEntry::global_sequence).collect()
    }

    #[test]
    fn a_cursor_sees_history_from_the_very_first_event_and_then_what_is_appended() {
        let f = fixture();
        f.add("a", 1);
        let mut cursor = f.store.cursor_guaranteed(&Region::all());
        assert_eq!(cursor.position(), None);
        assert_eq!(cursor.poll().unwrap().global_sequence(), 0);
        assert_eq!(sequences(&mut cursor, 9), [1]);
        assert!(cursor.poll().is_none());
        f.add("b", 1);
        f.add("c", 1);
        assert_eq!(sequences(&mut cursor, 1), [2]);
        assert_eq!(sequences(&mut cursor, 9), [3]);
        assert_eq!(cursor.position(), Some(3));
    }

    #[test]
    fn every_part_of_the_region_applies() {
        let f = fixture();
        for entity in ["a", "b", "a", "a:b", "a", "a"] {
            f.add(entity, 1);
        }
        f.note("a");
        let region = Region::entity("a").with_fact_category(1).with_scope("test").with_clock_range((1, 3));
        let mut cursor = f.store.cursor_guaranteed(&region);
        assert_eq!(sequences(&mut cursor, 2), [3, 5]);
        assert_eq!(sequences(&mut cursor, 9), [6]);
    }

    #[test]
    fn a_cursor_misses_nothing_while_others_append() {
        let f = fixture();
        let mut cursor = f.store.cursor_guaranteed(&Region::entity("a"));
        let writers: Vec<_> = (0..2)
            .map(|_| {
                let store = Arc::clone(&f.store);
                thread::spawn(move || {
                    for _ in 0..200 {
                        store.append_typed(&at("a"), &Added { amount: 1 }).unwrap();
                    }
                })
            })
            .collect();
        let mut seen = Vec::new();
        while seen.len() < 400 {
            match cursor.pull_batch(7, LONG).unwrap() {
                CanalBatch::Empty => panic!("an append is to come"),
                CanalBatch::One(entry) => seen.push(entry.clock()),
                CanalBatch::Many(entries) => seen.extend(entries.iter().map(IndexEntry::clock)),
            }
        }
        for writer in writers {
            writer.join().unwrap();
        }
        assert_eq!(seen, (0..400).collect::<Vec<_>>());
    }

    #[test]
    fn a_cursor_does_not_keep_the_store_open_and_yields_nothing_after_it() {
        let f = fixture();
        f.add("a", 1);
        let mut cursor = f.store.cursor_guaranteed(&Region::all());
        f.close();
        assert!(cursor.poll().is_none());
        assert!(matches!(cursor.try_poll_batch(1), Err(StoreError::Closed)));
    }

    #[test]
    fn a_saved_position_reads_back_and_a_damaged_one_is_an_error() {
        let f = fixture();
        f.add("a", 1);
        f.watch_with_cursor("a", Some("x")).recv().unwrap();
        let (path, id) = (f.dir.path(), CheckpointId::new("x").unwrap());
        assert_eq!(Cursor::load_checkpoint(path, &CheckpointId::new("y").unwrap()).unwrap(), None);

        let mut saved = Cursor::load_checkpoint(path, &id).unwrap().unwrap();
        assert_eq!((saved.position, saved.started), (1, true));
        saved.position = 0;
        Cursor::save_checkpoint(path, &id, &saved).unwrap();
        assert_eq!(Cursor::load_checkpoint(path, &id).unwrap(), Some(saved));
        assert_eq!(f.watch_with_cursor("a", Some("x")).recv().unwrap(), (1, sum(1)));

        fs::write(path.join("cursors/x.json"), b"{").unwrap();
        assert_eq!(Cursor::load_checkpoint(path, &id).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
        let refusal = f.store.watch_projection_with_cursor::<Sum>("a", Freshness::Consistent, Some(id)).err();
        assert!(matches!(refusal, Some(StoreError::CursorCheckpointCorrupt { .. })), "{refusal:?}");
    }

    #[test]
    fn a_position_beyond_the_end_of_the_log_is_taken_for_the_end() {
        let f = fixture();
        f.add("a", 1);
        f.watch_with_cursor("a", Some("x")).recv().unwrap();
        let (path, id) = (f.dir.path(), CheckpointId::new("x").unwrap());
        let mut saved = Cursor::load_checkpoint(path, &id).unwrap().unwrap();
        saved.position = 1_000;
        Cursor::save_checkpoint(path, &id, &saved).unwrap();
        let mut watcher = f.watch_with_cursor("a", Some("x"));
        assert_eq!(watcher.try_recv().unwrap(), None);
        f.add("a", 1);
        assert_eq!(watcher.recv().unwrap(), (2, sum(2)));
    }
}
