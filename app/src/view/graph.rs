//! Owns where the nodes of the causal graph stand: a tidy tree, causes on the left, effects on the right. Never measures text.
//!
//! Effects of one kind that lead nowhere are folded into one node when there are many, and so are long chains of single effects; what
//! lies on the path of the focus is never folded.

use std::collections::HashMap;

use causeway::event::EventKind;

use super::rows;
use crate::worker::protocol::{CausalGraph, RowCell};

/// From one column to the next, points.
pub const PITCH_X: f32 = 180.0;
/// From one row to the next, points.
pub const PITCH_Y: f32 = 64.0;
/// Width of a node, points.
pub const NODE_WIDTH: f32 = 148.0;
/// Height of a node, points.
pub const NODE_HEIGHT: f32 = 42.0;
/// More effects of one kind than this are folded.
const SIBLINGS_MAX: usize = 8;
/// A chain of more single effects than this is folded.
const CHAIN_MAX: usize = 6;

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

/// A node that is drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// What stands there.
    pub place: Place,
    /// Left edge, points.
    pub x: f32,
    /// Upper edge, points.
    pub y: f32,
    /// Index of the node that caused it, among the placed ones.
    pub parent: Option<usize>,
    /// True if it lies on the path of the focus.
    pub on_path: bool,
}

/// A graph that can be drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GraphLayout {
    /// The nodes; a cause comes before its effects.
    pub placed: Vec<Placed>,
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
pub fn layout(graph: &CausalGraph) -> GraphLayout {
    let folded = Folder::new(graph).fold();
    let (tops, depths) = arrange(&folded);
    let mut out = GraphLayout::default();
    for ((node, y), depth) in folded.into_iter().zip(tops).zip(depths) {
        out.folded += match &node.place {
            Place::Event(_) => 0,
            Place::Siblings(_, members) | Place::Chain(members) => members.len() as u64,
        };
        let x = depth as f32 * PITCH_X;
        out.width = out.width.max(x + NODE_WIDTH);
        out.height = out.height.max(y + NODE_HEIGHT);
        out.depth = out.depth.max(depth + 1);
        out.placed.push(Placed { x, y, ..node });
    }
    out
}

/// The event of a node, if it can be read: its kind.
fn kind_of(graph: &CausalGraph, index: usize) -> Option<EventKind> {
    match &graph.nodes[index].row.cell {
        RowCell::Event(event) => Some(event.kind),
        RowCell::Removed | RowCell::Damaged { .. } => None,
    }
}

/// Decides which events share a node.
struct Folder<'a> {
    graph: &'a CausalGraph,
    effects: Vec<Vec<usize>>,
    out: Vec<Placed>,
}

impl<'a> Folder<'a> {
    fn new(graph: &'a CausalGraph) -> Self {
        let mut effects = vec![Vec::new(); graph.nodes.len()];
        for (i, node) in graph.nodes.iter().enumerate() {
            // A cause comes first by contract; anything else would be a circle.
            if let Some(cause) = node.cause.filter(|cause| *cause < i) {
                effects[cause].push(i);
            }
        }
        Self { graph, effects, out: Vec::new() }
    }

    /// True if a node must be seen for itself.
    fn is_marked(&self, index: usize) -> bool {
        let node = &self.graph.nodes[index];
        node.on_path || node.row.sequence == self.graph.focus
    }

    fn fold(mut self) -> Vec<Placed> {
        let roots: Vec<usize> = (0..self.graph.nodes.len())
            .filter(|i| self.graph.nodes[*i].cause.is_none_or(|cause| cause >= *i))
            .collect();
        // A list of what is still to be placed, with the node it hangs under, instead of a call for each level: chains are long.
        let mut waiting: Vec<(Place, Option<usize>)> =
            roots.into_iter().rev().map(|i| (Place::Event(i), None)).collect();
        while let Some((place, parent)) = waiting.pop() {
            let at = self.out.len();
            let last = match &place {
                Place::Event(index) => Some(*index),
                Place::Chain(members) => members.last().copied(),
                Place::Siblings(..) => None,
            };
            let on_path = matches!(place, Place::Event(index) if self.graph.nodes[index].on_path);
            self.out.push(Placed { place, x: 0.0, y: 0.0, parent, on_path });
            if let Some(last) = last {
                let below = self.below(last);
                waiting.extend(below.into_iter().rev().map(|place| (place, Some(at))));
            }
        }
        self.out
    }

    /// What hangs under an event.
    fn below(&self, index: usize) -> Vec<Place> {
        let effects = &self.effects[index];
        if let [only] = effects.as_slice() {
            return vec![self.chain_from(*only)];
        }
        let mut leaves: HashMap<EventKind, Vec<usize>> = HashMap::new();
        for effect in effects {
            if let Some(kind) = self.leaf_kind(*effect) {
                leaves.entry(kind).or_default().push(*effect);
            }
        }
        let mut out = Vec::with_capacity(effects.len());
        for effect in effects {
            let crowd = self.leaf_kind(*effect).and_then(|kind| Some((kind, leaves.get(&kind)?)));
            match crowd.filter(|(_, members)| members.len() > SIBLINGS_MAX) {
                Some((kind, members)) if members[0] == *effect => {
                    out.push(Place::Siblings(kind, members.clone()));
                }
                Some(_) => {}
                None => out.push(Place::Event(*effect)),
            }
        }
        out
    }

    fn leaf_kind(&self, index: usize) -> Option<EventKind> {
        let leads_nowhere = self.effects[index].is_empty() && self.graph.nodes[index].hidden_effects == 0;
        if leads_nowhere && !self.is_marked(index) { kind_of(self.graph, index) } else { None }
    }

    /// The chain that starts with a single effect, if it is long; else the effect alone.
    fn chain_from(&self, first: usize) -> Place {
        let mut members = Vec::new();
        let mut at = first;
        while let ([next], false) = (self.effects[at].as_slice(), self.is_marked(at)) {
            members.push(at);
            at = *next;
        }
        if members.len() > CHAIN_MAX { Place::Chain(members) } else { Place::Event(first) }
    }
}

/// Upper and lower edge of a tree in each of its columns, the last column first; `shift` is still to be added to all.
#[derive(Default)]
struct Contour {
    columns: Vec<(f32, f32)>,
    shift: f32,
}

impl Contour {
    /// How far `below` must move down so that it does not touch `self`.
    fn distance(&self, below: &Self) -> f32 {
        let pairs = self.columns.iter().rev().zip(below.columns.iter().rev());
        let need = pairs.map(|(up, down)| up.1 + self.shift + PITCH_Y - (down.0 + below.shift));
        need.fold(f32::NEG_INFINITY, f32::max)
    }

    /// Takes over a tree that lies below this one. Costs the length of the shorter one.
    fn merge(&mut self, mut below: Self) {
        let below_is_longer = below.columns.len() > self.columns.len();
        if below_is_longer {
            std::mem::swap(self, &mut below);
        }
        let by = below.shift - self.shift;
        for (mine, theirs) in self.columns.iter_mut().rev().zip(below.columns.iter().rev()) {
            mine.0 = mine.0.min(theirs.0 + by);
            mine.1 = mine.1.max(theirs.1 + by);
        }
    }
}

/// Upper edges and columns of nodes whose causes come before them.
fn arrange(nodes: &[Placed]) -> (Vec<f32>, Vec<usize>) {
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
    let mut depths = vec![0; nodes.len()];
    let mut roots = Vec::new();
    for (i, node) in nodes.iter().enumerate() {
        match node.parent {
            Some(parent) => {
                depths[i] = depths[parent] + 1;
                below[parent].push(i);
            }
            None => roots.push(i),
        }
    }
    let mut relative = vec![0.0; nodes.len()];
    let mut contours: Vec<Contour> = (0..nodes.len()).map(|_| Contour::default()).collect();
    for i in (0..nodes.len()).rev() {
        let mut all = pack(&below[i], &mut relative, &mut contours);
        // The cause stands beside the effect that lies on the path, so that the path is straight; else in the middle.
        let on_path = below[i].iter().find(|effect| nodes[**effect].on_path);
        let middle = match (on_path, below[i].first(), below[i].last()) {
            (Some(effect), ..) => relative[*effect],
            (None, Some(first), Some(last)) => f32::midpoint(relative[*first], relative[*last]).round(),
            _ => 0.0,
        };
        for effect in &below[i] {
            relative[*effect] -= middle;
        }
        all.shift -= middle;
        let here = -all.shift;
        all.columns.push((here, here));
        contours[i] = all;
    }
    let all = pack(&roots, &mut relative, &mut contours);
    let top = all.columns.iter().map(|column| column.0 + all.shift).fold(f32::INFINITY, f32::min);
    let mut tops = vec![0.0; nodes.len()];
    for (i, node) in nodes.iter().enumerate() {
        tops[i] = relative[i] + node.parent.map_or(-top, |parent| tops[parent]);
    }
    (tops, depths)
}

/// Puts trees below each other, as near as they go, and says where their heads are.
fn pack(trees: &[usize], relative: &mut [f32], contours: &mut [Contour]) -> Contour {
    let mut all = Contour::default();
    for tree in trees {
        let mut next = std::mem::take(&mut contours[*tree]);
        let down = if all.columns.is_empty() { 0.0 } else { all.distance(&next) };
        next.shift += down;
        relative[*tree] = down;
        all.merge(next);
    }
    all
}

/// What a folded node says.
pub fn folded_text(place: &Place, names: &HashMap<EventKind, String>) -> (String, String) {
    match place {
        Place::Siblings(kind, members) => {
            (rows::kind_text(*kind, names).name, format!("{} events", members.len()))
        }
        Place::Chain(members) => (format!("→ {} →", members.len()), "a chain of single effects".to_owned()),
        Place::Event(_) => (String::new(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use causeway::id::{CorrelationId, EventId};

    use super::*;
    use crate::worker::protocol::{EventCell, EventRow, GraphNode, RowNote};

    fn graph(causes: &[Option<usize>]) -> CausalGraph {
        let node = |(i, cause): (usize, &Option<usize>)| GraphNode {
            row: EventRow {
                sequence: i as u64,
                cell: RowCell::Event(Box::new(EventCell {
                    event_id: EventId::from_u128(i as u128),
                    time_us: 0,
                    entity: Arc::from("a:1"),
                    scope: Arc::from("s"),
                    kind: EventKind::DATA,
                    clock: 0,
                    correlation: CorrelationId::from_u128(0),
                    causation: None,
                    cause_sequence: None,
                    payload_bytes: 0,
                    flags: 0,
                    payload_version: 0,
                    summary: String::new(),
                    note: RowNote::None,
                })),
            },
            cause: *cause,
            on_path: false,
            hidden_effects: 0,
            lost_cause: false,
        };
        CausalGraph {
            focus: 0,
            nodes: causes.iter().enumerate().map(node).collect(),
            hidden: 0,
            correlation_count: 0,
        }
    }

    fn no_two_nodes_touch(layout: &GraphLayout) {
        for (i, a) in layout.placed.iter().enumerate() {
            for b in &layout.placed[..i] {
                let apart = (a.x - b.x).abs() >= NODE_WIDTH || (a.y - b.y).abs() >= NODE_HEIGHT;
                assert!(apart, "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn an_effect_stands_one_column_right_of_its_cause_which_stands_in_the_middle_of_its_effects() {
        let layout = layout(&graph(&[None, Some(0), Some(0), Some(0)]));
        let ys: Vec<f32> = layout.placed.iter().map(|node| node.y).collect();
        assert_eq!(ys, [64.0, 0.0, 64.0, 128.0]);
        assert_eq!(
            (layout.width, layout.height, layout.depth),
            (PITCH_X + NODE_WIDTH, 128.0 + NODE_HEIGHT, 2)
        );
    }

    #[test]
    fn no_two_nodes_of_a_random_forest_touch() {
        for seed in 1..40u64 {
            println!("seed {seed}");
            let mut state = seed;
            let mut random = |below: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % below
            };
            let causes: Vec<Option<usize>> =
                (0..120).map(|i| if i == 0 || random(9) == 0 { None } else { Some(random(i)) }).collect();
            no_two_nodes_touch(&layout(&graph(&causes)));
        }
    }

    #[test]
    fn many_effects_of_one_kind_that_lead_nowhere_share_a_node() {
        let mut causes = vec![None];
        causes.extend([Some(0); 12]);
        causes.push(Some(1));
        let layout = layout(&graph(&causes));
        assert_eq!(layout.folded, 11);
        assert_eq!(layout.placed.len(), 4);
    }

    #[test]
    fn a_long_chain_is_folded_and_the_focus_in_it_is_not() {
        let causes: Vec<Option<usize>> = (0..20usize).map(|i| i.checked_sub(1)).collect();
        let mut graph = graph(&causes);
        graph.focus = 10;
        let layout = layout(&graph);
        assert!(layout.placed.iter().any(|node| node.place == Place::Event(10)));
        assert_eq!(layout.folded, 9 + 8);
        no_two_nodes_touch(&layout);
    }

    #[test]
    fn the_path_of_the_focus_is_straight() {
        let mut graph = graph(&[None, Some(0), Some(0), Some(0)]);
        graph.nodes[0].on_path = true;
        graph.nodes[3].on_path = true;
        let layout = layout(&graph);
        assert!((layout.placed[0].y - layout.placed[3].y).abs() < f32::EPSILON);
    }

    #[test]
    fn a_chain_of_thousands_is_laid_out_without_a_deep_call() {
        let causes: Vec<Option<usize>> = (0..20_000usize).map(|i| i.checked_sub(1)).collect();
        let mut graph = graph(&causes);
        for node in &mut graph.nodes {
            node.on_path = true;
        }
        assert_eq!(layout(&graph).depth, 20_000);
    }
}
