//! The engine driver for this store. Owns nothing but the names that the driver is compiled against.

use std::process::ExitCode;

#[path = "../../driver/mod.rs"]
mod driver;

/// The engine under its public names.
mod engine {
    pub(crate) use causeway::coordinate::{Coordinate, Region};
    pub(crate) use causeway::event::hash::compute_hash;
    pub(crate) use causeway::event::{Event, EventKind};
    pub(crate) use causeway::id::{EventId, IdempotencyKey};
    pub(crate) use causeway::store::segment::CompactionOutcome;
    pub(crate) use causeway::store::{
        AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, CompactionConfig, CompactionStrategy,
        IndexEntry, ReadOnly, Store, StoreConfig, StoreError,
    };

    /// Whether an event of an operation on so many was durable when it was acknowledged.
    pub(crate) fn is_durable(receipt: &AppendReceipt, _events: usize) -> bool {
        receipt.is_durable()
    }
}

fn main() -> ExitCode {
    driver::run()
}
