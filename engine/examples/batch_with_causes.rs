//! Several events as one: all become visible at one instant or none does, across entities, each naming the event that caused it.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use causeway::prelude::*;
use causeway::store::{BatchAppendItem, CausationRef, StreamState};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x3, type_id = 1)]
struct TransferRequested {
    cents: u64,
}

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x3, type_id = 2)]
struct Withdrawn {
    cents: u64,
}

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x3, type_id = 3)]
struct Deposited {
    cents: u64,
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(directory.path()))?;
    let transfer = Coordinate::new("transfer:7", "bank")?;
    let (from, to) = (Coordinate::new("account:1", "bank")?, Coordinate::new("account:2", "bank")?);

    // An item may be caused by one that comes before it in the batch, although nobody knows the id of that yet.
    let none = AppendOptions::default;
    let first = CausationRef::PriorItem(0);
    let receipts = store.append_batch(vec![
        BatchAppendItem::typed(transfer, &TransferRequested { cents: 500 }, none(), CausationRef::None)?,
        BatchAppendItem::typed(from, &Withdrawn { cents: 500 }, none(), first)?,
        BatchAppendItem::typed(to, &Deposited { cents: 500 }, none(), first)?,
    ])?;
    let [requested, withdrawn, deposited] = &receipts[..] else { return Err("one receipt for each".into()) };
    println!("committed together: sequences {} to {}", requested.sequence, deposited.sequence);
    assert_eq!((withdrawn.sequence, deposited.sequence), (requested.sequence + 1, requested.sequence + 2));
    assert!(receipts.iter().all(AppendReceipt::is_durable));

    // What did the request lead to? The index knows, whatever the size of the store.
    let effects = store.effects_of(requested.event_id);
    let entities: Vec<_> = effects.iter().map(|row| row.coord().entity()).collect();
    println!("the request led to events of {entities:?}");
    assert_eq!(entities, ["account:1", "account:2"]);

    // One item that is refused refuses the batch: nothing of it is written, and no number is used up.
    let before = store.visible();
    let stale = AppendOptions::new().with_expected_state(StreamState::NoStream);
    let transfer = Coordinate::new("transfer:8", "bank")?;
    let refused = store.append_batch(vec![
        BatchAppendItem::typed(transfer, &TransferRequested { cents: 1 }, none(), CausationRef::None)?,
        BatchAppendItem::typed(Coordinate::new("account:1", "bank")?, &Withdrawn { cents: 1 }, stale, first)?,
    ]);
    let Err(error) = refused else {
        return Err("the second item expects that account:1 has no event".into());
    };
    println!("refused: {error}");
    assert!(matches!(error, StoreError::BatchFailed { item_index: 1, .. }));
    assert_eq!((store.visible(), store.by_entity("transfer:8").len()), (before, 0));
    Ok(())
}
