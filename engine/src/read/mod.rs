//! Floor 4: reading. Snapshots of the visible log, iterators over it, and following what another process writes.

pub(crate) mod ancestry;
pub(crate) mod entry;
pub(crate) mod follow;
pub(crate) mod reader;
pub(crate) mod standing;
pub(crate) mod streams;
