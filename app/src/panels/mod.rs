//! The panels: each owns its few private fields, draws what the context shows it, and sends what the user wants into the queue.
//!
//! Floor E. A panel never calls another panel and never holds a store; only this file knows where each one lies.

mod append;
mod centre;
mod detail;
mod drawer;
mod error;
mod events;
mod explorer;
mod facts;
mod findings;
mod graph;
mod memory;
mod menus;
mod messages;
mod opening;
mod overlay;
mod preview;
mod projections;
mod query_box;
mod regions;
mod status_bar;
mod tasks;
mod timeline;
mod top_bar;
mod views;
mod welcome;

use egui::{Align, CentralPanel, Frame, Layout, Panel, Rect, Stroke, StrokeKind, Ui, UiBuilder, pos2, vec2};

use crate::command::{Action, Command};
use crate::context::{StoreContext, ViewContext};
use crate::state::model::{Model, StoreModel};
use crate::state::query::{Query, Term};
use crate::state::route::{Screen, View};
use crate::theme::{Tokens, metrics, type_roles};
use crate::view::{findings as finding_words, text};
use crate::widgets::badge::Tone;
use crate::widgets::key_cap::shortcut;
use crate::widgets::{error_tile, hairline, paint};
use crate::worker::protocol::OpenMode;

/// Windows below this width get narrower panels at both sides, points.
const NARROW: f32 = 1200.0;

/// The whole screen.
#[derive(Default)]
pub struct Panels {
    top_bar: top_bar::TopBar,
    explorer: explorer::Explorer,
    detail: detail::DetailPanel,
    centre: centre::Centre,
    views: views::Views,
    regions: regions::Regions,
    welcome: welcome::Welcome,
    overlays: overlay::Overlays,
    messages: messages::Messages,
}

impl Panels {
    /// Does what a command means for what only a panel holds: the cursor of the filter line, the length of a page, the event
    /// that the form reacts to. To be called for each command that the program runs, after the model took it over.
    pub fn run(&mut self, command: Command, model: &Model) {
        match command {
            Command::FocusFilter => self.top_bar.focus_filter(),
            Command::SaveQuery => self.top_bar.name_query(),
            Command::FindInPayload => self.detail.find(),
            Command::ChooseColumns => self.views.events.choose_columns(),
            Command::NextPanel => self.regions.step(1),
            Command::PreviousPanel => self.regions.step(-1),
            Command::NextPage => self.views.events.turn_page(1),
            Command::PreviousPage => self.views.events.turn_page(-1),
            Command::AppendReaction => {
                let selected = model.store.as_ref().and_then(|store| store.detail.as_deref());
                self.views.append.react_to(selected);
            }
            Command::GraphZoomIn | Command::GraphZoomOut | Command::GraphFit | Command::GraphSelection => {
                self.views.graph.run(command);
            }
            Command::EditNote => self.detail.edit_note(),
            Command::EvidenceReport => self.views.findings.show_report(),
            // Where there is no timeline, its keys do nothing later either.
            other if timeline_is_shown(model) => self.views.timeline.run(other),
            _ => {}
        }
    }

    /// Draws the screen and queues what the user wants.
    pub fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui) {
        match (ctx.model.screen, &ctx.model.store) {
            (Screen::Store, Some(store)) => self.store_ui(StoreContext { view: ctx, store }, ui),
            (screen, _) => self.outside_ui(screen, ctx, ui),
        }
        self.regions.give_focus(ui.ctx());
        self.overlays.show(ctx, ui);
        self.messages.show(ctx, ui);
    }

    /// The screens without an open store.
    fn outside_ui(&mut self, screen: Screen, ctx: ViewContext<'_>, ui: &mut Ui) {
        bar(Panel::bottom("status"), metrics::STATUS_BAR, ctx.tokens)
            .show(ui, |ui| status_bar::show_outside(ctx, ui));
        CentralPanel::no_frame().frame(Frame::NONE.fill(ctx.tokens.canvas)).show(ui, |ui| match screen {
            Screen::Welcome | Screen::Store => self.welcome.show(ctx, ui),
            Screen::Preview => preview::show(ctx, ui),
            Screen::Opening => opening::show(ctx, ui),
            Screen::Error => error::show(ctx, ui),
        });
    }

    fn store_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let t = ctx.view.tokens;
        let whole = ui.max_rect();
        let model = ctx.view.model;
        bar(Panel::top("top bar"), metrics::TOP_BAR, t).show(ui, |ui| {
            hairline::horizontal(ui.painter(), ui.max_rect().x_range(), ui.max_rect().bottom() - 1.0, t.line);
            self.top_bar.show(ctx, ui);
        });
        bar(Panel::bottom("status"), metrics::STATUS_BAR, t).show(ui, |ui| status_bar::show(ctx, ui));
        if model.layout.drawer_open && !model.layout.maximised {
            drawer::show(&mut self.views, ctx, ui);
        }
        self.docks_ui(ctx, ui, whole.width());
        let middle = CentralPanel::no_frame().frame(Frame::NONE.fill(t.canvas));
        middle.show(ui, |ui| self.centre.show(&mut self.views, ctx, ui));
        if ctx.store.summary.mode == OpenMode::Writable {
            let stroke = Stroke::new(2.0, t.amber);
            ui.painter().rect_stroke(whole, 0, stroke, StrokeKind::Inside);
        }
    }

    /// What stands beside the middle.
    fn docks_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, width: f32) {
        let t = ctx.view.tokens;
        let docks = ctx.view.model.layout.docks(ctx.view.model.view);
        let failed = &mut self.views.failed;
        if docks.inspector {
            side(Panel::right("detail"), width, metrics::INSPECTOR_WIDTH, t).show(ui, |ui| {
                let place = ui.max_rect();
                hairline::vertical(ui.painter(), place.left(), place.y_range(), t.line);
                regions::region(ui, "Inspector", place);
                failed.guard(ui, "detail", |ui| self.detail.show(ctx, ui));
            });
        }
        if docks.timeline {
            let timeline = &mut self.views.timeline;
            bar(Panel::bottom("timeline"), timeline::HEIGHT, t).show(ui, |ui| {
                let place = ui.max_rect();
                hairline::horizontal(ui.painter(), place.x_range(), place.top(), t.line);
                regions::region(ui, "Timeline", place);
                failed.guard(ui, "timeline", |ui| timeline.show(ctx, ui));
            });
        }
        if docks.explorer {
            side(Panel::left("explorer"), width, metrics::EXPLORER_WIDTH, t).show(ui, |ui| {
                let place = ui.max_rect();
                hairline::vertical(ui.painter(), place.right() - 1.0, place.y_range(), t.line);
                regions::region(ui, "Explorer", place);
                failed.guard(ui, "explorer", |ui| self.explorer.show(ctx, ui));
            });
        }
    }
}

/// True if the timeline can be seen, in the middle or below it.
fn timeline_is_shown(model: &Model) -> bool {
    model.layout.docks(model.view).timeline || model.layout.shows(View::Timeline, model.view)
}

/// The most important thing that is wrong with the store, as a strip under the tabs.
fn findings_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    // The view of findings says it itself.
    if ctx.view.model.layout.shows(View::Findings, ctx.view.model.view) {
        return;
    }
    let Some((tone, text)) = banner_text(ctx.store) else { return };
    if error_tile::banner(ui, tone, &text, Some("Show findings")) {
        ctx.view.commands.run(Command::ShowFindings);
    }
}

/// What the strip says: a broken chain before damaged bytes, these before what is only odd.
fn banner_text(store: &StoreModel) -> Option<(Tone, String)> {
    if let Some(first) = store.broken_from() {
        let place = text::sequence(first);
        let words = format!("Chain broken at {place}: from there on the hashes show nothing");
        return Some((Tone::Bad, words));
    }
    let damage = &store.damage;
    let found = || damage.findings.iter().chain(store.found_by_verifying());
    let worst = found().find(|finding| finding.class.is_damage()).or(damage.findings.first());
    let lost: u64 = damage.holes.iter().map(|run| run.end - run.start).sum();
    let mut parts = Vec::new();
    if lost > 0 {
        let more = if damage.holes_cut { "more than " } else { "" };
        parts.push(format!("{more}{} cannot be read", text::counted(lost, "event")));
    }
    parts.extend(worst.map(finding_words::place).filter(|place| !place.is_empty()));
    parts.extend(worst.map(finding_words::sentence));
    if let (Some(more @ 1..), Some(_)) = (store.finding_count().checked_sub(1), worst) {
        parts.push(format!("and {} more", text::grouped(more)));
    }
    (!parts.is_empty()).then(|| (Tone::Warn, parts.join(" · ")))
}

/// What a click on something that a query can name does: asks for it alone, or no longer; with Ctrl for it as well, with Alt for
/// everything else.
fn refined(ui: &Ui, query: &Query, term: Term) -> Action {
    let modifiers = ui.input(|input| input.modifiers);
    Action::Refine(match term {
        term if modifiers.alt && query.excludes(&term) => query.without(&term),
        term if modifiers.alt => query.exclude(term),
        term if modifiers.command => query.also(term),
        term => query.toggled(term),
    })
}

/// Draws into a place that was allocated already: unlike a scope, it leaves the cursor where it is.
fn inside<R>(ui: &mut Ui, place: Rect, layout: Layout, add: impl FnOnce(&mut Ui) -> R) -> R {
    add(&mut ui.new_child(UiBuilder::new().max_rect(place).layout(layout)))
}

/// From left to right, centred in height.
fn from_left() -> Layout {
    Layout::left_to_right(Align::Center)
}

/// From right to left, centred in height.
fn from_right() -> Layout {
    Layout::right_to_left(Align::Center)
}

/// Key caps that end `right` points before the right end of a row.
fn keys_at(ui: &mut Ui, row: Rect, right: f32, keys: &str) {
    if keys.is_empty() {
        return;
    }
    let width_of = |key: &str| {
        let words = paint::whole_line(ui.painter(), key, type_roles::small(), Tokens::of(ui).text2);
        (words.size().x.ceil() + 10.0).max(metrics::KEY_CAP)
    };
    let caps: Vec<f32> = keys.split('+').map(width_of).collect();
    let width = caps.iter().sum::<f32>() + 4.0 * (caps.len() - 1) as f32;
    let left = (row.right() - right - width).round();
    let place = Rect::from_min_size(pos2(left, (row.center().y - 9.0).round()), vec2(width + 2.0, 18.0));
    inside(ui, place, from_left(), |ui| {
        ui.spacing_mut().interact_size.y = 18.0;
        shortcut(ui, keys);
    });
}

/// A panel of a fixed height.
fn bar(panel: Panel, height: f32, t: &Tokens) -> Panel {
    panel.exact_size(height).resizable(false).show_separator_line(false).frame(Frame::NONE.fill(t.panel))
}

/// A panel at a side that can be made wider; narrower from the start in a narrow window.
fn side(panel: Panel, window: f32, width: f32, t: &Tokens) -> Panel {
    let width = if window < NARROW { (width * 0.84).round() } else { width };
    panel
        .default_size(width)
        .size_range(160.0..=window * 0.4)
        .show_separator_line(false)
        .frame(Frame::NONE.fill(t.panel))
}
