//! Owns the proof that a store is followed while it is written: pieces, rotations, batches, cuts, replacements, faults.

use std::io;

use super::support::{append, damages, expected, files, memory, one_segment, open, put, read_all, shown};
use crate::batpak::{BatpakStore, Damage, Refresh};
use crate::disk::memory::MemoryDirectory;
use crate::disk::storage::Directory;

const SEGMENT: &str = "000001.fbat";
const UNCHANGED: Refresh = Refresh { new_events: 0, rolled_back_to: None };

fn segment_of(case: &str, name: &str) -> Vec<u8> {
    files(case).into_iter().find(|(found, _)| found == name).unwrap().1
}

/// A segment without a footer: seven events, two of them, at places 4 and 5, in a batch from 2555 to 4149.
fn active_segment() -> Vec<u8> {
    let mut bytes = segment_of("v082-damaged-zero_tail_64", SEGMENT);
    bytes.truncate(4_628);
    bytes
}

fn global_sequences(store: &BatpakStore) -> Vec<u64> {
    store.rows().iter().map(|row| row.global_sequence).collect()
}

#[test]
fn events_that_arrive_in_pieces_are_shown_once_they_are_whole() {
    let bytes = active_segment();
    let whole = shown(&open(one_segment(&bytes)));
    assert_eq!(whole.len(), 7);
    for step in [1, 7, 333, 1_000] {
        let dir = one_segment(&[]);
        let mut store = open(dir.clone());
        let mut seen = 0;
        for piece in bytes.chunks(step) {
            append(&*dir, SEGMENT, piece);
            let refresh = store.refresh().unwrap();
            seen += refresh.new_events;
            assert_eq!((refresh.rolled_back_to, store.len()), (None, seen));
            assert_eq!(shown(&store), whole[..seen as usize]);
            assert_eq!(damages(&store), []);
        }
        assert_eq!(shown(&store), whole);
        assert_eq!(store.unfinished_end(), None);
        assert_eq!(store.refresh().unwrap(), UNCHANGED);
        read_all(&store);
    }
}

#[test]
fn an_unfinished_end_counts_as_torn_after_two_unchanged_looks_and_no_more_once_it_goes_on() {
    let bytes = active_segment();
    let dir = one_segment(&bytes[..4_600]);
    let mut store = open(dir.clone());
    for unchanged_checks in 0..2 {
        let end = store.unfinished_end().unwrap();
        assert_eq!((end.bytes.offset, end.bytes.len_bytes), (4_149, 451));
        assert_eq!((end.unchanged_checks, damages(&store)), (unchanged_checks, vec![]));
        assert_eq!(store.refresh().unwrap(), UNCHANGED);
    }
    assert_eq!(damages(&store), [Damage::TornTail { is_tolerated: true }]);
    assert_eq!(store.unfinished_end(), None);
    assert_eq!(store.refresh().unwrap(), UNCHANGED);
    append(&*dir, SEGMENT, &bytes[4_600..]);
    assert_eq!(store.refresh().unwrap(), Refresh { new_events: 1, rolled_back_to: None });
    assert_eq!(damages(&store), []);
}

#[test]
fn a_batch_is_shown_with_its_end_and_counts_as_dead_when_the_end_does_not_come() {
    let bytes = active_segment();
    let dir = one_segment(&bytes[..3_820]);
    let mut store = open(dir.clone());
    assert_eq!((store.len(), damages(&store)), (4 - 1 - 1 + 2, vec![]));
    store.refresh().unwrap();
    store.refresh().unwrap();
    assert_eq!(damages(&store), [Damage::UnfinishedBatch { items: 2 }]);
    assert_eq!(store.len(), 4);
    append(&*dir, SEGMENT, &bytes[3_820..4_149]);
    assert_eq!(store.refresh().unwrap(), Refresh { new_events: 2, rolled_back_to: None });
    assert_eq!(damages(&store), []);
}

#[test]
fn a_dead_batch_at_the_end_of_a_segment_hides_nothing_of_the_next() {
    let dir = one_segment(&active_segment()[..3_820]);
    let mut store = open(dir.clone());
    let frames_end = expected("v082-reopened")["segments"][1]["frames_end"].as_u64().unwrap() as usize;
    put(&*dir, "000002.fbat", &segment_of("v082-reopened", "000002.fbat")[..frames_end]);
    let added = store.refresh().unwrap().new_events;
    assert!(added > 0);
    assert_eq!(damages(&store), [Damage::UnfinishedBatch { items: 2 }]);
    assert_eq!(store.rows().iter().filter(|row| row.segment == 1).count() as u64, added);
}

#[test]
fn a_rotation_brings_a_footer_and_a_segment() {
    let dir = MemoryDirectory::new();
    let mut whole = Vec::new();
    let mut store = None;
    for place in 1..=8 {
        let name = format!("{place:06}.fbat");
        let bytes = segment_of("v082-rotated", &name);
        let footer_at = bytes.len() - 200;
        put(&*dir, &name, &bytes[..footer_at]);
        let followed: &mut BatpakStore = store.get_or_insert_with(|| open(dir.clone()));
        assert_eq!(followed.refresh().unwrap().rolled_back_to, None);
        append(&*dir, &name, &bytes[footer_at..]);
        assert_eq!(followed.refresh().unwrap().rolled_back_to, None);
        assert_eq!(damages(followed), []);
        assert!(shown(followed).starts_with(&whole));
        whole = shown(followed);
    }
    let store = store.unwrap();
    assert_eq!(whole.len(), 50);
    assert_eq!(global_sequences(&store), (0..50).collect::<Vec<_>>());
    read_all(&store);
}

#[test]
fn a_footer_that_knows_of_gaps_renumbers_the_events_behind_them() {
    let bytes = segment_of("v082-batches", SEGMENT);
    let expected = expected("v082-batches");
    let numbers: Vec<u64> = expected["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["global_sequence"].as_u64().unwrap())
        .collect();
    let first_gap = numbers.iter().enumerate().position(|(place, number)| place as u64 != *number).unwrap();
    let frames_end = expected["segments"][0]["frames_end"].as_u64().unwrap() as usize;
    let dir = one_segment(&bytes[..frames_end]);
    let mut store = open(dir.clone());
    assert_eq!(global_sequences(&store), (0..14).collect::<Vec<_>>());
    append(&*dir, SEGMENT, &bytes[frames_end..]);
    let refresh = store.refresh().unwrap();
    assert_eq!(refresh.rolled_back_to, Some(first_gap as u64));
    assert_eq!(refresh.new_events, 14 - first_gap as u64);
    assert_eq!(global_sequences(&store), numbers);
}

#[test]
fn a_file_that_shrinks_rolls_back_to_what_is_left() {
    let bytes = active_segment();
    let dir = one_segment(&bytes);
    let mut store = open(dir.clone());
    dir.open_writable(SEGMENT).unwrap().set_len(2_074).unwrap();
    assert_eq!(store.refresh().unwrap(), Refresh { new_events: 0, rolled_back_to: Some(3) });
    assert_eq!((store.len(), damages(&store)), (3, vec![]));
    read_all(&store);
    append(&*dir, SEGMENT, &bytes[2_074..]);
    assert_eq!(store.refresh().unwrap(), Refresh { new_events: 4, rolled_back_to: None });
}

#[test]
fn a_replaced_file_is_read_anew_and_an_event_of_the_old_one_is_refused() {
    let bytes = active_segment();
    let dir = one_segment(&bytes);
    let mut store = open(dir.clone());
    put(&*dir, "new", &segment_of("v082-drop", SEGMENT));
    dir.rename_over("new", SEGMENT).unwrap();
    assert!(store.read(1).is_err());
    let refresh = store.refresh().unwrap();
    assert_eq!(refresh, Refresh { new_events: store.len(), rolled_back_to: Some(0) });
    read_all(&store);
}

#[test]
fn hidden_ranges_that_appear_roll_back_to_the_first_event_that_they_hide() {
    let mut files = files("v082-fence");
    let place = files.iter().position(|(name, _)| name == "visibility_ranges.fbv").unwrap();
    let (name, bytes) = files.remove(place);
    let dir = memory(&files);
    let mut store = open(dir.clone());
    put(&*dir, &name, &bytes);
    assert_eq!(store.refresh().unwrap(), Refresh { new_events: 5, rolled_back_to: Some(6) });
    assert_eq!(store.rows().iter().filter(|row| row.hidden).count(), 2);
    assert_eq!(store.refresh().unwrap(), UNCHANGED);
}

#[test]
fn a_compaction_is_followed_from_its_note_to_its_end() {
    let dir = memory(&files("v082-rotated"));
    let mut store = open(dir.clone());
    let whole: Vec<_> = shown(&store).iter().map(|(_, _, id)| *id).collect();
    put(&*dir, "compaction.pending.json", br#"{"merged_id":1,"source_segment_ids":[1,2]}"#);
    dir.rename_new(SEGMENT, "000001.fbat.compact-src").unwrap();
    store.refresh().unwrap();
    assert_eq!((store.len(), damages(&store)), (50, vec![Damage::CompactionPending]));

    let (first, second) = (segment_of("v082-rotated", SEGMENT), segment_of("v082-rotated", "000002.fbat"));
    let ends = &expected("v082-rotated")["segments"];
    let end_of = |place: usize| ends[place]["frames_end"].as_u64().unwrap() as usize;
    let mut merged = first[..end_of(0)].to_vec();
    merged.extend_from_slice(&second[57..end_of(1)]);
    put(&*dir, SEGMENT, &merged);
    store.refresh().unwrap();
    assert_eq!((store.len(), damages(&store)), (50, vec![Damage::CompactionPending]));
    for name in ["compaction.pending.json", "000001.fbat.compact-src", "000002.fbat"] {
        dir.remove(name).unwrap();
    }
    store.refresh().unwrap();
    assert_eq!(damages(&store), []);
    assert_eq!(shown(&store).iter().map(|(_, _, id)| *id).collect::<Vec<_>>(), whole);
    assert_eq!(global_sequences(&store), (0..50).collect::<Vec<_>>());
    read_all(&store);
}

#[test]
fn a_compaction_that_lost_a_source_or_its_note_is_told() {
    let dir = memory(&files("v082-rotated"));
    let before = open(dir.clone()).len();
    put(&*dir, "compaction.pending.json", b"{");
    dir.rename_new(SEGMENT, "000001.fbat.compact-src").unwrap();
    let store = open(dir.clone());
    let name = "000001.fbat.compact-src".to_owned();
    assert_eq!(damages(&store), [Damage::CompactionMarker, Damage::CompactionStandIn { name }]);
    assert_eq!(store.len(), before);
    dir.remove("compaction.pending.json").unwrap();
    dir.remove("000002.fbat").unwrap();
    put(&*dir, "compaction.pending.json", br#"{"merged_id":1,"source_segment_ids":[1,2]}"#);
    let name = "000002.fbat".to_owned();
    let found = damages(&open(dir));
    assert_eq!(found[..2], [Damage::CompactionPending, Damage::CompactionSource { name }]);
}

#[test]
fn a_refresh_that_fails_loses_nothing_and_the_next_one_tells_what_changed() {
    let bytes = active_segment();
    let clean = shown(&open(one_segment(&bytes)));
    let mut failures = 0;
    for call in 1.. {
        let dir = one_segment(&bytes[..2_074]);
        let mut store = open(dir.clone());
        assert_eq!(store.len(), 3);
        append(&*dir, SEGMENT, &bytes[2_074..]);
        let struck = dir.calls() + call;
        dir.fail_call(struck, io::ErrorKind::Other, false);
        let first = store.refresh();
        if dir.calls() < struck {
            break;
        }
        let again = store.refresh().unwrap();
        assert_eq!(shown(&store), clean, "call {call}");
        if first.is_err() {
            failures += 1;
            assert!(again.rolled_back_to.is_none_or(|index| index <= 3), "call {call}");
            assert_eq!(again.rolled_back_to.unwrap_or(3) + again.new_events, 7, "call {call}");
        }
        assert_eq!((store.refresh().unwrap(), damages(&store)), (UNCHANGED, vec![]), "call {call}");
    }
    assert!(failures >= 2, "the fault struck {failures} times");
}
