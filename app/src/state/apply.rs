//! Owns how the worker's updates change what the interface knows.
//!
//! Invariants:
//! - an answer to a question that is no longer the newest of its kind changes nothing;
//! - while the table does not follow, nothing here moves what the user reads: growth below it is only counted;
//! - rows are kept around what the table shows, at most `ROWS_KEPT_MAX`.

use std::path::PathBuf;
use std::sync::Arc;

use crate::state::asked::Asked;
use crate::state::graph::GraphState;
use crate::state::kind_names;
use crate::state::model::{Message, Model, OpenFailure, StoreModel};
use crate::state::query::Query;
use crate::state::route::Screen;
use crate::state::table::TableView;
use crate::state::timeline::TimelineState;
use crate::state::trust::Trust;
use crate::state::vouched::Vouched;
use crate::worker::protocol::{
    Detail, EventRow, Failure, FailureClass, GraphPicture, Located, Matched, OpenMode, Position, Preview,
    ProjectionState, ReceiptView, RequestId, RowCell, RowNote, Summary, Update,
};

/// Rows that are kept in memory.
const ROWS_KEPT_MAX: u64 = 4096;
/// How long a message that is no failure stays, in seconds.
const MESSAGE_SECONDS: f64 = 6.0;
/// Messages that are shown at once.
const MESSAGES_MAX: usize = 6;

impl Model {
    /// Takes what the worker says. `now` is in seconds of the interface's clock.
    pub fn apply(&mut self, update: Update, now: f64) {
        match update {
            Update::Previewed { id, preview } => self.previewed(id, preview),
            Update::Progress { what, done, total } => {
                self.progress = (done < total).then_some((what, done, total));
            }
            Update::Opened(summary) => self.opened(summary),
            Update::OpenFailed { path, mode, failure } => self.open_failed(path, mode, failure, now),
            Update::Closed => self.closed(),
            Update::Position(position) => self.moved(position, now),
            Update::Damage(damage) => self.with_store(|store, _| {
                store.damage = damage;
                store.gather_spots();
            }),
            Update::Facets(facets) => self.with_store(|store, _| store.facets = facets),
            Update::Matched { id, matched } => self.with_store(|store, asked| store.grow(asked, id, matched)),
            Update::Rows { id, first, rows } => {
                self.with_store(|store, asked| store.load(asked, id, first, rows));
            }
            Update::Detail { id, detail } => {
                self.with_store(|store, asked| store.show_detail(asked, id, detail));
            }
            Update::Located { id, located } => self.located(id, located, now),
            Update::Graph { id, graph } => self.graphed(id, graph),
            Update::Timeline { id, timeline } => {
                self.with_store(|store, asked| store.timeline.take(asked, id, timeline));
            }
            // The clipboard belongs to the program.
            Update::Copied { .. } => {}
            Update::Projection(state) => self.with_store(|store, _| store.project(state)),
            Update::Appended { id, receipt } => self.appended(id, receipt, now),
            Update::Trust(said) => self.trusted(*said, now),
            Update::Failed(failure) => self.say_failure(&failure, now),
        }
    }

    /// Lets time pass: messages go, the rate becomes older.
    pub fn tick(&mut self, now: f64) {
        self.messages.retain(|message| message.is_error || now - message.at < MESSAGE_SECONDS);
        if let Some(store) = &mut self.store {
            self.meter.advance(now, &mut store.rate);
        }
    }

    /// Shows a message at the lower right.
    pub fn say(&mut self, text: impl Into<String>, is_error: bool, now: f64) {
        // Never a number twice: what was shown once is not shown again.
        self.said += 1;
        let id = self.said;
        self.messages.push(Message { id, text: text.into(), is_error, at: now });
        let extra = self.messages.len().saturating_sub(MESSAGES_MAX);
        self.messages.drain(..extra);
    }

    /// Shows a failure at the lower right.
    pub fn say_failure(&mut self, failure: &Failure, now: f64) {
        let text = [failure.message.as_str(), failure.advice.as_str()].join(" ");
        self.say(text.trim(), true, now);
    }

    fn with_store(&mut self, change: impl FnOnce(&mut StoreModel, &mut Asked)) {
        if let Some(store) = &mut self.store {
            change(store, &mut self.asked);
        }
    }

    fn previewed(&mut self, id: RequestId, preview: Result<Preview, Failure>) {
        let Some((_, path)) = self.asked.preview.take_if(|(asked, _)| *asked == id) else { return };
        self.preview = Some(preview.map_err(|failure| (path, failure)));
        self.screen = Screen::Preview;
    }

    fn opened(&mut self, summary: Summary) {
        self.asked.forget_store();
        self.progress = None;
        self.open_failure = None;
        self.preview = None;
        self.store = Some(StoreModel::new(summary));
        self.screen = Screen::Store;
    }

    fn open_failed(&mut self, path: PathBuf, mode: OpenMode, failure: Failure, now: f64) {
        self.progress = None;
        if failure.class == FailureClass::Cancelled {
            self.screen = self.screen_before();
            return;
        }
        // The open store is still there: changing its mode failed, and reading goes on.
        if self.store.as_ref().is_some_and(|store| store.summary.path == path) {
            self.screen = Screen::Store;
            self.say_failure(&failure, now);
            return;
        }
        self.open_failure = Some(OpenFailure { path, mode, failure });
        self.screen = Screen::Error;
    }

    /// Where the user was before a store was to be opened.
    fn screen_before(&self) -> Screen {
        match (&self.store, &self.preview) {
            (_, Some(Ok(preview))) if preview.path == self.opening => Screen::Preview,
            (Some(_), _) => Screen::Store,
            (None, _) => Screen::Welcome,
        }
    }

    fn closed(&mut self) {
        self.asked.forget_store();
        self.store = None;
        self.progress = None;
        if self.screen == Screen::Store {
            self.screen = Screen::Welcome;
        }
    }

    fn moved(&mut self, position: Position, now: f64) {
        let Some(store) = &mut self.store else { return };
        let arrived = position.events.saturating_sub(store.summary.position.events);
        self.meter.add(arrived, now, &mut store.rate);
        let rolled_back = position.rolled_back_to.filter(|_| store.summary.position.rolled_back_to.is_none());
        store.settle(position.durable);
        if rolled_back.is_some() || position.events < store.summary.position.events {
            store.forget_checks();
        }
        store.summary.position = position;
        if let Some(sequence) = rolled_back {
            self.say(format!("the followed files went back to #{sequence}"), true, now);
        }
    }

    fn located(&mut self, id: RequestId, located: Result<Located, Failure>, now: f64) {
        if id != self.asked.locate {
            return;
        }
        match located {
            Err(failure) => self.say_failure(&failure, now),
            Ok(Located { sequence, row }) => {
                self.with_store(|store, asked| {
                    asked.located = Some((sequence, asked.filter, store.matched.complete));
                    store.select(sequence, row);
                });
            }
        }
    }

    fn graphed(&mut self, id: RequestId, graph: Result<Arc<GraphPicture>, Failure>) {
        let Some((_, ask, _)) = self.asked.graph.clone().filter(|(asked, ..)| *asked == id) else { return };
        self.with_store(|store, _| match graph {
            Ok(picture) => {
                store.graph.failure = None;
                store.graph.picture = Some((ask, picture));
            }
            Err(failure) => store.graph.failure = Some(failure),
        });
    }

    fn appended(&mut self, id: RequestId, receipt: Result<ReceiptView, Failure>, now: f64) {
        if self.asked.append.take_if(|asked| *asked == id).is_none() {
            return;
        }
        if let Ok(receipt) = &receipt {
            self.say(format!("appended #{}", receipt.sequence), false, now);
        }
        self.with_store(|store, _| store.receipt = Some(receipt));
    }
}

impl StoreModel {
    /// What is known of a store that was just opened.
    pub fn new(summary: Summary) -> Self {
        Self {
            kind_names: kind_names::merged(&summary.kind_names, &[]),
            summary,
            damage: Arc::default(),
            spots: Vec::new(),
            facets: Arc::default(),
            filter_text: String::new(),
            filter_error: None,
            query: Query::default(),
            matched: Matched::default(),
            table: TableView::default(),
            rows: std::collections::BTreeMap::new(),
            selected: None,
            selected_row: None,
            reveal_row: None,
            detail: None,
            detail_failure: None,
            graph: GraphState::default(),
            timeline: TimelineState::default(),
            projections: Vec::new(),
            receipt: None,
            verified: None,
            trust: Trust::default(),
            vouched: Vouched::default(),
            notes: std::collections::BTreeMap::new(),
            follow: true,
            unseen: 0,
            rate: Vec::new(),
            feed: None,
        }
    }

    /// Selects an event; `row` is its place in the current result, if it is known, and is brought into view.
    pub fn select(&mut self, sequence: u64, row: Option<u64>) {
        if self.selected != Some(sequence) {
            self.detail = None;
            self.detail_failure = None;
        }
        self.selected = Some(sequence);
        self.selected_row = row;
        if row.is_some() {
            self.reveal_row = row;
        }
    }

    /// The loaded row of an event.
    pub fn row_of(&self, sequence: u64) -> Option<u64> {
        self.rows.iter().find(|(_, row)| row.sequence == sequence).map(|(number, _)| *number)
    }

    fn grow(&mut self, asked: &mut Asked, id: RequestId, matched: Matched) {
        if id != asked.filter {
            return;
        }
        let first_answer = !std::mem::replace(&mut asked.filter_answered, true);
        if first_answer || matched.rows < self.matched.rows {
            self.rows.clear();
            self.selected_row = None;
            self.unseen = 0;
            self.reveal_row = (first_answer && !self.follow).then_some(0);
        } else if !self.follow && self.matched.complete {
            self.unseen += matched.rows - self.matched.rows;
        }
        if self.follow {
            self.reveal_row = matched.rows.checked_sub(1);
        }
        self.matched = matched;
    }

    fn load(&mut self, asked: &mut Asked, id: RequestId, first: u64, rows: Vec<EventRow>) {
        if id < asked.filter || id < asked.rows_since || !asked.filter_answered {
            return;
        }
        asked.rows.retain(|(waiting, _)| *waiting != id);
        self.rows.extend((first..).zip(rows));
        self.drop_far_rows(asked.view.start + asked.view.end.saturating_sub(asked.view.start) / 2);
        if let Some(row) = asked.row_to_select
            && let Some(found) = self.rows.get(&row)
        {
            asked.row_to_select = None;
            self.select(found.sequence, Some(row));
        }
    }

    fn drop_far_rows(&mut self, centre: u64) {
        if self.rows.len() as u64 > ROWS_KEPT_MAX {
            let first = centre.saturating_sub(ROWS_KEPT_MAX / 2);
            self.rows = self.rows.split_off(&first);
            drop(self.rows.split_off(&(first + ROWS_KEPT_MAX)));
        }
    }

    fn show_detail(&mut self, asked: &Asked, id: RequestId, detail: Result<Box<Detail>, Failure>) {
        if asked.detail.is_none_or(|(waiting, ..)| waiting != id) {
            return;
        }
        match detail {
            Ok(detail) => {
                self.detail = Some(Arc::new(*detail));
                self.detail_failure = None;
            }
            Err(failure) => {
                self.detail = None;
                self.detail_failure = Some(failure);
            }
        }
    }

    fn project(&mut self, state: ProjectionState) {
        // A projection that the user took away may deliver once more; it does not come back by that.
        if let Some(known) = self.projections.iter_mut().find(|known| known.spec.id == state.spec.id) {
            *known = state;
        }
    }

    /// Takes the mark of rows that reached stable storage away.
    fn settle(&mut self, durable: u64) {
        for row in self.rows.values_mut().filter(|row| row.sequence < durable) {
            if let RowCell::Event(cell) = &mut row.cell
                && cell.note == RowNote::Pending
            {
                cell.note = RowNote::None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use causeway::event::EventKind;

    use super::*;
    use crate::worker::protocol::{StoreFormat, Task};

    fn opened() -> Model {
        let mut model = Model::default();
        let summary = Summary {
            path: "/store".into(),
            identity: "id".to_owned(),
            format: StoreFormat::Causeway { version: 1 },
            mode: OpenMode::ReadOnly,
            demo: false,
            kind_names: vec![(EventKind::from_raw_u16(0x1001), "OrderPlaced".to_owned())],
            position: Position::default(),
        };
        model.apply(Update::Opened(summary), 0.0);
        model
    }

    fn store(model: &Model) -> &StoreModel {
        model.store.as_ref().expect("a store is open")
    }

    fn grow(model: &mut Model, id: RequestId, matched: u64) {
        let matched =
            Matched { matched, rows: matched, total: matched, complete: true, ..Matched::default() };
        model.apply(Update::Matched { id, matched }, 0.0);
    }

    fn rows(first: u64, count: u64) -> Vec<EventRow> {
        let row =
            |sequence| EventRow { sequence, cell: RowCell::Damaged { places: 1, reason: String::new() } };
        (first..first + count).map(row).collect()
    }

    fn failure() -> Failure {
        let message = "it is locked.".to_owned();
        let advice = "Open it for reading.".to_owned();
        Failure { class: FailureClass::Locked, message, advice, field: None }
    }

    #[test]
    fn an_answer_to_an_older_query_changes_nothing() {
        let mut model = opened();
        let old = model.asked.filter;
        let early_rows = model.asked.number();
        let new = model.asked.next_filter();
        grow(&mut model, old, 9);
        model.apply(Update::Rows { id: early_rows, first: 0, rows: rows(0, 3) }, 0.0);
        assert_eq!((store(&model).matched.matched, store(&model).rows.len()), (0, 0));
        let late_rows = model.asked.number();
        grow(&mut model, new, 5);
        model.apply(Update::Rows { id: late_rows, first: 0, rows: rows(0, 3) }, 0.0);
        assert_eq!((store(&model).matched.matched, store(&model).rows.len()), (5, 3));
    }

    #[test]
    fn following_shows_the_newest_row_and_staying_only_counts() {
        let mut model = opened();
        let id = model.asked.filter;
        grow(&mut model, id, 10);
        assert_eq!((store(&model).reveal_row, store(&model).unseen), (Some(9), 0));
        let store_mut = model.store.as_mut().unwrap();
        store_mut.follow = false;
        store_mut.reveal_row = None;
        grow(&mut model, id, 14);
        grow(&mut model, id, 15);
        assert_eq!((store(&model).reveal_row, store(&model).unseen), (None, 5));
    }

    #[test]
    fn rows_far_from_the_view_are_dropped() {
        let mut model = opened();
        let id = model.asked.filter;
        grow(&mut model, id, 100_000);
        model.asked.view = 50_000..50_040;
        for first in (40_000..60_000).step_by(500) {
            let id = model.asked.number();
            model.apply(Update::Rows { id, first, rows: rows(first, 500) }, 0.0);
        }
        let kept = &store(&model).rows;
        assert_eq!(kept.len() as u64, ROWS_KEPT_MAX);
        assert!((50_000..50_040).all(|row| kept.contains_key(&row)));
    }

    #[test]
    fn rows_are_forgotten_when_the_followed_files_shrank() {
        let mut model = opened();
        let id = model.asked.filter;
        grow(&mut model, id, 10);
        let rows_id = model.asked.number();
        model.apply(Update::Rows { id: rows_id, first: 0, rows: rows(0, 10) }, 0.0);
        let position = Position { events: 4, rolled_back_to: Some(4), ..Position::default() };
        model.apply(Update::Position(position), 0.0);
        grow(&mut model, id, 4);
        assert!(store(&model).rows.is_empty());
        assert_eq!(model.messages.len(), 1);
    }

    #[test]
    fn a_row_that_was_waited_for_is_selected_when_it_arrives() {
        let mut model = opened();
        let id = model.asked.filter;
        grow(&mut model, id, 10);
        model.asked.row_to_select = Some(4);
        let id = model.asked.number();
        model.apply(Update::Rows { id, first: 3, rows: rows(103, 3) }, 0.0);
        assert_eq!((store(&model).selected, store(&model).selected_row), (Some(104), Some(4)));
        assert_eq!(model.asked.row_to_select, None);
    }

    #[test]
    fn a_failure_to_open_replaces_the_screen_unless_the_same_store_is_open() {
        let mut model = opened();
        let failed = |path: &str| Update::OpenFailed {
            path: path.into(),
            mode: OpenMode::Writable,
            failure: failure(),
        };
        model.apply(failed("/store"), 1.0);
        assert_eq!((model.screen, model.messages.len()), (Screen::Store, 1));
        assert_eq!(model.messages[0].text, "it is locked. Open it for reading.");
        model.apply(failed("/other"), 1.0);
        assert_eq!(model.screen, Screen::Error);
        assert_eq!(model.open_failure.unwrap().failure, failure());
    }

    #[test]
    fn an_opening_that_was_stopped_leads_back_to_where_the_user_was() {
        let cancelled = || Update::OpenFailed {
            path: "/other".into(),
            mode: OpenMode::ReadOnly,
            failure: Failure { class: FailureClass::Cancelled, ..failure() },
        };
        for (mut model, before) in [(Model::default(), Screen::Welcome), (opened(), Screen::Store)] {
            model.screen = Screen::Opening;
            model.progress = Some((Task::Open, 1, 2));
            model.apply(cancelled(), 1.0);
            assert_eq!((model.screen, model.progress, model.messages.len()), (before, None, 0));
        }
    }

    #[test]
    fn a_late_preview_does_not_replace_a_newer_one() {
        let mut model = Model::default();
        let old = model.asked.number();
        let new = model.asked.number();
        model.asked.preview = Some((new, "/new".into()));
        model.apply(Update::Previewed { id: old, preview: Err(failure()) }, 0.0);
        assert_eq!(model.screen, Screen::Welcome);
        model.apply(Update::Previewed { id: new, preview: Err(failure()) }, 0.0);
        assert_eq!(model.screen, Screen::Preview);
        assert!(matches!(&model.preview, Some(Err((path, _))) if path == &PathBuf::from("/new")));
    }

    #[test]
    fn a_message_after_the_others_are_gone_has_a_number_of_its_own() {
        let mut model = Model::default();
        model.say("copied", false, 1.0);
        let first = model.messages[0].id;
        model.tick(100.0);
        model.say("copied", false, 100.0);
        assert!(model.messages[0].id > first);
    }

    #[test]
    fn messages_go_after_a_while_and_failures_stay() {
        let mut model = Model::default();
        model.say("copied", false, 1.0);
        model.say("refused", true, 1.0);
        model.tick(6.9);
        assert_eq!(model.messages.len(), 2);
        model.tick(7.1);
        assert_eq!(
            model.messages.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(),
            ["refused"]
        );
    }
}
