//! Owns the tests of the directory in memory.

use std::collections::BTreeSet;

use super::*;
use crate::disk::memory::history::SECTOR;
use crate::words::config::SyncMode::SyncAll;

fn contents(directory: &MemoryDirectory, name: &str) -> Option<Vec<u8>> {
    let file = directory.open(name).ok()?;
    let mut bytes = vec![0; file.len().unwrap() as usize];
    assert_eq!(file.read_at(&mut bytes, 0).unwrap(), bytes.len());
    Some(bytes)
}

fn check_crash(directory: &MemoryDirectory, image: CrashImage, expected: Option<&[u8]>) {
    assert_eq!(contents(&directory.crash(image), "a").as_deref(), expected, "{image:?}");
}

#[test]
fn each_image_keeps_what_it_promises() {
    let directory = MemoryDirectory::new();
    let file = directory.create("a").unwrap();
    file.write_at(b"0123456789", 0).unwrap();
    check_crash(&directory, CrashImage::Strict, None);
    check_crash(&directory, CrashImage::DirOk, Some(b""));
    file.sync(SyncAll).unwrap();
    check_crash(&directory, CrashImage::Strict, None);
    directory.sync().unwrap();
    file.write_at(b"AB", 2).unwrap();
    file.write_at(b"abcd", 8).unwrap();
    check_crash(&directory, CrashImage::Kill, Some(b"01AB4567abcd"));
    check_crash(&directory, CrashImage::Strict, Some(b"0123456789"));
    check_crash(&directory, CrashImage::DirOk, Some(b"0123456789"));
    check_crash(&directory, CrashImage::Torn, Some(b"01AB4567ab"));
    check_crash(&directory, CrashImage::Zeros, Some(b"0123456789\0\0"));
    file.sync(SyncAll).unwrap();
    for image in CrashImage::ALL {
        check_crash(&directory, image, Some(b"01AB4567abcd"));
    }
}

#[test]
fn a_change_of_length_is_taken_back_until_it_is_synced() {
    let directory = MemoryDirectory::new();
    let file = directory.create("a").unwrap();
    file.write_at(b"0123", 0).unwrap();
    file.sync(SyncAll).unwrap();
    directory.sync().unwrap();
    file.set_len(6).unwrap();
    file.set_len(1).unwrap();
    file.write_at(b"x", 3).unwrap();
    check_crash(&directory, CrashImage::Kill, Some(b"0\0\0x"));
    check_crash(&directory, CrashImage::Strict, Some(b"0123"));
}

#[test]
fn a_torn_write_keeps_its_first_half_over_what_stood_there() {
    let directory = MemoryDirectory::new();
    let file = directory.create("a").unwrap();
    file.write_at(b"0123456789", 0).unwrap();
    file.sync(SyncAll).unwrap();
    file.write_at(b"abcd", 3).unwrap();
    check_crash(&directory, CrashImage::Torn, Some(b"012ab56789"));
}

#[test]
fn names_survive_as_they_were_when_the_directory_was_synced() {
    let directory = MemoryDirectory::new();
    let file = directory.create("a").unwrap();
    file.write_at(b"1", 0).unwrap();
    file.sync(SyncAll).unwrap();
    directory.sync().unwrap();
    directory.rename_new("a", "b").unwrap();
    check_crash(&directory, CrashImage::Strict, Some(b"1"));
    check_crash(&directory, CrashImage::Kill, None);
    directory.remove("b").unwrap();
    check_crash(&directory, CrashImage::Strict, Some(b"1"));
    directory.sync().unwrap();
    check_crash(&directory, CrashImage::Strict, None);
}

#[test]
fn directories_below_crash_with_the_one_above() {
    let directory = MemoryDirectory::new();
    let below = directory.create_subdirectory("q").unwrap();
    below.create("x").unwrap().sync(SyncAll).unwrap();
    directory.sync().unwrap();
    let has_file = |image| directory.crash(image).subdirectory("q").unwrap().unwrap().open("x").is_ok();
    assert!(has_file(CrashImage::Kill) && !has_file(CrashImage::Strict));
    below.sync().unwrap();
    assert!(has_file(CrashImage::Strict));
    assert!(directory.list().unwrap().is_empty());
}

#[test]
fn exactly_the_call_that_was_to_fail_fails() {
    let directory = MemoryDirectory::new();
    let file = directory.create("a").unwrap();
    directory.fail_call(directory.calls() + 2, io::ErrorKind::StorageFull, false);
    file.write_at(b"0123", 0).unwrap();
    assert_eq!(file.write_at(b"4567", 4).unwrap_err().kind(), io::ErrorKind::StorageFull);
    assert_eq!(contents(&directory, "a").as_deref(), Some(&b"012345"[..]));
    directory.fail_call(directory.calls() + 1, io::ErrorKind::Other, true);
    assert!(directory.list().is_err() && file.len().is_err() && directory.open("a").is_err());
}

#[test]
fn after_a_failed_sync_no_later_sync_makes_the_file_durable() {
    let directory = MemoryDirectory::new();
    let file = directory.create("a").unwrap();
    directory.sync().unwrap();
    file.write_at(b"0123", 0).unwrap();
    directory.fail_call(directory.calls() + 1, io::ErrorKind::Other, false);
    assert!(file.sync(SyncAll).is_err());
    assert!(file.sync(SyncAll).is_ok());
    check_crash(&directory, CrashImage::Strict, Some(b""));
}

#[test]
fn one_open_at_a_time_holds_the_lock_and_knows_when_its_file_is_gone() {
    let directory = MemoryDirectory::new();
    let lock = directory.lock("lock").unwrap().unwrap();
    assert!(directory.lock("lock").unwrap().is_none());
    assert_eq!(directory.lock_holder("lock").unwrap().unwrap().process_id, std::process::id());
    assert!(directory.crash(CrashImage::Kill).lock("lock").unwrap().is_some());
    assert!(lock.is_intact().unwrap());
    lock.annotate("77").unwrap();
    assert_eq!(contents(&directory, "lock").as_deref(), Some(&b"77"[..]));
    directory.remove("lock").unwrap();
    assert!(!lock.is_intact().unwrap());
    drop(lock);
    assert!(directory.lock("lock").unwrap().is_some());
}

#[test]
fn the_log_tells_calls_that_look_from_calls_that_change() {
    let directory = MemoryDirectory::new();
    directory.create("a").unwrap().write_at(b"1", 0).unwrap();
    let before = directory.operations().len();
    contents(&directory, "a");
    directory.list().unwrap();
    directory.lock_holder("a").unwrap();
    let log = directory.operations();
    let (changing, looking) = log.split_at(before);
    assert!(!changing.iter().any(Operation::only_reads));
    assert!(looking.len() == 5 && looking.iter().all(Operation::only_reads));
    assert!(directory.open("a").unwrap().write_at(b"2", 0).is_err());
}

#[test]
fn a_directory_takes_the_place_of_an_empty_one_and_of_nothing_else() {
    let directory = MemoryDirectory::new();
    for (name, file) in [("full", "x"), ("other", "y")] {
        directory.create_subdirectory(name).unwrap().create(file).unwrap();
    }
    directory.create_subdirectory("empty").unwrap();
    directory.create("file").unwrap();
    assert!(directory.rename_directory("full", "other").is_err());
    assert!(directory.rename_directory("full", "file").is_err());
    assert!(directory.rename_directory("file", "new").is_err() && directory.open("file").is_ok());
    assert!(directory.remove_directory("full").is_err() && directory.remove_directory("file").is_err());
    directory.rename_directory("full", "empty").unwrap();
    let names = directory.list_directories().unwrap();
    assert_eq!(names, ["empty", "other"]);
    let moved = directory.subdirectory("empty").unwrap().unwrap();
    assert!(moved.open("x").is_ok() && !moved.is_empty().unwrap());
    moved.remove("x").unwrap();
    assert!(moved.is_empty().unwrap());
    directory.remove_directory("empty").unwrap();
    assert!(directory.subdirectory("empty").unwrap().is_none());
}

#[test]
fn a_file_of_two_names_is_one_file_also_after_a_crash() {
    let directory = MemoryDirectory::new();
    let below = directory.create_subdirectory("below").unwrap();
    directory.create("a").unwrap().write_at(b"1", 0).unwrap();
    below.link(&*directory, "a").unwrap();
    assert!(below.link(&*directory, "a").is_err() && below.link(&*directory, "b").is_err());
    assert!(below.link(&*MemoryDirectory::new(), "a").is_err());
    let left = directory.crash(CrashImage::Kill);
    left.open_writable("a").unwrap().write_at(b"2", 0).unwrap();
    assert_eq!(left.files()["below/a"], b"2");
    assert_eq!(left.files().len(), 2);
}

#[test]
fn only_the_death_of_a_process_leaves_the_operating_system_running() {
    let directory = MemoryDirectory::new();
    for image in CrashImage::ALL {
        let is_same = directory.crash(image).boot() == directory.boot();
        assert_eq!(is_same, image == CrashImage::Kill, "{image:?}");
    }
}

/// What the file "a" may hold after a power cut, each of it once, in order.
fn every_image(directory: &MemoryDirectory) -> BTreeSet<Option<Vec<u8>>> {
    let breadth = Breadth { subsets_of: 4, sample: 40 };
    directory.crashes(breadth).iter().map(|(_, left)| left.files().get("a").cloned()).collect()
}

/// So many sectors, each of one letter.
fn sectors(letters: &str) -> Vec<u8> {
    letters.bytes().flat_map(|letter| [letter; SECTOR]).collect()
}

#[test]
fn each_subset_of_a_few_unsynced_sectors_survives_in_some_image_and_what_was_synced_in_all() {
    let directory = MemoryDirectory::new();
    let file = directory.create("a").unwrap();
    file.write_at(&sectors("oooo"), 0).unwrap();
    file.sync(SyncAll).unwrap();
    directory.sync().unwrap();
    file.write_at(&sectors("xy"), SECTOR as u64).unwrap();
    let whole: BTreeSet<_> = ["oooo", "oxoo", "ooyo", "oxyo"].map(|letters| Some(sectors(letters))).into();
    let mut found = every_image(&directory);
    let torn = directory.crash(CrashImage::Torn).files().remove("a");
    found.remove(&torn);
    assert!(whole.is_superset(&found) && found.len() >= 3, "{found:?}");
    found.insert(torn);
    assert!(whole.is_subset(&found));
    file.sync(SyncAll).unwrap();
    assert_eq!(every_image(&directory), [Some(sectors("oxyo"))].into());
}

#[test]
fn a_sector_that_was_written_twice_may_hold_what_it_held_in_between() {
    let directory = MemoryDirectory::new();
    let file = directory.create("a").unwrap();
    directory.sync().unwrap();
    file.write_at(&sectors("xx"), 0).unwrap();
    file.write_at(&sectors("y"), SECTOR as u64).unwrap();
    let stale = directory.crash(CrashImage::Stale { sector: 1 });
    assert_eq!(stale.files()["a"], sectors("xx"));
    let found = every_image(&directory);
    assert!(found.contains(&Some(sectors("xx"))) && found.contains(&Some(sectors("\0y"))));
    let sizes = directory.crash(CrashImage::Sizes);
    assert!(sizes.files()["a"].is_empty(), "the bytes came to the disk and the size did not");
}

#[test]
fn what_was_cut_off_does_not_come_back_when_the_file_grows_again() {
    const BLOCK: u64 = 4096;
    let directory = MemoryDirectory::new();
    let file = directory.create("a").unwrap();
    file.write_at(&[b'o'; 3 * BLOCK as usize], 0).unwrap();
    file.sync(SyncAll).unwrap();
    directory.sync().unwrap();
    file.set_len(BLOCK).unwrap();
    file.set_len(3 * BLOCK).unwrap();
    for (image, left) in directory.crashes(Breadth { subsets_of: 4, sample: 200 }) {
        let bytes = left.files().remove("a").unwrap();
        let behind = bytes.get(BLOCK as usize..).unwrap_or_default();
        let is_old = |byte: &u8| *byte == b'o';
        assert!(behind.iter().all(is_old) || !behind.iter().any(is_old), "{image:?}");
    }
}

#[test]
fn of_changes_of_names_any_may_be_lost_and_with_it_what_depends_on_it() {
    let directory = MemoryDirectory::new();
    for name in ["a", "b"] {
        directory.create(name).unwrap();
    }
    directory.sync().unwrap();
    directory.rename_new("a", "c").unwrap();
    directory.rename_new("c", "d").unwrap();
    directory.remove("b").unwrap();
    let names = |image| directory.crash(image).files().into_keys().collect::<Vec<_>>();
    let kept = |kept| names(CrashImage::Names { kept, with_bytes: true });
    assert_eq!(kept(0b100), ["a"]);
    assert_eq!(kept(0b001), ["b", "c"]);
    assert_eq!(kept(0b010), ["a", "b"], "the second renaming needs the first");
    assert_eq!(kept(0b011), ["b", "d"]);
}

#[test]
fn the_death_of_a_process_makes_nothing_durable() {
    let directory = MemoryDirectory::new();
    directory.create("a").unwrap().write_at(b"1", 0).unwrap();
    let left = directory.crash(CrashImage::Kill);
    assert_eq!(contents(&left, "a").as_deref(), Some(&b"1"[..]));
    check_crash(&left, CrashImage::Strict, None);
    left.open_writable("a").unwrap().sync(SyncAll).unwrap();
    left.sync().unwrap();
    check_crash(&left, CrashImage::Strict, Some(b"1"));
}

#[test]
fn a_transfer_that_is_short_or_interrupted_goes_on_and_one_that_never_moves_ends() {
    let directory = MemoryDirectory::new();
    let file = directory.create("a").unwrap();
    let next = |directory: &MemoryDirectory| directory.calls() + 1;
    directory.fail_call(next(&directory), Fault::Short { eighths: 3 }, true);
    file.write_at(b"0123456789", 0).unwrap();
    assert_eq!(contents(&directory, "a").as_deref(), Some(&b"0123456789"[..]));
    directory.end_faults();
    let interrupted = Fault::Failed { kind: io::ErrorKind::Interrupted, eighths: 0 };
    directory.fail_call(next(&directory), interrupted, false);
    file.write_at(b"ab", 0).unwrap();
    assert_eq!(contents(&directory, "a").as_deref(), Some(&b"ab23456789"[..]));
    directory.fail_call(next(&directory), interrupted, true);
    assert_eq!(file.write_at(b"x", 0).unwrap_err().kind(), io::ErrorKind::Interrupted);
    assert_eq!(file.read_at(&mut [0], 0).unwrap_err().kind(), io::ErrorKind::Interrupted);
}
