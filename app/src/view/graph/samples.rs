//! Owns graphs for tests: from a list of causes, or at random from a seed.

use std::sync::Arc;

use causeway::event::EventKind;
use causeway::id::{CausationId, CorrelationId, EventId};

use crate::worker::protocol::{CausalGraph, EventCell, EventRow, GraphNode, RowCell, RowNote};

/// Numbers at random, the same for the same seed.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// A graph of events of one conversation and one kind, one a millisecond; each has the cause that the list tells.
pub(super) fn graph(causes: &[Option<usize>]) -> CausalGraph {
    let nodes = causes.iter().enumerate().map(|(i, cause)| GraphNode {
        row: EventRow { sequence: i as u64, cell: RowCell::Event(Box::new(cell(i, *cause))) },
        cause: *cause,
        hidden_effects: 0,
        lost_cause: false,
    });
    CausalGraph { focus: 0, nodes: nodes.collect(), hidden: 0, correlation_count: causes.len() as u64 }
}

fn cell(index: usize, cause: Option<usize>) -> EventCell {
    EventCell {
        event_id: EventId::from_u128(index as u128),
        time_us: index.cast_signed() as i64 * 1_000,
        entity: Arc::from("order:7"),
        scope: Arc::from("shop"),
        kind: EventKind::DATA,
        clock: index as u32,
        correlation: CorrelationId::from_u128(0xa7f3),
        causation: cause.map(|cause| CausationId::from_u128(cause as u128)),
        cause_sequence: cause.map(|cause| cause as u64),
        payload_bytes: 0,
        flags: 0,
        payload_version: 0,
        summary: String::new(),
        note: RowNote::None,
    }
}

/// The event at an index, to be changed.
pub(super) fn cell_mut(graph: &mut CausalGraph, index: usize) -> &mut EventCell {
    match &mut graph.nodes[index].row.cell {
        RowCell::Event(cell) => cell,
        RowCell::Removed | RowCell::Damaged { .. } => panic!("every event of a sample can be read"),
    }
}

/// Causes at random: every cause before its effects, some without.
pub(super) fn forest(random: &mut Random, count: usize) -> Vec<Option<usize>> {
    let cause = |(i, random): (usize, &mut Random)| {
        if i == 0 || random.below(9) == 0 { None } else { Some(random.below(i)) }
    };
    (0..count).map(|i| cause((i, random))).collect()
}

/// A graph at random, each event of a kind, a time and a conversation of its own.
pub(super) fn motley(random: &mut Random, count: usize) -> CausalGraph {
    let mut out = graph(&forest(random, count));
    for index in 0..count {
        let cell = cell_mut(&mut out, index);
        cell.kind = EventKind::custom(1 + random.below(3) as u8, 1);
        cell.time_us = random.below(50_000).cast_signed() as i64;
        cell.correlation = CorrelationId::from_u128(random.below(3) as u128);
    }
    out.focus = random.below(count) as u64;
    out
}
