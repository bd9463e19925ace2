//! What the commands ask of the operating system: no network, and nothing that changes a store they only look at.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use causeway::coordinate::Coordinate;
use causeway::event::EventKind;
use causeway::store::{Store, StoreConfig};
use causeway_tests::trace::{can_trace, traced};

const PROGRAM: &str = env!("CARGO_BIN_EXE_causeway");

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
        let settings = format!("CAUSEWAY_HOME={}", home.path().join("home").display());
        let program = [&["env", &settings, PROGRAM][..], words].concat();
        let (output, calls) = traced(&["-e", "trace=network,%file,write"], &program);
        assert!(output.status.success(), "{words:?}: {output:?}");
        assert!(calls.len() > 5, "{words:?} was traced");
        let network: Vec<_> = calls
            .iter()
            .filter(|call| ["AF_INET", "AF_PACKET"].iter().any(|family| call.arguments.contains(family)))
            .collect();
        assert!(network.is_empty(), "{words:?}: {network:#?}");
        if !changes {
            assert_eq!(picture(&store), before, "{words:?}");
        }
    }
    assert_ne!(picture(&store), before, "an append changes a store, so that the picture can show it");
}
