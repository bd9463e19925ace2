//! Owns the crash tests: the power fails after every storage call of every script, and again while the store recovers.

use std::collections::HashSet;
use std::path::Path;

use crate::disk::memory::{CrashImage, MemoryDirectory};
use crate::memory::survey::survey;
use crate::proof::beside::check_beside;
use crate::proof::figures::{share, tell};
use crate::proof::oracle::{Dump, Loss, Oracle, check_receipts, check_signed_once, dump};
use crate::proof::script::{Run, SCRIPTS, Script, open, watch};
use crate::words::sync::{Arc, Mutex};

/// Every so many images the recovery is interrupted too, in the gate.
const STEP: usize = 7;

/// A directory as a crash left it, and what the store had promised until then.
pub(super) struct Wreck {
    pub(super) after_call: u64,
    pub(super) image: CrashImage,
    pub(super) directory: Arc<MemoryDirectory>,
    pub(super) oracle: Oracle,
}

/// Runs `work` on the directory and returns what a crash after each of its storage calls would leave.
pub(super) fn wrecks(
    directory: &Arc<MemoryDirectory>,
    oracle: &Arc<Mutex<Oracle>>,
    work: impl FnOnce(),
) -> Vec<Wreck> {
    let wrecks: Arc<Mutex<Vec<Wreck>>> = Arc::default();
    let take = {
        let (wrecks, oracle, directory) =
            (Arc::clone(&wrecks), Arc::clone(oracle), Arc::downgrade(directory));
        move |after_call| {
            let directory = directory.upgrade().expect("the directory lives while it is used");
            let oracle = oracle.lock().clone();
            for image in CrashImage::ALL {
                let directory = directory.crash(image);
                wrecks.lock().push(Wreck { after_call, image, directory, oracle: oracle.clone() });
            }
        }
    };
    directory.observe(Some(Arc::new(take.clone())));
    work();
    directory.observe(None);
    take(directory.calls());
    std::mem::take(&mut wrecks.lock())
}

/// Epoch of the newest segment.
fn epoch(directory: &MemoryDirectory) -> u64 {
    survey(directory, Path::new("memory")).unwrap().segments.last().unwrap().header.epoch
}

/// Opens what a crash left, twice, and returns what it holds.
pub(super) fn check_recovery(wreck: &Wreck, script: Script, context: &str) -> Dump {
    let loss = match wreck.image {
        CrashImage::Kill => Loss::Nothing,
        CrashImage::Strict | CrashImage::DirOk | CrashImage::Torn | CrashImage::Zeros => {
            Loss::Window(script.window())
        }
    };
    let store = open(&wreck.directory, script.config()).unwrap_or_else(|error| panic!("{context}: {error}"));
    let first = dump(&store, context);
    wreck.oracle.check(&first, loss, context);
    check_receipts(&wreck.oracle, &store, &first, context);
    assert!(watch(&store).is_ok(), "{context}: the position of a consumer cannot be read");
    drop(store);
    check_beside(&wreck.directory, &wreck.oracle, (script, loss), context);
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

/// What a directory holds, byte by byte.
pub(super) fn fingerprint(wreck: &Wreck) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    for (name, bytes) in wreck.directory.files() {
        hasher.update(name.as_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    }
    hasher.update(format!("{:?} {:?}", wreck.oracle, wreck.image == CrashImage::Kill).as_bytes());
    hasher.finalize()
}

/// Runs a script with a crash after every storage call.
fn wrecks_of(script: Script) -> Vec<Wreck> {
    let oracle: Arc<Mutex<Oracle>> = Arc::default();
    let directory = MemoryDirectory::new();
    wrecks(&directory, &oracle, || {
        let outcomes = Run::new(&directory, script, &oracle).finish();
        assert!(outcomes.iter().all(Result::is_ok), "{}: {outcomes:?}", script.name);
    })
}

#[test]
fn whenever_the_power_fails_nothing_durable_is_lost_and_the_store_opens() {
    let mut images = 0;
    for script in SCRIPTS {
        let wrecks = wrecks_of(*script);
        images += wrecks.len();
        for wreck in &wrecks {
            let context = format!("{}, {:?} after call {}", script.name, wreck.image, wreck.after_call);
            check_recovery(wreck, *script, &context);
        }
    }
    tell("G1", "crash images", images as u64, 3_000);
}

#[test]
fn when_the_power_fails_again_while_the_store_recovers_it_comes_to_the_same_end() {
    let (mut first, mut second) = (0, 0);
    for script in SCRIPTS {
        let mut seen = HashSet::new();
        let distinct = wrecks_of(*script).into_iter().filter(|wreck| seen.insert(fingerprint(wreck)));
        for wreck in distinct.step_by(share(STEP, 1)) {
            first += 1;
            let oracle = Arc::new(Mutex::new(wreck.oracle.clone()));
            let mut seen = HashSet::new();
            let again =
                wrecks(&wreck.directory, &oracle, || drop(open(&wreck.directory, script.config()).unwrap()));
            for mut again in again.into_iter().filter(|wreck| seen.insert(fingerprint(wreck))) {
                second += 1;
                let context = format!(
                    "{}, {:?} after call {}, then {:?} after call {}",
                    script.name, wreck.image, wreck.after_call, again.image, again.after_call
                );
                // What the second crash may take is what the first one might have taken.
                if wreck.image != CrashImage::Kill {
                    again.image = wreck.image;
                }
                check_recovery(&again, *script, &context);
            }
        }
    }
    println!("{first} images recovered under crashes");
    tell("G4", "crashes during recovery", second, 3_000);
}
