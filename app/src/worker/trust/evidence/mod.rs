//! Owns the report on a store for somebody who was not there: what was checked, what was found, and what nothing vouches for.
//!
//! Invariants:
//! - the same store gives the same report, but for the time, which is told;
//! - what a store says is a value of the report and never a part of its page: everything is escaped.

mod gather;
mod page;

use std::fs;

use serde::Serialize;

use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::protocol::{Failure, ReportWish};
use crate::worker::trust::control::Control;

pub(crate) use gather::gather;
pub(crate) use page::page;

/// Names the form of the JSON.
const FORM: &str = "causeway evidence 1";

/// Everything that a report says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Evidence {
    form: &'static str,
    program: &'static str,
    made_us: i64,
    store: StoreFacts,
    check: CheckFacts,
    heads: Vec<HeadFacts>,
    /// Events up to which heads that were kept elsewhere vouch for the log.
    tamper_evident_events: Option<u64>,
    notes: Vec<NoteFacts>,
    notes_without_event: Vec<NoteFacts>,
    not_covered: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct StoreFacts {
    identity: String,
    format: String,
    path: String,
    segment_bytes: u64,
    events: u64,
    durable_events: u64,
    first_event_us: Option<i64>,
    last_event_us: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct CheckFacts {
    level: &'static str,
    claim: String,
    holds: bool,
    asked_from: u64,
    asked_to: Option<u64>,
    checked_from: u64,
    checked_to: u64,
    events: u64,
    removed: u64,
    finding_count: u64,
    damage_count: u64,
    findings: Vec<FindingFacts>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct FindingFacts {
    class: String,
    file: Option<String>,
    offset: Option<u64>,
    sequence: Option<u64>,
    expected: Option<String>,
    found: Option<String>,
    message: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct HeadFacts {
    size: u64,
    epoch: u64,
    root: String,
    time_us: i64,
    signed: bool,
    holds: bool,
    finding: Option<FindingFacts>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct NoteFacts {
    sequence: u64,
    event_id: String,
    event_hash: String,
    about: String,
    text: String,
    time_us: i64,
}

/// Checks the store and writes the report.
pub(super) fn write(handle: &Handle, wish: &ReportWish, control: &Control) -> Result<(), Failure> {
    let evidence = gather(handle, wish, control)?;
    let text = text(&evidence, wish);
    let named = |error: std::io::Error| failure::refused(format!("{}: {error}.", wish.out.display()));
    fs::write(&wish.out, text).map_err(named)
}

/// The report in the form that its file name asks for.
pub(crate) fn text(evidence: &Evidence, wish: &ReportWish) -> String {
    if wish.out.extension().is_some_and(|end| end.eq_ignore_ascii_case("json")) {
        // Strings and numbers can always be written.
        serde_json::to_string_pretty(evidence).unwrap_or_default() + "\n"
    } else {
        page(evidence)
    }
}

impl Evidence {
    /// True if everything that was asked for was checked and holds.
    pub(crate) fn holds(&self) -> bool {
        self.check.holds && self.heads.iter().all(|head| head.holds)
    }
}
