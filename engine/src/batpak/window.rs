//! Owns reading a segment from front to back in large pieces; must never hold more of it than one piece or one frame.

use std::io;

use crate::batpak::frame::{FRAME_HEAD_BYTES, MAX_BODY_BYTES};
use crate::disk::storage::File;
use crate::words::sync::Arc;

const PIECE_BYTES: usize = 1 << 20;
/// Whatever announces a body up to this length is always tried.
const SMALL_BODY_BYTES: u32 = 4 << 10;
/// What announces more is tried until this multiple of the file's length was spent on what turned out to be none: a hostile file
/// could otherwise make the work grow with the square of its length.
const EFFORT: u64 = 32;

/// A file of known length, and the piece of it that was read last.
#[derive(Debug)]
pub(crate) struct Window {
    file: Arc<dyn File>,
    len_bytes: u64,
    piece_bytes: usize,
    start: u64,
    piece: Vec<u8>,
    /// Bytes that may still be spent on what turns out to be no frame.
    effort: u64,
}

/// What stands where a frame should begin.
#[derive(Debug)]
pub(crate) enum Spot<'a> {
    /// A frame whose checksum fits.
    Whole { length: u32, body: &'a [u8] },
    /// A frame that lies in the file, with a checksum that does not fit.
    Mismatch { length: u32, body: &'a [u8] },
    /// A length that no frame has, or one that leads past the end.
    NoFrame,
}

impl Window {
    pub(crate) fn new(file: Arc<dyn File>, len_bytes: u64) -> Self {
        let effort = len_bytes.saturating_mul(EFFORT);
        Self { file, len_bytes, piece_bytes: PIECE_BYTES, start: 0, piece: Vec::new(), effort }
    }

    /// A window on one frame, which is read at once and nothing else with it.
    pub(crate) fn frame(file: Arc<dyn File>, offset: u64, length: u32) -> Self {
        let len_bytes = offset.saturating_add(u64::from(length));
        let (piece_bytes, effort) = (length as usize, u64::from(length));
        Self { file, len_bytes, piece_bytes, start: 0, piece: Vec::new(), effort }
    }

    pub(crate) fn len_bytes(&self) -> u64 {
        self.len_bytes
    }

    /// Up to `len` bytes from `offset` on: fewer where the file ends.
    pub(crate) fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let room = usize::try_from(self.len_bytes.saturating_sub(offset)).unwrap_or(usize::MAX);
        let len = len.min(room);
        if self.held(offset, len).is_none() {
            self.piece.clear();
            self.piece.shrink_to(self.piece_bytes);
            self.piece.resize(len.max(self.piece_bytes).min(room), 0);
            let read = self.file.read_at(&mut self.piece, offset)?;
            self.piece.truncate(read);
            self.start = offset;
        }
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        let held = self.piece.get(from..).unwrap_or_default();
        Ok(held.get(..len).unwrap_or(held))
    }

    /// What stands at `offset` when frames end at `end`.
    pub(crate) fn spot(&mut self, offset: u64, end: u64) -> io::Result<Spot<'_>> {
        let Ok(head) = <[u8; FRAME_HEAD_BYTES]>::try_from(self.bytes(offset, FRAME_HEAD_BYTES)?) else {
            return Ok(Spot::NoFrame);
        };
        let [l0, l1, l2, l3, c0, c1, c2, c3] = head;
        let body_bytes = u32::from_be_bytes([l0, l1, l2, l3]);
        let length = body_bytes.saturating_add(FRAME_HEAD_BYTES as u32);
        let fits = offset.checked_add(u64::from(length)).is_some_and(|frame_end| frame_end <= end);
        let is_too_dear = body_bytes > SMALL_BODY_BYTES && u64::from(body_bytes) > self.effort;
        if body_bytes == 0 || body_bytes > MAX_BODY_BYTES || !fits || is_too_dear {
            return Ok(Spot::NoFrame);
        }
        let bytes = self.bytes(offset, length as usize)?;
        if bytes.len() != length as usize {
            return Ok(Spot::NoFrame);
        }
        let body = bytes.get(FRAME_HEAD_BYTES..).unwrap_or_default();
        let is_whole = crc32fast::hash(body) == u32::from_be_bytes([c0, c1, c2, c3]);
        if !is_whole {
            self.effort = self.effort.saturating_sub(u64::from(body_bytes));
        }
        let bytes = self.bytes(offset, length as usize)?;
        let body = bytes.get(FRAME_HEAD_BYTES..).unwrap_or_default();
        Ok(if is_whole { Spot::Whole { length, body } } else { Spot::Mismatch { length, body } })
    }

    /// Where the bytes from `offset` on cease to be zero; the end of the file if they never do.
    pub(crate) fn zeros_end(&mut self, mut offset: u64) -> io::Result<u64> {
        while offset < self.len_bytes {
            let bytes = self.bytes(offset, PIECE_BYTES)?;
            if let Some(zeros) = bytes.iter().position(|byte| *byte != 0) {
                return Ok(offset + zeros as u64);
            }
            if bytes.is_empty() {
                break;
            }
            let next = offset + bytes.len() as u64;
            offset = self.behind_hole(next)?;
        }
        Ok(offset)
    }

    /// Where to go on from `offset`, where nothing was found up to: behind what the system knows to be a hole, but for the bytes of it with
    /// which a frame may begin.
    pub(crate) fn behind_hole(&self, offset: u64) -> io::Result<u64> {
        let data = self.file.next_data(offset)?.min(self.len_bytes);
        Ok(data.saturating_sub(FRAME_HEAD_BYTES as u64 + 8).max(offset))
    }

    fn held(&self, offset: u64, len: usize) -> Option<&[u8]> {
        let from = usize::try_from(offset.checked_sub(self.start)?).ok()?;
        self.piece.get(from..from.checked_add(len)?)
    }
}
