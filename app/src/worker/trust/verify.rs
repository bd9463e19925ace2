//! Owns checking a store or a part of it, telling how far that is and what it found.

use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway::store::{Finding, StoreFormat, VerifyLevel, VerifyProgress, VerifyReport};

use crate::worker::failure;
use crate::worker::handle::{Handle, ask};
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{Failure, RequestId, Update, VerifyView};
use crate::worker::trust::control::Control;
use crate::worker::trust::stream;
use crate::worker::trust::words::{Check, Part, Reached, TrustUpdate};

/// Progress is told at most this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Checks what is asked for.
pub(super) fn run(
    handle: &Handle,
    id: RequestId,
    check: &Check,
    control: &Control,
    outbox: &Outbox,
) -> Result<VerifyView, Failure> {
    let mut pace = Pace::new(id, check.by_itself, control, outbox);
    let report = match &check.part {
        Part::Places(places) => log(handle, check.level, places.clone(), &mut pace)?,
        Part::Stream(entity) => stream::verify(handle, entity, &mut pace)?,
    };
    report.ok_or_else(|| failure::cancelled("Verifying was stopped."))
}

fn log(
    handle: &Handle,
    level: VerifyLevel,
    places: Range<u64>,
    pace: &mut Pace<'_>,
) -> Result<Option<VerifyView>, Failure> {
    let mut progress =
        |at: VerifyProgress<'_>| pace.reach(at.done, at.total, &at.report.checked, &at.report.findings);
    let report = ask!(handle, store => store.verify_range(level, places, &mut progress))
        .map_err(|error| failure::of(&error))?;
    if report.cancelled {
        return Ok(None);
    }
    // A batpak hash covers the payload alone, so that the levels of our own format do not fit it.
    let reached = matches!(handle.format(), StoreFormat::Causeway { .. }).then_some(report.level);
    let VerifyReport { events, checked, removed, findings, finding_count, damage_count, .. } = report;
    Ok(Some(VerifyView { events, checked, removed, findings, finding_count, damage_count, level: reached }))
}

/// How a check goes on: it tells how far it is, rests where it should, and ends when it is told to.
pub(super) struct Pace<'a> {
    id: RequestId,
    by_itself: bool,
    control: &'a Control,
    outbox: &'a Outbox,
    told: Option<Instant>,
    worked_since: Instant,
    findings: Arc<Vec<Finding>>,
}

impl<'a> Pace<'a> {
    fn new(id: RequestId, by_itself: bool, control: &'a Control, outbox: &'a Outbox) -> Self {
        let findings = Arc::default();
        Self { id, by_itself, control, outbox, told: None, worked_since: Instant::now(), findings }
    }

    /// Tells how far it is; `Break` if it is to end.
    pub(super) fn reach(
        &mut self,
        done: u64,
        total: u64,
        checked: &Range<u64>,
        findings: &[Finding],
    ) -> ControlFlow<()> {
        if self.told.is_none_or(|told| told.elapsed() >= PROGRESS_INTERVAL) {
            self.told = Some(Instant::now());
            if findings.len() != self.findings.len() {
                self.findings = Arc::new(findings.to_vec());
            }
            let reached = Reached { done, total, checked: checked.clone(), findings: self.findings.clone() };
            let update = TrustUpdate::Verifying { id: self.id, reached };
            if !self.outbox.send(Update::Trust(Box::new(update))) {
                return ControlFlow::Break(());
            }
        }
        if self.by_itself {
            self.control.rest(self.worked_since);
        }
        let goes_on = self.control.pass();
        self.worked_since = Instant::now();
        goes_on
    }
}
