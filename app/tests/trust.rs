//! Whether a store can be trusted, shown: real stores, checked by the real worker and drawn by the real panels.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use causeway::store::{Head, ReceiptClaim, Store, StoreConfig, VerifyLevel};
use causeway_inspector::command::{Action, Command, TrustAction};
use causeway_inspector::state::route::{DetailTab, View};
use causeway_inspector::state::trust::{Padlock, padlock};
use causeway_inspector::state::workspace::Home;
use causeway_inspector::theme::Theme;
use causeway_inspector::worker::protocol::{OpenMode, Part, Target};
use egui::{Vec2, vec2};
use support::driver::{Driver, place};
use support::stores;

const SIZE: Vec2 = vec2(1280.0, 700.0);

fn shop(name: &str, orders: u64) -> PathBuf {
    let path = place(name);
    stores::shop(&path, orders);
    path
}

fn open(path: &Path) -> Driver {
    Driver::open(path, OpenMode::ReadOnly, SIZE, Theme::Dark)
}

fn open_at_home(path: &Path, home: &Path) -> Driver {
    let home = Home { config: home.to_owned(), data: home.to_owned() };
    Driver::open_with(path, OpenMode::ReadOnly, Some(home), SIZE, Theme::Dark)
}

fn head_of(path: &Path) -> Head {
    Store::open_read_only(StoreConfig::new(path)).unwrap().head().unwrap()
}

#[test]
fn a_store_is_verified_by_itself_a_moment_after_it_was_opened() {
    let mut driver = open(&shop("trust-whole.store", 24));
    let view = driver.store().verified.clone().unwrap().unwrap();
    assert_eq!((view.checked.clone(), view.damage_count), (0..96, 0));
    assert_eq!(padlock(driver.store(), 95), Padlock::Verified);
    driver.must_say("V2 verified to #95");
    driver.run(Command::ShowFindings);
    driver.must_say("V2 internally consistent");
    driver.must_say("96 places checked");
}

#[test]
fn on_demand_nothing_is_verified_before_it_is_asked_for_at_the_chosen_level() {
    let path = shop("trust-demand.store", 8);
    let home = tempfile::tempdir().unwrap();
    let mut driver = open_at_home(&path, home.path());
    driver.run(Command::ToggleVerifying);
    drop(driver);
    let mut driver = open_at_home(&path, home.path());
    assert!(driver.model().settings.verify_on_demand && driver.store().verified.is_none());
    assert_eq!(padlock(driver.store(), 3), Padlock::NotVerified);
    driver.act(Action::Show(View::Findings));
    driver.click("V1");
    driver.click("Verify");
    let level = driver.store().verified.clone().unwrap().unwrap().level;
    assert_eq!(level, Some(VerifyLevel::Frames));
    assert_eq!(padlock(driver.store(), 3), Padlock::NotVerified, "checksums verify no event");
    driver.run(Command::Verify);
    driver.act(Action::Trust(TrustAction::SetLevel(VerifyLevel::Chain)));
    driver.act(Action::Trust(TrustAction::Verify(Part::WHOLE)));
    assert_eq!(padlock(driver.store(), 3), Padlock::Verified);
}

#[test]
fn the_first_broken_event_is_located_and_gone_to() {
    let path = shop("trust-broken.store", 24);
    stores::edit(&path, 61, |frame| *frame.last_mut().unwrap() ^= 1);
    let mut driver = open(&path);
    assert_eq!(driver.store().broken_from(), Some(61));
    assert_eq!(
        [60, 61, 62].map(|at| padlock(driver.store(), at)),
        [Padlock::Verified, Padlock::Broken, Padlock::Verified]
    );
    driver.must_say("Broken at #61");
    driver.run(Command::GoToBroken);
    driver.act(Action::ShowDetail(DetailTab::Proof));
    assert_eq!(driver.store().selected, Some(61));
    driver.must_say("content expected");
    driver.run(Command::VerifyStream);
    let (part, report) = driver.store().trust.part.clone().unwrap();
    assert!(matches!(part, Part::Stream(_)) && report.unwrap().damage_count > 0);
}

#[test]
fn what_is_appended_while_one_looks_is_verified_as_well() {
    let path = shop("trust-grows.store", 4);
    let mut driver = open(&path);
    assert_eq!(driver.store().verified.clone().unwrap().unwrap().checked, 0..16);
    let writer = Store::open(StoreConfig::new(&path)).unwrap();
    let at = causeway::coordinate::Coordinate::new("order:1", "shop").unwrap();
    writer.append(&at, causeway::event::EventKind::custom(1, 1), &"late").unwrap();
    writer.close().unwrap();
    driver.until("the new events were verified", |driver| {
        let end = driver.store().verified.clone().unwrap().unwrap().checked.end;
        end > 16 && end == driver.store().summary.position.events
    });
    assert_eq!(driver.store().trust.ranges.len(), 1);
}

#[test]
fn an_event_is_proven_to_be_in_the_log() {
    let path = shop("trust-proof.store", 24);
    let mut driver = open(&path);
    driver.act(Action::Jump(Target::Sequence(40)));
    driver.act(Action::ShowDetail(DetailTab::Proof));
    driver.click("Prove");
    driver.must_say("hashes lead to the head of 96 events");
    let (sequence, proof) = driver.store().vouched.proof.known().unwrap();
    let proof: causeway::store::InclusionProof = serde_json::from_str(&proof.json).unwrap();
    assert_eq!(*sequence, 40);
    head_of(&path).verify_inclusion(&proof).unwrap();
}

#[test]
fn heads_that_were_kept_tell_the_same_history_from_a_rewritten_one() {
    let path = shop("trust-heads.store", 24);
    let home = tempfile::tempdir().unwrap();
    let mut driver = open_at_home(&path, home.path());
    driver.act(Action::Show(View::Findings));
    driver.click("Heads");
    driver.click("Take head");
    driver.must_say("96 events of epoch 1");
    driver.click("Compare with kept heads");
    driver.must_say("holds");
    driver.must_say("V4 tamper-evident to #95");
    drop(driver);
    // A head of the same store that covers another history.
    let forged = Head { root: [7; 32], ..head_of(&path) };
    let heads = home.path().join("heads");
    fs::write(&heads, format!("{forged}\n")).unwrap();
    let mut driver = open_at_home(&path, home.path());
    assert_eq!(driver.store().vouched.kept.len(), 1, "what was kept is there again");
    driver.act(Action::Trust(TrustAction::ImportHeads(heads)));
    driver.run(Command::CompareHeads);
    let compared = driver.store().vouched.compared.known().unwrap();
    assert_eq!(compared.iter().filter(|compared| compared.finding.is_some()).count(), 1);
    assert_eq!(driver.store().tamper_evident(), None);
    driver.act(Action::Show(View::Findings));
    driver.must_say("A head does not hold");
}

#[test]
fn a_receipt_is_checked_in_words() {
    let path = shop("trust-receipt.store", 4);
    let event = Store::open_read_only(StoreConfig::new(&path)).unwrap().event_at(5).unwrap();
    let head = head_of(&path);
    let claim = ReceiptClaim {
        store_id: head.store_id,
        epoch: head.epoch,
        event_id: event.raw.header.event_id,
        sequence: 5,
        content_hash: event.raw.header.content_hash,
        event_hash: event.raw.event_hash,
        extensions: event.raw.extensions.clone(),
        key_id: [0; 32],
        signature: None,
    };
    let mut driver = open(&path);
    driver.act(Action::Show(View::Findings));
    driver.click("Receipt");
    let check = |driver: &mut Driver, claim: &ReceiptClaim| {
        let text = serde_json::to_string(claim).unwrap();
        driver.act(Action::Trust(TrustAction::CheckReceipt(text)));
    };
    check(&mut driver, &claim);
    driver.must_say("It holds. Nobody signed it");
    check(&mut driver, &ReceiptClaim { sequence: 6, ..claim });
    driver.must_say("It does not hold: the event has another sequence.");
    driver.act(Action::Trust(TrustAction::CheckReceipt("{}".to_owned())));
    driver.must_say("This is no receipt");
}

#[test]
fn a_note_is_found_again_in_a_copy_and_missed_where_its_event_is_gone() {
    let path = shop("trust-notes.store", 6);
    let home = tempfile::tempdir().unwrap();
    let mut driver = open_at_home(&path, home.path());
    driver.act(Action::Jump(Target::Sequence(9)));
    driver.run(Command::ToggleBookmark);
    driver.act(Action::Trust(TrustAction::Note(9, "why <b>this</b>?".to_owned())));
    driver.act(Action::Jump(Target::Sequence(20)));
    driver.run(Command::ToggleBookmark);
    driver.run(Command::ToggleBookmark);
    driver.run(Command::ToggleBookmark);
    drop(driver);
    let copy = place("trust-notes-copy.store");
    let writer = Store::open(StoreConfig::new(&path)).unwrap();
    writer.snapshot(&copy).unwrap();
    writer.close().unwrap();
    let mut driver = open_at_home(&copy, home.path());
    let texts: Vec<_> = driver.store().notes.iter().map(|(at, note)| (*at, note.text.as_str())).collect();
    assert_eq!(texts, [(9, "why <b>this</b>?"), (20, "")]);
    driver.run(Command::NextBookmark);
    assert_eq!(driver.store().selected, Some(9));
    driver.run(Command::NextBookmark);
    assert_eq!(driver.store().selected, Some(20));
    driver.run(Command::EditNote);
    driver.must_say("Save note");
    drop(driver);
    // The event is another one now.
    stores::flip(&copy, 20);
    stores::forget_indexes(&copy);
    let driver = open_at_home(&copy, home.path());
    assert_eq!((driver.store().notes.len(), driver.store().vouched.gone.len()), (1, 1));
    assert_eq!(driver.store().vouched.gone[0].sequence, 20);
}

#[test]
fn the_report_of_a_store_holds_what_was_checked_and_no_markup_of_its_contents() {
    let path = shop("trust-report.store", 6);
    stores::edit(&path, 11, |frame| *frame.last_mut().unwrap() ^= 1);
    let home = tempfile::tempdir().unwrap();
    let mut driver = open_at_home(&path, home.path());
    driver.act(Action::Jump(Target::Sequence(9)));
    driver.act(Action::Trust(TrustAction::Note(9, "<script>alert(1)</script>".to_owned())));
    driver.act(Action::Jump(Target::Sequence(9)));
    driver.act(Action::Trust(TrustAction::Note(9, "<script>alert(1)</script>".to_owned())));
    driver.run(Command::EvidenceReport);
    driver.must_say("Write report");
    let [page, json] = ["report.html", "report.json"].map(|name| home.path().join(name));
    for out in [&page, &json] {
        driver.act(Action::Trust(TrustAction::Report(out.clone())));
    }
    driver.must_say("report written to");
    let page = fs::read_to_string(page).unwrap();
    assert!(page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains(" src="));
    assert!(page.contains("not hold") && page.contains("#11"));
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(json).unwrap()).unwrap();
    assert_eq!(json["check"]["holds"], false);
    assert_eq!(json["check"]["findings"][0]["sequence"], 11);
    assert_eq!(json["notes"][0]["text"], "<script>alert(1)</script>");
}
