//! Being told of a new state instead of asking for it: a watcher on a thread of its own feeds a channel, as a user interface would want it.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::mpsc;
use std::thread;

use causeway::prelude::*;
use causeway::store::WatcherError;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x5, type_id = 1)]
struct GuestArrived {
    name: String,
}

#[derive(Debug, Default, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = GuestArrived, handler = arrived)]
struct Party {
    guests: Vec<String>,
}

impl Party {
    fn arrived(&mut self, event: &GuestArrived) {
        self.guests.push(event.name.clone());
    }
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(directory.path()))?;
    let party = Coordinate::new("party:1", "house")?;

    // The watcher sees what comes from now on. It does not keep the store open.
    let mut watcher = store.watch_projection::<Party>("party:1", Freshness::Consistent);
    let (updates, received) = mpsc::channel();
    let watching = thread::spawn(move || {
        loop {
            match watcher.recv() {
                Ok(update) => {
                    if updates.send(update).is_err() {
                        return None; // nobody listens any more
                    }
                }
                Err(error) => return Some(error),
            }
        }
    });

    for name in ["Ada", "Grace", "Barbara"] {
        store.append_typed(&party, &GuestArrived { name: name.to_owned() })?;
    }

    // Several events may become one delivery, but generations rise strictly, and the newest state always comes.
    let mut generations = Vec::new();
    for (generation, state) in &received {
        println!("generation {generation}: {state:?}");
        generations.push(generation);
        if generation == 3 {
            assert_eq!(
                state.map(|party| party.guests),
                Some(["Ada", "Grace", "Barbara"].map(String::from).to_vec())
            );
            break;
        }
    }
    assert!(generations.is_sorted_by(|earlier, later| earlier < later));

    // Closing the store ends the watcher.
    store.close()?;
    let ended = watching.join().map_err(|_| "the watching thread panicked")?;
    assert!(matches!(ended, Some(WatcherError::StoreClosed)));
    Ok(())
}
