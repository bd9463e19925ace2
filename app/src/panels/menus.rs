//! Owns menus of commands: under a button, and of the whole program.

use egui::{Popup, Response, Ui};

use super::overlay::command_row;
use crate::command::{Command, Group};
use crate::context::ViewContext;
use crate::theme::type_roles;

/// Width of a menu of commands, points.
const WIDTH: f32 = 304.0;

/// A menu of these commands under a button.
pub(super) fn commands(ctx: ViewContext<'_>, button: &Response, commands: impl Iterator<Item = Command>) {
    Popup::menu(button).width(WIDTH).gap(6.0).show(|ui| commands_ui(ctx, ui, commands));
}

fn commands_ui(ctx: ViewContext<'_>, ui: &mut Ui, commands: impl Iterator<Item = Command>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    for command in commands {
        if command_row(ctx, ui, command, command.text().0, false).clicked() {
            ctx.commands.run(command);
            ui.close();
        }
    }
}

/// The menu of the program under a button: each group of commands behind its name.
pub(super) fn program(ctx: ViewContext<'_>, button: &Response) {
    Popup::menu(button).width(160.0).gap(6.0).show(|ui| {
        for group in Group::ALL {
            let title = type_roles::rich(group.title(), type_roles::body()).color(ctx.tokens.text);
            ui.menu_button(title, |ui| {
                ui.set_width(WIDTH);
                let height = ui.ctx().content_rect().height() - 80.0;
                egui::ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
                    commands_ui(ctx, ui, group.commands());
                });
            });
        }
    });
}
