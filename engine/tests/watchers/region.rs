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
