//! What users of compaction rely on: places, hashes, generations and receipts stay; what was removed is gone from the directory.
#![allow(clippy::unwrap_used, missing_docs)]

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use causeway::coordinate::{Coordinate, Region};
use causeway::event::{EventKind, HashChain, JsonValueInput, RemovalReason};
use causeway::id::{EventId, IdempotencyKey};
use causeway::store::segment::{CompactionOutcome, CompactionResult};
use causeway::store::{
    AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, CompactionConfig, CompactionEvidenceReport,
    CompactionReportBody, CompactionReportFinding, CompactionStrategy, CompactionStrategyShape, Freshness,
    Open, ReadOnly, Selection, Store, StoreConfig, StoreError, StoreState, VerifyLevel,
};
use causeway::{EventPayload, EventSourced};
use serde::{Deserialize, Serialize};
use serde_json::json;

const KIND: EventKind = EventKind::custom(1, 1);

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 2, type_id = 1)]
struct Deposited {
    cents: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Deposited, handler = deposit)]
struct Account {
    cents: u64,
}

impl Account {
    fn deposit(&mut self, event: &Deposited) {
        self.cents += event.cents;
    }
}

fn config(path: &Path) -> StoreConfig {
    StoreConfig::new(path).with_segment_max_bytes(1_200).with_sync_every(Duration::from_hours(1))
}

fn open(path: &Path) -> Store<Open> {
    Store::open(config(path)).unwrap()
}

fn entity(n: u64) -> Coordinate {
    Coordinate::new(format!("order:{}", n % 3), "shop").unwrap()
}

/// Appends numbered events, some of them in batches, and returns their receipts.
fn fill(store: &Store<Open>, numbers: std::ops::Range<u64>) -> Vec<AppendReceipt> {
    let payload = |n: u64| json!({ "n": n, "secret": format!("secret-{n}-{}", "x".repeat(60)) });
    let mut receipts = Vec::new();
    for n in numbers.step_by(4) {
        receipts.push(store.append(&entity(n), KIND, &payload(n)).unwrap());
        let item = |n: u64| {
            BatchAppendItem::new(entity(n), KIND, &payload(n), AppendOptions::new(), CausationRef::None)
                .unwrap()
        };
        receipts.extend(store.append_batch((n + 1..n + 4).map(item).collect()).unwrap());
    }
    receipts
}

fn number(payload: &serde_json::Value) -> Option<u64> {
    payload["n"].as_u64()
}

/// Removes the numbers that `drops` takes.
fn without(tombstone: bool, drops: impl Fn(u64) -> bool + Send + 'static) -> CompactionConfig {
    let keeps = Box::new(move |event: &causeway::event::StoredEvent<serde_json::Value>| {
        !number(&event.event.payload).is_some_and(&drops)
    });
    let strategy =
        if tombstone { CompactionStrategy::Tombstone(keeps) } else { CompactionStrategy::Retention(keeps) };
    CompactionConfig { strategy, min_segments: 1 }
}

fn performed(store: &Store<Open>, config: &CompactionConfig) -> (CompactionResult, CompactionReportBody) {
    let (result, report) = store.compact(config).unwrap();
    assert_eq!(result.outcome, CompactionOutcome::Performed);
    (result, report)
}

fn segments(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.strip_suffix(".seg").is_some()).collect();
    names.sort();
    names
}

fn directory_holds(path: &Path, text: &str) -> bool {
    std::fs::read_dir(path).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        path.is_file()
            && std::fs::read(path).unwrap().windows(text.len()).any(|found| found == text.as_bytes())
    })
}

/// Everything that a read tells of each event, with its sequence.
fn everything<State: StoreState>(store: &Store<State>) -> Vec<(u64, EventId, HashChain, Vec<u8>)> {
    let events = store.read_range(0..u64::MAX);
    let told = |(sequence, event): (u64, Result<causeway::store::LogEvent, StoreError>)| {
        let event = event.unwrap();
        (sequence, event.raw.header.event_id, event.hash_chain(), event.raw.payload)
    };
    events.map(told).collect()
}

fn verified<State: StoreState>(store: &Store<State>) -> u64 {
    let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.holds(), "{:?}", report.findings);
    assert_eq!(report.events, store.visible());
    report.removed
}

#[test]
fn merging_makes_one_segment_of_many_and_changes_no_event() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fill(&store, 0..40);
    let (before, files_before, size) =
        (everything(&store), segments(directory.path()), store.size_bytes().unwrap());
    assert!(files_before.len() > 4);
    let (result, report) = performed(&store, &CompactionConfig::default());
    assert_eq!(result.segments_removed, files_before.len() - 1);
    assert_eq!(size - store.size_bytes().unwrap(), result.bytes_reclaimed);
    assert_eq!(segments(directory.path()), ["00000000000000000000-1.seg", files_before.last().unwrap()]);
    assert_eq!(everything(&store), before);
    assert_eq!((report.merged_segment_id, report.sealed_segment_count), (Some(0), files_before.len() - 1));
    let bytes = std::fs::read(directory.path().join("00000000000000000000-1.seg")).unwrap();
    assert_eq!(report.output_segment_bytes_hash, Some(*blake3::hash(&bytes).as_bytes()));
    fill(&store, 40..60);
    let whole = everything(&store);
    store.close().unwrap();
    let store = open(directory.path());
    assert!(store.open_report().clean && store.findings().is_empty());
    assert_eq!(everything(&store)[..whole.len()], whole[..]);
    performed(&store, &CompactionConfig::default());
    assert_eq!(everything(&store)[..whole.len()], whole[..]);
    assert_eq!(segments(directory.path())[0], "00000000000000000000-2.seg");
    assert_eq!(verified(&store), 0);
}

#[test]
fn retention_removes_events_and_leaves_every_place_hash_generation_and_receipt_as_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let receipts = fill(&store, 0..40);
    let before = everything(&store);
    let generations = |store: &Store<Open>| [0, 1, 2].map(|n| store.entity_generation(entity(n).entity()));
    let generations_before = generations(&store);
    let check = |store: &Store<Open>| {
        let kept = everything(store);
        let is_known = |event| before.contains(event) || event.0 >= before.len() as u64;
        assert!(kept.iter().all(is_known));
        let mut removed = 0;
        for (n, receipt) in receipts.iter().enumerate() {
            let error = match store.event_at(receipt.sequence) {
                Ok(event) => {
                    assert_eq!(event.raw.event_hash, receipt.event_hash());
                    assert_eq!(event.computed_hash(), receipt.event_hash());
                    assert_eq!(store.sequence_of(receipt.event_id).unwrap(), Some(receipt.sequence));
                    continue;
                }
                Err(error) => error,
            };
            assert!(n % 5 < 3, "{n}");
            let StoreError::Removed { sequence, reason: RemovalReason::Retention } = error else {
                panic!("{error}");
            };
            assert_eq!(sequence, receipt.sequence);
            assert!(matches!(store.get(receipt.event_id), Err(StoreError::NotFound(_))));
            assert_eq!(store.sequence_of(receipt.event_id).unwrap(), None);
            removed += 1;
        }
        assert!(removed > 15);
        assert_eq!(verified(store), removed);
        assert_eq!(generations(store), generations_before);
        assert_eq!(store.stats().event_count as u64, store.visible() - removed);
        assert_eq!(store.count(&Selection::default()).unwrap(), store.visible() - removed);
        assert_eq!(store.query(&Region::all()).len() as u64, store.visible() - removed);
        let shown = Selection { removed: true, ..Selection::stream("order:0") };
        let places = store.read_selected(&shown, 0..u64::MAX);
        let clocks = places.map(|(_, event)| u64::from(event.unwrap().raw.header.position.sequence()));
        assert!(clocks.eq(0..generations_before[0].unwrap()));
        let mut cursor = store.cursor_guaranteed(&Region::entity("order:1"));
        assert_eq!(cursor.poll_batch(100), store.by_entity("order:1"));
    };
    performed(&store, &without(false, |n| n % 5 < 3));
    check(&store);
    store.close().unwrap();
    check(&open(directory.path()));
    for entry in std::fs::read_dir(directory.path()).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "idx") {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    check(&open(directory.path()));
}

#[test]
fn after_a_stream_lost_its_newest_events_the_next_one_takes_the_next_place_and_links_to_them() {
    for tombstone in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        let receipts = fill(&store, 0..20);
        // Other streams push the last events of this one into a sealed segment.
        for n in 0..12 {
            store
                .append(
                    &Coordinate::new("other", "shop").unwrap(),
                    KIND,
                    &json!({ "fill": "y".repeat(200 + n) }),
                )
                .unwrap();
        }
        performed(&store, &without(tombstone, |_| true));
        let newest =
            receipts.iter().rfind(|receipt| receipt.sequence % 3 == receipts[19].sequence % 3).unwrap();
        assert!(store.project::<Account>("order:1", &Freshness::Consistent).unwrap().is_none());
        store.close().unwrap();
        let store = open(directory.path());
        let next = store.append(&entity(19), KIND, &json!({ "n": 100 })).unwrap();
        assert_eq!(next.stream_sequence(), newest.stream_sequence() + 1);
        let event = store.event_at(next.sequence).unwrap();
        assert_eq!(event.prev_hash, newest.event_hash());
        assert_eq!(event.computed_hash(), next.event_hash());
        assert_eq!(verified(&store), 20);
        assert_eq!(store.entity_generation(entity(19).entity()), Some(u64::from(next.stream_sequence()) + 1));
        let listed = store.by_entity(entity(19).entity());
        assert_eq!(listed.len(), if tombstone { next.stream_sequence() as usize + 1 } else { 1 });
    }
}

#[test]
fn a_tombstone_is_listed_in_place_of_its_event_whose_payload_is_in_no_file_any_more() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let receipts = fill(&store, 0..24);
    assert!(directory_holds(directory.path(), "secret-7-"));
    performed(&store, &without(true, |n| n == 7));
    assert!(!directory_holds(directory.path(), "secret-7-"));
    assert!(directory_holds(directory.path(), "secret-8-"));
    let receipt = &receipts[7];
    let event = store.event_at(receipt.sequence).unwrap();
    let removal = event.removed.unwrap();
    assert_eq!((removal.reason, removal.kind), (RemovalReason::Tombstone, KIND));
    assert_eq!((event.raw.header.event_kind, event.raw.payload.len()), (EventKind::TOMBSTONE, 0));
    assert_eq!((event.raw.header.event_id, event.raw.event_hash), (receipt.event_id, receipt.event_hash()));
    assert_eq!(event.raw.header.content_hash, receipt.content_hash);
    let before = store.event_at(receipt.sequence - 1).unwrap();
    assert_eq!(event.raw.header.timestamp_us, before.raw.header.timestamp_us);
    let stored = store.get(receipt.event_id).unwrap();
    assert_eq!(stored.event.payload, serde_json::Value::Null);
    assert_eq!(stored.coordinate.entity(), entity(7).entity());
    let tombstones = store.by_fact(EventKind::TOMBSTONE);
    assert_eq!(tombstones.len(), 1);
    assert_eq!(tombstones[0].global_sequence(), receipt.sequence);
    assert_eq!(verified(&store), 1);
    assert_eq!(everything(&store).len() as u64, store.visible());
}

#[test]
fn compacting_again_keeps_what_was_removed_and_asks_only_about_the_rest() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fill(&store, 0..24);
    performed(&store, &without(true, |n| n % 2 == 0));
    let removed = verified(&store);
    fill(&store, 24..48);
    let (asked, said) = std::sync::mpsc::channel();
    let keeps = Box::new(move |event: &causeway::event::StoredEvent<serde_json::Value>| {
        let n = number(&event.event.payload).expect("only events of the application are asked about");
        asked.send(n).unwrap();
        !n.is_multiple_of(3)
    });
    let config = CompactionConfig { strategy: CompactionStrategy::Retention(keeps), min_segments: 0 };
    performed(&store, &config);
    drop(config);
    let said: Vec<u64> = said.iter().collect();
    assert!(said.is_sorted() && said.iter().filter(|n| **n < 16).all(|n| n % 2 == 1), "{said:?}");
    let more = said.iter().filter(|n| *n % 3 == 0).count() as u64;
    assert_eq!(verified(&store), removed + more);
    assert_eq!(store.by_fact(EventKind::TOMBSTONE).len() as u64, removed);
    assert_eq!(store.by_fact(EventKind::SYSTEM_OPEN_COMPLETED).len(), 1, "the store's own events are kept");
}

#[test]
fn a_retry_of_an_append_whose_event_was_removed_gets_its_receipt_and_writes_nothing() {
    for tombstone in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        let append = |store: &Store<Open>, payload| {
            let options = AppendOptions::new().with_idempotency(IdempotencyKey::from_u128(77));
            store.append_with_options(&entity(0), KIND, &payload, options)
        };
        let receipt = append(&store, json!({ "n": 0 })).unwrap();
        fill(&store, 4..24);
        performed(&store, &without(tombstone, |n| n == 0));
        let end = store.visible();
        let again = append(&store, json!({ "n": 0 })).unwrap();
        assert_eq!((again.sequence, again.event_hash()), (receipt.sequence, receipt.event_hash()));
        assert_eq!((again.event_id, again.content_hash), (receipt.event_id, receipt.content_hash));
        let other = append(&store, json!({ "n": 1 }));
        assert!(matches!(other, Err(StoreError::IdempotencyConflict { .. })), "{other:?}");
        assert_eq!(store.visible(), end);
    }
}

#[test]
fn folds_take_what_is_left_and_watchers_go_on_with_the_next_generation() {
    for tombstone in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        let account = Coordinate::new("account:1", "bank").unwrap();
        for cents in 0..30 {
            store.append_typed(&account, &Deposited { cents }).unwrap();
        }
        let state = |store: &Store<Open>| {
            store.project::<Account>("account:1", &Freshness::Consistent).unwrap().unwrap().cents
        };
        assert_eq!(state(&store), (0..30).sum::<u64>());
        let mut watcher = store.watch_projection::<Account>("account:1", Freshness::Consistent);
        let mut region = store.watch_region::<Account>(&Region::entity("account"));
        assert_eq!(region.recv().unwrap(), (30, Some(Account { cents: (0..30).sum() })));
        let keeps = Box::new(|event: &causeway::event::StoredEvent<serde_json::Value>| {
            event.event.payload["cents"].as_u64().is_none_or(|cents| cents >= 10)
        });
        let strategy = if tombstone {
            CompactionStrategy::Tombstone(keeps)
        } else {
            CompactionStrategy::Retention(keeps)
        };
        performed(&store, &CompactionConfig { strategy, min_segments: 0 });
        assert_eq!(verified(&store), 10);
        assert_eq!(state(&store), (10..30).sum::<u64>());
        assert_eq!(watcher.try_recv().unwrap(), None, "removing is no news");
        store.append_typed(&account, &Deposited { cents: 1_000 }).unwrap();
        let expected = Account { cents: (10..30).sum::<u64>() + 1_000 };
        assert_eq!(watcher.recv().unwrap(), (31, Some(expected.clone())));
        assert_eq!(region.recv().unwrap(), (31, Some(expected)));
    }
}

#[test]
fn appends_and_reads_go_on_while_a_compaction_asks_and_a_second_one_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(open(directory.path()));
    fill(&store, 0..24);
    let inner = std::sync::Arc::clone(&store);
    let keeps = Box::new(move |event: &causeway::event::StoredEvent<serde_json::Value>| {
        let n = number(&event.event.payload).unwrap_or(0);
        if n < 24 {
            inner.append(&entity(n), KIND, &json!({ "n": 100 + n, "fill": "z".repeat(200) })).unwrap();
            assert!(inner.get(event.event.header.event_id).is_ok());
            let (second, report) = inner.compact(&CompactionConfig::default()).unwrap();
            let CompactionOutcome::Failed { reason } = second.outcome else { panic!("{second:?}") };
            assert_eq!(report.findings, [CompactionReportFinding::PreSwapRollback { reason }]);
        }
        n % 2 == 1
    });
    let config = CompactionConfig { strategy: CompactionStrategy::Tombstone(keeps), min_segments: 0 };
    performed(&store, &config);
    drop(config);
    let added = store.query(&Region::all()).len() as u64;
    assert_eq!(added, store.visible());
    assert!(verified(&store) > 5);
    let store = std::sync::Arc::try_unwrap(store).unwrap();
    let whole = everything(&store);
    store.close().unwrap();
    assert_eq!(everything(&open(directory.path()))[..whole.len()], whole[..]);
}

#[test]
fn fewer_sealed_segments_than_asked_for_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fill(&store, 0..24);
    let files = segments(directory.path());
    let config = CompactionConfig { strategy: CompactionStrategy::Merge, min_segments: files.len() };
    let (result, report) = store.compact(&config).unwrap();
    assert_eq!(result.outcome, CompactionOutcome::Skipped);
    assert_eq!((result.segments_removed, result.bytes_reclaimed), (0, 0));
    assert_eq!(segments(directory.path()), files);
    assert_eq!(report.strategy_shape, CompactionStrategyShape::Merge);
    assert_eq!((report.sealed_segment_count, report.min_segments_threshold), (files.len() - 1, files.len()));
    assert_eq!((report.merged_segment_id, report.output_segment_bytes_hash), (None, None));
    assert_eq!(report.input_segment_id_low, Some(0));
    let again = store.compact(&config).unwrap().1;
    let evidence = CompactionEvidenceReport::from_body(report.clone()).unwrap();
    assert_eq!(evidence.body_hash, again.body_hash().unwrap());
    assert_eq!(report.compaction_id, again.compaction_id);
}

#[test]
fn a_reader_in_another_place_moves_on_to_the_new_files_without_going_back() {
    for tombstone in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        fill(&store, 0..24);
        let interval = Duration::from_hours(1);
        let reader =
            Store::<ReadOnly>::open_read_only(config(directory.path()).with_follow_interval(interval))
                .unwrap();
        let receipts = fill(&store, 24..60);
        performed(&store, &without(tombstone, |n| n % 2 == 0));
        fill(&store, 60..80);
        // The reader has looked at nothing since, and the files that it knows are gone.
        assert_eq!(reader.event_at(1).is_ok(), tombstone);
        assert!(reader.get(store.event_at(2).unwrap().raw.header.event_id).is_ok());
        reader.refresh().unwrap();
        assert_eq!(everything(&reader), everything(&store));
        assert_eq!(verified(&reader), verified(&store));
        assert_eq!(reader.visible(), store.visible());
        assert_eq!(reader.take_rollback(), None);
        assert_eq!(reader.findings(), []);
        assert_eq!(
            reader.sequence_of(receipts[0].event_id).unwrap(),
            tombstone.then_some(receipts[0].sequence)
        );
    }
}

#[test]
fn receipts_of_removed_events_hold_and_so_does_the_merkle_root_of_a_fork() {
    for tombstone in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store");
        let store = open(&path);
        let receipts = fill(&store, 0..24);
        let before = store.fork(&home.path().join("before")).unwrap();
        performed(&store, &without(tombstone, |n| n % 2 == 0));
        assert!(receipts.iter().all(|receipt| store.verify_append_receipt(receipt)));
        let mut forged = receipts[2].clone();
        forged.content_hash[0] ^= 1;
        assert!(!store.verify_append_receipt(&forged));
        let after = store.fork(&home.path().join("after")).unwrap();
        assert_eq!((before.root, before.events), (after.root, after.events));
        let fork = open(&home.path().join("after"));
        fill(&fork, 24..48);
        let whole = everything(&fork);
        let (shared, removed) = (segments(fork.path()).len(), verified(&fork));
        performed(&fork, &without(tombstone, |n| n % 3 == 0));
        // A fork's own segments are never merged with those of its parent.
        assert!(shared > 4 && segments(fork.path()).len() > 2);
        assert!(verified(&fork) > removed);
        assert!(everything(&fork).iter().all(|event| whole.contains(event) || event.3.is_empty()));
    }
}

#[test]
fn an_export_leaves_out_what_was_removed() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    fill(&store, 0..24);
    performed(&store, &without(true, |n| n == 7));
    let mut lines = Vec::new();
    let written = store.export_jsonl(&Selection::default(), &mut lines).unwrap();
    assert_eq!(written, store.visible() - 1);
    assert!(!String::from_utf8(lines).unwrap().contains(&EventKind::TOMBSTONE.to_string()));
}
