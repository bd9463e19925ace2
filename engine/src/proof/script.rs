//! Owns what the crash and fault tests do to a store: short scripts, and running them while an oracle takes notes.

mod list;

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::coordinate::Coordinate;
use crate::disk::memory::MemoryDirectory;
use crate::disk::storage::Directory;
use crate::event::{EventKind, RawMsgpackInput};
use crate::proof::beside;
use crate::proof::compaction::compact;
use crate::proof::oracle::{Notes, Oracle};
pub(super) use crate::proof::script::list::SCRIPTS;
use crate::store::state::{Lifecycle, follow_in, open_in};
use crate::store::{
    AppendOptions, AppendReceipt, AppendTicket, BatchAppendItem, BatchAppendTicket, CausationRef,
    CheckpointId, Clock, Cursor, Freshness, NoCache, Open, ProjectionCache, ProjectionWatcher, ReadOnly,
    Store, StoreConfig, StoreError, StreamState, VisibilityFence,
};
use crate::words::sync::{Arc, AtomicU64, Mutex, Ordering};

pub(super) const KIND: EventKind = EventKind::custom(1, 1);
const STREAMS: u64 = 3;

/// Where copies are made, and where a cache is kept: directories below that of the store.
pub(super) const SNAPSHOT: &str = "snapshot";
pub(super) const FORK: &str = "fork-of-it";
pub(super) const IMPORT: &str = "import";
pub(super) const CACHE: &str = "cache";

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

/// Name of a copy.
type Name = &'static str;
/// What a script says.
type Steps = &'static [Step];

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
    /// A state is computed, and kept in a cache of files.
    Project,
    /// The store is copied as it stands, to [`SNAPSHOT`].
    Snapshot,
    /// A store of its own that begins with the same events is made, at [`FORK`].
    Fork,
    /// The events are written as lines of JSON, and read in again at [`IMPORT`].
    Import,
    /// These steps are done with the copy of that name, which is let go of afterwards.
    #[serde(skip)]
    Within(Name, Steps),
    /// Somebody deletes the indexes of all segments; the store is not open.
    LoseIndexes,
    /// Bytes that no writer finished stand behind the end of the log; the store is not open.
    Tear,
    Close,
    Drop,
    /// Opens the store again; does nothing if it is open.
    Open,
}

impl Step {
    /// True if it fails once nothing more is committed.
    pub(super) fn needs_a_writer(self) -> bool {
        let reads = matches!(self, Self::Consume | Self::Project | Self::Import | Self::Within(..));
        !reads && !matches!(self, Self::LoseIndexes | Self::Tear)
    }

    /// True if it writes segments that are those of another store.
    pub(super) fn is_about_a_copy(self) -> bool {
        matches!(self, Self::Snapshot | Self::Fork | Self::Import | Self::Within(..))
    }
}

/// A store's configuration and what happens to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Script {
    pub(super) name: &'static str,
    pub(super) sync_every_n_events: u32,
    pub(super) segment_max_bytes: u64,
    pub(super) steps: Steps,
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
    open_at(Arc::<MemoryDirectory>::clone(directory), config, cache)
}

/// The same of any directory.
pub(super) fn open_at(
    directory: Arc<dyn Directory>,
    config: StoreConfig,
    cache: Box<dyn ProjectionCache>,
) -> Result<Store<Open>, StoreError> {
    open_in(directory, Path::new("memory"), config, Lifecycle::Told).map(|parts| Store::writing(parts, cache))
}

/// Opens for reading; moves only when it is told to.
pub(super) fn follow(
    directory: &Arc<MemoryDirectory>,
    config: StoreConfig,
) -> Result<Store<ReadOnly>, StoreError> {
    follow_at(Arc::<MemoryDirectory>::clone(directory), config)
}

/// The same of any directory.
pub(super) fn follow_at(
    directory: Arc<dyn Directory>,
    config: StoreConfig,
) -> Result<Store<ReadOnly>, StoreError> {
    let memory = Arc::default();
    let proceed = &mut |_, _| ControlFlow::Continue(());
    let parts = follow_in(directory, Path::new("memory"), config, &memory, proceed)?;
    Ok(Store::following(parts, memory, Box::new(NoCache)))
}

/// A script under way.
pub(super) struct Run {
    directory: Arc<MemoryDirectory>,
    script: Script,
    notes: Notes,
    store: Option<Store<Open>>,
    next_number: u64,
}

impl Run {
    /// Begins a script on a directory that holds what the oracle says.
    pub(super) fn new(directory: &Arc<MemoryDirectory>, script: Script, oracle: &Arc<Mutex<Oracle>>) -> Self {
        let next_number = oracle.lock().next_number;
        Self { directory: Arc::clone(directory), script, notes: Notes::of(oracle), store: None, next_number }
    }

    /// Opens the store as the script needs it.
    fn open(&self) -> Result<Store<Open>, StoreError> {
        let keeps_states = self.script.steps.iter().any(|step| matches!(step, Step::Project));
        let cache = if keeps_states { beside::cache(&self.directory)? } else { Box::new(NoCache) };
        open_with(&self.directory, self.script.config(), cache)
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
                self.store = Some(self.open()?);
                self.notes.take(Oracle::make_durable);
                Ok(())
            }
            Step::Close => {
                let Some(store) = self.store.take() else { return Ok(()) };
                store.close()?;
                self.notes.take(Oracle::make_durable);
                Ok(())
            }
            Step::Drop => {
                self.store = None;
                Ok(())
            }
            Step::Sync => {
                let Some(store) = &self.store else { return Ok(()) };
                store.sync()?;
                self.notes.take(Oracle::make_durable);
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
                compact(store, step, &self.notes)
            }
            Step::Snapshot | Step::Fork | Step::Import => {
                let Some(store) = &self.store else { return Ok(()) };
                beside::copy(store, step, &self.directory, self.script, &self.notes)
            }
            Step::Project => {
                let Some(store) = &self.store else { return Ok(()) };
                store.project::<Highest>("order:0", &Freshness::Consistent).map(drop)
            }
            Step::LoseIndexes => beside::lose_indexes(&self.directory),
            Step::Tear => beside::tear(&self.directory),
            Step::Within(name, steps) => self.within(name, steps),
            Step::Submit(count) => self.submit(count),
            Step::Append(_) | Step::Typed | Step::Batch(_) | Step::Expecting(_) | Step::Fence(_) => {
                self.append(step)
            }
        }
    }

    /// Goes on in a copy, if it is there.
    fn within(&mut self, name: &'static str, steps: &[Step]) -> Result<(), StoreError> {
        let Some(directory) = self.directory.below(name) else { return Ok(()) };
        let (notes, next_number) = (self.notes.about(name), self.next_number);
        let mut run = Self { directory, script: self.script, notes, store: None, next_number };
        let outcome = steps.iter().try_for_each(|step| run.step(*step));
        self.next_number = run.next_number;
        outcome
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
                self.notes.take(|oracle| oracle.ask(vec![*n]));
            }
            numbers.iter().map(submit).collect::<Result<_, _>>()
        })?;
        let mut outcome = Ok(());
        for (n, ticket) in numbers.into_iter().zip(tickets) {
            match ticket.wait() {
                Ok(receipt) => {
                    let is_durable = receipt.is_durable();
                    self.notes.take(|oracle| oracle.acknowledge(n, vec![receipt], is_durable));
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
        self.notes.take(|oracle| oracle.ask(numbers.clone()));
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
        self.notes.take(|oracle| oracle.acknowledge(n, receipts, durable));
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
