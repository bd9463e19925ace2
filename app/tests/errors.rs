//! What is wrong with a store is shown, each kind in its own place and look: real stores, damaged by the test, opened by the real worker
//! and drawn by the real panels. `UPDATE_SNAPSHOTS=1` takes new pictures.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use causeway::store::{Store, StoreConfig};
use causeway_inspector::command::{Action, Command};
use causeway_inspector::state::damage::Wrong;
use causeway_inspector::state::route::{DetailTab, Screen};
use causeway_inspector::theme::Theme;
use causeway_inspector::worker::protocol::{FailureClass, OpenMode, RowCell, Target};
use egui::{Vec2, vec2};
use egui_kittest::kittest::Queryable as _;
use support::driver::{Driver, place};
use support::stores;

const SIZE: Vec2 = vec2(1000.0, 500.0);
/// The table has room for summaries.
const WIDE: Vec2 = vec2(1180.0, 470.0);
/// How long the search took.
const TOOK: &str = "served by";

fn shop(name: &str, orders: u64) -> PathBuf {
    let path = place(name);
    stores::shop(&path, orders);
    path
}

fn open(path: &Path) -> Driver {
    Driver::open(path, OpenMode::ReadOnly, SIZE, Theme::Dark)
}

/// The class of the failure to open, and every text of the tile.
fn refused(path: &Path, mode: OpenMode) -> Driver {
    let driver = Driver::open(path, mode, SIZE, Theme::Dark);
    assert_eq!(driver.model().screen, Screen::Error);
    driver
}

fn class(driver: &Driver) -> FailureClass {
    driver.model().open_failure.as_ref().unwrap().failure.class
}

#[test]
fn a_locked_store_names_its_cause_and_offers_reading() {
    let path = shop("locked.store", 2);
    let writer = Store::open(StoreConfig::new(&path)).unwrap();
    let mut driver = refused(&path, OpenMode::Writable);
    assert_eq!(class(&driver), FailureClass::Locked);
    driver.must_say("This store cannot be opened for writing");
    driver.picture("cannot-open-locked", &[]);
    driver.click("Open read-only");
    assert_eq!(driver.model().screen, Screen::Store);
    writer.close().unwrap();
}

#[test]
fn a_store_of_a_newer_format_is_not_touched_and_says_which_version_it_has() {
    let path = shop("newer.store", 2);
    let segment = stores::segments(&path).remove(0);
    let mut bytes = fs::read(&segment).unwrap();
    bytes[8] = 9;
    let end = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let crc = crc32fast::hash(&bytes[..end - 4]).to_le_bytes();
    bytes[end - 4..end].copy_from_slice(&crc);
    fs::write(&segment, bytes).unwrap();
    let mut driver = refused(&path, OpenMode::ReadOnly);
    assert_eq!(class(&driver), FailureClass::Newer);
    driver.must_say("format version 9");
    driver.must_say("Copy diagnostics");
    driver.picture("cannot-open-newer", &[]);
}

#[test]
fn a_store_whose_only_header_is_damaged_says_so_and_offers_another() {
    let path = place("header.store");
    stores::of_payloads(&path, &[vec![0xc0]], |_| 0);
    let segment = stores::segments(&path).remove(0);
    fs::remove_file(segment.with_extension("idx")).unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    bytes.truncate(100);
    bytes[40] ^= 0xff;
    fs::write(&segment, bytes).unwrap();
    let mut driver = refused(&path, OpenMode::ReadOnly);
    driver.must_say("damaged");
    driver.must_say("Choose another…");
    driver.picture("cannot-open-header", &[]);
}

#[test]
fn a_directory_that_the_system_refuses_says_so_and_who_helps() {
    let path = place("refused-by-the-system.store");
    stores::shop(&path, 1);
    // Nobody but its owner may look inside; the superuser looks as somebody else.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let out = tempfile::tempdir().unwrap();
    fs::set_permissions(out.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let home = std::env::current_dir().unwrap();
    fs::set_permissions(&home, fs::Permissions::from_mode(0o755)).unwrap();
    let program = out.path().join("causeway");
    fs::copy(env!("CARGO_BIN_EXE_causeway"), &program).unwrap();
    let picture = out.path().join("refused.png");
    let shot = |screen: &str| {
        let mut command = Process::new(&program);
        command.current_dir(&home).args(["shot", "refused-by-the-system.store", "--screen", screen]);
        command.args(["--size", "1000x500", "--out"]).arg(&picture);
        if fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            command.uid(65_534);
        }
        command.output().unwrap()
    };
    let refused = shot("events");
    assert_eq!(refused.status.code(), Some(1));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("ermission denied. Ask its owner for the right to read it, or for a copy."),
        "{said}"
    );
    assert!(shot("error").status.success(), "the tile is drawn");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let drawn = image::open(&picture).unwrap();
    assert_eq!((drawn.width(), drawn.height()), (1000, 500));
}

#[test]
fn a_segment_that_is_missing_is_one_hatched_row_and_everything_beside_it_can_be_browsed() {
    damaged(Theme::Dark, "damaged-dark");
}

#[test]
fn damage_is_told_apart_on_a_light_ground_too() {
    damaged(Theme::Light, "damaged-light");
}

/// A segment is missing and a frame behind it is damaged: each is a row, whatever it takes.
fn damaged(theme: Theme, name: &str) {
    {
        let path = shop(&format!("{name}.store"), 24);
        let missing = stores::segments(&path).remove(1);
        let gone = stores::frames(&fs::read(&missing).unwrap())
            .iter()
            .filter(|frame| frame.sequence.is_some())
            .count();
        let first =
            stores::frames(&fs::read(&missing).unwrap()).iter().find_map(|frame| frame.sequence).unwrap();
        fs::remove_file(&missing).unwrap();
        stores::flip(&path, first + gone as u64 + 2);
        stores::forget_indexes(&path);
        let mut driver = Driver::open(&path, OpenMode::ReadOnly, SIZE, theme);
        let events = driver.store().summary.position.events;
        assert_eq!(
            driver.store().damage.holes,
            [first..first + gone as u64, first + gone as u64 + 2..first + gone as u64 + 3]
        );
        assert_eq!(driver.store().matched.rows, events - gone as u64 + 1);
        driver.act(Action::Jump(Target::Sequence(first + 3)));
        assert_eq!(driver.store().selected, Some(first), "a place within the hole leads to its row");
        driver.must_say(&format!("{gone} events cannot be read"));
        driver.must_say("damaged in 2 places");
        driver.picture(name, &[TOOK]);
        let row = driver.store().selected_row.unwrap();
        assert!(
            matches!(&driver.store().rows[&row].cell, RowCell::Damaged { places, .. } if *places == gone as u64)
        );
        driver.click(&format!("Go on at #{}", first + gone as u64));
        assert_eq!(driver.store().selected, Some(first + gone as u64));
        assert!(driver.store().detail.is_some(), "the event behind the hole is read");
    }
}

#[test]
fn a_filter_says_how_many_places_it_could_not_look_at() {
    let path = shop("filtered.store", 24);
    stores::flip(&path, 10);
    stores::forget_indexes(&path);
    let mut driver = open(&path);
    assert_eq!(driver.store().matched.unreadable, 0, "without a filter they are rows");
    driver.act(Action::Filter("entity:parcel".to_owned()));
    driver.until("the filter is taken over", |driver| driver.store().matched.unreadable == 1);
    driver.must_say("1 event cannot be read and may match");
}

#[test]
fn a_payload_that_was_edited_breaks_the_chain_from_there_on() {
    let path = shop("broken.store", 24);
    stores::edit(&path, 61, |frame| *frame.last_mut().unwrap() ^= 1);
    let mut driver = open(&path);
    driver.run(Command::Verify);
    driver.until("it was verified", |driver| driver.store().verified.is_some());
    assert_eq!(driver.store().broken_from(), Some(61));
    driver.act(Action::Jump(Target::Sequence(61)));
    driver.act(Action::ShowDetail(DetailTab::Proof));
    driver.must_say("Chain broken at #61");
    driver.must_say("content expected");
    driver.picture("chain-broken", &[TOOK]);
    driver.run(Command::ShowGraph);
    driver.must_say("the payload does not fit its content hash");
    driver.picture("chain-broken-graph", &[]);
    driver.run(Command::ShowFindings);
    driver.picture("findings", &[]);
    driver.click("Go to #61");
    assert!(driver.store().spots.iter().any(|spot| spot.wrong == Wrong::Broken));
}

#[test]
fn a_payload_that_no_decoder_understands_keeps_its_row_and_says_why_for_each_decoder() {
    let path = place("undecoded.store");
    let good = causeway::encoding::to_bytes(&serde_json::json!({"note": "readable"})).unwrap();
    let mut bad = vec![0xc1, 0xff, 0x00];
    bad.extend((0..309_u16).map(|byte| byte as u8));
    stores::of_payloads(&path, &[good.clone(), bad, good], |number| {
        1_795_440_724_871_000 + number.cast_signed() * 1_000_000
    });
    let mut driver = Driver::open(&path, OpenMode::ReadOnly, WIDE, Theme::Dark);
    driver.act(Action::Jump(Target::Sequence(1)));
    driver.must_say("undecoded, 312 B");
    for reason in
        ["byte 0 does not begin a MessagePack value", "expected value at line 1", "byte 0 is not UTF-8"]
    {
        driver.must_say(reason);
    }
    driver.picture("undecoded", &[TOOK]);
    driver.click("Show the bytes");
    driver.must_say("Copy bytes as hexadecimal");
}

#[test]
fn a_directory_that_is_removed_veils_what_is_live_and_keeps_the_events() {
    let path = shop("gone.store", 24);
    let mut driver = open(&path);
    driver.act(Action::Jump(Target::Sequence(90)));
    let rows = driver.store().rows.len();
    fs::remove_dir_all(&path).unwrap();
    driver.until("the loss is seen", |driver| driver.store().summary.position.lost.is_some());
    driver.settle();
    driver.must_say("Directory gone");
    driver.must_say("What is shown was read before");
    assert_eq!((driver.store().rows.len(), driver.store().summary.position.events), (rows, 96));
    driver.picture("directory-gone", &[TOOK]);
    shop("gone.store", 1);
    driver.until("the other directory is seen", |driver| driver.says("Directory replaced"));
}

#[test]
fn a_writer_that_ends_is_missed() {
    let path = shop("writer.store", 2);
    let writer = Store::open(StoreConfig::new(&path)).unwrap();
    let mut driver = open(&path);
    driver.until("the writer is seen", |driver| driver.store().summary.position.holder.is_some());
    assert!(!driver.says("Writer ended"));
    writer.close().unwrap();
    driver.until("the writer is missed", |driver| driver.says("Writer ended"));
    driver.must_say("does not write any more");
}

#[test]
fn an_append_that_is_refused_keeps_what_was_typed_and_says_which_field() {
    let path = shop("refused.store", 2);
    let mut driver = Driver::open(&path, OpenMode::Writable, vec2(1000.0, 560.0), Theme::Dark);
    driver.run(Command::ShowAppend);
    let fields = [
        ("Kind", "0x1001"),
        ("Entity", "order:8841"),
        ("Scope", "shop"),
        ("Only if the entity has", "7"),
        ("Payload as JSON", "{\"total\": 12}"),
    ];
    for (label, typed) in fields {
        driver.harness.get_by_label(label).click();
        driver.harness.run_steps(2);
        driver.harness.get_by_label(label).type_text(typed);
        driver.settle();
    }
    driver.click("Append event");
    driver.until("the answer is there", |driver| driver.store().receipt.is_some());
    driver.settle();
    let failure = driver.store().receipt.clone().unwrap().unwrap_err();
    assert_eq!(failure.message, "the entity has 1 event now.");
    driver.must_say("1 field to fix");
    driver.picture("append-refused", &[]);
    let values: Vec<String> = fields
        .iter()
        .map(|(label, _)| {
            use egui_kittest::kittest::NodeT as _;
            driver.harness.get_by_label(label).accesskit_node().value().unwrap_or_default()
        })
        .collect();
    assert_eq!(values, fields.map(|(_, typed)| typed.to_owned()), "the form keeps its values");
}
