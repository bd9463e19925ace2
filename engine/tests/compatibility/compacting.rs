//! Compaction: what is kept, what leaves a tombstone.

use std::path::Path;

use crate::batpak::event::EventPayload;
use crate::batpak::prelude::*;
use crate::batpak::store::segment::{CompactionOutcome, CompactionResult};
use crate::batpak::store::{CompactionConfig, CompactionStrategy, RetentionPredicate};

use crate::shared::{Deposited, Withdrawn, account};

fn filled(directory: &Path) -> Result<Store, StoreError> {
    let config = StoreConfig::new(directory).with_segment_max_bytes(4_096).with_sync_every_n_events(1);
    let store = Store::open(config)?;
    for cents in 1..=40 {
        store.append_typed(&account(), &Deposited { cents })?;
        store.append_typed(&account(), &Withdrawn { cents: 1 })?;
    }
    Ok(store)
}

#[test]
fn compaction_leaves_out_what_need_not_be_kept() -> Result<(), StoreError> {
    let directory = tempfile::tempdir()?;
    let store: Store = filled(directory.path())?;
    let keep: RetentionPredicate = Box::new(|stored| stored.event.event_kind() != Withdrawn::KIND);
    let config = CompactionConfig { strategy: CompactionStrategy::Retention(keep), min_segments: 2 };
    let (result, report) = store.compact(&config)?;
    let CompactionResult { outcome, segments_removed, .. } = result;
    match outcome {
        CompactionOutcome::Performed => assert!(segments_removed > 0),
        CompactionOutcome::Skipped => panic!("there are many segments"),
        CompactionOutcome::Failed { reason } => panic!("{reason}"),
        other => panic!("{other:?}"),
    }
    assert!(!report.source_segment_ids_sorted.is_empty());
    assert!(store.by_fact_typed::<Withdrawn>().len() < 40);
    assert_eq!(store.by_fact_typed::<Deposited>().len(), 40);
    Ok(())
}

#[test]
fn a_tombstone_says_that_something_was_there() -> Result<(), StoreError> {
    let directory = tempfile::tempdir()?;
    let store = filled(directory.path())?;
    let keep: RetentionPredicate = Box::new(|stored| stored.event.event_kind() != Withdrawn::KIND);
    let config = CompactionConfig { strategy: CompactionStrategy::Tombstone(keep), min_segments: 2 };
    assert!(matches!(store.compact(&config)?.0.outcome, CompactionOutcome::Performed));
    assert!(!store.by_fact(EventKind::TOMBSTONE).is_empty());
    Ok(())
}
