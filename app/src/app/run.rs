//! Owns what each action means: it changes the model, or asks the worker, or both.

use std::path::{Path, PathBuf};

use egui::{Context, ViewportCommand};

use super::App;
use super::aside::Saved;
use crate::command::{Action, Command};
use crate::state::history::{History, Place};
use crate::state::model::{Overlay, StoreModel};
use crate::state::query::Query;
use crate::state::route::{DetailTab, Screen, View};
use crate::worker::protocol::{
    CopyForm, Draft, EventCell, Failure, FoldKind, FoldSource, FoldStatus, OpenMode, ProjectionSpec,
    ProjectionState, Request, RequestId, RowCell, Target,
};

/// Typing is over when no key came for so long, in seconds.
const FILTER_PAUSE: f64 = 0.08;

impl App {
    /// Does what the user wants.
    pub(super) fn run(&mut self, action: Action, ctx: &Context, now: f64) {
        match action {
            Action::Run(command) => self.run_command(command, ctx, now),
            Action::Preview(path) => self.preview(path),
            Action::Open(path, mode) => self.open(path, mode),
            Action::OpenDemo => self.open_own_demo(false, now),
            Action::OpenDamagedDemo => self.open_own_demo(true, now),
            Action::ForgetRecent(path) => self.forget_recent(path.as_deref()),
            Action::Select(sequence) => self.select(sequence),
            Action::Step(rows) => self.step_row(rows),
            Action::Jump(target) => self.jump(target),
            Action::Hover(sequence) => self.model.hover = sequence.or(self.model.hover),
            Action::SetCursor(cursor) => self.set_cursor(cursor),
            Action::Filter(line) => self.type_filter(line, now),
            Action::Refine(query) => self.refine(&query),
            Action::Query(action) => self.run_query(action),
            Action::Show(view) => self.show_view(view),
            Action::Arrange(arrange) => self.arrange(arrange, ctx),
            Action::Change(change) => self.change(change),
            Action::ShowDetail(tab) => self.show_detail(tab),
            Action::Table(change) => self.change_table(&change),
            Action::NeedRows(first, count) => self.need_rows(first, count),
            Action::Timeline(action) => self.change_timeline(action),
            Action::Graph(action) => self.graph(&action),
            Action::Append(draft) => self.append(draft),
            Action::Watch(fold, source) => self.watch_and_save(fold, source),
            Action::Unwatch(id) => self.unwatch(id),
            Action::NameKind(kind, name) => self.name_kind(kind, name.as_deref()),
            Action::LoadKindNames(path) => self.aside.read_kind_names(path, ctx),
            Action::Feed(paused, per_second) => self.feed(paused, per_second),
            Action::Copy(text, what) => self.copy(text, what, ctx, now),
            Action::CopyBytes => self.copy_payload(CopyForm::Hex),
            Action::Trust(action) => self.run_trust(action, now),
            Action::Dismiss(id) => self.model.messages.retain(|message| message.id != id),
        }
    }

    fn run_command(&mut self, command: Command, ctx: &Context, now: f64) {
        match command {
            command if self.run_in_graph(command, ctx, now) => {}
            Command::OpenDialog => self.aside.choose_folder(ctx),
            Command::CloseStore => self.close_store(),
            Command::ToggleWriting => self.toggle_writing(),
            Command::ToggleFollow => self.toggle_follow(),
            Command::ClearFilter => self.refine(&Query::default()),
            Command::SaveQuery => self.show_view(View::Events),
            Command::CopyAsCli => self.copy_as_cli(ctx, now),
            Command::ExportResult => self.choose_export(ctx),
            Command::JumpDialog => self.model.overlay = Overlay::Jump,
            Command::GoFirst => self.go_to_row(0, false),
            Command::GoLast => self.go_last(),
            Command::NextRow => self.step_row(1),
            Command::PreviousRow => self.step_row(-1),
            // The table knows how long a page is and where its menu is.
            Command::NextPage | Command::PreviousPage | Command::ChooseColumns => {}
            Command::GoToCause => self.go_to(|store| selected_cell(store)?.cause_sequence),
            Command::GoToEffect => {
                self.go_to(|store| store.detail.as_ref()?.effects.first().map(|row| row.sequence));
            }
            Command::NextEffect => self.go_to(Self::next_effect),
            Command::PreviousInStream => self.go_to(|store| store.detail.as_ref()?.previous_in_stream),
            Command::NextInStream => self.go_to(|store| store.detail.as_ref()?.next_in_stream),
            Command::CursorHere => self.look_back(),
            Command::CursorLive => self.set_cursor(None),
            Command::Back => self.return_to(History::back),
            Command::Forward => self.return_to(History::forward),
            Command::FocusFilter => self.show_what_is_filtered(),
            Command::AppendReaction => self.show_view(View::Append),
            Command::FindInPayload => self.show_detail(DetailTab::Event),
            Command::CopyId => self.copy_id(ctx, now),
            Command::CopyPayload => self.copy_payload(CopyForm::Text),
            Command::Verify
            | Command::VerifyStream
            | Command::PauseVerifying
            | Command::StopVerifying
            | Command::ToggleVerifying
            | Command::TakeHead
            | Command::CompareHeads
            | Command::EvidenceReport
            | Command::ToggleBookmark
            | Command::EditNote
            | Command::NextBookmark
            | Command::PreviousBookmark
            | Command::GoToBroken => self.run_trust_command(command, now),
            Command::Cancel => self.cancel(),
            Command::ShowSettings => self.model.overlay = Overlay::Settings,
            Command::NameKinds => self.model.overlay = Overlay::KindNames,
            Command::ShowKeys => self.model.overlay = Overlay::Keys,
            Command::ShowPalette => self.model.overlay = Overlay::Palette,
            Command::Quit => ctx.send_viewport_cmd(ViewportCommand::Close),
            command => self.run_for_the_frame(command),
        }
        self.panels.run(command, &self.model);
    }

    /// Does what a command means for what is shown where and how.
    fn run_for_the_frame(&mut self, command: Command) {
        if let Some(view) = View::ALL.iter().find(|view| Command::that_shows(**view) == command) {
            self.show_view(*view);
            return;
        }
        self.arrange_by(command);
        self.change_by(command);
    }

    // Opening

    fn preview(&mut self, path: PathBuf) {
        self.model.overlay = Overlay::None;
        let id = self.model.asked.number();
        self.model.asked.preview = Some((id, path.clone()));
        self.worker.send(Request::Preview { id, path });
    }

    /// Opens a directory in place of what is open.
    pub(super) fn open(&mut self, path: PathBuf, mode: OpenMode) {
        self.begin_opening(&path);
        self.worker.send(Request::Open { path, mode });
    }

    /// Opens a demonstration store.
    pub(super) fn open_demo(&mut self, path: PathBuf) {
        self.begin_opening(&path);
        self.worker.send(Request::OpenDemo { path });
    }

    fn open_own_demo(&mut self, damaged: bool, now: f64) {
        match &self.home {
            Some(home) if damaged => {
                let path = home.data.join("demo-damaged");
                self.begin_opening(&path);
                self.worker.send(Request::OpenDamagedDemo { path });
            }
            Some(home) => self.open_demo(home.data.join("demo")),
            None => self.model.say("there is no directory for a demonstration store", true, now),
        }
    }

    fn begin_opening(&mut self, path: &Path) {
        self.save();
        path.clone_into(&mut self.model.opening);
        self.model.overlay = Overlay::None;
        self.model.open_failure = None;
        self.model.screen = Screen::Opening;
    }

    fn forget_recent(&mut self, path: Option<&Path>) {
        self.model.recents.retain(|recent| path.is_some_and(|path| recent.path != path));
        self.save();
    }

    fn close_store(&mut self) {
        self.save();
        if self.model.store.is_some() {
            self.worker.send(Request::Close);
        }
        self.model.preview = None;
        self.model.screen = Screen::Welcome;
    }

    fn toggle_writing(&mut self) {
        let Some(store) = &self.model.store else { return };
        let mode = match store.summary.mode {
            OpenMode::ReadOnly => OpenMode::Writable,
            OpenMode::Writable => OpenMode::ReadOnly,
        };
        let path = store.summary.path.clone();
        self.save();
        self.worker.send(Request::Open { path, mode });
    }

    // Going about

    /// Selects an event; from now on the table stays where the user reads.
    pub(super) fn select(&mut self, sequence: u64) {
        let Some(store) = &mut self.model.store else { return };
        store.follow = false;
        let row = store.row_of(sequence);
        store.select(sequence, row);
    }

    fn jump(&mut self, target: Target) {
        self.model.overlay = Overlay::None;
        if let Some(store) = &mut self.model.store {
            store.follow = false;
        }
        self.locate(target);
    }

    pub(super) fn go_to(&mut self, find: impl FnOnce(&StoreModel) -> Option<u64>) {
        if let Some(sequence) = self.model.store.as_ref().and_then(find) {
            self.select(sequence);
        }
    }

    /// Looks at the store as of an event; as it is now if that is the newest one.
    fn set_cursor(&mut self, cursor: Option<u64>) {
        let Some(store) = &self.model.store else { return };
        let newest = store.summary.position.events.saturating_sub(1);
        self.model.cursor = cursor.filter(|sequence| *sequence < newest);
    }

    fn look_back(&mut self) {
        if let Some(selected) = self.model.store.as_ref().and_then(|store| store.selected) {
            self.set_cursor(Some(selected));
        }
    }

    /// Goes to a place of the history.
    fn return_to(&mut self, step: fn(&mut History) -> Option<Place>) {
        let Some(place) = step(&mut self.history) else { return };
        if place.view != self.model.view {
            self.show_view(place.view);
        }
        if let Some(sequence) = place.selected {
            self.select(sequence);
        }
    }

    fn step_row(&mut self, step: i64) {
        let Some(store) = &self.model.store else { return };
        let from = self.model.asked.row_to_select.or(store.selected_row);
        let row = match from {
            Some(row) => row.saturating_add_signed(step),
            None => self.model.asked.view.start,
        };
        self.go_to_row(row.min(store.matched.rows.saturating_sub(1)), false);
    }

    fn go_last(&mut self) {
        let Some(store) = &mut self.model.store else { return };
        let Some(last) = store.matched.rows.checked_sub(1) else { return };
        store.unseen = 0;
        self.go_to_row(last, true);
    }

    /// Selects the event of a row, as soon as it is loaded.
    fn go_to_row(&mut self, row: u64, follow: bool) {
        let Some(store) = &mut self.model.store else { return };
        if row >= store.matched.rows {
            return;
        }
        if let Some(sequence) = store.rows.get(&row).map(|found| found.sequence) {
            self.select(sequence);
        } else {
            store.reveal_row = Some(row);
            self.model.asked.row_to_select = Some(row);
            self.need_rows(row, 1);
        }
        if let Some(store) = &mut self.model.store {
            store.follow = follow;
        }
    }

    fn toggle_follow(&mut self) {
        let Some(store) = &mut self.model.store else { return };
        store.follow = !store.follow;
        store.unseen = 0;
        if store.follow {
            store.reveal_row = store.matched.rows.checked_sub(1);
        }
    }

    pub(super) fn show_detail(&mut self, tab: DetailTab) {
        self.model.detail_tab = tab;
        self.save();
    }

    // The filter

    /// Whoever filters wants to see the table.
    fn show_what_is_filtered(&mut self) {
        self.model.overlay = Overlay::None;
        if !self.model.layout.shows(View::Events, self.model.view) {
            self.show_view(View::Events);
        }
    }

    fn type_filter(&mut self, line: String, now: f64) {
        if let Some(store) = &mut self.model.store {
            store.filter_text = line;
            self.filter_due = Some(now + FILTER_PAUSE);
        }
    }

    fn refine(&mut self, query: &Query) {
        let Some(store) = &self.model.store else { return };
        let line = query.line(&store.vocabulary(self.model.zone(), self.model.now_us));
        if let Some(store) = &mut self.model.store {
            store.filter_text = line;
        }
        self.take_filter_line(false);
    }

    /// Takes the filter line over once the user stopped typing.
    pub(super) fn take_filter(&mut self, now: f64) {
        if self.filter_due.is_some_and(|due| now >= due) {
            self.take_filter_line(false);
        }
    }

    /// Takes the filter line over now. A line that cannot be understood leaves the result as it is; at the opening there is none yet,
    /// so that everything is asked for.
    pub(super) fn take_filter_line(&mut self, opening: bool) {
        self.filter_due = None;
        let Some(store) = &self.model.store else { return };
        let vocabulary = store.vocabulary(self.model.zone(), self.model.now_us);
        let parsed = Query::parse(&store.filter_text, &vocabulary);
        let Some(store) = &mut self.model.store else { return };
        let query = match parsed {
            Ok(query) => {
                store.filter_error = None;
                query
            }
            Err(error) => {
                store.filter_error = Some(error);
                if !opening {
                    return;
                }
                Query::default()
            }
        };
        if opening || query != store.query {
            store.query = query.clone();
            let line = store.filter_text.clone();
            store.queries.remember(&line);
            let id = self.model.asked.next_filter();
            self.worker.send(Request::Filter { id, query });
            self.save();
        }
    }

    // Writing and computing

    fn append(&mut self, draft: Draft) {
        let id = self.model.asked.number();
        self.model.asked.append = Some(id);
        self.worker.send(Request::Append { id, draft });
    }

    fn watch_and_save(&mut self, fold: FoldKind, source: FoldSource) {
        self.watch(fold, source);
        self.save();
    }

    /// Starts a projection.
    pub(super) fn watch(&mut self, fold: FoldKind, source: FoldSource) {
        let id = self.model.asked.number().0;
        let Some(store) = &mut self.model.store else { return };
        let spec = ProjectionSpec { id, fold, source };
        let status = FoldStatus::CatchingUp;
        store.projections.push(ProjectionState {
            spec: spec.clone(),
            status,
            generation: 0,
            state: None,
            deliveries: 0,
        });
        self.worker.send(Request::Watch(spec));
    }

    fn unwatch(&mut self, id: u64) {
        if let Some(store) = &mut self.model.store {
            store.projections.retain(|projection| projection.spec.id != id);
        }
        self.worker.send(Request::Unwatch(id));
        self.save();
    }

    fn feed(&mut self, paused: bool, per_second: f64) {
        if let Some(store) = &mut self.model.store {
            store.feed = Some((paused, per_second));
        }
        self.worker.send(Request::Feed { paused, per_second });
    }

    /// Closes what lies over the screen, or stops what takes long.
    fn cancel(&mut self) {
        if self.model.overlay != Overlay::None {
            self.model.overlay = Overlay::None;
            return;
        }
        let runs = self.model.progress.is_some() || self.model.asked.export.is_some();
        match self.model.screen {
            Screen::Preview | Screen::Error => {
                self.model.preview = None;
                self.model.screen = if self.model.store.is_some() { Screen::Store } else { Screen::Welcome };
            }
            Screen::Opening => self.worker.send(Request::Cancel),
            Screen::Welcome | Screen::Store if runs => self.worker.send(Request::Cancel),
            Screen::Welcome | Screen::Store if self.is_verifying_for_the_user() => self.stop_verifying(),
            Screen::Welcome | Screen::Store => {}
        }
    }

    // Settings and the clipboard

    fn copy_id(&mut self, ctx: &Context, now: f64) {
        let id = self.model.store.as_ref().and_then(selected_cell).map(|cell| u128::from(cell.event_id));
        if let Some(id) = id {
            self.copy(format!("{id:032x}"), "event id", ctx, now);
        }
    }

    /// Asks for the whole payload: the detail holds the beginning of a large one only.
    fn copy_payload(&mut self, form: CopyForm) {
        if let Some(sequence) = self.model.store.as_ref().and_then(|store| store.selected) {
            let id = self.model.asked.number();
            self.model.asked.copy = Some(id);
            self.worker.send(Request::Copy { id, sequence, form });
        }
    }

    /// The payload that was asked for arrived.
    pub(super) fn copied(
        &mut self,
        id: RequestId,
        copied: Result<(String, &'static str), Failure>,
        ctx: &Context,
        now: f64,
    ) {
        if self.model.asked.copy.take_if(|asked| *asked == id).is_none() {
            return;
        }
        match copied {
            Ok((text, what)) => self.copy(text, what, ctx, now),
            Err(failure) => self.model.say_failure(&failure, now),
        }
    }

    /// A text that was to be saved was, or was not. Without a dialog it goes to the clipboard, so that it is not lost.
    pub(super) fn saved(&mut self, saved: Saved, ctx: &Context, now: f64) {
        match saved {
            Saved::In(path) => self.model.say(format!("saved as {}", path.display()), false, now),
            Saved::Nowhere => {}
            Saved::NoDialog(text) => {
                self.copy(text, "this desktop has no file dialog; the text was", ctx, now);
            }
            Saved::Failed(problem) => self.model.say(problem, true, now),
        }
    }

    fn copy(&mut self, text: String, what: &str, ctx: &Context, now: f64) {
        ctx.copy_text(text);
        self.model.say(format!("{what} copied"), false, now);
    }
}

/// What the selected row shows, from the detail or from the table.
fn selected_cell(store: &StoreModel) -> Option<&EventCell> {
    let row =
        store.detail.as_ref().map(|detail| &detail.row).filter(|row| Some(row.sequence) == store.selected);
    let row = row.or_else(|| store.rows.get(&store.selected_row?))?;
    match &row.cell {
        RowCell::Event(cell) => Some(cell),
        RowCell::Removed | RowCell::Damaged { .. } => None,
    }
}
