//! Owns a window onto a file: reads it in large steps and shows it in small ones.

use std::io;

use crate::disk::frame::{self, FrameError, MIN_FRAME_LEN, Record};
use crate::disk::segment::MAX_SEGMENT_BYTES;
use crate::disk::storage::File;

/// How much is read at once, in bytes.
const WINDOW_LEN: usize = 256 * 1024;
/// How much is kept at most while nothing is read, in bytes: reading it again would cost more than holding it.
const KEPT_LEN: usize = 16 * 1024 * 1024;
/// How many bytes of a frame [`frame::looks_like_frame`] wants to see.
const LOOK_LEN: usize = 22;

/// A part of a file in memory.
pub(super) struct Window<'f> {
    file: &'f dyn File,
    /// Length of the file when the window was opened, as far as a segment can be long.
    file_len: u64,
    start: u64,
    bytes: Vec<u8>,
}

impl<'f> Window<'f> {
    pub(super) fn new(file: &'f dyn File, len_bytes: u64) -> io::Result<Self> {
        let file_len = file.len()?.min(len_bytes).min(MAX_SEGMENT_BYTES);
        Ok(Self { file, file_len, start: 0, bytes: Vec::new() })
    }

    /// How many bytes the file has from `offset` on.
    pub(super) fn rest(&self, offset: u64) -> u64 {
        self.file_len.saturating_sub(offset)
    }

    /// The length that the word at `offset` tells.
    pub(super) fn frame_len(&mut self, offset: u64) -> io::Result<Result<u32, FrameError>> {
        let available = self.rest(offset);
        let word = self.view(offset, 4)?.first_chunk().copied();
        Ok(word.map_or(Err(FrameError::Truncated { needed: 4, available }), frame::frame_len))
    }

    /// The frame at `offset` and its length.
    pub(super) fn frame(&mut self, offset: u64) -> io::Result<Result<(u32, Record<'_>), FrameError>> {
        let len = match self.frame_len(offset)? {
            Ok(len) => len,
            Err(error) => return Ok(Err(error)),
        };
        let available = self.rest(offset);
        if u64::from(len) > available {
            return Ok(Err(FrameError::Truncated { needed: u64::from(len), available }));
        }
        let bytes = self.view(offset, len as usize)?;
        Ok(frame::decode(bytes).map(|record| (len, record)))
    }

    /// The first offset from `from` on at which a frame may begin.
    pub(super) fn next_candidate(&mut self, from: u64, min_sequence: u64) -> io::Result<Option<u64>> {
        let mut offset = from;
        while self.rest(offset) >= u64::from(MIN_FRAME_LEN) {
            let rest = self.rest(offset);
            let bytes = self.view_at_least(offset, LOOK_LEN)?;
            let is_last = bytes.len() as u64 == rest;
            let steps = if is_last { bytes.len() } else { bytes.len().saturating_sub(LOOK_LEN - 1) };
            if steps == 0 {
                return Ok(None);
            }
            let found = (0..steps).find(|step| {
                let look = bytes.get(*step..).unwrap_or_default();
                frame::looks_like_frame(look, rest - *step as u64, min_sequence)
            });
            match found {
                Some(step) => return Ok(Some(offset + step as u64)),
                None => offset = self.behind_hole(offset + steps as u64)?,
            }
        }
        Ok(None)
    }

    pub(super) fn is_zero_from(&mut self, from: u64) -> io::Result<bool> {
        let mut offset = from;
        while self.rest(offset) > 0 {
            let bytes = self.view_at_least(offset, 1)?;
            if bytes.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            if bytes.is_empty() {
                break;
            }
            let next = offset + bytes.len() as u64;
            offset = self.behind_hole(next)?;
        }
        Ok(true)
    }

    /// Where to go on from the end of what is at hand: behind what the system knows to be a hole, but for the bytes of it with which a
    /// frame may begin.
    fn behind_hole(&self, offset: u64) -> io::Result<u64> {
        Ok(self.file.next_data(offset)?.min(self.file_len).saturating_sub(LOOK_LEN as u64).max(offset))
    }

    /// The bytes from `offset` on: `len` of them, or fewer where the file ends.
    fn view(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let bytes = self.view_at_least(offset, len)?;
        Ok(bytes.get(..len).unwrap_or(bytes))
    }

    /// As many bytes from `offset` on as are at hand: `len` or more, or fewer where the file ends.
    fn view_at_least(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let len = usize::try_from(self.rest(offset)).unwrap_or(usize::MAX).min(len);
        let end = self.start + self.bytes.len() as u64;
        if offset < self.start || offset + len as u64 > end {
            self.fill(offset, len)?;
        }
        let from = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        Ok(self.bytes.get(from..).unwrap_or_default())
    }

    /// Gives back what a very large frame took.
    pub(super) fn release(&mut self) {
        if self.bytes.capacity() > KEPT_LEN {
            self.bytes = Vec::new();
        }
    }

    fn fill(&mut self, offset: u64, len: usize) -> io::Result<()> {
        let rest = usize::try_from(self.rest(offset)).unwrap_or(usize::MAX);
        // A step more than is asked for: whoever looks for a large frame at each byte must not read it anew each time.
        self.bytes.resize(rest.min(len.saturating_add(WINDOW_LEN)), 0);
        self.start = offset;
        match self.file.read_at(&mut self.bytes, offset) {
            Ok(read) => self.bytes.truncate(read),
            Err(error) => {
                self.bytes.clear();
                return Err(error);
            }
        }
        Ok(())
    }
}
