//! Owns making checksums fit again in bytes that were changed: without that, nothing comes past them.
//!
//! Whatever the bytes are, a repair changes checksums, and in a single frame its length, and nothing else.

use crate::disk::frame;
use crate::proof::fuzz::logs::entries;

/// For formats without a checksum.
pub(super) fn nothing(_: &mut [u8]) {}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    Some(u32::from_le_bytes(bytes.get(at..)?.first_chunk().copied()?) as usize)
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// A single frame: its length is that of the bytes.
pub(super) fn frame(bytes: &mut [u8]) {
    let len = (bytes.len() as u32).to_le_bytes();
    put(bytes, 0, &len);
    frame_at(bytes, 0);
}

/// The checksum of the frame at `start`, and where it ends.
fn frame_at(bytes: &mut [u8], start: usize) -> Option<usize> {
    let word = *bytes.get(start..)?.first_chunk::<4>()?;
    let end = start + frame::frame_len(word).ok()? as usize;
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&word);
    hasher.update(bytes.get(start + 8..end)?);
    put(bytes, start + 4, &hasher.finalize().to_le_bytes());
    Some(end)
}

/// Header and frames, as far as their lengths lead.
pub(super) fn segment(bytes: &mut [u8]) {
    let Some(len) = u32_at(bytes, 12).filter(|len| (84..=65_536).contains(len) && *len <= bytes.len()) else {
        return;
    };
    let checksum = crc32fast::hash(&bytes[..len - 4]);
    put(bytes, len - 4, &checksum.to_le_bytes());
    let mut at = len;
    while let Some(end) = frame_at(bytes, at) {
        at = end;
    }
}

/// Sections and header of an index.
pub(super) fn index(bytes: &mut [u8]) {
    let Some(count) = u32_at(bytes, 84).filter(|count| *count <= 64) else { return };
    let table_end = 128 + count * 24;
    for row in (128..table_end).step_by(24) {
        let word = |at: usize| Some(u64::from_le_bytes(bytes.get(at..)?.first_chunk().copied()?) as usize);
        let (Some(offset), Some(len)) = (word(row + 8), word(row + 16)) else { return };
        if let Some(section) = offset.checked_add(len).and_then(|end| bytes.get(offset..end)) {
            let checksum = crc32fast::hash(section);
            put(bytes, row + 4, &checksum.to_le_bytes());
        }
    }
    if let Some(covered) = bytes.get(..table_end) {
        let checksum = crc32fast::hash(covered);
        put(bytes, table_end, &checksum.to_le_bytes());
    }
}

/// Each file of a directory by what its name says it is.
pub(super) fn directory(bytes: &mut [u8]) {
    for entry in entries(bytes) {
        let Some(contents) = bytes.get_mut(entry.contents) else { return };
        match entry.name.rsplit('.').next() {
            Some("seg") => segment(contents),
            Some("idx") => index(contents),
            _ => {}
        }
    }
}

/// The keyed hash of a cache file.
pub(super) fn cache(bytes: &mut [u8]) {
    if let Some(body) = bytes.get(40..) {
        let checksum = blake3::derive_key("causeway projection cache file 1", body);
        put(bytes, 8, &checksum);
    }
}

/// Frames, and a footer that has a checksum.
pub(super) fn batpak_segment(bytes: &mut [u8]) {
    let big =
        |bytes: &[u8], at: usize| Some(u32::from_be_bytes(bytes.get(at..)?.first_chunk().copied()?) as usize);
    let Some(mut at) = big(bytes, 4).map(|len| 8 + len) else { return };
    while let Some(end) = big(bytes, at).map(|len| at + 8 + len) {
        let Some(body) = bytes.get(at + 8..end) else { break };
        let checksum = crc32fast::hash(body);
        put(bytes, at + 4, &checksum.to_be_bytes());
        at = end;
    }
    if bytes.ends_with(b"SDX3") && bytes.len() > 20 {
        let trailer = bytes.len() - 16;
        let offset = u64::from_le_bytes(bytes[trailer..trailer + 8].try_into().expect("eight bytes"));
        let covered = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..trailer - 4));
        if let Some(checksum) = covered.map(crc32fast::hash) {
            put(bytes, trailer - 4, &checksum.to_le_bytes());
        }
    }
}

/// The list of hidden ranges.
pub(super) fn batpak_hidden(bytes: &mut [u8]) {
    if let Some(body) = bytes.get(12..) {
        let checksum = crc32fast::hash(body);
        put(bytes, 8, &checksum.to_le_bytes());
    }
}
