//! One-point lines that stay crisp at every scale.
//!
//! Never uses line segments: those are feathered and fall between pixels.

use egui::{Color32, CornerRadius, Painter, Pos2, Rangef, Rect, Sense, Ui, vec2};

use crate::theme::Tokens;

/// A horizontal line whose top is at `y`.
pub fn horizontal(painter: &Painter, x: impl Into<Rangef>, y: f32, color: Color32) {
    let x = x.into();
    let rect = Rect::from_min_max(Pos2::new(x.min, y.round()), Pos2::new(x.max, y.round() + 1.0));
    painter.rect_filled(rect, CornerRadius::ZERO, color);
}

/// A vertical line whose left side is at `x`.
pub fn vertical(painter: &Painter, x: f32, y: impl Into<Rangef>, color: Color32) {
    let y = y.into();
    let rect = Rect::from_min_max(Pos2::new(x.round(), y.min), Pos2::new(x.round() + 1.0, y.max));
    painter.rect_filled(rect, CornerRadius::ZERO, color);
}

/// A rule across the available width, one point high.
pub fn rule(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    horizontal(ui.painter(), rect.x_range(), rect.top(), Tokens::of(ui).line);
}
