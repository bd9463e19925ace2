//! Owns the subscription: notifications of new events, pushed and lossy. Never slows the writer down and never ends before the store.

use std::time::Duration;

use crate::derive::canal::{Canal, CanalBatch, CanalClosed};
use crate::derive::wait::{Patience, Waited, wait};
use crate::memory::hub::{Inbox, Notification};
use crate::words::sync::Ordering;
use crate::words::sync::channel::Receiver;

/// Notifications of the events of a region that were appended since the subscription began.
///
/// Lossy: what finds the buffer full is dropped and counted by [`Subscription::lagged`]. Use a cursor where every event matters.
#[derive(Debug)]
pub struct Subscription {
    inbox: Inbox,
}

impl Subscription {
    pub(crate) fn new(inbox: Inbox) -> Self {
        Self { inbox }
    }

    /// Waits for the next notification; `None` once the store is closed and the buffer is empty.
    pub fn recv(&self) -> Option<Notification> {
        self.inbox.receiver.recv().ok()
    }

    /// The next notification if one is there; `Ok(None)` if not.
    pub fn try_recv(&self) -> Result<Option<Notification>, CanalClosed> {
        self.recv_timeout(Duration::ZERO)
    }

    /// Waits for the next notification, but no longer than `timeout`; `Ok(None)` if none came.
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Option<Notification>, CanalClosed> {
        match wait(&self.inbox.receiver, &Patience::of(timeout)) {
            Waited::Got(notification) => Ok(Some(notification)),
            Waited::Expired | Waited::Stopped => Ok(None),
            Waited::Closed => Err(CanalClosed),
        }
    }

    /// The channel itself, for selecting over several. It holds nothing from outside the region.
    pub fn receiver(&self) -> &Receiver<Notification> {
        &self.inbox.receiver
    }

    /// The same as [`Subscription::receiver`]: the channel is filtered already.
    pub fn filtered_receiver(&self) -> &Receiver<Notification> {
        self.receiver()
    }

    /// How many notifications were dropped because the buffer was full.
    pub fn lagged(&self) -> u64 {
        self.inbox.lagged.load(Ordering::Acquire)
    }

    /// Filters, maps and limits the notifications.
    pub fn ops(self) -> SubscriptionOps {
        SubscriptionOps { source: self, filters: Vec::new(), maps: Vec::new(), left: None }
    }
}

impl Canal for Subscription {
    type Item = Notification;
    type Error = CanalClosed;

    fn pull_batch(
        &mut self,
        max: usize,
        deadline: Duration,
    ) -> Result<CanalBatch<Notification>, CanalClosed> {
        if max == 0 {
            return Ok(CanalBatch::Empty);
        }
        let Some(first) = self.recv_timeout(deadline)? else { return Ok(CanalBatch::Empty) };
        Ok(std::iter::once(first).chain(self.inbox.receiver.try_iter().take(max - 1)).collect())
    }
}

type Filter = Box<dyn Fn(&Notification) -> bool + Send>;
type Mapper = Box<dyn Fn(&Notification) -> Option<Notification> + Send>;

/// A subscription that filters, maps and limits: all filters come first, then all maps, then the limit.
pub struct SubscriptionOps {
    source: Subscription,
    filters: Vec<Filter>,
    maps: Vec<Mapper>,
    left: Option<usize>,
}

impl SubscriptionOps {
    /// Keeps only the notifications that `f` takes.
    #[must_use]
    pub fn filter<F: Fn(&Notification) -> bool + Send + 'static>(mut self, f: F) -> Self {
        self.filters.push(Box::new(f));
        self
    }

    /// Replaces each notification by what `f` makes of it; `None` drops it.
    #[must_use]
    pub fn map<F: Fn(&Notification) -> Option<Notification> + Send + 'static>(mut self, f: F) -> Self {
        self.maps.push(Box::new(f));
        self
    }

    /// Ends after `n` notifications that came through.
    #[must_use]
    pub fn take(mut self, n: usize) -> Self {
        self.left = Some(n);
        self
    }

    /// Folds the notifications into a state. Each for which `f` returns a value makes [`ScanSubscriptionOps::recv`] return it.
    pub fn scan<S, F>(self, initial: S, f: F) -> ScanSubscriptionOps<S, F>
    where
        S: Clone + Send + 'static,
        F: FnMut(&mut S, &Notification) -> Option<S> + Send + 'static,
    {
        ScanSubscriptionOps { source: self, state: initial, step: f }
    }

    /// Waits for the next notification that comes through; `None` at the limit and once the store is closed.
    pub fn recv(&mut self) -> Option<Notification> {
        if self.left == Some(0) {
            return None;
        }
        loop {
            let notification = self.source.recv()?;
            if let Some(notification) = self.pass(notification) {
                self.left = self.left.map(|left| left - 1);
                return Some(notification);
            }
        }
    }

    fn pass(&self, notification: Notification) -> Option<Notification> {
        if !self.filters.iter().all(|takes| takes(&notification)) {
            return None;
        }
        self.maps.iter().try_fold(notification, |notification, map| map(&notification))
    }
}

/// A subscription that folds its notifications into a state.
pub struct ScanSubscriptionOps<S, F> {
    source: SubscriptionOps,
    state: S,
    step: F,
}

impl<S, F> ScanSubscriptionOps<S, F>
where
    S: Clone + Send + 'static,
    F: FnMut(&mut S, &Notification) -> Option<S> + Send + 'static,
{
    /// Waits for the next value of the fold; `None` at the limit and once the store is closed.
    pub fn recv(&mut self) -> Option<S> {
        loop {
            let notification = self.source.recv()?;
            if let Some(value) = (self.step)(&mut self.state, &notification) {
                return Some(value);
            }
        }
    }
}
