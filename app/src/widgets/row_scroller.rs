//! A list of any length of which only the rows in view are painted.
//!
//! Never knows what a row is; the caller paints it.

use std::ops::Range;

use egui::{
    Align, CornerRadius, CursorIcon, EventFilter, Id, Key, Layout, Pos2, Rect, Response, Role, Sense, Ui,
    UiBuilder, WidgetInfo, pos2, vec2,
};

pub use super::scroll_position::{Extent, ScrollPosition};
use crate::theme::Tokens;

/// Width of the strip the scroll bar lives in, points.
const BAR: f32 = 10.0;
/// The handle is never shorter, points.
const HANDLE_MIN: f32 = 24.0;

/// What a list looks like, said anew each frame.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// Name for screen readers and tests.
    pub label: &'a str,
    /// How many rows there are.
    pub count: u64,
    /// Height of each, points.
    pub height: f32,
    /// Whether arrows, Page Up/Down, Home and End scroll while the list has the focus; a list with a selection
    /// says no and moves the selection instead.
    pub keys: bool,
}

/// What became of a list this frame.
#[derive(Debug)]
pub struct Shown {
    /// The list itself; its rows are interacted with by the caller.
    pub response: Response,
    /// Where the rows are.
    pub body: Rect,
    /// Which rows were painted.
    pub visible: Range<u64>,
}

/// Scroll state of one list.
#[derive(Clone, Debug, Default)]
pub struct RowScroller {
    position: ScrollPosition,
    request: Option<Request>,
    sticky: bool,
    at_end: bool,
    grab: f32,
    wheel_rest: f32,
}

#[derive(Clone, Copy, Debug)]
enum Request {
    Show(u64),
    Center(u64),
    End,
}

impl RowScroller {
    /// Where the list is scrolled to.
    pub fn position(&self) -> ScrollPosition {
        self.position
    }

    /// Scrolls as little as needed to show the whole of `row`.
    pub fn ensure_visible(&mut self, row: u64) {
        self.request = Some(Request::Show(row));
    }

    /// Puts `row` in the middle of the view.
    pub fn center_on(&mut self, row: u64) {
        self.request = Some(Request::Center(row));
    }

    /// With `true`, goes to the end and stays there while rows are added, until the user scrolls up.
    pub fn set_follow(&mut self, follow: bool) {
        self.sticky = follow;
        if follow {
            self.request = Some(Request::End);
        }
    }

    /// Whether the list stays at its end; scrolling up ends it, scrolling back to the end resumes it.
    pub fn is_following(&self) -> bool {
        self.sticky && self.at_end
    }

    /// Shows the list in all the room there is and calls `row_ui` with the place of each row in view.
    pub fn show(&mut self, ui: &mut Ui, rows: Rows<'_>, mut row_ui: impl FnMut(&mut Ui, u64, Rect)) -> Shown {
        let area = ui.available_rect_before_wrap();
        let area = Rect::from_min_max(area.min.round(), area.max.floor());
        let response = ui.allocate_rect(area, if rows.keys { Sense::click() } else { Sense::hover() });
        response.widget_info(|| WidgetInfo::labeled(Role::Table, true, rows.label));
        let extent = Extent { row_count: rows.count, row_height: rows.height, view_height: area.height() };
        self.update(ui, &response, rows, extent);
        let visible = self.position.visible(extent);
        let body = if extent.fits() { area } else { area.with_max_x(area.right() - BAR) };
        let layout = Layout::left_to_right(Align::Center);
        let builder = UiBuilder::new().id_salt(rows.label).max_rect(body).layout(layout);
        // A child with its own clip rectangle cuts the first and last row at the edge of the list.
        let mut child = ui.new_child(builder);
        child.set_clip_rect(area.intersect(ui.clip_rect()));
        for row in visible.clone() {
            let top =
                area.top() + (row - self.position.first_row) as f32 * rows.height - self.position.offset;
            let rect = Rect::from_min_size(pos2(body.left(), top), vec2(body.width(), rows.height));
            row_ui(&mut child, row, rect);
        }
        if !extent.fits() {
            self.bar(ui, response.id.with("bar"), area, extent);
        }
        Shown { response, body, visible }
    }

    fn update(&mut self, ui: &Ui, response: &Response, rows: Rows<'_>, extent: Extent) {
        if self.is_following() {
            self.position = ScrollPosition::end(extent);
        }
        self.position = self.position.clamped(extent);
        if let Some(request) = self.request.take() {
            self.position = match request {
                Request::Show(row) => self.position.showing(row, extent),
                Request::Center(row) => ScrollPosition::centered(row, extent),
                Request::End => ScrollPosition::end(extent),
            };
        }
        if ui.rect_contains_pointer(response.rect) {
            let wheel = ui.input_mut(|input| std::mem::take(&mut input.smooth_scroll_delta.y));
            // Whole points keep text sharp while scrolling; the rest waits, or slow scrolling would stand still.
            self.wheel_rest += wheel;
            let points = self.wheel_rest.trunc();
            self.wheel_rest -= points;
            if points != 0.0 {
                self.position = self.position.moved(-points, extent);
            }
        }
        if rows.keys && response.has_focus() {
            self.keys(ui, response, extent);
        }
        if response.clicked() {
            response.request_focus();
        }
        self.at_end = self.position.is_at_end(extent);
    }

    fn keys(&mut self, ui: &Ui, response: &Response, extent: Extent) {
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
        let page = (extent.view_height - extent.row_height).max(extent.row_height);
        let pressed = |key| ui.input(|input| input.key_pressed(key));
        let steps = [
            (Key::ArrowDown, extent.row_height),
            (Key::ArrowUp, -extent.row_height),
            (Key::PageDown, page),
            (Key::PageUp, -page),
        ];
        for (key, points) in steps {
            if pressed(key) {
                self.position = self.position.moved(points, extent);
            }
        }
        if pressed(Key::Home) {
            self.position = ScrollPosition::START;
        }
        if pressed(Key::End) {
            self.position = ScrollPosition::end(extent);
        }
    }

    /// The scroll bar: the pointer's place becomes a fraction in f64, never a length of the whole list.
    fn bar(&mut self, ui: &Ui, id: Id, area: Rect, extent: Extent) {
        let t = Tokens::of(ui);
        let track = Rect::from_min_max(pos2(area.right() - BAR, area.top()), area.max).shrink(2.0);
        let share = f64::from(extent.view_height) / (extent.row_count as f64 * f64::from(extent.row_height));
        let length = (track.height() * share as f32).max(HANDLE_MIN).min(track.height()).round();
        let room = track.height() - length;
        let handle_at = |fraction: f64| {
            let top = track.top() + (f64::from(room) * fraction) as f32;
            Rect::from_min_size(Pos2::new(track.left(), top.round()), vec2(track.width(), length))
        };
        let response = ui.interact(track, id, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::slider(true, self.position.fraction(extent), "scroll position"));
        if let Some(pointer) = response.interact_pointer_pos() {
            let handle = handle_at(self.position.fraction(extent));
            if response.drag_started() || response.clicked() {
                let held = handle.y_range().contains(pointer.y);
                self.grab = if held { pointer.y - handle.top() } else { length / 2.0 };
            }
            if room > 0.0 {
                let fraction = f64::from(pointer.y - self.grab - track.top()) / f64::from(room);
                self.position = ScrollPosition::from_fraction(fraction, extent);
                self.at_end = self.position.is_at_end(extent);
            }
        }
        let held = response.dragged() || response.hovered();
        let color = if held { t.text3 } else { t.line_strong };
        let width = if held { 6.0 } else { 4.0 };
        let handle = handle_at(self.position.fraction(extent));
        let handle = handle.with_min_x(handle.right() - width);
        ui.painter().rect_filled(handle, CornerRadius::same(3), color);
        response.on_hover_cursor(CursorIcon::Default);
    }
}
