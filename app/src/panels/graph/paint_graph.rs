//! Owns how the causal graph is drawn: edges as one mesh, nodes with as much text as their size allows, the legend. Never lays out.

use egui::{
    Align2, Color32, FontId, Mesh, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use crate::context::StoreContext;
use crate::state::damage::{self, Wrong};
use crate::theme::metrics::{MARK, RADIUS_CARD};
use crate::theme::{Theme, Tokens, type_roles};
use crate::view::graph::{self, GraphLayout, NODE_HEIGHT, NODE_WIDTH, Place, Placed};
use crate::view::rows::{self, KindText};
use crate::view::{text, times};
use crate::widgets::tooltip::{Tip, float_frame};
use crate::widgets::{escape, hatch, kind_mark, paint};
use crate::worker::protocol::{CausalGraph, EventCell, GraphNode, RowCell};

/// Below this magnification nodes have no second line, points of node height.
const TWO_LINES: f32 = 30.0;
/// Below this height of a node it has no text at all.
const ONE_LINE: f32 = 16.0;
/// Straight pieces of an edge.
const PIECES: u8 = 12;

/// What is drawn, and from where it is looked at.
pub(super) struct Scene<'a> {
    pub(super) graph: &'a CausalGraph,
    pub(super) layout: &'a GraphLayout,
    /// Where the graph's upper left corner is on the screen.
    pub(super) origin: Pos2,
    pub(super) zoom: f32,
}

impl Scene<'_> {
    fn rect(&self, node: &Placed) -> Rect {
        let size = match node.place {
            Place::Chain(_) => vec2(74.0, 22.0),
            _ => vec2(NODE_WIDTH, NODE_HEIGHT),
        };
        let down = (NODE_HEIGHT - size.y) / 2.0;
        let min = self.origin + self.zoom * vec2(node.x, node.y + down);
        Rect::from_min_size(min, self.zoom * size)
    }
}

/// Draws edges and nodes; gives back the index of the node that was clicked.
pub(super) fn show(ctx: StoreContext<'_>, ui: &mut Ui, scene: &Scene<'_>) -> Option<usize> {
    edges(ui, scene, ctx.view.tokens);
    let mut clicked = None;
    let clip = ui.clip_rect();
    for (index, node) in scene.layout.placed.iter().enumerate() {
        let rect = scene.rect(node);
        if !clip.intersects(rect) {
            continue;
        }
        let response = ui.interact(rect, ui.scope_id().with(index), Sense::click());
        match &node.place {
            Place::Event(at) => event_node(ctx, ui, scene, (node, rect), &scene.graph.nodes[*at], &response),
            place => folded_node(ctx, ui, (place, rect), scene.zoom, &response),
        }
        if response.clicked() {
            clicked = Some(index);
        }
    }
    clicked
}

/// All edges: those of the path last, so that nothing crosses them.
fn edges(ui: &Ui, scene: &Scene<'_>, t: &Tokens) {
    let mut mesh = Mesh::default();
    for on_path in [false, true] {
        for node in &scene.layout.placed {
            let Some(parent) = node.parent.and_then(|parent| scene.layout.placed.get(parent)) else {
                continue;
            };
            if (node.on_path && parent.on_path) != on_path {
                continue;
            }
            let (color, width) = if on_path { (t.accent, 2.0) } else { (t.control, 1.5) };
            let (from, to) = (scene.rect(parent), scene.rect(node));
            edge(&mut mesh, (from.right_center(), to.left_center()), scene.zoom, (color, width));
        }
    }
    ui.painter().add(Shape::mesh(mesh));
}

/// A curve that leaves to the right and arrives from the left, with a head where there is room for it.
fn edge(mesh: &mut Mesh, (from, to): (Pos2, Pos2), zoom: f32, (color, width): (Color32, f32)) {
    let head = if zoom >= 0.4 { (7.0 * zoom).max(4.0) } else { 0.0 };
    let end = to - vec2(head, 0.0);
    let bend = (end.x - from.x) / 2.0;
    let (a, b) = (from + vec2(bend, 0.0), end - vec2(bend, 0.0));
    let at = |s: f32| {
        let r = 1.0 - s;
        let sum = r * r * r * from.to_vec2() + 3.0 * r * r * s * a.to_vec2() + 3.0 * r * s * s * b.to_vec2();
        (sum + s * s * s * end.to_vec2()).to_pos2()
    };
    let pieces = if (from.y - to.y).abs() < 0.5 { 1 } else { PIECES };
    let points: Vec<Pos2> = (0..=pieces).map(|i| at(f32::from(i) / f32::from(pieces))).collect();
    strip(mesh, &points, width, color);
    if head > 0.0 {
        let half = vec2(0.0, head * 0.5);
        let base = mesh.vertices.len() as u32;
        for corner in [to, end - half, end + half] {
            mesh.colored_vertex(corner, color);
        }
        mesh.add_triangle(base, base + 1, base + 2);
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

fn event_node(
    ctx: StoreContext<'_>,
    ui: &Ui,
    scene: &Scene<'_>,
    (node, rect): (&Placed, Rect),
    event: &GraphNode,
    response: &Response,
) {
    let t = ctx.view.tokens;
    let selected = ctx.store.selected == Some(event.row.sequence);
    let (words, below) = match &event.row.cell {
        RowCell::Event(cell) => {
            (rows::kind_text(cell.kind, &ctx.store.kind_names), second_line(ctx, scene, node, cell))
        }
        RowCell::Removed => (
            KindText {
                mark: crate::theme::KindMark::of_category(0),
                name: "Removed".to_owned(),
                failed: false,
            },
            String::new(),
        ),
        RowCell::Damaged { reason, .. } => (
            KindText {
                mark: crate::theme::KindMark::of_category(0),
                name: "Damaged".to_owned(),
                failed: true,
            },
            escape::visible(reason).into_owned(),
        ),
    };
    let spot = damage::spot_at(&ctx.store.spots, event.row.sequence);
    let mut name = format!("{} {} {below}", words.name, text::sequence(event.row.sequence));
    if let Some(spot) = spot {
        name += " · ";
        name += &spot.words;
    }
    if event.lost_cause {
        name += " · its cause is not in the store";
    }
    response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, selected, &name));
    let broken = spot.is_some_and(|spot| spot.wrong == Wrong::Broken);
    let (fill, border) = match (selected, words.failed || broken, node.on_path) {
        (true, ..) => (t.sel, Stroke::new(2.0, t.accent)),
        (_, true, _) => (t.red_bg, Stroke::new(1.0, t.red)),
        (.., true) => (card_fill(t, response), Stroke::new(1.0, t.accent)),
        _ => (card_fill(t, response), Stroke::new(1.0, t.line_strong)),
    };
    let radius = radius(scene.zoom);
    let p = ui.painter();
    if event.lost_cause {
        lost_cause(p, rect, scene.zoom, t);
    }
    p.rect(rect, radius, fill, border, StrokeKind::Inside);
    if let (RowCell::Damaged { .. }, false) = (&event.row.cell, selected) {
        hatch::fill(p, rect.shrink(2.0), t);
    }
    if ctx.store.broken_from().is_some_and(|first| first <= event.row.sequence) {
        let rail = Rect::from_min_size(rect.min + vec2(2.0, 4.0), vec2(2.0, rect.height() - 8.0));
        p.rect_filled(rail, 0, t.red);
    }
    label(ctx, ui, rect, scene.zoom, &words, &below);
    if broken && scene.zoom >= 0.5 {
        let at = pos2(rect.right() - 13.0 * scene.zoom, rect.bottom() - 13.0 * scene.zoom);
        paint::icon(p, at, crate::theme::icons::LOCK_SIMPLE_OPEN, 12.0 * scene.zoom, t.red);
    }
    if event.hidden_effects > 0 && scene.zoom >= 0.5 {
        let center = rect.right_center();
        let r = 8.0 * scene.zoom;
        p.circle(center, r, t.raised, Stroke::new(1.0, t.line_strong));
        paint::icon(p, center, crate::theme::icons::PLUS, 9.0 * scene.zoom, t.text2);
    }
    if response.hovered() {
        tip(ctx, ui, response, event, &words);
    }
}

/// A cause that is named and cannot be shown: a dashed line from nowhere.
fn lost_cause(p: &egui::Painter, rect: Rect, zoom: f32, t: &Tokens) {
    let end = rect.left_center();
    let start = end - vec2(20.0 * zoom, 0.0);
    p.add(Shape::dashed_line(&[start, end], Stroke::new(1.5, t.red), 4.0 * zoom, 3.0 * zoom));
    p.circle(start - vec2(4.0 * zoom, 0.0), 3.5 * zoom, t.red_bg, Stroke::new(1.0, t.red));
}

fn card_fill(t: &Tokens, response: &Response) -> Color32 {
    if response.hovered() { t.active } else { t.raised }
}

fn radius(zoom: f32) -> u8 {
    (f32::from(RADIUS_CARD) * zoom).round().max(1.0) as u8
}

/// Entity and time; on the path the time since the cause.
fn second_line(ctx: StoreContext<'_>, scene: &Scene<'_>, node: &Placed, cell: &EventCell) -> String {
    let entity = escape::visible(&cell.entity);
    let short = entity.rsplit(':').next().unwrap_or(&entity);
    let cause = node.parent.and_then(|parent| match &scene.layout.placed[parent].place {
        Place::Event(index) => rows::event_of(&scene.graph.nodes[*index].row),
        Place::Siblings(..) | Place::Chain(_) => None,
    });
    let when = match cause.filter(|_| node.on_path) {
        Some(cause) => text::delta_us(cause.time_us, cell.time_us),
        None => times::seconds(cell.time_us, ctx.view.model.zone()),
    };
    format!("{short} · {when}")
}

/// Mark and text of a node, as much as fits.
fn label(ctx: StoreContext<'_>, ui: &Ui, rect: Rect, zoom: f32, words: &KindText, below: &str) {
    let t = ctx.view.tokens;
    let p = ui.painter();
    if rect.height() < ONE_LINE {
        if words.failed {
            kind_mark::failed(p, rect.center(), (rect.height() / 2.0).max(2.0), t);
        } else {
            kind_mark::paint(p, rect.center(), (rect.height() / 3.0).max(1.5), words.mark, t);
        }
        return;
    }
    let two = rect.height() >= TWO_LINES;
    let first = if two { rect.top() + 14.0 * zoom } else { rect.center().y };
    let at = pos2(rect.left() + 13.0 * zoom, first);
    if words.failed {
        kind_mark::failed(p, at, 5.0 * zoom, t);
    } else {
        kind_mark::paint(p, at, MARK * zoom, words.mark, t);
    }
    let scaled = |font: FontId| FontId::new((font.size * zoom).max(7.0), font.family);
    let left = rect.left() + 24.0 * zoom;
    let room = rect.right() - 8.0 * zoom - left;
    let (loud, quiet) = if words.failed { (t.red_text, t.red_text) } else { (t.text, t.text2) };
    let name = paint::line(p, &words.name, scaled(type_roles::table_medium()), loud, room);
    paint::put(p, Align2::LEFT_CENTER, pos2(left, first), name);
    if two {
        let line = paint::line(p, below, scaled(type_roles::small()), quiet, room);
        paint::put(p, Align2::LEFT_CENTER, pos2(left, rect.bottom() - 13.0 * zoom), line);
    }
}

/// Several events in one node: a second card behind it, or a pill for a chain.
fn folded_node(
    ctx: StoreContext<'_>,
    ui: &Ui,
    (place, rect): (&Place, Rect),
    zoom: f32,
    response: &Response,
) {
    let t = ctx.view.tokens;
    let p = ui.painter();
    let (title, below) = graph::folded_text(place, &ctx.store.kind_names);
    response.widget_info(|| WidgetInfo::labeled(Role::TreeItem, true, format!("{title} {below}")));
    let stroke = Stroke::new(1.0, t.line_strong);
    match place {
        Place::Siblings(kind, _) => {
            let behind = rect.translate(Vec2::splat(4.0 * zoom));
            p.rect(behind, radius(zoom), t.raised, stroke, StrokeKind::Inside);
            p.rect(rect, radius(zoom), card_fill(t, response), stroke, StrokeKind::Inside);
            label(ctx, ui, rect, zoom, &rows::kind_text(*kind, &ctx.store.kind_names), &below);
        }
        Place::Chain(_) | Place::Event(_) => {
            p.rect(rect, u8::MAX, card_fill(t, response), stroke, StrokeKind::Inside);
            if rect.height() >= 8.0 {
                let font = FontId::new((12.0 * zoom).max(7.0), type_roles::table().family);
                paint::text(p, Align2::CENTER_CENTER, rect.center(), &title, font, t.text2);
            }
        }
    }
}

fn tip(ctx: StoreContext<'_>, ui: &Ui, response: &Response, event: &GraphNode, words: &KindText) {
    let RowCell::Event(cell) = &event.row.cell else { return };
    let subject: String = escape::visible(&cell.entity).chars().take(60).collect();
    let summary: String = rows::summary(cell).chars().take(70).collect();
    let time = times::clock(cell.time_us, ctx.view.model.zone());
    let facts = format!("{time} · {} · {summary}", text::sequence(event.row.sequence));
    let mark = (!words.failed).then_some(words.mark);
    egui::Area::new(ui.scope_id().with("tip"))
        .order(egui::Order::Tooltip)
        .fixed_pos(response.rect.left_bottom() + vec2(0.0, 6.0))
        .constrain(true)
        .interactable(false)
        .show(ui.ctx(), |ui| {
            float_frame(ui)
                .show(ui, |ui| Tip { mark, title: &words.name, subject: &subject, facts: &facts }.body(ui));
        });
}

/// What lines and cards mean.
pub(super) fn legend(ctx: StoreContext<'_>, ui: &Ui, area: Rect) {
    let t = ctx.view.tokens;
    let p = ui.painter();
    let mut left = area.left() + 16.0;
    let ground = Rect::from_min_size(pos2(left, area.bottom() - 48.0), vec2(430.0, 34.0));
    if area.width() < 470.0 {
        return;
    }
    let fill = if t.theme == Theme::Light { t.panel } else { t.canvas };
    p.rect(ground, RADIUS_CARD, fill, Stroke::new(1.0, t.line), StrokeKind::Inside);
    let y = ground.center().y;
    left += 14.0;
    let mut mesh = Mesh::default();
    for (color, width, words) in [(t.control, 1.5, "Causation"), (t.accent, 2.0, "Path of the selection")] {
        edge(&mut mesh, (pos2(left, y), pos2(left + 26.0, y)), 1.0, (color, width));
        let at =
            paint::text(p, Align2::LEFT_CENTER, pos2(left + 34.0, y), words, type_roles::caption(), t.text2);
        left = at.right() + 20.0;
    }
    p.add(Shape::mesh(mesh));
    let card = Rect::from_min_size(pos2(left, y - 6.0), vec2(18.0, 10.0));
    for rect in [card.translate(vec2(3.0, 3.0)), card] {
        p.rect(rect, 2, t.raised, Stroke::new(1.0, t.line_strong), StrokeKind::Inside);
    }
    paint::text(
        p,
        Align2::LEFT_CENTER,
        pos2(left + 30.0, y),
        "Folded events",
        type_roles::caption(),
        t.text2,
    );
}
