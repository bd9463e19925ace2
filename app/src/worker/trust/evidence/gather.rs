//! Owns making a report: it checks, compares and counts.

use std::ops::ControlFlow;

use causeway::store::{Finding, StoreFormat, VerifyLevel, VerifyProgress, VerifyReport};

use super::{CheckFacts, Evidence, FORM, FindingFacts, HeadFacts, NoteFacts, StoreFacts};
use crate::state::notes::Note;
use crate::worker::digits::hash_text;
use crate::worker::failure;
use crate::worker::handle::{Handle, ask};
use crate::worker::protocol::{Compared, Failure, ReportWish};
use crate::worker::trust::control::Control;
use crate::worker::trust::jobs;

/// Checks what is asked for and puts it together.
pub(crate) fn gather(handle: &Handle, wish: &ReportWish, control: &Control) -> Result<Evidence, Failure> {
    let mut progress = |_: VerifyProgress<'_>| -> ControlFlow<()> { control.pass() };
    let places = wish.places.clone();
    let report = ask!(handle, store => store.verify_range(wish.level, places, &mut progress))
        .map_err(|error| failure::of(&error))?;
    if report.cancelled {
        return Err(failure::cancelled("The report was stopped."));
    }
    let heads = if wish.kept.is_empty() { Vec::new() } else { jobs::compare(handle, &wish.kept, control)? };
    let store = store_facts(handle)?;
    let check = check_facts(handle.format(), &report, wish);
    let held = heads.iter().all(|head| head.finding.is_none()) && check.holds;
    let covered = heads.iter().map(|compared| compared.head.size).max().filter(|_| held);
    Ok(Evidence {
        form: FORM,
        program: concat!("causeway ", env!("CARGO_PKG_VERSION")),
        made_us: wish.now_us,
        not_covered: not_covered(handle.format(), &store, &check, covered),
        store,
        check,
        heads: heads.iter().map(head_facts).collect(),
        tamper_evident_events: covered,
        notes: wish.notes.notes.iter().map(|(sequence, note)| note_facts(*sequence, note)).collect(),
        notes_without_event: wish.notes.gone.iter().map(|note| note_facts(note.sequence, note)).collect(),
    })
}

fn store_facts(handle: &Handle) -> Result<StoreFacts, Failure> {
    let events = handle.visible();
    let time_of = |sequence: u64| handle.event_at(sequence).ok().map(|event| event.raw.header.timestamp_us);
    Ok(StoreFacts {
        identity: handle.identity(),
        format: match handle.format() {
            StoreFormat::Causeway { version } => format!("causeway, version {version}"),
            _ => "batpak".to_owned(),
        },
        path: ask!(handle, store => store.path().display().to_string()),
        segment_bytes: handle.size_bytes().map_err(|error| failure::of(&error))?,
        events,
        durable_events: handle.durable(),
        first_event_us: time_of(0).filter(|_| events > 0),
        last_event_us: events.checked_sub(1).and_then(time_of),
    })
}

fn check_facts(format: StoreFormat, report: &VerifyReport, wish: &ReportWish) -> CheckFacts {
    let ours = matches!(format, StoreFormat::Causeway { .. });
    let claim = match (ours, report.holds()) {
        (true, _) => report.claim(),
        (false, true) => "payload hashes and links fit",
        (false, false) => "damaged",
    };
    CheckFacts {
        level: if ours { report.level.code() } else { "none: batpak hashes cover payloads alone" },
        claim: claim.to_owned(),
        holds: report.holds(),
        asked_from: wish.places.start,
        asked_to: (wish.places.end != u64::MAX).then_some(wish.places.end),
        checked_from: report.checked.start,
        checked_to: report.checked.end,
        events: report.events,
        removed: report.removed,
        finding_count: report.finding_count,
        damage_count: report.damage_count,
        findings: report.findings.iter().map(finding_facts).collect(),
    }
}

fn finding_facts(finding: &Finding) -> FindingFacts {
    let Finding { class, file, offset, sequence, expected, found, message } = finding.clone();
    let class = format!("{class:?}");
    FindingFacts { class, file, offset, sequence, expected, found, message }
}

fn head_facts(compared: &Compared) -> HeadFacts {
    let head = &compared.head;
    HeadFacts {
        size: head.size,
        epoch: head.epoch,
        root: hash_text(&head.root),
        time_us: head.time_us,
        signed: head.signature.is_some(),
        holds: compared.finding.is_none(),
        finding: compared.finding.as_ref().map(finding_facts),
    }
}

fn note_facts(sequence: u64, note: &Note) -> NoteFacts {
    let Note { event_id, event_hash, about, text, time_us, .. } = note.clone();
    NoteFacts { sequence, event_id, event_hash, about, text, time_us }
}

/// What this report does not vouch for, in sentences.
fn not_covered(
    format: StoreFormat,
    store: &StoreFacts,
    check: &CheckFacts,
    covered: Option<u64>,
) -> Vec<String> {
    let mut out = Vec::new();
    if check.level == VerifyLevel::Files.code() {
        out.push("No event was read: only names, sizes and headers of files were compared.".to_owned());
    } else if check.checked_from > 0 || check.checked_to < store.events {
        out.push(format!(
            "{} of {} events were not checked: those before #{} and from #{} on.",
            store.events.saturating_sub(check.events),
            store.events,
            check.checked_from,
            check.checked_to
        ));
    }
    if check.level == VerifyLevel::Frames.code() {
        out.push("Hashes were not computed anew: a change with a new checksum would not be seen.".to_owned());
    }
    if format == StoreFormat::Batpak {
        out.push("The hashes of this format cover payloads and links alone: times, kinds and names could have been changed unnoticed.".to_owned());
    }
    if check.removed > 0 {
        out.push(format!("Of {} events compaction left only identity, place and hashes.", check.removed));
    }
    match covered {
        Some(covered) if covered < store.events => out.push(format!(
            "The {} newest events came after the newest head that was kept: whoever can write the store could have rewritten them.",
            store.events - covered
        )),
        Some(_) => {}
        None => out.push(
            "Whoever can write the store could have rewritten all of it: only a head that was kept elsewhere would tell."
                .to_owned(),
        ),
    }
    out.push(
        "Notes are not signed and are no part of the store: anybody who has this computer can change them."
            .to_owned(),
    );
    out.push("This report is not signed.".to_owned());
    out
}
