//! Owns the tests that count what reads cost: frames that are read, and rows, postings and parts that the index looks at. Neither grows
//! with the store.

use serde::{Deserialize, Serialize};

use crate::coordinate::{Coordinate, KindFilter, Region};
use crate::disk::memory::MemoryDirectory;
use crate::event::{EventKind, RawMsgpackInput};
use crate::id::{CorrelationId, EventId};
use crate::proof::script::{config, open};
use crate::store::{
    AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, Freshness, Open, Selection, Store,
};

/// Events of each stream, however large the store is.
const STREAM_LEN: u64 = 50;
/// Events of each conversation.
const FLOW_LEN: u64 = 5;
const BATCH_LEN: u64 = 4_000;
const SEGMENT_BYTES: u64 = 64 << 20;
/// Every so many events one has a kind of its own.
const RARE_EVERY: u64 = 1_000;
const RARE: EventKind = EventKind::custom(1, 8);

#[derive(Serialize, Deserialize, crate::EventPayload)]
#[causeway(category = 1, type_id = 7)]
struct Added(u64);

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, crate::EventSourced)]
#[causeway(input = RawMsgpackInput)]
#[causeway(event = Added, handler = add)]
struct Sum(u64);

impl Sum {
    fn add(&mut self, event: &Added) {
        self.0 += event.0;
    }
}

fn entity(n: u64) -> Coordinate {
    Coordinate::new(format!("counter:{n}"), format!("shop:{}", n % 7)).unwrap()
}

/// A store whose streams take turns, and what the costs are asked about.
struct Sample {
    store: Store<Open>,
    events: u64,
    /// An event in the middle of a stream in the middle of the store, that begins a conversation.
    middle: EventId,
}

impl Sample {
    fn new(events: u64) -> Self {
        let directory = MemoryDirectory::new();
        let settings = || config(u32::MAX, SEGMENT_BYTES).with_batch_max_size(BATCH_LEN as u32);
        let store = open(&directory, settings()).unwrap();
        let streams = events / STREAM_LEN;
        let mut middle = None;
        for first in (0..events).step_by(BATCH_LEN as usize) {
            let batch = (first..events.min(first + BATCH_LEN)).map(|n| item(n, streams));
            let receipts = store.append_batch(batch.collect()).unwrap();
            let half = events / 2 / FLOW_LEN * FLOW_LEN;
            let found = half.checked_sub(first).and_then(|at| receipts.get(at as usize));
            middle = middle.or(found.map(|receipt: &AppendReceipt| receipt.event_id));
        }
        store.close().unwrap();
        let store = open(&directory, settings()).unwrap();
        Self { store, events, middle: middle.unwrap() }
    }

    /// The stream of the event in the middle.
    fn stream(&self) -> String {
        let sequence = self.store.sequence_of(self.middle).unwrap().unwrap();
        self.store.event_at(sequence).unwrap().raw.coordinate.entity().to_owned()
    }

    /// Frames that a call reads, and what the index looks at for it.
    fn cost<R>(&self, call: impl FnOnce(&Store<Open>) -> R) -> [u64; 2] {
        let now = || [self.store.frames_read(), self.store.reader.shared().index.looks()];
        let [frames, looks] = now();
        call(&self.store);
        [now()[0] - frames, now()[1] - looks]
    }
}

/// The n-th event: streams take turns, each conversation is an event and its effects.
fn item(n: u64, streams: u64) -> BatchAppendItem {
    let leader = n % BATCH_LEN / FLOW_LEN * FLOW_LEN;
    let flow = CorrelationId::from(u128::from(n / FLOW_LEN) + 1);
    let causation = if n.is_multiple_of(FLOW_LEN) {
        CausationRef::None
    } else {
        CausationRef::PriorItem(leader as usize)
    };
    let options = AppendOptions::new().with_correlation(flow);
    let coordinate = entity(n % streams);
    if n % RARE_EVERY == RARE_EVERY / 2 + 1 {
        return BatchAppendItem::new(coordinate, RARE, &n, options, causation).unwrap();
    }
    BatchAppendItem::typed(coordinate, &Added(1), options, causation).unwrap()
}

/// What each kind of read costs, named.
fn costs(events: u64) -> Vec<(&'static str, [u64; 2])> {
    let sample = Sample::new(events);
    let opening = [sample.store.frames_read(), sample.store.reader.shared().index.looks()];
    let mut costs = vec![("opening", opening)];
    let stream = sample.stream();
    costs.extend(pages(&sample, &stream));
    costs.extend(lookups(&sample, &stream));
    costs.extend(derivations(&sample, &stream));
    costs
}

fn pages(sample: &Sample, stream: &str) -> Vec<(&'static str, [u64; 2])> {
    let after = sample.events / 2;
    let page = |region: Region| {
        sample.cost(|store| assert_eq!(store.entries_after(&region, Some(after), 20).unwrap().len(), 20))
    };
    let last = |region: Region| {
        sample.cost(|store| assert_eq!(store.entries_before(&region, Some(after), 20).unwrap().len(), 20))
    };
    let all_but_rare = Region::entity("counter").with_fact(KindFilter::Category(1)).with_scope("shop:3");
    vec![
        ("a page of everything", page(Region::all())),
        ("a page of a stream", page(Region::entity(stream))),
        ("a page of a namespace", page(Region::entity("counter"))),
        ("a page of a scope", page(Region::scope("shop:3"))),
        ("a page of a namespace, a scope and a category", page(all_but_rare.clone())),
        ("a page back of everything", last(Region::all())),
        ("a page back of a stream", last(Region::entity(stream))),
        ("a page back of a namespace, a scope and a category", last(all_but_rare)),
        ("a page of a time", sample.cost(|store| by_time(store, after))),
        ("the last of a rare kind", sample.cost(last_of_a_kind)),
        (
            "a range of payloads",
            sample.cost(|store| {
                assert_eq!(
                    store.read_range(after..after + 20).filter(|(_, event)| event.is_ok()).count(),
                    20
                );
            }),
        ),
    ]
}

fn by_time(store: &Store<Open>, after: u64) {
    let time = store.columns(after..after + 1).unwrap().times_us[0];
    let selection = Selection::region(Region::entity("counter")).between(time..time + 1);
    assert_eq!(store.read_entries(&selection, 0..u64::MAX).take(20).count(), 20);
}

fn last_of_a_kind(store: &Store<Open>) {
    let rare = Selection { kinds: vec![RARE], ..Selection::default() };
    assert_eq!(store.select_before(&rare, u64::MAX, 1).unwrap().len(), 1);
}

fn lookups(sample: &Sample, stream: &str) -> Vec<(&'static str, [u64; 2])> {
    let id = sample.middle;
    let correlation = sample.store.get(id).unwrap().event.header.correlation_id;
    vec![
        ("get", sample.cost(|store| assert_eq!(store.get(id).unwrap().event.event_id(), id))),
        ("by entity", sample.cost(|store| assert_eq!(store.by_entity(stream).len() as u64, STREAM_LEN))),
        (
            "by correlation",
            sample.cost(|store| {
                assert_eq!(store.by_correlation(correlation).len() as u64, FLOW_LEN);
            }),
        ),
        ("effects", sample.cost(|store| assert_eq!(store.effects_of(id).len() as u64, FLOW_LEN - 1))),
        (
            "a generation",
            sample.cost(|store| {
                assert_eq!(store.entity_generation(stream), Some(STREAM_LEN));
            }),
        ),
        (
            "places of a stream",
            sample.cost(|store| {
                let region = Region::all().with_clock_range((30, 34));
                let places = Selection { region, ..Selection::stream(stream) };
                assert_eq!(store.count(&places).unwrap(), 5);
            }),
        ),
    ]
}

fn derivations(sample: &Sample, stream: &str) -> Vec<(&'static str, [u64; 2])> {
    let home = entity(stream.trim_start_matches("counter:").parse().unwrap());
    let sum = |store: &Store<Open>| store.project::<Sum>(stream, &Freshness::Consistent).unwrap().unwrap().0;
    let replay = sample.cost(sum);
    let generation = sample.store.entity_generation(stream).unwrap();
    let state = sum(&sample.store);
    let append = || drop(sample.store.append_typed(&home, &Added(1)).unwrap());
    let unchanged = sample.cost(|store| {
        let unchanged = store.project_if_changed::<Sum>(stream, generation, &Freshness::Consistent).unwrap();
        assert_eq!(unchanged, None);
    });
    append();
    let step = sample.cost(|store| assert_eq!(sum(store), state + 1));
    let mut watcher = sample.store.watch_projection::<Sum>(stream, Freshness::Consistent);
    append();
    let wake_up = sample.cost(|_| {
        let (generation_now, sum_now) = watcher.recv().unwrap();
        assert_eq!((generation_now, sum_now), (generation + 2, Some(Sum(state + 2))));
    });
    let mut cursor = sample.store.cursor_guaranteed(&Region::entity("counter"));
    while !cursor.poll_batch(100_000).is_empty() {}
    append();
    let poll = sample.cost(|_| assert_eq!(cursor.poll_batch(2).len(), 1));
    vec![
        ("a projection", replay),
        ("a projection that did not change", unchanged),
        ("a step of a projection", step),
        ("a wake-up of a watcher", wake_up),
        ("a poll of a cursor", poll),
    ]
}

#[test]
fn no_read_costs_more_in_a_store_that_is_a_thousand_times_larger() {
    let sizes = [1_000, 100_000, 1_000_000];
    let all: Vec<_> = sizes.into_iter().map(costs).collect();
    for (at, (name, small)) in all[0].iter().enumerate() {
        let (middle, large) = (all[1][at].1, all[2][at].1);
        println!("{name}: frames and looks {small:?}, {middle:?}, {large:?}");
    }
    for (larger, size) in all[1..].iter().zip(&sizes[1..]) {
        for ((name, small), (_, large)) in all[0].iter().zip(larger) {
            let doublings = u64::from((size / sizes[0]).ilog2());
            assert!(
                large[0] <= small[0] + 1,
                "{name}: {} frames of {size} events, {} of 1000",
                large[0],
                small[0]
            );
            let looks = small[1] + doublings;
            assert!(large[1] <= looks, "{name}: {} looks of {size} events, {} of 1000", large[1], small[1]);
        }
    }
}
