//! Owns the cuts: every file of a store, cut at every byte. What lay behind the cut is gone, nothing else, and it is told.

use super::{Honest, open_all};
use crate::disk::segment::SEGMENT_SUFFIX;
use crate::proof::figures::{share, tell};

/// Cuts every file at every byte.
fn cut_everything(is_closed: bool) {
    let honest = Honest::new(is_closed, share(1, 14));
    let mut cuts = 0;
    for name in honest.damageable() {
        for len in 0..honest.files[name].len() {
            let mut files = honest.files.clone();
            files.get_mut(name).unwrap().truncate(len);
            let context = format!("closed {is_closed}, {name} cut to {len} bytes");
            let seen = open_all(&honest, &files, &context);
            let (read, written) = seen.lost(&honest);
            assert!(name.ends_with(SEGMENT_SUFFIX) || read.is_empty(), "{context}: an event went with it");
            let all_behind = |lost: &[u64]| lost.iter().all(|at| honest.ends_behind(*at, name, len));
            assert!(all_behind(&read), "{context}: {read:?} went too");
            assert!(all_behind(&written), "{context}: {written:?} went too when written");
            let is_told = seen.is_told(&honest, name) || honest.is_shorter_log(&seen.read);
            assert!(read.is_empty() || is_told, "{context}: {read:?} are lost in silence: {:?}", seen.told);
            cuts += 1;
        }
    }
    println!("{} bytes, {} events", honest.bytes(), honest.content.len());
    tell(
        "G6",
        if is_closed { "cuts of a closed store" } else { "cuts of a dropped store" },
        cuts,
        share(8_000, 120_000),
    );
}

#[test]
fn a_closed_store_that_is_cut_at_any_byte_loses_what_lay_behind_and_tells() {
    cut_everything(true);
}

#[test]
fn a_dropped_store_that_is_cut_at_any_byte_loses_what_lay_behind_and_tells() {
    cut_everything(false);
}
