//! Which step of a few, or of many, is the current one.
//!
//! Never between two steps.

use egui::{CornerRadius, EventFilter, Key, Rect, Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::{focus, paint};
use crate::theme::{Theme, Tokens};

/// Radius of the knob, points.
const KNOB: f32 = 8.0;

/// A slider from 0 to `last` over the available width; arrows, Home and End move it, dragging too.
pub fn slider(ui: &mut Ui, label: &str, step: &mut u64, last: u64) -> Response {
    let t = Tokens::of(ui);
    let size = vec2(ui.available_width(), 2.0 * KNOB + 4.0);
    let (rect, mut response) = paint::allocate(ui, size, Sense::click_and_drag());
    let rail = rect.x_range().shrink(KNOB);
    let mut chosen = (*step).min(last);
    if let Some(pointer) = response.interact_pointer_pos() {
        let share = f64::from((pointer.x - rail.min) / rail.span().max(1.0)).clamp(0.0, 1.0);
        chosen = ((share * last as f64).round() as u64).min(last);
    }
    if response.has_focus() {
        chosen = moved_by_keys(ui, &response, chosen, last);
    }
    if chosen != *step {
        *step = chosen;
        response.mark_changed();
    }
    response.widget_info(|| {
        let mut info = WidgetInfo::slider(true, chosen as f64, label);
        info.role = Role::Slider;
        info
    });
    let share = if last == 0 { 0.0 } else { (chosen as f64 / last as f64) as f32 };
    let knob = pos2(rail.min + share * rail.span(), rect.center().y);
    let line = |from: f32, to: f32| Rect::from_min_max(pos2(from, knob.y - 2.0), pos2(to, knob.y + 2.0));
    let p = ui.painter();
    p.rect_filled(line(rect.left(), rect.right()), CornerRadius::same(2), t.line_strong);
    p.rect_filled(line(rect.left(), knob.x), CornerRadius::same(2), t.accent);
    let color = if t.theme == Theme::Light { t.canvas } else { t.text };
    p.circle(knob, KNOB - 1.0, color, Stroke::new(2.0, t.accent));
    focus::ring(ui, &response, Rect::from_center_size(knob, vec2(KNOB, KNOB) * 2.0), KNOB as u8);
    response
}

fn moved_by_keys(ui: &Ui, response: &Response, step: u64, last: u64) -> u64 {
    let filter = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    let pressed = |key| ui.input(|input| input.key_pressed(key));
    if pressed(Key::Home) {
        0
    } else if pressed(Key::End) {
        last
    } else if pressed(Key::ArrowLeft) {
        step.saturating_sub(1)
    } else if pressed(Key::ArrowRight) {
        step.saturating_add(1).min(last)
    } else {
        step
    }
}
