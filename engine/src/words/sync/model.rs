//! Owns the face of the door under the model checker: the same calls, and the checker decides at each of them who goes on.
//!
//! Invariants:
//! - a wait that has a deadline may end at any moment, and ends at some moment; one that has none ends by being woken only;
//! - nothing here waits in the system: the checker would not see it.

pub(crate) mod channel;

use std::fmt;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{PoisonError, TryLockError};
use std::time::Instant;

use shuttle::rand::{RngCore, thread_rng};
pub(crate) use shuttle::sync::RwLockReadGuard;
pub(crate) use shuttle::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
pub(crate) use shuttle::thread::JoinHandle;
use shuttle::thread::yield_now;

/// Starts a thread with a name.
pub(crate) fn spawn<F, T>(name: &str, body: F) -> io::Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    shuttle::thread::Builder::new().name(format!("causeway-{name}")).spawn(body)
}

/// The same: the checker gives every thread the same stack.
pub(crate) fn spawn_with_stack<F, T>(name: &str, _: Option<usize>, body: F) -> io::Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn(name, body)
}

/// Lets others go on, then tells whether time is up: a choice of the schedule.
fn is_time_up() -> bool {
    yield_now();
    thread_rng().next_u64().is_multiple_of(4)
}

/// A lock that does not poison.
#[derive(Default)]
pub(crate) struct Mutex<T> {
    inner: shuttle::sync::Mutex<T>,
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { inner: shuttle::sync::Mutex::new(value) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        MutexGuard { mutex: self, held: Some(self.inner.lock().unwrap_or_else(PoisonError::into_inner)) }
    }

    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        let held = match self.inner.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(MutexGuard { mutex: self, held: Some(held) })
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn into_inner(self) -> T {
        self.inner.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mutex")
    }
}

/// What a lock protects, while it is held.
pub(crate) struct MutexGuard<'a, T> {
    mutex: &'a Mutex<T>,
    /// Away only while its holder waits for a condition.
    held: Option<shuttle::sync::MutexGuard<'a, T>>,
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.held.as_ref().expect("whoever looks does not wait")
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        self.held.as_mut().expect("whoever looks does not wait")
    }
}

/// Where threads wait for a change of what a lock protects.
#[derive(Default)]
pub(crate) struct Condvar {
    inner: shuttle::sync::Condvar,
}

impl Condvar {
    pub(crate) fn wait<T>(&self, guard: &mut MutexGuard<'_, T>) {
        if let Some(held) = guard.held.take() {
            guard.held = Some(self.inner.wait(held).unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Returns at some moment, woken or not, and tells whether time is up.
    pub(crate) fn wait_until<T>(&self, guard: &mut MutexGuard<'_, T>, _: Instant) -> WaitTimeoutResult {
        guard.held.take();
        let is_time_up = is_time_up();
        guard.held = guard.mutex.lock().held.take();
        WaitTimeoutResult(is_time_up)
    }

    pub(crate) fn notify_all(&self) {
        self.inner.notify_all();
    }
}

impl fmt::Debug for Condvar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Condvar")
    }
}

/// Whether a wait ended because time was up.
pub(crate) struct WaitTimeoutResult(bool);

impl WaitTimeoutResult {
    pub(crate) fn timed_out(&self) -> bool {
        self.0
    }
}

/// A lock for many readers or one writer that does not poison.
#[derive(Default)]
pub(crate) struct RwLock<T> {
    inner: shuttle::sync::RwLock<T>,
}

impl<T> RwLock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { inner: shuttle::sync::RwLock::new(value) }
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> shuttle::sync::RwLockWriteGuard<'_, T> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RwLock")
    }
}

/// A value that is computed once; the others wait for whoever computes it.
#[derive(Debug, Default)]
pub(crate) struct OnceLock<T> {
    turn: Mutex<()>,
    value: std::sync::OnceLock<T>,
}

impl<T> OnceLock<T> {
    pub(crate) fn new() -> Self {
        Self { turn: Mutex::new(()), value: std::sync::OnceLock::new() }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.value.get()
    }

    pub(crate) fn get_or_init(&self, compute: impl FnOnce() -> T) -> &T {
        let _turn = self.turn.lock();
        if self.value.get().is_none() {
            let value = compute();
            return self.value.get_or_init(|| value);
        }
        self.value.get().expect("it was there a moment ago")
    }
}

impl<T: Clone> Clone for OnceLock<T> {
    fn clone(&self) -> Self {
        Self { turn: Mutex::new(()), value: self.value.clone() }
    }
}

impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> Self {
        Self { turn: Mutex::new(()), value: value.into() }
    }
}
