//! Owns the command palette and the list of keys: the same table of commands, searched or in columns.

use egui::{EventFilter, FontSelection, Frame, Key, Layout, Margin, ScrollArea, TextEdit, Ui, pos2, vec2};

use super::super::{inside, keys_at};
use super::command_row;
use crate::command::{Action, Command};
use crate::context::ViewContext;
use crate::theme::{icons, type_roles};
use crate::widgets::key_cap::key_cap;
use crate::widgets::{hairline, paint};

/// Private state: what was typed and which row is chosen.
#[derive(Debug, Default)]
pub(super) struct Palette {
    typed: String,
    chosen: usize,
}

impl Palette {
    /// Draws the palette; `is_new` in the first frame.
    pub(super) fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui, is_new: bool) {
        let t = ctx.tokens;
        let head = egui::Rect::from_min_size(ui.max_rect().min, vec2(ui.max_rect().width(), 48.0));
        paint::icon(
            ui.painter(),
            pos2(head.left() + 24.0, head.center().y),
            icons::MAGNIFYING_GLASS,
            16.0,
            t.text2,
        );
        let field = egui::Rect::from_min_max(
            pos2(head.left() + 44.0, head.top() + 10.0),
            head.max - vec2(16.0, 10.0),
        );
        let edit = TextEdit::singleline(&mut self.typed)
            .id_salt("palette")
            .frame(Frame::NONE)
            .font(FontSelection::FontId(type_roles::reading()))
            .text_color(t.text)
            .align(egui::Align2::LEFT_CENTER)
            .margin(Margin::ZERO)
            .hint_text(type_roles::rich("Type the name of a command", type_roles::reading()).color(t.text3));
        let response = ui.put(field, edit).accessible_name("Command");
        if is_new {
            response.request_focus();
        }
        if response.changed() {
            self.chosen = 0;
        }
        ui.memory_mut(|memory| {
            memory.set_focus_lock_filter(
                response.id,
                EventFilter { vertical_arrows: true, ..EventFilter::default() },
            );
        });
        hairline::horizontal(ui.painter(), head.x_range(), head.bottom(), t.line);
        let found = found(&self.typed);
        self.keys(ui, found.len());
        let run = ui
            .input(|input| input.key_pressed(Key::Enter))
            .then(|| found.get(self.chosen).copied())
            .flatten();
        let below = egui::Rect::from_min_max(
            pos2(head.left() + 8.0, head.bottom() + 6.0),
            ui.max_rect().max - vec2(8.0, 42.0),
        );
        let clicked = inside(ui, below, Layout::default(), |ui| self.list_ui(ctx, ui, &found));
        foot_ui(ctx, ui);
        if let Some(command) = run.or(clicked) {
            ctx.commands.run(Command::Cancel);
            ctx.commands.run(command);
        }
    }

    fn keys(&mut self, ui: &Ui, count: usize) {
        let (down, up) =
            ui.input(|input| (input.key_pressed(Key::ArrowDown), input.key_pressed(Key::ArrowUp)));
        let last = count.saturating_sub(1);
        if down {
            self.chosen = (self.chosen + 1).min(last);
        }
        if up {
            self.chosen = self.chosen.saturating_sub(1);
        }
        self.chosen = self.chosen.min(last);
    }

    fn list_ui(&self, ctx: ViewContext<'_>, ui: &mut Ui, found: &[Command]) -> Option<Command> {
        let mut clicked = None;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            if found.is_empty() {
                let margin = Margin::symmetric(14, 10);
                Frame::NONE.inner_margin(margin).show(ui, |ui| {
                    ui.label(
                        type_roles::rich("No command has this name", type_roles::body())
                            .color(ctx.tokens.text2),
                    );
                });
            }
            for (index, command) in found.iter().enumerate() {
                let row = command_row(ui, *command, command.text().0, index == self.chosen);
                if index == self.chosen {
                    row.scroll_to_me(None);
                }
                if row.on_hover_text(command.text().1).clicked() {
                    clicked = Some(*command);
                }
            }
        });
        clicked
    }
}

fn foot_ui(ctx: ViewContext<'_>, ui: &mut Ui) {
    let t = ctx.tokens;
    let foot = ui.max_rect().with_min_y(ui.max_rect().bottom() - 38.0);
    hairline::horizontal(ui.painter(), foot.x_range(), foot.top(), t.line);
    let builder = egui::UiBuilder::new().max_rect(foot.shrink2(vec2(18.0, 0.0)));
    let layout = egui::Layout::left_to_right(egui::Align::Center);
    let ui = &mut ui.new_child(builder.layout(layout));
    {
        ui.spacing_mut().item_spacing.x = 6.0;
        for (key, what) in [("↑↓", "choose"), ("Enter", "run"), ("Esc", "close")] {
            key_cap(ui, key);
            ui.label(type_roles::rich(what, type_roles::table()).color(t.text2));
            ui.add_space(10.0);
        }
    }
}

/// The commands whose name holds the typed letters in this order, the nearest first.
fn found(typed: &str) -> Vec<Command> {
    let typed = typed.trim().to_lowercase();
    let mut found: Vec<(usize, Command)> = Command::ALL
        .iter()
        .copied()
        .filter(|command| *command != Command::ShowPalette)
        .filter_map(|command| Some((distance(&command.text().0.to_lowercase(), &typed)?, command)))
        .collect();
    found.sort_by_key(|found| found.0);
    found.into_iter().map(|found| found.1).collect()
}

/// How far apart the letters of `typed` are in `name`; `None` if they are not in it.
fn distance(name: &str, typed: &str) -> Option<usize> {
    if let Some(at) = name.find(typed) {
        return Some(at);
    }
    let mut rest = name.char_indices();
    let mut sum = 100;
    let mut before = 0;
    for letter in typed.chars().filter(|letter| !letter.is_whitespace()) {
        let (at, _) = rest.by_ref().find(|(_, other)| *other == letter)?;
        sum += at - before;
        before = at;
    }
    Some(sum)
}

/// All commands that have keys, in two columns.
pub(super) fn keys_ui(ctx: ViewContext<'_>, ui: &mut Ui) {
    let t = ctx.tokens;
    let body = ui.max_rect().shrink2(vec2(16.0, 14.0));
    let title = pos2(body.left() + 4.0, body.top() + 10.0);
    paint::text(
        ui.painter(),
        egui::Align2::LEFT_CENTER,
        title,
        "Keyboard shortcuts",
        type_roles::panel_title(),
        t.text,
    );
    let with_keys: Vec<Command> =
        Command::ALL.iter().copied().filter(|command| !command.keys().is_empty()).collect();
    let half = with_keys.len().div_ceil(2);
    let width = (body.width() - 20.0) / 2.0;
    for (column, commands) in with_keys.chunks(half).enumerate() {
        let left = body.left() + column as f32 * (width + 20.0);
        for (row, command) in commands.iter().enumerate() {
            let top = body.top() + 34.0 + row as f32 * 28.0;
            let rect = egui::Rect::from_min_size(pos2(left, top), vec2(width, 28.0)).round();
            let words =
                paint::line(ui.painter(), command.text().0, type_roles::body(), t.text, width - 100.0);
            paint::put(
                ui.painter(),
                egui::Align2::LEFT_CENTER,
                pos2(rect.left() + 4.0, rect.center().y),
                words,
            );
            hairline::horizontal(ui.painter(), rect.x_range(), rect.bottom() - 1.0, t.line);
            keys_at(ui, rect, 4.0, &command.keys());
        }
    }
    let hint = "Keys without Ctrl or Alt act while no text field has the cursor";
    let at = pos2(body.left() + 4.0, body.bottom() - 6.0);
    paint::text(ui.painter(), egui::Align2::LEFT_CENTER, at, hint, type_roles::caption(), t.text3);
    let escape = egui::Rect::from_min_max(
        pos2(body.right() - 120.0, body.top()),
        pos2(body.right() + 6.0, body.top() + 20.0),
    );
    keys_at(ui, escape, 10.0, "Esc");
    ui.input(|input| input.pointer.any_click()).then(|| ctx.commands.send(Action::Run(Command::Cancel)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_found_by_a_part_of_its_name_or_by_its_letters() {
        assert_eq!(found("verify").first(), Some(&Command::Verify));
        assert_eq!(found("csgr").first(), Some(&Command::ShowGraph));
        assert!(found("zzzz").is_empty());
        assert_eq!(found("").len(), Command::ALL.len() - 1);
    }
}
