//! Owns where the nodes of the causal graph stand and what they say: causes on the left, effects on the right. Never measures text.
//!
//! Events are laid out as a tidy tree: an event has one cause, so that only a ring that somebody forged is no forest, and of a ring one
//! edge is drawn backwards. Groups of events are laid out in layers. Everything is computed from plain data, the same each time.

mod critical;
mod export;
mod fold;
mod forest;
mod groups;
mod layered;
mod lines;
#[cfg(test)]
mod samples;
mod sheet;
mod steps;
#[cfg(test)]
mod tests;
mod time;
mod tree;

use std::collections::BTreeSet;

use causeway::event::EventKind;
use causeway::id::CorrelationId;

use crate::view::rows;
use crate::worker::protocol::{CausalGraph, RowCell};

use self::forest::Forest;

pub use self::critical::{Critical, critical};
pub use self::export::{Format, export};
pub use self::groups::{GroupLayout, Tally, lay_groups};
pub use self::lines::{TreeLine, tree_lines};
pub use self::sheet::{
    Card, CardLook, Cause, HullTitle, Line, LineKind, Sheet, Words, flow_sheet, group_sheet,
};
pub use self::steps::{Way, step};

/// From one column to the next, points.
pub const PITCH_X: f32 = 180.0;
/// From one row to the next, points.
pub const PITCH_Y: f32 = 64.0;
/// Width of a node, points.
pub const NODE_WIDTH: f32 = 148.0;
/// Height of a node, points.
pub const NODE_HEIGHT: f32 = 42.0;
/// From the edge of a hull to its nodes at the left, the right and below, points.
pub const HULL: f32 = 16.0;
/// From the upper edge of a hull to its nodes, points.
pub const HULL_TOP: f32 = 36.0;
/// Between two hulls, points.
const HULL_GAP: f32 = 28.0;

/// How a graph is folded and laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// What the horizontal axis means.
    pub axis: Axis,
    /// Which way from the focus is shown.
    pub reach: Reach,
    /// Groups that stay unfolded, each by the sequence of its first event.
    pub unfolded: BTreeSet<u64>,
    /// How many steps from the root are shown; all without.
    pub depth: Option<usize>,
}

/// What the horizontal axis means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Axis {
    /// Steps from the root.
    #[default]
    Depth,
    /// Wall time; what is idle is shortened.
    Time,
}

impl Axis {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Depth => Self::Time,
            Self::Time => Self::Depth,
        }
    }
}

/// Which way from the focus is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Reach {
    /// What led to it.
    Causes,
    /// The whole conversation.
    #[default]
    Both,
    /// What followed from it.
    Effects,
}

impl Reach {
    /// The next one, and after the last the first.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Causes => Self::Both,
            Self::Both => Self::Effects,
            Self::Effects => Self::Causes,
        }
    }
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// One event: its index among the nodes of the graph.
    Event(usize),
    /// Effects of one kind that lead nowhere: their indices.
    Siblings(EventKind, Vec<usize>),
    /// A chain of single effects: their indices.
    Chain(Vec<usize>),
}

impl Place {
    /// Index of its first event.
    pub fn first(&self) -> usize {
        self.members().first().copied().unwrap_or_default()
    }

    /// The indices of its events.
    pub fn members(&self) -> &[usize] {
        match self {
            Self::Event(index) => std::slice::from_ref(index),
            Self::Siblings(_, members) | Self::Chain(members) => members,
        }
    }
}

/// What joins a node to the one that it hangs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// That one caused it.
    Causation,
    /// Both belong to one conversation, no more is known.
    Correlation,
}

/// A node that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// What stands there.
    pub place: Place,
    /// Left edge, points.
    pub x: f32,
    /// Upper edge, points.
    pub y: f32,
    /// Index of the node that it hangs under among the placed ones, which stands before it, and why it does.
    pub parent: Option<(usize, Link)>,
    /// Effects that are not shown.
    pub more: u64,
}

/// The events of one conversation, drawn together.
#[derive(Clone, Debug, PartialEq)]
pub struct Hull {
    /// Left, upper, right and lower edge, points.
    pub edges: [f32; 4],
    /// Which conversation; nothing if its first event cannot be read.
    pub correlation: Option<CorrelationId>,
    /// Events in it, folded ones included.
    pub events: u64,
    /// Times of the first and the last of them, microseconds since 1970.
    pub span_us: Option<(i64, i64)>,
}

/// A moment on the axis of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// Where, points.
    pub x: f32,
    /// When, microseconds since 1970.
    pub us: i64,
    /// True if the time before it is drawn shorter than it was.
    pub shortened: bool,
}

/// A graph of events that can be drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphLayout {
    /// The nodes; what a node hangs under comes before it.
    pub placed: Vec<Placed>,
    /// The conversations.
    pub hulls: Vec<Hull>,
    /// Edges that close a ring, from cause to effect: indices of placed nodes.
    pub back: Vec<(usize, usize)>,
    /// Moments, if the axis means time.
    pub moments: Vec<Moment>,
    /// Width of the whole, points.
    pub width: f32,
    /// Height of the whole, points.
    pub height: f32,
    /// Events that are folded into others.
    pub folded: u64,
    /// Columns.
    pub depth: usize,
}

/// Lays out a graph.
pub fn layout(graph: &CausalGraph, shape: &Shape) -> GraphLayout {
    let forest = Forest::of(graph, shape);
    let mut layout = fold::fold(graph, &forest, &shape.unfolded);
    let depths = depths(&layout.placed);
    layout.depth = depths.iter().map(|depth| depth + 1).max().unwrap_or(0);
    let way = forest.way(graph.focus_index());
    let is_on_way: Vec<bool> =
        layout.placed.iter().map(|node| matches!(node.place, Place::Event(index) if way[index])).collect();
    match shape.axis {
        Axis::Depth => tree::arrange(&mut layout.placed, &depths, &is_on_way),
        Axis::Time => layout.moments = time::arrange(graph, &mut layout.placed),
    }
    draw_together(graph, &mut layout);
    layout
}

impl CausalGraph {
    /// Index of the event that was asked for.
    pub fn focus_index(&self) -> Option<usize> {
        self.index_of(self.focus)
    }

    /// Index of an event.
    pub fn index_of(&self, sequence: u64) -> Option<usize> {
        self.nodes.binary_search_by_key(&sequence, |node| node.row.sequence).ok()
    }

    /// Time of an event, if it can be read.
    pub(super) fn time_of(&self, index: usize) -> Option<i64> {
        rows::event_of(&self.nodes[index].row).map(|event| event.time_us)
    }

    /// Conversation of an event, if it can be read.
    fn correlation_of(&self, index: usize) -> Option<CorrelationId> {
        rows::event_of(&self.nodes[index].row).map(|event| event.correlation)
    }

    /// Kind of an event, if it can be read.
    fn kind_of(&self, index: usize) -> Option<EventKind> {
        match &self.nodes[index].row.cell {
            RowCell::Event(event) => Some(event.kind),
            RowCell::Removed | RowCell::Damaged { .. } => None,
        }
    }
}

/// Steps from its root for each node.
fn depths(placed: &[Placed]) -> Vec<usize> {
    let mut depths: Vec<usize> = Vec::with_capacity(placed.len());
    for node in placed {
        depths.push(node.parent.map_or(0, |(parent, _)| depths[parent] + 1));
    }
    depths
}

/// Puts the trees below each other, each into the hull of its conversation.
fn draw_together(graph: &CausalGraph, layout: &mut GraphLayout) {
    let mut hull_of: Vec<usize> = Vec::with_capacity(layout.placed.len());
    let mut bounds: Vec<(f32, f32, f32)> = Vec::new();
    for node in &layout.placed {
        let hull = node.parent.map_or(bounds.len(), |(parent, _)| hull_of[parent]);
        let right = node.x + NODE_WIDTH;
        match bounds.get_mut(hull) {
            Some((top, bottom, far)) => {
                *top = top.min(node.y);
                *bottom = bottom.max(node.y + NODE_HEIGHT);
                *far = far.max(right);
            }
            None => bounds.push((node.y, node.y + NODE_HEIGHT, right)),
        }
        hull_of.push(hull);
    }
    let widest = bounds.iter().map(|(.., far)| *far).fold(0.0, f32::max);
    let mut y = 0.0;
    let mut down = Vec::with_capacity(bounds.len());
    for (top, bottom, _) in &bounds {
        down.push(y + HULL_TOP - top);
        let end = y + HULL_TOP + (bottom - top) + HULL + 4.0;
        let edges = [0.0, y, widest + 2.0 * HULL, end];
        layout.hulls.push(Hull { edges, correlation: None, events: 0, span_us: None });
        y = end + HULL_GAP;
    }
    for (node, hull) in layout.placed.iter_mut().zip(&hull_of) {
        node.x += HULL;
        node.y += down[*hull];
        let title = &mut layout.hulls[*hull];
        title.events += node.place.members().len() as u64;
        for member in node.place.members() {
            title.correlation = title.correlation.or(graph.correlation_of(*member));
            if let Some(at) = graph.time_of(*member) {
                let (first, last) = title.span_us.unwrap_or((at, at));
                title.span_us = Some((first.min(at), last.max(at)));
            }
        }
    }
    for moment in &mut layout.moments {
        moment.x += HULL;
    }
    layout.width = if bounds.is_empty() { 0.0 } else { widest + 2.0 * HULL };
    layout.height = (y - HULL_GAP).max(0.0);
}
