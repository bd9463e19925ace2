//! Owns what mouse and keys do with the lanes: zoom, pan, choose a part, select an event.

use egui::{CursorIcon, PointerButton, Rect, Response, Role, Ui, WidgetInfo};

use super::lanes::Hovered;
use super::{Scene, TimelinePanel, marks, tips};
use crate::command::{Action, Command};
use crate::state::timeline::{Place, TimelineAction};
use crate::theme::metrics::TIMELINE_LANE;
use crate::view::timeline::scale::Scale;
use crate::view::timeline::words;
use crate::widgets::{hairline, paint};
use crate::worker::protocol::{LaneBy, Target, TimeAxis};

/// A key zooms by this factor.
const ZOOM_STEP: f64 = 1.5;
/// A key pans by this share of the view.
const PAN_STEP: f64 = 0.2;
/// Points of the wheel that zoom by e.
const WHEEL: f64 = 300.0;
/// A part is no shorter than this, points.
const RANGE_MIN: f32 = 4.0;

/// What a drag does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Drag {
    /// Moves the view.
    Pan,
    /// Chooses a part that begins at this value.
    Range(f64),
}

impl Scene<'_> {
    /// The place with a value in the middle.
    pub(super) fn centred(&self, value: f64) -> Place {
        self.scale.around(value, self.scale.width() / 2.0, self.scale.place().per_point, self.gaps)
    }

    /// The place that begins at a value.
    pub(super) fn begun_at(&self, value: f64) -> Place {
        self.scale.around(value, 0.0, self.scale.place().per_point, self.gaps)
    }

    /// The place that shows the values from one to another.
    pub(super) fn between(&self, from: f64, to: f64) -> Place {
        let first = from.min(to).clamp(i64::MIN as f64, i64::MAX as f64) as i64;
        let last = from.max(to).clamp(i64::MIN as f64, i64::MAX as f64) as i64;
        let inside: Vec<(i64, i64)> =
            self.gaps.iter().filter(|gap| gap.0 >= first && gap.1 <= last).copied().collect();
        Scale::whole((first, last), self.scale.width(), &inside).place()
    }

    fn go(&self, place: Place) {
        self.ctx.view.commands.send(Action::Timeline(TimelineAction::Go(Some(place))));
    }
}

impl TimelinePanel {
    /// Takes what mouse and keys do over the lanes.
    pub(super) fn input_ui(
        &mut self,
        scene: Scene<'_>,
        ui: &mut Ui,
        response: &Response,
        hovered: Option<Hovered>,
    ) {
        let axis = scene.picture.axis;
        let zone = scene.ctx.view.model.zone();
        let (from, to) = scene.scale.seen();
        let name = format!(
            "lanes {} from {} to {}",
            words::LANES.iter().find(|(by, _)| *by == scene.picture.lanes_by).map_or("", |(_, name)| *name),
            words::value(axis, from, zone),
            words::value(axis, to, zone)
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &name));
        self.wheel(scene, ui, response.rect);
        self.drag(scene, ui, response);
        if let Some((from, to)) = self.range {
            range_ui(scene, ui, (from, to));
        }
        if self.drag.is_some() {
            return;
        }
        if let Some(hovered) = &hovered {
            tips::show(scene, ui, hovered);
            if response.clicked() {
                let action = match hovered {
                    Hovered::Mark(_, mark) => Action::Select(mark.event.sequence),
                    Hovered::Bar(_, bar) => Action::Jump(Target::Sequence(bar.first)),
                };
                scene.ctx.view.commands.send(action);
            }
        } else if response.clicked() {
            self.range = None;
        }
    }

    fn wheel(&mut self, scene: Scene<'_>, ui: &Ui, plot: Rect) {
        let areas = scene.areas;
        let names = areas.names.with_min_y(areas.lanes.top());
        if ui.rect_contains_pointer(names) {
            let wheel = ui.input_mut(|input| std::mem::take(&mut input.smooth_scroll_delta.y));
            self.scrolled -= wheel;
            let lanes = (self.scrolled / TIMELINE_LANE).trunc();
            self.scrolled -= lanes * TIMELINE_LANE;
            self.scroll_lanes(scene, lanes as isize);
        }
        let Some(pointer) =
            ui.input(|input| input.pointer.hover_pos()).filter(|_| ui.rect_contains_pointer(plot))
        else {
            return;
        };
        let (wheel, zoom) =
            ui.input_mut(|input| (std::mem::take(&mut input.smooth_scroll_delta), input.zoom_delta()));
        let factor = (-f64::from(wheel.y) / WHEEL).exp() / f64::from(zoom);
        if (factor - 1.0).abs() > 1e-6 {
            let x = f64::from(pointer.x - areas.lanes.left());
            scene.go(scene.scale.zoomed(x, factor, scene.gaps));
        } else if wheel.x != 0.0 {
            scene.go(scene.scale.panned(-f64::from(wheel.x)));
        }
    }

    /// Shows lanes further down or up.
    fn scroll_lanes(&mut self, scene: Scene<'_>, lanes: isize) {
        let last = scene.picture.lane_count.saturating_sub(scene.areas.rows());
        self.first_rank = self.first_rank.saturating_add_signed(lanes).min(last);
    }

    fn drag(&mut self, scene: Scene<'_>, ui: &Ui, response: &Response) {
        let value = |x: f32| scene.scale.value(f64::from(x - scene.areas.lanes.left()));
        if response.drag_started() {
            let pans =
                ui.input(|input| input.modifiers.shift || input.pointer.button_down(PointerButton::Middle));
            let origin = ui.input(|input| input.pointer.press_origin());
            self.drag = match origin {
                _ if pans => Some(Drag::Pan),
                Some(origin) => Some(Drag::Range(value(origin.x))),
                None => None,
            };
        }
        let Some(drag) = self.drag else { return };
        if !response.dragged() {
            self.drag = None;
            let points = |range: (f64, f64)| scene.scale.x(range.1) - scene.scale.x(range.0);
            self.range = self.range.filter(|range| points(*range) >= f64::from(RANGE_MIN));
            return;
        }
        match (drag, response.interact_pointer_pos()) {
            (Drag::Pan, _) => {
                ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
                let moved = f64::from(response.drag_delta().x);
                if moved != 0.0 {
                    scene.go(scene.scale.panned(-moved));
                }
            }
            (Drag::Range(from), Some(pointer)) => {
                let to = value(pointer.x.clamp(scene.areas.lanes.left(), scene.areas.lanes.right()));
                self.range = Some((from.min(to), from.max(to)));
            }
            (Drag::Range(_), None) => {}
        }
    }

    /// Runs the commands that came since the last frame.
    pub(super) fn run_commands(&mut self, scene: Scene<'_>, ui: &Ui) {
        for command in std::mem::take(&mut self.waiting) {
            self.run_one(command, scene, ui);
        }
    }

    fn run_one(&mut self, command: Command, scene: Scene<'_>, ui: &Ui) {
        let look = &scene.ctx.store.timeline.look;
        let send = |action| scene.ctx.view.commands.send(Action::Timeline(action));
        let width = scene.scale.width();
        let zoom = |factor| scene.go(scene.scale.zoomed(zoom_point(scene, ui), factor, scene.gaps));
        match command {
            Command::TimelineZoomIn => zoom(1.0 / ZOOM_STEP),
            Command::TimelineZoomOut => zoom(ZOOM_STEP),
            Command::TimelinePanLeft => scene.go(scene.scale.panned(-width * PAN_STEP)),
            Command::TimelinePanRight => scene.go(scene.scale.panned(width * PAN_STEP)),
            Command::TimelineFit => send(TimelineAction::Go(None)),
            Command::TimelineCentre => centre(scene),
            Command::TimelineAxis => send(TimelineAction::Axis(match look.axis {
                TimeAxis::Time => TimeAxis::Sequence,
                TimeAxis::Sequence => TimeAxis::Time,
            })),
            Command::TimelineFoldGaps => send(TimelineAction::FoldGaps(!look.fold_gaps)),
            Command::TimelineLogScale => send(TimelineAction::LogScale(!look.log_scale)),
            Command::TimelineLanes => {
                self.first_rank = 0;
                send(TimelineAction::Lanes(next_lanes(look.lanes)));
            }
            Command::TimelineLanesDown => self.scroll_lanes(scene, 1),
            Command::TimelineLanesUp => self.scroll_lanes(scene, -1),
            Command::TimelinePin => {
                scene.ctx.store.selected.into_iter().for_each(|sequence| send(TimelineAction::Pin(sequence)));
            }
            _ => {}
        }
    }
}

/// What a key zooms at: the pointer, else the selected event, else the middle.
fn zoom_point(scene: Scene<'_>, ui: &Ui) -> f64 {
    let lanes = scene.areas.lanes;
    let pointer = ui.input(|input| input.pointer.hover_pos()).filter(|_| ui.rect_contains_pointer(lanes));
    let selected = scene.ctx.store.selected.and_then(|sequence| marks::x_of(scene, sequence));
    let x = pointer.map(|pointer| pointer.x).or(selected).unwrap_or(lanes.center().x);
    f64::from(x - lanes.left())
}

/// Brings the selected event into the middle; one that is there already, with what it belongs to, into view as a whole.
fn centre(scene: Scene<'_>) {
    let Some(sequence) = scene.ctx.store.selected else { return };
    let Some(value) = marks::value_of(scene, sequence) else { return };
    let middle = scene.scale.width() / 2.0;
    if (scene.scale.x(value) - middle).abs() > 2.0 {
        scene.go(scene.centred(value));
        return;
    }
    let row_value = |row: &crate::worker::protocol::EventRow| {
        crate::view::rows::event_of(row).map(|event| match scene.picture.axis {
            TimeAxis::Time => event.time_us as f64,
            TimeAxis::Sequence => row.sequence as f64,
        })
    };
    let graph = scene.ctx.store.graph.flow();
    let graph = graph.filter(|graph| graph.nodes.iter().any(|node| node.row.sequence == sequence));
    let detail = scene.ctx.store.detail.as_deref();
    let around = detail.into_iter().flat_map(|detail| detail.cause.iter().chain(&detail.effects));
    let members = graph.into_iter().flat_map(|graph| graph.nodes.iter().map(|node| &node.row));
    let values: Vec<f64> = around.chain(members).filter_map(row_value).chain([value]).collect();
    let first = values.iter().copied().fold(f64::INFINITY, f64::min);
    let last = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if last > first {
        scene.go(scene.between(first, last));
    } else {
        scene.go(scene.scale.around(value, middle, scene.scale.place().per_point / 10.0, scene.gaps));
    }
}

fn next_lanes(lanes: LaneBy) -> LaneBy {
    let at = words::LANES.iter().position(|(by, _)| *by == lanes).unwrap_or(0);
    words::LANES[(at + 1) % words::LANES.len()].0
}

/// The part that was chosen by dragging.
fn range_ui(scene: Scene<'_>, ui: &Ui, (from, to): (f64, f64)) {
    let t = scene.ctx.view.tokens;
    let lanes = scene.areas.lanes;
    let x =
        |value: f64| (lanes.left() + scene.scale.x(value) as f32).clamp(lanes.left(), lanes.right()).round();
    let place = Rect::from_x_y_ranges(x(from)..=x(to), scene.areas.axis.union(lanes).y_range());
    let p = ui.painter().with_clip_rect(place.expand(1.0));
    p.rect_filled(place, 0, paint::mix(egui::Color32::TRANSPARENT, t.accent, 0.14));
    hairline::vertical(&p, place.left(), place.y_range(), t.accent);
    hairline::vertical(&p, place.right() - 1.0, place.y_range(), t.accent);
}
