//! Owns the tests of readers: they change nothing, and they keep up with whatever a writer does.

use std::ops::ControlFlow;

use serde_json::json;

use crate::coordinate::Region;
use crate::disk::memory::{CrashImage, MemoryDirectory};
use crate::disk::segment::SEGMENT_SUFFIX;
use crate::disk::storage::Directory;
use crate::proof::oracle::{dump, shown};
use crate::proof::script::{KIND, config, follow, open, stream_of};
use crate::store::{AppendOptions, BatchAppendItem, CausationRef, Open, Store, StoreConfig, VerifyLevel};
use crate::words::sync::Arc;

fn small() -> StoreConfig {
    config(2, 1_000)
}

fn fill(store: &Store<Open>, numbers: std::ops::Range<u64>) {
    for n in numbers {
        store.append(&stream_of(n), KIND, &json!({ "n": n, "fill": "x".repeat(80) })).unwrap();
    }
}

fn names(directory: &MemoryDirectory) -> Vec<String> {
    directory.files().into_keys().collect()
}

#[test]
fn a_reader_creates_writes_and_locks_nothing() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, small()).unwrap();
    fill(&store, 0..30);
    for image in [CrashImage::Kill, CrashImage::Torn] {
        let left = directory.crash(image);
        let before = left.files();
        let reader = follow(&left, small()).unwrap();
        assert!(reader.visible() > 25);
        for _ in 0..3 {
            reader.refresh().unwrap();
        }
        assert!(!reader.query(&crate::coordinate::Region::all()).is_empty());
        drop(reader);
        assert!(left.operations().iter().all(crate::disk::memory::Operation::only_reads));
        assert_eq!(left.files(), before);
    }
}

#[test]
fn a_reader_keeps_up_with_rotation_close_and_reopening() {
    let directory = MemoryDirectory::new();
    let mut store = open(&directory, small()).unwrap();
    fill(&store, 0..1);
    let reader = follow(&directory, small()).unwrap();
    for round in 0..40_u64 {
        fill(&store, round * 5 + 1..round * 5 + 6);
        if round % 7 == 6 {
            store.close().unwrap();
            reader.refresh().unwrap();
            store = open(&directory, small()).unwrap();
        }
        if round % 3 == 0 {
            reader.refresh().unwrap();
            assert_eq!(dump(&reader, "follower"), dump(&store, "writer"), "round {round}");
        }
    }
    reader.refresh().unwrap();
    assert_eq!(reader.visible(), store.visible());
    assert_eq!(reader.take_rollback(), None);
    assert!(names(&directory).iter().filter(|name| name.ends_with(SEGMENT_SUFFIX)).count() > 10);
}

#[test]
fn a_group_is_shown_when_it_is_whole_and_not_before() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(1, 1 << 16)).unwrap();
    fill(&store, 0..2);
    let item = |n: u64| {
        let payload = json!({ "n": n });
        BatchAppendItem::new(stream_of(n), KIND, &payload, AppendOptions::new(), CausationRef::None).unwrap()
    };
    let receipts = store.append_batch((2..6).map(item).collect()).unwrap();
    let (start, last) = (receipts[0].disk_pos().offset(), receipts[3].disk_pos());
    let end = last.offset() + u64::from(last.length());
    let name = names(&directory).into_iter().find(|name| name.ends_with(SEGMENT_SUFFIX)).unwrap();
    let whole = directory.files()[&name].clone();

    let copy = MemoryDirectory::new();
    let file = copy.create(&name).unwrap();
    file.write_at(&whole[..start as usize], 0).unwrap();
    let reader = follow(&copy, config(1, 1 << 16)).unwrap();
    for written in start..=end {
        file.write_at(&whole[start as usize..written as usize], start).unwrap();
        reader.refresh().unwrap();
        assert_eq!(reader.visible(), if written < end { 3 } else { 7 }, "{written} of {end} bytes");
    }
}

#[test]
fn a_reader_goes_back_with_a_recovery_that_cut_what_it_had_shown() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(u32::MAX, 1 << 16)).unwrap();
    fill(&store, 0..4);
    store.sync().unwrap();
    fill(&store, 4..8);
    let left = directory.crash(CrashImage::Kill);
    let reader = follow(&left, config(1, 1 << 16)).unwrap();
    assert_eq!(reader.visible(), 9);
    let subscription = reader.subscribe_lossy(&Region::all());
    // The power fails: of the last four events two are torn.
    let place = store.event_at(7).unwrap().place;
    let name = names(&left).into_iter().find(|name| name.ends_with(SEGMENT_SUFFIX)).unwrap();
    left.open_writable(&name).unwrap().write_at(&[0xAA; 40], place.offset() + 20).unwrap();
    let writer = open(&left, config(1, 1 << 16)).unwrap();
    fill(&writer, 100..103);
    reader.refresh().unwrap();
    assert_eq!(reader.take_rollback(), Some(7));
    assert_eq!(subscription.try_recv().unwrap().unwrap().sequence, 7, "what came in their place is told");
    assert_eq!(dump(&reader, "reader"), dump(&writer, "writer"));
    assert!(reader.findings().iter().any(|finding| finding.message.contains("read again from sequence 7")));
}

#[test]
fn readers_beside_a_writer_see_consistent_prefixes_only() {
    const EVENTS: u64 = 600;
    let directory = MemoryDirectory::new();
    let store = open(&directory, small()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| fill(&store, 0..EVENTS));
        for _ in 0..2 {
            scope.spawn(|| {
                let reader = follow(&directory, small()).unwrap();
                let mut seen = 0;
                while seen < EVENTS as usize {
                    reader.refresh().unwrap();
                    let report = reader.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(()));
                    let report = report.unwrap();
                    // The segments hold more by now than the reader shows.
                    assert!(report.holds() && report.events >= reader.visible(), "{report:?}");
                    let dump = shown(&reader, "beside a writer");
                    assert!(dump.iter().map(|(n, _)| *n).eq(0..dump.len() as u64));
                    assert!(dump.len() >= seen, "{} after {seen}", dump.len());
                    seen = dump.len();
                }
            });
        }
    });
    let _keeps: Arc<MemoryDirectory> = directory;
}
