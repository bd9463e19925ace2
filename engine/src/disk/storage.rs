//! Owns the contract with the outside: what the engine asks of a directory and of a file.
//!
//! Invariants:
//! - every name is relative to one directory handle; a symbolic link, a device or a pipe is never opened;
//! - a caller learns of each failure: a read or a write that was interrupted or moved less than all goes on, and nothing else is retried.

use std::any::Any;
use std::fmt::Debug;
use std::io;
use std::path::Path;

use crate::words::config::SyncMode;
use crate::words::planted::PlantedBug;
use crate::words::sync::Arc;

/// Name of the file that whoever writes a directory locks.
pub(crate) const LOCK_NAME: &str = "lock";

/// So often in a row a read or a write is begun again that was interrupted before it moved a byte.
const MOST_INTERRUPTIONS: u32 = 100;

/// One regular file of a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct DirEntry {
    pub(crate) name: String,
    pub(crate) len_bytes: u64,
}

/// Tells two files apart that had the same name at different times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// Names one run of an operating system, from its start to its end: what was written to a file and not synced is lost with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BootId(pub(crate) [u8; 16]);

/// A directory that holds a store, or directories that do.
pub(crate) trait Directory: Any + Debug + Send + Sync {
    /// The regular files, in no particular order. Names that are not UTF-8 are left out.
    fn list(&self) -> io::Result<Vec<DirEntry>>;

    /// The names of the directories below this one, in no particular order. Names that are not UTF-8 are left out.
    fn list_directories(&self) -> io::Result<Vec<String>>;

    /// True if nothing at all is in it, whatever it is.
    fn is_empty(&self) -> io::Result<bool>;

    /// Opens a regular file for reading.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// The same for reads that are rare: a store may have more of such files than a process may have open.
    fn open_resting(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.open(name)
    }

    /// Opens a regular file for reading and writing.
    fn open_writable(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Creates a file that must not exist, for reading and writing, mode 0600.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Gives a file a name that nothing has yet; fails if something has it.
    fn rename_new(&self, from: &str, to: &str) -> io::Result<()>;

    /// Gives a file a name, in place of what had it.
    fn rename_over(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Gives a file of another directory of the same storage a second name here, which is the one it has there; fails if something
    /// has it here.
    fn link(&self, from: &dyn Directory, name: &str) -> io::Result<()>;

    /// Makes the names durable: what was created, renamed or removed before stays so after a power cut.
    fn sync(&self) -> io::Result<()>;

    /// Opens a directory below this one, if it exists.
    fn subdirectory(&self, name: &str) -> io::Result<Option<Arc<dyn Directory>>>;

    /// Opens a directory below this one and creates it, mode 0700, if it does not exist.
    fn create_subdirectory(&self, name: &str) -> io::Result<Arc<dyn Directory>>;

    /// Gives a directory below this one a name that nothing has yet, or an empty directory, which it replaces.
    fn rename_directory(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes an empty directory below this one.
    fn remove_directory(&self, name: &str) -> io::Result<()>;

    /// Takes the writer's lock on a file, creating it; `None` if somebody else has it. Dropping the lock gives it back.
    fn lock(&self, name: &str) -> io::Result<Option<Box<dyn Lock>>>;

    /// Who holds a lock on a file, without touching it; `None` if nobody does or the system does not tell.
    fn lock_holder(&self, name: &str) -> io::Result<Option<LockHolder>>;

    /// True if this is the directory that a path leads to now. Where directories have no path it is.
    fn stands_at(&self, _path: &Path) -> io::Result<bool> {
        Ok(true)
    }

    /// The run of the operating system that goes on now; `None` if the system does not tell.
    fn boot(&self) -> Option<BootId>;
}

/// A regular file.
pub(crate) trait File: Debug + Send + Sync {
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;

    /// Reads once at `offset`; returns how much, which may be less than there is: nothing only at the end of the file.
    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes once at `offset`; returns how much, which may be less than all. After a failure any part may have been written.
    fn write_some(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Reads from `offset` until the buffer is full or the file ends; returns how much.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match go_on(|| self.read_some(rest, offset.saturating_add(done as u64)))? {
                0 => break,
                read => done += read,
            }
        }
        Ok(done)
    }

    /// The first offset from this one on behind which there may be anything but zeros, as far as the system knows; the length of the
    /// file if there is nothing else.
    fn next_data(&self, offset: u64) -> io::Result<u64> {
        Ok(offset)
    }

    /// Writes all bytes at `offset`, or fails; after a failure any part of them may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            match go_on(|| self.write_some(rest, offset.saturating_add(done as u64)))? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                _ if PlantedBug::ShortWriteIgnored.is_planted() => break,
                written => done += written,
            }
        }
        Ok(())
    }

    /// Cuts the file, or extends it with zeros.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes the contents durable. After a failure nothing is known about them.
    fn sync(&self, mode: SyncMode) -> io::Result<()>;

    /// Which file this is.
    fn identity(&self) -> io::Result<FileIdentity>;
}

/// Does one read or write, again if it was interrupted.
fn go_on(mut transfer: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    for _ in 0..MOST_INTERRUPTIONS {
        match transfer() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            moved => return moved,
        }
    }
    transfer()
}

/// The writer's lock; dropping it gives the lock back.
pub(crate) trait Lock: Debug + Send + Sync {
    /// True as long as the locked file is still the one that stands under its name.
    fn is_intact(&self) -> io::Result<bool>;

    /// Writes a note for people who look into the lock file; it is never trusted.
    fn annotate(&self, text: &str) -> io::Result<()>;
}

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockHolder {
    /// Process id.
    pub process_id: u32,
    /// Name of its program, if the system tells.
    pub program: Option<String>,
}
