//! Owns global sequences: from footers that the frames confirm, counted on elsewhere; must never let them fall.
//!
//! Floor 6.

use crate::batpak::BatpakStore;
use crate::batpak::finding::{Damage, Damaged};
use crate::batpak::row::{FooterNumbers, Row, Run, Segment};
use crate::batpak::sidecar::HiddenRanges;

impl BatpakStore {
    /// Numbers the events of the segments from `place` on, and marks the hidden ones. Returns the first row that changed.
    pub(super) fn number(&mut self, place: usize) -> usize {
        let mut changed = self.rows.len();
        let before = place.checked_sub(1).and_then(|before| self.segments.get(before));
        let mut next = before.map_or(0, |segment| segment.next_sequence);
        let mut next_id = before.map_or(1, |segment| segment.id.saturating_add(1));
        let ends: Vec<usize> = self
            .segments
            .iter()
            .skip(place + 1)
            .map(|segment| segment.first_row)
            .chain([self.rows.len()])
            .collect();
        for (segment, end) in self.segments.iter_mut().skip(place).zip(ends) {
            let rows = self.rows.get_mut(segment.first_row..end).unwrap_or_default();
            segment.number_findings.clear();
            let runs = runs_of(segment, rows.len(), next, next_id);
            next = runs.next;
            segment.next_sequence = next;
            next_id = segment.id.saturating_add(1);
            if let Some(first) = assign(rows, &runs.runs, &self.hidden) {
                changed = changed.min(segment.first_row + first);
            }
        }
        changed
    }
}

/// Where the numbers of a segment come from, given the least that is free.
fn runs_of(segment: &mut Segment, rows: usize, next: u64, next_id: u64) -> FooterNumbers {
    if let Some(numbers) = &segment.numbers {
        let first = numbers.runs.first().map_or(next, |run| run.global_sequence);
        if first >= next {
            if first > next && segment.id > next_id {
                let damage = Damage::SegmentsMissing { events: first - next };
                segment.number_findings.push(Damaged::of_segment(segment.id, damage));
            }
            return numbers.clone();
        }
        let damage = Damage::FooterSequence { found: first, expected: next };
        segment.number_findings.push(Damaged::of_segment(segment.id, damage));
    } else if segment.id > next_id {
        let damage = Damage::SegmentsAbsent { first: next_id, last: segment.id - 1 };
        segment.number_findings.push(Damaged::of_segment(segment.id, damage));
    }
    let mut runs = vec![Run { row: 0, global_sequence: next }];
    for (count, row) in segment.lost.iter().enumerate() {
        let row = row.saturating_sub(segment.first_row);
        runs.push(Run { row, global_sequence: next.saturating_add((row + count + 1) as u64) });
    }
    FooterNumbers { runs, next: next.saturating_add((rows + segment.lost.len()) as u64) }
}

/// Gives rows their numbers; returns the first that had another, or another visibility.
fn assign(rows: &mut [Row], runs: &[Run], hidden: &HiddenRanges) -> Option<usize> {
    let mut changed = None;
    let mut runs = runs.iter().peekable();
    let mut run = Run { row: 0, global_sequence: 0 };
    for (place, row) in rows.iter_mut().enumerate() {
        while let Some(later) = runs.next_if(|later| later.row <= place) {
            run = *later;
        }
        let global_sequence = run.global_sequence.saturating_add((place - run.row) as u64);
        let is_hidden = hidden.hides(global_sequence, row.lane);
        if (row.global_sequence, row.hidden) != (global_sequence, is_hidden) {
            changed = changed.or(Some(place));
            (row.global_sequence, row.hidden) = (global_sequence, is_hidden);
        }
    }
    changed
}
