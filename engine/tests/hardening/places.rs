//! The directory and the lock are moved, removed and replaced under a writer.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::time::Duration;

use causeway::store::{Freshness, NativeCache, Store, StoreError};

use crate::{Home, append, config, fill, follow, names, open, verified};

#[test]
fn a_store_whose_directory_is_renamed_goes_on_in_it_and_says_so() {
    let home = Home::new();
    let (path, moved) = (home.store(), home.path("moved"));
    let store = open(&path);
    let reader = follow(&path);
    fill(&store, 20);
    assert!(store.findings().is_empty() && reader.findings().is_empty());
    fs::rename(&path, &moved).unwrap();
    fs::create_dir(&path).unwrap();
    // Rotation, indexes, a compaction and a close: nothing of it goes to the directory that was planted.
    fill(&store, 40);
    store.compact(&causeway::store::CompactionConfig::default()).unwrap();
    fill(&store, 5);
    reader.refresh().unwrap();
    assert_eq!(reader.visible(), store.visible());
    for findings in [store.findings(), reader.findings()] {
        let [finding] = &findings[..] else { panic!("{findings:?}") };
        assert!(finding.message.contains("another directory"), "{finding}");
        assert!(finding.message.contains(path.to_str().unwrap()), "{finding}");
    }
    store.close().unwrap();
    assert!(names(&path).is_empty(), "{:?}", names(&path));
    assert_eq!(verified(&follow(&moved)), 67);
    // The planted directory is free for another store.
    assert_eq!(verified(&open(&path)), 1);
}

#[test]
fn a_writer_whose_lock_file_is_removed_or_replaced_stops_at_its_next_sync_and_no_other_gets_in() {
    for replaced in [false, true] {
        let home = Home::new();
        let path = home.store();
        // Nobody syncs but who is told to.
        let store = Store::open(config(&path).with_sync_every(Duration::from_hours(1))).unwrap();
        fill(&store, 3);
        store.sync().unwrap();
        fs::remove_file(path.join("lock")).unwrap();
        if replaced {
            fs::write(path.join("lock"), "planted").unwrap();
        }
        let second = Store::open(config(&path));
        assert!(matches!(second, Err(StoreError::StoreLocked { .. })), "{:?}", second.err());
        append(&store, 3).unwrap();
        for refused in [store.sync(), append(&store, 4), store.sync(), store.close().map(drop)] {
            assert!(matches!(refused, Err(StoreError::Poisoned { .. })), "{refused:?}");
        }
        let third = open(&path);
        assert_eq!(verified(&third), 6, "what was acknowledged is there");
        fill(&third, 3);
        third.close().unwrap();
    }
}

#[test]
fn a_writer_whose_lock_file_is_gone_stops_at_its_next_rotation() {
    let home = Home::new();
    let path = home.store();
    let unsynced = config(&path).with_sync_every_n_events(u32::MAX);
    let store = Store::open(unsynced.with_sync_every(Duration::from_hours(1))).unwrap();
    fs::remove_file(path.join("lock")).unwrap();
    let refusal =
        (0..1_000).map(|n| append(&store, n)).find_map(Result::err).expect("a segment is full some time");
    assert!(matches!(refusal, StoreError::Poisoned { .. }), "{refusal}");
    let acknowledged = store.visible();
    drop(store);
    assert_eq!(verified(&open(&path)) as u64, acknowledged + 1);
}

#[test]
fn the_error_of_a_locked_store_never_advises_to_remove_the_lock() {
    let home = Home::new();
    let _store = open(&home.store());
    let error = Store::open(config(&home.store())).unwrap_err();
    let text = format!("{error} {error:?}").to_lowercase();
    for word in ["delete", "remove", "rm ", "unlink", "erase", "force", "stale"] {
        assert!(!text.contains(word), "{text}");
    }
}

#[test]
fn a_quarantine_that_is_a_link_takes_no_bytes_out_of_the_store_and_nothing_is_cut() {
    let (home, outside) = (Home::new(), Home::new());
    let path = home.store();
    let store = open(&path);
    fill(&store, 5);
    drop(store);
    let segment = crate::segments(&path).pop().unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end - 3] ^= 1;
    fs::write(&segment, &bytes).unwrap();
    fs::create_dir(outside.path("target")).unwrap();
    symlink(outside.path("target"), path.join("quarantine")).unwrap();
    let refusal = Store::open(config(&path)).unwrap_err();
    assert!(matches!(refusal, StoreError::Io(_)) && refusal.to_string().contains("quarantine"), "{refusal}");
    assert_eq!(fs::read(&segment).unwrap(), bytes, "nothing is cut that was not put aside");
    assert!(names(&outside.path("target")).is_empty());
    fs::remove_file(path.join("quarantine")).unwrap();
    assert_eq!(verified(&open(&path)), 6);
    assert_eq!(names(&path.join("quarantine")).len(), 1);
}

#[test]
fn positions_and_caches_do_not_follow_links_out_of_their_directory() {
    use causeway::store::{CheckpointId, Cursor, CursorCheckpoint};
    let (home, outside) = (Home::new(), Home::new());
    let path = home.store();
    let store = open(&path);
    fill(&store, 3);
    fs::create_dir(outside.path("target")).unwrap();
    symlink(outside.path("target"), path.join("cursors")).unwrap();
    let id = CheckpointId::new("mailer").unwrap();
    let saved = CursorCheckpoint { position: 1, started: true, process_boot_ns: None, region_identity: None };
    Cursor::save_checkpoint(&path, &id, &saved).unwrap_err();
    Cursor::load_checkpoint(&path, &id).unwrap_err();
    assert!(names(&outside.path("target")).is_empty());
    fs::remove_file(path.join("cursors")).unwrap();
    Cursor::save_checkpoint(&path, &id, &saved).unwrap();
    let [file] = &names(&path.join("cursors"))[..] else { panic!("one position was saved") };
    let file = path.join("cursors").join(file);
    fs::rename(&file, outside.path("position")).unwrap();
    symlink(outside.path("position"), &file).unwrap();
    let before = fs::read(outside.path("position")).unwrap();
    Cursor::load_checkpoint(&path, &id).unwrap_err();
    Cursor::save_checkpoint(&path, &id, &CursorCheckpoint { position: 2, ..saved }).unwrap();
    assert_eq!(fs::read(outside.path("position")).unwrap(), before);
    assert_eq!(Cursor::load_checkpoint(&path, &id).unwrap().unwrap().position, 2);
    store.close().unwrap();

    let cache = home.path("cache");
    let project = || {
        let store =
            Store::open_with_cache(config(&path), Box::new(NativeCache::open(&cache).unwrap())).unwrap();
        let count = store.project::<Count>("order:1", &Freshness::Consistent).unwrap();
        store.close().unwrap();
        count.map(|count| count.0)
    };
    assert_eq!(project(), Some(3));
    for name in names(&cache) {
        fs::write(outside.path("state"), "somebody else's").unwrap();
        fs::remove_file(cache.join(&name)).unwrap();
        symlink(outside.path("state"), cache.join(&name)).unwrap();
    }
    assert_eq!(project(), Some(3));
    assert_eq!(fs::read_to_string(outside.path("state")).unwrap(), "somebody else's");
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Count(u64);

impl causeway::event::EventSourced for Count {
    type Input = causeway::event::JsonValueInput;

    fn from_events(events: &[causeway::event::ProjectionEvent<Self>]) -> Option<Self> {
        (!events.is_empty()).then_some(Self(events.len() as u64))
    }

    fn apply_event(&mut self, _: &causeway::event::ProjectionEvent<Self>) {
        self.0 += 1;
    }

    fn relevant_event_kinds() -> &'static [causeway::event::EventKind] {
        &[]
    }

    fn supports_incremental_apply() -> bool {
        true
    }
}

#[test]
fn the_rights_of_what_is_there_already_are_left_as_they_are() {
    let home = Home::new();
    let path = home.store();
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
    let store = open(&path);
    fill(&store, 40);
    fs::set_permissions(crate::segments(&path).remove(0), fs::Permissions::from_mode(0o400)).unwrap();
    store.close().unwrap();
    open(&path).close().unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&path), 0o750);
    assert_eq!(mode(&crate::segments(&path)[0]), 0o400);
    assert!(crate::segments(&path)[1..].iter().all(|segment| mode(segment) == 0o600));
}
