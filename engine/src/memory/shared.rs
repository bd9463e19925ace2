//! Owns what the writer, the readers and the watchers of one open store have in common.
//!
//! Invariants:
//! - `visible` moves only after the index holds what it uncovers; `durable` never exceeds it for a reader;
//! - both are exclusive ends: the next sequence that is not visible, or not durable.

use crate::disk::storage::Directory;
use crate::memory::files::EventSource;
use crate::memory::hub::Hub;
use crate::memory::index::Index;
use crate::words::clock::Clock;
use crate::words::config::StoreConfig;
use crate::words::sync::{Arc, AtomicU64, Mutex, Ordering};

/// One open store.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: StoreConfig,
    pub(crate) clock: SharedClock,
    pub(crate) index: Index,
    pub(crate) source: Box<dyn EventSource>,
    pub(crate) hub: Hub,
    /// Where cursors save their positions; `None` when nothing may be written.
    pub(crate) directory: Option<Arc<dyn Directory>>,
    /// What opening and reading found damaged or odd.
    pub(crate) findings: Mutex<Vec<String>>,
    visible: AtomicU64,
    durable: AtomicU64,
}

/// A clock that can be printed.
#[derive(Clone)]
pub(crate) struct SharedClock(pub(crate) Arc<dyn Clock>);

impl std::fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Shared {
    pub(crate) fn new(
        config: StoreConfig,
        index: Index,
        source: Box<dyn EventSource>,
        directory: Option<Arc<dyn Directory>>,
        durable: u64,
    ) -> Self {
        let visible = index.end();
        Self {
            clock: SharedClock(config.clock()),
            config,
            index,
            source,
            hub: Hub::default(),
            directory,
            findings: Mutex::new(Vec::new()),
            visible: AtomicU64::new(visible),
            durable: AtomicU64::new(durable.min(visible)),
        }
    }

    pub(crate) fn visible(&self) -> u64 {
        self.visible.load(Ordering::Acquire)
    }

    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Uncovers everything before `end`, or covers it again when a follower rolled back.
    pub(crate) fn set_visible(&self, end: u64) {
        self.visible.store(end, Ordering::Release);
    }

    /// Notes that everything before `end` is on stable storage.
    pub(crate) fn raise_durable(&self, end: u64) {
        self.durable.fetch_max(end, Ordering::AcqRel);
    }

    /// Sets back what is durable: a follower rolled back.
    pub(crate) fn lower_durable(&self, end: u64) {
        self.durable.fetch_min(end, Ordering::AcqRel);
    }

    pub(crate) fn note(&self, finding: String) {
        self.findings.lock().push(finding);
    }
}
