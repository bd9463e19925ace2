//! Owns what a section of an index can be at most, and whether its bytes have the shape that its segment allows. Believes no number in it.
//!
//! Invariant: what passes here can be walked and copied in time and memory that its own length bounds: no two names share postings.

use crate::disk::bytes::Reader;
use crate::memory::live::BLOCK_LEN;
use crate::memory::postings::{Postings, u32_at};
use crate::memory::sealed::{BLOCK_ROW_LEN, KIND_ROW_LEN, NAME_ROW_LEN, SealedHeader, Tag};

/// Most bytes that a section can have.
pub(super) fn most_bytes(tag: Tag, header: &SealedHeader) -> u64 {
    let rows = header.end - header.first;
    match tag {
        Tag::Offsets | Tag::Removed | Tag::StreamOfRow => 4 * rows,
        Tag::Times | Tag::Ids | Tag::Correlations | Tag::Causations => 8 * rows,
        Tag::Kinds => 2 * rows,
        Tag::Blocks => rows.div_ceil(BLOCK_LEN as u64) * BLOCK_ROW_LEN as u64,
        Tag::ByKind => 4 + (KIND_ROW_LEN as u64 + 4) * rows,
        // Every name stands in a frame too.
        Tag::Streams | Tag::Scopes | Tag::RemovedStreams => {
            8 + (NAME_ROW_LEN as u64 + 4) * rows + header.segment_bytes
        }
        Tag::Catalogue => header.segment_bytes,
    }
}

/// True if a section is as long as it must be, and every number in it leads to a row.
pub(super) fn fits(tag: Tag, bytes: &[u8], header: &SealedHeader) -> bool {
    let rows = header.end - header.first;
    let most = most_bytes(tag, header);
    match tag {
        Tag::Offsets => bytes.len() as u64 == most && offsets_fit(bytes, header.segment_bytes),
        Tag::Times | Tag::Kinds | Tag::Blocks | Tag::StreamOfRow => bytes.len() as u64 == most,
        Tag::Ids | Tag::Correlations | Tag::Causations => pairs_fit(bytes, rows),
        Tag::Removed => bytes.len().is_multiple_of(4) && rises(Postings::Bytes(bytes), rows),
        Tag::Streams | Tag::Scopes | Tag::RemovedStreams => names_fit(bytes, rows).is_some(),
        Tag::ByKind => kinds_fit(bytes, rows).is_some(),
        Tag::Catalogue => bytes.len() as u64 <= most,
    }
}

/// Frames lie in the segment, in the order of their events; 0 stands for one that is damaged.
fn offsets_fit(bytes: &[u8], segment_bytes: u64) -> bool {
    let (offsets, mut least) = (Postings::Bytes(bytes), 0);
    let present = (0..offsets.len()).filter_map(|at| offsets.get(at)).filter(|offset| *offset != 0);
    present.map(u64::from).all(|offset| {
        let fits = offset >= least && offset < segment_bytes;
        least = offset + 1;
        fits
    })
}

fn pairs_fit(bytes: &[u8], rows: u64) -> bool {
    let (pairs, rest) = bytes.as_chunks::<8>();
    let ordinal = |pair: &[u8; 8]| u32_at(pair, 1).map(u64::from);
    rest.is_empty() && pairs.iter().all(|pair| ordinal(pair).is_some_and(|ordinal| ordinal < rows))
}

/// True if postings ascend without repetition and lead to rows.
fn rises(postings: Postings<'_>, rows: u64) -> bool {
    let mut least = 0;
    (0..postings.len()).filter_map(|at| postings.get(at)).map(u64::from).all(|ordinal| {
        let fits = ordinal >= least && ordinal < rows;
        least = ordinal + 1;
        fits
    })
}

/// Names and postings follow each other without a gap, as they are written.
fn names_fit(bytes: &[u8], rows: u64) -> Option<()> {
    let (count, text_len) = (u32_at(bytes, 0)? as usize, u32_at(bytes, 1)? as usize);
    let table = bytes.get(8..)?.get(..count.checked_mul(NAME_ROW_LEN)?)?;
    let behind = bytes.get(8 + table.len()..)?;
    let (text, postings) = behind.split_at_checked(text_len)?;
    let mut reader = Reader::new(table);
    let (mut text_at, mut first) = (0, 0);
    let mut before: Option<&[u8]> = None;
    for _ in 0..count {
        let mut number = || reader.u32().ok().map(|number| number as usize);
        let [offset, len, start, postings_len] = [number()?, number()?, number()?, number()?];
        let name = text.get(text_at..)?.get(..len)?;
        let in_order = before.is_none_or(|before| before < name) && std::str::from_utf8(name).is_ok();
        if (offset, start) != (text_at, first) || !in_order {
            return None;
        }
        (text_at, first) = (text_at + len, first + own_postings(postings, first, postings_len, rows)?);
        before = Some(name);
    }
    (text_at == text.len() && first.checked_mul(4) == Some(postings.len())).then_some(())
}

fn kinds_fit(bytes: &[u8], rows: u64) -> Option<()> {
    let count = u32_at(bytes, 0)? as usize;
    let table = bytes.get(4..)?.get(..count.checked_mul(KIND_ROW_LEN)?)?;
    let postings = bytes.get(4 + table.len()..)?;
    let mut reader = Reader::new(table);
    let mut first = 0;
    for _ in 0..count {
        reader.take(4).ok()?;
        let (start, len) = (reader.u32().ok()? as usize, reader.u32().ok()? as usize);
        if start != first {
            return None;
        }
        first += own_postings(postings, first, len, rows)?;
    }
    (first.checked_mul(4) == Some(postings.len())).then_some(())
}

/// The length of the postings from the `first`-th word on, if they are there and lead to rows.
fn own_postings(postings: &[u8], first: usize, len: usize, rows: u64) -> Option<usize> {
    let own = postings.get(first.checked_mul(4)?..)?.get(..len.checked_mul(4)?)?;
    (len > 0 && rises(Postings::Bytes(own), rows)).then_some(len)
}
