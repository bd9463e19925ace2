//! Owns the configuration of a store.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::words::clock::{Clock, FnClock, SystemClock};
use crate::words::error::StoreError;
use crate::words::sync::Arc;

/// How a sync reaches the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncMode {
    /// Data and all metadata.
    #[default]
    SyncAll,
    /// Data and the metadata that reading it back needs.
    SyncData,
}

/// When acknowledged events become durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncConfig {
    /// Most events that are acknowledged and not yet synced; 0 behaves like 1, which syncs each append before it returns.
    pub every_n_events: u32,
    /// Longest time that an acknowledged event stays unsynced.
    pub every: Duration,
    /// How a sync reaches the disk.
    pub mode: SyncMode,
}

/// Limits of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchConfig {
    /// Most items, 1 to 4,096.
    pub max_size: u32,
    /// Most bytes of payloads and extensions together, 1 to 16 MiB.
    pub max_bytes: u32,
    /// Kept for programs written against batpak; has no effect, because waiting appends always share one commit.
    pub group_commit_max_batch: u32,
}

/// Where a store lies and how it behaves.
///
/// ```
/// use causeway::store::StoreConfig;
///
/// let config = StoreConfig::new("orders.store").with_sync_every_n_events(100);
/// assert_eq!(config.sync().every_n_events, 100);
/// ```
#[derive(Clone)]
pub struct StoreConfig {
    data_dir: PathBuf,
    segment_max_bytes: u64,
    fd_budget: usize,
    broadcast_capacity: usize,
    single_append_max_bytes: u32,
    sync: SyncConfig,
    batch: BatchConfig,
    follow_interval: Duration,
    index_cache_bytes: u64,
    clock: Option<Arc<dyn Clock>>,
}

const MIB: u32 = 1024 * 1024;
/// Offsets within a segment are 32-bit numbers in its index; a segment never grows past this by more than one group.
const SEGMENT_LIMIT: u64 = 2 * 1024 * 1024 * 1024;

impl StoreConfig {
    /// The configuration of a store in `data_dir`, everything else at its default.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            segment_max_bytes: 256 * u64::from(MIB),
            fd_budget: 64,
            broadcast_capacity: 8192,
            single_append_max_bytes: 16 * MIB,
            sync: SyncConfig {
                every_n_events: 1000,
                every: Duration::from_millis(50),
                mode: SyncMode::SyncAll,
            },
            batch: BatchConfig { max_size: 256, max_bytes: MIB, group_commit_max_batch: 1 },
            follow_interval: Duration::from_millis(20),
            index_cache_bytes: 256 * u64::from(MIB),
            clock: None,
        }
    }

    /// Size at which a segment is sealed, in bytes; at most 2 GiB.
    #[must_use]
    pub fn with_segment_max_bytes(mut self, segment_max_bytes: u64) -> Self {
        self.segment_max_bytes = segment_max_bytes;
        self
    }

    /// Most events that are acknowledged and not yet synced. The bound in time stays.
    #[must_use]
    pub fn with_sync_every_n_events(mut self, sync_every_n_events: u32) -> Self {
        self.sync.every_n_events = sync_every_n_events;
        self
    }

    /// Longest time that an acknowledged event stays unsynced; `Duration::MAX` leaves only the bound in number.
    #[must_use]
    pub fn with_sync_every(mut self, every: Duration) -> Self {
        self.sync.every = every;
        self
    }

    /// How a sync reaches the disk.
    #[must_use]
    pub fn with_sync_mode(mut self, mode: SyncMode) -> Self {
        self.sync.mode = mode;
        self
    }

    /// Most files that the store keeps open for reading.
    #[must_use]
    pub fn with_fd_budget(mut self, fd_budget: usize) -> Self {
        self.fd_budget = fd_budget;
        self
    }

    /// Notifications that a lossy subscription buffers.
    #[must_use]
    pub fn with_broadcast_capacity(mut self, broadcast_capacity: usize) -> Self {
        self.broadcast_capacity = broadcast_capacity;
        self
    }

    /// Greatest size of one event's payload and extensions, in bytes; at most 64 MiB.
    #[must_use]
    pub fn with_single_append_max_bytes(mut self, single_append_max_bytes: u32) -> Self {
        self.single_append_max_bytes = single_append_max_bytes;
        self
    }

    /// Most items of a batch, 1 to 4,096.
    #[must_use]
    pub fn with_batch_max_size(mut self, batch_max_size: u32) -> Self {
        self.batch.max_size = batch_max_size;
        self
    }

    /// Most bytes of a batch, 1 to 16 MiB.
    #[must_use]
    pub fn with_batch_max_bytes(mut self, batch_max_bytes: u32) -> Self {
        self.batch.max_bytes = batch_max_bytes;
        self
    }

    /// Kept for programs written against batpak; has no effect.
    #[must_use]
    pub fn with_group_commit_max_batch(mut self, group_commit_max_batch: u32) -> Self {
        self.batch.group_commit_max_batch = group_commit_max_batch;
        self
    }

    /// Kept for programs written against batpak; has no effect, because a closed store always opens by its indexes.
    #[must_use]
    pub fn with_enable_checkpoint(self, _enable: bool) -> Self {
        self
    }

    /// Kept for programs written against batpak; has no effect, because a closed store always opens by its indexes.
    #[must_use]
    pub fn with_enable_mmap_index(self, _enable: bool) -> Self {
        self
    }

    /// How often a read-only store looks for what another process wrote.
    #[must_use]
    pub fn with_follow_interval(mut self, interval: Duration) -> Self {
        self.follow_interval = interval;
        self
    }

    /// Most memory that loaded parts of segment indexes may take, in bytes.
    #[must_use]
    pub fn with_index_cache_bytes(mut self, bytes: u64) -> Self {
        self.index_cache_bytes = bytes;
        self
    }

    /// The clock that times and ids come from; `None` is the clock of the system.
    #[must_use]
    pub fn with_clock(mut self, clock: Option<Arc<dyn Clock>>) -> Self {
        self.clock = clock;
        self
    }

    /// A function that tells microseconds since 1970 as the clock.
    #[must_use]
    pub fn with_clock_fn<F: Fn() -> i64 + Send + Sync + 'static>(self, clock: F) -> Self {
        self.with_clock(Some(Arc::new(FnClock(clock))))
    }

    /// The store directory.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Size at which a segment is sealed, in bytes.
    pub fn segment_max_bytes(&self) -> u64 {
        self.segment_max_bytes
    }

    /// Most files that the store keeps open for reading.
    pub fn fd_budget(&self) -> usize {
        self.fd_budget
    }

    /// Notifications that a lossy subscription buffers.
    pub fn broadcast_capacity(&self) -> usize {
        self.broadcast_capacity
    }

    /// Greatest size of one event's payload and extensions, in bytes.
    pub fn single_append_max_bytes(&self) -> u32 {
        self.single_append_max_bytes
    }

    /// When acknowledged events become durable.
    pub fn sync(&self) -> &SyncConfig {
        &self.sync
    }

    /// Limits of a batch.
    pub fn batch(&self) -> &BatchConfig {
        &self.batch
    }

    /// True if the clock is not that of the system.
    pub fn has_custom_clock(&self) -> bool {
        self.clock.is_some()
    }

    pub(crate) fn follow_interval(&self) -> Duration {
        self.follow_interval
    }

    pub(crate) fn index_cache_bytes(&self) -> u64 {
        self.index_cache_bytes
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.clock.clone().unwrap_or_else(|| Arc::new(SystemClock))
    }

    /// Checks every value against its range.
    pub(crate) fn validate(&self) -> Result<(), StoreError> {
        let checks = [
            (self.segment_max_bytes > 0, "segment_max_bytes must be greater than 0"),
            (self.fd_budget > 0, "fd_budget must be greater than 0"),
            (self.broadcast_capacity > 0, "broadcast_capacity must be greater than 0"),
            (
                (1..=64 * MIB).contains(&self.single_append_max_bytes),
                "single_append_max_bytes must lie between 1 and 64 MiB",
            ),
            ((1..=4096).contains(&self.batch.max_size), "batch_max_size must lie between 1 and 4096"),
            ((1..=16 * MIB).contains(&self.batch.max_bytes), "batch_max_bytes must lie between 1 and 16 MiB"),
        ];
        match checks.iter().find(|(holds, _)| !holds) {
            Some((_, message)) => Err(StoreError::Configuration((*message).to_owned())),
            None => Ok(()),
        }
    }

    /// Where the active segment is sealed: the configured size, within what an index can address.
    pub(crate) fn rotation_bytes(&self) -> u64 {
        self.segment_max_bytes.min(SEGMENT_LIMIT)
    }
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreConfig")
            .field("data_dir", &self.data_dir)
            .field("segment_max_bytes", &self.segment_max_bytes)
            .field("sync", &self.sync)
            .field("batch", &self.batch)
            .field("single_append_max_bytes", &self.single_append_max_bytes)
            .field("broadcast_capacity", &self.broadcast_capacity)
            .field("fd_budget", &self.fd_budget)
            .field("follow_interval", &self.follow_interval)
            .field("index_cache_bytes", &self.index_cache_bytes)
            .field("custom_clock", &self.clock.is_some())
            .finish()
    }
}
