//! Owns what the command line does with a whole store: import and verification.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write, stdout};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use causeway::store::{
    self, Finding, ImportOptions, ReadOnly, ReceiptClaim, Store, StoreConfig, VerifyLevel, VerifyReport,
};
use clap::{Args, ValueEnum};
use serde::Serialize;

use crate::cli::head::{AgainstArgs, Compared};
use crate::cli::{Ending, Outcome, print_json};
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
    /// How thoroughly: v0 files, v1 frames, v2 hashes and links, v3 also receipts.
    #[arg(long, value_enum, default_value_t = Level::V2)]
    level: Level,
    /// A file with a receipt as JSON in each line, for level v3.
    #[arg(long, value_name = "FILE", required_if_eq("level", "v3"))]
    receipts: Option<PathBuf>,
    /// Print one line of JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    against: AgainstArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Level {
    V0,
    V1,
    V2,
    V3,
}

impl Level {
    /// The level, if it needs nothing but the store.
    pub(super) fn own(self) -> Option<VerifyLevel> {
        match self {
            Self::V0 => Some(VerifyLevel::Files),
            Self::V1 => Some(VerifyLevel::Frames),
            Self::V2 => Some(VerifyLevel::Chain),
            Self::V3 => None,
        }
    }
}

/// The report as JSON.
#[derive(Serialize)]
struct ReportLine<'a> {
    level: &'static str,
    claim: &'static str,
    holds: bool,
    events: u64,
    removed: u64,
    receipts: u64,
    findings: Vec<FindingLine<'a>>,
    finding_count: u64,
    damage_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    heads: Option<Vec<HeadLine<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tamper_evident_events: Option<u64>,
}

#[derive(Serialize)]
struct HeadLine<'a> {
    size: u64,
    epoch: u64,
    finding: Option<FindingLine<'a>>,
}

#[derive(Serialize)]
struct FindingLine<'a> {
    class: String,
    file: Option<&'a str>,
    offset: Option<u64>,
    sequence: Option<u64>,
    expected: Option<&'a str>,
    found: Option<&'a str>,
    message: &'a str,
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
    let mut verified = progress("verified");
    let report = match (args.level, &args.receipts) {
        (Level::V3, Some(file)) => store.verify_receipts(receipts(file)?, &mut verified),
        (level, _) => store.verify(level.own().unwrap_or(VerifyLevel::Chain), &mut verified),
    };
    let report = report.map_err(named)?;
    let heads = args.against.compare(&store, &mut progress("compared"))?;
    let mut out = stdout().lock();
    if args.json {
        print_json(&mut out, &report_line(&report, heads.as_deref()))?;
    } else {
        print_report(&mut out, &report, heads.as_deref())?;
    }
    let dir = args.dir.display();
    if !report.holds() {
        let count = report.damage_count;
        let first = report.findings.iter().find(|finding| finding.class.is_damage());
        let first = first.map(|finding| format!(", the first: {finding}")).unwrap_or_default();
        let things = if count == 1 { "thing does" } else { "things do" };
        return Err(Ending::failed(format!("{dir}: {count} {things} not hold{first}")));
    }
    let mut broken = heads.iter().flatten().filter_map(|head| head.finding.as_ref());
    broken.next().map_or(Ok(()), |finding| Err(Ending::failed(format!("{dir}: {finding}"))))
}

/// Number of events that all heads vouch for; `None` if one of them does not hold, or there is none.
fn covered(heads: &[Compared]) -> Option<u64> {
    let hold = heads.iter().all(|head| head.finding.is_none());
    heads.iter().map(|head| head.size).max().filter(|_| hold)
}

fn print_report(out: &mut impl Write, report: &VerifyReport, heads: Option<&[Compared]>) -> Outcome {
    let VerifyReport { level, events, removed, receipts, finding_count, damage_count, .. } = report;
    writeln!(
        out,
        "level={} claim={:?} events={events} removed={removed} receipts={receipts} findings={finding_count} damage={damage_count}",
        level.code(),
        report.claim()
    )?;
    for finding in &report.findings {
        writeln!(out, "{finding}")?;
    }
    let Some(heads) = heads else { return Ok(()) };
    for Compared { size, epoch, finding } in heads {
        match finding {
            None => writeln!(out, "head size={size} epoch={epoch} holds")?,
            Some(finding) => writeln!(out, "head size={size} epoch={epoch}: {finding}")?,
        }
    }
    let claim = VerifyLevel::Head.claim();
    match covered(heads).filter(|_| report.holds()).map(|covered| covered.checked_sub(1)) {
        Some(Some(last)) => writeln!(out, "{claim} up to #{last}")?,
        Some(None) => writeln!(out, "{claim} up to nothing: the heads cover no event")?,
        None => {}
    }
    Ok(())
}

fn finding_line(finding: &Finding) -> FindingLine<'_> {
    let Finding { class, file, offset, sequence, expected, found, message } = finding;
    FindingLine {
        class: format!("{class:?}"),
        file: file.as_deref(),
        offset: *offset,
        sequence: *sequence,
        expected: expected.as_deref(),
        found: found.as_deref(),
        message,
    }
}

fn report_line<'a>(report: &'a VerifyReport, heads: Option<&'a [Compared]>) -> ReportLine<'a> {
    let head = |head: &'a Compared| HeadLine {
        size: head.size,
        epoch: head.epoch,
        finding: head.finding.as_ref().map(finding_line),
    };
    ReportLine {
        level: report.level.code(),
        claim: report.claim(),
        holds: report.holds(),
        events: report.events,
        removed: report.removed,
        receipts: report.receipts,
        findings: report.findings.iter().map(finding_line).collect(),
        finding_count: report.finding_count,
        damage_count: report.damage_count,
        heads: heads.map(|heads| heads.iter().map(head).collect()),
        tamper_evident_events: heads.and_then(covered).filter(|_| report.holds()),
    }
}

/// The receipts in a file, one a line.
fn receipts(file: &Path) -> Result<Vec<ReceiptClaim>, Ending> {
    let mut claims = Vec::new();
    for (number, line) in BufReader::new(File::open(file)?).lines().enumerate() {
        let claim = serde_json::from_str(&line?);
        let named = |error| Ending::failed(format!("{} line {}: {error}", file.display(), number + 1));
        claims.push(claim.map_err(named)?);
    }
    Ok(claims)
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
