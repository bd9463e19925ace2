//! Owns how lanes are drawn: rails from causes to effects, and the marks on them. Never decides which lane is whose.

use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2};

use crate::context::StoreContext;
use crate::theme::Tokens;
use crate::theme::metrics::MARK_LANE;
use crate::view::columns::Columns;
use crate::view::lanes::{Lanes, Rail};
use crate::view::rows;
use crate::widgets::{hairline, kind_mark, paint};

/// How far below its cause a branch has reached its own lane, points.
const BEND: f32 = 14.0;

/// Paints rails and marks; `origin` is where the row of the given number starts.
pub(super) fn paint(
    ctx: StoreContext<'_>,
    painter: &Painter,
    columns: &Columns,
    lanes: &Lanes,
    origin: (Pos2, u64),
) {
    if columns.gutter == 0.0 {
        return;
    }
    let t = ctx.view.tokens;
    let height = ctx.view.model.settings.density.row();
    let painter = &painter
        .with_clip_rect(painter.clip_rect().intersect(Rect::everything_left_of(origin.0.x + columns.gutter)));
    let place = |row: u64, lane: usize| {
        let down = (row as f64 - origin.1 as f64) as f32;
        pos2(origin.0.x + columns.lane(lane), origin.0.y + (down + 0.5) * height)
    };
    // The selected flow is drawn last, so that no other rail crosses it.
    for in_flow in [false, true] {
        for rail in lanes.rails.iter().filter(|rail| rail.in_flow == in_flow) {
            rail_shape(painter, rail, &place, t);
        }
    }
    for (row, mark) in &lanes.marks {
        let center = place(*row, mark.lane);
        if !painter.clip_rect().expand(height).contains(center) {
            continue;
        }
        if mark.stub {
            let rail = rail_color(mark.in_flow, t);
            hairline::vertical(painter, center.x - 0.5, center.y - height / 2.0..=center.y, rail);
        }
        let Some(loaded) = ctx.store.rows.get(row) else { continue };
        if let Some(event) = rows::event_of(loaded) {
            let words = rows::kind_text(event.kind, &ctx.store.kind_names);
            if words.failed {
                kind_mark::failed(painter, center, MARK_LANE, t);
            } else {
                kind_mark::paint(painter, center, MARK_LANE, words.mark, t);
            }
        }
        if ctx.store.selected == Some(loaded.sequence) {
            kind_mark::ring(painter, center, 7.0, t.accent);
        } else if ctx.view.model.hover == Some(loaded.sequence) {
            kind_mark::ring(painter, center, 7.0, t.text);
        }
    }
}

fn rail_color(in_flow: bool, t: &Tokens) -> Color32 {
    if in_flow { t.accent } else { paint::mix(t.line_strong, t.text3, 0.45) }
}

fn rail_shape(painter: &Painter, rail: &Rail, place: &impl Fn(u64, usize) -> Pos2, t: &Tokens) {
    let (from, to) = (place(rail.from.0, rail.from.1), place(rail.to.0, rail.to.1));
    if to.y < painter.clip_rect().top() || from.y > painter.clip_rect().bottom() {
        return;
    }
    let width = if rail.in_flow { 2.0 } else { 1.5 };
    let color = rail_color(rail.in_flow, t);
    if (from.x - to.x).abs() < 0.5 {
        let line = Rect::from_min_max(pos2(from.x - width / 2.0, from.y), pos2(from.x + width / 2.0, to.y));
        painter.rect_filled(line, 0, color);
        return;
    }
    let bend = BEND.min(to.y - from.y);
    let turn = pos2(to.x, from.y + bend);
    let mut points: Vec<Pos2> = (0..=8u8)
        .map(|i| {
            let s = f32::from(i) / 8.0;
            // A quarter turn: it leaves the mark sideways and arrives straight down.
            let (across, down) = (s * std::f32::consts::FRAC_PI_2).sin_cos();
            pos2(from.x + (turn.x - from.x) * across, from.y + (turn.y - from.y) * (1.0 - down))
        })
        .collect();
    points.push(to);
    painter.add(Shape::line(points, Stroke::new(width, color)));
}
