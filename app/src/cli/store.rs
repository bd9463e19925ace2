//! Owns what the command line does with a whole store: import and verification.

use std::fs::File;
use std::io::{self, BufReader, IsTerminal, Write, stdout};
use std::ops::ControlFlow;
use std::path::PathBuf;

use causeway::store::{self, ImportOptions, ReadOnly, Store, StoreConfig, VerifyLevel};
use clap::Args;

use crate::cli::head::{AgainstArgs, Verdict};
use crate::cli::{Ending, Outcome};
use crate::worker::failure;

#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// The batpak directory, or a file of lines as `dump` prints them; nothing is written there.
    from: PathBuf,
    /// The new store; it must be empty or missing.
    to: PathBuf,
    /// Copy also the events that batpak hides.
    #[arg(long)]
    include_hidden: bool,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Directory of the store.
    dir: PathBuf,
    #[command(flatten)]
    against: AgainstArgs,
}

/// Copies a directory, or the events of a dump, and prints what came of it.
pub(super) fn import(args: &ImportArgs) -> Outcome {
    if args.from.is_file() {
        return import_lines(args);
    }
    let options = ImportOptions { include_hidden: args.include_hidden };
    let report = store::import(&args.from, StoreConfig::new(&args.to), options, &mut progress("imported"))
        .map_err(|error| failure::of_directory(&args.from, &error))?;
    let mut out = stdout().lock();
    writeln!(
        out,
        "imported={} hidden_left_out={} unreadable={} repeated_ids={}",
        report.imported, report.hidden_left_out, report.unreadable, report.repeated_ids
    )?;
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    Ok(())
}

fn import_lines(args: &ImportArgs) -> Outcome {
    let mut lines = BufReader::new(File::open(&args.from)?);
    let imported = store::import_jsonl(&mut lines, StoreConfig::new(&args.to))
        .map_err(|error| failure::of_directory(&args.from, &error))?;
    writeln!(stdout(), "imported={imported}")?;
    Ok(())
}

/// Checks a directory, and if heads of it were kept whether it is still the one that they cover, and prints what does not hold.
pub(super) fn verify(args: &VerifyArgs) -> Outcome {
    let named = |error| failure::of_directory(&args.dir, &error);
    let config = args.against.configure(StoreConfig::new(&args.dir));
    let store = Store::<ReadOnly>::open_read_only(config).map_err(named)?;
    let report = store.verify(&mut progress("verified")).map_err(named)?;
    let mut out = stdout().lock();
    writeln!(out, "events={} findings={}", report.events, report.finding_count)?;
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    let verdict = args.against.compare(&store, &mut out, &mut progress("compared"))?;
    let dir = args.dir.display();
    if !report.holds() {
        let count = report.finding_count;
        let first =
            report.findings.first().map(|finding| format!(", the first: {finding}")).unwrap_or_default();
        return Err(Ending::failed(format!("{dir}: {count} things do not hold{first}")));
    }
    match verdict {
        Some(Verdict::Broken(problem)) => Err(Ending::failed(format!("{dir}: {problem}"))),
        Some(Verdict::Holds { covered }) => {
            let claim = VerifyLevel::Head.claim();
            Ok(match covered.checked_sub(1) {
                Some(last) => writeln!(out, "{claim} up to #{last}")?,
                None => writeln!(out, "{claim} up to nothing: the heads cover no event")?,
            })
        }
        None => Ok(()),
    }
}

/// Tells a person at a terminal how far it has come.
pub(super) fn progress(what: &'static str) -> impl FnMut(u64, u64) -> ControlFlow<()> {
    let shown = io::stderr().is_terminal();
    move |done, total| {
        if shown {
            // A terminal that went away does not want to know.
            let end = if done >= total { '\n' } else { '\r' };
            let _ = write!(io::stderr(), "{what} {done} of {total}{end}");
        }
        ControlFlow::Continue(())
    }
}
