//! Owns the arrows of the selected event: the way to its root, and what it caused. Ends that are not seen are stubs.

use egui::{Painter, Pos2, Shape, Stroke, pos2, vec2};

use super::{Scene, marks};
use crate::theme::metrics::MARK_LANE;
use crate::view::rows;
use crate::widgets::paint;
use crate::worker::protocol::{EventRow, TimeAxis};

/// Arrows that are drawn; more of them show nothing.
const ARROWS_MAX: usize = 60;
/// Length of an arrow's head, points.
const HEAD: f32 = 6.0;
/// An arrow of less than so many heads has none.
const HEADS_MIN: f32 = 3.0;
/// Points of a curve.
const STEPS: u8 = 16;

/// An end of an arrow: where it lies along the axis, and in which lane if that is seen.
#[derive(Clone, Copy)]
struct End {
    x: f32,
    lane: Option<usize>,
}

/// Draws the arrows of the selected event.
pub(super) fn show(scene: Scene<'_>, p: &Painter) {
    let t = scene.ctx.view.tokens;
    let indirect = paint::mix(t.canvas, t.accent, 0.6);
    for (cause, effect, direct) in links(scene).into_iter().take(ARROWS_MAX) {
        if let (Some(from), Some(to)) = (end_of(scene, cause), end_of(scene, effect)) {
            arrow(scene, p, (from, to), if direct { t.accent } else { indirect });
        }
    }
}

/// Lanes along which an arrow runs.
pub(super) fn lanes(scene: Scene<'_>) -> Vec<usize> {
    let lane = |row| end_of(scene, row).and_then(|end| end.lane);
    links(scene)
        .into_iter()
        .take(ARROWS_MAX)
        .flat_map(|(cause, effect, _)| [lane(cause), lane(effect)])
        .flatten()
        .collect()
}

/// Pairs of cause and effect, and whether the selected event is one of them.
fn links(scene: Scene<'_>) -> Vec<(&EventRow, &EventRow, bool)> {
    let store = scene.ctx.store;
    let Some(selected) = store.selected else { return Vec::new() };
    let mut links = Vec::new();
    let graph = store.graph.flow();
    let at = graph.and_then(|graph| graph.nodes.iter().position(|node| node.row.sequence == selected));
    if let (Some(graph), Some(focus)) = (graph, at) {
        let mut at = focus;
        // A cause stands before its effects, so that the way to the root ends.
        while let Some(cause) = graph.nodes[at].cause {
            links.push((&graph.nodes[cause].row, &graph.nodes[at].row, at == focus));
            at = cause;
        }
        let effects = graph.nodes.iter().filter(|node| node.cause == Some(focus));
        links.extend(effects.map(|node| (&graph.nodes[focus].row, &node.row, true)));
        return links;
    }
    if let Some(detail) = store.detail.as_deref().filter(|detail| detail.row.sequence == selected) {
        links.extend(detail.cause.iter().map(|cause| (cause, &detail.row, true)));
        links.extend(detail.effects.iter().map(|effect| (&detail.row, effect, true)));
    }
    links
}

fn end_of(scene: Scene<'_>, row: &EventRow) -> Option<End> {
    let event = rows::event_of(row)?;
    let value = match scene.picture.axis {
        TimeAxis::Time => event.time_us as f64,
        TimeAxis::Sequence => row.sequence as f64,
    };
    let x = scene.areas.lanes.left() + scene.scale.x(value) as f32;
    Some(End { x, lane: marks::lane_of(scene, event) })
}

fn arrow(scene: Scene<'_>, p: &Painter, (from, to): (End, End), color: egui::Color32) {
    let lanes = scene.areas.lanes;
    let seen = |end: End| lanes.x_range().contains(end.x) && end.lane.is_some();
    if !seen(from) && !seen(to) {
        return;
    }
    let y = |end: End, other: End| match end.lane {
        Some(lane) => scene.areas.lane(lane).center().y,
        // A lane that is not seen lies above or below; a stub points down to it.
        None => other.lane.map_or(lanes.bottom(), |lane| scene.areas.lane(lane).bottom() - 1.0),
    };
    let stroke = Stroke::new(1.5, color);
    let (start, end) = (pos2(from.x, y(from, to)), pos2(to.x, y(to, from)));
    let start = clipped(start, lanes.x_range(), p, stroke, seen(from));
    let end = clipped(end, lanes.x_range(), p, stroke, seen(to));
    let (a, b) = (start + vec2(MARK_LANE + 1.0, 0.0), end - vec2(MARK_LANE + 2.0, 0.0));
    if b.x <= a.x {
        p.line_segment([start, end], stroke);
        return;
    }
    let bend = ((b.x - a.x) * 0.45).min(120.0);
    let curve: Vec<Pos2> = (0..=STEPS)
        .map(|step| {
            bezier([a, a + vec2(bend, 0.0), b - vec2(bend, 0.0), b], f32::from(step) / f32::from(STEPS))
        })
        .collect();
    p.add(Shape::line(curve, stroke));
    if b.x - a.x > HEADS_MIN * HEAD && seen(to) {
        let head = vec![b + vec2(1.0, 0.0), b + vec2(-HEAD, -3.2), b + vec2(-HEAD, 3.2)];
        p.add(Shape::convex_polygon(head, color, Stroke::NONE));
    }
}

/// An end on the screen; one that is not seen is moved to the edge and gets a small circle.
fn clipped(end: Pos2, x: egui::Rangef, p: &Painter, stroke: Stroke, seen: bool) -> Pos2 {
    if seen {
        return end;
    }
    let at = pos2(end.x.clamp(x.min + 5.0, (x.max - 5.0).max(x.min + 5.0)), end.y);
    p.circle_stroke(at, 2.5, stroke);
    at
}

fn bezier(points: [Pos2; 4], at: f32) -> Pos2 {
    let [a, b, c, d] = points.map(Pos2::to_vec2);
    let rest = 1.0 - at;
    (a * rest * rest * rest + b * 3.0 * rest * rest * at + c * 3.0 * rest * at * at + d * at * at * at)
        .to_pos2()
}
