//! Owns the tests at the ends of the numbers: segments that were made to stand where no store comes.

use serde_json::json;

use crate::coordinate::Region;
use crate::disk::memory::MemoryDirectory;
use crate::disk::segment::{SegmentHeader, SegmentName};
use crate::disk::storage::Directory;
use crate::proof::script::{KIND, config, follow, open, stream_of};
use crate::store::{CompactionConfig, StoreConfig};
use crate::words::sync::Arc;

fn small() -> StoreConfig {
    config(1, 4_096)
}

/// A store of a few segments.
fn filled() -> Arc<MemoryDirectory> {
    let directory = MemoryDirectory::new();
    let store = open(&directory, small()).unwrap();
    for n in 0..40 {
        store.append(&stream_of(n), KIND, &json!({ "n": n, "fill": "x".repeat(200) })).unwrap();
    }
    store.close().unwrap();
    directory
}

fn plant(directory: &MemoryDirectory, name: SegmentName, header: &SegmentHeader) {
    directory.create(&name.to_string()).unwrap().write_at(&header.encode(), 0).unwrap();
}

/// The header of the store's first segment.
fn header_of(directory: &MemoryDirectory) -> SegmentHeader {
    let name = SegmentName { first: 0, generation: 0 };
    SegmentHeader::read(&*directory.open(&name.to_string()).unwrap()).unwrap().0
}

#[test]
fn segments_at_the_end_of_the_numbers_take_nothing_from_the_others_and_overflow_nothing() {
    let (end, half) = (u64::MAX, u64::MAX / 2);
    let edges = [0, 1, 20, half - 1, half, half + 1, end - 1, end];
    let generations = [0, 1, u32::MAX / 2, u32::MAX / 2 + 1, u32::MAX];
    for first in edges {
        for generation in generations {
            for epoch in [1, end] {
                let directory = filled();
                let header = header_of(&directory);
                let replaced = (generation > 0).then_some((first, end)).filter(|(first, end)| first < end);
                let made = SegmentHeader { first_sequence: first, generation, replaced, epoch, ..header };
                let name = SegmentName { first, generation };
                if name == (SegmentName { first: 0, generation: 0 }) {
                    continue;
                }
                plant(&directory, name, &made);
                let context = format!("{name}, epoch {epoch}");
                // A segment that claims to replace the others may hide them; then nothing else may happen to them.
                if let Ok(reader) = follow(&directory, small()) {
                    assert!(reader.query(&Region::all()).len() <= 42, "{context}");
                    drop(reader.refresh());
                }
                let Ok(store) = open(&directory, small()) else { continue };
                for n in 0..20 {
                    let appended =
                        store.append(&stream_of(n), KIND, &json!({ "n": n, "fill": "x".repeat(200) }));
                    if let Ok(receipt) = appended {
                        assert_eq!(
                            store.get(receipt.event_id).unwrap().event.header.event_id,
                            receipt.event_id
                        );
                    }
                }
                drop(store.compact(&CompactionConfig::default()));
                drop(store.close());
                drop(open(&directory, small()));
            }
        }
    }
}
