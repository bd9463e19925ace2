//! One choice out of a list that opens below.
//!
//! Never filters the list; long lists are a search field.

use egui::{Align2, Popup, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::text_input::field_label;
use super::{focus, kind_mark, paint};
use crate::theme::metrics::{CONTROL, MARK, RADIUS_CHIP, RADIUS_CONTROL};
use crate::theme::{KindMark, Tokens, icons, type_roles};

/// A field that opens a list of choices.
#[must_use = "call show"]
#[derive(Clone, Copy, Debug)]
pub struct Select<'a> {
    label: &'a str,
    hint: &'a str,
    mark: Option<KindMark>,
    width: Option<f32>,
}

impl<'a> Select<'a> {
    /// A field called `label`.
    pub fn new(label: &'a str) -> Self {
        Self { label, hint: "", mark: None, width: None }
    }

    /// Behind the label.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// Before the chosen text.
    pub fn mark(mut self, mark: Option<KindMark>) -> Self {
        self.mark = mark;
        self
    }

    /// Width in points; otherwise all there is.
    pub fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// Shows the field; the response is changed when another of `options` was chosen.
    pub fn show(self, ui: &mut Ui, chosen: &mut usize, options: &[&str]) -> Response {
        let width = self.width.unwrap_or_else(|| ui.available_width()).floor();
        ui.scope(|ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.vertical(|ui| {
                let label_id = field_label(ui, self.label, self.hint, width);
                self.field(ui, width, chosen, options).labelled_by(label_id)
            })
            .inner
        })
        .inner
    }

    fn field(self, ui: &mut Ui, width: f32, chosen: &mut usize, options: &[&str]) -> Response {
        let t = Tokens::of(ui);
        let (rect, mut response) = paint::allocate(ui, vec2(width, CONTROL), Sense::click());
        let current = options.get(*chosen).copied().unwrap_or_default();
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::ComboBox, true, self.label);
            info.current_text_value = Some(current.to_owned());
            info
        });
        let fill = if response.hovered() { t.hover } else { t.input };
        let p = ui.painter();
        p.rect(rect, RADIUS_CONTROL, fill, Stroke::new(1.0, t.control), StrokeKind::Inside);
        let mut left = rect.left() + 10.0;
        if let Some(mark) = self.mark {
            kind_mark::paint(p, pos2(left + 5.0, rect.center().y), MARK, mark, t);
            left += 18.0;
        }
        let words = paint::line(p, current, type_roles::body(), t.text, rect.right() - 28.0 - left);
        paint::put(p, Align2::LEFT_CENTER, pos2(left, rect.center().y), words);
        paint::icon(p, pos2(rect.right() - 14.0, rect.center().y), icons::CARET_DOWN, 12.0, t.text2);
        focus::ring(ui, &response, rect, RADIUS_CONTROL);
        let before = *chosen;
        Popup::menu(&response).width(width - 10.0).gap(4.0).show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (index, option) in options.iter().enumerate() {
                if menu_row(ui, option, index == before).clicked() {
                    *chosen = index;
                }
            }
        });
        if *chosen != before {
            response.mark_changed();
        }
        response
    }
}

/// A row of a menu; a tick stands before what is chosen.
pub fn menu_row(ui: &mut Ui, label: &str, chosen: bool) -> Response {
    let t = Tokens::of(ui);
    let words = paint::whole_line(ui.painter(), label, type_roles::body(), t.text);
    let width = ui.available_width().max(words.size().x + 38.0);
    let (rect, response) = paint::allocate(ui, vec2(width, CONTROL), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::MenuItemRadio, true, chosen, label));
    if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, RADIUS_CHIP, t.active);
    }
    if chosen {
        let tick = Rect::from_min_size(rect.min, vec2(26.0, CONTROL)).center();
        paint::icon(ui.painter(), tick, icons::CHECK, 13.0, t.text2);
    }
    paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left() + 28.0, rect.center().y), words);
    response
}
