//! The whole program without a window: actions in, model out, over a real store.

mod commands;

use std::collections::HashMap;
use std::path::Path;

use causeway::event::EventKind;
use egui::{Pos2, RawInput, Rect, vec2};

use super::*;
use crate::command::Command;
use crate::state::query::{Query, Term};
use crate::worker::demo;

/// Nothing that these tests wait for takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(30);
const PLACED: EventKind = EventKind::custom(1, 1);

/// The program and a clock that moves only when it is told to.
struct Driver {
    app: App,
    ctx: Context,
    now: f64,
}

impl Driver {
    fn new(home: Option<&Path>, start: Start) -> Self {
        let worker = crate::worker::Worker::start(|| ()).unwrap();
        let home = Home::find(home.map(Path::to_owned)).filter(|_| home.is_some());
        let app = App::new(Parts { worker, home, zone: Zone::UTC, log: Log::Silent }, start);
        let mut driver = Self { app, ctx: Context::default(), now: 1.0 };
        driver.settle();
        driver
    }

    /// One frame.
    fn frame(&mut self) {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1280.0, 800.0))),
            time: Some(self.now),
            ..RawInput::default()
        };
        let app = &mut self.app;
        let mut output = self.ctx.run_ui(input, |ui| {
            app.logic(ui.ctx());
            app.show(ui);
        });
        output.textures_delta.clear();
    }

    /// Frames until everything that was asked is answered, and one more that asks nothing new.
    fn settle(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        let mut quiet = 0;
        while quiet < 4 {
            self.now += 0.1;
            self.frame();
            quiet = if self.app.is_idle() { quiet + 1 } else { 0 };
            assert!(Instant::now() < deadline, "the program comes to rest");
            std::thread::yield_now();
        }
    }

    fn send(&mut self, action: Action) {
        self.app.send(action);
        self.settle();
    }

    fn run(&mut self, command: Command) {
        self.send(Action::Run(command));
    }

    fn store(&self) -> &crate::state::model::StoreModel {
        self.app.model().store.as_ref().expect("a store is open")
    }
}

/// A store with the beginning of the demonstration.
fn store() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    drop(demo::open(dir.path(), 3_000).unwrap());
    dir
}

fn open(dir: &tempfile::TempDir) -> Start {
    Start::Open(dir.path().to_owned(), OpenMode::ReadOnly)
}

#[test]
fn a_store_opens_at_its_newest_event_and_reading_ends_following() {
    let dir = store();
    let mut driver = Driver::new(None, open(&dir));
    let total = driver.store().matched.matched;
    assert!(driver.store().follow && total > 3_000);
    assert!(driver.store().rows.contains_key(&(total - 1)), "the newest row is loaded");
    assert!(!driver.store().facets.entities.is_empty() && driver.store().timeline.picture.is_some());
    driver.send(Action::Select(100));
    assert!(!driver.store().follow);
    assert_eq!(driver.store().selected_row, Some(100));
    assert_eq!(driver.store().detail.as_ref().map(|detail| detail.row.sequence), Some(100));
}

#[test]
fn the_selection_walks_rows_causes_and_its_own_history() {
    let dir = store();
    let mut driver = Driver::new(None, open(&dir));
    driver.run(Command::GoFirst);
    driver.run(Command::NextRow);
    driver.run(Command::NextRow);
    assert_eq!(driver.store().selected, Some(2));
    driver.run(Command::NextPage);
    let below = driver.store().selected_row.unwrap();
    assert!((8..60).contains(&below), "a page is about as long as the table is high: {below}");
    driver.run(Command::PreviousPage);
    assert_eq!(driver.store().selected, Some(2));
    driver.run(Command::GoLast);
    let last = driver.store().selected;
    assert_eq!(last, driver.store().matched.matched.checked_sub(1));
    assert!(driver.store().follow);
    driver.run(Command::Back);
    assert_eq!(driver.store().selected, Some(2));
    driver.run(Command::Forward);
    assert_eq!(driver.store().selected, last);
    let payments = Term::kind(EventKind::custom(2, 1), &HashMap::new());
    driver.send(Action::Refine(Query::Is(payments)));
    driver.run(Command::GoFirst);
    let payment = driver.store().selected.unwrap();
    driver.run(Command::GoToCause);
    let order = driver.store().selected.unwrap();
    assert!(order < payment, "a cause comes first");
    assert_eq!(driver.store().selected_row, None, "orders are no part of this result");
    assert!(driver.store().detail.as_ref().is_some_and(|detail| detail.effects.len() >= 2));
}

#[test]
fn a_filter_is_taken_over_when_typing_pauses_and_a_mistake_leaves_the_result() {
    let dir = store();
    let mut driver = Driver::new(None, open(&dir));
    let total = driver.store().matched.matched;
    driver.app.send(Action::Filter("kind:OrderPlaced".to_owned()));
    driver.frame();
    assert_eq!(driver.store().matched.matched, total, "the user may go on typing");
    driver.settle();
    let orders = driver.store().matched.matched;
    assert!(orders > 0 && orders < total);
    driver.send(Action::Filter("knid:OrderPlaced".to_owned()));
    let error = driver.store().filter_error.clone().unwrap();
    assert!(error.message.contains("did you mean kind:?"), "{error:?}");
    assert_eq!(driver.store().matched.matched, orders);
    driver.run(Command::ClearFilter);
    assert_eq!((driver.store().matched.matched, &driver.store().filter_error), (total, &None));
}

#[test]
fn names_filter_and_projections_are_there_again_at_the_next_start() {
    let (dir, home) = (store(), tempfile::tempdir().unwrap());
    let mut driver = Driver::new(Some(home.path()), open(&dir));
    driver.send(Action::NameKind(PLACED, Some("Bestellt".to_owned())));
    driver.send(Action::Filter("kind:bestellt".to_owned()));
    let orders = driver.store().matched.matched;
    let source = crate::worker::protocol::FoldSource::Scope("shop".to_owned());
    driver.send(Action::Watch(crate::worker::protocol::FoldKind::CountByKind, source));
    assert!(driver.store().projections[0].state.is_some());
    drop(driver);
    let driver = Driver::new(Some(home.path()), open(&dir));
    assert_eq!(driver.store().kind_name(PLACED), "Bestellt");
    assert_eq!(
        (driver.store().filter_text.as_str(), driver.store().matched.matched),
        ("kind:bestellt", orders)
    );
    assert!(driver.store().projections[0].state.is_some());
    assert_eq!(driver.app.model().recents.len(), 1);
}

#[test]
fn a_directory_without_a_store_says_so_and_lets_the_user_go_back() {
    let dir = tempfile::tempdir().unwrap();
    let mut driver = Driver::new(None, open(&dir));
    assert_eq!(driver.app.model().screen, Screen::Error);
    driver.run(Command::Cancel);
    assert_eq!(driver.app.model().screen, Screen::Welcome);
    driver.send(Action::Preview(dir.path().to_owned()));
    assert_eq!(driver.app.model().screen, Screen::Preview);
    assert!(matches!(driver.app.model().preview, Some(Err(_))));
}

#[test]
fn the_newest_event_of_a_demonstration_arrives_without_moving_what_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let mut driver = Driver::new(None, Start::Demo(dir.path().to_owned()));
    driver.send(Action::Select(50));
    let deadline = Instant::now() + PATIENCE;
    while driver.store().unseen < 2 {
        driver.frame();
        std::thread::yield_now();
        assert!(Instant::now() < deadline, "events arrive");
    }
    assert_eq!((driver.store().selected, driver.store().follow), (Some(50), false));
    driver.run(Command::ToggleFollow);
    assert_eq!((driver.store().follow, driver.store().unseen), (true, 0));
}

#[test]
fn what_the_pointer_rests_on_is_known_for_one_frame_and_only_for_one() {
    let dir = store();
    let mut driver = Driver::new(None, open(&dir));
    driver.app.send(Action::Hover(Some(7)));
    driver.app.send(Action::Hover(None));
    driver.frame();
    assert_eq!(driver.app.model().hover, Some(7), "a panel without the pointer takes nothing away");
    driver.frame();
    assert_eq!(driver.app.model().hover, None);
}

#[test]
fn the_store_is_shown_as_of_an_event_until_the_user_returns_to_now() {
    let dir = store();
    let mut driver = Driver::new(None, open(&dir));
    driver.send(Action::Select(100));
    driver.run(Command::CursorHere);
    assert_eq!(driver.app.model().cursor, Some(100));
    driver.run(Command::CursorLive);
    assert_eq!(driver.app.model().cursor, None);
    driver.send(Action::SetCursor(Some(u64::MAX)));
    assert_eq!(driver.app.model().cursor, None, "the newest event is now");
}
