//! Owns the proof that the other proofs can fail: with each bug that is planted into the engine, one of them does.

use crate::proof::attempt::attempt;
use crate::proof::crash::check_crashes;
use crate::proof::fault::check_faults;
use crate::proof::figures::tell;
use crate::proof::script::{SCRIPTS, Script};
use crate::proof::simulation;
use crate::words::planted::PlantedBug;

/// What every script must get through; each names itself in what it says when it fails.
const CHECKS: [fn(Script); 2] = [
    |script| {
        check_crashes(script);
    },
    |script| {
        check_faults(script);
    },
];

/// Simulated runs among which one must meet the bug.
const RUNS: u64 = 2_000;

/// What the first check says that fails.
fn caught() -> Option<String> {
    let mut failures =
        CHECKS.iter().flat_map(|check| SCRIPTS.iter().map(move |script| attempt(|| check(*script))));
    failures.find_map(Result::err)
}

fn in_words(bug: PlantedBug) -> &'static str {
    match bug {
        PlantedBug::DirectoryNotSynced => "skip the directory fsync",
        PlantedBug::ShortWriteIgnored => "ignore a short write",
        PlantedBug::FailedSyncRetried => "retry a failed fsync",
        PlantedBug::IndexBelieved => "trust a derived file",
        PlantedBug::TornTailLeft => "leave the torn tail",
    }
}

/// The beginning of what a check said.
fn begin(said: &str) -> String {
    said.lines().next().unwrap_or_default().chars().take(240).collect()
}

#[test]
fn each_planted_bug_is_caught() {
    let mut count = 0;
    for bug in PlantedBug::ALL {
        let bug_name = in_words(bug);
        let said = bug.during(caught).unwrap_or_else(|| panic!("{bug_name}: nothing failed"));
        println!("planted: {bug_name} -> caught by {}", begin(&said));
        let run =
            bug.during(|| (0..RUNS).find_map(|seed| simulation::failure(seed).map(|said| (seed, said))));
        let (seed, said) = run.unwrap_or_else(|| panic!("{bug_name}: no simulated run failed"));
        println!("planted: {bug_name} -> caught by the simulation, seed {seed}: {}", begin(&said));
        count += 1;
    }
    tell("G1", "planted bugs that were caught", count, 5);
}
