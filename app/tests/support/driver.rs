//! The whole program without a window: the real worker, the real panels, and pictures by the program's own rasteriser.
#![allow(dead_code, reason = "each test program uses a part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use causeway_inspector::app::{App, Log, Parts, Start};
use causeway_inspector::command::{Action, Command};
use causeway_inspector::raster::Picture;
use causeway_inspector::state::model::{Model, StoreModel};
use causeway_inspector::state::workspace::Home;
use causeway_inspector::state::zone::Zone;
use causeway_inspector::theme::Theme;
use causeway_inspector::worker::Worker;
use causeway_inspector::worker::protocol::OpenMode;
use egui::{Color32, Id, LayerId, Order, Rect, Role, UiBuilder, Vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions};

/// Nothing that these tests wait for takes nearly as long.
const PATIENCE: Duration = Duration::from_mins(1);
/// Frames until everything that a screen asks for is asked, answered and laid out.
const FRAMES: usize = 6;

/// A program, and what hides in its picture what differs from run to run.
pub(crate) struct Shown {
    pub(crate) app: App,
    veils: Vec<Rect>,
}

/// A program that can be looked at and used.
pub(crate) struct Driver {
    pub(crate) harness: Harness<'static, Shown>,
}

/// A directory whose name is the same in every run: tests work below a directory of their own.
pub(crate) fn place(name: &str) -> PathBuf {
    static HOME: OnceLock<tempfile::TempDir> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = tempfile::tempdir().expect("there is a place for temporary files");
        std::env::set_current_dir(home.path()).expect("the directory is there");
        home
    });
    PathBuf::from(name)
}

/// Writes a new picture once more, as small as it can be.
fn shrink(file: &Path) {
    let picture = image::open(file).expect("the picture was written").into_rgba8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let small = Picture { width, height, rgba: picture.into_raw() }.encode_png().expect("it was one before");
    fs::write(file, small).expect("the picture is a file");
}

impl Driver {
    /// Opens a directory and waits until everything about it is shown.
    pub(crate) fn open(path: &Path, mode: OpenMode, size: Vec2, theme: Theme) -> Self {
        Self::open_with(path, mode, None, size, theme)
    }

    /// The same, and settings and notes are kept at home.
    pub(crate) fn open_with(
        path: &Path,
        mode: OpenMode,
        home: Option<Home>,
        size: Vec2,
        theme: Theme,
    ) -> Self {
        let worker = Worker::start(|| ()).expect("a thread starts");
        let parts = Parts { worker, home, zone: Zone::UTC, log: Log::Silent };
        let app = App::new(parts, Start::Open(path.to_owned(), mode)).with_theme(theme);
        let shown = Shown { app, veils: Vec::new() };
        // Names in other scripts stand in for letters that no embedded font has.
        let harness = super::builder(size, theme).allow_missing_glyphs().build_ui_state(
            |ui, shown: &mut Shown| {
                shown.app.logic(ui.ctx());
                // The harness leaves a margin, the window has none.
                let whole = ui.ctx().content_rect();
                let mut window = ui.new_child(UiBuilder::new().max_rect(whole));
                window.set_clip_rect(whole);
                shown.app.show(&mut window);
                let painter = ui.ctx().layer_painter(LayerId::new(Order::Debug, Id::unique("veils")));
                for veil in &shown.veils {
                    painter.rect_filled(*veil, 0, Color32::GRAY);
                }
            },
            shown,
        );
        let mut driver = Self { harness };
        driver.settle();
        driver
    }

    /// What the program knows.
    pub(crate) fn model(&self) -> &Model {
        self.harness.state().app.model()
    }

    /// What it knows of the open store.
    pub(crate) fn store(&self) -> &StoreModel {
        self.model().store.as_ref().expect("a store is open")
    }

    /// Waits until nothing is on its way and everything that came was drawn.
    pub(crate) fn settle(&mut self) {
        let mut quiet = 0;
        self.until("it comes to rest", |driver| {
            quiet = if driver.harness.state().app.is_idle() { quiet + 1 } else { 0 };
            quiet > FRAMES
        });
    }

    /// Draws until something is so.
    pub(crate) fn until(&mut self, what: &str, mut so: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.harness.step();
            if so(self) {
                return;
            }
            assert!(Instant::now() < deadline, "waited in vain until {what}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Does something, as a panel would.
    pub(crate) fn act(&mut self, action: Action) {
        self.harness.state().app.send(action);
        self.harness.step();
        self.settle();
    }

    /// Runs a command, as a key would.
    pub(crate) fn run(&mut self, command: Command) {
        self.act(Action::Run(command));
    }

    /// Clicks what has this label.
    pub(crate) fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.step();
        self.settle();
    }

    /// Every text of the screen that a screen reader would read.
    pub(crate) fn labels(&self) -> Vec<String> {
        let nodes = self.harness.root().children_recursive();
        // What stands in a field is the user's own.
        let is_field =
            |role: Role| matches!(role, Role::TextInput | Role::MultilineTextInput | Role::TextRun);
        let nodes = nodes.map(|node| node.accesskit_node()).filter(|node| !is_field(node.role()));
        nodes.flat_map(|node| [node.label(), node.value()]).flatten().collect()
    }

    /// True if a text of the screen contains `part`.
    pub(crate) fn says(&self, part: &str) -> bool {
        self.labels().iter().any(|label| label.contains(part))
    }

    /// Fails with everything that is on the screen unless one of its texts contains `part`.
    pub(crate) fn must_say(&self, part: &str) {
        assert!(self.says(part), "{part:?} is not on the screen:\n{}", self.labels().join("\n"));
    }

    /// Compares the screen with its picture. What `veiled` finds is hidden: it differs from run to run.
    pub(crate) fn picture(&mut self, name: &str, veiled: &[&str]) {
        let found = |part: &&str| -> Vec<Rect> {
            self.harness.query_all_by_label_contains(part).map(|node| node.rect()).collect()
        };
        let veils = veiled.iter().flat_map(found).collect();
        self.harness.state_mut().veils = veils;
        self.harness.run_steps(2);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
        // Fonts are embedded and the rasteriser is our own: only the arithmetic of another processor may differ.
        let options = SnapshotOptions::new().threshold(1.0).max_failed_pixels(20).output_path(&folder);
        let file = folder.join(format!("{name}.png"));
        self.harness.snapshot_options(name, &options);
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            shrink(&file);
        }
        self.harness.state_mut().veils.clear();
    }
}
