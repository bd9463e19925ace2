//! The box things that belong together lie in.
//!
//! Never inside another card.

use egui::{Frame, Margin, Stroke, Ui};

use crate::theme::Tokens;
use crate::theme::metrics::RADIUS_CARD;

/// A card: a quiet ground, one line round it, fourteen points of padding.
pub fn card(ui: &Ui) -> Frame {
    let t = Tokens::of(ui);
    Frame::NONE
        .fill(t.canvas)
        .stroke(Stroke::new(1.0, t.line))
        .corner_radius(RADIUS_CARD)
        .inner_margin(Margin::same(14))
}
