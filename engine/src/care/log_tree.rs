//! Owns the Merkle tree of an open store: its heads, and the proofs that belong to them.
//!
//! Invariants:
//! - a leaf comes from the frame of its event, never from an index: what cannot be read has no head over it;
//! - each event is read once for all heads, and a proof reads at most the events of two tiles, however long the log is;
//! - memory is that of one root for [`TILE_LEN`] events.

use std::ops::Range;

use crate::care::head::Head;
use crate::memory::selection::Selection;
use crate::read::reader::Reader;
use crate::words::error::StoreError;
use crate::words::merkle::{
    ConsistencyProof, InclusionProof, MerkleTree, TreeHash, consistency_path, inclusion_path, root_over,
};

/// Height of the subtrees whose roots are kept.
const TILE_LEVEL: u32 = 10;
/// Leaves of a tile.
const TILE_LEN: u64 = 1 << TILE_LEVEL;

/// The Merkle tree of a log, as far as it was asked for.
#[derive(Debug, Default)]
pub(crate) struct LogTree {
    /// Roots of the full tiles.
    tiles: Vec<TreeHash>,
    /// Event hashes behind them, fewer than a tile has.
    open: Vec<[u8; 32]>,
    /// How often the log had changed other than by growing when the first of it was read.
    rewrites: u64,
}

/// The head of a log: everything of it that is on stable storage.
pub(crate) fn head(reader: &Reader, tree: &mut LogTree) -> Result<Head, StoreError> {
    let size = tree.advance(reader, |reader| reader.shared().durable())?;
    let (store_id, epoch) = {
        let lineage = reader.shared().lineage.lock();
        (lineage.store_id().ok_or(StoreError::HeadsUnsupported)?, lineage.newest())
    };
    let mut source = Source::new(tree, reader);
    let root = root_over(0..size, &mut |first, level| source.subtree(first, level))?;
    let head = Head { store_id, epoch, size, root, time_us: reader.clock().now_us(), signature: None };
    Ok(match reader.shared().config.keys().signer() {
        Some(key) => head.signed(key),
        None => head,
    })
}

/// Proves that an event is among the first `size` of the log.
pub(crate) fn prove_inclusion(
    reader: &Reader,
    tree: &mut LogTree,
    sequence: u64,
    size: u64,
) -> Result<InclusionProof, StoreError> {
    tree.reach(reader, size)?;
    if sequence >= size {
        return Err(StoreError::NoSuchSequence { sequence, end: size });
    }
    let mut source = Source::new(tree, reader);
    let path = inclusion_path(sequence, size, &mut |first, level| source.subtree(first, level))?;
    let event_hash = source.event_hash(sequence)?;
    Ok(InclusionProof { sequence, event_hash, size, path })
}

/// Proves that the first `old_size` events are the beginning of the first `new_size`.
pub(crate) fn prove_consistency(
    reader: &Reader,
    tree: &mut LogTree,
    old_size: u64,
    new_size: u64,
) -> Result<ConsistencyProof, StoreError> {
    tree.reach(reader, new_size)?;
    if old_size > new_size {
        return Err(StoreError::NoSuchSequence { sequence: old_size, end: new_size });
    }
    let mut source = Source::new(tree, reader);
    let path = consistency_path(old_size, new_size, &mut |first, level| source.subtree(first, level))?;
    Ok(ConsistencyProof { old_size, new_size, path })
}

/// The Merkle root over the first events of a log. Reads each of them.
pub(crate) fn root_of(reader: &Reader, size: u64) -> Result<TreeHash, StoreError> {
    let mut tree = MerkleTree::default();
    for hash in event_hashes(reader, 0..size) {
        tree.push(&hash?);
    }
    Ok(tree.root())
}

/// The event hashes of a range, an error in place of each that cannot be read. What compaction removed left its hash.
fn event_hashes(reader: &Reader, range: Range<u64>) -> impl Iterator<Item = Result<[u8; 32], StoreError>> {
    let everything = Selection { removed: true, ..Selection::default() };
    let mut entries = reader.entries(everything, range.clone());
    range.map(move |expected| match entries.next() {
        Some((sequence, entry)) if sequence == expected => entry.map(|entry| *entry.event_hash()),
        // No segment holds it, or the log went back meanwhile.
        Some(_) | None => Err(StoreError::UnreadableEvent { sequence: expected }),
    })
}

impl LogTree {
    fn size(&self) -> u64 {
        self.tiles.len() as u64 * TILE_LEN + self.open.len() as u64
    }

    /// Takes in the log at least up to `size`.
    fn reach(&mut self, reader: &Reader, size: u64) -> Result<(), StoreError> {
        let end = reader.visible();
        if size > end {
            return Err(StoreError::NoSuchSequence { sequence: size, end });
        }
        self.advance(reader, |_| size).map(drop)
    }

    /// Takes in the log up to where `end` says, and returns that place; the tree may have come further before.
    fn advance(&mut self, reader: &Reader, end: impl Fn(&Reader) -> u64) -> Result<u64, StoreError> {
        if reader.shared().lineage.lock().store_id().is_none() {
            return Err(StoreError::HeadsUnsupported);
        }
        loop {
            // Of a log that went back nobody knows how far; one that only grows never does.
            let rewrites = if reader.only_grows() { 0 } else { reader.rewrites() };
            if rewrites != self.rewrites {
                *self = Self { rewrites, ..Self::default() };
            }
            let end = end(reader);
            let read = self.take_in(reader, end);
            if reader.only_grows() || reader.rewrites() == rewrites {
                return read.map(|()| end);
            }
        }
    }

    fn take_in(&mut self, reader: &Reader, end: u64) -> Result<(), StoreError> {
        for hash in event_hashes(reader, self.size()..end.max(self.size())) {
            self.open.push(hash?);
            if self.open.len() as u64 == TILE_LEN {
                let mut tile = MerkleTree::default();
                self.open.drain(..).for_each(|hash| tile.push(&hash));
                self.tiles.push(tile.root());
            }
        }
        Ok(())
    }
}

/// Hashes for proofs: tiles that are kept, and the event hashes of those that must be read again.
struct Source<'a> {
    tree: &'a LogTree,
    reader: &'a Reader,
    /// The tile that was read last.
    read: Option<(u64, Vec<[u8; 32]>)>,
}

impl<'a> Source<'a> {
    fn new(tree: &'a LogTree, reader: &'a Reader) -> Self {
        Self { tree, reader, read: None }
    }

    /// The root of the full subtree of `2^level` leaves that begins at leaf `first`.
    fn subtree(&mut self, first: u64, level: u32) -> Result<TreeHash, StoreError> {
        let (mut subtree, len) = (MerkleTree::default(), 1_u64 << level);
        let (tile, at) = (first / TILE_LEN, (first % TILE_LEN) as usize);
        if level < TILE_LEVEL {
            let own = self.tile(tile)?.get(at..at + len as usize).unwrap_or_default();
            for hash in own {
                subtree.push(hash);
            }
        } else {
            let own = tile as usize..(tile + len / TILE_LEN) as usize;
            let own = self.tree.tiles.get(own).unwrap_or_default();
            for root in own {
                subtree.push_subtree(*root);
            }
        }
        Ok(subtree.root())
    }

    fn event_hash(&mut self, sequence: u64) -> Result<[u8; 32], StoreError> {
        let hash = self.tile(sequence / TILE_LEN)?.get((sequence % TILE_LEN) as usize).copied();
        hash.ok_or(StoreError::UnreadableEvent { sequence })
    }

    /// The event hashes of a tile; of the last one those that there are.
    fn tile(&mut self, tile: u64) -> Result<&[[u8; 32]], StoreError> {
        if tile == self.tree.tiles.len() as u64 {
            return Ok(&self.tree.open);
        }
        if self.read.as_ref().is_none_or(|(read, _)| *read != tile) {
            let first = tile * TILE_LEN;
            let hashes = event_hashes(self.reader, first..first + TILE_LEN).collect::<Result<_, _>>()?;
            self.read = Some((tile, hashes));
        }
        Ok(self.read.as_ref().map_or(&[], |(_, hashes)| hashes))
    }
}
