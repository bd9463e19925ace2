//! Owns the table of the benchmark, as Markdown. Never judges.

use std::fmt;
use std::time::Duration;

use crate::cost::Cost;

/// What a row of the table tells.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Figures {
    /// A piece of work, done by both.
    Costs(Cost, Cost),
    /// A time on the wall only: what goes on meanwhile is not the engine's doing.
    Waits(Duration, Duration),
    /// Bytes.
    Sizes(f64, f64),
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<(&'static str, Figures)>,
}

impl Table {
    pub(crate) fn add(&mut self, work: &'static str, figures: Figures) {
        self.rows.push((work, figures));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| work | causeway CPU | batpak CPU | ratio | causeway wall | batpak wall | ratio |")?;
        writeln!(f, "|---|---:|---:|---:|---:|---:|---:|")?;
        for (work, figures) in &self.rows {
            match *figures {
                Figures::Costs(ours, theirs) => {
                    writeln!(
                        f,
                        "| {work} | {} | {} |",
                        pair(ours.cpu, theirs.cpu),
                        pair(ours.wall, theirs.wall)
                    )?;
                }
                Figures::Waits(ours, theirs) => writeln!(f, "| {work} | | | | {} |", pair(ours, theirs))?,
                Figures::Sizes(ours, theirs) => {
                    writeln!(f, "| {work} | {ours:.0} B | {theirs:.0} B | {:.2} | | | |", ours / theirs)?;
                }
            }
        }
        Ok(())
    }
}

fn pair(ours: Duration, theirs: Duration) -> String {
    let ratio = ours.as_secs_f64() / theirs.as_secs_f64().max(1e-9);
    let digits = if ratio < 0.01 { 4 } else { 2 };
    format!("{} | {} | {ratio:.digits$}", time(ours), time(theirs))
}

/// A time with its unit, three digits or so.
fn time(time: Duration) -> String {
    let us = time.as_secs_f64() * 1e6;
    match us {
        us if us < 10.0 => format!("{us:.2} us"),
        us if us < 1e3 => format!("{us:.0} us"),
        us if us < 1e4 => format!("{:.1} ms", us / 1e3),
        us if us < 1e6 => format!("{:.0} ms", us / 1e3),
        us => format!("{:.1} s", us / 1e6),
    }
}
