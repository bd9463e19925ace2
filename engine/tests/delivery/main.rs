//! Threads that work on events: cursor workers, reactors, gaps and witnesses, over stores in temporary directories.
#![allow(clippy::unwrap_used)]

mod closing;
mod gaps;
mod multi;
mod once;
mod raw;
mod reactor;
mod worker;

use std::fs;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use causeway::coordinate::{Coordinate, Region};
use causeway::event::{StoredEvent, TypedReactive};
use causeway::id::EventId;
use causeway::store::delivery::cursor::{CursorWorkerAction, CursorWorkerConfig};
use causeway::store::{
    AppendOptions, AppendReceipt, AtLeastOnce, Canal, CanalBatch, CausationRef, CheckpointId,
    CompactionConfig, CompactionStrategy, Cursor, IndexEntry, ReactionBatch, ReactorConfig, ReactorError,
    RestartPolicy, Store, StoreConfig, StoreError, TypedReactorHandle,
};
use causeway::{EventPayload, MultiEventReactor};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;

/// Longer than any machine needs: a test that waits this long has failed.
const LONG: Duration = Duration::from_mins(1);

/// What the tests' reactors react to.
#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
struct Asked {
    n: u64,
}

/// What they answer with.
#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 2)]
struct Answered {
    n: u64,
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("no answer to {0}")]
struct NoAnswer(u64);

struct Fixture {
    dir: TempDir,
    store: Arc<Store>,
}

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(StoreConfig::new(dir.path())).unwrap());
    Fixture { dir, store }
}

impl Fixture {
    fn ask(&self, n: u64) -> AppendReceipt {
        self.store.append_typed(&at("a"), &Asked { n }).unwrap()
    }

    /// Appends a payload of the kind of `Asked` that does not decode as one.
    fn ask_nonsense(&self) {
        self.store.append(&at("a"), Asked::KIND, &"nonsense").unwrap();
    }

    /// Closes the store while nobody else holds it, and opens it again.
    fn reopen(self) -> Self {
        self.store.close_shared().unwrap();
        let store = Arc::new(Store::open(StoreConfig::new(self.dir.path())).unwrap());
        Self { dir: self.dir, store }
    }

    fn answers(&self) -> Answers {
        Answers(self.store.cursor_guaranteed(&Region::all().with_fact_category(1).with_scope("answers")))
    }

    fn reactor<R: TypedReactive<Asked>>(&self, id: Option<&str>, reactor: R) -> TypedReactorHandle<R::Error> {
        let config = ReactorConfig { checkpoint_id: id.map(checkpoint), ..ReactorConfig::default() };
        self.store.react_loop_typed(&Region::entity("a"), config, reactor).unwrap()
    }
}

/// The answers in the log, in order.
struct Answers(Cursor);

impl Answers {
    /// Waits for the next answer.
    fn next(&mut self) -> IndexEntry {
        match self.0.pull_batch(1, LONG).unwrap() {
            CanalBatch::One(entry) => entry,
            CanalBatch::Empty | CanalBatch::Many(_) => panic!("one answer was to come"),
        }
    }

    /// How many more there are by now.
    fn count(mut self) -> usize {
        self.0.poll_batch(usize::MAX).len()
    }
}

/// A store with small segments, so that there are some to compact.
fn fixture_of_small_segments() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig::new(dir.path()).with_segment_max_bytes(1_200);
    Fixture { store: Arc::new(Store::open(config).unwrap()), dir }
}

/// Removes the events that `drops` takes, as far as they lie in sealed segments.
fn remove(store: &Store, drops: impl Fn(&StoredEvent<Value>) -> bool + Send + 'static) {
    let strategy = CompactionStrategy::Retention(Box::new(move |event| !drops(event)));
    store.compact(&CompactionConfig { strategy, min_segments: 1 }).unwrap();
}

fn at(entity: &str) -> Coordinate {
    Coordinate::new(entity, "questions").unwrap()
}

fn answers_of(entity: &str) -> Coordinate {
    Coordinate::new(entity, "answers").unwrap()
}

fn checkpoint(id: &str) -> CheckpointId {
    CheckpointId::new(id).unwrap()
}

/// Panics without the message that the hook would print.
fn panic_quietly() -> ! {
    std::panic::resume_unwind(Box::new("a test wants it"))
}

/// A reactor made of a function.
struct By<F>(F);

impl<F> TypedReactive<Asked> for By<F>
where
    F: FnMut(u64, &mut ReactionBatch, Option<&AtLeastOnce>) -> Result<(), NoAnswer> + Send + 'static,
{
    type Error = NoAnswer;

    fn react(
        &mut self,
        event: &StoredEvent<Asked>,
        out: &mut ReactionBatch,
        at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), NoAnswer> {
        (self.0)(event.event.payload.n, out, at_least_once)
    }
}

/// Answers each question with one event.
fn answering() -> impl TypedReactive<Asked, Error = NoAnswer> {
    By(|n, out: &mut ReactionBatch, _: Option<&AtLeastOnce>| {
        answer(out, n);
        Ok(())
    })
}

fn answer(out: &mut ReactionBatch, n: u64) {
    out.push_typed(answers_of("b"), &Answered { n }, CausationRef::None).unwrap();
}
