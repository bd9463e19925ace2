//! Owns what is asked about the trust that a store deserves: one check at a time, on a thread of its own, so that browsing goes on
//! meanwhile; proofs, heads, receipts and reports one after the other on another.

pub(crate) mod control;
pub(crate) mod evidence;
pub(crate) mod jobs;
pub(crate) mod notebook;
mod stream;
mod verify;
pub mod words;

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, bounded};

use crate::worker::activity::{Activity, Work};
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{RequestId, Update};
use crate::worker::trust::control::Control;
use crate::worker::trust::words::{Check, TrustRequest, TrustUpdate};

/// Questions that wait.
const JOBS_MAX: usize = 64;

/// The check of an open store that runs, if one does.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    control: Arc<Control>,
    checking: Option<JoinHandle<()>>,
    /// What is asked beside it, once that was asked for the first time.
    jobs: Option<Sender<(TrustRequest, Work)>>,
    /// Ends what is asked beside it.
    closing: Arc<Control>,
}

impl Desk {
    /// Answers a request.
    pub(crate) fn answer(
        &mut self,
        request: TrustRequest,
        handle: &Handle,
        outbox: &Outbox,
        activity: &Activity,
    ) {
        match request {
            TrustRequest::Verify { id, check } => self.verify(id, check, handle, outbox, activity),
            TrustRequest::Pause(paused) => self.control.pause(paused),
            TrustRequest::Stop => self.control.stop(),
            // A small file, and what comes later must find it as it was written.
            TrustRequest::ReadNotes { .. } | TrustRequest::WriteNotes { .. } => {
                tell(outbox, jobs::answer(request, handle, &self.closing));
            }
            other => self.later(other, handle, outbox, activity),
        }
    }

    /// Answers on a thread that takes one question after the other.
    fn later(&mut self, request: TrustRequest, handle: &Handle, outbox: &Outbox, activity: &Activity) {
        let jobs = self.jobs.get_or_insert_with(|| {
            let (jobs, asked) = bounded::<(TrustRequest, Work)>(JOBS_MAX);
            let (handle, told, closing) = (handle.clone(), outbox.clone(), self.closing.clone());
            let run = move || {
                for (request, work) in asked {
                    if closing.is_stopped() {
                        return;
                    }
                    let answer = told.guard("the proof", || jobs::answer(request, &handle, &closing));
                    tell(&told, answer.flatten());
                    drop(work);
                }
            };
            if let Err(error) = thread::Builder::new().name("causeway-trust".to_owned()).spawn(run) {
                outbox.send(Update::Failed(failure::of(&error.into())));
            }
            jobs
        });
        // Whoever asks faster than that is answered is not answered: the newest answer is the one that counts.
        let _ = jobs.try_send((request, activity.begin()));
    }

    /// Begins a check; the answer is a `TrustUpdate::Verified`. Its thread holds the store open until it ends.
    fn verify(&mut self, id: RequestId, check: Check, handle: &Handle, outbox: &Outbox, activity: &Activity) {
        self.control.stop();
        self.control = Arc::default();
        let (handle, control, told, work) =
            (handle.clone(), self.control.clone(), outbox.clone(), activity.begin());
        let run = move || {
            let report = told.guard("verifying", || verify::run(&handle, id, &check, &control, &told));
            // Whoever waits until nothing is left to do must find the answer there.
            let report = report.unwrap_or_else(|| Err(failure::cancelled("Verifying ended early.")));
            drop(handle);
            tell(&told, Some(TrustUpdate::Verified { id, report }));
            drop(work);
        };
        match thread::Builder::new().name("causeway-verify".to_owned()).spawn(run) {
            Ok(thread) => self.checking = Some(thread),
            Err(error) => {
                let report = Err(failure::of(&error.into()));
                tell(outbox, Some(TrustUpdate::Verified { id, report }));
            }
        }
    }

    /// Ends the check and waits for it.
    pub(crate) fn close(self) {
        self.control.stop();
        // A head that is being taken of a large store takes its time; its thread ends by itself.
        self.closing.stop();
        if let Some(checking) = self.checking {
            let _ = checking.join();
        }
    }
}

fn tell(outbox: &Outbox, answer: Option<TrustUpdate>) {
    if let Some(answer) = answer {
        outbox.send(Update::Trust(Box::new(answer)));
    }
}
