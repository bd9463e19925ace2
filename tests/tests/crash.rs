//! Kills a writing process at random moments and looks at what its store holds afterwards.
//!
//! Writers append single events, batches and fences, rotate and compact; compactors die too. `CAUSEWAY_CRASH_ROUNDS` sets how many times, `CAUSEWAY_CRASH_SEED` repeats a run's choices; the moment itself is the machine's.

use std::collections::hash_map::RandomState;
use std::env;
use std::hash::{BuildHasher, Hasher};
use std::path::Path;
use std::time::{Duration, Instant};

use causeway_tests::crash::{Testimony, Verdict};
use causeway_tests::driven::{Driven, Dump};
use causeway_tests::figures::{share, tell};
use causeway_tests::random::Random;

const DRIVER: &str = env!("CARGO_BIN_EXE_driver");
/// A store is given up after so many crashes, so that young and grown stores are both met.
const CRASHES_OF_A_STORE: u64 = 4;
const PAD: usize = 40;

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().and_then(|text| text.parse().ok())
}

/// How one writer lives and dies.
struct Plan {
    command: &'static str,
    options: Vec<String>,
    /// Lines to read before the end: 0 kills while the store is being opened.
    lines: u64,
    /// Time that the writer still has then.
    grace: Duration,
    /// The store is closed properly when it is reopened.
    close: bool,
    /// A compaction removes the odd numbers.
    thins: bool,
}

impl Plan {
    fn new(random: &mut Random, start: u64) -> Self {
        let close = random.below(2) == 0;
        if start > 0 && random.below(5) == 0 {
            return Self::compacting(random, close);
        }
        let mode = random.choose(&["single", "batch", "mixed", "fence"]);
        let sync = random.choose(&["sync=1", "every=1", "every=10", "every=1000"]);
        let segment = random.choose(&[4096, 16384, 1 << 20]);
        let compact = random.choose(&[0, 0, 5, 20]);
        let batch = 2 + random.below(9);
        let opening = random.below(8) == 0;
        Self {
            command: "append-loop",
            options: vec![
                format!("mode={mode}"),
                format!("bsz={batch}"),
                (*sync).to_owned(),
                format!("seg={segment}"),
                format!("compact={compact}"),
                format!("pad={PAD}"),
                format!("start={start}"),
                "count=1000000".to_owned(),
            ],
            lines: if opening { 0 } else { 1 + random.below(400) },
            grace: Duration::from_micros(random.below(if opening { 15_000 } else { 1_500 })),
            close,
            thins: false,
        }
    }

    /// A compactor, which dies while it compacts or a little later.
    fn compacting(random: &mut Random, close: bool) -> Self {
        let thins = random.below(2) == 0;
        Self {
            command: "compact",
            options: vec!["min=1".to_owned(), format!("retain={}", u8::from(thins)), "close=0".to_owned()],
            lines: random.below(2),
            grace: Duration::from_micros(random.below(20_000)),
            close,
            thins,
        }
    }

    /// Lets a writer live and die by the plan.
    fn carry_out(&self, directory: &Path, mut testimony: Testimony) -> Testimony {
        let mut writer = Driven::start(DRIVER, self.command, directory, &self.options);
        for _ in 0..self.lines {
            let line = writer.next_line().expect("the writer goes on until it is killed");
            testimony.hear(&line);
        }
        let end = Instant::now() + self.grace;
        while Instant::now() < end {
            std::hint::spin_loop();
        }
        writer.kill().iter().for_each(|line| testimony.hear(line));
        testimony
    }
}

/// Opens the store for reading, for writing and for reading again: each shows the same events.
fn reopen(directory: &Path, born: bool, close: bool) -> Result<Dump, String> {
    let before = born.then(|| Dump::of(DRIVER, directory, &[])).transpose()?;
    let writable = Dump::of(DRIVER, directory, &["rw=1", if close { "close=1" } else { "close=0" }])?;
    let after = Dump::of(DRIVER, directory, &[])?;
    for dump in before.iter().chain([&after]) {
        if !dump.numbered().eq(writable.numbered()) {
            return Err("the store shows other events when it is opened again".to_owned());
        }
    }
    Ok(after)
}

/// A store between two crashes.
struct Survivor {
    home: tempfile::TempDir,
    /// The first number that it does not hold.
    start: u64,
    /// It was open before a writer died.
    born: bool,
    /// Compactions may have removed the odd numbers below this one.
    thinned_below: u64,
}

impl Survivor {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        Self { home, start: 0, born: false, thinned_below: 0 }
    }

    /// Lets a writer live and die, and looks at what is left.
    fn crash(&mut self, plan: &Plan) -> Result<Verdict, String> {
        let directory = self.home.path().join("store");
        if plan.thins {
            self.thinned_below = self.start;
        }
        let testimony = Testimony::new(self.start).thinned_below(self.thinned_below);
        let testimony = plan.carry_out(&directory, testimony);
        self.born |= testimony.opened();
        let verdict = testimony.judge(&reopen(&directory, self.born, plan.close)?, PAD)?;
        (self.start, self.born) = (verdict.events, true);
        Ok(verdict)
    }
}

#[test]
fn a_killed_writer_loses_nothing_and_tears_no_batch() {
    let rounds = number("CAUSEWAY_CRASH_ROUNDS").unwrap_or_else(|| share(100, 10_000));
    let seed = number("CAUSEWAY_CRASH_SEED").unwrap_or_else(|| RandomState::new().build_hasher().finish());
    eprintln!("CAUSEWAY_CRASH_SEED={seed}");
    let mut random = Random::new(seed);
    let mut total = Verdict::default();
    let mut survivor = Survivor::new();
    let mut compactors = 0;
    for round in 0..rounds {
        if round % CRASHES_OF_A_STORE == 0 {
            survivor = Survivor::new();
        }
        let plan = Plan::new(&mut random, survivor.start);
        let verdict = match survivor.crash(&plan) {
            Ok(verdict) => verdict,
            Err(error) => {
                let kept = survivor.home.keep();
                panic!(
                    "round {round}, {} {:?}, kept in {}: {error}",
                    plan.command,
                    plan.options,
                    kept.display()
                );
            }
        };
        compactors += u64::from(plan.command == "compact");
        total.acknowledged += verdict.acknowledged;
        total.durable += verdict.durable;
        total.unannounced += verdict.unannounced;
    }
    eprintln!(
        "{} events acknowledged, {} of them durable, none lost; {} more were there unannounced; {compactors} compactors died",
        total.acknowledged, total.durable, total.unannounced
    );
    assert!(total.acknowledged > rounds, "the writers were killed before they did anything");
    assert!(total.durable > 0, "no writer made anything durable");
    tell("G5", "killed writers", rounds, 100);
}
