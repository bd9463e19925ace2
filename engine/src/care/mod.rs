//! Floor 6: caring for a store.

pub(crate) mod backup;
pub(crate) mod chain_walk;
pub(crate) mod copy;
pub(crate) mod head;
pub(crate) mod head_check;
pub(crate) mod jsonl;
pub(crate) mod log_tree;
pub(crate) mod read_walk;
pub(crate) mod receipts;
pub(crate) mod repair;
pub(crate) mod snapshot_report;
pub(crate) mod verify;
