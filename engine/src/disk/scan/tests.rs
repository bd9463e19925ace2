//! Owns the tests of walking the frames of a segment.

use super::*;
use crate::disk::frame::{EventFrame, Mark, MarkPurpose, Stub};
use crate::disk::memory::MemoryDirectory;
use crate::disk::storage::Directory;
use crate::words::event::{EventHeader, Extensions, RemovalReason};
use crate::words::id::EventId;
use crate::words::kind::EventKind;
use crate::words::position::DagPosition;
use crate::words::sync::Arc;

/// Offset at which the frames of these tests begin.
const START: u64 = 84;

fn event(sequence: u64, remaining: u32, payload: &[u8]) -> Vec<u8> {
    let kind = EventKind::custom(1, 1);
    let header = EventHeader::new(5, 5, None, 0, DagPosition::child(0), payload.len() as u32, kind);
    let mut out = Vec::new();
    let frame = EventFrame {
        global_sequence: sequence,
        synced_through: sequence.saturating_sub(3),
        remaining,
        header: &header,
        payload_form: 0,
        event_hash: &[0; 32],
        entity: "entity",
        scope: "scope",
        extensions: &Extensions::new(),
        payload,
    };
    frame.encode(&mut out);
    out
}

fn stub(sequence: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let stub = Stub {
        reason: RemovalReason::Retention,
        global_sequence: sequence,
        stream_sequence: 0,
        event_id: EventId::from_u128(1),
        kind: EventKind::custom(1, 1),
        content_hash: [0; 32],
        event_hash: [0; 32],
        entity: "entity".to_owned(),
    };
    stub.encode(&mut out);
    out
}

fn mark(synced_through: u64) -> Vec<u8> {
    let mut out = Vec::new();
    Mark { synced_through, purpose: MarkPurpose::Sealed }.encode(&mut out);
    out
}

fn file(frames: &[Vec<u8>]) -> Arc<dyn File> {
    let file = MemoryDirectory::new().create("x").unwrap();
    file.write_at(&frames.concat(), START).unwrap();
    file
}

fn resync(file: &dyn File, from: u64, min_sequence: u64) -> Option<u64> {
    Scanner::new(file).unwrap().resync(from, min_sequence).unwrap()
}

/// Scans from sequence 10 and returns the sequences that were shown, with the end.
fn shown(file: &dyn File) -> (Vec<Option<u64>>, ScanEnd) {
    let mut sequences = Vec::new();
    let end = Scanner::new(file).unwrap().scan(START, 10, &mut |offset, len, record| {
        let mut bytes = vec![0; len as usize];
        file.read_at(&mut bytes, offset).unwrap();
        assert_eq!(frame::decode(&bytes).as_ref(), Ok(record));
        sequences.push(record.global_sequence());
        ControlFlow::Continue(())
    });
    (sequences, end.unwrap())
}

fn check(frames: &[Vec<u8>], sequences: &[u64], whole_frames: usize, reason: &ScanReason) {
    let (shown, end) = shown(&*file(frames));
    assert_eq!(shown.into_iter().flatten().collect::<Vec<_>>(), sequences);
    assert_eq!(end.offset, place(frames, whole_frames));
    assert_eq!(end.next_sequence, 10 + sequences.len() as u64);
    assert_eq!(end.frames_read, whole_frames as u64);
    assert_eq!(&end.reason, reason);
}

fn place(frames: &[Vec<u8>], count: usize) -> u64 {
    START + frames[..count].iter().map(|frame| frame.len() as u64).sum::<u64>()
}

#[test]
fn all_frames_are_shown_up_to_zeros_or_the_end_of_the_file() {
    let mut frames =
        vec![event(10, 0, b""), event(11, 1, b"a"), event(12, 0, b"b"), mark(13), event(13, 0, b"")];
    check(&frames, &[10, 11, 12, 13], 5, &ScanReason::Clean);
    for zeros in [1, 3, 4, 600_000] {
        frames.push(vec![0; zeros]);
        check(&frames, &[10, 11, 12, 13], 5, &ScanReason::Clean);
        frames.pop();
    }
    check(&[], &[], 0, &ScanReason::Clean);
    assert_eq!(shown(&*file(&frames)).1.synced_through, 13);
}

#[test]
fn frames_greater_than_the_window_and_groups_across_windows_are_shown() {
    let big = vec![7; 400_000];
    let frames =
        [event(10, 0, &big), event(11, 2, &big), event(12, 1, &big), event(13, 0, b""), event(14, 0, &big)];
    check(&frames, &[10, 11, 12, 13, 14], 5, &ScanReason::Clean);
    let small: Vec<_> = (10..5_000).map(|sequence| event(sequence, 0, &[1; 40])).collect();
    check(&small, &(10..5_000).collect::<Vec<_>>(), small.len(), &ScanReason::Clean);
}

#[test]
fn a_group_that_does_not_end_is_not_shown_at_all() {
    let group = [event(10, 0, b""), event(11, 2, b""), event(12, 1, b"")];
    let broke_off = |offset| ScanReason::Bad { offset, error: BROKEN_GROUP };
    check(&group, &[10], 1, &broke_off(place(&group, 3)));
    for next in [vec![0; 5_000], event(13, 5, b""), event(13, 1, b""), mark(13)] {
        let frames = [&group[..], &[next]].concat();
        check(&frames, &[10], 1, &broke_off(place(&frames, 3)));
    }
}

#[test]
fn stubs_stand_in_a_group_for_the_events_that_they_replace() {
    let frames = [event(10, 2, b""), stub(11), event(12, 0, b""), event(13, 1, b""), stub(14), stub(15)];
    check(&frames, &[10, 11, 12, 13, 14, 15], 6, &ScanReason::Clean);
}

#[test]
fn a_sequence_that_does_not_continue_is_a_bad_spot() {
    for wrong in [9, 10, 12, u64::MAX] {
        let frames = [event(10, 0, b""), event(wrong, 0, b"")];
        check(&frames, &[10], 1, &ScanReason::Bad { offset: place(&frames, 1), error: BROKEN_SEQUENCE });
    }
}

#[test]
fn bytes_that_are_no_frame_are_a_bad_spot_with_their_reason() {
    let good = event(10, 0, b"");
    let at = place(std::slice::from_ref(&good), 1);
    let mut flipped = event(11, 0, b"");
    flipped[60] ^= 1;
    let mut zeroed = event(11, 0, b"");
    zeroed[..40].fill(0);
    for (bytes, error) in [
        (flipped, FrameError::Crc),
        (zeroed, FrameError::End),
        (vec![1, 0], FrameError::Truncated { needed: 4, available: 2 }),
        (vec![100, 0, 0, 0, 1], FrameError::Truncated { needed: 100, available: 5 }),
        (vec![0xFF; 20], FrameError::Length { found: u32::MAX }),
    ] {
        check(&[good.clone(), bytes], &[10], 1, &ScanReason::Bad { offset: at, error });
    }
}

#[test]
fn a_visitor_that_has_seen_enough_stops_the_scan_behind_its_frame() {
    let frames = [event(10, 0, b""), event(11, 1, b""), event(12, 0, b"")];
    let file = file(&frames);
    for stop in 1..=3 {
        let mut seen = 0;
        let end = Scanner::new(&*file).unwrap().scan(START, 10, &mut |_, _, _| {
            seen += 1;
            if seen == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let end = end.unwrap();
        assert_eq!((end.offset, end.reason), (place(&frames, stop), ScanReason::Stopped));
        assert_eq!((end.frames_read, end.next_sequence), (stop as u64, 10 + stop as u64));
    }
}

#[test]
fn the_frames_behind_a_bad_spot_are_found_whatever_was_damaged() {
    let mut frames =
        [event(10, 0, b""), event(11, 0, &vec![0; 300_000]), event(12, 0, b""), event(13, 0, b"")];
    let (bad, next) = (place(&frames, 1), place(&frames, 2));
    for at in [0, 1, 3, 5, 8, 15, 200_000] {
        let was = std::mem::replace(&mut frames[1][at], 0x99);
        let file = file(&frames);
        assert_eq!(resync(&*file, bad, 11), Some(next), "byte {at}");
        assert_eq!(resync(&*file, bad, 13), Some(place(&frames, 3)), "byte {at}");
        assert_eq!(resync(&*file, bad, 14), None, "byte {at}");
        frames[1][at] = was;
    }
    frames[1].fill(0);
    assert_eq!(resync(&*file(&frames), bad, 11), Some(next));
}

#[test]
fn a_frame_inside_a_payload_is_not_taken_for_one_while_the_length_around_it_is_good() {
    let mut frames = [event(10, 0, &event(11, 0, b"planted")), event(11, 0, b"")];
    frames[0][30] ^= 1;
    assert_eq!(resync(&*file(&frames), START, 10), Some(place(&frames, 1)));
}

#[test]
fn a_mark_at_the_end_is_found_behind_a_damaged_length() {
    let mut frames = [event(10, 0, b""), mark(11)];
    frames[0][0] ^= 1;
    assert_eq!(resync(&*file(&frames), START, 10), Some(place(&frames, 1)));
}

#[test]
fn bytes_made_to_look_like_frames_do_not_make_the_search_endless() {
    let mut bait = event(10, 0, b"");
    bait.truncate(22);
    bait[..4].copy_from_slice(&500_000_u32.to_le_bytes());
    let frames = [bait.repeat(40_000)];
    assert_eq!(resync(&*file(&frames), START, 10), None);
}

#[test]
fn many_bad_spots_do_not_make_each_search_as_dear_as_the_first() {
    // Each spot has bait that asks for half the file, and an event behind it.
    let mut bait = event(10, 0, b"");
    bait.truncate(22);
    bait[..4].copy_from_slice(&300_000_u32.to_le_bytes());
    let spot = |n: u64| [bait.repeat(20), event(10 + n, 0, b"")].concat();
    let directory = MemoryDirectory::new();
    let file = directory.create("x").unwrap();
    file.write_at(&(0..1_000).map(spot).collect::<Vec<_>>().concat(), START).unwrap();
    let mut scanner = Scanner::new(&*file).unwrap();
    let (mut at, mut found) = (START, 0);
    while let Some(next) = scanner.resync(at, 10).unwrap() {
        (at, found) = (next + 1, found + 1);
    }
    let asked = directory.bytes_asked_for() / file.len().unwrap();
    assert!(asked < 64, "{asked} times the file was read for {found} frames");
}

#[test]
fn zeros_are_told_from_anything_else_up_to_the_last_byte() {
    let file = file(&[vec![0; 300_000]]);
    let is_zero = |from| Window::new(&*file, u64::MAX).unwrap().is_zero_from(from).unwrap();
    assert!(is_zero(START) && is_zero(u64::MAX));
    file.write_at(&[1], 299_999).unwrap();
    assert!(!is_zero(START) && is_zero(300_000));
}
