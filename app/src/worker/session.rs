//! Owns an open store: answers what is asked about it, and tells what changes without being asked.
//!
//! Invariants:
//! - a step is short; what takes long is done slice by slice or on a thread of its own;
//! - growth is told at most thirty times a second, counts twice a second.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway::coordinate::Region;
use causeway::store::{Notification, StoreError, Subscription};
use crossbeam_channel::Receiver;

use crate::state::query::Query;
use crate::worker::activity::{Activity, Work};
use crate::worker::append;
use crate::worker::caught::caught;
use crate::worker::copy;
use crate::worker::demo::Feeder;
use crate::worker::detail;
use crate::worker::export::Exporter;
use crate::worker::facets;
use crate::worker::failure;
use crate::worker::folds::Folds;
use crate::worker::graph::Graphs;
use crate::worker::handle::Handle;
use crate::worker::holes::Holes;
use crate::worker::open;
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{
    Damage, FoldStatus, GraphAsk, Located, Matched, OpenMode, Position, ProjectionSpec, ProjectionState,
    Request, RequestId, Summary, Target, Task, Update,
};
use crate::worker::rows;
use crate::worker::search::Search;
use crate::worker::standing::Standing;
use crate::worker::timeline::{self, Timelines};
use crate::worker::trust::Desk;

/// Growth is told at most this often.
const GROWTH_INTERVAL: Duration = Duration::from_millis(33);
/// Counts are told at most this often.
const FACETS_INTERVAL: Duration = Duration::from_millis(500);
/// How often it is looked at who writes the directory, and at what wakes nobody.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// Runs of unreadable places that the interface is told.
const HOLES_TOLD: usize = 1_000;
/// How often the durable position is looked at while it lags.
const DURABLE_INTERVAL: Duration = Duration::from_millis(50);

/// An open store.
pub(crate) struct Session {
    handle: Handle,
    path: PathBuf,
    outbox: Outbox,
    activity: Activity,
    arrivals: Subscription,
    search: Search,
    /// Held while the search is not complete.
    searching: Option<Work>,
    /// The user stopped the search: it does not go on by itself.
    search_stopped: bool,
    folds: Folds,
    exporter: Exporter,
    timelines: Timelines,
    graphs: Graphs,
    summaries: rows::Summaries,
    holes: Holes,
    /// Set while the store is looked through once more.
    holes_anew: Option<Holes>,
    standing: Standing,
    feeder: Option<Feeder>,
    trust: Desk,
    told: Told,
}

/// What the interface knows already.
struct Told {
    position: Position,
    position_at: Instant,
    matched: Matched,
    matched_at: Instant,
    facets_of: Option<u64>,
    facets_at: Instant,
    /// The result whose facets were told, by the number of its matches, and when the next look at it is due.
    consists_of: Option<(u64, bool)>,
    consists_due: Instant,
    holder_at: Instant,
    damage: Damage,
    /// `None` before the first look.
    damage_at: Option<Instant>,
    /// The findings that the store had when it was opened are known.
    found_once: bool,
}

impl Session {
    /// A session over a store that was just opened; tells so.
    pub(crate) fn new(
        handle: Handle,
        summary: Summary,
        feeder: Option<Feeder>,
        outbox: Outbox,
        activity: Activity,
    ) -> Self {
        let now = Instant::now();
        let told = Told {
            position: summary.position.clone(),
            position_at: now.checked_sub(GROWTH_INTERVAL).unwrap_or(now),
            matched: Matched::default(),
            matched_at: now,
            facets_of: None,
            facets_at: now,
            consists_of: None,
            consists_due: now,
            // The first look is due at once: who writes is not known from the opening.
            holder_at: now.checked_sub(LOOK_INTERVAL).unwrap_or(now),
            damage: Damage::default(),
            damage_at: None,
            found_once: false,
        };
        let path = summary.path.clone();
        let standing = Standing::of(&path, handle.mode());
        outbox.send(Update::Opened(summary));
        Self {
            arrivals: handle.subscribe(&Region::all()),
            search: Search::new(RequestId::default(), &Query::default(), &handle, now_us()),
            searching: None,
            search_stopped: false,
            folds: Folds::default(),
            exporter: Exporter::default(),
            timelines: Timelines::default(),
            summaries: rows::Summaries::new(),
            graphs: Graphs::new(outbox.clone()),
            trust: Desk::default(),
            holes: Holes::default(),
            holes_anew: None,
            standing,
            handle,
            path,
            outbox,
            activity,
            feeder,
            told,
        }
    }

    /// Wakes up when events arrive.
    pub(crate) fn arrivals(&self) -> &Receiver<Notification> {
        self.arrivals.receiver()
    }

    /// True if it holds the writer's lock of a directory.
    pub(crate) fn writes(&self, path: &Path) -> bool {
        self.handle.mode() == OpenMode::Writable && self.path == path
    }

    /// Ends the session and closes the store.
    pub(crate) fn close(mut self) -> Result<(), StoreError> {
        self.exporter.stop();
        drop((self.folds, self.feeder, self.arrivals));
        self.trust.close();
        self.handle.close()
    }

    /// Answers a request.
    pub(crate) fn answer(&mut self, request: Request) {
        match request {
            Request::Filter { id, query } => self.filter(id, &query),
            Request::Rows { id, rows } => self.rows(id, rows.start, rows.end),
            Request::Detail { id, sequence } => self.detail(id, sequence),
            Request::Locate { id, target } => self.locate(id, target),
            Request::Graph { id, ask } => self.graph(id, ask),
            Request::Timeline { id, question } => {
                self.timelines.ask(id, question, self.handle.visible(), self.activity.begin());
            }
            Request::Watch(spec) => self.watch(spec),
            Request::Unwatch(id) => self.folds.stop(id),
            Request::Summaries(summaries) => self.summaries = summaries,
            Request::Copy { id, sequence, form } => {
                let copied = copy::payload(&self.handle, sequence, form);
                self.tell(Update::Copied { id, copied });
            }
            Request::Export { id, export } => {
                let result = (&self.search, &self.handle, &self.holes);
                self.exporter.start(id, export, result, &self.outbox, self.activity.begin());
            }
            Request::Append { id, draft } => {
                let receipt = append::append(&self.handle, &draft);
                self.tell(Update::Appended { id, receipt });
            }
            Request::Trust(request) => {
                self.trust.answer(request, &self.handle, &self.outbox, &self.activity);
            }
            Request::Feed { paused, per_second } => {
                if let Some(feeder) = &self.feeder {
                    feeder.set(paused, per_second);
                }
            }
            Request::Cancel => self.cancel(),
            // The worker's business.
            Request::Preview { .. }
            | Request::Open { .. }
            | Request::OpenDemo { .. }
            | Request::OpenDamagedDemo { .. }
            | Request::Close => {}
        }
    }

    /// Goes on with what is unfinished and tells what changed. Returns how long it can wait before the next step.
    pub(crate) fn step(&mut self) -> Duration {
        let now = Instant::now();
        self.go_back_with_the_files();
        let looking = self.step_holes();
        self.tell_damage(now);
        let searching = self.step_search(now);
        let moving = self.tell_position(now);
        if looking.is_zero() {
            // Rows are shown as soon as the holes are known: everything else waits for that.
            return Duration::ZERO;
        }
        let counting = self.tell_facets(now).min(self.tell_what_the_result_consists_of(now));
        let drawing = self.step_timeline();
        let grouping = if self.graphs.step(&self.handle) { LOOK_INTERVAL } else { Duration::ZERO };
        [looking, searching, moving, counting, drawing, grouping].into_iter().min().unwrap_or(LOOK_INTERVAL)
    }

    fn tell(&self, update: Update) {
        self.outbox.send(update);
    }

    /// Looks for places at which nothing can be read, a slice at a time.
    fn step_holes(&mut self) -> Duration {
        let holes = self.holes_anew.as_mut().unwrap_or(&mut self.holes);
        match holes.extend(&self.handle) {
            Ok(true) => {
                if let Some(anew) = self.holes_anew.take().filter(|anew| anew.runs() != self.holes.runs()) {
                    self.holes = anew;
                    self.timelines.rewind(0);
                }
                LOOK_INTERVAL
            }
            Ok(false) => Duration::ZERO,
            Err(error) => {
                // An index that cannot be read leaves each of its places a row of its own.
                holes.skip_to(self.handle.visible());
                self.tell(Update::Failed(failure::of(&error)));
                LOOK_INTERVAL
            }
        }
    }

    /// What is wrong is told when it changes: following and reading find more than opening did.
    fn tell_damage(&mut self, now: Instant) {
        let due = self.told.damage_at.is_none_or(|at| now.duration_since(at) >= LOOK_INTERVAL);
        let runs = self.holes.runs();
        let holes = runs.get(..HOLES_TOLD).unwrap_or(runs);
        if !due && self.told.damage.holes == holes {
            return;
        }
        self.told.damage_at = Some(now);
        let findings = self.handle.findings();
        if findings != self.told.damage.findings && self.told.found_once {
            // Files that were read anew may have lost places in the middle; until that is known, what was known stands.
            self.holes_anew = Some(Holes::default());
        }
        self.told.found_once = true;
        let holes: Vec<_> = self.holes.runs().iter().take(HOLES_TOLD).cloned().collect();
        let holes_cut = self.holes.is_cut() || holes.len() < self.holes.runs().len();
        let damage = Damage { findings, holes, holes_cut };
        if damage != self.told.damage {
            self.told.damage = damage.clone();
            self.tell(Update::Damage(Arc::new(damage)));
        }
    }

    fn filter(&mut self, id: RequestId, query: &Query) {
        self.search = Search::new(id, query, &self.handle, now_us());
        self.told.consists_of = None;
        self.search_stopped = false;
        self.searching = Some(self.activity.begin());
        // The first slice answers at once: most queries need no second one.
        self.told.matched_at = Instant::now().checked_sub(GROWTH_INTERVAL).unwrap_or(self.told.matched_at);
        self.told.matched = Matched { served_by: "nothing yet", ..Matched::default() };
    }

    /// A followed store may have been replaced by an earlier copy of itself, which has grown again since.
    fn go_back_with_the_files(&mut self) {
        if let Some(sequence) = self.handle.take_rollback() {
            self.holes.rewind(sequence);
            self.holes_anew = None;
            self.search.rewind(sequence);
            self.timelines.rewind(sequence);
            let position =
                Position { events: sequence, rolled_back_to: Some(sequence), ..self.told.position.clone() };
            self.told.position = position.clone();
            self.tell(Update::Position(position));
            self.tell(Update::Matched {
                id: self.search.id,
                matched: self.search.matched(&self.handle, &self.holes),
            });
            self.told.facets_of = None;
        }
    }

    fn step_search(&mut self, now: Instant) -> Duration {
        if self.search_stopped {
            self.searching = None;
            return LOOK_INTERVAL;
        }
        if let Err(error) = self.search.step(&self.handle, &self.holes) {
            self.search_stopped = true;
            self.searching = None;
            self.tell(Update::Failed(failure::of(&error)));
            return LOOK_INTERVAL;
        }
        let matched = self.search.matched(&self.handle, &self.holes);
        let complete = matched.complete;
        let due = now.duration_since(self.told.matched_at) >= GROWTH_INTERVAL;
        let changed = (matched.matched, matched.searched, matched.served_by, complete)
            != (
                self.told.matched.matched,
                self.told.matched.searched,
                self.told.matched.served_by,
                self.told.matched.complete,
            );
        let held_back = changed && !due;
        if changed && due {
            self.tell_matched(matched, now);
        }
        if complete && !held_back {
            self.searching = None;
        }
        match (complete, held_back) {
            (false, _) => Duration::ZERO,
            (true, true) => GROWTH_INTERVAL,
            (true, false) => LOOK_INTERVAL,
        }
    }

    /// Goes on with the timeline that is asked for.
    fn step_timeline(&mut self) -> Duration {
        match self.timelines.step(&self.handle, &self.holes, self.search.found()) {
            timeline::Step::Idle => LOOK_INTERVAL,
            timeline::Step::Busy => Duration::ZERO,
            timeline::Step::Told(id, timeline) => {
                let timeline = timeline.map_err(|error| failure::of(&error));
                self.tell(Update::Timeline { id, timeline });
                Duration::ZERO
            }
        }
    }

    fn tell_matched(&mut self, matched: Matched, now: Instant) {
        if self.search.scans() && (!matched.complete || !self.told.matched.complete) {
            let (done, total) = (matched.searched, matched.total);
            self.tell(Update::Progress { what: Task::Filter, done, total });
        }
        self.told.matched = matched.clone();
        self.told.matched_at = now;
        self.tell(Update::Matched { id: self.search.id, matched });
    }

    fn tell_position(&mut self, now: Instant) -> Duration {
        let (events, durable) = (self.handle.visible(), self.handle.durable());
        let told = &self.told.position;
        let look = now.duration_since(self.told.holder_at) >= LOOK_INTERVAL;
        if (events, durable) == (told.events, told.durable) && !look {
            return LOOK_INTERVAL.saturating_sub(now.duration_since(self.told.holder_at));
        }
        let waited = now.duration_since(self.told.position_at);
        if waited < GROWTH_INTERVAL {
            return GROWTH_INTERVAL.saturating_sub(waited);
        }
        let (mut holder, mut lost) = (told.holder.clone(), told.lost.clone());
        if look {
            self.told.holder_at = now;
            (holder, lost) = self.standing.look();
        }
        let rolled_back_to = told.rolled_back_to;
        let mut position = Position { holder, rolled_back_to, lost, ..open::position(&self.handle) };
        if position.lost.is_some() {
            // What cannot be listed any more has the size that it had.
            position.bytes = position.bytes.max(told.bytes);
        }
        let lags = position.durable < position.events;
        if position != self.told.position {
            self.told.position = position.clone();
            self.told.position_at = now;
            self.tell(Update::Position(position));
        }
        if lags { DURABLE_INTERVAL } else { LOOK_INTERVAL }
    }

    fn tell_facets(&mut self, now: Instant) -> Duration {
        let events = self.handle.visible();
        if self.told.facets_of == Some(events) {
            return LOOK_INTERVAL;
        }
        let waited = now.duration_since(self.told.facets_at);
        if self.told.facets_of.is_some() && waited < FACETS_INTERVAL {
            return FACETS_INTERVAL.saturating_sub(waited);
        }
        self.told.facets_of = Some(events);
        match facets::facets(&self.handle) {
            Ok(facets) => self.tell(Update::Facets(Arc::new(facets))),
            Err(error) => self.tell(Update::Failed(failure::of(&error))),
        }
        // Counting a large store must not take more than a small part of the time.
        self.told.facets_at = now + now.elapsed() * 10;
        LOOK_INTERVAL
    }

    fn tell_what_the_result_consists_of(&mut self, now: Instant) -> Duration {
        let matched = &self.told.matched;
        let key = Some((matched.matched, matched.complete));
        if self.told.consists_of == key || matched.matched == 0 {
            return LOOK_INTERVAL;
        }
        if self.told.consists_of.is_some() && now < self.told.consists_due {
            return self.told.consists_due - now;
        }
        self.told.consists_of = key;
        let facets = Arc::new(self.search.facets(&self.handle, &self.holes));
        self.tell(Update::ResultFacets { id: self.search.id, facets });
        // As with the counts of the store.
        self.told.consists_due = now + FACETS_INTERVAL.max(now.elapsed() * 10);
        LOOK_INTERVAL
    }

    fn rows(&self, id: RequestId, first: u64, end: u64) {
        let sequences = self.search.sequences(first..end, &self.holes);
        let row = |sequence| match self.holes.at(sequence) {
            Some(run) => rows::hole_row(run),
            None => rows::row_saying(&self.handle, sequence, &self.summaries),
        };
        let rows = sequences.into_iter().map(row).collect();
        self.tell(Update::Rows { id, first, rows });
    }

    fn detail(&self, id: RequestId, sequence: u64) {
        let read =
            || detail::detail(&self.handle, sequence).map(Box::new).map_err(|error| failure::of(&error));
        let detail = caught(read).unwrap_or_else(|said| Err(failure::unexpected("Reading the event", &said)));
        self.tell(Update::Detail { id, detail });
    }

    fn locate(&self, id: RequestId, target: Target) {
        let visible = self.handle.visible();
        let sequence = match target {
            Target::Sequence(sequence) if sequence < visible => Ok(sequence),
            Target::Sequence(sequence) => Err(failure::refused(format!(
                "There is no event #{sequence}; the store has {visible} events."
            ))),
            Target::Time(time_us) => rows::at_time(&self.handle, time_us),
            Target::Id(event) => match self.handle.sequence_of(event) {
                Ok(Some(sequence)) => Ok(sequence),
                Ok(None) => Err(failure::refused(format!("No event has the id {:032x}.", u128::from(event)))),
                Err(error) => Err(failure::of(&error)),
            },
        };
        let located = sequence.map(|sequence| {
            let sequence = self.holes.at(sequence).map_or(sequence, |run| run.start);
            Located { sequence, row: self.search.row_of(sequence, &self.holes) }
        });
        self.tell(Update::Located { id, located });
    }

    fn graph(&mut self, id: RequestId, ask: GraphAsk) {
        let search = &self.search;
        let result =
            |most| (search.newest(most, &self.holes), search.matched(&self.handle, &self.holes).matched);
        self.graphs.ask(&self.handle, (id, ask), result, self.activity.begin());
    }

    fn watch(&mut self, spec: ProjectionSpec) {
        if let Err(refused) = self.folds.start(&self.handle, spec.clone(), &self.outbox, &self.activity) {
            let status = FoldStatus::Failed(refused.message);
            let state = ProjectionState { spec, status, generation: 0, state: None, deliveries: 0 };
            self.tell(Update::Projection(state));
        }
    }

    fn cancel(&mut self) {
        self.exporter.cancel();
        if !self.search.is_complete(&self.handle) {
            self.search_stopped = true;
            let matched = self.search.matched(&self.handle, &self.holes);
            let (done, total) = (matched.total, matched.total);
            self.tell(Update::Progress { what: Task::Filter, done, total });
            self.tell(Update::Matched { id: self.search.id, matched });
        }
    }
}

/// The present, microseconds since 1970: what "an hour ago" is told from.
fn now_us() -> i64 {
    jiff::Timestamp::now().as_microsecond()
}
