//! Work in the background that loses no event, whatever it dies of: its position is saved after the work, so each event comes at least once.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::{Arc, mpsc};

use causeway::prelude::*;
use causeway::store::{CheckpointId, CursorWorkerAction, CursorWorkerConfig};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x6, type_id = 1)]
struct OrderPlaced {
    mail: String,
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = Arc::new(Store::open(StoreConfig::new(directory.path()))?);
    let place = |number: u32| -> Result<(), Box<dyn std::error::Error>> {
        let order = Coordinate::new(format!("order:{number}"), "shop")?;
        store.append_typed(&order, &OrderPlaced { mail: format!("guest{number}@example.org") })?;
        Ok(())
    };
    for number in 1..=3 {
        place(number)?;
    }

    // The checkpoint is the name under which the position is kept. Without one, a worker begins at the first event every time.
    let orders = Region::entity("order");
    let mut config = CursorWorkerConfig::default();
    config.batch_size = 2;
    config.checkpoint_id = Some(CheckpointId::new("mailer")?);

    // This mailer manages one batch; then its mail server is down, and it gives the second back.
    let mut batches = 0;
    let first = store.cursor_worker(&orders, config.clone(), move |batch, _store, _witness| {
        batches += 1;
        println!("mailer 1 has {} orders", batch.len());
        if batches == 1 { CursorWorkerAction::Continue } else { CursorWorkerAction::StopWithRollback }
    })?;
    first.join()?;

    // The next one begins where the first left off. Rows carry no payload; the handler reads those that it needs.
    let (mails, sent) = mpsc::channel();
    let second = store.cursor_worker(&orders, config, move |batch, store, witness| {
        // There is a witness because there is a checkpoint: a handler can insist on it.
        assert_eq!(witness.map(|witness| witness.checkpoint_id().as_str()), Some("mailer"));
        for row in batch {
            let stored = store.get(EventId::from(row.event_id()));
            let Ok(Ok(order)) = stored.map(|stored| stored.event.decode_typed::<OrderPlaced>()) else {
                return CursorWorkerAction::StopWithRollback;
            };
            if mails.send(order.mail).is_err() {
                return CursorWorkerAction::StopWithRollback;
            }
        }
        CursorWorkerAction::Continue
    })?;
    place(4)?;
    for expected in ["guest3@example.org", "guest4@example.org"] {
        let mail = sent.recv()?;
        println!("mailer 2 wrote to {mail}");
        assert_eq!(mail, expected);
    }
    second.stop_and_join()?;
    Ok(())
}
