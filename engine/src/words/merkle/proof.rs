//! Owns the two proofs of a transparency log as values that others check without the log, by the roots of signed heads.
//!
//! Invariant: a proof is a claim from anywhere; checking it allocates nothing and looks at each hash of its path once.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::words::hex;
use crate::words::merkle::{TreeHash, empty_root, leaf, node};

/// Shows that an event is in a log, to whoever holds the root over the first `size` events of it.
///
/// It serialises as text, hashes in hexadecimal digits; FORMAT.md section 8 says how it is checked without this crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InclusionProof {
    /// Place of the event in the commit order.
    pub sequence: u64,
    /// Hash of the event, over everything that it says.
    #[serde(with = "hex::array")]
    pub event_hash: [u8; 32],
    /// Number of events that the root covers.
    pub size: u64,
    /// The audit path: the sibling of the event's leaf first, a child of the root last.
    #[serde(with = "hex::arrays")]
    pub path: Vec<[u8; 32]>,
}

/// Shows that the first `old_size` events of a log are what they were when it had `new_size`: nothing was changed, only appended.
///
/// It serialises as text, hashes in hexadecimal digits; FORMAT.md section 8 says how it is checked without this crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsistencyProof {
    /// Number of events that the older root covers.
    pub old_size: u64,
    /// Number of events that the newer root covers.
    pub new_size: u64,
    /// Roots of subtrees, from which both roots follow.
    #[serde(with = "hex::arrays")]
    pub path: Vec<[u8; 32]>,
}

/// Why a proof shows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProofError {
    /// It speaks of another number of events than the head.
    #[error("the proof is for {found} events, and the head covers {expected}")]
    Size {
        /// Number of events that the head covers.
        expected: u64,
        /// Number that the proof says.
        found: u64,
    },
    /// It has not the shape of such a proof.
    #[error("the proof has not the shape that its numbers ask for")]
    Malformed,
    /// It leads to another root than the head has.
    #[error("the proof leads to another root")]
    Root,
    /// The heads are of two different stores.
    #[error("the heads are of different stores")]
    Store,
}

impl InclusionProof {
    /// Checks that the event is the one at `sequence` in the log whose first `size` events have this root. RFC 9162, section 2.1.3.2.
    pub(crate) fn check(&self, size: u64, root: &TreeHash) -> Result<(), ProofError> {
        if self.size != size {
            return Err(ProofError::Size { expected: size, found: self.size });
        }
        if self.sequence >= size {
            return Err(ProofError::Malformed);
        }
        let mut walk = Walk { at: self.sequence, last: size - 1 };
        let mut hash = leaf(&self.event_hash);
        for sibling in &self.path {
            hash = match walk.climb()? {
                Side::Left => node(sibling, &hash),
                Side::Right => node(&hash, sibling),
            };
        }
        walk.arrived(hash == *root)
    }
}

impl ConsistencyProof {
    /// Checks that the log with the new root begins as the one with the old root. RFC 9162, section 2.1.4.2.
    pub(crate) fn check(&self, old_root: &TreeHash, new_root: &TreeHash) -> Result<(), ProofError> {
        let (old, new) = (self.old_size, self.new_size);
        if old > new {
            return Err(ProofError::Malformed);
        }
        if old == 0 || old == new {
            let known = if old == 0 { empty_root() } else { *new_root };
            return match (self.path.is_empty(), *old_root == known) {
                (true, true) => Ok(()),
                (true, false) => Err(ProofError::Root),
                (false, _) => Err(ProofError::Malformed),
            };
        }
        // A full tree is a subtree of every later one: its root is not in the path.
        let known = old.is_power_of_two().then_some(old_root);
        let mut path = known.into_iter().chain(&self.path);
        let below = (old - 1).trailing_ones();
        let mut walk = Walk { at: (old - 1) >> below, last: (new - 1) >> below };
        let first = *path.next().ok_or(ProofError::Malformed)?;
        let (mut old_hash, mut new_hash) = (first, first);
        for sibling in path {
            match walk.climb()? {
                Side::Left => {
                    old_hash = node(sibling, &old_hash);
                    new_hash = node(sibling, &new_hash);
                }
                Side::Right => new_hash = node(&new_hash, sibling),
            }
        }
        walk.arrived(old_hash == *old_root && new_hash == *new_root)
    }
}

/// On which side of the way up a sibling is.
enum Side {
    Left,
    Right,
}

/// The way from a node to the root: its place in its row of nodes, and that of the last one there.
struct Walk {
    at: u64,
    last: u64,
}

impl Walk {
    /// Goes up to the next node that has a sibling, and past it.
    fn climb(&mut self) -> Result<Side, ProofError> {
        if self.last == 0 {
            return Err(ProofError::Malformed);
        }
        let is_right = self.at & 1 == 1;
        let side = if is_right || self.at == self.last { Side::Left } else { Side::Right };
        if !is_right && self.at == self.last {
            // The last node of a row has no sibling there: it goes up as it is.
            let alone = self.at.trailing_zeros();
            (self.at, self.last) = (self.at >> alone, self.last >> alone);
        }
        (self.at, self.last) = (self.at >> 1, self.last >> 1);
        Ok(side)
    }

    /// The path is over: it must have led to the root.
    fn arrived(&self, fits: bool) -> Result<(), ProofError> {
        match (self.last, fits) {
            (0, true) => Ok(()),
            (0, false) => Err(ProofError::Root),
            _ => Err(ProofError::Malformed),
        }
    }
}
