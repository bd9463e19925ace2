//! Measures the whole program over a real store, without a window: opening, frames, filters, jumps, memory.
//!
//! `cargo run --release -p causeway-inspector --example budgets -- DIR [FILTER…]`
//!
//! A frame is what the interface's thread does for it: updates, commands, layout, tessellation; in milliseconds of that thread's CPU
//! where the system tells it (Linux), of the wall otherwise. Answers are in milliseconds of the wall, from the wish to the drawn frame.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use causeway_inspector::app::{App, Log, Parts, Start};
use causeway_inspector::command::{Action, Command};
use causeway_inspector::state::model::StoreModel;
use causeway_inspector::state::route::{Screen, View};
use causeway_inspector::state::zone::Zone;
use causeway_inspector::worker::Worker;
use causeway_inspector::worker::protocol::{OpenMode, Target};
use egui::{Context, Pos2, RawInput, Rect, vec2};

/// Nothing takes nearly as long.
const PATIENCE: Duration = Duration::from_mins(5);
/// Frames that are measured for each motion.
const FRAMES: u64 = 400;
/// Jumps that are measured.
const JUMPS: u64 = 100;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let dir = PathBuf::from(arguments.next().context("say which store is to be opened")?);
    let filters: Vec<String> = arguments.collect();
    let mut bench = Bench::open(dir)?;
    bench.frames()?;
    bench.jumps()?;
    for filter in filters {
        bench.filter(&filter)?;
    }
    bench.rest()
}

struct Bench {
    app: App,
    ctx: Context,
    frame: u64,
}

impl Bench {
    fn open(dir: PathBuf) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let parts = Parts { worker: Worker::start(|| ())?, home: None, zone: Zone::UTC, log: Log::Silent };
        let app = App::new(parts, Start::Open(dir, OpenMode::ReadOnly));
        let mut bench = Self { app, ctx: Context::default(), frame: 0 };
        bench.until("the store is open", |app| app.model().screen == Screen::Store)?;
        let opened = begun.elapsed();
        bench.until("rows are there", |app| {
            app.model().store.as_ref().is_some_and(|store| !store.rows.is_empty())
        })?;
        let first = begun.elapsed();
        bench.until("all rows are counted", |app| {
            app.model().store.as_ref().is_some_and(|store| store.matched.complete)
        })?;
        let position = &bench.store()?.summary.position;
        println!("{} events, {} MB on disk", position.events, position.bytes / 1_000_000);
        println!(
            "open {:.0} ms, first rows drawn {:.0} ms, all rows {:.0} ms",
            ms(opened),
            ms(first),
            ms(begun.elapsed())
        );
        bench.settle()?;
        println!("everything shown {:.0} ms", ms(begun.elapsed()));
        tell_memory();
        Ok(bench)
    }

    /// Frames while the user goes about.
    fn frames(&mut self) -> anyhow::Result<()> {
        let events = self.store()?.summary.position.events.max(1);
        let scattered = |n: u64| (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11) % events;
        self.measure("next row", |_| Some(Action::Run(Command::NextRow)))?;
        self.measure("next page", |_| Some(Action::Run(Command::PreviousPage)))?;
        self.measure("jump each frame", |n| Some(Action::Jump(Target::Sequence(scattered(n)))))?;
        self.measure("timeline zoom in", |_| Some(Action::Run(Command::TimelineZoomIn)))?;
        self.measure("timeline pan", |_| Some(Action::Run(Command::TimelinePanLeft)))?;
        self.measure("timeline zoom out", |_| Some(Action::Run(Command::TimelineZoomOut)))?;
        self.app.send(Action::Show(View::Graph));
        self.settle()?;
        self.measure("graph, next row", |_| Some(Action::Run(Command::NextInStream)))?;
        self.app.send(Action::Show(View::Events));
        self.settle()
    }

    fn measure(&mut self, what: &str, wish: impl Fn(u64) -> Option<Action>) -> anyhow::Result<()> {
        let mut spent = Vec::with_capacity(FRAMES as usize);
        for n in 0..FRAMES {
            if let Some(action) = wish(n) {
                self.app.send(action);
            }
            spent.push(self.draw());
            thread::sleep(Duration::from_millis(2));
        }
        self.settle()?;
        tell(&format!("frame: {what}"), spent);
        Ok(())
    }

    /// From the wish to the frame that shows the row.
    fn jumps(&mut self) -> anyhow::Result<()> {
        let events = self.store()?.summary.position.events.max(1);
        let mut spent = Vec::new();
        for n in 0..JUMPS {
            let sequence = (n + 7).wrapping_mul(0x9E37_79B9_7F4A_7C15) % events;
            let begun = Instant::now();
            self.app.send(Action::Jump(Target::Sequence(sequence)));
            self.until("the row is shown", |app| {
                app.model().store.as_ref().is_some_and(|store| {
                    store.selected_row.is_some_and(|row| {
                        store.rows.get(&row).is_some_and(|found| found.sequence == sequence)
                    })
                })
            })?;
            spent.push(ms(begun.elapsed()));
        }
        tell("answer: jump to a sequence", spent);
        Ok(())
    }

    /// From the wish to the first rows, and to the whole result.
    fn filter(&mut self, line: &str) -> anyhow::Result<()> {
        let begun = Instant::now();
        self.app.send(Action::Filter(line.to_owned()));
        let is_asked = |store: &StoreModel| store.filter_text == line;
        let mut first = None;
        let mut costs = Vec::new();
        let deadline = begun + PATIENCE;
        loop {
            costs.push(self.draw());
            let store = self.store()?;
            if let Some(error) = &store.filter_error {
                bail!("{line}: {}", error.message);
            }
            let answered = self.app.model().asked.filter_answered && is_asked(store) && self.app.is_idle();
            if first.is_none()
                && is_asked(store)
                && self.app.model().asked.filter_answered
                && !store.rows.is_empty()
            {
                first = Some(begun.elapsed());
            }
            if answered && store.matched.complete {
                break;
            }
            if Instant::now() > deadline {
                bail!("{line}: not complete after {} s", PATIENCE.as_secs());
            }
            thread::sleep(Duration::from_millis(1));
        }
        let (whole, matched) = (begun.elapsed(), self.store()?.matched.clone());
        let first = first.map_or_else(|| "none".to_owned(), |first| format!("{:.0} ms", ms(first)));
        println!(
            "filter {line}: {} of {} events, first rows {first}, complete {:.0} ms, {} ({})",
            matched.matched,
            matched.total,
            ms(whole),
            matched.served_by,
            if matched.unreadable == 0 { "all readable" } else { "some unreadable" },
        );
        tell("  frames meanwhile", costs);
        self.app.send(Action::Run(Command::ClearFilter));
        self.settle()
    }

    /// Nothing happens: no frame is asked for.
    fn rest(mut self) -> anyhow::Result<()> {
        self.settle()?;
        tell_memory();
        let output = self.run();
        let delay = output.viewport_output.values().map(|viewport| viewport.repaint_delay).min();
        println!(
            "idle: next frame {}",
            match delay {
                Some(Duration::MAX) | None => "never".to_owned(),
                Some(delay) => format!("in {delay:?}"),
            }
        );
        Ok(())
    }

    fn store(&self) -> anyhow::Result<&StoreModel> {
        self.app.model().store.as_ref().context("no store is open")
    }

    fn run(&mut self) -> egui::FullOutput {
        self.frame += 1;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1600.0, 1000.0))),
            time: Some(self.frame as f64 / 60.0),
            focused: true,
            ..RawInput::default()
        };
        let app = &mut self.app;
        self.ctx.run_ui(input, |ui| {
            app.logic(ui.ctx());
            app.show(ui);
        })
    }

    /// Draws a frame and returns what it took, in milliseconds.
    fn draw(&mut self) -> f64 {
        let begun = now_ms();
        let output = self.run();
        let _ = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        now_ms() - begun
    }

    fn until(&mut self, what: &str, so: impl Fn(&App) -> bool) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !so(&self.app) {
            self.draw();
            if let Some(failure) = &self.app.model().open_failure {
                bail!("{}", failure.failure.message);
            }
            if Instant::now() > deadline {
                bail!("waited in vain until {what}");
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Draws until nothing is on its way.
    fn settle(&mut self) -> anyhow::Result<()> {
        for _ in 0..4 {
            self.draw();
            self.until("it comes to rest", App::is_idle)?;
        }
        Ok(())
    }
}

/// CPU of this thread if the system tells it, the wall otherwise.
fn now_ms() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.as_deref().and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    nanoseconds.map_or_else(
        || std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |elapsed| elapsed.as_secs_f64() * 1e3),
        |nanoseconds| nanoseconds as f64 / 1e6,
    )
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn tell(what: &str, mut spent: Vec<f64>) {
    spent.sort_by(f64::total_cmp);
    let at = |share: usize| spent[(spent.len() - 1) * share / 100];
    println!("{what}: median {:.2} ms, p99 {:.2} ms, most {:.2} ms", at(50), at(99), at(100));
}

/// Memory of this process that no file backs.
fn tell_memory() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(line) = status.lines().find(|line| line.starts_with("RssAnon")) {
        println!("{}", line.split_whitespace().collect::<Vec<_>>().join(" "));
    }
}
