//! Looking after a store: computing every hash anew, copying it while it is written, and moving its events as lines of text.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::ops::ControlFlow;

use causeway::prelude::*;
use causeway::store::{Selection, StoreState, VerifyLevel, import_jsonl};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 0xA, type_id = 1)]
struct AddressChanged {
    city: String,
}

/// Every hash is computed anew and compared. On a large store that takes a while: the progress says how far it is, and can end it.
fn check<State: StoreState>(store: &Store<State>) -> Result<u64, Box<dyn std::error::Error>> {
    let report = store.verify(VerifyLevel::Chain, &mut |done, all| {
        println!("{done} of {all} bytes verified so far");
        ControlFlow::Continue(())
    })?;
    if !report.holds() {
        return Err(format!("{} findings: {:?}", report.finding_count, report.findings).into());
    }
    Ok(report.events)
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(home.path().join("customers")))?;
    let mut receipts = Vec::new();
    for (number, city) in ["Berlin", "Rome", "Oslo"].into_iter().enumerate() {
        let customer = Coordinate::new(format!("customer:{number}"), "shop")?;
        receipts.push(store.append_typed(&customer, &AddressChanged { city: city.to_owned() })?);
    }
    assert_eq!(check(&store)?, 4); // the first event says that the store was opened

    // A snapshot is the same store at another place, complete when it appears. Appends need not wait for it.
    let backup = home.path().join("backup");
    store.snapshot(&backup)?;
    store
        .append_typed(&Coordinate::new("customer:0", "shop")?, &AddressChanged { city: "Bonn".to_owned() })?;
    let copy = Store::open_read_only(StoreConfig::new(&backup))?;
    assert_eq!((check(&copy)?, copy.identity()), (4, store.identity()));

    // Lines of JSON, for other programs and other times. Importing them anywhere makes the same events, with the same ids.
    let mut lines = Vec::new();
    let exported = store.export_jsonl(&Selection::default(), &mut lines)?;
    println!(
        "{exported} lines, the second {}",
        String::from_utf8_lossy(&lines).lines().nth(1).unwrap_or_default()
    );
    let moved = StoreConfig::new(home.path().join("moved"));
    assert_eq!(import_jsonl(&mut &lines[..], moved.clone())?, exported);
    let moved = Store::open_read_only(moved)?;
    check(&moved)?;
    for receipt in &receipts {
        let here: AddressChanged = store.get(receipt.event_id)?.event.decode_typed()?;
        let there: AddressChanged = moved.get(receipt.event_id)?.event.decode_typed()?;
        assert_eq!(here, there);
    }
    Ok(())
}
