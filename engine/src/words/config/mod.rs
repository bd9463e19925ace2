//! Owns the configuration of a store: one value, built by its methods and checked when the store is opened.

mod parts;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::words::clock::{Clock, FnClock, SystemClock};
use crate::words::error::StoreError;
use crate::words::report::{OpenReport, OpenReportObserver};
use crate::words::signing::{KeyRing, SigningKey, VerifyingKey};
use crate::words::sync::Arc;

pub use parts::{
    BatchConfig, EventPayloadValidation, IndexConfig, IndexTopology, RestartPolicy, SyncConfig, SyncMode,
    WriterConfig,
};

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
    visibility_fence_max_bytes: u64,
    sync: SyncConfig,
    batch: BatchConfig,
    writer: WriterConfig,
    index: IndexConfig,
    event_payload_validation: EventPayloadValidation,
    platform_profile_path: Option<PathBuf>,
    open_report_observer: Option<OpenReportObserver>,
    keys: KeyRing,
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
            visibility_fence_max_bytes: 64 * u64::from(MIB),
            sync: SyncConfig::default(),
            batch: BatchConfig::default(),
            writer: WriterConfig::default(),
            index: IndexConfig::default(),
            event_payload_validation: EventPayloadValidation::default(),
            platform_profile_path: None,
            open_report_observer: None,
            keys: KeyRing::default(),
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

    /// Most bytes of frames that a visibility fence holds in memory until it is committed. The limits of a batch hold for each batch in
    /// it, and not for the whole.
    #[must_use]
    pub fn with_visibility_fence_max_bytes(mut self, visibility_fence_max_bytes: u64) -> Self {
        self.visibility_fence_max_bytes = visibility_fence_max_bytes;
        self
    }

    /// Kept for programs written against batpak; has no effect: waiting appends always share one commit, and need no keys for that.
    #[must_use]
    pub fn with_group_commit_max_batch(mut self, group_commit_max_batch: u32) -> Self {
        self.batch.group_commit_max_batch = group_commit_max_batch;
        self
    }

    /// Most appends that wait in front of the commit section for a later answer, a batch counting as one: `submit` beyond it commits
    /// them first, `try_submit` declines earlier.
    #[must_use]
    pub fn with_writer_channel_capacity(mut self, writer_channel_capacity: usize) -> Self {
        self.writer.channel_capacity = writer_channel_capacity;
        self
    }

    /// Fill of that queue, in percent, from which `try_submit` declines; 1 to 100.
    #[must_use]
    pub fn with_writer_pressure_retry_threshold_pct(mut self, percent: u8) -> Self {
        self.writer.pressure_retry_threshold_pct = percent;
        self
    }

    /// Kept for programs written against batpak; has no effect, because a failed write leaves nothing to restart.
    #[must_use]
    pub fn with_restart_policy(mut self, restart_policy: RestartPolicy) -> Self {
        self.writer.restart_policy = restart_policy;
        self
    }

    /// Most submitted appends that closing still commits; the tickets of the others fail.
    #[must_use]
    pub fn with_shutdown_drain_limit(mut self, shutdown_drain_limit: usize) -> Self {
        self.writer.shutdown_drain_limit = shutdown_drain_limit;
        self
    }

    /// Stack size of the thread that commits submitted appends, in bytes; `None` is that of the system.
    #[must_use]
    pub fn with_writer_stack_size(mut self, writer_stack_size: Option<usize>) -> Self {
        self.writer.stack_size = writer_stack_size;
        self
    }

    /// Kept for programs written against batpak; has no effect, because one index answers every question.
    #[must_use]
    pub fn with_index_topology(mut self, index_topology: IndexTopology) -> Self {
        self.index.topology = index_topology;
        self
    }

    /// Whether a projection may go on from a state kept in a [`ProjectionCache`](crate::store::ProjectionCache). States in memory
    /// are always continued.
    #[must_use]
    pub fn with_incremental_projection(mut self, incremental_projection: bool) -> Self {
        self.index.incremental_projection = incremental_projection;
        self
    }

    /// Kept for programs written against batpak; has no effect, because a closed store always opens by its indexes.
    #[must_use]
    pub fn with_enable_checkpoint(mut self, enable: bool) -> Self {
        self.index.enable_checkpoint = enable;
        self
    }

    /// Kept for programs written against batpak; has no effect, because a closed store always opens by its indexes.
    #[must_use]
    pub fn with_enable_mmap_index(mut self, enable: bool) -> Self {
        self.index.enable_mmap_index = enable;
        self
    }

    /// What opening does when two payload types claim one kind.
    #[must_use]
    pub fn with_event_payload_validation(mut self, validation: EventPayloadValidation) -> Self {
        self.event_payload_validation = validation;
        self
    }

    /// Is told what opening found and did.
    #[must_use]
    pub fn with_open_report_observer(mut self, observer: Option<OpenReportObserver>) -> Self {
        self.open_report_observer = observer;
        self
    }

    /// Signs receipts with this key, and accepts receipts that it signed. Of several the last one signs and all verify, so that a key
    /// can be replaced by another.
    ///
    /// Signing takes some 20 microseconds an event. With a key configured, unsigned receipts are not accepted any more.
    #[must_use]
    pub fn with_signing_key(mut self, signing_key: SigningKey) -> Self {
        self.keys.sign_with(signing_key);
        self
    }

    /// Accepts receipts that the owner of this key signed, without being able to sign: for whoever checks the receipts of others.
    #[must_use]
    pub fn with_verifying_key(mut self, verifying_key: VerifyingKey) -> Self {
        self.keys.verify_with(verifying_key);
        self
    }

    /// Kept for programs written against batpak; has no effect, because there are no platform profiles.
    #[must_use]
    pub fn with_platform_profile_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.platform_profile_path = Some(path.into());
        self
    }

    /// Takes back [`StoreConfig::with_platform_profile_path`].
    #[must_use]
    pub fn without_platform_profile_path(mut self) -> Self {
        self.platform_profile_path = None;
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

    /// What waits in front of the commit section.
    pub fn writer(&self) -> &WriterConfig {
        &self.writer
    }

    /// How states and indexes are kept.
    pub fn index(&self) -> &IndexConfig {
        &self.index
    }

    /// What opening does when two payload types claim one kind.
    pub fn event_payload_validation(&self) -> EventPayloadValidation {
        self.event_payload_validation
    }

    /// What was given, and is not used.
    pub fn platform_profile_path(&self) -> Option<&Path> {
        self.platform_profile_path.as_deref()
    }

    /// True if the clock is not that of the system.
    pub fn has_custom_clock(&self) -> bool {
        self.clock.is_some()
    }

    pub(crate) fn visibility_fence_max_bytes(&self) -> u64 {
        self.visibility_fence_max_bytes
    }

    /// The keys of signed receipts.
    pub(crate) fn keys(&self) -> &KeyRing {
        &self.keys
    }

    pub(crate) fn observe(&self, report: &OpenReport) {
        if let Some(observer) = &self.open_report_observer {
            observer(report);
        }
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
            (self.writer.channel_capacity > 0, "writer_channel_capacity must be greater than 0"),
            (
                (1..=100).contains(&self.writer.pressure_retry_threshold_pct),
                "writer_pressure_retry_threshold_pct must lie between 1 and 100",
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
            .field("writer", &self.writer)
            .field("index", &self.index)
            .field("event_payload_validation", &self.event_payload_validation)
            .field("single_append_max_bytes", &self.single_append_max_bytes)
            .field("visibility_fence_max_bytes", &self.visibility_fence_max_bytes)
            .field("broadcast_capacity", &self.broadcast_capacity)
            .field("fd_budget", &self.fd_budget)
            .field("follow_interval", &self.follow_interval)
            .field("index_cache_bytes", &self.index_cache_bytes)
            .field("custom_clock", &self.clock.is_some())
            .field("verifying_keys", &self.keys.verifiers().len())
            .finish_non_exhaustive()
    }
}
