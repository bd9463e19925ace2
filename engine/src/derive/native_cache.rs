//! Owns the projection cache that keeps its values in files, one each, in a directory of its own.
//!
//! Invariants:
//! - a file is replaced as a whole or not at all, and says which key it belongs to: one that is damaged or misplaced counts as none;
//! - the directory stays within its limits: values that were not used for long give way;
//! - files of other names are left alone.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use crate::derive::cache::{CacheCapabilities, CacheMeta, ProjectionCache};
use crate::disk::bytes::{EndsEarly, Reader};
use crate::disk::real::RealDirectory;
use crate::disk::storage::Directory;
use crate::words::error::StoreError;
use crate::words::sync::{Arc, Mutex, Numbers};

const MAGIC: &[u8; 8] = b"CWCACHE1";
const CHECKSUM_CONTEXT: &str = "causeway projection cache file 1";
const SUFFIX: &str = ".state";
const TEMPORARY_SUFFIX: &str = ".state.new";
/// Bytes of a file that tell its key, unless the key is longer than any that a store makes.
const HEAD_BYTES: usize = 16 * 1024;

/// What the directory may hold.
#[derive(Clone, Copy, Debug)]
struct Limits {
    files: usize,
    bytes: u64,
    /// A greater value is not kept.
    file_bytes: u64,
}

const LIMITS: Limits = Limits { files: 16 * 1024, bytes: 256 * 1024 * 1024, file_bytes: 64 * 1024 * 1024 };

/// A projection cache of files: at most 16,384 of them with 256 MiB together, mode 0600.
///
/// Nothing is synced: what a power cut takes or tears is computed anew. Several processes may share a directory.
///
/// ```
/// use causeway::store::{NativeCache, Store, StoreConfig};
///
/// let directory = tempfile::tempdir()?;
/// let cache = NativeCache::open(directory.path().join("cache"))?;
/// let store = Store::open_with_cache(StoreConfig::new(directory.path().join("store")), Box::new(cache))?;
/// store.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct NativeCache {
    directory: Arc<dyn Directory>,
    files: Mutex<Files>,
    limits: Limits,
}

/// The files of the directory, as far as this process knows them.
#[derive(Debug, Default)]
struct Files {
    known: HashMap<String, Known>,
    bytes: u64,
    uses: u64,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    len_bytes: u64,
    /// Rises with each use of any file; 0 for one that this process found and did not use.
    last_use: u64,
}

impl NativeCache {
    /// Opens a directory, creating it with mode 0700.
    ///
    /// # Errors
    /// [`StoreError::CacheFailed`] if it cannot be created or read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let directory = RealDirectory::create(path.as_ref()).map_err(failed)?;
        Self::in_directory(directory, LIMITS).map_err(failed)
    }

    fn in_directory(directory: Arc<dyn Directory>, limits: Limits) -> io::Result<Self> {
        let mut files = Files::default();
        for entry in directory.list()? {
            if entry.name.ends_with(TEMPORARY_SUFFIX) {
                // Left behind by a crash. If another process is writing it just now, that process loses one state.
                remove(&*directory, &entry.name)?;
            } else if is_value_file(&entry.name) {
                files.bytes += entry.len_bytes;
                files.known.insert(entry.name, Known { len_bytes: entry.len_bytes, last_use: 0 });
            }
        }
        Ok(Self { directory, files: Mutex::new(files), limits })
    }

    /// A cache in any storage.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn in_storage(directory: Arc<dyn Directory>) -> io::Result<Self> {
        Self::in_directory(directory, LIMITS)
    }

    /// The bytes of a file from its beginning, at most `max`; `None` if there is no such file, or something else has its name.
    fn read(&self, name: &str, max: u64) -> io::Result<Option<Vec<u8>>> {
        let file = match self.directory.open(name) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidInput) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut bytes = vec![0; usize::try_from(file.len()?.min(max)).unwrap_or_default()];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        Ok(Some(bytes))
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        static NAMES: Numbers = Numbers::new();
        let number = NAMES.next();
        let new = format!("{}-{number}{TEMPORARY_SUFFIX}", std::process::id());
        remove(&*self.directory, &new)?;
        let written = self.directory.create(&new).and_then(|file| file.write_at(bytes, 0));
        match written.and_then(|()| self.directory.rename_over(&new, name)) {
            // Another process that opened the cache took it for a remainder.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => {
                // The first error says more than one about the remainder.
                let _ = remove(&*self.directory, &new);
                Err(error)
            }
            Ok(()) => {
                let surplus = self.files.lock().note(name, bytes.len() as u64, self.limits);
                surplus.iter().try_for_each(|name| remove(&*self.directory, name).map(drop))
            }
        }
    }

    fn delete(&self, prefix: &[u8]) -> io::Result<u64> {
        let mut deleted = 0;
        for entry in self.directory.list()?.into_iter().filter(|entry| is_value_file(&entry.name)) {
            let head = self.read(&entry.name, HEAD_BYTES as u64)?.unwrap_or_default();
            if key_of(&head).is_some_and(|key| key.starts_with(prefix)) {
                self.files.lock().forget(&entry.name);
                deleted += u64::from(remove(&*self.directory, &entry.name)?);
            }
        }
        Ok(deleted)
    }
}

impl Files {
    /// Notes a file that was written. Returns the names of those that are to give way to it.
    fn note(&mut self, name: &str, len_bytes: u64, limits: Limits) -> Vec<String> {
        self.forget(name);
        self.uses += 1;
        self.bytes += len_bytes;
        self.known.insert(name.to_owned(), Known { len_bytes, last_use: self.uses });
        if self.bytes <= limits.bytes && self.known.len() <= limits.files {
            return Vec::new();
        }
        // A quarter at once, so that the order is not made anew with each file.
        let (bytes, files) = (limits.bytes / 4 * 3, limits.files / 4 * 3);
        let mut by_use: Vec<(u64, String)> =
            self.known.iter().map(|(name, known)| (known.last_use, name.clone())).collect();
        by_use.sort_unstable();
        let mut surplus = Vec::new();
        for (last_use, name) in by_use {
            if self.bytes <= bytes && self.known.len() <= files || last_use == self.uses {
                break;
            }
            self.forget(&name);
            surplus.push(name);
        }
        surplus
    }

    fn touch(&mut self, name: &str, len_bytes: u64) {
        self.uses += 1;
        let (uses, bytes) = (self.uses, &mut self.bytes);
        let known = self.known.entry(name.to_owned()).or_insert_with(|| {
            *bytes += len_bytes;
            Known { len_bytes, last_use: 0 }
        });
        known.last_use = uses;
    }

    fn forget(&mut self, name: &str) {
        if let Some(known) = self.known.remove(name) {
            self.bytes -= known.len_bytes;
        }
    }
}

impl ProjectionCache for NativeCache {
    fn capabilities(&self) -> CacheCapabilities {
        CacheCapabilities::none()
    }

    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, CacheMeta)>, StoreError> {
        let name = file_name(key);
        // One byte more than allowed shows that a file is too long.
        let Some(bytes) = self.read(&name, self.limits.file_bytes + 1).map_err(failed)? else {
            return Ok(None);
        };
        let found = decode(&bytes, key);
        if found.is_some() {
            self.files.lock().touch(&name, bytes.len() as u64);
        }
        Ok(found)
    }

    fn put(&self, key: &[u8], value: &[u8], meta: CacheMeta) -> Result<(), StoreError> {
        let bytes = encode(key, value, &meta);
        if bytes.len() as u64 > self.limits.file_bytes {
            return Ok(());
        }
        self.replace(&file_name(key), &bytes).map_err(failed)
    }

    fn delete_prefix(&self, prefix: &[u8]) -> Result<u64, StoreError> {
        self.delete(prefix).map_err(failed)
    }

    /// Does nothing: every value is in its file when `put` returns.
    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn failed(error: io::Error) -> StoreError {
    StoreError::CacheFailed(Box::new(error))
}

/// Removes a file; false if there was none.
fn remove(directory: &dyn Directory, name: &str) -> io::Result<bool> {
    match directory.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        removed => removed.map(|()| true),
    }
}

fn file_name(key: &[u8]) -> String {
    format!("{}{SUFFIX}", blake3::hash(key).to_hex())
}

fn is_value_file(name: &str) -> bool {
    name.strip_suffix(SUFFIX).is_some_and(|hash| blake3::Hash::from_hex(hash).is_ok())
}

/// Magic, checksum of the rest, length of the key, key, meta, value.
fn encode(key: &[u8], value: &[u8], meta: &CacheMeta) -> Vec<u8> {
    let mut body = Vec::with_capacity(key.len() + value.len() + 64);
    body.extend((key.len() as u64).to_le_bytes());
    body.extend(key);
    body.extend(meta.watermark.to_le_bytes());
    body.extend(meta.cached_at_us.to_le_bytes());
    for number in [meta.cached_at_mono_ns.map(i64::cast_unsigned), meta.process_boot_ns] {
        body.push(u8::from(number.is_some()));
        body.extend(number.unwrap_or_default().to_le_bytes());
    }
    body.extend(value);
    [MAGIC.as_slice(), &blake3::derive_key(CHECKSUM_CONTEXT, &body), &body].concat()
}

/// Value and meta of a file, if it is whole and belongs to the key.
fn decode(bytes: &[u8], key: &[u8]) -> Option<(Vec<u8>, CacheMeta)> {
    let (magic, rest) = bytes.split_first_chunk()?;
    let (checksum, body) = rest.split_first_chunk()?;
    if magic != MAGIC || *checksum != blake3::derive_key(CHECKSUM_CONTEXT, body) || key_of(bytes)? != key {
        return None;
    }
    decode_behind_key(body.get(size_of::<u64>() + key.len()..)?).ok()
}

fn decode_behind_key(bytes: &[u8]) -> Result<(Vec<u8>, CacheMeta), EndsEarly> {
    let mut reader = Reader::new(bytes);
    let (watermark, cached_at_us) = (reader.u64()?, reader.i64()?);
    let mut optional = || Ok((reader.u8()? != 0, reader.u64()?));
    let (has_time, time) = optional()?;
    let (has_process, process) = optional()?;
    let meta = CacheMeta {
        watermark,
        cached_at_us,
        cached_at_mono_ns: has_time.then_some(time.cast_signed()),
        process_boot_ns: has_process.then_some(process),
    };
    Ok((reader.rest().to_vec(), meta))
}

/// The key that a file says it belongs to. Needs no more than the beginning of the file.
fn key_of(bytes: &[u8]) -> Option<&[u8]> {
    let (_, rest) = bytes.split_at_checked(MAGIC.len() + blake3::OUT_LEN)?;
    let (len, rest) = rest.split_first_chunk()?;
    rest.get(..usize::try_from(u64::from_le_bytes(*len)).ok()?)
}

#[cfg(test)]
mod tests;
