//! Draws every screen in every theme and in two sizes into a folder, for people to look at.
//!
//! `cargo run -p causeway-inspector --example screens -- FOLDER [NAME]`

use std::io;
use std::path::PathBuf;

use anyhow::Context as _;
use causeway::store::StoreError;
use causeway_inspector::command::{Command, Commands};
use causeway_inspector::context::ViewContext;
use causeway_inspector::fixture;
use causeway_inspector::panels::Panels;
use causeway_inspector::raster::{self, Shot};
use causeway_inspector::state::model::{Model, OpenFailure, Overlay};
use causeway_inspector::state::route::{DetailTab, Screen, View};
use causeway_inspector::theme::Theme;
use causeway_inspector::worker::failure;
use causeway_inspector::worker::protocol::OpenMode;
use egui::vec2;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().context("say which folder the pictures go to")?);
    let only = arguments.next();
    std::fs::create_dir_all(&folder)?;
    for (name, model) in screens() {
        if only.as_ref().is_some_and(|only| !name.contains(only.as_str())) {
            continue;
        }
        for (theme, look) in [(Theme::Dark, "dark"), (Theme::Light, "light"), (Theme::HighContrast, "hc")] {
            for (size, suffix) in [(vec2(1440.0, 900.0), ""), (vec2(1024.0, 700.0), "-small")] {
                let file = folder.join(format!("{name}-{look}{suffix}.png"));
                std::fs::write(&file, picture(&model, size, theme)?)
                    .with_context(|| format!("writing {}", file.display()))?;
            }
        }
    }
    Ok(())
}

fn picture(model: &Model, size: egui::Vec2, theme: Theme) -> anyhow::Result<Vec<u8>> {
    let mut panels = Panels::default();
    let commands = Commands::default();
    // The form reacts to the selected event, so that its picture shows more than empty fields.
    panels.run(Command::AppendReaction, model);
    let shot = Shot { passes: 6, ..Shot::new(size, theme) };
    let png = raster::render_png(shot, |ui| {
        let ctx = ViewContext { model, tokens: theme.tokens(), commands: &commands };
        panels.show(ctx, ui);
        commands.drain();
    })?;
    Ok(png)
}

/// A recent directory that is gone.
fn missing() -> Model {
    let path = PathBuf::from("/mnt/backup/gone.store");
    let failure = failure::of_directory(&path, &io::Error::from(io::ErrorKind::NotFound).into());
    Model { screen: Screen::Preview, preview: Some(Err((path, failure))), ..fixture::welcome() }
}

/// A store that could not be opened because of this error.
fn failed(mode: OpenMode, error: impl FnOnce(PathBuf) -> StoreError) -> Model {
    let path = PathBuf::from("/srv/shop/shop-and-agents.store");
    let failure = failure::of_directory(&path, &error(path.clone()));
    Model {
        screen: Screen::Error,
        open_failure: Some(OpenFailure { path, mode, failure }),
        ..fixture::welcome()
    }
}

/// An append that the store did not take.
fn refused() -> Model {
    let mut model = fixture::writing();
    let error = StoreError::ReservedKind { kind: causeway::event::EventKind::SYSTEM_CHECKPOINT };
    model.store.iter_mut().for_each(|store| store.receipt = Some(Err(failure::of(&error))));
    model
}

fn screens() -> Vec<(&'static str, Model)> {
    let with = |change: fn(&mut Model)| {
        let mut model = fixture::store();
        change(&mut model);
        model
    };
    vec![
        ("welcome", fixture::welcome()),
        ("preview", fixture::preview()),
        ("preview-missing", missing()),
        ("opening", fixture::opening()),
        ("error", fixture::error()),
        (
            "error-newer",
            failed(OpenMode::ReadOnly, |path| StoreError::NewerFormat { path, found: 9, supported: 1 }),
        ),
        (
            "error-permission",
            failed(OpenMode::ReadOnly, |_| io::Error::from(io::ErrorKind::PermissionDenied).into()),
        ),
        (
            "error-damaged",
            failed(OpenMode::Writable, |_| StoreError::CorruptSegment {
                segment_id: 207,
                detail: "its header does not begin with the name of the format".into(),
            }),
        ),
        ("events", fixture::store()),
        ("events-hostile", fixture::hostile()),
        ("events-empty", fixture::nothing_found()),
        ("events-raw", with(|model| model.detail_tab = DetailTab::Raw)),
        ("events-hex", with(|model| model.detail_tab = DetailTab::Hex)),
        ("events-chain", with(|model| model.detail_tab = DetailTab::Proof)),
        ("graph", fixture::store_showing(View::Graph)),
        ("graph-large", fixture::large_graph(2_000)),
        ("graph-lonely", fixture::lonely_graph()),
        ("projections", fixture::store_showing(View::Projections)),
        (
            "projections-counts",
            with(|model| {
                model.view = View::Projections;
                model.store.iter_mut().for_each(|store| store.projections.swap(0, 1));
            }),
        ),
        ("append", fixture::writing()),
        ("append-refused", refused()),
        ("append-readonly", fixture::store_showing(View::Append)),
        ("palette", with(|model| model.overlay = Overlay::Palette)),
        ("keys", with(|model| model.overlay = Overlay::Keys)),
        ("open-path", Model { overlay: Overlay::OpenPath, ..fixture::welcome() }),
        ("jump", with(|model| model.overlay = Overlay::Jump)),
        ("kind-names", with(|model| model.overlay = Overlay::KindNames)),
    ]
}
