//! Owns the queue in front of the commit section, and the sync that runs in the background.
//!
//! Whoever enters the section commits for all who queued before; the others find their answer when they enter. One sync serves all.

use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::commit::committer::{Answer, Committer};
use crate::commit::request::Request;
use crate::words::error::StoreError;
use crate::words::sync::{Arc, JoinHandle, Mutex, Weak, spawn};

/// The writing half of an open store.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Mutex<Vec<(Arc<Ticket>, Request)>>,
    committer: Mutex<Committer>,
    /// Wakes the background sync when something unsynced was written.
    dirty: Sender<()>,
    /// Held by whoever replaces segments, or needs that nobody does.
    pub(crate) replacing: Mutex<()>,
}

#[derive(Debug, Default)]
struct Ticket {
    answer: Mutex<Option<Answer>>,
}

impl Writer {
    pub(crate) fn new(committer: Committer) -> (Arc<Self>, Receiver<()>) {
        let (dirty, wakes) = bounded(1);
        let writer = Self {
            queue: Mutex::new(Vec::new()),
            committer: Mutex::new(committer),
            dirty,
            replacing: Mutex::new(()),
        };
        (Arc::new(writer), wakes)
    }

    /// Commits a request and returns its receipts.
    pub(crate) fn submit(&self, request: Request) -> Answer {
        if request.items.is_empty() {
            return Ok(Vec::new());
        }
        let ticket = Arc::new(Ticket::default());
        self.queue.lock().push((Arc::clone(&ticket), request));
        let mut committer = self.committer.lock();
        if let Some(answer) = ticket.answer.lock().take() {
            return answer;
        }
        let waiting = std::mem::take(&mut *self.queue.lock());
        committer.commit(waiting, |ticket, answer| *ticket.answer.lock() = Some(answer));
        let shared = &committer.shared;
        if shared.durable() < shared.visible() {
            // A full channel means that the background sync is awake already.
            let _ = self.dirty.try_send(());
        }
        drop(committer);
        ticket.answer.lock().take().unwrap_or(Err(StoreError::WriterCrashed))
    }

    /// Syncs everything that is written.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.committer.lock().sync()
    }

    /// One step of the background sync: what is written becomes durable, while others go on appending.
    pub(crate) fn sync_step(&self) -> Result<(), StoreError> {
        let (file, poison, shared, end) = {
            let committer = self.committer.lock();
            let (file, poison) = (Arc::clone(&committer.active.file), Arc::clone(&committer.poison));
            (file, poison, Arc::clone(&committer.shared), committer.next_sequence)
        };
        if shared.durable() >= end {
            return Ok(());
        }
        // Segments before the active one were synced when they were sealed.
        poison.sync(&*file, shared.config.sync().mode)?;
        shared.raise_durable(end);
        Ok(())
    }

    /// Works inside the commit section, while nobody else commits.
    pub(crate) fn with_committer<R>(&self, work: impl FnOnce(&mut Committer) -> R) -> R {
        work(&mut self.committer.lock())
    }
}

/// The thread that keeps the bound in time: what is acknowledged is synced within `every`.
#[derive(Debug)]
pub(crate) struct BackgroundSync {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl BackgroundSync {
    pub(crate) fn start(writer: &Arc<Writer>, wakes: Receiver<()>, every: Duration) -> std::io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let writer = Arc::downgrade(writer);
        let thread = spawn("sync", move || run(&writer, &wakes, &stopped, every))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for BackgroundSync {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic in the sync thread was reported by its own hook; the store is closing anyway.
            let _ = thread.join();
        }
    }
}

fn run(writer: &Weak<Writer>, wakes: &Receiver<()>, stopped: &Receiver<()>, every: Duration) {
    loop {
        crossbeam_channel::select! {
            recv(wakes) -> woken => if woken.is_err() { return },
            recv(stopped) -> _ => return,
        }
        if stopped.recv_timeout(every) == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        let Some(writer) = writer.upgrade() else { return };
        if writer.sync_step().is_err() {
            return;
        }
    }
}
