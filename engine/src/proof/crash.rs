//! Owns the crash tests: the power fails after every storage call of every script, and leaves every image that it may leave.

use std::collections::HashSet;
use std::path::Path;

use crate::disk::memory::{Breadth, CrashImage, MemoryDirectory};
use crate::memory::survey::survey;
use crate::proof::beside::check_beside;
use crate::proof::figures::{share, tell};
use crate::proof::oracle::{Dump, Loss, Oracle, bad_spots, check_receipts, check_signed_once, dump};
use crate::proof::script::{Run, SCRIPTS, Script, open, watch};
use crate::words::sync::{Arc, Mutex};

/// How many of the images are looked at that leave a choice.
fn breadth() -> Breadth {
    share(Breadth { subsets_of: 4, sample: 4 }, Breadth { subsets_of: 10, sample: 40 })
}

/// A directory as a crash left it, and what the store had promised until then.
pub(super) struct Wreck {
    pub(super) after_call: u64,
    pub(super) image: CrashImage,
    pub(super) directory: Arc<MemoryDirectory>,
    pub(super) oracle: Oracle,
}

/// What crashes leave of one piece of work.
#[derive(Default)]
pub(super) struct Wrecks {
    /// How many images there were after all calls together.
    pub(super) images: u64,
    /// Those that differ in their bytes or in what was promised.
    pub(super) distinct: Vec<Wreck>,
    seen: HashSet<blake3::Hash>,
}

impl Wrecks {
    fn add(&mut self, after_call: u64, directory: &MemoryDirectory, oracle: &Oracle) {
        let promised = blake3::hash(format!("{oracle:?}").as_bytes());
        for (image, directory) in directory.crashes(breadth()) {
            self.images += 1;
            if self.seen.insert(fingerprint(&directory, image, promised)) {
                self.distinct.push(Wreck { after_call, image, directory, oracle: oracle.clone() });
            }
        }
    }
}

/// What a directory holds, byte by byte, and what may be missing of what was promised.
fn fingerprint(directory: &MemoryDirectory, image: CrashImage, promised: blake3::Hash) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in directory.files() {
        hasher.update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    }
    hasher.update(promised.as_bytes());
    hasher.update(&[u8::from(image == CrashImage::Kill)]);
    hasher.finalize()
}

/// Runs `work` on the directory and returns what a crash after each of its storage calls would leave.
pub(super) fn wrecks(
    directory: &Arc<MemoryDirectory>,
    oracle: &Arc<Mutex<Oracle>>,
    work: impl FnOnce(),
) -> Wrecks {
    let wrecks: Arc<Mutex<Wrecks>> = Arc::default();
    let take = {
        let (wrecks, oracle, directory) =
            (Arc::clone(&wrecks), Arc::clone(oracle), Arc::downgrade(directory));
        move |after_call| {
            let directory = directory.upgrade().expect("the directory lives while it is used");
            let oracle = oracle.lock().clone();
            wrecks.lock().add(after_call, &directory, &oracle);
        }
    };
    directory.observe(Some(Arc::new(take.clone())));
    work();
    directory.observe(None);
    take(directory.calls());
    std::mem::take(&mut wrecks.lock())
}

/// What a crash may take that leaves this image.
pub(super) fn loss(image: CrashImage, script: Script) -> Loss {
    match image {
        CrashImage::Kill => Loss::Nothing,
        _ => Loss::Window(script.window()),
    }
}

/// Epoch of the newest segment.
fn epoch(directory: &MemoryDirectory) -> u64 {
    survey(directory, Path::new("memory")).unwrap().segments.last().unwrap().header.epoch
}

/// Opens what a crash left, twice, and returns what it holds.
pub(super) fn check_recovery(wreck: &Wreck, script: Script, context: &str) -> Dump {
    let torn = bad_spots(&wreck.directory, context);
    let store = open(&wreck.directory, script.config()).unwrap_or_else(|error| panic!("{context}: {error}"));
    let report = store.open_report();
    assert_eq!(report.quarantined.is_some(), !torn.is_empty(), "{context}: {torn:?} and {report:?}");
    let first = dump(&store, context);
    wreck.oracle.check(&first, loss(wreck.image, script), context);
    check_receipts(&wreck.oracle, &store, &first, context);
    assert!(watch(&store).is_ok(), "{context}: the position of a consumer cannot be read");
    drop(store);
    check_beside(&wreck.directory, &wreck.oracle, (script, loss(wreck.image, script)), context);
    let left = bad_spots(&wreck.directory, context);
    assert!(left.is_empty(), "{context}: recovery left {left:?}");
    let store = open(&wreck.directory, script.config()).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(store.open_report().cut_bytes, 0, "{context}: the second opening cuts again");
    assert_eq!(dump(&store, context), first, "{context}: the second opening shows something else");
    let was_cut = wreck.directory.files().keys().any(|name| name.starts_with("quarantine/"));
    assert!(
        !was_cut || epoch(&wreck.directory) > 1,
        "{context}: a tail was cut and the epoch is that of before"
    );
    check_signed_once(&wreck.oracle, &store, context);
    first
}

/// Runs a script with a crash after every storage call.
pub(super) fn wrecks_of(script: Script) -> Wrecks {
    let oracle: Arc<Mutex<Oracle>> = Arc::default();
    let directory = MemoryDirectory::new();
    wrecks(&directory, &oracle, || {
        let outcomes = Run::new(&directory, script, &oracle).finish();
        assert!(outcomes.iter().all(Result::is_ok), "{}: {outcomes:?}", script.name);
    })
}

/// Recovers from every crash of a script; returns how many images there were, and how many of them differed.
pub(super) fn check_crashes(script: Script) -> (u64, u64) {
    let Wrecks { images, distinct, .. } = wrecks_of(script);
    for wreck in &distinct {
        let context =
            format!("crash images, {:?}: {:?} after call {}", script.name, wreck.image, wreck.after_call);
        check_recovery(wreck, script, &context);
    }
    (images, distinct.len() as u64)
}

#[test]
fn whenever_the_power_fails_nothing_durable_is_lost_and_the_store_opens() {
    let (mut images, mut distinct) = (0, 0);
    for script in SCRIPTS {
        let (some, different) = check_crashes(*script);
        images += some;
        distinct += different;
    }
    println!("{distinct} images differed");
    tell("G1", "crash images", images, share(20_000, 100_000));
}
