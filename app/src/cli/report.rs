//! Owns the evidence report on the command line: what was checked and found, for somebody who was not there.

use std::fs;
use std::io::{Write as _, stdout};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use causeway::store::{ReadOnly, Store, StoreConfig};
use clap::Args;
use jiff::Timestamp;

use crate::cli::head::AgainstArgs;
use crate::cli::store::Level;
use crate::cli::{Ending, Outcome};
use crate::state::workspace::Home;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::protocol::{Found, ReportWish};
use crate::worker::trust::control::Control;
use crate::worker::trust::{evidence, notebook};

#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// Directory of the store; nothing is written there.
    dir: PathBuf,
    /// The file that takes the report: a page that loads nothing, or JSON if its name ends in .json.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// How thoroughly the store is checked: v0 files, v1 frames, v2 hashes and links.
    #[arg(long, value_enum, default_value_t = Level::V2)]
    level: Level,
    /// Check only the segments that hold these events: from A to before B, either of which may be left out.
    #[arg(long, value_name = "A..B", value_parser = range)]
    range: Option<Range<u64>>,
    /// The time that the report says it was made at, microseconds since 1970; now, if none is given.
    #[arg(long, value_name = "MICROSECONDS")]
    time_us: Option<i64>,
    #[command(flatten)]
    against: AgainstArgs,
}

/// Writes a report, and fails if something does not hold.
pub(super) fn report(args: &ReportArgs, home: Option<&Home>) -> Outcome {
    let level = args.level.own().ok_or_else(|| Ending::failed("--level: a report takes v0, v1 or v2"))?;
    let config = args.against.configure(StoreConfig::new(&args.dir));
    let store = Store::<ReadOnly>::open_read_only(config)
        .map_err(|error| failure::of_directory(&args.dir, &error))?;
    let handle = Handle::Reader(Arc::new(store));
    let notes = match home {
        Some(home) => notebook::read(&handle, &home.config)?,
        None => Found::default(),
    };
    let wish = ReportWish {
        out: args.out.clone(),
        level,
        places: args.range.clone().unwrap_or(0..u64::MAX),
        kept: args.against.heads()?.unwrap_or_default(),
        notes,
        now_us: args.time_us.unwrap_or_else(|| Timestamp::now().as_microsecond()),
    };
    let made = evidence::gather(&handle, &wish, &Control::default())?;
    let named = |error: std::io::Error| Ending::failed(format!("{}: {error}", args.out.display()));
    fs::write(&args.out, evidence::text(&made, &wish)).map_err(named)?;
    writeln!(stdout(), "report={} holds={}", args.out.display(), made.holds())?;
    if made.holds() {
        return Ok(());
    }
    Err(Ending::failed(format!("{}: something does not hold, as the report says", args.dir.display())))
}

fn range(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("a range is written A..B")?;
    let number = |text: &str, otherwise| match text.trim() {
        "" => Ok(otherwise),
        digits => digits.parse().map_err(|_| format!("{digits:?} is no place of the commit order")),
    };
    let range = number(from, 0)?..number(to, u64::MAX)?;
    if range.is_empty() { Err("the range holds no event".to_owned()) } else { Ok(range) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_end_of_a_range_may_be_left_out() {
        assert_eq!(range("3..9"), Ok(3..9));
        assert_eq!(range("3.."), Ok(3..u64::MAX));
        assert_eq!(range("..9"), Ok(0..9));
        for refused in ["3", "9..3", "3..3", "a..b", "-1..2"] {
            assert!(range(refused).is_err(), "{refused}");
        }
    }
}
