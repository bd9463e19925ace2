//! The verbs that copy a store: a snapshot, a fork, lines of JSON.

use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::care::copy::{self, CopiedFile, Extent, ForkReport};
use crate::care::jsonl::EventLine;
use crate::care::snapshot_report::{SnapshotEvidenceReport, SnapshotReportBody};
use crate::disk::unfinished::Place;
use crate::memory::selection::Selection;
use crate::store::state::StoreState;
use crate::store::{Open, Store};
use crate::words::error::StoreError;

impl Store<Open> {
    /// Copies the store as it stands into a directory that is empty or missing; appends go on meanwhile.
    ///
    /// The copy is the same store, of the same identity: open one of them for writing, not both. It stands under its name when it is
    /// complete and on stable storage; until then its files are beside it, in a directory of its own whose name ends in `.unfinished`.
    /// Such a directory stays only if the process dies, until the next copy to the same place.
    ///
    /// # Errors
    /// [`StoreError::DataDirMalformed`] if something is there already: a snapshot removes nothing.
    pub fn snapshot(&self, dest: &Path) -> Result<(), StoreError> {
        self.snapshot_to(&Place::at(dest)?).map(drop)
    }

    /// [`Store::snapshot`], with a report that hashes what was copied.
    pub fn snapshot_with_evidence(&self, dest: &Path) -> Result<SnapshotEvidenceReport, StoreError> {
        let (extent, copied) = self.snapshot_to(&Place::at(dest)?)?;
        let body = SnapshotReportBody::new(&extent, &copied, dest.as_os_str().as_bytes());
        Ok(SnapshotEvidenceReport::seal(body, Vec::new())?)
    }

    /// Makes a store of its own in a directory that is empty or missing: it begins with the same events, names this one as its parent,
    /// and goes on by itself.
    ///
    /// Segments that nobody writes any more are shared on disk where the file system can link them; the newest one is copied.
    ///
    /// # Errors
    /// [`StoreError::DataDirMalformed`] if something is there already; the error of an event that cannot be read, because a fork states
    /// the Merkle root over what it shares.
    ///
    /// ```
    /// # use causeway::{coordinate::Coordinate, event::EventKind, store::{Store, StoreConfig}};
    /// let home = tempfile::tempdir()?;
    /// let store = Store::open(StoreConfig::new(home.path().join("orders")))?;
    /// store.append(&Coordinate::new("order:42", "shop")?, EventKind::custom(1, 1), &"placed")?;
    /// let report = store.fork(&home.path().join("what-if"))?;
    /// assert_eq!(report.parent, store.identity());
    /// let fork = Store::open(StoreConfig::new(home.path().join("what-if")))?;
    /// assert_eq!(fork.by_entity("order:42").len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fork(&self, dest: &Path) -> Result<ForkReport, StoreError> {
        self.fork_to(&Place::at(dest)?)
    }

    /// [`Store::snapshot`] in any storage.
    pub(crate) fn snapshot_to(&self, place: &Place) -> Result<(Extent, Vec<CopiedFile>), StoreError> {
        let extent = self.extent()?;
        let copied = copy::snapshot(&extent, place)?;
        Ok((extent, copied))
    }

    /// [`Store::fork`] in any storage.
    pub(crate) fn fork_to(&self, place: &Place) -> Result<ForkReport, StoreError> {
        copy::fork(&self.reader, &self.extent()?, place)
    }

    fn extent(&self) -> Result<Extent, StoreError> {
        self.half.writer.with_committer(|committer| Extent::of(committer, self.path()))
    }
}

impl<State: StoreState> Store<State> {
    /// Writes the events that a selection takes as lines of JSON, oldest first, and returns how many; nothing of them is lost. Events that
    /// compaction removed are left out.
    ///
    /// # Errors
    /// The error of the first event that cannot be read, or the output's.
    pub fn export_jsonl(&self, selection: &Selection, out: &mut impl Write) -> Result<u64, StoreError> {
        let mut written = 0;
        for (_, event) in self.read_selected(selection, 0..self.visible()) {
            let event = event?;
            if event.removed.is_some() {
                continue;
            }
            serde_json::to_writer(&mut *out, &EventLine::from(&event)).map_err(StoreError::encoding)?;
            out.write_all(b"\n")?;
            written += 1;
        }
        out.flush()?;
        Ok(written)
    }
}
