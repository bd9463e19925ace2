//! Owns files that are read now and then: a store may have more of them than a process may have open.
//!
//! Invariant: a file that is opened anew is the one that was opened before, or it counts as gone.

use std::fs;
use std::io;

use rustix::fs::OFlags;

use crate::disk::real::{RealFile, open_regular};
use crate::disk::storage::{File, FileIdentity};
use crate::words::config::SyncMode;
use crate::words::sync::{Arc, AtomicU64, Ordering};

/// Resting files of one directory that keep their descriptor all the same.
const MOST_HELD: u64 = 64;

/// How many resting files of a directory keep their descriptor.
#[derive(Debug, Default)]
pub(super) struct Resting {
    held: AtomicU64,
}

impl Resting {
    /// A file that was just opened, to be read now and then.
    pub(super) fn file(
        self: &Arc<Self>,
        directory: &Arc<fs::File>,
        name: &str,
        file: RealFile,
    ) -> io::Result<Arc<dyn File>> {
        if self.held.fetch_add(1, Ordering::AcqRel) < MOST_HELD {
            return Ok(Arc::new(HeldFile { file, resting: Arc::clone(self) }));
        }
        self.held.fetch_sub(1, Ordering::AcqRel);
        let identity = file.identity()?;
        Ok(Arc::new(RestingFile { directory: Arc::clone(directory), name: name.to_owned(), identity }))
    }
}

/// A file that keeps its descriptor.
#[derive(Debug)]
struct HeldFile {
    file: RealFile,
    resting: Arc<Resting>,
}

impl Drop for HeldFile {
    fn drop(&mut self) {
        self.resting.held.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A file that is opened for each read.
#[derive(Debug)]
struct RestingFile {
    directory: Arc<fs::File>,
    name: String,
    identity: FileIdentity,
}

impl RestingFile {
    fn open(&self) -> io::Result<RealFile> {
        let file = RealFile { file: open_regular(&self.directory, &self.name, OFlags::RDONLY)? };
        if file.identity()? != self.identity {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} was replaced", self.name)));
        }
        Ok(file)
    }
}

fn read_only() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "the file was opened for reading")
}

impl File for HeldFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_some(buffer, offset)
    }

    fn next_data(&self, offset: u64) -> io::Result<u64> {
        self.file.next_data(offset)
    }

    fn write_some(&self, _: &[u8], _: u64) -> io::Result<usize> {
        Err(read_only())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(read_only())
    }

    fn sync(&self, mode: SyncMode) -> io::Result<()> {
        self.file.sync(mode)
    }

    fn identity(&self) -> io::Result<FileIdentity> {
        self.file.identity()
    }
}

impl File for RestingFile {
    fn len(&self) -> io::Result<u64> {
        self.open()?.len()
    }

    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.open()?.read_some(buffer, offset)
    }

    fn next_data(&self, offset: u64) -> io::Result<u64> {
        self.open()?.next_data(offset)
    }

    fn write_some(&self, _: &[u8], _: u64) -> io::Result<usize> {
        Err(read_only())
    }

    fn set_len(&self, _: u64) -> io::Result<()> {
        Err(read_only())
    }

    fn sync(&self, mode: SyncMode) -> io::Result<()> {
        self.open()?.sync(mode)
    }

    fn identity(&self) -> io::Result<FileIdentity> {
        Ok(self.identity)
    }
}
