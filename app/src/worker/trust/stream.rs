//! Owns checking one stream: every event of an entity against its hashes, its place and the event before it.

use causeway::event::hash::compute_hash;
use causeway::store::{Finding, FindingClass, LogEvent, Selection, StoreError, StoreFormat, VerifyLevel};

use crate::worker::digits::hash_text;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::protocol::{Failure, VerifyView};
use crate::worker::trust::verify::Pace;

/// Events that are asked of the index at once.
const SLICE: usize = 1_024;
/// Findings that are listed; more are only counted.
const LISTED_FINDINGS: usize = 1_000;

/// Checks the stream of an entity; `None` if that was stopped.
pub(super) fn verify(
    handle: &Handle,
    entity: &str,
    pace: &mut Pace<'_>,
) -> Result<Option<VerifyView>, Failure> {
    let of = |error: StoreError| failure::of(&error);
    let selection = Selection { hidden: true, removed: true, ..Selection::stream(entity) };
    let total = handle.count(&selection).map_err(of)?;
    let ours = matches!(handle.format(), StoreFormat::Causeway { .. });
    let level = ours.then_some(VerifyLevel::Chain);
    let mut view = VerifyView { level, ..VerifyView::default() };
    let mut walk = Walk { ours, next_clock: None };
    let mut from = 0;
    loop {
        let found = handle.select(&selection, from, SLICE).map_err(of)?;
        let Some(last) = found.last() else { return Ok(Some(view)) };
        from = last + 1;
        for sequence in found {
            match handle.event_at(sequence) {
                Ok(event) => walk.check(&event, &mut |finding| add(&mut view, finding)),
                Err(error) if error.is_one_event() => {
                    walk.next_clock = None;
                    let finding = Finding::new(FindingClass::Frame, error.to_string());
                    add(&mut view, finding.of_event(sequence));
                }
                Err(error) => return Err(of(error)),
            }
            view.events += 1;
            view.checked.end = sequence + 1;
        }
        let none = 0..0;
        if pace.reach(view.events, total, &none, &view.findings).is_break() {
            return Ok(None);
        }
    }
}

fn add(view: &mut VerifyView, finding: Finding) {
    view.finding_count += 1;
    view.damage_count += u64::from(finding.class.is_damage());
    if view.findings.len() < LISTED_FINDINGS {
        view.findings.push(finding);
    }
}

/// Where in the stream the check is.
struct Walk {
    ours: bool,
    /// Place that the next event must have; unknown behind what cannot be read.
    next_clock: Option<u32>,
}

impl Walk {
    fn check(&mut self, event: &LogEvent, add: &mut dyn FnMut(Finding)) {
        let raw = &event.raw;
        let about = |class, message: &str| {
            let finding = Finding::new(class, message).in_file(&event.segment).at(event.place.offset());
            finding.of_event(raw.global_sequence)
        };
        let clock = raw.header.position.sequence();
        if let Some(expected) = self.next_clock.filter(|expected| *expected != clock) {
            let finding = about(FindingClass::Place, "the event has another place in its stream");
            add(finding.compared(expected, clock));
        }
        self.next_clock = Some(clock.wrapping_add(1));
        event.findings.iter().for_each(|finding| add(finding.clone()));
        if event.removed.is_some() {
            return;
        }
        let content = compute_hash(&raw.payload);
        if raw.payload_form == 0 && content != raw.header.content_hash {
            let finding = about(FindingClass::ContentHash, "the payload does not fit its content hash");
            add(finding.compared(hash_text(&content), hash_text(&raw.header.content_hash)));
        }
        let computed = event.computed_hash();
        if self.ours && computed != raw.event_hash {
            let finding = about(FindingClass::EventHash, "the event does not fit its event hash");
            add(finding.compared(hash_text(&computed), hash_text(&raw.event_hash)));
        }
    }
}
