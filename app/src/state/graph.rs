//! Owns how the user looks at the causal graph, and the graph itself as the worker told it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::view::graph::{Axis, Reach, Shape, Way};
use crate::worker::protocol::{CausalGraph, GraphAsk, GraphPicture, GraphView, GroupBy, Over};

/// More members of a conversation than this are grouped, until the user says otherwise.
pub const GROUPED_FROM: u64 = 2_000;

/// The causal graph of a store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphState {
    /// The event in question. Written by `run`.
    pub focus: Option<u64>,
    /// How it is looked at. Written by `run`.
    pub options: GraphOptions,
    /// Groups that the user unfolded, each by its first event. Written by `run`.
    pub unfolded: BTreeSet<u64>,
    /// Events of which the user asked for more effects, and how often. Written by `run`.
    pub opened: BTreeMap<u64, u32>,
    /// What the worker answered, and to which question. Written by `apply`.
    pub picture: Option<(GraphAsk, Arc<GraphPicture>)>,
    /// Why it did not. Written by `apply`.
    pub failure: Option<crate::worker::protocol::Failure>,
}

/// How the graph is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GraphOptions {
    /// Whether events or groups are shown; nothing until the user chooses.
    pub grouped: Option<bool>,
    /// Which events are grouped.
    pub over: Over,
    /// By what.
    pub by: GroupBy,
    /// What the horizontal axis means.
    pub axis: Axis,
    /// Which way from the event is shown.
    pub reach: Reach,
    /// The links of the hash chain.
    pub chain: bool,
    /// The path that took longest.
    pub critical: bool,
    /// A list in place of the picture.
    pub list: bool,
}

impl Default for GraphOptions {
    fn default() -> Self {
        Self {
            grouped: None,
            over: Over::default(),
            by: GroupBy::default(),
            axis: Axis::default(),
            reach: Reach::default(),
            chain: true,
            critical: false,
            list: false,
        }
    }
}

/// What can be done with the graph.
#[derive(Clone, Debug, PartialEq)]
pub enum GraphAction {
    /// Look at the causes and effects of an event.
    Focus(u64),
    /// Look at it in another way.
    Look(GraphOptions),
    /// Show more effects of an event.
    More(u64),
    /// Show the events that are folded, by the first of them.
    Unfold(u64),
    /// Fold everything again.
    FoldAll,
    /// Select the event that lies this way from the selected one.
    Step(Way),
}

impl GraphState {
    /// What is to be asked to see what the user wants to see.
    pub fn ask(&self) -> Option<GraphAsk> {
        let focus = self.focus?;
        let options = self.options;
        let view =
            if self.is_grouped() { GraphView::Groups(options.over, options.by) } else { GraphView::Flow };
        let shape = match view {
            GraphView::Flow => Shape {
                axis: options.axis,
                reach: options.reach,
                unfolded: self.unfolded.clone(),
                depth: None,
            },
            GraphView::Groups(..) => Shape::default(),
        };
        let opened = if view == GraphView::Flow { self.opened.clone() } else { BTreeMap::new() };
        // The result does not depend on the event, so that selecting another one asks nothing anew.
        let focus = if matches!(view, GraphView::Groups(Over::Result, _)) { 0 } else { focus };
        Some(GraphAsk { focus, view, opened, shape })
    }

    /// Whether groups are shown: by the user's choice, or because there is too much.
    pub fn is_grouped(&self) -> bool {
        self.options.grouped.unwrap_or_else(|| match self.picture.as_ref().map(|(_, picture)| &**picture) {
            Some(GraphPicture::Flow(graph, _)) => graph.correlation_count > GROUPED_FROM,
            Some(GraphPicture::Groups(graph, _)) => graph.total > GROUPED_FROM,
            None => false,
        })
    }

    /// Turns to another event: what was unfolded and opened belongs to the one before.
    pub fn turn_to(&mut self, focus: u64) {
        if self.focus != Some(focus) {
            self.focus = Some(focus);
            self.unfolded.clear();
            self.opened.clear();
            self.failure = None;
        }
    }

    /// True if the event is part of what is shown.
    pub fn shows(&self, sequence: u64) -> bool {
        self.flow().is_some_and(|graph| graph.index_of(sequence).is_some())
    }

    /// The events, if they are shown one by one.
    pub fn flow(&self) -> Option<&CausalGraph> {
        match self.picture.as_ref().map(|(_, picture)| &**picture) {
            Some(GraphPicture::Flow(graph, _)) => Some(graph),
            Some(GraphPicture::Groups(..)) | None => None,
        }
    }
}
