//! Prints what a frame of the event table costs at ten million rows, and how fast a store answers for rows, jumps and times.
//!
//! `cargo run --release -p causeway-inspector --example table_cost` draws a model filled by hand;
//! `... -- DIR` asks the store in this directory; `causeway demo --create DIR --events N` makes one.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use causeway_inspector::command::{Action, Commands};
use causeway_inspector::context::ViewContext;
use causeway_inspector::fixture;
use causeway_inspector::panels::Panels;
use causeway_inspector::state::query::Query;
use causeway_inspector::theme::{self, Theme};
use causeway_inspector::worker::Worker;
use causeway_inspector::worker::WorkerHandle;
use causeway_inspector::worker::protocol::{OpenMode, Request, RequestId, Target, Update};
use egui::{
    Context, Event, Modifiers, MouseWheelSource, MouseWheelUnit, Pos2, RawInput, Rect, TouchPhase, Vec2,
    pos2, vec2,
};

/// Rows of the table that is drawn.
const ROWS: u64 = 10_000_000;
/// Frames that are measured.
const FRAMES: usize = 600;
/// Questions of each sort.
const QUESTIONS: u64 = 200;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let Some(dir) = arguments.next().map(PathBuf::from) else {
        draw();
        return Ok(());
    };
    ask(&dir)
}

/// The frame of a table that is scrolled and jumped about in.
fn draw() {
    let mut model = fixture::store();
    let store = model.store.as_mut().expect("the fixture has a store");
    let told: Vec<_> = store.rows.values().cloned().collect();
    store.matched.matched = ROWS;
    store.matched.rows = ROWS;
    store.follow = false;
    let ctx = Context::default();
    theme::apply(&ctx, Theme::Dark);
    let (mut panels, commands) = (Panels::default(), Commands::default());
    let mut spent = Vec::with_capacity(FRAMES);
    let mut random = 0x5EED_u64;
    for frame in 0..FRAMES {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let store = model.store.as_mut().expect("the fixture has a store");
        // A jump in every tenth frame: rows that no frame has shown before.
        store.reveal_row = (frame % 10 == 0).then_some((random >> 20) % ROWS);
        let begun = Instant::now();
        let view = ViewContext { model: &model, tokens: Theme::Dark.tokens(), commands: &commands };
        let mut output = ctx.run_ui(input(frame), |ui| panels.show(view, ui));
        let primitives = ctx.tessellate(std::mem::take(&mut output.shapes), 1.0);
        spent.push(begun.elapsed());
        output.textures_delta.clear();
        drop(primitives);
        for action in commands.drain() {
            let Action::NeedRows(first, count) = action else { continue };
            let rows = &mut model.store.as_mut().expect("the fixture has a store").rows;
            rows.clear();
            rows.extend((first..first + count).map(|row| {
                let mut copy = told[row as usize % told.len()].clone();
                copy.sequence = row;
                (row, copy)
            }));
        }
    }
    // The first frames lay out fonts and every word.
    tell("frame at 10,000,000 rows, 1440x900", spent.split_off(20));
}

fn input(frame: usize) -> RawInput {
    let over = pos2(700.0, 500.0);
    let delta = Vec2::new(0.0, if frame % 60 < 30 { -66.0 } else { 66.0 });
    RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1440.0, 900.0))),
        time: Some(frame as f64 / 60.0),
        focused: true,
        events: vec![
            Event::PointerMoved(over),
            Event::MouseWheel {
                unit: MouseWheelUnit::Point,
                delta,
                phase: TouchPhase::Move,
                modifiers: Modifiers::NONE,
                source: MouseWheelSource::Wheel,
            },
        ],
        ..RawInput::default()
    }
}

/// Answers of a store, each waited for.
fn ask(dir: &Path) -> anyhow::Result<()> {
    let mut worker = Worker::start(|| ())?;
    let begun = Instant::now();
    worker.send(Request::Open { path: dir.to_owned(), mode: OpenMode::ReadOnly });
    let summary = wait(&mut worker, |update| match update {
        Update::Opened(summary) => Some(Ok(summary)),
        Update::OpenFailed { failure, .. } => Some(Err(failure.message)),
        _ => None,
    })?;
    let summary = match summary {
        Ok(summary) => summary,
        Err(reason) => bail!("{reason}"),
    };
    let (events, last_us) = (summary.position.events.max(1), summary.position.last_us.unwrap_or(0));
    println!("{events} events, open after {:.0} ms", begun.elapsed().as_secs_f64() * 1e3);
    let filter = RequestId(1);
    worker.send(Request::Filter { id: filter, query: Query::default() });
    wait(&mut worker, |update| {
        matches!(update, Update::Matched { matched, .. } if matched.complete).then_some(())
    })?;
    let place = |n: u64| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11) % events;
    let mut rows = Vec::new();
    for n in 0..QUESTIONS {
        let (id, first) = (RequestId(10 + n), place(n));
        let begun = Instant::now();
        worker.send(Request::Rows { id, rows: first..(first + 240).min(events) });
        wait(&mut worker, |update| {
            matches!(update, Update::Rows { id: told, .. } if told == id).then_some(())
        })?;
        rows.push(begun.elapsed());
    }
    tell("240 rows anywhere", rows);
    for (what, target) in [
        ("jump to a sequence", &(|n| Target::Sequence(place(n))) as &dyn Fn(u64) -> Target),
        ("jump to a time", &|n| Target::Time(last_us - (n * 1_000_000).cast_signed())),
    ] {
        let mut spent = Vec::new();
        for n in 0..QUESTIONS {
            let id = RequestId(1_000 + n);
            let begun = Instant::now();
            worker.send(Request::Locate { id, target: target(n) });
            wait(&mut worker, |update| {
                matches!(update, Update::Located { id: told, .. } if told == id).then_some(())
            })?;
            spent.push(begun.elapsed());
        }
        tell(what, spent);
    }
    Ok(())
}

fn wait<T>(worker: &mut WorkerHandle, mut find: impl FnMut(Update) -> Option<T>) -> anyhow::Result<T> {
    loop {
        let update = worker.recv_timeout(Duration::from_mins(2)).context("the worker does not answer")?;
        if let Some(found) = find(update) {
            return Ok(found);
        }
    }
}

fn tell(what: &str, mut spent: Vec<Duration>) {
    spent.sort();
    let at = |share: usize| spent[(spent.len() * share / 100).min(spent.len() - 1)].as_secs_f64() * 1e3;
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms, most {:.2} ms", at(50), at(99), at(100));
}
