//! Scenes of workers and reactors.

use std::convert::Infallible;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::engine::EventPayload;
use super::engine::coordinate::{Coordinate, Region};
use super::engine::event::{Event, EventKind, Reactive, StoredEvent, TypedReactive};
use super::engine::store::delivery::cursor::{CursorWorkerAction, CursorWorkerConfig};
use super::engine::store::{
    AtLeastOnce, CausationRef, CheckpointId, ReactionBatch, ReactorConfig, Store, StoreError,
};
use super::{coordinate, open, variant};

#[derive(Serialize, Deserialize, EventPayload)]
#[batpak(category = 2, type_id = 1)]
struct Asked {
    n: u64,
}

#[derive(Serialize, Deserialize, EventPayload)]
#[batpak(category = 2, type_id = 2)]
struct Answered {
    n: u64,
}

/// Answers each question, and tells that it did.
struct Answering(Sender<()>);

impl TypedReactive<Asked> for Answering {
    type Error = Infallible;

    fn react(
        &mut self,
        event: &StoredEvent<Asked>,
        out: &mut ReactionBatch,
        _at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), Infallible> {
        let answer = Answered { n: event.event.payload.n };
        out.push_typed(coordinate(), &answer, CausationRef::None).expect("an answer encodes");
        self.0.send(()).expect("somebody listens");
        Ok(())
    }
}

/// Answers nothing.
struct Silent;

impl Reactive<Value> for Silent {
    fn react(&self, _event: &Event<Value>) -> Vec<(Coordinate, EventKind, Value)> {
        Vec::new()
    }
}

fn ask(store: &Store) {
    store.append_typed(&coordinate(), &Asked { n: 1 }).expect("the event is appended");
}

fn closes(store: Arc<Store>) -> bool {
    Arc::into_inner(store).is_some_and(|store| store.close().is_ok())
}

/// Whether the only handle of a store can be closed while a worker waits for events.
pub(crate) fn closes_under_a_worker(directory: &Path) -> bool {
    let store = Arc::new(open(directory));
    let (region, config) = (Region::entity("nobody"), CursorWorkerConfig::default());
    let worker = store.cursor_worker(&region, config, |_, _, _| CursorWorkerAction::Continue);
    let closed = closes(store);
    drop(worker.expect("the worker starts"));
    closed
}

/// Whether the only handle of a store can be closed while a raw reactor waits for events.
pub(crate) fn closes_under_a_raw_reactor(directory: &Path) -> bool {
    let store = Arc::new(open(directory));
    let reactor = store.react_loop(&Region::entity("nobody"), Silent).expect("the reactor starts");
    let closed = closes(store);
    drop(reactor);
    closed
}

/// How a worker ends whose handler always panics.
pub(crate) fn panics_for_ever(directory: &Path) -> Result<(), String> {
    let store = Arc::new(open(directory));
    ask(&store);
    let panic = |_: &[_], _: &Store, _: Option<&AtLeastOnce>| resume_unwind(Box::new("a scene wants it"));
    let worker = store.cursor_worker(&Region::all(), CursorWorkerConfig::default(), panic);
    worker.expect("the worker starts").join().map_err(|error: StoreError| variant(&error))
}

/// How many answers there are to a question that a reactor got twice, because a crash took the position that it had saved.
pub(crate) fn answers_after_a_crash(directory: &Path) -> usize {
    let store = Arc::new(open(directory));
    ask(&store);
    for _ in 0..2 {
        let (tell, told) = channel();
        let config = ReactorConfig {
            checkpoint_id: Some(CheckpointId::new("reactor").expect("the name is valid")),
            ..ReactorConfig::default()
        };
        let reactor = store.react_loop_typed::<Asked, _>(&Region::all(), config, Answering(tell));
        told.recv().expect("the question comes");
        reactor.expect("the reactor starts").stop_and_join().expect("the reactor ends well");
        std::fs::remove_dir_all(directory.join("cursors")).expect("the position was saved");
    }
    store.by_fact_typed::<Answered>().len()
}
