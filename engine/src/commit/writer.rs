//! Owns the queue in front of the commit section, and waiting for what becomes of it.
//!
//! Whoever enters the section commits for all who queued before; the others find their answer when they enter. One sync serves all.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::commit::background::Bell;
use crate::commit::committer::{Answer, Committer};
use crate::commit::poison::Poison;
use crate::commit::request::Request;
use crate::commit::ticket::{Reply, Slot};
use crate::memory::shared::Shared;
use crate::words::error::StoreError;
use crate::words::position::HlcPoint;
use crate::words::sync::{Arc, AtomicBool, Mutex, Ordering};
use crate::words::watermark::{DurabilityGate, WatermarkKind};

/// How full the queue in front of the commit section is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterPressure {
    /// Appends that wait to be committed, a batch counting as one.
    pub queue_len: usize,
    /// How many may wait.
    pub capacity: usize,
}

impl WriterPressure {
    /// The part of the queue that is taken, 0 to 1.
    pub fn utilization(&self) -> f64 {
        match self.capacity {
            0 => 0.0,
            capacity => self.queue_len as f64 / capacity as f64,
        }
    }

    /// How many more may wait.
    pub fn headroom(&self) -> usize {
        self.capacity.saturating_sub(self.queue_len)
    }

    /// True if nothing waits.
    pub fn is_idle(&self) -> bool {
        self.queue_len == 0
    }
}

/// The writing half of an open store.
#[derive(Debug)]
pub(crate) struct Writer {
    queue: Mutex<Vec<(Reply, Request)>>,
    committer: Mutex<Committer>,
    shared: Arc<Shared>,
    poison: Arc<Poison>,
    /// Set inside the section; outside it tells those early who would be refused there.
    fence_is_open: AtomicBool,
    /// Held by whoever replaces segments, or needs that nobody does.
    pub(super) replacing: Mutex<()>,
    /// Wakes the background sync: something unsynced was written.
    pub(super) dirty: Bell,
    /// Wakes the background sync: somebody waits for it.
    pub(super) urgent: Bell,
    /// Wakes the thread that commits what was submitted.
    pub(super) submitted: Bell,
}

impl Writer {
    pub(crate) fn new(committer: Committer) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::default(),
            shared: Arc::clone(&committer.shared),
            poison: Arc::clone(&committer.poison),
            committer: Mutex::new(committer),
            fence_is_open: AtomicBool::new(false),
            replacing: Mutex::default(),
            dirty: Bell::default(),
            urgent: Bell::default(),
            submitted: Bell::default(),
        })
    }

    /// Commits a request and returns its receipts.
    pub(crate) fn submit(&self, request: Request) -> Answer {
        if request.items.is_empty() {
            return Ok(Vec::new());
        }
        let slot: Arc<Slot> = Arc::default();
        self.queue.lock().push((Reply::Slot(Arc::clone(&slot)), request));
        let mut committer = self.committer.lock();
        if slot.lock().is_none() {
            self.commit_all(&mut committer);
        }
        drop(committer);
        slot.lock().take().unwrap_or(Err(StoreError::WriterCrashed))
    }

    /// Queues a request that somebody else commits, or whoever waits for its ticket. If the queue is full, helps first.
    pub(crate) fn enqueue(&self, request: Request, reply: Reply) -> Result<(), StoreError> {
        if self.has_fence() {
            return Err(StoreError::VisibilityFenceActive);
        }
        if request.items.is_empty() {
            reply.send(Ok(Vec::new()));
            return Ok(());
        }
        let capacity = self.shared.config.writer().channel_capacity;
        loop {
            let mut queue = self.queue.lock();
            if queue.len() < capacity {
                queue.push((reply, request));
                break;
            }
            drop(queue);
            self.commit_queued();
        }
        self.submitted.ring();
        Ok(())
    }

    /// Commits what is queued.
    pub(crate) fn commit_queued(&self) {
        self.commit_all(&mut self.committer.lock());
    }

    fn commit_all(&self, committer: &mut Committer) {
        let waiting = std::mem::take(&mut *self.queue.lock());
        committer.commit(waiting, Reply::send);
        if self.shared.durable() < self.shared.visible() {
            self.dirty.ring();
        }
    }

    /// What a request would be answered now.
    pub(crate) fn rehearse(&self, request: Request) -> Answer {
        let mut committer = self.committer.lock();
        self.commit_all(&mut committer);
        committer.rehearse(request)
    }

    pub(crate) fn pressure(&self) -> WriterPressure {
        let capacity = self.shared.config.writer().channel_capacity;
        WriterPressure { queue_len: self.queue.lock().len(), capacity }
    }

    /// True while nobody but the holder of a visibility fence appends.
    pub(crate) fn has_fence(&self) -> bool {
        self.fence_is_open.load(Ordering::Acquire)
    }

    /// Opens a visibility fence, behind everything that is queued.
    pub(crate) fn open_fence(&self) -> Result<(), StoreError> {
        let mut committer = self.committer.lock();
        self.commit_all(&mut committer);
        committer.open_fence()?;
        self.fence_is_open.store(true, Ordering::Release);
        Ok(())
    }

    /// Ends the visibility fence by committing or cancelling it.
    pub(crate) fn end_fence(
        &self,
        end: impl FnOnce(&mut Committer) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut committer = self.committer.lock();
        self.fence_is_open.store(false, Ordering::Release);
        end(&mut committer)
    }

    /// Waits until a watermark has reached a point. Whoever waits for the disk has it synced at once.
    pub(crate) fn wait(
        &self,
        watermark: WatermarkKind,
        target: HlcPoint,
        timeout: Duration,
    ) -> Result<(), StoreError> {
        let marks = &self.shared.watermarks;
        let is_reached = |end: u64| end > target.global_sequence;
        let deadline = Instant::now().checked_add(timeout);
        let reached = marks.changed().wait_until(deadline, || {
            let end = match watermark {
                WatermarkKind::Durable => marks.durable(),
                WatermarkKind::Applied => marks.applied(),
                WatermarkKind::Visible => marks.visible(),
            };
            if is_reached(end) {
                return Ok(true);
            }
            self.poison.check()?;
            if watermark == WatermarkKind::Durable && is_reached(marks.visible()) {
                self.urgent.ring();
            }
            Ok(false)
        })?;
        if reached {
            return Ok(());
        }
        let waited_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        Err(StoreError::WaitTimeout { watermark, target, waited_ms })
    }

    /// Waits until a watermark has reached a committed event.
    pub(crate) fn pass(&self, gate: DurabilityGate, sequence: u64) -> Result<(), StoreError> {
        self.wait(gate.kind, self.shared.point_at(sequence), gate.timeout)
    }

    /// Syncs everything that is written.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.committer.lock().sync()
    }

    /// One step of the background sync: what is written becomes durable, while others go on appending.
    pub(crate) fn sync_step(&self) -> Result<(), StoreError> {
        let (file, end) = {
            let committer = self.committer.lock();
            if self.shared.durable() >= committer.next_sequence {
                return Ok(());
            }
            committer.check_lock()?;
            (Arc::clone(&committer.active.file), committer.next_sequence)
        };
        // Segments before the active one were synced when they were sealed.
        self.poison.sync(&*file, self.shared.config.sync().mode)?;
        self.shared.watermarks.raise_durable(end);
        Ok(())
    }

    /// Works inside the commit section, while nobody else commits.
    pub(crate) fn with_committer<R>(&self, work: impl FnOnce(&mut Committer) -> R) -> R {
        work(&mut self.committer.lock())
    }

    /// Stack size of the thread that commits what was submitted, in bytes.
    pub(super) fn stack_bytes(&self) -> Option<usize> {
        self.shared.config.writer().stack_size
    }

    /// The store is closing: cancels a fence that somebody forgot, and commits so much of what is queued as the configuration allows.
    pub(crate) fn drain(&self) {
        // Without a fence there is nothing to cancel.
        let _ = self.end_fence(Committer::cancel_fence);
        let mut committer = self.committer.lock();
        let mut waiting = std::mem::take(&mut *self.queue.lock());
        let limit = self.shared.config.writer().shutdown_drain_limit.min(waiting.len());
        let too_many = waiting.split_off(limit);
        committer.commit(waiting, Reply::send);
        for (reply, _) in too_many {
            reply.send(Err(StoreError::Closed));
        }
    }

    /// Ends the writer: its lock is given back, though a ticket may still hold on to it for a moment.
    pub(crate) fn end(&self) {
        let mut committer = self.committer.lock();
        committer.lock.take();
        self.commit_all(&mut committer);
    }
}
