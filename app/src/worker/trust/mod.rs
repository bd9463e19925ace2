//! Owns what is asked about the trust that a store deserves: one check at a time, on a thread of its own, so that browsing goes on meanwhile.

mod control;
mod stream;
mod verify;
pub mod words;

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use crate::worker::activity::Activity;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{RequestId, Update};
use crate::worker::trust::control::Control;
use crate::worker::trust::words::{Check, TrustRequest, TrustUpdate};

/// The check of an open store that runs, if one does.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    control: Arc<Control>,
    checking: Option<JoinHandle<()>>,
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
        }
    }

    /// Begins a check; the answer is a `TrustUpdate::Verified`. Its thread holds the store open until it ends.
    fn verify(&mut self, id: RequestId, check: Check, handle: &Handle, outbox: &Outbox, activity: &Activity) {
        self.control.stop();
        self.control = Arc::default();
        let (handle, control, told, work) =
            (handle.clone(), self.control.clone(), outbox.clone(), activity.begin());
        let tell = move |outbox: &Outbox, report| {
            outbox.send(Update::Trust(Box::new(TrustUpdate::Verified { id, report })));
        };
        let run = move || {
            let report = told.guard("verifying", || verify::run(&handle, id, &check, &control, &told));
            // Whoever waits until nothing is left to do must find the answer there.
            let report = report.unwrap_or_else(|| Err(failure::cancelled("Verifying ended early.")));
            drop(handle);
            tell(&told, report);
            drop(work);
        };
        match thread::Builder::new().name("causeway-verify".to_owned()).spawn(run) {
            Ok(thread) => self.checking = Some(thread),
            Err(error) => tell(outbox, Err(failure::of(&error.into()))),
        }
    }

    /// Ends the check and waits for it.
    pub(crate) fn close(self) {
        self.control.stop();
        if let Some(checking) = self.checking {
            let _ = checking.join();
        }
    }
}
