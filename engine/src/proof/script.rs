//! Owns what the crash and fault tests do to a store: short scripts, and running them while an oracle takes notes.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::coordinate::Coordinate;
use crate::disk::memory::MemoryDirectory;
use crate::disk::storage::Directory;
use crate::event::{EventKind, RawMsgpackInput};
use crate::proof::compaction::compact;
use crate::proof::oracle::Oracle;
use crate::store::state::{Lifecycle, follow_in, open_in};
use crate::store::{
    AppendOptions, AppendReceipt, AppendTicket, BatchAppendItem, BatchAppendTicket, CausationRef,
    CheckpointId, Clock, Cursor, Freshness, NoCache, Open, ProjectionCache, ProjectionWatcher, ReadOnly,
    Store, StoreConfig, StoreError, StreamState, VisibilityFence,
};
use crate::words::sync::{Arc, AtomicU64, Mutex, Ordering};

pub(super) const KIND: EventKind = EventKind::custom(1, 1);
const STREAMS: u64 = 3;

#[derive(crate::EventPayload, Serialize, Deserialize)]
#[causeway(category = 1, type_id = 2)]
pub(super) struct Counted {
    pub(super) n: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, crate::EventSourced)]
#[causeway(input = RawMsgpackInput)]
#[causeway(event = Counted, handler = add)]
pub(super) struct Highest(pub(super) u64);

impl Highest {
    fn add(&mut self, event: &Counted) {
        self.0 = self.0.max(event.n);
    }
}

/// A consumer whose position is saved.
pub(super) fn watch(store: &Store<Open>) -> Result<ProjectionWatcher<Highest, Cursor>, StoreError> {
    let id = CheckpointId::new("consumer").unwrap();
    store.watch_projection_with_cursor("order:0", Freshness::Consistent, Some(id))
}

/// A clock that goes on with every look at it, so that everything that waits for time is due.
#[derive(Default)]
pub(super) struct SteppingClock(AtomicU64);

impl Clock for SteppingClock {
    fn now_us(&self) -> i64 {
        1_700_000_000_000_000 + self.0.fetch_add(1_000, Ordering::Relaxed).cast_signed()
    }

    fn now_mono_ns(&self) -> i64 {
        self.0.fetch_add(1_000, Ordering::Relaxed).cast_signed() * 1_000_000
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Step {
    /// A single event with a payload of about so many bytes.
    Append(usize),
    /// An event whose kind is described in the log.
    Typed,
    /// Events that belong together.
    Batch(usize),
    /// The same, and each item expects its stream to stand where it does.
    Expecting(usize),
    /// Events that are submitted while nobody commits, and so committed with one write.
    Submit(usize),
    /// Events that a fence holds until it is committed: singles and a batch.
    Fence(usize),
    /// The same, and the fence is cancelled.
    Cancelled(usize),
    /// Small segments become one.
    Merge,
    /// Events whose number is a multiple of this are removed without a trace that queries show.
    Retain(u64),
    /// The same, with a tombstone in place of each.
    Bury(u64),
    Sync,
    /// A consumer takes what is new, and its position is saved.
    Consume,
    Close,
    Drop,
    /// Opens the store again; does nothing if it is open.
    Open,
}

/// A store's configuration and what happens to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) sync_every_n_events: u32,
    pub(super) segment_max_bytes: u64,
    pub(super) steps: &'static [Step],
}

impl Script {
    pub(super) fn config(&self) -> StoreConfig {
        config(self.sync_every_n_events, self.segment_max_bytes)
    }

    /// Greatest number of acknowledged events that a power cut may take.
    pub(super) fn window(&self) -> u64 {
        u64::from(self.sync_every_n_events).saturating_sub(1)
    }
}

/// A configuration under which nothing happens that the script does not say.
pub(super) fn config(sync_every_n_events: u32, segment_max_bytes: u64) -> StoreConfig {
    StoreConfig::new("memory")
        .with_sync_every_n_events(sync_every_n_events)
        .with_sync_every(Duration::MAX)
        .with_follow_interval(Duration::MAX)
        .with_segment_max_bytes(segment_max_bytes)
        .with_clock(Some(Arc::new(SteppingClock::default())))
}

pub(super) fn open(directory: &Arc<MemoryDirectory>, config: StoreConfig) -> Result<Store<Open>, StoreError> {
    open_with(directory, config, Box::new(NoCache))
}

pub(super) fn open_with(
    directory: &Arc<MemoryDirectory>,
    config: StoreConfig,
    cache: Box<dyn ProjectionCache>,
) -> Result<Store<Open>, StoreError> {
    let directory: Arc<dyn Directory> = Arc::<MemoryDirectory>::clone(directory);
    open_in(directory, Path::new("memory"), config, Lifecycle::Told).map(|parts| Store::writing(parts, cache))
}

/// Opens for reading; moves only when it is told to.
pub(super) fn follow(
    directory: &Arc<MemoryDirectory>,
    config: StoreConfig,
) -> Result<Store<ReadOnly>, StoreError> {
    let directory: Arc<dyn Directory> = Arc::<MemoryDirectory>::clone(directory);
    let memory = Arc::default();
    let proceed = &mut |_, _| ControlFlow::Continue(());
    let parts = follow_in(directory, Path::new("memory"), config, &memory, proceed)?;
    Ok(Store::following(parts, memory, Box::new(NoCache)))
}

/// A script under way.
pub(super) struct Run {
    directory: Arc<MemoryDirectory>,
    script: Script,
    oracle: Arc<Mutex<Oracle>>,
    store: Option<Store<Open>>,
    next_number: u64,
}

impl Run {
    /// Begins a script on a directory that holds what the oracle says.
    pub(super) fn new(directory: &Arc<MemoryDirectory>, script: Script, oracle: &Arc<Mutex<Oracle>>) -> Self {
        let next_number = oracle.lock().next_number;
        Self {
            directory: Arc::clone(directory),
            script,
            oracle: Arc::clone(oracle),
            store: None,
            next_number,
        }
    }

    /// Runs every step; a step that fails is passed, and so are those that need a store that is not open.
    pub(super) fn finish(mut self) -> Vec<Result<(), StoreError>> {
        let opened = self.step(Step::Open);
        let steps = self.script.steps.iter().map(|step| self.step(*step));
        let mut outcomes: Vec<_> = steps.collect();
        outcomes.insert(0, opened);
        outcomes
    }

    /// The store, while it is open.
    pub(super) fn store(&self) -> Option<&Store<Open>> {
        self.store.as_ref()
    }

    /// Runs one step; one that needs a store does nothing if none is open.
    pub(super) fn step(&mut self, step: Step) -> Result<(), StoreError> {
        match step {
            Step::Open if self.store.is_some() => Ok(()),
            Step::Open => {
                self.store = Some(open(&self.directory, self.script.config())?);
                self.oracle.lock().make_durable();
                Ok(())
            }
            Step::Close => {
                let Some(store) = self.store.take() else { return Ok(()) };
                store.close()?;
                self.oracle.lock().make_durable();
                Ok(())
            }
            Step::Drop => {
                self.store = None;
                Ok(())
            }
            Step::Sync => {
                let Some(store) = &self.store else { return Ok(()) };
                store.sync()?;
                self.oracle.lock().make_durable();
                Ok(())
            }
            Step::Consume => {
                let Some(store) = &self.store else { return Ok(()) };
                let mut watcher = watch(store)?;
                watcher.try_recv().map_err(StoreError::encoding)?;
                watcher.acknowledge().map_err(StoreError::encoding)
            }
            Step::Cancelled(count) => {
                let Some(store) = &self.store else { return Ok(()) };
                let numbers: Vec<u64> = (0..count as u64).map(|n| u64::MAX - n).collect();
                let fence = store.begin_visibility_fence()?;
                let tickets = hold(&fence, &numbers)?;
                fence.cancel()?;
                let is_cancelled = |ticket: BatchAppendTicket| {
                    matches!(ticket.wait(), Err(StoreError::VisibilityFenceCancelled))
                };
                assert!(tickets.into_iter().all(is_cancelled));
                Ok(())
            }
            Step::Merge | Step::Retain(_) | Step::Bury(_) => {
                let Some(store) = &self.store else { return Ok(()) };
                compact(store, step, &self.oracle)
            }
            Step::Submit(count) => self.submit(count),
            Step::Append(_) | Step::Typed | Step::Batch(_) | Step::Expecting(_) | Step::Fence(_) => {
                self.append(step)
            }
        }
    }

    /// Numbers that no event has yet.
    fn fresh(&mut self, count: usize) -> Vec<u64> {
        let first = self.next_number;
        self.next_number += count as u64;
        (first..self.next_number).collect()
    }

    fn submit(&mut self, count: usize) -> Result<(), StoreError> {
        let numbers = self.fresh(count);
        let Some(store) = &self.store else { return Ok(()) };
        let submit = |n: &u64| store.submit(&stream_of(*n), KIND, &json!({ "n": n }));
        // The thread behind the store cannot commit meanwhile: all are committed by whoever enters the section next.
        let tickets: Vec<AppendTicket> = store.half.writer.with_committer(|_| {
            for n in &numbers {
                self.oracle.lock().ask(vec![*n]);
            }
            numbers.iter().map(submit).collect::<Result<_, _>>()
        })?;
        let mut outcome = Ok(());
        for (n, ticket) in numbers.into_iter().zip(tickets) {
            match ticket.wait() {
                Ok(receipt) => {
                    let is_durable = receipt.is_durable();
                    self.oracle.lock().acknowledge(n, vec![receipt], is_durable);
                }
                Err(error) => outcome = outcome.and(Err(error)),
            }
        }
        outcome
    }

    fn append(&mut self, step: Step) -> Result<(), StoreError> {
        let count = match step {
            Step::Batch(count) | Step::Expecting(count) | Step::Fence(count) => count,
            _ => 1,
        };
        let numbers = self.fresh(count);
        let Some(store) = &self.store else { return Ok(()) };
        self.oracle.lock().ask(numbers.clone());
        let n = numbers[0];
        let receipts = match step {
            Step::Append(bytes) => {
                vec![store.append(&stream_of(n), KIND, &json!({ "n": n, "fill": "x".repeat(bytes) }))?]
            }
            Step::Typed => vec![store.append_typed(&stream_of(n), &Counted { n })?],
            Step::Expecting(_) => store.append_batch(expecting(store, &numbers))?,
            Step::Fence(_) => {
                let fence = store.begin_visibility_fence()?;
                let tickets = hold(&fence, &numbers)?;
                fence.commit()?;
                let answers = tickets.into_iter().map(BatchAppendTicket::wait);
                answers.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect()
            }
            _ => store.append_batch(numbers.iter().map(|n| item(*n, AppendOptions::new())).collect())?,
        };
        let durable = receipts.iter().all(AppendReceipt::is_durable);
        self.oracle.lock().acknowledge(n, receipts, durable);
        Ok(())
    }
}

/// Submits events to a fence, in batches of one, two, three and so on.
fn hold(fence: &VisibilityFence<'_>, numbers: &[u64]) -> Result<Vec<BatchAppendTicket>, StoreError> {
    let (mut rest, mut tickets) = (numbers, Vec::new());
    while !rest.is_empty() {
        let (batch, after) = rest.split_at((tickets.len() + 1).min(rest.len()));
        let items = batch.iter().map(|n| item(*n, AppendOptions::new())).collect();
        tickets.push(fence.submit_batch(items)?);
        rest = after;
    }
    Ok(tickets)
}

/// Items each of which expects its stream where the store and the items before it leave it.
fn expecting(store: &Store<Open>, numbers: &[u64]) -> Vec<BatchAppendItem> {
    let expects = |(at, n): (usize, &u64)| {
        let same = |other: &&u64| **other % STREAMS == *n % STREAMS;
        let earlier = numbers[..at].iter().filter(same).count() as u64;
        let events = store.entity_generation(stream_of(*n).entity()).unwrap_or(0) + earlier;
        let last = events.checked_sub(1).map(|last| u32::try_from(last).unwrap());
        let state = last.map_or(StreamState::NoStream, StreamState::Exactly);
        item(*n, AppendOptions::new().with_expected_state(state))
    };
    numbers.iter().enumerate().map(expects).collect()
}

pub(super) fn stream_of(n: u64) -> Coordinate {
    Coordinate::new(format!("order:{}", n % STREAMS), "shop").unwrap()
}

pub(super) fn item(n: u64, options: AppendOptions) -> BatchAppendItem {
    BatchAppendItem::new(stream_of(n), KIND, &json!({ "n": n }), options, CausationRef::None).unwrap()
}

use Step::{
    Append, Batch, Bury, Cancelled, Close, Consume, Drop as Let, Expecting, Fence, Merge, Open as Reopen,
    Retain, Submit, Sync, Typed,
};

const SMALL: u64 = 4 * 1024;
const LARGE: u64 = 1024 * 1024;

/// Every situation in which a store writes.
pub(super) const SCRIPTS: &[Script] = &[
    Script {
        name: "each append synced",
        sync_every_n_events: 1,
        segment_max_bytes: LARGE,
        steps: &[Append(10), Append(10), Append(500), Append(0), Close],
    },
    Script {
        name: "a window of three",
        sync_every_n_events: 4,
        segment_max_bytes: SMALL,
        steps: &[Append(10), Append(10), Append(10), Append(10), Append(10), Append(10), Let],
    },
    Script {
        name: "synced on request only",
        sync_every_n_events: u32::MAX,
        segment_max_bytes: SMALL,
        steps: &[Append(10), Append(10), Sync, Append(10), Append(10), Append(10), Sync, Append(1)],
    },
    Script {
        name: "batches",
        sync_every_n_events: 5,
        segment_max_bytes: SMALL,
        steps: &[Batch(3), Append(10), Batch(5), Append(10), Batch(1), Batch(2), Close],
    },
    Script {
        name: "rotation",
        sync_every_n_events: 3,
        segment_max_bytes: 1024,
        steps: &[
            Append(300),
            Append(300),
            Append(300),
            Append(300),
            Append(300),
            Append(300),
            Append(300),
            Append(300),
            Append(300),
            Append(300),
            Close,
        ],
    },
    Script {
        name: "rotation between batches and described kinds",
        sync_every_n_events: 3,
        segment_max_bytes: 1500,
        steps: &[Batch(4), Typed, Append(900), Batch(6), Typed, Typed, Batch(8), Append(1), Typed],
    },
    Script {
        name: "closing and opening",
        sync_every_n_events: 3,
        segment_max_bytes: SMALL,
        steps: &[Append(10), Append(10), Close, Reopen, Append(10), Close, Reopen, Batch(2), Typed, Close],
    },
    Script {
        name: "opening what was dropped",
        sync_every_n_events: 3,
        segment_max_bytes: SMALL,
        steps: &[Append(10), Typed, Let, Reopen, Append(10), Typed, Let, Reopen, Batch(2), Let],
    },
    Script {
        name: "closing and opening around rotations",
        sync_every_n_events: 2,
        segment_max_bytes: 900,
        steps: &[
            Append(300),
            Append(300),
            Close,
            Reopen,
            Append(300),
            Append(300),
            Append(300),
            Close,
            Reopen,
            Append(300),
            Append(300),
            Let,
            Reopen,
            Append(300),
            Append(300),
            Append(300),
        ],
    },
    Script {
        name: "a consumer that saves its position",
        sync_every_n_events: 2,
        segment_max_bytes: SMALL,
        steps: &[
            Typed,
            Consume,
            Append(10),
            Typed,
            Typed,
            Consume,
            Close,
            Reopen,
            Typed,
            Typed,
            Typed,
            Consume,
            Let,
        ],
    },
    Script {
        name: "fences",
        sync_every_n_events: 4,
        segment_max_bytes: 2 * 1024,
        steps: &[
            Append(10),
            Fence(4),
            Append(10),
            Cancelled(3),
            Append(10),
            Fence(7),
            Let,
            Reopen,
            Fence(1),
            Close,
        ],
    },
    Script {
        name: "submitted and expected",
        sync_every_n_events: 3,
        segment_max_bytes: SMALL,
        steps: &[Submit(2), Expecting(4), Submit(5), Append(10), Let, Reopen, Expecting(2), Submit(1), Close],
    },
    Script {
        name: "events larger than a reserved step",
        sync_every_n_events: 2,
        segment_max_bytes: 16 * 1024,
        steps: &[Append(20_000), Append(10), Append(9_000), Batch(2), Append(30_000), Close],
    },
    Script {
        name: "merging",
        sync_every_n_events: 2,
        segment_max_bytes: 700,
        steps: &[
            Append(300),
            Append(300),
            Typed,
            Append(300),
            Batch(3),
            Merge,
            Append(300),
            Append(300),
            Typed,
            Merge,
            Close,
            Reopen,
            Append(10),
            Let,
        ],
    },
    Script {
        name: "removing, and removing more",
        sync_every_n_events: 3,
        segment_max_bytes: 700,
        steps: &[
            Batch(4),
            Append(300),
            Typed,
            Append(300),
            Batch(3),
            Retain(2),
            Append(300),
            Append(300),
            Typed,
            Bury(3),
            Append(10),
            Let,
            Reopen,
            Append(600),
            Append(10),
            Retain(5),
            Append(10),
            Close,
        ],
    },
    Script {
        name: "removing everything beside a consumer",
        sync_every_n_events: 1,
        segment_max_bytes: 600,
        steps: &[
            Typed,
            Consume,
            Append(500),
            Batch(6),
            Append(500),
            Bury(1),
            Consume,
            Typed,
            Retain(1),
            Close,
        ],
    },
];
