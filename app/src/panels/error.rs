//! Owns the screen that says why a store could not be opened, and the safe way out. Never tries again by itself.

use egui::{Layout, Sense, Ui, vec2};

use super::facts::{class_text, column, facts_ui, failure_ui};
use crate::command::{Action, Command};
use crate::context::ViewContext;
use crate::state::model::OpenFailure;
use crate::theme::{icons, type_roles};
use crate::widgets::button::Button;
use crate::widgets::{escape, paint};
use crate::worker::protocol::{FailureClass, OpenMode};

/// Draws the screen.
pub(super) fn show(ctx: ViewContext<'_>, ui: &mut Ui) {
    let Some(failed) = &ctx.model.open_failure else { return };
    column(ui, |ui| {
        head_ui(ctx, ui, failed);
        failure_ui(ctx, ui, &failed.path, &failed.failure);
        ui.add_space(14.0);
        let mode = match failed.mode {
            OpenMode::ReadOnly => "read-only",
            OpenMode::Writable => "for writing",
        };
        let mut facts =
            vec![("Cause", class_text(failed.failure.class).to_owned()), ("Opened", mode.to_owned())];
        // Without the lock nothing is written; with it, recovery may have been.
        if failed.mode == OpenMode::ReadOnly || failed.failure.class == FailureClass::Locked {
            facts.push(("Written", "nothing; the directory is as it was".to_owned()));
        }
        facts_ui(ctx, ui, &facts);
        buttons_ui(ctx, ui, failed);
    });
}

fn head_ui(ctx: ViewContext<'_>, ui: &mut Ui, failed: &OpenFailure) {
    let t = ctx.tokens;
    let icon = match failed.failure.class {
        FailureClass::Locked => icons::LOCK_KEY,
        FailureClass::Permission => icons::PROHIBIT,
        FailureClass::NotAStore => icons::FILE_DASHED,
        _ => icons::WARNING_CIRCLE,
    };
    let title = match failed.mode {
        OpenMode::ReadOnly => "This store cannot be opened",
        OpenMode::Writable => "This store cannot be opened for writing",
    };
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        let (square, _) = paint::allocate(ui, vec2(40.0, 40.0), Sense::hover());
        ui.painter().rect_filled(square, 8, t.red_bg);
        paint::icon(ui.painter(), square.center(), icon, 22.0, t.red_text);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            let shown = ui.label(type_roles::rich(title, type_roles::title()).color(t.text));
            shown.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Alert, true, title));
            let path = escape::visible(&failed.path.display().to_string()).into_owned();
            let line = paint::line(ui.painter(), &path, type_roles::mono(), t.text2, ui.available_width());
            let (rect, _) = paint::allocate(ui, line.size(), Sense::hover());
            paint::put(ui.painter(), egui::Align2::LEFT_CENTER, rect.left_center(), line);
        });
    });
    ui.add_space(18.0);
}

/// The safe way out first; it is the one that fits the cause.
fn buttons_ui(ctx: ViewContext<'_>, ui: &mut Ui, failed: &OpenFailure) {
    ui.horizontal(|ui| {
        let reading_helps = failed.mode == OpenMode::Writable
            && matches!(
                failed.failure.class,
                FailureClass::Locked | FailureClass::Permission | FailureClass::Damaged
            );
        let read_only = Action::Open(failed.path.clone(), OpenMode::ReadOnly);
        if reading_helps {
            if ui.add(Button::primary("Open read-only").icon(icons::EYE)).clicked() {
                ctx.commands.send(read_only);
            }
            if ui.add(Button::secondary("Choose another…").icon(icons::FOLDER_OPEN)).clicked() {
                ctx.commands.run(Command::OpenDialog);
            }
        } else if ui.add(Button::primary("Choose another…").icon(icons::FOLDER_OPEN)).clicked() {
            ctx.commands.run(Command::OpenDialog);
        }
        if ui.add(Button::secondary("Try again").icon(icons::ARROWS_CLOCKWISE)).clicked() {
            ctx.commands.send(Action::Open(failed.path.clone(), failed.mode));
        }
        if ui.add(Button::ghost("Back")).clicked() {
            ctx.commands.run(Command::Cancel);
        }
        ui.with_layout(Layout::right_to_left(egui::Align::Center), |ui| {
            if ui.add(Button::ghost("Copy diagnostics").icon(icons::COPY_SIMPLE)).clicked() {
                ctx.commands.send(Action::Copy(diagnostics(failed), "diagnostics"));
            }
        });
    });
}

/// What helps somebody who was not there.
fn diagnostics(failed: &OpenFailure) -> String {
    format!(
        "causeway {}\npath {}\nmode {:?}\nclass {:?}\nmessage {}\nadvice {}",
        env!("CARGO_PKG_VERSION"),
        failed.path.display(),
        failed.mode,
        failed.failure.class,
        failed.failure.message,
        failed.failure.advice
    )
}
