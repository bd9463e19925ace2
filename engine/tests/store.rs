//! What a user of a store relies on: append, read, reopen, rotate, follow.
#![allow(clippy::unwrap_used, missing_docs)]

use std::ops::ControlFlow;
use std::time::Duration;

use causeway::coordinate::{Coordinate, KindFilter, Region};
use causeway::event::EventKind;
use causeway::id::{CausationId, CorrelationId, IdempotencyKey};
use causeway::store::{
    AppendOptions, BatchAppendItem, CausationRef, Open, ReadOnly, Selection, Store, StoreConfig, StoreError,
    VerifyLevel,
};
use serde_json::json;
use tempfile::TempDir;

const PLACED: EventKind = EventKind::custom(1, 1);
const PAID: EventKind = EventKind::custom(2, 1);

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn config(&self) -> StoreConfig {
        StoreConfig::new(self.0.path())
    }

    fn open(&self) -> Store<Open> {
        Store::open(self.config()).unwrap()
    }

    /// A reader that moves only when it is told to.
    fn follow(&self) -> Store<ReadOnly> {
        let config = self.config().with_follow_interval(Duration::MAX);
        Store::<ReadOnly>::open_read_only(config).unwrap()
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn at(entity: &str) -> Coordinate {
    Coordinate::new(entity, "shop").unwrap()
}

fn fill(store: &Store<Open>, count: u32) {
    for n in 0..count {
        store.append(&at(&format!("order:{}", n % 7)), PLACED, &json!({ "n": n })).unwrap();
    }
}

fn assert_verified<State: causeway::store::StoreState>(store: &Store<State>) {
    let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.holds(), "{:?}", report.findings);
}

#[test]
fn sequence_0_is_the_first_opening_and_a_users_events_begin_at_1() {
    let place = Place::new();
    let store = place.open();
    let receipt = store.append(&at("order:1"), PLACED, &json!({"total": 1})).unwrap();
    assert_eq!((receipt.sequence, receipt.stream_sequence()), (1, 0));
    assert_eq!(store.by_fact(EventKind::SYSTEM_OPEN_COMPLETED).len(), 1);
    store.close().unwrap();
    let store = place.open();
    assert_eq!(store.stats().event_count, 4);
    assert_eq!(store.get(receipt.event_id).unwrap().event.payload, json!({"total": 1}));
}

#[test]
fn a_cleanly_closed_store_opens_without_reading_a_frame_whatever_its_size() {
    for count in [1_000, 100_000] {
        let place = Place::new();
        let store = Store::open(place.config().with_sync_every_n_events(u32::MAX)).unwrap();
        fill(&store, count);
        store.close().unwrap();
        let store = place.open();
        assert_eq!(store.frames_read(), 0, "{count} events, for writing");
        assert_eq!(store.visible(), u64::from(count) + 3);
        store.close().unwrap();
        let store = place.follow();
        assert_eq!(store.frames_read(), 0, "{count} events, for reading");
        assert_eq!(store.visible(), u64::from(count) + 4);
        assert_eq!(store.entity_generation("order:3"), Some(u64::from((count + 3) / 7)));
    }
}

#[test]
fn segments_rotate_and_every_event_stays_readable() {
    let place = Place::new();
    let small = || place.config().with_segment_max_bytes(16 * 1024);
    let store = Store::open(small()).unwrap();
    fill(&store, 1_000);
    store.close().unwrap();
    assert!(place.names().iter().filter(|name| name.contains(".seg")).count() > 5);
    let store = Store::open(small()).unwrap();
    let events: Vec<_> = store.read_range(0..u64::MAX).map(|(_, event)| event.unwrap()).collect();
    assert_eq!(events.len(), 1_003);
    for (sequence, event) in events.iter().enumerate() {
        assert_eq!(event.raw.global_sequence, sequence as u64);
        assert_eq!(event.computed_hash(), event.raw.event_hash, "link of {sequence}");
    }
    let stream = store.by_entity("order:3");
    assert_eq!(stream.len(), 143);
    assert!(stream.iter().enumerate().all(|(clock, entry)| entry.clock() as usize == clock));
    assert_verified(&store);
}

#[test]
fn a_dropped_store_loses_nothing_and_reopens_twice() {
    let place = Place::new();
    let store = place.open();
    fill(&store, 100);
    drop(store);
    for opening in 1..=2 {
        let store = place.open();
        assert_eq!(store.stats().event_count, 101 + opening);
        assert!(!store.open_report().clean);
        assert_verified(&store);
        drop(store);
    }
}

#[test]
fn one_store_writes_at_a_time() {
    let place = Place::new();
    let store = place.open();
    assert!(matches!(Store::open(place.config()), Err(StoreError::StoreLocked { .. })));
    store.close().unwrap();
    place.open();
}

#[test]
fn reads_compose_by_entity_scope_kind_conversation_and_cause() {
    let place = Place::new();
    let store = place.open();
    let placed = store.append(&at("order:1"), PLACED, &json!({})).unwrap();
    let (correlation, cause) = (CorrelationId::from(placed.event_id), CausationId::from(placed.event_id));
    let paid = store.append_reaction(&at("payment:1"), PAID, &json!({}), correlation, cause).unwrap();
    store.append(&at("orders"), PLACED, &json!({})).unwrap();
    let agents = Coordinate::new("order:1:note", "agents").unwrap();
    store.append(&agents, PLACED, &json!({})).unwrap();

    let sequences = |selection: &Selection| store.select(selection, 0, 100).unwrap();
    assert_eq!(sequences(&Selection::region(Region::entity("order"))), [1, 4]);
    assert_eq!(sequences(&Selection::region(Region::entity("order").with_scope("agents"))), [4]);
    assert_eq!(sequences(&Selection::region(Region::all().with_fact(KindFilter::Exact(PAID)))), [2]);
    assert_eq!(sequences(&Selection::correlation(correlation)), [1, 2]);
    assert_eq!(sequences(&Selection::effects_of(placed.event_id)), [2]);
    assert_eq!(sequences(&Selection::stream("order:1")), [1]);
    assert_eq!(store.sequence_of(paid.event_id).unwrap(), Some(2));
    assert_eq!(store.query_entries_after(&Region::all(), Some(1), 2).len(), 2);
}

#[test]
fn a_batch_is_linked_within_itself_and_durable_when_it_returns() {
    let place = Place::new();
    let store = place.open();
    let item =
        |cause| BatchAppendItem::new(at("order:1"), PLACED, &json!({}), AppendOptions::new(), cause).unwrap();
    let batch = vec![item(CausationRef::None), item(CausationRef::PriorItem(0))];
    let receipts = store.append_batch(batch).unwrap();
    assert_eq!(receipts.iter().map(|receipt| receipt.sequence).collect::<Vec<_>>(), [1, 2]);
    assert!(receipts.iter().all(causeway::store::AppendReceipt::is_durable));
    let stream = store.by_entity("order:1");
    assert_eq!(stream[1].hash_chain().prev_hash, stream[0].hash_chain().event_hash);
    assert!(stream[1].is_caused_by(receipts[0].event_id));
    let forward = store.append_batch(vec![item(CausationRef::PriorItem(0))]);
    assert!(matches!(forward, Err(StoreError::BatchFailed { item_index: 0, .. })));
    assert_eq!(store.visible(), 3);
}

#[test]
fn a_retry_with_the_same_key_returns_the_first_receipt_whatever_it_expected() {
    let place = Place::new();
    let store = place.open();
    let options = AppendOptions::new().with_cas(0).with_idempotency(IdempotencyKey::from_u128(77));
    let append =
        |n: u32| store.append_with_options(&at("order:1"), PLACED, &json!({ "n": n }), options.clone());
    let first = append(1).unwrap();
    store.append(&at("order:1"), PLACED, &json!({})).unwrap();
    assert_eq!(append(1).unwrap().sequence, first.sequence);
    assert!(matches!(append(2), Err(StoreError::IdempotencyConflict { sequence: 1, .. })));
    assert_eq!(store.visible(), 3);
}

#[test]
fn reserved_kinds_are_refused() {
    let place = Place::new();
    let refused = place.open().append(&at("order:1"), EventKind::SYSTEM_BATCH_BEGIN, &json!({}));
    assert!(matches!(refused, Err(StoreError::ReservedKind { .. })));
}

#[test]
fn a_reader_follows_a_writer_through_rotation_and_close_and_changes_nothing() {
    let place = Place::new();
    let store = Store::open(place.config().with_segment_max_bytes(8 * 1024)).unwrap();
    fill(&store, 10);
    let reader = place.follow();
    assert_eq!(reader.visible(), 11);
    fill(&store, 200);
    let before = place.names();
    assert!(reader.refresh().unwrap());
    assert_eq!(reader.visible(), store.visible());
    assert_eq!(place.names(), before);
    store.close().unwrap();
    reader.refresh().unwrap();
    assert_eq!((reader.visible(), reader.durable()), (212, 212));
    assert_verified(&reader);
}

#[test]
fn a_missing_directory_a_file_and_foreign_files_are_no_stores_and_stay_as_they_are() {
    let place = Place::new();
    let read =
        |path: &std::path::Path| Store::<ReadOnly>::open_read_only(StoreConfig::new(path)).err().unwrap();
    assert!(matches!(read(&place.0.path().join("none")), StoreError::Io(_)));
    assert!(matches!(read(place.0.path()), StoreError::DataDirMalformed { .. }));
    let file = place.0.path().join("notes.txt");
    std::fs::write(&file, "not a store").unwrap();
    assert!(matches!(read(&file), StoreError::Io(_)));
    assert!(matches!(Store::open(place.config()), Err(StoreError::DataDirMalformed { .. })));
    assert_eq!(place.names(), ["notes.txt"]);
}

#[test]
#[cfg(unix)]
fn links_that_are_named_like_files_of_the_store_are_not_followed_and_hinder_nobody() {
    let (place, outside) = (Place::new(), Place::new());
    let store = place.open();
    fill(&store, 10);
    drop(store);
    let target = outside.0.path().join("target");
    std::fs::write(&target, "somebody else's").unwrap();
    for name in ["00000000000000000500-0.seg", "00000000000000000000-0.idx", "00000000000000000000-0.idx.tmp"]
    {
        std::os::unix::fs::symlink(&target, place.0.path().join(name)).unwrap();
    }
    assert_verified(&place.follow());
    let store = place.open();
    fill(&store, 10);
    assert_eq!(store.visible(), 22);
    store.close().unwrap();
    assert_eq!(std::fs::read_to_string(target).unwrap(), "somebody else's");
    assert_verified(&place.open());
}

#[test]
fn a_part_of_a_log_is_checked_from_any_event_on_and_says_which_places_that_were() {
    let place = Place::new();
    let store = Store::open(place.config().with_segment_max_bytes(4_096)).unwrap();
    fill(&store, 200);
    let end = store.visible();
    for from in [0, 1, 50, 100, 150, end - 1] {
        let mut told = 0..0;
        let mut progress = |at: causeway::store::VerifyProgress<'_>| {
            told = at.report.checked.clone();
            ControlFlow::Continue(())
        };
        let report = store.verify_range(VerifyLevel::Chain, from..u64::MAX, &mut progress).unwrap();
        assert!(report.holds(), "{from}: {:?}", report.findings);
        assert!(report.checked.start <= from && report.checked.end == end, "{from}: {:?}", report.checked);
        assert_eq!(report.events, end - report.checked.start);
        assert_eq!(told, report.checked);
    }
    let middle =
        store.verify_range(VerifyLevel::Chain, 100..101, &mut |_| ControlFlow::Continue(())).unwrap();
    assert!(middle.holds() && middle.checked.contains(&100), "{middle:?}");
    assert!(middle.checked.start > 0 && middle.checked.end < end, "{:?}", middle.checked);
}

#[test]
fn what_is_broken_is_found_by_the_part_that_holds_it_and_by_no_other() {
    let place = Place::new();
    let store = Store::open(place.config().with_segment_max_bytes(4_096)).unwrap();
    fill(&store, 200);
    store.close().unwrap();
    let segments: Vec<_> = place.names().into_iter().filter(|name| name.ends_with(".seg")).collect();
    let path = place.0.path().join(&segments[2]);
    let first: u64 = segments[2].split('-').next().unwrap().parse().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[1_000] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let reader = place.follow();
    let damage = |places| {
        let report =
            reader.verify_range(VerifyLevel::Chain, places, &mut |_| ControlFlow::Continue(())).unwrap();
        report.damage_count
    };
    assert!(damage(first..first + 1) > 0);
    assert_eq!(damage(0..first), 0);
    // Streams that miss an event in the damage before are not called broken for that.
    let behind = damage(u64::MAX - 1..u64::MAX);
    assert_eq!(behind, 0);
}
