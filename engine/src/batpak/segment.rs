//! Owns the two ends of a segment file, header and footer; must never believe a footer that does not tile the end of its file.
//!
//! Floor 6. What a footer says about frames is confirmed against the frames elsewhere: here only its own shape is checked.

use std::io;

use crate::batpak::frame::FRAME_HEAD_BYTES;
use crate::batpak::pack::{PackError, PackReader};
use crate::batpak::window::Window;

const MAGIC: &[u8; 4] = b"FBAT";
const MAX_HEADER_BYTES: u32 = 64 << 10;
const HEADER: &[&str] = &["version", "flags", "created_ns", "segment_id"];
const ROW_BYTES: u64 = 162;
const TRAILER_BYTES: u64 = 16;
const CRC_BYTES: u64 = 4;
/// Longest list of names, in bytes.
const MAX_NAMES_BYTES: u64 = 32 << 20;
const ROWS_AT_ONCE: u64 = 4_096;

/// The header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) version: u64,
    pub(crate) created_ns: i64,
    pub(crate) segment_id: u64,
    /// Where the first frame begins.
    pub(crate) frames_start: u64,
}

/// Why a file does not begin with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeaderError {
    /// The file ends inside it, as it does while a segment is being born.
    Short,
    /// It says something else.
    Damaged,
}

/// Which footer ends a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FooterKind {
    /// Without a checksum: 0.8.
    Sdx2,
    /// With one: 0.10.
    Sdx3,
}

/// A footer whose shape is right.
#[derive(Clone, Debug)]
pub(crate) struct Footer {
    pub(crate) kind: FooterKind,
    /// Where the frames end and the footer begins.
    pub(crate) offset: u64,
    /// One row an event, in the order of the file.
    pub(crate) rows: Vec<FooterRow>,
}

/// What a footer says of one event, as far as this reader uses it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FooterRow {
    pub(crate) offset: u64,
    pub(crate) length: u32,
    pub(crate) event_id: u128,
    pub(crate) global_sequence: u64,
}

/// What stands at the end of a segment file.
#[derive(Clone, Debug)]
pub(crate) enum SegmentEnd {
    /// No footer.
    Frames,
    /// Something that ends like a footer and is none; it would begin at `offset`.
    Malformed { offset: u64, reason: &'static str },
    /// A footer, as far as its own shape tells.
    Footer(Footer),
}

impl Footer {
    /// The row of the frame at `offset`.
    pub(crate) fn row_at(&self, offset: u64) -> Option<&FooterRow> {
        let place = self.rows.binary_search_by_key(&offset, |row| row.offset).ok()?;
        self.rows.get(place)
    }
}

/// Reads the header at the beginning of a file.
pub(crate) fn read_header(window: &mut Window) -> io::Result<Result<SegmentHeader, HeaderError>> {
    let Ok(head) = <[u8; FRAME_HEAD_BYTES]>::try_from(window.bytes(0, FRAME_HEAD_BYTES)?) else {
        return Ok(Err(HeaderError::Short));
    };
    let [m0, m1, m2, m3, l0, l1, l2, l3] = head;
    let len = u32::from_be_bytes([l0, l1, l2, l3]);
    if &[m0, m1, m2, m3] != MAGIC || len > MAX_HEADER_BYTES {
        return Ok(Err(HeaderError::Damaged));
    }
    let body = window.bytes(FRAME_HEAD_BYTES as u64, len as usize)?;
    if body.len() < len as usize {
        return Ok(Err(HeaderError::Short));
    }
    let frames_start = FRAME_HEAD_BYTES as u64 + u64::from(len);
    Ok(decode_header(body, frames_start).map_err(|_| HeaderError::Damaged))
}

fn decode_header(body: &[u8], frames_start: u64) -> Result<SegmentHeader, PackError> {
    let mut reader = PackReader::new(body);
    let mut fields = reader.fields(HEADER)?;
    let mut header = SegmentHeader { version: 0, created_ns: 0, segment_id: 0, frames_start };
    while let Some(place) = reader.next_field(&mut fields)? {
        match place {
            0 => header.version = reader.unsigned()?,
            1 => {
                reader.skip()?;
            }
            2 => header.created_ns = reader.signed()?,
            _ => header.segment_id = reader.unsigned()?,
        }
    }
    reader.finish()?;
    Ok(header)
}

/// Reads what stands at the end of a file whose frames begin at `frames_start`.
pub(crate) fn read_end(window: &mut Window, frames_start: u64) -> io::Result<SegmentEnd> {
    let len_bytes = window.len_bytes();
    let Some(trailer_at) = len_bytes.checked_sub(TRAILER_BYTES).filter(|at| *at >= frames_start) else {
        return Ok(SegmentEnd::Frames);
    };
    let trailer = window.bytes(trailer_at, TRAILER_BYTES as usize)?;
    let (kind, checksum_bytes) = match trailer.get(12..) {
        Some(b"SDX2") => (FooterKind::Sdx2, 0),
        Some(b"SDX3") => (FooterKind::Sdx3, CRC_BYTES),
        _ => return Ok(SegmentEnd::Frames),
    };
    let offset = little_endian(trailer, 0, 8);
    let count = little_endian(trailer, 8, 4);
    let malformed = |reason| Ok(SegmentEnd::Malformed { offset, reason });
    let rows_end = trailer_at.saturating_sub(checksum_bytes);
    let Some(rows_start) = rows_end.checked_sub(count * ROW_BYTES).filter(|start| *start > offset) else {
        return malformed("its parts do not fit the file");
    };
    if offset < frames_start {
        return malformed("it begins inside the header");
    }
    if rows_start - offset > MAX_NAMES_BYTES {
        return malformed("its list of names is too long");
    }
    let names = window.bytes(offset, (rows_start - offset) as usize)?;
    let mut checksum = crc32fast::Hasher::new();
    checksum.update(names);
    let Ok(names) = count_names(names) else {
        return malformed("its list of names does not end where its rows begin");
    };
    let rows = match read_rows(window, rows_start..rows_end, names, &mut checksum)? {
        Ok(rows) => rows,
        Err(reason) => return malformed(reason),
    };
    if kind == FooterKind::Sdx3 {
        let stored = little_endian(window.bytes(rows_end, CRC_BYTES as usize)?, 0, 4);
        if stored != u64::from(checksum.finalize()) {
            return malformed("its checksum does not fit");
        }
    }
    if rows.first().is_some_and(|row| row.offset < frames_start)
        || rows.last().is_some_and(|row| row.offset.saturating_add(u64::from(row.length)) > offset)
    {
        return malformed("its rows lie outside the frames");
    }
    Ok(SegmentEnd::Footer(Footer { kind, offset, rows }))
}

/// How many texts an array holds that is nothing but texts.
fn count_names(bytes: &[u8]) -> Result<u64, PackError> {
    let mut reader = PackReader::new(bytes);
    let count = reader.array_length()?;
    for _ in 0..count {
        reader.str()?;
    }
    reader.finish()?;
    Ok(count as u64)
}

fn read_rows(
    window: &mut Window,
    range: std::ops::Range<u64>,
    names: u64,
    checksum: &mut crc32fast::Hasher,
) -> io::Result<Result<Vec<FooterRow>, &'static str>> {
    let mut rows: Vec<FooterRow> = Vec::new();
    let mut at = range.start;
    let mut frame_end = 0;
    while at < range.end {
        let take = (range.end - at).min(ROWS_AT_ONCE * ROW_BYTES);
        let bytes = window.bytes(at, take as usize)?;
        if bytes.len() as u64 != take {
            return Ok(Err("the file became shorter"));
        }
        checksum.update(bytes);
        for row in bytes.chunks_exact(ROW_BYTES as usize) {
            let (entity, scope) = (little_endian(row, 16, 4), little_endian(row, 20, 4));
            let parsed = FooterRow {
                offset: little_endian(row, 110, 8),
                length: little_endian(row, 118, 4) as u32,
                event_id: u128::from(little_endian(row, 8, 8)) << 64 | u128::from(little_endian(row, 0, 8)),
                global_sequence: little_endian(row, 122, 8),
            };
            if entity >= names || scope >= names {
                return Ok(Err("a row names an entity or a scope that it does not list"));
            }
            if parsed.offset < frame_end || parsed.length == 0 {
                return Ok(Err("its rows do not follow each other"));
            }
            frame_end = parsed.offset.saturating_add(u64::from(parsed.length));
            rows.push(parsed);
        }
        at += take;
    }
    Ok(Ok(rows))
}

fn little_endian(bytes: &[u8], at: usize, size: usize) -> u64 {
    let field = bytes.get(at..at + size).unwrap_or_default();
    field.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
