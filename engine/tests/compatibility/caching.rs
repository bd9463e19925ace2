//! Caches of projections: the store's own, and one that a program brings.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::batpak::prelude::*;
use crate::batpak::store::projection::{CacheCapabilities, CacheMeta, NativeCache, NoCache, ProjectionCache};

use crate::shared::{Balance, Deposited, account};

/// A state and what was noted with it.
type Kept = (Vec<u8>, CacheMeta);

/// A cache that a program brings.
#[derive(Default)]
struct Shelf {
    values: Mutex<HashMap<Vec<u8>, Kept>>,
}

impl ProjectionCache for Shelf {
    fn capabilities(&self) -> CacheCapabilities {
        CacheCapabilities { is_noop: false, ..CacheCapabilities::none() }
    }

    fn get(&self, key: &[u8]) -> Result<Option<(Vec<u8>, CacheMeta)>, StoreError> {
        Ok(self.values.lock().unwrap().get(key).cloned())
    }

    fn put(&self, key: &[u8], value: &[u8], meta: CacheMeta) -> Result<(), StoreError> {
        self.values.lock().unwrap().insert(key.to_vec(), (value.to_vec(), meta));
        Ok(())
    }

    fn delete_prefix(&self, prefix: &[u8]) -> Result<u64, StoreError> {
        let mut values = self.values.lock().unwrap();
        let before = values.len();
        values.retain(|key, _| !key.starts_with(prefix));
        Ok((before - values.len()) as u64)
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn prefetch(&self, _key: &[u8], _predicted: CacheMeta) -> Result<(), StoreError> {
        Ok(())
    }
}

fn balance(store: &Store) -> Option<u64> {
    store.append_typed(&account(), &Deposited { cents: 7 }).unwrap();
    store.project::<Balance>("account:1", &Freshness::Consistent).unwrap().map(|balance| balance.cents)
}

#[test]
fn a_store_keeps_states_in_the_cache_it_is_given() -> Result<(), StoreError> {
    let directory = tempfile::tempdir()?;
    let config = || StoreConfig::new(directory.path().join("store"));
    let cache = directory.path().join("cache");
    let store = Store::open_with_native_cache(config(), &cache)?;
    assert_eq!(balance(&store), Some(7));
    store.close()?;
    let store = Store::open_with_cache(config(), Box::new(Shelf::default()))?;
    assert_eq!(balance(&store), Some(14));
    store.close()?;
    let reader = Store::<ReadOnly>::open_read_only_with_native_cache(config(), &cache)?;
    let read = reader.project::<Balance>("account:1", &Freshness::MaybeStale { max_stale_ms: 0 })?;
    assert_eq!(read, Some(Balance { cents: 14 }));
    drop(reader);
    let reader = Store::<ReadOnly>::open_read_only_with_cache(config(), Box::new(NoCache))?;
    assert_eq!(reader.project::<Balance>("account:1", &Freshness::Consistent)?, Some(Balance { cents: 14 }));
    Ok(())
}

#[test]
fn a_cache_keeps_bytes_by_key() -> Result<(), StoreError> {
    let directory = tempfile::tempdir()?;
    let native: NativeCache = NativeCache::open(directory.path())?;
    let meta =
        CacheMeta { watermark: 7, cached_at_us: 8, cached_at_mono_ns: Some(9), process_boot_ns: Some(10) };
    let shelf = Shelf::default();
    let caches: [&dyn ProjectionCache; 2] = [&native, &shelf];
    for cache in caches {
        cache.put(b"a:1", b"one", meta.clone())?;
        cache.prefetch(b"a:1", meta.clone())?;
        let (value, read) = cache.get(b"a:1")?.unwrap();
        assert_eq!((value.as_slice(), read.watermark, read.cached_at_us), (b"one".as_slice(), 7, 8));
        assert_eq!((read.cached_at_mono_ns, read.process_boot_ns), (Some(9), Some(10)));
        cache.sync()?;
        assert_eq!((cache.delete_prefix(b"a:")?, cache.delete_prefix(b"a:")?), (1, 0));
        assert!(cache.get(b"a:1")?.is_none() && !cache.capabilities().is_noop);
    }
    assert!(NoCache.capabilities().is_noop);
    assert!(
        !CacheCapabilities::none().supports_prefetch && CacheCapabilities::prefetch_hints().supports_prefetch
    );
    Ok(())
}
