//! Floor 3: committing. One request type, one place where an event becomes part of the log.

pub(crate) mod active;
pub(crate) mod background;
pub(crate) mod claim;
pub(crate) mod committer;
pub(crate) mod compaction;
pub(crate) mod fence;
pub(crate) mod options;
pub(crate) mod poison;
pub(crate) mod receipt;
pub(crate) mod recovery;
pub(crate) mod request;
pub(crate) mod seal;
pub(crate) mod stage;
pub(crate) mod ticket;
pub(crate) mod writer;
