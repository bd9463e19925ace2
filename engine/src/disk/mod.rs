//! Floor 1: bytes on disk. The only door to files, and the only place that knows how frames and segments look.

pub(crate) mod bytes;
pub(crate) mod frame;
#[cfg(any(test, fuzzing))]
pub(crate) mod memory;
pub(crate) mod prefix;
pub(crate) mod real;
pub(crate) mod scan;
pub(crate) mod segment;
pub(crate) mod storage;
pub(crate) mod unfinished;
