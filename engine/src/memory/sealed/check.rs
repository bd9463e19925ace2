//! Owns looking an index file through as a whole: that its sections fill it, and that each has its checksum. Believes nothing of it.

use crate::disk::storage::File;
use crate::memory::postings::u32_at;
use crate::memory::sealed::{
    FIXED_LEN, IndexError, SealedHeader, SealedPart, Section, TABLE_ROW_LEN, Tag, block_at, partition,
    read_head,
};
use crate::words::error::StoreError;

/// Bytes that are put through a checksum at once.
const PIECE_BYTES: usize = 256 * 1024;

/// An index file whose bytes are what they were when it was written.
#[derive(Clone, Debug)]
pub(crate) struct CheckedIndex {
    pub(crate) header: SealedHeader,
    /// Greatest time before its first event, in microseconds since 1970; `None` if it has no event.
    pub(crate) largest_before: Option<i64>,
}

/// Reads an index file from its first byte to its last; memory is bounded whatever it says.
pub(crate) fn check_index(file: &dyn File) -> Result<CheckedIndex, IndexError> {
    let unreadable = |_| IndexError("cannot be read");
    let (header, sections) = read_head(file)?;
    let mut at = (FIXED_LEN + sections.len() * TABLE_ROW_LEN + 4) as u64;
    let mut largest_before = None;
    for section in &sections {
        if section.offset != at {
            return Err(IndexError("its sections do not follow each other"));
        }
        at += section.len;
        let (crc, start) = summed(file, section).map_err(unreadable)?;
        if crc != section.crc {
            return Err(IndexError("the checksum of a section does not fit"));
        }
        if section.tag == Tag::Blocks as u32 {
            largest_before = block_at(&start, 0).map(|block| block.largest_before);
        }
    }
    if at != file.len().map_err(unreadable)? {
        return Err(IndexError("bytes follow its last section"));
    }
    Ok(CheckedIndex { header, largest_before })
}

/// The checksum of a section, and its first bytes.
fn summed(file: &dyn File, section: &Section) -> std::io::Result<(u32, Vec<u8>)> {
    let (mut hasher, mut start) = (crc32fast::Hasher::new(), Vec::new());
    let mut done = 0;
    while done < section.len {
        let mut piece = vec![0; (section.len - done).min(PIECE_BYTES as u64) as usize];
        let read = file.read_at(&mut piece, section.offset + done)?;
        piece.truncate(read);
        if read == 0 {
            break;
        }
        hasher.update(&piece);
        done += read as u64;
        if start.is_empty() {
            start = piece;
        }
    }
    Ok((hasher.finalize(), start))
}

impl SealedPart {
    /// Shows the fingerprints of ids that lie in a range, each with the ordinal of its event.
    pub(crate) fn id_prints(
        &self,
        prints: std::ops::Range<u64>,
        see: &mut dyn FnMut(u32, u32),
    ) -> Result<(), StoreError> {
        let bytes = self.section(Tag::Ids)?;
        let print = |at: usize| u32_at(&bytes, 2 * at).map(u64::from);
        let start = partition(bytes.len() / 8, |at| print(at).is_some_and(|found| found < prints.start));
        let rows = (start..).map_while(|at| Some((u32_at(&bytes, 2 * at)?, u32_at(&bytes, 2 * at + 1)?)));
        rows.take_while(|(print, _)| u64::from(*print) < prints.end)
            .for_each(|(print, ordinal)| see(print, ordinal));
        Ok(())
    }
}
