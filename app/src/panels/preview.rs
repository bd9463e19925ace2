//! Owns the screen between choosing a directory and opening it: what it holds, who writes it, what is wrong. Never opens it.

use std::path::Path;

use egui::{Align, Frame, Layout, Margin, Rect, ScrollArea, Sense, Ui, pos2, vec2};

use super::inside;
use crate::command::{Action, Command};
use crate::context::ViewContext;
use crate::theme::metrics::ERROR_WIDTH;
use crate::theme::{icons, type_roles};
use crate::view::{text, times};
use crate::widgets::badge::{Tone, badge};
use crate::widgets::button::Button;
use crate::widgets::spinner::spinner;
use crate::widgets::{error_tile, escape, paint};
use crate::worker::protocol::{Failure, OpenMode, Preview, StoreFormat};

/// Draws the screen.
pub(super) fn show(ctx: ViewContext<'_>, ui: &mut Ui) {
    column(ui, |ui| match &ctx.model.preview {
        Some(Ok(preview)) => preview_ui(ctx, ui, preview),
        Some(Err((path, failure))) => failed_ui(ctx, ui, path, failure),
        None => {
            ui.horizontal(|ui| {
                spinner(ui, "looking inside");
                ui.label(type_roles::rich("Looking inside", type_roles::body()).color(ctx.tokens.text2));
            });
        }
    });
}

/// The column in the middle that screens without a store share.
pub(super) fn column(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    let whole = ui.max_rect();
    let width = ERROR_WIDTH.min(whole.width() - 64.0);
    let left = (whole.center().x - width / 2.0).floor();
    let top = whole.top() + (whole.height() * 0.14).floor();
    let room = Rect::from_min_max(pos2(left, top), pos2(left + width, whole.bottom() - 16.0));
    inside(ui, room, Layout::default(), |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            add(ui);
        });
    });
}

/// The head of such a screen: icon, title, path.
pub(super) fn head_ui(ctx: ViewContext<'_>, ui: &mut Ui, icon: char, title: &str, path: &Path) {
    let t = ctx.tokens;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        let (square, _) = paint::allocate(ui, vec2(40.0, 40.0), Sense::hover());
        ui.painter().rect_filled(square, 8, t.sel);
        paint::icon(ui.painter(), square.center(), icon, 22.0, t.accent_text);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.label(type_roles::rich(title, type_roles::title()).color(t.text));
            let shown = escape::visible(&path.display().to_string()).into_owned();
            let line = paint::line(ui.painter(), &shown, type_roles::mono(), t.text2, ui.available_width());
            let (rect, response) = paint::allocate(ui, line.size(), Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &shown));
            paint::put(ui.painter(), egui::Align2::LEFT_CENTER, rect.left_center(), line);
        });
    });
    ui.add_space(16.0);
}

/// Names and values in a card.
pub(super) fn facts_ui(ctx: ViewContext<'_>, ui: &mut Ui, facts: &[(&str, String)]) {
    let t = ctx.tokens;
    let frame = Frame::NONE
        .fill(t.panel)
        .stroke(egui::Stroke::new(1.0, t.line))
        .corner_radius(crate::theme::metrics::RADIUS_CARD)
        .inner_margin(Margin::symmetric(16, 12));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().interact_size.y = 18.0;
        ui.spacing_mut().item_spacing.y = 5.0;
        for (name, value) in facts {
            ui.horizontal(|ui| {
                let (rect, _) = paint::allocate(ui, vec2(96.0, 18.0), Sense::hover());
                paint::text(
                    ui.painter(),
                    egui::Align2::LEFT_CENTER,
                    rect.left_center(),
                    name,
                    type_roles::body(),
                    t.text3,
                );
                ui.label(type_roles::rich(value.as_str(), type_roles::body()).color(t.text));
            });
        }
    });
    ui.add_space(12.0);
}

fn preview_ui(ctx: ViewContext<'_>, ui: &mut Ui, preview: &Preview) {
    let name = preview.path.file_stem().unwrap_or(preview.path.as_os_str()).to_string_lossy();
    let name: String = escape::visible(&name).chars().take(60).collect();
    head_ui(ctx, ui, icons::DATABASE, &format!("Open {name}?"), &preview.path);
    facts_ui(ctx, ui, &facts(ctx, preview));
    for problem in &preview.problems {
        error_tile::inline(ui, Tone::Warn, &escape::visible(problem));
    }
    if !preview.problems.is_empty() {
        ui.add_space(12.0);
    }
    ui.horizontal(|ui| {
        let open = |mode| ctx.commands.send(Action::Open(preview.path.clone(), mode));
        if ui.add(Button::primary("Open read-only").icon(icons::EYE)).clicked() {
            open(OpenMode::ReadOnly);
        }
        let can_write = preview.format != StoreFormat::Batpak && preview.holder.is_none();
        let writing = Button::secondary("Open for writing").icon(icons::PENCIL_SIMPLE).enabled(can_write);
        if ui.add(writing).clicked() {
            open(OpenMode::Writable);
        }
        if ui.add(Button::ghost("Back")).clicked() {
            ctx.commands.run(Command::CloseStore);
        }
    });
    let why = match (&preview.format, &preview.holder) {
        (StoreFormat::Batpak, _) => "A batpak directory is only ever read",
        (_, Some(_)) => "Another process writes it; reading needs no lock and follows what it writes",
        (_, None) => "Reading changes nothing in the directory",
    };
    ui.add_space(4.0);
    ui.label(type_roles::rich(why, type_roles::table()).color(ctx.tokens.text3));
}

fn facts(ctx: ViewContext<'_>, preview: &Preview) -> Vec<(&'static str, String)> {
    let zone = ctx.model.zone();
    let format = match preview.format {
        StoreFormat::Causeway { version } => format!("Causeway, version {version}"),
        StoreFormat::Batpak => "batpak".to_owned(),
    };
    let size = format!("{} in {}", text::bytes(preview.bytes), text::counted(preview.segments, "segment"));
    let events = preview.events.map_or_else(|| "known once it is open".to_owned(), text::grouped);
    let mut facts = vec![("Format", format), ("Size", size), ("Events", events)];
    if let Some((first, last)) = preview.span_us {
        facts.push(("First event", times::full(first, zone)));
        facts.push((
            "Last event",
            format!("{}, {}", times::full(last, zone), times::ago(ctx.model.now_us, last, zone)),
        ));
    }
    facts.push((
        "Written by",
        match &preview.holder {
            Some((process, program)) => {
                let program = program.as_deref().unwrap_or("another program");
                format!("{}, process {process}", escape::visible(program))
            }
            None => "nobody at the moment".to_owned(),
        },
    ));
    facts
}

fn failed_ui(ctx: ViewContext<'_>, ui: &mut Ui, path: &Path, failure: &Failure) {
    head_ui(ctx, ui, icons::FILE_DASHED, "There is no store to open here", path);
    badge(ui, Tone::Bad, Some(icons::X_CIRCLE), super::error::class_text(failure.class));
    for (words, color) in [(&failure.message, ctx.tokens.text), (&failure.advice, ctx.tokens.text2)] {
        if !words.is_empty() {
            ui.label(type_roles::rich(super::error::sentence(words), type_roles::reading()).color(color));
        }
    }
    ui.add_space(12.0);
    ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
        if ui.add(Button::primary("Choose another…").icon(icons::FOLDER_OPEN)).clicked() {
            ctx.commands.run(Command::OpenDialog);
        }
        if ui.add(Button::ghost("Back")).clicked() {
            ctx.commands.run(Command::CloseStore);
        }
    });
}
