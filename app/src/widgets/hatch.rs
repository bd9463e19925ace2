//! The ground of what is damaged: red, with slanted lines, so that it is told apart without colour.
//!
//! Never says what is damaged; words stand beside it.

use egui::{Painter, Rect, Stroke, pos2};

use super::paint;
use crate::theme::Tokens;

/// From one line to the next, points.
const PITCH: f32 = 8.0;

/// Fills `rect`, as far as it can be seen.
pub fn fill(painter: &Painter, rect: Rect, t: &Tokens) {
    let seen = rect.intersect(painter.clip_rect());
    if !seen.is_positive() {
        return;
    }
    let p = painter.with_clip_rect(seen);
    p.rect_filled(rect, 0, t.red_bg);
    // The lines of neighbouring places continue each other.
    let first = ((seen.left() - rect.height()) / PITCH).floor();
    let count = ((seen.width() + rect.height()) / PITCH).ceil() as u32 + 1;
    let stroke = Stroke::new(1.0, paint::mix(t.red_bg, t.red, 0.22));
    for i in 0..count {
        let x = (first + i as f32) * PITCH;
        p.line_segment([pos2(x, rect.bottom()), pos2(x + rect.height(), rect.top())], stroke);
    }
}
