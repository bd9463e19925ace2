//! Owns which events share a node: many effects of one kind that lead nowhere, and long chains of single effects.
//!
//! Invariant: the event in question and what led to it are never folded, and what is folded is counted.

use std::collections::{BTreeSet, HashMap};

use causeway::event::EventKind;

use super::forest::Forest;
use super::{GraphLayout, Link, Place, Placed};
use crate::worker::protocol::CausalGraph;

/// More effects of one kind than this are folded.
const SIBLINGS_MAX: usize = 8;
/// A chain of more single effects than this is folded.
const CHAIN_MAX: usize = 6;

/// The nodes of a graph, not placed yet.
pub(super) fn fold(graph: &CausalGraph, forest: &Forest, unfolded: &BTreeSet<u64>) -> GraphLayout {
    let folder = Folder { graph, forest, unfolded, way: forest.way(graph.focus_index()) };
    let mut layout = GraphLayout { placed: folder.placed(), ..GraphLayout::default() };
    let mut place_of = vec![0; graph.nodes.len()];
    for (at, node) in layout.placed.iter().enumerate() {
        node.place.members().iter().for_each(|member| place_of[*member] = at);
        if !matches!(node.place, Place::Event(_)) {
            layout.folded += node.place.members().len() as u64;
        }
    }
    layout.back = forest.back.iter().map(|(cause, effect)| (place_of[*cause], place_of[*effect])).collect();
    layout
}

struct Folder<'a> {
    graph: &'a CausalGraph,
    forest: &'a Forest,
    unfolded: &'a BTreeSet<u64>,
    way: Vec<bool>,
}

impl Folder<'_> {
    fn placed(&self) -> Vec<Placed> {
        let mut out: Vec<Placed> = Vec::with_capacity(self.graph.nodes.len());
        // A list of what is still to be placed, with the node it hangs under, instead of a call for each level: chains are long.
        let mut waiting: Vec<(Place, Option<(usize, Link)>)> =
            self.forest.roots.iter().rev().map(|root| (Place::Event(*root), None)).collect();
        while let Some((place, parent)) = waiting.pop() {
            let at = out.len();
            let last = match &place {
                Place::Event(index) => Some(*index),
                Place::Chain(members) => members.last().copied(),
                Place::Siblings(..) => None,
            };
            let more = last.map_or(0, |last| self.hidden(last));
            out.push(Placed { place, x: 0.0, y: 0.0, parent, more });
            if let Some(last) = last {
                let below = self.below(last);
                waiting.extend(below.into_iter().rev().map(|(place, link)| (place, Some((at, link)))));
            }
        }
        out
    }

    fn hidden(&self, index: usize) -> u64 {
        self.graph.nodes[index].hidden_effects + self.forest.cut[index]
    }

    /// What hangs under an event.
    fn below(&self, index: usize) -> Vec<(Place, Link)> {
        let below = &self.forest.below[index];
        if let [(only, Link::Causation)] = below.as_slice() {
            return vec![(self.chain_from(*only), Link::Causation)];
        }
        let mut leaves: HashMap<(EventKind, Link), Vec<usize>> = HashMap::new();
        for (member, link) in below {
            if let Some(kind) = self.leaf_kind(*member) {
                leaves.entry((kind, *link)).or_default().push(*member);
            }
        }
        leaves.retain(|_, members| members.len() > SIBLINGS_MAX && !self.stays_unfolded(members[0]));
        let mut out = Vec::with_capacity(below.len());
        for (member, link) in below {
            let crowd = self.leaf_kind(*member).and_then(|kind| Some((kind, leaves.get(&(kind, *link))?)));
            match crowd {
                Some((kind, members)) if members[0] == *member => {
                    out.push((Place::Siblings(kind, members.clone()), *link));
                }
                Some(_) => {}
                None => out.push((Place::Event(*member), *link)),
            }
        }
        out
    }

    fn stays_unfolded(&self, first: usize) -> bool {
        self.unfolded.contains(&self.graph.nodes[first].row.sequence)
    }

    /// The kind of an event that may disappear in a crowd.
    fn leaf_kind(&self, index: usize) -> Option<EventKind> {
        let leads_nowhere = self.forest.below[index].is_empty() && self.hidden(index) == 0;
        let is_plain = leads_nowhere && !self.way[index] && !self.graph.nodes[index].lost_cause;
        if is_plain { self.graph.kind_of(index) } else { None }
    }

    /// The chain that starts with a single effect, if it is long; else the effect alone.
    fn chain_from(&self, first: usize) -> Place {
        let mut members = Vec::new();
        let mut at = first;
        while let ([(next, Link::Causation)], false) = (self.forest.below[at].as_slice(), self.way[at]) {
            members.push(at);
            at = *next;
        }
        if members.len() > CHAIN_MAX && !self.stays_unfolded(first) {
            Place::Chain(members)
        } else {
            Place::Event(first)
        }
    }
}
