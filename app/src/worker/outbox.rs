//! Owns the way out of the worker's threads: one bounded channel of updates, and waking the interface.

use std::sync::Arc;

use crossbeam_channel::Sender;

use crate::worker::caught::caught;
use crate::worker::failure;
use crate::worker::protocol::{FailureClass, Update};

/// Sends updates. Every thread of the worker has a clone.
#[derive(Clone)]
pub(crate) struct Outbox {
    updates: Sender<Update>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Outbox {
    /// An outbox that wakes the interface after each update.
    pub(crate) fn new(updates: Sender<Update>, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self { updates, wake }
    }

    /// Sends an update, waiting if the interface lags. False if nobody listens any more.
    pub(crate) fn send(&self, update: Update) -> bool {
        let sent = self.updates.send(update).is_ok();
        if sent {
            (self.wake)();
        }
        sent
    }

    /// Runs something that must not end its thread silently: a panic becomes a failure that the interface shows.
    pub(crate) fn guard<T>(&self, what: &str, run: impl FnOnce() -> T) -> Option<T> {
        match caught(run) {
            Ok(value) => Some(value),
            Err(said) => {
                let message = format!("{what} failed unexpectedly: {said}.");
                let advice = "Open the store again; what is stored is not touched by this.";
                self.send(Update::Failed(failure::new(FailureClass::Other, &message, advice)));
                None
            }
        }
    }
}
