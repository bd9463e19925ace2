//! Owns the count of what the worker has still to do, so that a picture is taken and a test goes on when nothing is left.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counts pieces of work. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Activity(Arc<AtomicUsize>);

/// A piece of work; it is done when this is dropped.
#[derive(Debug)]
pub(crate) struct Work(Arc<AtomicUsize>);

impl Activity {
    /// Begins a piece of work.
    pub(crate) fn begin(&self) -> Work {
        self.0.fetch_add(1, Ordering::AcqRel);
        Work(self.0.clone())
    }

    /// True if nothing is left to do.
    pub(crate) fn is_idle(&self) -> bool {
        self.0.load(Ordering::Acquire) == 0
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
