//! The verbs that check a whole log.

use std::ops::{ControlFlow, Range};

use crate::care::verify::{Subject, VerifyProgress, VerifyReport, verify, verify_receipts};
use crate::commit::claim::ReceiptClaim;
use crate::store::Store;
use crate::store::state::{Half, StoreState};
use crate::words::error::StoreError;
use crate::words::finding::VerifyLevel;
use crate::words::format::Progress;

impl<State: StoreState> Store<State> {
    /// Checks the log as thoroughly as `level` says; tells bytes done and bytes in all, and `Break` ends it. Of a batpak directory it
    /// tells events, and checks what that format can tell.
    ///
    /// What does not hold is no error but a [`Finding`](crate::store::Finding) of the report, with file, offset, what was expected and
    /// what was found. A log that somebody writes meanwhile is checked as far as it was visible at the start.
    ///
    /// [`VerifyLevel::Receipts`] needs receipts ([`Store::verify_receipts`]) and [`VerifyLevel::Head`] a head that was kept elsewhere:
    /// asked for here, they stand for [`VerifyLevel::Chain`], and the report says so.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use causeway::{coordinate::Coordinate, event::EventKind, store::{Store, StoreConfig, VerifyLevel}};
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Store::open(StoreConfig::new(directory.path()))?;
    /// store.append(&Coordinate::new("order:42", "shop")?, EventKind::custom(1, 1), &"paid")?;
    /// let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(()))?;
    /// assert!(report.holds());
    /// assert_eq!(report.claim(), "internally consistent");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify(&self, level: VerifyLevel, progress: Progress<'_>) -> Result<VerifyReport, StoreError> {
        self.verify_range(level, 0..u64::MAX, &mut |at| progress(at.done, at.total))
    }

    /// Checks the segments that hold events of `places`, as [`Store::verify`] checks all of them: for a log that grew since it was checked,
    /// or a part of it that matters. [`VerifyReport::checked`] says which places that were: segments are checked whole.
    ///
    /// What stands before the range is taken for granted: streams go on from the hashes that stand there. Ids are compared with those of
    /// all events before the end of the range. The names and headers of all files are looked at, and of a batpak directory everything is.
    ///
    /// The progress function is shown what was found so far, so that a long check can tell what does not hold before it has ended.
    ///
    /// ```
    /// # use std::ops::ControlFlow;
    /// # use causeway::{coordinate::Coordinate, event::EventKind, store::{Store, StoreConfig, VerifyLevel}};
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Store::open(StoreConfig::new(directory.path()))?;
    /// let order = Coordinate::new("order:42", "shop")?;
    /// store.append(&order, EventKind::custom(1, 1), &"placed")?;
    /// let first = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(()))?;
    /// store.append(&order, EventKind::custom(1, 2), &"paid")?;
    /// let from = first.checked.end;
    /// let second = store.verify_range(VerifyLevel::Chain, from..u64::MAX, &mut |_| ControlFlow::Continue(()))?;
    /// assert!(second.holds() && second.checked.end == store.visible());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify_range(
        &self,
        level: VerifyLevel,
        places: Range<u64>,
        progress: &mut dyn FnMut(VerifyProgress<'_>) -> ControlFlow<()>,
    ) -> Result<VerifyReport, StoreError> {
        verify(&self.subject()?, level, &places, progress)
    }

    /// Checks the log at [`VerifyLevel::Chain`], and each receipt against it.
    ///
    /// A receipt is true or it is not: one whose event a recovery cut is told, and the log still holds.
    pub fn verify_receipts(
        &self,
        claims: impl IntoIterator<Item = ReceiptClaim>,
        progress: Progress<'_>,
    ) -> Result<VerifyReport, StoreError> {
        let watched = &mut |at: VerifyProgress<'_>| progress(at.done, at.total);
        verify_receipts(&self.subject()?, &mut claims.into_iter(), watched)
    }

    fn subject(&self) -> Result<Subject<'_>, StoreError> {
        let is_written = self.half.settle_for_check()?;
        Ok(Subject {
            reader: &self.reader,
            directory: &*self.about.directory,
            path: self.path(),
            format: self.format(),
            findings: self.findings(),
            is_written,
        })
    }
}
