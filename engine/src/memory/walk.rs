//! Owns walking the frames of a segment into an index: up to the first bad spot, or past every one of them, leaving holes.

use std::ops::ControlFlow;

use crate::disk::frame::{FIXED_EVENT_LEN, FIXED_STUB_LEN, MarkPurpose, Record};
use crate::disk::scan::{ScanEnd, ScanReason, Scanner};
use crate::disk::storage::File;
use crate::memory::live::{LivePart, Row};
use crate::memory::survey::Segment;
use crate::words::error::StoreError;

/// Where a walk over the frames of a segment came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Where the last complete group ends.
    pub(crate) end_bytes: u64,
    /// The global sequence that the next event would have.
    pub(crate) next_sequence: u64,
    /// Greatest `synced_through` that was read.
    pub(crate) synced_through: u64,
    /// Hash and stream sequence of the last event.
    pub(crate) last: ([u8; 32], u32),
    /// The last frame is the mark of a clean close or a seal.
    pub(crate) ends_with: Option<MarkPurpose>,
    /// The place behind the end that is neither a frame nor zero, and what is wrong there.
    pub(crate) bad: Option<(u64, String)>,
    pub(crate) frames: u64,
}

impl Tail {
    /// A segment of which nothing was walked yet.
    pub(crate) fn start(segment: &Segment) -> Self {
        Self {
            end_bytes: segment.frames_at,
            next_sequence: segment.name.first,
            synced_through: segment.name.first,
            last: ([0; 32], 0),
            ends_with: None,
            bad: None,
            frames: 0,
        }
    }
}

/// Sees each frame of a walk with its offset and length in bytes.
pub(crate) type Seen<'s> = dyn FnMut(u64, u32, &Record<'_>) + 's;

/// Adds the frames behind `tail` to the index, up to the first bad spot.
pub(crate) fn walk(
    file: &dyn File,
    tail: &mut Tail,
    live: &mut LivePart,
    seen: &mut Seen<'_>,
) -> Result<(), StoreError> {
    walk_with(&mut Scanner::new(file)?, (tail, live), None, seen)
}

/// The same, by a scanner that goes on behind bad spots, and not as far as the event with which the next
/// segment begins: of segments that overlap because of damage, one shows each event, whoever opens the log.
pub(crate) fn walk_with(
    scanner: &mut Scanner<'_>,
    (tail, live): (&mut Tail, &mut LivePart),
    next: Option<u64>,
    seen: &mut Seen<'_>,
) -> Result<(), StoreError> {
    let (mut last, mut ends_with) = (tail.last, tail.ends_with);
    let end: ScanEnd = scanner.scan(tail.end_bytes, tail.next_sequence, &mut |offset, len, record| {
        if record.global_sequence().zip(next).is_some_and(|(sequence, next)| sequence >= next) {
            return ControlFlow::Break(());
        }
        index_record(live, offset, record, &mut last);
        ends_with = match record {
            Record::Mark(mark) => Some(mark.purpose),
            Record::Event(_) | Record::Stub(_) | Record::Catalogue { .. } => None,
        };
        seen(offset, len, record);
        ControlFlow::Continue(())
    })?;
    tail.end_bytes = end.offset;
    tail.next_sequence = end.next_sequence;
    tail.synced_through = tail.synced_through.max(end.synced_through);
    tail.last = last;
    tail.ends_with = ends_with;
    tail.frames += end.frames_read;
    tail.bad = match end.reason {
        ScanReason::Bad { offset, error } => Some((offset, error.to_string())),
        ScanReason::Clean | ScanReason::Stopped => None,
    };
    Ok(())
}

fn index_record(live: &mut LivePart, offset: u64, record: &Record<'_>, last: &mut ([u8; 32], u32)) {
    match record {
        Record::Event(view) => {
            let header = view.header(0);
            live.push(&Row {
                offset: offset as u32,
                header: &header,
                entity: view.entity,
                scope: view.scope,
                event_hash: view.event_hash,
            });
            *last = (*view.event_hash, view.stream_sequence);
        }
        Record::Stub(stub) => {
            live.push_stub(offset as u32, stub);
            *last = (stub.event_hash, stub.stream_sequence);
        }
        Record::Catalogue { description, .. } => live.describe(description),
        Record::Mark(_) => {}
    }
}

/// Bad spots that a walk passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BadSpots {
    pub(crate) count: u64,
    /// Offset of the first one, and the sequence of the event that should stand there.
    pub(crate) first: Option<(u64, u64)>,
}

/// Walks on behind bad spots, leaving a hole for each event that cannot be read. Returns the bad spots that were met.
///
/// `end` is the sequence at which the next segment begins, if there is one.
pub(crate) fn walk_past_damage(
    segment: &Segment,
    tail: &mut Tail,
    live: &mut LivePart,
    end: Option<u64>,
    seen: &mut Seen<'_>,
) -> Result<BadSpots, StoreError> {
    let mut spots = BadSpots::default();
    // What a segment grew by since it was looked at is not what was asked for.
    let mut scanner = Scanner::within(&*segment.file, segment.len_bytes)?;
    walk_with(&mut scanner, (&mut *tail, &mut *live), end, seen)?;
    while let Some((bad, _)) = tail.bad.clone() {
        spots.count += 1;
        spots.first = spots.first.or(Some((bad, tail.next_sequence)));
        if !pass_damage(&mut scanner, segment, (tail, live), (end, seen))? {
            break;
        }
        let found = tail.end_bytes;
        walk_with(&mut scanner, (&mut *tail, &mut *live), end, seen)?;
        if tail.end_bytes == found {
            break;
        }
    }
    leave_holes(segment, tail, live, end);
    Ok(spots)
}

/// Goes from the bad spot that `tail` came to, to where readable frames go on, and leaves a hole for each event in between. Of a group
/// that is broken there, what comes before the spot is shown: readable frames behind it say that the group was whole once. False if
/// nothing can be read behind the spot.
pub(crate) fn pass_damage(
    scanner: &mut Scanner<'_>,
    segment: &Segment,
    (tail, live): (&mut Tail, &mut LivePart),
    (end, seen): (Option<u64>, &mut Seen<'_>),
) -> Result<bool, StoreError> {
    let Some((bad, _)) = tail.bad.clone() else { return Ok(false) };
    let start = tail.end_bytes;
    let head = scanner.show_broken_group(start, bad, &mut |_, _, _| {})?;
    let beyond = Tail { end_bytes: bad, next_sequence: tail.next_sequence + head, ..tail.clone() };
    let found = next_readable(scanner, segment, &beyond, (bad, end))?;
    let Some((found, sequence)) = found else { return Ok(false) };
    let mut last = tail.last;
    tail.frames += scanner.show_broken_group(start, bad, &mut |offset, len, record| {
        index_record(live, offset, record, &mut last);
        seen(offset, len, record);
    })?;
    while live.end() < sequence {
        live.push_damaged();
    }
    (tail.last, tail.end_bytes, tail.next_sequence) = (last, found, sequence);
    Ok(true)
}

/// Leaves a hole for each event that lay between the last readable frame and the next segment, if there was room for so many.
pub(crate) fn leave_holes(segment: &Segment, tail: &Tail, live: &mut LivePart, end: Option<u64>) {
    let unread = segment.len_bytes.saturating_sub(tail.end_bytes);
    if let Some(end) = end.filter(|end| end.saturating_sub(live.end()) <= room_for_events(segment, unread)) {
        while live.end() < end {
            live.push_damaged();
        }
    }
}

/// Most events that so many bytes of a segment can hold: names have at least one byte each, and only compaction writes stubs.
pub(super) fn room_for_events(segment: &Segment, bytes: u64) -> u64 {
    let least = if segment.name.generation == 0 { FIXED_EVENT_LEN + 2 } else { FIXED_STUB_LEN + 1 };
    bytes / least as u64
}

/// Where readable frames go on behind the bad spot at `bad`, and the sequence of the first event there.
///
/// Every event that is missing took up bytes: a frame that claims to be further on than they allow is passed as a forged one, and so
/// is one from before the spot, which a disk wrote where it does not belong.
fn next_readable(
    scanner: &mut Scanner<'_>,
    segment: &Segment,
    tail: &Tail,
    (bad, end): (u64, Option<u64>),
) -> Result<Option<(u64, u64)>, StoreError> {
    let mut from = tail.end_bytes;
    while let Some(found) = scanner.resync(from, tail.next_sequence)? {
        let event = if found > tail.end_bytes { scanner.first_event(found)? } else { None };
        let room = room_for_events(segment, found - tail.end_bytes);
        let missing = event.and_then(|sequence| sequence.checked_sub(tail.next_sequence));
        if let (Some(sequence), Some(missing)) = (event, missing)
            && missing <= room
            && end.is_none_or(|end| sequence < end)
        {
            return Ok(Some((found, sequence)));
        }
        from = found.max(bad).max(tail.end_bytes) + 1;
    }
    Ok(None)
}
