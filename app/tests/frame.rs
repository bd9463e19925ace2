//! The frame of the main screen: tiles, panels, menus, palette, settings and keys, used by label over a real store.
#![allow(clippy::unwrap_used, missing_docs)]

mod support;

use std::path::PathBuf;

use causeway_inspector::command::{Action, Command};
use causeway_inspector::state::route::View;
use causeway_inspector::theme::Theme;
use causeway_inspector::worker::protocol::OpenMode;
use egui::{Key, Modifiers, Vec2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use support::driver::{Driver, place};
use support::stores;

const LARGE: Vec2 = vec2(1440.0, 900.0);
const SMALL: Vec2 = vec2(1024.0, 700.0);

fn open(name: &str, size: Vec2) -> Driver {
    let path: PathBuf = place(name);
    stores::shop(&path, 40);
    Driver::open(&path, OpenMode::ReadOnly, size, Theme::Dark)
}

fn front(driver: &Driver) -> Vec<View> {
    driver.model().layout.in_front(driver.model().view)
}

fn press(driver: &mut Driver, modifiers: Modifiers, key: Key) {
    driver.harness.key_press_modifiers(modifiers, key);
    driver.harness.run_steps(2);
    driver.settle();
}

fn focused(driver: &Driver) -> String {
    let nodes = driver.harness.root().children_recursive();
    let node = nodes.into_iter().find(|node| node.accesskit_node().is_focused());
    node.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

#[test]
fn a_tab_that_is_dragged_to_the_right_becomes_a_tile_of_its_own() {
    let mut driver = open("frame-drag", LARGE);
    let from = driver.harness.get_by_label("Causal graph").rect().center();
    driver.harness.hover_at(from);
    driver.harness.run_steps(2);
    driver.harness.drag_at(from);
    driver.harness.run_steps(2);
    for step in 1..=12 {
        let to = from + (vec2(1060.0, 500.0) - from.to_vec2()) * (step as f32 / 12.0);
        driver.harness.hover_at(to);
        driver.harness.step();
    }
    assert!(driver.harness.ctx.dragged_id().is_some(), "the tab is dragged");
    driver.harness.drop_at(egui::pos2(1060.0, 500.0));
    driver.harness.run_steps(3);
    driver.settle();
    assert_eq!(front(&driver), [View::Events, View::Graph], "{:?}", driver.model().layout);
    driver.must_say("Causal graph");
}

#[test]
fn a_tab_is_closed_by_its_cross_and_opened_again_from_the_menu_behind_the_tabs() {
    let mut driver = open("frame-close", LARGE);
    driver.harness.get_by_label("Append").hover();
    driver.harness.run_steps(3);
    driver.click("Close Append");
    assert!(!driver.model().layout.middle.contains(View::Append));
    driver.click("Open a view");
    driver.click("Show append form");
    assert_eq!(front(&driver), [View::Append]);
}

#[test]
fn panels_are_hidden_and_shown_by_their_keys_and_a_view_fills_the_window() {
    let mut driver = open("frame-panels", SMALL);
    for (key, name) in [(Key::B, "Explorer"), (Key::I, "Inspector"), (Key::T, "Timeline")] {
        assert!(driver.harness.query_by_label(name).is_some(), "{name}");
        press(&mut driver, Modifiers::COMMAND, key);
        assert!(driver.harness.query_by_label(name).is_none(), "{name} is hidden");
        press(&mut driver, Modifiers::COMMAND, key);
        assert!(driver.harness.query_by_label(name).is_some(), "{name} is back");
    }
    press(&mut driver, Modifiers::COMMAND, Key::M);
    assert!(driver.harness.query_by_label("Explorer").is_none());
    driver.click("Restore");
    assert!(driver.harness.query_by_label("Explorer").is_some());
    press(&mut driver, Modifiers::NONE, Key::Q);
    driver.must_say("Nothing runs");
    driver.click("Memory");
    driver.must_say("Rows of the table");
    driver.click("Append here");
    assert!(!driver.model().layout.middle.contains(View::Append));
    driver.must_say("Open for writing");
    driver.click("Close the drawer");
    assert!(!driver.model().layout.drawer_open);
}

#[test]
fn f6_walks_the_panels_and_tab_goes_on_inside_them() {
    let mut driver = open("frame-keyboard", LARGE);
    let mut walked = Vec::new();
    for _ in 0..4 {
        press(&mut driver, Modifiers::NONE, Key::F6);
        walked.push(focused(&driver));
    }
    assert_eq!(walked, ["Explorer", "Timeline", "Events view", "Inspector"]);
    press(&mut driver, Modifiers::NONE, Key::F6);
    assert_eq!(focused(&driver), "Explorer", "after the last comes the first");
    press(&mut driver, Modifiers::SHIFT, Key::F6);
    assert_eq!(focused(&driver), "Inspector");
    press(&mut driver, Modifiers::NONE, Key::F6);
    press(&mut driver, Modifiers::NONE, Key::Tab);
    assert_eq!(focused(&driver), "Filter entities, kinds and scopes", "the first field of the explorer");
}

#[test]
fn the_menu_offers_every_command_by_group() {
    let mut driver = open("frame-menu", LARGE);
    driver.click("Menu");
    driver.harness.get_by_label("View").hover();
    driver.harness.run_steps(4);
    driver.click("View");
    driver.click("Split below");
    assert_eq!(front(&driver).len(), 2);
}

#[test]
fn the_palette_goes_to_a_sequence_and_filters_by_an_entity() {
    let mut driver = open("frame-palette", LARGE);
    for (typed, wanted) in [("#5", "Go to #5"), ("@order", "order")] {
        press(&mut driver, Modifiers::COMMAND, Key::P);
        driver.harness.get_by_label("Command").type_text(typed);
        driver.harness.run_steps(3);
        driver.must_say(wanted);
        press(&mut driver, Modifiers::NONE, Key::Enter);
    }
    assert_eq!(driver.store().selected, Some(5));
    assert!(driver.store().query.entity.as_ref().is_some_and(|entity| entity.starts_with("order")));
}

#[test]
fn settings_take_effect_at_once_and_the_list_of_keys_says_what_is_bound_now() {
    let mut driver = open("frame-settings", SMALL);
    press(&mut driver, Modifiers::COMMAND, Key::Comma);
    driver.click("Light");
    assert_eq!(driver.model().settings.theme, Theme::Light);
    driver.click("Reduce motion");
    assert!(driver.model().settings.reduced_motion);
    assert!(driver.harness.ctx.global_style().animation_time == 0.0);
    driver.click("Keys of Open store…: Ctrl+O");
    press(&mut driver, Modifiers::COMMAND, Key::F9);
    driver.must_say("Keys of Open store…: Ctrl+F9");
    driver.click("Reset all keys");
    driver.must_say("Keys of Open store…: Ctrl+O");
}

#[test]
fn the_store_as_of_an_event_is_a_badge_whose_cross_returns_to_now() {
    let mut driver = open("frame-cursor", SMALL);
    driver.act(Action::Select(7));
    press(&mut driver, Modifiers::NONE, Key::C);
    assert_eq!(driver.model().cursor, Some(7));
    driver.click("remove as of #7");
    assert_eq!(driver.model().cursor, None);
}

#[test]
fn every_layout_and_every_view_can_be_drawn_in_a_small_window_in_every_theme() {
    let mut driver = open("frame-all", SMALL);
    for layout in [Command::LayoutTrace, Command::LayoutAudit, Command::LayoutLive, Command::LayoutBrowse] {
        driver.run(layout);
        driver.run(Command::CycleTheme);
        for view in View::ALL {
            driver.run(Command::that_shows(*view));
            assert!(!driver.says("failed unexpectedly"), "{layout:?} {view:?}");
        }
    }
}
