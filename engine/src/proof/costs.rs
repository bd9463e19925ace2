//! Owns the tests that count frames: what a read costs does not grow with the store.

use serde::{Deserialize, Serialize};

use crate::coordinate::{Coordinate, Region};
use crate::derive::native_cache::NativeCache;
use crate::disk::memory::MemoryDirectory;
use crate::event::RawMsgpackInput;
use crate::proof::script::{config, open_with};
use crate::store::{Freshness, Open, Selection, Store};
use crate::words::sync::Arc;

const STREAMS: u64 = 10;

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
    Coordinate::new(format!("counter:{}", n % STREAMS), "shop").unwrap()
}

/// Frames that each kind of read costs in a store with `events` events, named.
fn costs(events: u64) -> Vec<(&'static str, u64)> {
    let directory = MemoryDirectory::new();
    let cached = MemoryDirectory::new();
    let open = || {
        let cache = NativeCache::in_storage(Arc::<MemoryDirectory>::clone(&cached)).unwrap();
        open_with(&directory, config(u32::MAX, 1 << 20).with_incremental_projection(true), Box::new(cache))
    };
    let sum =
        |store: &Store<Open>| store.project::<Sum>("counter:3", &Freshness::Consistent).unwrap().unwrap().0;
    let store = open().unwrap();
    let mut id = None;
    for n in 0..events {
        id = Some(store.append_typed(&entity(n), &Added(1)).unwrap().event_id);
    }
    assert_eq!(sum(&store), events / STREAMS);
    store.close().unwrap();
    let store = open().unwrap();
    let mut costs = vec![("opening", store.frames_read())];
    let mut cost = |name, read: &dyn Fn(&Store<Open>)| {
        let before = store.frames_read();
        read(&store);
        costs.push((name, store.frames_read() - before));
    };
    cost("get", &|store| drop(store.get(id.unwrap()).unwrap()));
    cost("a page of a region", &|store| {
        let page = store.query_entries_after(&Region::entity("counter:3"), Some(events / 2), 20);
        assert_eq!(page.len(), 20);
    });
    cost("a page of sequences", &|store| {
        assert_eq!(store.select(&Selection::stream("counter:3"), events / 2, 20).unwrap().len(), 20);
    });
    cost("a page of everything", &|store| {
        assert_eq!(store.read_range(events / 2..events / 2 + 20).count(), 20);
    });
    cost("a generation", &|store| {
        assert_eq!(store.entity_generation("counter:3"), Some(events / STREAMS));
    });
    cost("a step of a projection from a cached state", &|store| {
        store.append_typed(&entity(3), &Added(0)).unwrap();
        assert_eq!(sum(store), events / STREAMS);
    });
    cost("a step of a projection", &|store| {
        store.append_typed(&entity(3), &Added(1)).unwrap();
        assert_eq!(sum(store), events / STREAMS + 1);
    });
    costs
}

#[test]
fn no_read_costs_more_frames_in_a_store_that_is_a_hundred_times_larger() {
    let (small, large) = (costs(1_000), costs(100_000));
    println!("{small:?}\n{large:?}");
    for ((name, small), (_, large)) in small.iter().zip(&large) {
        assert!(*large <= small + 1, "{name}: {small} frames of 1,000 events, {large} of 100,000");
        assert!(*large <= 60, "{name}: {large} frames");
    }
}
