//! Owns checking a batpak directory as far as its format can tell: what reading it found, payload hashes, links, places in the streams.

use std::collections::HashMap;

use crate::care::verify::{BrokenLink, Subject, VerifyProgress, VerifyReport, Watched, of_frame};
use crate::memory::live::Head;
use crate::memory::selection::Selection;
use crate::read::entry::LogEvent;
use crate::words::chain::compute_hash;
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass, VerifyLevel};
use crate::words::hex::to_hex;
use crate::words::sync::Arc;

/// Events between two calls of the progress function.
const PROGRESS_EVERY: u64 = 4096;

/// Newest event of each stream, and of each of its lanes.
type Heads = HashMap<(Arc<str>, Option<u32>), Head>;

/// Checks a directory; tells events done and events in all.
pub(super) fn check(
    subject: &Subject<'_>,
    report: &mut VerifyReport,
    progress: Watched<'_>,
) -> Result<(), StoreError> {
    subject.findings.iter().for_each(|finding| report.add(finding.clone()));
    if report.level < VerifyLevel::Chain {
        return Ok(());
    }
    let mut heads = Heads::new();
    let end = subject.reader.visible();
    let everything = Selection { hidden: true, removed: true, ..Selection::default() };
    for (sequence, event) in subject.reader.events(everything, 0..end) {
        let at = VerifyProgress { done: sequence, total: end, report };
        if report.events.is_multiple_of(PROGRESS_EVERY) && progress(at).is_break() {
            report.cancelled = true;
            return Ok(());
        }
        report.events += 1;
        report.checked.end = sequence + 1;
        match event {
            Ok(event) => check_event(&event, &mut heads, report),
            Err(error) if error.is_one_event() => {
                report.add(Finding::new(FindingClass::Frame, error.to_string()).of_event(sequence));
            }
            Err(error) => return Err(error),
        }
    }
    report.checked.end = end;
    report.cancelled = progress(VerifyProgress { done: end, total: end, report }).is_break();
    Ok(())
}

fn check_event(event: &LogEvent, heads: &mut Heads, report: &mut VerifyReport) {
    let raw = &event.raw;
    let sequence = raw.global_sequence;
    let about = |class, message: &str| {
        of_frame(class, message, &event.segment, event.place.offset()).of_event(sequence)
    };
    let told = |class| event.findings.iter().any(|finding| finding.class == class);
    event.findings.iter().for_each(|finding| report.add(finding.clone()));
    let content_hash = compute_hash(&raw.payload);
    let fits = raw.payload_form != 0 || content_hash == raw.header.content_hash;
    if !fits && !told(FindingClass::ContentHash) {
        let finding = about(FindingClass::ContentHash, "the payload does not fit its content hash");
        report.add(finding.compared(to_hex(&content_hash), to_hex(&raw.header.content_hash)));
    }
    // Version 0.8 links a stream as a whole and begins anew around a fence; 0.10 links each lane by itself.
    let by_entity = broken_link(heads, event, None);
    let by_lane = broken_link(heads, event, Some(raw.header.position.lane()));
    let begins_anew = raw.header.position.sequence() == 0 && event.prev_hash == [0; 32];
    match by_entity.filter(|_| !begins_anew && by_lane.is_some()) {
        None => {}
        Some(Broken::Place { expected, found }) => {
            let finding = about(FindingClass::Place, "the event has another place in its stream");
            report.add(finding.compared(expected, found));
        }
        Some(Broken::Link { expected }) => {
            let message = "its link does not fit the event before it in its stream";
            let link = BrokenLink { sequence, expected, found: event.prev_hash };
            report.add_broken(about(FindingClass::Link, message), link);
        }
    }
}

/// How an event does not follow the one before it.
enum Broken {
    Place { expected: u32, found: u32 },
    Link { expected: [u8; 32] },
}

/// What is wrong with the link of the next event of a stream or lane. The event is its newest afterwards.
fn broken_link(heads: &mut Heads, event: &LogEvent, lane: Option<u32>) -> Option<Broken> {
    let raw = &event.raw;
    let found = raw.header.position.sequence();
    let head = Head { clock: found, event_hash: raw.event_hash };
    let before = heads.insert((raw.coordinate.shared_entity(), lane), head);
    let expected = before.map_or(0, |before| before.clock.wrapping_add(1));
    if found != expected {
        return Some(Broken::Place { expected, found });
    }
    let expected = before.map_or([0; 32], |before| before.event_hash);
    (event.prev_hash != expected).then_some(Broken::Link { expected })
}
