//! What the commands ask of the operating system: no network, and nothing that changes a store they only look at.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::env;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use causeway::coordinate::Coordinate;
use causeway::event::EventKind;
use causeway::store::{Store, StoreConfig};

const PROGRAM: &str = env!("CARGO_BIN_EXE_causeway");

/// True if processes can be traced; where strace is missing that must be left out on purpose.
fn can_trace() -> bool {
    if env::var_os("CAUSEWAY_WITHOUT_STRACE").is_some_and(|value| value == "1") {
        // Past the capture of test output: what is left out is always said.
        let _ = writeln!(io::stderr(), "LEFT OUT: what needs strace");
        return false;
    }
    let probe = Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    assert!(
        probe.is_ok_and(|status| status.success()),
        "strace is not installed or may not trace here: install it, or set CAUSEWAY_WITHOUT_STRACE=1 to leave this out"
    );
    true
}

/// Runs a command of the program and returns what it said, and the calls of the kernel that `filter` names.
fn traced(home: &Path, filter: &str, words: &[&str]) -> (Output, Vec<String>) {
    let log = home.join("trace");
    let output = Command::new("strace")
        .args(["-f", "-qq", "-y", "-e", filter, "-o"])
        .arg(&log)
        .arg(PROGRAM)
        .args(words)
        .env("CAUSEWAY_HOME", home.join("home"))
        .output()
        .unwrap();
    let calls = fs::read_to_string(&log).unwrap();
    (output, calls.lines().map(str::to_owned).collect())
}

fn fill(store: &Path) {
    let store = Store::open(StoreConfig::new(store).with_segment_max_bytes(4096)).unwrap();
    for n in 0..40 {
        let order = Coordinate::new(format!("order:{}", n % 3), "shop").unwrap();
        store.append(&order, EventKind::custom(1, 1), &serde_json::json!({ "n": n })).unwrap();
    }
    store.close().unwrap();
}

fn picture(store: &Path) -> Vec<(PathBuf, u64, i64, i64)> {
    let mut files: Vec<_> = fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.push(store.to_owned());
    files.sort();
    let of = |path: PathBuf| {
        fs::metadata(&path).map(|meta| (path, meta.len(), meta.mtime_nsec(), meta.ctime_nsec()))
    };
    files.into_iter().map(|path| of(path).unwrap()).collect()
}

#[test]
fn no_command_opens_a_network_socket_and_those_that_look_change_nothing() {
    if !can_trace() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let (store, copy, picture_file) =
        (home.path().join("store"), home.path().join("copy"), home.path().join("a.png"));
    fill(&store);
    let [place, copy, picture_file] = [&store, &copy, &picture_file].map(|path| path.to_str().unwrap());
    let lines = home.path().join("lines");
    fs::write(&lines, Command::new(PROGRAM).args(["dump", place]).output().unwrap().stdout).unwrap();
    let looking = [
        vec!["dump", place],
        vec!["verify", place],
        vec!["shot", place, "--out", picture_file],
        vec!["--help"],
    ];
    let writing = [
        vec!["append", place, "--entity", "order:1", "--scope", "shop", "--kind", "0x1001", "--json", "{}"],
        vec!["import", lines.to_str().unwrap(), copy],
    ];
    let before = picture(&store);
    for (words, changes) in
        looking.iter().map(|words| (words, false)).chain(writing.iter().map(|words| (words, true)))
    {
        let (output, calls) = traced(home.path(), "trace=network,%file,write", words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        assert!(calls.len() > 5, "{words:?} was traced");
        let network: Vec<_> =
            calls.iter().filter(|call| call.contains("AF_INET") || call.contains("AF_PACKET")).collect();
        assert!(network.is_empty(), "{words:?}: {network:#?}");
        if !changes {
            assert_eq!(picture(&store), before, "{words:?}");
        }
    }
    assert_ne!(picture(&store), before, "an append changes a store, so that the picture can show it");
}
