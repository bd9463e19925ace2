//! Owns how edges and hulls are drawn: one mesh of all edges, curves where there is room, straight and bundled where there is none.

use std::collections::HashSet;

use egui::{Align2, Color32, Mesh, Pos2, Rect, Shape, Stroke, StrokeKind, Ui, Vec2, pos2, vec2};

use super::camera::Scene;
use crate::theme::metrics::{RADIUS_CARD, RADIUS_FLOAT};
use crate::theme::{Theme, Tokens, type_roles};
use crate::view::graph::{Line, LineKind, NODE_WIDTH, Sheet};
use crate::widgets::paint;

/// Straight pieces of a curve.
const PIECES: u8 = 12;
/// Edges of nodes narrower than this are straight, points.
const CURVED: f32 = 40.0;
/// Ends of straight edges that are so near to each other are the same, points.
const BUNDLE: f32 = 8.0;
/// Text beside edges can be read from this magnification on.
const LABELS: f32 = 0.7;
/// From one dot of a dotted edge to the next, points.
const DOTS: f32 = 4.0;

/// Draws what holds the events of a conversation together.
pub(super) fn hulls(ui: &Ui, scene: &Scene<'_>, t: &Tokens) {
    let p = ui.painter();
    for hull in &scene.sheet.hulls {
        let [left, top, right, bottom] = hull.edges;
        let rect = Rect::from_min_max(scene.on_screen(pos2(left, top)), scene.on_screen(pos2(right, bottom)));
        if !ui.clip_rect().intersects(rect) {
            continue;
        }
        let (fill, border) =
            if t.is_dark() { (paint::mix(t.canvas, t.panel, 0.5), t.line_soft) } else { (t.panel, t.line) };
        p.rect(rect, RADIUS_FLOAT, fill, Stroke::new(1.0, border), StrokeKind::Inside);
        if scene.zoom < 0.5 {
            continue;
        }
        // The title stays in sight when its corner is not.
        let left = (rect.left() + 16.0 * scene.zoom).max(ui.clip_rect().left() + 16.0);
        let y = rect.top() + 17.0 * scene.zoom;
        let id = format!("corr {}", hull.id);
        let at = paint::text(p, Align2::LEFT_CENTER, pos2(left, y), &id, type_roles::mono_small(), t.text);
        let at = pos2(at.right() + 9.0, y);
        let room = (rect.right() - 8.0 - at.x).max(0.0);
        let facts = paint::line(p, &hull.facts, type_roles::caption(), t.text3, room);
        paint::put(p, Align2::LEFT_CENTER, at, facts);
    }
    for (moment, words) in &scene.sheet.moments {
        let x = scene.on_screen(pos2(moment.x, 0.0)).x.round();
        let clip = ui.clip_rect();
        if clip.x_range().contains(x) && scene.zoom >= 0.3 {
            crate::widgets::hairline::vertical(p, x, clip.y_range(), t.line_soft);
            let color = if moment.shortened { t.amber_text } else { t.text3 };
            let words = if moment.shortened { format!("≈ {words}") } else { words.clone() };
            let at = pos2(x + 4.0, clip.top() + 8.0);
            paint::text(p, Align2::LEFT_CENTER, at, &words, type_roles::small(), color);
        }
    }
}

/// Draws all edges: those of the path last, so that nothing crosses them.
pub(super) fn show(ui: &Ui, scene: &Scene<'_>, t: &Tokens) {
    let mut mesh = Mesh::default();
    let mut bundles = HashSet::new();
    let clip = ui.clip_rect();
    let curved = NODE_WIDTH * scene.zoom >= CURVED;
    let mut labels = Vec::new();
    let rank = |line: &Line| u8::from(line.on_path) + 2 * u8::from(line.critical);
    for wanted in 0..=3 {
        for line in scene.sheet.lines.iter().filter(|line| rank(line) == wanted) {
            let (from, to) = (scene.rect(line.from), scene.rect(line.to));
            if !clip.intersects(from.union(to).expand(60.0 * scene.zoom)) {
                continue;
            }
            let (color, width) = look(line, t);
            match line.kind {
                LineKind::Chain if curved => chain(&mut mesh, (from, to), scene.zoom, t.control),
                LineKind::Chain => {}
                _ if !curved => {
                    let cell = |at: Pos2| ((at.x / BUNDLE) as i32, (at.y / BUNDLE) as i32);
                    let (from, to) = (from.right_center(), to.left_center());
                    if rank(line) > 0 || bundles.insert((cell(from), cell(to))) {
                        strip(&mut mesh, &[from, to], width.min(1.5), color);
                    }
                }
                LineKind::Correlation => {
                    dotted(&mut mesh, clip, (from.right_center(), to.left_center()), color);
                }
                _ if line.from == line.to => own(&mut mesh, from, scene.zoom, (color, width)),
                _ => edge(&mut mesh, (from.right_center(), to.left_center()), scene.zoom, (color, width)),
            }
            // Between events there is no room, and the card says it.
            if scene.zoom >= LABELS && matches!(line.kind, LineKind::Flow(_) | LineKind::Back) {
                let above = if line.from == line.to {
                    from.center_top() - vec2(0.0, 22.0 * scene.zoom)
                } else {
                    from.right_center().lerp(to.left_center(), 0.5) - vec2(0.0, 10.0)
                };
                labels.push((above, line));
            }
        }
    }
    ui.painter().add(Shape::mesh(mesh));
    for (at, line) in labels {
        let color = if line.critical { t.amber_text } else { t.text2 };
        let p = ui.painter();
        let words = paint::whole_line(p, &line.label, type_roles::small(), color);
        let rect = Align2::CENTER_CENTER.anchor_size(at, words.size()).expand2(vec2(3.0, 0.0));
        p.rect_filled(rect, 3, t.canvas.gamma_multiply(0.85));
        paint::put(p, Align2::CENTER_CENTER, at, words);
    }
}

fn look(line: &Line, t: &Tokens) -> (Color32, f32) {
    match line.kind {
        _ if line.critical => (t.amber, 2.5),
        _ if line.on_path => (t.accent, 2.0),
        LineKind::Back => (t.red, 1.5),
        LineKind::Flow(width) => (t.control, width),
        LineKind::Causation | LineKind::Correlation | LineKind::Chain => (t.control, 1.5),
    }
}

/// Points of a curve that leaves to the right and arrives from the left; what goes back swings out.
fn curve(from: Pos2, end: Pos2, zoom: f32) -> Vec<Pos2> {
    if (from.y - end.y).abs() < 0.5 && end.x > from.x {
        return vec![from, end];
    }
    let bend = if end.x > from.x { (end.x - from.x) / 2.0 } else { 60.0 * zoom };
    let (a, b) = (from + vec2(bend, 0.0), end - vec2(bend, 0.0));
    let at = |s: f32| {
        let r = 1.0 - s;
        let sum = r * r * r * from.to_vec2() + 3.0 * r * r * s * a.to_vec2() + 3.0 * r * s * s * b.to_vec2();
        (sum + s * s * s * end.to_vec2()).to_pos2()
    };
    (0..=PIECES).map(|i| at(f32::from(i) / f32::from(PIECES))).collect()
}

/// A curve with a head where there is room for it.
fn edge(mesh: &mut Mesh, (from, to): (Pos2, Pos2), zoom: f32, (color, width): (Color32, f32)) {
    let head = if zoom >= 0.4 { (7.0 * zoom).max(4.0).max(width * 1.6) } else { 0.0 };
    let end = to - vec2(head, 0.0);
    strip(mesh, &curve(from, end, zoom), width, color);
    arrow(mesh, end, to, color);
}

fn arrow(mesh: &mut Mesh, base: Pos2, tip: Pos2, color: Color32) {
    let along = tip - base;
    let half = 0.5 * vec2(-along.y, along.x);
    let first = mesh.vertices.len() as u32;
    for corner in [tip, base - half, base + half] {
        mesh.colored_vertex(corner, color);
    }
    mesh.add_triangle(first, first + 1, first + 2);
}

/// An edge from a group to itself: a loop above it.
fn own(mesh: &mut Mesh, rect: Rect, zoom: f32, (color, width): (Color32, f32)) {
    let (left, right) =
        (rect.center_top() - vec2(22.0 * zoom, 0.0), rect.center_top() + vec2(22.0 * zoom, 0.0));
    let up = vec2(0.0, -14.0 * zoom);
    let points = [right, right + up, left + up, left - vec2(0.0, 6.0 * zoom)];
    strip(mesh, &points, width.min(3.0), color);
    arrow(mesh, left - vec2(0.0, 6.0 * zoom), left, color);
}

/// Dots along a curve, without a head; only those that are seen, for such a curve may be very long.
fn dotted(mesh: &mut Mesh, clip: Rect, (from, to): (Pos2, Pos2), color: Color32) {
    for pair in curve(from, to, 1.0).windows(2) {
        let along = pair[1] - pair[0];
        let steps = (along.length() / DOTS).max(1.0);
        let (first, last) = seen(clip, pair[0], along);
        let mut dot = (first * steps).ceil();
        while dot < last * steps {
            let at = pair[0] + along * (dot / steps);
            mesh.add_colored_rect(Rect::from_center_size(at, vec2(1.6, 1.6)), color);
            dot += 1.0;
        }
    }
}

/// From where to where a line lies within a rectangle, as shares of its length; nothing lies between equal shares.
fn seen(clip: Rect, from: Pos2, along: Vec2) -> (f32, f32) {
    let mut range = (0.0_f32, 1.0_f32);
    for (at, step, near, far) in
        [(from.x, along.x, clip.left(), clip.right()), (from.y, along.y, clip.top(), clip.bottom())]
    {
        if step.abs() < f32::EPSILON {
            if at < near || at > far {
                return (0.0, 0.0);
            }
            continue;
        }
        let (one, other) = ((near - at) / step, (far - at) / step);
        range = (range.0.max(one.min(other)), range.1.min(one.max(other)));
    }
    if range.0 < range.1 { range } else { (0.0, 0.0) }
}

/// Two thin lines below the nodes.
fn chain(mesh: &mut Mesh, (from, to): (Rect, Rect), zoom: f32, color: Color32) {
    let low = from.bottom().max(to.bottom());
    for down in [8.0, 11.0] {
        let y = (low + down * zoom).round();
        let (left, right) = (from.center().x.round(), to.center().x.round());
        let out = (down - 8.0) / 3.0 * if left < right { -3.0 } else { 3.0 } * zoom;
        let (start, end) = ((left + out).round(), (right - out).round());
        let across = Rect::from_two_pos(pos2(start, y), pos2(end, y + 1.0));
        mesh.add_colored_rect(across, color);
        for (x, top) in [(start, from.bottom()), (end, to.bottom())] {
            mesh.add_colored_rect(Rect::from_min_max(pos2(x, top), pos2(x + 1.0, y + 1.0)), color);
        }
    }
}

/// A line of constant width through points, with one soft point at each side in place of hard steps.
fn strip(mesh: &mut Mesh, points: &[Pos2], width: f32, color: Color32) {
    let clear = color.gamma_multiply(0.0);
    let base = mesh.vertices.len() as u32;
    for (i, point) in points.iter().enumerate() {
        let before = points[i.saturating_sub(1)];
        let after = points[(i + 1).min(points.len() - 1)];
        let along = (after - before).normalized();
        let across = vec2(-along.y, along.x);
        let inner = (width / 2.0 - 0.25).max(0.0) * across;
        let outer = (width / 2.0 + 0.5) * across;
        for (offset, color) in [(-outer, clear), (-inner, color), (inner, color), (outer, clear)] {
            mesh.colored_vertex(*point + offset, color);
        }
    }
    for i in 0..points.len().saturating_sub(1) as u32 {
        for lane in 0..3 {
            let (a, b) = (base + 4 * i + lane, base + 4 * (i + 1) + lane);
            mesh.add_triangle(a, a + 1, b);
            mesh.add_triangle(b, a + 1, b + 1);
        }
    }
}

/// What lines mean, as far as they are there; gives back the room that it takes.
pub(super) fn legend(ui: &Ui, area: Rect, t: &Tokens, sheet: &Sheet) -> Rect {
    let has = |kind: fn(&LineKind) -> bool| sheet.lines.iter().any(|line| kind(&line.kind));
    let all = [
        (has(|kind| *kind == LineKind::Causation), Sample::Edge(t.control, 1.5), "Causation"),
        (has(|kind| *kind == LineKind::Correlation), Sample::Dots, "Correlation only"),
        (has(|kind| *kind == LineKind::Chain), Sample::Chain, "Hash chain"),
        (sheet.lines.iter().any(|line| line.on_path), Sample::Edge(t.accent, 2.0), "Path of the selection"),
        (sheet.lines.iter().any(|line| line.critical), Sample::Edge(t.amber, 2.5), "Critical path"),
        (has(|kind| *kind == LineKind::Back), Sample::Edge(t.red, 1.5), "Closes a ring"),
        (
            has(|kind| matches!(kind, LineKind::Flow(_))),
            Sample::Edge(t.control, 3.0),
            "Causation, wider if more · middle delay",
        ),
    ];
    let p = ui.painter();
    let samples: Vec<_> = all
        .into_iter()
        .filter(|(there, ..)| *there)
        .map(|(_, sample, words)| (sample, paint::whole_line(p, words, type_roles::caption(), t.text2)))
        .collect();
    let width: f32 = samples.iter().map(|(_, words)| words.size().x + 54.0).sum::<f32>() + 8.0;
    let ground = Rect::from_min_size(pos2(area.left() + 16.0, area.bottom() - 50.0), vec2(width, 34.0));
    if samples.is_empty() || area.width() < width + 32.0 {
        return Rect::NOTHING;
    }
    let fill = if t.theme == Theme::Light { t.panel } else { t.canvas };
    p.rect(ground, RADIUS_CARD, fill, Stroke::new(1.0, t.line), StrokeKind::Inside);
    let y = ground.center().y;
    let mut left = ground.left() + 14.0;
    let mut mesh = Mesh::default();
    for (sample, words) in samples {
        let (from, to) = (pos2(left, y), pos2(left + 26.0, y));
        match sample {
            Sample::Edge(color, width) => edge(&mut mesh, (from, to), 1.0, (color, width)),
            Sample::Dots => dotted(&mut mesh, area, (from, to), t.control),
            Sample::Chain => {
                for up in [-2.0, 1.0] {
                    mesh.add_colored_rect(
                        Rect::from_min_size(from + vec2(0.0, up), vec2(26.0, 1.0)),
                        t.control,
                    );
                }
            }
        }
        let at = paint::put(p, Align2::LEFT_CENTER, pos2(left + 34.0, y), words);
        left = at.right() + 20.0;
    }
    p.add(Shape::mesh(mesh));
    ground
}

/// What stands before the words of the legend.
enum Sample {
    Edge(Color32, f32),
    Dots,
    Chain,
}
