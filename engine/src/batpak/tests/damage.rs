//! Owns the proof that damage hides no more than what it hit: every cut, every byte of a store, seeded.

use std::ops::Range;

use super::support::{
    Dice, damages, files, frame_offsets, memory, one_segment, open, open_settled, read_all, reseal, shown,
};
use crate::batpak::Damage;
use crate::batpak::frame::{Frame, Marker};
use crate::disk::memory::Operation;

/// A segment and what its frames are.
struct Sample {
    bytes: Vec<u8>,
    frames_end: usize,
    /// Where each event stands, with its id and where it becomes visible: its own end, or that of its batch.
    events: Vec<(Range<usize>, u128, usize)>,
}

/// The only segment of a fixture; `frames_end` says where its frames end.
fn sample(case: &str, frames_end: usize) -> Sample {
    let bytes = files(case).into_iter().find(|(name, _)| name == "000001.fbat").unwrap().1;
    let offsets = frame_offsets(&bytes, frames_end);
    assert_eq!(offsets.last(), Some(&frames_end), "{case}");
    let mut events = Vec::new();
    let mut batch_from = None;
    for ends in offsets.windows(2) {
        let frame = Frame::decode(&bytes[ends[0] + 8..ends[1]]).unwrap();
        match frame.marker() {
            Some(Marker::Begin(_)) => batch_from = Some(events.len()),
            Some(Marker::Commit) => {
                for (_, _, visible_at) in &mut events[batch_from.take().unwrap()..] {
                    *visible_at = ends[1];
                }
            }
            None => events.push((ends[0]..ends[1], frame.header.event_id.into(), ends[1])),
        }
    }
    Sample { bytes, frames_end, events }
}

fn samples() -> [Sample; 4] {
    let mut without_footer = sample("v082-batches", 10_126);
    without_footer.bytes.truncate(without_footer.frames_end);
    [
        sample("v082-batches", 10_126),
        without_footer,
        sample("v010-single", 8_905),
        sample("v082-damaged-zero_tail_64", 4_628),
    ]
}

#[test]
fn every_cut_keeps_every_event_that_was_complete_before_it() {
    for sample in samples() {
        for cut in 0..=sample.bytes.len() {
            let store = open_settled(one_segment(&sample.bytes[..cut]));
            let expected: Vec<_> = sample
                .events
                .iter()
                .filter(|(_, _, visible_at)| *visible_at <= cut)
                .map(|(frame, id, _)| (1, frame.start as u64, *id))
                .collect();
            assert_eq!(shown(&store), expected, "cut at {cut}");
        }
    }
}

#[test]
fn a_footer_that_differs_from_the_frames_is_told_and_hides_nothing() {
    let sample = sample("v082-batches", 10_126);
    let footer_len = sample.bytes.len() - sample.frames_end;
    let rows_at = sample.bytes.len() - 16 - sample.events.len() * 162;
    let whole = shown(&open(one_segment(&sample.bytes)));
    for (place, reason) in [
        (0, "a row differs from its frame"),
        (118, "its rows do not follow each other"),
        (110 + 7, "its rows do not follow each other"),
        (122 + 1, "its sequences do not rise"),
        (19, "a row names an entity or a scope that it does not list"),
    ] {
        let mut bytes = sample.bytes.clone();
        bytes[rows_at + 162 * 3 + place] ^= 1;
        let store = open_settled(one_segment(&bytes));
        assert_eq!(shown(&store), whole, "{reason}");
        let [finding] = store.findings() else { panic!("{:?}", store.findings()) };
        assert_eq!(finding.bytes.unwrap().len_bytes, footer_len as u64, "{reason}");
        let is_told = match &finding.damage {
            Damage::Footer { reason: told } | Damage::FooterDiffers { reason: told } => *told == reason,
            _ => false,
        };
        assert!(is_told, "{reason}: {finding:?}");
    }
}

#[test]
fn a_cut_in_a_segment_hides_nothing_of_the_segments_behind_it() {
    let files = files("v082-rotated");
    let whole = open(memory(&files));
    let middle = &whole.segments()[2];
    for cut in (0..middle.len_bytes).step_by(61) {
        let mut files = files.clone();
        files.iter_mut().find(|(name, _)| *name == middle.name).unwrap().1.truncate(cut as usize);
        let store = open(memory(&files));
        let others = |store: &crate::batpak::BatpakStore| -> Vec<_> {
            let mut rows = store.rows().to_vec();
            rows.retain(|row| row.segment != 2);
            rows
        };
        assert_eq!(others(&store), others(&whole), "cut at {cut}");
        let mut left: Vec<_> = whole.rows().iter().filter(|row| row.segment == 2).collect();
        let complete = left.iter().filter(|row| row.end() <= cut).count();
        let shown = store.rows().iter().filter(|row| row.segment == 2);
        assert!(shown.clone().count() <= complete, "cut at {cut}");
        left.truncate(shown.clone().count());
        assert!(shown.eq(left), "cut at {cut}");
    }
}

#[test]
fn a_cut_is_told_unless_it_falls_between_frames() {
    let sample = sample("v082-damaged-zero_tail_64", 4_628);
    let first = sample.events[0].0.clone();
    assert_eq!(damages(&open_settled(one_segment(&sample.bytes[..first.end]))), []);
    let torn = [Damage::TornTail { is_tolerated: true }];
    assert_eq!(damages(&open_settled(one_segment(&sample.bytes[..=first.end]))), torn);
    assert_eq!(damages(&open_settled(one_segment(&sample.bytes[..first.end - 1]))), torn);
    assert_eq!(damages(&open_settled(one_segment(&sample.bytes[..30]))), [Damage::Header]);
}

/// Changes one byte and checks that at most the event in the frame hit is gone, and that nothing else came.
fn check_changed_byte(sample: &Sample, at: usize, mask: u8) {
    let mut bytes = sample.bytes.clone();
    bytes[at] ^= mask;
    let store = open_settled(one_segment(&bytes));
    let shown = shown(&store);
    let mut places = shown.iter();
    for (frame, id, _) in &sample.events {
        if frame.contains(&at) {
            continue;
        }
        let event = (1, frame.start as u64, *id);
        assert!(places.any(|place| *place == event), "byte {at} ^ {mask:#x} hides the event at {frame:?}");
    }
    for (_, offset, id) in &shown {
        let is_old =
            |(frame, old, _): &(Range<usize>, u128, usize)| (frame.start as u64, *old) == (*offset, *id);
        assert!(sample.events.iter().any(is_old), "byte {at} ^ {mask:#x} forges an event at {offset}");
    }
    let mut rising = store.rows().iter().map(|row| row.global_sequence);
    assert!(rising.by_ref().is_sorted_by(|a, b| a < b), "byte {at} ^ {mask:#x}");
    read_all(&store);
}

#[test]
fn a_changed_byte_hides_at_most_the_frame_that_it_is_in() {
    let mut dice = Dice::new(0xBA7_9A4);
    for sample in samples() {
        // Without a footer, a last batch's end whose length is damaged cannot be told from a torn one.
        let frames_end = sample.frames_end;
        for at in (0..sample.bytes.len()).step_by(3) {
            let at = (at + dice.below(3)).min(sample.bytes.len() - 1);
            let is_excused = sample.bytes.len() == frames_end && is_length_of_last_commit(&sample, at);
            if !is_excused {
                check_changed_byte(&sample, at, 1 << dice.below(8));
            }
        }
    }
}

fn is_length_of_last_commit(sample: &Sample, at: usize) -> bool {
    let offsets = frame_offsets(&sample.bytes, sample.frames_end);
    let last = offsets[offsets.len() - 2];
    (last..last + 4).contains(&at)
        && Frame::decode(&sample.bytes[last + 8..sample.frames_end]).unwrap().marker().is_some()
}

#[test]
fn a_wrong_checksum_in_any_frame_is_told_with_its_place() {
    let sample = sample("v082-damaged-zero_tail_64", 4_628);
    for (frame, _, _) in &sample.events {
        let mut bytes = sample.bytes[..sample.frames_end].to_vec();
        bytes[frame.start + 5] ^= 1;
        let store = open_settled(one_segment(&bytes));
        let [finding] = store.findings() else { panic!("{:?}", store.findings()) };
        let is_last = frame.end == sample.frames_end;
        assert_eq!(finding.damage, Damage::Checksum { is_last });
        assert_eq!(finding.bytes.unwrap().offset, frame.start as u64);
        assert_eq!(finding.bytes.unwrap().len_bytes, frame.len() as u64);
    }
}

#[test]
fn a_batch_with_damage_in_it_is_shown_and_told() {
    // Two items, at 2884 and 3360, between a beginning at 2555 and an end at 3820.
    let whole = sample("v082-damaged-zero_tail_64", 4_628).bytes[..4_628].to_vec();
    let wrong = Damage::Checksum { is_last: false };
    for (hit, events, told) in [
        (2_555, 7, vec![wrong.clone(), Damage::BatchBeginMissing]),
        (2_884, 6, vec![wrong.clone()]),
        (3_820, 7, vec![wrong, Damage::BatchEndDamaged { items: 2 }]),
    ] {
        let mut bytes = whole.clone();
        bytes[hit + 4] ^= 1;
        let store = open_settled(one_segment(&bytes));
        assert_eq!((store.len(), damages(&store)), (events, told), "frame at {hit}");
        assert_eq!(store.rows().last().unwrap().global_sequence, 6, "frame at {hit}");
    }
}

#[test]
fn a_damaged_length_is_passed_over_to_the_next_whole_frame() {
    let sample = sample("v082-damaged-zero_tail_64", 4_628);
    let frame = sample.events[2].0.clone();
    for byte in 0..4 {
        let mut bytes = sample.bytes[..sample.frames_end].to_vec();
        bytes[frame.start + byte] ^= 0x40;
        let store = open_settled(one_segment(&bytes));
        let [finding] = store.findings() else { panic!("{:?}", store.findings()) };
        assert_eq!((store.len(), &finding.damage), (6, &Damage::NotAFrame));
        let hit = finding.bytes.unwrap();
        assert_eq!((hit.offset, hit.len_bytes), (frame.start as u64, frame.len() as u64));
    }
}

#[test]
fn a_store_without_one_of_its_segments_tells_how_many_events_are_missing() {
    let mut files = files("v082-rotated");
    let whole = open(memory(&files));
    let gone = whole.rows().iter().filter(|row| row.segment == 2).count();
    files.retain(|(name, _)| name != "000003.fbat");
    let store = open(memory(&files));
    assert_eq!(damages(&store), [Damage::SegmentsMissing { events: gone as u64 }]);
    assert_eq!(store.len(), whole.len() - gone as u64);
    let last = |store: &crate::batpak::BatpakStore| store.rows().last().unwrap().global_sequence;
    assert_eq!(last(&store), last(&whole));
}

#[test]
fn a_gap_in_front_of_a_segment_without_a_footer_is_told_though_nothing_says_how_many_events_it_held() {
    let mut files = files("v082-rotated");
    let whole = open(memory(&files));
    let frames_end = whole.segments().last().unwrap().frames_end;
    files.retain(|(name, _)| !["000006.fbat", "000007.fbat"].contains(&name.as_str()));
    for (name, bytes) in &mut files {
        if name == "000008.fbat" {
            bytes.truncate(frames_end as usize);
        }
    }
    let store = open_settled(memory(&files));
    assert_eq!(damages(&store), [Damage::SegmentsAbsent { first: 6, last: 7 }]);
    assert_eq!(store.findings()[0].segment_id, Some(8));
}

#[test]
fn an_empty_segment_and_one_without_a_header_hide_nothing_of_the_others() {
    let mut files = files("v082-reopened");
    let whole = shown(&open(memory(&files)));
    let next = files.iter().filter(|(name, _)| name.ends_with(".fbat")).count() + 1;
    files.push((format!("{next:06}.fbat"), Vec::new()));
    for (name, bytes) in &mut files {
        if name == "000002.fbat" {
            bytes[..8].fill(0);
        }
    }
    let store = open_settled(memory(&files));
    assert_eq!(shown(&store), whole);
    assert_eq!(damages(&store), [Damage::Header, Damage::Header]);
}

#[test]
fn an_event_whose_payload_was_changed_under_a_repaired_checksum_is_shown_with_a_finding() {
    let sample = sample("v082-damaged-zero_tail_64", 4_628);
    let frame = sample.events[1].0.clone();
    let mut bytes = sample.bytes[..sample.frames_end].to_vec();
    let payload = Frame::decode(&bytes[frame.start + 8..frame.end]).unwrap().payload.to_vec();
    let at = bytes[frame.clone()].windows(payload.len()).position(|window| window == payload).unwrap();
    let last = frame.start + at + payload.len() - 1;
    bytes[last] ^= 1;
    reseal(&mut bytes[frame]);
    let store = open(one_segment(&bytes));
    assert_eq!(damages(&store), []);
    let event = store.read(1).unwrap();
    assert_eq!(event.findings[0].damage, Damage::ContentHash);
    assert_eq!(event.findings.len(), 1);
}

#[test]
fn forged_lengths_make_the_reader_ask_for_no_more_than_the_file_holds() {
    let whole = sample("v082-damaged-zero_tail_64", 4_628).bytes[..4_628].to_vec();
    for length in [0xFFFF_FFFF_u32, 0x1000_0000, 0x0FFF_FFFF, 0x8000_0000] {
        for at in [4, 57, 4_149] {
            let mut bytes = whole.clone();
            bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
            let dir = one_segment(&bytes);
            let store = open_settled(dir.clone());
            assert!(store.len() >= 6, "{length:#x} at {at}");
            for operation in dir.operations() {
                if let Operation::Read { len, .. } = operation {
                    assert!(len <= bytes.len(), "{length:#x} at {at}: {len} bytes");
                }
            }
        }
    }
}
