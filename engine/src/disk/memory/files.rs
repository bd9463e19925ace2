//! Owns the contents of a file in memory: what reads see, and how to get back to what was synced.

use std::io;

use crate::disk::memory::faults::{Operation, World};
use crate::disk::memory::history::{Change, History};
use crate::disk::storage::{File, FileIdentity};
use crate::words::config::SyncMode;
use crate::words::sync::{Arc, AtomicBool, Mutex, Ordering};

/// A file, whatever its name.
#[derive(Debug)]
pub(super) struct Node {
    inode: u64,
    pub(super) is_locked: AtomicBool,
    contents: Mutex<Contents>,
}

/// Live bytes, and the way back to the durable ones. Keeping what was overwritten instead of a second copy costs nothing
/// for a log, which overwrites only zeros.
#[derive(Clone, Debug, Default)]
struct Contents {
    live: Vec<u8>,
    undo: Vec<Undo>,
    after_failure: Option<AfterFailure>,
}

/// What a file is like after a sync of it failed: what was written before may be clean in memory and missing on the disk for
/// good. Only what is written again becomes durable with the next sync.
#[derive(Clone, Debug)]
struct AfterFailure {
    durable: Vec<u8>,
    since: Vec<Change>,
}

/// Takes back one change.
#[derive(Clone, Debug)]
struct Undo {
    /// Number of the write; `None` for a change of length.
    write: Option<u64>,
    /// Where bytes were overwritten or cut.
    offset: usize,
    /// What stood there.
    old: Vec<u8>,
    /// How many bytes were written.
    len: usize,
    /// Length of the file before.
    old_len: usize,
}

impl Node {
    pub(super) fn new(inode: u64, live: Vec<u8>) -> Arc<Self> {
        let contents = Mutex::new(Contents { live, ..Contents::default() });
        Arc::new(Self { inode, is_locked: AtomicBool::new(false), contents })
    }

    /// The file when all who had it open are dead.
    pub(super) fn survivor(&self) -> Arc<Self> {
        let contents = Mutex::new(self.contents.lock().clone());
        Arc::new(Self { inode: self.inode, is_locked: AtomicBool::new(false), contents })
    }

    pub(super) fn len(&self) -> u64 {
        self.contents.lock().live.len() as u64
    }

    pub(super) fn is_locked(&self) -> bool {
        self.is_locked.load(Ordering::Acquire)
    }

    pub(super) fn newest_unsynced_write(&self) -> Option<u64> {
        self.contents.lock().undo.iter().filter_map(|undo| undo.write).max()
    }

    /// Number of the file; no other file of its memory has it.
    pub(super) fn inode(&self) -> u64 {
        self.inode
    }

    /// What is seen in the file.
    pub(super) fn live(&self) -> Vec<u8> {
        self.contents.lock().live.clone()
    }

    /// The same with only the first half of the newest write, if that was to this file and nothing changed since.
    pub(super) fn torn(&self, newest_write: Option<u64>) -> Vec<u8> {
        self.contents.lock().torn(newest_write)
    }

    /// What the file was since it was synced.
    pub(super) fn history(&self) -> History {
        self.contents.lock().history()
    }
}

impl Contents {
    /// What was synced, and each change since.
    fn unsynced(&self) -> (Vec<u8>, Vec<Change>) {
        if let Some(failure) = &self.after_failure {
            return (failure.durable.clone(), failure.since.clone());
        }
        let (mut bytes, mut changes) = (self.live.clone(), Vec::new());
        for undo in self.undo.iter().rev() {
            changes.push(match undo.write {
                Some(_) => {
                    let written = bytes[undo.offset..undo.offset + undo.len].to_vec();
                    Change::Written { offset: undo.offset, bytes: written }
                }
                None => Change::Length(bytes.len()),
            });
            bytes.resize(undo.old_len, 0);
            overwrite(&mut bytes, undo.offset, &undo.old);
        }
        changes.reverse();
        (bytes, changes)
    }

    fn history(&self) -> History {
        let (durable, changes) = self.unsynced();
        History::new(durable, &changes)
    }

    /// The live bytes with only the first half of the newest write, if that was to this file and nothing changed since.
    fn torn(&self, newest_write: Option<u64>) -> Vec<u8> {
        let mut bytes = self.live.clone();
        if let Some(undo) = self.undo.last().filter(|undo| undo.write.is_some() && undo.write == newest_write)
        {
            let half = undo.len / 2;
            let kept = undo.offset + half;
            bytes.truncate(undo.old_len.max(kept));
            overwrite(&mut bytes, kept, undo.old.get(half..).unwrap_or_default());
        }
        bytes
    }

    /// Changes bytes from `offset` on, extending the file with zeros up to there.
    fn write(&mut self, bytes: &[u8], offset: usize, write: u64) {
        let old_len = self.live.len();
        let end = offset + bytes.len();
        let old = self.live.get(offset..end.min(old_len)).unwrap_or_default().to_vec();
        self.live.resize(old_len.max(end), 0);
        overwrite(&mut self.live, offset, bytes);
        if let Some(failure) = &mut self.after_failure {
            failure.since.push(Change::Written { offset, bytes: bytes.to_vec() });
        }
        self.undo.push(Undo { write: Some(write), offset, old, len: bytes.len(), old_len });
    }

    fn set_len(&mut self, len: usize) {
        let old_len = self.live.len();
        let offset = len.min(old_len);
        let old = self.live.get(offset..).unwrap_or_default().to_vec();
        self.live.resize(len, 0);
        if let Some(failure) = &mut self.after_failure {
            failure.since.push(Change::Length(len));
        }
        self.undo.push(Undo { write: None, offset, old, len: 0, old_len });
    }

    fn synced(&mut self) {
        if let Some(failure) = &mut self.after_failure {
            for change in failure.since.drain(..) {
                change.apply(&mut failure.durable);
            }
        }
        self.undo.clear();
    }

    fn sync_failed(&mut self) {
        self.after_failure = Some(AfterFailure { durable: self.unsynced().0, since: Vec::new() });
    }
}

/// A file in memory that somebody opened.
#[derive(Debug)]
pub(super) struct MemoryFile {
    world: Arc<World>,
    name: String,
    node: Arc<Node>,
    is_writable: bool,
}

impl MemoryFile {
    pub(super) fn new(world: &Arc<World>, name: &str, node: Arc<Node>, is_writable: bool) -> Self {
        Self { world: Arc::clone(world), name: name.to_owned(), node, is_writable }
    }

    pub(super) fn world(&self) -> &World {
        &self.world
    }

    pub(super) fn node(&self) -> &Arc<Node> {
        &self.node
    }

    fn check_writable(&self) -> io::Result<()> {
        if self.is_writable {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{} was opened for reading", self.name)))
    }
}

impl File for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        self.world.begin(Operation::Len { name: self.name.clone() })?;
        Ok(self.node.len())
    }

    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let operation = Operation::Read { name: self.name.clone(), offset, len: buffer.len() };
        let (allowed, outcome) = self.world.begin_transfer(operation, buffer.len());
        outcome?;
        let contents = self.node.contents.lock();
        let rest = usize::try_from(offset).ok().and_then(|offset| contents.live.get(offset..));
        let rest = rest.unwrap_or_default();
        let len = allowed.min(rest.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_some(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.check_writable()?;
        let operation = Operation::Write { name: self.name.clone(), offset, len: bytes.len() };
        let (written, outcome) = self.world.begin_transfer(operation, bytes.len());
        let write = self.world.next_change();
        self.node.contents.lock().write(&bytes[..written], in_memory(offset)?, write);
        outcome.map(|()| written)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.check_writable()?;
        self.world.begin(Operation::SetLen { name: self.name.clone(), len })?;
        self.node.contents.lock().set_len(in_memory(len)?);
        Ok(())
    }

    fn sync(&self, _: SyncMode) -> io::Result<()> {
        let begun = self.world.begin(Operation::Sync { name: self.name.clone() });
        let mut contents = self.node.contents.lock();
        match begun {
            Ok(()) => contents.synced(),
            Err(_) => contents.sync_failed(),
        }
        begun
    }

    fn identity(&self) -> io::Result<FileIdentity> {
        self.world.begin(Operation::Identity { name: self.name.clone() })?;
        Ok(FileIdentity { device: 0, inode: self.node.inode })
    }
}

/// Replaces bytes that are there; none of them may lie behind the end.
fn overwrite(target: &mut [u8], offset: usize, bytes: &[u8]) {
    if !bytes.is_empty() {
        target[offset..offset + bytes.len()].copy_from_slice(bytes);
    }
}

fn in_memory(bytes: u64) -> io::Result<usize> {
    usize::try_from(bytes).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))
}
