//! Owns the measured work, as one engine does it.
//!
//! This file is compiled once against each engine: `super::engine` is the engine, under the public names that they share.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use causeway_tests::figures::Percentiles;
use causeway_tests::random::Random;
use serde::{Deserialize, Serialize};

use super::engine::{
    self, AppendOptions, BatchAppendItem, CausationId, CausationRef, Coordinate, CorrelationId, EventId,
    EventKind, EventSourced, Freshness, ProjectionEvent, RawMsgpackInput, Store, StoreConfig,
};
use crate::cost::Cost;
use crate::workload::{ENTITIES, FLOW, Order, PAYLOAD_BYTES, Planned, Workload};

/// One engine with the store that most of the work is done on.
pub(crate) struct Subject {
    directory: PathBuf,
    coordinates: Vec<Coordinate>,
    ids: Vec<EventId>,
    store: Option<Arc<Store>>,
}

impl Subject {
    /// An engine that keeps its stores below `directory`.
    pub(crate) fn new(directory: &Path) -> Self {
        let coordinate = |index| {
            Coordinate::new(Workload::entity(index), Workload::scope(index)).expect("the names are valid")
        };
        Self {
            directory: directory.to_owned(),
            coordinates: (0..ENTITIES).map(coordinate).collect(),
            ids: Vec::new(),
            store: None,
        }
    }

    fn config(&self, name: &str) -> StoreConfig {
        engine::config(self.directory.join(name))
    }

    fn store(&self) -> &Arc<Store> {
        self.store.as_ref().expect("the main store is open")
    }

    /// Appends everything, one event after the other, with the default durability. The store stays open for what follows.
    pub(crate) fn append(&mut self, workload: &Workload) -> Cost {
        let store = Store::open(self.config("main")).expect("the store opens");
        let (cost, ids) = Cost::of(|| self.append_to(&store, &workload.events));
        (self.ids, self.store) = (ids, Some(Arc::new(store)));
        cost.each(workload.events.len())
    }

    /// Appends with eight threads at once.
    pub(crate) fn append_by_threads(&self, workload: &Workload) -> Cost {
        let store = Store::open(self.config("threads")).expect("the store opens");
        let share = workload.events.len() / 8 / FLOW * FLOW;
        let (cost, ()) = Cost::of(|| {
            thread::scope(|scope| {
                for events in workload.events.chunks(share.max(FLOW)).take(8) {
                    scope.spawn(|| self.append_to(&store, events));
                }
            });
        });
        cost.each(share * 8)
    }

    /// Appends events that are each durable before the next.
    pub(crate) fn append_durably(&self, events: &[Planned]) -> Cost {
        let config = self.config("durable").with_sync_every_n_events(1);
        let store = Store::open(config).expect("the store opens");
        let (cost, _) = Cost::of(|| self.append_to(&store, events));
        cost.each(events.len())
    }

    /// Appends batches of a hundred; a batch is durable when it returns.
    pub(crate) fn append_batches(&self, events: &[Planned]) -> Cost {
        let store = Store::open(self.config("batches")).expect("the store opens");
        let (cost, ()) = Cost::of(|| {
            for batch in events.chunks(100) {
                let items = (0..).zip(batch).map(|(place, event)| self.item(place, event)).collect();
                store.append_batch(items).expect("the batch is appended");
            }
        });
        cost.each(events.len())
    }

    /// Reads events by their ids, payload included.
    pub(crate) fn get(&self, seed: u64) -> Cost {
        let (mut random, reads, store) = (Random::new(seed), 5_000, self.store());
        let (cost, ()) = Cost::of(|| {
            for _ in 0..reads {
                store.get(*random.choose(&self.ids)).expect("the event is there");
            }
        });
        cost.each(reads)
    }

    /// Lists a thousand events after the given part of the store.
    pub(crate) fn page(&self, part: f64) -> Cost {
        let (full, pages, store) = (1000, 10, self.store());
        let after = ((self.ids.len() - full) as f64 * part) as u64;
        let (cost, ()) = Cost::of(|| {
            for _ in 0..pages {
                assert_eq!(engine::page(store, after, full), full);
            }
        });
        cost.each(pages)
    }

    /// Folds the hottest entity.
    pub(crate) fn project(&self) -> Cost {
        let (cost, tally) =
            Cost::of(|| self.store().project::<Tally>(&Workload::entity(0), &Freshness::Consistent));
        assert!(tally.expect("the fold succeeds").is_some_and(|tally| tally.orders > 0));
        cost
    }

    /// Folds the hottest entity again after one more event.
    pub(crate) fn project_again(&self, workload: &Workload) -> Cost {
        let rounds = 10;
        let mut total = Cost::default();
        for event in hot(workload).take(rounds) {
            self.append_to(self.store(), std::slice::from_ref(event));
            let cost = self.project();
            total = Cost { wall: total.wall + cost.wall, cpu: total.cpu + cost.cpu };
        }
        total.each(rounds)
    }

    /// Time from an append's begin to the arrival of the new state at a watcher in another thread: the median.
    pub(crate) fn watch(&self, workload: &Workload) -> Duration {
        let mut watcher = self.store().watch_projection::<Tally>(&Workload::entity(0), Freshness::Consistent);
        let (arrived, arrivals) = mpsc::channel();
        let rounds = 30;
        let watching = thread::spawn(move || {
            for _ in 0..rounds {
                watcher.recv().expect("the watcher goes on");
                let sent = arrived.send(Instant::now());
                if sent.is_err() {
                    return;
                }
            }
        });
        let mut times = Vec::new();
        for event in hot(workload).cycle().take(rounds) {
            let begun = Instant::now();
            self.append_to(self.store(), std::slice::from_ref(event));
            times.push(arrivals.recv().expect("each append arrives") - begun);
        }
        watching.join().expect("the watcher ends");
        Percentiles::of(times).expect("there were rounds").p50
    }

    /// Closes the main store.
    pub(crate) fn close(&mut self) -> Cost {
        let store = self.store.take().and_then(Arc::into_inner).expect("nobody else holds the store");
        let (cost, closed) = Cost::of(|| store.close());
        closed.expect("the store closes");
        cost
    }

    /// Opens the main store, whatever state it was left in.
    pub(crate) fn open(&mut self) -> Cost {
        let (cost, store) = Cost::of(|| Store::open(self.config("main")));
        self.store = Some(Arc::new(store.expect("the store opens")));
        cost
    }

    /// Lets go of the main store without closing it.
    pub(crate) fn forget_to_close(&mut self) {
        drop(self.store.take());
    }

    /// Bytes on disk for each event of the main store.
    pub(crate) fn bytes_an_event(&self) -> f64 {
        let entries = self.directory.join("main").read_dir().expect("the directory is there");
        let size = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.and_then(|entry| entry.metadata()).map_or(0, |metadata| metadata.len())
        };
        entries.map(size).sum::<u64>() as f64 / self.ids.len() as f64
    }

    /// Appends each event in turn, as a member of its flow.
    fn append_to(&self, store: &Store, events: &[Planned]) -> Vec<EventId> {
        let mut ids: Vec<EventId> = Vec::with_capacity(events.len());
        for (place, event) in (0usize..).zip(events) {
            let mut options = AppendOptions::new().with_correlation(CorrelationId::from(event.flow));
            if let Some(cause) = ids.last().filter(|_| !place.is_multiple_of(FLOW)) {
                options = options.with_causation(CausationId::from(u128::from(*cause)));
            }
            let coordinate = &self.coordinates[event.entity];
            let receipt = store.append_with_options(coordinate, kind(event), &event.order, options);
            ids.push(receipt.expect("the event is appended").event_id);
        }
        ids
    }

    fn item(&self, place: usize, event: &Planned) -> BatchAppendItem {
        let options = AppendOptions::new().with_correlation(CorrelationId::from(event.flow));
        let cause =
            if place.is_multiple_of(FLOW) { CausationRef::None } else { CausationRef::PriorItem(place - 1) };
        let coordinate = self.coordinates[event.entity].clone();
        BatchAppendItem::new(coordinate, kind(event), &event.order, options, cause)
            .expect("the payload is encoded")
    }
}

/// Every payload has the size that the benchmark's heading tells.
pub(crate) fn check_size(order: &Order) {
    let bytes = engine::to_bytes(order).expect("the payload is encoded");
    assert_eq!(bytes.len(), PAYLOAD_BYTES);
}

fn hot(workload: &Workload) -> impl Iterator<Item = &Planned> + Clone {
    workload.events.iter().filter(|event| event.entity == 0)
}

fn kind(event: &Planned) -> EventKind {
    EventKind::custom(1, event.kind)
}

/// What the hottest entity amounts to.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Tally {
    orders: u64,
    cents: u64,
}

impl EventSourced for Tally {
    type Input = RawMsgpackInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        let mut tally = Self::default();
        events.iter().for_each(|event| tally.apply_event(event));
        (tally.orders > 0).then_some(tally)
    }

    fn apply_event(&mut self, event: &ProjectionEvent<Self>) {
        let order: Order = engine::from_bytes(&event.payload).expect("the payload is an order");
        self.orders += 1;
        self.cents += u64::from(order.cents);
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[]
    }

    fn supports_incremental_apply() -> bool {
        true
    }
}
