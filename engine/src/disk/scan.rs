//! Owns walking the frames of a segment: which can be read, where they end, and where they go on behind damage.
//!
//! Floor 1. Invariants:
//! - a group is shown whole or not at all;
//! - memory is bounded by one window and one frame, whatever the file says.

#[cfg(test)]
mod tests;
mod window;

use std::io;
use std::ops::ControlFlow;

use crate::disk::frame::{self, FrameError, Record};
use crate::disk::scan::window::Window;
use crate::disk::storage::File;

const BROKEN_SEQUENCE: FrameError = FrameError::Malformed("the global sequence does not continue");
const BROKEN_GROUP: FrameError = FrameError::Malformed("the group does not end");

/// Bytes that all searches in a file may put through checksums together, as a multiple of its length: without a limit, bytes made
/// to look like frames would cost the square of their number.
const CHECKSUM_BUDGET: u64 = 16;
/// What they may cost at least, so that a short file is searched to its end.
const LEAST_BUDGET: u64 = 32 * 1024 * 1024;

/// How a scan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScanEnd {
    /// Where the last complete group ends: new frames go here.
    pub(crate) offset: u64,
    /// The global sequence that the next event would have.
    pub(crate) next_sequence: u64,
    /// Greatest `synced_through` in the frames that were read, those of an incomplete group included; 0 if none says
    /// anything. The durable floor is this or the segment's first global sequence, whichever is greater.
    pub(crate) synced_through: u64,
    /// How many frames were shown.
    pub(crate) frames_read: u64,
    pub(crate) reason: ScanReason,
}

/// Why a scan ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScanReason {
    /// The file ends, or the rest of it is zero.
    Clean,
    /// The bytes at `offset` are not the frame that should stand there. It is greater than the end of the scan if a group
    /// broke off there.
    Bad { offset: u64, error: FrameError },
    /// The visitor had seen enough.
    Stopped,
}

/// Sees each frame with its offset and length in bytes.
pub(crate) type Visitor<'v> = dyn FnMut(u64, u32, &Record<'_>) -> ControlFlow<()> + 'v;

/// Reads the frames of a file, and finds them again behind bad spots. The end of the file is where it was in the beginning.
pub(crate) struct Scanner<'f> {
    window: Window<'f>,
    /// Bytes that searches may still put through checksums.
    budget: u64,
}

impl<'f> Scanner<'f> {
    pub(crate) fn new(file: &'f dyn File) -> io::Result<Self> {
        Self::within(file, u64::MAX)
    }

    /// The same, and reads nothing behind the first `len_bytes`.
    pub(crate) fn within(file: &'f dyn File, len_bytes: u64) -> io::Result<Self> {
        let window = Window::new(file, len_bytes)?;
        let budget = window.rest(0).saturating_mul(CHECKSUM_BUDGET).max(LEAST_BUDGET);
        Ok(Self { window, budget })
    }

    /// Shows the frames of complete groups from `start` on, the first event of which must have `expected_sequence`.
    ///
    /// Fails only if the file cannot be read.
    pub(crate) fn scan(
        &mut self,
        start: u64,
        expected_sequence: u64,
        visit: &mut Visitor<'_>,
    ) -> io::Result<ScanEnd> {
        let mut scan = Scan {
            window: &mut self.window,
            offset: start,
            next_sequence: expected_sequence,
            synced_through: 0,
            frames_read: 0,
        };
        let reason = loop {
            match scan.group(visit)? {
                Ok(ControlFlow::Continue(())) => {}
                Ok(ControlFlow::Break(())) => break ScanReason::Stopped,
                Err(bad) => break scan.end_at(bad)?,
            }
        };
        scan.window.release();
        Ok(ScanEnd {
            offset: scan.offset,
            next_sequence: scan.next_sequence,
            synced_through: scan.synced_through,
            frames_read: scan.frames_read,
            reason,
        })
    }

    /// The offset of the first readable frame at or behind `from` that is no event before `min_sequence`; none either when all
    /// searches in the file have cost too much.
    ///
    /// Looks first where the length word at `from` points to: if only the body of that frame is damaged, nothing inside it is
    /// taken for a frame.
    pub(crate) fn resync(&mut self, from: u64, min_sequence: u64) -> io::Result<Option<u64>> {
        if let Some(len) =
            self.window.frame_len(from)?.ok().filter(|len| u64::from(*len) <= self.window.rest(from))
        {
            for candidate in [from, from + u64::from(len)] {
                if self.is_frame(candidate, min_sequence)? {
                    return Ok(Some(candidate));
                }
            }
        }
        let mut offset = from;
        while self.window.rest(offset) >= u64::from(frame::MIN_FRAME_LEN) {
            let Some(candidate) = self.window.next_candidate(offset, min_sequence)? else {
                return Ok(None);
            };
            if self.is_frame(candidate, min_sequence)? {
                return Ok(Some(candidate));
            }
            offset = candidate + 1;
        }
        Ok(None)
    }

    /// Shows the frames of a group that breaks off at `bad`, where a scan that began with its first frame at `start` ended. Returns
    /// how many.
    pub(crate) fn show_broken_group(
        &mut self,
        start: u64,
        bad: u64,
        seen: &mut dyn FnMut(u64, u32, &Record<'_>),
    ) -> io::Result<u64> {
        let (mut offset, mut count) = (start, 0);
        while offset < bad {
            let Ok((len, record)) = self.window.frame(offset)? else { break };
            seen(offset, len, &record);
            offset += u64::from(len);
            count += 1;
        }
        Ok(count)
    }

    /// The sequence of the first event at or behind a readable frame.
    pub(crate) fn first_event(&mut self, at: u64) -> io::Result<Option<u64>> {
        let mut offset = at;
        while self.can_pay(offset)? {
            match self.window.frame(offset)?.map(|(len, record)| (len, record.global_sequence())) {
                Ok((_, Some(sequence))) => return Ok(Some(sequence)),
                Ok((len, None)) => offset += u64::from(len),
                Err(_) => return Ok(None),
            }
        }
        Ok(None)
    }

    fn is_frame(&mut self, offset: u64, min_sequence: u64) -> io::Result<bool> {
        if !self.can_pay(offset)? {
            return Ok(false);
        }
        let decoded = self.window.frame(offset)?;
        Ok(decoded
            .is_ok_and(|(_, record)| record.global_sequence().is_none_or(|found| found >= min_sequence)))
    }

    /// Pays for the checksum of what may be a frame; false if the budget does not allow it any more.
    fn can_pay(&mut self, offset: u64) -> io::Result<bool> {
        let cost = self.window.frame_len(offset)?.map_or(0, u64::from);
        let left = self.budget.checked_sub(cost);
        self.budget = left.unwrap_or(self.budget);
        Ok(left.is_some())
    }
}

/// A scan on its way.
struct Scan<'s, 'f> {
    window: &'s mut Window<'f>,
    offset: u64,
    next_sequence: u64,
    synced_through: u64,
    frames_read: u64,
}

/// A place that is not what it should be.
struct Bad {
    offset: u64,
    error: FrameError,
}

impl Scan<'_, '_> {
    /// Shows the frame, or the whole group, that begins at the current offset.
    fn group(&mut self, visit: &mut Visitor<'_>) -> io::Result<Result<ControlFlow<()>, Bad>> {
        // Most frames stand alone; those are read once. A group is read ahead to its end first.
        let mut end = self.offset;
        let mut ahead = Ahead { expected: self.next_sequence, remaining: None };
        while ahead.remaining != Some(0) {
            let (len, record) = match self.window.frame(end)? {
                Ok(decoded) => decoded,
                Err(error) => return Ok(Err(Bad { offset: end, error })),
            };
            self.synced_through = self.synced_through.max(record.synced_through().unwrap_or(0));
            let is_first = end == self.offset;
            if let Err(error) = ahead.step(&record) {
                return Ok(Err(Bad { offset: end, error }));
            }
            end += u64::from(len);
            if is_first && ahead.remaining == Some(0) {
                (self.offset, self.next_sequence) = (end, ahead.expected);
                self.frames_read += 1;
                return Ok(Ok(visit(end - u64::from(len), len, &record)));
            }
        }
        self.show_until(end, visit)
    }

    /// Shows frames that have been checked, up to the offset `end`.
    fn show_until(&mut self, end: u64, visit: &mut Visitor<'_>) -> io::Result<Result<ControlFlow<()>, Bad>> {
        while self.offset < end {
            let offset = self.offset;
            let (len, record) = match self.window.frame(offset)? {
                Ok(decoded) => decoded,
                Err(error) => return Ok(Err(Bad { offset, error })),
            };
            self.offset += u64::from(len);
            self.next_sequence = self.next_sequence.saturating_add(1);
            self.frames_read += 1;
            if visit(offset, len, &record).is_break() {
                return Ok(Ok(ControlFlow::Break(())));
            }
        }
        Ok(Ok(ControlFlow::Continue(())))
    }

    /// What a place that is no frame means: the clean end if nothing follows but zeros.
    fn end_at(&mut self, bad: Bad) -> io::Result<ScanReason> {
        if bad.offset == self.offset && self.window.is_zero_from(bad.offset)? {
            return Ok(ScanReason::Clean);
        }
        let broke_off = bad.offset > self.offset && self.window.is_zero_from(bad.offset)?;
        let error = if broke_off { BROKEN_GROUP } else { bad.error };
        Ok(ScanReason::Bad { offset: bad.offset, error })
    }
}

/// What a reader knows while it looks ahead to the end of a group.
struct Ahead {
    /// Global sequence that the next event must have.
    expected: u64,
    /// Frames of the group that are still to come; `None` before its first frame.
    remaining: Option<u32>,
}

impl Ahead {
    /// Checks that a frame continues the sequence and the group.
    ///
    /// A stub stands in a group for the event that it replaces; other records stand only between groups.
    fn step(&mut self, record: &Record<'_>) -> Result<(), FrameError> {
        let left = self.remaining.map(|remaining| remaining.saturating_sub(1));
        let remaining = match record {
            Record::Event(event) if left.is_none_or(|left| left == event.remaining) => event.remaining,
            Record::Stub(_) => left.unwrap_or(0),
            Record::Catalogue { .. } | Record::Mark(_) if left.is_none() => 0,
            Record::Event(_) | Record::Catalogue { .. } | Record::Mark(_) => return Err(BROKEN_GROUP),
        };
        if let Some(sequence) = record.global_sequence() {
            if sequence != self.expected {
                return Err(BROKEN_SEQUENCE);
            }
            self.expected = self.expected.saturating_add(1);
        }
        self.remaining = Some(remaining);
        Ok(())
    }
}
