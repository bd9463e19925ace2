//! Owns the proof of reactors: whenever the power fails, every event is answered once; and an event that nobody reacts to costs nothing.

use std::collections::BTreeMap;
use std::sync::mpsc::{Sender, channel};

use serde::{Deserialize, Serialize};

use crate::coordinate::{Coordinate, Region};
use crate::disk::memory::{CrashImage, MemoryDirectory};
use crate::event::{StoredEvent, TypedReactive};
use crate::proof::crash::{Wreck, wrecks};
use crate::proof::oracle::Oracle;
use crate::proof::script::{config, open};
use crate::store::{
    AtLeastOnce, CausationRef, CheckpointId, IndexEntry, ReactionBatch, ReactorConfig, Store, StoreError,
    TypedReactorHandle,
};
use crate::words::sync::{Arc, Mutex};

const QUESTIONS: u64 = 5;
/// Answers to one event.
const ANSWERS: usize = 2;

#[derive(Serialize, Deserialize, crate::EventPayload)]
#[causeway(category = 1, type_id = 8)]
struct Asked(u64);

#[derive(Serialize, Deserialize, crate::EventPayload)]
#[causeway(category = 1, type_id = 9)]
struct Answered(u64);

fn at(entity: &str) -> Coordinate {
    Coordinate::new(entity, "shop").unwrap()
}

/// Answers each question twice, with something else every time, and tells which one it answers.
struct Fickle {
    asked: Sender<u64>,
    said: u64,
}

impl TypedReactive<Asked> for Fickle {
    type Error = StoreError;

    fn react(
        &mut self,
        event: &StoredEvent<Asked>,
        out: &mut ReactionBatch,
        _: Option<&AtLeastOnce>,
    ) -> Result<(), StoreError> {
        for _ in 0..ANSWERS {
            self.said += 1;
            out.push_typed(at("answers"), &Answered(self.said), CausationRef::None)?;
        }
        let _ = self.asked.send(event.event.payload.0);
        Ok(())
    }
}

fn react(store: &Arc<Store>, asked: Sender<u64>, said: u64) -> TypedReactorHandle<StoreError> {
    let config = ReactorConfig {
        batch_size: 2,
        checkpoint_id: Some(CheckpointId::new("reactor").unwrap()),
        ..ReactorConfig::default()
    };
    store.react_loop_typed(&Region::all(), config, Fickle { asked, said }).unwrap()
}

/// Asks one more question, and returns when the reactor answered it.
fn answer_everything(store: &Arc<Store>, last: u64) {
    let (asked, told) = channel();
    let reactor = react(store, asked, 1_000 * last);
    store.append_typed(&at("questions"), &Asked(last)).unwrap();
    assert!(told.into_iter().any(|question| question == last));
    reactor.stop_and_join().unwrap();
}

fn check_answers(wreck: &Wreck) {
    let context = format!("{:?} after call {}", wreck.image, wreck.after_call);
    let store = open(&wreck.directory, config(u32::MAX, 1 << 20)).unwrap();
    let store = Arc::new(store);
    answer_everything(&store, QUESTIONS);
    let mut answers = BTreeMap::new();
    for answer in store.by_fact_typed::<Answered>() {
        *answers.entry(answer.causation_id().unwrap()).or_insert(0) += 1;
    }
    let questions = store.by_fact_typed::<Asked>();
    let expected = questions.iter().map(|question| (question.event_id(), ANSWERS)).collect();
    assert_eq!(answers, expected, "{context}");
}

#[test]
fn whenever_the_power_fails_every_event_is_answered_once() {
    let oracle: Arc<Mutex<Oracle>> = Arc::default();
    let directory = MemoryDirectory::new();
    let wrecks = wrecks(&directory, &oracle, || {
        let store = Arc::new(open(&directory, config(3, 1 << 20)).unwrap());
        for question in 0..QUESTIONS - 1 {
            store.append_typed(&at("questions"), &Asked(question)).unwrap();
        }
        answer_everything(&store, QUESTIONS - 1);
        store.close_shared().unwrap();
    });
    let mut after_kills = 0;
    for wreck in wrecks.distinct.iter().filter(|wreck| CrashImage::ALL.contains(&wreck.image)) {
        after_kills += u64::from(wreck.image == CrashImage::Kill);
        check_answers(wreck);
    }
    assert!(after_kills >= 30, "only {after_kills} images of killed processes");
}

/// Frames that are read for the reaction to one more event in a store with `others` events that nobody reacts to.
fn frames_of_a_reaction(others: u64) -> u64 {
    let directory = MemoryDirectory::new();
    let store = Arc::new(open(&directory, config(u32::MAX, 1 << 20)).unwrap());
    for n in 0..others {
        store.append_typed(&at("others"), &Answered(n)).unwrap();
    }
    let before = store.frames_read();
    answer_everything(&store, 0);
    let frames = store.frames_read() - before;
    let answered: Vec<_> = store.by_fact_typed::<Answered>().iter().map(IndexEntry::clock).collect();
    assert_eq!(answered.len() as u64, others + ANSWERS as u64);
    frames
}

#[test]
fn a_reaction_costs_the_same_however_many_events_nobody_reacts_to() {
    let (few, many) = (frames_of_a_reaction(10), frames_of_a_reaction(1_000));
    assert_eq!(few, many);
}
