//! Owns checking a log from its first event to its last: payload hashes, links, places.
//!
//! It shows that the log is consistent in itself (level V2). Only a head that was kept elsewhere could show that nobody rewrote it.

use std::collections::HashMap;

use crate::memory::selection::Selection;
use crate::memory::survey::missing_events;
use crate::read::entry::LogEvent;
use crate::read::reader::Reader;
use crate::store::{Progress, StoreFormat};
use crate::words::chain::compute_hash;
use crate::words::error::StoreError;
use crate::words::sync::Arc;

/// Problems that a report lists; more are only counted.
const LISTED_PROBLEMS: usize = 1000;
/// Events between two calls of the progress function.
const PROGRESS_EVERY: u64 = 4096;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Events that were checked.
    pub events: u64,
    /// What does not hold: sequence and a sentence; the first thousand.
    pub problems: Vec<(u64, String)>,
    /// How many do not hold.
    pub problem_count: u64,
    /// The check was ended before the last event.
    pub cancelled: bool,
}

impl VerifyReport {
    /// True if everything was checked and holds.
    pub fn holds(&self) -> bool {
        self.problem_count == 0 && !self.cancelled
    }

    fn add(&mut self, sequence: u64, problem: String) {
        self.problem_count += 1;
        if self.problems.len() < LISTED_PROBLEMS {
            self.problems.push((sequence, problem));
        }
    }
}

/// Newest event of a stream: place and hash.
type Heads = HashMap<Arc<str>, (u32, [u8; 32])>;

pub(crate) fn verify(
    reader: &Reader,
    format: StoreFormat,
    progress: Progress<'_>,
) -> Result<VerifyReport, StoreError> {
    let mut report = VerifyReport::default();
    let mut heads = Heads::new();
    let end = reader.visible();
    for gap in reader.shared().index.missing() {
        report.add(gap.start, missing_events(&gap));
    }
    for (sequence, event) in reader.events(Selection { hidden: true, ..Selection::default() }, 0..end) {
        if report.events.is_multiple_of(PROGRESS_EVERY) && progress(sequence, end).is_break() {
            report.cancelled = true;
            break;
        }
        report.events += 1;
        match event {
            Ok(event) => check(&event, format, &mut heads, &mut report),
            Err(error) if error.is_damaged_frame() => {
                report.add(sequence, error.to_string());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(report)
}

fn check(event: &LogEvent, format: StoreFormat, heads: &mut Heads, report: &mut VerifyReport) {
    let raw = &event.raw;
    let sequence = raw.global_sequence;
    let ours = matches!(format, StoreFormat::Causeway { .. });
    if raw.payload_form == 0 && compute_hash(&raw.payload) != raw.header.content_hash {
        report.add(sequence, "the payload does not fit its content hash".to_owned());
    }
    if ours && event.computed_hash() != raw.event_hash {
        report.add(sequence, "the event does not fit its event hash".to_owned());
    }
    let clock = raw.header.position.sequence();
    let before = heads.insert(raw.coordinate.shared_entity(), (clock, raw.event_hash));
    let expected = before.map_or(0, |(clock, _)| clock.wrapping_add(1));
    if clock != expected {
        let entity = raw.coordinate.entity();
        report
            .add(sequence, format!("it has place {clock} in the stream of {entity:?} instead of {expected}"));
    } else if event.prev_hash != before.map_or([0; 32], |(_, hash)| hash) {
        report.add(sequence, "its link does not fit the event before it in its stream".to_owned());
    }
}
