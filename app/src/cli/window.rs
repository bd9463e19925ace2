//! Owns opening the window, or saying in one line why there can be none.

use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use eframe::{EventLoopBuilderHook, NativeOptions, Renderer};
use egui::{ViewportBuilder, vec2};
use jiff::tz::TimeZone;
use winit::platform::x11::EventLoopBuilderExtX11;

use crate::app::{APP_ID, App, Log, Parts, Start, icon, tell_places};
use crate::cli::{Ending, Outcome};
use crate::state::workspace::Home;
use crate::state::zone::Zone;
use crate::theme;
use crate::worker::Worker;
use crate::worker::protocol::OpenMode;

/// Size of a new window, in points.
const SIZE: [f32; 2] = [1440.0, 900.0];
/// Smallest size in which every panel can be used.
const SIZE_MIN: [f32; 2] = [800.0, 500.0];

/// The displays that the surroundings speak of.
#[derive(Clone, Debug, Default)]
pub struct Displays {
    /// Socket of a Wayland compositor.
    pub wayland: Option<PathBuf>,
    /// True if there should be an X server.
    pub x11: bool,
}

impl Displays {
    /// True if the compositor answers. A variable that outlived its session is worse than none: winit would not try X11 any more.
    fn wayland_answers(&self) -> bool {
        self.wayland.as_ref().is_some_and(|socket| UnixStream::connect(socket).is_ok())
    }
}

/// Opens the window on a store, or on the welcome screen.
pub(super) fn open(dir: Option<PathBuf>, home: Option<Home>, log: Log, displays: &Displays) -> Outcome {
    let start = match dir {
        // The window shows the whole path, and a relative one would mean something else tomorrow.
        Some(dir) => Start::Open(std::path::absolute(dir)?, OpenMode::ReadOnly),
        None => Start::Welcome,
    };
    show(start, home, log, displays)
}

/// Opens the window on the demonstration store.
pub(super) fn demo(home: Option<Home>, log: Log, displays: &Displays) -> Outcome {
    let data = home.as_ref().map(|home| home.data.join("demo"));
    let data = data.ok_or_else(|| {
        Ending::failed("there is no directory for a demonstration store; set CAUSEWAY_HOME")
    })?;
    show(Start::Demo(data), home, log, displays)
}

fn show(start: Start, home: Option<Home>, log: Log, displays: &Displays) -> Outcome {
    let wayland = displays.wayland_answers();
    if !wayland && !displays.x11 {
        return Err(Ending::failed(
            "there is no display to open a window on; `causeway shot DIR --out FILE.png` draws a screen without one",
        ));
    }
    let use_x11: Option<EventLoopBuilderHook> = (!wayland).then(|| {
        let hook: EventLoopBuilderHook = Box::new(|builder| {
            builder.with_x11();
        });
        hook
    });
    let viewport = ViewportBuilder::default()
        .with_app_id(APP_ID)
        .with_title("Causeway")
        .with_inner_size(vec2(SIZE[0], SIZE[1]))
        .with_min_inner_size(vec2(SIZE_MIN[0], SIZE_MIN[1]))
        .with_icon(icon());
    let options = NativeOptions {
        viewport,
        renderer: Renderer::Glow,
        event_loop_builder: use_x11,
        ..NativeOptions::default()
    };
    let create: eframe::AppCreator<'_> = Box::new(move |creation| {
        let ctx = creation.egui_ctx.clone();
        tell_places(&creation.egui_ctx, log);
        let worker = Worker::start(move || ctx.request_repaint())?;
        let app = App::new(Parts { worker, home, zone: Zone(TimeZone::system()), log }, start);
        theme::apply(&creation.egui_ctx, app.model().settings.theme);
        Ok(Box::new(app))
    });
    eframe::run_native(APP_ID, options, create)
        .map_err(|error| Ending::failed(format!("the window cannot be opened: {error}")))
}
