//! Floor 6: caring for a store.

pub(crate) mod verify;
