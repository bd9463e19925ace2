//! Owns looking through the segments of a directory, as it stands or as it is planned: what can be read, what lies between.
//!
//! Nothing is decided here, and nothing is written.

use crate::care::repair::mend::{Gap, Mender};
use crate::care::repair::planned::{Patch, Planned};
use crate::disk::frame::Record;
use crate::disk::storage::{Directory, File};
use crate::memory::live::LivePart;
use crate::memory::survey::{Segment, index_of};
use crate::memory::walk::{Tail, walk_past_damage};
use crate::words::error::StoreError;

/// What a segment holds.
pub(super) struct Look {
    /// Bytes that no frame takes up, the zeros behind the last one left out.
    pub(super) gaps: Vec<Gap>,
    /// Events that can be read.
    pub(super) readable: u64,
    /// Exclusive end of the events that it has places for.
    pub(super) end: u64,
    /// Greatest time in it and before it.
    pub(super) largest_time: i64,
    /// Greatest sequence that a frame calls synced, exclusive.
    pub(super) synced_through: u64,
    /// Its index, made anew from the frames.
    pub(super) index: Vec<u8>,
}

/// Looks a segment through. `end` is where the next one begins, `largest_time` the greatest time before it; `seen` sees each frame, and the gap before it.
pub(super) fn look(
    segment: &Segment,
    end: Option<u64>,
    largest_time: i64,
    seen: &mut dyn FnMut(&Record<'_>, Option<Gap>),
) -> Result<Look, StoreError> {
    let mut live = LivePart::new(segment.name, segment.name.first, largest_time);
    let mut tail = Tail::start(segment);
    let (mut at, mut next) = (segment.frames_at, segment.name.first);
    let mut gaps = Vec::new();
    let walked = walk_past_damage(segment, &mut tail, &mut live, end, &mut |offset, len, record| {
        let sequence = record.global_sequence();
        let gap = (offset > at).then(|| {
            let until = sequence.or(end).unwrap_or(u64::MAX);
            Gap { bytes: at..offset, sequences: next..until }
        });
        gaps.extend(gap.clone());
        seen(record, gap);
        at = offset + u64::from(len);
        next = sequence.map_or(next, |sequence| sequence + 1);
    });
    walked?;
    if !is_zero(&*segment.file, at, segment.len_bytes)? {
        gaps.push(Gap { bytes: at..segment.len_bytes, sequences: next..end.unwrap_or(u64::MAX) });
    }
    Ok(Look {
        gaps,
        readable: live.offsets.iter().filter(|offset| **offset != 0).count() as u64,
        end: live.end(),
        largest_time: live.largest_time,
        synced_through: tail.synced_through,
        index: index_of(segment, &live, &tail),
    })
}

/// Goes through all segments from the first event on and plans what mends their gaps. Returns the events that come back, by segment.
pub(super) fn mend(segments: &[Segment], planned: &mut Planned) -> Result<Vec<u64>, StoreError> {
    let mut mender = Mender::default();
    let mut events = Vec::new();
    for (segment, end) in with_ends(segments) {
        let before = mender.events;
        let mut patches: Vec<Patch> = Vec::new();
        let mut failed = Ok(());
        let seen = &mut |record: &Record<'_>, gap: Option<Gap>| {
            if let (Some(gap), true) = (gap, failed.is_ok()) {
                failed = mender.mend(&*segment.file, &gap).map(|found| patches.extend(found));
            }
            mender.see(record);
        };
        let look = look(segment, end, i64::MIN, seen)?;
        failed?;
        if let Some(gap) = look.gaps.last().filter(|gap| gap.bytes.end == segment.len_bytes) {
            patches.extend(mender.mend(&*segment.file, gap)?);
        }
        if !patches.is_empty() {
            planned.patch(&segment.name.to_string(), patches);
        }
        events.push(mender.events - before);
    }
    Ok(events)
}

/// Each segment with the sequence at which the next one begins.
pub(super) fn with_ends(segments: &[Segment]) -> impl Iterator<Item = (&Segment, Option<u64>)> {
    let ends = segments.iter().skip(1).map(|segment| Some(segment.name.first)).chain([None]);
    segments.iter().zip(ends)
}

/// The segments with the files that a plan makes of theirs.
pub(super) fn as_planned(segments: &[Segment], planned: &Planned) -> Result<Vec<Segment>, StoreError> {
    let open = |segment: &Segment| -> Result<Segment, StoreError> {
        Ok(Segment { file: planned.open(&segment.name.to_string())?, ..segment.clone() })
    };
    segments.iter().map(open).collect()
}

/// True if a file has nothing but zeros between two places.
fn is_zero(file: &dyn File, from: u64, to: u64) -> Result<bool, StoreError> {
    const PIECE_BYTES: u64 = 1024 * 1024;
    let mut at = from;
    while at < to {
        let mut piece = vec![0; PIECE_BYTES.min(to - at) as usize];
        let read = file.read_at(&mut piece, at)?;
        if read == 0 {
            break;
        }
        if piece.iter().take(read).any(|byte| *byte != 0) {
            return Ok(false);
        }
        at += read as u64;
    }
    Ok(true)
}
