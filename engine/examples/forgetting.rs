//! Forgetting what must be forgotten: compaction erases the events of a customer, and everything else stays provable.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::ops::ControlFlow;

use causeway::prelude::*;
use causeway::store::segment::CompactionOutcome;
use causeway::store::{CompactionConfig, CompactionStrategy, VerifyLevel};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 0xE, type_id = 1)]
struct AddressChanged {
    city: String,
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    // Compaction rewrites sealed segments: here every segment is sealed at once, so that there are some.
    let store = Store::open(StoreConfig::new(directory.path()).with_segment_max_bytes(1))?;
    let move_to = |customer: &str, city: &str| {
        store.append_typed(&Coordinate::new(customer, "shop")?, &AddressChanged { city: city.to_owned() })
    };
    let forgotten = move_to("customer:7", "Rome")?;
    let kept = move_to("customer:8", "Oslo")?;
    move_to("customer:8", "Bonn")?;

    // The predicate says what is kept. It sees every event of an application, and none of the store's own.
    let forget = CompactionConfig {
        strategy: CompactionStrategy::Tombstone(Box::new(|event| event.coordinate.entity() != "customer:7")),
        min_segments: 0,
    };
    let (result, _report) = store.compact(&forget)?;
    println!("{} segments were replaced", result.segments_removed);
    assert_eq!(result.outcome, CompactionOutcome::Performed);

    // A tombstone stands in its place, without the payload; no sequence and no receipt of another event changed.
    let stone = store.read_raw(forgotten.event_id)?;
    println!("sequence {} is a tombstone: {}", forgotten.sequence, stone.event.event_kind());
    assert_eq!((stone.event.event_kind(), stone.event.payload.len()), (EventKind::TOMBSTONE, 0));
    assert_eq!(store.get(kept.event_id)?.event.decode_typed::<AddressChanged>()?.city, "Oslo");
    assert_eq!(store.by_entity("customer:8")[0].global_sequence(), kept.sequence);

    // The chain still holds: what is left of the event is its hash.
    let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(()))?;
    assert!(report.holds());
    Ok(())
}
