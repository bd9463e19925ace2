//! Owns the models of schedules: what a store promises whoever goes on at each of its locks, atomics and channels.
//!
//! Needs `--cfg causeway_shuttle`, under which `words/sync.rs` lets the model checker decide. The seed is printed, and so is a schedule that fails.

mod closing;
mod committing;
mod waiting;

use serde_json::json;
use shuttle::rand::{RngCore, thread_rng};
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::{Config, Runner};

use crate::disk::memory::MemoryDirectory;
use crate::memory::selection::Selection;
use crate::proof::script::{Counted, KIND, config, open, stream_of};
use crate::store::{AppendReceipt, Store, StoreConfig, StoreError};
use crate::words::sync::{Arc, Mutex};

const SEED: u64 = 20;
/// In how many places a schedule of the second kind takes the turn from a thread.
const CHANGES: usize = 3;
/// Enough for the deepest call of the engine, in bytes.
const STACK_BYTES: usize = 512 * 1024;

/// Runs a model under so many schedules made at random, and as many in which threads run on and lose their turn in a few places only.
fn explore(schedules: usize, model: fn()) {
    println!("seed {SEED}");
    run(RandomScheduler::new_from_seed(SEED, schedules), model);
    run(PctScheduler::new_from_seed(SEED, CHANGES, schedules), model);
}

fn run(scheduler: impl Scheduler + 'static, model: fn()) {
    let mut config = Config::new();
    config.stack_size = STACK_BYTES;
    config.silence_warnings = true;
    Runner::new(scheduler, config).run(model);
}

/// A choice of the schedule.
fn either() -> bool {
    thread_rng().next_u64().is_multiple_of(2)
}

/// A store that syncs only when it is asked to.
fn unsynced() -> (Arc<MemoryDirectory>, Store) {
    with(config(u32::MAX, 1 << 20))
}

fn with(config: StoreConfig) -> (Arc<MemoryDirectory>, Store) {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config).unwrap();
    (directory, store)
}

fn append(store: &Store, n: u64) -> Result<AppendReceipt, StoreError> {
    store.append(&stream_of(n), KIND, &json!({ "n": n }))
}

/// An event that the fold [`crate::proof::script::Highest`] takes, of the stream `order:0`.
fn count(store: &Store, n: u64) -> AppendReceipt {
    store.append_typed(&stream_of(0), &Counted { n }).unwrap()
}

/// What receipts say, by the numbers of the events.
#[derive(Default)]
struct Receipts(Mutex<Vec<(u64, AppendReceipt)>>);

impl Receipts {
    fn note(&self, numbers: impl IntoIterator<Item = u64>, receipts: Vec<AppendReceipt>) {
        self.0.lock().extend(numbers.into_iter().zip(receipts));
    }

    /// Panics unless each says what is read, and no two say the same.
    fn check(self, store: &Store) {
        let mut receipts = self.0.into_inner();
        receipts.sort_by_key(|(_, receipt)| receipt.sequence);
        assert!(receipts.windows(2).all(|pair| pair[0].1.sequence < pair[1].1.sequence));
        for (n, receipt) in receipts {
            assert_eq!(number_at(store, receipt.sequence), Some(n));
        }
    }
}

/// The number of an event that is visible; `None` for one of the store's own.
fn number_at(store: &Store, sequence: u64) -> Option<u64> {
    let event = store.event_at(sequence).unwrap();
    let payload = crate::encoding::to_json(&event.raw.payload).unwrap();
    payload["n"].as_u64()
}

/// The numbers of everything that is visible, in commit order. Panics unless each of it can be read and nothing is missing.
fn numbers(store: &Store) -> Vec<u64> {
    let (durable, visible) = (store.durable(), store.visible());
    assert!(durable <= visible, "{durable} events are durable and {visible} visible");
    let listed = store.read_entries(&Selection::default(), 0..visible);
    assert!(listed.map(|(sequence, entry)| entry.map(|_| sequence).unwrap()).eq(0..visible));
    (0..visible).filter_map(|sequence| number_at(store, sequence)).collect()
}
