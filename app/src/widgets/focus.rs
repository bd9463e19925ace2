//! The ring round what has the keyboard.
//!
//! Never shows after a click: a ring says where keys go to those who use them.

use egui::{Context, Event, Id, Painter, Rect, Response, Stroke, StrokeKind, Ui};

use crate::theme::Tokens;

/// Paints the focus ring round `rect` when `response` has the focus and the keyboard was used last.
pub fn ring(ui: &Ui, response: &Response, rect: Rect, radius: u8) {
    if keyboard_was_last(ui.ctx()) && response.has_focus() {
        paint(ui, rect, radius);
    }
}

/// Paints the focus ring like `ring`, by another painter: over what is drawn inside it later.
pub fn ring_on(ui: &Ui, response: &Response, painter: &Painter, rect: Rect, radius: u8) {
    if keyboard_was_last(ui.ctx()) && response.has_focus() {
        let stroke = Stroke::new(2.0, Tokens::of(ui).focus);
        painter.rect_stroke(rect, radius, stroke, StrokeKind::Outside);
    }
}

/// Paints the focus ring round `rect`: two points wide, one point away.
pub fn paint(ui: &Ui, rect: Rect, radius: u8) {
    let stroke = Stroke::new(2.0, Tokens::of(ui).focus);
    let painter = ui.painter().with_clip_rect(ui.clip_rect().expand(3.0));
    painter.rect_stroke(rect.expand(1.0), radius.saturating_add(1), stroke, StrokeKind::Outside);
}

/// Whether the newest key press is newer than the newest click.
pub fn keyboard_was_last(ctx: &Context) -> bool {
    let newest = ctx.input(|input| {
        input.events.iter().rev().find_map(|event| match event {
            Event::Key { pressed: true, .. } => Some(true),
            Event::PointerButton { .. } => Some(false),
            _ => None,
        })
    });
    let id = Id::unique("keyboard was last");
    ctx.data_mut(|data| {
        if let Some(newest) = newest {
            data.insert_temp(id, newest);
        }
        data.get_temp(id).unwrap_or(true)
    })
}
