//! What a frame costs the interface with the timeline of a store of ten million events, at several zooms: numbers, and no window.
//!
//! `cargo run --release -p causeway-inspector --example timeline_cost`

use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use causeway::event::EventKind;
use causeway_inspector::command::Commands;
use causeway_inspector::context::ViewContext;
use causeway_inspector::fixture;
use causeway_inspector::panels::Panels;
use causeway_inspector::state::model::Model;
use causeway_inspector::state::timeline::{Place, TimelineAction};
use causeway_inspector::theme::{self, Theme};
use causeway_inspector::view::timeline::lanes::bucket_width;
use causeway_inspector::worker::protocol::{
    Bucket, Lane, LaneEvent, LaneKey, LaneMarks, TimeAxis, Timeline, Window,
};
use egui::{Context, Pos2, RawInput, Rect, vec2};

/// Events of the store; one comes each `STEP_US`.
const EVENTS: u64 = 10_000_000;
const STEP_US: i64 = 100_000;
const LANES: u64 = 40;
/// Frames that are measured for each zoom.
const FRAMES: usize = 240;
/// While ten thousand events arrive each second, the worker answers four times.
const FRAMES_AN_ANSWER: usize = 30;

/// How the view moves from frame to frame.
#[derive(Clone, Copy, PartialEq)]
enum Motion {
    Still,
    Panning,
}

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ms a frame, layout and tessellation: median, 99th percentile, vertices")?;
    let whole = EVENTS as f64 * STEP_US as f64 / 1_200.0;
    for (name, per_point) in [
        ("whole store", whole),
        ("10 %", whole / 10.0),
        ("0.1 %", whole / 1_000.0),
        ("0.01 %", whole / 10_000.0),
        ("single events", STEP_US as f64 / 2.0),
    ] {
        for (motion, how) in [(Motion::Still, "still"), (Motion::Panning, "panning")] {
            let (median, late, vertices) = measure(per_point, motion);
            writeln!(out, "{name:>14} {how:>8}: {median:6.2} {late:6.2} {vertices:8}")?;
        }
    }
    Ok(())
}

/// Median and 99th percentile of a frame in milliseconds, and the vertices of the last one.
fn measure(per_point: f64, motion: Motion) -> (f64, f64, usize) {
    let mut model = fixture::store();
    let mut panels = Panels::default();
    let commands = Commands::default();
    let ctx = Context::default();
    theme::apply(&ctx, Theme::Dark);
    let middle = EVENTS as f64 * STEP_US as f64 / 2.0;
    let start = if per_point * 1_200.0 >= middle { 0.0 } else { middle };
    look_at(&mut model, Place { start, per_point });
    let mut costs = Vec::with_capacity(FRAMES);
    let mut vertices = 0;
    for frame in 0..FRAMES + 8 {
        if frame % FRAMES_AN_ANSWER == 0 {
            answer(&mut model, per_point, start, frame as u64);
        }
        if motion == Motion::Panning {
            look_at(&mut model, Place { start: start + frame as f64 * per_point * 2.0, per_point });
        }
        let began = Instant::now();
        let output = ctx.run_ui(input(frame), |ui| {
            let view = ViewContext { model: &model, tokens: Theme::Dark.tokens(), commands: &commands };
            panels.show(view, ui);
        });
        let primitives = ctx.tessellate(output.shapes, output.pixels_per_point);
        if frame >= 8 {
            costs.push(began.elapsed().as_secs_f64() * 1e3);
        }
        vertices = primitives
            .iter()
            .map(|primitive| match &primitive.primitive {
                egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
                egui::epaint::Primitive::Callback(_) => 0,
            })
            .sum();
        // Questions are answered by `answer`.
        commands.drain();
    }
    costs.sort_by(f64::total_cmp);
    (costs[costs.len() / 2], costs[costs.len() * 99 / 100], vertices)
}

fn input(frame: usize) -> RawInput {
    RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1600.0, 1200.0))),
        time: Some(frame as f64 / 120.0),
        focused: true,
        ..RawInput::default()
    }
}

fn look_at(model: &mut Model, place: Place) {
    if let Some(store) = &mut model.store {
        store.timeline.look.change(&TimelineAction::Go(Some(place)));
    }
}

/// What the worker would answer: lanes three times as wide as the view, in buckets or event by event.
fn answer(model: &mut Model, per_point: f64, start: f64, grown: u64) {
    let bucket = bucket_width(per_point);
    let width = 1_200.0 * per_point;
    let window = Window { from: (start - width) as i64, to: (start + 2.0 * width) as i64, bucket };
    let events = EVENTS + grown * 83;
    let span = (0, events.cast_signed() * STEP_US);
    let bins = (0..480_u32).map(|i| [i % 97 * 31; 16]).collect();
    let picture = Timeline {
        axis: TimeAxis::Time,
        span,
        looked_at: (events, events),
        bins,
        first_sequence: (0..480).map(|i| i * events / 480).collect(),
        window,
        lane_count: LANES as usize,
        lanes: (0..LANES).map(|lane| lane_of(lane, window)).collect(),
        complete: true,
        ..Timeline::default()
    };
    if let Some(store) = &mut model.store {
        store.summary.position.events = events;
        store.timeline.picture = Some(Arc::new(picture));
    }
}

fn lane_of(lane: u64, window: Window) -> Lane {
    let every = STEP_US * LANES.cast_signed();
    let first = window.from.max(0) / every;
    let count = (window.to - window.from.max(0)) / every;
    let kind = EventKind::custom(1 + (lane % 7) as u8, 1);
    let marks = if count <= 2_048 {
        let event = |i: i64| {
            let sequence = i.unsigned_abs() * LANES + lane;
            LaneEvent { sequence, time_us: sequence.cast_signed() * STEP_US, kind }
        };
        LaneMarks::Events((first..first + count).map(event).collect())
    } else {
        let step = window.bucket.cast_signed();
        let bucket = |at: i64| {
            let mut counts = [0; 16];
            // Every class in every bar is the most that can be drawn.
            counts[1..8].fill(1 + (at % 5).unsigned_abs() as u32);
            Bucket { at, first: (at * step / STEP_US).unsigned_abs(), counts }
        };
        LaneMarks::Buckets((window.from.max(0) / step..window.to / step).map(bucket).collect())
    };
    Lane { key: LaneKey::Entity(format!("order:{lane}").into()), total: EVENTS / LANES, marks }
}
