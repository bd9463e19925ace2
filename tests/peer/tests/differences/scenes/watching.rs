//! Scenes of projections and watchers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::engine::event::JsonValueInput;
use super::engine::store::{CheckpointId, Freshness, Store};
use super::engine::{EventPayload, EventSourced};
use super::{KIND, config, coordinate, open};

#[derive(Serialize, Deserialize, EventPayload)]
#[batpak(category = 1, type_id = 1)]
struct Counted {
    amount: u64,
}

#[derive(Default, Serialize, Deserialize, EventSourced)]
#[batpak(input = JsonValueInput)]
#[batpak(event = Counted, handler = count)]
struct Total {
    amount: u64,
}

impl Total {
    fn count(&mut self, event: &Counted) {
        self.amount += event.amount;
    }
}

fn count(store: &Store) {
    store.append_typed(&coordinate(), &Counted { amount: 1 }).expect("the event is appended");
}

/// What a watcher with room for one wake-up delivers in the end, after twenty events came before it looked and one after.
pub(crate) fn overrun(directory: &Path) -> Result<u64, String> {
    let store = Store::open(config(directory).with_broadcast_capacity(1)).expect("the store opens");
    let store = Arc::new(store);
    let mut watcher = store.watch_projection::<Total>("order:1", Freshness::Consistent);
    (0..20).for_each(|_| count(&store));
    watcher.recv().map_err(|error| format!("{error:?}"))?;
    count(&store);
    let (_, state) = watcher.recv().map_err(|error| format!("{error:?}"))?;
    Ok(state.map_or(0, |total| total.amount))
}

/// Whether the only handle of a store can be closed while a watcher lives.
pub(crate) fn closes_under_a_watcher(directory: &Path) -> bool {
    let store = Arc::new(open(directory));
    let watcher = store.watch_projection::<Total>("order:1", Freshness::Consistent);
    let closed = Arc::into_inner(store).is_some_and(|store| store.close().is_ok());
    drop(watcher);
    closed
}

/// Whether a cursor watcher with a checkpoint leaves a file of it once its consumer came back for the next state.
pub(crate) fn saves_a_checkpoint(directory: &Path) -> bool {
    let store = Arc::new(open(directory));
    count(&store);
    let id = CheckpointId::new("total").expect("the name is valid");
    let watcher = store.watch_projection_with_cursor::<Total>("order:1", Freshness::Consistent, Some(id));
    let mut watcher = watcher.expect("the watcher starts");
    watcher.recv().expect("a state is delivered");
    count(&store);
    watcher.recv().expect("a state is delivered");
    std::fs::read_dir(directory.join("cursors")).is_ok_and(|mut files| files.next().is_some())
}

/// Whether folding a payload that does not decode is an error; `None` if it panics.
pub(crate) fn fold_of_a_wrong_payload(directory: &Path) -> Option<bool> {
    let store = open(directory);
    store.append(&coordinate(), KIND, &"no number").expect("the event is appended");
    let fold = || store.project::<Total>("order:1", &Freshness::Consistent).is_err();
    catch_unwind(AssertUnwindSafe(fold)).ok()
}
