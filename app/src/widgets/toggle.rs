//! What is on or off: switches take effect at once, checkboxes when a form is sent.
//!
//! Never without a label.

use egui::{Align2, Pos2, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::{focus, paint};
use crate::theme::metrics::RADIUS_CHIP;
use crate::theme::{Tokens, type_roles};

/// A switch with its label on the right; the response is changed when it was flipped.
pub fn switch(ui: &mut Ui, on: &mut bool, label: &str) -> Response {
    let t = Tokens::of(ui);
    let (response, rect) = toggle(ui, on, label, Role::Switch, vec2(24.0, 14.0));
    let share = ui.ctx().animate_bool(response.id, *on);
    let p = ui.painter();
    if *on {
        p.rect_filled(rect, 7, t.accent_solid);
    } else {
        p.rect(rect, 7, t.input, Stroke::new(1.0, t.control), StrokeKind::Inside);
    }
    let knob = pos2(egui::lerp(rect.left() + 7.0..=rect.right() - 7.0, share), rect.center().y);
    let (radius, color) = if *on { (5.0, t.on_accent) } else { (4.0, t.text2) };
    p.circle_filled(knob, radius, color);
    focus::ring(ui, &response, rect, 7);
    response
}

/// A checkbox with its label on the right; the response is changed when it was flipped.
pub fn checkbox(ui: &mut Ui, on: &mut bool, label: &str) -> Response {
    let t = Tokens::of(ui);
    let (response, rect) = toggle(ui, on, label, Role::CheckBox, vec2(16.0, 16.0));
    let p = ui.painter();
    if *on {
        p.rect_filled(rect, RADIUS_CHIP, t.accent_solid);
        let at = |x: f32, y: f32| -> Pos2 { rect.min + vec2(x, y) };
        p.line(vec![at(4.0, 8.25), at(6.9, 11.1), at(12.0, 5.2)], Stroke::new(1.75, t.on_accent));
    } else {
        let ground = if response.hovered() { t.hover } else { t.input };
        p.rect(rect, RADIUS_CHIP, ground, Stroke::new(1.0, t.control), StrokeKind::Inside);
    }
    focus::ring(ui, &response, rect, RADIUS_CHIP);
    response
}

/// Room, click and label; gives back where the box itself goes.
fn toggle(ui: &mut Ui, on: &mut bool, label: &str, role: Role, size: egui::Vec2) -> (Response, egui::Rect) {
    let t = Tokens::of(ui);
    let words = paint::whole_line(ui.painter(), label, type_roles::body(), t.text);
    let width = size.x + 8.0 + words.size().x.ceil();
    let (rect, mut response) = paint::allocate(ui, vec2(width, 22.0), Sense::click());
    if response.clicked() {
        *on = !*on;
        response.mark_changed();
    }
    let state = *on;
    response.widget_info(|| WidgetInfo::selected(role, true, state, label));
    let y = rect.center().y;
    paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left() + size.x + 8.0, y), words);
    let square = egui::Rect::from_min_size(pos2(rect.left(), (y - size.y / 2.0).round()), size);
    (response, square)
}
