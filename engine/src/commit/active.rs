//! Owns the segment that grows: reserving space, writing at its end, syncing, and ending it.
//!
//! Invariants:
//! - bytes are written at `end_bytes` and nowhere else; after a failed write the file is cut back to it;
//! - from `end_bytes` to the end of the file everything is zero.

use std::collections::HashSet;
use std::io;

use crate::disk::frame::{Mark, MarkPurpose};
use crate::disk::segment::{SegmentHeader, SegmentName, create_segment};
use crate::disk::storage::{Directory, File};
use crate::words::config::SyncMode;
use crate::words::kind::EventKind;
use crate::words::sync::Arc;

/// The file is extended in steps of this many bytes, or of the segment's size limit if that is smaller.
const STEP_BYTES: u64 = 1024 * 1024;
const MIN_STEP_BYTES: u64 = 4096;

/// Why a write left the segment in an unknown state, or did not.
#[derive(Debug)]
pub(crate) enum WriteFailure {
    /// The segment is as it was before.
    Undone(io::Error),
    /// Nobody knows what the segment holds behind its end.
    Unknown(io::Error),
}

/// The segment that events are written to.
#[derive(Debug)]
pub(crate) struct ActiveSegment {
    pub(crate) header: SegmentHeader,
    pub(crate) file: Arc<dyn File>,
    pub(crate) end_bytes: u64,
    allocated_bytes: u64,
    step_bytes: u64,
    /// Kinds and versions that this segment describes already.
    pub(crate) described: HashSet<(EventKind, u16)>,
}

impl ActiveSegment {
    /// Creates a segment and makes it durable.
    pub(crate) fn create(
        directory: &dyn Directory,
        header: SegmentHeader,
        limit_bytes: u64,
    ) -> io::Result<Self> {
        let (file, end_bytes) = create_segment(directory, &header)?;
        Ok(Self::adopt(header, file, end_bytes, end_bytes, limit_bytes))
    }

    /// Continues a segment that ends at `end_bytes`, behind which the file holds zeros up to `allocated_bytes`.
    pub(crate) fn adopt(
        header: SegmentHeader,
        file: Arc<dyn File>,
        end_bytes: u64,
        allocated_bytes: u64,
        limit_bytes: u64,
    ) -> Self {
        let step_bytes = limit_bytes.clamp(MIN_STEP_BYTES, STEP_BYTES);
        Self { header, file, end_bytes, allocated_bytes, step_bytes, described: HashSet::new() }
    }

    pub(crate) fn name(&self) -> SegmentName {
        self.header.name()
    }

    /// Writes bytes at the end, with one positioned write.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), WriteFailure> {
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
    fn reserve(&mut self, end: u64) -> Result<(), WriteFailure> {
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

    fn cut_back(&mut self, error: io::Error) -> WriteFailure {
        let undone = self.file.set_len(self.end_bytes).and_then(|()| self.file.sync(SyncMode::SyncAll));
        self.allocated_bytes = self.end_bytes;
        match undone {
            Ok(()) => WriteFailure::Undone(error),
            Err(_) => WriteFailure::Unknown(error),
        }
    }

    /// Ends the segment: everything before is on stable storage, says a mark, and the zeros behind it go.
    pub(crate) fn finish(
        &mut self,
        synced_through: u64,
        purpose: MarkPurpose,
        mode: SyncMode,
    ) -> io::Result<()> {
        self.file.sync(mode)?;
        let mut mark = Vec::new();
        Mark { synced_through, purpose }.encode(&mut mark);
        self.write(&mark).map_err(|failure| match failure {
            WriteFailure::Undone(error) | WriteFailure::Unknown(error) => error,
        })?;
        self.file.set_len(self.end_bytes)?;
        self.allocated_bytes = self.end_bytes;
        self.file.sync(SyncMode::SyncAll)
    }
}
