//! Scenes that end differently with the two engines. Compiled once against each.

pub(crate) mod appending;
pub(crate) mod chaining;
pub(crate) mod compacting;
pub(crate) mod delivering;
pub(crate) mod fencing;
pub(crate) mod judging;
pub(crate) mod opening;
pub(crate) mod reading;
pub(crate) mod receipts;
pub(crate) mod watching;

use std::path::Path;

use super::engine;
use engine::coordinate::Coordinate;
use engine::event::EventKind;
use engine::store::{AppendOptions, BatchAppendItem, CausationRef, Store, StoreConfig, StoreError};

pub(crate) use super::SEGMENT;

/// The kind of most events.
const KIND: EventKind = EventKind::custom(1, 1);

/// A store that syncs when it is told to.
fn open(directory: &Path) -> Store {
    Store::open(config(directory)).expect("the store opens")
}

fn config(directory: &Path) -> StoreConfig {
    StoreConfig::new(directory).with_sync_every_n_events(1_000_000)
}

fn coordinate() -> Coordinate {
    Coordinate::new("order:1", "shop").expect("the names are valid")
}

fn item(payload: u64, options: AppendOptions) -> BatchAppendItem {
    BatchAppendItem::new(coordinate(), KIND, &payload, options, CausationRef::None).expect("a number encodes")
}

/// The name of the error's variant.
fn variant(error: &StoreError) -> String {
    let debugged = format!("{error:?}");
    debugged.split(['(', ' ', '{']).next().unwrap_or_default().to_owned()
}
