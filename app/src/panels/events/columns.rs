//! Owns where the columns of the event table are, for any width. Never paints a cell.

use egui::{Align2, Rect, Sense, Ui, pos2, vec2};

use crate::theme::metrics::COLUMN_HEAD;
use crate::theme::{Tokens, icons, type_roles};
use crate::view::lanes::LANES_MAX;
use crate::widgets::{hairline, paint};

/// From one lane to the next, points.
pub(super) const LANE_PITCH: f32 = 11.0;
/// Centre of the first lane, points from the left.
pub(super) const LANE_FIRST: f32 = 14.0;

/// Below this width there is no room for a summary, points.
const NO_SUMMARY: f32 = 600.0;

/// Places in points from the left of the table. A column that does not fit is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Columns {
    /// Width of the lanes.
    pub(super) gutter: f32,
    /// Right end of the sequence.
    pub(super) sequence: f32,
    /// Right end of the time.
    pub(super) time: f32,
    /// Left and right end of the entity.
    pub(super) entity: (f32, f32),
    /// Left and right end of mark and kind.
    pub(super) kind: (f32, f32),
    /// Left and right end of the summary.
    pub(super) summary: Option<(f32, f32)>,
    /// Left end of the correlation.
    pub(super) correlation: Option<f32>,
    /// Centre of the icon at the end.
    pub(super) note: f32,
}

impl Columns {
    /// The columns of a table of `width` points with so many lanes.
    pub(super) fn for_width(width: f32, lanes: usize) -> Self {
        let wide = width >= 760.0;
        let usual = if wide { 8 } else { 5 };
        // Two widths only, so that the columns stay where they are while lanes come and go.
        let lanes = if lanes <= usual { usual } else { LANES_MAX + 1 };
        let gutter = (LANE_FIRST + (lanes - 1) as f32 * LANE_PITCH + 7.0).min(width * 0.2).round();
        let sequence = gutter + if wide { 68.0 } else { 62.0 };
        let time = sequence + if wide { 94.0 } else { 84.0 };
        let gap = if wide { 16.0 } else { 10.0 };
        let note = width - 24.0;
        let rest = note - 12.0 - time - gap;
        let correlation = wide.then_some(note - 58.0);
        if width < NO_SUMMARY {
            // Names that can be read are worth more than a summary of ten letters; the detail has all of it.
            let middle = time + gap + (rest * 0.42).round();
            let (entity, kind) = ((time + gap, middle - gap / 2.0), (middle + 4.0, note - 14.0));
            return Self { gutter, sequence, time, entity, kind, summary: None, correlation, note };
        }
        let entity_width = (rest * 0.24).clamp(64.0, 150.0).round();
        let kind_width = (rest * 0.28).clamp(90.0, 168.0).round();
        let entity = (time + gap, time + gap + entity_width - gap / 2.0);
        let kind_left = time + gap + entity_width + 4.0;
        let kind = (kind_left, kind_left + kind_width - gap / 2.0);
        let summary_left = kind_left + kind_width;
        let summary_right = correlation.unwrap_or(note) - 14.0;
        let summary = (summary_right - summary_left > 36.0).then_some((summary_left, summary_right));
        Self { gutter, sequence, time, entity, kind, summary, correlation, note }
    }

    /// Centre of a lane, points from the left of the table.
    pub(super) fn lane(&self, lane: usize) -> f32 {
        (LANE_FIRST + lane as f32 * LANE_PITCH).min(self.gutter - 7.0)
    }

    /// Draws the heads of the columns.
    pub(super) fn head_ui(&self, t: &Tokens, ui: &mut Ui) {
        let (bar, _) = paint::allocate(ui, vec2(ui.available_width(), COLUMN_HEAD), Sense::hover());
        hairline::horizontal(ui.painter(), bar.x_range(), bar.bottom() - 1.0, t.line);
        let head = |anchor: Align2, x: f32, words: &str| {
            let at = pos2(bar.left() + x, bar.center().y);
            paint::text(ui.painter(), anchor, at, words, type_roles::column_head(), t.text3);
        };
        head(Align2::LEFT_CENTER, LANE_FIRST, "Flow");
        head(Align2::RIGHT_CENTER, self.sequence, "#");
        head(Align2::RIGHT_CENTER, self.time, "Time");
        head(Align2::LEFT_CENTER, self.entity.0, "Entity");
        head(Align2::LEFT_CENTER, self.kind.0, "Kind");
        if let Some((left, _)) = self.summary {
            head(Align2::LEFT_CENTER, left, "Summary");
        }
        if let Some(left) = self.correlation {
            head(Align2::LEFT_CENTER, left, "Corr");
        }
        let at = Rect::from_center_size(pos2(bar.left() + self.note, bar.center().y), vec2(14.0, 14.0));
        paint::icon(ui.painter(), at.center(), icons::LOCK_SIMPLE, 12.0, t.text3);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_keep_their_order_and_stay_inside_at_any_width() {
        for width in [420.0, 520.0, 640.0, 760.0, 880.0, 1400.0, 3000.0] {
            for lanes in [0, 6, 13] {
                let c = Columns::for_width(width, lanes);
                let mut edges =
                    vec![c.gutter, c.sequence, c.time, c.entity.0, c.entity.1, c.kind.0, c.kind.1];
                edges.extend(c.summary.into_iter().flat_map(|(left, right)| [left, right]));
                edges.extend(c.correlation);
                edges.push(c.note);
                assert!(edges.windows(2).all(|pair| pair[0] <= pair[1]), "{width}: {c:?}");
                assert!(c.note < width);
            }
        }
    }
}
