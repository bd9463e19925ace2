//! The verbs that mend a store's directory: a plan that only reads, doing it, and undoing it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::batpak::mend::Mending;
use crate::care::repair::{self as mending, Repairing};
pub use crate::care::repair::{
    Patch, RepairAction, RepairOptions, RepairPlan, RepairReport, RepairStep, UndoReport,
};
use crate::disk::real::RealDirectory;
use crate::disk::unfinished::{Place, UnfinishedDirectory};
use crate::words::clock::SystemClock;
use crate::words::error::StoreError;
use crate::words::finding::Finding;
use crate::words::format::Progress;

/// Says what a repair of the store at `path` would do. It reads every file and writes nothing; tells bytes read and bytes in all.
///
/// What a crash left unfinished needs no repair: opening the store for writing recovers from it.
///
/// # Errors
/// [`StoreError::DataDirMalformed`] if the directory holds no segments of a store, [`StoreError::NewerFormat`] if a newer program wrote them.
pub fn plan_repair(path: &Path, progress: Progress<'_>) -> Result<RepairPlan, StoreError> {
    mending::plan(&RealDirectory::open(path)?, path, progress)
}

/// Does what a plan says, after a backup of every file was made, read back and compared; tells bytes copied and bytes in all.
///
/// It holds the writer's lock. Nothing is deleted: what a file held before lies in `quarantine/repair-<n>/`, beside the journal. If it is
/// interrupted the store can be opened, and a new plan leads to the same end.
///
/// # Errors
/// [`StoreError::StoreLocked`] if somebody writes the store; [`StoreError::DataDirMalformed`] if any byte of the directory has changed since
/// the plan was made, or the place of the backup holds something. Nothing was touched then, nor if the backup fails.
///
/// ```
/// # use std::ops::ControlFlow;
/// use causeway::store::repair::{RepairOptions, plan_repair, repair, undo_repair};
/// use causeway::store::{Store, StoreConfig};
///
/// # let home = tempfile::tempdir()?;
/// # let (data, backup) = (home.path().join("data"), home.path().join("backup"));
/// # drop(Store::open(StoreConfig::new(&data))?);
/// # std::fs::write(data.join("00000000000000000007-0.seg.tmp"), b"half a file")?;
/// let mut proceed = |_, _| ControlFlow::Continue(());
/// let plan = plan_repair(&data, &mut proceed)?;
/// if plan.is_needed() {
///     let report = repair(&data, &plan, &RepairOptions { backup }, &mut proceed)?;
///     assert_eq!(report.steps, 1);
///     assert_eq!(undo_repair(&data)?.digest, plan.digest);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn repair(
    path: &Path,
    plan: &RepairPlan,
    options: &RepairOptions,
    progress: Progress<'_>,
) -> Result<RepairReport, StoreError> {
    let backup = outside(path, &options.backup)?;
    let directory = RealDirectory::open(path)?;
    let repairing = Repairing::begin(&directory, plan)?;
    let copy = begin(&backup)?;
    repairing.back_up(&copy.directory, progress)?;
    copy.finish()?;
    repairing.apply(&backup, &SystemClock)
}

/// Puts every file back as it was before the newest repair, to the last byte. What the repair had made goes; its backup stays.
///
/// # Errors
/// [`StoreError::DataDirMalformed`] if there was no repair, or the store was written since: undoing takes no event.
pub fn undo_repair(path: &Path) -> Result<UndoReport, StoreError> {
    mending::undo(&RealDirectory::open(path)?, path, &SystemClock)
}

/// What a copy of a batpak directory would be that the published crate reads.
#[derive(Clone, Debug)]
pub struct BatpakRepairPlan {
    /// What is wrong with the directory, and what the published crate does about it.
    pub findings: Vec<Finding>,
    /// Events that the copy would hold: all that can be shown of the directory.
    pub events: u64,
    /// True if the published crate, version 0.8.2, may not read what can be shown.
    pub is_needed: bool,
    /// Why there can be no such copy. Importing the directory into a store of ours takes all that can be shown, in any case.
    pub obstacle: Option<String>,
}

/// Says what a repaired copy of a batpak directory would be. It reads every segment and writes nothing; tells bytes read and bytes in all.
///
/// # Errors
/// [`StoreError::DataDirMalformed`] if the directory holds no batpak segment.
pub fn plan_batpak_repair(path: &Path, progress: Progress<'_>) -> Result<BatpakRepairPlan, StoreError> {
    let mending = Mending::plan(RealDirectory::open(path)?, progress)?;
    let events = mending.events();
    let Mending { findings, is_needed, obstacle, .. } = mending;
    Ok(BatpakRepairPlan { findings, events, is_needed, obstacle })
}

/// Copies a batpak directory into one that is empty or missing, without what keeps the published crate, version 0.8.2, from reading it:
/// torn ends, damaged stretches, footers and snapshots that say something else. Nothing is written in `from`.
///
/// The copy holds every event that can be shown of the directory; it is read back and compared before it stands under its name. Returns how
/// many there are.
///
/// # Errors
/// [`StoreError::Configuration`] if there can be no such copy: [`import`](crate::store::import) takes the events then.
pub fn repair_batpak(from: &Path, into: &Path, progress: Progress<'_>) -> Result<u64, StoreError> {
    let into = outside(from, into)?;
    let mending = Mending::plan(RealDirectory::open(from)?, progress)?;
    let copy = begin(&into)?;
    mending.copy(&copy.directory)?;
    copy.finish()?;
    Ok(mending.events())
}

/// Begins a directory at a place where nothing may be.
fn begin(place: &Path) -> Result<UnfinishedDirectory, StoreError> {
    UnfinishedDirectory::begin(Place::at(place)?).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => StoreError::DataDirMalformed {
            path: place.to_owned(),
            reason: "is not empty, and a copy needs a directory that is empty or missing".to_owned(),
        },
        _ => error.into(),
    })
}

/// The place of a copy as a whole path, which must not lie within the store.
fn outside(store: &Path, backup: &Path) -> Result<PathBuf, StoreError> {
    let backup = std::path::absolute(backup)?;
    let store = fs::canonicalize(store)?;
    let within = backup.ancestors().find_map(|above| fs::canonicalize(above).ok());
    if within.is_some_and(|within| within.starts_with(&store)) {
        let reason = "lies within the store, and a copy must not".to_owned();
        return Err(StoreError::DataDirMalformed { path: backup, reason });
    }
    Ok(backup)
}
