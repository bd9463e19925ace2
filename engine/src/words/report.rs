//! Owns what opening a store tells: a value to read, which nothing decides by.

use crate::words::finding::Finding;
use crate::words::sync::Arc;

/// How opening found out what the store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenIndexPath {
    /// Kept for programs written against batpak; never produced, because no index is mapped into memory.
    Mmap,
    /// By the index that a clean close left: no frame was read.
    Checkpoint,
    /// By the frames of the newest segment, and the indexes of the others.
    #[default]
    Rebuild,
}

/// What opening for writing found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenReport {
    /// How it found out what the store holds.
    pub path: OpenIndexPath,
    /// Events that were there.
    pub events: u64,
    /// True if the store had been closed cleanly: nothing had to be examined.
    pub clean: bool,
    /// Frames that were read to find out where the log ends.
    pub frames_read: u64,
    /// Bytes that were cut off the end, because a crash had left them unfinished.
    pub cut_bytes: u64,
    /// The file that keeps them.
    pub quarantined: Option<String>,
    /// Events that cannot be read any more.
    pub damaged_events: u64,
    /// What is damaged or odd.
    pub findings: Vec<Finding>,
}

/// Is told what opening found and did.
pub type OpenReportObserver = Arc<dyn Fn(&OpenReport) + Send + Sync>;
