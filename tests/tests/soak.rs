//! Readers beside a writer that rotates, compacts and is killed now and then: whatever they see is a consistent prefix, and they catch up.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use causeway::coordinate::Region;
use causeway::event::{EventKind, EventSourced, JsonValueInput, ProjectionEvent};
use causeway::store::{Freshness, ReadOnly, Store, StoreConfig};
use causeway_tests::driven::Driven;
use causeway_tests::figures::{share, tell};
use causeway_tests::protocol::{self, Line};
use serde::{Deserialize, Serialize};

const DRIVER: &str = env!("CARGO_BIN_EXE_driver");
/// Longest wait for what was acknowledged to be seen.
const PATIENCE: Duration = Duration::from_secs(20);
/// Events of one life of the writer.
const LIFE: u64 = 2_500;

/// How far the writer is known to have come, and whether it goes on.
#[derive(Default)]
struct Progress {
    acknowledged: AtomicU64,
    over: AtomicBool,
}

/// What a reader did.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    looks: u64,
    events: u64,
}

fn open(directory: &Path) -> Store<ReadOnly> {
    Store::<ReadOnly>::open_read_only(StoreConfig::new(directory))
        .expect("a store that is being written opens")
}

/// Nothing that a reader says of a healthy store may be called damage.
fn assert_no_false_alarm(store: &Store<ReadOnly>) {
    for finding in store.findings() {
        assert!(!finding.class.is_damage(), "{finding}");
    }
}

/// The numbers that a store shows from a sequence on, in order and without gaps; returns the next sequence and the next number.
fn read_on(store: &Store<ReadOnly>, mut next: u64, mut number: u64) -> (u64, u64) {
    loop {
        let after = next.checked_sub(1);
        let entries = store.entries_after(&Region::all(), after, 1_000).expect("what is visible is readable");
        if entries.is_empty() {
            return (next, number);
        }
        for entry in entries {
            assert_eq!(entry.global_sequence(), next, "the commit order has no holes");
            next += 1;
            if entry.coord().scope() != protocol::SCOPE {
                continue;
            }
            assert_eq!(entry.coord().entity(), protocol::entity(number), "event {number}");
            if number.is_multiple_of(64) {
                let event = store.get(entry.event_id().into()).expect("what is listed is readable").event;
                assert_eq!(event.payload["n"], number);
            }
            number += 1;
        }
    }
}

/// Follows with one store that stays open.
fn follow(directory: &Path, progress: &Progress) -> Seen {
    let store = open(directory);
    let subscription = store.subscribe_lossy(&Region::all());
    let (mut seen, mut next, mut number) = (Seen::default(), 0, 0);
    loop {
        let (over, goal) =
            (progress.over.load(Ordering::SeqCst), progress.acknowledged.load(Ordering::SeqCst));
        let began = Instant::now();
        loop {
            // A wake-up may be one that was missed: then the look is a little later.
            subscription.recv_timeout(Duration::from_millis(5)).expect("the store is open");
            store.refresh().expect("following does not fail");
            (next, number) = read_on(&store, next, number);
            seen.looks += 1;
            if number >= goal {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "stale: {number} of {goal} events for {PATIENCE:?}");
        }
        assert_eq!(store.take_rollback(), None, "what was shown stays");
        assert_no_false_alarm(&store);
        if over {
            return Seen { events: number, ..seen };
        }
    }
}

/// Opens the store anew for each look, as a process does that comes and goes.
fn come_and_go(directory: &Path, progress: &Progress) -> Seen {
    let mut seen = Seen::default();
    loop {
        let (over, goal) =
            (progress.over.load(Ordering::SeqCst), progress.acknowledged.load(Ordering::SeqCst));
        let store = open(directory);
        let (_, number) = read_on(&store, 0, 0);
        assert!(number >= goal, "a store that was opened after {goal} events shows {number}");
        assert!(number >= seen.events, "what was shown stays");
        assert_no_false_alarm(&store);
        seen = Seen { looks: seen.looks + 1, events: number };
        if over {
            return seen;
        }
    }
}

/// How many events an entity has.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Count(u64);

impl EventSourced for Count {
    type Input = JsonValueInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        (!events.is_empty()).then_some(Self(events.len() as u64))
    }

    fn apply_event(&mut self, _: &ProjectionEvent<Self>) {
        self.0 += 1;
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[]
    }

    fn supports_incremental_apply() -> bool {
        true
    }
}

/// Watchers come and go on a store that stays open; none of them sees fewer events than the one before.
fn watch(directory: &Path, progress: &Progress) -> Seen {
    let store = open(directory);
    let subscription = store.subscribe_lossy(&Region::all());
    let mut seen = Seen::default();
    let mut counts = [0; protocol::ENTITIES as usize];
    loop {
        subscription.recv_timeout(Duration::from_millis(5)).expect("the store is open");
        let (over, goal) =
            (progress.over.load(Ordering::SeqCst), progress.acknowledged.load(Ordering::SeqCst));
        for (place, count) in (0..).zip(&mut counts) {
            let wanted = (goal + protocol::ENTITIES - 1 - place) / protocol::ENTITIES;
            let mut watcher =
                store.watch_projection::<Count>(&protocol::entity(place), Freshness::Consistent);
            let began = Instant::now();
            let mut delivered = Some(watcher.current().expect("watching does not fail"));
            loop {
                if let Some((_, Some(Count(found)))) = delivered {
                    assert!(found >= *count, "a watcher went back from {count} to {found}");
                    *count = found;
                }
                if *count >= wanted {
                    break;
                }
                let waited = began.elapsed();
                assert!(waited < PATIENCE, "stale: {count} of {wanted} events of a stream for {waited:?}");
                delivered = watcher.recv_timeout(PATIENCE).expect("watching does not fail");
            }
            seen.looks += 1;
        }
        assert_no_false_alarm(&store);
        if over {
            return Seen { events: counts.iter().sum(), ..seen };
        }
    }
}

/// One life of the writer; returns the first number that the next one writes. Every other life ends with a close.
fn live(directory: &Path, start: u64, progress: &Progress) -> u64 {
    let options = [
        format!("start={start}"),
        format!("count={LIFE}"),
        "seg=65536".to_owned(),
        "mode=mixed".to_owned(),
        "every=1".to_owned(),
        "compact=150".to_owned(),
        "pause_us=300".to_owned(),
        format!("close={}", start / LIFE % 2),
    ];
    let mut writer = Driven::start(DRIVER, "append-loop", directory, &options);
    while let Some(line) = writer.next_line() {
        match line {
            Line::Ack { n, .. } => progress.acknowledged.store(n.last().unwrap() + 1, Ordering::SeqCst),
            Line::Open | Line::Try { .. } | Line::Closed | Line::Exit | Line::Compacted { msg: None, .. } => {
            }
            other => panic!("{other:?}"),
        }
    }
    start + LIFE
}

#[test]
fn readers_beside_a_writer_see_a_prefix_and_never_a_false_alarm() {
    let seconds = std::env::var("CAUSEWAY_SECONDS").ok().and_then(|text| text.parse().ok());
    let lives = share(4, u64::MAX);
    let bound = Duration::from_secs(seconds.unwrap_or_else(|| share(u64::from(u32::MAX), 3_600)));
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("store");
    let progress = Arc::new(Progress::default());
    assert!(
        std::process::Command::new(DRIVER)
            .args(["hold", directory.to_str().unwrap()])
            .output()
            .unwrap()
            .status
            .success()
    );
    let readers: Vec<_> = [follow, come_and_go, watch]
        .into_iter()
        .map(|read| {
            let (directory, progress) = (directory.clone(), Arc::clone(&progress));
            thread::spawn(move || read(&directory, &progress))
        })
        .collect();
    let (began, mut next) = (Instant::now(), 0);
    for _ in 0..lives {
        if began.elapsed() >= bound || readers.iter().any(thread::JoinHandle::is_finished) {
            break;
        }
        next = live(&directory, next, &progress);
    }
    progress.over.store(true, Ordering::SeqCst);
    for reader in readers {
        let seen = reader.join().expect("a reader saw what it must not see");
        assert_eq!(seen.events, next, "{seen:?}");
        tell("G15", "looks of a reader beside the writer", seen.looks, 20);
    }
    tell("G15", "events that every reader saw in order", next, 5_000);
}
