//! The first five minutes: a store in a directory, an event with a payload of a type of yours, and the way back from the one to the other.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use causeway::prelude::*;
use serde::{Deserialize, Serialize};

/// What happened. The category (4 bits) and the type (12 bits) are the kind under which the store knows it: choose once, keep for ever.
#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x1, type_id = 1)]
struct OrderPlaced {
    item: String,
    cents: u64,
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(directory.path()))?;

    // An event belongs to an entity, in a scope. Sequence 0 says that the store was opened, so yours begin at 1.
    let order = Coordinate::new("order:42", "shop:berlin")?;
    let placed = OrderPlaced { item: "teapot".to_owned(), cents: 12_990 };
    let receipt = store.append_typed(&order, &placed)?;
    println!("appended {} at sequence {}", receipt.event_id, receipt.sequence);
    assert_eq!(receipt.sequence, 1);

    // Back by its id: as JSON, whatever the payload was, or as the type it was.
    let stored = store.get(receipt.event_id)?;
    println!("{} says {}", stored.coordinate.entity(), stored.event.payload);
    assert_eq!(stored.event.payload["item"], "teapot");
    assert_eq!(stored.event.decode_typed::<OrderPlaced>()?, placed);

    // Back by what it is about. Rows carry no payload, so that a list of them costs little.
    for row in store.query(&Region::entity("order:42")) {
        println!("sequence {}: {} of {}", row.global_sequence(), row.event_kind(), row.coord().entity());
        assert_eq!(row.event_kind(), OrderPlaced::KIND);
    }
    assert_eq!(store.by_fact_typed::<OrderPlaced>().len(), 1);

    // Closing puts everything on stable storage; the next opening examines nothing.
    store.close()?;
    let store = Store::open(StoreConfig::new(directory.path()))?;
    assert!(store.open_report().clean);
    assert_eq!(store.get(receipt.event_id)?.event.decode_typed::<OrderPlaced>()?, placed);
    Ok(())
}
