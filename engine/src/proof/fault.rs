//! Owns the fault tests: each storage call of every script fails in turn, once and from then on.

use std::io::ErrorKind;

use crate::disk::memory::{CrashImage, MemoryDirectory, Operation};
use crate::disk::segment::SEGMENT_SUFFIX;
use crate::proof::figures::tell;
use crate::proof::oracle::{Loss, Oracle, dump};
use crate::proof::script::{KIND, Run, SCRIPTS, Script, Step, config, item, open, stream_of};
use crate::store::{AppendOptions, StoreError};
use crate::words::sync::{Arc, Mutex};

/// What came of a script during which storage failed.
struct Faulted {
    directory: Arc<MemoryDirectory>,
    oracle: Oracle,
    outcomes: Vec<Result<(), StoreError>>,
    failed: Operation,
}

fn run(script: Script, call: u64, kind: ErrorKind, is_persistent: bool) -> Faulted {
    let directory = MemoryDirectory::new();
    directory.fail_call(call, kind, is_persistent);
    let oracle: Arc<Mutex<Oracle>> = Arc::default();
    let outcomes = Run::new(&directory, script, &oracle).finish();
    let failed = directory.operations()[call as usize - 1].clone();
    let oracle = oracle.lock().clone();
    Faulted { directory, oracle, outcomes, failed }
}

fn calls_of(script: Script) -> u64 {
    let directory = MemoryDirectory::new();
    Run::new(&directory, script, &Arc::default()).finish();
    directory.calls()
}

/// What the store promised holds after the process died, and after the power failed too.
fn check_promises(faulted: &Faulted, script: Script, context: &str) {
    for (image, loss) in
        [(CrashImage::Kill, Loss::Nothing), (CrashImage::Strict, Loss::Window(script.window()))]
    {
        let context = format!("{context}, {image:?}");
        let left = faulted.directory.crash(image);
        let store = open(&left, script.config()).unwrap_or_else(|error| panic!("{context}: {error}"));
        faulted.oracle.check(&dump(&store, &context), loss, &context);
    }
}

/// After a failed sync of a segment nothing is acknowledged until the store is opened anew.
fn check_poison(faulted: &Faulted, script: Script, context: &str) {
    let is_segment = |name: &str| name.ends_with(SEGMENT_SUFFIX);
    if !matches!(&faulted.failed, Operation::Sync { name } if is_segment(name)) {
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

#[test]
fn whichever_storage_call_fails_no_promise_is_broken() {
    let mut faults = 0;
    for script in SCRIPTS {
        for call in 1..=calls_of(*script) {
            for (kind, is_persistent) in [
                (ErrorKind::Other, false),
                (ErrorKind::Other, true),
                (ErrorKind::StorageFull, false),
                (ErrorKind::StorageFull, true),
            ] {
                faults += 1;
                let faulted = run(*script, call, kind, is_persistent);
                let context = format!(
                    "{}, {kind:?} at call {call} ({:?}), persistent {is_persistent}",
                    script.name, faulted.failed
                );
                check_promises(&faulted, *script, &context);
                check_poison(&faulted, *script, &context);
            }
        }
    }
    tell("G9", "failing storage calls", faults, 2_000);
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
