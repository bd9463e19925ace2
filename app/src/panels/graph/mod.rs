//! Owns the causal graph of the selected event: nodes, edges, moving and zooming, what is hidden. Never asks for more than the model offers.

mod camera;
mod cards;
mod edges;
mod header;
mod hits;
mod list;
mod overview;

use std::collections::HashMap;
use std::sync::Arc;

use causeway::event::EventKind;
use egui::{Key, Layout, Modifiers, Rect, Role, Sense, Ui, UiBuilder, Vec2, WidgetInfo, vec2};

use super::{from_left, from_right, inside};
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::state::graph::{GraphAction, GraphOptions};
use crate::state::query::Term;
use crate::state::route::View;
use crate::theme::metrics::PADDING;
use crate::view::graph::{self, Card, CardLook, Critical, Sheet, Way, Words};
use crate::view::text;
use crate::widgets::empty_state::EmptyState;
use crate::widgets::spinner::spinner;
use crate::worker::protocol::{GraphPicture, GraphView, GroupBy};

use self::camera::Camera;

/// Private state: the text of the last graph and how it is looked at.
#[derive(Debug, Default)]
pub(super) struct GraphPanel {
    sheet: Sheet,
    critical: Option<Critical>,
    built: Option<Built>,
    camera: Camera,
    hits: hits::Hits,
    list: list::GraphList,
}

/// What the sheet was built from.
#[derive(Debug)]
struct Built {
    picture: Arc<GraphPicture>,
    selected: Option<u64>,
    options: GraphOptions,
    utc: bool,
    names: HashMap<EventKind, String>,
}

impl GraphPanel {
    /// Does what a command means for how large the graph is drawn.
    pub(super) fn run(&mut self, command: Command) {
        match command {
            Command::GraphZoomIn => self.camera.zoom(1.25, None),
            Command::GraphZoomOut => self.camera.zoom(0.8, None),
            Command::GraphFit => self.camera.look_at_all(),
            Command::GraphSelection => self.camera.look_at_focus(),
            _ => {}
        }
    }

    /// Draws the panel.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = 0.0;
        if ctx.store.graph.focus.or(ctx.store.selected).is_none() {
            let state = EmptyState {
                reason: "No event is selected",
                advice: "The graph shows what caused the selected event and what followed from it",
                link: Some("Show events"),
            };
            if state.show(ui) {
                ctx.view.commands.run(Command::ShowEvents);
            }
            return;
        }
        if let Some(failure) = &ctx.store.graph.failure {
            let state = EmptyState { reason: &failure.message, advice: &failure.advice, link: None };
            state.show(ui);
            return;
        }
        let Some((_, picture)) = &ctx.store.graph.picture else {
            inside(ui, ui.max_rect().shrink(PADDING), Layout::default(), |ui| {
                spinner(ui, "looking for causes and effects");
            });
            return;
        };
        self.take_over(ctx, ui, picture);
        self.header_ui(ctx, ui, picture);
        match &**picture {
            GraphPicture::Flow(events, _) if events.nodes.len() < 2 => lonely_ui(ctx, ui, events),
            GraphPicture::Groups(groups, _) if groups.groups.is_empty() => empty_ui(ui),
            _ if ctx.store.graph.options.list => self.list.show(ctx, ui, &self.sheet),
            _ => self.canvas_ui(ctx, ui),
        }
    }

    /// Writes the text of the graph anew when it, or what is emphasised in it, changed.
    fn take_over(&mut self, ctx: StoreContext<'_>, ui: &Ui, picture: &Arc<GraphPicture>) {
        let options = ctx.store.graph.options;
        let same_picture = self.built.as_ref().is_some_and(|built| Arc::ptr_eq(&built.picture, picture));
        let same = same_picture
            && self.built.as_ref().is_some_and(|built| {
                built.selected == ctx.store.selected
                    && built.options == options
                    && built.utc == ctx.view.model.settings.utc
                    && built.names == ctx.store.kind_names
            });
        if same {
            return;
        }
        let words = Words {
            names: &ctx.store.kind_names,
            zone: ctx.view.model.zone(),
            selected: ctx.store.selected,
            chain: options.chain,
            critical: None,
        };
        let sheet = match &**picture {
            GraphPicture::Flow(events, layout) => {
                self.critical = graph::critical(events);
                let critical = self.critical.as_ref().filter(|_| options.critical);
                graph::flow_sheet(events, layout, Words { critical, ..words })
            }
            GraphPicture::Groups(groups, layout) => {
                self.critical = None;
                graph::group_sheet(groups, layout, words)
            }
        };
        if !same_picture {
            let subject = |picture: &GraphPicture| match picture {
                GraphPicture::Flow(events, _) => (events.focus, GraphView::Flow),
                GraphPicture::Groups(..) => (0, GraphView::Groups(options.over, options.by)),
            };
            let turned = self.built.as_ref().is_none_or(|built| subject(&built.picture) != subject(picture));
            let moves = ui.style().animation_time > 0.0;
            self.camera.take_over(&self.sheet, &sheet, turned, moves.then(|| ui.input(|input| input.time)));
            self.hits = hits::Hits::of(&sheet);
        }
        self.sheet = sheet;
        self.built = Some(Built {
            picture: picture.clone(),
            selected: ctx.store.selected,
            options,
            utc: ctx.view.model.settings.utc,
            names: ctx.store.kind_names.clone(),
        });
    }

    fn canvas_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let area = ui.available_rect_before_wrap().round();
        let response = ui.allocate_rect(area, Sense::click_and_drag());
        let name = format!("causal graph, {}", text::counted(self.sheet.cards.len() as u64, "node"));
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &name));
        self.camera.move_by_hand(ui, &response);
        let focus = self.sheet.cards.iter().position(|card| card.selected);
        let scene = self.camera.scene(ui, &self.sheet, focus, area);
        let mut child = ui.new_child(UiBuilder::new().max_rect(area));
        child.set_clip_rect(area.intersect(ui.clip_rect()));
        let under = response.hover_pos().and_then(|pos| self.hits.at(&scene, pos));
        edges::hulls(&child, &scene, ctx.view.tokens);
        edges::show(&child, &scene, ctx.view.tokens);
        let mut touched = cards::show(ctx, &child, &scene, under);
        if let Some(pos) = response.interact_pointer_pos().filter(|_| touched.is_none()) {
            let hit = self.hits.at(&scene, pos);
            touched = hit.filter(|_| response.clicked() || response.double_clicked());
        }
        let on_handle = |card: &Card, rect: Rect| {
            let pointer = ui.input(|input| input.pointer.interact_pos());
            card.more > 0 && pointer.is_some_and(|pos| pos.distance(rect.right_center()) <= cards::HANDLE)
        };
        if let Some(card) = touched.and_then(|index| self.sheet.cards.get(index)) {
            let index = touched.unwrap_or_default();
            let double = ui.input(|input| input.pointer.button_double_clicked(egui::PointerButton::Primary));
            if on_handle(card, scene.rect(index)) {
                ctx.view.commands.send(Action::Graph(more(ctx, card)));
            } else {
                self.open(ctx, card, index, double);
            }
        }
        if let Some(card) = under.and_then(|under| self.sheet.cards.get(under)) {
            cards::tip(ui, card, scene.rect(under.unwrap_or_default()));
        }
        if let Some(sequence) = under.and_then(|under| self.sheet.cards.get(under)).map(|card| card.sequence)
        {
            ctx.view.commands.send(Action::Hover(Some(sequence)));
        }
        Self::take_arrows(ctx, ui);
        let legend = edges::legend(&child, area, ctx.view.tokens, &self.sheet);
        if let Some(moved) = overview::show(&mut child, &scene, area, legend, ctx.view.tokens) {
            self.camera.centre_on(moved, area.size());
        }
    }

    /// Left and right go to the cause and to the nearest effect; up and down are commands.
    fn take_arrows(ctx: StoreContext<'_>, ui: &Ui) {
        if ctx.view.model.view != View::Graph || ui.ctx().text_edit_focused() {
            return;
        }
        for (key, way) in [(Key::ArrowLeft, Way::Left), (Key::ArrowRight, Way::Right)] {
            if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
                ctx.view.commands.send(Action::Graph(GraphAction::Step(way)));
            }
        }
    }

    /// What a click on a node does: select, unfold; a double click on a group filters the table to its events.
    fn open(&self, ctx: StoreContext<'_>, card: &Card, index: usize, double: bool) {
        let Some(built) = &self.built else { return };
        match (&*built.picture, card.look) {
            (GraphPicture::Groups(groups, _), _) => {
                let group = &groups.groups[index];
                if double && !group.name.is_empty() {
                    let name = group.name.as_ref().to_owned();
                    let term = match built.options.by {
                        GroupBy::Entity => Term::entity(name),
                        GroupBy::Scope => Term::scope(name),
                    };
                    let mut query = ctx.store.query.with(term);
                    if let Some(kind) = group.kind {
                        query = query.with(Term::kind(kind, &ctx.store.kind_names));
                    }
                    ctx.view.commands.send(Action::Refine(query));
                    ctx.view.commands.run(Command::ShowEvents);
                }
            }
            (_, CardLook::Stack | CardLook::Pill) => {
                ctx.view.commands.send(Action::Graph(GraphAction::Unfold(card.sequence)));
            }
            _ => ctx.view.commands.send(Action::Select(card.sequence)),
        }
    }
}

/// What the handle of a node does: effects that the store has and the graph has not are asked for; others are only turned away from.
fn more(ctx: StoreContext<'_>, card: &Card) -> GraphAction {
    let options = ctx.store.graph.options;
    if options.reach == graph::Reach::Both {
        GraphAction::More(card.sequence)
    } else {
        GraphAction::Look(GraphOptions { reach: graph::Reach::Both, ..options })
    }
}

/// An event without causes and effects: why the graph is empty.
fn lonely_ui(ctx: StoreContext<'_>, ui: &mut Ui, graph: &crate::worker::protocol::CausalGraph) {
    let node = graph.nodes.first();
    let names_cause =
        node.and_then(|node| crate::view::rows::event_of(&node.row)).and_then(|cell| cell.causation);
    let reason = match (names_cause, node.is_some_and(|node| node.lost_cause)) {
        (Some(_), true) => "The cause of this event is not in the store, and it has no effects",
        (Some(_), false) => "The cause of this event is not shown, and it has no effects",
        (None, _) => "This event has no causation id and no effects",
    };
    let correlation =
        node.and_then(|node| crate::view::rows::event_of(&node.row)).map(|cell| cell.correlation);
    let id = correlation.map_or_else(String::new, |id| format!(" {}", text::id_tail(id)));
    let advice = format!("Correlation{id} has {}", text::counted(graph.correlation_count, "event"));
    let state = EmptyState { reason, advice: &advice, link: Some("Append a reaction to it") };
    let below: Rect = ui.available_rect_before_wrap();
    inside(ui, below, Layout::default(), |ui| {
        if state.show(ui) {
            ctx.view.commands.run(Command::AppendReaction);
        }
    });
}

fn empty_ui(ui: &mut Ui) {
    let state = EmptyState {
        reason: "There is nothing to group",
        advice: "The current result has no event that can be read",
        link: None,
    };
    state.show(ui);
}

/// Half of a node, points.
fn half_node() -> Vec2 {
    vec2(graph::NODE_WIDTH, graph::NODE_HEIGHT) / 2.0
}
