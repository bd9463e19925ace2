//! Owns the contents of a file in memory: what reads see, and how to get back to what was synced.

use std::io;

use crate::disk::memory::CrashImage;
use crate::disk::memory::faults::{Operation, World};
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
#[derive(Debug, Default)]
struct Contents {
    live: Vec<u8>,
    undo: Vec<Undo>,
    after_failure: Option<AfterFailure>,
}

/// What a file is like after a sync of it failed: what was written before may be clean in memory and missing on the disk for
/// good. Only what is written again becomes durable with the next sync.
#[derive(Debug)]
struct AfterFailure {
    durable: Vec<u8>,
    since: Vec<Change>,
}

/// A change that the next sync makes durable.
#[derive(Debug)]
enum Change {
    Written { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl AfterFailure {
    fn synced(&mut self) {
        for change in std::mem::take(&mut self.since) {
            match change {
                Change::Written { offset, bytes } => {
                    let len = self.durable.len().max(offset + bytes.len());
                    self.durable.resize(len, 0);
                    overwrite(&mut self.durable, offset, &bytes);
                }
                Change::Length(len) => self.durable.resize(len, 0),
            }
        }
    }
}

/// Takes back one change.
#[derive(Debug)]
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
    pub(super) fn new(world: &World, live: Vec<u8>) -> Arc<Self> {
        let contents = Mutex::new(Contents { live, ..Contents::default() });
        Arc::new(Self { inode: world.next_inode(), is_locked: AtomicBool::new(false), contents })
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

    /// The bytes that `image` would leave.
    pub(super) fn after(&self, image: CrashImage, newest_write: Option<u64>) -> Vec<u8> {
        let contents = self.contents.lock();
        match image {
            CrashImage::Kill => contents.live.clone(),
            CrashImage::Strict | CrashImage::DirOk => contents.durable(),
            CrashImage::Torn => contents.torn(newest_write),
            CrashImage::Zeros => {
                let mut bytes = contents.durable();
                bytes.resize(contents.live.len(), 0);
                bytes
            }
        }
    }
}

impl Contents {
    fn durable(&self) -> Vec<u8> {
        if let Some(failure) = &self.after_failure {
            return failure.durable.clone();
        }
        let mut bytes = self.live.clone();
        for undo in self.undo.iter().rev() {
            bytes.resize(undo.old_len, 0);
            overwrite(&mut bytes, undo.offset, &undo.old);
        }
        bytes
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
            failure.synced();
        }
        self.undo.clear();
    }

    fn sync_failed(&mut self) {
        self.after_failure = Some(AfterFailure { durable: self.durable(), since: Vec::new() });
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

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.world.begin(Operation::Read { name: self.name.clone(), offset, len: buffer.len() })?;
        let contents = self.node.contents.lock();
        let rest = usize::try_from(offset).ok().and_then(|offset| contents.live.get(offset..));
        let rest = rest.unwrap_or_default();
        let len = buffer.len().min(rest.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.check_writable()?;
        let begun = self.world.begin(Operation::Write { name: self.name.clone(), offset, len: bytes.len() });
        let written = if begun.is_ok() { bytes } else { &bytes[..bytes.len() / 2] };
        let write = self.world.next_write();
        self.node.contents.lock().write(written, in_memory(offset)?, write);
        begun
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
