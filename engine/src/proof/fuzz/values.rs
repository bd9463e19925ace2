//! Owns the targets of values that stand alone: payloads, lines of JSON, receipts, saved positions, cached states.

use std::io;

use serde_json::Value;

use crate::batpak::PackReader;
use crate::care::jsonl::EventLine;
use crate::commit::claim::{ReceiptClaim, verify_receipt_claim};
use crate::coordinate::Region;
use crate::derive::checkpoint::{CheckpointId, region_identity, resume, save};
use crate::derive::native_cache::NativeCache;
use crate::disk::memory::MemoryDirectory;
use crate::disk::storage::Directory;
use crate::store::lines::item;
use crate::store::{CursorCheckpoint, ProjectionCache, StoreError};
use crate::words::encoding::{MAX_DEPTH, MAX_NODES, from_bytes, to_bytes, to_json};

/// A payload is shown or refused; what is shown encodes to something that shows the same.
pub(super) fn payload(bytes: &[u8]) {
    let shown = to_json(bytes);
    let mut reader = PackReader::new(bytes);
    let passed = reader.skip().map(<[u8]>::len);
    // The typed decoder is another's; it must not overflow the stack either.
    let _ = from_bytes::<Value>(bytes);
    let Ok(value) = shown else { return };
    assert_eq!(passed, Ok(bytes.len()), "both decoders agree about where the value ends");
    assert!(measure(&value) <= MAX_NODES);
    let again = to_bytes(&value).expect("JSON encodes");
    assert_eq!(to_json(&again), Ok(value), "what is shown is shown again");
}

/// Number of values; panics if they are nested too deeply.
fn measure(value: &Value) -> usize {
    let (mut nodes, mut level) = (0, vec![value]);
    for depth in 0.. {
        if level.is_empty() {
            break;
        }
        // Bytes stand one level below what holds them, and an extension is a map around them.
        assert!(depth <= MAX_DEPTH + 3, "nested too deeply");
        nodes += level.len();
        level = level
            .into_iter()
            .flat_map(|value| match value {
                Value::Array(items) => items.iter().collect::<Vec<_>>(),
                Value::Object(entries) => entries.values().collect(),
                _ => Vec::new(),
            })
            .collect();
    }
    nodes
}

/// A line is an event or it is refused; what it says survives being written again.
pub(super) fn line(bytes: &[u8]) {
    let _ = item(bytes);
    let Ok(line) = serde_json::from_slice::<EventLine>(bytes) else { return };
    let _ = (line.stored_extensions(), line.event_id(), line.stored_payload());
    let text = serde_json::to_string(&line).expect("a line is written");
    let again: EventLine = serde_json::from_str(&text).expect("a line that was written is read");
    assert_eq!(serde_json::to_string(&again).expect("a line is written"), text);
}

/// A claim is checked whatever it says, and survives being written again.
pub(super) fn claim(bytes: &[u8]) {
    let Ok(claim) = serde_json::from_slice::<ReceiptClaim>(bytes) else { return };
    assert!(!verify_receipt_claim(&claim, &[]).is_valid(), "nobody signed it");
    let text = serde_json::to_string(&claim).expect("a claim is written");
    assert_eq!(serde_json::from_str::<ReceiptClaim>(&text).expect("a claim that was written is read"), claim);
}

fn put(directory: &dyn Directory, name: &str, bytes: &[u8]) {
    directory.create(name).unwrap().write_at(bytes, 0).unwrap();
}

/// A saved position is read, refused with its name, or that of another region.
pub(super) fn checkpoint(bytes: &[u8]) {
    let directory = MemoryDirectory::new();
    let id = CheckpointId::new("c").unwrap();
    put(&*directory.create_subdirectory("cursors").unwrap(), "c.json", bytes);
    match resume(&*directory, &id, &Region::all()) {
        Ok(found) => {
            let found = found.expect("the file is there");
            assert_eq!(found.region_identity, Some(region_identity(&Region::all())));
            save(&*directory, &id, &found).unwrap();
            assert_eq!(resume(&*directory, &id, &Region::all()).unwrap(), Some(found));
        }
        Err(
            StoreError::CursorCheckpointCorrupt { .. } | StoreError::CursorCheckpointRegionMismatch { .. },
        ) => {}
        Err(error) => panic!("{error}"),
    }
    let _ = serde_json::from_slice::<CursorCheckpoint>(bytes);
}

/// A cached state is that of its key, or none.
pub(super) fn cache(bytes: &[u8]) {
    let directory = MemoryDirectory::new();
    let name = format!("{}.state", blake3::hash(super::samples::CACHE_KEY).to_hex());
    put(&*directory, &name, bytes);
    let storage: crate::words::sync::Arc<dyn Directory> = directory;
    let cache = NativeCache::in_storage(storage).unwrap_or_else(|error: io::Error| panic!("{error}"));
    let Some((value, meta)) = cache.get(super::samples::CACHE_KEY).unwrap() else { return };
    assert!(value.len() < bytes.len());
    cache.put(super::samples::CACHE_KEY, &value, meta.clone()).unwrap();
    let (found, again) = cache.get(super::samples::CACHE_KEY).unwrap().expect("it was just kept");
    assert_eq!((found, format!("{again:?}")), (value, format!("{meta:?}")));
    assert_eq!(cache.delete_prefix(b"a").unwrap(), 1);
}
