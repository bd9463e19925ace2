//! Owns the way back: every file as it was before the newest repair, to the last byte.
//!
//! Invariants:
//! - a store that was written since is left alone: undoing takes no event;
//! - it can be ended at any instant and begun again;
//! - what the repair kept goes only when everything is back in its place and was compared.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::care::repair::UndoReport;
use crate::care::repair::apply::{lock, remove};
use crate::care::repair::beside::QUARANTINE;
use crate::care::repair::journal::{Entry, Journal, State, newest};
use crate::care::repair::tree::{
    self, Content, Digest, Place, Tree, TreeFile, digest_if_there, folder, list, open, put,
};
use crate::disk::storage::Directory;
use crate::words::clock::Clock;
use crate::words::error::StoreError;
use crate::words::sync::Arc;

/// Undoes the newest repair of the store in `root`.
pub(crate) fn undo(
    root: &Arc<dyn Directory>,
    path: &Path,
    clock: &dyn Clock,
) -> Result<UndoReport, StoreError> {
    let _lock = lock(root, path)?;
    let Some(mut journal) = newest(root)? else {
        return Err(refused(path, "has had no repair that could be undone"));
    };
    let digest = journal.files.digest();
    let mut report = UndoReport { restored: 0, removed: 0, digest, backup: journal.backup.clone() };
    if journal.state != State::Undone {
        let now = Tree::read(root, &mut |_| {})?;
        check(&journal, &now, path)?;
        for half_made in half_made(&journal) {
            if open(root, &half_made)?.is_some() {
                remove(root, &half_made)?;
            }
        }
        for entry in &journal.steps {
            restore(root, &journal, entry, &mut report)?;
        }
        let again = Tree::read(root, &mut |_| {})?;
        if !without(&again, &journal).eq(journal.files.0.iter()) {
            return Err(refused(path, "is not as it was before the repair; the backup is"));
        }
        (journal.state, journal.changed_us) = (State::Undone, clock.now_us());
        journal.save(root)?;
    }
    clear(root, &journal)?;
    Ok(report)
}

fn refused(path: &Path, reason: &str) -> StoreError {
    StoreError::DataDirMalformed { path: path.to_owned(), reason: reason.to_owned() }
}

/// The files of a tree but those that the repair keeps.
fn without<'t>(tree: &'t Tree, journal: &Journal) -> impl Iterator<Item = &'t TreeFile> {
    let own = format!("{}/", journal.folder());
    tree.0.iter().filter(move |file| !file.path.starts_with(&own))
}

/// Names of files that a step was writing when it was interrupted.
fn half_made(journal: &Journal) -> impl Iterator<Item = String> + '_ {
    let written = |entry: &Entry| {
        let files = [Some(entry.file.clone()), entry.renamed_to.clone()];
        files.into_iter().flatten().map(|file| tree::half_made(&file, journal.number)).collect::<Vec<_>>()
    };
    journal.steps.iter().flat_map(written)
}

/// Fails if a file is neither as it was nor as the repair leaves it.
fn check(journal: &Journal, now: &Tree, path: &Path) -> Result<(), StoreError> {
    let mut allowed: BTreeMap<&str, Vec<Option<&Digest>>> = BTreeMap::new();
    for file in &journal.files.0 {
        allowed.entry(&file.path).or_default().push(Some(&file.blake3));
    }
    for entry in &journal.steps {
        let written = entry.written().unwrap_or(&entry.file);
        allowed.entry(written).or_default().push(entry.after.as_ref());
        // What is renamed or set aside may be gone, and what is made may not be there yet.
        if written != entry.file {
            allowed.entry(&entry.file).or_default().push(None);
        }
        if entry.before.is_none() || written != entry.file {
            allowed.entry(written).or_default().push(None);
        }
    }
    for file in without(now, journal) {
        let is_expected =
            allowed.get(file.path.as_str()).is_some_and(|allowed| allowed.contains(&Some(&file.blake3)));
        if !is_expected {
            let reason = format!(
                "was written since the repair: {} is not as the repair left it. The backup at {} is as it was before",
                file.path,
                journal.backup.display()
            );
            return Err(refused(path, &reason));
        }
    }
    let gone = allowed.iter().find(|(file, allowed)| now.file(file).is_none() && !allowed.contains(&None));
    match gone {
        Some((file, _)) => Err(refused(path, &format!("has lost {file} since the repair"))),
        None => Ok(()),
    }
}

/// Undoes one step, as far as it was done.
fn restore(
    root: &Arc<dyn Directory>,
    journal: &Journal,
    entry: &Entry,
    report: &mut UndoReport,
) -> Result<(), StoreError> {
    let found = digest_if_there(root, &entry.file)?;
    if let (Some(before), true) = (&entry.before, found != entry.before) {
        let kept = journal.kept(&entry.file);
        let gone = || io::Error::new(io::ErrorKind::NotFound, format!("{kept} is gone"));
        let file = open(root, &kept)?.ok_or_else(gone)?;
        put(Content::File(&*file), &Place { root, path: &entry.file, number: journal.number }, before)?;
        report.restored += 1;
    }
    let made = entry.written().filter(|written| *written != entry.file || entry.before.is_none());
    if let Some(made) = made
        && open(root, made)?.is_some()
    {
        remove(root, made)?;
        report.removed += 1;
    }
    Ok(())
}

/// Takes away what the repair kept, the journal last.
fn clear(root: &Arc<dyn Directory>, journal: &Journal) -> Result<(), StoreError> {
    let own = format!("{}/", journal.folder());
    let journal_path = journal.path();
    let mut folders = vec![journal.folder()];
    let files = list(root)?;
    for (path, _) in files.iter().filter(|(path, _)| path.starts_with(&own) && *path != journal_path) {
        remove(root, path)?;
        let above = path.rsplit_once('/').map_or("", |(above, _)| above).to_owned();
        if !folders.contains(&above) {
            folders.push(above);
        }
    }
    for above in folders.iter().skip(1) {
        remove_folder(root, above)?;
    }
    let half_made = tree::half_made(&journal_path, journal.number);
    if open(root, &half_made)?.is_some() {
        remove(root, &half_made)?;
    }
    remove(root, &journal_path)?;
    remove_folder(root, &journal.folder())?;
    if journal.made_quarantine {
        remove_folder(root, QUARANTINE)?;
    }
    Ok(())
}

/// Removes a directory; one that holds something stays.
fn remove_folder(root: &Arc<dyn Directory>, path: &str) -> io::Result<()> {
    let Some((directory, name)) = folder(root, path)? else { return Ok(()) };
    match directory.remove_directory(name) {
        Ok(()) => directory.sync(),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty => Ok(()),
            _ => Err(error),
        },
    }
}
