//! What a user of reads relies on: whatever is asked, from either end, the answer is what a look at every event would give.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use causeway::coordinate::{Coordinate, KindFilter, Region};
use causeway::event::EventKind;
use causeway::id::{CorrelationId, EventId};
use causeway::store::{
    AncestorBoundary, AppendOptions, BatchAppendItem, CausationRef, ChainWalkFinding, ChainWalkRequest,
    ChainWalkStartRef, Clock, IndexEntry, LogEvent, Open, ReadWalkDroppedCount, ReadWalkFinding,
    ReadWalkProofRefs, ReadWalkRequest, Selection, Store, StoreConfig,
};
use serde_json::json;
use tempfile::TempDir;

const KINDS: [EventKind; 4] =
    [EventKind::custom(1, 1), EventKind::custom(1, 2), EventKind::custom(2, 1), EventKind::custom(3, 1)];
const START_US: i64 = 1_700_000_000_000_000;

/// A clock that a test sets.
#[derive(Debug, Default)]
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now_us(&self) -> i64 {
        START_US + self.0.load(Ordering::Relaxed)
    }

    fn now_mono_ns(&self) -> i64 {
        0
    }
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn chance(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

struct Place {
    directory: TempDir,
    clock: Arc<SetClock>,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), clock: Arc::default() }
    }

    fn open(&self, segment_max_bytes: u64) -> Store<Open> {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let config = StoreConfig::new(self.directory.path())
            .with_segment_max_bytes(segment_max_bytes)
            .with_batch_max_size(1_000)
            .with_clock(Some(clock));
        Store::open(config).unwrap()
    }
}

fn at(entity: &str) -> Coordinate {
    Coordinate::new(entity, "shop").unwrap()
}

/// Fills a store with streams of very different lengths, conversations, effects, and a clock that sometimes steps back.
fn fill(place: &Place, store: &Store<Open>, events: u64, numbers: &mut Numbers) {
    let mut written = 0;
    let mut conversation = CorrelationId::from(1);
    while written < events {
        let step = if numbers.chance(6) { -40_000 } else { 5_000 };
        place.clock.0.fetch_add(step, Ordering::Relaxed);
        let items = (0..=numbers.below(60)).map(|n| {
            if numbers.chance(4) {
                conversation = CorrelationId::from(u128::from(numbers.below(1 << 30)) + 1);
            }
            let stream = numbers.below(1 + numbers.0 % 40);
            let entity = if stream.is_multiple_of(3) {
                format!("order:{stream}:line")
            } else {
                format!("order:{stream}")
            };
            let coordinate = Coordinate::new(entity, format!("shop:{}", numbers.below(5))).unwrap();
            let causation = match n {
                0 => CausationRef::None,
                _ => CausationRef::PriorItem(numbers.below(n) as usize),
            };
            let kind = KINDS[(numbers.below(4) * numbers.below(4) / 3) as usize];
            let options = AppendOptions::new().with_correlation(conversation);
            BatchAppendItem::new(coordinate, kind, &json!({ "n": n }), options, causation).unwrap()
        });
        let items: Vec<_> = items.collect();
        written += items.len() as u64;
        store.append_batch(items).unwrap();
    }
}

fn some_region(numbers: &mut Numbers) -> Region {
    let mut region = match numbers.below(6) {
        0 | 1 => Region::all(),
        2 => Region::entity("order"),
        3 => Region::entity("orde"),
        _ => Region::entity(format!("order:{}", numbers.below(40))),
    };
    if numbers.chance(3) {
        region = region.with_scope(format!("shop:{}", numbers.below(6)));
    }
    match numbers.below(6) {
        0 => region = region.with_fact(KindFilter::Exact(KINDS[numbers.below(4) as usize])),
        1 => region = region.with_fact_category(numbers.below(4) as u8),
        _ => {}
    }
    if numbers.chance(4) {
        let first = numbers.below(60) as u32;
        region = region.with_clock_range((first, first + numbers.below(40) as u32));
    }
    region
}

fn some_selection(numbers: &mut Numbers, all: &[LogEvent]) -> Selection {
    let some = &all[numbers.below(all.len() as u64) as usize].raw;
    let mut selection = Selection::region(some_region(numbers));
    if numbers.chance(3) {
        let from = some.header.timestamp_us - numbers.below(30_000).cast_signed();
        selection = selection.between(from..from + numbers.below(60_000).cast_signed());
    }
    match numbers.below(8) {
        0 => selection.stream = Some(some.coordinate.entity().to_owned()),
        1 => selection.correlation = Some(some.header.correlation_id),
        2 => selection.cause = some.header.causation_id.map(|id| EventId::from(u128::from(id))),
        3 => selection.kinds = vec![KINDS[0], KINDS[2]],
        _ => {}
    }
    selection
}

fn is_taken(selection: &Selection, event: &LogEvent) -> bool {
    let (coordinate, header) = (&event.raw.coordinate, &event.raw.header);
    let clock = header.position.sequence();
    let cause = header.causation_id.map(u128::from);
    selection.region.matches_event(coordinate.entity(), coordinate.scope(), header.event_kind)
        && selection.region.clock_range().is_none_or(|(first, last)| (first..=last).contains(&clock))
        && selection.stream.as_ref().is_none_or(|entity| entity == coordinate.entity())
        && (selection.kinds.is_empty() || selection.kinds.contains(&header.event_kind))
        && selection.correlation.is_none_or(|id| id == header.correlation_id)
        && selection.cause.is_none_or(|id| cause == Some(id.into()))
        && selection.time_us.as_ref().is_none_or(|range| range.contains(&header.timestamp_us))
}

fn everything(store: &Store<Open>) -> Vec<LogEvent> {
    store.read_range(0..u64::MAX).map(|(_, event)| event.unwrap()).collect()
}

/// Compares every way to ask with a look at every event.
fn check(store: &Store<Open>, all: &[LogEvent], selection: &Selection, range: &Range<u64>, limit: usize) {
    let taken: Vec<&LogEvent> = all.iter().filter(|event| is_taken(selection, event)).collect();
    let sequence = |event: &LogEvent| event.raw.global_sequence;
    let sequences: Vec<u64> = taken.iter().map(|event| sequence(event)).collect();
    assert_eq!(store.count(selection).unwrap(), sequences.len() as u64, "{selection:?}");
    let after = sequences.iter().copied().filter(|sequence| *sequence >= range.start).take(limit);
    assert_eq!(
        store.select(selection, range.start, limit).unwrap(),
        after.collect::<Vec<_>>(),
        "{selection:?}"
    );
    let before = sequences.iter().copied().rev().filter(|sequence| *sequence < range.end).take(limit);
    let found = store.select_before(selection, range.end, limit).unwrap();
    assert_eq!(found, before.collect::<Vec<_>>(), "{selection:?} before {}", range.end);
    let expected: Vec<&LogEvent> =
        taken.into_iter().filter(|event| range.contains(&sequence(event))).collect();
    let read: Vec<LogEvent> =
        store.read_selected(selection, range.clone()).map(|(_, event)| event.unwrap()).collect();
    assert_eq!(read.iter().collect::<Vec<_>>(), expected, "{selection:?} in {range:?}");
    let mut back: Vec<LogEvent> =
        store.read_selected(selection, range.clone()).rev().map(|(_, event)| event.unwrap()).collect();
    back.reverse();
    assert_eq!(back, read, "{selection:?} in {range:?}, from the end");
    let entries = store.read_entries(selection, range.clone()).map(|(_, entry)| entry.unwrap());
    for (entry, event) in entries.zip(&read) {
        assert_eq!(entry.global_sequence(), sequence(event));
        assert_eq!(*entry.hash_chain(), event.hash_chain(), "{selection:?}");
        assert_eq!((entry.header(), entry.coord()), (&event.raw.header, &event.raw.coordinate));
    }
}

fn check_many(seed: u64, segment_max_bytes: u64, reopened: bool) {
    println!("seed {seed}");
    let (place, mut numbers) = (Place::new(), Numbers(seed));
    let mut store = place.open(segment_max_bytes);
    fill(&place, &store, 6_000, &mut numbers);
    if reopened {
        store.close().unwrap();
        store = place.open(segment_max_bytes);
        fill(&place, &store, 500, &mut numbers);
    }
    let all = everything(&store);
    for _ in 0..120 {
        let selection = some_selection(&mut numbers, &all);
        let (one, other) = (numbers.below(all.len() as u64 + 9), numbers.below(all.len() as u64 + 9));
        let limit = [0, 1, 7, 80, 5_000][numbers.below(5) as usize];
        check(&store, &all, &selection, &(one.min(other)..one.max(other)), limit);
    }
    check(&store, &all, &Selection::default(), &(0..u64::MAX), usize::MAX);
}

#[test]
fn every_way_to_ask_agrees_with_a_look_at_every_event_in_a_growing_segment() {
    check_many(1, 256 << 20, false);
}

#[test]
fn every_way_to_ask_agrees_with_a_look_at_every_event_over_many_segments() {
    check_many(2, 64 << 10, true);
}

#[test]
fn an_iteration_can_be_taken_from_both_ends_in_turns() {
    let (place, mut numbers) = (Place::new(), Numbers(3));
    let store = place.open(64 << 10);
    fill(&place, &store, 3_000, &mut numbers);
    let mut events = store.read_selected(&Selection::region(Region::entity("order")), 0..u64::MAX);
    let (mut front, mut back) = (Vec::new(), Vec::new());
    loop {
        let is_front = numbers.chance(2);
        let next = if is_front { events.next() } else { events.next_back() };
        let Some((sequence, _)) = next else { break };
        if is_front { &mut front } else { &mut back }.push(sequence);
    }
    front.extend(back.iter().rev());
    assert!(front.is_sorted() && front.len() as u64 + 1 == store.visible());
}

#[test]
fn the_newest_come_first_in_a_page_back_and_the_next_page_goes_on_before_it() {
    let place = Place::new();
    let store = place.open(1 << 20);
    for n in 0..10 {
        store.append(&at(&format!("order:{}", n % 2)), KINDS[0], &n).unwrap();
    }
    let region = Region::entity("order:1");
    let clocks = |before| -> Vec<u32> {
        store.entries_before(&region, before, 2).unwrap().iter().map(IndexEntry::clock).collect()
    };
    let last = store.entries_before(&region, None, 2).unwrap();
    assert_eq!(clocks(None), [4, 3]);
    assert_eq!(clocks(Some(last[1].global_sequence())), [2, 1]);
    assert!(store.entries_before(&region, None, 0).unwrap().is_empty());
    assert!(store.entries_before(&region, Some(0), 5).unwrap().is_empty());
}

#[test]
fn a_row_tells_the_hash_of_the_event_before_even_when_the_store_is_closed_meanwhile() {
    let place = Place::new();
    let store = place.open(1 << 20);
    let first = store.append(&at("order:1"), KINDS[0], &1).unwrap();
    store.append(&at("order:2"), KINDS[0], &1).unwrap();
    store.append(&at("order:1"), KINDS[0], &2).unwrap();
    let rows = store.by_entity("order:1");
    store.close().unwrap();
    assert_eq!(rows[1].try_hash_chain().unwrap().prev_hash, first.event_hash());
    assert_eq!(rows[1].hash_chain().prev_hash, *rows[0].event_hash());
    assert_eq!(rows[0].hash_chain().prev_hash, [0; 32]);
}

#[test]
fn ancestors_with_equal_payloads_are_not_skipped() {
    let place = Place::new();
    let store = place.open(1 << 20);
    let mut last = None;
    for _ in 0..4 {
        last = Some(store.append(&at("order:1"), KINDS[0], &"same").unwrap());
        store.append(&at("order:2"), KINDS[0], &"same").unwrap();
    }
    let id = last.unwrap().event_id;
    let ancestors = store.walk_ancestors(id, 10);
    let clocks: Vec<u32> = ancestors.iter().map(|event| event.event.header.position.sequence()).collect();
    assert_eq!(clocks, [3, 2, 1, 0]);
    assert!(ancestors.iter().all(|event| event.coordinate.entity() == "order:1"));
    assert!(ancestors.last().unwrap().event.is_genesis());
    assert_eq!(ancestors[0].event.payload, json!("same"));
}

#[test]
fn a_walk_says_why_it_ended() {
    let place = Place::new();
    let store = place.open(1 << 20);
    let ids: Vec<EventId> =
        (0..3).map(|n| store.append(&at("order:1"), KINDS[0], &n).unwrap().event_id).collect();
    let boundary = |id, limit| store.walk_ancestors_outcome(id, limit).unwrap();
    let whole = boundary(ids[2], 3);
    assert!(matches!(whole.boundary, AncestorBoundary::ReachedGenesis) && whole.ancestors.len() == 3);
    let part = boundary(ids[2], 2);
    assert!(matches!(part.boundary, AncestorBoundary::LimitReached) && part.ancestors.len() == 2);
    let none = boundary(EventId::from(7), 5);
    assert!(matches!(none.boundary, AncestorBoundary::NoAnchor) && none.ancestors.is_empty());
    assert!(
        store.walk_ancestors(EventId::from(7), 5).is_empty() && store.walk_ancestors(ids[0], 0).is_empty()
    );
}

/// A store whose second event of `order:1` is damaged on disk.
fn damaged(place: &Place) -> (Store<Open>, Vec<EventId>) {
    let store = place.open(1 << 20);
    let receipts: Vec<_> = (0..4).map(|n| store.append(&at("order:1"), KINDS[0], &n).unwrap()).collect();
    let event = store.event_at(receipts[1].sequence).unwrap();
    let path = place.directory.path().join(&*event.segment);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[event.place.offset() as usize + 60] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    (store, receipts.iter().map(|receipt| receipt.event_id).collect())
}

#[test]
fn a_walk_ends_at_an_event_that_cannot_be_read() {
    let place = Place::new();
    let (store, ids) = damaged(&place);
    let walk = store.walk_ancestors_outcome(ids[3], 10).unwrap();
    assert_eq!(walk.ancestors.len(), 2);
    let AncestorBoundary::ReadFailure { sequence, error } = walk.boundary else { panic!("{walk:?}") };
    assert!(error.is_one_event() && sequence == 2, "{error}");
}

#[test]
fn evidence_of_a_walk_has_one_body_however_often_it_is_made() {
    let place = Place::new();
    let store = place.open(1 << 20);
    let receipts: Vec<_> = (0..5).map(|n| store.append(&at("order:1"), KINDS[0], &n).unwrap()).collect();
    let start = ChainWalkStartRef::Receipt {
        event_id: receipts[4].event_id.into(),
        content_hash: receipts[4].content_hash,
    };
    let request = ChainWalkRequest::linear(start, 10);
    let report = store.chain_walk_evidence(&request).unwrap();
    place.clock.0.fetch_add(1_000_000, Ordering::Relaxed);
    assert_eq!(report, store.chain_walk_evidence(&request).unwrap());
    assert_eq!((report.body.checked_count, report.body.findings.len()), (5, 0));
    assert_eq!(report.body.last_ref, Some(receipts[0].event_id.into()));
    let bytes = causeway::encoding::to_bytes(&report.body).unwrap();
    assert_eq!(causeway::event::hash::compute_hash(&bytes), report.body_hash);
}

#[test]
fn evidence_names_what_is_wrong() {
    let place = Place::new();
    let (store, ids) = damaged(&place);
    let findings = |start, end_event_id, limit| {
        let request = ChainWalkRequest { end_event_id, ..ChainWalkRequest::linear(start, limit) };
        store.chain_walk_evidence(&request).unwrap().body.findings
    };
    let (newest, id) = (ChainWalkStartRef::EventId(ids[3].into()), u128::from(ids[3]));
    assert_eq!(findings(newest, None, 0), [ChainWalkFinding::InvalidLimit { limit: 0 }]);
    let missing = ChainWalkStartRef::EventId(7);
    assert_eq!(findings(missing, None, 9), [ChainWalkFinding::MissingStart { event_id: 7 }]);
    let parent = store.event_at(3).unwrap().raw.event_hash;
    let truncated = ChainWalkFinding::TruncatedByLimit { limit: 1, next_parent_hash: parent };
    assert_eq!(findings(newest, None, 1), [truncated]);
    let observed = store.event_at(4).unwrap().raw.header.content_hash;
    let wrong = ChainWalkStartRef::Receipt { event_id: id, content_hash: [1; 32] };
    let mismatch = ChainWalkFinding::StartHashMismatch { event_id: id, expected: [1; 32], observed };
    assert_eq!(findings(wrong, Some(id), 9), [mismatch]);
    let found = findings(newest, Some(ids[0].into()), 9);
    let last = u128::from(ids[2]);
    assert!(
        matches!(&found[..], [
            ChainWalkFinding::StoppedEarlyReadFailure { event_id, .. },
            ChainWalkFinding::EndNotReached { expected_end_event_id },
        ] if *event_id == last && *expected_end_event_id == u128::from(ids[0])),
        "{found:?}"
    );
}

#[test]
fn evidence_of_a_query_tells_what_was_asked_and_how_much_of_it_was_answered() {
    let place = Place::new();
    let store = place.open(1 << 20);
    for n in 0..5 {
        store.append(&at("order:1"), KINDS[0], &n).unwrap();
    }
    let region = Region::entity("order").with_fact(KindFilter::Exact(KINDS[0]));
    let request =
        ReadWalkRequest { limit: Some(2), include_proof_refs: true, ..ReadWalkRequest::full(region.clone()) };
    let (entries, report) = store.query_with_read_walk_evidence(&request).unwrap();
    assert_eq!(entries, store.query_entries_after(&region, None, 2));
    let body = &report.body;
    assert_eq!((body.matched_count, body.returned_count), (5, 2));
    assert_eq!(body.dropped_limited_count, ReadWalkDroppedCount::Known(3));
    assert_eq!(body.findings, [ReadWalkFinding::LimitedResults { dropped_count: 3 }]);
    assert_eq!(body.source_refs.len(), 2);
    assert_eq!(body.input_frontier.unwrap().global_sequence, 5);
    let ReadWalkProofRefs::Known(proofs) = &body.proof_refs else { panic!("{body:?}") };
    assert!(proofs.iter().zip(&entries).all(|(proof, entry)| proof.event_hash == *entry.event_hash()));
    assert_eq!(report, store.query_with_read_walk_evidence(&request).unwrap().1);
}

#[test]
fn integer_keys_and_byte_strings_can_be_read_as_json_and_as_they_are() {
    let place = Place::new();
    let store = place.open(1 << 20);
    // {7: bytes 00 ff}
    let bytes = vec![0x81, 0x07, 0xc4, 0x02, 0x00, 0xff];
    let item = BatchAppendItem::from_msgpack_bytes(
        at("order:1"),
        KINDS[0],
        bytes.clone(),
        AppendOptions::new(),
        CausationRef::None,
    );
    let id = store.append_batch(vec![item]).unwrap()[0].event_id;
    assert_eq!(store.get(id).unwrap().event.payload, json!({ "7": [0, 255] }));
    assert_eq!(store.read_raw(id).unwrap().event.payload, bytes);
    assert_eq!(store.walk_ancestors(id, 1)[0].event.payload, json!({ "7": [0, 255] }));
}
