//! Owns the tests of single rules of durability, each at the instant at which it matters.

use std::io::ErrorKind;

use serde_json::json;

use crate::disk::memory::{CrashImage, MemoryDirectory, Operation};
use crate::disk::segment::{SEGMENT_SUFFIX, SegmentName, TEMPORARY_SUFFIX};
use crate::disk::storage::{Directory, LOCK_NAME};
use crate::disk::unfinished::Place;
use crate::proof::beside::tear;
use crate::proof::oracle::{dump, shown};
use crate::proof::script::{KIND, config, follow, open, stream_of};
use crate::store::{CompactionConfig, Open, Store, StoreError};
use crate::words::sync::Arc;

fn append(store: &Store<Open>, n: u64) -> Result<(), StoreError> {
    store.append(&stream_of(n), KIND, &json!({ "n": n })).map(drop)
}

/// The bytes of the newest segment, without the zeros at its end.
fn newest(directory: &MemoryDirectory) -> Vec<u8> {
    let mut files = directory.files();
    files.retain(|name, _| name.ends_with(SEGMENT_SUFFIX));
    let mut bytes = files.pop_last().unwrap().1;
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1));
    bytes
}

#[test]
fn a_write_that_fails_is_cut_back_and_the_next_one_takes_its_place() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(u32::MAX, 1 << 20)).unwrap();
    append(&store, 0).unwrap();
    let before = newest(&directory);
    directory.fail_call(directory.calls() + 1, ErrorKind::StorageFull, false);
    assert!(matches!(append(&store, 1), Err(StoreError::Io(_))));
    assert_eq!(newest(&directory), before, "half of the frame is gone");
    append(&store, 2).unwrap();
    drop(store);
    let store = open(&directory.crash(CrashImage::Kill), config(u32::MAX, 1 << 20)).unwrap();
    assert_eq!(dump(&store, "after it").iter().map(|(n, _)| *n).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(store.open_report().cut_bytes, 0);
}

#[test]
fn nothing_more_is_committed_once_a_failed_write_cannot_be_undone() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(u32::MAX, 1 << 20)).unwrap();
    directory.fail_call(directory.calls() + 1, ErrorKind::StorageFull, true);
    assert!(matches!(append(&store, 1), Err(StoreError::Io(_))));
    let left = directory.crash(CrashImage::Kill);
    for _ in 0..2 {
        assert!(matches!(append(&store, 2), Err(StoreError::Poisoned { .. })));
    }
    let store = open(&left, config(u32::MAX, 1 << 20)).unwrap();
    assert!(dump(&store, "after it").is_empty());
    append(&store, 3).unwrap();
}

#[test]
fn what_is_cut_is_in_quarantine_before_as_a_whole_though_a_recovery_died_while_it_wrote_it() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(1, 1 << 20)).unwrap();
    append(&store, 0).unwrap();
    drop(store);
    tear(&directory).unwrap();
    // The name that the bytes will have, with nothing in the file yet.
    let recovered = directory.crash(CrashImage::Kill);
    drop(open(&recovered, config(1, 1 << 20)).unwrap());
    let whole = recovered.files().into_iter().find(|(name, _)| name.starts_with("quarantine/")).unwrap();
    let quarantine = directory.create_subdirectory("quarantine").unwrap();
    quarantine.create(whole.0.strip_prefix("quarantine/").unwrap()).unwrap();
    let store = open(&directory, config(1, 1 << 20)).unwrap();
    assert!(store.open_report().cut_bytes > 0);
    assert_eq!(directory.files()[&whole.0], whole.1);
    let operations = directory.operations();
    let last = |is: &dyn Fn(&Operation) -> bool| operations.iter().rposition(is).unwrap();
    let is_whole = |name: &str| whole.0.ends_with(name.trim_end_matches(TEMPORARY_SUFFIX));
    let synced = last(&|operation| matches!(operation, Operation::Sync { name } if is_whole(name)));
    let cut = last(
        &|operation| matches!(operation, Operation::SetLen { name, .. } if name.ends_with(SEGMENT_SUFFIX)),
    );
    assert!(synced < cut, "{operations:?}");
}

#[test]
fn a_newest_segment_that_is_empty_or_short_is_set_aside_and_begun_again() {
    for len in [0, 1, 50] {
        let directory = MemoryDirectory::new();
        let store = open(&directory, config(1, 600)).unwrap();
        (0..4).for_each(|n| append(&store, n).unwrap());
        let whole = dump(&store, "before");
        let end = store.visible();
        store.close().unwrap();
        let name = SegmentName { first: end + 1, generation: 0 }.to_string();
        directory.create(&name).unwrap().write_at(&vec![0xEE; len], 0).unwrap();
        let store = open(&directory, config(1, 600)).unwrap();
        assert_eq!(dump(&store, "after it"), whole, "{len} bytes");
        append(&store, 9).unwrap();
        let aside = directory.files().into_iter().find(|(file, _)| file.starts_with("quarantine/"));
        assert_eq!(aside.map(|(_, bytes)| bytes), Some(vec![0xEE; len]));
    }
}

#[test]
fn a_writer_whose_lock_file_was_replaced_writes_nothing_that_it_would_call_durable() {
    type Act = fn(&Store<Open>) -> Result<(), StoreError>;
    let acts: [Act; 2] = [|store| append(store, 7), Store::sync];
    for (every, act) in [1, u32::MAX].into_iter().zip(acts) {
        let directory = MemoryDirectory::new();
        let store = open(&directory, config(every, 1 << 20)).unwrap();
        append(&store, 0).unwrap();
        directory.remove(LOCK_NAME).unwrap();
        let before = newest(&directory);
        assert!(matches!(act(&store), Err(StoreError::Poisoned { .. })));
        assert!(matches!(append(&store, 8), Err(StoreError::Poisoned { .. })));
        assert_eq!(newest(&directory), before);
        // Whoever has the lock now is not disturbed.
        let other = open(&directory, config(every, 1 << 20)).unwrap();
        append(&other, 9).unwrap();
        drop(store);
        assert_eq!(dump(&other, "the other writer").len(), 2);
    }
}

#[test]
fn an_old_segment_goes_after_the_names_of_new_ones_are_durable_though_a_compaction_died_before() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(1, 600)).unwrap();
    (0..12).for_each(|n| append(&store, n).unwrap());
    let old: Vec<_> =
        directory.files().into_iter().filter(|(name, _)| name.ends_with(SEGMENT_SUFFIX)).collect();
    store.compact(&CompactionConfig::default()).unwrap();
    store.close().unwrap();
    // As if the compaction had died before it removed what it replaced.
    for (name, bytes) in &old {
        if directory.open(name).is_err() {
            directory.create(name).unwrap().write_at(bytes, 0).unwrap();
        }
    }
    let before = directory.operations().len();
    drop(open(&directory, config(1, 600)).unwrap());
    let operations = directory.operations().split_off(before);
    let first = |is: &dyn Fn(&Operation) -> bool| operations.iter().position(is).unwrap();
    let removed =
        first(&|operation| matches!(operation, Operation::Remove { name } if name.ends_with(SEGMENT_SUFFIX)));
    let synced = first(&|operation| *operation == Operation::SyncDirectory);
    assert!(synced < removed, "{operations:?}");
}

#[test]
fn an_epoch_lasts_until_something_may_be_lost() {
    let epoch_after = |close: bool, image: CrashImage| {
        let directory = MemoryDirectory::new();
        let store = open(&directory, config(u32::MAX, 1 << 20)).unwrap();
        append(&store, 0).unwrap();
        if close {
            store.close().unwrap();
        } else {
            drop(store);
        }
        let store = open(&directory.crash(image), config(u32::MAX, 1 << 20)).unwrap();
        store.append(&stream_of(1), KIND, &1).unwrap().epoch()
    };
    for image in CrashImage::ALL {
        assert_eq!(epoch_after(true, image), 1, "closed, then {image:?}");
        let is_certain = image == CrashImage::Kill;
        assert_eq!(epoch_after(false, image), 2 - u64::from(is_certain), "not closed, then {image:?}");
    }
}

fn forked(above: &Arc<MemoryDirectory>) -> Place {
    Place { above: Arc::<MemoryDirectory>::clone(above), name: "forked".to_owned(), path: "forked".into() }
}

#[test]
fn a_fork_that_lost_its_own_segments_is_read_and_not_written() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(1, 600)).unwrap();
    (0..6).for_each(|n| append(&store, n).unwrap());
    let end = store.visible();
    let report = store.fork_to(&forked(&directory)).unwrap();
    let fork = directory.below("forked").unwrap();
    let own = SegmentName { first: end, generation: 0 }.to_string();

    // Its header alone is damaged: what says beside it whose it is is believed.
    let file = fork.open_writable(&own).unwrap();
    file.write_at(&[0xEE], 20).unwrap();
    let again = open(&fork, config(1, 600)).unwrap();
    assert_eq!(again.identity(), report.identity);
    append(&again, 6).unwrap();
    drop(again);

    for name in
        fork.files().into_keys().filter(|name| SegmentName::parse(name).is_some_and(|name| name.first >= end))
    {
        fork.remove(&name).unwrap();
    }
    let shared = directory.files();
    let refused = open(&fork, config(1, 600)).err().unwrap();
    assert!(refused.to_string().contains(&report.identity), "{refused}");
    assert_eq!(directory.files().len(), shared.len());
    assert!(
        shared.iter().all(|(name, bytes)| name.ends_with(LOCK_NAME) || directory.files()[name] == *bytes)
    );
    let reader = follow(&fork, config(1, 600)).unwrap();
    assert_eq!(shown(&reader, "for reading"), dump(&store, "the parent"));
    assert!(reader.findings().iter().any(|finding| finding.to_string().contains(&report.identity)));
}

#[test]
fn a_fork_that_lost_the_first_of_its_own_segments_goes_on_as_itself() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(1, 600)).unwrap();
    (0..3).for_each(|n| append(&store, n).unwrap());
    let end = store.visible();
    let report = store.fork_to(&forked(&directory)).unwrap();
    let below = directory.below("forked").unwrap();
    let fork = open(&below, config(1, 600)).unwrap();
    (3..12).for_each(|n| append(&fork, n).unwrap());
    fork.close().unwrap();
    below.remove(&SegmentName { first: end, generation: 0 }.to_string()).unwrap();
    let fork = open(&below, config(1, 600)).unwrap();
    assert_eq!(fork.identity(), report.identity);
    assert!(fork.open_report().damaged_events > 0);
    append(&fork, 12).unwrap();
}
