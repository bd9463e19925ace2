//! The program: `logic` takes in what the worker says and runs what the user wants, `show` draws; the two never mix.
//!
//! Invariants:
//! - neither the store nor a file is touched on this thread;
//! - whatever changes the model is an update (`Model::apply`) or an action (`App::run`).

mod arrange;
mod aside;
mod graph;
mod icon;
mod log;
mod needs;
mod notes;
mod places;
mod queries;
mod run;
mod saved;
mod settings;
mod table;
#[cfg(test)]
mod tests;
mod timeline;
mod trust;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use egui::{Context, Key, KeyboardShortcut, Modifiers, Ui};

use crate::app::aside::{Aside, Outcome};
use crate::command::{Action, Commands, KeyMap};
use crate::context::ViewContext;
use crate::panels::Panels;
use crate::state::history::{History, Place};
use crate::state::model::{Model, Overlay};
use crate::state::route::{Screen, View};
use crate::state::workspace::{Home, Saver, Workspace};
use crate::state::zone::Zone;
use crate::theme;
use crate::worker::WorkerHandle;
use crate::worker::protocol::{OpenMode, Request, Update};

pub use crate::app::icon::icon;
pub use crate::app::log::Log;
pub use crate::app::places::tell_places;

/// Names the program to the desktop.
pub const APP_ID: &str = "io.github.causeway.Inspector";
/// Taking in updates ends after this time, so that the window stays smooth while many arrive.
const DRAIN_TIME: Duration = Duration::from_millis(5);

/// What the program begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The welcome screen.
    Welcome,
    /// A store.
    Open(PathBuf, OpenMode),
    /// The demonstration store in this directory.
    Demo(PathBuf),
}

/// What the program is made of.
pub struct Parts {
    /// The worker.
    pub worker: WorkerHandle,
    /// Where settings and demonstration stores are kept; without it nothing is saved.
    pub home: Option<Home>,
    /// The zone of this machine.
    pub zone: Zone,
    /// Where what happens is told, for tests of the window.
    pub log: Log,
}

/// The program.
pub struct App {
    model: Model,
    panels: Panels,
    commands: Commands,
    worker: WorkerHandle,
    history: History,
    workspace: Workspace,
    saver: Option<Saver>,
    home: Option<Home>,
    aside: Aside,
    log: Log,
    /// When the filter line is taken over, seconds of egui's clock.
    filter_due: Option<f64>,
    /// The title that the window shows.
    title: String,
}

impl App {
    /// The program at its start.
    pub fn new(parts: Parts, start: Start) -> Self {
        let (workspace, problem) =
            parts.home.as_ref().map_or_else(Default::default, |home| Workspace::load(&home.config));
        let mut model = Model { local_zone: parts.zone, ..Model::default() };
        model.settings = workspace.settings.clone();
        model.keys = KeyMap::of(&model.settings.keys);
        model.recents.clone_from(&workspace.recents);
        if let Some(problem) = problem {
            model.say(problem, true, 0.0);
        }
        let saver = parts.home.as_ref().and_then(|home| Saver::start(home.config.clone()).ok());
        let mut app = Self {
            model,
            panels: Panels::default(),
            commands: Commands::default(),
            worker: parts.worker,
            history: History::default(),
            workspace,
            saver,
            home: parts.home,
            aside: Aside::default(),
            log: parts.log,
            filter_due: None,
            title: String::new(),
        };
        app.begin(start);
        app
    }

    /// The same program in these colours.
    #[must_use]
    pub fn with_theme(mut self, theme: theme::Theme) -> Self {
        self.model.settings.theme = theme;
        self
    }

    fn begin(&mut self, start: Start) {
        match start {
            Start::Welcome => {}
            Start::Open(path, mode) => self.open(path, mode),
            Start::Demo(path) => self.open_demo(path),
        }
    }

    /// What is known and chosen.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Queues an action, as a panel does.
    pub fn send(&self, action: Action) {
        self.commands.send(action);
    }

    /// True if nothing is on its way: no answer, no filter that waits for the user to stop typing.
    pub fn is_idle(&self) -> bool {
        self.worker.is_idle() && self.filter_due.is_none()
    }

    /// One round without drawing: updates, keys, actions, questions. Runs while the window is hidden, too.
    pub fn logic(&mut self, ctx: &Context) {
        let now = ctx.input(|input| input.time);
        self.model.now_us = jiff::Timestamp::now().as_microsecond();
        self.take_updates(ctx, now);
        self.take_outcomes(ctx, now);
        self.model.tick(now);
        self.take_drops(ctx);
        self.record_keys(ctx);
        self.take_keys(ctx);
        self.model.hover = None;
        for action in self.commands.drain() {
            self.run(action, ctx, now);
        }
        self.take_filter(now);
        self.note_place();
        self.ask_for_what_is_missing();
        self.keep_verifying(now);
        self.save_kept_heads();
        self.worker.flush();
        self.plan_repaint(ctx, now);
        self.set_title(ctx);
    }

    /// Draws one frame.
    pub fn show(&mut self, ui: &mut Ui) {
        let theme = self.model.settings.theme;
        self.apply_settings(ui.ctx());
        let ctx = ViewContext { model: &self.model, tokens: theme.tokens(), commands: &self.commands };
        self.panels.show(ctx, ui);
        if self.commands.hovered() != self.model.hover {
            // What the pointer rests on is drawn by the next frame, even if the pointer does not move any more.
            ui.ctx().request_repaint();
        }
        // The table brought the row into view; the next wish to see it, even the same row, is a new one.
        let shown =
            self.model.screen == Screen::Store && self.model.layout.shows(View::Events, self.model.view);
        if let Some(store) = self.model.store.as_mut().filter(|_| shown) {
            store.reveal_row = None;
        }
    }

    /// Tells egui what the settings mean, where that changed.
    fn apply_settings(&self, ctx: &Context) {
        let settings = &self.model.settings;
        if theme::current(ctx) != settings.theme {
            theme::apply(ctx, settings.theme);
        }
        theme::apply_motion(ctx, settings.reduced_motion);
        let zoom = f32::from(settings.scale) / 100.0;
        if (ctx.zoom_factor() - zoom).abs() > f32::EPSILON {
            ctx.set_zoom_factor(zoom);
        }
    }

    fn take_updates(&mut self, ctx: &Context, now: f64) {
        let started = Instant::now();
        while let Some(update) = self.worker.try_recv() {
            self.take_update(update, ctx, now);
            if started.elapsed() > DRAIN_TIME {
                ctx.request_repaint();
                return;
            }
        }
    }

    fn take_update(&mut self, update: Update, ctx: &Context, now: f64) {
        self.log.update(&update, &self.model);
        if let Update::Copied { id, copied } = update {
            self.copied(id, copied, ctx, now);
            return;
        }
        let opened = matches!(update, Update::Opened(_));
        self.model.apply(update, now);
        if opened {
            // What the panels remember belongs to the store before.
            self.panels = Panels::default();
            self.model.cursor = None;
            self.restore_view();
        }
    }

    /// Whoever changed the view or the selection, the place becomes part of the history.
    fn note_place(&mut self) {
        let Some(store) = &self.model.store else { return };
        let place = Place { view: self.model.view, selected: store.selected };
        let before = self.history.present();
        if before != Some(place) && place.selected.is_some() {
            self.history.visit(place);
            if let Some(sequence) =
                place.selected.filter(|_| before.and_then(|before| before.selected) != place.selected)
            {
                self.log.line(&format!("selected sequence={sequence}"));
            }
        }
    }

    fn take_outcomes(&mut self, ctx: &Context, now: f64) {
        while let Some(outcome) = self.aside.take() {
            match outcome {
                Outcome::Folder(Some(path)) => self.commands.send(Action::Preview(path)),
                Outcome::Folder(None) => {}
                Outcome::NoDialog => self.model.overlay = Overlay::OpenPath,
                Outcome::SaveTo(path) => self.export(path, now),
                Outcome::Saved(saved) => self.saved(saved, ctx, now),
                Outcome::KindNames(Ok(names)) => self.name_kinds(names, now),
                Outcome::KindNames(Err(problem)) => self.model.say(problem, true, now),
            }
            ctx.request_repaint();
        }
    }

    fn take_drops(&self, ctx: &Context) {
        let dropped = ctx.input(|input| input.raw.dropped_files.first().map(|file| file.path().to_owned()));
        if let Some(path) = dropped {
            self.commands.send(Action::Preview(path));
        }
    }

    /// Keys with Ctrl or Alt and function keys act always, the others only while no text is written and nothing lies over the screen.
    fn take_keys(&self, ctx: &Context) {
        if !ctx.input(|input| input.events.iter().any(|event| matches!(event, egui::Event::Key { .. }))) {
            return;
        }
        let writing = ctx.text_edit_focused();
        // A menu that is open is what Escape closes, and a field is what it leaves.
        let keeps_escape = writing || egui::Popup::is_any_open(ctx);
        for (command, shortcut) in self.model.keys.by_modifiers() {
            let kept = if shortcut.logical_key == Key::Escape {
                keeps_escape
            } else {
                is_typed(shortcut) && (writing || self.model.overlay != Overlay::None)
            };
            if !kept && ctx.input_mut(|input| input.consume_shortcut(&shortcut)) {
                self.commands.run(command);
            }
        }
    }

    /// A wake-up for what no event tells: the end of typing, messages that go, a rate that falls.
    fn plan_repaint(&self, ctx: &Context, now: f64) {
        if let Some(due) = self.filter_due {
            ctx.request_repaint_after_secs((due - now).max(0.0) as f32);
        }
        let rate_falls =
            self.model.store.as_ref().is_some_and(|store| store.rate.iter().any(|rate| *rate > 0.0));
        if let Some(due) = self.next_check(now) {
            ctx.request_repaint_after_secs((due - now).max(0.0) as f32);
        }
        if rate_falls || self.model.messages.iter().any(|message| !message.is_error) {
            ctx.request_repaint_after_secs(1.0);
        }
    }

    fn set_title(&mut self, ctx: &Context) {
        let title = match &self.model.store {
            Some(store) if self.model.screen == Screen::Store => {
                let name = store.summary.path.file_name().unwrap_or(store.summary.path.as_os_str());
                format!("{} - Causeway", name.to_string_lossy())
            }
            _ => "Causeway".to_owned(),
        };
        if title != self.title {
            self.title.clone_from(&title);
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title));
        }
    }
}

/// True if the keys, pressed in a text field, would write something or move its cursor.
fn is_typed(shortcut: KeyboardShortcut) -> bool {
    let Modifiers { alt, ctrl, command, .. } = shortcut.modifiers;
    !(alt || ctrl || command || (Key::F1..=Key::F12).contains(&shortcut.logical_key))
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        Self::logic(self, ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.save();
        self.worker.send(Request::Close);
        self.log.line("quit");
    }

    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        self.model.settings.theme.tokens().canvas.to_normalized_gamma_f32()
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}
