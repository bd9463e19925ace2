//! The verbs that check a whole log.

use crate::care::verify::{Subject, VerifyReport, verify, verify_receipts};
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
        verify(&self.subject()?, level, progress)
    }

    /// Checks the log at [`VerifyLevel::Chain`], and each receipt against it.
    ///
    /// A receipt is true or it is not: one whose event a recovery cut is told, and the log still holds.
    pub fn verify_receipts(
        &self,
        claims: impl IntoIterator<Item = ReceiptClaim>,
        progress: Progress<'_>,
    ) -> Result<VerifyReport, StoreError> {
        verify_receipts(&self.subject()?, &mut claims.into_iter(), progress)
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
