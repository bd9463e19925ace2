//! Owns the causal graph on this side of the worker: when it is asked for, how keys move in it, and how it becomes a file.

use egui::Context;

use super::App;
use super::aside::FileKind;
use crate::command::Command;
use crate::state::graph::{GraphAction, GraphOptions, GraphState};
use crate::state::model::StoreModel;
use crate::state::route::View;
use crate::view::graph::{self, Format, Way, Words};
use crate::view::rows;
use crate::worker::protocol::{GraphPicture, Request};

/// While the store grows, events are asked for anew after this time, and groups of them after ten times as long: microseconds.
const RENEWED_AFTER_US: i64 = 500_000;

impl App {
    /// Does something with the graph.
    pub(super) fn graph(&mut self, action: &GraphAction) {
        let Some(store) = &mut self.model.store else { return };
        let state = &mut store.graph;
        match *action {
            GraphAction::Focus(sequence) => state.turn_to(sequence),
            GraphAction::Look(options) => state.options = options,
            GraphAction::More(sequence) => *state.opened.entry(sequence).or_default() += 1,
            GraphAction::Unfold(first) => drop(state.unfolded.insert(first)),
            GraphAction::FoldAll => state.unfolded.clear(),
            GraphAction::Step(way) => self.step_in_graph(way),
        }
    }

    /// Does what a command means for the graph; false if it means nothing there.
    pub(super) fn run_in_graph(&mut self, command: Command, ctx: &Context, now: f64) -> bool {
        match command {
            Command::NextRow if self.moves_in_graph() => self.step_in_graph(Way::Down),
            Command::PreviousRow if self.moves_in_graph() => self.step_in_graph(Way::Up),
            // The panel knows how large it is drawn.
            Command::GraphZoomIn | Command::GraphZoomOut | Command::GraphFit => {}
            Command::GraphSelection => self.show_selection_in_graph(),
            Command::GraphSvg => self.export_graph(Format::Svg, ctx, now),
            Command::GraphDot => self.export_graph(Format::Dot, ctx, now),
            Command::GraphMermaid => self.export_graph(Format::Mermaid, ctx, now),
            Command::GraphText => self.export_graph(Format::Text, ctx, now),
            Command::GraphFold => self.graph(&GraphAction::FoldAll),
            command => return self.look_otherwise(command),
        }
        true
    }

    /// Changes how the graph is looked at; false if the command means something else.
    fn look_otherwise(&mut self, command: Command) -> bool {
        let Some(state) = self.model.store.as_mut().map(|store| &mut store.graph) else { return false };
        let grouped = state.is_grouped();
        let options = &mut state.options;
        match command {
            Command::GraphGroups => options.grouped = Some(!grouped),
            Command::GraphOver => (options.over, options.grouped) = (options.over.other(), Some(true)),
            Command::GraphBy => (options.by, options.grouped) = (options.by.other(), Some(true)),
            Command::GraphAxis => options.axis = options.axis.other(),
            Command::GraphReach => options.reach = options.reach.next(),
            Command::GraphChain => options.chain = !options.chain,
            Command::GraphCritical => options.critical = !options.critical,
            Command::GraphList => options.list = !options.list,
            _ => return false,
        }
        true
    }

    /// The selected event in the graph, and the graph begins with it.
    fn show_selection_in_graph(&mut self) {
        if let Some(store) = &mut self.model.store
            && let Some(selected) = store.selected
        {
            let options = GraphOptions { grouped: Some(false), ..store.graph.options };
            store.graph.options = options;
            store.graph.turn_to(selected);
        }
        self.show_view(View::Graph);
    }

    /// Asks for what the graph is to show, and anew for what the store's growth made old.
    pub(super) fn ask_for_graph(&mut self) {
        let is_shown = self.model.layout.shows(View::Graph, self.model.view);
        let now_us = self.model.now_us;
        let Some(store) = &mut self.model.store else { return };
        if !is_shown && !has_distant_root(store) {
            return;
        }
        if let Some(selected) = store.selected.filter(|selected| !store.graph.shows(*selected)) {
            store.graph.turn_to(selected);
        }
        let Some(ask) = store.graph.ask() else { return };
        let events = store.summary.position.events;
        let due = match &self.model.asked.graph {
            Some((_, asked, at)) if *asked == ask => {
                let answered = store.graph.picture.as_ref().is_some_and(|(shown, _)| *shown == ask);
                let patience =
                    if store.graph.is_grouped() { 10 * RENEWED_AFTER_US } else { RENEWED_AFTER_US };
                let waited = self.model.asked.graph_us.saturating_add(patience) <= now_us;
                answered && *at != events && waited
            }
            _ => true,
        };
        if due {
            let id = self.model.asked.number();
            self.model.asked.graph = Some((id, ask.clone(), events));
            self.model.asked.graph_us = now_us;
            self.worker.send(Request::Graph { id, ask });
        }
    }

    /// True if arrow keys move in the graph.
    fn moves_in_graph(&self) -> bool {
        let is_flow = |store: &StoreModel| !store.graph.is_grouped() && store.graph.picture.is_some();
        self.model.view == View::Graph && self.model.store.as_ref().is_some_and(is_flow)
    }

    /// Selects the event that lies this way from the selected one.
    fn step_in_graph(&mut self, way: Way) {
        let Some(store) = &self.model.store else { return };
        let Some(sheet) = self.graph_sheet() else { return };
        let here = sheet.cards.iter().position(|card| card.selected);
        let there = here.and_then(|here| graph::step(&sheet, here, way));
        if let Some(card) =
            there.and_then(|there| sheet.cards.get(there)).filter(|_| !store.graph.is_grouped())
        {
            let sequence = card.sequence;
            self.select(sequence);
        }
    }

    /// The graph with its text, as it is shown.
    fn graph_sheet(&self) -> Option<graph::Sheet> {
        let store = self.model.store.as_ref()?;
        let (_, picture) = store.graph.picture.as_ref()?;
        Some(sheet_of(store, picture, self.model.zone()))
    }

    /// The event that the same cause had after the selected one; after the last one the first.
    pub(super) fn next_effect(store: &StoreModel) -> Option<u64> {
        let selected = store.selected?;
        let Some((_, picture)) = &store.graph.picture else { return None };
        let GraphPicture::Flow(graph, _) = &**picture else { return None };
        let cause = graph.nodes[graph.index_of(selected)?].cause?;
        let effects =
            || graph.nodes.iter().filter(|node| node.cause == Some(cause)).map(|node| node.row.sequence);
        effects().find(|effect| *effect > selected).or_else(|| effects().next())
    }

    fn export_graph(&mut self, format: Format, ctx: &Context, now: f64) {
        match self.graph_sheet() {
            Some(sheet) => {
                let kind = FileKind { title: "Save graph", name: format!("graph.{}", format.ending()) };
                self.aside.save_text(kind, graph::export(&sheet, format), ctx);
            }
            None => self.model.say("there is no graph to save; show the causal graph first", true, now),
        }
    }
}

/// A graph with its text, as the user looks at it.
fn sheet_of(store: &StoreModel, picture: &GraphPicture, zone: &crate::state::zone::Zone) -> graph::Sheet {
    let GraphState { options, .. } = &store.graph;
    let words = Words {
        names: &store.kind_names,
        zone,
        selected: store.selected,
        chain: options.chain,
        critical: None,
    };
    match picture {
        GraphPicture::Flow(events, layout) => {
            let critical = if options.critical { graph::critical(events) } else { None };
            graph::flow_sheet(events, layout, Words { critical: critical.as_ref(), ..words })
        }
        GraphPicture::Groups(groups, layout) => graph::group_sheet(groups, layout, words),
    }
}

/// True if the way from the selected event to its root is longer than the detail tells: the timeline draws it.
fn has_distant_root(store: &StoreModel) -> bool {
    let cause = store.detail.as_ref().and_then(|detail| detail.cause.as_ref());
    cause.and_then(rows::event_of).is_some_and(|cause| cause.causation.is_some())
}
