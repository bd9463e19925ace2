//! Owns the flipped bits: each is found at level V2 or provably harmless, and takes no event but the one whose frame it hits.

use super::{Honest, open_all, read_only};
use crate::disk::segment::{INDEX_SUFFIX, SEGMENT_SUFFIX};
use crate::proof::figures::{share, tell};
use crate::proof::random::Random;

/// Where no byte claims anything: the note in the lock file, which is for people. `engine/FORMAT.md`, section 1.
const HARMLESS: [&str; 1] = ["lock"];

/// Of other bits one in so many is flipped in the gate.
const SAMPLE: u64 = 4;
/// Of the flips one in so many is followed by openings for writing in the gate.
const WRITTEN: u64 = 12;
const SEGMENT_HEADER: usize = 104;
const INDEX_HEADER: usize = 128;

/// True if every bit of a byte is flipped in every run: headers, lengths and checksums of frames.
fn is_always(honest: &Honest, name: &str, byte: usize) -> bool {
    let is_header = (name.ends_with(SEGMENT_SUFFIX) && byte < SEGMENT_HEADER)
        || (name.ends_with(INDEX_SUFFIX) && byte < INDEX_HEADER);
    let starts_frame =
        |(file, offset, _): &(String, usize, usize)| file == name && (*offset..offset + 9).contains(&byte);
    is_header || honest.places.values().any(starts_frame)
}

/// What a flip may take: the event whose frame it hits, and at the end of a store that nobody closed also what lies behind, which
/// counts as torn as long as nothing says that it was on stable storage.
fn may_take(honest: &Honest, name: &str, byte: usize, lost: u64) -> bool {
    let hit = honest.event_at(name, byte);
    let is_torn_end = !honest.is_closed && name == honest.newest() && honest.ends_behind(lost, name, byte);
    hit == Some(lost) || is_torn_end
}

fn flip_everything(is_closed: bool) {
    let mut random = Random::new(7);
    let honest = Honest::new(is_closed, share(1, 3));
    let (mut flips, mut harmless) = (0, 0);
    for name in honest.damageable() {
        for bit in 0..honest.files[name].len() * 8 {
            if !is_always(&honest, name, bit / 8) && random.below(share(SAMPLE, 1)) != 0 {
                continue;
            }
            let mut files = honest.files.clone();
            files.get_mut(name).unwrap()[bit / 8] ^= 1 << (bit % 8);
            let context = format!("closed {is_closed}, {name}, bit {} of byte {}", bit % 8, bit / 8);
            let (lost, told) = if random.below(share(WRITTEN, 1)) == 0 {
                let seen = open_all(&honest, &files, &context);
                let (mut lost, written) = seen.lost(&honest);
                lost.extend(written);
                (lost, seen.told)
            } else {
                let (_, read, told) = read_only(&honest, &files, &context);
                (honest.content.keys().copied().filter(|at| !read.contains_key(at)).collect(), told)
            };
            let too_much = lost.iter().find(|lost| !may_take(&honest, name, bit / 8, **lost));
            assert!(too_much.is_none(), "{context}: {too_much:?} is lost, which was not hit");
            // The torn end of a store that nobody closed is told, and is not called damage: a crash leaves the same.
            let is_damage = told.iter().any(|finding| finding.class.is_damage());
            let is_torn = !honest.is_closed && name == honest.newest() && !told.is_empty();
            let is_told = is_damage || is_torn || (lost.is_empty() && !told.is_empty());
            let is_harmless = HARMLESS.contains(&name.as_str()) && lost.is_empty();
            assert!(is_told || is_harmless, "{context}: not found, {lost:?} lost, {told:?}");
            harmless += u64::from(is_harmless);
            flips += 1;
        }
    }
    println!("{harmless} flips were in places that claim nothing: {HARMLESS:?}");
    let what = if is_closed { "flipped bits of a closed store" } else { "flipped bits of a dropped store" };
    tell("G7", what, flips, share(10_000, 80_000));
}

#[test]
fn a_flipped_bit_of_a_closed_store_is_found_and_takes_one_event_at_most() {
    flip_everything(true);
}

#[test]
fn a_flipped_bit_of_a_dropped_store_is_found_and_takes_one_event_at_most() {
    flip_everything(false);
}
