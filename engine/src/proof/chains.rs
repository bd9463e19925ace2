//! Owns the proof that recovery converges: the power fails while a store recovers, and again while that is recovered, and again.

use std::io::ErrorKind;

use crate::disk::memory::{CrashImage, MemoryDirectory, Operation};
use crate::disk::segment::SegmentName;
use crate::disk::storage::Directory;
use crate::proof::crash::{Wreck, check_recovery, wrecks, wrecks_of};
use crate::proof::figures::{share, tell};
use crate::proof::oracle::{Dump, Loss, Oracle, bad_spots, dump};
use crate::proof::random::Random;
use crate::proof::script::{Run, SCRIPTS, Script, Step, open};
use crate::words::config::SyncMode;
use crate::words::sync::{Arc, Mutex};

/// Openings that are interrupted, one after the other.
const DEPTH: usize = 3;

/// A recovery that was interrupted so often, and how it came to that.
struct Link {
    wreck: Wreck,
    /// How often a recovery was interrupted since the first crash.
    depth: usize,
    /// What the store shows if nothing else happens; `None` while a power cut may still take something from that.
    expected: Option<Dump>,
    history: String,
}

/// Interrupts the recovery from one crash, the recovery from that, and so on, and returns how many crashes there were at each depth.
/// Each of them must come to what the first power cut would have come to, left alone.
///
/// Of the crashes during one recovery `width` are interrupted again, by chance.
fn check_chains(first: Wreck, script: Script, width: u64, random: &mut Random) -> [u64; DEPTH] {
    let history = format!("{:?}: {:?} after call {}", script.name, first.image, first.after_call);
    let shown = check_recovery(&copy(&first), script, &history);
    let expected = (first.image != CrashImage::Kill).then_some(shown);
    let mut counts = [0; DEPTH];
    let mut waiting = vec![Link { wreck: first, depth: 0, expected, history }];
    while let Some(Link { wreck, depth, expected, history }) = waiting.pop() {
        let Wreck { directory, oracle, image, .. } = wreck;
        let oracle = Arc::new(Mutex::new(oracle));
        let again = wrecks(&directory, &oracle, || drop(open(&directory, script.config()).unwrap()));
        let of_all = again.distinct.len() as u64;
        for mut wreck in again.distinct {
            let history = format!("{history}, then {:?} after call {}", wreck.image, wreck.after_call);
            counts[depth] += 1;
            let is_power_cut = wreck.image != CrashImage::Kill;
            // What a second crash may take is what the first one might have taken.
            if image != CrashImage::Kill {
                wreck.image = image;
            }
            let shown = check_recovery(&copy(&wreck), script, &history);
            if let Some(expected) = &expected {
                assert_eq!(shown, *expected, "{history}: it came to another end");
            }
            if depth + 1 < DEPTH && random.below(of_all) < width {
                let expected = expected.clone().or_else(|| is_power_cut.then_some(shown));
                waiting.push(Link { wreck, depth: depth + 1, expected, history });
            }
        }
    }
    counts
}

/// The same crash once more, for what is done with it and must not be seen by others.
fn copy(wreck: &Wreck) -> Wreck {
    let directory = wreck.directory.crash(CrashImage::Kill);
    Wreck { directory, oracle: wreck.oracle.clone(), ..*wreck }
}

#[test]
fn a_cut_is_told_by_the_epoch_also_if_only_zeros_are_left_of_it() {
    let script = Script {
        name: "torn behind zeros",
        sync_every_n_events: u32::MAX,
        segment_max_bytes: 1 << 20,
        steps: &[],
    };
    let directory = MemoryDirectory::new();
    let oracle: Arc<Mutex<Oracle>> = Arc::default();
    drop(open(&directory, script.config()).unwrap());
    let segment = SegmentName { first: 0, generation: 0 }.to_string();
    let file = directory.open_writable(&segment).unwrap();
    let end = file.len().unwrap();
    // A sector that did not come to the disk, and behind it one that did.
    file.write_at(&[0xEE; 512], end.next_multiple_of(512) + 512).unwrap();
    file.sync(SyncMode::SyncAll).unwrap();
    let interrupted = wrecks(&directory, &oracle, || drop(open(&directory, script.config()).unwrap()));
    let is_cut = |wreck: &&Wreck| wreck.directory.files().keys().any(|name| name.starts_with("quarantine/"));
    assert!(interrupted.distinct.iter().filter(is_cut).count() > 10);
    for wreck in &interrupted.distinct {
        let context = format!("{:?} after call {}", wreck.image, wreck.after_call);
        check_recovery(wreck, script, &context);
    }
}

#[test]
fn a_mark_whose_sync_failed_is_written_once_more_before_anything_stands_behind_it() {
    let script = Script {
        name: "closed in vain",
        sync_every_n_events: 1,
        segment_max_bytes: 1 << 14,
        steps: &[Step::Append(10), Step::Close, Step::Open, Step::Append(10)],
    };
    let calls_that_sync = |directory: &MemoryDirectory| {
        let operations = directory.operations().into_iter().enumerate();
        let syncs = operations.filter(|(_, operation)| matches!(operation, Operation::Sync { .. }));
        syncs.map(|(before, _)| before as u64 + 1).collect::<Vec<_>>()
    };
    let whole = MemoryDirectory::new();
    Run::new(&whole, script, &Arc::default()).finish();
    for call in calls_that_sync(&whole) {
        let (directory, oracle) = (MemoryDirectory::new(), Arc::default());
        directory.fail_call(call, ErrorKind::Other, false);
        Run::new(&directory, script, &oracle).finish();
        let context = format!("sync at call {call}");
        let left = directory.crash(CrashImage::Strict);
        let store = open(&left, script.config()).unwrap();
        oracle.lock().check(&dump(&store, &context), Loss::Window(0), &context);
        assert_eq!(bad_spots(&left, &context), Vec::<String>::new(), "{context}");
    }
}

#[test]
fn however_often_the_power_fails_again_while_the_store_recovers_it_comes_to_the_same_end() {
    // Every so many crashes of a script are looked at.
    let step = share(251, 5);
    let mut random = Random::new(7);
    let mut counts = [0; DEPTH];
    for script in SCRIPTS {
        for first in wrecks_of(*script).distinct.into_iter().step_by(step) {
            for (count, more) in counts.iter_mut().zip(check_chains(first, *script, share(1, 2), &mut random))
            {
                *count += more;
            }
        }
    }
    let [once, twice, three_times] = counts;
    tell("G4", "crashes during recovery", once, 3_000);
    tell("G4", "crashes during the recovery from those", twice, 1_000);
    tell("G4", "chains of three crashes during recovery", three_times, share(500, 20_000));
}
