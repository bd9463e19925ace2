//! Owns a directory as it would be after a repair, for reading: nothing of it is written, and what it holds can be judged beforehand.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use crate::disk::storage::{BootId, DirEntry, Directory, File, FileIdentity, Lock, LockHolder};
use crate::words::config::SyncMode;
use crate::words::sync::Arc;

/// Bytes that take the places of others in a file, whose length stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where they begin, in bytes.
    pub offset: u64,
    /// What stands there.
    pub was: Vec<u8>,
    /// What is to stand there.
    pub becomes: Vec<u8>,
}

/// A file with patches.
#[derive(Debug)]
pub(super) struct PatchedFile {
    pub(super) file: Arc<dyn File>,
    pub(super) patches: Vec<Patch>,
}

impl File for PatchedFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.file.read_some(buffer, offset)?;
        for patch in &self.patches {
            for (at, byte) in (patch.offset..).zip(&patch.becomes) {
                let place = at.checked_sub(offset).and_then(|place| usize::try_from(place).ok());
                if let Some(found) = place.and_then(|place| buffer.get_mut(..read)?.get_mut(place)) {
                    *found = *byte;
                }
            }
        }
        Ok(read)
    }

    fn write_some(&self, _: &[u8], _: u64) -> io::Result<usize> {
        Err(only_planned())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(only_planned())
    }

    fn sync(&self, _: SyncMode) -> io::Result<()> {
        Err(only_planned())
    }

    fn identity(&self) -> io::Result<FileIdentity> {
        self.file.identity()
    }
}

/// A directory, and what a plan makes of its files.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) directory: Arc<dyn Directory>,
    /// Files that are not there any more.
    pub(super) aside: BTreeSet<String>,
    /// Files that stand under another name: that name, and the one they had.
    pub(super) renamed: BTreeMap<String, String>,
    pub(super) patches: BTreeMap<String, Vec<Patch>>,
}

impl Planned {
    pub(super) fn new(directory: Arc<dyn Directory>) -> Self {
        Self { directory, aside: BTreeSet::new(), renamed: BTreeMap::new(), patches: BTreeMap::new() }
    }

    /// A file gets patches besides those that it has.
    pub(super) fn patch(&mut self, name: &str, patches: impl IntoIterator<Item = Patch>) {
        self.patches.entry(name.to_owned()).or_default().extend(patches);
    }

    /// A file gets another name.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        self.aside.insert(from.to_owned());
        self.renamed.insert(to.to_owned(), from.to_owned());
    }
}

impl Directory for Planned {
    fn list(&self) -> io::Result<Vec<DirEntry>> {
        let all = self.directory.list()?;
        let moved = self.renamed.iter().filter_map(|(to, from)| {
            let len_bytes = all.iter().find(|entry| entry.name == *from)?.len_bytes;
            Some(DirEntry { name: to.clone(), len_bytes })
        });
        let stayed = all.iter().filter(|entry| !self.aside.contains(&entry.name)).cloned();
        Ok(stayed.chain(moved).collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = match self.renamed.get(name) {
            Some(from) => self.directory.open(from)?,
            None if self.aside.contains(name) => return Err(io::ErrorKind::NotFound.into()),
            None => self.directory.open(name)?,
        };
        Ok(match self.patches.get(name) {
            Some(patches) => Arc::new(PatchedFile { file, patches: patches.clone() }),
            None => file,
        })
    }

    fn subdirectory(&self, name: &str) -> io::Result<Option<Arc<dyn Directory>>> {
        self.directory.subdirectory(name)
    }

    fn list_directories(&self) -> io::Result<Vec<String>> {
        self.directory.list_directories()
    }

    fn is_empty(&self) -> io::Result<bool> {
        self.directory.is_empty()
    }

    fn boot(&self) -> Option<BootId> {
        self.directory.boot()
    }

    fn lock_holder(&self, name: &str) -> io::Result<Option<LockHolder>> {
        self.directory.lock_holder(name)
    }

    fn open_writable(&self, _: &str) -> io::Result<Arc<dyn File>> {
        Err(only_planned())
    }

    fn create(&self, _: &str) -> io::Result<Arc<dyn File>> {
        Err(only_planned())
    }

    fn rename_new(&self, _: &str, _: &str) -> io::Result<()> {
        Err(only_planned())
    }

    fn rename_over(&self, _: &str, _: &str) -> io::Result<()> {
        Err(only_planned())
    }

    fn remove(&self, _: &str) -> io::Result<()> {
        Err(only_planned())
    }

    fn sync(&self) -> io::Result<()> {
        Err(only_planned())
    }

    fn create_subdirectory(&self, _: &str) -> io::Result<Arc<dyn Directory>> {
        Err(only_planned())
    }

    fn link(&self, _: &dyn Directory, _: &str) -> io::Result<()> {
        Err(only_planned())
    }

    fn rename_directory(&self, _: &str, _: &str) -> io::Result<()> {
        Err(only_planned())
    }

    fn remove_directory(&self, _: &str) -> io::Result<()> {
        Err(only_planned())
    }

    fn lock(&self, _: &str) -> io::Result<Option<Box<dyn Lock>>> {
        Err(only_planned())
    }
}

fn only_planned() -> io::Error {
    io::Error::new(io::ErrorKind::ReadOnlyFilesystem, "a planned directory is only read")
}
