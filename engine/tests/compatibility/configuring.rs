//! Every knob, set and asked for.

use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::batpak::event::EventPayloadValidation;
use crate::batpak::prelude::*;
use crate::batpak::store::{
    BatchConfig, Clock, IndexConfig, IndexTopology, RestartPolicy, StoreLockMode, SyncConfig, SystemClock,
    WriterConfig,
};

use crate::shared::{Deposited, account};

#[test]
fn every_knob_can_be_set_and_most_asked_for() {
    let config = StoreConfig::new("somewhere")
        .with_segment_max_bytes(1 << 20)
        .with_sync_every_n_events(7)
        .with_sync_mode(SyncMode::SyncData)
        .with_fd_budget(8)
        .with_broadcast_capacity(32)
        .with_single_append_max_bytes(1 << 16)
        .with_batch_max_size(16)
        .with_batch_max_bytes(1 << 18)
        .with_group_commit_max_batch(4)
        .with_writer_channel_capacity(64)
        .with_writer_pressure_retry_threshold_pct(50)
        .with_writer_stack_size(Some(1 << 20))
        .with_shutdown_drain_limit(100)
        .with_restart_policy(RestartPolicy::Bounded { max_restarts: 3, within_ms: 1_000 })
        .with_index_topology(IndexTopology::all())
        .with_incremental_projection(true)
        .with_enable_checkpoint(false)
        .with_enable_mmap_index(false)
        .with_event_payload_validation(EventPayloadValidation::FailFast);
    assert_eq!(config.data_dir().to_str(), Some("somewhere"));
    assert_eq!(
        (config.segment_max_bytes(), config.fd_budget(), config.broadcast_capacity()),
        (1 << 20, 8, 32)
    );
    let sync: &SyncConfig = config.sync();
    assert!(sync.every_n_events == 7 && matches!(sync.mode, SyncMode::SyncData));
    let batch: &BatchConfig = config.batch();
    assert_eq!((batch.max_size, batch.max_bytes, batch.group_commit_max_batch), (16, 1 << 18, 4));
    let writer: &WriterConfig = config.writer();
    assert_eq!(
        (writer.channel_capacity, writer.stack_size, writer.shutdown_drain_limit),
        (64, Some(1 << 20), 100)
    );
    assert!(matches!(writer.restart_policy, RestartPolicy::Bounded { max_restarts: 3, within_ms: 1_000 }));
    let index: &IndexConfig = config.index();
    assert!(index.topology == IndexTopology::all() && index.incremental_projection);
    assert_eq!(config.single_append_max_bytes(), 1 << 16);
    assert!(matches!(config.event_payload_validation(), EventPayloadValidation::FailFast));
    assert!(!config.has_custom_clock() && config.platform_profile_path().is_none());
    let config = config.with_platform_profile_path("profile.json").with_restart_policy(RestartPolicy::Once);
    assert!(config.platform_profile_path().is_some());
    assert!(matches!(StoreConfig::new("x").event_payload_validation(), EventPayloadValidation::Warn));
}

#[test]
fn payload_types_with_kinds_of_their_own_pass_the_strictest_check() -> Result<(), Box<dyn std::error::Error>>
{
    validate_event_payload_registry()?;
    let again: Result<(), EventPayloadRegistryError> = revalidate_event_payload_registry();
    again?;
    let directory = tempfile::tempdir()?;
    let config = StoreConfig::new(directory.path());
    Store::open(config.with_event_payload_validation(EventPayloadValidation::FailFast))?.close()?;
    Ok(())
}

#[test]
fn a_store_opens_with_every_topology() -> Result<(), StoreError> {
    let topologies = [
        IndexTopology::aos(),
        IndexTopology::scan(),
        IndexTopology::entity_local(),
        IndexTopology::tiled(),
        IndexTopology::tiled_simd(),
        IndexTopology::all(),
        IndexTopology::aos()
            .with_soa(true)
            .with_entity_groups(true)
            .with_tiles64(true)
            .with_tiles64_simd(true),
    ];
    for topology in topologies {
        let directory = tempfile::tempdir()?;
        let store = Store::open(StoreConfig::new(directory.path()).with_index_topology(topology))?;
        let receipt = store.append_typed(&account(), &Deposited { cents: 5 })?;
        assert_eq!(store.by_fact_typed::<Deposited>()[0].event_id(), receipt.event_id.into());
        store.close()?;
    }
    Ok(())
}

/// A clock that the program sets.
struct Fixed(i64);

impl Clock for Fixed {
    fn now_us(&self) -> i64 {
        self.0
    }

    fn now_wall_ns(&self) -> i64 {
        self.0 * 1_000
    }

    fn now_mono_ns(&self) -> i64 {
        SystemClock::new().now_mono_ns()
    }

    fn process_boot_ns(&self) -> u64 {
        SystemClock::new().process_boot_ns()
    }
}

#[test]
fn time_comes_from_the_clock_that_is_given() -> Result<(), StoreError> {
    let directories = [tempfile::tempdir()?, tempfile::tempdir()?];
    let configs = [
        StoreConfig::new(directories[0].path()).with_clock(Some(Arc::new(Fixed(5_000_000)))),
        StoreConfig::new(directories[1].path()).with_clock_fn(|| 5_000_000),
    ];
    for config in configs {
        assert!(config.has_custom_clock());
        let store = Store::open(config)?;
        let receipt = store.append_typed(&account(), &Deposited { cents: 5 })?;
        let header = store.get(receipt.event_id)?.event.header;
        assert_eq!((header.timestamp_us, header.position.wall_ms()), (5_000_000, 5_000));
    }
    Ok(())
}

#[test]
fn a_clock_before_1970_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let before = StoreConfig::new(directory.path()).with_clock_fn(|| -1);
    match Store::open(before).and_then(|store| store.append_typed(&account(), &Deposited { cents: 5 })) {
        Err(StoreError::InvalidClock { timestamp_us, .. }) => assert_eq!(timestamp_us, -1),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_directory_is_written_by_one_store_at_a_time() -> Result<(), StoreError> {
    let directory = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(directory.path()))?;
    match Store::open(StoreConfig::new(directory.path())) {
        Err(StoreError::StoreLocked { path, mode }) => {
            assert!(path.ends_with(directory.path().file_name().unwrap()));
            assert!(matches!(mode, StoreLockMode::Mutable) && !matches!(mode, StoreLockMode::ReadOnly));
        }
        other => panic!("{:?}", other.map(drop)),
    }
    drop(store);
    assert!(
        NonZeroUsize::new(Store::open(StoreConfig::new(directory.path()))?.stats().event_count).is_some()
    );
    Ok(())
}

#[test]
fn a_senseless_knob_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    match Store::open(StoreConfig::new(directory.path()).with_segment_max_bytes(0)) {
        Err(StoreError::Configuration(reason)) => assert!(!reason.is_empty()),
        other => panic!("{:?}", other.map(drop)),
    }
}
