//! Owns the screen between choosing a directory and opening it: what it holds, who writes it, what is wrong. Never opens it.

use std::path::Path;

use egui::Ui;

use super::facts::{class_text, column, facts_ui, failure_ui, head_ui};
use crate::command::{Action, Command};
use crate::context::ViewContext;
use crate::theme::{icons, type_roles};
use crate::view::{text, times};
use crate::widgets::badge::{Tone, badge};
use crate::widgets::button::Button;
use crate::widgets::spinner::spinner;
use crate::widgets::{error_tile, escape};
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

fn preview_ui(ctx: ViewContext<'_>, ui: &mut Ui, preview: &Preview) {
    let name = preview.path.file_stem().unwrap_or(preview.path.as_os_str()).to_string_lossy();
    let name: String = escape::visible(&name).chars().take(60).collect();
    head_ui(ctx, ui, icons::DATABASE, &format!("Open {name}?"), &preview.path);
    facts_ui(ctx, ui, &facts(ctx, preview));
    for finding in &preview.findings {
        error_tile::inline(ui, Tone::Warn, &escape::visible(&finding.to_string()));
    }
    if !preview.findings.is_empty() {
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
            ctx.commands.run(Command::Cancel);
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
    badge(ui, Tone::Bad, Some(icons::X_CIRCLE), class_text(failure.class));
    ui.add_space(6.0);
    failure_ui(ctx, ui, path, failure);
    ui.add_space(12.0);
    ui.horizontal(|ui| {
        if ui.add(Button::primary("Choose another…").icon(icons::FOLDER_OPEN)).clicked() {
            ctx.commands.run(Command::OpenDialog);
        }
        if ui.add(Button::ghost("Back")).clicked() {
            ctx.commands.run(Command::Cancel);
        }
    });
}
