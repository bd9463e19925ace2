//! Owns printing events: one line of JSON each, in commit order.

use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;

use causeway::store::{EventLine, ReadOnly, Selection, Store, StoreConfig};
use clap::Args;

use crate::cli::{Ending, Outcome, print_json};
use crate::worker::failure;

#[derive(Debug, Args)]
pub(super) struct DumpArgs {
    /// Directory of the store.
    dir: PathBuf,
    /// Print also the events that the program which wrote the directory hides.
    #[arg(long)]
    hidden: bool,
}

/// Prints the events of a directory. What cannot be read is named on the error output; the rest is printed.
pub(super) fn dump(args: &DumpArgs) -> Outcome {
    let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(&args.dir))
        .map_err(|error| failure::of_directory(&args.dir, &error))?;
    let mut out = BufWriter::new(stdout().lock());
    let everything = Selection { hidden: args.hidden, ..Selection::default() };
    let mut unreadable = 0_u64;
    for (sequence, event) in store.read_selected(&everything, 0..store.visible()) {
        match event {
            Ok(event) => print_json(&mut out, &EventLine::from(&event))?,
            Err(error) => {
                unreadable += 1;
                out.flush()?;
                writeln!(std::io::stderr(), "causeway: {}: #{sequence}: {error}", args.dir.display())?;
            }
        }
    }
    out.flush()?;
    match unreadable {
        0 => Ok(()),
        count => Err(Ending::failed(format!("{}: {count} events cannot be read", args.dir.display()))),
    }
}
