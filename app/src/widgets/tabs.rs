//! Tabs: the large ones over the canvas and the small ones inside the inspector.
//!
//! Never holds what a tab shows.

use egui::{Align2, Color32, CornerRadius, Id, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{focus, hairline, paint};
use crate::theme::metrics::{RADIUS_CHIP, TABS};
use crate::theme::{Tokens, icons, type_roles};

/// One tab.
#[must_use = "give it to tabs or sub_tabs"]
#[derive(Clone, Copy, Debug)]
pub struct Tab<'a> {
    /// What it is called.
    pub label: &'a str,
    /// Before the label; small tabs have none.
    pub icon: Option<char>,
    /// Behind the label, when there is something to count.
    pub count: Option<&'a str>,
}

impl<'a> Tab<'a> {
    /// A tab with a label only.
    pub fn new(label: &'a str) -> Self {
        Self { label, icon: None, count: None }
    }

    /// Puts an icon before the label.
    pub fn icon(mut self, icon: char) -> Self {
        self.icon = Some(icon);
        self
    }

    /// Puts a count behind the label.
    pub fn count(mut self, count: &'a str) -> Self {
        self.count = Some(count);
        self
    }
}

/// The row of tabs over the canvas, as wide as there is room; `actions` are laid out from the right.
///
/// The active tab is canvas, open to what lies below, under a line of accent.
pub fn tabs(ui: &mut Ui, tabs: &[Tab<'_>], active: &mut usize, actions: impl FnOnce(&mut Ui)) -> Response {
    let t = Tokens::of(ui);
    let (row, mut response) = paint::allocate(ui, vec2(ui.available_width(), TABS), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::TabList, true, "tabs"));
    ui.painter().rect_filled(row, CornerRadius::ZERO, t.panel);
    hairline::horizontal(ui.painter(), row.x_range(), row.bottom() - 1.0, t.line);
    let mut left = row.left();
    for (index, tab) in tabs.iter().enumerate() {
        let chosen = index == *active;
        let font = if chosen { type_roles::body_medium() } else { type_roles::body() };
        let words = paint::whole_line(ui.painter(), tab.label, font, Color32::PLACEHOLDER);
        let lead = if tab.icon.is_some() { 33.0 } else { 12.0 };
        let width = lead + words.size().x.ceil() + 13.0;
        let rect = Rect::from_min_size(pos2(left, row.top()), vec2(width, TABS));
        left += width;
        let part = tab_response(ui, &response, rect, tab.label, chosen);
        if part.clicked() && !chosen {
            *active = index;
            response.mark_changed();
        }
        let color = if chosen || part.hovered() { t.text } else { t.text2 };
        let p = ui.painter();
        if chosen {
            p.rect_filled(rect, CornerRadius::ZERO, t.canvas);
            let top = Rect::from_min_size(rect.min, vec2(width, 2.0));
            p.rect_filled(top, CornerRadius::ZERO, t.accent);
            if index > 0 {
                hairline::vertical(p, rect.left(), rect.y_range(), t.line);
            }
            hairline::vertical(p, rect.right() - 1.0, rect.y_range(), t.line);
        }
        if let Some(icon) = tab.icon {
            paint::icon(p, pos2(rect.left() + 19.5, rect.center().y), icon, 15.0, color);
        }
        let at = Align2::LEFT_CENTER.anchor_size(pos2(rect.left() + lead, rect.center().y), words.size());
        p.galley(at.min, words, color);
        focus::ring(ui, &part, rect.shrink(3.0), RADIUS_CHIP);
    }
    let rest = Rect::from_min_max(pos2(left + 4.0, row.top()), row.max - vec2(8.0, 1.0));
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    actions(&mut ui.new_child(egui::UiBuilder::new().max_rect(rest).layout(layout)));
    response
}

/// How a tab of a tile stands.
#[derive(Clone, Copy, Debug)]
pub struct TileTab {
    /// It is the one in front.
    pub front: bool,
    /// Its tile has the focus.
    pub focused: bool,
    /// It can be closed.
    pub closable: bool,
}

/// A tab that can be dragged, with a cross while the pointer is on it; true if it is to close.
///
/// The tab in front is canvas, open to what lies below, under a line of accent if its tile has the focus.
pub fn tile_tab(ui: &mut Ui, id: Id, tab: Tab<'_>, state: TileTab) -> (Response, bool) {
    let t = Tokens::of(ui);
    let font = if state.front { type_roles::body_medium() } else { type_roles::body() };
    let words = paint::whole_line(ui.painter(), tab.label, font, Color32::PLACEHOLDER);
    let lead = if tab.icon.is_some() { 33.0 } else { 12.0 };
    let (_, rect) = ui.allocate_space(vec2(lead + words.size().x.ceil() + 15.0, TABS));
    let rect = Rect::from_min_size(rect.min.round(), rect.size());
    let response = ui.interact(rect, id, Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, state.front, tab.label));
    let has_pointer = ui.rect_contains_pointer(rect);
    let color = if state.front || has_pointer { t.text } else { t.text2 };
    let p = ui.painter();
    if state.front {
        p.rect_filled(rect, CornerRadius::ZERO, t.canvas);
        let top = Rect::from_min_size(rect.min, vec2(rect.width(), 2.0));
        p.rect_filled(top, CornerRadius::ZERO, if state.focused { t.accent } else { t.line_strong });
        hairline::vertical(p, rect.left(), rect.y_range(), t.line);
        hairline::vertical(p, rect.right() - 1.0, rect.y_range(), t.line);
    }
    if let Some(icon) = tab.icon {
        paint::icon(p, pos2(rect.left() + 19.5, rect.center().y), icon, 15.0, color);
    }
    let at = Align2::LEFT_CENTER.anchor_size(pos2(rect.left() + lead, rect.center().y), words.size());
    p.galley(at.min, words, color);
    focus::ring(ui, &response, rect.shrink(3.0), RADIUS_CHIP);
    let closes = response.middle_clicked() || state.closable && has_pointer && cross(ui, id, rect, tab.label);
    (response, state.closable && closes)
}

/// The cross at the right end of a tab; true if it was clicked.
fn cross(ui: &Ui, tab: Id, rect: Rect, label: &str) -> bool {
    let place = Rect::from_center_size(pos2(rect.right() - 10.0, rect.center().y), vec2(16.0, 16.0));
    let response = ui.interact(place, tab.with("cross"), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Close {label}")));
    let t = Tokens::of(ui);
    if response.hovered() {
        ui.painter().rect_filled(place, RADIUS_CHIP, t.active);
    }
    paint::icon(
        ui.painter(),
        place.center(),
        icons::X,
        9.0,
        if response.hovered() { t.text } else { t.text3 },
    );
    response.clicked()
}

/// The row of small tabs inside a panel: the active one is underlined.
pub fn sub_tabs(ui: &mut Ui, tabs: &[Tab<'_>], active: &mut usize) -> Response {
    let t = Tokens::of(ui);
    let (row, mut response) = paint::allocate(ui, vec2(ui.available_width(), 32.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::TabList, true, "tabs"));
    hairline::horizontal(ui.painter(), row.x_range(), row.bottom() - 1.0, t.line);
    let mut left = row.left();
    for (index, tab) in tabs.iter().enumerate() {
        let chosen = index == *active;
        let font = if chosen { type_roles::body_medium() } else { type_roles::body() };
        let words = paint::whole_line(ui.painter(), tab.label, font, Color32::PLACEHOLDER);
        let count =
            paint::whole_line(ui.painter(), tab.count.unwrap_or_default(), type_roles::caption(), t.text3);
        let gap = if tab.count.is_some() { 5.0 } else { 0.0 };
        let width = words.size().x.ceil() + gap + count.size().x.ceil();
        let rect = Rect::from_min_size(pos2(left, row.top()), vec2(width, row.height()));
        left += width + 16.0;
        let part = tab_response(ui, &response, rect, tab.label, chosen);
        if part.clicked() && !chosen {
            *active = index;
            response.mark_changed();
        }
        let color = if chosen || part.hovered() { t.text } else { t.text2 };
        let y = rect.center().y;
        let p = ui.painter();
        paint::put(p, Align2::RIGHT_CENTER, pos2(rect.right(), y), count);
        let at = Align2::LEFT_CENTER.anchor_size(pos2(rect.left(), y), words.size());
        p.galley(at.min, words, color);
        if chosen {
            let line = Rect::from_min_max(pos2(rect.left(), rect.bottom() - 2.0), rect.max);
            p.rect_filled(line, CornerRadius::ZERO, t.accent);
        }
        focus::ring(ui, &part, rect.expand2(vec2(4.0, -5.0)), RADIUS_CHIP);
    }
    response
}

fn tab_response(ui: &Ui, row: &Response, rect: Rect, label: &str, chosen: bool) -> Response {
    let part = ui.interact(rect, row.id.with(label), Sense::click());
    part.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, label));
    part
}
