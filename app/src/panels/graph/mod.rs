//! Owns the causal graph of the selected event: nodes, edges, moving and zooming, what is hidden. Never asks for more than the model offers.

mod paint_graph;

use std::sync::Arc;

use egui::{Layout, Rect, Role, Sense, Ui, UiBuilder, Vec2, WidgetInfo, vec2};

use super::{from_left, from_right, inside};
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::theme::metrics::{PADDING, RESULT_HEADER};
use crate::theme::{icons, type_roles};
use crate::view::graph::{self, GraphLayout, Place};
use crate::view::text;
use crate::widgets::empty_state::EmptyState;
use crate::widgets::spinner::spinner;
use crate::widgets::{button, hairline, paint};
use crate::worker::protocol::CausalGraph;

/// Smallest and largest magnification.
const ZOOM: std::ops::RangeInclusive<f32> = 0.1..=2.0;
/// Between the graph and the edge of the view, points.
const MARGIN: f32 = 24.0;

/// Height of the legend with its margin, points.
const LEGEND: f32 = 56.0;
/// Text of nodes can be read from this magnification on.
const READABLE: f32 = 0.75;

/// Private state: the layout of the last graph and how it is looked at.
#[derive(Debug, Default)]
pub(super) struct GraphPanel {
    layout: GraphLayout,
    built_from: Option<Arc<CausalGraph>>,
    asked: Option<u64>,
    look: Look,
    shown: Option<Camera>,
}

/// How the graph is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Look {
    /// As large as it can be read, around the event that was asked for.
    #[default]
    Focus,
    /// All of it.
    Whole,
    /// As the user moved it.
    Free(Camera),
}

/// Where the graph's upper left corner is in the view, and how large a point of it is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Camera {
    offset: Vec2,
    zoom: f32,
}

impl GraphPanel {
    /// Draws the panel.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let Some(selected) = ctx.store.selected else {
            let state = EmptyState {
                reason: "No event is selected",
                advice: "The graph shows what caused the selected event and what followed from it",
                link: Some("Show events"),
            };
            if state.show(ui) {
                ctx.view.commands.run(Command::ShowEvents);
            }
            return;
        };
        let is_shown = |graph: &CausalGraph| {
            graph.focus == selected || graph.nodes.iter().any(|node| node.row.sequence == selected)
        };
        let Some(graph) = ctx.store.graph.as_ref().filter(|graph| is_shown(graph)) else {
            self.ask(ctx, selected);
            inside(ui, ui.max_rect().shrink(PADDING), Layout::default(), |ui| {
                spinner(ui, "looking for causes and effects");
            });
            return;
        };
        self.ask(ctx, graph.focus);
        if !self.built_from.as_ref().is_some_and(|built| Arc::ptr_eq(built, graph)) {
            self.layout = graph::layout(graph);
            let moved_on = self.built_from.as_ref().is_none_or(|built| built.focus != graph.focus);
            self.built_from = Some(graph.clone());
            if moved_on {
                self.look = Look::Focus;
            }
        }
        self.header_ui(ctx, ui, graph);
        if graph.nodes.len() < 2 {
            lonely_ui(ctx, ui, graph);
            return;
        }
        self.canvas_ui(ctx, ui, graph);
    }

    /// Asks for a graph once; the model keeps it.
    fn ask(&mut self, ctx: StoreContext<'_>, sequence: u64) {
        if self.asked != Some(sequence) {
            self.asked = Some(sequence);
            ctx.view.commands.send(Action::NeedGraph(sequence));
        }
    }

    fn header_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, graph: &CausalGraph) {
        let t = ctx.view.tokens;
        let (bar, _) = paint::allocate(ui, vec2(ui.available_width(), RESULT_HEADER), Sense::hover());
        hairline::horizontal(ui.painter(), bar.x_range(), bar.bottom() - 1.0, t.line);
        let room = bar.shrink2(vec2(PADDING - 2.0, 0.0));
        inside(ui, room, from_left(), |ui| {
            let nodes = text::counted(self.layout.placed.len() as u64, "node");
            ui.label(type_roles::rich(nodes, type_roles::table_medium()).color(t.text));
            let events = format!("for {}", text::counted(graph.nodes.len() as u64, "event"));
            ui.label(type_roles::rich(events, type_roles::table()).color(t.text));
            let facts = facts(graph, &self.layout);
            ui.label(type_roles::rich(facts, type_roles::caption()).color(t.text3));
        });
        inside(ui, room, from_right(), |ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            if button::small_icon(ui, icons::CROSSHAIR_SIMPLE, "Fit the graph").clicked() {
                self.look = Look::Whole;
            }
            if button::small_icon(ui, icons::MAGNIFYING_GLASS_PLUS, "Zoom in").clicked() {
                self.zoom_by(1.25, ui.max_rect().size() / 2.0);
            }
            if button::small_icon(ui, icons::MAGNIFYING_GLASS_MINUS, "Zoom out").clicked() {
                self.zoom_by(0.8, ui.max_rect().size() / 2.0);
            }
            let zoom = self.shown.map_or(1.0, |camera| camera.zoom);
            ui.add_space(6.0);
            let percent = format!("{:.0} %", zoom * 100.0);
            ui.label(type_roles::rich(percent, type_roles::table()).color(t.text2));
        });
    }

    /// Magnifies around a place in the view.
    fn zoom_by(&mut self, factor: f32, around: Vec2) {
        if let Some(camera) = self.shown {
            let zoom = (camera.zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
            let offset = around - (around - camera.offset) * (zoom / camera.zoom);
            self.look = Look::Free(Camera { offset, zoom });
        }
    }

    /// Dragging and scrolling move the graph, Ctrl with the wheel magnifies it around the pointer.
    fn move_by_hand(&mut self, ui: &Ui, response: &egui::Response) {
        let Some(shown) = self.shown else { return };
        let mut by = response.drag_delta();
        if let Some(pointer) = response.hover_pos() {
            let (scroll, zoom) = ui.input(|input| (input.smooth_scroll_delta, input.zoom_delta()));
            by += scroll;
            if (zoom - 1.0).abs() > f32::EPSILON {
                self.zoom_by(zoom, pointer - response.rect.min);
                return;
            }
        }
        if by != Vec2::ZERO {
            self.look = Look::Free(Camera { offset: shown.offset + by, ..shown });
        }
    }

    fn canvas_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, graph: &CausalGraph) {
        let area = ui.available_rect_before_wrap().round();
        let response = ui.allocate_rect(area, Sense::click_and_drag());
        let name = format!("causal graph of {}", text::sequence(graph.focus));
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &name));
        self.move_by_hand(ui, &response);
        let camera = match self.look {
            Look::Free(camera) => camera,
            Look::Whole => whole(&self.layout, area.size()),
            Look::Focus => around_focus(graph, &self.layout, area.size()),
        };
        self.shown = Some(camera);
        let mut child = ui.new_child(UiBuilder::new().max_rect(area));
        child.set_clip_rect(area.intersect(ui.clip_rect()));
        let scene = paint_graph::Scene {
            graph,
            layout: &self.layout,
            origin: area.min + camera.offset,
            zoom: camera.zoom,
        };
        let clicked = paint_graph::show(ctx, &mut child, &scene);
        // A node of several events leads to the first of them.
        let first = clicked.and_then(|clicked| match &self.layout.placed[clicked].place {
            Place::Event(index) => Some(*index),
            Place::Siblings(_, members) | Place::Chain(members) => members.first().copied(),
        });
        if let Some(index) = first {
            ctx.view.commands.send(Action::Select(graph.nodes[index].row.sequence));
        }
        paint_graph::legend(ctx, &child, area);
    }
}

/// The room for the graph: the view without its margin and without the legend.
fn room(view: Vec2) -> Vec2 {
    view - Vec2::splat(2.0 * MARGIN) - vec2(0.0, LEGEND)
}

/// The camera that shows the whole graph, never larger than life.
fn whole(layout: &GraphLayout, view: Vec2) -> Camera {
    let room = room(view);
    let zoom =
        (room.x / layout.width.max(1.0)).min(room.y / layout.height.max(1.0)).clamp(*ZOOM.start(), 1.0);
    let spare = room - zoom * vec2(layout.width, layout.height);
    let offset =
        Vec2::splat(MARGIN) + vec2((spare.x / 2.0).clamp(0.0, 48.0), (spare.y / 2.0).clamp(0.0, 96.0));
    Camera { offset: offset.round(), zoom }
}

/// The whole graph if its text can be read then; else life size, with the event that was asked for in the middle.
fn around_focus(graph: &CausalGraph, layout: &GraphLayout, view: Vec2) -> Camera {
    let whole = whole(layout, view);
    if whole.zoom >= READABLE {
        return whole;
    }
    let is_focus = |place: &Place| match place {
        Place::Event(index) => graph.nodes[*index].row.sequence == graph.focus,
        Place::Siblings(_, members) | Place::Chain(members) => {
            members.iter().any(|index| graph.nodes[*index].row.sequence == graph.focus)
        }
    };
    let at = layout
        .placed
        .iter()
        .find(|node| is_focus(&node.place))
        .map_or(Vec2::ZERO, |node| vec2(node.x, node.y));
    let centre = at + vec2(graph::NODE_WIDTH, graph::NODE_HEIGHT) / 2.0;
    let room = room(view);
    // No emptier than need be: the graph starts at the margin if it does not fill the room.
    let along = |centre: f32, length: f32, room: f32| {
        if length <= room {
            ((room - length) / 2.0).clamp(0.0, 96.0)
        } else {
            (room / 2.0 - centre).clamp(room - length, 0.0)
        }
    };
    let offset = vec2(along(centre.x, layout.width, room.x), along(centre.y, layout.height, room.y));
    Camera { offset: (Vec2::splat(MARGIN) + offset).round(), zoom: 1.0 }
}

/// Depth, what is folded and what is not shown at all.
fn facts(graph: &CausalGraph, layout: &GraphLayout) -> String {
    let mut facts = vec![format!("depth {}", layout.depth)];
    if layout.folded > 0 {
        facts.push(format!("{} folded", text::grouped(layout.folded)));
    }
    if graph.hidden > 0 {
        facts.push(format!("{} of the conversation not shown", text::grouped(graph.hidden)));
    }
    facts.join(" · ")
}

/// An event without causes and effects: why the graph is empty.
fn lonely_ui(ctx: StoreContext<'_>, ui: &mut Ui, graph: &CausalGraph) {
    let advice = match graph.correlation_count {
        0 | 1 => "Its conversation has no other event".to_owned(),
        count => {
            format!("Its conversation has {}, linked by correlation only", text::counted(count, "event"))
        }
    };
    let state = EmptyState {
        reason: "This event has no cause and no effects",
        advice: &advice,
        link: Some("Append a reaction to it"),
    };
    let below: Rect = ui.available_rect_before_wrap();
    inside(ui, below, Layout::default(), |ui| {
        if state.show(ui) {
            ctx.view.commands.run(Command::AppendReaction);
        }
    });
}
