//! Owns locks, atomics and threads: the one door through which the engine reaches them, so that a model checker can stand in.

use std::io;
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::OnceLock;
pub(crate) use std::sync::Weak;
pub(crate) use std::sync::atomic::fence;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use std::thread::JoinHandle;

pub(crate) use parking_lot::{Mutex, RwLock};

/// Starts a thread with a name, so that a debugger and a panic message say who it is.
pub(crate) fn spawn<F, T>(name: &str, body: F) -> io::Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    std::thread::Builder::new().name(format!("causeway-{name}")).spawn(body)
}
