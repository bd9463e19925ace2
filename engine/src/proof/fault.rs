//! Owns the fault tests: each storage call of every script fails in turn, once and from then on.

use std::io::ErrorKind;

use crate::disk::memory::{CrashImage, Fault, MemoryDirectory, Operation};
use crate::disk::segment::{INDEX_SUFFIX, SEGMENT_SUFFIX};
use crate::disk::storage::Directory;
use crate::proof::crash::loss;
use crate::proof::figures::{share, tell};
use crate::proof::oracle::{Oracle, dump};
use crate::proof::script::{KIND, Run, SCRIPTS, Script, Step, config, item, open, stream_of};
use crate::store::{AppendOptions, IndexEntry, Open, Store, StoreError};
use crate::words::sync::{Arc, Mutex};

/// What a call may do instead of succeeding: the disk, the quota or a signal refuses it, before, amid or after what it was to write; or it
/// moves less than all.
const FAULTS: [Fault; 7] = [
    Fault::Failed { kind: ErrorKind::Other, eighths: 4 },
    Fault::Failed { kind: ErrorKind::Other, eighths: 8 },
    Fault::Failed { kind: ErrorKind::StorageFull, eighths: 0 },
    Fault::Failed { kind: ErrorKind::StorageFull, eighths: 3 },
    Fault::Failed { kind: ErrorKind::QuotaExceeded, eighths: 1 },
    Fault::Failed { kind: ErrorKind::Interrupted, eighths: 0 },
    Fault::Short { eighths: 4 },
];

/// A script that makes so many times the calls that it needs does not end.
const MOST_CALLS: u64 = 200;

/// What came of a script during which storage failed.
struct Faulted {
    directory: Arc<MemoryDirectory>,
    oracle: Oracle,
    outcomes: Vec<Result<(), StoreError>>,
    failed: Operation,
    /// The calls before the one that failed first.
    earlier: Vec<Operation>,
}

fn run(script: Script, call: u64, fault: Fault, is_persistent: bool, most_calls: u64) -> Faulted {
    let directory = MemoryDirectory::new();
    directory.fail_call(call, fault, is_persistent);
    let bound = move |calls| assert!(calls < most_calls, "failing calls: {calls} storage calls and no end");
    directory.observe(Some(Arc::new(bound)));
    let oracle: Arc<Mutex<Oracle>> = Arc::default();
    let outcomes = Run::new(&directory, script, &oracle).finish();
    let mut earlier = directory.operations();
    earlier.truncate(call as usize);
    let failed = earlier.pop().expect("the call was made");
    let oracle = oracle.lock().clone();
    Faulted { directory, oracle, outcomes, failed, earlier }
}

fn calls_of(script: Script) -> u64 {
    let directory = MemoryDirectory::new();
    Run::new(&directory, script, &Arc::default()).finish();
    directory.calls()
}

/// What the store promised holds after the process died, and after the power failed too.
fn check_promises(faulted: &Faulted, script: Script, context: &str) {
    let chance = CrashImage::Chance { seed: faulted.directory.calls() };
    for image in [CrashImage::Kill, CrashImage::Strict, CrashImage::Zeros, chance] {
        let context = format!("{context}, {image:?}");
        let left = faulted.directory.crash(image);
        let store = open(&left, script.config()).unwrap_or_else(|error| panic!("{context}: {error}"));
        faulted.oracle.check(&dump(&store, &context), loss(image, script), &context);
    }
}

/// What moved less than all, or was interrupted once, goes on: nobody is told.
fn check_goes_on(faulted: &Faulted, fault: Fault, is_persistent: bool, context: &str) {
    let is_transfer = matches!(faulted.failed, Operation::Read { .. } | Operation::Write { .. });
    let goes_on = match fault {
        Fault::Short { .. } => true,
        Fault::Failed { kind, .. } => kind == ErrorKind::Interrupted && is_transfer && !is_persistent,
    };
    let all = faulted.outcomes.iter().all(Result::is_ok);
    assert!(!goes_on || all, "{context}: {:?}", faulted.outcomes);
}

/// After a failed sync of a segment nothing is acknowledged until the store is opened anew.
fn check_poison(faulted: &Faulted, script: Script, context: &str) {
    let Operation::Sync { name } = &faulted.failed else { return };
    // A file keeps the name under which it was opened: a segment is called as it was before its birth.
    let is_born = faulted.earlier.iter().rev().find_map(|earlier| match earlier {
        Operation::Create { name: created } if created == name => Some(false),
        Operation::RenameNew { from, .. } | Operation::RenameOver { from, .. } if from == name => Some(true),
        _ => None,
    });
    if !name.ends_with(SEGMENT_SUFFIX) && is_born != Some(true) {
        return;
    }
    let steps = [Step::Open].into_iter().chain(script.steps.iter().copied());
    let mut steps = steps.zip(&faulted.outcomes).skip_while(|(_, outcome)| outcome.is_ok());
    let Some((failed, _)) = steps.next() else { return };
    // A copy has segments of its own.
    if matches!(failed, Step::Close | Step::Open) || failed.is_about_a_copy() {
        return;
    }
    let until_reopened = steps.take_while(|(step, _)| !matches!(step, Step::Open | Step::Drop));
    for (step, outcome) in until_reopened.filter(|(step, _)| step.needs_a_writer()) {
        let is_refused = matches!(outcome, Err(StoreError::Poisoned { .. }));
        assert!(is_refused, "{context}: {step:?} after a failed sync: {outcome:?}");
        if matches!(step, Step::Close) {
            return;
        }
    }
}

/// Lets each call of a script fail in every way; returns how many ways there were.
pub(super) fn check_faults(script: Script) -> u64 {
    let mut faults = 0;
    let calls = calls_of(script);
    // In the gate each call fails in every other way, and its neighbours in those between.
    let step = share(2, 1);
    let ways =
        |call| FAULTS.into_iter().skip(call as usize % step).step_by(step).map(move |fault| (call, fault));
    for (call, fault) in (1..=calls).flat_map(ways) {
        for is_persistent in [false, true] {
            faults += 1;
            let faulted = run(script, call, fault, is_persistent, calls * MOST_CALLS);
            let context = format!(
                "failing calls, {:?}: {fault:?} at call {call} ({:?}), persistent {is_persistent}",
                script.name, faulted.failed
            );
            check_goes_on(&faulted, fault, is_persistent, &context);
            check_promises(&faulted, script, &context);
            if matches!(fault, Fault::Failed { .. }) {
                check_poison(&faulted, script, &context);
            }
        }
    }
    faults
}

#[test]
fn whichever_storage_call_fails_no_promise_is_broken() {
    let faults = SCRIPTS.iter().map(|script| check_faults(*script)).sum();
    tell("G9", "failing storage calls", faults, 20_000);
}

#[test]
fn a_group_whose_sync_fails_says_so_shows_nothing_and_takes_its_tickets_with_it() {
    let items = || vec![item(1, AppendOptions::new()), item(2, AppendOptions::new())];
    for is_fenced in [false, true] {
        let directory = MemoryDirectory::new();
        let store = open(&directory, config(u32::MAX, 1 << 20)).unwrap();
        store.append(&stream_of(0), KIND, &0).unwrap();
        // The look at the lock, the write, then the sync.
        directory.fail_call(directory.calls() + 3, ErrorKind::Other, false);
        let outcomes = if is_fenced {
            let fence = store.begin_visibility_fence().unwrap();
            let ticket = fence.submit_batch(items()).unwrap();
            vec![fence.commit(), ticket.wait().map(drop)]
        } else {
            vec![store.append_batch(items()).map(drop)]
        };
        for outcome in outcomes {
            let Err(StoreError::BatchSyncFailed { item_count: 2, source }) = &outcome else {
                panic!("{outcome:?}")
            };
            assert!(matches!(**source, StoreError::Io(_)), "{source:?}");
        }
        assert_eq!(store.visible(), 2);
        assert!(matches!(store.append_batch(items()), Err(StoreError::Poisoned { .. })));
        assert!(matches!(store.begin_visibility_fence(), Err(StoreError::Poisoned { .. })));
    }
}

#[test]
fn an_index_that_cannot_be_read_is_made_anew_without_what_was_written_behind_it_since() {
    let directory = MemoryDirectory::new();
    let append = |store: &Store<Open>, n: u64| store.append(&stream_of(0), KIND, &n).map(drop).unwrap();
    let store = open(&directory, config(1, 1 << 14)).unwrap();
    (0..4).for_each(|n| append(&store, n));
    store.close().unwrap();
    let name = directory.files().into_keys().find(|name| name.ends_with(INDEX_SUFFIX)).unwrap();
    let len = directory.files()[&name].len() as u64;
    let store = open(&directory, config(1, 1 << 14)).unwrap();
    (4..8).for_each(|n| append(&store, n));
    // Everything behind the head of the index, which was read at the opening.
    let head = 128 + 24 * 16;
    directory.open_writable(&name).unwrap().write_at(&vec![0xEE; (len - head) as usize], head).unwrap();
    let found = store.by_entity(stream_of(0).entity());
    let clocks: Vec<u32> = found.iter().map(IndexEntry::clock).collect();
    assert_eq!(clocks, [0, 1, 2, 3, 4, 5, 6, 7]);
}
