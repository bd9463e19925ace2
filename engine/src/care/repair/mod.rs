//! Owns mending a store's directory: a plan that only reads, a backup that is proven before anything is touched, the steps of the plan,
//! and the way back to the last byte.
//!
//! Invariants:
//! - a repair makes a log claim nothing that its own checksums and hashes do not prove, and it deletes nothing: what a file held before
//!   lies in `quarantine/` until the repair is undone;
//! - at every instant each file is the old one or the new one, both whole, and the journal names both by their hashes;
//! - nothing is written before the backup was read back and compared, file by file.

mod apply;
mod beside;
mod examine;
mod flip;
mod headers;
mod journal;
mod mend;
mod plan;
mod planned;
mod strays;
mod tree;
mod undo;

use std::fmt;
use std::path::PathBuf;

pub(crate) use crate::care::repair::apply::Repairing;
pub(crate) use crate::care::repair::plan::plan;
pub use crate::care::repair::planned::Patch;
use crate::care::repair::tree::Digest;
pub(crate) use crate::care::repair::undo::undo;
use crate::words::finding::Finding;

/// What a repair of a directory would do. It fits the directory only as long as no byte of that changes.
#[derive(Clone, Debug)]
pub struct RepairPlan {
    /// The store directory.
    pub path: PathBuf,
    /// BLAKE3 over every file of the directory, the lock file left out.
    pub digest: [u8; 32],
    /// What would be done, in this order.
    pub steps: Vec<RepairStep>,
    /// What is wrong or worth knowing and no step changes.
    pub remains: Vec<Finding>,
    /// Events that cannot be read now and could be afterwards.
    pub mended_events: u64,
    /// Events that cannot be read now and could not be afterwards either.
    pub lost_events: u64,
    /// Files that the backup would hold.
    pub files: u64,
    /// Bytes that the backup would take.
    pub bytes: u64,
    /// The journal of a repair that did not come to its end.
    pub unfinished: Option<String>,
}

impl RepairPlan {
    /// True if there is something to do.
    pub fn is_needed(&self) -> bool {
        !self.steps.is_empty()
    }
}

/// One step of a repair: it concerns one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairStep {
    /// The file, below the store directory.
    pub file: String,
    /// What is done with it.
    pub action: RepairAction,
    /// What asks for it.
    pub findings: Vec<Finding>,
    /// The file before and after the step.
    before: Option<Digest>,
    after: Option<Digest>,
    /// What the index is made of, if the step makes one.
    remake: Option<Remake>,
}

/// What the index of a segment is made of, besides its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Remake {
    /// Greatest time before the segment, in microseconds since 1970.
    largest_time: i64,
    /// The sequence at which the next segment begins.
    end: u64,
}

/// What a step does. Whatever a file held before is kept in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RepairAction {
    /// Puts bytes right that their own checksums and hashes, or other files, prove to have been others.
    Mend {
        /// Which.
        patches: Vec<Patch>,
        /// Events that can be read again afterwards.
        events: u64,
    },
    /// Gives a segment the name that its header says.
    Rename {
        /// That name.
        to: String,
    },
    /// Makes the index of a segment anew from its frames.
    Rebuild,
    /// Moves a file that the store does not use to quarantine.
    SetAside,
}

impl RepairStep {
    fn new(file: impl Into<String>, action: RepairAction, finding: Finding) -> Self {
        let findings = vec![finding];
        Self { file: file.into(), action, findings, before: None, after: None, remake: None }
    }

    /// What the step costs and what it keeps, as a sentence without a full stop.
    pub fn effect(&self) -> String {
        match &self.action {
            RepairAction::Mend { events: 0, .. } => {
                "the file is as it was written; no event was lost by the damage".to_owned()
            }
            RepairAction::Mend { events: 1, .. } => "1 event can be read again".to_owned(),
            RepairAction::Mend { events, .. } => format!("{events} events can be read again"),
            RepairAction::Rename { .. } => {
                "the events that are missing there now can be read again".to_owned()
            }
            RepairAction::Rebuild => "nothing is lost: the index says only what the segment says".to_owned(),
            RepairAction::SetAside if self.file.starts_with("cursors/") => {
                "its consumer begins at the first event again: what it has seen is delivered to it once more"
                    .to_owned()
            }
            RepairAction::SetAside => "no event is lost: the store does not use the file".to_owned(),
        }
    }
}

impl fmt::Display for RepairStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match &self.action {
            RepairAction::Mend { patches, .. } => {
                let bytes: usize = patches.iter().map(|patch| patch.becomes.len()).sum();
                match bytes {
                    1 => write!(f, "put 1 byte of {file} right"),
                    _ => write!(f, "put {bytes} bytes of {file} right"),
                }
            }
            RepairAction::Rename { to } => write!(f, "give {file} its name back, {to}"),
            RepairAction::Rebuild => write!(f, "make {file} anew from its segment"),
            RepairAction::SetAside => write!(f, "move {file} to quarantine"),
        }
    }
}

/// How a repair is to be done.
#[derive(Clone, Debug)]
pub struct RepairOptions {
    /// Where the backup is to stand: a directory that is empty or missing, and not within the store's.
    pub backup: PathBuf,
}

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairReport {
    /// The journal, below the store directory; it lies beside what the files held before.
    pub journal: String,
    /// Where the backup stands.
    pub backup: PathBuf,
    /// Steps that were done.
    pub steps: u64,
    /// Files of the backup, each of which was read back and compared.
    pub files: u64,
    /// Bytes of the backup.
    pub bytes: u64,
}

/// What undoing a repair did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoReport {
    /// Files that were put back.
    pub restored: u64,
    /// Files that the repair had made and that are gone.
    pub removed: u64,
    /// BLAKE3 over every file of the directory: what the plan of the repair had.
    pub digest: [u8; 32],
    /// Where the backup stands that the repair made.
    pub backup: PathBuf,
}
