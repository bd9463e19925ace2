//! Words that lead somewhere.
//!
//! Never opens anything itself; a click is reported.

use egui::{Align2, CursorIcon, FontId, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::{focus, hairline, paint};
use crate::theme::metrics::RADIUS_CHIP;
use crate::theme::{Tokens, type_roles};

/// A link in the text face, 12 points.
pub fn link(ui: &mut Ui, label: &str) -> Response {
    link_in(ui, label, type_roles::table())
}

/// A link in any face.
pub fn link_in(ui: &mut Ui, label: &str, font: FontId) -> Response {
    let t = Tokens::of(ui);
    let words = paint::line(ui.painter(), label, font, t.accent_text, ui.available_width());
    let size = vec2(words.size().x, words.size().y.max(18.0));
    let (rect, response) = paint::allocate(ui, size, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, label));
    let at = paint::put(ui.painter(), Align2::LEFT_CENTER, rect.left_center(), words);
    if response.hovered() {
        hairline::horizontal(ui.painter(), at.x_range(), at.bottom() - 1.0, t.accent_text);
    }
    focus::ring(ui, &response, rect, RADIUS_CHIP);
    response.on_hover_cursor(CursorIcon::PointingHand)
}
