//! Owns the simulation: from one seed a random life of a store, with faults, crashes and reopenings, checked at every reopening.
//!
//! A life that breaks a promise is made as short as it can be, and printed so that it can be lived again:
//! `CAUSEWAY_SIMULATION='<a seed, or a life>' cargo test -p causeway --lib proof::simulation -- --nocapture`.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::disk::memory::{CrashImage, Fault, MemoryDirectory};
use crate::proof::attempt::attempt;
use crate::proof::figures::{is_deep, tell};
use crate::proof::oracle::{Dump, Loss, Oracle, bad_spots, check_receipts, dump};
use crate::proof::random::Random;
use crate::proof::script::{Run, Script, Step, open};
use crate::proof::shrink::shrunk;
use crate::words::sync::{Arc, Mutex};

/// Says which life is to be lived instead of all.
const REPLAY: &str = "CAUSEWAY_SIMULATION";
/// Says for how long the deep simulation goes on.
const SECONDS: &str = "CAUSEWAY_SECONDS";
/// Lives in the gate.
const LIVES: u64 = 10_000;
/// A life that makes so many storage calls does not end.
const MOST_CALLS: u64 = 200_000;

/// One thing that happens to a store.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Action {
    Do(Step),
    /// The storage call behind so many others does not succeed; if it goes on, none behind it does.
    Fail {
        calls: u64,
        trouble: Trouble,
        goes_on: bool,
    },
    /// Storage calls succeed again.
    Mend,
    /// The process dies, or the power fails, behind so many more storage calls.
    Crash {
        calls: u64,
        image: CrashImage,
    },
}

/// What a storage call does instead of succeeding.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Trouble {
    /// The disk fails, and so many eighths of a write are done.
    Disk(u8),
    /// The disk is full, or the quota.
    Full(u8),
    Interrupted,
    /// So many eighths are done, and the call says so.
    Short(u8),
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Disk(eighths) => Self::Failed { kind: ErrorKind::Other, eighths },
            Trouble::Full(eighths) => Self::Failed { kind: ErrorKind::StorageFull, eighths },
            Trouble::Interrupted => Self::Failed { kind: ErrorKind::Interrupted, eighths: 0 },
            Trouble::Short(eighths) => Self::Short { eighths },
        }
    }
}

/// Everything that happens to one store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Life {
    sync_every_n_events: u32,
    segment_max_bytes: u64,
    actions: Vec<Action>,
}

impl Life {
    /// The life that a seed stands for.
    fn of(seed: u64) -> Self {
        let mut random = Random::silent(seed);
        let sync_every_n_events = random.one_of(&[1, 2, 3, 5, u32::MAX]);
        let segment_max_bytes = random.one_of(&[600, 900, 2_048, 16_384]);
        let length = 4 + random.below(40);
        let opened = Action::Do(Step::Open);
        let actions = std::iter::once(opened).chain((0..length).map(|_| any_action(&mut random))).collect();
        Self { sync_every_n_events, segment_max_bytes, actions }
    }

    /// The life that somebody wants to see again: a seed, or one that was printed.
    fn parse(text: &str) -> Self {
        text.parse().map_or_else(
            |_| serde_json::from_str(text).expect("a seed, or a life as it was printed"),
            Self::of,
        )
    }

    fn script(&self) -> Script {
        Script {
            name: "a simulated life",
            sync_every_n_events: self.sync_every_n_events,
            segment_max_bytes: self.segment_max_bytes,
            steps: &[],
        }
    }

    /// What this life breaks, if it breaks anything.
    fn failure(&self) -> Option<String> {
        self.live().err()
    }

    fn live(&self) -> Result<Tally, String> {
        attempt(|| {
            let mut world = World::new(self.script());
            self.actions.iter().for_each(|action| world.act(*action));
            world.end()
        })
    }

    /// The same with fewer actions, and still broken.
    fn shrunk(&self) -> Self {
        let with = |actions: &[Action]| Self { actions: actions.to_vec(), ..*self };
        let actions = shrunk(self.actions.clone(), |actions| with(actions).failure().is_some());
        with(&actions)
    }
}

fn any_action(random: &mut Random) -> Action {
    match random.below(20) {
        0..=1 => {
            let trouble = match random.below(8) {
                0..=2 => Trouble::Disk(random.below(9) as u8),
                3..=4 => Trouble::Full(random.below(9) as u8),
                5 => Trouble::Interrupted,
                _ => Trouble::Short(random.below(8) as u8),
            };
            Action::Fail { calls: random.below(25), trouble, goes_on: random.below(3) == 0 }
        }
        2 => Action::Mend,
        3..=5 => Action::Crash { calls: random.below(40), image: any_image(random) },
        6..=8 => Action::Do(Step::Open),
        _ => Action::Do(any_step(random)),
    }
}

fn any_image(random: &mut Random) -> CrashImage {
    match random.below(9) {
        0..=1 => CrashImage::Kill,
        2 => CrashImage::Strict,
        3 => random.one_of(&CrashImage::ALL),
        4 => CrashImage::Sectors { kept: random.below(u64::MAX) },
        5 => CrashImage::Names { kept: random.below(u64::MAX), with_bytes: random.below(2) == 0 },
        6 => CrashImage::Stale { sector: random.below(4) as usize },
        _ => CrashImage::Chance { seed: random.below(u64::MAX) },
    }
}

fn any_step(random: &mut Random) -> Step {
    let few = 1 + random.below(5) as usize;
    match random.below(18) {
        0..=3 => Step::Append(random.one_of(&[0, 10, 300, 700])),
        4 => Step::Typed,
        5..=6 => Step::Batch(few),
        7 => Step::Expecting(few),
        8 => Step::Submit(few),
        9 => Step::Fence(few),
        10 => Step::Cancelled(few),
        11 => random.one_of(&[Step::Merge, Step::Retain(few as u64 + 1), Step::Bury(few as u64 + 1)]),
        12 => Step::Sync,
        13 => Step::Consume,
        16 => Step::Project,
        17 => Step::LoseIndexes,
        14 => Step::Close,
        _ => Step::Drop,
    }
}

/// How much happened.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    crashes: u64,
    reopenings: u64,
    refused: u64,
}

/// What a crash left, and what had been promised until then.
type Left = Arc<Mutex<Option<(Arc<MemoryDirectory>, Oracle)>>>;

/// A store, the disk under it, and what was promised.
struct World {
    script: Script,
    directory: Arc<MemoryDirectory>,
    oracle: Arc<Mutex<Oracle>>,
    run: Run,
    /// What crashes may have taken since the store was open last.
    loss: Loss,
    /// The crash that is to come.
    coming: Option<(CrashImage, Left)>,
    tally: Tally,
}

impl World {
    fn new(script: Script) -> Self {
        let (directory, oracle) = (MemoryDirectory::new(), Arc::default());
        let run = Run::new(&directory, script, &oracle);
        let mut world = Self {
            script,
            directory,
            oracle,
            run,
            loss: Loss::Nothing,
            coming: None,
            tally: Tally::default(),
        };
        world.watch();
        world
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Do(Step::Open) => self.open(),
            // Only while nobody uses them.
            Action::Do(Step::LoseIndexes) if self.run.store().is_some() => {}
            Action::Do(step) => self.step(step),
            Action::Fail { calls, trouble, goes_on } => {
                self.directory.fail_call(self.directory.calls() + 1 + calls, trouble, goes_on);
            }
            Action::Mend => self.directory.end_faults(),
            Action::Crash { calls, image } => self.crash_behind(calls, image),
        }
        self.fall();
    }

    fn step(&mut self, step: Step) {
        self.tally.refused += u64::from(self.run.step(step).is_err());
    }

    /// Opens the store, if it is not open, after a look at what it must show then.
    fn open(&mut self) {
        if self.run.store().is_some() {
            return;
        }
        let expected = self.look();
        if self.run.step(Step::Open).is_err() {
            self.tally.refused += 1;
            return;
        }
        self.tally.reopenings += 1;
        let has_crashed = self.coming.as_ref().is_some_and(|(_, left)| left.lock().is_some());
        if !has_crashed {
            self.oracle.lock().settle();
        }
        let is_calm = !self.directory.has_faults() && self.coming.is_none();
        if let Some(store) = self.run.store().filter(|_| is_calm) {
            let shown = dump(store, "reopened");
            assert_eq!(
                shown, expected,
                "reopened: it shows something else than it would after the death of the process"
            );
            check_receipts(&self.oracle.lock(), store, &shown, "reopened");
        }
    }

    /// What the store shows if the process dies now and storage works: what was promised. What is not there is lost for good.
    fn look(&mut self) -> Dump {
        let context = format!("after {:?}", self.tally);
        let copy = self.directory.crash(CrashImage::Kill);
        let store = open(&copy, self.script.config());
        let store = store.unwrap_or_else(|error| panic!("{context}: the store refuses: {error}"));
        let shown = dump(&store, &context);
        let mut oracle = self.oracle.lock();
        oracle.check(&shown, self.loss, &context);
        let left = bad_spots(&copy, &context);
        assert!(left.is_empty(), "{context}: recovery left {left:?}");
        oracle.forget_lost(&shown);
        self.loss = Loss::Nothing;
        shown
    }

    /// Lets a crash come behind so many more calls.
    fn crash_behind(&mut self, calls: u64, image: CrashImage) {
        self.coming = Some((image, Arc::default()));
        self.watch_until(self.directory.calls() + calls);
    }

    /// Watches that the calls come to an end.
    fn watch(&mut self) {
        self.watch_until(u64::MAX);
    }

    /// The same, and takes what is to be left of the directory before the call behind the `last` one.
    fn watch_until(&mut self, last: u64) {
        let (directory, oracle) = (Arc::downgrade(&self.directory), Arc::clone(&self.oracle));
        let coming = self.coming.clone();
        let most = self.directory.calls() + MOST_CALLS;
        self.directory.observe(Some(Arc::new(move |calls| {
            assert!(calls < most, "{MOST_CALLS} storage calls and no end");
            if let (Some((image, left)), true) = (&coming, calls >= last) {
                let directory = directory.upgrade().expect("the directory lives while it is used");
                left.lock().get_or_insert_with(|| (directory.crash(*image), oracle.lock().clone()));
            }
        })));
    }

    /// Goes on with what a crash left, if it came.
    fn fall(&mut self) {
        let Some((image, left)) = &self.coming else { return };
        let Some((directory, oracle)) = left.lock().take() else { return };
        self.tally.crashes += 1;
        if *image != CrashImage::Kill {
            self.loss = Loss::Window(self.script.window());
        }
        self.directory.observe(None);
        self.coming = None;
        self.directory = directory;
        self.oracle = Arc::new(Mutex::new(oracle));
        self.run = Run::new(&self.directory, self.script, &self.oracle);
        self.watch();
    }

    /// Whatever the store was in the midst of: it is there, and what is durable survives the power too.
    fn end(mut self) -> Tally {
        self.directory.end_faults();
        self.directory.observe(None);
        self.look();
        for image in [CrashImage::Strict, CrashImage::Zeros] {
            let context = format!("at the end, {image:?}");
            let left = self.directory.crash(image);
            let store = open(&left, self.script.config());
            let store = store.unwrap_or_else(|error| panic!("{context}: the store refuses: {error}"));
            self.oracle.lock().check(&dump(&store, &context), Loss::Window(self.script.window()), &context);
        }
        self.tally
    }
}

/// What the life of a seed breaks, if it breaks anything.
#[cfg(feature = "planted-bugs")]
pub(super) fn failure(seed: u64) -> Option<String> {
    Life::of(seed).failure()
}

/// Lives the life of a seed. If it breaks a promise, says how little it takes and how to see it again.
fn live(life: &Life, seed: &str) -> Tally {
    life.live().unwrap_or_else(|_| {
        let short = life.shrunk();
        let said = short.failure().unwrap_or_default();
        let again = serde_json::to_string(&short).expect("a life can be written down");
        panic!(
            "{said}\nbroken by seed {seed}; to see it again, as short as it can be:\n\
             {REPLAY}='{again}' cargo test -p causeway --lib proof::simulation -- --nocapture"
        );
    })
}

#[test]
fn whatever_happens_to_a_store_it_keeps_its_promises() {
    if let Ok(text) = std::env::var(REPLAY) {
        println!("{:?}", live(&Life::parse(&text), &text));
        return;
    }
    let mut all = Tally::default();
    let began = Instant::now();
    let seconds = std::env::var(SECONDS).ok().and_then(|text| text.parse().ok()).unwrap_or(600);
    let goes_on = |seed| seed < LIVES || is_deep() && began.elapsed() < Duration::from_secs(seconds);
    let mut seed = 0;
    while goes_on(seed) {
        let tally = live(&Life::of(seed), &seed.to_string());
        all.crashes += tally.crashes;
        all.reopenings += tally.reopenings;
        all.refused += tally.refused;
        seed += 1;
    }
    println!("{all:?}");
    tell("G2", "simulated lives", seed, LIVES);
    tell("G3", "crashes in them", all.crashes, LIVES / 2);
    tell("G3", "reopenings in them", all.reopenings, LIVES);
}

#[test]
fn a_life_that_is_printed_is_the_same_when_it_is_read() {
    for seed in 0..200 {
        let life = Life::of(seed);
        assert_eq!(Life::parse(&serde_json::to_string(&life).unwrap()), life);
        assert_eq!(Life::parse(&seed.to_string()), life);
    }
}
