//! Owns the critical path: from the root of the event in question to the effect that happened last.

use super::Shape;
use super::forest::Forest;
use crate::worker::protocol::CausalGraph;

/// The way that took longest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Critical {
    /// Its events, the root first: indices of the graph's nodes.
    pub events: Vec<usize>,
    /// From the first to the last of them, microseconds.
    pub total_us: i64,
}

/// The critical path of the tree that the event in question belongs to; `None` if nothing in it happened later than its root.
pub fn critical(graph: &CausalGraph) -> Option<Critical> {
    let forest = Forest::of(graph, &Shape::default());
    let root = forest.root_of(graph.focus_index()?);
    let start = graph.time_of(root)?;
    let followers = forest.path(root);
    // Ways share their beginning, so that their lengths differ only in when they end; of equal ends the first counts.
    let ends = (0..graph.nodes.len()).rev().filter(|index| followers[*index] && *index != root);
    let last = ends.filter_map(|index| Some((graph.time_of(index)?, index))).max_by_key(|(us, _)| *us)?;
    let total_us = last.0.saturating_sub(start);
    if total_us <= 0 {
        return None;
    }
    let mut events: Vec<usize> = vec![last.1];
    while let Some(cause) = events.last().and_then(|at| forest.cause(*at)) {
        events.push(cause);
    }
    events.reverse();
    Some(Critical { events, total_us })
}
