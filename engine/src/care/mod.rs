//! Floor 6: caring for stores. Checking them, and bringing in what other programs wrote.

pub(crate) mod verify;
