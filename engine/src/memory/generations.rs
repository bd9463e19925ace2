//! Owns deciding which of the segments that overlap count. Must never give up one for another that does not hold what it replaces.

use std::collections::BTreeSet;

use crate::memory::live::LivePart;
use crate::memory::survey::{Segment, Survey};
use crate::memory::walk::{Tail, room_for_events, walk_past_damage};
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};

impl Segment {
    /// True if it says that it replaces the segment that begins there.
    fn claims(&self, first: u64) -> bool {
        self.header.replaced.is_some_and(|(start, end)| (start..end).contains(&first))
    }
}

/// Of segments that overlap, the one with the highest generation counts, if it holds what it says that it replaces.
///
/// What a segment with a damaged header replaces is not known. Compaction removes first what begins where the new segment does: if that
/// is still there so is all the rest, and it counts. So it does where both are doubtful; then nothing is removed.
pub(super) fn choose_generations(survey: &mut Survey) -> Result<(), StoreError> {
    let all = std::mem::take(&mut survey.segments);
    let mut doubtful = BTreeSet::new();
    for segment in &all {
        if segment.guessed {
            doubtful.insert(segment.name);
        } else if let Some((start, end)) = false_claim(segment, &all)? {
            doubtful.insert(segment.name);
            let message =
                format!("it says that it replaces the events from {start} to {end}, and does not hold them");
            survey.findings.push(Finding::new(FindingClass::Header, message).in_file(segment.name));
        }
    }
    let counts_before = |one: &Segment, other: &Segment| {
        let is_doubtful = doubtful.contains(&one.name);
        if is_doubtful && doubtful.contains(&other.name) {
            return one.name.first == other.name.first && one.name.generation < other.name.generation;
        }
        if is_doubtful || (doubtful.contains(&other.name) && other.name.generation > one.name.generation) {
            return !is_doubtful && one.name.first == other.name.first;
        }
        one.name.generation > other.name.generation && one.claims(other.name.first)
    };
    for segment in &all {
        let mut better = all.iter().filter(|other| counts_before(other, segment)).peekable();
        if better.peek().is_none() {
            survey.segments.push(segment.clone());
        } else if !doubtful.contains(&segment.name)
            || (segment.guessed && better.any(|other| !doubtful.contains(&other.name)))
        {
            survey.superseded.push(segment.name);
        }
    }
    Ok(())
}

/// The range that a segment says it replaces, if others would give way to it and it does not reach to the end of that range.
fn false_claim(segment: &Segment, all: &[Segment]) -> Result<Option<(u64, u64)>, StoreError> {
    let Some((start, end)) = segment.header.replaced else { return Ok(None) };
    let gives_way =
        |other: &Segment| other.name.generation < segment.name.generation && segment.claims(other.name.first);
    if !all.iter().any(gives_way) {
        return Ok(None);
    }
    if start != segment.name.first || end - start > room_for_events(segment, segment.len_bytes) {
        return Ok(Some((start, end)));
    }
    let mut tail = Tail::start(segment);
    let mut scratch = LivePart::new(segment.name, segment.name.first, i64::MIN);
    walk_past_damage(segment, &mut tail, &mut scratch, None, &mut |_, _, _| {})?;
    Ok((tail.next_sequence < end).then_some((start, end)))
}
