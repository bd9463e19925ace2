//! Owns the Merkle tree over the event hashes of a log, in the shape of RFC 6962. Keeps no leaves: memory is the tree's height.
//!
//! `leaf = BLAKE3(0x00 | event hash)`, `node = BLAKE3(0x01 | left | right)`; the left subtree of a node is the largest full one.

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
    /// Adds the event hash of the next event.
    pub(crate) fn push(&mut self, event_hash: &[u8; 32]) {
        let mut hash = tagged(0, &[event_hash]);
        // Each full subtree of the same size on the left becomes one with it.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = tagged(1, &[&left, &hash]);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// The root over all leaves; the hash of nothing for none.
    pub(crate) fn root(&self) -> TreeHash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return *blake3::hash(b"").as_bytes() };
        peaks.fold(*last, |right, left| tagged(1, &[left, &right]))
    }
}

fn tagged(tag: u8, parts: &[&TreeHash]) -> TreeHash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[tag]);
    for part in parts {
        hasher.update(*part);
    }
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, word for word: split before the largest power of two that is smaller than the number of leaves.
    fn defined(leaves: &[[u8; 32]]) -> TreeHash {
        match leaves {
            [] => *blake3::hash(b"").as_bytes(),
            [leaf] => tagged(0, &[leaf]),
            _ => {
                let split = (leaves.len().next_power_of_two() / 2).min(leaves.len() - 1);
                let (left, right) = leaves.split_at(split);
                tagged(1, &[&defined(left), &defined(right)])
            }
        }
    }

    #[test]
    fn the_root_is_the_one_that_the_definition_gives_for_every_size() {
        let leaves: Vec<[u8; 32]> = (0..130_u8).map(|leaf| [leaf; 32]).collect();
        let mut tree = MerkleTree::default();
        for size in 0..leaves.len() {
            assert_eq!(tree.root(), defined(&leaves[..size]), "{size} leaves");
            tree.push(&leaves[size]);
        }
    }
}
