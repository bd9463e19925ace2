//! Fills the disk under a real writer: what it acknowledged is there, what it refused it says, and it goes on when there is room again.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use causeway_tests::crash::Testimony;
use causeway_tests::driven::{Driven, Dump};
use causeway_tests::figures::{share, tell};
use causeway_tests::protocol::Line;
use causeway_tests::room::{Mount, within};

const DRIVER: &str = env!("CARGO_BIN_EXE_driver");
const PAD: usize = 700;
const PAGE: u64 = 4096;
const ROOM_BYTES: u64 = 8 * 1024 * 1024;

/// A store on a disk of which a part can be taken away.
struct Full {
    store: PathBuf,
    ballast: PathBuf,
    testimony: Testimony,
}

impl Full {
    fn new(room: &Path) -> Self {
        let (store, ballast) = (room.join("store"), room.join("ballast"));
        let _ = fs::remove_dir_all(&store);
        Self { store, ballast, testimony: Testimony::new(0).refusable() }
    }

    /// Takes away all the room but so many pages.
    fn leave(&self, pages: u64) {
        let _ = fs::remove_file(&self.ballast);
        // Until nothing more goes in; then some of it is given back.
        let mut taken = fs::File::create(&self.ballast).unwrap();
        let zeros = vec![0; PAGE as usize];
        while std::io::Write::write_all(&mut taken, &zeros).is_ok() {}
        let len = taken.metadata().unwrap().len();
        taken.set_len((len / PAGE).saturating_sub(pages) * PAGE).unwrap();
    }

    fn give_back(&self) {
        fs::remove_file(&self.ballast).unwrap();
    }

    fn start(&self, command: &str, options: &[&str]) -> Driven {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        Driven::start(DRIVER, command, &self.store, &options)
    }

    /// Runs a command to its end; every failure it tells of has a class.
    fn run(&mut self, command: &str, options: &[&str]) -> Vec<Line> {
        let (lines, status) = self.start(command, options).finish();
        assert!(matches!(status.code(), Some(0 | 2)), "{command} {options:?}: {status}");
        for line in &lines {
            hear(&mut self.testimony, line);
        }
        lines
    }

    /// Hears a writer until it has told so many lines of a sort.
    fn await_lines(&mut self, writer: &mut Driven, mut times: u32, wanted: fn(&Line) -> bool) {
        while times > 0 {
            let line = writer.next_line().expect("the writer goes on");
            hear(&mut self.testimony, &line);
            times -= u32::from(wanted(&line));
        }
    }

    /// What was acknowledged is there, whoever looks.
    fn check(&self, context: &str) {
        let followed =
            Dump::of(DRIVER, &self.store, &[]).unwrap_or_else(|error| panic!("{context}: {error}"));
        self.testimony.judge(&followed, PAD).unwrap_or_else(|error| panic!("{context}: {error}"));
    }
}

/// Takes a line; a failure must be one of the disk, or tell of one.
fn hear(testimony: &mut Testimony, line: &Line) {
    if let Line::Err { class, msg, .. } | Line::Error { class, msg, .. } = line {
        let typed = ["Io", "Poisoned", "BatchSyncFailed"].contains(&class.as_str());
        assert!(typed, "{class}: {msg}");
    }
    testimony.hear(line);
}

fn refusals(lines: &[Line]) -> usize {
    lines.iter().filter(|line| matches!(line, Line::Err { .. } | Line::Error { .. })).count()
}

#[test]
fn a_writer_on_a_full_disk_refuses_and_goes_on_when_there_is_room() {
    let home = tempfile::tempdir().unwrap();
    within(
        Mount::Small(ROOM_BYTES),
        home.path(),
        "a_writer_on_a_full_disk_refuses_and_goes_on_when_there_is_room",
        |room| {
            let mut cases = 0;
            for mode in ["mode=single", "mode=batch", "mode=fence"] {
                for segment in ["seg=8192", "seg=65536"] {
                    for sync in ["sync=1", "every=3"] {
                        goes_on_with(&mut Full::new(room), mode, segment, sync);
                        cases += 1;
                    }
                }
            }
            tell("G9", "writers that outlived a full disk", cases, 12);
        },
    );
}

/// A writer meets a full disk; while it lives, room is made again.
fn goes_on_with(full: &mut Full, mode: &str, segment: &str, sync: &str) {
    let context = format!("{mode} {segment} {sync}");
    let pad = format!("pad={PAD}");
    full.leave(40);
    let options = ["count=100000", "keepgoing=1", "resync=1", "pause_us=300", &pad, mode, segment, sync];
    let mut writer = full.start("append-loop", &options);
    full.await_lines(&mut writer, 20, |line| matches!(line, Line::Err { .. }));
    full.give_back();
    full.await_lines(&mut writer, 20, |line| matches!(line, Line::Ack { .. }));
    full.leave(0);
    full.await_lines(&mut writer, 20, |line| matches!(line, Line::Err { .. }));
    full.give_back();
    full.await_lines(&mut writer, 5, |line| matches!(line, Line::Ack { durable: true, .. }));
    writer.kill().iter().for_each(|line| hear(&mut full.testimony, line));
    full.check(&context);
    let last = full.run("append-loop", &["start=200000", "count=8", &pad]);
    assert_eq!(refusals(&last), 0, "{context}: {last:?}");
    full.check(&context);
}

#[test]
fn wherever_the_disk_fills_up_nothing_acknowledged_is_lost() {
    let home = tempfile::tempdir().unwrap();
    within(
        Mount::Small(ROOM_BYTES),
        home.path(),
        "wherever_the_disk_fills_up_nothing_acknowledged_is_lost",
        |room| {
            let (mut refused, mut closes, mut opens, mut compactions, mut cases) = (0, 0, 0, 0, 0);
            let pad = format!("pad={PAD}");
            for pages in 0..share(30, 120) {
                for mode in ["mode=single", "mode=mixed"] {
                    cases += 1;
                    let context = format!("{mode}, {pages} pages left");
                    let mut full = Full::new(room);
                    full.run("append-loop", &["count=40", "seg=8192", mode, &pad]);
                    full.leave(pages);
                    let filled =
                        ["start=1000", "count=60", "seg=8192", "keepgoing=1", "resync=1", mode, &pad];
                    let lines = full.run("append-loop", &filled);
                    refused += refusals(&lines);
                    closes += usize::from(
                        matches!(lines.last(), Some(Line::Error { stage, .. }) if stage == "close"),
                    );
                    full.check(&format!("{context}: appended"));
                    let lines = full.run("compact", &["min=1", "seg=8192"]);
                    compactions += usize::from(
                        lines.iter().any(|line| matches!(line, Line::Compacted { msg: Some(_), .. })),
                    );
                    opens += usize::from(
                        matches!(lines.first(), Some(Line::Error { stage, .. }) if stage == "open"),
                    );
                    full.check(&format!("{context}: compacted"));
                    // Once more without room, then with room.
                    full.leave(0);
                    full.run("compact", &["min=1", "seg=8192"]);
                    full.check(&format!("{context}: no room"));
                    full.give_back();
                    let lines =
                        full.run("append-loop", &["start=2000", "count=20", "seg=8192", "compact=5", &pad]);
                    assert_eq!(refusals(&lines), 0, "{context}: {lines:?}");
                    full.check(&format!("{context}: room again"));
                }
            }
            eprintln!(
                "{refused} operations, {closes} closes, {opens} openings, {compactions} compactions failed"
            );
            assert!(
                refused > 0 && closes > 0 && opens > 0 && compactions > 0,
                "each of them fails somewhere"
            );
            tell("G9", "stores on a disk that filled up", cases, 60);
        },
    );
}

/// Runs the driver with files that may not grow beyond so many bytes: a file that is too large is refused where a full disk would be.
fn limited(
    bytes: u64,
    command: &str,
    store: &Path,
    options: &[&str],
) -> (Vec<Line>, std::process::ExitStatus) {
    let blocks = (bytes / 512).to_string();
    // Whoever ignores the signal gets the error instead. The shell counts in blocks of 512 or of 1,024 bytes.
    let script = "trap '' XFSZ; ulimit -S -f \"$1\" && shift && exec \"$@\"";
    let output = Command::new("sh")
        .args(["-c", script, "sh", &blocks, DRIVER, command])
        .arg(store)
        .args(options)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (lines, output.status)
}

#[test]
fn a_file_that_may_not_grow_is_refused_and_costs_nothing_acknowledged() {
    let pad = format!("pad={PAD}");
    let (mut cases, mut refused) = (0, 0);
    for blocks in 0..share(24, 96) {
        for segment in ["seg=8192", "seg=65536"] {
            cases += 1;
            let home = tempfile::tempdir().unwrap();
            let mut full = Full::new(home.path());
            full.run("append-loop", &["count=8", segment, &pad]);
            let options = ["start=8", "count=60", "mode=mixed", "keepgoing=1", "resync=1", segment, &pad];
            for (command, options) in [("append-loop", &options[..]), ("compact", &["min=1", "seg=8192"])] {
                let (lines, status) = limited(blocks * 1024, command, &full.store, options);
                assert!(matches!(status.code(), Some(0 | 2)), "{command}: {status}");
                for line in &lines {
                    hear(&mut full.testimony, line);
                }
                refused += refusals(&lines);
                full.check(&format!("{command} {segment}, {blocks} blocks"));
            }
            let lines = full.run("append-loop", &["start=1000", "count=8", segment, &pad]);
            assert_eq!(refusals(&lines), 0, "{segment}, {blocks} blocks: {lines:?}");
            full.check(&format!("{segment}, {blocks} blocks: no limit any more"));
        }
    }
    assert!(refused > 0, "the limit was met");
    tell("G9", "stores whose files might not grow", cases, 48);
}
