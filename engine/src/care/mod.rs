//! Floor 6: caring for a store.

pub(crate) mod receipts;
pub(crate) mod verify;
