//! Owns finding ids that two events have. Memory is bounded: so many fingerprints are compared at once, and the log is asked again.

use std::ops::Range;

use crate::care::verify::{VerifyReport, of_frame};
use crate::memory::sealed::SealedPart;
use crate::read::reader::Reader;
use crate::words::error::StoreError;
use crate::words::finding::FindingClass;
use crate::words::sync::Arc;

/// Fingerprints that are compared at once, 16 bytes each.
const PRINTS_AT_ONCE: u64 = 1 << 24;
/// One more than the greatest fingerprint.
const PRINTS: u64 = 1 << 32;

/// Compares the ids of the events in a range with each other and with those of all events before them.
pub(super) fn check(
    reader: &Reader,
    checked: &Range<u64>,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    let parts = reader.shared().index.sealed_parts();
    let passes = report.events / PRINTS_AT_ONCE + 1;
    let (mut prints, mut own) = (Vec::new(), Vec::new());
    for pass in 0..passes {
        let pass = PRINTS * pass / passes..PRINTS * (pass + 1) / passes;
        prints.clear();
        if checked.start > 0 {
            own.clear();
            collect(reader, &parts, &pass, &mut |print, sequence| {
                if checked.contains(&sequence) {
                    own.push(print);
                }
            })?;
            own.sort_unstable();
        }
        collect(reader, &parts, &pass, &mut |print, sequence| {
            if sequence < checked.end && (checked.start == 0 || own.binary_search(&print).is_ok()) {
                prints.push((print, sequence));
            }
        })?;
        prints.sort_unstable();
        prints.dedup();
        for same in prints.chunk_by(|left, right| left.0 == right.0).filter(|same| same.len() > 1) {
            compare(reader, same, checked.start, report)?;
        }
    }
    Ok(())
}

/// Shows the fingerprints in a range, each with the sequence of its event.
fn collect(
    reader: &Reader,
    parts: &[Arc<SealedPart>],
    range: &Range<u64>,
    see: &mut dyn FnMut(u32, u64),
) -> Result<(), StoreError> {
    for part in parts {
        let first = part.header.first;
        part.id_prints(range.clone(), &mut |print, ordinal| see(print, first + u64::from(ordinal)))?;
    }
    reader.shared().index.with_live(|live| {
        let asked = live.ids.iter().filter(|(print, _)| range.contains(&u64::from(**print)));
        for (print, ordinals) in asked {
            for ordinal in ordinals {
                see(*print, live.first + u64::from(*ordinal));
            }
        }
    });
    Ok(())
}

/// Events with one fingerprint rarely have one id: their frames decide. What stands before `start` was told before.
fn compare(
    reader: &Reader,
    same: &[(u32, u64)],
    start: u64,
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    let mut ids = Vec::with_capacity(same.len());
    for (_, sequence) in same {
        match reader.header_at(*sequence) {
            Ok(header) => ids.push((u128::from(header.event_id), *sequence)),
            // What cannot be read was found before.
            Err(error) if error.is_one_event() => {}
            Err(error) => return Err(error),
        }
    }
    ids.sort_unstable();
    for pair in ids.windows(2) {
        let [(one, first), (other, second)] = pair else { continue };
        if one == other && *second >= start {
            let message = format!("the event has the id of event #{first}, {one:032x}");
            let place = reader.shared().index.place(*second)?;
            let (file, offset) = place
                .map_or((String::new(), 0), |place| (place.segment.to_string(), u64::from(place.offset)));
            report.add(of_frame(FindingClass::Id, &message, file, offset).of_event(*second));
        }
    }
    Ok(())
}
