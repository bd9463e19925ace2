//! Owns locks, atomics and threads: the one door through which the engine reaches them, so that a model checker can stand in.

use std::io;
pub(crate) use std::sync::Arc;
pub(crate) use std::sync::OnceLock;
pub(crate) use std::sync::Weak;
pub(crate) use std::sync::atomic::fence;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
pub(crate) use std::thread::JoinHandle;

pub(crate) use parking_lot::{Condvar, Mutex, RwLock};

/// Starts a thread with a name, so that a debugger and a panic message say who it is.
pub(crate) fn spawn<F, T>(name: &str, body: F) -> io::Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    spawn_with_stack(name, None, body)
}

/// The same with a stack of so many bytes; `None` is the size that the system gives.
pub(crate) fn spawn_with_stack<F, T>(
    name: &str,
    stack_bytes: Option<usize>,
    body: F,
) -> io::Result<JoinHandle<T>>
where
    F: FnOnce() -> T + Send + 'static,
    T: Send + 'static,
{
    let builder = std::thread::Builder::new().name(format!("causeway-{name}"));
    match stack_bytes {
        Some(bytes) => builder.stack_size(bytes),
        None => builder,
    }
    .spawn(body)
}
