//! Owns the current result: which events match, found slice by slice and kept up to date while the store grows.
//!
//! Invariants:
//! - a slice is short enough that a new request never waits noticeably;
//! - the result only grows at its end, except when the followed files shrank;
//! - what an index can answer is never scanned for.

use std::ops::Range;
use std::time::{Duration, Instant};

use causeway::coordinate::Region;
use causeway::encoding;
use causeway::id::CorrelationId;
use causeway::store::{LogEvent, Selection, StoreError};

use crate::state::query::Query;
use crate::worker::handle::Handle;
use crate::worker::holes::Holes;
use crate::worker::protocol::{Matched, RequestId};

/// Sequences that an index gives in one slice.
const INDEX_SLICE: usize = 65_536;
/// Events that a scan reads in one slice.
const SCAN_SLICE: usize = 512;
/// Hexadecimal digits of a whole correlation id.
const ID_DIGITS: usize = 32;

/// A query on its way through the store.
pub(crate) struct Search {
    /// Who asked.
    pub(crate) id: RequestId,
    plan: Plan,
    /// Matching sequences, ascending; `None` if every event matches.
    found: Option<Vec<u64>>,
    /// The first sequence that was not looked at.
    next: u64,
    /// Until the whole store was searched for the first time.
    elapsed: Duration,
    answered: bool,
}

struct Plan {
    selection: Selection,
    /// True if the selection leaves something out.
    narrows: bool,
    /// What only the events themselves can answer.
    scan: Option<Scan>,
    served_by: &'static str,
}

#[derive(Default)]
struct Scan {
    correlation_ends: Option<String>,
    text: Option<Needle>,
}

impl Search {
    /// A search that has looked at nothing yet.
    pub(crate) fn new(id: RequestId, query: &Query) -> Self {
        let plan = Plan::of(query);
        let found = (plan.narrows || plan.scan.is_some()).then(Vec::new);
        Self { id, plan, found, next: 0, elapsed: Duration::ZERO, answered: false }
    }

    /// Looks at one slice more. Damaged events do not match a scan; an index still knows them.
    pub(crate) fn step(&mut self, handle: &Handle, holes: &Holes) -> Result<(), StoreError> {
        let started = Instant::now();
        let end = handle.visible();
        self.rewind(end);
        // Rows are counted from runs of unreadable places, so that nothing is shown before these are known.
        let stepped = self.slice(handle, holes, end.min(holes.looked_at()).max(self.next));
        if !self.answered {
            self.elapsed += started.elapsed();
        }
        self.answered |= self.next == end;
        stepped
    }

    fn slice(&mut self, handle: &Handle, holes: &Holes, end: u64) -> Result<(), StoreError> {
        let Some(found) = &mut self.found else {
            self.next = end;
            return Ok(());
        };
        let limit = if self.plan.scan.is_some() { SCAN_SLICE } else { INDEX_SLICE };
        let candidates = if self.plan.narrows {
            let mut candidates = handle.select(&self.plan.selection, self.next, limit)?;
            candidates.retain(|sequence| *sequence < end);
            candidates
        } else {
            holes.readable(self.next..end).flatten().take(limit).collect()
        };
        let next =
            if candidates.len() < limit { end } else { candidates.last().map_or(end, |last| last + 1) };
        let matches = |sequence: &u64| match &self.plan.scan {
            None => true,
            Some(scan) => handle.event_at(*sequence).is_ok_and(|event| scan.takes(&event)),
        };
        found.extend(candidates.into_iter().filter(matches));
        self.next = next;
        Ok(())
    }

    /// Forgets what lies behind the end of a store that shrank.
    pub(crate) fn rewind(&mut self, end: u64) {
        if end < self.next {
            self.next = end;
            if let Some(found) = &mut self.found {
                found.truncate(found.partition_point(|sequence| *sequence < end));
            }
        }
    }

    /// True if everything that can be read was looked at.
    pub(crate) fn is_complete(&self, handle: &Handle) -> bool {
        self.next == handle.visible()
    }

    /// True if events must be read one by one, which takes long enough to show progress.
    pub(crate) fn scans(&self) -> bool {
        self.plan.scan.is_some()
    }

    /// Stops where it is: what was not looked at until now stays unseen.
    pub(crate) fn matched(&self, handle: &Handle, holes: &Holes) -> Matched {
        let total = handle.visible();
        Matched {
            matched: self.found.as_ref().map_or(self.next, |found| found.len() as u64),
            rows: self.found.as_ref().map_or_else(|| holes.rows(self.next), |found| found.len() as u64),
            unreadable: if self.found.is_some() { holes.count_below(self.next) } else { 0 },
            searched: self.next,
            total,
            complete: self.next >= total,
            elapsed_us: self.elapsed.as_micros() as u64,
            served_by: self.plan.served_by,
        }
    }

    /// The sequences of some rows; fewer if the result is shorter.
    pub(crate) fn sequences(&self, rows: Range<u64>, holes: &Holes) -> Vec<u64> {
        match &self.found {
            None => {
                (rows.start..rows.end.min(holes.rows(self.next))).map(|row| holes.place_of(row)).collect()
            }
            Some(found) => {
                let end = (rows.end as usize).min(found.len());
                found.get((rows.start as usize).min(end)..end).unwrap_or_default().to_vec()
            }
        }
    }

    /// The newest sequences of the result so far, oldest first.
    pub(crate) fn newest(&self, most: usize, holes: &Holes) -> Vec<u64> {
        let rows = self.found.as_ref().map_or_else(|| holes.rows(self.next), |found| found.len() as u64);
        self.sequences(rows.saturating_sub(most as u64)..rows, holes)
    }

    /// The sequences of the result so far, ascending; `None` if every event matches.
    pub(crate) fn found(&self) -> Option<&[u64]> {
        self.found.as_deref()
    }

    /// The row of an event, if it is part of the result so far.
    pub(crate) fn row_of(&self, sequence: u64, holes: &Holes) -> Option<u64> {
        match &self.found {
            None => (sequence < self.next).then(|| holes.row_of(sequence)),
            Some(found) => found.binary_search(&sequence).ok().map(|row| row as u64),
        }
    }
}

impl Plan {
    fn of(query: &Query) -> Self {
        let mut region = query.entity.as_ref().map_or_else(Region::all, Region::entity);
        if let Some(scope) = &query.scope {
            region = region.with_scope(scope);
        }
        let whole_id = query.correlation.as_ref().filter(|digits| digits.len() == ID_DIGITS);
        let correlation =
            whole_id.and_then(|digits| u128::from_str_radix(digits, 16).ok()).map(CorrelationId::from);
        let kinds = query.kinds.clone().unwrap_or_default();
        let scan = Scan {
            correlation_ends: query.correlation.clone().filter(|_| correlation.is_none()),
            text: query.text.as_deref().map(Needle::new),
        };
        let scans = scan.correlation_ends.is_some() || scan.text.is_some();
        let indices = [
            (query.entity.is_some(), "entity index"),
            (!kinds.is_empty(), "kind index"),
            (query.scope.is_some(), "scope index"),
            (correlation.is_some(), "correlation index"),
        ];
        let used: Vec<&'static str> =
            indices.iter().filter(|(used, _)| *used).map(|(_, name)| *name).collect();
        let served_by = match (used.as_slice(), scans) {
            ([], false) => "commit order",
            ([], true) => "scan",
            ([one], false) => one,
            (_, false) => "indices",
            (_, true) => "index, then scan",
        };
        let narrows = !used.is_empty();
        Self {
            selection: Selection { region, kinds, correlation, hidden: true, ..Selection::default() },
            narrows,
            scan: scans.then_some(scan),
            served_by,
        }
    }
}

impl Scan {
    fn takes(&self, event: &LogEvent) -> bool {
        let correlation = u128::from(event.raw.header.correlation_id);
        self.correlation_ends.as_ref().is_none_or(|digits| format!("{correlation:032x}").ends_with(digits))
            && self.text.as_ref().is_none_or(|needle| needle.is_in(&event.raw.payload))
    }
}

/// A text that a payload must contain, case ignored.
struct Needle {
    lower: String,
    /// True if the text may be part of a number or of JSON's own signs, which the stored bytes do not spell out.
    spelled_by_json: bool,
}

impl Needle {
    fn new(text: &str) -> Self {
        let lower = text.to_lowercase();
        let spelled_by_json = !lower.is_ascii()
            || lower.contains(|c: char| c.is_ascii_digit() || "{}[]:,\"".contains(c))
            || ["true", "false", "null"]
                .iter()
                .any(|word| word.contains(lower.as_str()) || lower.contains(word));
        Self { lower, spelled_by_json }
    }

    /// Texts stand in the stored bytes as they are, so most payloads need no decoding.
    fn is_in(&self, payload: &[u8]) -> bool {
        if contains_ignoring_case(payload, self.lower.as_bytes()) {
            return true;
        }
        self.spelled_by_json
            && encoding::to_json(payload)
                .is_ok_and(|value| value.to_string().to_lowercase().contains(&self.lower))
    }
}

fn contains_ignoring_case(bytes: &[u8], lower: &[u8]) -> bool {
    let Some(first) = lower.first() else { return true };
    let starts = bytes.len().checked_sub(lower.len()).map_or(0, |last| last + 1);
    (0..starts).any(|at| {
        bytes[at].to_ascii_lowercase() == *first
            && bytes[at..at + lower.len()]
                .iter()
                .zip(lower)
                .all(|(byte, wanted)| byte.to_ascii_lowercase() == *wanted)
    })
}

#[cfg(test)]
mod tests {
    use causeway::event::EventKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_plan_says_which_index_answers() {
        let check = |query: Query, served_by: &str, narrows: bool| {
            let plan = Plan::of(&query);
            assert_eq!((plan.served_by, plan.narrows), (served_by, narrows), "{query:?}");
        };
        let entity = || Some("order".to_owned());
        check(Query::default(), "commit order", false);
        check(Query { entity: entity(), ..Query::default() }, "entity index", true);
        check(
            Query { entity: entity(), kinds: Some(vec![EventKind::DATA]), ..Query::default() },
            "indices",
            true,
        );
        check(Query { text: Some("x".into()), ..Query::default() }, "scan", false);
        check(
            Query { entity: entity(), text: Some("x".into()), ..Query::default() },
            "index, then scan",
            true,
        );
        check(Query { correlation: Some("ab".into()), ..Query::default() }, "scan", false);
        check(Query { correlation: Some("a".repeat(32)), ..Query::default() }, "correlation index", true);
    }

    #[test]
    fn text_is_found_in_fields_values_and_numbers_whatever_its_case() {
        let payload = encoding::to_bytes(&json!({"Name": "Grüße", "total": 4200, "paid": true})).unwrap();
        for (text, expected) in [
            ("name", true),
            ("GRÜSSE", false),
            ("GRÜßE", true),
            ("4200", true),
            ("total\":42", true),
            ("TRUE", true),
            ("4201", false),
            ("nothing here", false),
            ("", true),
        ] {
            assert_eq!(Needle::new(text).is_in(&payload), expected, "{text}");
        }
    }
}
