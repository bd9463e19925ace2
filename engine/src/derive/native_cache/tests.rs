//! The cache of files, in memory: what it gives back, what it refuses and how much it keeps.

use super::*;
use crate::disk::memory::MemoryDirectory;

fn meta(watermark: u64) -> CacheMeta {
    CacheMeta { watermark, cached_at_us: -7, cached_at_mono_ns: Some(-1), process_boot_ns: None }
}

fn cache_in(directory: &Arc<MemoryDirectory>, limits: Limits) -> NativeCache {
    NativeCache::in_directory(Arc::<MemoryDirectory>::clone(directory), limits).unwrap()
}

fn value(cache: &NativeCache, key: &[u8]) -> Option<Vec<u8>> {
    cache.get(key).unwrap().map(|(value, _)| value)
}

#[test]
fn the_last_value_of_a_key_is_given_back_with_its_meta_and_outlives_the_cache() {
    let directory = MemoryDirectory::new();
    let cache = cache_in(&directory, LIMITS);
    assert!(cache.get(b"a").unwrap().is_none());
    cache.put(b"a", b"one", meta(1)).unwrap();
    cache.put(b"a", b"two", meta(2)).unwrap();
    cache.put(b"b", b"", meta(3)).unwrap();
    let cache = cache_in(&directory, LIMITS);
    let (found, told) = cache.get(b"a").unwrap().unwrap();
    assert_eq!((found.as_slice(), told.watermark, told.cached_at_us), (b"two".as_slice(), 2, -7));
    assert_eq!((told.cached_at_mono_ns, told.process_boot_ns), (Some(-1), None));
    assert_eq!(value(&cache, b"b"), Some(Vec::new()));
}

#[test]
fn a_file_with_any_byte_changed_or_missing_or_of_another_key_counts_as_none() {
    let directory = MemoryDirectory::new();
    let cache = cache_in(&directory, LIMITS);
    cache.put(b"a\0key", b"value", meta(1)).unwrap();
    let name = file_name(b"a\0key");
    let whole = cache.read(&name, u64::MAX).unwrap().unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        for bytes in [damaged.as_slice(), &whole[..at]] {
            directory.remove(&name).unwrap();
            directory.create(&name).unwrap().write_at(bytes, 0).unwrap();
            assert_eq!(value(&cache, b"a\0key"), None, "byte {at}");
        }
    }
    directory.create(&file_name(b"other")).unwrap().write_at(&whole, 0).unwrap();
    assert_eq!(value(&cache, b"other"), None);
    cache.put(b"a\0key", b"value", meta(1)).unwrap();
    assert_eq!(value(&cache, b"a\0key").unwrap(), b"value");
}

#[test]
fn a_prefix_is_forgotten_once_and_again_without_an_error() {
    let directory = MemoryDirectory::new();
    let cache = cache_in(&directory, LIMITS);
    directory.create("notes.txt").unwrap();
    for key in [b"a\0one".as_slice(), b"a\0two", b"ab\0one"] {
        cache.put(key, b"x", meta(0)).unwrap();
    }
    assert_eq!(cache.delete_prefix(b"a\0").unwrap(), 2);
    assert_eq!(cache.delete_prefix(b"a\0").unwrap(), 0);
    assert_eq!((value(&cache, b"a\0one"), value(&cache, b"ab\0one")), (None, Some(b"x".to_vec())));
    assert_eq!(cache.delete_prefix(b"").unwrap(), 1);
    assert!(directory.open("notes.txt").is_ok());
}

#[test]
fn values_that_were_not_used_for_long_give_way_within_the_limits() {
    for limits in [Limits { files: 8, ..LIMITS }, Limits { bytes: 1_000, ..LIMITS }] {
        let directory = MemoryDirectory::new();
        let cache = cache_in(&directory, limits);
        cache.put(b"used", b"x", meta(0)).unwrap();
        for number in 0..50_u32 {
            cache.put(&number.to_le_bytes(), &[0; 20], meta(0)).unwrap();
            assert!(value(&cache, b"used").is_some());
            let files = directory.list().unwrap();
            assert!(files.len() <= limits.files, "{} files", files.len());
            assert!(files.iter().map(|file| file.len_bytes).sum::<u64>() <= limits.bytes);
        }
        assert_eq!(value(&cache, &0_u32.to_le_bytes()), None);
        assert!(value(&cache, &49_u32.to_le_bytes()).is_some());
    }
}

#[test]
fn what_was_found_at_the_opening_counts_towards_the_limits() {
    let directory = MemoryDirectory::new();
    let limits = Limits { files: 4, ..LIMITS };
    for round in 0..10_u32 {
        cache_in(&directory, limits).put(&round.to_le_bytes(), b"x", meta(0)).unwrap();
        assert!(directory.list().unwrap().len() <= limits.files);
    }
}

#[test]
fn a_value_greater_than_a_file_may_be_is_not_kept() {
    let directory = MemoryDirectory::new();
    let cache = cache_in(&directory, Limits { file_bytes: 200, ..LIMITS });
    cache.put(b"a", &[0; 200], meta(0)).unwrap();
    assert_eq!(value(&cache, b"a"), None);
    assert!(directory.list().unwrap().is_empty());
}

#[test]
fn what_a_crash_left_half_written_is_cleared_away() {
    let directory = MemoryDirectory::new();
    directory.create(&format!("1-1{TEMPORARY_SUFFIX}")).unwrap();
    cache_in(&directory, LIMITS);
    assert!(directory.list().unwrap().is_empty());
}
