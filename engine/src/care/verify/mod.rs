//! Owns checking a log as thoroughly as it is asked for, from its files (V0) to receipts (V3), and the report on it.
//!
//! Invariants:
//! - segments are read as files: no index is believed, and nothing is passed over that a reader would pass over;
//! - memory is bounded by the index of one segment and by fixed limits, however long the log is;
//! - of a log that somebody writes meanwhile, what was visible at the start is checked: its end is no false alarm.

mod batpak;
mod chain;
mod derived;
mod files;
mod frames;
mod ids;
mod receipts;

use std::ops::{ControlFlow, Range};
use std::path::Path;

use crate::commit::claim::ReceiptClaim;
use crate::disk::storage::Directory;
use crate::read::reader::Reader;
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass, VerifyLevel};
use crate::words::format::StoreFormat;
use crate::words::hex::to_hex;

/// Findings that a report lists; more are only counted.
const LISTED_FINDINGS: usize = 1000;

/// The first place at which the chain of hashes does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BrokenLink {
    /// Global sequence of the event.
    pub sequence: u64,
    /// The hash that the events before it, and what it says, ask for.
    pub expected: [u8; 32],
    /// The hash that stands there.
    pub found: [u8; 32],
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifyReport {
    /// The level up to which everything was checked: the one that was asked for, as far as it can be reached without receipts or a head.
    pub level: VerifyLevel,
    /// Places of the log that were checked; 0 at [`VerifyLevel::Files`].
    pub events: u64,
    /// From the first of them to behind the last.
    pub checked: Range<u64>,
    /// Places of which compaction removed the event. Entity, id and hashes are left: the links around them were checked, their own
    /// cannot be.
    pub removed: u64,
    /// Receipts that were checked.
    pub receipts: u64,
    /// What does not hold, and what is worth knowing; the first thousand.
    pub findings: Vec<Finding>,
    /// How many findings there are.
    pub finding_count: u64,
    /// How many of them say that something does not hold.
    pub damage_count: u64,
    /// Where the chain of hashes breaks first.
    pub broken_link: Option<BrokenLink>,
    /// The check was ended before it came to its end: then it shows nothing.
    pub cancelled: bool,
}

impl VerifyReport {
    /// True if everything was checked and holds.
    pub fn holds(&self) -> bool {
        self.damage_count == 0 && !self.cancelled
    }

    /// What the log may be called, having been checked at this level. Never more than "internally consistent": whoever can write a log
    /// can rewrite all of it, and only a head that was kept elsewhere would tell.
    pub fn claim(&self) -> &'static str {
        match (self.cancelled, self.damage_count) {
            (true, _) => "not verified",
            (false, 0) => self.level.claim(),
            (false, _) => "damaged",
        }
    }

    fn new(level: VerifyLevel) -> Self {
        Self { level, ..Self::default() }
    }

    fn add(&mut self, finding: Finding) {
        self.finding_count += 1;
        self.damage_count += u64::from(finding.class.is_damage());
        if self.findings.len() < LISTED_FINDINGS {
            self.findings.push(finding);
        }
    }

    /// Adds a place at which the chain of hashes does not hold.
    fn add_broken(&mut self, finding: Finding, link: BrokenLink) {
        self.broken_link = self.broken_link.or(Some(link));
        self.add(finding.of_event(link.sequence).compared(to_hex(&link.expected), to_hex(&link.found)));
    }
}

/// How far a check has come.
#[derive(Clone, Copy, Debug)]
pub struct VerifyProgress<'a> {
    /// Bytes of the segments that were read; events of a batpak directory.
    pub done: u64,
    /// Bytes that are to be read; events of a batpak directory.
    pub total: u64,
    /// What was found so far. What is said of ids, saved positions and quarantine comes at the end.
    pub report: &'a VerifyReport,
}

/// Told how far a check has come; `Break` ends it.
pub(crate) type Watched<'a> = &'a mut dyn FnMut(VerifyProgress<'_>) -> ControlFlow<()>;

/// What is checked.
pub(crate) struct Subject<'a> {
    pub(crate) reader: &'a Reader,
    pub(crate) directory: &'a dyn Directory,
    pub(crate) path: &'a Path,
    pub(crate) format: StoreFormat,
    /// What reading the directory found: of another format that is all that is known of its frames.
    pub(crate) findings: Vec<Finding>,
    /// Somebody writes the log meanwhile.
    pub(crate) is_written: bool,
}

/// Checks a log, or the segments of it that hold events of `places`. Levels above [`VerifyLevel::Chain`] need what is kept elsewhere, and
/// are reached by other verbs.
pub(crate) fn verify(
    subject: &Subject<'_>,
    level: VerifyLevel,
    places: &Range<u64>,
    progress: Watched<'_>,
) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::new(level.min(VerifyLevel::Chain));
    match subject.format {
        StoreFormat::Causeway { .. } => frames::check(subject, places, &mut report, progress)?,
        StoreFormat::Batpak => batpak::check(subject, &mut report, progress)?,
    }
    Ok(report)
}

/// Checks a log, and each receipt against it.
pub(crate) fn verify_receipts(
    subject: &Subject<'_>,
    claims: &mut dyn Iterator<Item = ReceiptClaim>,
    progress: Watched<'_>,
) -> Result<VerifyReport, StoreError> {
    let mut report = verify(subject, VerifyLevel::Chain, &(0..u64::MAX), progress)?;
    if !report.cancelled {
        report.level = VerifyLevel::Receipts;
        receipts::check(subject.reader, claims, &mut report);
    }
    Ok(report)
}

/// A finding about the frame of an event.
fn of_frame(class: FindingClass, message: &str, file: impl std::fmt::Display, offset: u64) -> Finding {
    Finding::new(class, message).in_file(file).at(offset)
}
