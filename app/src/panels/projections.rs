//! Owns the list of running projections, the state of the chosen one, and the form that starts another. Never folds an event.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use egui::{
    Align2, Frame, Layout, Margin, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use serde_json::Value;

use super::{from_left, from_right, inside};
use crate::command::Action;
use crate::context::StoreContext;
use crate::theme::metrics::{COLUMN_HEAD, PADDING, PROJECTION_ROW, RADIUS_CARD, RESULT_HEADER};
use crate::theme::{icons, type_roles};
use crate::view::{counts, text};
use crate::widgets::badge::Tone;
use crate::widgets::button::{self, Button};
use crate::widgets::empty_state::EmptyState;
use crate::widgets::json_tree::JsonTree;
use crate::widgets::segmented::segmented;
use crate::widgets::text_input::TextInput;
use crate::widgets::{error_tile, escape, hairline, paint, section_header};
use crate::worker::protocol::{FoldKind, FoldSource, FoldStatus, ProjectionState};

/// Whether a projection folds one entity or one scope.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SourceKind {
    #[default]
    Entity,
    Scope,
}

/// Private state: which projection is looked at, and what stands in the form.
#[derive(Debug)]
pub(super) struct Projections {
    chosen: Option<u64>,
    form_open: bool,
    fold: FoldKind,
    source: SourceKind,
    name: String,
    state: JsonTree,
}

impl Default for Projections {
    fn default() -> Self {
        Self {
            chosen: None,
            form_open: false,
            fold: FoldKind::LatestFields,
            source: SourceKind::Entity,
            name: String::new(),
            state: JsonTree::default(),
        }
    }
}

impl Projections {
    /// Draws the panel.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let projections = &ctx.store.projections;
        self.header_ui(ctx, ui);
        if self.form_open {
            self.form_ui(ctx, ui);
        }
        if projections.is_empty() {
            let state = EmptyState {
                reason: "No projection runs",
                advice: "A projection folds events into state and shows it while events arrive",
                link: (!self.form_open).then_some("Start one"),
            };
            if state.show(ui) {
                self.form_open = true;
            }
            return;
        }
        head_ui(ctx, ui);
        let chosen = projections.iter().position(|other| Some(other.spec.id) == self.chosen).unwrap_or(0);
        for (index, projection) in projections.iter().enumerate() {
            if row_ui(ctx, ui, projection, index == chosen) {
                self.chosen = Some(projection.spec.id);
            }
        }
        ui.add_space(12.0);
        self.state_ui(ctx, ui, &projections[chosen]);
    }

    fn header_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let t = ctx.view.tokens;
        let projections = &ctx.store.projections;
        let (bar, _) = paint::allocate(ui, vec2(ui.available_width(), RESULT_HEADER + 4.0), Sense::hover());
        hairline::horizontal(ui.painter(), bar.x_range(), bar.bottom() - 1.0, t.line);
        let room = bar.shrink2(vec2(PADDING - 2.0, 0.0));
        inside(ui, room, from_left(), |ui| {
            let title = text::counted(projections.len() as u64, "projection");
            ui.label(type_roles::rich(title, type_roles::table_medium()).color(t.text));
            let count = |is: fn(&FoldStatus) -> bool| projections.iter().filter(|p| is(&p.status)).count();
            let parts = [
                (count(|status| matches!(status, FoldStatus::Live)), "up to date"),
                (count(|status| matches!(status, FoldStatus::CatchingUp)), "catching up"),
                (count(|status| matches!(status, FoldStatus::Failed(_))), "failed"),
                (count(|status| matches!(status, FoldStatus::Stopped)), "stopped"),
            ];
            let parts: Vec<String> =
                parts.iter().filter(|part| part.0 > 0).map(|part| format!("{} {}", part.0, part.1)).collect();
            ui.label(type_roles::rich(parts.join(" · "), type_roles::caption()).color(t.text3));
        });
        inside(ui, room, from_right(), |ui| {
            if !self.form_open && ui.add(Button::secondary("New projection").icon(icons::PLUS)).clicked() {
                self.form_open = true;
                if let Some(detail) = &ctx.store.detail
                    && let Some(event) = crate::view::rows::event_of(&detail.row)
                    && self.name.is_empty()
                {
                    self.name = event.entity.to_string();
                }
            }
        });
    }

    fn form_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let t = ctx.view.tokens;
        let frame = Frame::NONE.fill(t.panel).inner_margin(Margin::symmetric(PADDING as i8, 12));
        let shown = frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 12.0;
                label(ctx, ui, "Compute");
                let folds =
                    [(FoldKind::LatestFields, "Latest fields"), (FoldKind::CountByKind, "Counts by kind")];
                segmented(ui, "what to compute", &mut self.fold, &folds);
                label(ctx, ui, "of one");
                segmented(
                    ui,
                    "events of",
                    &mut self.source,
                    &[(SourceKind::Entity, "Entity"), (SourceKind::Scope, "Scope")],
                );
            });
            ui.add_space(10.0);
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                let (name, example) = match self.source {
                    SourceKind::Entity => ("Entity to fold", "order:8841"),
                    SourceKind::Scope => ("Scope to fold", "shop"),
                };
                let width = (ui.available_width() - 190.0).clamp(120.0, 360.0);
                TextInput::new(name)
                    .without_label()
                    .placeholder(example)
                    .width(width)
                    .show(ui, &mut self.name);
                let typed = self.name.trim().to_owned();
                let is_ready = !typed.is_empty();
                if ui.add(Button::primary("Start").icon(icons::PLAY).enabled(is_ready)).clicked() {
                    let source = match self.source {
                        SourceKind::Entity => FoldSource::Entity(typed),
                        SourceKind::Scope => FoldSource::Scope(typed),
                    };
                    ctx.view.commands.send(Action::Watch(self.fold, source));
                    self.form_open = false;
                    self.name.clear();
                }
                if ui.add(Button::ghost("Cancel")).clicked() {
                    self.form_open = false;
                }
            });
            ui.add_space(6.0);
            let what = match self.fold {
                FoldKind::LatestFields => "Fields of all payloads, merged; later events win",
                FoldKind::CountByKind => "How many events of each kind there are",
            };
            ui.label(type_roles::rich(what, type_roles::caption()).color(t.text3));
        });
        let rect = shown.response.rect;
        hairline::horizontal(ui.painter(), rect.x_range(), rect.bottom() - 1.0, t.line);
    }

    fn state_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, projection: &ProjectionState) {
        let t = ctx.view.tokens;
        let room = ui.available_rect_before_wrap().shrink2(vec2(PADDING, 0.0));
        let room = room.with_max_y(room.bottom() - 14.0);
        inside(ui, room, Layout::default(), |ui| {
            let what = format!("{} of {}", fold_text(projection), source_text(projection));
            section_header::fixed(ui, "State", &what, |ui| {
                if button::small_icon(ui, icons::COPY, "Copy state").clicked()
                    && let Some(state) = shown_state(ctx, projection)
                {
                    let json = serde_json::to_string_pretty(&*state).unwrap_or_default();
                    ctx.view.commands.send(Action::Copy(json, "state"));
                }
            });
            ui.add_space(6.0);
            if let FoldStatus::Failed(reason) = &projection.status {
                error_tile::inline(ui, Tone::Bad, &escape::visible(reason));
                let hint = "It stays at the last state that held and tries again with the next event";
                ui.label(type_roles::rich(hint, type_roles::caption()).color(t.text3));
                ui.add_space(6.0);
            }
            let card = ui.available_rect_before_wrap();
            ui.painter().rect(card, RADIUS_CARD, t.panel, Stroke::new(1.0, t.line), StrokeKind::Inside);
            inside(ui, card.shrink2(vec2(1.0, 8.0)), Layout::default(), |ui| {
                if let Some(state) = shown_state(ctx, projection) {
                    self.state.show(ui, "state", &state, version(projection, &state));
                } else {
                    let events = text::counted(projection.generation, "event");
                    let advice = format!("None of its {events} was relevant so far");
                    EmptyState { reason: "No state yet", advice: &advice, link: None }.show(ui);
                }
            });
        });
    }
}

fn label(ctx: StoreContext<'_>, ui: &mut Ui, words: &str) {
    ui.label(type_roles::rich(words, type_roles::table_medium()).color(ctx.view.tokens.text));
}

fn fold_text(projection: &ProjectionState) -> &'static str {
    match projection.spec.fold {
        FoldKind::LatestFields => "latest fields",
        FoldKind::CountByKind => "counts by kind",
    }
}

/// The state as it is shown: kinds have names.
fn shown_state<'a>(ctx: StoreContext<'a>, projection: &'a ProjectionState) -> Option<Cow<'a, Value>> {
    let state = projection.state.as_deref()?;
    Some(match projection.spec.fold {
        FoldKind::LatestFields => Cow::Borrowed(state),
        FoldKind::CountByKind => Cow::Owned(counts::named(state, &ctx.store.kind_names)),
    })
}

/// Changes whenever what is shown does: with another projection, another delivery, another name of a kind.
fn version(projection: &ProjectionState, shown: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    (projection.spec.id, projection.deliveries).hash(&mut hasher);
    if projection.spec.fold == FoldKind::CountByKind {
        shown.to_string().hash(&mut hasher);
    }
    hasher.finish()
}

fn source_text(projection: &ProjectionState) -> String {
    let name = match &projection.spec.source {
        FoldSource::Entity(name) | FoldSource::Scope(name) => name,
    };
    escape::visible(name).chars().take(200).collect()
}

/// Left edges of name and keyed-by, right edges of the numbers, left edge of the status; in shares of the width.
struct Places {
    source: f32,
    status: f32,
    generation: f32,
    deliveries: f32,
    stop: f32,
}

fn places(width: f32) -> Places {
    Places {
        source: (width * 0.18).max(120.0),
        status: width * 0.44,
        generation: width * 0.76,
        deliveries: width * 0.88,
        stop: width - 36.0,
    }
}

fn head_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let t = ctx.view.tokens;
    let (bar, _) = paint::allocate(ui, vec2(ui.available_width(), COLUMN_HEAD), Sense::hover());
    hairline::horizontal(ui.painter(), bar.x_range(), bar.bottom() - 1.0, t.line);
    let at = places(bar.width());
    let head = |anchor, x: f32, words| {
        let place = pos2(bar.left() + x, bar.center().y);
        paint::text(ui.painter(), anchor, place, words, type_roles::column_head(), t.text3);
    };
    head(Align2::LEFT_CENTER, PADDING, "Name");
    head(Align2::LEFT_CENTER, at.source, "Events of");
    head(Align2::LEFT_CENTER, at.status, "Status");
    head(Align2::RIGHT_CENTER, at.generation, "Generation");
    head(Align2::RIGHT_CENTER, at.deliveries, "Deliveries");
}

/// A row of the list; true if it was clicked.
fn row_ui(ctx: StoreContext<'_>, ui: &mut Ui, projection: &ProjectionState, chosen: bool) -> bool {
    let t = ctx.view.tokens;
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), PROJECTION_ROW), Sense::click());
    let (tone, icon, status) = match &projection.status {
        FoldStatus::Live => (Tone::Neutral, icons::CHECK, "Up to date"),
        FoldStatus::CatchingUp => (Tone::Warn, icons::CLOCK, "Catching up"),
        FoldStatus::Failed(_) => (Tone::Bad, icons::X_CIRCLE, "Failed"),
        FoldStatus::Stopped => (Tone::Neutral, icons::STOP, "Stopped"),
    };
    let source = source_text(projection);
    let name = format!("{} {source} {status}", fold_text(projection));
    response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, &name));
    let p = ui.painter();
    if chosen {
        p.rect_filled(rect, 0, t.sel);
        p.rect_filled(Rect::from_min_size(rect.min, vec2(2.0, rect.height())), 0, t.accent);
    } else if response.hovered() {
        p.rect_filled(rect, 0, t.hover);
    }
    hairline::horizontal(p, rect.x_range(), rect.bottom() - 1.0, t.line_soft);
    let y = rect.center().y;
    let at = places(rect.width());
    let left = |x: f32, end: f32, words: &str, font, color| {
        let galley = paint::line(p, words, font, color, end - x - 8.0);
        paint::put(p, Align2::LEFT_CENTER, pos2(rect.left() + x, y), galley);
    };
    left(PADDING, at.source, fold_text(projection), type_roles::table_medium(), t.text);
    let keyed = match projection.spec.source {
        FoldSource::Entity(_) => source,
        FoldSource::Scope(_) => format!("scope {source}"),
    };
    left(at.source, at.status, &keyed, type_roles::table(), t.text2);
    paint::icon(p, pos2(rect.left() + at.status + 7.0, y), icon, 14.0, tone.text(t));
    left(at.status + 20.0, at.generation - 60.0, status, type_roles::table(), tone.text(t));
    for (x, number) in [(at.generation, projection.generation), (at.deliveries, projection.deliveries)] {
        let words = text::grouped(number);
        paint::text(p, Align2::RIGHT_CENTER, pos2(rect.left() + x, y), &words, type_roles::table(), t.text2);
    }
    if projection.status != FoldStatus::Stopped {
        let place = Rect::from_center_size(pos2(rect.left() + at.stop + 11.0, y), vec2(22.0, 22.0));
        let stop = format!("Stop {} of {}", fold_text(projection), source_text(projection));
        inside(ui, place, Layout::default(), |ui| {
            if button::small_icon(ui, icons::STOP, &stop).clicked() {
                ctx.view.commands.send(Action::Unwatch(projection.spec.id));
            }
        });
    }
    response.clicked()
}
