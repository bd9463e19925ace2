//! The head of a section of a panel: caret, title, how much, and what can be done.
//!
//! Never holds whether it is open; the caller does.

use egui::{Align, Align2, Layout, Rect, Response, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::{focus, paint};
use crate::theme::metrics::{RADIUS_CHIP, TREE_ROW};
use crate::theme::{Tokens, icons, type_roles};

/// A section that can be folded; clicking flips `open`. Actions are laid out from the right.
pub fn folding(
    ui: &mut Ui,
    title: &str,
    count: &str,
    open: &mut bool,
    actions: impl FnOnce(&mut Ui),
) -> Response {
    let caret = if *open { icons::CARET_DOWN } else { icons::CARET_RIGHT };
    let mut response = header(ui, title, count, Some(caret), actions);
    if response.clicked() {
        *open = !*open;
        response.mark_changed();
    }
    let state = *open;
    response.widget_info(|| WidgetInfo::selected(Role::DisclosureTriangle, true, state, title));
    response
}

/// A section that is always open.
pub fn fixed(ui: &mut Ui, title: &str, count: &str, actions: impl FnOnce(&mut Ui)) -> Response {
    let response = header(ui, title, count, None, actions);
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, title));
    response
}

fn header(
    ui: &mut Ui,
    title: &str,
    count: &str,
    caret: Option<char>,
    actions: impl FnOnce(&mut Ui),
) -> Response {
    let t = Tokens::of(ui);
    let sense = if caret.is_some() { Sense::click() } else { Sense::hover() };
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), TREE_ROW), sense);
    let y = rect.center().y;
    let mut left = rect.left();
    if let Some(caret) = caret {
        let color = if response.hovered() { t.text } else { t.text3 };
        paint::icon(ui.painter(), pos2(left + 5.0, y), caret, 10.0, color);
        left += 16.0;
    }
    let at =
        paint::text(ui.painter(), Align2::LEFT_CENTER, pos2(left, y), title, type_roles::section(), t.text);
    let after = pos2(at.right() + 8.0, y);
    let at = paint::text(ui.painter(), Align2::LEFT_CENTER, after, count, type_roles::caption(), t.text3);
    let rest = Rect::from_min_max(pos2(at.right() + 8.0, rect.top()), rect.max);
    let builder = UiBuilder::new().max_rect(rest).layout(Layout::right_to_left(Align::Center));
    // A child of its own: a scope would move the cursor to wherever the actions end.
    actions(&mut ui.new_child(builder));
    focus::ring(ui, &response, rect, RADIUS_CHIP);
    response
}
