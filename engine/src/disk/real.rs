//! Owns the operating system's files: one directory handle, and everything below it opened relative to that.
//!
//! Floor 1. Invariants:
//! - only regular files are read or written: a symbolic link, a pipe or a device is refused with its name;
//! - a name is one component, so that nothing outside the directory is ever reached.

use std::any::Any;
mod resting;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt};
use std::path::Path;

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use crate::disk::real::resting::Resting;
use crate::disk::storage::{BootId, DirEntry, Directory, File, FileIdentity, Lock, LockHolder};
use crate::words::config::SyncMode;
use crate::words::sync::Arc;

/// Owner reads and writes.
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);
const DIRECTORY_MODE: u32 = 0o700;
/// Opening never waits for a pipe's other end, never follows a link and is never inherited.
const SAFELY: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);
const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// A directory of the operating system.
#[derive(Debug)]
pub(crate) struct RealDirectory {
    /// `std` syncs it: it knows what each system needs for that.
    handle: Arc<fs::File>,
    resting: Arc<Resting>,
}

impl RealDirectory {
    /// Opens a directory that exists.
    pub(crate) fn open(path: &Path) -> io::Result<Arc<dyn Directory>> {
        Ok(Self::from_fd(rustix::fs::open(path, DIRECTORY, Mode::empty())?))
    }

    /// Opens a directory, creating it and what is missing above it with mode 0700, durably.
    pub(crate) fn create(path: &Path) -> io::Result<Arc<dyn Directory>> {
        make_directory(path)?;
        Self::open(path)
    }

    /// The directory in which `path` is or is to be, created where it is missing, and the name that it has there.
    pub(crate) fn above(path: &Path) -> io::Result<(Arc<dyn Directory>, String)> {
        // The name is taken apart, because a path may end in a slash.
        let name = path.file_name().and_then(|name| name.to_str()).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{} does not end in a name", path.display()))
        })?;
        let above = path.parent().filter(|above| !above.as_os_str().is_empty());
        Ok((Self::create(above.unwrap_or_else(|| Path::new(".")))?, name.to_owned()))
    }

    fn from_fd(fd: OwnedFd) -> Arc<dyn Directory> {
        Arc::new(Self { handle: Arc::new(fd.into()), resting: Arc::default() })
    }

    fn regular(&self, name: &str, flags: OFlags) -> io::Result<fs::File> {
        open_regular(&self.handle, name, flags)
    }

    fn open_file(&self, name: &str, flags: OFlags) -> io::Result<Arc<dyn File>> {
        Ok(Arc::new(RealFile { file: self.regular(name, flags)? }))
    }
}

impl Directory for RealDirectory {
    fn list(&self) -> io::Result<Vec<DirEntry>> {
        let mut files = Vec::new();
        for entry in Dir::read_from(&self.handle)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if !matches!(entry.file_type(), FileType::RegularFile | FileType::Unknown) {
                continue;
            }
            let stat = match rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
                Err(Errno::NOENT) => continue,
                stat => stat?,
            };
            if FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile {
                let len_bytes = u64::try_from(stat.st_size).unwrap_or(0);
                files.push(DirEntry { name: name.to_owned(), len_bytes });
            }
        }
        Ok(files)
    }

    fn list_directories(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.handle)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().to_str() else { continue };
            if matches!(name, "." | "..") {
                continue;
            }
            let is_directory = match entry.file_type() {
                FileType::Unknown => {
                    let stat = rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW);
                    stat.is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
                }
                kind => kind == FileType::Directory,
            };
            if is_directory {
                names.push(name.to_owned());
            }
        }
        Ok(names)
    }

    fn is_empty(&self) -> io::Result<bool> {
        for entry in Dir::read_from(&self.handle)? {
            if !matches!(entry?.file_name().to_bytes(), b"." | b"..") {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.open_file(name, OFlags::RDONLY)
    }

    fn open_resting(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = RealFile { file: self.regular(name, OFlags::RDONLY)? };
        self.resting.file(&self.handle, name, file)
    }

    fn open_writable(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.open_file(name, OFlags::RDWR)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.open_file(name, OFlags::RDWR | OFlags::CREATE | OFlags::EXCL)
    }

    fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        check_name(from)?;
        check_name(to)?;
        rename_new(self.handle.as_fd(), from, to)
    }

    fn rename_over(&self, from: &str, to: &str) -> io::Result<()> {
        check_name(from)?;
        check_name(to)?;
        Ok(rustix::fs::renameat(&self.handle, from, &self.handle, to)?)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        check_name(name)?;
        Ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::empty())?)
    }

    fn link(&self, from: &dyn Directory, name: &str) -> io::Result<()> {
        check_name(name)?;
        let from: &dyn Any = from;
        let Some(from) = from.downcast_ref::<Self>() else {
            return Err(io::Error::from(io::ErrorKind::CrossesDevices));
        };
        Ok(rustix::fs::linkat(&from.handle, name, &self.handle, name, AtFlags::empty())?)
    }

    fn sync(&self) -> io::Result<()> {
        self.handle.sync_all()
    }

    fn subdirectory(&self, name: &str) -> io::Result<Option<Arc<dyn Directory>>> {
        check_name(name)?;
        match rustix::fs::openat(&self.handle, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty()) {
            Ok(fd) => Ok(Some(Self::from_fd(fd))),
            Err(Errno::NOENT) => Ok(None),
            Err(Errno::LOOP | Errno::NOTDIR) => {
                Err(io::Error::new(io::ErrorKind::NotADirectory, format!("{name} is not a directory")))
            }
            Err(errno) => Err(errno.into()),
        }
    }

    fn create_subdirectory(&self, name: &str) -> io::Result<Arc<dyn Directory>> {
        check_name(name)?;
        match rustix::fs::mkdirat(&self.handle, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno.into()),
        }
        self.subdirectory(name)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn rename_directory(&self, from: &str, to: &str) -> io::Result<()> {
        check_name(from)?;
        check_name(to)?;
        // The system replaces a directory by a directory only if it is empty.
        Ok(rustix::fs::renameat(&self.handle, from, &self.handle, to)?)
    }

    fn remove_directory(&self, name: &str) -> io::Result<()> {
        check_name(name)?;
        Ok(rustix::fs::unlinkat(&self.handle, name, AtFlags::REMOVEDIR)?)
    }

    fn lock(&self, name: &str) -> io::Result<Option<Box<dyn Lock>>> {
        let file = self.regular(name, OFlags::RDWR | OFlags::CREATE)?;
        match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(None),
            Err(errno) => return Err(errno.into()),
        }
        let directory = Arc::clone(&self.handle);
        let lock = RealLock { directory, name: name.to_owned(), file: RealFile { file } };
        // The directory too, so that a lock file which somebody removes lets nobody in. Not every file system can lock a directory.
        if rustix::fs::flock(&self.handle, FlockOperation::NonBlockingLockExclusive) == Err(Errno::WOULDBLOCK)
        {
            return Ok(None);
        }
        if !lock.is_intact()? {
            return Err(io::Error::other(format!("{name} was replaced while it was being locked")));
        }
        Ok(Some(Box::new(lock)))
    }

    fn lock_holder(&self, name: &str) -> io::Result<Option<LockHolder>> {
        check_name(name)?;
        match rustix::fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(lock_holder(stat.st_ino)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    fn stands_at(&self, path: &Path) -> io::Result<bool> {
        match rustix::fs::stat(path) {
            Ok(stat) => Ok(identity(&stat) == identity(&rustix::fs::fstat(&self.handle)?)),
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    fn boot(&self) -> Option<BootId> {
        boot()
    }
}

/// Opens a regular file, and nothing else.
fn open_regular(directory: &fs::File, name: &str, flags: OFlags) -> io::Result<fs::File> {
    check_name(name)?;
    let fd = rustix::fs::openat(directory, name, flags | SAFELY, FILE_MODE)
        .map_err(|errno| refused(name, errno))?;
    let kind = FileType::from_raw_mode(rustix::fs::fstat(&fd)?.st_mode);
    if kind != FileType::RegularFile {
        return Err(not_regular(name));
    }
    Ok(fd.into())
}

/// A regular file of the operating system.
#[derive(Debug)]
struct RealFile {
    file: fs::File,
}

impl File for RealFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_some(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    #[cfg(target_os = "linux")]
    fn next_data(&self, offset: u64) -> io::Result<u64> {
        match rustix::fs::seek(&self.file, rustix::fs::SeekFrom::Data(offset)) {
            Ok(data) => Ok(data),
            // Nothing but a hole is left.
            Err(Errno::NXIO) => Ok(self.len()?.max(offset)),
            // A file system that does not know its holes.
            Err(_) => Ok(offset),
        }
    }

    fn write_some(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.file.write_at(bytes, offset)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync(&self, mode: SyncMode) -> io::Result<()> {
        match mode {
            SyncMode::SyncAll => self.file.sync_all(),
            SyncMode::SyncData => self.file.sync_data(),
        }
    }

    fn identity(&self) -> io::Result<FileIdentity> {
        Ok(identity(&rustix::fs::fstat(&self.file)?))
    }
}

/// A lock that the operating system gives back when the process dies.
#[derive(Debug)]
struct RealLock {
    directory: Arc<fs::File>,
    name: String,
    file: RealFile,
}

impl Lock for RealLock {
    fn is_intact(&self) -> io::Result<bool> {
        match rustix::fs::statat(&self.directory, self.name.as_str(), AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(identity(&stat) == self.file.identity()?),
            Err(Errno::NOENT) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    fn annotate(&self, text: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_at(text.as_bytes(), 0)
    }
}

impl Drop for RealLock {
    fn drop(&mut self) {
        // A child between fork and exec may hold the descriptor a little longer, so closing it is not enough.
        let _ = rustix::fs::flock(&self.file.file, FlockOperation::Unlock);
        let _ = rustix::fs::flock(&self.directory, FlockOperation::Unlock);
    }
}

/// Creates a directory and those above it that are missing, and makes each one's name durable.
fn make_directory(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => return Ok(()),
    };
    let mut builder = fs::DirBuilder::new();
    builder.mode(DIRECTORY_MODE);
    let made = match builder.create(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_directory(parent)?;
            builder.create(path)
        }
        made => made,
    };
    match made {
        Ok(()) => RealDirectory::open(parent)?.sync(),
        // Whoever created it may have died before its name was durable. Who may not read what is above did not create it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match RealDirectory::open(parent) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            above => above?.sync(),
        },
        Err(error) => Err(error),
    }
}

#[allow(clippy::unnecessary_cast, reason = "device numbers are narrower on some systems")]
fn identity(stat: &rustix::fs::Stat) -> FileIdentity {
    FileIdentity { device: stat.st_dev as u64, inode: stat.st_ino }
}

fn check_name(name: &str) -> io::Result<()> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{name:?} is not a file name")));
    }
    Ok(())
}

fn refused(name: &str, errno: Errno) -> io::Error {
    match errno {
        Errno::LOOP => {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is a symbolic link, not a file"))
        }
        Errno::ISDIR | Errno::NXIO => not_regular(name),
        _ => errno.into(),
    }
}

fn not_regular(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is not a regular file"))
}

#[cfg(target_os = "linux")]
fn rename_new(directory: rustix::fd::BorrowedFd<'_>, from: &str, to: &str) -> io::Result<()> {
    use rustix::fs::RenameFlags;

    match rustix::fs::renameat_with(directory, from, directory, to, RenameFlags::NOREPLACE) {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => link_then_unlink(directory, from, to),
        renamed => Ok(renamed?),
    }
}

#[cfg(not(target_os = "linux"))]
fn rename_new(directory: rustix::fd::BorrowedFd<'_>, from: &str, to: &str) -> io::Result<()> {
    link_then_unlink(directory, from, to)
}

/// Renames where the file system cannot rename without replacing: a link to a name that exists fails.
fn link_then_unlink(directory: rustix::fd::BorrowedFd<'_>, from: &str, to: &str) -> io::Result<()> {
    rustix::fs::linkat(directory, from, directory, to, AtFlags::empty())?;
    Ok(rustix::fs::unlinkat(directory, from, AtFlags::empty())?)
}

/// The kernel draws a number each time it starts.
#[cfg(target_os = "linux")]
fn boot() -> Option<BootId> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id: uuid::Uuid = text.trim_end().parse().ok()?;
    Some(BootId(*id.as_bytes()))
}

#[cfg(not(target_os = "linux"))]
fn boot() -> Option<BootId> {
    None
}

/// Who holds an exclusive `flock` on the file with this inode number, as the kernel lists it.
#[cfg(target_os = "linux")]
fn lock_holder(inode: u64) -> Option<LockHolder> {
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let process_id = locks.lines().find_map(|line| holder_in(line, inode))?;
    let program = fs::read_to_string(format!("/proc/{process_id}/comm")).ok();
    Some(LockHolder { process_id, program: program.map(|name| name.trim_end().to_owned()) })
}

#[cfg(not(target_os = "linux"))]
fn lock_holder(_: u64) -> Option<LockHolder> {
    None
}

/// The process of a line like `1: FLOCK  ADVISORY  WRITE 4711 08:01:1234 0 EOF`, if it is about this inode. A process of
/// another namespace is listed as 0 or -1 and counts as unknown.
#[cfg(target_os = "linux")]
fn holder_in(line: &str, inode: u64) -> Option<u32> {
    let mut words = line.split_whitespace().skip(1);
    if (words.next(), words.nth(1)) != (Some("FLOCK"), Some("WRITE")) {
        return None;
    }
    let process_id = words.next()?.parse().ok().filter(|id| *id != 0)?;
    let (_, listed) = words.next()?.rsplit_once(':')?;
    (listed.parse() == Ok(inode)).then_some(process_id)
}
