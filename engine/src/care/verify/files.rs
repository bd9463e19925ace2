//! Owns level V0: names, headers and the order of the segments, and whether one is missing. Reads no frame.

use crate::care::verify::{Subject, VerifyReport};
use crate::disk::segment::{INDEX_SUFFIX, SegmentName};
use crate::memory::sealed::SealedHeader;
use crate::memory::survey::{Segment, Survey, missing_events};
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};

/// Checks what a survey of the directory found.
pub(super) fn check(
    subject: &Subject<'_>,
    survey: &mut Survey,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    for finding in survey.findings.drain(..) {
        let is_superseded = |name: &SegmentName| finding.file.as_ref() == Some(&name.to_string());
        let class =
            if survey.superseded.iter().any(is_superseded) { FindingClass::Note } else { finding.class };
        report.add(Finding { class, ..finding });
    }
    check_names(subject, survey, report)?;
    let segments = &survey.segments;
    if let Some(first) = segments.first().filter(|segment| segment.name.first > 0) {
        report.add(missing_events(&(0..first.name.first)));
    }
    for (before, segment) in segments.iter().zip(segments.iter().skip(1)) {
        check_order(before, segment, report);
    }
    for segment in segments.iter().filter(|segment| !segment.guessed) {
        check_replaced(segment, report);
    }
    Ok(())
}

/// Holes between segments as far as their indexes tell where a segment ends. Whoever reads the frames knows better.
pub(super) fn check_holes(subject: &Subject<'_>, segments: &[Segment], report: &mut VerifyReport) {
    for (segment, next) in segments.iter().zip(segments.iter().skip(1)) {
        let Ok(index) = subject.directory.open(&segment.name.index_name()) else { continue };
        let Some(header) = SealedHeader::read(&*index) else { continue };
        let (end, next) = (header.end, next.name.first);
        if header.segment_bytes == segment.len_bytes && header.first == segment.name.first && end < next {
            report.add(missing_events(&(end..next)));
        }
    }
}

fn check_names(subject: &Subject<'_>, survey: &Survey, report: &mut VerifyReport) -> Result<(), StoreError> {
    let indexes: Vec<String> = survey.segments.iter().map(|segment| segment.name.index_name()).collect();
    for entry in subject.directory.list()? {
        let name = &entry.name;
        if name.ends_with(INDEX_SUFFIX) && !indexes.contains(name) && !subject.is_written {
            let message =
                "the index belongs to no segment that counts, and goes at the next writable opening";
            report.add(Finding::new(FindingClass::Note, message).in_file(name));
        }
    }
    for name in survey.superseded.iter().filter(|_| !subject.is_written) {
        let message = "another segment took the place of this one, which goes at the next writable opening";
        report.add(Finding::new(FindingClass::Note, message).in_file(name));
    }
    Ok(())
}

/// Epochs never go back. A header that cannot be read tells nothing.
fn check_order(before: &Segment, segment: &Segment, report: &mut VerifyReport) {
    let (least, found) = (before.header.epoch, segment.header.epoch);
    if !before.guessed && !segment.guessed && found < least {
        let finding =
            Finding::new(FindingClass::Header, "the epoch is smaller than that of a segment before it");
        report.add(finding.in_file(segment.name).at(32).compared(format!("at least {least}"), found));
    }
    let end = before.header.replaced.map_or(0, |(_, end)| end);
    if end > segment.name.first {
        let message = "the segment takes the place of events that the next segment holds";
        let finding = Finding::new(FindingClass::Header, message).in_file(before.name).at(72);
        report.add(finding.compared(format!("at most {}", segment.name.first), end));
    }
}

fn check_replaced(segment: &Segment, report: &mut VerifyReport) {
    if let Some((first, _)) = segment.header.replaced.filter(|(first, _)| *first != segment.name.first) {
        let finding =
            Finding::new(FindingClass::Header, "what the segment replaces does not begin where it does");
        report.add(finding.in_file(segment.name).at(64).compared(segment.name.first, first));
    }
}
