//! Owns causes and effects of an event as a forest: the way to its root, what follows from it, and the rest of its conversation.
//!
//! Invariants: at most `NODES_MAX` nodes; a cause stands before its effects; what is left out is counted.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use causeway::id::EventId;
use causeway::store::{Selection, StoreError};

use crate::worker::handle::Handle;
use crate::worker::protocol::{CausalGraph, GraphNode, RowCell};
use crate::worker::rows;

/// Events that a graph shows.
pub(crate) const NODES_MAX: usize = 500;
/// Causes that are walked before a chain is believed to be a ring.
const DEPTH_MAX: usize = 10_000;

/// The graph around the event at `sequence`.
pub(crate) fn graph(handle: &Handle, sequence: u64) -> Result<CausalGraph, StoreError> {
    let correlation = handle.event_at(sequence)?.raw.header.correlation_id;
    let conversation = Selection::correlation(correlation);
    let mut picked = Picked::default();
    let way = way_to_root(handle, sequence)?;
    let root = way.last().copied().unwrap_or(sequence);
    // The focus and its nearest causes come first: a chain longer than the cap loses its far end.
    for cause in way {
        picked.pick(cause, true);
    }
    picked.effects_of(handle, sequence, true)?;
    picked.effects_of(handle, root, false)?;
    for member in handle.select(&conversation, 0, NODES_MAX)? {
        picked.pick(member, false);
    }
    let correlation_count = handle.count(&conversation)?;
    picked.into_graph(handle, sequence, correlation_count)
}

/// The event itself, its cause, and so on up to the root.
fn way_to_root(handle: &Handle, sequence: u64) -> Result<Vec<u64>, StoreError> {
    let mut way = vec![sequence];
    let mut seen = BTreeSet::from([sequence]);
    let mut at = sequence;
    while way.len() < DEPTH_MAX {
        let Ok(event) = handle.event_at(at) else { break };
        let Some(cause) = event.raw.header.causation_id else { break };
        match handle.sequence_of(EventId::from(u128::from(cause)))? {
            Some(cause) if seen.insert(cause) => {
                way.push(cause);
                at = cause;
            }
            _ => break,
        }
    }
    Ok(way)
}

/// Events that the graph shows, and whether they lie on the path of the focus.
#[derive(Default)]
struct Picked(BTreeMap<u64, bool>);

impl Picked {
    fn pick(&mut self, sequence: u64, on_path: bool) {
        if self.0.len() < NODES_MAX || self.0.contains_key(&sequence) {
            *self.0.entry(sequence).or_default() |= on_path;
        }
    }

    /// Adds what follows from an event, nearest first.
    fn effects_of(&mut self, handle: &Handle, sequence: u64, on_path: bool) -> Result<(), StoreError> {
        let mut waiting = VecDeque::from([sequence]);
        let mut seen = BTreeSet::from([sequence]);
        while let Some(cause) = waiting.pop_front() {
            if self.0.len() >= NODES_MAX {
                break;
            }
            let Ok(event) = handle.event_at(cause) else { continue };
            let effects = Selection::effects_of(event.raw.header.event_id);
            for effect in handle.select(&effects, 0, NODES_MAX)? {
                if seen.insert(effect) {
                    self.pick(effect, on_path);
                    waiting.push_back(effect);
                }
            }
        }
        Ok(())
    }

    fn into_graph(
        self,
        handle: &Handle,
        focus: u64,
        correlation_count: u64,
    ) -> Result<CausalGraph, StoreError> {
        let mut graph = CausalGraph { focus, correlation_count, ..CausalGraph::default() };
        let mut place: BTreeMap<u64, usize> = BTreeMap::new();
        let correlation = handle.event_at(focus)?.raw.header.correlation_id;
        let mut members = 0;
        for (sequence, on_path) in self.0 {
            let row = rows::row(handle, sequence);
            let mut node = GraphNode { cause: None, on_path, hidden_effects: 0, lost_cause: false, row };
            if let RowCell::Event(cell) = &node.row.cell {
                members += u64::from(cell.correlation == correlation);
                // A cause that was committed later is no cause that a forest can show.
                node.cause = cell.cause_sequence.and_then(|cause| place.get(&cause).copied());
                node.lost_cause = cell.causation.is_some() && cell.cause_sequence.is_none();
                let effects = Selection::effects_of(cell.event_id);
                node.hidden_effects = handle.count(&effects)?;
            }
            if let Some(cause) = node.cause {
                let cause: &mut GraphNode = &mut graph.nodes[cause];
                cause.hidden_effects = cause.hidden_effects.saturating_sub(1);
            }
            place.insert(sequence, graph.nodes.len());
            graph.nodes.push(node);
        }
        graph.hidden = correlation_count.saturating_sub(members);
        Ok(graph)
    }
}
