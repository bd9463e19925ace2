//! Owns the proof that recovery converges: the power fails while a store recovers, and again while that is recovered, and again.

use crate::disk::memory::CrashImage;
use crate::proof::crash::{Wreck, check_recovery, wrecks, wrecks_of};
use crate::proof::figures::{share, tell};
use crate::proof::random::Random;
use crate::proof::script::{SCRIPTS, Script, open};
use crate::words::sync::{Arc, Mutex};

/// Openings that are interrupted, one after the other.
const DEPTH: usize = 3;

/// A recovery that was interrupted so often, and how it came to that.
struct Link {
    wreck: Wreck,
    /// How often a recovery was interrupted since the first crash.
    depth: usize,
    history: String,
}

/// Interrupts the recovery from one crash, the recovery from that, and so on, and returns how many crashes there were at each depth.
/// Each of them must come to what the first one would have come to, left alone.
///
/// Of the crashes during one recovery `width` are interrupted again, by chance.
fn check_chains(first: Wreck, script: Script, width: u64, random: &mut Random) -> [u64; DEPTH] {
    let history = format!("{:?}: {:?} after call {}", script.name, first.image, first.after_call);
    let directory = first.directory.crash(CrashImage::Kill);
    let oracle = first.oracle.clone();
    let alone = Wreck { directory, oracle, ..first };
    let expected = check_recovery(&alone, script, &history);
    let mut counts = [0; DEPTH];
    let mut waiting = vec![Link { wreck: first, depth: 0, history }];
    while let Some(link) = waiting.pop() {
        let Wreck { directory, oracle, image, .. } = link.wreck;
        let oracle = Arc::new(Mutex::new(oracle));
        let again = wrecks(&directory, &oracle, || drop(open(&directory, script.config()).unwrap()));
        let of_all = again.distinct.len() as u64;
        for mut wreck in again.distinct {
            let history = format!("{}, then {:?} after call {}", link.history, wreck.image, wreck.after_call);
            counts[link.depth] += 1;
            // What a second crash may take is what the first one might have taken.
            if image != CrashImage::Kill {
                wreck.image = image;
            }
            let copy = Wreck {
                directory: wreck.directory.crash(CrashImage::Kill),
                oracle: wreck.oracle.clone(),
                ..wreck
            };
            assert_eq!(check_recovery(&copy, script, &history), expected, "{history}: it came to another end");
            if link.depth + 1 < DEPTH && random.below(of_all) < width {
                waiting.push(Link { wreck, depth: link.depth + 1, history });
            }
        }
    }
    counts
}

#[test]
fn however_often_the_power_fails_again_while_the_store_recovers_it_comes_to_the_same_end() {
    // Every so many crashes of a script are looked at.
    let step = share(97, 3);
    let mut random = Random::new(7);
    let mut counts = [0; DEPTH];
    for script in SCRIPTS {
        for first in wrecks_of(*script).distinct.into_iter().step_by(step) {
            for (count, more) in counts.iter_mut().zip(check_chains(first, *script, share(1, 2), &mut random)) {
                *count += more;
            }
        }
    }
    let [once, twice, three_times] = counts;
    tell("G4", "crashes during recovery", once, 3_000);
    tell("G4", "crashes during the recovery from those", twice, 1_000);
    tell("G4", "chains of three crashes during recovery", three_times, share(500, 20_000));
}
