//! The event table and the payload beside it as people use them: columns, times, lines of kinds, jumps and searches, in the whole program
//! over a real store.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use causeway::event::EventKind;
use causeway_inspector::command::{Action, Command};
use causeway_inspector::state::model::Overlay;
use causeway_inspector::state::route::DetailTab;
use causeway_inspector::state::table::{Column, TableAction, TimeMode};
use causeway_inspector::theme::Theme;
use causeway_inspector::worker::protocol::{OpenMode, Target};
use egui::vec2;
use egui_kittest::kittest::Queryable as _;
use support::driver::{Driver, place};
use support::stores;

/// A store of ten orders, wide enough for every column of a new store.
fn shop(name: &str, width: f32) -> Driver {
    let path = place(name);
    stores::shop(&path, 10);
    Driver::open(&path, OpenMode::ReadOnly, vec2(width, 800.0), Theme::Dark)
}

fn shown(driver: &Driver, column: Column) -> bool {
    driver.store().table.columns.iter().any(|choice| choice.column == column && choice.shown)
}

fn place_of(driver: &Driver, column: Column) -> usize {
    driver.store().table.columns.iter().position(|choice| choice.column == column).unwrap()
}

#[test]
fn the_menu_of_columns_shows_hides_and_moves_them() {
    let mut driver = shop("menu", 1440.0);
    assert!(driver.harness.query_by_label("Clock column").is_none());
    driver.click("Choose columns");
    driver.click("Clock");
    assert!(shown(&driver, Column::Clock));
    let before = place_of(&driver, Column::Clock);
    driver.click("Move Clock left");
    assert_eq!(place_of(&driver, Column::Clock), before - 1);
    driver.click("Reset columns");
    assert!(!shown(&driver, Column::Clock));
}

#[test]
fn a_command_opens_the_menu_and_a_narrow_table_says_what_finds_no_room() {
    let mut driver = shop("narrow", 1024.0);
    driver.run(Command::ChooseColumns);
    assert!(driver.harness.query_by_label("Summary, no room now").is_some(), "the menu says so");
    assert!(driver.harness.query_by_label("Summary column").is_none(), "and the table does not show it");
}

#[test]
fn a_click_on_the_head_of_the_time_tells_times_another_way() {
    let mut driver = shop("times", 1440.0);
    for mode in [TimeMode::Ago, TimeMode::Delta, TimeMode::Clock] {
        driver.click("Time column");
        assert_eq!(driver.store().table.time, mode);
    }
}

#[test]
fn a_dragged_edge_widens_its_column_and_a_double_click_fits_it() {
    let mut driver = shop("widths", 1440.0);
    let width = |driver: &Driver| {
        driver.store().table.columns.iter().find(|choice| choice.column == Column::Entity).unwrap().width
    };
    let edge = driver.harness.get_by_label("width of Entity").rect().center();
    driver.harness.drag_at(edge);
    driver.harness.step();
    driver.harness.hover_at(edge + vec2(40.0, 0.0));
    driver.harness.step();
    driver.harness.drop_at(edge + vec2(40.0, 0.0));
    driver.settle();
    let dragged = width(&driver).unwrap();
    driver.act(Action::Table(TableAction::Width(Column::Entity, None)));
    assert!(dragged > 100 && width(&driver).is_none(), "{dragged}");
}

#[test]
fn a_kind_says_its_own_line_in_every_row() {
    let mut driver = shop("lines", 1440.0);
    let kinds: Vec<EventKind> = driver.store().facets.kinds.iter().map(|(kind, _)| *kind).collect();
    for kind in kinds {
        let line = "clock {clock} of {entity} {{}} {payload.nothing}".to_owned();
        driver.act(Action::Table(TableAction::Summarise(kind, Some(line))));
    }
    driver.must_say("clock 0 of order:");
    driver.must_say("{} –");
}

#[test]
fn the_lines_of_kinds_are_tried_on_the_selected_event_while_they_are_written() {
    let mut driver = shop("trying", 1440.0);
    driver.act(Action::Select(1));
    let row = driver.store().rows.values().find(|row| row.sequence == 1).unwrap().clone();
    let causeway_inspector::worker::protocol::RowCell::Event(event) = &row.cell else {
        panic!("it is an event")
    };
    driver.run(Command::NameKinds);
    let label = format!("Line of {}", event.kind);
    driver.click(&label);
    driver.harness.get_by_label(&label).type_text("of {entity");
    driver.settle();
    driver.must_say("without its }");
    driver.harness.get_by_label(&label).type_text("}!");
    driver.settle();
    driver.must_say(&format!("of {}!", event.entity));
}

#[test]
fn a_jump_to_a_time_selects_the_first_event_at_it_or_after_it() {
    let mut driver = shop("jump", 1440.0);
    let times: Vec<(u64, i64)> = driver
        .store()
        .rows
        .values()
        .filter_map(|row| Some((row.sequence, causeway_inspector::view::rows::event_of(row)?.time_us)))
        .collect();
    let (_, middle) = times[times.len() / 2];
    let first = times.iter().find(|(_, time)| *time >= middle).unwrap().0;
    driver.act(Action::Jump(Target::Time(middle)));
    assert_eq!(driver.store().selected, Some(first));
    driver.act(Action::Jump(Target::Time(i64::MAX - 1)));
    assert_eq!(driver.store().selected, driver.store().summary.position.events.checked_sub(1));
    driver.run(Command::JumpDialog);
    assert_eq!(driver.model().overlay, Overlay::Jump);
    driver.harness.get_by_label("Sequence, id or time of an event").type_text("2001-01-01 00:00");
    driver.settle();
    driver.click("Go");
    assert_eq!(driver.store().selected, Some(0));
}

#[test]
fn what_is_looked_for_in_a_payload_is_counted_and_stepped_through() {
    let path = place("finding");
    let list: Vec<_> = (0..3_000).map(|n| serde_json::json!({"sku": format!("A-{n}")})).collect();
    let payload = serde_json::json!({"lines": list, "note": "急須 A-17"});
    stores::of_payloads(&path, &[serde_json::to_vec(&payload).unwrap()], |_| 1_795_440_726_655_000);
    let mut driver = Driver::open(&path, OpenMode::ReadOnly, vec2(1440.0, 800.0), Theme::Dark);
    let held = driver.store().rows.values().find(|row| {
        causeway_inspector::view::rows::event_of(row).is_some_and(|event| event.payload_bytes > 1_000)
    });
    let sequence = held.unwrap().sequence;
    driver.act(Action::Select(sequence));
    driver.must_say("Decoded as JSON · not MessagePack");
    driver.run(Command::FindInPayload);
    driver.harness.get_by_label("Text to find").type_text("a-17");
    driver.settle();
    driver.must_say("found 1 of 112");
    driver.click("Previous place");
    driver.must_say("found 112 of 112");
    driver.must_say("note \"急須 A-17\"");
    driver.click("Close the search");
    assert!(!driver.says("found 112"));
    driver.click("Fold all");
    driver.must_say("lines [3000]");
    assert!(!driver.says("sku \"A-0\""));
}

#[test]
fn chosen_bytes_are_counted_and_named() {
    let mut driver = shop("bytes", 1440.0);
    driver.act(Action::Select(1));
    driver.act(Action::ShowDetail(DetailTab::Hex));
    let dump = driver.harness.get_by_label("stored bytes").rect();
    let digits = dump.min + vec2(85.0, 8.0);
    driver.harness.drag_at(digits);
    driver.harness.step();
    driver.harness.hover_at(digits + vec2(30.0, 20.0));
    driver.harness.step();
    driver.harness.drop_at(digits + vec2(30.0, 20.0));
    driver.settle();
    driver.must_say(" · 0x");
    assert!(driver.harness.query_by_label("Copy chosen bytes").is_some());
}
