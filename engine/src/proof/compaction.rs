//! Owns the tests of compaction beside damage and beside readers, and the step of a script that compacts.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde_json::json;

use crate::disk::memory::{MemoryDirectory, Operation};
use crate::disk::segment::{INDEX_SUFFIX, SEGMENT_SUFFIX, SegmentName};
use crate::disk::storage::Directory;
use crate::proof::oracle::{Notes, Oracle, dump};
use crate::proof::script::{KIND, Step, config, follow, open, stream_of};
use crate::store::segment::CompactionOutcome;
use crate::store::{
    CompactionConfig, CompactionStrategy, Open, RetentionPredicate, Selection, Store, StoreConfig,
    StoreError, VerifyLevel,
};

/// Compacts a store as a step of a script says, while an oracle takes notes.
pub(super) fn compact(store: &Store<Open>, step: Step, notes: &Notes) -> Result<(), StoreError> {
    notes.take(Oracle::begin_compaction);
    let without_multiples_of = |divisor: u64| -> RetentionPredicate {
        let notes = notes.clone();
        Box::new(move |event| {
            let n = event.event.payload["n"].as_u64().expect("events of a script are numbered");
            let is_kept = !n.is_multiple_of(divisor);
            if !is_kept {
                let chain = event.event.hash_chain.expect("what is stored is linked");
                notes.take(|oracle| oracle.refuse(n, chain.event_hash));
            }
            is_kept
        })
    };
    let strategy = match step {
        Step::Retain(divisor) => CompactionStrategy::Retention(without_multiples_of(divisor)),
        Step::Bury(divisor) => CompactionStrategy::Tombstone(without_multiples_of(divisor)),
        _ => CompactionStrategy::Merge,
    };
    let (result, _) = store.compact(&CompactionConfig { strategy, min_segments: 1 })?;
    match result.outcome {
        CompactionOutcome::Performed => notes.take(Oracle::end_compaction),
        CompactionOutcome::Skipped => {}
        CompactionOutcome::Failed { reason } => return Err(StoreError::Configuration(reason)),
    }
    Ok(())
}

fn small() -> StoreConfig {
    config(2, 1_000)
}

fn fill(store: &Store<Open>, numbers: std::ops::Range<u64>) {
    for n in numbers {
        store.append(&stream_of(n), KIND, &json!({ "n": n, "fill": "x".repeat(80) })).unwrap();
    }
}

fn bury_even() -> CompactionConfig {
    let keeps: RetentionPredicate = Box::new(|event| event.event.payload["n"].as_u64().unwrap() % 2 == 1);
    CompactionConfig { strategy: CompactionStrategy::Tombstone(keeps), min_segments: 0 }
}

fn segments(files: &BTreeMap<String, Vec<u8>>) -> Vec<SegmentName> {
    files.keys().filter_map(|name| SegmentName::parse(name)).collect()
}

#[test]
fn a_damaged_frame_is_copied_as_it_stands_and_told_and_what_surrounds_it_is_compacted() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, small()).unwrap();
    fill(&store, 0..40);
    let damaged = store.event_at(8).unwrap();
    let (place, segment) = (damaged.place, damaged.segment.to_string());
    store.close().unwrap();
    let file = directory.open_writable(&segment).unwrap();
    file.write_at(&[0xEE; 5], place.offset() + u64::from(place.length()) - 20).unwrap();
    let mut frame = vec![0; place.length() as usize];
    file.read_at(&mut frame, place.offset()).unwrap();

    let store = open(&directory, small()).unwrap();
    let (result, _) = store.compact(&bury_even()).unwrap();
    assert_eq!(result.outcome, CompactionOutcome::Performed);
    assert!(store.findings().iter().any(|finding| finding.message.contains("compaction kept them")));
    store.close().unwrap();
    let reader = follow(&directory, small()).unwrap();
    for sequence in 1..=40 {
        let event = reader.event_at(sequence);
        let n = sequence - 1;
        match event {
            Err(error) => assert!(sequence == 8 && error.is_one_event(), "{error} at {sequence}"),
            Ok(event) => {
                let sealed = event.place.segment_id() < segments(&directory.files()).last().unwrap().first;
                assert_eq!(event.removed.is_some(), sealed && n % 2 == 0, "{sequence}");
            }
        }
    }
    let holds = |bytes: &Vec<u8>| bytes.windows(frame.len()).any(|found| found == frame);
    assert!(directory.files().iter().any(|(name, bytes)| name.ends_with(SEGMENT_SUFFIX) && holds(bytes)));
}

#[test]
fn a_new_segment_whose_header_is_damaged_gives_way_to_what_it_was_made_of() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, small()).unwrap();
    fill(&store, 0..40);
    let (before, whole) = (directory.files(), dump(&store, "before"));
    store.compact(&bury_even()).unwrap();
    let merged = SegmentName { first: 0, generation: 1 }.to_string();
    let mut header = directory.files()[&merged].clone();
    header[50] ^= 1;

    let both = MemoryDirectory::new();
    for (name, bytes) in before.iter().chain([(&merged, &header)]).filter(|(name, _)| name.contains(".seg")) {
        both.create(name).unwrap().write_at(bytes, 0).unwrap();
    }
    assert_eq!(dump(&follow(&both, small()).unwrap(), "for reading"), whole);
    let store = open(&both, small()).unwrap();
    assert_eq!(dump(&store, "for writing"), whole);
    assert!(!both.files().contains_key(&merged));
    assert!(segments(&before).iter().all(|name| both.files().contains_key(&name.to_string())));
}

#[test]
fn an_index_whose_segment_was_replaced_goes_at_the_next_writable_opening() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, small()).unwrap();
    fill(&store, 0..40);
    let old = directory.files().keys().find(|name| name.ends_with(INDEX_SUFFIX)).unwrap().clone();
    let bytes = directory.files()[&old].clone();
    store.compact(&CompactionConfig::default()).unwrap();
    assert!(!directory.files().contains_key(&old));
    store.close().unwrap();
    directory.create(&old).unwrap().write_at(&bytes, 0).unwrap();
    drop(open(&directory, small()).unwrap());
    assert!(!directory.files().contains_key(&old));
}

#[test]
fn readers_beside_a_writer_that_compacts_see_consistent_prefixes_and_never_go_back() {
    const EVENTS: u64 = 400;
    let directory = MemoryDirectory::new();
    let store = open(&directory, small()).unwrap();
    let everything = Selection { removed: true, ..Selection::default() };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in (0..EVENTS).step_by(20) {
                fill(&store, n..n + 20);
                let (result, _) = store.compact(&bury_even()).unwrap();
                assert_eq!(result.outcome, CompactionOutcome::Performed);
            }
        });
        for _ in 0..2 {
            scope.spawn(|| {
                let reader = follow(&directory, small()).unwrap();
                let mut seen = 0;
                while seen <= EVENTS {
                    reader.refresh().unwrap();
                    // A read that finds a file replaced takes in what was written meanwhile: the end may move under it.
                    let mut next = 0;
                    for (sequence, event) in reader.read_selected(&everything, 0..u64::MAX) {
                        let event = event.unwrap();
                        assert_eq!(sequence, next);
                        let is_even = sequence % 2 == 1;
                        let n = crate::encoding::to_json(&event.raw.payload)
                            .ok()
                            .and_then(|json| json["n"].as_u64());
                        assert!(
                            sequence == 0 || n == Some(sequence - 1) || event.removed.is_some() && is_even
                        );
                        next += 1;
                    }
                    let report =
                        reader.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
                    assert!(report.holds() && report.events >= next, "{:?}", report.findings);
                    assert!(next >= seen, "{next} after {seen}");
                    seen = next;
                }
                assert_eq!(reader.take_rollback(), None);
            });
        }
        scope.spawn(|| {
            while store.visible() < EVENTS {
                let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
                assert!(report.holds(), "{:?}", report.findings);
                assert!(store.read_range(0..u64::MAX).all(|(_, event)| event.is_ok()));
            }
        });
    });
}

#[test]
fn an_old_segment_goes_only_when_the_bytes_and_the_names_of_new_ones_are_durable() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, small()).unwrap();
    fill(&store, 0..40);
    let before = directory.operations().len();
    store.compact(&bury_even()).unwrap();
    let operations = directory.operations().split_off(before);
    let first = |is: &dyn Fn(&Operation) -> bool| operations.iter().position(is).expect("it was done");
    let merged = SegmentName { first: 0, generation: 1 };
    let written =
        first(&|operation| matches!(operation, Operation::Sync { name } if *name == merged.temporary_name()));
    let named =
        first(&|operation| matches!(operation, Operation::RenameNew { to, .. } if *to == merged.to_string()));
    let synced = named
        + operations[named..].iter().position(|operation| *operation == Operation::SyncDirectory).unwrap();
    let removed =
        first(&|operation| matches!(operation, Operation::Remove { name } if name.ends_with(SEGMENT_SUFFIX)));
    assert!(written < named && named < synced && synced < removed, "{operations:?}");
    let last = operations.iter().rposition(|operation| *operation == Operation::SyncDirectory);
    assert!(last.is_some_and(|last| last > removed), "removals are made durable too");
}
