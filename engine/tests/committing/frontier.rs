//! How far the store has come, and waiting until it has come further.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use super::{KIND, LONG, Place, append, at, count, item};
use causeway::store::{
    AppendOptions, DurabilityGate, HlcPoint, ReadOnly, Store, StoreConfig, StoreError, WatermarkKind,
};

const SOON: Duration = Duration::from_millis(1);

/// Nothing is synced unless somebody asks for it.
fn lazy(place: &Place) -> StoreConfig {
    place.config().with_sync_every_n_events(u32::MAX).with_sync_every(Duration::MAX)
}

fn gate(kind: WatermarkKind, timeout: Duration) -> AppendOptions {
    AppendOptions::new().with_gate(DurabilityGate { kind, timeout })
}

#[test]
fn the_frontier_tells_of_each_watermark_the_last_event_that_it_has_reached() {
    let place = Place::new();
    let (now_us, tick) = (Arc::new(AtomicI64::new(5_000_000)), 7_000);
    let clock = Arc::clone(&now_us);
    let store = Store::open(lazy(&place).with_clock_fn(move || clock.load(Ordering::SeqCst))).unwrap();
    let opened = HlcPoint { wall_ms: 5_000, global_sequence: 0 };
    let view = store.frontier();
    let all = [
        view.accepted_hlc,
        view.written_hlc,
        view.durable_hlc,
        view.visible_hlc,
        view.applied_hlc,
        view.emitted_hlc,
    ];
    assert_eq!(all, [opened; 6]);
    assert_eq!((view.visible_minus_durable_seq, view.oldest_pending_write_age_ms), (0, None));
    for _ in 0..3 {
        now_us.fetch_add(tick, Ordering::SeqCst);
        append(&store, "a");
    }
    let (view, newest) = (store.frontier(), HlcPoint { wall_ms: 5_021, global_sequence: 3 });
    assert_eq!([view.accepted_hlc, view.written_hlc, view.visible_hlc, view.emitted_hlc], [newest; 4]);
    assert_eq!([view.durable_hlc, view.applied_hlc], [opened; 2]);
    assert_eq!((view.visible_minus_durable_seq, view.oldest_pending_write_age_ms), (3, Some(14)));
    assert_eq!(count(&store, "a"), Some(3));
    store.sync().unwrap();
    let view = store.frontier();
    assert_eq!([view.durable_hlc, view.applied_hlc], [newest; 2]);
    assert_eq!((view.visible_minus_durable_seq, view.oldest_pending_write_age_ms), (0, None));
    let reader = Store::<ReadOnly>::open_read_only(place.config()).unwrap();
    assert_eq!(reader.frontier().visible_hlc, newest);
}

#[test]
fn a_clock_that_stepped_back_makes_no_wait_return_early_and_stops_no_watermark() {
    let place = Place::new();
    let at_time = |now_us: i64| Store::open(lazy(&place).with_clock_fn(move || now_us)).unwrap();
    let store = at_time(9_000_000);
    append(&store, "a");
    store.close().unwrap();
    let store = at_time(1_000_000);
    let before = store.frontier().durable_hlc;
    let receipt = append(&store, "a");
    let point = store.frontier().visible_hlc;
    assert_eq!(
        (point.global_sequence, point.wall_ms),
        (receipt.sequence, 9_000),
        "wall time never goes back"
    );
    assert!(point > before);
    assert!(matches!(store.wait_for_applied(point, SOON), Err(StoreError::WaitTimeout { .. })));
    // The wall time of a point that somebody made up is not what is waited for.
    let made_up = HlcPoint { wall_ms: 1_000, ..point };
    assert_eq!(store.durable(), receipt.sequence);
    store.wait_for_durable(made_up, LONG).unwrap();
    assert_eq!(store.durable(), receipt.sequence + 1);
    assert_eq!(store.frontier().durable_hlc, point);
}

#[test]
fn waiting_for_the_disk_has_it_synced_at_once_instead_of_when_it_is_due() {
    let place = Place::new();
    let store = Store::open(lazy(&place)).unwrap();
    for n in 1..=20 {
        assert!(!append(&store, "a").is_durable());
        store.wait_for_durable(store.frontier().visible_hlc, LONG).unwrap();
        assert_eq!(store.durable(), n + 1);
    }
}

#[test]
fn never_more_events_are_acknowledged_and_unsynced_than_the_configuration_allows() {
    for (every, expected) in [(0, [1, 2, 3, 4, 5, 6]), (1, [1, 2, 3, 4, 5, 6]), (3, [0, 0, 3, 3, 3, 6])] {
        let place = Place::new();
        let store = Store::open(lazy(&place).with_sync_every_n_events(every)).unwrap();
        for (number, synced) in (1..).zip(expected) {
            let receipt = append(&store, "a");
            assert_eq!((store.durable() - 1, receipt.is_durable()), (synced, synced == number), "{every}");
        }
    }
}

#[test]
fn a_point_that_nobody_reaches_ends_the_wait_with_what_was_waited_for() {
    let place = Place::new();
    let store = place.open();
    let point = HlcPoint { wall_ms: 0, global_sequence: 1 };
    let waits: [&dyn Fn() -> Result<(), StoreError>; 3] =
        [&|| store.wait_for_durable(point, SOON), &|| store.wait_for_applied(point, SOON), &|| {
            store.wait_for_visible(point, SOON)
        }];
    let kinds = [WatermarkKind::Durable, WatermarkKind::Applied, WatermarkKind::Visible];
    for (wait, kind) in waits.iter().zip(kinds) {
        let outcome = wait();
        let Err(StoreError::WaitTimeout { watermark, target, waited_ms: 1 }) = outcome else {
            panic!("{outcome:?}")
        };
        assert_eq!((watermark, target), (kind, point));
    }
    store.wait_for_visible(HlcPoint::ORIGIN, Duration::ZERO).unwrap();
    std::thread::scope(|scope| {
        let waits = [
            scope.spawn(|| store.wait_for_durable(point, LONG)),
            scope.spawn(|| store.wait_for_visible(point, LONG)),
        ];
        append(&store, "a");
        for wait in waits {
            wait.join().unwrap().unwrap();
        }
    });
}

#[test]
fn the_projection_that_lags_holds_up_who_waits_for_what_is_applied() {
    let place = Place::new();
    let store = place.open();
    append(&store, "a");
    append(&store, "b");
    assert_eq!((count(&store, "a"), count(&store, "b")), (Some(1), Some(1)));
    append(&store, "a");
    let point = store.frontier().visible_hlc;
    assert_eq!(count(&store, "a"), Some(2));
    assert!(matches!(store.wait_for_applied(point, SOON), Err(StoreError::WaitTimeout { .. })));
    assert_eq!(store.frontier().applied_hlc.global_sequence, 2);
    std::thread::scope(|scope| {
        let waits = scope.spawn(|| store.wait_for_applied(point, LONG));
        assert_eq!(count(&store, "b"), Some(1));
        waits.join().unwrap().unwrap();
    });
    assert_eq!(store.frontier().applied_hlc, point);
}

#[test]
fn an_append_with_a_gate_returns_when_it_is_passed_or_too_late_and_is_committed_either_way() {
    let place = Place::new();
    let store = Store::open(lazy(&place)).unwrap();
    let append_with = |options| store.append_with_options(&at("a"), KIND, &0, options);
    let receipt = append_with(gate(WatermarkKind::Durable, LONG)).unwrap();
    assert_eq!(store.durable(), receipt.sequence + 1);
    append_with(gate(WatermarkKind::Visible, Duration::ZERO)).unwrap();
    let late = append_with(gate(WatermarkKind::Applied, SOON));
    let Err(StoreError::WaitTimeout { watermark: WatermarkKind::Applied, target, .. }) = late else {
        panic!("{late:?}")
    };
    assert_eq!((target.global_sequence, store.entity_generation("a")), (3, Some(3)));
    let applied = std::thread::scope(|scope| {
        let appends = scope.spawn(|| append_with(gate(WatermarkKind::Applied, LONG)));
        while !appends.is_finished() {
            count(&store, "a");
        }
        appends.join().unwrap().unwrap()
    });
    assert_eq!(applied.sequence, 4);
}

#[test]
fn the_gate_of_a_batch_waits_for_its_last_event_and_those_of_its_items_are_ignored() {
    let place = Place::new();
    let store = place.open();
    let never = gate(WatermarkKind::Applied, Duration::ZERO);
    let items = || vec![item("a", never.clone()), item("a", never.clone())];
    assert_eq!(store.append_batch(items()).unwrap().len(), 2);
    store.append_batch_with_options(items(), gate(WatermarkKind::Durable, LONG)).unwrap();
    let late = store.append_batch_with_options(items(), never.clone());
    let Err(StoreError::WaitTimeout { target, .. }) = late else { panic!("{late:?}") };
    assert_eq!((target.global_sequence, store.entity_generation("a")), (6, Some(6)));
    assert!(store.append_batch_with_options(Vec::new(), never).unwrap().is_empty());
}
