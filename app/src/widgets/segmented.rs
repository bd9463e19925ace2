//! A few choices side by side, one of which holds.
//!
//! Never more than four or five; longer lists are a select.

use egui::{Align2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::{focus, paint};
use crate::theme::metrics::{BADGE, RADIUS_CONTROL};
use crate::theme::{Theme, Tokens, type_roles};

/// Shows `options` and lets the user choose one; the response is changed when it did.
pub fn segmented<T: PartialEq + Copy>(
    ui: &mut Ui,
    label: &str,
    value: &mut T,
    options: &[(T, &str)],
) -> Response {
    let t = Tokens::of(ui);
    let words: Vec<_> = options
        .iter()
        .map(|(option, name)| {
            let color = if option == value { t.text } else { t.text2 };
            paint::whole_line(ui.painter(), name, type_roles::caption_medium(), color)
        })
        .collect();
    let width = words.iter().map(|words| words.size().x.ceil() + 18.0).sum();
    let (trough, mut response) = paint::allocate(ui, vec2(width, BADGE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::RadioGroup, true, label));
    let ground = if t.theme == Theme::Light { t.active } else { t.input };
    ui.painter().rect_filled(trough, RADIUS_CONTROL, ground);
    let mut left = trough.left();
    for ((option, name), words) in options.iter().zip(words) {
        let width = words.size().x.ceil() + 18.0;
        let rect = Rect::from_min_size(pos2(left, trough.top()), vec2(width, BADGE));
        left += width;
        let part = ui.interact(rect, response.id.with(name), Sense::click());
        let chosen = *option == *value;
        part.widget_info(|| WidgetInfo::selected(Role::RadioButton, true, chosen, name));
        if part.clicked() && !chosen {
            *value = *option;
            response.mark_changed();
        }
        if chosen {
            let (fill, border) =
                if t.theme == Theme::Light { (t.canvas, t.line) } else { (t.active, t.line_strong) };
            let stroke = Stroke::new(1.0, border);
            ui.painter().rect(rect, RADIUS_CONTROL, fill, stroke, StrokeKind::Inside);
        } else if part.hovered() {
            ui.painter().rect_filled(rect, RADIUS_CONTROL, t.hover);
        }
        paint::put(ui.painter(), Align2::CENTER_CENTER, rect.center(), words);
        focus::ring(ui, &part, rect, RADIUS_CONTROL);
    }
    response
}
