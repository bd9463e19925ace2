//! The same program against both engines: whatever it is told to do, both answer alike, but for the differences that are listed.

#![expect(clippy::duplicate_mod, reason = "the program is compiled once against each engine")]

mod operation;
mod ours;
mod theirs;

use std::path::Path;
use std::time::{Duration, Instant};

use causeway_tests::random::Random;
use operation::{Operation, operations};

/// Operations of one store; a store grows slowly enough that the published crate, which looks at all of it for each page, keeps up.
const STORE_OPERATIONS: usize = 500;

/// Operations in all.
fn wanted() -> usize {
    let asked = std::env::var("CAUSEWAY_DIFFERENTIAL_OPERATIONS").ok();
    asked.map_or(100_000, |count| count.parse().expect("CAUSEWAY_DIFFERENTIAL_OPERATIONS is a number"))
}

/// The first seed of a run; the others follow it.
fn seed() -> u64 {
    let asked = std::env::var("CAUSEWAY_DIFFERENTIAL_SEED").ok();
    asked.map_or(1, |seed| seed.parse().expect("CAUSEWAY_DIFFERENTIAL_SEED is a number"))
}

/// How one store's operations went on one engine, and how long they took.
fn run(
    answers: fn(&Path, &[Operation]) -> Vec<String>,
    operations: &[Operation],
    spent: &mut Duration,
) -> Vec<String> {
    let home = tempfile::tempdir().expect("a temporary directory");
    let begun = Instant::now();
    let answers = answers(&home.path().join("store"), operations);
    *spent += begun.elapsed();
    answers
}

/// The first lines that differ.
fn first_difference<'a>(ours: &'a str, theirs: &'a str) -> Option<(&'a str, &'a str)> {
    let (mut ours, mut theirs) = (ours.lines(), theirs.lines());
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return None,
            (left, right) if left == right => {}
            (left, right) => return Some((left.unwrap_or("nothing"), right.unwrap_or("nothing"))),
        }
    }
}

#[test]
fn random_operations_get_the_same_answers_from_both_engines() {
    let (mut done, mut spent) = (0, [Duration::ZERO; 2]);
    let (first, wanted) = (seed(), wanted());
    for seed in first.. {
        let operations = operations(&mut Random::new(seed), STORE_OPERATIONS);
        let ours = run(ours::program::answers, &operations, &mut spent[0]);
        let theirs = run(theirs::program::answers, &operations, &mut spent[1]);
        for (index, operation) in operations.iter().enumerate() {
            let different = first_difference(&ours[index], &theirs[index]);
            assert_eq!(different, None, "seed {seed}, operation {index}: {operation:?} (ours left)");
        }
        done += operations.len();
        if done >= wanted {
            break;
        }
    }
    let [ours, theirs] = spent;
    eprintln!(
        "{done} operations from seed {first} on, the same answers; {ours:.1?} ours, {theirs:.1?} theirs"
    );
}
