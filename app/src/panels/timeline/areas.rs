//! Owns where the parts of the timeline lie, in any size.

use egui::{Rect, pos2, vec2};

use crate::theme::metrics::{AXIS, LANE_NAMES, OVERVIEW, TIMELINE_HEAD, TIMELINE_LANE};

/// Below this width the names of lanes take less room, points.
const NARROW: f32 = 700.0;
/// Right of the lanes, points.
const MARGIN: f32 = 8.0;

/// The parts of the timeline.
#[derive(Clone, Copy, Debug)]
pub(super) struct Areas {
    pub(super) head: Rect,
    /// Everything below the head.
    pub(super) below: Rect,
    /// Names at the left of strip, axis and lanes.
    pub(super) names: Rect,
    pub(super) strip: Rect,
    pub(super) axis: Rect,
    pub(super) lanes: Rect,
}

impl Areas {
    pub(super) fn of(whole: Rect) -> Self {
        let whole = whole.round();
        let head = Rect::from_min_size(whole.min, vec2(whole.width(), TIMELINE_HEAD));
        let below = whole.with_min_y(head.bottom());
        let names = if whole.width() < NARROW { LANE_NAMES * 0.7 } else { LANE_NAMES };
        let right = pos2(below.left() + names.round(), below.top());
        let plot =
            Rect::from_min_max(right, pos2((below.right() - MARGIN).max(right.x + 40.0), below.bottom()));
        let strip = Rect::from_min_size(plot.min, vec2(plot.width(), OVERVIEW));
        let axis = Rect::from_min_size(strip.left_bottom(), vec2(plot.width(), AXIS));
        let lanes = plot.with_min_y(axis.bottom());
        Self { head, below, names: below.with_max_x(right.x), strip, axis, lanes }
    }

    /// How many lanes are seen as a whole; one at least.
    pub(super) fn rows(&self) -> usize {
        ((self.lanes.height() / TIMELINE_LANE) as usize).max(1)
    }

    /// The lane number `index` of those that are seen.
    pub(super) fn lane(&self, index: usize) -> Rect {
        let top = self.lanes.top() + index as f32 * TIMELINE_LANE;
        Rect::from_min_size(pos2(self.lanes.left(), top), vec2(self.lanes.width(), TIMELINE_LANE))
    }
}
