//! Owns the screen while a store is being opened: how far it is, and a way to stop. Never waits itself.

use egui::{CornerRadius, Rect, Role, Sense, Ui, WidgetInfo, vec2};

use super::facts;
use crate::command::Command;
use crate::context::ViewContext;
use crate::theme::{icons, type_roles};
use crate::view::text;
use crate::widgets::button::Button;
use crate::widgets::paint;
use crate::worker::protocol::Task;

/// Draws the screen.
pub(super) fn show(ctx: ViewContext<'_>, ui: &mut Ui) {
    let t = ctx.tokens;
    facts::column(ui, |ui| {
        facts::head_ui(ctx, ui, icons::FOLDER_OPEN, "Opening", &ctx.model.opening);
        let (done, total) = match ctx.model.progress {
            Some((Task::Open, done, total)) => (done, total),
            _ => (0, 0),
        };
        progress_ui(ctx, ui, done, total);
        ui.add_space(4.0);
        let words = if total == 0 {
            "Reading the list of segments".to_owned()
        } else {
            format!("{} of {} read", text::bytes(done), text::bytes(total))
        };
        ui.label(type_roles::rich(words, type_roles::table()).color(t.text2));
        ui.add_space(12.0);
        if ui.add(Button::secondary("Cancel")).clicked() {
            ctx.commands.run(Command::Cancel);
        }
    });
}

fn progress_ui(ctx: ViewContext<'_>, ui: &mut Ui, done: u64, total: u64) {
    let t = ctx.tokens;
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), 6.0), Sense::hover());
    let percent = text::percent(done, total);
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, format!("opening {percent}")));
    ui.painter().rect_filled(rect, CornerRadius::same(3), t.active);
    let share = if total == 0 { 0.0 } else { (done as f64 / total as f64).clamp(0.0, 1.0) as f32 };
    let part = Rect::from_min_size(rect.min, vec2((rect.width() * share).max(6.0), rect.height()));
    ui.painter().rect_filled(part, CornerRadius::same(3), t.accent_solid);
}
