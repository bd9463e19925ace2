//! Owns checking the hashes of a whole store, on a thread of its own, so that browsing goes on meanwhile.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use causeway::store::{StoreFormat, VerifyLevel, VerifyReport};

use crate::worker::activity::Work;
use crate::worker::failure;
use crate::worker::handle::{Handle, ask};
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{Failure, RequestId, Task, Update, VerifyView};

/// Progress is told at most this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// Checks the store; the answer is an `Update::Verified`. The thread holds the store open until it ends.
pub(crate) fn start(
    handle: Handle,
    id: RequestId,
    cancelled: Arc<AtomicBool>,
    outbox: Outbox,
    work: Work,
) -> Option<JoinHandle<()>> {
    let told = outbox.clone();
    let check = move || {
        let report = outbox.guard("verifying", || verify(&handle, &cancelled, &outbox));
        drop(work);
        let report = report.unwrap_or_else(|| Err(failure::cancelled("Verifying ended early.")));
        outbox.send(Update::Verified { id, report });
    };
    match thread::Builder::new().name("causeway-verify".to_owned()).spawn(check) {
        Ok(thread) => Some(thread),
        Err(error) => {
            told.send(Update::Verified { id, report: Err(failure::of(&error.into())) });
            None
        }
    }
}

/// A batpak hash covers the payload alone, so that the levels of our own format do not fit it.
fn level(format: StoreFormat, reached: VerifyLevel) -> Option<VerifyLevel> {
    matches!(format, StoreFormat::Causeway { .. }).then_some(reached)
}

fn verify(handle: &Handle, cancelled: &AtomicBool, outbox: &Outbox) -> Result<VerifyView, Failure> {
    let mut told = Instant::now();
    let mut progress = |done: u64, total: u64| {
        if told.elapsed() >= PROGRESS_INTERVAL {
            told = Instant::now();
            outbox.send(Update::Progress { what: Task::Verify, done, total });
        }
        if cancelled.load(Ordering::Acquire) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let report = ask!(handle, store => store.verify(VerifyLevel::Chain, &mut progress))
        .map_err(|error| failure::of(&error))?;
    if report.cancelled {
        return Err(failure::cancelled("Verifying was stopped."));
    }
    let VerifyReport { events, findings, finding_count, damage_count, level: reached, .. } = report;
    Ok(VerifyView { events, findings, finding_count, damage_count, level: level(handle.format(), reached) })
}
