//! Owns locks, atomics, threads and channels: the one door through which the engine reaches them, so that a model checker can stand in.
//!
//! It does so in unit tests that are built with `--cfg causeway_shuttle`; every other build gets the real things, unchanged.

#[cfg(causeway_shuttle)]
mod model;
#[cfg(not(causeway_shuttle))]
mod real;

pub(crate) use std::sync::{Arc, Weak};

#[cfg(causeway_shuttle)]
use crate::words::sync::model as face;
#[cfg(not(causeway_shuttle))]
use crate::words::sync::real as face;

pub(crate) use face::{
    AtomicBool, AtomicU64, Condvar, JoinHandle, Mutex, OnceLock, Ordering, RwLock, RwLockReadGuard, channel,
    fence, spawn, spawn_with_stack,
};

/// Gives numbers that no two parts of the process share. It lives as long as the process, longer than any model of its threads.
#[derive(Debug)]
pub(crate) struct Numbers(std::sync::atomic::AtomicU64);

impl Numbers {
    pub(crate) const fn new() -> Self {
        Self(std::sync::atomic::AtomicU64::new(0))
    }

    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }
}
