//! Owns the strip of the whole store: bars, where the current result lies, and the brush that says which part is seen.

use std::sync::Arc;

use egui::{Align2, CursorIcon, Mesh, Rect, Role, Sense, Shape, Ui, WidgetInfo, pos2, vec2};

use super::{Scene, TimelinePanel};
use crate::command::Action;
use crate::state::damage::Wrong;
use crate::state::timeline::TimelineAction;
use crate::theme::{Theme, type_roles};
use crate::view::text;
use crate::view::timeline::overview;
use crate::view::timeline::scale::Scale;
use crate::widgets::{hairline, hatch, paint};
use crate::worker::protocol::{Target, Timeline};

/// Above and below the bars, points.
const INSET: f32 = 4.0;
/// A grip of the brush, points.
const GRIP: egui::Vec2 = vec2(4.0, 14.0);
/// The brush is never narrower, points.
const BRUSH_MIN: f32 = 6.0;
/// So near to a side of the brush a drag moves that side, points.
const GRIP_REACH: f32 = 7.0;
/// Damage is never narrower, points.
const DAMAGE_MIN: f32 = 4.0;

/// Notes that are flags; more of them say nothing in so little room.
const FLAGS_MAX: usize = 200;

/// The bars as they were laid out last, and what the pointer holds.
#[derive(Debug, Default)]
pub(super) struct Strip {
    mesh: Option<(Arc<Timeline>, Rect, Theme, Arc<Mesh>)>,
    held: Option<Held>,
}

/// What of the brush the pointer holds.
#[derive(Clone, Copy, Debug)]
enum Held {
    Left,
    Right,
    /// All of it: how far its left side is from the pointer, points.
    All(f32),
}

impl TimelinePanel {
    /// Draws the strip.
    pub(super) fn strip_ui(&mut self, scene: Scene<'_>, ui: &mut Ui) {
        let Scene { ctx, picture, areas, .. } = scene;
        let t = ctx.view.tokens;
        let strip = areas.strip;
        name_ui(scene, ui);
        let response = ui.interact(strip, ui.scope_id().with("strip"), Sense::click_and_drag());
        let mut name = format!("timeline of {}", text::counted(ctx.store.summary.position.events, "event"));
        if !ctx.store.spots.is_empty() {
            name += ", damaged in ";
            name += &text::counted(ctx.store.spots.len() as u64, "place");
        }
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &name));
        let p = ui.painter().with_clip_rect(strip);
        p.add(Shape::mesh(self.strip_mesh(scene)));
        damage_ui(scene, &p);
        for (index, _) in picture.hits.iter().enumerate().filter(|(_, hit)| **hit) {
            let x = strip.left() + (index as f32 + 0.5) / picture.hits.len() as f32 * strip.width();
            p.rect_filled(Rect::from_min_size(pos2(x.round(), strip.top()), vec2(2.0, 5.0)), 0, t.accent);
        }
        notes_ui(scene, &p);
        let brush = brush(picture, scene.scale, strip);
        if ctx.store.timeline.look.place.is_some() {
            brush_ui(scene, &p, brush);
        }
        self.strip_input(scene, ui, &response, brush);
    }

    fn strip_mesh(&mut self, scene: Scene<'_>) -> Arc<Mesh> {
        let t = scene.ctx.view.tokens;
        let strip = scene.areas.strip;
        if let Some((of, place, theme, mesh)) = &self.strip.mesh
            && Arc::ptr_eq(of, scene.picture)
            && (*place, *theme) == (strip, t.theme)
        {
            return mesh.clone();
        }
        let neutral = paint::mix(t.canvas, t.text3, 0.55);
        let mut mesh = Mesh::default();
        let heights = overview::heights(scene.picture);
        let pitch = strip.width() / heights.len().max(1) as f32;
        for (index, height) in heights.iter().enumerate().filter(|(_, height)| **height > 0.0) {
            let left = (strip.left() + index as f32 * pitch).round();
            let high = ((strip.height() - 2.0 * INSET) * height).max(1.0).round();
            let bottom = strip.bottom() - INSET;
            let bar = Rect::from_min_max(pos2(left, bottom - high), pos2(left + 2.0, bottom));
            mesh.add_colored_rect(bar, neutral);
        }
        let mesh = Arc::new(mesh);
        self.strip.mesh = Some((scene.picture.clone(), strip, t.theme, mesh.clone()));
        mesh
    }

    fn strip_input(&mut self, scene: Scene<'_>, ui: &Ui, response: &egui::Response, brush: Rect) {
        let Scene { ctx, picture, areas, .. } = scene;
        let strip = areas.strip;
        let zoomed = ctx.store.timeline.look.place.is_some();
        let value = |x: f32| overview::value(picture, f64::from((x - strip.left()) / strip.width()));
        let near = |x: f32, side: f32| (x - side).abs() <= GRIP_REACH;
        if let Some(pointer) = response.hover_pos()
            && zoomed
            && (near(pointer.x, brush.left()) || near(pointer.x, brush.right()))
        {
            ui.ctx().set_cursor_icon(CursorIcon::ResizeHorizontal);
        }
        let Some(pointer) = response.interact_pointer_pos() else {
            self.strip.held = None;
            return;
        };
        let go = |place| ctx.view.commands.send(Action::Timeline(TimelineAction::Go(Some(place))));
        if response.clicked() {
            let bin =
                ((pointer.x - strip.left()) / strip.width() * picture.first_sequence.len() as f32) as usize;
            match picture.first_sequence.get(bin) {
                Some(first) if !zoomed => ctx.view.commands.send(Action::Jump(Target::Sequence(*first))),
                _ => go(scene.centred(value(pointer.x))),
            }
        }
        if response.drag_started() {
            let origin = ui.input(|input| input.pointer.press_origin()).unwrap_or(pointer);
            self.strip.held = Some(match origin.x {
                x if zoomed && near(x, brush.left()) => Held::Left,
                x if zoomed && near(x, brush.right()) => Held::Right,
                x if zoomed && brush.x_range().contains(x) => Held::All(brush.left() - x),
                _ => Held::All(-brush.width() / 2.0),
            });
        }
        let (from, to) = (value(brush.left()), value(brush.right()));
        match self.strip.held.filter(|_| response.dragged()) {
            Some(Held::All(offset)) => go(scene.begun_at(value(pointer.x + offset))),
            Some(Held::Left) => go(scene.between(value(pointer.x.min(brush.right() - 2.0)), to)),
            Some(Held::Right) => go(scene.between(from, value(pointer.x.max(brush.left() + 2.0)))),
            None => {}
        }
    }
}

/// Where the part that is seen lies in the strip.
fn brush(picture: &Timeline, scale: &Scale, strip: Rect) -> Rect {
    let (from, to) = scale.seen();
    let x = |value: f64| strip.left() + overview::share(picture, value) as f32 * strip.width();
    let (left, right) = (x(from).round(), x(to).round());
    let missing = (BRUSH_MIN - (right - left)).max(0.0) / 2.0;
    Rect::from_x_y_ranges((left - missing).floor()..=(right + missing).ceil(), strip.y_range().shrink(1.0))
}

fn brush_ui(scene: Scene<'_>, p: &egui::Painter, brush: Rect) {
    let t = scene.ctx.view.tokens;
    let strip = scene.areas.strip;
    let veil = t.panel.gamma_multiply(0.55);
    p.rect_filled(strip.with_max_x(brush.left()), 0, veil);
    p.rect_filled(strip.with_min_x(brush.right()), 0, veil);
    hairline::horizontal(p, brush.x_range(), brush.top(), t.accent);
    hairline::horizontal(p, brush.x_range(), brush.bottom() - 1.0, t.accent);
    for x in [brush.left(), brush.right() - 1.0] {
        hairline::vertical(p, x, brush.y_range(), t.accent);
        p.rect_filled(Rect::from_center_size(pos2(x + 0.5, brush.center().y), GRIP), 1, t.accent);
    }
}

/// `Whole store 9.8M` at the left, and how much is read while it is being read.
fn name_ui(scene: Scene<'_>, ui: &Ui) {
    let t = scene.ctx.view.tokens;
    let place = scene.areas.names.with_max_y(scene.areas.strip.bottom());
    let y = place.center().y;
    let p = ui.painter();
    let (done, total) = scene.picture.looked_at;
    let count = if done < total {
        format!("{} read", text::percent(done, total))
    } else {
        text::short_count(scene.ctx.store.summary.position.events)
    };
    let at = pos2(place.right() - 12.0, y);
    let count = paint::text(p, Align2::RIGHT_CENTER, at, &count, type_roles::caption(), t.text3);
    let words =
        paint::line(p, "Whole store", type_roles::table(), t.text2, count.left() - place.left() - 20.0);
    paint::put(p, Align2::LEFT_CENTER, pos2(place.left() + 16.0, y), words);
}

/// A flag where somebody wrote a note.
fn notes_ui(scene: Scene<'_>, p: &egui::Painter) {
    let Scene { ctx, picture, areas, .. } = scene;
    let strip = areas.strip;
    let color = ctx.view.tokens.text2;
    for sequence in ctx.store.notes.keys().take(FLAGS_MAX) {
        let share = overview::share(picture, overview::value_of_place(picture, *sequence)) as f32;
        let x = (strip.left() + share * strip.width()).round().min(strip.right() - 6.0);
        hairline::vertical(p, x, strip.top() + 1.0..=strip.bottom() - INSET, color);
        p.rect_filled(Rect::from_min_size(pos2(x, strip.top() + 1.0), vec2(6.0, 5.0)), 0, color);
    }
}

/// Hatching where events cannot be read, and a rail from the first break of the chain on.
fn damage_ui(scene: Scene<'_>, p: &egui::Painter) {
    let Scene { ctx, picture, areas, .. } = scene;
    let t = ctx.view.tokens;
    let strip = areas.strip;
    let x = |value: f64| (strip.left() + overview::share(picture, value) as f32 * strip.width()).round();
    let mut drawn = f32::NEG_INFINITY;
    for spot in ctx.store.spots.iter().filter(|spot| spot.wrong == Wrong::Unreadable) {
        let (start, end) = overview::values_of_gap(picture, &spot.places);
        let (left, right) = (x(start), x(end).max(x(start) + DAMAGE_MIN));
        // Thousands of gaps in a few points are one mark.
        if right > drawn {
            hatch::fill(p, Rect::from_x_y_ranges(left..=right, strip.y_range()), t);
            hairline::vertical(p, left, strip.y_range(), t.red);
            hairline::vertical(p, right - 1.0, strip.y_range(), t.red);
            drawn = right;
        }
    }
    if let Some(first) = ctx.store.broken_from() {
        let left = x(overview::value_of_place(picture, first));
        p.rect_filled(
            Rect::from_min_max(pos2(left, strip.top()), pos2(strip.right(), strip.top() + 2.0)),
            0,
            t.red,
        );
        hairline::vertical(p, left, strip.y_range(), t.red);
    }
}
