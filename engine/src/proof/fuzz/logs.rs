//! Owns the targets of the log: a frame, a segment, the index beside one, and whole directories.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::path::Path;

use serde_json::json;

use crate::disk::frame::{self, CatalogueFrame, EventFrame, Record, looks_like_frame};
use crate::disk::memory::MemoryDirectory;
use crate::disk::segment::{SegmentHeader, SegmentName};
use crate::disk::storage::Directory;
use crate::memory::cache::SectionCache;
use crate::memory::live::LivePart;
use crate::memory::sealed::{SealedPart, Tag, encode};
use crate::memory::survey::{Segment, remade_index, survey};
use crate::proof::fuzz::samples;
use crate::proof::script::{KIND, config, follow, open, stream_of};
use crate::store::{Selection, Store, StoreError, StoreState, VerifyLevel};
use crate::words::sync::Arc;

/// The frame of a record, written again.
fn encoded(record: &Record<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    match record {
        Record::Event(view) => {
            let frame = EventFrame {
                global_sequence: view.global_sequence,
                // A point behind the event is one that no distance says.
                synced_through: view.synced_through.unwrap_or(u64::MAX),
                remaining: view.remaining,
                header: &view.header(0),
                payload_form: view.payload_form,
                event_hash: view.event_hash,
                entity: view.entity,
                scope: view.scope,
                extensions: &view.extensions.to_extensions(),
                payload: view.payload,
            };
            frame.encode(&mut out);
        }
        Record::Stub(stub) => stub.encode(&mut out),
        Record::Catalogue { synced_through, description } => {
            CatalogueFrame { synced_through: *synced_through, description }.encode(&mut out);
        }
        Record::Mark(mark) => mark.encode(&mut out),
    }
    out
}

/// A frame that is read says the same when it is written again, in no more bytes, and a search for frames finds it.
pub(super) fn frame(bytes: &[u8]) {
    let Ok(record) = frame::decode(bytes) else { return };
    let sequence = record.global_sequence().unwrap_or_default();
    if sequence == u64::MAX {
        // No point lies behind it, so that it cannot be written without one.
        return;
    }
    assert!(looks_like_frame(&bytes[..bytes.len().min(22)], bytes.len() as u64, sequence));
    let again = encoded(&record);
    assert!(again.len() <= bytes.len());
    assert_eq!(frame::decode(&again).as_ref(), Ok(&record));
    if !matches!(record, Record::Event(_)) {
        assert_eq!(again, bytes);
    }
}

pub(super) fn put(directory: &MemoryDirectory, name: &str, bytes: &[u8]) {
    directory.create(name).unwrap().write_at(bytes, 0).unwrap();
}

/// Bytes that may be read for each byte that is there, and besides: whatever a file says, reading it costs what it is long.
const READS_PER_BYTE: usize = 64;
const READS_BESIDES: usize = 8 << 20;

/// Panics if more was read from a directory than its files can ask for.
fn check_cost(directory: &MemoryDirectory, len: usize) {
    let read = directory.bytes_asked_for();
    assert!(read <= (len * READS_PER_BYTE + READS_BESIDES) as u64, "{read} bytes were read of {len}");
}

/// A segment is walked to its end over all damage; what is shown lies in it, in order, and the index that is made agrees with it.
pub(super) fn segment(bytes: &[u8]) {
    let directory = MemoryDirectory::new();
    let name = SegmentName { first: 0, generation: 0 };
    put(&directory, &name.to_string(), bytes);
    let header = SegmentHeader::read(&*directory.open(&name.to_string()).unwrap());
    if let Ok((header, len)) = &header {
        let again = header.encode();
        assert!(again.len() as u64 <= *len);
        if again.len() as u64 == *len {
            assert_eq!(again, bytes[..again.len()], "a header is written as it was read");
        }
    }
    let found = survey(&*directory, Path::new("memory"));
    let found = match found {
        Ok(found) => found,
        Err(StoreError::NewerFormat { .. }) => return,
        Err(StoreError::DataDirMalformed { .. } | StoreError::CorruptSegment { .. }) if header.is_err() => {
            return;
        }
        Err(error) => panic!("{error}"),
    };
    if let Some(segment) = found.segments.first() {
        walk_of(segment, bytes);
    }
    check_cost(&directory, bytes.len());
}

fn walk_of(segment: &Segment, bytes: &[u8]) {
    let mut shown = BTreeMap::new();
    let mut behind = segment.frames_at;
    let made = remade_index(segment, i64::MIN, None, &mut Vec::new(), &mut |offset, len, record| {
        assert!(offset >= behind, "frames are shown in order");
        behind = offset + u64::from(len);
        let frame = &bytes[offset as usize..behind as usize];
        assert_eq!(frame::decode(frame).as_ref(), Ok(record), "a frame is shown as it stands");
        if let Some(sequence) = record.global_sequence() {
            assert!(shown.insert(sequence, offset).is_none(), "each event is shown once");
        }
    });
    let (index, _) = made.expect("damage is no error");
    let cache = Arc::new(SectionCache::new(1 << 20));
    let part = SealedPart::from_bytes(index.clone().into(), &cache).expect("the index was just made");
    let offsets = part.section(Tag::Offsets).unwrap();
    for (row, offset) in offsets.chunks_exact(4).enumerate() {
        let offset = u32::from_le_bytes(offset.try_into().unwrap());
        let expected = shown.get(&(part.header.first + row as u64)).map_or(0, |offset| *offset as u32);
        assert_eq!(offset, expected, "a row says where its frame lies");
    }
    let again = encode(&part.header, &LivePart::from_sealed(&part).unwrap());
    assert_eq!(again, index, "an index that is taken apart is put together again");
}

/// Asks an index everything. What it answers is a hint; that it answers is the promise.
fn ask(part: &SealedPart) {
    let ids = [0, 1, 2, u128::MAX];
    for tag in [Tag::Ids, Tag::Correlations, Tag::Causations] {
        let _ = ids.map(|id| part.candidates(tag, id).map(|found| found.len()).unwrap_or_default());
    }
    for tag in [Tag::Streams, Tag::Scopes] {
        let names = part.names(tag).unwrap();
        let mut postings = names.iter().map(|(name, postings)| (names.find(name), postings));
        let _ = postings.all(|(_, postings)| postings.contains(3));
        let _ = names.namespace("order");
    }
    let (bytes, rows) = part.kind_rows().unwrap();
    for (_, first, count) in &rows {
        let _ = SealedPart::kind_postings(&bytes, rows.len(), *first, *count).contains(7);
    }
    let _ = part.with_places("order:1", |places| {
        let ends = (places.last(), places.newest_before(9), places.count_before(9));
        (ends, [0, 1, 5, usize::MAX / 2].map(|n| places.get(n)))
    });
    let _ = (part.rises(), part.block(0), part.block(u32::MAX), part.catalogue(), part.removed());
    let _ = part.section(Tag::StreamOfRow);
    let _ = LivePart::from_sealed(part).map(|live| encode(&part.header, &live));
}

/// The segments that an index may stand beside, each with its events.
fn beside(generation: u32) -> &'static (Vec<u8>, Events) {
    static BESIDE: [std::sync::OnceLock<(Vec<u8>, Events)>; 2] = [const { std::sync::OnceLock::new() }; 2];
    BESIDE[generation as usize].get_or_init(|| {
        let bytes = samples::closed_segment(generation);
        let directory = MemoryDirectory::new();
        put(&directory, &SegmentName { first: 0, generation }.to_string(), &bytes);
        let events = events(&follow(&directory, config(2, 1 << 20)).unwrap());
        (bytes, events)
    })
}

/// An index never makes an event of what is none, however it lies, and a store opens beside it.
pub(super) fn index(bytes: &[u8]) {
    let generation = u32::from(bytes.get(80) == Some(&1));
    let name = SegmentName { first: 0, generation };
    let (segment, expected) = beside(generation);
    let directory = MemoryDirectory::new();
    put(&directory, &name.to_string(), segment);
    put(&directory, &name.index_name(), bytes);
    let cache = Arc::new(SectionCache::new(1 << 20));
    let remake = || Err(StoreError::Configuration("nothing to make it of".to_owned()));
    let file = directory.open(&name.index_name()).unwrap();
    if let Ok(part) = SealedPart::open(file, Box::new(remake), &cache)
        && [Tag::Offsets, Tag::Times, Tag::Kinds, Tag::Ids, Tag::Correlations, Tag::Causations]
            .into_iter()
            .chain([Tag::Streams, Tag::Scopes, Tag::ByKind, Tag::Catalogue, Tag::Blocks])
            .all(|tag| part.section(tag).is_ok())
    {
        ask(&part);
    }
    let reader = follow(&directory, config(2, 1 << 20)).unwrap();
    let shown = events(&reader);
    assert!(shown.iter().all(|(sequence, hash)| expected.get(sequence) == Some(hash)));
    look_around(&reader);
    drop(reader);
    let store = open(&directory, config(2, 1 << 20)).unwrap();
    store.append(&stream_of(1), KIND, &json!({ "n": 1 })).unwrap();
    store.close().unwrap();
    check_cost(&directory, segment.len() + bytes.len());
}

type Events = BTreeMap<u64, [u8; 32]>;

/// The events that can be read. Every error must be that of one event.
fn events<State: StoreState>(store: &Store<State>) -> Events {
    let everything = Selection { removed: true, ..Selection::default() };
    let mut shown = Events::new();
    let mut refused = 0;
    for (sequence, event) in store.read_selected(&everything, 0..u64::MAX) {
        match event {
            Ok(event) => {
                shown.insert(sequence, event.raw.event_hash);
            }
            Err(error) => {
                assert!(error.is_one_event(), "{error}");
                refused += 1;
                // Whoever asks for events that are missing is told so for each of them.
                if refused > 1_000 {
                    break;
                }
            }
        }
    }
    shown
}

/// Asks a store what a program that shows it asks. Only that it answers counts.
fn look_around<State: StoreState>(store: &Store<State>) {
    let _ = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(()));
    let names = store.entities().unwrap_or_default();
    for (entity, _) in names.iter().take(3) {
        let _ = (store.by_entity(entity).len(), store.entity_generation(entity));
    }
    let _ = (store.scopes(), store.kind_descriptions(), store.stats(), store.findings().len());
    for (kind, _) in store.kinds().unwrap_or_default().iter().take(3) {
        let _ = store.by_fact(*kind).len();
    }
    let end = store.visible();
    let _ = store.columns(end.saturating_sub(10)..end);
    let _ = (store.select(&Selection::default(), 0, 5), store.select_before(&Selection::default(), end, 5));
    if let Some(Ok(event)) = store.read_range(0..u64::MAX).map(|(_, event)| event).next() {
        let id = event.raw.header.event_id;
        let _ = (store.get(id).is_ok(), store.walk_ancestors(id, 10).len(), store.effects_of(id).len());
    }
}

/// A file of a directory that stands in one run of bytes: length of the name, name, length in four bytes, contents.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) contents: Range<usize>,
}

/// The files that bytes say they are.
pub(super) fn entries(bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut at = 0;
    while let Some(name_len) = bytes.get(at).map(|len| usize::from(*len)) {
        let name_end = at + 1 + name_len;
        let name = bytes.get(at + 1..name_end).and_then(|name| std::str::from_utf8(name).ok());
        let len = bytes.get(name_end..).and_then(<[u8]>::first_chunk::<4>);
        let (Some(name), Some(len)) = (name, len) else { break };
        let start = name_end + 4;
        let end = (start + u32::from_le_bytes(*len) as usize).min(bytes.len());
        entries.push(Entry { name: name.to_owned(), contents: start..end });
        at = end;
    }
    entries
}

/// Whatever a directory holds, it opens or is refused by name; reading changes nothing, and what was readable stays so when it is written on.
pub(super) fn store(bytes: &[u8]) {
    let directory = MemoryDirectory::new();
    for Entry { name, contents } in entries(bytes) {
        if !name.contains('/') && directory.open(&name).is_err() {
            put(&directory, &name, &bytes[contents]);
        }
    }
    let before = directory.files();
    let reader = match follow(&directory, config(2, 4096)) {
        Ok(reader) => reader,
        // The last: no header can be read, and nothing else tells what is in the segments.
        Err(
            StoreError::DataDirMalformed { .. }
            | StoreError::NewerFormat { .. }
            | StoreError::CorruptSegment { .. },
        ) => return,
        Err(error) => panic!("for reading: {error}"),
    };
    let read = events(&reader);
    look_around(&reader);
    drop(reader);
    assert_eq!(directory.files(), before, "reading changed something");
    let store = match open(&directory, config(2, 4096)) {
        Ok(store) => store,
        // Batpak's directories are only read.
        Err(StoreError::DataDirMalformed { .. }) if before.keys().any(|name| name.contains(".fbat")) => {
            return;
        }
        Err(error) => panic!("for writing: {error}"),
    };
    let written = events(&store);
    let gone = read.iter().find(|(sequence, hash)| written.get(sequence) != Some(hash));
    assert_eq!(gone, None, "an event that could be read is gone");
    let appended = store.append(&stream_of(1), KIND, &json!({ "n": 1 })).unwrap();
    look_around(&store);
    drop(store);
    let store = open(&directory, config(2, 4096)).unwrap();
    let written = events(&store);
    assert_eq!(written.get(&appended.sequence), Some(&appended.event_hash()));
    let gone = read.iter().find(|(sequence, hash)| written.get(sequence) != Some(hash));
    assert_eq!(gone, None, "an event that could be read is gone after another opening");
}
