//! Owns the command line: what can be asked for, and how each command ends.
//!
//! Invariants:
//! - results go to the standard output, one line of JSON each; problems go to the standard error output, one line that says what and where;
//! - exit code 0 = done, 1 = failed, 2 = asked for something that does not exist;
//! - a reader that closes the pipe ends a command quietly.

mod commands;
mod dump;
mod events;
mod graph;
mod head;
mod repair;
mod report;
mod shot;
mod store;
mod window;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use serde_json::ser::Formatter;

use crate::app::Log;
use crate::state::workspace::Home;
use crate::widgets::escape;
use crate::worker::digits::{hash_of, hash_text};

pub use crate::cli::window::Displays;

/// What the surroundings of the program say. Only `main` looks at them.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Where settings and demonstration stores are to be kept, instead of the usual directories.
    pub home: Option<PathBuf>,
    /// The displays there may be.
    pub displays: Displays,
}

/// Opens event stores, shows what happened, why, and what state follows.
#[derive(Debug, Parser)]
#[command(
    name = "causeway",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true
)]
pub struct Cli {
    /// Directory of the store to open in the window.
    dir: Option<PathBuf>,
    /// Tell on the standard error output what happens in the window.
    #[arg(long, global = true, hide = true)]
    log: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open a window on a store of demonstration events that arrive while one looks.
    Demo(DemoArgs),
    /// Draw a screen into a PNG file, without a display.
    Shot(shot::ShotArgs),
    /// Print every event as a line of JSON.
    Dump(dump::DumpArgs),
    /// Print causes and effects of an event: an indented list, a picture, or a language that draws graphs.
    Graph(graph::GraphArgs),
    /// Append an event and print its receipt.
    Append(events::AppendArgs),
    /// Copy a batpak directory, or the events of a dump, into a new store.
    Import(store::ImportArgs),
    /// Compute every hash anew and compare; with heads that were kept, find out whether history was rewritten.
    Verify(store::VerifyArgs),
    /// Print the head of a store: one line that stands for everything in it, to be kept elsewhere for `verify --against`.
    Head(head::HeadArgs),
    /// Print a proof, for whoever holds a head, that an event is in the log or that an older head still holds.
    Prove(head::ProveArgs),
    Repair(repair::RepairArgs),
    /// List what can be done in the window: ids for `shot --run`, titles and usual keys.
    Commands(commands::CommandsArgs),
    /// Write what was checked and found into a page or JSON, for somebody who was not there.
    Report(report::ReportArgs),
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Create a store in this directory without a window, and end.
    #[arg(long, value_name = "DIR", conflicts_with = "feed")]
    create: Option<PathBuf>,
    /// Damage the created store in two places, so that there is something to find.
    #[arg(long, requires = "create")]
    damaged: bool,
    /// Events that a store begins with when it is created.
    #[arg(long, default_value_t = crate::worker::demo::DEMO_EVENTS)]
    events: u32,
    /// Feed the store in this directory without a window, until interrupted.
    #[arg(long, value_name = "DIR")]
    feed: Option<PathBuf>,
    /// Events a second of the feed.
    #[arg(long, default_value_t = crate::worker::demo::DEMO_RATE, requires = "feed")]
    rate: f64,
}

/// Why a command ended without its result.
#[derive(Debug)]
enum Ending {
    /// Nobody reads the output any more.
    NobodyReads,
    /// One line that says what failed and where.
    Failed(String),
}

type Outcome = Result<(), Ending>;

/// Exit code for something that does not exist.
const USAGE: u8 = 2;

impl Ending {
    fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }
}

impl From<io::Error> for Ending {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::NobodyReads,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<crate::worker::protocol::Failure> for Ending {
    fn from(failure: crate::worker::protocol::Failure) -> Self {
        Self::Failed([failure.message, failure.advice].join(" ").trim().to_owned())
    }
}

/// Prints help where it was asked for, and otherwise one line that says what cannot be understood.
pub fn answer(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Nobody is left to be told that the output is closed.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let words: Vec<&str> = text.split("\n\nUsage").next().unwrap_or_default().split_whitespace().collect();
    let line = words.join(" ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    // If the error output is closed as well, the exit code says it.
    let _ = writeln!(io::stderr(), "causeway: {line}; see causeway --help");
    ExitCode::from(USAGE)
}

/// Does what the command line asks for.
pub fn run(cli: Cli, surroundings: Surroundings) -> ExitCode {
    let outcome = perform(cli, surroundings);
    match outcome {
        Ok(()) | Err(Ending::NobodyReads) => ExitCode::SUCCESS,
        Err(Ending::Failed(message)) => {
            let line = message.replace('\n', " ");
            // A name or a payload must not drive the terminal.
            let line = escape::visible(&line);
            // If the error output is closed as well, the exit code says it.
            let _ = writeln!(io::stderr(), "causeway: {line}");
            ExitCode::FAILURE
        }
    }
}

fn perform(cli: Cli, surroundings: Surroundings) -> Outcome {
    let log = if cli.log { Log::Stderr } else { Log::Silent };
    let home = Home::find(surroundings.home);
    match cli.command {
        None => window::open(cli.dir, home, log, &surroundings.displays),
        Some(Command::Demo(DemoArgs { create: Some(dir), damaged, events, .. })) => {
            events::create_demo(&dir, events, damaged)
        }
        Some(Command::Demo(DemoArgs { feed: Some(dir), rate, events, .. })) => {
            events::feed(&dir, events, rate)
        }
        Some(Command::Demo(_)) => window::demo(home, log, &surroundings.displays),
        Some(Command::Shot(args)) => shot::shot(&args),
        Some(Command::Dump(args)) => dump::dump(&args),
        Some(Command::Graph(args)) => graph::graph(&args),
        Some(Command::Append(args)) => events::append(&args),
        Some(Command::Import(args)) => store::import(&args),
        Some(Command::Verify(args)) => store::verify(&args),
        Some(Command::Head(args)) => head::head(&args),
        Some(Command::Prove(args)) => head::prove(&args),
        Some(Command::Repair(args)) => repair::repair(&args),
        Some(Command::Commands(args)) => commands::commands(&args),
        Some(Command::Report(args)) => report::report(&args, home.as_ref()),
    }
}

/// JSON that says the same and drives no terminal: what is invisible or changes directions stands there as an escape of JSON's own.
struct Visible;

impl Formatter for Visible {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some((at, hidden)) = rest.char_indices().find(|(_, c)| escape::is_hidden(*c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            for unit in hidden.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + hidden.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

/// Prints a line of JSON.
fn print_json(out: &mut impl Write, value: &impl serde::Serialize) -> Outcome {
    let mut json = serde_json::Serializer::with_formatter(&mut *out, Visible);
    value.serialize(&mut json).map_err(io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}

/// Lower-case hexadecimal digits of an id.
fn id_text(id: impl Into<u128>) -> String {
    format!("{:032x}", id.into())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_directory_and_a_command_are_told_apart() {
        let dir = Cli::try_parse_from(["causeway", "shop.store"]).unwrap();
        assert_eq!((dir.dir, dir.command.is_none()), (Some("shop.store".into()), true));
        let dump = Cli::try_parse_from(["causeway", "dump", "shop.store", "--hidden"]).unwrap();
        assert!(matches!(dump.command, Some(Command::Dump(_))));
        assert_eq!(
            Cli::try_parse_from(["causeway", "shot", "x", "--size", "12"]).unwrap_err().exit_code(),
            2
        );
    }

    #[test]
    fn a_payload_drives_no_terminal_and_stays_the_same_when_it_is_read_again() {
        let text = "a\u{1b}[31m\u{9b}2J\u{202e}\u{7f}\u{200b}\u{e0041}\u{85}ß \"q\"";
        let mut out = Vec::new();
        print_json(&mut out, &text).unwrap();
        let printed = String::from_utf8(out).unwrap();
        assert!(!printed.trim_end().contains(escape::is_hidden), "{printed:?}");
        assert_eq!(serde_json::from_str::<String>(&printed).unwrap(), text);
    }

    #[test]
    fn ids_are_printed_in_full() {
        assert_eq!(id_text(1_u128), format!("{:0>32}", "1"));
    }
}
