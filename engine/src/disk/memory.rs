//! Owns a directory in memory: the disk of tests, which fails and loses power on request.
//!
//! Floor 1. Invariants:
//! - contents become durable with a sync of the file, names with a sync of their directory, and with nothing else;
//! - what was written before a failed sync is not made durable by a later one; only what is written again is.

mod faults;
mod files;
mod history;
mod image;
mod names;
mod tests;

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::io;

use crate::disk::memory::faults::World;
pub(crate) use crate::disk::memory::faults::{Fault, Operation};
use crate::disk::memory::files::{MemoryFile, Node};
use crate::disk::memory::image::Unsynced;
pub(crate) use crate::disk::memory::image::{Breadth, CrashImage};
use crate::disk::memory::names::{Entry, Names};
use crate::disk::storage::{BootId, DirEntry, Directory, File, Lock, LockHolder};
use crate::words::sync::{Arc, Mutex, Ordering};

/// A directory in memory.
#[derive(Debug)]
pub(crate) struct MemoryDirectory {
    world: Arc<World>,
    names: Arc<Mutex<Names>>,
}

/// A crash whose image is being made.
struct Crash<'a> {
    image: CrashImage,
    unsynced: &'a Unsynced,
    newest_write: Option<u64>,
    world: Arc<World>,
    /// What the image has already, by what it was: a file of several names stays one.
    files: HashMap<*const Node, Arc<Node>>,
    directories: HashMap<*const MemoryDirectory, Arc<MemoryDirectory>>,
}

impl Crash<'_> {
    /// What a file or a directory becomes.
    fn entry(&mut self, entry: &Entry) -> Entry {
        match entry {
            Entry::File(node) => {
                let left = || match self.image {
                    CrashImage::Kill => node.survivor(),
                    CrashImage::Torn => Node::new(node.inode(), node.torn(self.newest_write)),
                    image => Node::new(node.inode(), self.unsynced.bytes(image, node.inode())),
                };
                Entry::File(Arc::clone(self.files.entry(Arc::as_ptr(node)).or_insert_with(left)))
            }
            Entry::Directory(directory) => Entry::Directory(self.directory(directory)),
        }
    }

    fn directory(&mut self, directory: &Arc<MemoryDirectory>) -> Arc<MemoryDirectory> {
        if let Some(left) = self.directories.get(&Arc::as_ptr(directory)) {
            return Arc::clone(left);
        }
        let left = directory.left_by(self);
        self.directories.insert(Arc::as_ptr(directory), Arc::clone(&left));
        left
    }
}

impl MemoryDirectory {
    /// An empty directory.
    pub(crate) fn new() -> Arc<Self> {
        Self::within(Arc::default())
    }

    /// The directory as `image` would leave it, with nothing locked. Only the death of a process leaves the operating system running, and
    /// what was not durable as it is; after a power cut everything that is there is durable.
    pub(crate) fn crash(&self, image: CrashImage) -> Arc<Self> {
        self.crashed(image, &self.unsynced())
    }

    /// The images that a crash now may leave, and the directory in each of them.
    pub(crate) fn crashes(&self, breadth: Breadth) -> Vec<(CrashImage, Arc<Self>)> {
        let unsynced = self.unsynced();
        let images = unsynced.images(breadth, self.calls());
        images.into_iter().map(|image| (image, self.crashed(image, &unsynced))).collect()
    }

    fn crashed(&self, image: CrashImage, unsynced: &Unsynced) -> Arc<Self> {
        let newest_write = self.newest_unsynced_write();
        let world = self.world.after(image != CrashImage::Kill);
        let (files, directories) = (HashMap::new(), HashMap::new());
        self.left_by(&mut Crash { image, unsynced, newest_write, world, files, directories })
    }

    fn left_by(&self, crash: &mut Crash<'_>) -> Arc<Self> {
        let mut names = self.names.lock().clone();
        if crash.image != CrashImage::Kill {
            names = names.after(|number| crash.unsynced.keeps(crash.image, number));
        }
        names.replace_entries(|entry| crash.entry(entry));
        Arc::new(Self { world: Arc::clone(&crash.world), names: Arc::new(Mutex::new(names)) })
    }

    /// Lets the storage call with number `call` fail, the first call ever being 1; each later one too if `is_persistent`.
    pub(crate) fn fail_call(&self, call: u64, fault: impl Into<Fault>, is_persistent: bool) {
        self.world.plan(call, fault.into(), is_persistent);
    }

    /// True if a call that is still to come may fail.
    pub(crate) fn has_faults(&self) -> bool {
        self.world.has_faults()
    }

    /// From now on no call fails.
    pub(crate) fn end_faults(&self) {
        self.world.end_faults();
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
                    files.insert(name.clone(), node.live());
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

    /// Everything in this directory and below that is not durable.
    fn unsynced(&self) -> Unsynced {
        let mut unsynced = Unsynced::default();
        self.add_unsynced(&mut unsynced);
        unsynced
    }

    fn add_unsynced(&self, unsynced: &mut Unsynced) {
        let names = self.names.lock();
        unsynced.names.extend(names.unsynced());
        let mut below: Vec<&Arc<Self>> = Vec::new();
        for entry in names.entries() {
            match entry {
                Entry::File(node) => {
                    unsynced.files.entry(node.inode()).or_insert_with(|| node.history());
                }
                Entry::Directory(directory) if !below.iter().any(|seen| Arc::ptr_eq(seen, directory)) => {
                    directory.add_unsynced(unsynced);
                    below.push(directory);
                }
                Entry::Directory(_) => {}
            }
        }
    }

    /// Takes a name away and gives another one.
    fn change(&self, names: &mut Names, gone: Option<&str>, here: Option<(&str, Entry)>) {
        names.change(self.world.next_change(), gone, here);
    }

    /// Gives a name that nothing has to a file.
    fn add(&self, name: &str, node: Arc<Node>) -> io::Result<()> {
        let mut names = self.names.lock();
        if names.live.contains_key(name) {
            return Err(exists(name));
        }
        self.change(&mut names, None, Some((name, Entry::File(node))));
        Ok(())
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
        let entry = names.live.get(from).cloned().ok_or_else(|| not_found(from))?;
        self.change(&mut names, Some(from), Some((to, entry)));
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
        let node = Node::new(self.world.next_inode(), Vec::new());
        self.add(name, Arc::clone(&node))?;
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
        self.change(&mut self.names.lock(), Some(name), None);
        Ok(())
    }

    fn link(&self, from: &dyn Directory, name: &str) -> io::Result<()> {
        self.world.begin(Operation::Link { name: name.to_owned() })?;
        let from: &dyn Any = from;
        let from = from.downcast_ref::<Self>().filter(|from| Arc::ptr_eq(&from.world, &self.world));
        let node = from.ok_or_else(|| io::Error::from(io::ErrorKind::CrossesDevices))?.node(name)?;
        self.add(name, node)
    }

    fn sync(&self) -> io::Result<()> {
        self.world.begin(Operation::SyncDirectory)?;
        self.names.lock().synced();
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
        match names.live.get(name) {
            Some(Entry::Directory(directory)) => Ok(Arc::<Self>::clone(directory)),
            Some(Entry::File(_)) => Err(not_a_directory(name)),
            None => {
                let directory = Self::within(Arc::clone(&self.world));
                self.change(&mut names, None, Some((name, Entry::Directory(Arc::clone(&directory)))));
                Ok(directory)
            }
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
        match names.live.get(from).cloned() {
            Some(moved @ Entry::Directory(_)) => {
                self.change(&mut names, Some(from), Some((to, moved)));
                Ok(())
            }
            Some(Entry::File(_)) => Err(not_a_directory(from)),
            None => Err(not_found(from)),
        }
    }

    fn remove_directory(&self, name: &str) -> io::Result<()> {
        self.world.begin(Operation::RemoveDirectory { name: name.to_owned() })?;
        let mut names = self.names.lock();
        match names.live.get(name) {
            Some(Entry::Directory(below)) if !below.names.lock().live.is_empty() => Err(not_empty(name)),
            Some(Entry::Directory(_)) => {
                self.change(&mut names, Some(name), None);
                Ok(())
            }
            Some(Entry::File(_)) => Err(not_a_directory(name)),
            None => Err(not_found(name)),
        }
    }

    fn lock(&self, name: &str) -> io::Result<Option<Box<dyn Lock>>> {
        self.world.begin(Operation::Lock { name: name.to_owned() })?;
        let mut names = self.names.lock();
        let node = match names.live.get(name) {
            Some(Entry::File(node)) => Arc::clone(node),
            Some(Entry::Directory(_)) => return Err(not_a_file(name)),
            None => {
                let node = Node::new(self.world.next_inode(), Vec::new());
                self.change(&mut names, None, Some((name, Entry::File(Arc::clone(&node)))));
                node
            }
        };
        if node.is_locked.swap(true, Ordering::AcqRel) {
            return Ok(None);
        }
        let file = MemoryFile::new(&self.world, name, node, true);
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
        self.file.world().begin(Operation::IsIntact { name: self.name.clone() })?;
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
