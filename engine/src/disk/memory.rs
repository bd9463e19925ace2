//! Owns a directory in memory: the disk of tests, which fails and loses power on request.
//!
//! Floor 1. Invariants:
//! - contents become durable with a sync of the file, names with a sync of their directory, and with nothing else;
//! - what was written before a failed sync is not made durable by a later one; only what is written again is.

mod faults;
mod files;
mod tests;

use std::any::Any;
use std::collections::btree_map::Entry as MapEntry;
use std::collections::{BTreeMap, HashMap};
use std::io;

pub(crate) use crate::disk::memory::faults::Operation;
use crate::disk::memory::faults::World;
use crate::disk::memory::files::{MemoryFile, Node};
use crate::disk::storage::{BootId, DirEntry, Directory, File, Lock, LockHolder};
use crate::words::sync::{Arc, Mutex, Ordering};

/// What a power cut, or the death of a process, leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CrashImage {
    /// All issued writes and names: the process died, the machine did not.
    Kill,
    /// Only synced bytes under synced names.
    Strict,
    /// All names, only synced bytes.
    DirOk,
    /// All names and writes, but only the first half of the newest unsynced write.
    Torn,
    /// All names and file sizes, zeros in place of unsynced bytes.
    Zeros,
}

impl CrashImage {
    /// Every image.
    pub(crate) const ALL: [Self; 5] = [Self::Kill, Self::Strict, Self::DirOk, Self::Torn, Self::Zeros];
}

/// A directory in memory.
#[derive(Debug)]
pub(crate) struct MemoryDirectory {
    world: Arc<World>,
    names: Arc<Mutex<Names>>,
}

#[derive(Debug, Default)]
struct Names {
    live: BTreeMap<String, Entry>,
    durable: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug)]
enum Entry {
    File(Arc<Node>),
    Directory(Arc<MemoryDirectory>),
}

/// A crash whose image is being made.
struct Crash {
    image: CrashImage,
    newest_write: Option<u64>,
    /// Files that the image has already, by what they were: a file of several names stays one.
    nodes: HashMap<*const Node, Arc<Node>>,
}

impl Crash {
    /// What a file becomes.
    fn node(&mut self, node: &Arc<Node>, world: &World) -> Arc<Node> {
        let left = || Node::new(world, node.after(self.image, self.newest_write));
        Arc::clone(self.nodes.entry(Arc::as_ptr(node)).or_insert_with(left))
    }
}

impl MemoryDirectory {
    /// An empty directory.
    pub(crate) fn new() -> Arc<Self> {
        Self::within(World::started(0))
    }

    /// The directory as `image` would leave it, with everything in it durable and nothing locked. Only the death of a process leaves
    /// the operating system running.
    pub(crate) fn crash(&self, image: CrashImage) -> Arc<Self> {
        let newest_write = self.newest_unsynced_write();
        let directory = Self::within(World::started(self.world.boots + u64::from(image != CrashImage::Kill)));
        self.copy_into(&directory, &mut Crash { image, newest_write, nodes: HashMap::new() });
        directory
    }

    /// Lets the storage call with number `call` fail, the first call ever being 1; each later one too if `persistent`. A
    /// write that fails has written its first half.
    pub(crate) fn fail_call(&self, call: u64, kind: io::ErrorKind, persistent: bool) {
        self.world.fail_call(call, kind, persistent);
    }

    /// Shows each later storage call to `observer` before it is made, with the number of calls before it; `None` ends that.
    ///
    /// The observer may look at the directory and make crash images of it.
    pub(crate) fn observe(&self, observer: Option<Arc<dyn Fn(u64) + Send + Sync>>) {
        self.world.observe(observer);
    }

    /// Number of storage calls so far, those on files and directories below this one included.
    pub(crate) fn calls(&self) -> u64 {
        self.world.calls()
    }

    /// Lengths of all buffers that reads were to fill so far.
    pub(crate) fn bytes_asked_for(&self) -> u64 {
        self.world.bytes_asked_for()
    }

    /// The newest storage calls, oldest first; at most [`faults::MAX_OPERATIONS`].
    pub(crate) fn operations(&self) -> Vec<Operation> {
        self.world.operations()
    }

    /// A directory below this one, without a call that is counted.
    pub(crate) fn below(&self, name: &str) -> Option<Arc<Self>> {
        match self.names.lock().live.get(name) {
            Some(Entry::Directory(directory)) => Some(Arc::clone(directory)),
            Some(Entry::File(_)) | None => None,
        }
    }

    /// Every file with its bytes, those of directories below under `directory/name`.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        for (name, entry) in &self.names.lock().live {
            match entry {
                Entry::File(node) => {
                    files.insert(name.clone(), node.after(CrashImage::Kill, None));
                }
                Entry::Directory(below) => {
                    let below = below.files().into_iter();
                    files.extend(below.map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
                }
            }
        }
        files
    }

    fn within(world: Arc<World>) -> Arc<Self> {
        Arc::new(Self { world, names: Arc::default() })
    }

    fn newest_unsynced_write(&self) -> Option<u64> {
        let names = self.names.lock();
        let newest = names.live.values().map(|entry| match entry {
            Entry::File(node) => node.newest_unsynced_write(),
            Entry::Directory(directory) => directory.newest_unsynced_write(),
        });
        newest.max().flatten()
    }

    fn copy_into(&self, target: &Self, crash: &mut Crash) {
        let names = self.names.lock();
        let survivors = if crash.image == CrashImage::Strict { &names.durable } else { &names.live };
        let mut copies = target.names.lock();
        for (name, entry) in survivors {
            let copy = match entry {
                Entry::File(node) => Entry::File(crash.node(node, &target.world)),
                Entry::Directory(directory) => {
                    let below = Self::within(Arc::clone(&target.world));
                    directory.copy_into(&below, crash);
                    Entry::Directory(below)
                }
            };
            copies.live.insert(name.clone(), copy);
        }
        copies.durable = copies.live.clone();
    }

    fn file(&self, name: &str, is_writable: bool) -> io::Result<Arc<dyn File>> {
        let node = self.node(name)?;
        Ok(Arc::new(MemoryFile::new(&self.world, name, node, is_writable)))
    }

    fn node(&self, name: &str) -> io::Result<Arc<Node>> {
        match self.names.lock().live.get(name) {
            Some(Entry::File(node)) => Ok(Arc::clone(node)),
            Some(Entry::Directory(_)) => Err(not_a_file(name)),
            None => Err(not_found(name)),
        }
    }

    fn rename(&self, from: &str, to: &str, may_replace: bool) -> io::Result<()> {
        self.node(from)?;
        let mut names = self.names.lock();
        match names.live.get(to) {
            Some(Entry::Directory(_)) => return Err(not_a_file(to)),
            Some(Entry::File(_)) if !may_replace => return Err(exists(to)),
            _ => {}
        }
        let entry = names.live.remove(from).ok_or_else(|| not_found(from))?;
        names.live.insert(to.to_owned(), entry);
        Ok(())
    }
}

impl Directory for MemoryDirectory {
    fn list(&self) -> io::Result<Vec<DirEntry>> {
        self.world.begin(Operation::List)?;
        let names = self.names.lock();
        let files = names.live.iter().filter_map(|(name, entry)| match entry {
            Entry::File(node) => Some(DirEntry { name: name.clone(), len_bytes: node.len() }),
            Entry::Directory(_) => None,
        });
        Ok(files.collect())
    }

    fn list_directories(&self) -> io::Result<Vec<String>> {
        self.world.begin(Operation::ListDirectories)?;
        let names = self.names.lock();
        let is_directory = |(_, entry): &(&String, &Entry)| matches!(entry, Entry::Directory(_));
        Ok(names.live.iter().filter(is_directory).map(|(name, _)| name.clone()).collect())
    }

    fn is_empty(&self) -> io::Result<bool> {
        self.world.begin(Operation::IsEmpty)?;
        Ok(self.names.lock().live.is_empty())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.world.begin(Operation::Open { name: name.to_owned() })?;
        self.file(name, false)
    }

    fn open_writable(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.world.begin(Operation::OpenWritable { name: name.to_owned() })?;
        self.file(name, true)
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.world.begin(Operation::Create { name: name.to_owned() })?;
        let node = match self.names.lock().live.entry(name.to_owned()) {
            MapEntry::Occupied(_) => return Err(exists(name)),
            MapEntry::Vacant(place) => {
                let node = Node::new(&self.world, Vec::new());
                place.insert(Entry::File(Arc::clone(&node)));
                node
            }
        };
        Ok(Arc::new(MemoryFile::new(&self.world, name, node, true)))
    }

    fn rename_new(&self, from: &str, to: &str) -> io::Result<()> {
        self.world.begin(Operation::RenameNew { from: from.to_owned(), to: to.to_owned() })?;
        self.rename(from, to, false)
    }

    fn rename_over(&self, from: &str, to: &str) -> io::Result<()> {
        self.world.begin(Operation::RenameOver { from: from.to_owned(), to: to.to_owned() })?;
        self.rename(from, to, true)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.world.begin(Operation::Remove { name: name.to_owned() })?;
        self.node(name)?;
        self.names.lock().live.remove(name);
        Ok(())
    }

    fn link(&self, from: &dyn Directory, name: &str) -> io::Result<()> {
        self.world.begin(Operation::Link { name: name.to_owned() })?;
        let from: &dyn Any = from;
        let from = from.downcast_ref::<Self>().filter(|from| Arc::ptr_eq(&from.world, &self.world));
        let node = from.ok_or_else(|| io::Error::from(io::ErrorKind::CrossesDevices))?.node(name)?;
        match self.names.lock().live.entry(name.to_owned()) {
            MapEntry::Occupied(_) => Err(exists(name)),
            MapEntry::Vacant(place) => {
                place.insert(Entry::File(node));
                Ok(())
            }
        }
    }

    fn sync(&self) -> io::Result<()> {
        self.world.begin(Operation::SyncDirectory)?;
        let mut names = self.names.lock();
        names.durable = names.live.clone();
        Ok(())
    }

    fn subdirectory(&self, name: &str) -> io::Result<Option<Arc<dyn Directory>>> {
        self.world.begin(Operation::Subdirectory { name: name.to_owned() })?;
        match self.names.lock().live.get(name) {
            Some(Entry::Directory(directory)) => Ok(Some(Arc::<Self>::clone(directory))),
            Some(Entry::File(_)) => Err(not_a_directory(name)),
            None => Ok(None),
        }
    }

    fn create_subdirectory(&self, name: &str) -> io::Result<Arc<dyn Directory>> {
        self.world.begin(Operation::CreateSubdirectory { name: name.to_owned() })?;
        let mut names = self.names.lock();
        let entry = names
            .live
            .entry(name.to_owned())
            .or_insert_with(|| Entry::Directory(Self::within(Arc::clone(&self.world))));
        match entry {
            Entry::Directory(directory) => Ok(Arc::<Self>::clone(directory)),
            Entry::File(_) => Err(not_a_directory(name)),
        }
    }

    fn rename_directory(&self, from: &str, to: &str) -> io::Result<()> {
        self.world.begin(Operation::RenameDirectory { from: from.to_owned(), to: to.to_owned() })?;
        let mut names = self.names.lock();
        match names.live.get(to) {
            Some(Entry::Directory(replaced)) if !replaced.names.lock().live.is_empty() => {
                return Err(not_empty(to));
            }
            Some(Entry::File(_)) => return Err(not_a_directory(to)),
            _ => {}
        }
        match names.live.remove(from) {
            Some(moved @ Entry::Directory(_)) => {
                names.live.insert(to.to_owned(), moved);
                Ok(())
            }
            Some(file @ Entry::File(_)) => {
                names.live.insert(from.to_owned(), file);
                Err(not_a_directory(from))
            }
            None => Err(not_found(from)),
        }
    }

    fn remove_directory(&self, name: &str) -> io::Result<()> {
        self.world.begin(Operation::RemoveDirectory { name: name.to_owned() })?;
        let mut names = self.names.lock();
        match names.live.get(name) {
            Some(Entry::Directory(below)) if !below.names.lock().live.is_empty() => Err(not_empty(name)),
            Some(Entry::Directory(_)) => {
                names.live.remove(name);
                Ok(())
            }
            Some(Entry::File(_)) => Err(not_a_directory(name)),
            None => Err(not_found(name)),
        }
    }

    fn lock(&self, name: &str) -> io::Result<Option<Box<dyn Lock>>> {
        self.world.begin(Operation::Lock { name: name.to_owned() })?;
        let mut names = self.names.lock();
        let entry = names
            .live
            .entry(name.to_owned())
            .or_insert_with(|| Entry::File(Node::new(&self.world, Vec::new())));
        let Entry::File(node) = entry else {
            return Err(not_a_file(name));
        };
        if node.is_locked.swap(true, Ordering::AcqRel) {
            return Ok(None);
        }
        let file = MemoryFile::new(&self.world, name, Arc::clone(node), true);
        Ok(Some(Box::new(MemoryLock { names: Arc::clone(&self.names), name: name.to_owned(), file })))
    }

    fn lock_holder(&self, name: &str) -> io::Result<Option<LockHolder>> {
        self.world.begin(Operation::LockHolder { name: name.to_owned() })?;
        let names = self.names.lock();
        let is_locked = matches!(names.live.get(name), Some(Entry::File(node)) if node.is_locked());
        Ok(is_locked.then(|| LockHolder { process_id: std::process::id(), program: None }))
    }

    fn boot(&self) -> Option<BootId> {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&self.world.boots.to_le_bytes());
        Some(BootId(id))
    }
}

/// The lock on a file in memory.
#[derive(Debug)]
struct MemoryLock {
    names: Arc<Mutex<Names>>,
    name: String,
    file: MemoryFile,
}

impl Lock for MemoryLock {
    fn is_intact(&self) -> io::Result<bool> {
        let names = self.names.lock();
        Ok(
            matches!(names.live.get(&self.name), Some(Entry::File(node)) if Arc::ptr_eq(node, self.file.node())),
        )
    }

    fn annotate(&self, text: &str) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.write_at(text.as_bytes(), 0)
    }
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        self.file.node().is_locked.store(false, Ordering::Release);
    }
}

fn not_found(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{name} does not exist"))
}

fn exists(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("{name} exists already"))
}

fn not_a_file(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{name} is not a regular file"))
}

fn not_empty(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::DirectoryNotEmpty, format!("{name} is not empty"))
}

fn not_a_directory(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotADirectory, format!("{name} is not a directory"))
}
