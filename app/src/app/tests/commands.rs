//! Every command of the table, run by its id over a real store.

use super::*;
use crate::command::{Change, Command};
use crate::state::layout::{Arrange, Layout};
use crate::state::route::{DetailTab, View};
use crate::state::settings::Density;

/// What a user could see of the program, in words that can be compared.
fn seen(driver: &Driver) -> String {
    let model = driver.app.model();
    let store = model.store.as_ref().map(|store| {
        let read = (store.selected, store.follow, &store.filter_text, store.summary.mode);
        let looks =
            (&store.graph.options, &store.timeline.look, &store.table, store.trust.stopped, &store.notes);
        (read, format!("{looks:?}"), store.verified.is_some(), store.reveal_row)
    });
    let frame = (model.screen, model.view, &model.layout, model.detail_tab, model.overlay, model.cursor);
    format!("{frame:?} {store:?} {:?} {:?}", model.settings, model.said)
}

/// Commands that change nothing here, and why.
const QUIET: &[(&str, &str)] = &[
    ("store.open", "the system's dialog is not the program's own"),
    ("go.next-page", "the table turns its pages when it is drawn next, and the end is the end"),
    ("app.cancel", "nothing is open and nothing runs"),
    ("app.quit", "the window closes"),
    ("query.focus", "only the cursor of the keyboard moves"),
    ("table.columns", "only a menu of the table opens"),
    ("detail.find", "only the cursor of the keyboard moves"),
    ("panel.next", "only the focus of the keyboard moves"),
    ("panel.previous", "only the focus of the keyboard moves"),
    ("cursor.live", "it is now already"),
    ("settings.scale-reset", "it is the usual size already"),
    ("view.events", "it is shown already"),
    ("layout.browse", "it is the layout already"),
    ("query.clear", "there is no filter"),
    ("go.forward", "nothing was gone back from"),
    ("go.next-effect", "there is one effect only, and it is selected already or not shown"),
    ("go.broken", "nothing is broken"),
    ("query.save", "only the box asks for a name"),
    ("query.export", "the system's dialog is not the program's own"),
    ("graph.export-svg", "the system's dialog is not the program's own"),
    ("graph.export-dot", "the system's dialog is not the program's own"),
    ("graph.export-mermaid", "the system's dialog is not the program's own"),
    ("graph.export-text", "the system's dialog is not the program's own"),
    ("graph.zoom-in", "the graph knows how large it is drawn"),
    ("graph.zoom-out", "the graph knows how large it is drawn"),
    ("graph.fit", "the graph knows how large it is drawn"),
    ("graph.fold", "nothing is unfolded"),
    ("timeline.lanes-down", "there are no more lanes"),
    ("timeline.lanes-up", "there are no more lanes"),
    ("verify.store", "everything is verified already"),
    ("verify.stream", "everything is verified already"),
    ("verify.pause", "nothing is verified at this moment"),
    ("verify.stop", "nothing is verified at this moment"),
    ("head.compare", "no head was kept"),
    ("note.next", "there is no bookmark"),
    ("note.previous", "there is no bookmark"),
];

#[test]
fn every_command_can_be_run_by_its_id_and_changes_what_can_be_seen() {
    let dir = store();
    let mut driver = Driver::new(None, open(&dir));
    let mut idle = Vec::new();
    for id in Command::ALL.iter().map(|command| command.id()).filter(|id| *id != "store.open") {
        if driver.app.model().screen != Screen::Store || driver.store().summary.mode == OpenMode::Writable {
            driver.app.open(dir.path().to_owned(), OpenMode::ReadOnly);
            driver.settle();
        }
        begin(&mut driver);
        let before = seen(&driver);
        driver.run(Command::of_id(id).unwrap());
        let is_quiet = QUIET.iter().any(|(quiet, _)| *quiet == id);
        if !is_quiet && seen(&driver) == before {
            idle.push(id);
        }
    }
    assert!(idle.is_empty(), "these change nothing: {idle:?}");
}

/// An event with a cause, effects and neighbours is selected, in the layout of the first start.
fn begin(driver: &mut Driver) {
    driver.app.model.overlay = crate::state::model::Overlay::None;
    (driver.app.model.layout, driver.app.model.view) = (Layout::default(), View::Events);
    driver.app.model.settings = crate::state::settings::Settings::default();
    driver.send(Action::Filter(String::new()));
    driver.send(Action::Select(3));
    let linked = (200..400).find(|sequence| {
        driver.send(Action::Select(*sequence));
        let store = driver.store();
        store.detail.as_ref().is_some_and(|detail| {
            detail.cause.is_some()
                && !detail.effects.is_empty()
                && detail.previous_in_stream.is_some()
                && detail.next_in_stream.is_some()
        })
    });
    assert!(linked.is_some(), "the demonstration has such an event");
}

#[test]
fn a_view_is_split_off_maximised_closed_and_opened_again_by_commands() {
    let dir = store();
    let mut driver = Driver::new(None, open(&dir));
    driver.run(Command::ShowGraph);
    driver.run(Command::SplitRight);
    let front = |driver: &Driver| driver.app.model().layout.in_front(driver.app.model().view);
    assert_eq!(front(&driver), [View::Events, View::Graph]);
    driver.run(Command::ToggleMaximised);
    assert_eq!(front(&driver), [View::Graph]);
    driver.run(Command::ShowEvents);
    assert_eq!(front(&driver), [View::Events], "what is shown while one is maximised is maximised");
    driver.run(Command::ToggleMaximised);
    driver.run(Command::ShowGraph);
    driver.run(Command::CloseView);
    assert!(!driver.app.model().layout.middle.contains(View::Graph));
    assert_eq!(driver.app.model().view, View::Events, "the focus is on what can be seen");
    driver.run(Command::ShowGraph);
    assert_eq!(driver.app.model().view, View::Graph);
    driver.send(Action::Arrange(Arrange::Drawer(View::Append)));
    assert!(driver.app.model().layout.shows(View::Append, View::Graph));
}

#[test]
fn layout_settings_and_keys_are_there_again_at_the_next_start() {
    let (dir, home) = (store(), tempfile::tempdir().unwrap());
    let mut driver = Driver::new(Some(home.path()), open(&dir));
    driver.run(Command::LayoutAudit);
    driver.run(Command::ToggleExplorer);
    driver.send(Action::Change(Change::Density(Density::Compact)));
    driver.send(Action::Change(Change::NoKeys(Command::Verify)));
    let layout = driver.app.model().layout.clone();
    drop(driver);
    let driver = Driver::new(Some(home.path()), open(&dir));
    let model = driver.app.model();
    assert_eq!((&model.layout, model.view, model.detail_tab), (&layout, View::Findings, DetailTab::Proof));
    assert!(!model.layout.docks(model.view).explorer);
    assert_eq!(model.settings.density, Density::Compact);
    assert_eq!(model.keys.text(Command::Verify), "");
}

#[test]
fn back_returns_to_the_view_and_the_event_together() {
    let dir = store();
    let mut driver = Driver::new(None, open(&dir));
    driver.send(Action::Select(100));
    driver.run(Command::ShowGraph);
    driver.send(Action::Select(50));
    driver.run(Command::Back);
    assert_eq!((driver.app.model().view, driver.store().selected), (View::Graph, Some(100)));
    driver.run(Command::Back);
    assert_eq!((driver.app.model().view, driver.store().selected), (View::Events, Some(100)));
    driver.run(Command::Forward);
    assert_eq!(driver.app.model().view, View::Graph);
}

/// A frame in which these keys are pressed.
fn press(driver: &mut Driver, key: Key, modifiers: Modifiers) {
    let event = |pressed| egui::Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1280.0, 800.0))),
        time: Some(driver.now),
        events: vec![event(true), event(false)],
        ..RawInput::default()
    };
    let app = &mut driver.app;
    let mut output = driver.ctx.run_ui(input, |ui| {
        app.logic(ui.ctx());
        app.show(ui);
    });
    output.textures_delta.clear();
    driver.settle();
}

#[test]
fn keys_are_recorded_and_taken_from_another_command_only_when_pressed_twice() {
    let dir = store();
    let mut driver = Driver::new(None, open(&dir));
    let ctrl_k = (Key::K, Modifiers::CTRL | Modifiers::COMMAND);
    driver.run(Command::ShowSettings);
    driver.send(Action::Change(Change::RecordKeys(Some(Command::Verify))));
    press(&mut driver, ctrl_k.0, ctrl_k.1);
    let taken = driver.app.model().recording.unwrap().taken.unwrap();
    assert_eq!(taken.1, Command::ShowPalette);
    assert_eq!(driver.app.model().keys.text(Command::Verify), "V");
    press(&mut driver, ctrl_k.0, ctrl_k.1);
    let model = driver.app.model();
    assert_eq!((model.recording, model.keys.text(Command::Verify)), (None, "Ctrl+K".to_owned()));
    assert_eq!(model.keys.text(Command::ShowPalette), "Ctrl+P");
    driver.run(Command::Cancel);
    press(&mut driver, ctrl_k.0, ctrl_k.1);
    assert!(driver.store().verified.is_some(), "the new keys run it");
    driver.send(Action::Change(Change::UsualKeys(None)));
    assert_eq!(driver.app.model().keys.text(Command::ShowPalette), "Ctrl+K");
}

#[test]
fn escape_ends_recording_and_leaves_the_settings_open() {
    let dir = store();
    let mut driver = Driver::new(None, open(&dir));
    driver.run(Command::ShowSettings);
    driver.send(Action::Change(Change::RecordKeys(Some(Command::Verify))));
    press(&mut driver, Key::Escape, Modifiers::NONE);
    let model = driver.app.model();
    assert_eq!((model.recording, model.overlay), (None, crate::state::model::Overlay::Settings));
    press(&mut driver, Key::Escape, Modifiers::NONE);
    assert_eq!(driver.app.model().overlay, crate::state::model::Overlay::None);
}
