//! Owns how far a store was checked, and what that says of each event. Never checks.
//!
//! Invariants:
//! - only what was checked with its hashes counts as verified: files and checksums alone show nothing of an event;
//! - of files that went back nothing stays verified: what grew since may be another history.

use std::ops::Range;
use std::sync::Arc;

use causeway::store::{Finding, VerifyLevel};

use crate::state::damage::{self, Wrong};
use crate::state::model::{Model, StoreModel};
use crate::worker::protocol::{Check, Failure, Part, Reached, RequestId, TrustUpdate, VerifyView};

/// Stores up to this size are checked without being asked to: a check remembers every id, so that a larger store takes memory as well as
/// time.
pub const BY_ITSELF_BYTES_MAX: u64 = 512 << 20;
/// What came since is checked so many seconds after a check ended, at the earliest.
const REST_SECONDS: f64 = 3.0;
/// And not before so many times as long as that check took.
const REST_TIMES: f64 = 10.0;

/// How far a store was checked.
#[derive(Clone, Debug)]
pub struct Trust {
    /// The check that runs.
    pub run: Option<Run>,
    /// Places whose hashes were checked, ascending and apart.
    pub ranges: Vec<Range<u64>>,
    /// The last check of a part that does not continue what was checked before.
    pub part: Option<(Part, Result<VerifyView, Failure>)>,
    /// What checks found, each once. Gathered from the other fields.
    pub found: Vec<Finding>,
    /// Events whose own hash cannot be checked, because the one before cannot be read; ascending. Gathered.
    pub unchecked: Vec<u64>,
    /// How thoroughly the next check that the user asks for is.
    pub level: VerifyLevel,
    /// The user ended a check: nothing is checked by itself any more.
    pub stopped: bool,
    /// When the next check may begin by itself, seconds of the interface's clock.
    pub due: f64,
}

/// A check that runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Names it.
    pub id: RequestId,
    /// What is checked.
    pub check: Check,
    /// It rests until the user goes on.
    pub paused: bool,
    /// How far it is.
    pub reached: Reached,
    /// When it began, seconds of the interface's clock.
    pub began: f64,
}

impl Default for Trust {
    fn default() -> Self {
        Self {
            run: None,
            ranges: Vec::new(),
            part: None,
            found: Vec::new(),
            unchecked: Vec::new(),
            level: VerifyLevel::Chain,
            stopped: false,
            due: 0.0,
        }
    }
}

/// What is known of an event's hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padlock {
    /// They were computed anew and fit.
    Verified,
    /// They are about to be checked.
    Waiting,
    /// The event is not known to be on stable storage.
    NotDurable,
    /// Nobody checks them.
    NotVerified,
    /// Nothing can be read there.
    Unreadable,
    /// They do not fit.
    Broken,
}

/// What is known of the event at a place of the commit order.
pub fn padlock(store: &StoreModel, sequence: u64) -> Padlock {
    match damage::spot_at(&store.spots, sequence).map(|spot| spot.wrong) {
        Some(Wrong::Unreadable) => return Padlock::Unreadable,
        Some(Wrong::Broken) => return Padlock::Broken,
        None if sequence >= store.summary.position.durable => return Padlock::NotDurable,
        None => {}
    }
    let trust = &store.trust;
    let found = trust.ranges.partition_point(|range| range.end <= sequence);
    let checked = trust.ranges.get(found).is_some_and(|range| range.contains(&sequence));
    let now = trust.run.as_ref().filter(|run| run.checks_hashes());
    if trust.unchecked.binary_search(&sequence).is_ok() {
        return Padlock::NotVerified;
    }
    match now {
        _ if checked => Padlock::Verified,
        Some(run) if run.reached.checked.contains(&sequence) => Padlock::Verified,
        Some(run) if run.will_check(sequence) => Padlock::Waiting,
        _ if store.is_checked_by_itself() => Padlock::Waiting,
        _ => Padlock::NotVerified,
    }
}

impl Run {
    fn checks_hashes(&self) -> bool {
        self.check.level >= VerifyLevel::Chain
    }

    fn will_check(&self, sequence: u64) -> bool {
        matches!(&self.check.part, Part::Places(places) if places.contains(&sequence))
    }
}

impl Trust {
    /// Adds a range of places whose hashes were checked.
    fn add(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        let first = self.ranges.partition_point(|known| known.end < range.start);
        let behind = self.ranges.partition_point(|known| known.start <= range.end);
        let joined = self
            .ranges
            .drain(first..behind)
            .fold(range, |sum, known| sum.start.min(known.start)..sum.end.max(known.end));
        self.ranges.insert(first, joined);
    }
}

impl StoreModel {
    /// True if whatever comes is checked without being asked to.
    pub fn is_checked_by_itself(&self) -> bool {
        let has_hashes = |view: &VerifyView| view.level.is_none_or(|level| level >= VerifyLevel::Chain);
        matches!(&self.verified, Some(Ok(view)) if has_hashes(view))
            && !self.trust.stopped
            && self.is_small_enough()
    }

    /// True if checking all of it disturbs nobody for long.
    pub fn is_small_enough(&self) -> bool {
        self.summary.position.bytes <= BY_ITSELF_BYTES_MAX
    }

    /// What should be checked by itself now, if anything.
    pub fn check_due(&self, now: f64) -> Option<Check> {
        let trust = &self.trust;
        let is_quiet = trust.run.is_none() && !trust.stopped && self.matched.complete;
        if !is_quiet || !self.is_small_enough() || self.summary.position.lost.is_some() {
            return None;
        }
        let by_itself = |level, part| Some(Check { level, part, by_itself: true });
        match &self.verified {
            None => by_itself(VerifyLevel::Chain, Part::WHOLE),
            Some(Ok(view)) if view.checked.end < self.summary.position.durable && now >= trust.due => {
                // Of a batpak directory the hashes are checked as far as it has them.
                let level = view.level.unwrap_or(VerifyLevel::Chain);
                by_itself(level, Part::Places(view.checked.end..u64::MAX))
            }
            Some(_) => None,
        }
    }

    /// A check begins.
    pub fn begin_check(&mut self, id: RequestId, check: Check, now: f64) {
        if check.part == Part::WHOLE {
            self.verified = None;
            self.trust.ranges.clear();
            self.trust.part = None;
        }
        self.trust.stopped &= check.by_itself;
        self.trust.run = Some(Run { id, check, paused: false, reached: Reached::default(), began: now });
        self.gather_spots();
    }

    /// The files went back: what was checked may not be what is there now.
    pub fn forget_checks(&mut self) {
        self.verified = None;
        self.trust = Trust { level: self.trust.level, stopped: self.trust.stopped, ..Trust::default() };
        self.gather_spots();
    }

    fn reach(&mut self, id: RequestId, reached: Reached) {
        let Some(run) = self.trust.run.as_mut().filter(|run| run.id == id) else { return };
        let news = !Arc::ptr_eq(&run.reached.findings, &reached.findings);
        run.reached = reached;
        if news {
            self.gather_spots();
        }
    }

    fn end_check(&mut self, id: RequestId, report: Result<VerifyView, Failure>, now: f64) {
        let Some(run) = self.trust.run.take_if(|run| run.id == id) else { return };
        self.trust.due = now + REST_SECONDS.max(REST_TIMES * (now - run.began));
        let is_whole = run.check.part == Part::WHOLE;
        let Part::Places(places) = &run.check.part else {
            self.trust.part = Some((run.check.part, report));
            self.gather_spots();
            return;
        };
        if let Ok(view) = &report
            && view.level.is_none_or(|level| level >= VerifyLevel::Chain)
        {
            self.trust.add(view.checked.clone());
        }
        match (&mut self.verified, report) {
            (Some(Ok(known)), Ok(view)) if !is_whole && known.is_continued_by(&view) => known.extend(view),
            // What could not be checked by itself is tried again; what the user asked for says why it ended.
            (Some(Ok(_)), Err(_)) if run.check.by_itself => {}
            (_, report) if is_whole => self.verified = Some(report),
            (_, report) => self.trust.part = Some((Part::Places(places.clone()), report)),
        }
        self.gather_spots();
    }

    /// Everything that checks found, each thing once.
    pub(super) fn gather_found(&mut self) {
        let mut found: Vec<Finding> = Vec::new();
        let reports = [self.verified.as_ref(), self.trust.part.as_ref().map(|(_, report)| report)];
        let ended = reports.into_iter().flatten().filter_map(|report| report.as_ref().ok());
        let now = self.trust.run.iter().map(|run| run.reached.findings.as_slice());
        for list in ended.map(|view| view.findings.as_slice()).chain(now) {
            // A report lists a thousand at most, and a part that is checked again finds the same again.
            let new: Vec<_> = list.iter().filter(|finding| !found.contains(finding)).cloned().collect();
            found.extend(new);
        }
        let unchecked = found.iter().filter(|finding| damage::is_unchecked(finding));
        self.trust.unchecked = unchecked.filter_map(|finding| finding.sequence).collect();
        self.trust.unchecked.sort_unstable();
        self.trust.found = found;
    }
}

impl VerifyView {
    /// True if nothing lies between what this covers and what the other does, and both went as deep.
    fn is_continued_by(&self, next: &Self) -> bool {
        self.level == next.level && next.checked.start <= self.checked.end
    }

    /// Takes in what was checked behind it.
    fn extend(&mut self, next: Self) {
        let new: Vec<Finding> =
            next.findings.into_iter().filter(|finding| !self.findings.contains(finding)).collect();
        self.finding_count += new.len() as u64;
        self.damage_count += new.iter().filter(|finding| finding.class.is_damage()).count() as u64;
        self.findings.extend(new);
        self.events += next.checked.end.saturating_sub(self.checked.end);
        self.checked.end = self.checked.end.max(next.checked.end);
    }
}

impl Model {
    /// Takes what the threads that check say.
    pub(super) fn trusted(&mut self, said: TrustUpdate, now: f64) {
        let Some(store) = &mut self.store else { return };
        match said {
            TrustUpdate::Verifying { id, reached } => store.reach(id, reached),
            TrustUpdate::Verified { id, report } => store.end_check(id, report, now),
            other => self.vouched(other, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use causeway::store::FindingClass;

    use super::*;
    use crate::worker::protocol::{FailureClass, Position, Summary};

    fn store(events: u64) -> StoreModel {
        let summary = Summary {
            path: "/store".into(),
            identity: "id".to_owned(),
            format: causeway_format(),
            mode: crate::worker::protocol::OpenMode::ReadOnly,
            demo: false,
            kind_names: Vec::new(),
            position: Position { events, durable: events, bytes: 1_000, ..Position::default() },
        };
        let mut store = StoreModel::new(summary);
        store.matched.complete = true;
        store
    }

    fn causeway_format() -> crate::worker::protocol::StoreFormat {
        crate::worker::protocol::StoreFormat::Causeway { version: 1 }
    }

    fn begin(store: &mut StoreModel, id: u64, now: f64) -> Check {
        let check = store.check_due(now).expect("a check is due");
        store.begin_check(RequestId(id), check.clone(), now);
        check
    }

    fn view(checked: Range<u64>, findings: Vec<Finding>) -> VerifyView {
        VerifyView {
            events: checked.end - checked.start,
            checked,
            finding_count: findings.len() as u64,
            damage_count: findings.iter().filter(|finding| finding.class.is_damage()).count() as u64,
            findings,
            removed: 0,
            level: Some(VerifyLevel::Chain),
        }
    }

    fn broken(sequence: u64) -> Finding {
        Finding::new(FindingClass::EventHash, "the event does not fit its event hash").of_event(sequence)
    }

    #[test]
    fn ranges_that_touch_or_overlap_become_one() {
        let mut trust = Trust::default();
        for range in [10..20, 40..50, 20..25, 48..60, 0..3, 5..5, 3..11] {
            trust.add(range);
        }
        assert_eq!(trust.ranges, [0..25, 40..60]);
    }

    #[test]
    fn a_check_begins_by_itself_and_its_padlocks_close_as_it_goes() {
        let mut store = store(100);
        assert_eq!(padlock(&store, 5), Padlock::NotVerified);
        assert_eq!(begin(&mut store, 1, 0.0).part, Part::WHOLE);
        assert_eq!(padlock(&store, 5), Padlock::Waiting);
        let reached = Reached { done: 1, total: 2, checked: 0..50, ..Reached::default() };
        store.reach(RequestId(9), reached.clone());
        assert_eq!(padlock(&store, 5), Padlock::Waiting, "an answer to another check");
        store.reach(RequestId(1), reached);
        assert_eq!([5, 50].map(|at| padlock(&store, at)), [Padlock::Verified, Padlock::Waiting]);
        store.end_check(RequestId(1), Ok(view(0..100, Vec::new())), 1.0);
        assert_eq!([5, 99].map(|at| padlock(&store, at)), [Padlock::Verified; 2]);
    }

    #[test]
    fn what_comes_later_is_checked_later_and_added() {
        let mut store = store(100);
        begin(&mut store, 1, 0.0);
        store.end_check(RequestId(1), Ok(view(0..100, vec![broken(7)])), 1.0);
        assert_eq!(store.check_due(100.0), None, "nothing came");
        store.summary.position.events = 130;
        store.summary.position.durable = 120;
        assert_eq!(store.check_due(5.0), None, "a check that took a second rests for ten");
        assert_eq!([110, 125].map(|at| padlock(&store, at)), [Padlock::Waiting, Padlock::NotDurable]);
        assert_eq!(begin(&mut store, 2, 11.0).part, Part::Places(100..u64::MAX));
        store.end_check(RequestId(2), Ok(view(90..130, vec![broken(7), broken(121)])), 12.0);
        let known = store.verified.as_ref().unwrap().as_ref().unwrap();
        assert_eq!((known.checked.clone(), known.events, known.finding_count), (0..130, 130, 2));
        assert_eq!(
            [7, 8, 121].map(|at| padlock(&store, at)),
            [Padlock::Broken, Padlock::Verified, Padlock::Broken]
        );
        assert_eq!(store.broken_from(), Some(7));
    }

    #[test]
    fn a_break_is_known_while_the_check_goes_on() {
        let mut store = store(100);
        begin(&mut store, 1, 0.0);
        let findings = Arc::new(vec![broken(3)]);
        store.reach(RequestId(1), Reached { checked: 0..50, findings, ..Reached::default() });
        assert_eq!((store.broken_from(), padlock(&store, 3)), (Some(3), Padlock::Broken));
    }

    #[test]
    fn checksums_alone_verify_no_event() {
        let mut store = store(100);
        let check = Check { level: VerifyLevel::Frames, part: Part::WHOLE, by_itself: false };
        store.begin_check(RequestId(1), check, 0.0);
        store.reach(RequestId(1), Reached { checked: 0..50, ..Reached::default() });
        assert_eq!(padlock(&store, 5), Padlock::NotVerified);
        let report = VerifyView { level: Some(VerifyLevel::Frames), ..view(0..100, Vec::new()) };
        store.end_check(RequestId(1), Ok(report), 1.0);
        assert_eq!(padlock(&store, 5), Padlock::NotVerified);
    }

    #[test]
    fn a_large_store_and_one_whose_check_was_stopped_wait_for_the_user() {
        let mut store = store(100);
        store.summary.position.bytes = BY_ITSELF_BYTES_MAX + 1;
        assert_eq!(store.check_due(0.0), None);
        store.summary.position.bytes = 1;
        begin(&mut store, 1, 0.0);
        store.trust.stopped = true;
        let failure = Failure {
            class: FailureClass::Cancelled,
            message: "Verifying was stopped.".to_owned(),
            advice: String::new(),
            field: None,
        };
        store.end_check(RequestId(1), Err(failure), 1.0);
        assert_eq!((store.check_due(100.0), padlock(&store, 5)), (None, Padlock::NotVerified));
    }

    #[test]
    fn nothing_stays_verified_of_files_that_went_back() {
        let mut store = store(100);
        begin(&mut store, 1, 0.0);
        store.end_check(RequestId(1), Ok(view(0..100, vec![broken(7)])), 1.0);
        store.forget_checks();
        assert_eq!((store.broken_from(), padlock(&store, 5)), (None, Padlock::NotVerified));
        assert!(store.check_due(1.0).is_some());
    }
}
