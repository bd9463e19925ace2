//! Owns the small picture of the whole graph at the lower right, and the part of it that is seen: a click or a drag goes there.

use egui::{Mesh, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::camera::Scene;
use crate::theme::Tokens;
use crate::theme::metrics::RADIUS_CARD;

/// Its size, points.
const SIZE: Vec2 = vec2(168.0, 104.0);
/// Between its edge and the picture, points.
const MARGIN: f32 = 6.0;

/// Draws it, if not everything is seen anyway; gives back the point of the graph that the user wants in the middle.
pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, area: Rect, legend: Rect, t: &Tokens) -> Option<Pos2> {
    let sheet = scene.sheet;
    let graph = Rect::from_min_size(scene.origin, scene.zoom * vec2(sheet.width, sheet.height));
    let ground = Rect::from_min_size(area.right_bottom() - SIZE - vec2(16.0, 16.0), SIZE);
    let fits = area.expand(2.0).contains_rect(graph);
    if fits || area.width() < 2.5 * SIZE.x || area.height() < 2.5 * SIZE.y || legend.intersects(ground) {
        return None;
    }
    let room = ground.shrink(MARGIN);
    let scale = (room.width() / sheet.width.max(1.0)).min(room.height() / sheet.height.max(1.0));
    let corner = room.center() - scale * vec2(sheet.width, sheet.height) / 2.0;
    let place = |at: Pos2| corner + scale * at.to_vec2();
    let p = ui.painter();
    p.rect(ground, RADIUS_CARD, t.panel, Stroke::new(1.0, t.line), StrokeKind::Inside);
    let mut mesh = Mesh::default();
    for card in &sheet.cards {
        let [x, y, width, height] = card.place;
        let size = (scale * vec2(width, height)).max(Vec2::splat(1.0));
        let color = match (card.selected, card.failed, card.on_path) {
            (true, ..) | (.., true) => t.accent,
            (_, true, _) => t.red,
            _ => t.control,
        };
        mesh.add_colored_rect(Rect::from_min_size(place(pos2(x, y)), size), color);
    }
    p.add(Shape::mesh(mesh));
    let seen = Rect::from_min_max(place(scene.in_graph(area.min)), place(scene.in_graph(area.max)));
    p.rect_stroke(seen.intersect(room), 2, Stroke::new(1.5, t.text), StrokeKind::Inside);
    let response = ui.interact(ground, ui.scope_id().with("overview"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, "overview of the graph"));
    let wanted = response.interact_pointer_pos().filter(|_| response.clicked() || response.dragged())?;
    Some(((wanted - corner) / scale).to_pos2())
}
