//! Owns the threads behind a writer: one syncs what is acknowledged within its time, one commits what was submitted.
//!
//! Invariant: neither keeps the writer alive, and both are over when what started them is dropped.

use std::convert::Infallible;
use std::io;
use std::time::{Duration, Instant};

use crate::commit::writer::Writer;
use crate::words::sync::channel::{Awaited, Receiver, Sender, TryRecvError, bounded, ready};
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
            while is_sync_due(&dirty, &urgent, &stopped, every)
                && step(&writer, |writer| writer.sync_step().is_ok())
            {}
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Commits what was submitted, for those who do not wait for their tickets.
    pub(crate) fn committing(writer: &Arc<Writer>) -> io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let (submitted, stack_bytes) = (writer.submitted.rung(), writer.stack_bytes());
        let writer = Arc::downgrade(writer);
        let thread = spawn_with_stack("commit", stack_bytes, move || {
            while wait_for(&[&submitted], &stopped, None) == Call::Rung(0)
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

/// Why a thread behind a writer wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    /// The bell in this place.
    Rung(usize),
    /// The deadline came.
    Expired,
    /// It was stopped, or the writer is gone.
    Over,
}

/// Waits for the first of several bells.
fn wait_for(bells: &[&Receiver<()>], stopped: &Receiver<Infallible>, deadline: Option<Instant>) -> Call {
    let mut channels: Vec<&dyn Awaited> = vec![stopped];
    channels.extend(bells.iter().map(|bell| *bell as &dyn Awaited));
    loop {
        if stopped.try_recv() == Err(TryRecvError::Disconnected) {
            return Call::Over;
        }
        for (place, bell) in bells.iter().enumerate() {
            match bell.try_recv() {
                Ok(()) => return Call::Rung(place),
                Err(TryRecvError::Disconnected) => return Call::Over,
                Err(TryRecvError::Empty) => {}
            }
        }
        if !ready(&channels, deadline) {
            return Call::Expired;
        }
    }
}

/// Returns when a sync is due; false means that no other will be.
fn is_sync_due(
    dirty: &Receiver<()>,
    urgent: &Receiver<()>,
    stopped: &Receiver<Infallible>,
    every: Duration,
) -> bool {
    match wait_for(&[urgent, dirty], stopped, None) {
        Call::Rung(0) => true,
        Call::Rung(_) => wait_for(&[urgent], stopped, Instant::now().checked_add(every)) != Call::Over,
        Call::Expired | Call::Over => false,
    }
}

/// Does something with a writer that is still there; false if it is gone, or if `work` says that it was the last time.
fn step(writer: &Weak<Writer>, work: impl FnOnce(&Writer) -> bool) -> bool {
    writer.upgrade().is_some_and(|writer| work(&writer))
}
