//! What means harm is shown and does none: stores with monstrous payloads, names, times, numbers and files are opened by the real worker
//! and drawn by the real panels. Work is bounded by what is counted; times and memory are printed, not judged.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod support;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::time::{Duration, Instant};

use causeway_inspector::command::{Action, Command};
use causeway_inspector::state::route::{DetailTab, Screen};
use causeway_inspector::theme::Theme;
use causeway_inspector::widgets::escape;
use causeway_inspector::worker::protocol::{CopyForm, Lost, OpenMode, Target};
use egui::{Vec2, vec2};
use support::driver::{Driver, place};
use support::stores::{self, Forged};

const SIZE: Vec2 = vec2(1180.0, 700.0);
/// More of a payload never reaches the interface.
const PREVIEW_BYTES: usize = 64 * 1024;
/// A frame of the fullest ordinary screen has about three thousand shapes.
const SHAPES_MAX: usize = 12_000;
/// Texts that a screen reader meets on one screen.
const LABELS_MAX: usize = 2_000;
/// Texts of a whole screen, in bytes: many cut rows, none of them a whole payload.
const LABEL_BYTES_MAX: usize = 600_000;

fn open(path: &Path) -> Driver {
    Driver::open(path, OpenMode::ReadOnly, SIZE, Theme::Dark)
}

/// Shapes of the last frame, and that no text of it hides anything or reaches the interface whole.
fn judge(driver: &Driver, what: &str) -> usize {
    let labels = driver.labels();
    for label in &labels {
        let hidden = label.chars().find(|c| escape::is_hidden(*c));
        assert_eq!(hidden, None, "{what}: {label:?}");
    }
    let bytes: usize = labels.iter().map(String::len).sum();
    let shapes = driver.harness.output().shapes.len();
    assert!(labels.len() <= LABELS_MAX, "{what}: {} labels", labels.len());
    assert!(bytes <= LABEL_BYTES_MAX, "{what}: {bytes} bytes of text");
    assert!(shapes <= SHAPES_MAX, "{what}: {shapes} shapes");
    shapes
}

/// Looks at an event in every way there is: the longest frame, and the most shapes.
fn look_around(driver: &mut Driver, sequence: u64, what: &str) {
    let (mut slowest, mut most) = (Duration::ZERO, 0);
    let mut look = |driver: &mut Driver, action: Action| {
        driver.act(action);
        let started = Instant::now();
        driver.harness.step();
        slowest = slowest.max(started.elapsed());
        most = most.max(judge(driver, what));
    };
    look(driver, Action::Run(Command::ShowEvents));
    look(driver, Action::Jump(Target::Sequence(sequence)));
    for tab in [DetailTab::Event, DetailTab::Raw, DetailTab::Hex, DetailTab::Proof] {
        look(driver, Action::ShowDetail(tab));
        if let Some(detail) = &driver.store().detail {
            assert!(detail.payload_head.len() <= PREVIEW_BYTES, "{what}");
            if let Ok(decoded) = &detail.payload {
                let shown = decoded.value.to_string().len();
                // A byte of MessagePack is at most a few characters of JSON.
                assert!(shown <= 16 * PREVIEW_BYTES, "{what}: {shown} bytes are decoded");
            }
        }
    }
    look(driver, Action::Run(Command::ShowGraph));
    println!("{what}: slowest frame {slowest:?}, most shapes {most}, greatest memory {}", greatest_memory());
}

/// The most memory that this process ever had, as the system says.
fn greatest_memory() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("unknown").trim().to_owned()
}

fn event(payload: Vec<u8>) -> Forged {
    Forged { entity: b"item:1".to_vec(), time_us: 1_795_440_724_871_000, payload }
}

fn text(length: u32, byte: u8) -> Vec<u8> {
    let mut payload = vec![0xdb];
    payload.extend(length.to_be_bytes());
    payload.resize(payload.len() + length as usize, byte);
    payload
}

/// A map of so many short keys.
fn map(entries: u32) -> Vec<u8> {
    let mut payload = vec![0xdf];
    payload.extend(entries.to_be_bytes());
    for key in 0..entries {
        payload.push(0xce);
        payload.extend(key.to_be_bytes());
        payload.push(0xc0);
    }
    payload
}

#[test]
fn monstrous_payloads_are_shown_by_their_beginning_and_copied_whole() {
    let path = place("payloads.store");
    let mut nested = vec![0x91; 100_000];
    nested.push(0xc0);
    let payloads: Vec<(&str, Vec<u8>)> = vec![
        ("text of 100 MB", text(100_000_000, b'x')),
        ("map of a million keys", map(1_000_000)),
        ("a hundred thousand levels", nested),
        ("not a number", vec![0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]),
        ("infinity", vec![0xcb, 0xff, 0xf0, 0, 0, 0, 0, 0, 0]),
        ("least number", [vec![0xd3], i64::MIN.to_be_bytes().to_vec()].concat()),
        ("greatest number", [vec![0xcf], u64::MAX.to_be_bytes().to_vec()].concat()),
        ("lying length", vec![0xdd, 0xff, 0xff, 0xff, 0xff, 0x01]),
        ("JSON of 90,000 levels", vec![b'['; 60_000]),
        ("text that is cut within a character", "ß".repeat(70_000).into_bytes()),
        ("no byte", Vec::new()),
        ("newlines", [vec![0xda, 0xff, 0xff], vec![b'\n'; 65_535]].concat()),
    ];
    let payloads: Vec<(&str, Forged)> =
        payloads.into_iter().map(|(what, payload)| (what, event(payload))).collect();
    stores::forge(&path, payloads.iter().map(|(_, forged)| forged));
    let names: Vec<&str> = payloads.into_iter().map(|(what, _)| what).collect();
    // The greatest memory is counted anew from here on, where the system can do that.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let mut driver = open(&path);
    for (sequence, what) in (0..).zip(names) {
        look_around(&mut driver, sequence, what);
    }
    driver.act(Action::Jump(Target::Sequence(1)));
    driver.act(Action::ShowDetail(DetailTab::Event));
    driver.run(Command::ShowEvents);
    driver.must_say("The first 64 KiB of 6.00 MB; copying takes all of it");
    for (sequence, greatest) in [(5, "-9223372036854775808"), (6, "18446744073709551615")] {
        driver.act(Action::Jump(Target::Sequence(sequence)));
        driver.must_say(greatest);
    }
    driver.act(Action::Jump(Target::Sequence(0)));
    driver.run(Command::CopyPayload);
    driver.must_say("too much for the clipboard");
}

#[test]
fn a_copy_has_every_byte_however_little_of_it_is_shown() {
    let path = place("copied.store");
    let long = "ab\u{202e}cd\u{1b}[2J".repeat(40_000);
    let payload = causeway::encoding::to_bytes(&serde_json::json!({"long": long})).unwrap();
    stores::forge(&path, &[event(payload.clone()), event(vec![0xc1, 0, 1])]);
    let mut driver = open(&path);
    driver.act(Action::Jump(Target::Sequence(0)));
    let copied: serde_json::Value = serde_json::from_str(&copied(&mut driver, CopyForm::Text)).unwrap();
    assert_eq!(copied["long"].as_str(), Some(long.as_str()));
    let digits = self::copied(&mut driver, CopyForm::Hex);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    assert_eq!(digits.as_bytes().chunks(2).map(byte).collect::<Vec<u8>>(), payload);
    driver.act(Action::Jump(Target::Sequence(1)));
    assert_eq!(self::copied(&mut driver, CopyForm::Hex), "c10001");
}

/// What is on the clipboard after a copy.
fn copied(driver: &mut Driver, form: CopyForm) -> String {
    let action = match form {
        CopyForm::Text => Action::Run(Command::CopyPayload),
        CopyForm::Hex => Action::CopyBytes,
    };
    driver.harness.state().app.send(action);
    let mut found = None;
    driver.until("it was copied", |driver| {
        let commands = &driver.harness.output().platform_output.commands;
        found = commands.iter().find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
        found.is_some()
    });
    found.unwrap()
}

#[test]
fn names_and_texts_that_mean_harm_are_shown_as_escapes() {
    let path = place("names.store");
    let names = [
        "user\u{202e}gnp.exe\u{2066}x\u{2069}",
        "zero\u{200b}width\u{200d}\u{feff}",
        "c0\u{0}\u{7}\u{8}\u{1b}[31m\u{7f}",
        "c1\u{9b}2J\u{85}\u{90}",
        "private\u{e40c}\u{f0000}",
        "<b>bold</b> [link](https://example.org) =cmd|' /C calc'!A0",
        "https://example.org/%00?q=<script>",
        "tag\u{e0041}\u{e007f}variation\u{fe0f}",
    ];
    let stacked = format!("a{}", "\u{301}".repeat(500));
    let flood = "\n".repeat(1_024);
    let all: Vec<String> = names.iter().map(|name| (*name).to_owned()).chain([stacked, flood]).collect();
    let forged = |name: &String| Forged {
        entity: name.clone().into_bytes(),
        time_us: 1_795_440_724_871_000,
        payload: causeway::encoding::to_bytes(&serde_json::json!({ (name.as_str()): name })).unwrap(),
    };
    stores::forge(&path, &all.iter().map(forged).collect::<Vec<_>>());
    let mut driver = open(&path);
    for (sequence, name) in (0..).zip(&all) {
        look_around(&mut driver, sequence, &escape::visible(name).chars().take(24).collect::<String>());
    }
    driver.run(Command::ShowEvents);
    driver.act(Action::Jump(Target::Sequence(0)));
    driver.must_say("user\\u{202e}gnp.exe");
    driver.act(Action::Filter(names[0].to_owned()));
    judge(&driver, "a filter that means harm");
    let printed = Process::new(env!("CARGO_BIN_EXE_causeway")).arg("dump").arg(&path).output().unwrap();
    let printed = String::from_utf8([printed.stdout, printed.stderr].concat()).unwrap();
    let drives = printed.chars().find(|c| escape::is_hidden(*c) && *c != '\n');
    assert_eq!(drives, None, "nothing that is printed drives a terminal");
}

#[test]
fn times_beyond_the_calendar_are_shown_as_numbers() {
    let path = place("times.store");
    let times = [i64::MIN, -1, 0, 253_402_300_800_000_000, i64::MAX];
    let forged = |time_us: &i64| Forged { time_us: *time_us, ..event(vec![0xc0]) };
    stores::forge(&path, &times.iter().map(forged).collect::<Vec<_>>());
    let mut driver = open(&path);
    for (sequence, time_us) in (0..).zip(times) {
        look_around(&mut driver, sequence, &format!("time {time_us}"));
    }
    driver.run(Command::ShowEvents);
    driver.act(Action::ShowDetail(DetailTab::Event));
    driver.must_say(&format!("{} µs", i64::MAX));
}

#[test]
fn ten_thousand_entities_and_two_thousand_segments_are_no_more_work_than_a_few() {
    let path = place("entities.store");
    let forged = |number: u32| Forged { entity: format!("item:{number}").into_bytes(), ..event(vec![0xc0]) };
    stores::forge(&path, &(0..10_000).map(forged).collect::<Vec<_>>());
    let mut driver = open(&path);
    assert_eq!(driver.store().facets.entities.len(), 10_000);
    look_around(&mut driver, 9_999, "ten thousand entities");
    let path = place("segments.store");
    stores::forge_segments(&path, 2_000);
    let mut driver = open(&path);
    assert_eq!(driver.store().summary.position.events, 2_000);
    look_around(&mut driver, 1_000, "two thousand segments");
}

#[test]
fn a_hole_of_more_events_than_anybody_can_count_is_one_row() {
    let path = place("endless.store");
    stores::forge_segments(&path, 2);
    stores::forge_segment_at(&path, 4_000_000_000_000_000_000);
    let mut driver = open(&path);
    let rows = driver.store().matched.rows;
    assert_eq!((rows, driver.store().damage.holes.len()), (4, 1));
    look_around(&mut driver, 2, "a hole of four quintillion events");
    driver.run(Command::ShowEvents);
    driver.run(Command::GoLast);
    assert_eq!(driver.store().selected, Some(4_000_000_000_000_000_000));
    driver.act(Action::Filter("\"nowhere to be found\"".to_owned()));
    driver.until("the search ends", |driver| driver.store().matched.complete);
    driver.act(Action::Filter(String::new()));
    driver.settle();
    let timeline = driver.store().timeline.picture.clone().expect("there is a timeline");
    assert!(timeline.span.0 > 0, "missing events have no time");
}

#[test]
fn what_is_no_regular_file_is_neither_waited_for_nor_followed() {
    let path = place("zoo.store");
    stores::shop(&path, 4);
    let real = stores::segments(&path).remove(0);
    let named = |sequence: u64| path.join(format!("{sequence:020}-0.seg"));
    let pipe = |at: &Path| assert!(Process::new("mkfifo").arg(at).status().unwrap().success());
    pipe(&named(1_000));
    pipe(&path.join("pipe"));
    let _ = fs::remove_file(path.join("kinds.json"));
    pipe(&path.join("kinds.json"));
    let _socket = UnixListener::bind(named(2_000)).unwrap();
    symlink(named(3_000), named(3_000)).unwrap();
    symlink(&real, named(4_000)).unwrap();
    symlink(&path, path.join("loop")).unwrap();
    fs::create_dir(named(5_000)).unwrap();
    File::create(path.join(OsStr::from_bytes(b"no-utf8-\xff\xfe.seg"))).unwrap();
    // Each of them refuses the store or is passed; nothing waits, nothing ends the program.
    let driver = open(&path);
    assert!(matches!(driver.model().screen, Screen::Store | Screen::Error));
    judge(&driver, "pipes, sockets and loops");
    for name in [1_000, 2_000, 3_000, 4_000].map(named) {
        fs::remove_file(name).unwrap();
    }
    fs::remove_dir(named(5_000)).unwrap();
    let mut driver = open(&path);
    assert_eq!(driver.store().summary.position.events, 16);
    look_around(&mut driver, 3, "names that are no text");
}

#[test]
fn empty_files_and_impossible_paths_are_refused_in_words() {
    let path = place("empty.store");
    stores::shop(&path, 2);
    for entry in fs::read_dir(&path).unwrap() {
        let file = entry.unwrap().path();
        if file.is_file() {
            File::create(file).unwrap();
        }
    }
    let longest = PathBuf::from(format!("/{}", "p".repeat(4_095)));
    let deep = PathBuf::from(format!("/{}", "d/".repeat(2_047)));
    let bytes = PathBuf::from(OsStr::from_bytes(b"/no-\xff-text"));
    for path in [path, longest, deep, bytes] {
        let driver = open(&path);
        let what = format!("{:.40}", path.display());
        assert_eq!(driver.model().screen, Screen::Error, "{what}");
        judge(&driver, &what);
    }
}

#[test]
fn a_file_that_is_cut_while_it_is_open_takes_its_events_back_and_says_so() {
    let path = place("cut.store");
    stores::shop(&path, 24);
    let mut driver = open(&path);
    driver.act(Action::Jump(Target::Sequence(95)));
    let last = stores::segments(&path).pop().unwrap();
    let frames = stores::frames(&fs::read(&last).unwrap());
    let file = File::options().write(true).open(&last).unwrap();
    file.set_len(frames[1].offset as u64).unwrap();
    fs::remove_file(last.with_extension("idx")).unwrap_or_default();
    driver.until("the cut is seen", |driver| driver.store().summary.position.rolled_back_to.is_some());
    driver.settle();
    driver.must_say("went back to");
    judge(&driver, "a cut file");
    let first = driver.store().rows.values().next().map(|row| row.sequence);
    assert!(first.is_some(), "what is left can be browsed");
}

#[test]
fn a_directory_on_a_device_that_is_gone_is_said_to_be_gone() {
    let path = place("removed.store");
    stores::shop(&path, 8);
    let mut driver = open(&path);
    fs::remove_dir_all(&path).unwrap();
    driver.until("the loss is seen", |driver| driver.store().summary.position.lost.is_some());
    assert!(matches!(&driver.store().summary.position.lost, Some(Lost::Directory(_))));
    look_around(&mut driver, 3, "a directory that is gone");
}
