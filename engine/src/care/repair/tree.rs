//! Owns a directory with everything below it as a list of files: their digests, finding one, copying one.
//!
//! Invariants:
//! - the lock file is no part of it: it says nothing about the log, and its holder writes into it; nor is a journal that was never finished;
//! - whatever is copied is read back from its new place and compared before the copy counts.

use std::io;

use serde::{Deserialize, Serialize};

use crate::care::backup::digest;
use crate::disk::segment::{TEMPORARY_SUFFIX, create_temporary};
use crate::disk::storage::{Directory, File, LOCK_NAME};
use crate::words::config::SyncMode;
use crate::words::hex::to_hex;
use crate::words::sync::Arc;

/// Name of the journal of a repair.
pub(super) const JOURNAL: &str = "repair.json";
/// How the name of a journal begins that was never finished: nothing had been done when it was left, and nobody reads it.
const HALF_JOURNAL: &str = "repair.json.repair-";
/// What stands between the name of a file and the number of the repair that is writing it.
const HALF_MADE: &str = ".repair-";
/// Directories within directories that are looked into.
const DEEPEST: usize = 8;
/// Bytes that are copied at a time.
const PIECE_BYTES: usize = 1024 * 1024;

/// BLAKE3 of a file's bytes, as hexadecimal digits.
pub(super) type Digest = String;

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct TreeFile {
    /// Its name, behind those of the directories that hold it and a slash each.
    pub(super) path: String,
    pub(super) len_bytes: u64,
    pub(super) blake3: Digest,
}

/// Every file of a directory, in the order of their paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Tree(pub(super) Vec<TreeFile>);

impl Tree {
    /// Reads every file of a directory. `told` hears of each file's length when it was read.
    pub(super) fn read(root: &Arc<dyn Directory>, told: &mut dyn FnMut(u64)) -> io::Result<Self> {
        let mut files = Vec::new();
        for (path, len_bytes) in list(root)?.into_iter().filter(|(path, _)| !is_half_made(path)) {
            let blake3 = digest_at(root, &path)?;
            told(len_bytes);
            files.push(TreeFile { path, len_bytes, blake3 });
        }
        files.sort_unstable();
        Ok(Self(files))
    }

    /// One digest of all of it.
    pub(super) fn digest(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for file in &self.0 {
            hasher.update(&(file.path.len() as u64).to_le_bytes());
            hasher.update(file.path.as_bytes());
            hasher.update(&file.len_bytes.to_le_bytes());
            hasher.update(file.blake3.as_bytes());
        }
        *hasher.finalize().as_bytes()
    }

    /// The file with this path.
    pub(super) fn file(&self, path: &str) -> Option<&TreeFile> {
        let at = self.0.binary_search_by(|file| file.path.as_str().cmp(path)).ok()?;
        self.0.get(at)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.0.iter().map(|file| file.len_bytes).sum()
    }
}

/// Paths and lengths of all files of a directory but the lock.
pub(super) fn list(root: &Arc<dyn Directory>) -> io::Result<Vec<(String, u64)>> {
    let mut found = Vec::new();
    let mut waiting = vec![(Arc::clone(root), String::new(), 0)];
    while let Some((directory, above, depth)) = waiting.pop() {
        for entry in directory.list()? {
            let is_half_journal = entry.name.starts_with(HALF_JOURNAL) && depth > 0;
            if !is_half_journal && (depth > 0 || entry.name != LOCK_NAME) {
                found.push((format!("{above}{}", entry.name), entry.len_bytes));
            }
        }
        if depth == DEEPEST {
            continue;
        }
        for name in directory.list_directories()? {
            if let Some(below) = directory.subdirectory(&name)? {
                waiting.push((below, format!("{above}{name}/"), depth + 1));
            }
        }
    }
    Ok(found)
}

/// Makes everything durable that a directory holds: what a process that was killed had not made so may be gone after a power cut, and
/// is about to be written down as being there.
pub(super) fn settle(root: &Arc<dyn Directory>) -> io::Result<()> {
    let mut waiting = vec![(Arc::clone(root), 0)];
    while let Some((directory, depth)) = waiting.pop() {
        for entry in directory.list()? {
            directory.open(&entry.name)?.sync(SyncMode::SyncAll)?;
        }
        directory.sync()?;
        if depth == DEEPEST {
            continue;
        }
        for name in directory.list_directories()? {
            waiting.extend(directory.subdirectory(&name)?.map(|below| (below, depth + 1)));
        }
    }
    Ok(())
}

/// The directory that holds a path, if it is there, and the name within it.
pub(super) fn folder<'p>(
    root: &Arc<dyn Directory>,
    path: &'p str,
) -> io::Result<Option<(Arc<dyn Directory>, &'p str)>> {
    let mut directory = Arc::clone(root);
    let mut rest = path;
    while let Some((first, behind)) = rest.split_once('/') {
        let Some(below) = directory.subdirectory(first)? else { return Ok(None) };
        (directory, rest) = (below, behind);
    }
    Ok(Some((directory, rest)))
}

/// The same, and the directories are made where they are missing; their names are durable then.
pub(super) fn make_folder<'p>(
    root: &Arc<dyn Directory>,
    path: &'p str,
) -> io::Result<(Arc<dyn Directory>, &'p str)> {
    let mut directory = Arc::clone(root);
    let mut rest = path;
    while let Some((first, behind)) = rest.split_once('/') {
        let below = directory.create_subdirectory(first)?;
        directory.sync()?;
        (directory, rest) = (below, behind);
    }
    Ok((directory, rest))
}

/// Opens a file for reading; `None` if it is not there.
pub(super) fn open(root: &Arc<dyn Directory>, path: &str) -> io::Result<Option<Arc<dyn File>>> {
    let Some((directory, name)) = folder(root, path)? else { return Ok(None) };
    match directory.open(name) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The digest of a file that is there.
pub(super) fn digest_at(root: &Arc<dyn Directory>, path: &str) -> io::Result<Digest> {
    let file = open(root, path)?.ok_or_else(|| gone(path))?;
    digest_of(&*file)
}

/// The digest of a file; `None` if it is not there.
pub(super) fn digest_if_there(root: &Arc<dyn Directory>, path: &str) -> io::Result<Option<Digest>> {
    open(root, path)?.map(|file| digest_of(&*file)).transpose()
}

/// The digest of a file's bytes.
pub(super) fn digest_of(file: &dyn File) -> io::Result<Digest> {
    digest(file).map(|digest| to_hex(&digest))
}

/// Where bytes are to stand.
pub(super) struct Place<'a> {
    pub(super) root: &'a Arc<dyn Directory>,
    pub(super) path: &'a str,
    /// Number of the repair that writes: what another one left half-made has another name, and stays.
    pub(super) number: u64,
}

/// The name that a file has while repair `number` writes it.
pub(super) fn half_made(path: &str, number: u64) -> String {
    format!("{path}{HALF_MADE}{number}{TEMPORARY_SUFFIX}")
}

/// True for a file that a repair had not finished: evidence of nothing, and nobody misses it.
pub(super) fn is_half_made(path: &str) -> bool {
    path.strip_suffix(TEMPORARY_SUFFIX)
        .and_then(|rest| rest.rsplit_once(HALF_MADE))
        .is_some_and(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Bytes that are to stand somewhere.
#[derive(Clone, Copy)]
pub(super) enum Content<'a> {
    File(&'a dyn File),
    Bytes(&'a [u8]),
}

/// Writes bytes under a name, in place of what has it, and durably. At every instant there is what was there or all of it; it was read back
/// and has the digest that is expected.
pub(super) fn put(content: Content<'_>, place: &Place<'_>, expected: &str) -> io::Result<()> {
    let (directory, name) = make_folder(place.root, place.path)?;
    let temporary = half_made(name, place.number);
    let file = create_temporary(&*directory, &temporary)?;
    match content {
        Content::Bytes(bytes) => file.write_at(bytes, 0)?,
        Content::File(from) => copy(from, &*file)?,
    }
    file.sync(SyncMode::SyncAll)?;
    if digest_of(&*directory.open(&temporary)?)? != expected {
        return Err(io::Error::other(format!("{} does not read back as it was written", place.path)));
    }
    directory.rename_over(&temporary, name)?;
    directory.sync()
}

fn copy(from: &dyn File, to: &dyn File) -> io::Result<()> {
    let (mut at, mut piece) = (0, vec![0; PIECE_BYTES]);
    loop {
        let read = from.read_at(&mut piece, at)?;
        if read > 0 {
            to.write_at(piece.get(..read).unwrap_or_default(), at)?;
        }
        at += read as u64;
        if read < piece.len() {
            return Ok(());
        }
    }
}

/// Removes everything in a directory but the lock.
pub(super) fn empty(root: &Arc<dyn Directory>) -> io::Result<()> {
    let mut folders = Vec::new();
    for (path, _) in list(root)? {
        if let Some((directory, name)) = folder(root, &path)? {
            directory.remove(name)?;
        }
        folders.extend(path.rsplit_once('/').map(|(above, _)| above.to_owned()));
    }
    // What lies deeper sorts behind what holds it.
    folders.sort_unstable();
    folders.dedup();
    for path in folders.iter().rev() {
        if let Some((directory, name)) = folder(root, path)? {
            directory.remove_directory(name)?;
        }
    }
    Ok(())
}

fn gone(path: &str) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{path} is not there any more"))
}
