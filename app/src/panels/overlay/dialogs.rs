//! Owns the two dialogs with one field: where to go, and what to open.

use std::path::PathBuf;

use egui::{Align, Frame, Layout, Margin, Ui};

use crate::command::{Action, Command};
use crate::context::ViewContext;
use crate::theme::{icons, type_roles};
use crate::view::palette::target;
use crate::view::times;
use crate::widgets::button::Button;
use crate::widgets::text_input::{FieldError, TextInput};
use crate::worker::protocol::Target;

/// Private state: what was typed.
#[derive(Debug, Default)]
pub(super) struct Jump {
    typed: String,
}

/// Private state: what was typed.
#[derive(Debug, Default)]
pub(super) struct OpenPath {
    typed: String,
}

impl Jump {
    /// Draws the dialog.
    pub(super) fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui, is_new: bool) {
        let time = || times::typed(&self.typed, ctx.model.now_us, ctx.model.zone()).map(Target::Time);
        let target = target(&self.typed).or_else(time);
        let wrong = (!self.typed.trim().is_empty() && target.is_none()).then_some(FieldError {
            message: "Neither a sequence, nor an id of 32 digits, nor a time",
            fix: None,
        });
        // What a time is understood as stands beside the label, in the zone that the table shows.
        let understood = match target {
            Some(Target::Time(time_us)) => times::full(time_us, ctx.model.zone()),
            _ => String::new(),
        };
        let field = TextInput::new("Sequence, id or time of an event")
            .hint(&understood)
            .placeholder("9,811,992 · 2026-11-24 10:00 · -1h")
            .icon(icons::HASH)
            .error(wrong);
        let go =
            form_ui(ctx, ui, is_new, "Go", target.is_some(), |ui| field.show(ui, &mut self.typed).response);
        if let Some(target) = target.filter(|_| go) {
            ctx.commands.run(Command::Cancel);
            ctx.commands.send(Action::Jump(target));
        }
    }
}

impl OpenPath {
    /// Draws the dialog.
    pub(super) fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui, is_new: bool) {
        let path = self.typed.trim().to_owned();
        let field =
            TextInput::new("Path of a store").placeholder("/path/of/a/store").icon(icons::FOLDER).mono();
        let go = form_ui(ctx, ui, is_new, "Look inside", !path.is_empty(), |ui| {
            field.show(ui, &mut self.typed).response
        });
        if go {
            ctx.commands.run(Command::Cancel);
            ctx.commands.send(Action::Preview(PathBuf::from(path)));
        }
    }
}

/// A field, and the buttons below it; true if what the dialog is for was asked for.
fn form_ui(
    ctx: ViewContext<'_>,
    ui: &mut Ui,
    is_new: bool,
    label: &str,
    is_ready: bool,
    field: impl FnOnce(&mut Ui) -> egui::Response,
) -> bool {
    Frame::NONE
        .inner_margin(Margin::symmetric(20, 18))
        .show(ui, |ui| {
            let response = field(ui);
            if is_new {
                response.request_focus();
            }
            let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            ui.add_space(14.0);
            ui.with_layout(Layout::left_to_right(Align::TOP), |ui| {
                let clicked = ui.add(Button::primary(label).enabled(is_ready)).clicked();
                if ui.add(Button::ghost("Close")).clicked() {
                    ctx.commands.run(Command::Cancel);
                }
                ui.label(type_roles::rich("", type_roles::body()));
                (clicked || entered) && is_ready
            })
            .inner
        })
        .inner
}
