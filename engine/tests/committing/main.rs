//! What a user relies on who asks for a commit: expectations, tickets, fences, and waiting for how far the store has come.
#![allow(clippy::unwrap_used, missing_docs)]

mod expectations;
mod fences;
mod frontier;
mod submitting;

use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use causeway::coordinate::{Coordinate, Region};
use causeway::event::{EventKind, EventSourced, ProjectionEvent, RawMsgpackInput};
use causeway::store::{
    AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, Freshness, Open, Store, StoreConfig,
    StoreError, VerifyLevel,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tempfile::TempDir;

const KIND: EventKind = EventKind::custom(1, 1);
/// Longer than any test takes, and shorter than anybody's patience.
const LONG: Duration = Duration::from_mins(1);

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn config(&self) -> StoreConfig {
        StoreConfig::new(self.0.path())
    }

    fn open(&self) -> Store<Open> {
        Store::open(self.config()).unwrap()
    }
}

fn at(entity: &str) -> Coordinate {
    Coordinate::new(entity, "shop").unwrap()
}

fn item(entity: &str, options: AppendOptions) -> BatchAppendItem {
    item_with(entity, options, CausationRef::None)
}

fn item_with(entity: &str, options: AppendOptions, causation: CausationRef) -> BatchAppendItem {
    BatchAppendItem::new(at(entity), KIND, &json!({ "of": entity }), options, causation).unwrap()
}

fn append(store: &Store<Open>, entity: &str) -> AppendReceipt {
    store.append(&at(entity), KIND, &json!({ "of": entity })).unwrap()
}

/// Events that users appended and that can be read.
fn events(store: &Store<Open>) -> usize {
    store.query(&Region::all()).iter().filter(|entry| !entry.event_kind().is_system()).count()
}

/// Every hash and link fits, and no sequence is missing.
fn assert_whole(store: &Store<Open>) {
    let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.holds(), "{:?}", report.findings);
    assert_eq!(report.events, store.visible());
}

/// The error inside that of a batch, and the item it names.
fn refused_item<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> (usize, StoreError) {
    match outcome {
        Err(StoreError::BatchFailed { item_index, source }) => (item_index, *source),
        other => panic!("{other:?}"),
    }
}

/// Counts the events of an entity.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Count(u64);

impl EventSourced for Count {
    type Input = RawMsgpackInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        Some(Self(events.len() as u64))
    }

    fn apply_event(&mut self, _: &ProjectionEvent<Self>) {
        self.0 += 1;
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[]
    }
}

fn count(store: &Store<Open>, entity: &str) -> Option<u64> {
    store.project::<Count>(entity, &Freshness::Consistent).unwrap().map(|Count(count)| count)
}

/// Tells that the clock was asked, and is told when it may answer.
type Stop = (Sender<()>, Receiver<()>);

/// A clock that holds up whoever asks it, once it is told to: the commit section asks while it is held.
#[derive(Clone, Default)]
struct StoppedClock(Arc<Mutex<Option<Stop>>>);

impl StoppedClock {
    fn config(&self, place: &Place) -> StoreConfig {
        let stop = Arc::clone(&self.0);
        place.config().with_clock_fn(move || {
            let stopped = stop.lock().unwrap().take();
            if let Some((tell, go_on)) = stopped {
                tell.send(()).unwrap();
                let _ = go_on.recv();
            }
            1_700_000_000_000_000
        })
    }

    /// Does something while another thread stands in the commit section with one append.
    fn while_stopped<R>(&self, store: &Store<Open>, work: impl FnOnce() -> R) -> R {
        let ((tell, told), (release, go_on)) = (channel(), channel());
        *self.0.lock().unwrap() = Some((tell, go_on));
        std::thread::scope(|scope| {
            scope.spawn(|| append(store, "in the section"));
            told.recv().unwrap();
            let done = work();
            drop(release);
            done
        })
    }
}
