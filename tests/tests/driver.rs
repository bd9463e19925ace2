//! The engine driver says everything that its protocol promises, and nothing else.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use causeway_tests::driven::{Driven, Dump};
use causeway_tests::protocol::{COMMANDS, KEYS, Line};
use serde_json::Value;

const DRIVER: &str = env!("CARGO_BIN_EXE_driver");

fn run(words: &[&str]) -> Output {
    Command::new(DRIVER).args(words).output().unwrap()
}

/// The lines of a run as plain JSON, so that the names of the fields are checked too.
fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

fn types(output: &Output) -> String {
    lines(output).iter().map(|line| line["t"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ")
}

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn store(&self) -> PathBuf {
        self.0.path().join("store")
    }

    fn run(&self, command: &str, options: &[&str]) -> Output {
        run(&[&[command, self.store().to_str().unwrap()], options].concat())
    }

    /// Runs a command that must end well.
    fn done(&self, command: &str, options: &[&str]) -> Vec<Value> {
        let output = self.run(command, options);
        assert!(output.status.success(), "{command} {options:?}: {output:?}");
        lines(&output)
    }

    fn dump(&self) -> Dump {
        Dump::of(DRIVER, &self.store(), &[]).unwrap()
    }

    fn numbers(&self) -> Vec<u64> {
        self.dump().numbered().map(|(n, _)| n).collect()
    }

    fn segments(&self) -> usize {
        let names = fs::read_dir(self.store()).unwrap().map(|entry| entry.unwrap().path());
        names.filter(|path| path.extension().is_some_and(|extension| extension == "seg")).count()
    }
}

fn keys(line: &Value) -> Vec<&str> {
    line.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_help_names_every_command_and_every_key() {
    let help = run(&["--help"]);
    let text = String::from_utf8(help.stdout).unwrap();
    assert!(help.status.success());
    for (word, _) in COMMANDS.iter().chain(&KEYS) {
        let word = word.split_inclusive('=').next().unwrap();
        assert!(text.contains(word), "{word}");
    }
}

#[test]
fn every_refusal_is_an_error_line_and_exit_code_2() {
    let home = Home::new();
    fs::write(home.store(), "a file").unwrap();
    let place = home.store();
    let place = place.to_str().unwrap();
    let mut refused: Vec<(Vec<&str>, &str)> =
        vec![(vec![], "usage"), (vec!["dump"], "usage"), (vec!["fly", place], "usage")];
    refused.push((vec!["dump", place, "speed=9"], "usage"));
    refused.push((vec!["dump", place, "rw=2"], "usage"));
    for command in ["append-loop", "dump", "hold", "compact"] {
        refused.push((vec![command, place], "open"));
    }
    refused.push((vec!["dump", place, "rw=1"], "open"));
    for (words, stage) in refused {
        let output = run(&words);
        let [line] = &lines(&output)[..] else { panic!("{words:?}: {output:?}") };
        assert_eq!(keys(line), ["t", "stage", "class", "msg"], "{words:?}");
        assert_eq!((line["t"].as_str(), line["stage"].as_str()), (Some("error"), Some(stage)), "{words:?}");
        assert!(line["class"].as_str().is_some_and(|class| !class.is_empty()), "{line}");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
}

#[test]
fn an_append_loop_tells_each_step_of_each_mode() {
    for (mode, expected) in [
        ("single", vec![vec![3], vec![4], vec![5], vec![6], vec![7], vec![8], vec![9]]),
        ("batch", vec![vec![3, 4, 5], vec![6, 7, 8], vec![9]]),
        ("mixed", vec![vec![3], vec![4], vec![5, 6, 7], vec![8], vec![9]]),
        ("fence", vec![vec![3, 4, 5], vec![6, 7, 8], vec![9]]),
    ] {
        let home = Home::new();
        let mode = format!("mode={mode}");
        let told = home.done("append-loop", &[&mode, "bsz=3", "start=3", "count=7", "readback=1"]);
        let mut told = told.iter();
        assert_eq!(told.next().unwrap(), &serde_json::json!({"t": "open"}));
        for numbers in expected {
            assert_eq!(told.next().unwrap(), &serde_json::json!({"t": "try", "n": numbers}), "{mode}");
            let ack = told.next().unwrap();
            assert_eq!((&ack["t"], &ack["n"]), (&"ack".into(), &numbers.clone().into()), "{mode}");
            let is_group = mode == "mode=fence" || numbers.len() > 1;
            assert_eq!(ack["durable"], is_group, "{mode}: a group is durable when it is acknowledged");
        }
        assert_eq!(told.next().unwrap(), &serde_json::json!({"t": "closed"}));
        assert_eq!(told.next(), None);
        assert_eq!(home.numbers(), (3..10).collect::<Vec<_>>(), "{mode}");
    }
}

#[test]
fn every_key_of_an_append_loop_does_what_it_says() {
    for durable in ["sync=1", "every=1"] {
        let told = Home::new().done("append-loop", &[durable, "count=3"]);
        assert!(
            told.iter().filter(|line| line["t"] == "ack").all(|line| line["durable"] == true),
            "{durable}"
        );
    }
    let home = Home::new();
    let told = home.done("append-loop", &["count=60", "pad=200", "seg=4096", "clock=5000000", "close=0"]);
    assert_eq!(told.last().unwrap(), &serde_json::json!({"t": "exit"}));
    assert!(home.segments() > 2, "{}", home.segments());
    assert!(home.dump().numbered().all(|(_, event)| event.wall == 5_000));
    home.done("append-loop", &["count=3", "start=60", "idem=1", "pause_us=1"]);
    home.done("append-loop", &["count=3", "start=60", "idem=1"]);
    assert_eq!(home.numbers(), (0..63).collect::<Vec<_>>(), "a key is used once");
}

#[test]
fn a_loop_that_keeps_going_tells_each_refusal() {
    let home = Home::new();
    home.done("append-loop", &["count=1", "idem=1"]);
    // The same keys for other payloads: all are refused, and then one is not.
    let refused = home.run("append-loop", &["count=1", "idem=1", "pad=1"]);
    assert_eq!(types(&refused), "open try err closed");
    let err = &lines(&refused)[2];
    assert_eq!(keys(err), ["t", "n", "class", "msg"]);
    assert_eq!((&err["n"], &err["class"]), (&vec![0].into(), &"IdempotencyConflict".into()));
    let kept_going = home.run("append-loop", &["count=2", "idem=1", "pad=1", "keepgoing=1", "resync=1"]);
    assert_eq!(types(&kept_going), "open try err try ack closed");
}

#[test]
fn a_dump_tells_every_field_of_every_event() {
    let home = Home::new();
    home.done("append-loop", &["count=20", "mode=mixed"]);
    let told = home.done("dump", &[]);
    let (end, events) = told.split_last().unwrap();
    assert_eq!(keys(end), ["t", "events", "unreadable", "hash_bad", "link_bad", "path"]);
    assert_eq!((&end["t"], &end["events"]), (&"end".into(), &events.len().into()));
    assert_eq!(end["path"], home.store().to_str().unwrap());
    for event in events {
        let expected = "t seq id entity scope kind clock wall n hash prev content read hash_ok err";
        assert_eq!(keys(event).join(" "), expected);
        assert_eq!(
            (&event["read"], &event["hash_ok"], &event["err"]),
            (&true.into(), &true.into(), &Value::Null)
        );
    }
    assert_eq!(home.done("dump", &["quiet=1"]), std::slice::from_ref(end));
    assert_eq!(types(&home.run("dump", &["rw=1", "quiet=1", "close=0"])), "end exit");
    assert_eq!(types(&home.run("dump", &["rw=1", "quiet=1"])), "end");
    assert_eq!(home.dump().numbered().count(), 20);
}

#[test]
fn a_store_that_is_held_is_refused_to_others_and_read_by_them() {
    let home = Home::new();
    home.done("append-loop", &["count=1"]);
    let mut holder = Driven::start(DRIVER, "hold", &home.store(), &["ms=600000".to_owned()]);
    assert_eq!(holder.next_line(), Some(Line::Open));
    for command in ["append-loop", "compact", "hold"] {
        let refused = home.run(command, &[]);
        assert_eq!((types(&refused), refused.status.code()), ("error".to_owned(), Some(2)));
        assert_eq!(lines(&refused)[0]["class"], "StoreLocked");
    }
    assert_eq!(home.numbers(), [0]);
    holder.kill();
    assert_eq!(types(&home.run("hold", &["ms=1"])), "open closed");
}

#[test]
fn a_compaction_tells_what_it_did_and_retention_keeps_the_even_numbers() {
    let home = Home::new();
    home.done("append-loop", &["count=60", "pad=200", "seg=4096"]);
    let before = home.segments();
    assert_eq!(home.done("compact", &["min=99"])[1]["outcome"], "skipped");
    let told = home.done("compact", &["min=2"]);
    let done = &told[1];
    assert_eq!(types(&home.run("compact", &["min=99"])), "open compacted closed");
    assert_eq!(keys(done), ["t", "outcome", "removed", "reclaimed", "msg"]);
    assert_eq!((&done["t"], &done["outcome"]), (&"compacted".into(), &"performed".into()));
    assert!(done["removed"].as_u64() > Some(1) && home.segments() < before, "{done}");
    assert_eq!(home.numbers(), (0..60).collect::<Vec<_>>(), "merging removes nothing");
    home.done("append-loop", &["count=60", "start=60", "pad=200", "seg=4096", "compact=10", "min=2"]);
    home.done("compact", &["retain=1", "min=0"]);
    let left = home.numbers();
    assert!(left.iter().filter(|n| **n % 2 == 0).eq((0..120).step_by(2).collect::<Vec<_>>().iter()));
    assert!(left.iter().all(|n| n % 2 == 0 || *n >= 60), "{left:?}");
    assert_eq!(home.dump().end.link_bad, 0);
    assert!(Path::new(&home.dump().end.path).is_dir());
}
