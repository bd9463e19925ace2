//! Owns the target that works: bytes are what is done to a store, which storage call fails and where the power goes, and the oracle judges.

use std::io;

use crate::disk::memory::{CrashImage, MemoryDirectory};
use crate::proof::crash::{Wreck, check_recovery};
use crate::proof::oracle::Oracle;
use crate::proof::script::{Run, Script, Step};
use crate::words::sync::{Arc, Mutex};

/// Most steps of one run.
const MAX_STEPS: usize = 24;

/// A step and how many bytes of the input tell it.
fn step([what, size]: [u8; 2]) -> Step {
    let few = usize::from(size % 5) + 1;
    match what % 16 {
        0 | 1 => Step::Append(usize::from(size) * 8),
        2 => Step::Typed,
        3 => Step::Batch(few),
        4 => Step::Expecting(few),
        5 => Step::Submit(few),
        6 => Step::Fence(few),
        7 => Step::Cancelled(few),
        8 => Step::Merge,
        9 => Step::Retain(2 + u64::from(size % 5)),
        10 => Step::Bury(2 + u64::from(size % 5)),
        11 => Step::Sync,
        12 => Step::Consume,
        13 => Step::Close,
        14 => Step::Drop,
        _ => Step::Open,
    }
}

/// How a run goes: what is done, what fails, where it ends.
struct Plan {
    script: Script,
    fault: Option<(u64, io::ErrorKind, bool)>,
    crash_after: u64,
    image: CrashImage,
}

impl Plan {
    fn of([every, size, fault_low, fault_high, fault, crash_low, crash_high, image]: [u8; 8]) -> Self {
        let kinds = [io::ErrorKind::StorageFull, io::ErrorKind::Other, io::ErrorKind::PermissionDenied];
        let call = u64::from(u16::from_le_bytes([fault_low, fault_high]) % 2_048);
        Self {
            script: Script {
                name: "fuzz",
                sync_every_n_events: [1, 2, 3, 5, u32::MAX][usize::from(every % 5)],
                segment_max_bytes: [600, 1_500, 4_096, 1 << 20][usize::from(size % 4)],
                steps: &[],
            },
            fault: (fault & 1 == 1).then(|| (call, kinds[usize::from(fault >> 2) % 3], fault & 2 == 2)),
            crash_after: u64::from(u16::from_le_bytes([crash_low, crash_high]) % 2_048),
            image: CrashImage::ALL[usize::from(image) % CrashImage::ALL.len()],
        }
    }
}

/// After whatever happened the store opens, and holds what it promised.
pub(super) fn check(bytes: &[u8]) {
    let Some((head, steps)) = bytes.split_first_chunk() else { return };
    let plan = Plan::of(*head);
    let oracle: Arc<Mutex<Oracle>> = Arc::default();
    let directory = MemoryDirectory::new();
    if let Some((call, kind, is_persistent)) = plan.fault {
        directory.fail_call(call, kind, is_persistent);
    }
    let wreck: Arc<Mutex<Option<Wreck>>> = Arc::default();
    let take = {
        let (wreck, oracle, directory) =
            (Arc::clone(&wreck), Arc::clone(&oracle), Arc::downgrade(&directory));
        let (image, crash_after) = (plan.image, plan.crash_after);
        move |after_call| {
            let mut wreck = wreck.lock();
            if after_call >= crash_after && wreck.is_none() {
                let directory =
                    directory.upgrade().expect("the directory lives while it is used").crash(image);
                *wreck = Some(Wreck { after_call, image, directory, oracle: oracle.lock().clone() });
            }
        }
    };
    directory.observe(Some(Arc::new(take.clone())));
    let mut run = Run::new(&directory, plan.script, &oracle);
    let opened = run.step(Step::Open);
    for step in steps.as_chunks().0.iter().take(MAX_STEPS).map(|bytes| step(*bytes)) {
        // What fails must fail for the fault's sake; what it promised before counts.
        let outcome = run.step(step);
        assert!(outcome.is_ok() || plan.fault.is_some(), "{step:?}: {outcome:?}");
    }
    assert!(opened.is_ok() || plan.fault.is_some(), "{opened:?}");
    drop(run);
    directory.observe(None);
    take(u64::MAX);
    let wreck = wreck.lock().take().expect("it was just taken");
    check_recovery(&wreck, plan.script, "fuzz");
}
