//! What the store asks of the kernel: nothing that writes when it reads, each promise after its sync, and each failing call survived.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use causeway_tests::crash::Testimony;
use causeway_tests::driven::Dump;
use causeway_tests::figures::{share, tell};
use causeway_tests::protocol::Line;
use causeway_tests::room::{Mount, quick, within};
use causeway_tests::trace::{Call, can_trace, traced};

const DRIVER: &str = env!("CARGO_BIN_EXE_driver");
const PAD: usize = 700;

fn lines(output: &std::process::Output) -> Vec<Line> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A store of several segments, one of them with a compacted predecessor and an unfinished end.
fn fill(store: &Path) {
    let place = store.to_str().unwrap();
    for words in [
        &["append-loop", place, "count=40", "seg=4096", "pad=200"][..],
        &["compact", place, "min=1"],
        &["append-loop", place, "start=40", "count=20", "seg=4096", "pad=200", "close=0"],
    ] {
        assert!(Command::new(DRIVER).args(words).output().unwrap().status.success());
    }
    fs::write(store.join("left.tmp"), "what a crash left").unwrap();
}

/// Every file with what a change would change.
fn picture(store: &Path) -> Vec<(PathBuf, u64, i64, i64, i64, u32)> {
    let mut files: Vec<_> = fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.push(store.to_owned());
    files.sort();
    let of = |path: PathBuf| {
        let meta = fs::metadata(&path).unwrap();
        let len = if meta.is_dir() { 0 } else { meta.len() };
        (path, len, meta.mtime_nsec(), meta.mtime(), meta.ctime_nsec(), meta.mode())
    };
    files.into_iter().map(of).collect()
}

/// True if the call leaves what it is about as it is and locks nothing.
fn only_reads(call: &Call) -> bool {
    match call.name.as_str() {
        "open" | "openat" => {
            let flags = call.arguments.as_str();
            flags.contains("O_RDONLY")
                && !["O_CREAT", "O_TRUNC", "O_TMPFILE"].iter().any(|flag| flags.contains(flag))
        }
        "fcntl" => ["F_GETFD", "F_GETFL", "F_SETFD"].iter().any(|command| call.arguments.contains(command)),
        name => [
            "access",
            "close",
            "faccessat2",
            "fstat",
            "fstatfs",
            "getdents64",
            "lseek",
            "newfstatat",
            "pread64",
            "read",
            "stat",
            "statx",
        ]
        .contains(&name),
    }
}

#[test]
fn a_read_only_opening_creates_writes_and_locks_nothing() {
    if !can_trace() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let store = home.path().join("store");
    fill(&store);
    let before = picture(&store);
    let place = store.to_str().unwrap();
    let (output, calls) = traced(&["-e", "trace=all"], &[DRIVER, "dump", place]);
    assert!(output.status.success(), "{output:?}");
    let about: Vec<_> =
        calls.iter().filter(|call| call.arguments.contains(place) && call.name != "execve").collect();
    let about: Vec<_> = about.into_iter().filter(|call| !call.arguments.starts_with("1<")).collect();
    let other: Vec<_> = about.iter().filter(|call| !only_reads(call)).collect();
    assert!(other.is_empty(), "{other:#?}");
    assert_eq!(picture(&store), before);
    tell("G14", "calls of a read-only opening", about.len() as u64, 20);
    // The same eyes see a writer write.
    let (_, calls) = traced(&["-e", "trace=all"], &[DRIVER, "dump", place, "rw=1"]);
    assert!(
        calls.iter().any(|call| call.arguments.contains(place) && !only_reads(call) && call.name == "flock")
    );
    assert_ne!(picture(&store), before);
}

#[test]
fn a_store_is_read_where_nothing_may_be_written() {
    let home = tempfile::tempdir().unwrap();
    let store = home.path().join("store");
    let name = "a_store_is_read_where_nothing_may_be_written";
    if std::env::var_os("CAUSEWAY_ROOM").is_none() {
        fill(&store);
    }
    within(Mount::ReadOnly, home.path(), name, |room| {
        let store = room.join("store");
        assert!(fs::write(store.join("probe"), "x").is_err(), "the mount is read-only");
        let before = picture(&store);
        assert_eq!(Dump::of(DRIVER, &store, &[]).unwrap().numbered().count(), 60);
        assert_eq!(picture(&store), before);
        let refused = Dump::of(DRIVER, &store, &["rw=1"]).unwrap_err();
        assert!(refused.contains("Read-only file system"), "{refused}");
    });
    if std::env::var_os("CAUSEWAY_ROOM").is_some() {
        return;
    }
    fs::set_permissions(&store, fs::Permissions::from_mode(0o555)).unwrap();
    let before = picture(&store);
    // Root may write everywhere: somebody who owns the files and is not root looks.
    let output = Command::new("unshare")
        .args(["--user", "--map-user=1000", "--map-group=1000", DRIVER, "dump"])
        .arg(&store)
        .output()
        .unwrap();
    let output = if output.status.code() == Some(0) {
        output
    } else {
        Command::new(DRIVER).arg("dump").arg(&store).output().unwrap()
    };
    assert_eq!(
        lines(&output).iter().filter(|line| matches!(line, Line::Ev(event) if event.n.is_some())).count(),
        60
    );
    assert_eq!(picture(&store), before);
    fs::set_permissions(&store, fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn what_is_promised_was_synced_before_it_was_promised() {
    if !can_trace() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let store = home.path().join("store");
    let place = store.to_str().unwrap();
    let words = [
        "append-loop",
        place,
        "count=60",
        "seg=4096",
        "pad=700",
        "sync=1",
        "mode=mixed",
        "bsz=3",
        "compact=20",
    ];
    let filter = "trace=write,pwrite64,fsync,fdatasync,ftruncate,rename,renameat,renameat2,unlinkat";
    let (output, calls) = traced(&["-e", filter], &[&[DRIVER], &words[..]].concat());
    assert!(output.status.success(), "{output:?}");
    let (mut dirty, mut unsynced_names) = (std::collections::BTreeSet::new(), 0);
    let (mut acks, mut births) = (0, 0);
    for call in calls.iter().filter(|call| call.is_done()) {
        let path =
            call.arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map(|(path, _)| path);
        let path = path.unwrap_or_default().to_owned();
        match call.name.as_str() {
            "write" if call.arguments.contains(r#"\"t\":\"ack\""#) => {
                acks += 1;
                let segments: Vec<_> = dirty.iter().filter(|path: &&String| path.ends_with(".seg")).collect();
                assert!(segments.is_empty(), "{call:?} while {segments:?} were not synced");
                assert_eq!(unsynced_names, 0, "{call:?} while the name of a segment was not synced");
            }
            "pwrite64" | "ftruncate" => {
                dirty.insert(path);
            }
            "fsync" | "fdatasync" if path == place => unsynced_names = 0,
            "fsync" | "fdatasync" => {
                dirty.remove(&path);
            }
            "renameat2" | "renameat" if call.arguments.contains(".seg.tmp\"") => {
                births += 1;
                unsynced_names += 1;
                let name = call.arguments.split('"').nth(1).unwrap();
                assert!(
                    !dirty.contains(store.join(name).to_str().unwrap()),
                    "{call:?} before its contents were synced"
                );
            }
            _ => {}
        }
    }
    assert!(acks >= 36 && births >= 5, "{acks} acknowledgements, {births} segments");
}

/// How a call is made to fail.
struct Fault {
    call: &'static str,
    errno: &'static str,
}

const FAULTS: [Fault; 10] = [
    Fault { call: "fsync", errno: "EIO" },
    Fault { call: "pwrite64", errno: "EIO" },
    Fault { call: "pwrite64", errno: "ENOSPC" },
    Fault { call: "pwrite64", errno: "EINTR" },
    Fault { call: "ftruncate", errno: "EIO" },
    Fault { call: "renameat2", errno: "EIO" },
    Fault { call: "renameat", errno: "EDQUOT" },
    Fault { call: "pread64", errno: "EIO" },
    Fault { call: "unlinkat", errno: "EIO" },
    Fault { call: "getdents64", errno: "EIO" },
];

/// What runs while a call fails.
struct Workload {
    command: &'static str,
    options: &'static [&'static str],
}

const WORKLOADS: [Workload; 2] = [
    Workload {
        command: "append-loop",
        options: &[
            "start=30",
            "count=9",
            "seg=4096",
            "pad=700",
            "sync=1",
            "mode=mixed",
            "bsz=3",
            "keepgoing=1",
        ],
    },
    Workload { command: "compact", options: &["min=1", "seg=4096"] },
];

/// Copies a store, as it was left by a writer that did not close it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn whichever_call_of_the_kernel_fails_nothing_acknowledged_is_lost() {
    if !can_trace() {
        return;
    }
    let home = quick();
    let original = home.path().join("original");
    let first = ["append-loop", original.to_str().unwrap(), "count=30", "seg=4096", "pad=700", "close=0"];
    let output = Command::new(DRIVER).args(first).output().unwrap();
    assert!(output.status.success());
    let mut cases = 0;
    for workload in &WORKLOADS {
        for fault in &FAULTS {
            let calls = count(fault.call, workload, &original, home.path());
            for n in (1..=calls).step_by(share(if calls > 16 { 2 } else { 1 }, 1)) {
                for persistent in ["", "+"] {
                    if fault.errno == "EINTR" && persistent == "+" {
                        // Whoever is interrupted for ever tries for ever.
                        continue;
                    }
                    cases += 1;
                    let inject = format!("inject={}:error={}:when={n}{persistent}", fault.call, fault.errno);
                    survive(&inject, workload, &original, home.path());
                }
            }
        }
    }
    tell("G9", "failing calls of the kernel", cases, 150);
}

/// How often a workload makes a call, in the thread that makes it most often.
fn count(call: &str, workload: &Workload, original: &Path, home: &Path) -> usize {
    let store = home.join("counted");
    copy(original, &store);
    let trace = format!("trace={call}");
    let words = [&[DRIVER, workload.command, store.to_str().unwrap()], workload.options].concat();
    let (_, calls) = traced(&["-e", &trace], &words);
    fs::remove_dir_all(&store).unwrap();
    calls.len()
}

/// Runs a workload while a call fails: whatever it says, what it acknowledged is there, and the store opens.
fn survive(inject: &str, workload: &Workload, original: &Path, home: &Path) {
    let store = home.join("store");
    copy(original, &store);
    let words = [&[DRIVER, workload.command, store.to_str().unwrap()], workload.options].concat();
    let context = format!("{} {inject}", workload.command);
    let (output, _) = traced(&["-e", "trace=none", "-e", inject], &words);
    assert!(matches!(output.status.code(), Some(0 | 2)), "{context}: {output:?}");
    let mut testimony = Testimony::new(30).refusable();
    for line in lines(&output) {
        if let Line::Err { class, msg, .. } | Line::Error { class, msg, .. } = &line {
            let typed = ["Io", "Poisoned", "BatchSyncFailed", "CorruptSegment"].contains(&class.as_str());
            assert!(typed, "{context}: {class}: {msg}");
        }
        testimony.hear(&line);
    }
    for options in [&[][..], &["rw=1"], &[]] {
        let dump = Dump::of(DRIVER, &store, options).unwrap_or_else(|error| panic!("{context}: {error}"));
        testimony.judge(&dump, PAD).unwrap_or_else(|error| panic!("{context}: {error}"));
    }
    fs::remove_dir_all(&store).unwrap();
}
