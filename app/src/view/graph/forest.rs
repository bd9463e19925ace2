//! Owns what hangs under what: causes and effects, and events that only their conversation joins. Never a deep call: chains are long.

use std::collections::BTreeMap;

use causeway::id::CorrelationId;

use super::{Link, Reach, Shape};
use crate::worker::protocol::CausalGraph;

/// The events of a graph as trees.
pub(super) struct Forest {
    /// What hangs under each event, in commit order.
    pub(super) below: Vec<Vec<(usize, Link)>>,
    /// What each event hangs under.
    above: Vec<Option<(usize, Link)>>,
    /// The roots, in commit order.
    pub(super) roots: Vec<usize>,
    /// Edges that close a ring, from cause to effect.
    pub(super) back: Vec<(usize, usize)>,
    /// Effects of each event that are left out by how the graph is shown.
    pub(super) cut: Vec<u64>,
}

impl Forest {
    /// The trees of a graph, as far as they are wanted.
    pub(super) fn of(graph: &CausalGraph, shape: &Shape) -> Self {
        let count = graph.nodes.len();
        let mut forest = Self {
            below: Vec::new(),
            above: graph.nodes.iter().map(|node| Some((node.cause?, Link::Causation))).collect(),
            roots: Vec::new(),
            back: Vec::new(),
            cut: vec![0; count],
        };
        forest.open_rings();
        let wanted = forest.wanted(graph, shape);
        forest.join_conversations(graph, &wanted);
        forest.below = vec![Vec::new(); count];
        for (index, above) in forest.above.iter().enumerate().filter(|(index, _)| wanted[*index]) {
            match above {
                Some((above, link)) => forest.below[*above].push((index, *link)),
                None => forest.roots.push(index),
            }
        }
        forest
    }

    /// Takes one edge out of each ring: that to the ring's first event.
    fn open_rings(&mut self) {
        // 0 = not visited, otherwise the walk that came by first.
        let mut visited = vec![0_usize; self.above.len()];
        for start in 0..self.above.len() {
            let walk = start + 1;
            let mut at = start;
            while visited[at] == 0 {
                visited[at] = walk;
                let Some((above, _)) = self.above[at] else { break };
                at = above;
            }
            if visited[at] != walk || self.above[at].is_none() {
                continue;
            }
            // Whoever comes by twice on one walk lies on a ring.
            let (mut first, mut next) = (at, at);
            loop {
                first = first.min(next);
                next = self.above[next].map_or(at, |(above, _)| above);
                if next == at {
                    break;
                }
            }
            if let Some((cause, _)) = self.above[first].take() {
                self.back.push((cause, first));
            }
        }
    }

    /// Which events are wanted; what is cut off from an event that is counts as its effects.
    fn wanted(&mut self, graph: &CausalGraph, shape: &Shape) -> Vec<bool> {
        let focus = graph.focus_index();
        let mut wanted = match shape.reach {
            Reach::Both => vec![true; self.above.len()],
            Reach::Causes => self.way(focus),
            Reach::Effects => self.with_effects(focus),
        };
        if let Some(most) = shape.depth {
            let depths = self.depths();
            wanted.iter_mut().zip(depths).for_each(|(wanted, depth)| *wanted &= depth <= most);
        }
        for (index, above) in self.above.iter_mut().enumerate() {
            match above {
                Some((cause, _)) if wanted[index] && !wanted[*cause] => *above = None,
                Some((cause, _)) if !wanted[index] && wanted[*cause] => self.cut[*cause] += 1,
                _ => {}
            }
        }
        self.back.retain(|(cause, effect)| wanted[*cause] && wanted[*effect]);
        wanted
    }

    /// True for an event and what led to it.
    pub(super) fn way(&self, from: Option<usize>) -> Vec<bool> {
        let mut way = vec![false; self.above.len()];
        let mut at = from;
        while let Some(index) = at.filter(|index| !way[*index]) {
            way[index] = true;
            at = self.cause(index);
        }
        way
    }

    /// True for an event and what followed from it.
    fn with_effects(&self, from: Option<usize>) -> Vec<bool> {
        let mut follows: Vec<Option<bool>> = vec![None; self.above.len()];
        let mut walked = Vec::new();
        for start in 0..self.above.len() {
            let mut at = Some(start);
            let mut known = false;
            while let Some(index) = at {
                if let Some(follows) = follows[index] {
                    known = follows;
                    break;
                }
                walked.push(index);
                if Some(index) == from {
                    known = true;
                    break;
                }
                at = self.cause(index);
            }
            walked.drain(..).for_each(|index| follows[index] = Some(known));
        }
        follows.into_iter().map(|follows| follows == Some(true)).collect()
    }

    /// True for an event, what led to it and what followed from it.
    pub(super) fn path(&self, of: usize) -> Vec<bool> {
        let effects = self.with_effects(Some(of));
        self.way(Some(of)).into_iter().zip(effects).map(|(leads, follows)| leads || follows).collect()
    }

    /// The cause of an event, if it is shown.
    pub(super) fn cause(&self, index: usize) -> Option<usize> {
        self.above[index].filter(|(_, link)| *link == Link::Causation).map(|(cause, _)| cause)
    }

    /// Steps from the root of each event. An effect may have been committed before its cause, so each way is walked up.
    fn depths(&self) -> Vec<usize> {
        let mut depths: Vec<Option<usize>> = vec![None; self.above.len()];
        let mut walked = Vec::new();
        for start in 0..self.above.len() {
            let mut at = Some(start);
            let mut depth = 0;
            while let Some(index) = at {
                if let Some(known) = depths[index] {
                    depth = known + 1;
                    break;
                }
                walked.push(index);
                at = self.above[index].map(|(above, _)| above);
            }
            for index in walked.drain(..).rev() {
                depths[index] = Some(depth);
                depth += 1;
            }
        }
        depths.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// Hangs every root under the first event of its conversation, if that is a root as well.
    fn join_conversations(&mut self, graph: &CausalGraph, wanted: &[bool]) {
        let mut heads: BTreeMap<CorrelationId, usize> = BTreeMap::new();
        for index in (0..self.above.len()).filter(|index| wanted[*index]) {
            let (None, Some(correlation)) = (self.above[index], graph.correlation_of(index)) else {
                continue;
            };
            match heads.get(&correlation) {
                Some(head) => self.above[index] = Some((*head, Link::Correlation)),
                None => {
                    heads.insert(correlation, index);
                }
            }
        }
    }

    /// The root above an event by causation.
    pub(super) fn root_of(&self, mut index: usize) -> usize {
        while let Some(cause) = self.cause(index) {
            index = cause;
        }
        index
    }
}
