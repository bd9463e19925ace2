//! Owns the journal of a repair, `quarantine/repair-<n>/repair.json`: what there was, what is done to it and why, and how far it has come.
//!
//! Invariant: it is replaced as a whole, and names each file before and after by its hash, so that whoever finds it after a crash can tell
//! from the files what was done.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::care::repair::beside::QUARANTINE;
use crate::care::repair::tree::{Content, Digest, JOURNAL, Place, Tree, open, put};
use crate::care::repair::{RepairAction, RepairStep};
use crate::disk::storage::Directory;
use crate::words::hex::to_hex;
use crate::words::sync::Arc;

const FOLDER: &str = "repair-";
/// A journal is written this often at most, however many steps there are: it says all of them each time.
const MOST_SAVES: usize = 64;

/// How far a repair has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// Some of its steps may have been done.
    Begun,
    /// All of them were.
    Done,
    /// Everything is as it was before; what is left are the files beside the journal.
    Undone,
}

/// Everything there is to know about a repair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Journal {
    /// Which one, first = 1: also in the name of its directory.
    pub(super) number: u64,
    pub(super) program: String,
    pub(super) state: State,
    /// Microseconds since 1970.
    pub(super) begun_us: i64,
    /// When the state was changed, or a step was noted.
    pub(super) changed_us: i64,
    pub(super) store: PathBuf,
    pub(super) backup: PathBuf,
    /// Steps that are noted as done; more may be.
    pub(super) steps_done: usize,
    pub(super) steps: Vec<Entry>,
    /// True if there was no quarantine before.
    pub(super) made_quarantine: bool,
    /// Every file as it was before.
    pub(super) files: Tree,
}

/// A step in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) file: String,
    pub(super) action: String,
    /// The name that the file gets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) renamed_to: Option<String>,
    /// BLAKE3 of the file before; it lies beside the journal under its own path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<Digest>,
    /// BLAKE3 of what takes its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<Digest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) patches: Vec<PatchEntry>,
    pub(super) why: Vec<String>,
    pub(super) effect: String,
}

/// Bytes that were put right, as hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PatchEntry {
    pub(super) offset: u64,
    pub(super) was: String,
    pub(super) becomes: String,
}

impl Entry {
    pub(super) fn of(step: &RepairStep) -> Self {
        let (action, renamed_to, patches) = match &step.action {
            RepairAction::Mend { patches, .. } => ("mend", None, patches.as_slice()),
            RepairAction::Rename { to } => ("rename", Some(to.clone()), &[][..]),
            RepairAction::Rebuild => ("rebuild", None, &[][..]),
            RepairAction::SetAside => ("set aside", None, &[][..]),
        };
        let patch = |patch: &crate::care::repair::Patch| PatchEntry {
            offset: patch.offset,
            was: to_hex(&patch.was),
            becomes: to_hex(&patch.becomes),
        };
        Self {
            file: step.file.clone(),
            action: action.to_owned(),
            renamed_to,
            before: step.before.clone(),
            after: step.after.clone(),
            patches: patches.iter().map(patch).collect(),
            why: step.findings.iter().map(ToString::to_string).collect(),
            effect: step.effect(),
        }
    }

    /// The file that the step writes, if it writes one.
    pub(super) fn written(&self) -> Option<&str> {
        self.after.as_ref().map(|_| self.renamed_to.as_deref().unwrap_or(&self.file))
    }
}

impl Journal {
    /// Directory of a repair, below the store's.
    pub(super) fn folder(&self) -> String {
        folder(self.number)
    }

    /// Where the journal stands, below the store's directory.
    pub(super) fn path(&self) -> String {
        format!("{}/{JOURNAL}", self.folder())
    }

    /// Where a file is kept as it was.
    pub(super) fn kept(&self, file: &str) -> String {
        format!("{}/{file}", self.folder())
    }

    /// Writes the journal in place of the one before.
    pub(super) fn save(&self, root: &Arc<dyn Directory>) -> io::Result<()> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        let expected = to_hex(blake3::hash(&bytes).as_bytes());
        put(Content::Bytes(&bytes), &Place { root, path: &self.path(), number: self.number }, &expected)
    }

    /// Notes that one more step is done.
    pub(super) fn note_step(&mut self, root: &Arc<dyn Directory>, now_us: i64) -> io::Result<()> {
        self.steps_done += 1;
        self.changed_us = now_us;
        let every = self.steps.len().div_ceil(MOST_SAVES).max(1);
        if self.steps_done.is_multiple_of(every) { self.save(root) } else { Ok(()) }
    }
}

fn folder(number: u64) -> String {
    format!("{QUARANTINE}/{FOLDER}{number}")
}

/// The numbers of the repairs that have a directory, ascending. One that was interrupted right away has no journal.
fn numbers(root: &Arc<dyn Directory>) -> io::Result<Vec<u64>> {
    let Some(quarantine) = root.subdirectory(QUARANTINE)? else { return Ok(Vec::new()) };
    let names = quarantine.list_directories()?;
    let mut numbers: Vec<u64> =
        names.iter().filter_map(|name| name.strip_prefix(FOLDER)?.parse().ok()).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// A number that no repair has had.
pub(super) fn next_number(root: &Arc<dyn Directory>) -> io::Result<u64> {
    Ok(numbers(root)?.last().map_or(1, |newest| newest.saturating_add(1)))
}

/// The journal of the newest repair that has one.
pub(super) fn newest(root: &Arc<dyn Directory>) -> io::Result<Option<Journal>> {
    for number in numbers(root)?.into_iter().rev() {
        let Some(file) = open(root, &format!("{}/{JOURNAL}", folder(number)))? else { continue };
        let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or_default()];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        let journal: Journal = serde_json::from_slice(&bytes)
            .map_err(|source| io::Error::new(io::ErrorKind::InvalidData, source))?;
        if journal.number == number {
            return Ok(Some(journal));
        }
    }
    Ok(None)
}

/// The journal of a repair that did not come to its end, as its path below the store's directory.
pub(super) fn unfinished(root: &Arc<dyn Directory>) -> io::Result<Option<String>> {
    let journal = newest(root)?.filter(|journal| journal.state != State::Done);
    Ok(journal.map(|journal| journal.path()))
}
