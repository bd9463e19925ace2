//! The one thing that moves while something is loading.
//!
//! Never larger than twelve points, and still where motion is switched off.

use std::f32::consts::TAU;
use std::time::Duration;

use egui::{Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::paint;
use crate::theme::Tokens;

/// Diameter, points.
const SIZE: f32 = 12.0;
/// Time between two pictures; a turn takes a second.
const FRAME: Duration = Duration::from_millis(50);

/// An arc that turns; `label` says what is being waited for.
pub fn spinner(ui: &mut Ui, label: &str) -> Response {
    let t = Tokens::of(ui);
    let (rect, response) = paint::allocate(ui, Vec2::splat(SIZE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, label));
    let moves = ui.style().animation_time > 0.0;
    let turn = if moves { ui.input(|input| input.time.fract()) as f32 } else { 0.0 };
    let at = |share: f32| rect.center() + Vec2::angled(TAU * (turn + share)) * (SIZE / 2.0 - 1.0);
    let arc = (0..=18u8).map(|i| at(f32::from(i) / 24.0)).collect();
    ui.painter().line(arc, Stroke::new(1.5, t.text3));
    if moves {
        ui.ctx().request_repaint_after(FRAME);
    }
    response
}
