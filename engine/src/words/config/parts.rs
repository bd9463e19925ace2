//! Owns the parts of a configuration: plain values with their defaults, no checks.

use std::time::Duration;

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

impl Default for SyncConfig {
    fn default() -> Self {
        Self { every_n_events: 1000, every: Duration::from_millis(50), mode: SyncMode::SyncAll }
    }
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self { max_size: 256, max_bytes: 1024 * 1024, group_commit_max_batch: 1 }
    }
}

/// What waits in front of the commit section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WriterConfig {
    /// Most appends that wait for a later answer, a batch counting as one.
    pub channel_capacity: usize,
    /// Fill of the queue, in percent, from which `try_submit` declines; 1 to 100.
    pub pressure_retry_threshold_pct: u8,
    /// Stack size of the thread that commits submitted appends, in bytes.
    pub stack_size: Option<usize>,
    /// Kept for programs written against batpak; has no effect.
    pub restart_policy: RestartPolicy,
    /// Most submitted appends that closing still commits.
    pub shutdown_drain_limit: usize,
}

impl Default for WriterConfig {
    fn default() -> Self {
        Self {
            channel_capacity: 4096,
            pressure_retry_threshold_pct: 75,
            stack_size: None,
            restart_policy: RestartPolicy::default(),
            shutdown_drain_limit: 1024,
        }
    }
}

/// How often something that panicked is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RestartPolicy {
    /// Once.
    #[default]
    Once,
    /// So many times within a span that moves along.
    Bounded {
        /// Most restarts within the span.
        max_restarts: u32,
        /// The span in milliseconds.
        within_ms: u64,
    },
}

/// How states and indexes are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexConfig {
    /// Kept for programs written against batpak; has no effect.
    pub topology: IndexTopology,
    /// Whether a projection may go on from a state kept in a cache.
    pub incremental_projection: bool,
    /// Kept for programs written against batpak; has no effect.
    pub enable_checkpoint: bool,
    /// Kept for programs written against batpak; has no effect.
    pub enable_mmap_index: bool,
}

impl Default for IndexConfig {
    fn default() -> Self {
        Self {
            topology: IndexTopology::default(),
            incremental_projection: false,
            enable_checkpoint: true,
            enable_mmap_index: true,
        }
    }
}

/// Which overlays batpak would build. One index answers every question here, so that this changes nothing but what diagnostics repeat.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexTopology {
    soa: bool,
    entity_groups: bool,
    tiles64: bool,
    tiles64_simd: bool,
}

impl IndexTopology {
    /// No overlay.
    pub fn aos() -> Self {
        Self::default()
    }

    /// For broad scans.
    pub fn scan() -> Self {
        Self::default().with_soa(true)
    }

    /// For one entity at a time.
    pub fn entity_local() -> Self {
        Self::default().with_entity_groups(true)
    }

    /// Tiles of one kind each.
    pub fn tiled() -> Self {
        Self::default().with_tiles64(true)
    }

    /// Tiles of mixed kinds.
    pub fn tiled_simd() -> Self {
        Self::default().with_tiles64_simd(true)
    }

    /// Every overlay.
    pub fn all() -> Self {
        Self::scan().with_entity_groups(true).with_tiles64(true)
    }

    /// What diagnostics call it.
    pub(crate) fn label(self) -> &'static str {
        let named = [
            (Self::aos(), "aos"),
            (Self::scan(), "scan"),
            (Self::entity_local(), "entity-local"),
            (Self::tiled(), "tiled"),
            (Self::tiled_simd(), "tiled-simd"),
            (Self::all(), "all"),
        ];
        named.iter().find(|(topology, _)| *topology == self).map_or("hybrid", |(_, label)| label)
    }

    /// With or without the overlay for broad scans.
    #[must_use]
    pub fn with_soa(mut self, enabled: bool) -> Self {
        self.soa = enabled;
        self
    }

    /// With or without the overlay for one entity at a time.
    #[must_use]
    pub fn with_entity_groups(mut self, enabled: bool) -> Self {
        self.entity_groups = enabled;
        self
    }

    /// With or without tiles of one kind each.
    #[must_use]
    pub fn with_tiles64(mut self, enabled: bool) -> Self {
        self.tiles64 = enabled;
        self
    }

    /// With or without tiles of mixed kinds.
    #[must_use]
    pub fn with_tiles64_simd(mut self, enabled: bool) -> Self {
        self.tiles64_simd = enabled;
        self
    }
}

/// What opening does when two payload types of the program claim one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventPayloadValidation {
    /// Says so in the findings.
    #[default]
    Warn,
    /// Refuses to open.
    FailFast,
    /// Nothing.
    Silent,
}
