//! Owns the proof that repair loses nothing, claims nothing and can be undone: whatever is damaged, and whenever it is interrupted.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::json;

use crate::care::repair::{self as mending, RepairAction, RepairPlan, RepairReport, Repairing};
use crate::disk::memory::{CrashImage, MemoryDirectory, Operation};
use crate::disk::segment::{INDEX_SUFFIX, SEGMENT_SUFFIX, SegmentHeader, SegmentName};
use crate::disk::storage::Directory;
use crate::proof::crash::wrecks;
use crate::proof::damage::{Files, SEGMENT_BYTES, readable, small_store};
use crate::proof::figures::{share, tell};
use crate::proof::oracle::Dump;
use crate::proof::random::Random;
use crate::proof::script::{Run, SCRIPTS, SteppingClock, config, follow_at, open_at};
use crate::store::{NoCache, StoreConfig, StoreError};
use crate::words::finding::FindingClass;
use crate::words::sync::Arc;

fn settings() -> StoreConfig {
    config(2, SEGMENT_BYTES)
}

/// A directory that holds a store, beside which backups are made; everything in it is durable.
fn site(files: &Files) -> Arc<MemoryDirectory> {
    let root = MemoryDirectory::new();
    let store = root.create_subdirectory("store").unwrap();
    for (path, bytes) in files {
        let (mut folder, mut name) = (Arc::clone(&store), path.as_str());
        while let Some((above, below)) = name.split_once('/') {
            (folder, name) = (folder.create_subdirectory(above).unwrap(), below);
        }
        folder.create(name).unwrap().write_at(bytes, 0).unwrap();
    }
    // A power cut that takes nothing: what is there after it is durable.
    root.crash(CrashImage::Sectors { kept: u64::MAX })
}

fn store_at(root: &Arc<MemoryDirectory>) -> io::Result<Arc<dyn Directory>> {
    root.subdirectory("store").map(|store| store.expect("it is there from the beginning"))
}

fn store_in(root: &Arc<MemoryDirectory>) -> Arc<dyn Directory> {
    store_at(root).unwrap()
}

/// The files of the store, the lock left out.
fn files_of(root: &Arc<MemoryDirectory>) -> Files {
    let files = root.files().into_iter();
    let inside = files.filter_map(|(path, bytes)| Some((path.strip_prefix("store/")?.to_owned(), bytes)));
    inside.filter(|(path, _)| path != "lock").collect()
}

fn plan(root: &Arc<MemoryDirectory>) -> Result<RepairPlan, StoreError> {
    mending::plan(&store_in(root), Path::new("memory"), &mut |_, _| ControlFlow::Continue(()))
}

/// Does a plan with a backup beside the store.
fn follow_plan(root: &Arc<MemoryDirectory>, plan: &RepairPlan) -> Result<RepairReport, StoreError> {
    let store = store_at(root)?;
    let repairing = Repairing::begin(&store, plan)?;
    let backups = root.list_directories()?.len();
    let backup = root.create_subdirectory(&format!("backup-{backups}"))?;
    repairing.back_up(&backup, &mut |_, _| ControlFlow::Continue(()))?;
    root.sync()?;
    repairing.apply(Path::new("backup"), &SteppingClock::default())
}

fn repair(root: &Arc<MemoryDirectory>) -> Result<RepairReport, StoreError> {
    follow_plan(root, &plan(root)?)
}

fn undo(root: &Arc<MemoryDirectory>) -> Result<mending::UndoReport, StoreError> {
    mending::undo(&store_at(root)?, Path::new("memory"), &SteppingClock::default())
}

/// Fails unless two directories hold the same to the last byte.
fn assert_same(found: &Files, expected: &Files, context: &str) {
    let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(expected), "{context}");
    for (name, bytes) in found {
        assert!(*bytes == expected[name], "{context}: {name} has other bytes");
    }
}

/// What a reader shows; nothing if it refuses the directory.
fn shown(root: &Arc<MemoryDirectory>) -> Dump {
    follow_at(store_in(root), settings()).map_or_else(|_| Dump::new(), |store| readable(&store))
}

/// What somebody who opens the store for writing is shown.
fn opened(root: &Arc<MemoryDirectory>, context: &str) -> Dump {
    let store = open_at(store_in(root), settings(), Box::new(NoCache));
    readable(&store.unwrap_or_else(|error| panic!("{context}: {error}")))
}

fn names(files: &Files, suffix: &str) -> Vec<String> {
    files.keys().filter(|name| name.ends_with(suffix)).cloned().collect()
}

fn flip(files: &mut Files, name: &str, byte: usize) {
    files.get_mut(name).unwrap()[byte] ^= 0x10;
}

/// A damaged directory, and what its log held before it was damaged.
struct Case {
    name: &'static str,
    files: Files,
    whole: Dump,
    /// Steps that its plan has.
    steps: usize,
}

/// A kind of damage, how it is done, and how many steps its plan has.
type Kind = (&'static str, fn(&mut Files), usize);

/// Every kind of damage that has a step of its own.
fn kinds() -> Vec<Kind> {
    vec![
        ("a flipped bit in an event", |files| flip(files, &names(files, SEGMENT_SUFFIX)[1], 300), 1),
        ("a flipped bit in a header", |files| flip(files, &names(files, SEGMENT_SUFFIX)[0], 40), 1),
        (
            "a header of zeros",
            |files| files.get_mut(&names(files, SEGMENT_SUFFIX)[2]).unwrap()[..70].fill(0),
            1,
        ),
        ("a damaged index", |files| flip(files, &names(files, INDEX_SUFFIX)[0], 200), 1),
        ("no index", |files| drop(files.remove(&names(files, INDEX_SUFFIX)[1])), 1),
        (
            "the index of another segment",
            |files| {
                let other = files[&names(files, INDEX_SUFFIX)[0]].clone();
                files.insert(names(files, INDEX_SUFFIX)[1].clone(), other);
            },
            1,
        ),
        (
            "a segment that was never finished",
            |files| {
                files.insert("00000000000000000099-0.seg.tmp".to_owned(), b"half".to_vec());
            },
            1,
        ),
        (
            "an index without a segment",
            |files| {
                let index = files[&names(files, INDEX_SUFFIX)[0]].clone();
                files.insert("00000000000000000099-0.idx".to_owned(), index);
            },
            1,
        ),
        (
            "positions that cannot be read",
            |files| {
                files.insert("cursors/mail.json".to_owned(), b"{\"position\"".to_vec());
                files.insert("cursors/mail.json.new".to_owned(), b"{".to_vec());
            },
            2,
        ),
        // Its index belongs to nothing as long as it is missing, and to it afterwards.
        (
            "a segment under another name",
            |files| {
                let name = names(files, SEGMENT_SUFFIX)[1].clone();
                let bytes = files.remove(&name).unwrap();
                files.insert("found.seg".to_owned(), bytes);
            },
            1,
        ),
        (
            "a segment of another store",
            |files| {
                let (others, _) = small_store(true);
                let name = names(&others, SEGMENT_SUFFIX)[1].clone();
                files.insert("00000000000000000006-0.seg".to_owned(), others[&name].clone());
            },
            1,
        ),
        ("a segment that was replaced", supersede, 2),
    ]
}

/// Every kind of damage, alone and together.
fn cases() -> Vec<Case> {
    let kinds = kinds();
    let (mut files, whole) = small_store(true);
    files.remove("lock");
    let mut cases: Vec<Case> = kinds
        .iter()
        .map(|(name, damage, steps)| {
            let mut files = files.clone();
            damage(&mut files);
            Case { name, files, whole: whole.clone(), steps: *steps }
        })
        .collect();
    let mut all = files.clone();
    for at in [0, 1, 2, 6, 7, 8] {
        kinds[at].1(&mut all);
    }
    flip(&mut all, &names(&files, INDEX_SUFFIX)[0], 200);
    cases.push(Case { name: "all at once", files: all, whole, steps: 8 });
    cases
}

/// A segment gets a next generation, and stays.
fn supersede(files: &mut Files) {
    let segments = names(files, SEGMENT_SUFFIX);
    let name = |at: usize| SegmentName::parse(&segments[at]).unwrap();
    let directory = MemoryDirectory::new();
    directory.create(&segments[0]).unwrap().write_at(&files[&segments[0]], 0).unwrap();
    let (header, frames_at) = SegmentHeader::read(&*directory.open(&segments[0]).unwrap()).unwrap();
    let newer = SegmentHeader { generation: 1, replaced: Some((name(0).first, name(1).first)), ..header };
    let mut bytes = newer.encode();
    bytes.extend_from_slice(&files[&segments[0]][frames_at as usize..]);
    files.insert(newer.name().to_string(), bytes);
    let index = names(files, INDEX_SUFFIX)[0].clone();
    files.remove(&index);
}

#[test]
fn a_plan_only_reads_and_a_whole_store_needs_none() {
    let mut stores = Vec::new();
    for is_closed in [true, false] {
        stores.push(("small", small_store(is_closed).0));
    }
    for script in SCRIPTS {
        let directory = MemoryDirectory::new();
        Run::new(&directory, *script, &Arc::default()).finish();
        stores.push((script.name, directory.files()));
    }
    for (name, files) in &stores {
        let plan = plan(&site(files)).unwrap();
        assert_eq!(plan.steps, [], "{name}");
        assert_eq!((plan.lost_events, plan.mended_events), (0, 0), "{name}");
        assert!(plan.remains.iter().all(|finding| !finding.class.is_damage()), "{name}: {:?}", plan.remains);
    }
    for case in cases() {
        let root = site(&case.files);
        let before = (root.files(), root.operations().len());
        let plan = plan(&root).unwrap();
        assert_eq!(plan.steps.len(), case.steps, "{}: {:#?}", case.name, plan.steps);
        assert_same(&root.files(), &before.0, case.name);
        assert!(root.operations().iter().skip(before.1).all(Operation::only_reads), "{}", case.name);
        assert!(plan.steps.iter().all(|step| !step.findings.is_empty()));
    }
}

#[test]
fn repair_brings_everything_back_and_undoing_it_brings_every_byte_back() {
    for case in cases() {
        let Case { name, files, whole, .. } = &case;
        let root = site(files);
        let (before, first) = (files_of(&root), plan(&root).unwrap());
        let report = follow_plan(&root, &first).unwrap();
        assert_eq!(report.steps as usize, case.steps);
        assert_eq!(shown(&root), *whole, "{name}");
        let again = plan(&root).unwrap();
        assert_eq!(again.steps, [], "{name}: a repaired store needs another repair");
        assert_eq!(again.unfinished, None);
        let backup: Files = root.files().into_iter().filter(|(path, _)| path.starts_with("backup")).collect();
        let inside =
            backup.into_iter().map(|(path, bytes)| (path.split_once('/').unwrap().1.to_owned(), bytes));
        assert_same(&inside.collect(), &before, &format!("{name}: the backup"));
        // Nothing that a file held is gone.
        let after: HashSet<Vec<u8>> = files_of(&root).into_values().collect();
        assert!(before.values().all(|bytes| after.contains(bytes)), "{name}: something was deleted");

        let undone = undo(&root).unwrap();
        assert_same(&files_of(&root), &before, name);
        assert_eq!(undone.digest, first.digest);
        assert_eq!(plan(&root).unwrap().digest, first.digest);
        assert!(undo(&root).is_err());
        // And once more, with a writer behind it.
        repair(&root).unwrap();
        assert_eq!(opened(&root, name), *whole, "{name}");
        let refused = undo(&root).unwrap_err().to_string();
        assert!(refused.contains("was written since the repair"), "{name}: {refused}");
    }
}

#[test]
fn one_flipped_bit_of_a_segment_costs_nothing_after_a_repair() {
    let (mut random, mut flips) = (Random::new(11), 0);
    for is_closed in [true, false] {
        let (files, whole) = small_store(is_closed);
        for name in names(&files, SEGMENT_SUFFIX) {
            let used = files[&name].iter().rposition(|byte| *byte != 0).unwrap() + 1;
            for bit in 0..used * 8 {
                if random.below(share(23, 1)) != 0 {
                    continue;
                }
                let mut flipped = files.clone();
                flipped.get_mut(&name).unwrap()[bit / 8] ^= 1 << (bit % 8);
                let context = format!("closed {is_closed}, {name}, bit {} of byte {}", bit % 8, bit / 8);
                let root = site(&flipped);
                let plan = plan(&root).unwrap();
                let is_mended =
                    matches!(plan.steps[..], [ref step] if matches!(step.action, RepairAction::Mend { .. }));
                assert!(is_mended, "{context}: {:?} {:?}", plan.steps, plan.remains);
                follow_plan(&root, &plan).unwrap();
                assert!(files_of(&root)[&name] == files[&name], "{context}");
                assert_eq!(shown(&root), whole, "{context}");
                flips += 1;
            }
        }
    }
    tell("G7", "flipped bits mended", flips, 1_000);
}

#[test]
fn what_is_lost_stays_lost_and_is_told() {
    let (files, whole) = small_store(true);
    let name = &names(&files, SEGMENT_SUFFIX)[1];
    let mut damaged = files.clone();
    damaged.get_mut(name).unwrap()[300..340].fill(0xEE);
    let root = site(&damaged);
    let before = shown(&root);
    assert!(before.len() < whole.len());
    let found = plan(&root).unwrap();
    assert_eq!(found.steps, []);
    assert_eq!(found.lost_events as usize, whole.len() - before.len());
    assert!(found.remains.iter().any(|finding| finding.class == FindingClass::Frame));

    damaged.remove(name);
    damaged.remove(&name.replace(SEGMENT_SUFFIX, INDEX_SUFFIX));
    let found = plan(&site(&damaged)).unwrap();
    assert_eq!(found.steps, []);
    assert!(found.remains.iter().any(|finding| finding.class == FindingClass::Hole));
}

#[test]
fn a_tear_needs_no_repair_and_what_a_recovery_cut_is_told() {
    let (files, whole) = small_store(false);
    let newest = names(&files, SEGMENT_SUFFIX).pop().unwrap();
    let mut torn = files.clone();
    let bytes = torn.get_mut(&newest).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes[end..end + 40].fill(0xAB);
    let root = site(&torn);
    let found = plan(&root).unwrap();
    assert_eq!(found.steps, []);
    assert!(
        found.remains.iter().any(|finding| finding.message.contains("unfinished")),
        "{:?}",
        found.remains
    );
    assert_eq!(opened(&root, "torn"), whole);
    assert_eq!(plan(&root).unwrap().steps, []);
}

#[test]
fn a_plan_that_does_not_fit_any_more_and_a_store_in_use_are_refused_untouched() {
    let case = &cases()[0];
    let root = site(&case.files);
    let old = plan(&root).unwrap();
    let store = store_in(&root);
    store.create("note").unwrap().write_at(b"new", 0).unwrap();
    let before = files_of(&root);
    let refused = follow_plan(&root, &old).unwrap_err().to_string();
    assert!(refused.contains("has changed since the plan"), "{refused}");
    let now = plan(&root).unwrap();
    let held = store.lock("lock").unwrap().unwrap();
    assert!(matches!(follow_plan(&root, &now), Err(StoreError::StoreLocked { .. })));
    assert!(matches!(undo(&root), Err(StoreError::StoreLocked { .. })));
    drop(held);
    assert_same(&files_of(&root), &before, "refused");
}

#[test]
fn a_disk_that_is_full_or_fails_while_the_backup_is_made_leaves_everything_as_it_was() {
    let case = cases().pop().unwrap();
    let mut faults = 0;
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for call in 1.. {
            let root = site(&case.files);
            let (found, store) = (plan(&root).unwrap(), store_in(&root));
            let repairing = Repairing::begin(&store, &found).unwrap();
            let backup = root.create_subdirectory("backup").unwrap();
            root.fail_call(root.calls() + call, kind, true);
            let made = repairing.back_up(&backup, &mut |_, _| ControlFlow::Continue(()));
            assert_same(&files_of(&root), &case.files, &format!("call {call}"));
            if made.is_ok() {
                break;
            }
            faults += 1;
        }
    }
    tell("G9", "failing storage calls of a backup", faults, 200);
}

/// Checks a directory in which a repair or its undoing was interrupted: it opens and shows what it showed before; repairing it again
/// shows all, and undoing everything leaves what was there.
fn check_interrupted(root: &Arc<MemoryDirectory>, case: &Case, least: &Dump, context: &str) {
    let shown_now = shown(root);
    assert!(least.iter().all(|event| shown_now.contains(event)), "{context}: shows less than before");
    // A directory that nobody can open shows nothing, before its repair and half-way.
    if !least.is_empty() {
        let written = opened(&root.crash(CrashImage::Kill), context);
        assert!(
            least.iter().all(|event| written.contains(event)),
            "{context}: a writer shows less than before"
        );
    }

    let again = root.crash(CrashImage::Kill);
    let found = plan(&again).unwrap_or_else(|error| panic!("{context}: {error}"));
    if found.is_needed() {
        follow_plan(&again, &found).unwrap_or_else(|error| panic!("{context}: {error}"));
    }
    assert_eq!(shown(&again), case.whole, "{context}: repaired again");
    assert_eq!(plan(&again).unwrap().steps, [], "{context}: repaired again");
    // The newest repair goes first.
    let last = std::iter::from_fn(|| undo(&again).err().map_or(Some(None), |error| Some(Some(error))));
    let last = last.flatten().next().map(|error| error.to_string()).unwrap_or_default();
    let context = format!("{context}, {last}");
    assert_same(&without_remains(&files_of(&again)), &case.files, &format!("{context}: undone"));
}

/// The files but those that a repair was about to write when it was interrupted before it had begun.
fn without_remains(files: &Files) -> Files {
    files
        .iter()
        .filter(|(path, _)| !path.contains("/repair.json.repair-"))
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect()
}

#[test]
fn whenever_the_power_fails_during_a_repair_or_its_undoing_nothing_is_lost_and_both_come_to_their_end() {
    let mut images = 0;
    for case in cases() {
        let least = shown(&site(&case.files));
        let root = site(&case.files);
        let found = plan(&root).unwrap();
        let done = wrecks(&root, &Arc::default(), || drop(follow_plan(&root, &found).unwrap()));
        let undone = wrecks(&root, &Arc::default(), || drop(undo(&root).unwrap()));
        images += done.images + undone.images;
        for wreck in done.distinct.into_iter().chain(undone.distinct) {
            if store_is_missing(&wreck.directory) {
                continue;
            }
            let context = format!("{}, {:?} after call {}", case.name, wreck.image, wreck.after_call);
            check_interrupted(&wreck.directory, &case, &least, &context);
        }
    }
    tell("G1", "crash images of repairs", images, 3_000);
}

fn store_is_missing(root: &Arc<MemoryDirectory>) -> bool {
    root.subdirectory("store").unwrap().is_none()
}

#[test]
fn when_the_power_fails_again_during_the_second_attempt_it_comes_to_the_same_end() {
    let case = cases().pop().unwrap();
    let least = shown(&site(&case.files));
    let root = site(&case.files);
    let found = plan(&root).unwrap();
    let first = wrecks(&root, &Arc::default(), || drop(follow_plan(&root, &found).unwrap()));
    let mut second = 0;
    for wreck in first.distinct.into_iter().step_by(share(41, 1)) {
        let again = wreck.directory;
        let images = wrecks(&again, &Arc::default(), || {
            let found = plan(&again).unwrap();
            drop(found.is_needed().then(|| follow_plan(&again, &found).unwrap()));
        });
        for wreck in images.distinct.into_iter().step_by(share(5, 1)) {
            second += 1;
            let context = format!("second attempt, {:?} after call {}", wreck.image, wreck.after_call);
            check_interrupted(&wreck.directory, &case, &least, &context);
        }
    }
    tell("G4", "crashes during a second repair", second, 300);
}

#[test]
fn whichever_storage_call_of_a_repair_or_its_undoing_fails_the_store_opens_and_shows_what_it_did() {
    let case = cases().pop().unwrap();
    let least = shown(&site(&case.files));
    let mut faults = 0;
    for is_persistent in [false, true] {
        for (is_undo, kind) in [(false, ErrorKind::StorageFull), (true, ErrorKind::Other)] {
            for call in (1..).step_by(share(2, 1)) {
                let root = site(&case.files);
                if is_undo {
                    repair(&root).unwrap();
                }
                let found = plan(&root).unwrap();
                root.fail_call(root.calls() + call, kind, is_persistent);
                let done = if is_undo { undo(&root).map(drop) } else { follow_plan(&root, &found).map(drop) };
                if done.is_ok() {
                    break;
                }
                faults += 1;
                let left = root.crash(CrashImage::Kill);
                let context = format!("undo {is_undo}, persistent {is_persistent}, call {call}");
                check_interrupted(&left, &case, &least, &context);
            }
        }
    }
    tell("G9", "failing storage calls of repairs", faults, 200);
}

#[test]
fn a_journal_says_what_was_done_and_why() {
    let case = &cases()[0];
    let root = site(&case.files);
    let report = repair(&root).unwrap();
    let files = files_of(&root);
    let journal: serde_json::Value = serde_json::from_slice(&files[&report.journal]).unwrap();
    assert_eq!((&journal["state"], &journal["steps_done"]), (&json!("done"), &json!(1)));
    let step = &journal["steps"][0];
    assert_eq!((&step["action"], &step["patches"][0]["offset"]), (&json!("mend"), &json!(300)));
    assert!(step["why"][0].as_str().unwrap().contains("a bit of a frame was flipped"), "{step}");
    let kept = &files[&format!("quarantine/repair-1/{}", step["file"].as_str().unwrap())];
    assert_eq!(step["before"], blake3::hash(kept).to_hex().as_str());
    let listed: BTreeMap<String, String> = journal["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| (file["path"].as_str().unwrap().to_owned(), file["blake3"].as_str().unwrap().to_owned()))
        .collect();
    let expected =
        case.files.iter().map(|(path, bytes)| (path.clone(), blake3::hash(bytes).to_hex().to_string()));
    assert_eq!(listed, expected.collect());
}
