//! Owns what lies beside the log in a store's directory: cursors, quarantine, the lock, and files that are no part of the store.

use std::io;

use crate::care::repair::planned::Planned;
use crate::care::repair::strays::{Held, is_ours};
use crate::care::repair::tree::digest_of;
use crate::care::repair::{RepairAction, RepairStep};
use crate::derive::checkpoint::{CURSORS, CursorCheckpoint, SAVED_SUFFIX};
use crate::disk::frame::{self, Record};
use crate::disk::storage::{DirEntry, Directory, File, LOCK_NAME};
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};
use crate::words::sync::Arc;

/// Longest file that is read at once, in bytes.
const MOST_BYTES: u64 = 16 * 1024 * 1024;
/// Directory of what was cut or set aside.
pub(super) const QUARANTINE: &str = "quarantine";

/// A directory, and where its log ends.
pub(super) struct Beside<'a> {
    pub(super) directory: &'a Arc<dyn Directory>,
    /// Exclusive end of the log.
    pub(super) end: u64,
}

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) steps: Vec<RepairStep>,
    pub(super) remains: Vec<Finding>,
}

impl Beside<'_> {
    pub(super) fn look(
        &self,
        listed: &[DirEntry],
        held: &[Held],
        planned: &Planned,
    ) -> Result<Told, StoreError> {
        let mut told = Told::default();
        strays(listed, held, planned, &mut told);
        self.lock(&mut told)?;
        self.cursors(&mut told)?;
        self.quarantine(&mut told)?;
        Ok(told)
    }

    /// Whoever finds no lock file makes one; whoever finds something else in its place cannot open the store for writing.
    fn lock(&self, told: &mut Told) -> Result<(), StoreError> {
        match self.directory.open(LOCK_NAME) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                let message = format!("{error}: somebody must move it away before anybody can write here");
                told.remains.push(Finding::new(FindingClass::File, message).in_file(LOCK_NAME));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }

    fn cursors(&self, told: &mut Told) -> Result<(), StoreError> {
        let Some(cursors) = self.directory.subdirectory(CURSORS)? else { return Ok(()) };
        let mut listed = cursors.list()?;
        listed.sort_unstable();
        for DirEntry { name, .. } in listed {
            let path = format!("{CURSORS}/{name}");
            let finding = if name.ends_with(SAVED_SUFFIX) {
                match CursorCheckpoint::read(&*cursors.open(&name)?) {
                    Ok(saved) if saved.started && saved.position >= self.end => {
                        let message = "a saved position lies behind the end of the log: its cursor goes on from the end";
                        told.remains.push(Finding::new(FindingClass::Note, message).in_file(path));
                        continue;
                    }
                    Ok(_) => continue,
                    Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                        let message = format!("a saved position cannot be read: {error}");
                        Finding::new(FindingClass::Cursor, message)
                    }
                    Err(error) => return Err(error.into()),
                }
            } else if name.ends_with(".json.new") {
                Finding::new(FindingClass::Note, "the saving of a position was never finished")
            } else {
                continue;
            };
            told.steps.push(RepairStep::new(&path, RepairAction::SetAside, finding.in_file(&path)));
        }
        Ok(())
    }

    /// What a recovery cut is evidence: it is told whether it is whole, and never brought back.
    fn quarantine(&self, told: &mut Told) -> Result<(), StoreError> {
        let Some(quarantine) = self.directory.subdirectory(QUARANTINE)? else { return Ok(()) };
        let mut listed = quarantine.list()?;
        listed.sort_unstable();
        for DirEntry { name, len_bytes } in listed {
            let path = format!("{QUARANTINE}/{name}");
            let Some(digest) = name.strip_suffix(".bin").and_then(|name| name.rsplit('-').next()) else {
                continue;
            };
            let file = quarantine.open(&name)?;
            if digest_of(&*file)? != digest {
                let message = "what a recovery cut is not any more what it was";
                told.remains.push(Finding::new(FindingClass::File, message).in_file(path));
                continue;
            }
            if len_bytes > MOST_BYTES {
                continue;
            }
            if let Some((first, events)) = whole_events(&*file, len_bytes)? {
                let message = format!(
                    "a recovery cut {events} whole events: nobody was told that they were on stable storage, and nothing brings them back"
                );
                let finding = Finding::new(FindingClass::Note, message).in_file(path);
                told.remains.push(finding.of_event(first));
            }
        }
        Ok(())
    }
}

/// Files that the store does not read, and segments that say of themselves that they are others.
fn strays(listed: &[DirEntry], held: &[Held], planned: &Planned, told: &mut Told) {
    let stays = |name: &str| !planned.aside.contains(name);
    for stray in held.iter().filter(|held| stays(&held.file) && held.name != Some(held.header.name())) {
        let (class, message) = match stray.name {
            Some(_) => (FindingClass::Header, "a segment says of itself that it is another"),
            None => (FindingClass::Note, "a segment has a name that the store does not read"),
        };
        let finding = Finding::new(class, message).in_file(&stray.file);
        told.remains.push(finding.compared(&stray.file, stray.header.name()));
    }
    for DirEntry { name, .. } in listed.iter().filter(|entry| !is_ours(&entry.name)) {
        if held.iter().all(|held| held.file != *name) {
            let finding =
                Finding::new(FindingClass::Note, "the file is no part of the store and is left alone");
            told.remains.push(finding.in_file(name));
        }
    }
}

/// The first sequence and the number of the events whose frames stand one behind the other from the beginning of a file on.
fn whole_events(file: &dyn File, len_bytes: u64) -> io::Result<Option<(u64, u64)>> {
    let mut bytes = vec![0; usize::try_from(len_bytes).unwrap_or_default()];
    let read = file.read_at(&mut bytes, 0)?;
    let mut rest = bytes.get(..read).unwrap_or_default();
    let (mut first, mut events) = (None, 0);
    while let Some(word) = rest.first_chunk() {
        let Ok(len) = frame::frame_len(*word) else { break };
        let Some((frame, behind)) = rest.split_at_checked(len as usize) else { break };
        let Ok(record) = frame::decode(frame) else { break };
        if let Record::Event(view) = record {
            first = first.or(Some(view.global_sequence));
            events += 1;
        }
        rest = behind;
    }
    Ok(first.map(|first| (first, events)))
}
