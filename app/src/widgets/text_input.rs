//! A text field with its label above and what is wrong with it below.
//!
//! Never checks what is typed; the caller says what is wrong.

use egui::{
    Align2, FontSelection, Frame, Id, Rect, Response, Role, Sense, Stroke, StrokeKind, TextEdit, Ui,
    UiBuilder, WidgetInfo, pos2, vec2,
};

use super::{focus, link, paint};
use crate::theme::metrics::{CONTROL, RADIUS_CONTROL};
use crate::theme::{Tokens, icons, type_roles};

/// What is wrong with a field, and perhaps how to mend it.
#[derive(Clone, Copy, Debug)]
pub struct FieldError<'a> {
    /// One sentence.
    pub message: &'a str,
    /// Label of the link that mends it.
    pub fix: Option<&'a str>,
}

/// A single line of text to edit.
#[must_use = "call show"]
#[derive(Clone, Copy, Debug)]
pub struct TextInput<'a> {
    label: &'a str,
    label_shown: bool,
    hint: &'a str,
    placeholder: &'a str,
    icon: Option<char>,
    error: Option<FieldError<'a>>,
    mono: bool,
    width: Option<f32>,
}

/// What happened to a field.
#[derive(Debug)]
pub struct InputShown {
    /// The field itself.
    pub response: Response,
    /// The link of the error was clicked.
    pub fix_clicked: bool,
}

impl<'a> TextInput<'a> {
    /// A field called `label`.
    pub fn new(label: &'a str) -> Self {
        Self {
            label,
            label_shown: true,
            hint: "",
            placeholder: "",
            icon: None,
            error: None,
            mono: false,
            width: None,
        }
    }

    /// Behind the label: what type is expected.
    pub fn hint(mut self, hint: &'a str) -> Self {
        self.hint = hint;
        self
    }

    /// Inside the field while it is empty.
    pub fn placeholder(mut self, placeholder: &'a str) -> Self {
        self.placeholder = placeholder;
        self
    }

    /// Inside the field on the left.
    pub fn icon(mut self, icon: char) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Below the field, with a red border.
    pub fn error(mut self, error: Option<FieldError<'a>>) -> Self {
        self.error = error;
        self
    }

    /// Uses the monospaced face.
    pub fn mono(mut self) -> Self {
        self.mono = true;
        self
    }

    /// Width in points; otherwise all there is.
    pub fn width(mut self, width: f32) -> Self {
        self.width = Some(width);
        self
    }

    /// Leaves the label to screen readers, where the placeholder says enough.
    pub fn without_label(mut self) -> Self {
        self.label_shown = false;
        self
    }

    /// Shows the field and edits `text`.
    pub fn show(self, ui: &mut Ui, text: &mut String) -> InputShown {
        let width = self.width.unwrap_or_else(|| ui.available_width()).floor();
        ui.scope(|ui| {
            ui.set_width(width);
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.vertical(|ui| self.column(ui, text, width)).inner
        })
        .inner
    }

    fn column(self, ui: &mut Ui, text: &mut String, width: f32) -> InputShown {
        let label_id = self.label_shown.then(|| field_label(ui, self.label, self.hint, width));
        let response = self.field(ui, text, width, label_id);
        ui.spacing_mut().interact_size.y = 18.0;
        let fix_clicked = self.error.is_some_and(|error| error_line(ui, error));
        InputShown { response, fix_clicked }
    }

    fn field(self, ui: &mut Ui, text: &mut String, width: f32, label_id: Option<Id>) -> Response {
        let t = Tokens::of(ui);
        let (rect, _) = paint::allocate(ui, vec2(width, CONTROL), Sense::hover());
        let border = if self.error.is_some() { Stroke::new(1.5, t.red) } else { Stroke::new(1.0, t.control) };
        ui.painter().rect(rect, RADIUS_CONTROL, t.input, border, StrokeKind::Inside);
        let mut inner = rect.shrink2(vec2(10.0, 0.0));
        if let Some(icon) = self.icon {
            paint::icon(ui.painter(), pos2(rect.left() + 14.0, rect.center().y), icon, 14.0, t.text3);
            inner.min.x = rect.left() + 26.0;
        }
        let font = if self.mono { type_roles::mono() } else { type_roles::body() };
        let hint = type_roles::rich(self.placeholder, font.clone()).color(t.text3);
        let edit = TextEdit::singleline(text)
            .id_salt(self.label)
            .frame(Frame::NONE)
            .margin(egui::Margin::ZERO)
            .font(FontSelection::FontId(font))
            .text_color(t.text)
            .hint_text(hint)
            .align(Align2::LEFT_CENTER)
            .desired_width(inner.width());
        let layout = egui::Layout::left_to_right(egui::Align::Center);
        let response = ui
            .scope_builder(UiBuilder::new().max_rect(inner).layout(layout), |ui| {
                ui.add_sized(inner.size(), edit)
            })
            .inner;
        let response = match label_id {
            Some(id) => response.labelled_by(id),
            None => response.accessible_name(self.label),
        };
        focus::ring(ui, &response, rect, RADIUS_CONTROL);
        if response.has_focus() && !focus::keyboard_was_last(ui.ctx()) {
            let stroke = Stroke::new(1.0, t.focus);
            ui.painter().rect_stroke(rect, RADIUS_CONTROL, stroke, StrokeKind::Inside);
        }
        response
    }
}

/// The label above a field, with its hint on the same line; gives back the id that names the field.
pub(super) fn field_label(ui: &mut Ui, label: &str, hint: &str, width: f32) -> Id {
    let t = Tokens::of(ui);
    let (rect, response) = paint::allocate(ui, vec2(width, 16.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label));
    let words = paint::line(ui.painter(), label, type_roles::table_medium(), t.text, width);
    let words = paint::put(ui.painter(), Align2::LEFT_CENTER, rect.left_center(), words);
    let room = rect.right() - words.right() - 8.0;
    let hint = paint::line(ui.painter(), hint, type_roles::caption(), t.text3, room.max(0.0));
    paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(words.right() + 8.0, rect.center().y), hint);
    response.id
}

/// An error under a field; true when its link was clicked.
fn error_line(ui: &mut Ui, error: FieldError<'_>) -> bool {
    let t = Tokens::of(ui);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let words = paint::whole_line(ui.painter(), error.message, type_roles::table(), t.red_text);
        let (rect, response) = paint::allocate(ui, vec2(18.0 + words.size().x, 18.0), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, error.message));
        let icon = Rect::from_min_size(rect.min, vec2(16.0, 18.0)).center();
        paint::icon(ui.painter(), icon, icons::WARNING_CIRCLE, 14.0, t.red_text);
        paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left() + 18.0, rect.center().y), words);
        error.fix.is_some_and(|fix| {
            ui.add_space(4.0);
            link::link_in(ui, fix, type_roles::table_medium()).clicked()
        })
    })
    .inner
}
