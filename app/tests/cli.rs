//! The command line as a script sees it: results on the standard output, one clear line for each failure, exit codes.
#![allow(clippy::unwrap_used, missing_docs)]

mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use program::{causeway, failure};

fn fixture(case: &str) -> String {
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/batpak");
    base.join(case).join("store").display().to_string()
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn new_store(directory: &Path) -> String {
    let path = directory.join("store").display().to_string();
    let payload = r#"{"total": 4980, "note": "ß"}"#;
    let placed =
        ["append", &path, "--entity", "order:1", "--scope", "shop", "--kind", "0x1001", "--json", payload];
    assert!(causeway(&placed).status.success());
    path
}

#[test]
fn dump_prints_every_event_of_a_batpak_directory_in_commit_order() {
    let output = causeway(&["dump", &fixture("shop-3k")]);
    assert_eq!(output.status.code(), Some(0));
    let events = lines(&output);
    assert_eq!(events.len(), 3_003);
    assert!(events.iter().enumerate().all(|(place, event)| event["sequence"] == place));
    let first = &events[1];
    assert_eq!(first["id"], "01a0c45117e7715fb7652b385a0a49d2");
    assert_eq!((&first["kind"], &first["entity"]), (&"0x5001".into(), &"agent:run-1".into()));
    assert_eq!(first["payload"]["prompt"], "Summarise ticket 8031");
    assert_eq!(first["event_hash"], "f8bd9b26dd754b46d38a326cf982879b230bfc9a29a471716b4ffe7bda8e4cba");
}

#[test]
fn a_dump_read_in_again_dumps_the_same_to_the_last_hash() {
    let home = tempfile::tempdir().unwrap();
    let dumped = causeway(&["dump", &new_store(home.path())]).stdout;
    let (file, copy) = (home.path().join("events.jsonl"), home.path().join("copy").display().to_string());
    fs::write(&file, &dumped).unwrap();
    let imported = causeway(&["import", &file.display().to_string(), &copy]);
    assert_eq!(
        imported.stdout,
        format!("imported={}\n", lines(&causeway(&["dump", &copy])).len()).as_bytes()
    );
    assert_eq!(causeway(&["dump", &copy]).stdout, dumped);

    fs::write(&file, "{}\n").unwrap();
    let (code, text) = failure(&["import", &file.display().to_string(), &format!("{copy}-2")]);
    assert!(code == 1 && text.contains("events.jsonl: line 1: missing field"), "{text}");
}

#[test]
fn an_import_dumps_like_its_source_in_every_carried_field() {
    let target = tempfile::tempdir().unwrap();
    let target = target.path().join("new").display().to_string();
    assert_eq!(causeway(&["import", &fixture("shop-3k"), &target]).status.code(), Some(0));
    let (before, after) =
        (lines(&causeway(&["dump", &fixture("shop-3k")])), lines(&causeway(&["dump", &target])));
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&after) {
        for field in [
            "id",
            "entity",
            "scope",
            "kind",
            "time_us",
            "correlation",
            "causation",
            "content_hash",
            "payload",
            "flags",
            "lane",
            "depth",
        ] {
            assert_eq!(before[field], after[field], "{field} of {}", before["id"]);
        }
    }
    assert_eq!(causeway(&["verify", &target]).status.code(), Some(0));
}

#[test]
fn append_prints_a_receipt_and_a_reaction_names_its_cause() {
    let directory = tempfile::tempdir().unwrap();
    let path = new_store(directory.path());
    let placed = lines(&causeway(&["dump", &path]))[1].clone();
    let id = placed["id"].as_str().unwrap();
    let paid =
        ["append", &path, "--entity", "payment:1", "--scope", "shop", "--kind", "0x2001", "--json", "[1]"];
    let output = causeway(&[&paid[..], &["--caused-by", id]].concat());
    let receipt = &lines(&output)[0];
    let events = lines(&causeway(&["dump", &path]));
    let event = events.iter().find(|event| event["id"] == receipt["id"]).unwrap();
    assert_eq!((&event["causation"], &event["correlation"]), (&placed["id"], &placed["correlation"]));
    assert_eq!((&event["sequence"], &event["payload"]), (&receipt["sequence"], &serde_json::json!([1])));
}

#[test]
fn each_kind_of_bad_input_gets_one_line_and_its_exit_code_and_nothing_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = new_store(directory.path());
    let empty = directory.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let (empty, missing) = (empty.display().to_string(), directory.path().join("none").display().to_string());
    let file = directory.path().join("file");
    fs::write(&file, "text").unwrap();
    let file = file.display().to_string();
    let batpak = fixture("v082-single");
    let append = |path: &str, entity: &str, kind: &str, json: &str| {
        failure(&["append", path, "--entity", entity, "--scope", "s", "--kind", kind, "--json", json])
    };
    let before = listing(directory.path());
    let failures = [
        failure(&["dump", &missing]),
        failure(&["dump", &file]),
        failure(&["dump", &empty]),
        failure(&["verify", &missing]),
        failure(&["import", &batpak, &path]),
        failure(&["import", &path, &missing]),
        append(&batpak, "e", "0x1001", "{}"),
        append(&path, "a/b", "0x1001", "{}"),
        append(&path, "e", "0x0001", "{}"),
        append(&path, "e", "0x1001", "{"),
    ];
    for (code, line) in &failures {
        assert_eq!(*code, 1, "{line}");
    }
    let listed = listing(directory.path());
    assert_eq!(listed, before, "{failures:#?}");
    for arguments in [&["dump"][..], &["frob", "x"], &["shot", &path], &["append", &path]] {
        assert_eq!(failure(arguments).0, 2);
    }
}

/// Files below a directory with their contents, but for those of a store that was opened for writing and refused the event.
fn listing(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

#[test]
fn verify_tells_where_a_damaged_store_begins_not_to_hold() {
    let directory = tempfile::tempdir().unwrap();
    let path = new_store(directory.path());
    let segment = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.into_iter().find(|path| path.extension().is_some_and(|end| end == "seg")).unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes.windows(7).position(|window| window == b"order:1").unwrap();
    bytes[at] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let output = causeway(&["verify", &path]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("#1"));
}

#[test]
fn a_graph_is_printed_as_a_list_and_in_three_languages_and_written_into_a_file() {
    let store = fixture("v082-causal");
    let list = String::from_utf8(causeway(&["graph", &store, "1"]).stdout).unwrap();
    assert!(list.lines().any(|line| line.starts_with("  caused ")), "{list}");
    for (format, begin) in [("svg", "<svg "), ("dot", "digraph causes {"), ("mermaid", "flowchart LR")] {
        let printed = causeway(&["graph", &store, "1", "--format", format]).stdout;
        assert!(String::from_utf8(printed).unwrap().starts_with(begin), "{format}");
    }
    let roots = String::from_utf8(causeway(&["graph", &store, "1", "--depth", "0"]).stdout).unwrap();
    assert!(roots.len() < list.len() && !roots.contains("  caused "), "{roots}");
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("graph.txt");
    let output = causeway(&["graph", &store, "1", "--out", &file.display().to_string()]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
    assert_eq!(fs::read_to_string(&file).unwrap(), list);
    let (code, problem) = failure(&["graph", &store, "tomorrow"]);
    assert!(code == 1 && problem.contains("neither a sequence nor an id"), "{problem}");
    let (code, problem) = failure(&["graph", &store, &"0".repeat(32)]);
    assert!(code == 1 && problem.contains("no event has the id"), "{problem}");
}

#[test]
fn commands_are_listed_with_ids_that_a_picture_can_run() {
    let listed = causeway(&["commands", "--json"]);
    let maximise = lines(&listed).into_iter().find(|line| line["id"] == "view.maximise").unwrap();
    assert_eq!(maximise["keys"], serde_json::json!(["Ctrl+M"]));
    let table = String::from_utf8(causeway(&["commands"]).stdout).unwrap();
    assert_eq!(table.lines().count(), lines(&listed).len());

    let home = tempfile::tempdir().unwrap();
    let store = new_store(home.path());
    let picture = |name: &str, run: &[&str]| {
        let file = home.path().join(name).display().to_string();
        let shot = ["shot", &store, "--size", "400x300", "--out", &file];
        assert!(causeway(&[&shot[..], run].concat()).status.success());
        fs::read(file).unwrap()
    };
    let plain = picture("plain.png", &[]);
    assert_eq!(picture("same.png", &[]), plain);
    assert_ne!(picture("keys.png", &["--run", "view.maximise,app.keys"]), plain);
    let unknown = ["shot", &store, "--out", "x.png", "--run", "view.hologram"];
    assert_eq!(causeway(&unknown).status.code(), Some(2));
}

#[test]
fn a_query_prints_what_it_takes_in_each_form_and_says_what_was_searched() {
    let store = fixture("shop-3k");
    let lined =
        causeway(&["query", &store, "entity:agent payload.prompt~summarise", "--jsonl", "--limit", "2"]);
    let events = lines(&lined);
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| event["entity"].as_str().unwrap().starts_with("agent:")));
    let told = String::from_utf8(lined.stderr).unwrap();
    assert!(told.contains("of 3,003 events, searched #0 to #3,002, complete"), "{told}");
    assert!(told.contains("by index, then scan"), "{told}");

    let count = causeway(&["query", &store, "entity:agent", "--count"]);
    let count: usize = String::from_utf8(count.stdout).unwrap().trim().parse().unwrap();
    let all = lines(&causeway(&["dump", &store]));
    let agents = all.iter().filter(|event| event["entity"].as_str().unwrap().starts_with("agent:"));
    assert_eq!(count, agents.count());

    let newest =
        causeway(&["query", &store, "--reverse", "--limit", "2", "--csv", "--columns", "sequence,entity"]);
    let text = String::from_utf8(newest.stdout).unwrap();
    assert!(text.starts_with("sequence,entity\r\n3002,"), "{text}");
    let table = String::from_utf8(causeway(&["query", &store, "id:#1"]).stdout).unwrap();
    assert_eq!(table.lines().count(), 2, "{table}");
}

#[test]
fn a_query_that_cannot_be_understood_is_refused_with_its_place() {
    let (code, line) = failure(&["query", &fixture("v082-single"), "a or"]);
    assert!(code == 1 && line.contains("query, character 4: something is missing here"), "{line}");
    assert_eq!(failure(&["query", &fixture("v082-single"), "", "--columns", "colour"]).0, 2);
}
