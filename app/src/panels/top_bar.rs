//! Owns the bar at the top: which store, how it is open, the filter line, and where the view stands. Never filters.

use egui::{
    Align, FontSelection, Frame, Layout, Popup, Rect, Response, Sense, Stroke, StrokeKind, TextEdit, Ui,
    UiBuilder, pos2, vec2,
};

use super::menus;
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::state::query::Query;
use crate::theme::metrics::{CONTROL, PADDING_TIGHT, RADIUS_CONTROL};
use crate::theme::{Tokens, icons, type_roles};
use crate::view::{rows, standing, text, trust};
use crate::widgets::badge::{Tone, badge};
use crate::widgets::button;
use crate::widgets::chip;
use crate::widgets::toggle::switch;
use crate::widgets::{escape, focus, paint, tooltip};
use crate::worker::protocol::{OpenMode, StoreFormat};

/// Longest store name before it is cut, points.
const NAME_MAX: f32 = 170.0;

/// A filter line below this width would hide what is typed, points.
const FILTER_MIN: f32 = 120.0;

/// Private state: what stands in the filter line while it is edited.
#[derive(Debug, Default)]
pub(super) struct TopBar {
    edited: String,
    is_editing: bool,
    wants_focus: bool,
}

impl TopBar {
    /// Puts the cursor into the filter line at the next frame.
    pub(super) fn focus_filter(&mut self) {
        self.wants_focus = true;
    }

    /// Draws the bar.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let bar = ui.max_rect().shrink2(vec2(PADDING_TIGHT, 0.0));
        let left = part(ui, bar, Layout::left_to_right(Align::Center), |ui| store_ui(ctx, ui));
        let right = part(ui, bar, Layout::right_to_left(Align::Center), |ui| position_ui(ctx, ui));
        let room = Rect::from_x_y_ranges(left.right() + 16.0..=right.left() - 16.0, bar.y_range());
        let width = room.width().clamp(0.0, 604.0);
        if width >= FILTER_MIN {
            let line = Rect::from_center_size(room.center(), vec2(width, CONTROL)).round();
            self.filter_ui(ctx, ui, line);
        }
    }

    fn filter_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, line: Rect) {
        let t = ctx.view.tokens;
        let store = ctx.store;
        let wrong = store.filter_error.is_some();
        let border = if wrong { Stroke::new(1.5, t.red) } else { Stroke::new(1.0, t.control) };
        ui.painter().rect(line, RADIUS_CONTROL, t.input, border, StrokeKind::Inside);
        let color = if wrong { t.red_text } else { t.text3 };
        paint::icon(
            ui.painter(),
            pos2(line.left() + 15.0, line.center().y),
            icons::MAGNIFYING_GLASS,
            14.0,
            color,
        );
        let inner = Rect::from_min_max(line.min + vec2(28.0, 1.0), line.max - vec2(6.0, 1.0));
        if !self.is_editing {
            self.edited.clone_from(&store.filter_text);
        }
        let is_set = store.query != Query::default() || !store.filter_text.is_empty();
        let right = part(ui, inner, Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if is_set {
                if button::small_icon(ui, icons::X, Command::ClearFilter.text().0).clicked() {
                    self.is_editing = false;
                    ctx.view.commands.run(Command::ClearFilter);
                }
            } else if !self.is_editing && inner.width() > 220.0 {
                super::keys_at(ui, inner, 0.0, &ctx.view.model.keys.text(Command::ShowPalette));
                ui.add_space(52.0);
            }
        });
        let inner = inner.with_max_x(right.left() - 4.0);
        let has_tokens = Query { text: None, ..store.query.clone() } != Query::default();
        let with_tokens =
            has_tokens && inner.width() > 200.0 && !self.is_editing && !self.wants_focus && !wrong;
        let inner = if with_tokens { inner.with_min_x(tokens_ui(ctx, ui, inner)) } else { inner };
        let shown_text = store.query.text.clone().unwrap_or_default();
        self.edit_ui(ctx, ui, inner, with_tokens.then_some(shown_text));
        if let Some((_, message)) = &store.filter_error {
            let hover = ui.interact(line, ui.scope_id().with("filter error"), Sense::hover());
            tooltip::hint(hover, message);
        }
    }

    /// The text itself. Beside tokens it shows only what is not a token, and turns into the whole line once it is clicked.
    fn edit_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, rect: Rect, beside_tokens: Option<String>) {
        let t = ctx.view.tokens;
        let is_beside = beside_tokens.is_some();
        let mut shown = beside_tokens.unwrap_or_else(|| self.edited.clone());
        let hint = if is_beside { "" } else { "Filter, as kind:OrderPlaced entity:order text" };
        let edit = TextEdit::singleline(&mut shown)
            .id_salt("filter")
            .frame(Frame::NONE)
            .margin(egui::Margin::ZERO)
            .font(FontSelection::FontId(type_roles::mono()))
            .text_color(t.text)
            .hint_text(type_roles::rich(hint, type_roles::body()).color(t.text3))
            .align(egui::Align2::LEFT_CENTER)
            .desired_width(rect.width());
        let layout = Layout::left_to_right(Align::Center);
        let builder = UiBuilder::new().max_rect(rect).layout(layout);
        let response = ui.scope_builder(builder, |ui| ui.add_sized(rect.size(), edit)).inner;
        let response = response.accessible_name("Filter");
        focus::ring(ui, &response, rect.expand2(vec2(28.0, 0.0)), RADIUS_CONTROL);
        if std::mem::take(&mut self.wants_focus) {
            response.request_focus();
        }
        self.is_editing = response.has_focus();
        if response.changed() && !is_beside {
            self.edited.clone_from(&shown);
            ctx.view.commands.send(Action::Filter(shown));
        }
    }
}

/// The parts of the query as tokens, each with a cross; gives back where the text may start.
fn tokens_ui(ctx: StoreContext<'_>, ui: &mut Ui, room: Rect) -> f32 {
    let query = &ctx.store.query;
    let mut without = None;
    let used = part(ui, room.with_max_x(room.right() - 40.0), Layout::left_to_right(Align::Center), |ui| {
        ui.set_clip_rect(room);
        ui.spacing_mut().item_spacing.x = 6.0;
        let mut token = |ui: &mut Ui, key: &str, value: &str, rest: Query| {
            let value: String = escape::visible(value).chars().take(28).collect();
            if chip::query_token(ui, key, &value).clicked() {
                without = Some(rest);
            }
        };
        if let Some(entity) = &query.entity {
            token(ui, "entity:", entity, Query { entity: None, ..query.clone() });
        }
        if let Some(kinds) = &query.kinds {
            let names: Vec<String> =
                kinds.iter().map(|kind| rows::kind_text(*kind, &ctx.store.kind_names).name).collect();
            token(ui, "kind:", &names.join(","), Query { kinds: None, ..query.clone() });
        }
        if let Some(scope) = &query.scope {
            token(ui, "scope:", scope, Query { scope: None, ..query.clone() });
        }
        if let Some(correlation) = &query.correlation {
            let tail = correlation.get(correlation.len().saturating_sub(8)..).unwrap_or(correlation);
            token(ui, "corr:", tail, Query { correlation: None, ..query.clone() });
        }
    });
    if let Some(query) = without {
        ctx.view.commands.send(Action::Refine(query));
    }
    used.right() + 8.0
}

/// Lays out a part of the bar and says how much of it was used.
fn part(ui: &mut Ui, room: Rect, layout: Layout, add: impl FnOnce(&mut Ui)) -> Rect {
    ui.scope_builder(UiBuilder::new().max_rect(room).layout(layout), |ui| {
        add(ui);
        ui.min_rect()
    })
    .inner
}

fn store_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let t = ctx.view.tokens;
    let summary = &ctx.store.summary;
    let (logo, _) = paint::allocate(ui, vec2(22.0, 22.0), Sense::hover());
    ui.painter().rect_filled(logo, RADIUS_CONTROL, t.accent_solid);
    paint::icon(ui.painter(), logo.center(), icons::STACK, 15.0, t.on_accent);
    let name = summary.path.file_stem().unwrap_or(summary.path.as_os_str()).to_string_lossy();
    let name_button = name_ui(ui, &escape::visible(&name), t);
    menu(ctx, &name_button);
    tooltip::hint(name_button, &escape::visible(&summary.path.display().to_string()));
    match summary.mode {
        OpenMode::ReadOnly => badge(ui, Tone::Neutral, Some(icons::EYE), "Read-only"),
        OpenMode::Writable => badge(ui, Tone::Warn, Some(icons::PENCIL_SIMPLE), "Writable"),
    };
    if summary.format == StoreFormat::Batpak {
        badge(ui, Tone::Neutral, Some(icons::FILE_ARCHIVE), "batpak");
    }
    if summary.demo {
        badge(ui, Tone::Neutral, Some(icons::FLASK), "Demo");
        feed_ui(ctx, ui);
    }
}

fn feed_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let Some((paused, per_second)) = ctx.store.feed else { return };
    let (icon, label) =
        if paused { (icons::PLAY, "Resume the feed") } else { (icons::PAUSE, "Pause the feed") };
    if button::icon(ui, icon, label).clicked() {
        ctx.view.commands.send(Action::Feed(!paused, per_second));
    }
}

/// The name of the store with a caret: a click opens the menu.
fn name_ui(ui: &mut Ui, name: &str, t: &Tokens) -> Response {
    let words = paint::line(ui.painter(), name, type_roles::heading(), t.text, NAME_MAX);
    let (rect, response) = paint::allocate(ui, vec2(words.size().x + 20.0, CONTROL), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("store {name}")));
    if response.hovered() {
        ui.painter().rect_filled(rect.expand2(vec2(4.0, 0.0)), RADIUS_CONTROL, t.hover);
    }
    paint::put(ui.painter(), egui::Align2::LEFT_CENTER, rect.left_center(), words);
    paint::icon(ui.painter(), pos2(rect.right() - 7.0, rect.center().y), icons::CARET_DOWN, 11.0, t.text3);
    focus::ring(ui, &response, rect, RADIUS_CONTROL);
    response
}

/// What can be done with the store and with the program.
fn menu(ctx: StoreContext<'_>, button: &Response) {
    Popup::menu(button).width(296.0).gap(6.0).show(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let writes = ctx.store.summary.mode == OpenMode::Writable;
        let can_write = ctx.store.summary.format != StoreFormat::Batpak;
        for command in [
            Command::OpenDialog,
            Command::ToggleWriting,
            Command::Verify,
            Command::NameKinds,
            Command::ToggleUtc,
            Command::CycleTheme,
            Command::ShowKeys,
            Command::CloseStore,
            Command::Quit,
        ] {
            let label = match command {
                Command::ToggleWriting if !can_write => continue,
                Command::ToggleWriting if writes => "Go back to reading",
                Command::ToggleWriting => "Open for writing",
                command => command.text().0,
            };
            if super::overlay::command_row(ctx.view, ui, command, label, false).clicked() {
                ctx.view.commands.run(command);
                ui.close();
            }
        }
    });
}

/// From the right: help, follow, position, verification.
fn position_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let t = ctx.view.tokens;
    let wide = ui.max_rect().width() > 1150.0;
    ui.spacing_mut().item_spacing.x = 4.0;
    let program = button::icon(ui, icons::LIST, "Menu");
    menus::program(ctx.view, &program);
    for command in [Command::ShowSettings, Command::ShowKeys, Command::ShowPalette] {
        if button::icon(ui, command.icon(), command.text().0).clicked() {
            ctx.view.commands.run(command);
        }
    }
    ui.add_space(8.0);
    let lost = ctx.store.summary.position.lost.as_ref();
    let right = ui.cursor().right();
    let mut follow = ctx.store.follow;
    if switch(ui, &mut follow, "Follow").changed() {
        ctx.view.commands.run(Command::ToggleFollow);
    }
    ui.add_space(10.0);
    let words = as_of_ui(ctx, ui);
    let (dot, _) = paint::allocate(ui, vec2(8.0, 8.0), Sense::hover());
    let color = if ctx.store.follow { t.accent } else { t.disabled };
    ui.painter().circle_filled(dot.center(), 3.0, color);
    if let Some((process, program)) = &ctx.store.summary.position.holder {
        let program = program.as_deref().unwrap_or("another program");
        let text = format!("{} writes it, process {process}", escape::visible(program));
        tooltip::hint(words, &text);
    }
    if let Some(lost) = lost {
        let veiled =
            Rect::from_x_y_ranges(dot.left() - 4.0..=right, dot.center().y - 14.0..=dot.center().y + 14.0);
        ui.painter().rect_filled(veiled, RADIUS_CONTROL, t.panel.gamma_multiply(0.55));
        ui.add_space(6.0);
        let shown = badge(ui, Tone::Neutral, Some(icons::PLUG), standing::label(lost));
        tooltip::hint(shown, &standing::sentence(lost));
    }
    if wide {
        ui.add_space(10.0);
        verified_ui(ctx, ui);
    }
}

/// Which event the panels show the store as of; one further back than the newest has a cross that returns to now.
fn as_of_ui(ctx: StoreContext<'_>, ui: &mut Ui) -> Response {
    let t = ctx.view.tokens;
    if let Some(cursor) = ctx.view.model.cursor {
        let shown = chip::query_token(ui, "as of ", &text::sequence(cursor));
        if shown.clicked() {
            ctx.view.commands.run(Command::CursorLive);
        }
        return shown;
    }
    let position = &ctx.store.summary.position;
    let words = match position.events.checked_sub(1) {
        Some(last) => format!("as of {}", text::sequence(last)),
        None => "empty".to_owned(),
    };
    let color = if position.lost.is_some() { t.text3 } else { t.text2 };
    ui.label(type_roles::rich(words, type_roles::table()).color(color))
}

/// How far the store was verified: green only if all of it fits together at the level that is named. That says nothing about who wrote it.
fn verified_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let shield = trust::shield(ctx.store);
    let (tone, icon) = super::findings::tone(shield.standing);
    let response = badge(ui, tone, Some(icon), &shield.label).interact(Sense::click());
    if response.clicked() {
        ctx.view.commands.run(Command::ShowFindings);
    }
    tooltip::hint(response, &escape::visible(&shield.about));
}
