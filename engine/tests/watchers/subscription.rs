//! Notifications, pushed and lossy.

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
