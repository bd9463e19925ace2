//! What a user of copies relies on: a snapshot is the same store, a fork goes on by itself, lines of JSON lose nothing.
#![allow(clippy::unwrap_used, missing_docs)]

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use causeway::coordinate::Coordinate;
use causeway::event::EventKind;
use causeway::id::IdempotencyKey;
use causeway::store::backup_envelope::{
    BACKUP_MANIFEST_BODY_SCHEMA_VERSION, BackupEnvelopeFinding, BackupManifestBody, backup_segments,
    restore_proof_evidence_report,
};
use causeway::store::{
    AppendOptions, BatchAppendItem, CausationRef, ExtensionKey, FindingClass, ReadOnly, Selection, Store,
    StoreConfig, StoreError, VerifyLevel, import_jsonl,
};
use serde_json::json;
use tempfile::TempDir;

const KIND: EventKind = EventKind::custom(1, 1);

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Small segments, so that a store has several.
    fn config(&self, name: &str) -> StoreConfig {
        StoreConfig::new(self.path(name)).with_segment_max_bytes(4096)
    }

    fn open(&self, name: &str) -> Store {
        Store::open(self.config(name)).unwrap()
    }

    /// A store of several segments, with batches, keys, extensions and payloads that JSON cannot hold.
    fn filled(&self, name: &str) -> Store {
        let store = self.open(name);
        for number in 0..60_u32 {
            let options = AppendOptions::new()
                .with_idempotency(IdempotencyKey::from(1000 + u128::from(number)))
                .with_extension(ExtensionKey::new("acme.trace").unwrap(), vec![number as u8, 255])
                .with_flags(2);
            store.append_with_options(&at(number), KIND, &json!({ "n": number }), options).unwrap();
        }
        let integer_keys = std::collections::BTreeMap::from([(1, "one"), (2, "two")]);
        store.append(&at(1), KIND, &integer_keys).unwrap();
        store.append(&at(2), KIND, &1.5_f32).unwrap();
        let item = |cause| BatchAppendItem::new(at(3), KIND, &7, AppendOptions::new(), cause).unwrap();
        store.append_batch(vec![item(CausationRef::None), item(CausationRef::PriorItem(0))]).unwrap();
        store
    }
}

fn at(number: u32) -> Coordinate {
    Coordinate::new(format!("order:{}", number % 7), "shop").unwrap()
}

/// Every event with its place and its hashes.
fn contents(directory: &Path) -> Vec<(u64, [u8; 32], Vec<u8>)> {
    let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(directory)).unwrap();
    let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.holds(), "{:?}", report.findings);
    let events = store.read_range(0..store.visible()).map(|(sequence, event)| {
        let raw = event.unwrap().raw;
        (sequence, raw.event_hash, raw.payload)
    });
    events.collect()
}

#[test]
fn a_snapshot_holds_what_was_there_and_its_original_goes_on() {
    let home = Home::new();
    let store = home.filled("store");
    let end = store.visible() as usize;
    store.snapshot(&home.path("copy")).unwrap();
    store.append(&at(1), KIND, &"later").unwrap();
    let (original, copy) = (contents(&home.path("store")), contents(&home.path("copy")));
    assert_eq!((copy.len(), &original[..end]), (end, &copy[..]));
    let copy = home.open("copy");
    assert_eq!(copy.identity(), store.identity());
    assert!(!copy.append(&at(1), KIND, &"elsewhere").unwrap().event_id.to_string().is_empty());
}

#[test]
fn a_snapshot_into_a_directory_that_is_not_empty_removes_nothing() {
    let home = Home::new();
    let store = home.filled("store");
    std::fs::create_dir(home.path("mine")).unwrap();
    std::fs::write(home.path("mine").join("notes.txt"), "mine").unwrap();
    let refused = store.snapshot(&home.path("mine"));
    assert!(matches!(refused, Err(StoreError::DataDirMalformed { .. })), "{refused:?}");
    assert_eq!(std::fs::read_dir(home.path("mine")).unwrap().count(), 1);
}

#[test]
fn of_several_who_copy_to_one_place_at_once_one_succeeds_and_its_copy_is_whole() {
    let home = Home::new();
    let store = home.filled("store");
    std::fs::create_dir(home.path("copy.unfinished")).unwrap();
    std::fs::write(home.path("copy.unfinished").join("notes.txt"), "mine").unwrap();
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let copy = || store.snapshot(&home.path("copy"));
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(copy)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    for refused in outcomes.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, StoreError::DataDirMalformed { .. }), "{refused}");
    }
    assert_eq!(contents(&home.path("copy")), contents(&home.path("store")));
    let mut names: Vec<_> =
        std::fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["copy", "copy.unfinished", "store"]);
    assert!(home.path("copy.unfinished").join("notes.txt").exists());
}

#[test]
fn the_evidence_of_equal_snapshots_is_equal_but_for_the_place() {
    let home = Home::new();
    let store = home.filled("store");
    let first = store.snapshot_with_evidence(&home.path("first")).unwrap();
    let second = store.snapshot_with_evidence(&home.path("second")).unwrap();
    assert_eq!(first.body.snapshot_id, second.body.snapshot_id);
    assert_eq!(first.body.body_hash().unwrap(), first.body_hash);
    assert_ne!(first.body_hash, second.body_hash);
    assert_eq!(first.body.fence_token.token, store.visible());
    assert!(first.body.copied_segment_ids_sorted.len() > 2);
}

#[test]
fn a_fork_shares_the_past_and_goes_on_by_itself() {
    let home = Home::new();
    let store = home.filled("store");
    let shared = store.visible() as usize;
    let report = store.fork(&home.path("fork")).unwrap();
    assert_eq!((report.events, report.parent.as_str()), (shared as u64, store.identity()));
    assert!(report.linked > 1 && report.copied == 1, "{report:?}");
    let fork = home.open("fork");
    assert_eq!(fork.identity(), report.identity);
    assert_ne!(fork.identity(), store.identity());
    fork.append(&at(1), KIND, &"what if").unwrap();
    store.append(&at(1), KIND, &"what was").unwrap();
    fork.close().unwrap();
    store.close().unwrap();
    let (parent, fork) = (contents(&home.path("store")), contents(&home.path("fork")));
    assert_eq!(parent[..shared], fork[..shared]);
    assert_ne!(parent[shared..], fork[shared..]);
}

#[test]
fn a_fork_opens_after_a_crash_and_can_be_forked_again() {
    let home = Home::new();
    let store = home.filled("store");
    let first = store.fork(&home.path("first")).unwrap();
    drop(store);
    let fork = home.open("first");
    fork.append(&at(1), KIND, &"one").unwrap();
    let second = fork.fork(&home.path("second")).unwrap();
    assert_eq!(second.parent, first.identity);
    let grandchild = home.open("second");
    let answered = grandchild.append_with_options(
        &at(5),
        KIND,
        &json!({ "n": 5 }),
        AppendOptions::new().with_idempotency(IdempotencyKey::from(1005_u128)),
    );
    assert_eq!(answered.unwrap().sequence, 6, "keys of the shared past are known");
}

/// The segment of a fork that says who its parent is.
fn own_segment(fork: &Path, events: u64) -> PathBuf {
    let is_own = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "seg");
    let mut segments: Vec<_> = std::fs::read_dir(fork).unwrap().map(|file| file.unwrap().path()).collect();
    segments.retain(is_own);
    segments.sort();
    let own = segments.pop().unwrap();
    assert!(own.to_string_lossy().contains(&events.to_string()), "{}", own.display());
    own
}

#[test]
fn a_fork_whose_first_event_is_torn_stays_a_fork() {
    let home = Home::new();
    let report = home.filled("store").fork(&home.path("fork")).unwrap();
    let own = own_segment(&home.path("fork"), report.events);
    let mut bytes = std::fs::read(&own).unwrap();
    bytes.extend_from_slice(&[0xEE; 100]);
    std::fs::write(&own, bytes).unwrap();
    for _ in 0..3 {
        let fork = home.open("fork");
        assert_eq!(fork.identity(), report.identity);
        fork.append(&at(1), KIND, &"what if").unwrap();
    }
    contents(&home.path("fork"));
}

#[test]
fn a_fork_opens_though_the_header_that_names_its_parent_is_damaged() {
    let home = Home::new();
    let report = home.filled("store").fork(&home.path("fork")).unwrap();
    let own = own_segment(&home.path("fork"), report.events);
    let fork = home.open("fork");
    for number in 0..60 {
        fork.append(&at(number), KIND, &json!({ "n": number, "fill": "x".repeat(80) })).unwrap();
    }
    let end = fork.visible();
    fork.close().unwrap();
    let mut bytes = std::fs::read(&own).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&own, bytes).unwrap();
    let fork = home.open("fork");
    assert_eq!(fork.identity(), report.identity);
    assert!(
        fork.findings().iter().any(|finding| finding.class == FindingClass::Header),
        "{:?}",
        fork.findings()
    );
    assert_eq!(fork.read_range(0..end).filter(|(_, event)| event.is_ok()).count() as u64, end);
}

#[test]
fn segments_of_strangers_are_not_taken_for_a_fork() {
    let home = Home::new();
    home.filled("store").close().unwrap();
    home.filled("other").close().unwrap();
    let names = |name: &str| {
        let mut names: Vec<_> =
            std::fs::read_dir(home.path(name)).unwrap().map(|file| file.unwrap().path()).collect();
        names.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
        names.sort();
        names
    };
    let last = names("other").pop().unwrap();
    let target = names("store").pop().unwrap();
    std::fs::remove_file(&target).unwrap();
    std::fs::copy(&last, home.path("store").join(last.file_name().unwrap())).unwrap();
    let refused = Store::open(home.config("store"));
    assert!(matches!(refused, Err(StoreError::DataDirMalformed { .. })), "{refused:?}");
}

#[test]
fn an_export_read_in_again_is_the_same_log_to_the_last_hash() {
    let home = Home::new();
    let store = home.filled("store");
    let mut lines = Vec::new();
    assert_eq!(store.export_jsonl(&Selection::default(), &mut lines).unwrap(), store.visible());
    let imported = import_jsonl(&mut lines.as_slice(), home.config("copy")).unwrap();
    assert_eq!(imported, store.visible());
    assert_eq!(contents(&home.path("store")), contents(&home.path("copy")));
}

#[test]
fn a_line_that_is_no_event_is_named_and_what_came_before_it_stays() {
    let home = Home::new();
    let store = home.filled("store");
    let mut lines = Vec::new();
    store.export_jsonl(&Selection::stream("order:1"), &mut lines).unwrap();
    let good = std::str::from_utf8(&lines).unwrap().lines().count() as u64;
    lines.extend_from_slice(b"{\"sequence\": 1}\n");
    match import_jsonl(&mut lines.as_slice(), home.config("copy")) {
        Err(StoreError::InvalidLine { line, .. }) => assert_eq!(line, good + 1),
        other => panic!("{other:?}"),
    }
    assert_eq!(contents(&home.path("copy")).len() as u64, good);
    let refused = import_jsonl(&mut &b""[..], home.config("store"));
    assert!(matches!(refused, Err(StoreError::DataDirMalformed { .. })), "{refused:?}");
}

#[test]
fn a_line_that_no_event_can_be_made_of_is_refused() {
    let home = Home::new();
    let store = home.filled("store");
    let mut lines = Vec::new();
    store.export_jsonl(&Selection::stream("order:1"), &mut lines).unwrap();
    let text = String::from_utf8(lines).unwrap();
    let line = text.lines().next().unwrap();
    let long = format!("acme.{}", "x".repeat(300));
    for (place, lines) in [
        (2, format!("{line}\n{line}\n")),
        (1, line.replace("acme.trace", &long)),
        (1, line.replace("\"0x1001\"", "\"none\"")),
        (1, line.replace("order:1", "order/1")),
    ] {
        match import_jsonl(&mut lines.as_bytes(), home.config(&format!("copy-{}", lines.len()))) {
            Err(StoreError::InvalidLine { line, .. }) => assert_eq!(line, place, "{lines}"),
            other => panic!("{other:?}: {lines}"),
        }
    }
}

#[test]
fn a_restored_backup_proves_that_it_is_whole_or_says_what_is_not() {
    let home = Home::new();
    let store = home.filled("store");
    store.snapshot(&home.path("backup")).unwrap();
    let manifest = BackupManifestBody {
        schema_version: BACKUP_MANIFEST_BODY_SCHEMA_VERSION,
        backup_id: [7; 32],
        layout_revision: 1,
        tooling_revision: 1,
        segments: backup_segments(&home.path("backup")).unwrap(),
    };
    let restored = backup_segments(&home.path("backup")).unwrap();
    let proof = restore_proof_evidence_report(&manifest, &restored).unwrap();
    assert!(proof.body.holds(), "{:?}", proof.body.findings);

    let segment = restored[1].segment_id;
    let name = home.path("backup").join(format!("{segment:020}-0.seg"));
    let mut bytes = std::fs::read(&name).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&name, bytes).unwrap();
    std::fs::remove_file(home.path("backup").join(format!("{:020}-0.seg", restored[2].segment_id))).unwrap();
    let observed = backup_segments(&home.path("backup")).unwrap();
    let proof = restore_proof_evidence_report(&manifest, &observed).unwrap();
    assert!(matches!(
        proof.body.findings[..],
        [
            BackupEnvelopeFinding::MissingExpectedSegment { .. },
            BackupEnvelopeFinding::SegmentBytesDigestMismatch { segment_id, .. }
        ] if segment_id == segment
    ));
}
