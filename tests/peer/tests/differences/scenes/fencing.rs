//! Scenes of expectations in batches, fences and waiting.

use std::path::Path;
use std::time::Duration;

use super::engine::store::{AppendOptions, HlcPoint, Store};
use super::{KIND, config, coordinate, item, open, variant};

/// What comes of a batch whose second item expects the first.
pub(crate) fn expectation_within_a_batch(directory: &Path) -> Result<usize, String> {
    let store = open(directory);
    let items = vec![item(1, AppendOptions::new()), item(2, AppendOptions::new().with_cas(0))];
    store.append_batch(items).map(|receipts| receipts.len()).map_err(|error| variant(&error))
}

/// Places in their stream of two events that a fence held.
pub(crate) fn clocks_of_a_fence(directory: &Path) -> Vec<u32> {
    let store = open(directory);
    let fence = store.begin_visibility_fence().expect("no fence is open");
    for payload in 0..2 {
        fence.submit(&coordinate(), KIND, &payload).expect("the fence takes it");
    }
    fence.commit().expect("the fence is committed");
    store
        .by_entity(coordinate().entity())
        .iter()
        .map(super::engine::store::index::IndexEntry::clock)
        .collect()
}

/// Sequence, place in the stream and generation after one event, a fence that was cancelled, and one event.
pub(crate) fn after_a_cancelled_fence(directory: &Path) -> (u64, u32, Option<u64>) {
    let store = open(directory);
    store.append(&coordinate(), KIND, &1).expect("the event is appended");
    let fence = store.begin_visibility_fence().expect("no fence is open");
    fence.submit(&coordinate(), KIND, &2).expect("the fence takes it");
    fence.cancel().expect("the fence is cancelled");
    let last = store.append(&coordinate(), KIND, &3).expect("the event is appended");
    let clock = store.get(last.event_id).expect("the event is there").event.header.position.sequence();
    (last.sequence, clock, store.entity_generation(coordinate().entity()))
}

/// What comes of waiting for the disk where nothing else asks for a sync.
pub(crate) fn waiting_for_the_disk(directory: &Path) -> Result<(), String> {
    let store = open(directory);
    store.append(&coordinate(), KIND, &1).expect("the event is appended");
    let waited = store.wait_for_durable(store.frontier().visible_hlc, Duration::from_secs(3));
    waited.map_err(|error| variant(&error))
}

/// Whether an event is durable after somebody waited for that, where the clock is behind that of the last opening.
pub(crate) fn waiting_while_the_clock_is_behind(directory: &Path) -> bool {
    let at =
        |now_us: i64| Store::open(config(directory).with_clock_fn(move || now_us)).expect("the store opens");
    at(9_000_000_000).close().expect("the store closes");
    let store = at(1_000_000_000);
    let global_sequence = store.append(&coordinate(), KIND, &1).expect("the event is appended").sequence;
    let point = HlcPoint { wall_ms: 1_000_000, global_sequence };
    store.wait_for_durable(point, Duration::from_secs(3)).expect("the wait ends");
    store.frontier().durable_hlc.global_sequence >= global_sequence
}
