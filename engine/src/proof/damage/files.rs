//! Owns the tests of files that are missing, foreign, forged or followed by garbage.

use std::ops::ControlFlow;

use serde_json::json;

use super::{Files, SEGMENT_BYTES, directory_of};
use crate::disk::frame::{Mark, MarkPurpose};
use crate::disk::memory::MemoryDirectory;
use crate::disk::segment::{INDEX_SUFFIX, SEGMENT_SUFFIX, SegmentHeader, SegmentName};
use crate::disk::storage::Directory;
use crate::proof::oracle::Dump;
use crate::proof::script::{KIND, config, follow, open, stream_of};
use crate::store::{
    AppendOptions, BatchAppendItem, CausationRef, Store, StoreError, StoreState, VerifyLevel,
};

/// A small store that was closed, or dropped with `is_closed` false: a few segments, a batch, indexes.
pub(in crate::proof) fn small_store(is_closed: bool) -> (Files, Dump) {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(2, SEGMENT_BYTES)).unwrap();
    for n in 0..12_u64 {
        store.append(&stream_of(n), KIND, &json!({ "n": n, "fill": "x".repeat(60) })).unwrap();
    }
    let item = |n: u64| {
        let payload = json!({ "n": n });
        BatchAppendItem::new(stream_of(n), KIND, &payload, AppendOptions::new(), CausationRef::None).unwrap()
    };
    store.append_batch((12..16).map(item).collect()).unwrap();
    store.append(&stream_of(16), KIND, &json!({ "n": 16 })).unwrap();
    let dump = readable(&store);
    if is_closed {
        store.close().unwrap();
    } else {
        drop(store);
    }
    (directory.files(), dump)
}

/// The events that can be read, the store's own left out; each must be what it says.
pub(in crate::proof) fn readable<State: StoreState>(store: &Store<State>) -> Dump {
    let mut dump = Dump::new();
    for (sequence, event) in store.read_range(0..u64::MAX) {
        let event = match event {
            Ok(event) => event,
            Err(error) => {
                assert!(error.is_one_event(), "{error}");
                continue;
            }
        };
        assert_eq!(event.raw.global_sequence, sequence);
        assert_eq!(crate::event::hash::compute_hash(&event.raw.payload), event.raw.header.content_hash);
        if !event.raw.header.event_kind.is_reserved() {
            let payload = crate::encoding::to_json(&event.raw.payload).unwrap();
            dump.push((payload["n"].as_u64().unwrap(), event.raw.event_hash));
        }
    }
    dump
}

/// True if the store knows that something is wrong.
fn is_told<State: StoreState>(store: &Store<State>) -> bool {
    let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
    !report.holds() || !store.findings().is_empty()
}

/// Opens for reading, for writing, after the death of that writer, and for writing again. Every opening must work and show events
/// of the original only; returns what the first and the last one show, and whether the first one tells of damage.
fn open_all(files: &Files, context: &str) -> (Dump, Dump, bool) {
    let directory = directory_of(files);
    let reader = follow(&directory, config(2, SEGMENT_BYTES));
    let reader = reader.unwrap_or_else(|error| panic!("{context}: for reading: {error}"));
    let (read, told) = (readable(&reader), is_told(&reader));
    drop(reader);
    assert_eq!(directory.files(), *files, "{context}: reading changed something");
    for opening in 1..=2 {
        let store = open(&directory, config(2, SEGMENT_BYTES));
        let store = store.unwrap_or_else(|error| panic!("{context}: opening {opening}: {error}"));
        let receipt = store.append(&stream_of(1), KIND, &json!({ "n": 1_000 + opening })).unwrap();
        assert!(store.event_at(receipt.sequence).is_ok(), "{context}");
        drop(store);
    }
    let store = open(&directory, config(2, SEGMENT_BYTES)).unwrap();
    let mut written = readable(&store);
    let added: Vec<u64> = written.iter().map(|(n, _)| *n).filter(|n| *n >= 1_000).collect();
    assert_eq!(added, [1_001, 1_002], "{context}: what was appended behind the damage");
    written.retain(|(n, _)| *n < 1_000);
    (read, written, told)
}

/// Everything in `part` is in `whole`, in the same order; returns how many are missing.
fn missing(part: &Dump, whole: &Dump, context: &str) -> usize {
    let mut rest = whole.iter();
    for event in part {
        assert!(
            rest.any(|other| other == event),
            "{context}: {event:?} was never written, or stands elsewhere"
        );
    }
    whole.len() - part.len()
}

#[test]
fn an_index_that_is_missing_stale_or_of_another_segment_is_made_anew() {
    let (files, whole) = small_store(true);
    let indexes: Vec<&String> = files.keys().filter(|name| name.ends_with(INDEX_SUFFIX)).collect();
    assert!(indexes.len() > 2);
    for name in &indexes {
        let mut changed = files.clone();
        changed.remove(*name);
        assert_eq!(open_all(&changed, &format!("without {name}")).0, whole);
        for other in &indexes {
            changed.insert((*name).clone(), files[*other].clone());
            assert_eq!(open_all(&changed, &format!("{other} as {name}")).0, whole);
        }
    }
    let (other_store, _) = small_store(true);
    let mut changed = files.clone();
    changed.insert(indexes[0].clone(), other_store[indexes[0]].clone());
    assert_eq!(open_all(&changed, "an index of another store").0, whole);
}

#[test]
fn a_missing_segment_leaves_a_hole_that_is_told_and_the_rest_stays_readable() {
    let (files, whole) = small_store(true);
    let segments: Vec<&String> = files.keys().filter(|name| name.ends_with(SEGMENT_SUFFIX)).collect();
    for name in &segments {
        let mut changed = files.clone();
        changed.remove(*name);
        let (read, written, told) = open_all(&changed, name);
        assert!(missing(&read, &whole, name) > 0 && told, "{name}");
        assert_eq!(read, written);
    }
    let mut far = files.clone();
    let last = segments.last().unwrap();
    far.insert("08999999999999999999-0.seg".to_owned(), files[*last].clone());
    let (read, _, told) = open_all(&far, "a segment that claims to be far away");
    assert!(told && read.len() == whole.len());
}

#[test]
fn garbage_behind_the_end_is_kept_in_quarantine_and_zeros_are_not() {
    let (files, whole) = small_store(false);
    let newest = files.keys().rfind(|name| name.ends_with(SEGMENT_SUFFIX)).unwrap().clone();
    for garbage in [&[0_u8; 100][..], b"garbage", &[0xFF; 5000], &[0, 0, 0, 0, 1]] {
        let mut changed = files.clone();
        let bytes = changed.get_mut(&newest).unwrap();
        bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1);
        bytes.extend_from_slice(garbage);
        let directory = directory_of(&changed);
        let store = open(&directory, config(2, SEGMENT_BYTES)).unwrap();
        assert_eq!(readable(&store), whole);
        let is_garbage = garbage.iter().any(|byte| *byte != 0);
        assert_eq!(store.open_report().cut_bytes > 0, is_garbage);
        let kept: Vec<Vec<u8>> = directory
            .files()
            .into_iter()
            .filter(|(name, _)| name.starts_with("quarantine/"))
            .map(|(_, bytes)| bytes)
            .collect();
        assert_eq!(kept.len(), usize::from(is_garbage));
        assert!(kept.iter().all(|kept| kept == garbage));
    }
}

#[test]
fn frames_forged_inside_a_payload_stay_a_payload() {
    let (files, _) = small_store(true);
    let newest = files.keys().rfind(|name| name.ends_with(SEGMENT_SUFFIX)).unwrap();
    let forged: String = files[newest].iter().map(|byte| char::from(*byte)).collect();
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(1, 8_000)).unwrap();
    for n in 0..5_u64 {
        store.append(&stream_of(n), KIND, &json!({ "n": n, "fill": forged })).unwrap();
    }
    let whole = readable(&store);
    drop(store);
    let files = directory.files();
    let name = files.keys().find(|name| name.ends_with(SEGMENT_SUFFIX)).unwrap().clone();
    for byte in (84..files[&name].len()).step_by(61) {
        let mut flipped = files.clone();
        flipped.get_mut(&name).unwrap()[byte] ^= 0x10;
        let context = format!("byte {byte}");
        let (read, _, _) = open_all(&flipped, &context);
        assert!(missing(&read, &whole, &context) <= 1, "{context}");
    }
}

#[test]
fn of_segments_that_overlap_the_highest_generation_counts_and_the_other_goes_at_the_next_writable_opening() {
    let (mut files, whole) = small_store(true);
    let name = files.keys().find(|name| name.ends_with(SEGMENT_SUFFIX)).unwrap().clone();
    let replaced = SegmentName::parse(&name).unwrap();
    let next = files.keys().filter_map(|name| SegmentName::parse(name)).nth(1).unwrap();
    let directory = directory_of(&files);
    let (header, frames_at) = SegmentHeader::read(&*directory.open(&name).unwrap()).unwrap();
    let newer = SegmentHeader { generation: 1, replaced: Some((replaced.first, next.first)), ..header };
    let mut bytes = newer.encode();
    bytes.extend_from_slice(&files[&name][frames_at as usize..]);
    files.insert(newer.name().to_string(), bytes);
    let directory = directory_of(&files);
    assert_eq!(readable(&follow(&directory, config(2, SEGMENT_BYTES)).unwrap()), whole);
    assert!(directory.files().contains_key(&name));
    assert_eq!(readable(&open(&directory, config(2, SEGMENT_BYTES)).unwrap()), whole);
    assert!(!directory.files().contains_key(&name));
}

#[test]
fn a_newer_format_is_refused_by_name_and_untouched() {
    let (mut files, _) = small_store(true);
    let name = files.keys().find(|name| name.ends_with(SEGMENT_SUFFIX)).unwrap().clone();
    let header = files.get_mut(&name).unwrap();
    header[8] = 2;
    let len = u32::from_le_bytes(header[12..16].try_into().unwrap()) as usize;
    let crc = crc32fast::hash(&header[..len - 4]).to_le_bytes();
    header[len - 4..len].copy_from_slice(&crc);
    let directory = directory_of(&files);
    let refused = open(&directory, config(2, SEGMENT_BYTES)).err().unwrap();
    assert!(matches!(refused, StoreError::NewerFormat { found: 2, supported: 1, .. }), "{refused}");
    files.insert("lock".to_owned(), directory.files()["lock"].clone());
    assert_eq!(directory.files(), files);
}

#[test]
fn bytes_in_quarantine_are_whole_whatever_part_of_them_a_crash_left_there_before() {
    let (mut files, _) = small_store(false);
    let newest = files.keys().rfind(|name| name.ends_with(SEGMENT_SUFFIX)).unwrap().clone();
    let bytes = files.get_mut(&newest).unwrap();
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1);
    bytes.extend_from_slice(&[0xAB; 3_000]);
    let kept = |directory: &MemoryDirectory| {
        directory.files().into_iter().find(|(name, _)| name.starts_with("quarantine/")).unwrap()
    };
    let directory = directory_of(&files);
    drop(open(&directory, config(2, SEGMENT_BYTES)).unwrap());
    let whole = kept(&directory);
    for left in [&[][..], &[0xAB; 1_500], &[0; 3_000]] {
        let directory = directory_of(&files);
        let quarantine = directory.create_subdirectory("quarantine").unwrap();
        let file = quarantine.create(whole.0.strip_prefix("quarantine/").unwrap()).unwrap();
        file.write_at(left, 0).unwrap();
        drop(open(&directory, config(2, SEGMENT_BYTES)).unwrap());
        assert_eq!(kept(&directory), whole, "{} bytes were left", left.len());
    }
}

#[test]
fn events_that_a_disk_wrote_a_second_time_behind_a_bad_spot_are_shown_once() {
    let (files, whole) = small_store(true);
    let name = files.keys().find(|name| name.ends_with(SEGMENT_SUFFIX)).unwrap().clone();
    let mut stale = files.clone();
    let header_len = u32::from_le_bytes(files[&name][12..16].try_into().unwrap()) as usize;
    let again = files[&name][header_len..].to_vec();
    // A mark and a catalogue have no sequence that would tell that they are old; what follows them has.
    let mut mark = Vec::new();
    Mark { synced_through: 0, purpose: MarkPurpose::Sealed }.encode(&mut mark);
    let bytes = stale.get_mut(&name).unwrap();
    bytes.extend_from_slice(&[0x3F; 5]);
    bytes.extend_from_slice(&mark);
    bytes.extend_from_slice(&again);
    let (read, _, _) = open_all(&stale, "events written a second time");
    assert_eq!(missing(&read, &whole, "events written a second time"), 0);
}

#[test]
fn a_damaged_index_of_a_segment_that_grew_since_is_made_anew_as_far_as_it_went() {
    let (files, _) = small_store(true);
    let name = files.keys().rfind(|name| name.ends_with(INDEX_SUFFIX)).unwrap().clone();
    for byte in (400..files[&name].len()).step_by(7) {
        let mut flipped = files.clone();
        flipped.get_mut(&name).unwrap()[byte] ^= 1;
        let directory = directory_of(&flipped);
        let store = open(&directory, config(2, 1 << 20)).unwrap();
        for n in 20..26 {
            store.append(&stream_of(n), KIND, &json!({ "n": n })).unwrap();
        }
        for n in 0..3 {
            let entity = stream_of(n);
            let found: Vec<u64> = store
                .by_entity(entity.entity())
                .iter()
                .map(crate::store::IndexEntry::global_sequence)
                .collect();
            assert!(found.is_sorted_by(|one, other| one < other), "byte {byte}: {found:?}");
        }
        store.close().unwrap();
        let reader = follow(&directory, config(2, 1 << 20)).unwrap();
        let report = reader.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
        assert!(report.holds(), "byte {byte}: {:?}", report.findings);
    }
}
