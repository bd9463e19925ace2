//! Owns the Merkle tree over the event hashes of a log, in the shape of RFC 6962: roots, and the paths of proofs. Keeps no leaves.
//!
//! `leaf = BLAKE3(0x00 | event hash)`, `node = BLAKE3(0x01 | left | right)`; the left subtree of a node is the largest full one.
//!
//! Invariant: a path is made of subtrees that begin at a multiple of their size, so that whoever keeps the roots of those need not see
//! the leaves again.

mod proof;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use crate::words::merkle::proof::{ConsistencyProof, InclusionProof, ProofError};

/// Hash of a node or leaf.
pub(crate) type TreeHash = [u8; 32];

/// The root of a tree whose leaves come one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct MerkleTree {
    size: u64,
    /// Roots of the full subtrees, largest first: one for each bit of the size.
    peaks: Vec<TreeHash>,
}

impl MerkleTree {
    /// Number of leaves.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Adds the event hash of the next event.
    pub(crate) fn push(&mut self, event_hash: &[u8; 32]) {
        self.push_subtree(leaf(event_hash));
    }

    /// Adds the root of the next subtree, in a tree whose leaves are full subtrees of one size.
    pub(crate) fn push_subtree(&mut self, root: TreeHash) {
        let mut hash = root;
        // Each full subtree of the same size on the left becomes one with it.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root over all leaves; the hash of nothing for none.
    pub(crate) fn root(&self) -> TreeHash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| node(left, &right))
    }
}

/// Tells the root of the full subtree of `2^level` leaves that begins at a leaf: `(first leaf, level)`.
pub(crate) type Subtrees<'s, E> = dyn FnMut(u64, u32) -> Result<TreeHash, E> + 's;

/// The root over a range of leaves that begins at a multiple of the smallest power of two that is not smaller than the range.
pub(crate) fn root_over<E>(leaves: Range<u64>, subtrees: &mut Subtrees<'_, E>) -> Result<TreeHash, E> {
    let (mut full, mut first) = (Vec::new(), leaves.start);
    while first < leaves.end {
        let level = (leaves.end - first).ilog2();
        full.push(subtrees(first, level)?);
        first += 1 << level;
    }
    let mut full = full.into_iter().rev();
    let Some(last) = full.next() else { return Ok(empty_root()) };
    Ok(full.fold(last, |right, left| node(&left, &right)))
}

/// The audit path of leaf `at` in the tree of the first `size` leaves, the sibling of the leaf first: PATH of RFC 9162, section 2.1.3.1.
pub(crate) fn inclusion_path<E>(
    at: u64,
    size: u64,
    subtrees: &mut Subtrees<'_, E>,
) -> Result<Vec<TreeHash>, E> {
    let (mut path, mut below) = (Vec::new(), 0..size);
    while below.end - below.start > 1 {
        let middle = split(&below);
        let (left, right) = (below.start..middle, middle..below.end);
        let (own, other) = if at < middle { (left, right) } else { (right, left) };
        path.push(root_over(other, subtrees)?);
        below = own;
    }
    path.reverse();
    Ok(path)
}

/// The path that shows that the tree of the first `old` leaves is the beginning of that of the first `new`: PROOF of RFC 9162, section
/// 2.1.4.1. Empty if there is nothing to show: nothing came first, or nothing came since.
pub(crate) fn consistency_path<E>(
    old: u64,
    new: u64,
    subtrees: &mut Subtrees<'_, E>,
) -> Result<Vec<TreeHash>, E> {
    let (mut path, mut below) = (Vec::new(), 0..new);
    if old == 0 {
        return Ok(path);
    }
    while old < below.end {
        let middle = split(&below);
        if old <= middle {
            path.push(root_over(middle..below.end, subtrees)?);
            below.end = middle;
        } else {
            path.push(root_over(below.start..middle, subtrees)?);
            below.start = middle;
        }
    }
    // Whoever checks knows the root of the old tree: it is in the path only where it is not a subtree of the new one.
    if below.start > 0 {
        path.push(root_over(below, subtrees)?);
    }
    path.reverse();
    Ok(path)
}

/// Where a tree of more than one leaf is split: behind its largest full subtree.
fn split(leaves: &Range<u64>) -> u64 {
    leaves.start + (1 << (leaves.end - leaves.start - 1).ilog2())
}

/// The root of a tree without leaves.
pub(crate) fn empty_root() -> TreeHash {
    *blake3::hash(b"").as_bytes()
}

pub(crate) fn leaf(event_hash: &[u8; 32]) -> TreeHash {
    tagged(0, &[event_hash])
}

pub(crate) fn node(left: &TreeHash, right: &TreeHash) -> TreeHash {
    tagged(1, &[left, right])
}

fn tagged(tag: u8, parts: &[&TreeHash]) -> TreeHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[tag]);
    for part in parts {
        hasher.update(*part);
    }
    *hasher.finalize().as_bytes()
}
