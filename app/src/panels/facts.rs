//! Owns what the screens without a store share: their column, their head, their card of facts, and the words of failures. Never acts.

use std::path::Path;

use egui::{Frame, Layout, Margin, Rect, ScrollArea, Sense, Ui, pos2, vec2};

use super::inside;
use crate::context::ViewContext;
use crate::theme::metrics::{ERROR_WIDTH, RADIUS_CARD};
use crate::theme::type_roles;
use crate::widgets::{escape, paint};
use crate::worker::protocol::{Failure, FailureClass};

/// The column in the middle that screens without a store share.
pub(super) fn column(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    let whole = ui.max_rect();
    let width = ERROR_WIDTH.min(whole.width() - 64.0);
    let left = (whole.center().x - width / 2.0).floor();
    let top = whole.top() + (whole.height() * 0.14).floor();
    let room = Rect::from_min_max(pos2(left, top), pos2(left + width, whole.bottom() - 16.0));
    inside(ui, room, Layout::default(), |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            add(ui);
        });
    });
}

/// The head of such a screen: icon, title, path.
pub(super) fn head_ui(ctx: ViewContext<'_>, ui: &mut Ui, icon: char, title: &str, path: &Path) {
    let t = ctx.tokens;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        let (square, _) = paint::allocate(ui, vec2(40.0, 40.0), Sense::hover());
        ui.painter().rect_filled(square, 8, t.sel);
        paint::icon(ui.painter(), square.center(), icon, 22.0, t.accent_text);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.label(type_roles::rich(title, type_roles::title()).color(t.text));
            let shown = escape::visible(&path.display().to_string()).into_owned();
            let line = paint::line(ui.painter(), &shown, type_roles::mono(), t.text2, ui.available_width());
            let (rect, response) = paint::allocate(ui, line.size(), Sense::hover());
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &shown));
            paint::put(ui.painter(), egui::Align2::LEFT_CENTER, rect.left_center(), line);
        });
    });
    ui.add_space(16.0);
}

/// Names and values in a card.
pub(super) fn facts_ui(ctx: ViewContext<'_>, ui: &mut Ui, facts: &[(&str, String)]) {
    let t = ctx.tokens;
    let frame = Frame::NONE
        .fill(t.panel)
        .stroke(egui::Stroke::new(1.0, t.line))
        .corner_radius(RADIUS_CARD)
        .inner_margin(Margin::symmetric(16, 12));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().interact_size.y = 18.0;
        ui.spacing_mut().item_spacing.y = 5.0;
        for (name, value) in facts {
            ui.horizontal(|ui| {
                let (rect, _) = paint::allocate(ui, vec2(96.0, 18.0), Sense::hover());
                paint::text(
                    ui.painter(),
                    egui::Align2::LEFT_CENTER,
                    rect.left_center(),
                    name,
                    type_roles::body(),
                    t.text3,
                );
                ui.label(type_roles::rich(value.as_str(), type_roles::body()).color(t.text));
            });
        }
    });
    ui.add_space(12.0);
}

/// What happened and what helps, below a head that names the path already.
pub(super) fn failure_ui(ctx: ViewContext<'_>, ui: &mut Ui, path: &Path, failure: &Failure) {
    let place = format!("{}: ", path.display());
    let message = failure.message.strip_prefix(&place).unwrap_or(&failure.message);
    for (words, color) in [(message, ctx.tokens.text), (&failure.advice, ctx.tokens.text2)] {
        if !words.is_empty() {
            let words = type_roles::rich(sentence(words), type_roles::reading()).color(color);
            ui.label(words.line_height(Some(type_roles::READING_LINE_HEIGHT)));
        }
    }
}

/// What a class of failures is called.
pub(super) fn class_text(class: FailureClass) -> &'static str {
    match class {
        FailureClass::NotAStore => "no store",
        FailureClass::Permission => "refused by the system",
        FailureClass::Locked => "locked by another process",
        FailureClass::Newer => "written by a newer version",
        FailureClass::Damaged => "damaged",
        FailureClass::Refused => "refused",
        FailureClass::Cancelled => "cancelled",
        FailureClass::Other => "unexpected",
    }
}

/// A message as it stands alone: hidden characters visible, a capital letter first.
pub(super) fn sentence(message: &str) -> String {
    let shown = escape::visible(message);
    let mut chars = shown.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
