//! Owns the questions that nobody asks expressly: whatever the model shows and does not know yet is asked of the worker.

use std::ops::Range;

use super::App;
use crate::worker::protocol::{Request, Target};

/// Rows that are asked for beyond those that are seen, so that scrolling finds them there.
const ROWS_AHEAD: u64 = 100;
/// Rows of one question; an answer must not take long.
const ROWS_ASKED_MAX: u64 = 512;

impl App {
    /// Asks for the selected event, for its row, and anew for what the store's growth made old.
    pub(super) fn ask_for_what_is_missing(&mut self) {
        self.ask_for_detail();
        self.ask_where_the_selection_is();
        self.ask_for_graph();
    }

    fn ask_for_detail(&mut self) {
        let Some(store) = &self.model.store else { return };
        let Some(sequence) = store.selected else { return };
        let events = store.summary.position.events;
        let answered = store.detail.is_some() || store.detail_failure.is_some();
        let due = match self.model.asked.detail {
            Some((_, asked, _)) if asked != sequence => true,
            // Later events may be effects of this one; one question at a time.
            Some((_, _, asked_at)) => answered && asked_at != events && store.detail_failure.is_none(),
            None => true,
        };
        if due {
            let id = self.model.asked.number();
            self.model.asked.detail = Some((id, sequence, events));
            self.worker.send(Request::Detail { id, sequence });
        }
    }

    fn ask_where_the_selection_is(&mut self) {
        let Some(store) = &self.model.store else { return };
        let (Some(sequence), None, true) =
            (store.selected, store.selected_row, self.model.asked.filter_answered)
        else {
            return;
        };
        let key = (sequence, self.model.asked.filter, store.matched.complete);
        if self.model.asked.located != Some(key) {
            self.model.asked.located = Some(key);
            self.locate(Target::Sequence(sequence));
        }
    }

    /// Asks where an event is; the answer selects it.
    pub(super) fn locate(&mut self, target: Target) {
        let id = self.model.asked.number();
        self.model.asked.locate = id;
        self.worker.send(Request::Locate { id, target });
    }

    /// Asks for the rows of a view that are neither loaded nor on their way.
    pub(super) fn need_rows(&mut self, first: u64, count: u64) {
        let Some(store) = &self.model.store else { return };
        self.model.asked.view = first..first.saturating_add(count);
        let end = first.saturating_add(count).min(store.matched.rows);
        let coming = &self.model.asked.rows;
        let missing =
            |row: &u64| !store.rows.contains_key(row) && !coming.iter().any(|(_, rows)| rows.contains(row));
        let Some(start) = (first..end).find(missing) else { return };
        let rows = around(start, end, store.matched.rows);
        let rows = rows.start..(rows.start..rows.end).rev().find(missing).map_or(rows.end, |last| last + 1);
        let rows = (rows.start..rows.end).find(missing).unwrap_or(rows.start)..rows.end;
        let id = self.model.asked.number();
        self.model.asked.rows.push((id, rows.clone()));
        self.worker.send(Request::Rows { id, rows });
    }
}

/// The rows to ask for when those from `start` to `end` are missing: some before and after as well.
fn around(start: u64, end: u64, matched: u64) -> Range<u64> {
    let first = start.saturating_sub(ROWS_AHEAD);
    let last = end.saturating_add(ROWS_AHEAD).min(matched);
    first..last.min(first + ROWS_ASKED_MAX).max(start + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_around_a_view_are_asked_for_and_never_more_than_there_are() {
        assert_eq!(around(10, 40, 45), 0..45);
        assert_eq!(around(1000, 1040, 1_000_000), 900..1140);
        assert_eq!(around(1000, 9000, 1_000_000), 900..900 + ROWS_ASKED_MAX);
    }
}
