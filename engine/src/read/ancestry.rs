//! Owns walking a stream back along its links: from an event to the one before it, as far as the links hold.
//!
//! Invariants:
//! - what comes before an event is decided by its place in the stream, never by a hash alone: equal payloads confuse nobody;
//! - a walk says why it ended, and a step reads one frame.

use serde_json::Value;

use crate::memory::files::Sourced;
use crate::memory::selection::Selection;
use crate::read::entry::LogEvent;
use crate::read::reader::Reader;
use crate::read::streams::Frames;
use crate::words::error::StoreError;
use crate::words::event::StoredEvent;
use crate::words::id::EventId;

/// An event and those before it in its stream, as far as the links hold.
#[derive(Debug)]
pub struct AncestorWalk {
    /// The event that the walk began at, then the one before it, and so on.
    pub ancestors: Vec<StoredEvent<Value>>,
    /// Why there are no more.
    pub boundary: AncestorBoundary,
}

/// Why a walk ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum AncestorBoundary {
    /// The last event is the first of its stream.
    ReachedGenesis,
    /// There are as many as were asked for, and at least one more comes before.
    LimitReached,
    /// No event has the id that the walk was to begin at.
    NoAnchor,
    /// The place of the stream before the last event is empty: its frame is damaged, or its segment is missing.
    MissingParent {
        /// Stream sequence of the event that is not there.
        clock: u32,
    },
    /// The last event does not link to the event that stands before it in its stream.
    BrokenLink {
        /// Global sequence of the event before.
        parent_sequence: u64,
    },
    /// An event could not be read, or its payload not be shown as JSON.
    ReadFailure {
        /// Its global sequence.
        sequence: u64,
        /// What went wrong.
        error: StoreError,
    },
}

/// What comes before an event in its stream.
#[derive(Debug)]
pub(crate) enum Step {
    /// The event before, whether it is linked or not.
    Parent { parent: Box<Sourced>, is_linked: bool },
    /// Nothing: the event is the first.
    Genesis,
    /// An event that is not there.
    Missing { clock: u32 },
    /// An event that cannot be read.
    Failed { sequence: u64, error: StoreError },
}

/// Goes back in a stream, event by event.
#[derive(Debug)]
pub(crate) struct Lineage {
    frames: Frames,
    /// The links of our own events cover everything; those of another format name the payload of the event before.
    is_ours: bool,
}

impl Lineage {
    /// Goes back from `anchor`.
    pub(crate) fn before(reader: &Reader, anchor: &Sourced) -> Self {
        let entity = anchor.event.coordinate.entity();
        let stream = Selection { removed: true, ..Selection::stream(entity) };
        let frames = Frames::new(reader, stream, 0..anchor.event.global_sequence);
        Self { frames, is_ours: reader.shared().source.is_dense() }
    }

    /// What comes before `child`, which is what the step before returned, or the anchor.
    pub(crate) fn step(&mut self, child: &Sourced) -> Step {
        let clock = child.event.header.position.sequence();
        let is_first = child.prev_hash.map_or(clock == 0, |prev_hash| prev_hash == [0; 32]);
        if is_first {
            return Step::Genesis;
        }
        let mut nearest = None;
        loop {
            let parent = match self.frames.next_back() {
                None => {
                    let missing = Step::Missing { clock: clock.saturating_sub(1) };
                    return nearest.map_or(missing, |parent| Step::Parent { parent, is_linked: false });
                }
                Some((sequence, Err(error))) => return Step::Failed { sequence, error },
                Some((_, Ok(parent))) => parent,
            };
            let is_linked = is_linked(child, &parent);
            // Writers of the other format link each branch of a stream by itself, and begin anew around what they hide.
            if !self.is_ours && !is_linked {
                nearest = nearest.or(Some(Box::new(parent)));
                continue;
            }
            if self.is_ours && parent.event.header.position.sequence().checked_add(1) != Some(clock) {
                return Step::Missing { clock: clock - 1 };
            }
            return Step::Parent { parent: Box::new(parent), is_linked };
        }
    }
}

/// True if an event names another as the one before it. What is left of a removed event names nothing any more.
fn is_linked(child: &Sourced, parent: &Sourced) -> bool {
    match child.prev_hash {
        None if child.removed.is_some() => true,
        Some(prev_hash) => prev_hash == parent.event.event_hash,
        None => event_hash_after(child, parent.event.event_hash) == child.event.event_hash,
    }
}

/// The hash that an event of ours has if it follows one with the hash `prev_hash`.
pub(crate) fn event_hash_after(child: &Sourced, prev_hash: [u8; 32]) -> [u8; 32] {
    LogEvent::link_hash(&child.event, &prev_hash)
}

/// Walks back from the event with an id, at most `limit` events, that one included.
pub(crate) fn walk_ancestors(reader: &Reader, id: EventId, limit: usize) -> Result<AncestorWalk, StoreError> {
    let mut ancestors = Vec::new();
    let Some(anchor) = reader.find_frame(id)? else {
        return Ok(AncestorWalk { ancestors, boundary: AncestorBoundary::NoAnchor });
    };
    let mut lineage = Lineage::before(reader, &anchor);
    let mut child = anchor;
    let boundary = loop {
        if ancestors.len() >= limit {
            break AncestorBoundary::LimitReached;
        }
        let step = lineage.step(&child);
        let prev_hash = match &step {
            Step::Parent { parent, .. } => parent.event.event_hash,
            Step::Genesis | Step::Missing { .. } | Step::Failed { .. } => [0; 32],
        };
        let sequence = child.event.global_sequence;
        if !child.is_passed_over() {
            match LogEvent::new(child, prev_hash).into_json() {
                Ok(event) => ancestors.push(event),
                Err(error) => break AncestorBoundary::ReadFailure { sequence, error },
            }
        }
        child = match step {
            Step::Parent { parent, is_linked: true } => *parent,
            Step::Parent { parent, is_linked: false } => {
                break AncestorBoundary::BrokenLink { parent_sequence: parent.event.global_sequence };
            }
            Step::Genesis => break AncestorBoundary::ReachedGenesis,
            Step::Missing { clock } => break AncestorBoundary::MissingParent { clock },
            Step::Failed { sequence, error } => break AncestorBoundary::ReadFailure { sequence, error },
        };
    };
    Ok(AncestorWalk { ancestors, boundary })
}
