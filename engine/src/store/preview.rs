//! Owns looking at a directory before it is opened: what it is, how much it holds, who writes it. Nothing is locked or written.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::batpak::BatpakStore;
use crate::disk::real::RealDirectory;
use crate::disk::segment::SEGMENT_SUFFIX;
use crate::disk::storage::{Directory, LOCK_NAME, LockHolder};
use crate::store::{ReadOnly, Store, StoreConfig};
use crate::words::error::StoreError;
use crate::words::finding::Finding;
use crate::words::format::StoreFormat;
use crate::words::sync::Arc;

/// A batpak directory of more bytes is not read just to be looked at.
const MOST_BATPAK_BYTES: u64 = 64 * 1024 * 1024;
const BATPAK_LOCK_NAME: &str = ".batpak.lock";

/// What a directory holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StorePreview {
    /// The directory.
    pub path: PathBuf,
    /// Whose format it has.
    pub format: StoreFormat,
    /// Size of its segments in bytes.
    pub bytes: u64,
    /// Number of its segments.
    pub segments: u64,
    /// Number of its events, if that can be told quickly.
    pub events: Option<u64>,
    /// Times of its first and its last event, microseconds since 1970, if they can be told quickly.
    pub span_us: Option<(i64, i64)>,
    /// Who writes it now, if the system tells.
    pub holder: Option<LockHolder>,
    /// What is damaged or odd.
    pub findings: Vec<Finding>,
}

/// Looks at a directory.
///
/// # Errors
/// The same as opening it for reading.
pub fn preview(path: &Path) -> Result<StorePreview, StoreError> {
    let directory = RealDirectory::open(path)?;
    let is_batpak = BatpakStore::detect(&*directory)?;
    let (suffix, lock) = if is_batpak { (".fbat", BATPAK_LOCK_NAME) } else { (SEGMENT_SUFFIX, LOCK_NAME) };
    let segments: Vec<u64> = directory
        .list()?
        .into_iter()
        .filter(|entry| entry.name.ends_with(suffix))
        .map(|entry| entry.len_bytes)
        .collect();
    let mut preview = StorePreview {
        path: path.to_path_buf(),
        format: StoreFormat::Batpak,
        bytes: segments.iter().sum(),
        segments: segments.len() as u64,
        events: None,
        span_us: None,
        holder: holder(&directory, lock)?,
        findings: Vec::new(),
    };
    if is_batpak && preview.bytes > MOST_BATPAK_BYTES {
        return Ok(preview);
    }
    let proceed = &mut |_, _| ControlFlow::Continue(());
    let store = Store::<ReadOnly>::open_read_only_with_progress(StoreConfig::new(path), proceed)?;
    preview.format = store.format();
    preview.events = Some(store.visible());
    preview.span_us = span(&store)?;
    preview.findings = store.findings();
    Ok(preview)
}

/// Who writes the store in a directory now, if the system tells. Nothing of the store is read.
///
/// # Errors
/// [`StoreError::Io`] if there is no such directory.
pub fn lock_holder(path: &Path) -> Result<Option<LockHolder>, StoreError> {
    let directory = RealDirectory::open(path)?;
    let lock = if BatpakStore::detect(&*directory)? { BATPAK_LOCK_NAME } else { LOCK_NAME };
    holder(&directory, lock)
}

/// Who writes a store now: the holder of its lock, if the system tells.
fn holder(directory: &Arc<dyn Directory>, lock: &str) -> Result<Option<LockHolder>, StoreError> {
    Ok(directory.lock_holder(lock)?)
}

fn span(store: &Store<ReadOnly>) -> Result<Option<(i64, i64)>, StoreError> {
    let end = store.visible();
    let first = store.columns(0..1)?.times_us.first().copied();
    let last = store.columns(end.saturating_sub(1)..end)?.times_us.first().copied();
    Ok(first.zip(last))
}
