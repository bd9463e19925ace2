//! Owns what is asked about causes and effects, and what is answered: plain data, like the rest of the protocol.

use std::collections::BTreeMap;
use std::sync::Arc;

use causeway::event::EventKind;

use super::super::protocol::EventRow;
use crate::view::graph::{GraphLayout, GroupLayout, Shape};

/// What a graph is to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GraphAsk {
    /// The event in question.
    pub focus: u64,
    /// Which of its views.
    pub view: GraphView,
    /// Events of which more effects are wanted than were shown: how many times more.
    pub opened: BTreeMap<u64, u32>,
    /// How it is folded and laid out.
    pub shape: Shape,
}

/// The views of one causal model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GraphView {
    /// Events, and what caused them.
    #[default]
    Flow,
    /// Groups of events, and how many of one caused how many of the other.
    Groups(Over, GroupBy),
}

/// Which events are grouped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Over {
    /// Those of the conversation of the event in question.
    #[default]
    Conversation,
    /// Those of the current result.
    Result,
}

impl Over {
    /// The other ones.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Conversation => Self::Result,
            Self::Result => Self::Conversation,
        }
    }
}

/// What events of a group have in common besides their kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// The first part of the entity.
    #[default]
    Entity,
    /// The scope.
    Scope,
}

impl GroupBy {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Entity => Self::Scope,
            Self::Scope => Self::Entity,
        }
    }
}

/// A graph that can be drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum GraphPicture {
    /// Events.
    Flow(Arc<CausalGraph>, GraphLayout),
    /// Groups of events.
    Groups(Arc<GroupGraph>, GroupLayout),
}

/// Causes and effects of an event: a forest by causation, if nobody forged it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CausalGraph {
    /// Sequence of the event that was asked for.
    pub focus: u64,
    /// The events, in commit order.
    pub nodes: Vec<GraphNode>,
    /// Members of the conversation that are not shown.
    pub hidden: u64,
    /// Members of the conversation.
    pub correlation_count: u64,
}

/// One event of a causal graph.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphNode {
    /// The event.
    pub row: EventRow,
    /// Index of its cause among the nodes.
    pub cause: Option<usize>,
    /// Effects that are not among the nodes.
    pub hidden_effects: u64,
    /// It names a cause that is not in the store, or cannot be read.
    pub lost_cause: bool,
}

/// Groups of events, and the causation between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupGraph {
    /// The groups, largest first.
    pub groups: Vec<Group>,
    /// What caused what; indices of groups.
    pub edges: Vec<GroupEdge>,
    /// Events that were looked at: the newest ones.
    pub events: u64,
    /// Events that there are.
    pub total: u64,
    /// Of those that were looked at, how many could not be read.
    pub unreadable: u64,
    /// Of those that were looked at, how many have a cause that was not.
    pub outside: u64,
}

/// Events that share a name and a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// First part of the entity, or the scope; empty for the rest that found no place.
    pub name: Arc<str>,
    /// Their kind, unless several kinds share the group.
    pub kind: Option<EventKind>,
    /// How many.
    pub events: u64,
    /// The newest of them.
    pub newest: u64,
}

/// Causation from one group to another, or to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupEdge {
    /// Index of the group of the causes.
    pub from: usize,
    /// Index of the group of the effects.
    pub to: usize,
    /// Effects.
    pub count: u64,
    /// The middle one of their delays, microseconds.
    pub median_us: i64,
}
