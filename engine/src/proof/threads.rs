//! Owns the tests with many threads: appends from everywhere, and closing while others read.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::commit::request::{Item, Request};
use crate::coordinate::Region;
use crate::disk::memory::{MemoryDirectory, Operation};
use crate::disk::storage::Directory;
use crate::proof::oracle::dump;
use crate::proof::script::{KIND, config, open, stream_of};
use crate::store::state::{Lifecycle, open_in};
use crate::store::{
    AppendOptions, AppendReceipt, AppendTicket, BatchAppendItem, CausationRef, HlcPoint, StoreError,
};
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
fn whoever_waits_for_the_disk_shares_one_sync_and_a_failed_one_ends_every_wait() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(u32::MAX, 1 << 20)).unwrap();
    let syncs = || {
        let operations = directory.operations();
        operations.iter().filter(|operation| matches!(operation, Operation::Sync { .. })).count()
    };
    let before = syncs();
    let wait_for_all = || {
        let points: Vec<HlcPoint> = (0..THREADS)
            .map(|n| store.append(&stream_of(n), KIND, &json!({ "n": n })).unwrap().sequence)
            .map(|global_sequence| HlcPoint { wall_ms: 0, global_sequence })
            .collect();
        let waits = |point| store.wait_for_durable(point, Duration::MAX);
        std::thread::scope(|scope| {
            let threads: Vec<_> = points.into_iter().map(|point| scope.spawn(move || waits(point))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        })
    };
    assert!(wait_for_all().iter().all(Result::is_ok));
    assert_eq!((syncs() - before, store.durable()), (1, THREADS + 1));
    // The next call to storage that is not a write is the sync.
    let next_sync = directory.calls() + THREADS + 1;
    directory.fail_call(next_sync, ErrorKind::Other, false);
    let outcomes = wait_for_all();
    let is_poisoned = |outcome: &Result<(), StoreError>| matches!(outcome, Err(StoreError::Poisoned { .. }));
    assert!(outcomes.iter().all(is_poisoned), "{outcomes:?}");
    let point = store.frontier().visible_hlc;
    assert!(is_poisoned(&store.wait_for_applied(point, Duration::MAX)));
    assert!(store.wait_for_visible(point, Duration::ZERO).is_ok(), "what is visible stays visible");
}

#[test]
fn submitted_events_are_committed_whoever_waits_and_whoever_does_not() {
    for sync_every_n_events in [1, 50] {
        let directory = MemoryDirectory::new();
        let store =
            open(&directory, config(sync_every_n_events, 1 << 15).with_writer_channel_capacity(5)).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let store = &store;
                scope.spawn(move || {
                    let numbers = (thread * ROUNDS)..(thread + 1) * ROUNDS;
                    let tickets: Vec<_> = numbers
                        .map(|n| store.submit(&stream_of(n), KIND, &json!({ "n": n })).unwrap())
                        .collect();
                    let mut last = 0;
                    for (at, ticket) in tickets.into_iter().enumerate() {
                        let receipt = match (thread % 2, at % 3) {
                            (0, _) => ticket.wait(),
                            (_, 0) => continue,
                            (_, _) => ticket.receiver().recv().unwrap(),
                        };
                        let sequence = receipt.unwrap().sequence;
                        assert!(sequence > last, "a thread's events keep their order");
                        last = sequence;
                    }
                });
            }
        });
        store.sync().unwrap();
        store.close().unwrap();
        let mut numbers: Vec<u64> =
            dump(&open(&directory, config(1, 1 << 15)).unwrap(), "after").iter().map(|(n, _)| *n).collect();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..THREADS * ROUNDS));
    }
}

#[test]
fn fences_of_many_threads_come_one_after_the_other_and_nothing_stands_between_their_events() {
    let directory = MemoryDirectory::new();
    let store = open(&directory, config(10, 1 << 15)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = &store;
            scope.spawn(move || {
                for round in 0..ROUNDS / 4 {
                    let n = (thread * ROUNDS + round) * 4;
                    let held = store.begin_visibility_fence().and_then(|fence| {
                        let submit = |n: u64| fence.submit(&stream_of(n), KIND, &json!({ "n": n }));
                        let tickets = (n..n + 4).map(submit).collect::<Result<Vec<_>, _>>()?;
                        if round % 3 == 0 {
                            fence.cancel()?;
                        } else {
                            fence.commit()?;
                        }
                        Ok(tickets)
                    });
                    let is_free = |error: &StoreError| matches!(error, StoreError::VisibilityFenceActive);
                    match held {
                        Ok(tickets) => {
                            let receipts: Result<Vec<_>, _> =
                                tickets.into_iter().map(AppendTicket::wait).collect();
                            let sequences = receipts.map(|all| all.iter().map(|one| one.sequence).collect());
                            let dense = |all: &Vec<u64>| all.windows(2).all(|pair| pair[0] + 1 == pair[1]);
                            assert!(sequences.as_ref().map_or(round % 3 == 0, dense), "{sequences:?}");
                        }
                        Err(error) => assert!(is_free(&error), "{error}"),
                    }
                    let alone = store.append(&stream_of(n), KIND, &json!({ "n": n }));
                    assert!(alone.as_ref().map_or_else(is_free, |_| true), "{alone:?}");
                }
            });
        }
    });
    let whole = dump(&store, "before");
    drop(store);
    assert_eq!(dump(&open(&directory, config(1, 1 << 15)).unwrap(), "after"), whole);
}

#[test]
fn closing_commits_so_much_of_what_is_queued_as_the_configuration_allows() {
    let directory: Arc<dyn Directory> = MemoryDirectory::new();
    let config = config(10, 1 << 15).with_shutdown_drain_limit(2);
    let (_, half, _) = open_in(directory, Path::new("memory"), config.clone(), Lifecycle::Told).unwrap();
    let tickets: Vec<AppendTicket> = (0..5)
        .map(|n| {
            let bytes = crate::encoding::to_bytes(&json!({ "n": n })).unwrap();
            let item = Item::untyped(stream_of(n), KIND, bytes, AppendOptions::new(), CausationRef::None);
            let (ticket, reply) = AppendTicket::issue(&half.writer);
            half.writer.enqueue(Request::single(item, &config).unwrap(), reply).unwrap();
            ticket
        })
        .collect();
    half.close().unwrap();
    let answers: Vec<_> = tickets.into_iter().map(AppendTicket::wait).collect();
    assert!(answers[..2].iter().all(Result::is_ok), "{answers:?}");
    assert!(answers[2..].iter().all(|answer| matches!(answer, Err(StoreError::Closed))), "{answers:?}");
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
        assert_eq!(listener.join().unwrap(), 121, "the closing event is delivered too");
    });
}
