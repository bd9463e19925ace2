//! A key of the keyboard, drawn as a cap.
//!
//! Never listens to the key.

use egui::{Align2, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, vec2};

use super::paint;
use crate::theme::metrics::{KEY_CAP, RADIUS_CHIP};
use crate::theme::{Tokens, type_roles};

/// One key.
pub fn key_cap(ui: &mut Ui, key: &str) -> Response {
    let t = Tokens::of(ui);
    let words = paint::whole_line(ui.painter(), key, type_roles::small(), t.text2);
    let width = (words.size().x.ceil() + 10.0).max(KEY_CAP);
    let (rect, response) = paint::allocate(ui, vec2(width, KEY_CAP), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Keyboard, true, key));
    let stroke = Stroke::new(1.0, t.line_strong);
    ui.painter().rect(rect, RADIUS_CHIP, t.panel, stroke, StrokeKind::Inside);
    paint::put(ui.painter(), Align2::CENTER_CENTER, rect.center(), words);
    response
}

/// A combination such as `Ctrl+K`, one cap a key.
pub fn shortcut(ui: &mut Ui, keys: &str) {
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        ui.horizontal(|ui| {
            for key in keys.split('+') {
                key_cap(ui, key);
            }
        });
    });
}
