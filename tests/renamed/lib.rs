//! Owns the proof that a program which knows the store as `batpak` compiles against ours: no path in it, and none that a derive writes,
//! says causeway.
#![allow(clippy::unwrap_used)]
#![cfg(test)]

use batpak::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[batpak(category = 1, type_id = 1, version = 2)]
#[batpak(from_version = 1, upcast = Deposited::of)]
struct Deposited {
    cents: u64,
}

impl Deposited {
    fn of(cents: u64) -> Self {
        Self { cents }
    }
}

#[derive(Default, Serialize, Deserialize, EventSourced)]
#[batpak(input = JsonValueInput, cache_version = 0)]
#[batpak(event = Deposited, handler = on_deposited)]
struct Account {
    cents: u64,
}

impl Account {
    fn on_deposited(&mut self, event: &Deposited) {
        self.cents += event.cents;
    }
}

#[test]
fn a_program_that_calls_the_store_batpak_compiles_and_runs() -> Result<(), Box<dyn std::error::Error>> {
    validate_event_payload_registry()?;
    let directory = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(directory.path()))?;
    let account = Coordinate::new("account:1", "bank")?;
    let receipt: AppendReceipt = store.append_typed(&account, &Deposited::of(5))?;
    let deposited: Deposited = store.get(receipt.event_id)?.event.decode_typed()?;
    assert_eq!((deposited.cents, receipt.sequence), (5, 1));
    let state = store.project::<Account>("account:1", &Freshness::Consistent)?;
    assert_eq!(state.map(|account| account.cents), Some(5));
    store.close()?;
    Ok(())
}
