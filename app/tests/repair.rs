//! `causeway repair` as a script sees it: a plan that changes nothing, consent, the repair, and the way back.
#![allow(clippy::unwrap_used, missing_docs)]

mod program;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use program::{causeway, failure};

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Every file of a directory but the lock, with its bytes.
fn files(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![directory.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => waiting.push(path),
                false if path.file_name().unwrap() == "lock" => {}
                false => {
                    drop(found.insert(
                        path.strip_prefix(directory).unwrap().to_path_buf(),
                        fs::read(&path).unwrap(),
                    ));
                }
            }
        }
    }
    found
}

/// A store with one order, of which a bit was flipped.
fn damaged_store(home: &Path) -> String {
    let path = home.join("store");
    let store = path.display().to_string();
    let payload = r#"{"total": 4980}"#;
    let order =
        ["append", &store, "--entity", "order:1", "--scope", "shop", "--kind", "0x1001", "--json", payload];
    assert!(causeway(&order).status.success());
    let segment = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.into_iter().find(|path| path.extension().is_some_and(|end| end == "seg")).unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes.windows(7).position(|window| window == b"order:1").unwrap();
    bytes[at] ^= 1;
    fs::write(&segment, bytes).unwrap();
    store
}

#[test]
fn a_plan_says_what_is_wrong_and_how_to_mend_it_and_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let store = damaged_store(home.path());
    let before = files(home.path());
    let plan = causeway(&["repair", &store]);
    assert_eq!(plan.status.code(), Some(0));
    let said = text(&plan);
    for part in
        ["Put 1 byte of ", "1 event can be read again", "a bit of a frame was flipped", "--apply --backup"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let json: Value = serde_json::from_slice(&causeway(&["repair", &store, "--json"]).stdout).unwrap();
    assert_eq!(
        (&json["needed"], &json["mended_events"], &json["lost_events"]),
        (&true.into(), &1.into(), &0.into())
    );
    assert_eq!(json["steps"].as_array().unwrap().len(), 1);
    assert_eq!(files(home.path()), before);
}

#[test]
fn without_consent_nothing_is_done_and_with_it_the_store_is_whole_until_the_repair_is_undone() {
    let home = tempfile::tempdir().unwrap();
    let store = damaged_store(home.path());
    let (before, directory) = (files(Path::new(&store)), PathBuf::from(&store));
    let backup = home.path().join("backup").display().to_string();
    let (code, said) = failure(&["repair", &store, "--apply", "--backup", &backup]);
    assert!(code == 1 && said.contains("--yes"), "{said}");
    assert!(!Path::new(&backup).exists());
    assert_eq!(files(&directory), before);
    assert_eq!(causeway(&["verify", &store]).status.code(), Some(1));

    let done = causeway(&["repair", &store, "--apply", "--backup", &backup, "--yes"]);
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert!(text(&done).contains("--undo"), "{}", text(&done));
    assert_eq!(files(Path::new(&backup)), before);
    assert_eq!(causeway(&["verify", &store]).status.code(), Some(0));
    assert!(text(&causeway(&["dump", &store])).contains("order:1"));
    assert!(text(&causeway(&["repair", &store])).contains("There is nothing to repair"));

    let undone = causeway(&["repair", &store, "--undo", "--json"]);
    let undone: Value = serde_json::from_slice(&undone.stdout).unwrap();
    assert_eq!((&undone["undone"], &undone["restored"]), (&true.into(), &1.into()));
    assert_eq!(files(&directory), before);
    assert!(failure(&["repair", &store, "--undo"]).1.contains("no repair that could be undone"));
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let home = tempfile::tempdir().unwrap();
    let store = damaged_store(home.path());
    let inside = Path::new(&store).join("backup").display().to_string();
    let full = home.path().display().to_string();
    let before = files(home.path());
    for (backup, expected) in [(&inside, "lies within the store"), (&full, "is not empty")] {
        let (code, said) = failure(&["repair", &store, "--apply", "--backup", backup, "--yes"]);
        assert!(code == 1 && said.contains(expected), "{said}");
    }
    let missing = home.path().join("none").display().to_string();
    assert!(failure(&["repair", &missing]).1.contains("there is no such directory"));
    for arguments in
        [&["--apply"][..], &["--backup", "x"], &["--yes"], &["--undo", "--apply", "--backup", "x"]]
    {
        assert_eq!(failure(&[&["repair", &store], arguments].concat()).0, 2);
    }
    assert_eq!(files(home.path()), before);
}

#[test]
fn a_batpak_directory_is_copied_and_never_written() {
    let home = tempfile::tempdir().unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/batpak");
    let fixture = fixtures.join("v082-damaged-crc_flip_mid_frame/store");
    let (from, before) = (fixture.display().to_string(), files(&fixture));
    let said = text(&causeway(&["repair", &from]));
    assert!(said.contains("the checksum of a frame does not fit") && said.contains("--into COPY"), "{said}");
    let copy = home.path().join("copy").display().to_string();
    let copied = causeway(&["repair", &from, "--into", &copy]);
    assert_eq!(copied.status.code(), Some(0), "{copied:?}");
    assert!(text(&causeway(&["repair", &copy])).contains("There is nothing to repair"));
    let lines = |path: &str| text(&causeway(&["dump", path])).lines().count();
    assert_eq!(lines(&copy), lines(&from));
    assert_eq!(files(&fixture), before);
    assert!(failure(&["repair", &from, "--apply", "--backup", &copy, "--yes"]).1.contains("batpak"));
}
