//! Owns the proof that damage is never silent: what was not hit stays readable as it was, and what was hit is told.
//!
//! The oracle compares everything that an event says: id, place, coordinate, kind, payload, hashes, links, extensions, order.

mod cuts;
mod doubles;
mod files;
mod flips;

pub(super) use crate::proof::damage::files::{readable, small_store};

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde_json::json;

use crate::disk::frame::{self, Record};
use crate::disk::memory::{CrashImage, MemoryDirectory};
use crate::disk::segment::SEGMENT_SUFFIX;
use crate::disk::storage::Directory;
use crate::event::RawEvent;
use crate::proof::script::{Counted, KIND, config, follow, item, open, stream_of, watch};
use crate::store::{
    AppendOptions, CausationRef, CompactionConfig, CompactionStrategy, ExtensionKey, LogEvent, Open,
    RetentionPredicate, Selection, Store, StoreConfig, StoreError, StoreState, VerifyLevel,
};
use crate::words::position::DagPosition;
use crate::words::sync::Arc;

pub(super) type Files = BTreeMap<String, Vec<u8>>;

pub(super) const SEGMENT_BYTES: u64 = 1_500;
/// Number in the payload of the first event that is appended behind damage.
const BEHIND: u64 = 1_000_000;

/// What a log says, by sequence: the events, and what is left of those that were removed.
type Content = BTreeMap<u64, (RawEvent, bool)>;

/// A store that was written by an honest program, and where its events lie.
struct Honest {
    files: Files,
    content: Content,
    /// File, offset and length of the frame of each event.
    places: BTreeMap<u64, (String, usize, usize)>,
    /// The first event of the group that each event belongs to.
    groups: BTreeMap<u64, u64>,
    is_closed: bool,
}

fn settings() -> StoreConfig {
    config(2, SEGMENT_BYTES)
}

impl Honest {
    /// Segments, batches, a fence, descriptions, what compaction left of events, a saved position; `rounds` times so much. Closed, or
    /// dropped.
    fn new(is_closed: bool, rounds: u64) -> Self {
        let directory = MemoryDirectory::new();
        let store = open(&directory, settings()).unwrap();
        let mut next = 0..u64::MAX;
        for _ in 0..rounds {
            write_round(&store, &mut next);
        }
        for strategy in [CompactionStrategy::Retention(without(5)), CompactionStrategy::Tombstone(without(7))]
        {
            store.compact(&CompactionConfig { strategy, min_segments: 1 }).unwrap();
            append(&store, next.next().unwrap(), 40);
        }
        for _ in 0..rounds {
            write_round(&store, &mut next);
        }
        let mut watcher = watch(&store).unwrap();
        watcher.try_recv().unwrap();
        watcher.acknowledge().unwrap();
        drop(watcher);
        append(&store, next.next().unwrap(), 10);
        if is_closed {
            store.close().unwrap();
        } else {
            drop(store);
        }
        let reader = follow(&directory, settings()).unwrap();
        let found = told(&reader);
        assert!(found.is_empty(), "{found:?}");
        let (content, places) = (content(&reader), places(&reader));
        let files = directory.files();
        let groups = groups(&files, &places);
        Self { files, content, places, groups, is_closed }
    }

    fn bytes(&self) -> usize {
        self.damageable().map(|name| self.files[name].len()).sum()
    }

    /// The files that damage may hit: all that hold anything but nothing.
    fn damageable(&self) -> impl Iterator<Item = &String> {
        self.files.iter().filter(|(_, bytes)| !bytes.is_empty()).map(|(name, _)| name)
    }

    fn newest(&self) -> &str {
        self.files.keys().rfind(|name| name.ends_with(SEGMENT_SUFFIX)).unwrap()
    }

    /// The event whose frame holds a byte.
    fn event_at(&self, name: &str, byte: usize) -> Option<u64> {
        let hit = |(file, offset, len): &(String, usize, usize)| {
            file == name && (*offset..*offset + *len).contains(&byte)
        };
        self.places.iter().find(|(_, place)| hit(place)).map(|(sequence, _)| *sequence)
    }

    /// True if an event lies behind a byte of a file, or belongs to a group that ends behind it.
    fn ends_behind(&self, sequence: u64, name: &str, byte: usize) -> bool {
        let group = self.groups[&sequence];
        let of_group = self.groups.iter().filter(|(_, first)| **first == group).map(|(at, _)| at);
        let behind = |(file, offset, len): &(String, usize, usize)| file == name && offset + len > byte;
        of_group.map(|at| &self.places[at]).any(behind)
    }

    /// True if a shorter log is all that is left of a store that nobody closed: its newest segment ends earlier, between two frames,
    /// and nothing in the directory says that it went on. Only a head that was kept elsewhere could.
    fn is_shorter_log(&self, left: &Content) -> bool {
        let whole = self.content.keys();
        let is_prefix = left.keys().eq(whole.take(left.len()));
        let first_lost = self.content.keys().nth(left.len());
        let is_of_newest = first_lost.is_some_and(|lost| self.places[lost].0 == self.newest());
        !self.is_closed && is_prefix && is_of_newest
    }
}

fn write_round(store: &Store<Open>, next: &mut std::ops::Range<u64>) {
    for fill in [60, 0, 200] {
        append(store, next.next().unwrap(), fill);
    }
    let n = next.next().unwrap();
    let cause = store.append_typed(&stream_of(n), &Counted { n }).unwrap();
    let mut options = AppendOptions::new();
    options.extensions.insert(ExtensionKey::new("acme.note").unwrap(), b"kept".to_vec());
    let effect = next.next().unwrap();
    let payload = json!({ "n": effect });
    let caused = CausationRef::absolute_typed(cause.event_id.into());
    let effect =
        crate::store::BatchAppendItem::new(stream_of(effect), KIND, &payload, options, caused).unwrap();
    let more: Vec<u64> = next.take(3).collect();
    let batch = [effect].into_iter().chain(more.into_iter().map(|n| item(n, AppendOptions::new())));
    store.append_batch(batch.collect()).unwrap();
    let fence = store.begin_visibility_fence().unwrap();
    let held = next.take(3).map(|n| item(n, AppendOptions::new())).collect();
    let ticket = fence.submit_batch(held).unwrap();
    fence.commit().unwrap();
    ticket.wait().unwrap();
}

fn append(store: &Store<Open>, n: u64, fill: usize) {
    store.append(&stream_of(n), KIND, &json!({ "n": n, "fill": "x".repeat(fill) })).unwrap();
}

fn without(divisor: u64) -> RetentionPredicate {
    Box::new(move |event| !event.event.payload["n"].as_u64().unwrap_or(1).is_multiple_of(divisor))
}

fn directory_of(files: &Files) -> Arc<MemoryDirectory> {
    let directory = MemoryDirectory::new();
    for (path, bytes) in files {
        let into: Arc<dyn Directory> = Arc::<MemoryDirectory>::clone(&directory);
        let (into, name) = match path.split_once('/') {
            Some((below, name)) => (into.create_subdirectory(below).unwrap(), name),
            None => (into, path.as_str()),
        };
        into.create(name).unwrap().write_at(bytes, 0).unwrap();
    }
    directory
}

/// What a store says. Every failure must be that of one event; what readers derive from other events is left out.
fn content<State: StoreState>(store: &Store<State>) -> Content {
    let everything = Selection { removed: true, ..Selection::default() };
    let read = store.read_selected(&everything, 0..u64::MAX);
    let said = read.filter_map(|(sequence, event)| match event {
        Ok(event) => Some((sequence, said(event))),
        Err(error) => {
            assert!(error.is_one_event(), "{error}");
            None
        }
    });
    said.collect()
}

/// What an event says itself. Its wall time comes from the events before it, and so does the time of a removed one.
fn said(event: LogEvent) -> (RawEvent, bool) {
    let mut raw = event.raw;
    let position = raw.header.position;
    raw.header.position = DagPosition::with_hlc(0, 0, position.depth(), position.lane(), position.sequence());
    if event.removed.is_some() {
        raw.header.timestamp_us = 0;
    }
    (raw, event.removed.is_some())
}

fn places<State: StoreState>(store: &Store<State>) -> BTreeMap<u64, (String, usize, usize)> {
    let everything = Selection { removed: true, ..Selection::default() };
    let place = |event: LogEvent| {
        (event.segment.to_string(), event.place.offset() as usize, event.place.length() as usize)
    };
    let read = store.read_selected(&everything, 0..u64::MAX);
    read.map(|(sequence, event)| (sequence, place(event.unwrap()))).collect()
}

/// The first event of each event's group, as the frames say.
fn groups(files: &Files, places: &BTreeMap<u64, (String, usize, usize)>) -> BTreeMap<u64, u64> {
    let (mut groups, mut open) = (BTreeMap::new(), None);
    for (sequence, (file, offset, len)) in places {
        let first = open.unwrap_or(*sequence);
        groups.insert(*sequence, first);
        let goes_on = match frame::decode(&files[file][*offset..offset + len]).unwrap() {
            Record::Event(event) => event.remaining > 0,
            _ => open.is_some() && files[file].len() > offset + len,
        };
        open = goes_on.then_some(first);
    }
    groups
}

/// What a store and a check of it at level V2 tell.
fn told<State: StoreState>(store: &Store<State>) -> Vec<crate::store::Finding> {
    let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
    store.findings().into_iter().chain(report.findings).collect()
}

/// What came of opening damaged files for reading, for writing, and for writing again after a kill.
struct Seen {
    read: Content,
    written: Content,
    told: Vec<crate::store::Finding>,
}

impl Seen {
    /// Sequences of the honest store that a reading, or the last writing, does not show.
    fn lost(&self, honest: &Honest) -> (Vec<u64>, Vec<u64>) {
        let lost =
            |left: &Content| honest.content.keys().copied().filter(|at| !left.contains_key(at)).collect();
        (lost(&self.read), lost(&self.written))
    }

    /// True if damage is told, or, of the newest segment of a store that nobody closed, its torn end: a crash leaves the same.
    fn is_told(&self, honest: &Honest, hit: &str) -> bool {
        let is_torn = !honest.is_closed && hit == honest.newest() && !self.told.is_empty();
        is_torn || self.told.iter().any(|finding| finding.class.is_damage())
    }
}

/// Opens damaged files for reading only; nothing may be changed, and nothing shown that is not what it was.
fn read_only(
    honest: &Honest,
    files: &Files,
    context: &str,
) -> (Arc<MemoryDirectory>, Content, Vec<crate::store::Finding>) {
    let directory = directory_of(files);
    let reader = follow(&directory, settings());
    let reader = reader.unwrap_or_else(|error| panic!("{context}: for reading: {error}"));
    let (read, told) = (content(&reader), told(&reader));
    check_unchanged(honest, &read, context);
    drop(reader);
    assert_eq!(directory.files(), *files, "{context}: reading changed something");
    (directory, read, told)
}

/// Opens damaged files for reading, for writing, kills that writer, and opens for writing again. Each opening must work, and appends go
/// on behind the damage.
fn open_all(honest: &Honest, files: &Files, context: &str) -> Seen {
    let (mut directory, read, told) = read_only(honest, files, context);
    for n in BEHIND..BEHIND + 2 {
        let store = writable(&directory, context);
        let receipt = store.append(&stream_of(n), KIND, &json!({ "n": n })).unwrap();
        assert!(store.event_at(receipt.sequence).is_ok(), "{context}");
        let killed = directory.crash(CrashImage::Kill);
        drop(store);
        directory = killed;
    }
    let mut written = content(&writable(&directory, context));
    let number = |raw: &RawEvent| crate::encoding::to_json(&raw.payload).ok()?["n"].as_u64();
    let is_new = |(raw, _): &(RawEvent, bool)| number(raw).is_some_and(|n| n >= BEHIND);
    assert_eq!(
        written.values().filter(|said| is_new(said)).count(),
        2,
        "{context}: what was appended is gone"
    );
    // What was lost at the end is gone, and its sequences are given to what is appended.
    written.retain(|sequence, said| honest.content.get(sequence) == Some(said));
    Seen { read, written, told }
}

fn writable(directory: &Arc<MemoryDirectory>, context: &str) -> Store<Open> {
    open(directory, settings()).unwrap_or_else(|error: StoreError| panic!("{context}: for writing: {error}"))
}

/// Everything that is shown is what it was.
fn check_unchanged(honest: &Honest, shown: &Content, context: &str) {
    for (sequence, said) in shown {
        assert_eq!(Some(said), honest.content.get(sequence), "{context}: event {sequence} is another");
    }
}
