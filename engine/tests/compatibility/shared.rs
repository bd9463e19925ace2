//! What the programs have in common: an open store in a directory of its own, and a few payloads.

use crate::batpak::prelude::*;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

/// A customer paid something in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[batpak(category = 0xF, type_id = 0x001)]
pub(crate) struct Deposited {
    pub(crate) cents: u64,
}

/// A customer took something out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[batpak(category = 0xF, type_id = 0x002)]
pub(crate) struct Withdrawn {
    pub(crate) cents: u64,
}

/// What a customer has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[batpak(input = JsonValueInput, cache_version = 0)]
#[batpak(event = Deposited, handler = on_deposited)]
#[batpak(event = Withdrawn, handler = on_withdrawn)]
pub(crate) struct Balance {
    pub(crate) cents: u64,
}

impl Balance {
    fn on_deposited(&mut self, event: &Deposited) {
        self.cents += event.cents;
    }

    fn on_withdrawn(&mut self, event: &Withdrawn) {
        self.cents -= event.cents;
    }
}

pub(crate) fn open() -> (TempDir, Store) {
    let directory = TempDir::new().unwrap();
    let store = Store::open(StoreConfig::new(directory.path())).unwrap();
    (directory, store)
}

pub(crate) fn account() -> Coordinate {
    Coordinate::new("account:1", "bank").unwrap()
}
