//! Owns the segment that grows: reserving space, writing at its end, syncing, and ending it.
//!
//! Invariants:
//! - bytes are written at `end_bytes` and nowhere else; after a failed write the file is cut back to it;
//! - from `end_bytes` to the end of the file everything is zero;
//! - a failure that leaves the file in an unknown state poisons the store.

use std::collections::HashSet;
use std::io;

use crate::commit::poison::Poison;
use crate::disk::frame::{Mark, MarkPurpose};
use crate::disk::segment::{SegmentHeader, SegmentName, create_segment};
use crate::disk::storage::{Directory, File};
use crate::words::config::SyncMode;
use crate::words::error::StoreError;
use crate::words::kind::EventKind;
use crate::words::planted::PlantedBug;
use crate::words::sync::Arc;

/// The file is extended in steps of this many bytes, or of the segment's size limit if that is smaller.
const STEP_BYTES: u64 = 1024 * 1024;
const MIN_STEP_BYTES: u64 = 4096;

/// How far a segment has grown.
#[derive(Debug)]
pub(crate) struct Grown {
    pub(crate) file: Arc<dyn File>,
    /// Where the first frame stands.
    pub(crate) frames_at: u64,
    /// Where the next frame goes.
    pub(crate) end_bytes: u64,
    /// Length of the file: zeros from `end_bytes` on.
    pub(crate) allocated_bytes: u64,
}

/// The segment that events are written to.
#[derive(Debug)]
pub(crate) struct ActiveSegment {
    pub(crate) header: SegmentHeader,
    pub(crate) file: Arc<dyn File>,
    /// Where the first frame stands: a header that a newer program wrote may be longer than what is known of it.
    pub(crate) frames_at: u64,
    pub(crate) end_bytes: u64,
    allocated_bytes: u64,
    step_bytes: u64,
    /// Kinds and versions that this segment describes already.
    pub(crate) described: HashSet<(EventKind, u16)>,
    /// Raised when nobody knows any more what the file holds.
    poison: Arc<Poison>,
}

impl ActiveSegment {
    /// Creates a segment and makes it durable.
    pub(crate) fn create(
        directory: &dyn Directory,
        header: SegmentHeader,
        limit_bytes: u64,
        poison: &Arc<Poison>,
    ) -> Result<Self, StoreError> {
        let born = create_segment(directory, &header)?;
        Self::begin(directory, header, born, limit_bytes, poison)
    }

    /// Begins a segment that has just got its name, and makes that durable.
    pub(crate) fn begin(
        directory: &dyn Directory,
        header: SegmentHeader,
        (file, frames_at): (Arc<dyn File>, u64),
        limit_bytes: u64,
        poison: &Arc<Poison>,
    ) -> Result<Self, StoreError> {
        let synced = if PlantedBug::DirectoryNotSynced.is_planted() { Ok(()) } else { directory.sync() };
        if let Err(error) = synced {
            poison.raise(format!("the name of a new segment could not be synced: {error}"));
            return Err(error.into());
        }
        let grown = Grown { file, frames_at, end_bytes: frames_at, allocated_bytes: frames_at };
        Ok(Self::adopt(header, grown, limit_bytes, poison))
    }

    /// Continues a segment.
    pub(crate) fn adopt(header: SegmentHeader, grown: Grown, limit_bytes: u64, poison: &Arc<Poison>) -> Self {
        let Grown { file, frames_at, end_bytes, allocated_bytes } = grown;
        Self {
            header,
            file,
            frames_at,
            end_bytes,
            allocated_bytes,
            step_bytes: limit_bytes.clamp(MIN_STEP_BYTES, STEP_BYTES),
            described: HashSet::new(),
            poison: Arc::clone(poison),
        }
    }

    pub(crate) fn name(&self) -> SegmentName {
        self.header.name()
    }

    /// Writes bytes at the end, with one positioned write. If that fails the segment is as it was before, or the store is poisoned.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        let end = self.end_bytes + bytes.len() as u64;
        if end > self.allocated_bytes {
            self.reserve(end)?;
        }
        match self.file.write_at(bytes, self.end_bytes) {
            Ok(()) => {
                self.end_bytes = end;
                Ok(())
            }
            Err(error) => Err(self.cut_back(error)),
        }
    }

    /// Extends the file with zeros, so that a full disk shows before an event is half written, and a sync need not commit a size.
    fn reserve(&mut self, end: u64) -> Result<(), StoreError> {
        let target = end.next_multiple_of(self.step_bytes);
        let zeros = vec![0; (target - self.allocated_bytes) as usize];
        match self.file.write_at(&zeros, self.allocated_bytes) {
            Ok(()) => {
                self.allocated_bytes = target;
                Ok(())
            }
            Err(error) => Err(self.cut_back(error)),
        }
    }

    fn cut_back(&mut self, error: io::Error) -> StoreError {
        self.allocated_bytes = self.end_bytes;
        if let Err(second) = self.file.set_len(self.end_bytes) {
            self.poison.raise(format!("a write failed ({error}) and could not be undone: {second}"));
        }
        // A sync that fails poisons; the first failure is the one to report.
        let _ = self.poison.sync(&*self.file, SyncMode::SyncAll);
        error.into()
    }

    /// Makes everything durable that was written.
    pub(crate) fn sync(&self, mode: SyncMode) -> Result<(), StoreError> {
        self.poison.sync(&*self.file, mode)
    }

    /// Writes a mark behind the frames: everything before it is on stable storage.
    pub(crate) fn mark(
        &mut self,
        synced_through: u64,
        purpose: MarkPurpose,
        mode: SyncMode,
    ) -> Result<(), StoreError> {
        self.sync(mode)?;
        let mut mark = Vec::new();
        Mark { synced_through, purpose }.encode(&mut mark);
        self.write(&mark)
    }

    /// Ends the segment with a mark, and the zeros behind it go.
    pub(crate) fn finish(
        &mut self,
        synced_through: u64,
        purpose: MarkPurpose,
        mode: SyncMode,
    ) -> Result<(), StoreError> {
        self.mark(synced_through, purpose, mode)?;
        self.file.set_len(self.end_bytes)?;
        self.allocated_bytes = self.end_bytes;
        self.sync(SyncMode::SyncAll)
    }
}
