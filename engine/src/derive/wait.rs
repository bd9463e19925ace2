//! Owns waiting: for how long, and how somebody else calls it off. Knows nothing of what is waited for.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, after, bounded, never, select};

use crate::words::sync::{Arc, Mutex, Ordering, fence};

/// Stops a watcher, or what else waits for events, from anywhere: whoever waits in it returns at once, and so does each later wait.
///
/// Clones stop the same watcher. Dropping one stops nothing.
#[derive(Clone, Debug)]
pub struct WatchStop {
    /// Never used to send: taking it away disconnects the receiver, which wakes whoever waits and lasts for ever.
    signal: Arc<Mutex<Option<Sender<Infallible>>>>,
}

impl WatchStop {
    pub(crate) fn new() -> (Self, Receiver<Infallible>) {
        let (signal, stopped) = bounded(0);
        (Self { signal: Arc::new(Mutex::new(Some(signal))) }, stopped)
    }

    /// Stops the watcher.
    pub fn stop(&self) {
        self.signal.lock().take();
    }

    /// True once the watcher was stopped.
    pub fn is_stopped(&self) -> bool {
        self.signal.lock().is_none()
    }
}

/// How long somebody waits, and the signal that ends it before.
pub struct Patience {
    pub(super) stopped: Receiver<Infallible>,
    pub(super) expired: Receiver<Instant>,
}

impl Patience {
    /// Waits for ever.
    pub(crate) fn endless() -> Self {
        Self { stopped: never(), expired: never() }
    }

    /// Waits no longer than this.
    pub(super) fn of(timeout: Duration) -> Self {
        Self { stopped: never(), expired: after(timeout) }
    }

    /// Lets somebody end the wait.
    pub(crate) fn unless(mut self, stopped: &Receiver<Infallible>) -> Self {
        self.stopped = stopped.clone();
        self
    }
}

/// How a wait ended.
pub enum Waited<I> {
    /// With what was waited for.
    Got(I),
    /// The time is over.
    Expired,
    /// Somebody called it off.
    Stopped,
    /// What is waited for cannot come any more.
    Closed,
}

impl<I> Waited<I> {
    pub(super) fn map<U>(self, f: impl FnOnce(I) -> U) -> Waited<U> {
        match self {
            Self::Got(item) => Waited::Got(f(item)),
            Self::Expired => Waited::Expired,
            Self::Stopped => Waited::Stopped,
            Self::Closed => Waited::Closed,
        }
    }
}

/// Waits for a channel. A call to stop comes first, then what is there already, whatever the patience.
///
/// Whoever got an item sees everything that became visible before any sender found the channel full.
pub(super) fn wait<I>(receiver: &Receiver<I>, patience: &Patience) -> Waited<I> {
    if patience.stopped.try_recv() == Err(TryRecvError::Disconnected) {
        return Waited::Stopped;
    }
    let waited = match receiver.try_recv() {
        Ok(item) => Waited::Got(item),
        Err(TryRecvError::Disconnected) => Waited::Closed,
        Err(TryRecvError::Empty) => select! {
            recv(receiver) -> item => item.map_or(Waited::Closed, Waited::Got),
            recv(patience.stopped) -> _ => Waited::Stopped,
            recv(patience.expired) -> _ => Waited::Expired,
        },
    };
    // Pairs with the fence that the channel makes when it is full: a sender that dropped its item moved the visible end before this
    // reads it.
    fence(Ordering::SeqCst);
    waited
}
