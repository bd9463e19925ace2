//! Reading a store while another process writes it: no lock, no byte written, and what is new becomes visible by itself.
//!
//! Here both live in one process; nothing would change if they did not.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use causeway::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 0xB, type_id = 1)]
struct Measured {
    celsius: f64,
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let config = StoreConfig::new(directory.path());
    let writer = Store::open(config.clone())?;
    let sensor = Coordinate::new("sensor:1", "cellar")?;
    writer.append_typed(&sensor, &Measured { celsius: 11.5 })?;

    // A second writer is refused, a reader never.
    assert!(matches!(Store::open(config.clone()), Err(StoreError::StoreLocked { .. })));
    let reader: Store<ReadOnly> = Store::open_read_only(config)?;
    let mut cursor = reader.cursor_guaranteed(&Region::entity("sensor:1"));
    let [first] = &cursor.poll_batch(10)[..] else { return Err("one event is there".into()) };
    let stored = reader.get(EventId::from(first.event_id()))?;
    println!("found {:?}", stored.event.payload);
    assert_eq!(stored.event.decode_typed::<Measured>()?, Measured { celsius: 11.5 });

    // The reader looks for news every 20 ms, or at once when asked to. Its cursor goes on where it was.
    writer.append_typed(&sensor, &Measured { celsius: 12.0 })?;
    reader.refresh()?;
    let news = cursor.poll_batch(10);
    println!("then sequence {}", news[0].global_sequence());
    assert_eq!(news.len(), 1);
    assert_eq!(reader.visible(), writer.visible());
    Ok(())
}
