//! Owns printing causes and effects of an event: a picture, a language that draws graphs, or an indented list.

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::{fs, ops::ControlFlow};

use causeway::id::EventId;
use clap::{Args, ValueEnum};

use crate::cli::{Ending, Outcome};
use crate::state::zone::Zone;
use crate::view::graph::{self, Format, Shape, Words};
use crate::worker::graph::Source;

#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    /// Directory of the store.
    dir: PathBuf,
    /// The event: its sequence, or its id of 32 hexadecimal digits.
    event: String,
    /// How it is written.
    #[arg(long, value_enum, default_value = "text")]
    format: FormatName,
    /// Steps from the root that are shown; all without.
    #[arg(long, value_name = "N")]
    depth: Option<usize>,
    /// The file to write, instead of the standard output.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FormatName {
    Text,
    Svg,
    Dot,
    Mermaid,
}

/// Prints a graph.
pub(super) fn graph(args: &GraphArgs) -> Outcome {
    let source = Source::open(&args.dir, &mut |_, _| ControlFlow::Continue(()))?;
    let sequence = sequence(&source, &args.event)?;
    let events = source.around(sequence)?;
    let shape = Shape { depth: args.depth, ..Shape::default() };
    let layout = graph::layout(&events, &shape);
    let names = source.kind_names();
    let words = Words { names, zone: &Zone::UTC, selected: Some(sequence), chain: false, critical: None };
    let format = match args.format {
        FormatName::Text => Format::Text,
        FormatName::Svg => Format::Svg,
        FormatName::Dot => Format::Dot,
        FormatName::Mermaid => Format::Mermaid,
    };
    let text = graph::export(&graph::flow_sheet(&events, &layout, words), format);
    match &args.out {
        Some(path) => {
            fs::write(path, text).map_err(|error| Ending::failed(format!("{}: {error}", path.display())))
        }
        None => Ok(stdout().lock().write_all(text.as_bytes())?),
    }
}

/// The place of an event in the commit order.
fn sequence(source: &Source, event: &str) -> Result<u64, Ending> {
    let digits = event.strip_prefix('#').unwrap_or(event);
    let is_id = digits.len() == 32;
    match (is_id, u128::from_str_radix(digits, 16), digits.parse()) {
        (true, Ok(id), _) => {
            let found = source.sequence_of(EventId::from(id))?;
            found.ok_or_else(|| Ending::failed(format!("no event has the id {digits}")))
        }
        (false, _, Ok(sequence)) => Ok(sequence),
        _ => {
            Err(Ending::failed(format!("{event:?} is neither a sequence nor an id of 32 hexadecimal digits")))
        }
    }
}
