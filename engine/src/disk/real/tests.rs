//! Owns the tests of the operating system's directory.

use std::os::unix::fs::{MetadataExt, symlink};

use super::*;

fn directory() -> (tempfile::TempDir, Arc<dyn Directory>) {
    let root = tempfile::tempdir().unwrap();
    let directory = RealDirectory::create(&root.path().join("new/store")).unwrap();
    (root, directory)
}

#[test]
fn what_is_written_reads_back_wherever_it_lies() {
    let (_root, directory) = directory();
    let file = directory.create("a").unwrap();
    file.write_at(b"hello", 3).unwrap();
    file.sync(SyncMode::SyncData).unwrap();
    file.sync(SyncMode::SyncAll).unwrap();
    let mut buffer = [9; 10];
    assert_eq!(directory.open("a").unwrap().read_at(&mut buffer, 2).unwrap(), 6);
    assert_eq!(&buffer, b"\0hello\x09\x09\x09\x09");
    file.set_len(4).unwrap();
    assert_eq!((file.len().unwrap(), file.read_at(&mut buffer, 4).unwrap()), (4, 0));
    assert!(directory.open("a").unwrap().write_at(b"x", 0).is_err());
    assert_eq!(directory.open_writable("a").unwrap().identity().unwrap(), file.identity().unwrap());
}

#[test]
fn files_and_directories_belong_to_their_owner_alone() {
    let (root, directory) = directory();
    directory.create("a").unwrap();
    directory.create_subdirectory("q").unwrap();
    let mode = |name: &str| fs::metadata(root.path().join("new/store").join(name)).unwrap().mode() & 0o777;
    assert_eq!((mode("."), mode("q"), mode("a")), (0o700, 0o700, 0o600));
    RealDirectory::create(&root.path().join("new/store")).unwrap();
    assert!(RealDirectory::open(&root.path().join("absent")).is_err());
}

#[test]
fn only_regular_files_are_listed_and_opened() {
    let (root, directory) = directory();
    let path = root.path().join("new/store");
    directory.create("file").unwrap().write_at(b"123", 0).unwrap();
    symlink(path.join("file"), path.join("link")).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, path.join("pipe"), FileType::Fifo, FILE_MODE, 0).unwrap();
    directory.create_subdirectory("below").unwrap();
    symlink(path.join("below"), path.join("linked")).unwrap();
    assert_eq!(directory.list().unwrap(), [DirEntry { name: "file".to_owned(), len_bytes: 3 }]);
    for name in ["link", "pipe", "below"] {
        for error in [directory.open(name), directory.open_writable(name), directory.create(name)] {
            error.unwrap_err();
        }
        assert!(directory.open(name).unwrap_err().to_string().contains(name));
        assert!(directory.lock(name).is_err());
    }
    assert!(directory.subdirectory("linked").is_err() && directory.subdirectory("file").is_err());
    assert!(directory.subdirectory("absent").unwrap().is_none());
}

#[test]
fn a_name_never_leads_out_of_the_directory() {
    let (root, directory) = directory();
    fs::write(root.path().join("outside"), "x").unwrap();
    for name in ["../../outside", "..", ".", "", "a/b", "a\0b"] {
        assert_eq!(directory.open(name).unwrap_err().kind(), io::ErrorKind::InvalidInput, "{name:?}");
        assert!(directory.create(name).is_err() && directory.remove(name).is_err());
        assert!(directory.rename_over("a", name).is_err() && directory.rename_new("a", name).is_err());
    }
}

#[test]
fn a_new_name_replaces_nothing_and_another_call_does() {
    let (_root, directory) = directory();
    let first = directory.create("a").unwrap().identity().unwrap();
    directory.create("b").unwrap();
    assert_eq!(directory.rename_new("a", "b").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    directory.rename_new("a", "c").unwrap();
    directory.rename_over("c", "b").unwrap();
    directory.sync().unwrap();
    assert_eq!(directory.open("b").unwrap().identity().unwrap(), first);
    assert_eq!(directory.list().unwrap().len(), 1);
    directory.remove("b").unwrap();
    assert!(directory.list().unwrap().is_empty());
}

#[test]
fn renaming_by_link_replaces_nothing_either() {
    let (root, directory) = directory();
    directory.create("a").unwrap();
    directory.create("b").unwrap();
    let handle = fs::File::open(root.path().join("new/store")).unwrap();
    assert!(link_then_unlink(handle.as_fd(), "a", "b").is_err());
    link_then_unlink(handle.as_fd(), "a", "c").unwrap();
    let mut names: Vec<_> = directory.list().unwrap().into_iter().map(|entry| entry.name).collect();
    names.sort();
    assert_eq!(names, ["b", "c"]);
}

#[test]
fn one_open_at_a_time_holds_the_lock_and_knows_when_its_file_is_gone() {
    let (_root, directory) = directory();
    assert_eq!(directory.lock_holder("lock").unwrap(), None);
    let lock = directory.lock("lock").unwrap().unwrap();
    assert!(directory.lock("lock").unwrap().is_none());
    let holder = directory.lock_holder("lock").unwrap();
    let expected = cfg!(target_os = "linux").then(std::process::id);
    assert_eq!(holder.map(|holder| holder.process_id), expected);
    assert!(lock.is_intact().unwrap());
    lock.annotate("4711").unwrap();
    directory.rename_over("lock", "elsewhere").unwrap();
    assert!(!lock.is_intact().unwrap());
    directory.create("lock").unwrap();
    assert!(!lock.is_intact().unwrap());
    drop(lock);
    assert!(directory.lock("elsewhere").unwrap().is_some());
}

#[cfg(target_os = "linux")]
#[test]
fn the_holder_of_a_lock_is_read_from_the_line_about_its_file() {
    let line = "3: FLOCK  ADVISORY  WRITE 4711 08:01:99 0 EOF";
    assert_eq!((holder_in(line, 99), holder_in(line, 9)), (Some(4711), None));
    for other in [
        "3: POSIX  ADVISORY  WRITE 4711 08:01:99 0 EOF",
        "3: -> FLOCK  ADVISORY  WRITE 4711 08:01:99 0 EOF",
        "3: FLOCK  ADVISORY  READ 4711 08:01:99 0 EOF",
        "3: FLOCK  ADVISORY  WRITE 0 08:01:99 0 EOF",
        "",
    ] {
        assert_eq!(holder_in(other, 99), None, "{other}");
    }
}

#[test]
fn a_directory_takes_the_place_of_an_empty_one_and_of_nothing_else() {
    let (_root, directory) = directory();
    for (name, file) in [("full", "x"), ("other", "y")] {
        directory.create_subdirectory(name).unwrap().create(file).unwrap();
    }
    directory.create_subdirectory("empty").unwrap();
    directory.create("file").unwrap();
    assert!(directory.rename_directory("full", "other").is_err());
    assert!(directory.rename_directory("full", "file").is_err());
    assert!(directory.remove_directory("full").is_err() && directory.remove_directory("file").is_err());
    directory.rename_directory("full", "empty").unwrap();
    let mut names = directory.list_directories().unwrap();
    names.sort();
    assert_eq!(names, ["empty", "other"]);
    let moved = directory.subdirectory("empty").unwrap().unwrap();
    assert!(moved.open("x").is_ok() && !moved.is_empty().unwrap());
    moved.remove("x").unwrap();
    assert!(moved.is_empty().unwrap());
    directory.remove_directory("empty").unwrap();
    assert!(directory.subdirectory("empty").unwrap().is_none());
}

#[test]
fn a_linked_file_is_the_file_itself() {
    let (_root, directory) = directory();
    let below = directory.create_subdirectory("below").unwrap();
    let file = directory.create("a").unwrap();
    below.link(&*directory, "a").unwrap();
    assert!(below.link(&*directory, "a").is_err() && below.link(&*directory, "b").is_err());
    assert_eq!(below.open("a").unwrap().identity().unwrap(), file.identity().unwrap());
    let elsewhere = crate::disk::memory::MemoryDirectory::new();
    assert!(below.link(&*elsewhere, "a").is_err());
}

#[cfg(target_os = "linux")]
#[test]
fn the_run_of_the_operating_system_is_the_same_from_wherever_it_is_asked() {
    let ((_one, first), (_other, second)) = (directory(), directory());
    assert!(first.boot().is_some_and(|boot| boot.0 != [0; 16]));
    assert_eq!(first.boot(), second.boot());
}
