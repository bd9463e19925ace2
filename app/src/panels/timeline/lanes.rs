//! Owns the lanes: names at the left, marks or bars at the right, and what of them is under the pointer.

use std::sync::Arc;

use egui::{Align2, Mesh, Painter, Pos2, Rect, Role, Sense, Shape, Ui, WidgetInfo, pos2};

use super::{Scene, TimelinePanel, arrows, axis, marks};
use crate::command::Action;
use crate::theme::metrics::{MARK, MARK_LANE, TIMELINE_LANE};
use crate::theme::{KindClass, Theme, Tokens, type_roles};
use crate::view::timeline::lanes::{Bar, Mark, Shown, shown};
use crate::view::timeline::scale::Scale;
use crate::view::timeline::words;
use crate::view::{rows, text};
use crate::widgets::{escape, hairline, kind_mark, paint, tooltip};
use crate::worker::protocol::{LaneBy, Timeline};

/// Marks and bars this far from the pointer are still hit, points.
const REACH: f32 = 6.0;
/// A mark has a name beside it if so much room is there, points.
const ROOM_FOR_NAME: f32 = 84.0;
/// Marks that are elements of their own for the keyboard and for screen readers; more of them help nobody.
const ELEMENTS_MAX: usize = 64;

/// The lanes as they were laid out last.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    of: Option<(Arc<Timeline>, Key)>,
    pub(super) lanes: Vec<DrawnLane>,
}

/// What the lanes were laid out from.
#[derive(Clone, Debug, PartialEq)]
struct Key {
    scale: Scale,
    place: Rect,
    theme: Theme,
    log: bool,
}

/// A lane as it was laid out.
#[derive(Debug)]
pub(super) struct DrawnLane {
    pub(super) shown: Shown,
    mesh: Arc<Mesh>,
}

/// What is under the pointer.
#[derive(Clone, Debug)]
pub(super) enum Hovered {
    /// A mark of a lane.
    Mark(usize, Mark),
    /// A bar of a lane.
    Bar(usize, Bar),
}

impl TimelinePanel {
    /// Draws the lanes; gives back what is under the pointer.
    pub(super) fn lanes_ui(&mut self, scene: Scene<'_>, ui: &mut Ui) -> Option<Hovered> {
        let Scene { ctx, picture, areas, .. } = scene;
        let t = ctx.view.tokens;
        self.lay_out(scene);
        let p = ui.painter().with_clip_rect(areas.lanes);
        ui.painter().rect_filled(areas.lanes.with_max_x(areas.below.right()), 0, t.canvas);
        let selected = ctx.store.detail.as_deref().and_then(|detail| rows::event_of(&detail.row));
        let chosen = selected.and_then(|event| marks::lane_of(scene, event));
        for index in 0..self.drawn.lanes.len() {
            ground_ui(scene, ui, index, chosen == Some(index));
        }
        axis::grid(scene, &p);
        if picture.lanes.is_empty() {
            empty_ui(scene, ui);
        }
        arrows::show(scene, &p);
        for index in 0..self.drawn.lanes.len() {
            self.lane_ui(scene, ui, &p, index);
        }
        hairline::vertical(ui.painter(), areas.names.right() - 1.0, areas.below.y_range(), t.line);
        let pointer = ui.input(|input| input.pointer.hover_pos());
        let pointer =
            pointer.filter(|pointer| areas.lanes.contains(*pointer) && ui.rect_contains_pointer(areas.lanes));
        let hovered = pointer.and_then(|pointer| self.under(scene, pointer));
        if let Some(Hovered::Mark(_, mark)) = &hovered {
            ctx.view.commands.send(Action::Hover(Some(mark.event.sequence)));
        }
        hovered
    }

    /// Lays out what changed.
    fn lay_out(&mut self, scene: Scene<'_>) {
        let Scene { ctx, picture, scale, areas, .. } = scene;
        let t = ctx.view.tokens;
        let log = ctx.store.timeline.look.log_scale;
        let key = Key { scale: scale.clone(), place: areas.lanes, theme: t.theme, log };
        if self.drawn.of.as_ref().is_some_and(|(of, last)| Arc::ptr_eq(of, picture) && *last == key) {
            return;
        }
        let lay = |(index, lane): (usize, &crate::worker::protocol::Lane)| {
            let shown = shown(&lane.marks, picture.axis, picture.window.bucket, scale, log);
            DrawnLane { mesh: Arc::new(bars_mesh(&shown, areas.lane(index), t)), shown }
        };
        self.drawn.lanes = picture.lanes.iter().take(areas.rows()).enumerate().map(lay).collect();
        self.drawn.of = Some((picture.clone(), key));
    }

    fn lane_ui(&self, scene: Scene<'_>, ui: &mut Ui, p: &Painter, index: usize) {
        let Some(lane) = self.drawn.lanes.get(index) else { return };
        let place = scene.areas.lane(index);
        let response = ui.interact(place, ui.scope_id().with(("lane", index)), Sense::hover());
        response.widget_info(|| {
            let known = scene.picture.lanes.get(index);
            let name = known.map(|known| words::lane_name(&known.key, &scene.ctx.store.kind_names));
            let total = known.map_or(0, |known| known.total);
            let label = words::lane_label(&escape::visible(&name.unwrap_or_default()), total, &lane.shown);
            WidgetInfo::labeled(Role::Row, true, label)
        });
        match &lane.shown {
            Shown::Bars(_) => {
                p.add(Shape::mesh(lane.mesh.clone()));
            }
            Shown::Marks(found) => self.marks_ui(scene, ui, p, (index, found)),
        }
        name_ui(scene, ui, index);
    }

    fn marks_ui(&self, scene: Scene<'_>, ui: &mut Ui, p: &Painter, (index, found): (usize, &[Mark])) {
        let t = scene.ctx.view.tokens;
        // Words under a line cannot be read, and those that the lane is called by say nothing.
        let named = scene.picture.lanes_by != LaneBy::Kind && !arrows::lanes(scene).contains(&index);
        let count: usize = self.drawn.lanes.iter().map(marks_in).sum();
        for (at, mark) in found.iter().enumerate() {
            let center = mark_center(scene, index, mark);
            let selected = scene.ctx.store.selected == Some(mark.event.sequence);
            if scene.ctx.view.model.hover == Some(mark.event.sequence) {
                p.circle_stroke(center, MARK_LANE + 3.5, egui::Stroke::new(1.5, t.text));
            } else if selected {
                p.circle_filled(center, MARK_LANE + 3.5, t.canvas);
                p.circle_stroke(center, MARK_LANE + 3.5, egui::Stroke::new(1.5, t.accent));
            }
            if rows::kind_text(mark.event.kind, &scene.ctx.store.kind_names).failed {
                kind_mark::failed(p, center, MARK_LANE, t);
            } else {
                kind_mark::paint(p, center, MARK_LANE, mark.look, t);
            }
            let next = found.get(at + 1).map_or(scene.scale.width() as f32, |next| next.x);
            let fold = scene.scale.folds().iter().map(|fold| fold.x.0 as f32).find(|x| *x >= mark.x);
            let next = fold.map_or(next, |fold| next.min(fold + 8.0));
            if named && next - mark.x > ROOM_FOR_NAME && mark.x >= 0.0 {
                let name = mark_name(scene, mark);
                let words = paint::line(p, &name, type_roles::small(), t.text3, next - mark.x - 22.0);
                paint::put(p, Align2::LEFT_CENTER, center + egui::vec2(9.0, 0.0), words);
            }
            if count <= ELEMENTS_MAX || selected {
                mark_element(scene, ui, center, mark);
            }
        }
    }

    fn under(&self, scene: Scene<'_>, pointer: Pos2) -> Option<Hovered> {
        let index = ((pointer.y - scene.areas.lanes.top()) / TIMELINE_LANE) as usize;
        let lane = self.drawn.lanes.get(index)?;
        let x = pointer.x - scene.areas.lanes.left();
        match &lane.shown {
            Shown::Marks(found) => {
                let nearest = found.iter().min_by(|a, b| (a.x - x).abs().total_cmp(&(b.x - x).abs()))?;
                ((nearest.x - x).abs() <= REACH).then_some(Hovered::Mark(index, *nearest))
            }
            Shown::Bars(bars) => {
                let distance = |bar: &Bar| (bar.x.0 - x).max(x - bar.x.1).max(0.0);
                let nearest = bars.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
                (distance(nearest) <= REACH).then(|| Hovered::Bar(index, nearest.clone()))
            }
        }
    }
}

fn marks_in(lane: &DrawnLane) -> usize {
    match &lane.shown {
        Shown::Marks(marks) => marks.len(),
        Shown::Bars(_) => 0,
    }
}

/// Where a mark lies on the screen.
pub(super) fn mark_center(scene: Scene<'_>, lane: usize, mark: &Mark) -> Pos2 {
    let place = scene.areas.lane(lane);
    pos2((place.left() + mark.x).round(), place.center().y)
}

/// The kind of a mark, and how many events lie there if it is more than one.
pub(super) fn mark_name(scene: Scene<'_>, mark: &Mark) -> String {
    let name = rows::kind_text(mark.event.kind, &scene.ctx.store.kind_names).name;
    if mark.count > 1 { format!("{name} × {}", text::grouped(u64::from(mark.count))) } else { name }
}

/// What the keyboard and a screen reader find of a mark.
fn mark_element(scene: Scene<'_>, ui: &mut Ui, center: Pos2, mark: &Mark) {
    let place =
        Rect::from_center_size(center, egui::Vec2::splat(MARK_LANE * 2.0 + 2.0)).intersect(scene.areas.lanes);
    let sequence = mark.event.sequence;
    let response = ui.interact(place, ui.scope_id().with(("mark", sequence)), Sense::click());
    let label = format!("{} {}", mark_name(scene, mark), text::sequence(sequence));
    let selected = scene.ctx.store.selected == Some(sequence);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &label));
    if response.clicked() {
        scene.ctx.view.commands.send(Action::Select(sequence));
    }
    crate::widgets::focus::ring(ui, &response, place, 4);
}

fn ground_ui(scene: Scene<'_>, ui: &Ui, index: usize, chosen: bool) {
    let t = scene.ctx.view.tokens;
    let place = scene.areas.lane(index);
    let row = place.with_min_x(scene.areas.names.left()).with_max_x(scene.areas.below.right());
    let p = ui.painter().with_clip_rect(scene.areas.below);
    if chosen {
        p.rect_filled(row, 0, t.sel_weak);
    }
    hairline::horizontal(&p, row.x_range(), row.bottom() - 1.0, t.line_soft);
}

/// The name of a lane and the number of its events.
fn name_ui(scene: Scene<'_>, ui: &mut Ui, index: usize) {
    let Scene { ctx, picture, areas, .. } = scene;
    let t = ctx.view.tokens;
    let Some(lane) = picture.lanes.get(index) else { return };
    let place = Rect::from_x_y_ranges(areas.names.x_range(), areas.lane(index).y_range());
    let place = place.with_max_x(place.right() - 12.0).with_min_x(place.left() + 16.0);
    let y = place.center().y;
    let p = ui.painter().with_clip_rect(areas.below);
    let count = text::short_count(lane.total);
    let at = pos2(place.right(), y);
    let count = paint::text(&p, Align2::RIGHT_CENTER, at, &count, type_roles::caption(), t.text3);
    let mut left = place.left();
    if let Some(mark) = words::lane_mark(&lane.key) {
        kind_mark::paint(&p, pos2(left + 4.0, y), MARK, mark, t);
        left += 14.0;
    }
    let name = words::lane_name(&lane.key, &ctx.store.kind_names);
    let shown = escape::visible(&name);
    let words = paint::line(&p, &shown, type_roles::table(), t.text2, count.left() - left - 8.0);
    let is_cut = words.elided;
    paint::put(&p, Align2::LEFT_CENTER, pos2(left, y), words);
    if is_cut {
        let response = ui.interact(place, ui.scope_id().with(("name", index)), Sense::hover());
        tooltip::hint(response, &shown);
    }
}

/// Why there is no lane, and what to do.
fn empty_ui(scene: Scene<'_>, ui: &Ui) {
    let t = scene.ctx.view.tokens;
    let words = match (scene.picture.complete, scene.picture.lanes_by) {
        (false, _) => "Counting…",
        (true, LaneBy::Flow) if scene.ctx.store.selected.is_none() => {
            "No event is selected: these lanes are the entities of its conversation"
        }
        (true, _) => "The store has no events yet",
    };
    let at = scene.areas.lane(0).left_center() + egui::vec2(12.0, 0.0);
    paint::text(ui.painter(), Align2::LEFT_CENTER, at, words, type_roles::caption(), t.text3);
}

/// The bars of a lane in one mesh.
fn bars_mesh(shown: &Shown, place: Rect, t: &Tokens) -> Mesh {
    let mut mesh = Mesh::default();
    let Shown::Bars(bars) = shown else { return mesh };
    let high = place.height() - 6.0;
    for bar in bars {
        let left = (place.left() + bar.x.0).round();
        let right = ((place.left() + bar.x.1).round() - 1.0).max(left + 1.0);
        let (left, right) = (left.max(place.left()), right.min(place.right()));
        if left >= right {
            continue;
        }
        let mut bottom = place.bottom() - 2.0;
        let events = bar.events.max(1) as f32;
        let height = (high * bar.height).max(1.0).round();
        for (class, count) in KindClass::ALL.into_iter().zip(bar.classes).filter(|(_, count)| *count > 0) {
            let top = bottom - height * count as f32 / events;
            let color = bar_color(class, t);
            mesh.add_colored_rect(Rect::from_min_max(pos2(left, top), pos2(right, bottom)), color);
            bottom = top;
        }
    }
    mesh
}

/// Marks are bright; a hundred bars of them would outshine the table, so they are dimmed.
fn bar_color(class: KindClass, t: &Tokens) -> egui::Color32 {
    let mark = t.kind(class).mark;
    if t.theme == Theme::HighContrast { mark } else { paint::mix(t.canvas, mark, 0.75) }
}
