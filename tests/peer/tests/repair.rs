//! Damaged directories of the published crate, repaired into copies: the crate opens each copy and shows all that can be shown.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use causeway::store::repair::{plan_batpak_repair, repair_batpak};
use causeway::store::{ReadOnly, Store, StoreConfig};
use causeway_tests::driven::Dump;

const DRIVER: &str = env!("CARGO_BIN_EXE_driver");

fn fixtures() -> Vec<PathBuf> {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/batpak");
    let entries = fs::read_dir(base).expect("the fixtures are there");
    let mut found: Vec<PathBuf> =
        entries.map(|entry| entry.expect("an entry").path().join("store")).collect();
    found.retain(|path| path.display().to_string().contains("v082"));
    found.sort();
    found
}

fn copy_of(directory: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(directory).expect("a directory") {
        let entry = entry.expect("an entry");
        fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
    }
}

/// Ids of the events that our reader shows.
fn shown(directory: &Path) -> BTreeSet<String> {
    let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(directory)).expect("our reader opens it");
    let events = store.read_range(0..u64::MAX).filter_map(|(_, event)| event.ok());
    events.map(|event| format!("{:032x}", u128::from(event.raw.header.event_id))).collect()
}

/// Ids of the events that the published crate shows, on a copy, since it writes; the error if it refuses.
fn peer_shows(directory: &Path, home: &Path, name: &str) -> Result<BTreeSet<String>, String> {
    let place = home.join(name);
    copy_of(directory, &place);
    let dump = Dump::of(DRIVER, &place, &["rw=1"])?;
    Ok(dump.events.into_iter().filter(|event| event.read).map(|event| event.id).collect())
}

/// Repairs a directory and has the crate open the copy. Returns whether it showed less, or nothing, before.
fn check(directory: &Path, context: &str) -> bool {
    let home = tempfile::tempdir().expect("a temporary directory");
    let mut proceed = |_, _| ControlFlow::Continue(());
    let plan = plan_batpak_repair(directory, &mut proceed).expect("it can be planned");
    assert_eq!(plan.obstacle, None, "{context}");
    let ours = shown(directory);
    let copy = home.path().join("copy");
    let copied =
        repair_batpak(directory, &copy, &mut proceed).unwrap_or_else(|error| panic!("{context}: {error}"));
    assert_eq!(copied, plan.events, "{context}");
    let before = peer_shows(directory, home.path(), "before");
    let after = peer_shows(&copy, home.path(), "after").unwrap_or_else(|error| panic!("{context}: {error}"));
    let missing: Vec<_> = ours.difference(&after).collect();
    assert!(missing.is_empty(), "{context}: the copy hides {missing:?}");
    if let Ok(before) = &before {
        // The crate adds an event of its own each time it opens a directory.
        let lost: Vec<_> = before.difference(&after).filter(|id| ours.contains(*id)).collect();
        assert!(lost.is_empty(), "{context}: {lost:?} were shown before");
    }
    before.map_or(true, |before| !ours.is_subset(&before))
}

#[test]
fn the_published_crate_opens_every_repaired_copy_and_shows_all_that_can_be_shown() {
    let mut copies = 0;
    for directory in fixtures() {
        check(&directory, &directory.display().to_string());
        copies += 1;
    }
    eprintln!("G19 repaired fixtures: {copies}, at least 12");
    assert!(copies >= 12);
}

#[test]
fn damage_that_keeps_the_crate_out_does_not_keep_it_out_of_the_copy() {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/batpak");
    let (mut copies, mut better) = (0, 0);
    for case in ["v082-rotated", "v082-batches", "v082-drop"] {
        let home = tempfile::tempdir().expect("a temporary directory");
        let source = base.join(case).join("store");
        let segments =
            fs::read_dir(&source).expect("a directory").map(|entry| entry.expect("an entry").path());
        let mut segments: Vec<PathBuf> =
            segments.filter(|path| path.extension().is_some_and(|end| end == "fbat")).collect();
        segments.sort();
        for (number, segment) in segments.iter().enumerate() {
            let bytes = fs::read(segment).expect("a segment");
            let (len, name) = (bytes.len(), segment.file_name().expect("a name"));
            let cut = |at: usize| bytes[..at].to_vec();
            let flip = |at: usize| {
                let mut flipped = bytes.clone();
                flipped[at] ^= 0x20;
                flipped
            };
            let damages = [
                ("cut in the middle", cut(len / 2)),
                ("cut at its end", cut(len - 5)),
                ("flipped in a frame", flip(len / 3)),
                ("flipped in its header", flip(9)),
                ("flipped at its end", flip(len - 20)),
                ("with zeros behind it", [&bytes[..], &[0; 64]].concat()),
            ];
            for (what, damaged) in damages {
                let place = home.path().join(format!("{number}-{what}"));
                copy_of(&source, &place);
                // With its snapshot the crate does not look at the frames before somebody reads them.
                fs::remove_file(place.join("index.fbati")).ok();
                fs::write(place.join(name), damaged).expect("a damaged segment");
                let context = format!("{case}, {} {what}", name.display());
                if plan_batpak_repair(&place, &mut |_, _| ControlFlow::Continue(()))
                    .is_ok_and(|plan| plan.events == 0)
                {
                    continue;
                }
                copies += 1;
                better += u64::from(check(&place, &context));
            }
        }
    }
    eprintln!("the published crate showed less of {better} of them before");
    eprintln!("G19 repaired damaged directories: {copies}, at least 40");
    assert!(copies >= 40 && better > 10);
}
