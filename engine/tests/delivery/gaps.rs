//! What a cursor passes over between two deliveries.

use std::num::NonZeroUsize;
use std::path::Path;

use causeway::store::{CursorGapConfig, GapObservation, ReadOnly};

use super::*;

fn observed(capacity: usize) -> CursorGapConfig {
    CursorGapConfig::Enabled { capacity: NonZeroUsize::new(capacity).unwrap() }
}

/// A store whose events at some sequences are damaged on disk.
fn damaged(sequences: &[u64]) -> Fixture {
    let f = fixture();
    for n in 0..8 {
        f.ask(n);
    }
    let places: Vec<_> = f.store.query(&Region::all()).iter().map(IndexEntry::disk_pos).collect();
    f.store.close_shared().unwrap();
    let segment = f.dir.path().join("00000000000000000000-0.seg");
    let mut bytes = fs::read(&segment).unwrap();
    for sequence in sequences {
        let place = places[usize::try_from(*sequence).unwrap()];
        let last = usize::try_from(place.offset() + u64::from(place.length())).unwrap() - 1;
        bytes[last] ^= 1;
    }
    fs::write(&segment, bytes).unwrap();
    let store = Arc::new(Store::open(StoreConfig::new(f.dir.path())).unwrap());
    Fixture { dir: f.dir, store }
}

fn gap(expected_sequence: u64, delivered_sequence: u64, ranges: &[(u64, u64)]) -> GapObservation {
    GapObservation { expected_sequence, delivered_sequence, cancelled_ranges: ranges.to_vec() }
}

#[test]
fn damaged_events_between_two_deliveries_are_a_gap() {
    let f = damaged(&[2, 3, 5]);
    let mut cursor = f.store.cursor_guaranteed(&Region::entity("a")).with_gap_config(observed(9));
    let delivered: Vec<_> = cursor.poll_batch(9).iter().map(IndexEntry::global_sequence).collect();
    assert_eq!(delivered, [1, 4, 6, 7, 8]);
    assert_eq!(cursor.take_gaps(), [gap(2, 4, &[(2, 4)]), gap(5, 6, &[(5, 6)])]);
    assert_eq!(cursor.take_gaps(), []);
}

#[test]
fn a_gap_is_the_same_however_many_events_are_pulled_at_once() {
    let f = damaged(&[1, 2, 5]);
    let mut cursor = f.store.cursor_guaranteed(&Region::entity("a")).with_gap_config(observed(9));
    while cursor.poll().is_some() {}
    assert_eq!(cursor.take_gaps(), [gap(0, 3, &[(1, 3)]), gap(5, 6, &[(5, 6)])]);
}

#[test]
fn the_newest_gaps_are_kept_and_none_unless_asked_for() {
    let f = damaged(&[2, 4, 6]);
    let mut kept = f.store.cursor_guaranteed(&Region::entity("a")).with_gap_config(observed(2));
    let mut none = f.store.cursor_guaranteed(&Region::entity("a"));
    assert_eq!(kept.poll_batch(9), none.poll_batch(9));
    assert_eq!(kept.take_gaps(), [gap(4, 5, &[(4, 5)]), gap(6, 7, &[(6, 7)])]);
    assert_eq!(none.take_gaps(), []);
}

#[test]
fn what_the_region_leaves_out_is_no_gap() {
    let f = damaged(&[2]);
    f.store.append_typed(&at("b"), &Asked { n: 1 }).unwrap();
    let region = Region::entity("b");
    let mut cursor = f.store.cursor_guaranteed(&region).with_gap_config(observed(9));
    assert!(cursor.poll().is_some());
    assert_eq!(cursor.take_gaps(), []);
}

#[test]
fn a_worker_tells_of_the_gaps_that_it_met() {
    let f = damaged(&[3]);
    let mut config = CursorWorkerConfig::default();
    config.gap_observation = observed(1);
    let (tell, told) = channel();
    let worker = f.store.cursor_worker(&Region::entity("a"), config, move |batch, _, _| {
        tell.send(batch.len()).unwrap();
        CursorWorkerAction::Continue
    });
    let worker = worker.unwrap();
    assert_eq!(told.recv().unwrap(), 7);
    assert_eq!(worker.take_gaps(), [gap(3, 4, &[(3, 4)])]);
    worker.stop_and_join().unwrap();
}

#[test]
fn events_that_batpak_hides_are_a_gap() {
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/batpak/v082-fence/store");
    let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(case)).unwrap();
    let mut plain = store.cursor_guaranteed(&Region::all());
    let mut cursor = store.cursor_guaranteed(&Region::all()).with_gap_config(observed(9));
    assert_eq!(cursor.poll_batch(99), plain.poll_batch(99));
    assert_eq!(cursor.take_gaps(), [gap(6, 8, &[(6, 8)])]);
}

#[test]
fn events_that_retention_removed_are_a_gap() {
    let f = fixture_of_small_segments();
    for n in 0..40 {
        f.ask(n);
    }
    remove(&f.store, |event| matches!(event.event.payload["n"].as_u64(), Some(3..6)));
    let mut cursor = f.store.cursor_guaranteed(&Region::entity("a")).with_gap_config(observed(9));
    assert_eq!(cursor.poll_batch(99).len(), 37);
    assert_eq!(cursor.take_gaps(), [gap(4, 7, &[(4, 7)])]);
}
