//! Owns the tests with many threads: appends from everywhere, and closing while others read.

use std::path::Path;

use serde_json::json;

use crate::commit::request::{Item, Request};
use crate::coordinate::Region;
use crate::disk::memory::{MemoryDirectory, Operation};
use crate::disk::storage::Directory;
use crate::proof::oracle::dump;
use crate::proof::script::{KIND, config, open, stream_of};
use crate::store::state::{Lifecycle, open_in};
use crate::store::{AppendOptions, AppendReceipt, BatchAppendItem, CausationRef};
use crate::words::sync::{Arc, Mutex};

const THREADS: u64 = 8;
const ROUNDS: u64 = 60;

#[test]
fn appends_from_many_threads_get_dense_places_and_receipts_that_say_what_is_read() {
    for sync_every_n_events in [1, 50] {
        let directory = MemoryDirectory::new();
        let store = open(&directory, config(sync_every_n_events, 1 << 15)).unwrap();
        let receipts: Mutex<Vec<(u64, AppendReceipt)>> = Mutex::default();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (store, receipts) = (&store, &receipts);
                scope.spawn(move || {
                    for round in 0..ROUNDS {
                        let n = (thread * ROUNDS + round) * 4;
                        let item = |n: u64| {
                            let options = AppendOptions::new();
                            BatchAppendItem::new(
                                stream_of(n),
                                KIND,
                                &json!({ "n": n }),
                                options,
                                CausationRef::None,
                            )
                        };
                        let got = if round % 3 == 0 {
                            store.append_batch((n..n + 4).map(|n| item(n).unwrap()).collect()).unwrap()
                        } else {
                            vec![store.append(&stream_of(n), KIND, &json!({ "n": n })).unwrap()]
                        };
                        assert!(got.windows(2).all(|pair| pair[0].sequence + 1 == pair[1].sequence));
                        receipts.lock().extend((n..).zip(got));
                    }
                });
            }
        });
        let receipts = receipts.into_inner();
        for (n, receipt) in &receipts {
            let event = store.event_at(receipt.sequence).unwrap();
            let payload = crate::encoding::to_json(&event.raw.payload).unwrap();
            assert_eq!(payload["n"], *n);
            assert_eq!(event.raw.event_hash, receipt.event_hash());
            assert_eq!(event.raw.header.position.sequence(), receipt.stream_sequence());
            assert_eq!(event.place, receipt.disk_pos());
            assert!(receipt.is_durable() || sync_every_n_events > 1);
        }
        let mut sequences: Vec<u64> = receipts.iter().map(|(_, receipt)| receipt.sequence).collect();
        sequences.sort_unstable();
        assert!(sequences.iter().copied().eq(1..=receipts.len() as u64));
        let whole = dump(&store, "before");
        drop(store);
        assert_eq!(dump(&open(&directory, config(1, 1 << 15)).unwrap(), "after"), whole);
    }
}

#[test]
fn whoever_waits_for_the_same_sync_shares_it() {
    let directory = MemoryDirectory::new();
    let config = config(1, 1 << 20);
    let shared: Arc<dyn Directory> = Arc::<MemoryDirectory>::clone(&directory);
    let (_, half, _) = open_in(shared, Path::new("memory"), config.clone(), Lifecycle::Told).unwrap();
    let syncs = || {
        let operations = directory.operations();
        operations.iter().filter(|operation| matches!(operation, Operation::Sync { .. })).count()
    };
    let request = |n: u64| {
        let bytes = crate::encoding::to_bytes(&json!({ "n": n })).unwrap();
        let item = Item::untyped(stream_of(n), KIND, bytes, AppendOptions::new(), CausationRef::None);
        ((), Request::single(item, &config).unwrap())
    };
    let (before, mut answers) = (syncs(), 0);
    half.writer.with_committer(|committer| {
        committer.commit((0..THREADS).map(request).collect(), |(), answer| {
            assert!(answer.unwrap()[0].is_durable());
            answers += 1;
        });
    });
    assert_eq!((answers, syncs() - before), (THREADS, 1));
}

#[test]
fn a_store_closes_while_others_wait_for_its_events() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(10, 1 << 15)).unwrap();
    let subscription = store.subscribe_lossy(&Region::all());
    let mut cursor = store.cursor_guaranteed(&Region::all());
    std::thread::scope(|scope| {
        let listener = scope.spawn(move || std::iter::from_fn(|| subscription.recv()).count());
        let puller = scope.spawn(move || {
            let mut pulled = 0;
            while pulled < 100 {
                pulled += cursor.poll_batch(7).len();
            }
            pulled
        });
        for n in 0..120 {
            store.append(&stream_of(n), KIND, &json!({ "n": n })).unwrap();
        }
        assert!(puller.join().unwrap() >= 100);
        store.close().unwrap();
        assert_eq!(listener.join().unwrap(), 120);
    });
}
