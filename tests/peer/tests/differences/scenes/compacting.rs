//! Scenes of compaction.

use std::path::Path;

use super::engine::event::EventKind;
use super::engine::id::EventId;
use super::engine::store::segment::CompactionOutcome;
use super::engine::store::{CompactionConfig, CompactionStrategy, Store};
use super::{KIND, config, coordinate};

/// After every other event of a stream of forty was removed: whether those that were kept can be read, whether they have the
/// sequences that their receipts say, and the generation of the stream.
pub(crate) fn after_retention(directory: &Path) -> (bool, bool, Option<u64>) {
    let store = Store::open(config(directory).with_segment_max_bytes(2_048)).expect("the store opens");
    let mut kept = Vec::new();
    for number in 0..20_u64 {
        kept.push(store.append(&coordinate(), KIND, &number).expect("the event is appended"));
        store.append(&coordinate(), EventKind::custom(1, 2), &number).expect("the event is appended");
    }
    let strategy = CompactionStrategy::Retention(Box::new(|stored| stored.event.event_kind() == KIND));
    let compacted = store.compact(&CompactionConfig { strategy, min_segments: 2 });
    let (result, _) = compacted.expect("the store is compacted");
    assert!(matches!(result.outcome, CompactionOutcome::Performed), "{result:?}");
    let sequences = store.by_fact(KIND).into_iter().map(|entry| entry.global_sequence());
    let readable =
        store.by_fact(KIND).into_iter().all(|entry| store.get(EventId::from(entry.event_id())).is_ok());
    let same = sequences.eq(kept.iter().map(|receipt| receipt.sequence));
    (readable, same, store.entity_generation("order:1"))
}
