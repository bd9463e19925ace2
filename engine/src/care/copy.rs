//! Owns copies of a whole store: a snapshot, which is the same store elsewhere, and a fork, which goes on as a store of its own.
//!
//! Invariants:
//! - a copy ends between two groups, at a place that was on stable storage when the copy began; appends go on meanwhile;
//! - a copy stands under its name when it is complete and durable, never before;
//! - only segments that nobody writes any more are shared between two directories.

use std::io;
use std::path::Path;

use crate::care::log_tree::root_of;
use crate::commit::committer::Committer;
use crate::disk::frame::{Mark, MarkPurpose};
use crate::disk::segment::{FORK_NAME, Parent, SegmentHeader, StoreId, create_segment};
use crate::disk::storage::Directory;
use crate::disk::unfinished::{Place, UnfinishedDirectory};
use crate::memory::survey::{Segment, Survey, survey};
use crate::read::reader::Reader;
use crate::words::config::SyncMode;
use crate::words::error::StoreError;
use crate::words::sync::Arc;

/// Bytes that are copied at a time.
const PIECE_BYTES: usize = 1024 * 1024;

/// What of a log a copy takes.
#[derive(Debug)]
pub(crate) struct Extent {
    directory: Arc<dyn Directory>,
    /// Segments that nobody writes any more, in order; their files are open, so that they stay readable if they are removed.
    sealed: Vec<Segment>,
    /// The segment that grows, as far as it had come.
    active: Segment,
    /// What says that the log is that of a fork, if it is.
    fork: Option<SegmentHeader>,
    /// Exclusive end, in sequences.
    pub(crate) end: u64,
}

/// A file of a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CopiedFile {
    pub(crate) name: String,
    /// First global sequence of the segment.
    pub(crate) first: u64,
    pub(crate) len_bytes: u64,
    /// BLAKE3 of its bytes.
    pub(crate) digest: [u8; 32],
}

impl Extent {
    /// The whole log as it stands, made durable. The caller holds the commit section.
    pub(crate) fn of(committer: &mut Committer, path: &Path) -> Result<Self, StoreError> {
        committer.sync()?;
        let Survey { mut segments, fork, .. } = survey(&*committer.directory, path)?;
        let written = committer.active.name();
        segments.retain(|segment| segment.name.first <= written.first);
        match segments.pop() {
            Some(active) if active.name == written => {
                let active = Segment { len_bytes: committer.active.end_bytes, ..active };
                let directory = Arc::clone(&committer.directory);
                Ok(Self { directory, sealed: segments, active, fork, end: committer.next_sequence })
            }
            _ => {
                let reason = format!("has lost its newest segment, {written}");
                Err(StoreError::DataDirMalformed { path: path.to_owned(), reason })
            }
        }
    }

    /// Where the copied log ends: the segment by its first sequence, and a place in it.
    pub(crate) fn ends_at(&self) -> (u64, u64) {
        (self.active.name.first, self.active.len_bytes)
    }

    fn has_active_events(&self) -> bool {
        self.end > self.active.name.first
    }
}

/// Copies a log into a directory that is empty or missing.
pub(crate) fn snapshot(extent: &Extent, place: &Place) -> Result<Vec<CopiedFile>, StoreError> {
    let target = begin(place)?;
    if let Some(fork) = &extent.fork {
        say_fork(fork, &*target.directory)?;
    }
    let segments = extent.sealed.iter().chain([&extent.active]);
    let copied = segments.map(|segment| copy(segment, &*target.directory)).collect::<io::Result<_>>()?;
    finish(target, place)?;
    Ok(copied)
}

/// What a fork did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForkReport {
    /// Names the new store: 32 hexadecimal digits.
    pub identity: String,
    /// Names the store it was forked from.
    pub parent: String,
    /// Events that both share.
    pub events: u64,
    /// Merkle root over them.
    pub root: [u8; 32],
    /// Segments that both directories share on disk, by a hard link.
    pub linked: usize,
    /// Segments that were copied.
    pub copied: usize,
}

/// Makes a store of its own that begins with the same events.
pub(crate) fn fork(reader: &Reader, extent: &Extent, place: &Place) -> Result<ForkReport, StoreError> {
    let root = root_of(reader, extent.end)?;
    let target = begin(place)?;
    let mut linked = 0;
    for segment in &extent.sealed {
        if link(segment, &*extent.directory, &*target.directory)? {
            linked += 1;
        } else {
            copy(segment, &*target.directory)?;
        }
    }
    if extent.has_active_events() {
        copy(&extent.active, &*target.directory)?;
        end_with_a_mark(&extent.active, extent.end, &*target.directory)?;
    }
    let parent = &extent.active.header;
    let header = SegmentHeader {
        store_id: StoreId(*uuid::Uuid::new_v4().as_bytes()),
        first_sequence: extent.end,
        generation: 0,
        created_us: reader.clock().now_us(),
        replaced: None,
        parent: Some(Parent { store_id: parent.store_id, size: extent.end, root }),
        boot: target.directory.boot(),
        ..parent.clone()
    };
    say_fork(&header, &*target.directory)?;
    create_segment(&*target.directory, &header)?;
    finish(target, place)?;
    Ok(ForkReport {
        identity: header.store_id.to_string(),
        parent: parent.store_id.to_string(),
        events: extent.end,
        root,
        linked,
        copied: extent.sealed.len() - linked + usize::from(extent.has_active_events()),
    })
}

fn begin(place: &Place) -> Result<UnfinishedDirectory, StoreError> {
    UnfinishedDirectory::begin(place.clone()).map_err(|error| refused(error, place))
}

fn finish(target: UnfinishedDirectory, place: &Place) -> Result<(), StoreError> {
    target.finish().map_err(|error| refused(error, place))
}

fn refused(error: io::Error, place: &Place) -> StoreError {
    match error.kind() {
        io::ErrorKind::AlreadyExists => StoreError::DataDirMalformed {
            path: place.path.clone(),
            reason: "is not empty, and a copy needs a directory that is empty or missing".to_owned(),
        },
        _ => error.into(),
    }
}

/// Says beside the segments whose they are, so that a fork is not taken for its parent should its own segments be lost.
fn say_fork(header: &SegmentHeader, directory: &dyn Directory) -> io::Result<()> {
    let file = directory.create(FORK_NAME)?;
    file.write_at(&header.encode(), 0)?;
    file.sync(SyncMode::SyncAll)
}

/// Copies a segment, as far as the extent goes, and makes it durable.
fn copy(segment: &Segment, to: &dyn Directory) -> io::Result<CopiedFile> {
    let name = segment.name.to_string();
    let target = to.create(&name)?;
    let (mut at, mut hasher) = (0, blake3::Hasher::new());
    let mut piece = vec![0; PIECE_BYTES];
    while at < segment.len_bytes {
        let wanted = (segment.len_bytes - at).min(PIECE_BYTES as u64) as usize;
        let read = segment.file.read_at(&mut piece[..wanted], at)?;
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, format!("{name} became shorter")));
        }
        target.write_at(&piece[..read], at)?;
        hasher.update(&piece[..read]);
        at += read as u64;
    }
    target.sync(SyncMode::SyncAll)?;
    let digest = *hasher.finalize().as_bytes();
    Ok(CopiedFile { name, first: segment.name.first, len_bytes: at, digest })
}

/// Gives a segment that nobody writes any more a second name. False where the file system cannot, or another file has its name by now.
fn link(segment: &Segment, from: &dyn Directory, target: &dyn Directory) -> io::Result<bool> {
    let name = segment.name.to_string();
    if target.link(from, &name).is_err() {
        return Ok(false);
    }
    let same = target.open(&name)?.identity()? == segment.file.identity()?;
    if !same {
        target.remove(&name)?;
    }
    Ok(same)
}

/// Ends a copied segment, so that nobody goes on writing it.
fn end_with_a_mark(segment: &Segment, synced_through: u64, directory: &dyn Directory) -> io::Result<()> {
    let file = directory.open_writable(&segment.name.to_string())?;
    let mut mark = Vec::new();
    Mark { synced_through, purpose: MarkPurpose::Sealed }.encode(&mut mark);
    file.write_at(&mark, segment.len_bytes)?;
    file.sync(SyncMode::SyncAll)
}
