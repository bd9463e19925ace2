//! Owns bringing back events of which one bit was flipped: the checksum says which bit it was, and the hashes of the event prove it.
//!
//! Invariants:
//! - an event comes back only if its checksum, its content hash and its event hash all fit, in the place where an event is missing;
//! - what needs more than one bit stays as it stands: nothing is guessed.

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use crate::care::repair::flip::candidates;
use crate::care::repair::planned::Patch;
use crate::disk::frame::{self, EventView, FrameError, Record};
use crate::disk::storage::File;
use crate::memory::live::Head;
use crate::read::entry::LogEvent;
use crate::words::chain::compute_hash;
use crate::words::coordinate::Coordinate;

/// Bytes that may be read in a gap, as a multiple of its length: without a limit, bytes made to look like damaged frames would cost
/// the square of their number.
const EFFORT: u64 = 64;

/// Bytes of a segment that a walk passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) bytes: Range<u64>,
    /// The sequences that the events in them may have.
    pub(super) sequences: Range<u64>,
}

/// Goes through a log from its first event on, and mends what lies in its gaps.
#[derive(Debug, Default)]
pub(super) struct Mender {
    /// The newest event of each stream.
    heads: HashMap<String, Head>,
    /// Events that came back.
    pub(super) events: u64,
}

impl Mender {
    /// Takes in a frame that can be read.
    pub(super) fn see(&mut self, record: &Record<'_>) {
        let (entity, head) = match record {
            Record::Event(view) => {
                let head = Head { clock: view.stream_sequence, event_hash: *view.event_hash };
                (view.entity, head)
            }
            Record::Stub(stub) => {
                let head = Head { clock: stub.stream_sequence, event_hash: stub.event_hash };
                (stub.entity.as_str(), head)
            }
            Record::Catalogue { .. } | Record::Mark(_) => return,
        };
        match self.heads.get_mut(entity) {
            Some(known) => *known = head,
            None => {
                self.heads.insert(entity.to_owned(), head);
            }
        }
    }

    /// The patches that mend the frames of a gap, as far as they can be mended.
    pub(super) fn mend(&mut self, file: &dyn File, gap: &Gap) -> io::Result<Vec<Patch>> {
        let mut patches = Vec::new();
        let (mut at, mut next) = (gap.bytes.start, gap.sequences.start);
        let mut effort = (gap.bytes.end - gap.bytes.start).saturating_mul(EFFORT);
        while at < gap.bytes.end {
            let bytes = read(file, at..gap.bytes.end)?;
            effort = effort.saturating_sub(bytes.len() as u64);
            if effort == 0 {
                break;
            }
            let step = self.frame(&bytes, next..gap.sequences.end);
            let Some(Step { length, sequence, patch }) = step else { break };
            patches.extend(patch.map(|patch| Patch { offset: at + patch.offset, ..patch }));
            at += length as u64;
            next = sequence.map_or(next, |sequence| sequence + 1);
        }
        Ok(patches)
    }

    /// Looks at the frame that begins some bytes; `None` if nothing can be said about where the next one begins.
    fn frame(&mut self, bytes: &[u8], sequences: Range<u64>) -> Option<Step> {
        if let Ok((length, record)) = whole(bytes) {
            self.see(&record);
            return Some(Step { length, sequence: record.global_sequence(), patch: None });
        }
        for (flip, length) in candidates(bytes) {
            let mut mended = bytes.get(..length)?.to_vec();
            let byte = mended.get_mut(flip.at)?;
            let was = *byte;
            *byte ^= flip.mask;
            let becomes = *byte;
            let Ok(record) = frame::decode(&mended) else { continue };
            if self.is_proven(&record, &sequences, bytes.get(length..).unwrap_or_default()) {
                self.see(&record);
                self.events += u64::from(record.global_sequence().is_some());
                let patch = Patch { offset: flip.at as u64, was: vec![was], becomes: vec![becomes] };
                return Some(Step { length, sequence: record.global_sequence(), patch: Some(patch) });
            }
        }
        // The frame is lost. If its length is good the next one may not be.
        let length = bytes.first_chunk().and_then(|word| frame::frame_len(*word).ok())? as usize;
        let leads_on = bytes.get(length..).is_some_and(ends_well);
        leads_on.then_some(Step { length, sequence: None, patch: None })
    }

    fn is_proven(&self, record: &Record<'_>, sequences: &Range<u64>, behind: &[u8]) -> bool {
        match record {
            Record::Event(view) => {
                let says = view.payload_form != 0 || compute_hash(view.payload) == *view.content_hash;
                sequences.contains(&view.global_sequence) && says && self.is_linked(view)
            }
            // Their payload is gone, and with it what the hashes could be computed from: checksum, place and stream are what is left.
            Record::Stub(stub) => {
                sequences.contains(&stub.global_sequence)
                    && self.before(&stub.entity, stub.stream_sequence).is_some()
            }
            Record::Catalogue { .. } | Record::Mark(_) => ends_well(behind),
        }
    }

    fn is_linked(&self, view: &EventView<'_>) -> bool {
        let Some(before) = self.before(view.entity, view.stream_sequence) else { return false };
        let coordinate = Coordinate::from_log(view.entity.into(), view.scope.into());
        let raw = view.to_raw(coordinate, view.payload.to_vec());
        LogEvent::link_hash(&raw, &before) == *view.event_hash
    }

    /// The hash of the event before a place of a stream, if that is the newest one that was seen of it.
    fn before(&self, entity: &str, clock: u32) -> Option<[u8; 32]> {
        match self.heads.get(entity) {
            None => (clock == 0).then_some([0; 32]),
            Some(head) => (head.clock.checked_add(1) == Some(clock)).then_some(head.event_hash),
        }
    }
}

/// One frame of a gap.
struct Step {
    length: usize,
    sequence: Option<u64>,
    patch: Option<Patch>,
}

/// The whole frame that begins some bytes.
fn whole(bytes: &[u8]) -> Result<(usize, Record<'_>), FrameError> {
    let word = bytes.first_chunk().ok_or(FrameError::End)?;
    let length = frame::frame_len(*word)? as usize;
    let needed = length as u64;
    let frame = bytes.get(..length).ok_or(FrameError::Truncated { needed, available: bytes.len() as u64 })?;
    Ok((length, frame::decode(frame)?))
}

/// True if what stands behind a frame shows that it ends there: another frame, or nothing.
fn ends_well(behind: &[u8]) -> bool {
    behind.is_empty() || whole(behind).is_ok() || behind.iter().all(|byte| *byte == 0)
}

fn read(file: &dyn File, range: Range<u64>) -> io::Result<Vec<u8>> {
    // A frame has at most so many bytes, and a look at what stands behind it needs no more than another.
    let most = 2 * u64::from(frame::MAX_FRAME_LEN);
    let len = usize::try_from((range.end - range.start).min(most)).unwrap_or_default();
    let mut bytes = vec![0; len];
    let read = file.read_at(&mut bytes, range.start)?;
    bytes.truncate(read);
    Ok(bytes)
}
