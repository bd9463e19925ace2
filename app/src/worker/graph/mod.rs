//! Owns causes and effects of an event as a forest: the way to its root, what follows from it, and the rest of its conversation.
//!
//! Invariants: at most `NODES_MAX` nodes, and `HOP` more for each time that more was asked for; what is left out is counted.

mod asked;
mod gather;
mod source;
mod thread;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use causeway::id::EventId;
use causeway::store::{Selection, StoreError};

use crate::worker::handle::Handle;
use crate::worker::protocol::RowCell;
use crate::worker::rows;

pub(crate) use self::asked::Graphs;
pub(crate) use self::source::Source;
pub use self::words::{
    CausalGraph, GraphAsk, GraphNode, GraphPicture, GraphView, Group, GroupBy, GroupEdge, GroupGraph, Over,
};

/// Events that a graph shows by itself.
pub const NODES_MAX: usize = 2_000;
/// Effects that are added each time that more is asked for.
const HOP: usize = 200;
/// Causes that are walked before a chain is believed to be a ring.
const DEPTH_MAX: usize = 10_000;

/// The graph around the event at `focus`.
pub(crate) fn graph(
    handle: &Handle,
    focus: u64,
    opened: &BTreeMap<u64, u32>,
) -> Result<CausalGraph, StoreError> {
    let correlation = handle.event_at(focus)?.raw.header.correlation_id;
    let conversation = Selection::correlation(correlation);
    let mut picked = Picked { cap: NODES_MAX, ..Picked::default() };
    let way = way_to_root(handle, focus)?;
    let root = way.last().copied().unwrap_or(focus);
    // The focus and its nearest causes come first: a chain longer than the cap loses its far end.
    for cause in way {
        picked.pick(cause);
    }
    picked.effects_of(handle, focus)?;
    picked.effects_of(handle, root)?;
    for member in handle.select(&conversation, 0, NODES_MAX)? {
        picked.pick(member);
    }
    for (cause, times) in opened {
        picked.open(handle, *cause, *times as usize * HOP)?;
    }
    let correlation_count = handle.count(&conversation)?;
    picked.into_graph(handle, focus, correlation_count)
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

/// Events that the graph shows.
#[derive(Default)]
struct Picked {
    sequences: BTreeSet<u64>,
    cap: usize,
}

impl Picked {
    fn pick(&mut self, sequence: u64) {
        if self.sequences.len() < self.cap {
            self.sequences.insert(sequence);
        }
    }

    /// Adds what follows from an event, nearest first.
    fn effects_of(&mut self, handle: &Handle, sequence: u64) -> Result<(), StoreError> {
        let mut waiting = VecDeque::from([sequence]);
        let mut seen = BTreeSet::from([sequence]);
        while let Some(cause) = waiting.pop_front() {
            if self.sequences.len() >= self.cap {
                break;
            }
            let Ok(event) = handle.event_at(cause) else { continue };
            let effects = Selection::effects_of(event.raw.header.event_id);
            for effect in handle.select(&effects, 0, NODES_MAX)? {
                if seen.insert(effect) {
                    self.pick(effect);
                    waiting.push_back(effect);
                }
            }
        }
        Ok(())
    }

    /// Adds the next effects of an event that are not there yet, whatever the cap says: the user asked for them.
    fn open(&mut self, handle: &Handle, cause: u64, more: usize) -> Result<(), StoreError> {
        let Ok(event) = handle.event_at(cause) else { return Ok(()) };
        let effects = Selection::effects_of(event.raw.header.event_id);
        let known = self.sequences.len();
        let found = handle.select(&effects, 0, known + more)?;
        self.cap = known + more;
        for effect in found {
            self.pick(effect);
        }
        Ok(())
    }

    fn into_graph(
        self,
        handle: &Handle,
        focus: u64,
        correlation_count: u64,
    ) -> Result<CausalGraph, StoreError> {
        let place: BTreeMap<u64, usize> = self.sequences.iter().copied().zip(0..).collect();
        let correlation = handle.event_at(focus)?.raw.header.correlation_id;
        let mut members = 0;
        let mut nodes = Vec::with_capacity(place.len());
        let mut shown_effects = vec![0_u64; place.len()];
        for sequence in self.sequences {
            let row = rows::row(handle, sequence);
            let mut node = GraphNode { cause: None, hidden_effects: 0, lost_cause: false, row };
            if let RowCell::Event(cell) = &node.row.cell {
                members += u64::from(cell.correlation == correlation);
                node.cause = cell.cause_sequence.and_then(|cause| place.get(&cause).copied());
                node.lost_cause = cell.causation.is_some() && cell.cause_sequence.is_none();
                node.hidden_effects = handle.count(&Selection::effects_of(cell.event_id))?;
            }
            if let Some(cause) = node.cause {
                shown_effects[cause] += 1;
            }
            nodes.push(node);
        }
        for (node, shown) in nodes.iter_mut().zip(shown_effects) {
            node.hidden_effects = node.hidden_effects.saturating_sub(shown);
        }
        let hidden = correlation_count.saturating_sub(members);
        Ok(CausalGraph { focus, nodes, hidden, correlation_count })
    }
}
