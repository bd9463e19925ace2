//! The engine driver for batpak 0.8.2. Owns nothing but the names that the driver is compiled against.

use std::process::ExitCode;

#[path = "../../../driver/mod.rs"]
mod driver;

/// The engine under its public names.
mod engine {
    pub(crate) use batpak::coordinate::{Coordinate, Region};
    pub(crate) use batpak::event::hash::compute_hash;
    pub(crate) use batpak::event::{Event, EventKind};
    pub(crate) use batpak::id::{EventId, IdempotencyKey};
    pub(crate) use batpak::store::index::IndexEntry;
    pub(crate) use batpak::store::segment::CompactionOutcome;
    pub(crate) use batpak::store::{
        AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, CompactionConfig, CompactionStrategy,
        ReadOnly, Store, StoreConfig, StoreError,
    };

    /// Whether an event of an operation on so many was durable when it was acknowledged: it says so of batches only.
    pub(crate) fn is_durable(_receipt: &AppendReceipt, events: usize) -> bool {
        events > 1
    }
}

fn main() -> ExitCode {
    driver::run()
}
