//! Text, icons and boxes on whole pixels: what the other widgets are painted with.
//!
//! Never interacts.

use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, FontId, Galley, Painter, Pos2, Rect, Response, Sense, Ui, Vec2};

use crate::theme::type_roles;

/// One line of text; what does not fit in `max_width` points ends in an ellipsis.
pub fn line(painter: &Painter, text: &str, font: FontId, color: Color32, max_width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, color));
    job.wrap = TextWrapping { max_width, max_rows: 1, break_anywhere: true, overflow_character: Some('…') };
    job.break_on_newline = false;
    painter.layout_job(job)
}

/// One line of text as long as it is.
pub fn whole_line(painter: &Painter, text: &str, font: FontId, color: Color32) -> Arc<Galley> {
    line(painter, text, font, color, f32::INFINITY)
}

/// Paints a galley with its anchor at `pos` and says where it lies.
pub fn put(painter: &Painter, anchor: Align2, pos: Pos2, galley: Arc<Galley>) -> Rect {
    let rect = anchor.anchor_size(pos, galley.size());
    painter.galley(rect.min, galley, Color32::PLACEHOLDER);
    rect
}

/// Paints one line of text with its anchor at `pos` and says where it lies.
pub fn text(painter: &Painter, anchor: Align2, pos: Pos2, words: &str, font: FontId, color: Color32) -> Rect {
    put(painter, anchor, pos, whole_line(painter, words, font, color))
}

/// Paints an icon of `size` points around `center`.
pub fn icon(painter: &Painter, center: Pos2, icon: char, size: f32, color: Color32) {
    text(
        painter,
        Align2::CENTER_CENTER,
        center,
        icon.encode_utf8(&mut [0; 4]),
        type_roles::icon(size),
        color,
    );
}

/// Room for a widget of `size`, moved to whole points so that its edges are crisp.
pub fn allocate(ui: &mut Ui, size: Vec2, sense: Sense) -> (Rect, Response) {
    let (rect, response) = ui.allocate_exact_size(size.ceil(), sense);
    (Rect::from_min_size(rect.min.round(), rect.size()), response)
}

/// `a` moved a `share` (0 to 1) of the way to `b`.
pub fn mix(a: Color32, b: Color32, share: f32) -> Color32 {
    a.lerp_to_gamma(b, share)
}
