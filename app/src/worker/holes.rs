//! Owns the places at which nothing can be read, in runs: a run is one row of the table, however long it is.
//!
//! Invariants:
//! - runs are ascending and do not touch each other;
//! - nothing here costs by the length of a run: a store may claim to miss more events than anybody can count.

use std::ops::Range;

use causeway::store::StoreError;

use crate::worker::handle::Handle;

/// Places that one slice looks at.
const SLICE: u64 = 1 << 20;
/// Runs that are kept; behind more of them each place is a row of its own.
const RUNS_MAX: usize = 100_000;

/// Runs of unreadable places up to where the store was looked at.
#[derive(Debug, Default)]
pub(crate) struct Holes {
    runs: Vec<Range<u64>>,
    /// Rows that the runs up to and including this one save.
    saved: Vec<u64>,
    next: u64,
}

impl Holes {
    /// Looks at a slice of what was not looked at yet. True if everything was.
    pub(crate) fn extend(&mut self, handle: &Handle) -> Result<bool, StoreError> {
        let end = handle.visible();
        self.rewind(end);
        if self.is_cut() {
            self.next = end;
        }
        let mut slice = SLICE;
        while self.next < end {
            let asked = self.next..end.min(self.next.saturating_add(slice));
            let (runs, next) = handle.unreadable(asked.clone(), RUNS_MAX)?;
            let whole = runs.first() == Some(&asked);
            self.next = next;
            for run in runs {
                self.add(run);
            }
            if !whole {
                break;
            }
            // Within a run there is nothing to read, so that larger steps cost no more.
            slice = slice.saturating_mul(4);
        }
        Ok(self.next >= end)
    }

    /// Gives up looking at what lies before `end`.
    pub(crate) fn skip_to(&mut self, end: u64) {
        self.next = self.next.max(end);
    }

    fn add(&mut self, run: Range<u64>) {
        match self.runs.last_mut() {
            Some(last) if last.end == run.start => last.end = run.end,
            _ => {
                self.runs.push(run);
                self.saved.push(0);
            }
        }
        let before = self.saved.len().checked_sub(2).map_or(0, |at| self.saved[at]);
        if let (Some(saved), Some(run)) = (self.saved.last_mut(), self.runs.last()) {
            *saved = before + (run.end - run.start - 1);
        }
    }

    /// Forgets what lies behind the end of a store that shrank.
    pub(crate) fn rewind(&mut self, end: u64) {
        if end >= self.next {
            return;
        }
        self.next = end;
        self.runs.truncate(self.runs.partition_point(|run| run.start < end));
        self.saved.truncate(self.runs.len());
        if let Some(mut last) = self.runs.pop() {
            self.saved.pop();
            last.end = last.end.min(end);
            self.add(last);
        }
    }

    /// True if there are more runs than are kept.
    pub(crate) fn is_cut(&self) -> bool {
        self.runs.len() >= RUNS_MAX
    }

    /// Up to where the store was looked at.
    pub(crate) fn looked_at(&self) -> u64 {
        self.next
    }

    /// All runs.
    pub(crate) fn runs(&self) -> &[Range<u64>] {
        &self.runs
    }

    /// The run that a place belongs to.
    pub(crate) fn at(&self, sequence: u64) -> Option<&Range<u64>> {
        let run = self.runs.get(self.runs.partition_point(|run| run.end <= sequence))?;
        run.contains(&sequence).then_some(run)
    }

    /// The runs of readable places within a range, ascending.
    pub(crate) fn readable(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let first = self.runs.partition_point(|run| run.end <= range.start);
        let holes =
            self.runs.get(first..).unwrap_or_default().iter().take_while(move |run| run.start < range.end);
        let starts = std::iter::once(range.start).chain(holes.clone().map(|run| run.end));
        let ends = holes.map(|run| run.start).chain([range.end]);
        starts
            .zip(ends)
            .map(move |(start, end)| start.max(range.start)..end.min(range.end))
            .filter(|run| !run.is_empty())
    }

    /// The parts of runs that lie within a range, ascending.
    pub(crate) fn within(&self, range: Range<u64>) -> impl Iterator<Item = Range<u64>> {
        let first = self.runs.partition_point(|run| run.end <= range.start);
        let runs = self.runs.get(first..).unwrap_or_default().iter();
        runs.take_while(move |run| run.start < range.end)
            .map(move |run| run.start.max(range.start)..run.end.min(range.end))
    }

    /// Where runs begin within a range.
    pub(crate) fn starts(&self, range: Range<u64>) -> impl Iterator<Item = u64> {
        let first = self.runs.partition_point(|run| run.start < range.start);
        let runs = self.runs.get(first..).unwrap_or_default().iter();
        runs.map(|run| run.start).take_while(move |start| *start < range.end)
    }

    /// Unreadable places below `end`.
    pub(crate) fn count_below(&self, end: u64) -> u64 {
        let whole = self.runs.partition_point(|run| run.end <= end);
        let saved = whole.checked_sub(1).map_or(0, |at| self.saved[at]) + whole as u64;
        let partly = self.runs.get(whole).map_or(0, |run| end.saturating_sub(run.start));
        saved + partly
    }

    /// The row of a place if every place is shown; all places of a run have the same.
    pub(crate) fn row_of(&self, sequence: u64) -> u64 {
        let before = self.runs.partition_point(|run| run.end <= sequence);
        let saved = before.checked_sub(1).map_or(0, |at| self.saved[at]);
        let start = self.at(sequence).map_or(sequence, |run| run.start);
        start - saved
    }

    /// Rows of the places below `end`.
    pub(crate) fn rows(&self, end: u64) -> u64 {
        end.checked_sub(1).map_or(0, |last| self.row_of(last) + 1)
    }

    /// The first place of a row.
    pub(crate) fn place_of(&self, row: u64) -> u64 {
        // The row of a run's end grows with it, so that the runs above a row are found by halving.
        let mut above = (0, self.runs.len());
        while above.0 < above.1 {
            let middle = usize::midpoint(above.0, above.1);
            if self.runs[middle].end - self.saved[middle] <= row {
                above.0 = middle + 1;
            } else {
                above.1 = middle;
            }
        }
        row + above.0.checked_sub(1).map_or(0, |at| self.saved[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holes(runs: &[Range<u64>], next: u64) -> Holes {
        let mut holes = Holes { next, ..Holes::default() };
        for run in runs {
            holes.add(run.clone());
        }
        holes
    }

    #[test]
    fn a_run_of_unreadable_places_is_one_row_and_every_place_finds_its_row() {
        let holes = holes(&[2..5, 7..8, 8..9, 20..1_000_020], 1_000_030);
        let rows: Vec<u64> = (0..12).map(|place| holes.row_of(place)).collect();
        assert_eq!(rows, [0, 1, 2, 2, 2, 3, 4, 5, 5, 6, 7, 8]);
        let places: Vec<u64> = (0..9).map(|row| holes.place_of(row)).collect();
        assert_eq!(places, [0, 1, 2, 5, 6, 7, 9, 10, 11]);
        for place in [0, 2, 5, 7, 9, 19, 20, 1_000_020, 1_000_029] {
            assert_eq!(holes.place_of(holes.row_of(place)), place);
        }
        assert_eq!(holes.rows(1_000_030), holes.row_of(1_000_029) + 1);
        assert_eq!(holes.rows(0), 0);
    }

    #[test]
    fn what_can_be_read_lies_between_the_runs() {
        let holes = holes(&[2..5, 7..9], 12);
        assert_eq!(holes.readable(0..12).collect::<Vec<_>>(), [0..2, 5..7, 9..12]);
        assert_eq!(holes.readable(3..10).collect::<Vec<_>>(), [5..7, 9..10]);
        assert_eq!(holes.readable(2..5).count(), 0);
        let counts: Vec<u64> = [0, 3, 5, 8, 12].iter().map(|end| holes.count_below(*end)).collect();
        assert_eq!(counts, [0, 1, 3, 4, 5]);
    }

    #[test]
    fn a_store_that_shrank_has_no_hole_behind_its_end() {
        let mut holes = holes(&[2..5, 7..9], 12);
        holes.rewind(8);
        assert_eq!((holes.runs(), holes.rows(8)), (&[2..5, 7..8][..], 6));
        holes.rewind(2);
        assert_eq!((holes.runs(), holes.looked_at()), (&[][..], 2));
    }

    #[test]
    fn a_hole_of_nearly_all_numbers_costs_nothing() {
        let holes = holes(&[1..2, 5..u64::MAX - 5], u64::MAX);
        assert_eq!((holes.rows(u64::MAX), holes.place_of(6)), (11, u64::MAX - 5));
        assert_eq!(holes.count_below(u64::MAX), u64::MAX - 9);
    }
}
