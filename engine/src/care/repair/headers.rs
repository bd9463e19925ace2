//! Owns the headers of segments that cannot be read: what they said, where their checksum or other files prove it.
//!
//! Never guesses: what only seems likely is left for reading to guess each time anew.

use std::io;

use crate::care::repair::planned::{Patch, PatchedFile};
use crate::disk::frame;
use crate::disk::segment::{SegmentHeader, SegmentName, StoreId};
use crate::disk::storage::{BootId, Directory, File};
use crate::memory::sealed::SealedHeader;
use crate::words::sync::Arc;

/// Bytes at the beginning of a segment that may belong to its header, of those that this program writes.
const LONGEST: u64 = 256;

/// The bit that was flipped in a header, if one bit makes it fit its checksum, its file's name and the store.
pub(super) fn flipped_bit(
    file: &Arc<dyn File>,
    name: SegmentName,
    known: Option<StoreId>,
) -> io::Result<Option<Patch>> {
    let mut bytes = vec![0; usize::try_from(file.len()?.min(LONGEST)).unwrap_or_default()];
    let read = file.read_at(&mut bytes, 0)?;
    for (at, was) in bytes.iter().take(read).enumerate() {
        for bit in 0..8 {
            let patch = Patch { offset: at as u64, was: vec![*was], becomes: vec![was ^ (1 << bit)] };
            let patched = PatchedFile { file: Arc::clone(file), patches: vec![patch] };
            let Ok((header, _)) = SegmentHeader::read(&patched) else { continue };
            if header.name() == name && known.is_none_or(|known| known == header.store_id) {
                return Ok(patched.patches.into_iter().next());
            }
        }
    }
    Ok(None)
}

/// What is known of the store around a segment whose header cannot be read.
pub(super) struct Around<'a> {
    pub(super) before: Option<&'a SegmentHeader>,
    pub(super) behind: Option<&'a SegmentHeader>,
}

/// The header of a segment as the files around it prove it; when the segment was begun, and in which run of the
/// operating system, is not known then and is 0.
///
/// Proven is the one of a segment that was never compacted and names no parent: the store by every neighbour and the index, the epoch
/// by the index or by neighbours that have the same, its length by a frame that stands right behind it.
pub(super) fn proven(
    directory: &dyn Directory,
    file: &dyn File,
    name: SegmentName,
    around: &Around<'_>,
) -> io::Result<Option<Patch>> {
    let index = directory.open(&name.index_name()).ok().and_then(|index| SealedHeader::read(&*index));
    let len_bytes = file.len()?;
    let index = index.filter(|index| {
        index.first == name.first && index.generation == name.generation && index.segment_bytes == len_bytes
    });
    let of_index = index.map(|index| (index.store_id, index.epoch));
    let of_headers =
        [around.before, around.behind].map(|header| header.map(|known| (known.store_id, known.epoch)));
    let epoch = match (of_index, of_headers) {
        (Some((_, epoch)), _) => Some(epoch),
        (None, [Some((_, before)), Some((_, behind))]) if before == behind => Some(before),
        (None, _) => None,
    };
    let mut ids = of_headers.into_iter().flatten().chain(of_index).map(|(store_id, _)| store_id);
    let (Some(epoch), Some(store_id)) = (epoch, ids.next()) else { return Ok(None) };
    if name.generation != 0 || ids.any(|other| other != store_id) {
        return Ok(None);
    }
    let header = SegmentHeader {
        store_id,
        epoch,
        first_sequence: name.first,
        generation: 0,
        created_us: 0,
        replaced: None,
        parent: None,
        boot: None,
    };
    // How long the header was says which sections it had. No run of an operating system has the id of zeros.
    match in_place(file, &header)? {
        Some(patch) => Ok(Some(patch)),
        None => in_place(file, &SegmentHeader { boot: Some(BootId([0; 16])), ..header }),
    }
}

/// A header in place of the one that cannot be read, if a frame stands right behind it.
pub(super) fn in_place(file: &dyn File, header: &SegmentHeader) -> io::Result<Option<Patch>> {
    let becomes = header.encode();
    if !is_frame(file, becomes.len() as u64)? {
        return Ok(None);
    }
    let mut was = vec![0; becomes.len()];
    file.read_at(&mut was, 0)?;
    Ok(Some(Patch { offset: 0, was, becomes }))
}

fn is_frame(file: &dyn File, at: u64) -> io::Result<bool> {
    let mut word = [0; 4];
    let read = file.read_at(&mut word, at)?;
    let Ok(len) = frame::frame_len(word) else { return Ok(false) };
    if read < word.len() || u64::from(len) > file.len()?.saturating_sub(at) {
        return Ok(false);
    }
    let mut bytes = vec![0; len as usize];
    let read = file.read_at(&mut bytes, at)?;
    Ok(frame::decode(bytes.get(..read).unwrap_or_default()).is_ok())
}
