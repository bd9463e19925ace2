//! Floor 6: caring for stores. Looking at them, checking them, bringing in what other programs wrote.

pub(crate) mod import;
pub(crate) mod preview;
pub(crate) mod verify;
