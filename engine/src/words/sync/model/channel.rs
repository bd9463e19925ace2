//! Owns channels made of the checker's locks, with the calls that the engine makes and the errors of crossbeam.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

pub(crate) use crossbeam_channel::{RecvError, RecvTimeoutError, TryRecvError, TrySendError};

use crate::words::sync::model::{Condvar, Mutex, is_time_up};
use crate::words::sync::{Arc, Weak};

/// Somebody who waits for one or several channels.
#[derive(Default)]
pub(crate) struct Waiter {
    is_woken: Mutex<bool>,
    changed: Condvar,
}

impl Waiter {
    fn wake(&self) {
        *self.is_woken.lock() = true;
        self.changed.notify_all();
    }

    fn sleep(&self) {
        let mut is_woken = self.is_woken.lock();
        while !*is_woken {
            self.changed.wait(&mut is_woken);
        }
    }
}

struct Channel<T> {
    capacity: usize,
    state: Mutex<State<T>>,
}

struct State<T> {
    items: VecDeque<T>,
    senders: usize,
    receivers: usize,
    waiting: Vec<Weak<Waiter>>,
}

impl<T> State<T> {
    fn wake(&mut self) {
        for waiter in self.waiting.drain(..).filter_map(|waiter| waiter.upgrade()) {
            waiter.wake();
        }
    }
}

/// A channel that holds up to `capacity` items.
pub(crate) fn bounded<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    let state = State { items: VecDeque::new(), senders: 1, receivers: 1, waiting: Vec::new() };
    let channel = Arc::new(Channel { capacity, state: Mutex::new(state) });
    (Sender { channel: Arc::clone(&channel) }, Receiver { channel })
}

/// The sending end.
pub(crate) struct Sender<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Sender<T> {
    pub(crate) fn try_send(&self, item: T) -> Result<(), TrySendError<T>> {
        let mut state = self.channel.state.lock();
        if state.receivers == 0 {
            return Err(TrySendError::Disconnected(item));
        }
        if state.items.len() >= self.channel.capacity {
            return Err(TrySendError::Full(item));
        }
        state.items.push_back(item);
        state.wake();
        Ok(())
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.channel.state.lock().senders += 1;
        Self { channel: Arc::clone(&self.channel) }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let mut state = self.channel.state.lock();
        state.senders -= 1;
        if state.senders == 0 {
            state.wake();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

/// The receiving end.
pub struct Receiver<T> {
    channel: Arc<Channel<T>>,
}

impl<T> Receiver<T> {
    pub(crate) fn try_recv(&self) -> Result<T, TryRecvError> {
        let mut state = self.channel.state.lock();
        let senders = state.senders;
        state.items.pop_front().ok_or(if senders == 0 {
            TryRecvError::Disconnected
        } else {
            TryRecvError::Empty
        })
    }

    pub(crate) fn try_iter(&self) -> impl Iterator<Item = T> {
        std::iter::from_fn(|| self.try_recv().ok())
    }

    pub(crate) fn recv(&self) -> Result<T, RecvError> {
        loop {
            match self.try_recv() {
                Ok(item) => return Ok(item),
                Err(TryRecvError::Disconnected) => return Err(RecvError),
                Err(TryRecvError::Empty) => ready(&[self], None),
            };
        }
    }

    pub(crate) fn recv_timeout(&self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        let deadline = Instant::now().checked_add(timeout);
        loop {
            match self.try_recv() {
                Ok(item) => return Ok(item),
                Err(TryRecvError::Disconnected) => return Err(RecvTimeoutError::Disconnected),
                Err(TryRecvError::Empty) if ready(&[self], deadline) => {}
                Err(TryRecvError::Empty) => return Err(RecvTimeoutError::Timeout),
            }
        }
    }
}

impl<T> Clone for Receiver<T> {
    fn clone(&self) -> Self {
        self.channel.state.lock().receivers += 1;
        Self { channel: Arc::clone(&self.channel) }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.channel.state.lock().receivers -= 1;
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver")
    }
}

/// A channel that is waited for together with others.
pub(crate) trait Awaited {
    /// Takes part in a wait. True if the channel holds something or has lost its last sender.
    fn join(&self, waiter: &Arc<Waiter>) -> bool;
}

impl<T> Awaited for Receiver<T> {
    fn join(&self, waiter: &Arc<Waiter>) -> bool {
        let mut state = self.channel.state.lock();
        state.waiting.push(Arc::downgrade(waiter));
        !state.items.is_empty() || state.senders == 0
    }
}

/// Returns true when one of the channels may hold something or has lost its last sender, false at the deadline; `None` is never.
pub(crate) fn ready(channels: &[&dyn Awaited], deadline: Option<Instant>) -> bool {
    let waiter = Arc::default();
    loop {
        // All of them, so that each can wake the waiter.
        if channels.iter().fold(false, |is_ready, channel| channel.join(&waiter) || is_ready) {
            return true;
        }
        match deadline {
            None => {
                waiter.sleep();
                return true;
            }
            Some(_) if is_time_up() => return false,
            Some(_) => {}
        }
    }
}
