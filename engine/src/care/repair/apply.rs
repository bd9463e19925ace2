//! Owns doing what a plan says: the lock, the check that the plan still fits, the backup, and the steps one by one.
//!
//! Invariants:
//! - before the backup was read back and compared nothing but the lock file is touched;
//! - each file is kept beside the journal, durably, before it is replaced or moved away, and it is replaced at one instant.

use std::io;
use std::path::Path;

use crate::care::repair::beside::QUARANTINE;
use crate::care::repair::examine::look;
use crate::care::repair::journal::{self, Entry, Journal, State};
use crate::care::repair::planned::PatchedFile;
use crate::care::repair::tree::{Content, Place, Tree, empty, folder, list, open, put, settle};
use crate::care::repair::{Remake, RepairAction, RepairPlan, RepairReport, RepairStep};
use crate::disk::segment::{INDEX_SUFFIX, SEGMENT_SUFFIX, SegmentHeader, SegmentName};
use crate::disk::storage::{Directory, File, LOCK_NAME, Lock};
use crate::memory::survey::Segment;
use crate::words::clock::Clock;
use crate::words::error::{StoreError, StoreLockMode};
use crate::words::format::Progress;
use crate::words::sync::Arc;

/// A directory that is locked and for which a plan was found to fit.
pub(crate) struct Repairing<'a> {
    root: &'a Arc<dyn Directory>,
    plan: &'a RepairPlan,
    lock: Box<dyn Lock>,
    tree: Tree,
}

/// Takes the writer's lock.
pub(super) fn lock(root: &Arc<dyn Directory>, path: &Path) -> Result<Box<dyn Lock>, StoreError> {
    let locked = || StoreError::StoreLocked { path: path.to_owned(), mode: StoreLockMode::Mutable };
    root.lock(LOCK_NAME)?.ok_or_else(locked)
}

impl<'a> Repairing<'a> {
    /// Locks a directory and checks that a plan was made of what it holds.
    pub(crate) fn begin(root: &'a Arc<dyn Directory>, plan: &'a RepairPlan) -> Result<Self, StoreError> {
        let lock = lock(root, &plan.path)?;
        settle(root)?;
        let tree = Tree::read(root, &mut |_| {})?;
        if tree.digest() != plan.digest {
            let reason = "has changed since the plan of the repair was made: make a new one".to_owned();
            return Err(StoreError::DataDirMalformed { path: plan.path.clone(), reason });
        }
        Ok(Self { root, plan, lock, tree })
    }

    /// Copies every file, and compares each copy with what it was made of. `Break` ends it; nothing was touched then, and what was copied
    /// is removed.
    pub(crate) fn back_up(&self, to: &Arc<dyn Directory>, progress: Progress<'_>) -> Result<(), StoreError> {
        let copied = self.copy_all(to, progress);
        if copied.is_err() {
            // The first failure is the one to report.
            let _ = empty(to);
        }
        copied
    }

    fn copy_all(&self, to: &Arc<dyn Directory>, progress: Progress<'_>) -> Result<(), StoreError> {
        let (mut done, total) = (0, self.tree.bytes());
        for file in &self.tree.0 {
            let source =
                open(self.root, &file.path)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
            put(Content::File(&*source), &Place { root: to, path: &file.path, number: 0 }, &file.blake3)?;
            done += file.len_bytes;
            if progress(done, total).is_break() {
                return Err(io::Error::from(io::ErrorKind::Interrupted).into());
            }
        }
        let mut held = list(to)?;
        held.sort_unstable();
        if !held.iter().map(|(path, _)| path).eq(self.tree.0.iter().map(|file| &file.path)) {
            return Err(io::Error::other("the backup holds other files than the store").into());
        }
        Ok(())
    }

    /// Does the steps of the plan. The backup stands at `backup` and is durable.
    pub(crate) fn apply(self, backup: &Path, clock: &dyn Clock) -> Result<RepairReport, StoreError> {
        let number = journal::next_number(self.root)?;
        let begun_us = clock.now_us();
        let mut journal = Journal {
            number,
            program: concat!("causeway ", env!("CARGO_PKG_VERSION")).to_owned(),
            state: State::Begun,
            begun_us,
            changed_us: begun_us,
            store: self.plan.path.clone(),
            backup: backup.to_owned(),
            steps_done: 0,
            steps: self.plan.steps.iter().map(Entry::of).collect(),
            made_quarantine: self.root.subdirectory(QUARANTINE)?.is_none(),
            files: self.tree.clone(),
        };
        journal.save(self.root)?;
        for step in &self.plan.steps {
            if !self.lock.is_intact()? {
                return Err(io::Error::other("the lock file was replaced").into());
            }
            self.step(step, &journal)?;
            journal.note_step(self.root, clock.now_us())?;
        }
        (journal.state, journal.changed_us) = (State::Done, clock.now_us());
        journal.save(self.root)?;
        Ok(RepairReport {
            journal: journal.path(),
            backup: backup.to_owned(),
            steps: self.plan.steps.len() as u64,
            files: self.tree.0.len() as u64,
            bytes: self.tree.bytes(),
        })
    }

    fn step(&self, step: &RepairStep, journal: &Journal) -> Result<(), StoreError> {
        self.keep(step, journal)?;
        let after = step.after.as_deref().unwrap_or_default();
        match &step.action {
            RepairAction::Mend { patches, .. } => {
                let file = self.open(&step.file)?;
                for patch in patches {
                    let mut found = vec![0; patch.was.len()];
                    file.read_at(&mut found, patch.offset)?;
                    if found != patch.was {
                        return Err(io::Error::other(format!("{} changed", step.file)).into());
                    }
                }
                let mended = PatchedFile { file, patches: patches.clone() };
                self.put(Content::File(&mended), &step.file, after, journal)?;
            }
            RepairAction::Rebuild => {
                let made = self.made_index(step)?;
                self.put(Content::Bytes(&made), &step.file, after, journal)?;
            }
            RepairAction::Rename { to } => {
                if open(self.root, to)?.is_some() {
                    return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
                }
                self.put(Content::File(&*self.open(&step.file)?), to, after, journal)?;
                self.remove(&step.file)?;
            }
            RepairAction::SetAside => self.remove(&step.file)?,
        }
        Ok(())
    }

    /// Keeps a file as it is beside the journal.
    fn keep(&self, step: &RepairStep, journal: &Journal) -> Result<(), StoreError> {
        let Some(before) = &step.before else { return Ok(()) };
        let kept = journal.kept(&step.file);
        Ok(self.put(Content::File(&*self.open(&step.file)?), &kept, before, journal)?)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        remove(self.root, path)
    }

    fn put(&self, content: Content<'_>, path: &str, expected: &str, journal: &Journal) -> io::Result<()> {
        put(content, &Place { root: self.root, path, number: journal.number }, expected)
    }

    fn open(&self, path: &str) -> io::Result<Arc<dyn File>> {
        open(self.root, path)?.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, path.to_owned()))
    }

    /// The index of a segment, made of what the segment holds now.
    fn made_index(&self, step: &RepairStep) -> Result<Vec<u8>, StoreError> {
        let name = step.file.strip_suffix(INDEX_SUFFIX).unwrap_or(&step.file);
        let name = SegmentName::parse(&format!("{name}{SEGMENT_SUFFIX}"));
        let (Some(name), Some(Remake { largest_time, end })) = (name, step.remake) else {
            return Err(io::Error::other(format!("{} is no index of a segment", step.file)).into());
        };
        let file = self.open(&name.to_string())?;
        let (header, frames_at) = SegmentHeader::read(&*file).map_err(|error| {
            StoreError::CorruptSegment { segment_id: name.first, detail: error.to_string() }
        })?;
        let len_bytes = file.len()?;
        let segment = Segment { name, file, len_bytes, header, frames_at, guessed: false };
        Ok(look(&segment, Some(end), largest_time, &mut |_, _| {})?.index)
    }
}

/// Takes a file's name away, durably.
pub(super) fn remove(root: &Arc<dyn Directory>, path: &str) -> io::Result<()> {
    let Some((directory, name)) = folder(root, path)? else { return Ok(()) };
    directory.remove(name)?;
    directory.sync()
}
