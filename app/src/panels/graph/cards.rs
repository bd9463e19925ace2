//! Owns how nodes are drawn: a card with two lines, a chip with the kind, a dot, or a cell that stands for many, by the room there is.

use std::collections::HashMap;

use egui::{
    Align2, Color32, FontId, Mesh, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo, pos2, vec2,
};

use super::camera::Scene;
use crate::context::StoreContext;
use crate::state::damage::{self, Wrong};
use crate::theme::metrics::{MARK, RADIUS_CARD};
use crate::theme::{Tokens, icons, type_roles};
use crate::view::graph::{Card, CardLook, Cause, NODE_WIDTH};
use crate::widgets::tooltip::{Tip, float_frame};
use crate::widgets::{focus, hatch, kind_mark, paint};

/// Nodes at least so wide say what they are in two lines, points.
const TWO_LINES: f32 = 90.0;
/// Nodes at least so wide say their kind, points.
const CHIP: f32 = 40.0;
/// Nodes at least so wide are seen each for itself, points.
const DOT: f32 = 6.0;
/// Side of a cell that stands for many, points.
const CELL: f32 = 4.0;
/// How much is seen of what had not happened yet.
const NOT_YET: f32 = 0.35;
/// Radius of the handle at the right edge of a node, points.
pub(super) const HANDLE: f32 = 8.0;

/// Draws the nodes; gives back the one that was clicked, if it is wide enough to be a widget of its own.
pub(super) fn show(ctx: StoreContext<'_>, ui: &Ui, scene: &Scene<'_>, under: Option<usize>) -> Option<usize> {
    let width = NODE_WIDTH * scene.zoom;
    if width < DOT {
        cells(ui, scene, ctx.view.tokens);
        return None;
    }
    if width < CHIP {
        dots(ui, scene, ctx.view.tokens);
        return None;
    }
    let clip = ui.clip_rect();
    let mut clicked = None;
    for index in 0..scene.sheet.cards.len() {
        let rect = scene.rect(index);
        if !clip.intersects(rect) {
            continue;
        }
        let card = &scene.sheet.cards[index];
        let response =
            ui.interact(rect, ui.scope_id().with(card.sequence).with(card.look as u8), Sense::click());
        let name = spoken(ctx, card);
        response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, card.selected, &name));
        let mut p = ui.painter().clone();
        if ctx.view.model.cursor.is_some_and(|cursor| cursor < card.sequence) {
            // At the moment that everything is shown as of, it had not happened yet.
            p.set_opacity(NOT_YET);
        }
        if width >= TWO_LINES {
            whole(ctx, &p, (card, rect), scene.zoom, under == Some(index));
        } else {
            chip(ctx, &p, (card, rect), scene.zoom, under == Some(index));
        }
        if ctx.view.model.hover == Some(card.sequence) {
            let stroke = Stroke::new(1.5, ctx.view.tokens.text);
            p.rect_stroke(rect.expand(2.0), radius(scene.zoom) + 1, stroke, StrokeKind::Outside);
        }
        if card.more > 0 {
            handle(ui.painter(), rect, scene.zoom, ctx.view.tokens);
        }
        focus::ring(ui, &response, rect, radius(scene.zoom));
        if is_clicked(&response) {
            clicked = Some(index);
        }
    }
    clicked
}

fn is_clicked(response: &Response) -> bool {
    response.clicked() || response.double_clicked()
}

/// The name of a node, and what is wrong at its place.
fn spoken(ctx: StoreContext<'_>, card: &Card) -> String {
    let spot = damage::spot_at(&ctx.store.spots, card.sequence).filter(|_| card.look == CardLook::Event);
    let wrong = spot.map(|spot| format!(" · {}", spot.words)).unwrap_or_default();
    let more = if card.more > 0 { format!(", {} more not shown", card.more) } else { String::new() };
    format!("{}{more}{wrong}", card.name)
}

fn radius(zoom: f32) -> u8 {
    (f32::from(RADIUS_CARD) * zoom).round().max(1.0) as u8
}

/// Fill and border of a node.
fn colors(card: &Card, broken: bool, hovered: bool, t: &Tokens) -> (Color32, Stroke) {
    let plain = if hovered { t.active } else { t.raised };
    match (card.selected, card.failed || broken, card.on_path) {
        (true, ..) => (t.sel, Stroke::new(2.0, t.accent)),
        (_, true, _) => (t.red_bg, Stroke::new(1.0, t.red)),
        (.., true) => (plain, Stroke::new(1.0, t.accent)),
        _ => (plain, Stroke::new(1.0, t.line_strong)),
    }
}

/// A card with two lines.
fn whole(ctx: StoreContext<'_>, p: &Painter, (card, rect): (&Card, Rect), zoom: f32, hovered: bool) {
    let t = ctx.view.tokens;
    let spot = damage::spot_at(&ctx.store.spots, card.sequence).filter(|_| card.look == CardLook::Event);
    let broken = spot.is_some_and(|spot| spot.wrong == Wrong::Broken);
    let (fill, border) = colors(card, broken, hovered, t);
    stub(p, rect, zoom, card.cause, t);
    if card.look == CardLook::Pill {
        p.rect(rect, u8::MAX, fill, border, StrokeKind::Inside);
        let font = scaled(type_roles::table(), zoom);
        paint::text(p, Align2::CENTER_CENTER, rect.center(), &card.title, font, t.text2);
        return;
    }
    if card.look == CardLook::Stack {
        let behind = rect.translate(Vec2::splat(4.0 * zoom));
        p.rect(behind, radius(zoom), t.raised, border, StrokeKind::Inside);
    }
    p.rect(rect, radius(zoom), fill, border, StrokeKind::Inside);
    if card.look == CardLook::Damaged && !card.selected {
        hatch::fill(p, rect.shrink(2.0), t);
    }
    if ctx.store.broken_from().is_some_and(|first| first <= card.sequence) && card.look == CardLook::Event {
        let rail = Rect::from_min_size(rect.min + vec2(2.0, 4.0), vec2(2.0, rect.height() - 8.0));
        p.rect_filled(rail, 0, t.red);
    }
    let first = rect.top() + 14.0 * zoom;
    mark(p, card, pos2(rect.left() + 13.0 * zoom, first), zoom, t);
    let left = rect.left() + 24.0 * zoom;
    let room = rect.right() - 8.0 * zoom - left;
    let (loud, quiet) = if card.failed { (t.red_text, t.red_text) } else { (t.text, t.text2) };
    let name = paint::line(p, &card.title, scaled(type_roles::table_medium(), zoom), loud, room);
    paint::put(p, Align2::LEFT_CENTER, pos2(left, first), name);
    let below = paint::line(p, &card.below, scaled(type_roles::small(), zoom), quiet, room);
    paint::put(p, Align2::LEFT_CENTER, pos2(left, rect.bottom() - 13.0 * zoom), below);
    if broken {
        let at = rect.right_bottom() - Vec2::splat(13.0 * zoom);
        paint::icon(p, at, icons::LOCK_SIMPLE_OPEN, 12.0 * zoom, t.red);
    }
}

/// Mark and kind.
fn chip(ctx: StoreContext<'_>, p: &Painter, (card, rect): (&Card, Rect), zoom: f32, hovered: bool) {
    let t = ctx.view.tokens;
    let (fill, border) = colors(card, false, hovered, t);
    let mut mesh = Mesh::default();
    if card.look == CardLook::Stack {
        mesh.add_colored_rect(rect.translate(Vec2::splat(3.0)), border.color);
    }
    mesh.add_colored_rect(rect, border.color);
    mesh.add_colored_rect(rect.shrink(border.width), fill);
    p.add(Shape::mesh(mesh));
    if card.look == CardLook::Pill {
        let font = scaled(type_roles::table(), zoom);
        paint::text(p, Align2::CENTER_CENTER, rect.center(), &card.title, font, t.text2);
        return;
    }
    mark(p, card, pos2(rect.left() + 6.0, rect.center().y), 0.6, t);
    let color = if card.failed { t.red_text } else { t.text };
    let words = paint::line(p, &card.title, scaled(type_roles::small(), zoom), color, rect.width() - 14.0);
    paint::put(p, Align2::LEFT_CENTER, pos2(rect.left() + 12.0, rect.center().y), words);
}

fn mark(p: &Painter, card: &Card, at: Pos2, zoom: f32, t: &Tokens) {
    if card.failed {
        kind_mark::failed(p, at, 5.0 * zoom, t);
    } else {
        kind_mark::paint(p, at, MARK * zoom, card.mark, t);
    }
}

/// Sizes in half points: the same text in a little other size is laid out anew.
fn scaled(font: FontId, zoom: f32) -> FontId {
    FontId::new(((font.size * zoom * 2.0).round() / 2.0).max(7.0), font.family)
}

/// A cause that is named and not drawn: a dashed line from nowhere, red if nobody has it.
fn stub(p: &Painter, rect: Rect, zoom: f32, cause: Cause, t: &Tokens) {
    let (color, fill) = match cause {
        Cause::Plain => return,
        Cause::NotShown => (t.control, t.raised),
        Cause::Lost => (t.red, t.red_bg),
    };
    let end = rect.left_center();
    let start = end - vec2(14.0 * zoom, 0.0);
    p.add(Shape::dashed_line(&[start, end], Stroke::new(1.5, color), 4.0 * zoom, 3.0 * zoom));
    p.circle(start - vec2(3.5 * zoom, 0.0), 3.5 * zoom, fill, Stroke::new(1.0, color));
}

/// What asks for more effects.
fn handle(p: &Painter, rect: Rect, zoom: f32, t: &Tokens) {
    if zoom < 0.5 {
        return;
    }
    let center = rect.right_center();
    p.circle(center, HANDLE, t.raised, Stroke::new(1.0, t.line_strong));
    paint::icon(p, center, icons::PLUS, 9.0, t.text2);
}

fn color_of(card: &Card, t: &Tokens) -> Color32 {
    if card.failed { t.red } else { t.kind(card.mark.class).mark }
}

/// One dot a node, all in one mesh.
fn dots(ui: &Ui, scene: &Scene<'_>, t: &Tokens) {
    let clip = ui.clip_rect();
    let mut mesh = Mesh::default();
    let mut chosen = None;
    for (index, card) in scene.sheet.cards.iter().enumerate() {
        let rect = scene.rect(index);
        if !clip.intersects(rect) {
            continue;
        }
        if card.selected {
            chosen = Some(rect);
        } else if card.on_path {
            mesh.add_colored_rect(rect.expand(1.5), t.accent);
        }
        mesh.add_colored_rect(rect, color_of(card, t));
    }
    ui.painter().add(Shape::mesh(mesh));
    ring(ui.painter(), chosen, t);
}

/// The selected node, too small to say more.
fn ring(p: &Painter, rect: Option<Rect>, t: &Tokens) {
    if let Some(rect) = rect {
        p.rect_stroke(rect.expand(3.0), 3, Stroke::new(2.0, t.accent), StrokeKind::Outside);
    }
}

/// Cells that stand for what lies in them: the more, the more opaque; one that failed colours its cell.
fn cells(ui: &Ui, scene: &Scene<'_>, t: &Tokens) {
    let clip = ui.clip_rect();
    let mut found: HashMap<(i32, i32), (u32, bool)> = HashMap::new();
    let mut chosen = None;
    for (index, card) in scene.sheet.cards.iter().enumerate() {
        let rect = scene.rect(index);
        if !clip.intersects(rect) {
            continue;
        }
        let at = rect.center();
        let cell = found.entry(((at.x / CELL) as i32, (at.y / CELL) as i32)).or_default();
        cell.0 += 1;
        cell.1 |= card.failed;
        if card.selected {
            chosen = Some(rect);
        }
    }
    let mut mesh = Mesh::default();
    for ((column, row), (count, failed)) in found {
        let rect = Rect::from_min_size(pos2(column as f32 * CELL, row as f32 * CELL), Vec2::splat(CELL));
        let share = (0.35 + count as f32 / 8.0).min(1.0);
        let color = if failed { t.red } else { t.text2 };
        mesh.add_colored_rect(rect, color.gamma_multiply(share));
    }
    ui.painter().add(Shape::mesh(mesh));
    ring(ui.painter(), chosen, t);
}

/// What a node under the pointer says of itself.
pub(super) fn tip(ui: &Ui, card: &Card, rect: Rect) {
    let mark = (!card.failed).then_some(card.mark);
    let facts: String = card.name.chars().take(90).collect();
    let subject: String = card.below.chars().take(60).collect();
    let title: String = card.title.chars().take(60).collect();
    egui::Area::new(ui.scope_id().with("tip"))
        .order(egui::Order::Tooltip)
        .fixed_pos(rect.left_bottom() + vec2(0.0, 6.0))
        .constrain(true)
        .interactable(false)
        .show(ui.ctx(), |ui| {
            float_frame(ui)
                .show(ui, |ui| Tip { mark, title: &title, subject: &subject, facts: &facts }.body(ui));
        });
}
