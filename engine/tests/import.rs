//! Bringing a batpak directory into a store of its own.
#![allow(clippy::unwrap_used, missing_docs)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use causeway::encoding::to_json;
use causeway::store::{
    ExtensionKey, ImportOptions, ImportReport, LogEvent, ReadOnly, Selection, Store, StoreConfig, StoreError,
    VerifyLevel, import, preview,
};

fn fixture(case: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/batpak").join(case).join("store")
}

fn imported(case: &str, include_hidden: bool) -> (ImportReport, Vec<LogEvent>) {
    let target = tempfile::tempdir().unwrap();
    let options = ImportOptions { include_hidden };
    let config = StoreConfig::new(target.path());
    let report = import(&fixture(case), config, options, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(target.path())).unwrap();
    assert_eq!(store.frames_read(), 0, "an imported store opens by its index");
    assert!(store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap().holds());
    (report, events(&store, false))
}

fn events(store: &Store<ReadOnly>, hidden: bool) -> Vec<LogEvent> {
    let selection = Selection { hidden, ..Selection::default() };
    store.read_selected(&selection, 0..u64::MAX).filter_map(|(_, event)| event.ok()).collect()
}

/// Extensions without the one that an import adds, and that one as JSON.
fn split_origin(event: &LogEvent) -> (Vec<(String, Vec<u8>)>, serde_json::Value) {
    let mut rest = Vec::new();
    let mut origin = serde_json::Value::Null;
    for (key, value) in &event.raw.extensions {
        match key.as_str() {
            "causeway.origin" => origin = to_json(value).unwrap(),
            other => rest.push((other.to_owned(), value.clone())),
        }
    }
    (rest, origin)
}

fn assert_carried(before: &LogEvent, after: &LogEvent) {
    let (old, new) = (&before.raw, &after.raw);
    let (extensions, origin) = split_origin(after);
    let old_extensions: Vec<_> = old
        .extensions
        .iter()
        .map(|(key, value): (&ExtensionKey, _)| (key.to_string(), value.clone()))
        .collect();
    let branch = |event: &LogEvent| (event.raw.header.position.lane(), event.raw.header.position.depth());
    assert_eq!(new.header.event_id, old.header.event_id);
    assert_eq!(new.header.timestamp_us, old.header.timestamp_us);
    assert_eq!(new.header.event_kind, old.header.event_kind);
    assert_eq!(new.header.flags, old.header.flags);
    assert_eq!(new.coordinate, old.coordinate);
    assert_eq!(branch(after), branch(before));
    assert_eq!(new.header.correlation_id, old.header.correlation_id);
    assert_eq!(new.header.causation_id, old.header.causation_id);
    assert_eq!(new.payload, old.payload);
    assert_eq!(new.header.payload_version, old.header.payload_version);
    assert_eq!(extensions, old_extensions);
    assert_eq!(origin["sequence"], old.global_sequence);
    assert_eq!(origin["clock"], old.header.position.sequence());
}

#[test]
fn every_event_of_every_case_is_carried_in_commit_order() {
    for case in
        ["shop-3k", "v010-lanes", "v010-rotated", "v082-batches", "v082-extensions_flags", "v082-denial"]
    {
        let source = Store::<ReadOnly>::open_read_only(StoreConfig::new(fixture(case))).unwrap();
        let before = events(&source, false);
        let (report, after) = imported(case, false);
        assert_eq!((report.imported as usize, after.len()), (before.len(), before.len()), "{case}");
        for (sequence, (before, after)) in before.iter().zip(&after).enumerate() {
            assert_eq!(after.raw.global_sequence, sequence as u64);
            assert_carried(before, after);
        }
    }
}

#[test]
fn hidden_events_are_left_out_unless_asked_for() {
    let (without, _) = imported("v082-fence", false);
    let (with, events) = imported("v082-fence", true);
    assert_eq!((without.imported, without.hidden_left_out), (9, 2));
    assert_eq!((with.imported, with.hidden_left_out), (11, 0));
    assert_eq!(events.iter().filter(|event| split_origin(event).1["hidden"] == true).count(), 2);
}

#[test]
fn what_is_damaged_is_reported_and_the_rest_is_carried() {
    let (report, events) = imported("v082-damaged-crc_flip_mid_frame", false);
    assert!(!report.findings.is_empty() && report.imported > 0);
    assert_eq!(report.imported as usize, events.len());
}

#[test]
fn a_target_that_holds_anything_is_refused_and_stays_as_it_is() {
    let target = tempfile::tempdir().unwrap();
    std::fs::write(target.path().join("notes.txt"), "mine").unwrap();
    let config = StoreConfig::new(target.path());
    let refused = import(&fixture("v082-single"), config, ImportOptions::default(), &mut |_, _| {
        ControlFlow::Continue(())
    });
    assert!(matches!(refused, Err(StoreError::DataDirMalformed { .. })));
    assert_eq!(std::fs::read_dir(target.path()).unwrap().count(), 1);
}

#[test]
fn a_directory_is_described_before_it_is_opened() {
    let described = preview(&fixture("shop-3k")).unwrap();
    assert_eq!((described.events, described.segments), (Some(3003), 2));
    assert_eq!(described.bytes, 1_308_781 + 794_835);
    assert!(described.findings.is_empty() && described.holder.is_none());
    assert!(matches!(preview(&fixture("none")), Err(StoreError::Io(_))));
}

#[test]
fn an_intact_directory_verifies_whatever_its_writer_did_to_the_chains() {
    for case in
        ["shop-3k", "v010-lanes", "v010-rotated", "v082-fence", "v082-batches", "v082-causal", "v082-drop"]
    {
        let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(fixture(case))).unwrap();
        let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
        assert!(report.holds(), "{case}: {:?}", report.findings);
    }
}

#[test]
fn a_stream_that_its_writer_began_anew_counts_all_its_events() {
    let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(fixture("v082-fence"))).unwrap();
    for (entity, count) in store.entities().unwrap() {
        assert_eq!(store.entity_generation(&entity), Some(count), "{entity}");
        assert_eq!(store.by_entity(&entity).len() as u64, count, "{entity}");
    }
}
