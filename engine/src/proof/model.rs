//! Owns the model test: random use of a store beside a plain list of what it should hold, and every read verb must agree.

use std::ops::ControlFlow;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::EventSourced;
use crate::coordinate::{Coordinate, KindFilter, Region};
use crate::derive::native_cache::NativeCache;
use crate::disk::memory::MemoryDirectory;
use crate::event::{EventKind, JsonValueInput, ProjectionEvent, RemovalReason};
use crate::id::{CausationId, CorrelationId, EventId, IdempotencyKey};
use crate::proof::random::Random;
use crate::proof::script::{config, follow, open_with};
use crate::store::segment::CompactionOutcome;
use crate::store::{
    AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, CompactionConfig, CompactionStrategy,
    Freshness, IndexEntry, Open, RetentionPredicate, Selection, Store, StoreConfig, StoreError, StoreState,
    StreamState, VerifyLevel,
};
use crate::words::sync::{Arc, Mutex};

const ENTITIES: [&str; 5] = ["a", "a:b", "ab", "b", "b:c:d"];
const SCOPES: [&str; 3] = ["x", "y", "z"];

/// An event as the model knows it.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    id: EventId,
    entity: String,
    scope: String,
    kind: EventKind,
    clock: u32,
    correlation: CorrelationId,
    cause: Option<EventId>,
    /// `None` for the store's own events, and for removed ones.
    n: Option<u64>,
    removed: Option<RemovalReason>,
}

impl Known {
    /// False for what reads pass over.
    fn is_listed(&self) -> bool {
        self.removed != Some(RemovalReason::Retention)
    }

    /// Compaction removes it.
    fn remove(&mut self, reason: RemovalReason) {
        self.n = None;
        self.removed = Some(reason);
        if reason == RemovalReason::Tombstone {
            (self.scope, self.kind) = (String::new(), EventKind::TOMBSTONE);
            (self.correlation, self.cause) = (CorrelationId::from(self.id), None);
        }
    }
}

/// A state that shows which events were folded and in which order.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Numbers(Vec<Option<u64>>);

const FOLDED: [EventKind; 3] = [EventKind::custom(1, 1), EventKind::custom(1, 3), EventKind::custom(2, 2)];

impl EventSourced for Numbers {
    type Input = JsonValueInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        Some(Self(events.iter().map(|event| event.payload["n"].as_u64()).collect()))
    }

    fn apply_event(&mut self, event: &ProjectionEvent<Self>) {
        self.0.push(event.payload["n"].as_u64());
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        &FOLDED
    }

    fn supports_incremental_apply() -> bool {
        true
    }
}

struct Model {
    random: Random,
    events: Vec<Known>,
    next_number: u64,
    keys: Vec<(u128, usize)>,
}

impl Model {
    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.random.below(from.len() as u64) as usize]
    }

    fn clock_of(&self, entity: &str) -> u32 {
        count_of(entity, &self.events)
    }

    /// An event that is to be appended, as it will be known.
    fn propose(&mut self) -> (Known, AppendOptions) {
        let entity = self.pick(&ENTITIES).to_owned();
        let scope = self.pick(&SCOPES).to_owned();
        let kind = EventKind::custom(1 + self.random.below(2) as u8, 1 + self.random.below(3) as u16);
        let mut known = Known {
            id: EventId::from_u128(0),
            clock: self.clock_of(&entity),
            entity,
            scope,
            kind,
            correlation: CorrelationId::from_u128(0),
            cause: None,
            n: Some(self.next_number),
            removed: None,
        };
        self.next_number += 1;
        let mut options = AppendOptions::new();
        if !self.events.is_empty() && self.random.below(3) == 0 {
            let other = self.events[self.random.below(self.events.len() as u64) as usize].clone();
            known.correlation = other.correlation;
            known.cause = Some(other.id);
            options = options.with_correlation(other.correlation).with_causation(CausationId::from(other.id));
        }
        (known, options)
    }

    fn note(&mut self, mut known: Known, receipt: &AppendReceipt) {
        assert_eq!(receipt.sequence, self.events.len() as u64);
        assert_eq!(receipt.stream_sequence(), known.clock);
        known.id = receipt.event_id;
        if known.cause.is_none() {
            known.correlation = CorrelationId::from(receipt.event_id);
        }
        self.events.push(known);
    }

    fn append(&mut self, store: &Store<Open>) {
        let (known, mut options) = self.propose();
        let key = self.random.below(4) == 0;
        if key {
            options =
                options.with_idempotency(IdempotencyKey::from_u128(u128::from(self.next_number) << 64 | 5));
            self.keys.push((u128::from(self.next_number) << 64 | 5, self.events.len()));
        }
        let (at, payload) = (coordinate(&known), json!({ "n": known.n }));
        if self.random.below(3) == 0 {
            let expected = known.clock.saturating_sub(1);
            let wrong = options.clone().with_cas(expected + 1);
            let refused = store.append_with_options(&at, known.kind, &payload, wrong);
            assert!(matches!(refused, Err(StoreError::SequenceMismatch { .. })), "{refused:?}");
            options = options.with_cas(expected);
        }
        let receipt = store.append_with_options(&at, known.kind, &payload, options.clone()).unwrap();
        if key {
            let again = store.append_with_options(&at, known.kind, &payload, options).unwrap();
            assert_eq!((again.sequence, again.event_hash()), (receipt.sequence, receipt.event_hash()));
        }
        self.note(known, &receipt);
    }

    fn batch(&mut self, store: &Store<Open>) {
        let (group, items) = self.group(&[]);
        let receipts = store.append_batch(items).unwrap();
        for (known, receipt) in group.into_iter().zip(&receipts) {
            self.note(known, receipt);
        }
    }

    /// Events that belong together, some of which expect their stream where it will stand behind those that are `held`.
    fn group(&mut self, held: &[Known]) -> (Vec<Known>, Vec<BatchAppendItem>) {
        let (mut group, mut items): (Vec<Known>, _) = (Vec::new(), Vec::new());
        for _ in 0..=self.random.below(5) {
            let (mut known, mut options) = self.propose();
            known.clock += count_of(&known.entity, held) + count_of(&known.entity, &group);
            let last = known.clock.checked_sub(1);
            match self.random.below(3) {
                0 => {
                    let state = last.map_or(StreamState::NoStream, StreamState::Exactly);
                    options = options.with_expected_state(state);
                }
                1 => options = options.with_cas(last.unwrap_or(0)),
                _ => {}
            }
            let payload = json!({ "n": known.n });
            let item =
                BatchAppendItem::new(coordinate(&known), known.kind, &payload, options, CausationRef::None);
            items.push(item.unwrap());
            group.push(known);
        }
        (group, items)
    }

    /// A fence that is committed or not, and what is refused meanwhile.
    fn fence(&mut self, store: &Store<Open>) {
        let fence = store.begin_visibility_fence().unwrap();
        let (mut held, mut tickets) = (Vec::new(), Vec::new());
        for _ in 0..self.random.below(4) {
            let (group, items) = self.group(&held);
            tickets.push(fence.submit_batch(items).unwrap());
            held.extend(group);
        }
        let (known, options) = self.propose();
        let refused = store.append_with_options(&coordinate(&known), known.kind, &0, options);
        assert!(matches!(refused, Err(StoreError::VisibilityFenceActive)), "{refused:?}");
        self.agree(store);
        if self.random.below(3) == 0 {
            return;
        }
        fence.commit().unwrap();
        let receipts = tickets.into_iter().flat_map(|ticket| ticket.wait().unwrap());
        for (known, receipt) in held.into_iter().zip(receipts) {
            self.note(known, &receipt);
        }
    }

    /// Appends that are submitted, waited for in turn, and stand in the order in which they were submitted.
    fn submit(&mut self, store: &Store<Open>) {
        let (group, items) = self.group(&[]);
        let said = store.dry_run(items.clone()).unwrap();
        let batch = store.submit_batch(items).unwrap();
        let (mut known, _) = self.propose();
        known.clock += count_of(&known.entity, &group);
        (known.cause, known.correlation) = (None, CorrelationId::from_u128(0));
        let single = store.submit(&coordinate(&known), known.kind, &json!({ "n": known.n })).unwrap();
        let receipts = batch.wait().unwrap();
        for ((known, receipt), said) in group.into_iter().zip(&receipts).zip(&said) {
            assert_eq!(
                (said.sequence, said.stream_sequence()),
                (receipt.sequence, receipt.stream_sequence())
            );
            self.note(known, receipt);
        }
        self.note(known, &single.wait().unwrap());
    }

    /// The store tells of its own opening or closing.
    fn lifecycle(&mut self, id: EventId, kind: EventKind) {
        let entity = "batpak:store".to_owned();
        let clock = self.clock_of(&entity);
        let (scope, correlation) = ("batpak:lifecycle".to_owned(), CorrelationId::from(id));
        self.events.push(Known {
            id,
            entity,
            scope,
            kind,
            clock,
            correlation,
            cause: None,
            n: None,
            removed: None,
        });
    }

    /// Some of the events in sealed segments go.
    fn compact(&mut self, store: &Store<Open>) {
        let refused: Arc<Mutex<Vec<u64>>> = Arc::default();
        let (told, divisor, rest) = (Arc::clone(&refused), 2 + self.random.below(5), self.random.below(2));
        let keeps: RetentionPredicate = Box::new(move |event| {
            let n =
                event.event.payload["n"].as_u64().expect("only events of the application are asked about");
            let kept = n % divisor != rest;
            if !kept {
                told.lock().push(n);
            }
            kept
        });
        let (strategy, reason) = match self.random.below(3) {
            0 => (CompactionStrategy::Merge, RemovalReason::Retention),
            1 => (CompactionStrategy::Retention(keeps), RemovalReason::Retention),
            _ => (CompactionStrategy::Tombstone(keeps), RemovalReason::Tombstone),
        };
        let (result, _) = store.compact(&CompactionConfig { strategy, min_segments: 0 }).unwrap();
        assert_eq!(result.outcome, CompactionOutcome::Performed);
        for n in refused.lock().drain(..) {
            let event = self.events.iter_mut().find(|event| event.n == Some(n));
            event.expect("what was asked about is known").remove(reason);
        }
    }

    fn select(&self, takes: impl Fn(&Known) -> bool) -> Vec<u64> {
        let numbered = self.events.iter().enumerate();
        numbered.filter(|(_, event)| event.is_listed() && takes(event)).map(|(at, _)| at as u64).collect()
    }

    /// A random selection, and what the model says that it takes.
    fn selection(&mut self) -> (Selection, Vec<u64>) {
        let mut selection = Selection::default();
        let mut taken = self.events.clone();
        let mut keep: Vec<bool> = taken.iter().map(Known::is_listed).collect();
        let mut narrow = |takes: &dyn Fn(&Known) -> bool| {
            for (keep, event) in keep.iter_mut().zip(&mut taken) {
                *keep &= takes(event);
            }
        };
        let demands = self.random.below(64);
        if demands & 1 != 0 {
            let prefix = ENTITIES[self.random.below(5) as usize];
            selection.region = Region::entity(prefix);
            narrow(&|event| crate::words::region::in_namespace(prefix, &event.entity));
        }
        if demands & 2 != 0 {
            let scope = SCOPES[self.random.below(3) as usize];
            selection.region = selection.region.with_scope(scope);
            narrow(&|event| event.scope == scope);
        }
        if demands & 4 != 0 {
            let category = 1 + self.random.below(2) as u8;
            selection.region = selection.region.with_fact(KindFilter::Category(category));
            narrow(&|event| event.kind.category() == category);
        }
        if demands & 8 != 0 {
            let kinds = [EventKind::custom(1, 1), EventKind::custom(2, 2)];
            selection.kinds = kinds.to_vec();
            narrow(&|event| kinds.contains(&event.kind));
        }
        if demands & 16 != 0 {
            let entity = ENTITIES[self.random.below(5) as usize];
            selection.stream = Some(entity.to_owned());
            narrow(&|event| event.entity == entity);
        }
        if demands & 32 != 0 && !self.events.is_empty() {
            let member = &self.events[self.random.below(self.events.len() as u64) as usize];
            if self.random.below(2) == 0 {
                let correlation = member.correlation;
                selection.correlation = Some(correlation);
                narrow(&|event| event.correlation == correlation);
            } else {
                let cause = member.id;
                selection.cause = Some(cause);
                narrow(&|event| event.cause == Some(cause));
            }
        }
        let taken = keep.iter().enumerate().filter(|(_, keep)| **keep).map(|(at, _)| at as u64);
        (selection, taken.collect())
    }

    /// The numbers of those of the first `end` events that a fold takes.
    fn numbers(&self, end: u64, takes: impl Fn(&Known) -> bool) -> Option<Numbers> {
        let folded = |event: &&Known| event.removed.is_none() && takes(event) && FOLDED.contains(&event.kind);
        let first = self.events.iter().take(end as usize);
        let numbers: Vec<Option<u64>> = first.filter(folded).map(|event| event.n).collect();
        (!numbers.is_empty()).then_some(Numbers(numbers))
    }

    /// Every state, of the moment, of the past and over a region, is that of the events there are.
    fn agree_on_states<State: StoreState>(&mut self, store: &Store<State>) {
        let len = self.events.len() as u64;
        for entity in ENTITIES {
            let end = 1 + self.random.below(len);
            let past = store.project_at::<Numbers>(entity, end - 1).unwrap();
            let now = store.projection::<Numbers>(entity, &Freshness::Consistent).unwrap();
            for (found, end) in [(past, end), (now, len)] {
                let generation = count_of(entity, &self.events[..end as usize]);
                let expected = self.numbers(end, |event| event.entity == entity);
                assert_eq!((found.state, found.generation), (expected, u64::from(generation)), "{entity}");
            }
            let scope = self.pick(&SCOPES);
            let found = store.project_region::<Numbers>(&Region::entity(entity).with_scope(scope)).unwrap();
            let lies_in = |event: &Known| {
                event.scope == scope && crate::words::region::in_namespace(entity, &event.entity)
            };
            assert_eq!(found.state, self.numbers(len, lies_in), "{entity} {scope}");
            assert_eq!(found.generation, self.select(lies_in).len() as u64, "{entity} {scope}");
        }
    }

    /// Every read verb says what the model says.
    fn agree<State: StoreState>(&mut self, store: &Store<State>) {
        self.agree_on_states(store);
        assert_eq!(store.visible(), self.events.len() as u64);
        for (sequence, event) in store.read_range(0..u64::MAX) {
            let (found, known) = (event.unwrap(), &self.events[sequence as usize]);
            let header = &found.raw.header;
            assert_eq!((header.event_id, header.event_kind), (known.id, known.kind));
            assert_eq!(found.raw.coordinate.entity(), known.entity);
            assert_eq!((header.position.sequence(), header.correlation_id), (known.clock, known.correlation));
            assert_eq!(found.removed.map(|removal| removal.reason), known.removed);
            assert!(known.removed.is_some() || found.computed_hash() == found.raw.event_hash);
        }
        for _ in 0..24 {
            let (selection, expected) = self.selection();
            assert_eq!(store.count(&selection).unwrap(), expected.len() as u64, "{selection:?}");
            let from = self.random.below(self.events.len() as u64 + 1);
            let limit = 1 + self.random.below(7) as usize;
            let page: Vec<u64> = expected.iter().copied().filter(|at| *at >= from).take(limit).collect();
            assert_eq!(store.select(&selection, from, limit).unwrap(), page, "{selection:?} from {from}");
            let read: Vec<u64> = store.read_selected(&selection, 0..u64::MAX).map(|(at, _)| at).collect();
            assert_eq!(read, expected, "{selection:?}");
        }
        self.agree_on_names(store);
        for _ in 0..8 {
            let at = self.random.below(self.events.len() as u64) as usize;
            let known = &self.events[at];
            assert_eq!(store.sequence_of(known.id).unwrap(), known.is_listed().then_some(at as u64));
            match store.get(known.id) {
                Ok(stored) => assert_eq!(stored.event.payload["n"].as_u64(), known.n),
                Err(error) => assert!(matches!(error, StoreError::NotFound(_)) && !known.is_listed()),
            }
        }
        for (key, at) in &self.keys {
            let expected = self.events[*at].is_listed().then_some(*at as u64);
            assert_eq!(store.sequence_of(EventId::from_u128(*key)).unwrap(), expected);
        }
        let columns = store.columns(0..u64::MAX).unwrap();
        let kind = |event: &Known| if event.is_listed() { event.kind } else { EventKind::from_raw_u16(0) };
        assert!(columns.kinds.iter().copied().eq(self.events.iter().map(kind)));
        let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
        assert!(report.holds(), "{:?}", report.findings);
        assert_eq!(report.removed, self.events.iter().filter(|event| event.removed.is_some()).count() as u64);
        assert_eq!(columns.times_us.len(), self.events.len());
    }

    fn agree_on_names<State: StoreState>(&self, store: &Store<State>) {
        for entity in ENTITIES {
            let expected = self.select(|event| event.entity == entity);
            let stream = store.by_entity(entity);
            assert!(stream.iter().map(IndexEntry::global_sequence).eq(expected.iter().copied()));
            let places = u64::from(self.clock_of(entity));
            assert_eq!(store.entity_generation(entity), (places > 0).then_some(places), "{entity}");
            let shown = Selection { removed: true, ..Selection::stream(entity) };
            assert_eq!(store.read_selected(&shown, 0..u64::MAX).count() as u64, places, "{entity}");
        }
        let count = |takes: &dyn Fn(&Known) -> bool| self.select(takes).len() as u64;
        for (name, events) in store.entities().unwrap() {
            assert_eq!(events, count(&|event| *event.entity == *name), "{name}");
        }
        for (name, events) in store.scopes().unwrap() {
            assert_eq!(events, count(&|event| *event.scope == *name), "{name}");
        }
        for (kind, events) in store.kinds().unwrap() {
            assert_eq!(events, count(&|event| event.kind == kind), "{kind}");
        }
    }
}

fn count_of(entity: &str, events: &[Known]) -> u32 {
    events.iter().filter(|event| event.entity == entity).count() as u32
}

fn coordinate(known: &Known) -> Coordinate {
    Coordinate::new(&known.entity, &known.scope).unwrap()
}

fn newest_id(store: &Store<Open>) -> EventId {
    store.event_at(store.visible() - 1).unwrap().raw.header.event_id
}

fn check(seed: u64, configuration: impl Fn() -> StoreConfig) {
    let mut model = Model { random: Random::new(seed), events: Vec::new(), next_number: 0, keys: Vec::new() };
    let directory: Arc<MemoryDirectory> = MemoryDirectory::new();
    let cached: Arc<MemoryDirectory> = MemoryDirectory::new();
    let open = || {
        let cache = NativeCache::in_storage(Arc::<MemoryDirectory>::clone(&cached)).unwrap();
        let config = configuration().with_incremental_projection(seed.is_multiple_of(2));
        open_with(&directory, config, Box::new(cache)).unwrap()
    };
    let mut store = open();
    model.lifecycle(newest_id(&store), EventKind::SYSTEM_OPEN_COMPLETED);
    let reader = follow(&directory, configuration()).unwrap();
    for _ in 0..120 {
        match model.random.below(22) {
            0..=10 => model.append(&store),
            11..=13 => model.batch(&store),
            14 => model.fence(&store),
            15 => model.submit(&store),
            16 => store.sync().unwrap(),
            17 => {
                model.agree(&store);
                reader.refresh().unwrap();
                model.agree(&reader);
            }
            20 | 21 => model.compact(&store),
            18 => {
                drop(store);
                store = open();
                model.lifecycle(newest_id(&store), EventKind::SYSTEM_OPEN_COMPLETED);
                model.agree(&store);
            }
            _ => {
                store.close().unwrap();
                store = open();
                let closing = store.event_at(store.visible() - 2).unwrap().raw.header.event_id;
                model.lifecycle(closing, EventKind::SYSTEM_CLOSE_COMPLETED);
                model.lifecycle(newest_id(&store), EventKind::SYSTEM_OPEN_COMPLETED);
                model.agree(&store);
            }
        }
    }
    model.agree(&store);
    model.agree(&follow(&directory, configuration()).unwrap());
    reader.refresh().unwrap();
    model.agree(&reader);
    assert_eq!(reader.take_rollback(), None);
}

#[test]
fn whatever_is_done_every_read_verb_agrees_with_a_plain_list() {
    for seed in 0..40 {
        check(seed, || config(3, 900 + 400 * (seed % 9)));
        check(seed + 1_000, || config(u32::MAX, 1 << 20).with_index_cache_bytes(600));
    }
}
