//! A directory in which somebody put other things where the store has its files, and whose rights must stay narrow.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use causeway_tests::driven::Dump;
use causeway_tests::figures::tell;
use causeway_tests::protocol::Line;
use causeway_tests::room::quick;

const DRIVER: &str = env!("CARGO_BIN_EXE_driver");

/// Runs the driver; one that waits for something in a directory waits for ever, and is ended.
fn run(words: &[&str]) -> Output {
    let output = Command::new("timeout").args(["-s", "KILL", "30", DRIVER]).args(words).output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 2)), "{words:?}: {output:?}");
    assert!(output.stderr.is_empty(), "{words:?}: {output:?}");
    output
}

fn lines(output: &Output) -> Vec<Line> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Makes something that is not a regular file; false if this system or this user cannot.
type Plant = fn(&Path) -> bool;

const PLANTS: [(&str, Plant); 7] = [
    ("a pipe", |path| Command::new("mkfifo").arg(path).status().is_ok_and(|status| status.success())),
    ("a socket", |path| UnixListener::bind(path).is_ok()),
    ("a directory", |path| fs::create_dir(path).is_ok()),
    ("a link in a circle", |path| symlink(path, path).is_ok()),
    ("a link that dangles", |path| symlink("/nowhere/at/all", path).is_ok()),
    ("a link to a device", |path| symlink("/dev/zero", path).is_ok()),
    // Only root may make one.
    ("a device", |path| {
        let made = Command::new("mknod").arg(path).args(["c", "1", "5"]).output();
        made.is_ok_and(|output| output.status.success())
    }),
];

/// Names that a store uses or will use. The last ones stand in place of a file that it has.
const NAMES: [&str; 14] = [
    "00000000000000000099-0.seg",
    "00000000000000000000-1.seg",
    "99999999999999999999-0.seg",
    "18446744073709551615-4294967295.seg",
    "00000000000000000000-0.seg.tmp",
    "00000000000000000000-0.idx.tmp",
    "00000000000000000099-0.idx",
    "quarantine",
    "cursors",
    "new.tmp",
    "notes",
    "lock",
    "00000000000000000000-0.idx",
    "00000000000000000000-0.seg",
];

fn fill(store: &Path) {
    run(&["append-loop", store.to_str().unwrap(), "count=30", "seg=4096", "pad=200", "close=0"]);
    run(&["append-loop", store.to_str().unwrap(), "start=30", "count=10", "seg=4096", "pad=200"]);
}

#[test]
fn what_is_no_regular_file_hangs_nobody_and_is_never_read_written_or_followed() {
    let home = quick();
    let whole = home.path().join("whole");
    fill(&whole);
    let mut cases = 0;
    for (what, plant) in PLANTS {
        for name in NAMES {
            let store = home.path().join("store");
            fs::create_dir(&store).unwrap();
            for entry in fs::read_dir(&whole).unwrap().map(Result::unwrap) {
                fs::copy(entry.path(), store.join(entry.file_name())).unwrap();
            }
            let taken = store.join(name).exists();
            let _ = fs::remove_file(store.join(name));
            if plant(&store.join(name)) {
                cases += 1;
                probe(&store, name, taken && name.ends_with(".seg"), &format!("{what} named {name}"));
            }
            fs::remove_dir_all(&store).unwrap();
        }
    }
    tell("G10", "things that are no regular files", cases, 70);
}

/// Reads, writes, compacts and reads again.
fn probe(store: &Path, name: &str, is_missing_segment: bool, context: &str) {
    let place = store.to_str().unwrap();
    let count = |output: &Output| {
        lines(output)
            .iter()
            .filter(|line| matches!(line, Line::Ev(event) if event.n.is_some_and(|n| n < 40)))
            .count()
    };
    let read = run(&["dump", place]);
    if !is_missing_segment {
        assert_eq!(count(&read), 40, "{context}: {read:?}");
    }
    let appended = run(&["append-loop", place, "start=40", "count=60", "seg=4096", "pad=200", "sync=1"]);
    run(&["compact", place, "min=1"]);
    run(&["dump", place, "rw=1"]);
    let acknowledged = lines(&appended).iter().filter(|line| matches!(line, Line::Ack { .. })).count();
    let told = format!("{:?}", lines(&appended));
    if acknowledged < 60 {
        assert!(told.contains("Err") || told.contains("Error"), "{context}: {told}");
    }
    let after = run(&["dump", place, "quiet=0"]);
    let left =
        lines(&after).iter().filter(|line| matches!(line, Line::Ev(event) if event.n.is_some())).count();
    if !is_missing_segment {
        assert_eq!(left, 40 + acknowledged, "{context}: {told}");
    }
    // A thing under a name that derived or temporary files have may be replaced; no other is touched.
    let replaceable = name.ends_with(".tmp") || name.ends_with(".idx");
    let kept = fs::symlink_metadata(store.join(name)).is_ok_and(|meta| !meta.is_file());
    assert!(kept || replaceable, "{context} is gone");
}

/// Every file and directory below a path.
fn below(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    if path.is_dir() {
        found.extend(fs::read_dir(path).unwrap().flat_map(|entry| below(&entry.unwrap().path())));
    }
    found
}

#[test]
fn whatever_the_umask_what_a_store_makes_belongs_to_its_owner_alone() {
    for umask in ["000", "022", "077"] {
        let home = tempfile::tempdir().unwrap();
        let store = home.path().join("above/store");
        let place = store.to_str().unwrap();
        let script = format!("umask {umask}; exec \"$@\"");
        let run = |words: &[&str]| {
            let output = Command::new("sh").args(["-c", &script, "sh", DRIVER]).args(words).output().unwrap();
            assert!(output.status.success(), "{words:?}: {output:?}");
        };
        run(&["append-loop", place, "count=40", "seg=4096", "pad=200"]);
        run(&["compact", place, "min=1"]);
        run(&["append-loop", place, "start=40", "count=40", "seg=4096", "pad=200", "close=0"]);
        // A torn end, so that there is a quarantine.
        let newest = below(&store)
            .into_iter()
            .filter(|path| path.to_string_lossy().ends_with("-0.seg"))
            .max()
            .unwrap();
        let mut bytes = fs::read(&newest).unwrap();
        let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
        bytes[end - 3] ^= 1;
        fs::write(&newest, &bytes).unwrap();
        run(&["append-loop", place, "start=80", "count=5", "seg=4096"]);
        let made = below(&home.path().join("above"));
        assert!(
            made.iter().any(|path| path.starts_with(store.join("quarantine")) && path.is_file()),
            "{made:?}"
        );
        for path in made {
            let meta = fs::symlink_metadata(&path).unwrap();
            let wanted = if meta.is_dir() { 0o700 } else { 0o600 };
            assert_eq!(meta.mode() & 0o7777, wanted, "umask {umask}: {}", path.display());
        }
        assert!(Dump::of(DRIVER, &store, &[]).is_ok());
    }
}
