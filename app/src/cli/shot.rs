//! Owns pictures of a screen, drawn without a display by the same program that draws the window.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use clap::{Args, ValueEnum};
use egui::{Vec2, vec2};

use crate::app::{App, Log, Parts, Start};
use crate::cli::{Ending, Outcome};
use crate::command::{Action, Command};
use crate::raster::{Shot, render_png};
use crate::state::model::Model;
use crate::state::route::{DetailTab, Screen};
use crate::state::zone::Zone;
use crate::theme::Theme;
use crate::worker::Worker;
use crate::worker::protocol::{EventRow, FoldKind, FoldSource, OpenMode, RowCell};

/// Frames until everything that the screen asks for has been asked, answered and laid out.
const FRAMES: u32 = 14;
/// The frame before which the screen's actions are queued.
const ACTION_FRAMES: [u32; 2] = [4, 7];
/// The frame before which the first command is queued, and from one to the next.
const RUN_FRAME: u32 = 10;
const RUN_STEP: u32 = 3;
/// A worker that is not idle after this time has something that never ends.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Args)]
pub(super) struct ShotArgs {
    /// Directory of the store.
    dir: PathBuf,
    /// The PNG file to write.
    #[arg(long, value_name = "FILE.png")]
    out: PathBuf,
    /// What to show.
    #[arg(long, value_enum, default_value = "events")]
    screen: ScreenName,
    /// Size in points.
    #[arg(long, value_name = "WxH", default_value = "1440x900", value_parser = size)]
    size: Vec2,
    /// Pixels a point.
    #[arg(long, default_value_t = 1.0, value_parser = scale)]
    scale: f32,
    /// Colours.
    #[arg(long, value_enum, default_value = "dark")]
    theme: ThemeName,
    /// Commands to run before the picture is taken, by their ids; `causeway commands` lists them.
    #[arg(long, value_name = "ID,ID", value_delimiter = ',', value_parser = command)]
    run: Vec<Command>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ScreenName {
    Events,
    Raw,
    Hex,
    Chain,
    Graph,
    Projections,
    Append,
    Verify,
    Welcome,
    Preview,
    Error,
    Palette,
    Keys,
    Jump,
    Names,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ThemeName {
    Dark,
    Light,
    Contrast,
}

fn size(text: &str) -> Result<Vec2, String> {
    let sides =
        text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    match sides {
        Some((width @ 100..=8000_u16, height @ 100..=8000_u16)) => {
            Ok(vec2(f32::from(width), f32::from(height)))
        }
        _ => Err("a size is written as 1440x900, each side from 100 to 8000".to_owned()),
    }
}

fn command(id: &str) -> Result<Command, String> {
    Command::of_id(id).ok_or_else(|| format!("no command has the id {id}"))
}

fn scale(text: &str) -> Result<f32, String> {
    let scale = text.parse().ok().filter(|scale| (0.5..=4.0).contains(scale));
    scale.ok_or_else(|| "a scale lies between 0.5 and 4".to_owned())
}

/// Draws a screen.
pub(super) fn shot(args: &ShotArgs) -> Outcome {
    let theme = match args.theme {
        ThemeName::Dark => Theme::Dark,
        ThemeName::Light => Theme::Light,
        ThemeName::Contrast => Theme::HighContrast,
    };
    let dir = std::path::absolute(&args.dir)?;
    let start = match args.screen {
        ScreenName::Welcome | ScreenName::Preview => Start::Welcome,
        _ => Start::Open(dir.clone(), OpenMode::ReadOnly),
    };
    let worker = Worker::start(|| ())?;
    // Nothing of the user's settings is read or written: the same store gives the same picture everywhere.
    let parts = Parts { worker, home: None, zone: Zone::UTC, log: Log::Silent };
    let mut app = App::new(parts, start).with_theme(theme);
    let mut frame = 0;
    let mut patient = true;
    let passes = FRAMES + RUN_STEP * args.run.len() as u32;
    let shot = Shot { scale: args.scale, passes, ..Shot::new(args.size, theme) };
    let png = render_png(shot, |ui| {
        if let Some(step) = ACTION_FRAMES.iter().position(|at| *at == frame) {
            for action in actions(args.screen, step, &dir, app.model()) {
                app.send(action);
            }
        }
        let run = frame.checked_sub(RUN_FRAME).filter(|since| since % RUN_STEP == 0);
        if let Some(command) = run.and_then(|since| args.run.get((since / RUN_STEP) as usize)) {
            app.send(Action::Run(*command));
        }
        frame += 1;
        patient = patient && settle(&mut app, ui.ctx());
        app.show(ui);
    });
    let png = png.map_err(|error| Ending::failed(error.to_string()))?;
    check(args, app.model(), patient)?;
    fs::write(&args.out, png).map_err(|error| Ending::failed(format!("{}: {error}", args.out.display())))
}

/// A picture of something else than was asked for is a failure, and the store says why.
fn check(args: &ShotArgs, model: &Model, patient: bool) -> Outcome {
    if let Some(failed) = model.open_failure.as_ref().filter(|_| args.screen != ScreenName::Error) {
        return Err(failed.failure.clone().into());
    }
    if let (ScreenName::Preview, Some(Err((_, failure)))) = (args.screen, &model.preview) {
        return Err(failure.clone().into());
    }
    if args.screen == ScreenName::Error && model.screen != Screen::Error {
        return Err(Ending::failed(format!("{}: the store opens without an error", args.dir.display())));
    }
    if patient { Ok(()) } else { Err(Ending::failed(format!("{}: the store is busy", args.dir.display()))) }
}

/// Waits until the worker has answered everything; false if it does not come to rest.
fn settle(app: &mut App, ctx: &egui::Context) -> bool {
    let deadline = Instant::now() + PATIENCE;
    loop {
        app.logic(ctx);
        if app.is_idle() {
            return true;
        }
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// What leads to the screen: first where it lies, then what lies over it.
fn actions(screen: ScreenName, step: usize, dir: &std::path::Path, model: &Model) -> Vec<Action> {
    let run = |command| vec![Action::Run(command)];
    match (screen, step) {
        (ScreenName::Preview, 0) => vec![Action::Preview(dir.to_owned())],
        (ScreenName::Welcome | ScreenName::Error | ScreenName::Preview, _) => Vec::new(),
        (_, 0) => vec![Action::Run(Command::GoLast), interesting(model)].into_iter().collect(),
        (ScreenName::Events, _) => Vec::new(),
        (ScreenName::Raw, _) => vec![Action::ShowDetail(DetailTab::Raw)],
        (ScreenName::Hex, _) => vec![Action::ShowDetail(DetailTab::Hex)],
        (ScreenName::Chain, _) => vec![Action::ShowDetail(DetailTab::Proof)],
        (ScreenName::Graph, _) => run(Command::ShowGraph),
        (ScreenName::Projections, _) => projections(model),
        (ScreenName::Append, _) => run(Command::AppendReaction),
        (ScreenName::Verify, _) => run(Command::Verify),
        (ScreenName::Palette, _) => run(Command::ShowPalette),
        (ScreenName::Keys, _) => run(Command::ShowKeys),
        (ScreenName::Jump, _) => run(Command::JumpDialog),
        (ScreenName::Names, _) => run(Command::NameKinds),
    }
}

/// The newest loaded event that has a cause, so that every panel has something to show.
fn interesting(model: &Model) -> Action {
    let caused = model.store.as_ref().and_then(|store| {
        let rows = store.rows.values().rev().skip(4);
        let caused = |row: &&EventRow| match &row.cell {
            RowCell::Event(cell) => cell.cause_sequence.is_some(),
            RowCell::Removed | RowCell::Damaged { .. } => false,
        };
        rows.into_iter().find(caused).map(|row| row.sequence)
    });
    caused.map_or(Action::Run(Command::GoLast), Action::Select)
}

fn projections(model: &Model) -> Vec<Action> {
    let mut actions = vec![Action::Run(Command::ShowProjections)];
    if let Some(store) = &model.store {
        let busiest = store.facets.entities.iter().max_by_key(|(_, events)| *events);
        let scope = store.facets.scopes.iter().max_by_key(|(_, events)| *events);
        actions.extend(busiest.map(|(entity, _)| {
            Action::Watch(FoldKind::LatestFields, FoldSource::Entity(entity.as_ref().to_owned()))
        }));
        actions.extend(scope.map(|(scope, _)| {
            Action::Watch(FoldKind::CountByKind, FoldSource::Scope(scope.as_ref().to_owned()))
        }));
    }
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_two_reasonable_numbers() {
        assert_eq!(size("800x500"), Ok(vec2(800.0, 500.0)));
        for text in ["", "800", "800x", "0x0", "99x500", "9000x500", "-1x5"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
