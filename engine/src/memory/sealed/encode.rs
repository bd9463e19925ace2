//! Owns writing the index of a whole segment as bytes. Must never look at a file.

use std::collections::{BTreeMap, HashMap};

use crate::disk::frame::CatalogueFrame;
use crate::memory::live::{Block, LivePart};
use crate::memory::sealed::{BLOCK_ROW_LEN, FIXED_LEN, MAGIC, SealedHeader, TABLE_ROW_LEN, Tag};
use crate::words::sync::Arc;

/// Encodes the index of a whole segment.
pub(crate) fn encode(header: &SealedHeader, part: &LivePart) -> Vec<u8> {
    let mut sections = vec![
        (Tag::Offsets, words(part.offsets.iter().copied())),
        (Tag::Times, part.times.iter().flat_map(|time| time.to_le_bytes()).collect()),
        (Tag::Kinds, part.kinds.iter().flat_map(|kind| kind.to_le_bytes()).collect()),
        (Tag::Ids, pairs(&part.ids)),
        (Tag::Streams, names(&part.streams)),
        (Tag::Scopes, names(&part.scopes)),
        (Tag::ByKind, kinds(part)),
        (Tag::Correlations, pairs(&part.correlations)),
        (Tag::Causations, pairs(&part.causations)),
        (Tag::Catalogue, catalogue(part, header.synced_through)),
        (Tag::Blocks, blocks(part)),
    ];
    if !part.removed.is_empty() {
        sections.push((Tag::Removed, words(part.removed.iter().copied())));
        sections.push((Tag::RemovedStreams, names(&part.removed_streams)));
    }
    let table_len = FIXED_LEN + sections.len() * TABLE_ROW_LEN;
    let mut out =
        Vec::with_capacity(table_len + 4 + sections.iter().map(|(_, bytes)| bytes.len()).sum::<usize>());
    encode_fixed(header, sections.len() as u32, &mut out);
    let mut offset = (table_len + 4) as u64;
    for (tag, bytes) in &sections {
        out.extend_from_slice(&(*tag as u32).to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(bytes).to_le_bytes());
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        offset += bytes.len() as u64;
    }
    let crc = crc32fast::hash(&out);
    out.extend_from_slice(&crc.to_le_bytes());
    for (_, bytes) in &sections {
        out.extend_from_slice(bytes);
    }
    out
}

fn encode_fixed(header: &SealedHeader, sections: u32, out: &mut Vec<u8>) {
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&header.store_id.0);
    for number in [header.first, header.end, header.segment_bytes, header.synced_through, header.epoch] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&header.times.0.to_le_bytes());
    out.extend_from_slice(&header.times.1.to_le_bytes());
    out.extend_from_slice(&header.generation.to_le_bytes());
    out.extend_from_slice(&sections.to_le_bytes());
    out.extend_from_slice(&header.last_hash);
    out.extend_from_slice(&header.last_clock.to_le_bytes());
    out.push(header.ending as u8);
    out.extend_from_slice(&[0; 3]);
}

fn words(numbers: impl Iterator<Item = u32>) -> Vec<u8> {
    numbers.flat_map(u32::to_le_bytes).collect()
}

fn pairs(table: &HashMap<u32, Vec<u32>>) -> Vec<u8> {
    let mut pairs: Vec<(u32, u32)> = table
        .iter()
        .flat_map(|(print, ordinals)| ordinals.iter().map(|ordinal| (*print, *ordinal)))
        .collect();
    pairs.sort_unstable();
    words(pairs.into_iter().flat_map(|(print, ordinal)| [print, ordinal]))
}

fn names(table: &BTreeMap<Arc<str>, Vec<u32>>) -> Vec<u8> {
    let text: usize = table.keys().map(|name| name.len()).sum();
    let mut out = words([table.len() as u32, text as u32].into_iter());
    let (mut text_offset, mut first) = (0, 0);
    for (name, ordinals) in table {
        out.extend(words([text_offset, name.len() as u32, first, ordinals.len() as u32].into_iter()));
        text_offset += name.len() as u32;
        first += ordinals.len() as u32;
    }
    for name in table.keys() {
        out.extend_from_slice(name.as_bytes());
    }
    for ordinals in table.values() {
        out.extend(words(ordinals.iter().copied()));
    }
    out
}

fn kinds(part: &LivePart) -> Vec<u8> {
    let mut out = words(std::iter::once(part.by_kind.len() as u32));
    let mut first = 0;
    for (kind, ordinals) in &part.by_kind {
        out.extend_from_slice(&kind.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend(words([first, ordinals.len() as u32].into_iter()));
        first += ordinals.len() as u32;
    }
    for ordinals in part.by_kind.values() {
        out.extend(words(ordinals.iter().copied()));
    }
    out
}

fn catalogue(part: &LivePart, synced_through: u64) -> Vec<u8> {
    let mut out = Vec::new();
    for description in &part.catalogue {
        CatalogueFrame { synced_through, description }.encode(&mut out);
    }
    out
}

fn blocks(part: &LivePart) -> Vec<u8> {
    let row = |block: &Block| {
        let mut row = [0; BLOCK_ROW_LEN];
        let (largest, ascending) = row.split_at_mut(8);
        largest.copy_from_slice(&block.largest_before.to_le_bytes());
        ascending.copy_from_slice(&u64::from(block.ascending).to_le_bytes());
        row
    };
    part.blocks.iter().flat_map(row).collect()
}
