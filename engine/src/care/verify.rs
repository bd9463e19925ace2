//! Owns checking a log from its first event to its last: payload hashes, links, places.
//!
//! It shows that the log is consistent in itself (level V2). Only a head that was kept elsewhere could show that nobody rewrote it.

use std::collections::HashMap;

use crate::memory::live::Head;
use crate::memory::selection::Selection;
use crate::memory::survey::missing_events;
use crate::read::entry::LogEvent;
use crate::read::reader::Reader;
use crate::words::chain::compute_hash;
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};
use crate::words::format::{Progress, StoreFormat};
use crate::words::sync::Arc;

/// Findings that a report lists; more are only counted.
const LISTED_FINDINGS: usize = 1000;
/// Events between two calls of the progress function.
const PROGRESS_EVERY: u64 = 4096;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Places of the log that were checked.
    pub events: u64,
    /// Places of which compaction removed the event. Entity, id and hashes are left: the links around them were checked, their own
    /// cannot be.
    pub removed: u64,
    /// What does not hold; the first thousand.
    pub findings: Vec<Finding>,
    /// How many things do not hold.
    pub finding_count: u64,
    /// The check was ended before the last event.
    pub cancelled: bool,
}

impl VerifyReport {
    /// True if everything was checked and holds.
    pub fn holds(&self) -> bool {
        self.finding_count == 0 && !self.cancelled
    }

    fn add(&mut self, finding: Finding) {
        self.finding_count += 1;
        if self.findings.len() < LISTED_FINDINGS {
            self.findings.push(finding);
        }
    }
}

/// Newest event of each stream, and of each of its lanes where they are asked for.
#[derive(Default)]
struct Heads(HashMap<(Arc<str>, Option<u32>), Head>);

impl Heads {
    /// What is wrong with the link of the next event of a stream or lane. The event is its newest afterwards.
    fn broken_link(&mut self, event: &LogEvent, lane: Option<u32>) -> Option<(FindingClass, String)> {
        let raw = &event.raw;
        let clock = raw.header.position.sequence();
        let head = Head { clock, event_hash: raw.event_hash };
        let before = self.0.insert((raw.coordinate.shared_entity(), lane), head);
        let expected = before.map_or(0, |before| before.clock.wrapping_add(1));
        if clock != expected {
            let entity = raw.coordinate.entity();
            let message = format!("it has place {clock} in the stream of {entity:?} instead of {expected}");
            return Some((FindingClass::Place, message));
        }
        let fits = event.prev_hash == before.map_or([0; 32], |before| before.event_hash);
        let message = "its link does not fit the event before it in its stream";
        (!fits).then(|| (FindingClass::Link, message.to_owned()))
    }
}

pub(crate) fn verify(
    reader: &Reader,
    format: StoreFormat,
    progress: Progress<'_>,
) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::default();
    let mut heads = Heads::default();
    let end = reader.visible();
    for gap in reader.shared().index.missing() {
        report.add(missing_events(&gap));
    }
    let everything = Selection { hidden: true, removed: true, ..Selection::default() };
    for (sequence, event) in reader.events(everything, 0..end) {
        if report.events.is_multiple_of(PROGRESS_EVERY) && progress(sequence, end).is_break() {
            report.cancelled = true;
            break;
        }
        report.events += 1;
        match event {
            Ok(event) => check(&event, format, &mut heads, &mut report),
            Err(error) if error.is_one_event() => {
                report.add(Finding::new(FindingClass::Frame, error.to_string()).of_event(sequence));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(report)
}

fn check(event: &LogEvent, format: StoreFormat, heads: &mut Heads, report: &mut VerifyReport) {
    let raw = &event.raw;
    let about = |class, message: &str| {
        let finding = Finding::new(class, message).of_event(raw.global_sequence);
        finding.in_file(&event.segment).at(event.place.offset())
    };
    let ours = matches!(format, StoreFormat::Causeway { .. });
    let is_removed = event.removed.is_some();
    report.removed += u64::from(is_removed);
    if !is_removed && raw.payload_form == 0 && compute_hash(&raw.payload) != raw.header.content_hash {
        report.add(about(FindingClass::ContentHash, "the payload does not fit its content hash"));
    }
    if !is_removed && ours && event.computed_hash() != raw.event_hash {
        report.add(about(FindingClass::EventHash, "the event does not fit its event hash"));
    }
    let lane = raw.header.position.lane();
    let by_entity = heads.broken_link(event, None);
    // batpak 0.8 links a stream as a whole and begins anew around a fence; 0.10 links each lane by itself.
    let by_lane = if ours { None } else { heads.broken_link(event, Some(lane)) };
    let begins_anew = raw.header.position.sequence() == 0 && event.prev_hash == [0; 32];
    let is_excused = !ours && (begins_anew || by_lane.is_none());
    if let (Some((class, message)), false) = (by_entity, is_excused) {
        report.add(about(class, &message));
    }
}
