//! Owns the list of what the interface holds in memory. Never frees anything.

use egui::{Align2, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::context::StoreContext;
use crate::theme::metrics::{PADDING, PROJECTION_ROW};
use crate::theme::type_roles;
use crate::view::{memory, text};
use crate::widgets::{hairline, paint};

/// Where counts end, and where bytes end, points from the left.
const COUNT: f32 = 360.0;
const BYTES: f32 = 480.0;

/// Draws the list.
pub(super) fn show(ctx: StoreContext<'_>, ui: &mut Ui) {
    let held = memory::held(ctx.store);
    let sum: u64 = held.iter().map(|held| held.bytes).sum();
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for held in &held {
            row_ui(ctx, ui, (held.name, &held.count, &text::bytes(held.bytes)), false);
        }
        row_ui(ctx, ui, ("All of it, counted and not measured", "", &text::bytes(sum)), true);
    });
}

fn row_ui(ctx: StoreContext<'_>, ui: &mut Ui, (name, count, bytes): (&str, &str, &str), is_sum: bool) {
    let t = ctx.view.tokens;
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), PROJECTION_ROW), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {count} {bytes}")));
    let (p, y) = (ui.painter(), rect.center().y);
    let font = if is_sum { type_roles::body_medium() } else { type_roles::body() };
    paint::text(p, Align2::LEFT_CENTER, pos2(rect.left() + PADDING, y), name, font.clone(), t.text);
    paint::text(p, Align2::RIGHT_CENTER, pos2(rect.left() + COUNT, y), count, type_roles::table(), t.text2);
    paint::text(p, Align2::RIGHT_CENTER, pos2(rect.left() + BYTES, y), bytes, font, t.text);
    hairline::horizontal(p, rect.x_range(), rect.bottom() - 1.0, t.line_soft);
}
