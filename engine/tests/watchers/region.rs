//! Watching a region: one state over the events of many entities.

use super::*;

fn shop(f: &Fixture) -> causeway::store::RegionWatcher<Sum> {
    f.store.watch_region(&Region::scope(at("a").scope()))
}

#[test]
fn the_first_delivery_is_the_state_of_all_events_there_are() {
    let f = fixture();
    f.add("a", 1);
    f.add("b", 2);
    let mut watcher = shop(&f);
    assert_eq!(watcher.recv().unwrap(), (2, sum(3)));
    assert_eq!(watcher.recv_timeout(Duration::ZERO).unwrap(), None);
}

#[test]
fn later_deliveries_fold_what_is_new_in_commit_order_across_entities() {
    let f = fixture();
    let mut watcher = shop(&f);
    assert_eq!(watcher.recv().unwrap(), (0, None));
    f.add("a", 1);
    assert_eq!(watcher.recv_timeout(LONG).unwrap(), Some((1, sum(1))));
    let before = f.store.frames_read();
    f.add("b", 2);
    assert_eq!(watcher.recv_timeout(LONG).unwrap(), Some((2, sum(3))));
    assert_eq!(f.store.frames_read() - before, 1);
}

#[test]
fn events_outside_the_region_deliver_nothing() {
    let f = fixture();
    let mut watcher = shop(&f);
    watcher.recv().unwrap();
    let elsewhere = Coordinate::new("a", "elsewhere").unwrap();
    f.store.append_typed(&elsewhere, &Added { amount: 1 }).unwrap();
    assert_eq!(watcher.recv_timeout(Duration::ZERO).unwrap(), None);
}

#[test]
fn stopping_it_and_closing_the_store_end_it() {
    let f = fixture();
    let (mut stopped, mut closed) = (shop(&f), shop(&f));
    stopped.stop_handle().stop();
    assert!(matches!(stopped.recv(), Err(WatcherError::Stopped)));
    closed.recv().unwrap();
    let Fixture { dir: _dir, store } = f;
    Arc::into_inner(store).unwrap().close().unwrap();
    assert!(matches!(closed.recv(), Err(WatcherError::StoreClosed)));
}

#[test]
fn the_last_state_of_a_region_before_the_closing_is_delivered() {
    let f = fixture();
    let mut watcher = shop(&f);
    watcher.recv().unwrap();
    f.add("a", 1);
    let _dir = f.close();
    assert_eq!(watcher.recv().unwrap(), (1, sum(1)));
    assert!(matches!(watcher.recv(), Err(WatcherError::StoreClosed)));
}

#[test]
fn a_region_watcher_tells_the_current_state_and_is_an_iterator() {
    let f = fixture();
    f.add("a", 1);
    let mut watcher = shop(&f);
    assert_eq!(watcher.current().unwrap(), (1, sum(1)));
    assert_eq!(watcher.try_recv().unwrap(), None);
    f.add("b", 1);
    assert_eq!(watcher.next().unwrap().unwrap(), (2, sum(2)));
    let _dir = f.close();
    assert!(watcher.next().is_none());
}

#[test]
fn events_of_other_kinds_count_and_are_not_read() {
    let f = fixture();
    let mut watcher = shop(&f);
    watcher.recv().unwrap();
    let before = f.store.frames_read();
    f.note("a");
    f.note("b");
    assert_eq!(watcher.recv().unwrap(), (2, None));
    assert_eq!(f.store.frames_read(), before);
}

#[test]
fn the_places_in_streams_that_a_region_asks_for_count() {
    let f = fixture();
    let mut watcher = f.store.watch_region::<Sum>(&Region::entity("a").with_clock_range((1, 2)));
    for amount in [1, 10, 100, 1_000] {
        f.add("a", amount);
    }
    assert_eq!(watcher.recv().unwrap(), (2, sum(110)));
}

/// Makes a state of the number of its events, all at once or not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct AllAtOnce(usize);

impl EventSourced for AllAtOnce {
    type Input = RawMsgpackInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        (events.len() > 1).then_some(Self(events.len()))
    }

    fn apply_event(&mut self, _: &ProjectionEvent<Self>) {
        panic!("the fold does not allow it");
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        const { &[Added::KIND] }
    }
}

#[test]
fn a_fold_that_is_not_applied_incrementally_sees_all_events_of_the_region_each_time() {
    let f = fixture();
    let mut watcher = f.store.watch_region::<AllAtOnce>(&Region::scope("test"));
    assert_eq!(watcher.recv().unwrap(), (0, None));
    for (generation, state) in [(1, None), (2, Some(AllAtOnce(2))), (3, Some(AllAtOnce(3)))] {
        f.add("a", 1);
        assert_eq!(watcher.recv().unwrap(), (generation, state));
    }
}
