//! Owns the contract of a projection cache: where serialised states outlive the store that computed them. Never decides whether a state
//! may be used: what a cache gives back is checked by whoever asked.

use serde::{Deserialize, Serialize};

use crate::words::error::StoreError;

/// Keeps serialised states by key, for [`Store::open_with_cache`](crate::store::Store::open_with_cache).
///
/// A cache may lose anything at any time, and what it gives back may be old, damaged or somebody else's: the store checks each value and
/// replays what it cannot use. A cache that fails costs time and never a projection.
///
/// Keys begin with the entity and a zero byte, so that `delete_prefix(b"order:42\0")` forgets all states of one entity.
pub trait ProjectionCache: Send + Sync + 'static {
    /// What the cache can do.
    fn capabilities(&self) -> CacheCapabilities;

    /// The value of a key, or `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::CacheFailed`] if the cache does not work.
    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, CacheMeta)>, StoreError>;

    /// Keeps a value in place of the one before.
    ///
    /// # Errors
    /// [`StoreError::CacheFailed`] if the cache does not work.
    fn put(&self, key: &[u8], value: &[u8], meta: CacheMeta) -> Result<(), StoreError>;

    /// Forgets every key that begins with `prefix`, and says how many there were.
    ///
    /// # Errors
    /// [`StoreError::CacheFailed`] if the cache does not work.
    fn delete_prefix(&self, prefix: &[u8]) -> Result<u64, StoreError>;

    /// Writes out what the cache holds back. The store calls it when it is closed; how long a state then lasts is the cache's own matter.
    ///
    /// # Errors
    /// [`StoreError::CacheFailed`] if the cache does not work.
    fn sync(&self) -> Result<(), StoreError>;

    /// Hears that a key will probably be asked for soon. Called when a watcher begins, if the capabilities ask for it.
    ///
    /// # Errors
    /// [`StoreError::CacheFailed`] if the cache does not work.
    fn prefetch(&self, _key: &[u8], _predicted_meta: CacheMeta) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What is told to a cache about a value. The store itself relies on nothing of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CacheMeta {
    /// Global sequence of the newest event of the stream that the state covers.
    pub watermark: u64,
    /// When it was cached, in microseconds since 1970.
    pub cached_at_us: i64,
    /// When it was computed, in nanoseconds of the monotonic clock of that process.
    pub cached_at_mono_ns: Option<i64>,
    /// Which process that was, as [`Clock::process_boot_ns`](crate::store::Clock::process_boot_ns) tells.
    pub process_boot_ns: Option<u64>,
}

/// What a cache can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheCapabilities {
    /// It wants to hear by [`ProjectionCache::prefetch`] which key comes next.
    pub supports_prefetch: bool,
    /// It keeps nothing: the store never asks it.
    pub is_noop: bool,
}

impl CacheCapabilities {
    /// Nothing beyond what every cache does.
    pub const fn none() -> Self {
        Self { supports_prefetch: false, is_noop: false }
    }

    /// The cache wants to hear which key comes next.
    pub const fn prefetch_hints() -> Self {
        Self { supports_prefetch: true, is_noop: false }
    }
}

/// Keeps nothing. Every store has this one unless it is opened with another.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCache;

impl ProjectionCache for NoCache {
    fn capabilities(&self) -> CacheCapabilities {
        CacheCapabilities { is_noop: true, ..CacheCapabilities::none() }
    }

    fn get(&self, _key: &[u8]) -> Result<Option<(Vec<u8>, CacheMeta)>, StoreError> {
        Ok(None)
    }

    fn put(&self, _key: &[u8], _value: &[u8], _meta: CacheMeta) -> Result<(), StoreError> {
        Ok(())
    }

    fn delete_prefix(&self, _prefix: &[u8]) -> Result<u64, StoreError> {
        Ok(0)
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
