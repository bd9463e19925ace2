//! Owns the threads behind a writer: one syncs what is acknowledged within its time, one commits what was submitted.
//!
//! Invariant: neither keeps the writer alive, and both are over when what started them is dropped.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvError, Sender, bounded, select};

use crate::commit::writer::Writer;
use crate::words::sync::{Arc, JoinHandle, Weak, spawn, spawn_with_stack};

/// Wakes a thread; ringing it again before the thread has woken is ringing it once.
#[derive(Debug)]
pub(crate) struct Bell {
    ring: Sender<()>,
    rung: Receiver<()>,
}

impl Default for Bell {
    fn default() -> Self {
        let (ring, rung) = bounded(1);
        Self { ring, rung }
    }
}

impl Bell {
    pub(crate) fn ring(&self) {
        // A full channel means that the thread will wake anyway.
        let _ = self.ring.try_send(());
    }

    /// Told once for each time that it rang, and of the end of the bell.
    pub(crate) fn rung(&self) -> Receiver<()> {
        self.rung.clone()
    }
}

/// A thread that ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Background {
    stop: Option<Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Keeps the bound in time: what is acknowledged is synced within `every`, and at once if somebody waits for it.
    pub(crate) fn syncing(writer: &Arc<Writer>, every: Duration) -> io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let (dirty, urgent) = (writer.dirty.rung(), writer.urgent.rung());
        let writer = Arc::downgrade(writer);
        let thread = spawn("sync", move || {
            while wait_for_sync(&dirty, &urgent, &stopped, every).is_ok()
                && step(&writer, |writer| writer.sync_step().is_ok())
            {}
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Commits what was submitted, for those who do not wait for their tickets.
    pub(crate) fn committing(writer: &Arc<Writer>) -> io::Result<Self> {
        let (stop, stopped) = bounded::<Infallible>(0);
        let (submitted, stack_bytes) = (writer.submitted.rung(), writer.stack_bytes());
        let writer = Arc::downgrade(writer);
        let wait = move || {
            select! {
                recv(submitted) -> rung => rung,
                recv(stopped) -> _ => Err(RecvError),
            }
        };
        let thread = spawn_with_stack("commit", stack_bytes, move || {
            while wait().is_ok()
                && step(&writer, |writer| {
                    writer.commit_queued();
                    true
                })
            {}
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic in the thread was reported by its own hook; the store is closing anyway.
            let _ = thread.join();
        }
    }
}

/// Returns when a sync is due; an error means that no other will be.
fn wait_for_sync(
    dirty: &Receiver<()>,
    urgent: &Receiver<()>,
    stopped: &Receiver<Infallible>,
    every: Duration,
) -> Result<(), RecvError> {
    select! {
        recv(dirty) -> rung => rung?,
        recv(urgent) -> rung => return rung,
        recv(stopped) -> _ => return Err(RecvError),
    }
    select! {
        recv(urgent) -> rung => rung,
        recv(stopped) -> _ => Err(RecvError),
        default(every) => Ok(()),
    }
}

/// Does something with a writer that is still there; false if it is gone, or if `work` says that it was the last time.
fn step(writer: &Weak<Writer>, work: impl FnOnce(&Writer) -> bool) -> bool {
    writer.upgrade().is_some_and(|writer| work(&writer))
}
