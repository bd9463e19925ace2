//! Owns the list of all keys as they are bound now, by group, in two columns.

use egui::{Align2, Rect, ScrollArea, Sense, Ui, pos2, vec2};

use super::super::{inside, keys_at};
use crate::command::{Command, Group};
use crate::context::ViewContext;
use crate::theme::icons;
use crate::theme::type_roles;
use crate::widgets::{button, hairline, paint};

/// Height of a row, points.
const ROW: f32 = 26.0;
/// Between the columns, points.
const GAP: f32 = 24.0;
/// Room above the list for its title, and below it for a hint, points.
const HEAD: f32 = 44.0;
const FOOT: f32 = 30.0;

/// A line of a column.
enum Line {
    Title(Group),
    Keys(Command),
}

/// Draws the list.
pub(super) fn show(ctx: ViewContext<'_>, ui: &mut Ui) {
    let t = ctx.tokens;
    let whole = ui.max_rect().shrink2(vec2(20.0, 0.0));
    let title = pos2(whole.left(), whole.top() + 24.0);
    let left = Align2::LEFT_CENTER;
    paint::text(ui.painter(), left, title, "Keyboard shortcuts", type_roles::panel_title(), t.text);
    let tools = Rect::from_min_size(pos2(whole.right() - 60.0, whole.top() + 10.0), vec2(66.0, 28.0));
    inside(ui, tools, super::super::from_right(), |ui| {
        if button::small_icon(ui, icons::X, "Close").clicked() {
            ctx.commands.run(Command::Cancel);
        }
        if button::small_icon(ui, icons::PENCIL_SIMPLE, "Change keys").clicked() {
            ctx.commands.run(Command::ShowSettings);
        }
    });
    let body = Rect::from_min_max(whole.min + vec2(0.0, HEAD), whole.max - vec2(0.0, FOOT));
    inside(ui, body, egui::Layout::default(), |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| columns_ui(ctx, ui));
    });
    let foot = whole.with_min_y(whole.bottom() - FOOT);
    hairline::horizontal(ui.painter(), ui.max_rect().x_range(), foot.top(), t.line);
    let hint = "Keys without Ctrl or Alt act while no text field has the cursor";
    paint::text(ui.painter(), left, foot.left_center(), hint, type_roles::caption(), t.text3);
}

fn columns_ui(ctx: ViewContext<'_>, ui: &mut Ui) {
    let lines: Vec<Line> = Group::ALL
        .into_iter()
        .flat_map(|group| {
            let bound = group.commands().filter(|command| !ctx.model.keys.of_command(*command).is_empty());
            std::iter::once(Line::Title(group)).chain(bound.map(Line::Keys)).collect::<Vec<_>>()
        })
        .collect();
    let half = lines.len().div_ceil(2);
    let (rect, _) =
        ui.allocate_exact_size(vec2(ui.available_width() - 10.0, half as f32 * ROW), Sense::hover());
    let width = (rect.width() - GAP) / 2.0;
    for (index, line) in lines.iter().enumerate() {
        let at = rect.min + vec2((index / half) as f32 * (width + GAP), (index % half) as f32 * ROW);
        let row = Rect::from_min_size(at, vec2(width, ROW)).round();
        if ui.is_rect_visible(row) {
            line_ui(ctx, ui, row, line);
        }
    }
}

fn line_ui(ctx: ViewContext<'_>, ui: &mut Ui, row: Rect, line: &Line) {
    let t = ctx.tokens;
    match line {
        Line::Title(group) => {
            let at = pos2(row.left(), row.bottom() - 10.0);
            paint::text(ui.painter(), Align2::LEFT_CENTER, at, group.title(), type_roles::section(), t.text2);
        }
        Line::Keys(command) => {
            let words =
                paint::line(ui.painter(), command.text().0, type_roles::body(), t.text, row.width() - 106.0);
            paint::put(ui.painter(), Align2::LEFT_CENTER, row.left_center(), words);
            keys_at(ui, row, 2.0, &ctx.model.keys.text(*command));
        }
    }
    hairline::horizontal(ui.painter(), row.x_range(), row.bottom() - 1.0, t.line);
}
