//! Owns asking a store from the command line: the same language and the same search as in the window.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufWriter, IsTerminal, Write, stdout};
use std::ops::ControlFlow;
use std::path::PathBuf;

use causeway::event::EventKind;
use causeway::store::{EventLine, LogEvent, StoreError};
use clap::{ArgGroup, Args};

use crate::cli::{Ending, Outcome, print_json};
use crate::state::kind_names;
use crate::state::query::{Advice, Query, QueryError, Vocabulary, why_empty};
use crate::state::zone::Zone;
use crate::view::text;
use crate::widgets::escape;
use crate::worker::export::{Column, write_csv};
use crate::worker::facets;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::holes::Holes;
use crate::worker::open;
use crate::worker::protocol::{Matched, OpenMode, RequestId};
use crate::worker::search::Search;

/// What `--help` ends with.
const EXAMPLES: &str = "\
Examples:
  causeway query shop.store 'kind:Order* entity:order:42'
  causeway query shop.store 'after:-1h payload.total>100' --csv --columns time,entity,payload
  causeway query shop.store 'scope:shop (refund or \"gift card\") -kind:Heartbeat' --count
  causeway query shop.store 'flag:damaged or flag:removed' --jsonl

Fields: kind: entity: scope: corr: cause: id: after: before: lane: flag: size: payload.path
Join them by blanks (and), or, not, - and parentheses; other words are looked for in payloads.
Times without a zone are in UTC. Events that cannot be read end the command with exit code 1.";

/// Print the events that a query takes.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, group = ArgGroup::new("form").args(["jsonl", "csv", "count"]))]
pub(super) struct QueryArgs {
    /// Directory of the store.
    dir: PathBuf,
    /// What is asked, as in the query box; nothing takes every event.
    #[arg(default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    query: String,
    /// Print one line of JSON an event, as `dump` does.
    #[arg(long)]
    jsonl: bool,
    /// Print comma-separated values under a line of names.
    #[arg(long)]
    csv: bool,
    /// Print how many events there are, and nothing else.
    #[arg(long)]
    count: bool,
    /// Print at most so many events.
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Print the newest event first.
    #[arg(long)]
    reverse: bool,
    /// Columns of the table or of the values, such as sequence,time,entity,kind,payload.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = column, conflicts_with = "jsonl")]
    columns: Vec<Column>,
}

fn column(name: &str) -> Result<Column, String> {
    let found = Column::ALL.iter().find(|(_, known)| *known == name).map(|(column, _)| *column);
    found.ok_or_else(|| {
        let names: Vec<&str> = Column::ALL.iter().map(|(_, name)| *name).collect();
        format!("there are the columns {}", names.join(", "))
    })
}

/// Prints the events that the query takes; what was searched is told on the error output.
pub(super) fn query(args: &QueryArgs) -> Outcome {
    let opened = Handle::open(&args.dir, OpenMode::ReadOnly, &mut |_, _| ControlFlow::Continue(()));
    let (handle, summary) = open::summary(&args.dir, opened, false)?;
    let names = kind_names::merged(&summary.kind_names, &[]);
    let now_us = jiff::Timestamp::now().as_microsecond();
    let vocabulary = Vocabulary { names: &names, zone: &Zone::UTC, now_us };
    let query = Query::parse(&args.query, &vocabulary).map_err(|error| misread(&args.query, &error))?;
    let (search, holes) =
        searched(&handle, &query, now_us).map_err(|error| failure::of_directory(&args.dir, &error))?;
    let matched = search.matched(&handle, &holes);
    let mut out = BufWriter::new(stdout().lock());
    let unreadable = if args.count {
        writeln!(out, "{}", matched.matched)?;
        0
    } else {
        let mut printer = Printer::new(args, &names);
        printer.head(&mut out)?;
        print_events(args, &handle, &search, &holes, &mut printer, &mut out)?
    };
    out.flush()?;
    tell(&matched)?;
    if matched.matched == 0 {
        let facets = facets::facets(&handle).map_err(|error| failure::of_directory(&args.dir, &error))?;
        advise(why_empty(&query, &names, &facets))?;
    }
    match unreadable {
        0 => Ok(()),
        count => {
            let events = text::counted(count, "event");
            Err(Ending::failed(format!("{}: {events} cannot be read", args.dir.display())))
        }
    }
}

/// Why nothing was found, and what was probably meant.
fn advise(advice: Option<Advice>) -> Outcome {
    let Some(Advice { reason, instead }) = advice else { return Ok(()) };
    let meant = instead.map(|(name, count, _)| format!("; did you mean {name} ({})?", text::grouped(count)));
    let words = reason + &meant.unwrap_or_default();
    Ok(writeln!(io::stderr(), "{}", escape::visible(&words))?)
}

/// The line, what is wrong with it below, and where.
fn misread(line: &str, error: &QueryError) -> Ending {
    let place = line.get(..error.range.start).map_or(0, |before| before.chars().count()) + 1;
    Ending::failed(format!("query, character {place}: {}", error.message))
}

fn searched(handle: &Handle, query: &Query, now_us: i64) -> Result<(Search, Holes), StoreError> {
    let mut holes = Holes::default();
    while !holes.extend(handle)? {}
    let mut search = Search::new(RequestId::default(), query, handle, now_us);
    let shown = io::stderr().is_terminal();
    while !search.is_complete(handle) {
        search.step(handle, &holes)?;
        while !holes.extend(handle)? {}
        let matched = search.matched(handle, &holes);
        if shown && search.scans() {
            // A terminal that went away does not want to know.
            let _ = write!(io::stderr(), "searched {} of {}\r", matched.searched, matched.total);
        }
    }
    Ok((search, holes))
}

fn print_events(
    args: &QueryArgs,
    handle: &Handle,
    search: &Search,
    holes: &Holes,
    printer: &mut Printer<'_>,
    out: &mut impl Write,
) -> Result<u64, Ending> {
    let rows = search.matched(handle, holes).rows;
    let wanted = args.limit.unwrap_or(u64::MAX).min(rows);
    let mut unreadable = 0;
    for number in 0..wanted {
        let row = if args.reverse { rows - 1 - number } else { number };
        for place in search.sequences(row..row + 1, holes) {
            match handle.event_at(place) {
                Ok(event) => printer.event(out, &event)?,
                Err(error) => {
                    unreadable += 1;
                    out.flush()?;
                    let words = error.to_string();
                    writeln!(io::stderr(), "causeway: #{place}: {}", escape::visible(&words))?;
                }
            }
        }
    }
    Ok(unreadable)
}

/// `12,044 of 9,812,004 events, searched #0 to #9,812,003, complete, by entity index`.
fn tell(matched: &Matched) -> Outcome {
    let last =
        matched.searched.checked_sub(1).map(|last| format!(", searched #0 to {}", text::sequence(last)));
    writeln!(
        io::stderr(),
        "{} of {}{}, complete, {} by {}",
        text::grouped(matched.matched),
        text::counted(matched.total, "event"),
        last.unwrap_or_default(),
        text::duration_us(matched.elapsed_us),
        matched.served_by
    )?;
    if matched.unreadable > 0 {
        let places = text::counted(matched.unreadable, "event");
        writeln!(io::stderr(), "{places} cannot be read and may match")?;
    }
    Ok(())
}

/// How events are printed.
struct Printer<'a> {
    args: &'a QueryArgs,
    names: &'a HashMap<EventKind, String>,
    columns: Vec<Column>,
    /// Values stay as they are, unless they go to a terminal.
    is_safe: bool,
}

impl<'a> Printer<'a> {
    fn new(args: &'a QueryArgs, names: &'a HashMap<EventKind, String>) -> Self {
        let columns = match args.columns.as_slice() {
            [] if args.csv => Column::ALL.iter().map(|(column, _)| *column).collect(),
            [] => Column::SHORT.to_vec(),
            chosen => chosen.to_vec(),
        };
        Self { args, names, columns, is_safe: !stdout().is_terminal() }
    }

    fn head(&self, out: &mut impl Write) -> Outcome {
        let names = self.columns.iter().map(|column| column.name());
        match self.args {
            QueryArgs { jsonl: true, .. } => {}
            QueryArgs { csv: true, .. } => write_csv(out, names.map(Cow::Borrowed))?,
            _ => self.row(out, names.map(str::to_owned))?,
        }
        Ok(())
    }

    fn event(&self, out: &mut impl Write, event: &LogEvent) -> Outcome {
        if self.args.jsonl {
            return print_json(out, &EventLine::from(event));
        }
        let cells = self.columns.iter().map(|column| column.cell(event, self.names, &Zone::UTC));
        if self.args.csv {
            let cells = cells.map(|cell| {
                if self.is_safe { Cow::Owned(cell) } else { Cow::Owned(escape::visible(&cell).into_owned()) }
            });
            return Ok(write_csv(out, cells)?);
        }
        self.row(out, cells)
    }

    /// A row of the table: each column at least as wide as what usually stands in it.
    fn row(&self, out: &mut impl Write, cells: impl Iterator<Item = String>) -> Outcome {
        let count = self.columns.len();
        for (at, (cell, column)) in cells.zip(&self.columns).enumerate() {
            let cell = escape::visible(&cell).into_owned();
            let width = if at + 1 == count { 0 } else { width(*column) };
            match column {
                Column::Sequence | Column::Clock | Column::Lane | Column::Size => {
                    write!(out, "{cell:>width$}")?;
                }
                _ => write!(out, "{cell:<width$}")?,
            }
            if at + 1 < count {
                out.write_all(b"  ")?;
            }
        }
        Ok(out.write_all(b"\n")?)
    }
}

/// Characters that a column is at least wide.
fn width(column: Column) -> usize {
    match column {
        Column::Time => 30,
        Column::Entity => 20,
        Column::Kind => 18,
        Column::Sequence | Column::Scope => 10,
        Column::Id | Column::Correlation | Column::Cause => 32,
        Column::Clock | Column::Lane | Column::Size => 8,
        Column::Summary | Column::Payload => 0,
    }
}
