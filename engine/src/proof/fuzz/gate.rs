//! Owns the gate's share of fuzzing: what libFuzzer kept, and that mutated with a seed.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::proof::figures::{share, tell};
use crate::proof::fuzz::mutate::mutate;
use crate::proof::fuzz::{TARGETS, Target};
use crate::proof::random::Random;
use crate::words::hex::to_hex;

/// Times the gate's share of mutations in a deep run.
const DEEP: u64 = 100;

fn folder(kind: &str, target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fuzz").join(kind).join(target)
}

/// The files of a folder, in the order of their names.
fn inputs(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

fn run(target: &Target, input: &[u8]) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| (target.check)(input))) {
        println!("{} fails with {}", target.name, to_hex(input));
        std::panic::resume_unwind(panic);
    }
}

fn fuzz(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let mut kept = inputs(&folder("corpus", name));
    assert!(!kept.is_empty(), "the corpus of {name} is missing");
    kept.extend(inputs(&folder("regressions", name)));
    for input in &kept {
        run(target, input);
    }
    let mut random = Random::new(11);
    let mutations = target.gate_thousands * 1_000 * share(1, DEEP);
    for _ in 0..mutations {
        let one = random.below(kept.len() as u64) as usize;
        let other = random.below(kept.len() as u64) as usize;
        let mut input = kept[one].clone();
        mutate(&mut input, &kept[other], &mut random);
        if random.below(4) > 0 {
            (target.repair)(&mut input);
        }
        run(target, &input);
    }
    let executed = kept.len() as u64 + mutations;
    tell("G11", &format!("executions of {name}"), executed, target.gate_thousands * 1_000);
}

macro_rules! targets {
    ($($name:ident),*) => {
        $(#[test]
        fn $name() {
            fuzz(stringify!($name));
        })*

        #[test]
        fn every_target_is_run_in_the_gate() {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

targets!(
    frame,
    segment,
    index,
    store,
    payload,
    line,
    claim,
    checkpoint,
    cache,
    batpak_segment,
    batpak_hidden,
    batpak_marker,
    stateful
);
