//! Owns reading directories of the batpak store, versions 0.8 to 0.10; must never write, lock or create anything in them.
//!
//! Floor 6. Invariants:
//! - every event that can be shown is shown, whatever else is damaged; what the published crate hides or cannot read is shown with
//!   a finding beside it;
//! - snapshots are ignored: the segments are the truth;
//! - the order is that of the files; global sequences come from footers that the frames confirm, and are counted on elsewhere.
//!
//! A footer is believed wherever the frames confirm it. The published crate, when it rebuilds, counts some such segments anew and
//! so closes gaps; the numbers here stay those that the writer gave, which are the ones that hidden ranges mean.

mod finding;
mod follow;
mod frame;
mod intake;
pub(crate) mod mend;
mod number;
mod pack;
mod read;
mod row;
mod segment;
mod sidecar;
pub(crate) mod source;
#[cfg(test)]
mod tests;
mod walk;
mod window;

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

pub(crate) use crate::batpak::finding::{ByteRange, Damaged};
#[cfg(test)]
pub(crate) use crate::batpak::finding::{Damage, PeerOutcome};
pub(crate) use crate::batpak::follow::Refresh;
#[cfg(any(test, fuzzing))]
pub(crate) use crate::batpak::frame::{Frame, Marker};
#[cfg(any(test, fuzzing))]
pub(crate) use crate::batpak::pack::PackReader;
#[cfg(test)]
pub(crate) use crate::batpak::read::BatpakEvent;
pub(crate) use crate::batpak::row::{Interner, Row, Segment};
#[cfg(test)]
pub(crate) use crate::batpak::segment::FooterKind;
pub(crate) use crate::batpak::sidecar::HiddenRanges;

use crate::batpak::row::Names;
use crate::disk::storage::{Directory, File};
use crate::words::error::StoreError;
use crate::words::sync::{Arc, Mutex};

/// A batpak directory, read-only.
#[derive(Debug)]
pub(crate) struct BatpakStore {
    dir: Arc<dyn Directory>,
    segments: Vec<Segment>,
    rows: Vec<Row>,
    names: Names,
    hidden: HiddenRanges,
    /// What concerns the directory rather than one segment.
    store_findings: Vec<Damaged>,
    findings: Vec<Damaged>,
    /// The least index that changed in an update that failed half-way.
    unreported_rollback: Option<u64>,
    /// Open segment files by their place, for reads.
    files: Mutex<HashMap<u32, Arc<dyn File>>>,
}

/// The end of the last segment, while it may still be being written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnfinishedEnd {
    pub(crate) segment_id: u64,
    pub(crate) bytes: ByteRange,
    /// How many refreshes found it unchanged. After two it counts as torn, and becomes a finding.
    pub(crate) unchanged_checks: u8,
}

impl BatpakStore {
    /// True if the directory holds segments of a batpak store.
    pub(crate) fn detect(dir: &dyn Directory) -> io::Result<bool> {
        Ok(sidecar::holds_segments(&dir.list()?))
    }

    /// Reads all segments. `progress` is told the bytes read and the bytes in all, and may ask to stop.
    ///
    /// # Errors
    /// `Io` of kind `Interrupted` if `progress` asked to stop; `DataDirMalformed` if there is no segment. Damage is no error.
    pub(crate) fn open(
        dir: Arc<dyn Directory>,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<Self, StoreError> {
        let mut store = Self {
            dir,
            segments: Vec::new(),
            rows: Vec::new(),
            names: Names::default(),
            hidden: HiddenRanges::default(),
            store_findings: Vec::new(),
            findings: Vec::new(),
            unreported_rollback: None,
            files: Mutex::default(),
        };
        store.update(progress)?;
        if store.segments.is_empty() {
            let reason = "holds no batpak segment".to_owned();
            return Err(StoreError::DataDirMalformed { path: PathBuf::from("."), reason });
        }
        Ok(store)
    }

    /// Picks up what was appended, rotated, compacted or cut since the last look.
    ///
    /// A store whose last segment ends inside a frame or a batch should be refreshed twice more, a moment apart: then the end
    /// counts as torn.
    pub(crate) fn refresh(&mut self) -> Result<Refresh, StoreError> {
        self.update(&mut |_, _| ControlFlow::Continue(()))
    }

    /// Number of events that can be shown, hidden ones included.
    pub(crate) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    /// The event at a place in commit order, without its payload.
    pub(crate) fn row(&self, index: u64) -> Option<&Row> {
        self.rows.get(usize::try_from(index).ok()?)
    }

    /// All rows, in commit order.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The place of the first event whose global sequence is not less than this one.
    #[cfg(test)]
    pub(crate) fn index_from(&self, global_sequence: u64) -> u64 {
        self.rows.partition_point(|row| row.global_sequence < global_sequence) as u64
    }

    /// The entities; [`Row::entity`] is a place in them.
    pub(crate) fn entities(&self) -> &Interner {
        &self.names.entities
    }

    /// The scopes; [`Row::scope`] is a place in them.
    pub(crate) fn scopes(&self) -> &Interner {
        &self.names.scopes
    }

    /// What is wrong with the directory, in the order of the segments. [`BatpakEvent::findings`] adds what a payload tells.
    pub(crate) fn findings(&self) -> &[Damaged] {
        &self.findings
    }

    /// Name of the file of a segment.
    pub(crate) fn file_name(&self, segment_id: u64) -> String {
        let at = self.segments.binary_search_by_key(&segment_id, |segment| segment.id);
        let known = at.ok().and_then(|at| self.segments.get(at));
        known.map_or_else(|| format!("{segment_id:06}.fbat"), |segment| segment.name.clone())
    }

    /// The segments that count, in order; [`Row::segment`] is a place in them.
    #[cfg(test)]
    pub(crate) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Global sequences that cancelled fences took out of sight.
    #[cfg(test)]
    pub(crate) fn hidden_ranges(&self) -> &HiddenRanges {
        &self.hidden
    }

    /// The bytes at the end of the last segment that may still be being written.
    pub(crate) fn unfinished_end(&self) -> Option<UnfinishedEnd> {
        let segment = self.segments.last()?;
        if !segment.has_unfinished_end() || segment.settled_as_last.is_some() {
            return None;
        }
        let (offset, end) = (segment.mark.offset, segment.len_bytes);
        let bytes = ByteRange { offset, len_bytes: end - offset };
        Some(UnfinishedEnd { segment_id: segment.id, bytes, unchanged_checks: segment.checks })
    }
}
