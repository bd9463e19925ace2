//! Floor 6: caring for a store.

pub(crate) mod backup;
pub(crate) mod chain_walk;
pub(crate) mod copy;
pub(crate) mod jsonl;
pub(crate) mod read_walk;
pub(crate) mod receipts;
pub(crate) mod repair;
pub(crate) mod snapshot_report;
pub(crate) mod verify;
