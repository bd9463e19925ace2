//! A small line that shows how something went lately.
//!
//! Never with an axis; the number stands beside it.

use egui::{Response, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::badge::Tone;
use super::{hairline, paint};
use crate::theme::Tokens;

/// Width and height, points.
const SIZE: [f32; 2] = [132.0, 17.0];

/// The line of `values`, oldest first, scaled from zero to the largest; the last one is marked.
pub fn sparkline(ui: &mut Ui, label: &str, values: &[f32], tone: Tone) -> Response {
    let t = Tokens::of(ui);
    let (rect, response) = paint::allocate(ui, SIZE.into(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label));
    let color = tone.mark(t);
    hairline::horizontal(ui.painter(), rect.x_range(), rect.bottom() - 1.0, t.line_soft);
    let top = values.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let plot = rect.shrink2(vec2(2.0, 2.0));
    let step = plot.width() / values.len().saturating_sub(1).max(1) as f32;
    let points: Vec<_> = values
        .iter()
        .enumerate()
        .map(|(i, v)| {
            let share = (v / top).clamp(0.0, 1.0);
            pos2(plot.left() + i as f32 * step, plot.bottom() - share * plot.height())
        })
        .collect();
    if let Some(last) = points.last() {
        ui.painter().circle_filled(*last, 2.0, color);
    }
    ui.painter().line(points, Stroke::new(1.2, color));
    response
}
