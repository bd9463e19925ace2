//! Prints what a frame of the causal graph costs the drawing thread, in milliseconds, at several magnifications.
//!
//! `cargo run --release -p causeway-inspector --example graph_frames`
#![allow(clippy::print_stdout)]

use std::time::Instant;

use causeway_inspector::command::{Command, Commands};
use causeway_inspector::context::ViewContext;
use causeway_inspector::fixture;
use causeway_inspector::panels::Panels;
use causeway_inspector::theme::{self, Theme};
use egui::{Context, Event, Pos2, RawInput, Rect, vec2};

/// Nodes of the graph.
const NODES: usize = 2_000;
/// Frames that are measured.
const FRAMES: usize = 200;

/// Nanoseconds that this thread has computed: what else the machine does is not counted. The clock where the system does not tell it.
fn computed_ns(start: Instant) -> u64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let own = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    own.unwrap_or_else(|| start.elapsed().as_nanos() as u64)
}

fn main() {
    let start = Instant::now();
    let model = fixture::large_graph(NODES);
    for (name, zoom_out) in [("cards", 0), ("chips", 4), ("dots", 9), ("cells", 40)] {
        let mut panels = Panels::default();
        let commands = Commands::default();
        let ctx = Context::default();
        theme::apply(&ctx, Theme::Dark);
        let mut times = Vec::with_capacity(FRAMES);
        for frame in 0..FRAMES + 20 {
            if (5..5 + zoom_out).contains(&frame) {
                panels.run(Command::GraphZoomOut, &model);
            }
            let pointer = Pos2::new(300.0 + (frame % 400) as f32, 300.0);
            let input = RawInput {
                screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1440.0, 900.0))),
                time: Some(frame as f64 / 60.0),
                events: vec![Event::PointerMoved(pointer)],
                ..RawInput::default()
            };
            let before = computed_ns(start);
            let mut output = ctx.run_ui(input, |ui| {
                let view = ViewContext { model: &model, tokens: Theme::Dark.tokens(), commands: &commands };
                panels.show(view, ui);
            });
            let shapes = std::mem::take(&mut output.shapes);
            let primitives = ctx.tessellate(shapes, output.pixels_per_point);
            if frame >= 20 + zoom_out {
                times.push((computed_ns(start) - before) as f64 / 1e6);
            }
            output.textures_delta.clear();
            drop(primitives);
            commands.drain();
        }
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!("{NODES} nodes as {name}: p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
    }
}
