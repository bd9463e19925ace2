//! Chips: a kind with its colour, a facet that filters, a token of the query.
//!
//! Never changes a filter itself; a click is reported.

use egui::{Align2, Response, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::{focus, hairline, kind_mark, paint};
use crate::theme::metrics::{CHIP, KEY_CAP, MARK, RADIUS_CHIP};
use crate::theme::{KindMark, Tokens, icons, type_roles};

/// A kind's name on its tint, after its mark.
pub fn kind(ui: &mut Ui, mark: KindMark, name: &str) -> Response {
    let t = Tokens::of(ui);
    let colors = t.kind(mark.class);
    let words = paint::whole_line(ui.painter(), name, type_roles::caption_medium(), colors.text);
    let (rect, response) = paint::allocate(ui, vec2(words.size().x.ceil() + 27.0, KEY_CAP), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let center = rect.center().y;
    ui.painter().rect_filled(rect, RADIUS_CHIP, colors.tint);
    kind_mark::paint(ui.painter(), pos2(rect.left() + 11.0, center), MARK, mark, t);
    paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left() + 20.0, center), words);
    focus::ring(ui, &response, rect, RADIUS_CHIP);
    response
}

/// Whether a facet filters, and which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FacetState {
    /// Not part of the filter.
    #[default]
    Off,
    /// Only these are shown.
    On,
    /// These are hidden.
    Excluded,
}

/// A pill with a name and a count.
pub fn facet(ui: &mut Ui, mark: Option<KindMark>, name: &str, count: &str, state: FacetState) -> Response {
    let t = Tokens::of(ui);
    let color = if state == FacetState::On { t.text } else { t.text2 };
    let words = paint::whole_line(ui.painter(), name, type_roles::caption_medium(), color);
    let number = paint::whole_line(ui.painter(), count, type_roles::caption(), t.text3);
    let lead = if mark.is_some() { 22.0 } else { 9.0 };
    let width = lead + words.size().x.ceil() + 6.0 + number.size().x.ceil() + 9.0;
    let (rect, response) = paint::allocate(ui, vec2(width, CHIP), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(Role::Button, true, state == FacetState::On, format!("{name} {count}"))
    });
    let (fill, border) = match state {
        FacetState::On => (t.sel, t.accent),
        _ if response.hovered() => (t.hover, t.line_strong),
        _ => (t.canvas.gamma_multiply(0.0), t.line_strong),
    };
    let p = ui.painter();
    p.rect(rect, CHIP as u8 / 2, fill, Stroke::new(1.0, border), StrokeKind::Inside);
    let y = rect.center().y;
    if let Some(mark) = mark {
        kind_mark::paint(p, pos2(rect.left() + 13.0, y), MARK, mark, t);
    }
    let words = paint::put(p, Align2::LEFT_CENTER, pos2(rect.left() + lead, y), words);
    if state == FacetState::Excluded {
        hairline::horizontal(p, words.x_range(), y, t.text2);
    }
    paint::put(p, Align2::RIGHT_CENTER, pos2(rect.right() - 9.0, y), number);
    focus::ring(ui, &response, rect, CHIP as u8 / 2);
    response
}

/// `key:value` in the query line; clicking the cross removes it.
pub fn query_token(ui: &mut Ui, key: &str, value: &str) -> Response {
    let t = Tokens::of(ui);
    let key_text = paint::whole_line(ui.painter(), key, type_roles::mono(), t.text3);
    let value_text = paint::whole_line(ui.painter(), value, type_roles::mono(), t.text);
    let width = 7.0 + key_text.size().x + value_text.size().x + 22.0;
    let (rect, response) = paint::allocate(ui, vec2(width, CHIP), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("remove {key}{value}")));
    let p = ui.painter();
    p.rect_filled(rect, RADIUS_CHIP, t.active);
    let y = rect.center().y;
    let key_rect = paint::put(p, Align2::LEFT_CENTER, pos2(rect.left() + 7.0, y), key_text);
    paint::put(p, Align2::LEFT_CENTER, pos2(key_rect.right(), y), value_text);
    let cross = if response.hovered() { t.text } else { t.text3 };
    paint::icon(p, pos2(rect.right() - 10.0, y), icons::X, 9.0, cross);
    focus::ring(ui, &response, rect, RADIUS_CHIP);
    response
}
