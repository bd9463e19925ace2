//! Owns the axis: marks at round numbers, folded gaps with their length, the cursor and the pins over all lanes.

use egui::{Align2, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2};

use super::{Scene, marks};
use crate::command::Action;
use crate::state::timeline::TimelineAction;
use crate::theme::type_roles;
use crate::view::ticks::{self, Tick};
use crate::view::timeline::scale::Fold;
use crate::view::{text, times};
use crate::widgets::{hairline, paint, tooltip};
use crate::worker::protocol::TimeAxis;

/// From one label of the axis to the next, at least, points.
const LABEL_PITCH: f64 = 110.0;
/// A tooth of the edge of a folded gap, points.
const TOOTH: f32 = 4.0;

/// Draws the axis and what stands over all lanes.
pub(super) fn show(scene: Scene<'_>, ui: &mut Ui) {
    let Scene { ctx, areas, scale, .. } = scene;
    let t = ctx.view.tokens;
    let axis = areas.axis;
    let p = ui.painter().with_clip_rect(axis.union(areas.lanes));
    hairline::horizontal(ui.painter(), areas.names.left()..=areas.below.right(), axis.top(), t.line);
    hairline::horizontal(ui.painter(), areas.names.left()..=areas.below.right(), axis.bottom() - 1.0, t.line);
    let fold_labels: Vec<Rect> = scale.folds().iter().map(|fold| fold_ui(scene, ui, fold)).collect();
    let mut taken = f32::NEG_INFINITY;
    for tick in ticks(scene) {
        let x = axis.left() + scale.x(tick.at as f64) as f32;
        hairline::vertical(&p, x, axis.bottom() - 14.0..=axis.bottom() - 1.0, t.line_strong);
        let words = paint::whole_line(&p, &tick.label, type_roles::small(), t.text3);
        let place = Align2::LEFT_CENTER.anchor_size(pos2(x + 6.0, axis.center().y), words.size());
        let is_free = place.left() > taken
            && place.right() <= axis.right()
            && !fold_labels.iter().any(|label| label.expand(4.0).intersects(place));
        if is_free {
            taken = place.right() + 8.0;
            paint::put(&p, Align2::LEFT_CENTER, pos2(x + 6.0, axis.center().y), words);
        }
    }
    date_ui(scene, ui);
    jumps_ui(scene, ui);
    future_ui(scene, &p);
    pins_ui(scene, &p);
    cursor_ui(scene, &p);
}

/// The marks of every open stretch that is seen.
fn ticks(scene: Scene<'_>) -> Vec<Tick> {
    let step = (scene.scale.place().per_point * LABEL_PITCH).max(1.0) as u64;
    let mut found = Vec::new();
    let mut from = scene.scale.value(0.0);
    let ends = scene.scale.folds().iter().map(|fold| fold.values);
    for (end, next) in ends.chain([(scene.scale.value(scene.scale.width()), 0.0)]) {
        if end > from {
            let span = (from.ceil() as i64, end.floor() as i64);
            found.extend(ticks::ticks(scene.picture.axis, span, step, scene.ctx.view.model.zone()));
        }
        from = next;
    }
    found
}

/// Lines at the marks of the axis, under the lanes.
pub(super) fn grid(scene: Scene<'_>, p: &Painter) {
    for tick in ticks(scene) {
        let x = scene.areas.lanes.left() + scene.scale.x(tick.at as f64) as f32;
        hairline::vertical(p, x, scene.areas.lanes.y_range(), scene.ctx.view.tokens.line_soft);
    }
}

/// The date beside the axis, so that its marks need not say it.
fn date_ui(scene: Scene<'_>, ui: &Ui) {
    let t = scene.ctx.view.tokens;
    let axis = scene.areas.axis;
    let words = match scene.picture.axis {
        TimeAxis::Time => {
            let zone = scene.ctx.view.model.zone();
            let first = times::date_time(scene.scale.value(0.0) as i64, zone);
            first.split(' ').next().unwrap_or_default().to_owned()
        }
        TimeAxis::Sequence => "Sequence".to_owned(),
    };
    let at = pos2(scene.areas.names.left() + 16.0, axis.center().y);
    paint::text(ui.painter(), Align2::LEFT_CENTER, at, &words, type_roles::small(), t.text3);
}

/// A folded gap: a strip with edges like torn paper. A click opens it. Gives back where its label lies.
fn fold_ui(scene: Scene<'_>, ui: &mut Ui, fold: &Fold) -> Rect {
    let Scene { ctx, areas, .. } = scene;
    let t = ctx.view.tokens;
    let (left, right) = (areas.lanes.left() + fold.x.0 as f32, areas.lanes.left() + fold.x.1 as f32);
    let all = areas.axis.union(areas.lanes);
    let strip = Rect::from_x_y_ranges(left..=right, areas.lanes.y_range());
    let p = ui.painter().with_clip_rect(all);
    p.rect_filled(strip, 0, t.panel);
    for x in [left, right] {
        let teeth = ((strip.height() / TOOTH).ceil() as usize).min(400);
        let edge: Vec<Pos2> = (0..=teeth)
            .map(|i| pos2(x + if i % 2 == 0 { -2.0 } else { 2.0 }, strip.top() + i as f32 * TOOTH))
            .collect();
        p.add(Shape::line(edge, Stroke::new(1.0, t.line_strong)));
    }
    let length = text::duration_us(fold.gap.1.abs_diff(fold.gap.0));
    let at = pos2(f32::midpoint(left, right), areas.axis.center().y);
    let label = paint::text(&p, Align2::CENTER_CENTER, at, &length, type_roles::small(), t.text3);
    let name = format!("folded gap of {length}");
    let target = Rect::from_x_y_ranges(left..=right, all.y_range()).intersect(all);
    let response = ui.interact(target, ui.scope_id().with(("fold", fold.gap)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if response.clicked() {
        ctx.view.commands.send(Action::Timeline(TimelineAction::Unfold(fold.gap)));
    }
    tooltip::hint(response, &format!("{length} without an event; a click opens the gap"));
    label
}

/// Where the clock went back.
fn jumps_ui(scene: Scene<'_>, ui: &mut Ui) {
    let Scene { ctx, areas, scale, picture, .. } = scene;
    if picture.axis != TimeAxis::Time {
        return;
    }
    let mut drawn = f32::NEG_INFINITY;
    for jump in &picture.jumps {
        let x = areas.axis.left() + scale.x(jump.to_us as f64) as f32;
        if !areas.axis.x_range().contains(x) || (x - drawn).abs() < 8.0 {
            continue;
        }
        drawn = x;
        let place = Rect::from_center_size(pos2(x, areas.axis.top() + 5.0), egui::Vec2::splat(9.0));
        let amber = ctx.view.tokens.amber;
        let back = vec![place.left_center(), place.right_top(), place.right_bottom()];
        ui.painter().add(Shape::convex_polygon(back, amber, Stroke::NONE));
        let length = text::duration_us(jump.from_us.abs_diff(jump.to_us));
        let words = format!("the clock went back {length} at {}", text::sequence(jump.sequence));
        let response = ui.interact(place, ui.scope_id().with(("jump", jump.sequence)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        tooltip::hint(response, &words);
    }
}

fn cursor_ui(scene: Scene<'_>, p: &Painter) {
    let Some(x) = marks::selected(scene.ctx).and_then(|(sequence, _)| marks::x_of(scene, sequence)) else {
        return;
    };
    let t = scene.ctx.view.tokens;
    hairline::vertical(p, x, scene.areas.axis.bottom() - 8.0..=scene.areas.lanes.bottom(), t.accent);
    flag(p, x, scene.areas.axis.bottom(), t.accent);
}

/// What comes after the event as of which every panel shows the store.
fn future_ui(scene: Scene<'_>, p: &Painter) {
    let Some(cursor) = scene.ctx.view.model.cursor else { return };
    let t = scene.ctx.view.tokens;
    let lanes = scene.areas.lanes;
    let Some(value) = marks::value_of(scene, cursor) else { return };
    let x = (lanes.left() + scene.scale.x(value) as f32).round();
    p.rect_filled(lanes.with_min_x(x.max(lanes.left())), 0, t.panel.gamma_multiply(0.6));
    hairline::vertical(p, x, scene.areas.axis.bottom() - 8.0..=lanes.bottom(), t.text);
    flag(p, x, scene.areas.axis.bottom(), t.text);
}

fn flag(p: &Painter, x: f32, bottom: f32, color: egui::Color32) {
    let x = x.round() + 0.5;
    let points = vec![pos2(x - 5.0, bottom - 8.0), pos2(x + 5.0, bottom - 8.0), pos2(x, bottom)];
    p.add(Shape::convex_polygon(points, color, Stroke::NONE));
}

/// The two events whose distance is measured.
fn pins_ui(scene: Scene<'_>, p: &Painter) {
    let t = scene.ctx.view.tokens;
    let pins = scene.ctx.store.timeline.look.pins;
    for (pin, name) in pins.into_iter().zip(["A", "B"]) {
        let Some(x) = pin.and_then(|sequence| marks::x_of(scene, sequence)) else { continue };
        hairline::vertical(p, x, scene.areas.axis.top()..=scene.areas.lanes.bottom(), t.text2);
        let words = paint::whole_line(p, name, type_roles::column_head(), t.canvas);
        let size = egui::vec2(words.size().x + 8.0, 14.0);
        let place = Rect::from_min_size(pos2(x.round(), scene.areas.axis.top() + 2.0), size);
        p.rect_filled(place, 2, t.text2);
        paint::put(p, Align2::CENTER_CENTER, place.center(), words);
    }
}
