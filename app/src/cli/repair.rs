//! Owns repairing a directory from the command line: the plan in plain words, consent, doing it, and undoing it.
//!
//! Without `--apply`, `--into` or `--undo` nothing is written anywhere.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write, stdout};
use std::path::{Path, PathBuf};

use causeway::store::repair::{
    BatpakRepairPlan, RepairOptions, RepairPlan, plan_batpak_repair, plan_repair, repair as apply_plan,
    repair_batpak, undo_repair,
};
use causeway::store::{Finding, StoreFormat, preview};
use clap::Args;
use serde_json::{Value, json};

use crate::cli::store::progress;
use crate::cli::{Ending, Outcome, hash_text, print_json};
use crate::worker::failure;

/// What a person types to have it done.
const CONSENT: &str = "repair";

/// Looks for what is wrong with the files of a store and says what would mend it. Nothing is written without --apply.
///
/// A store that was interrupted by a crash needs no repair: opening it for writing recovers from that by itself. A repair puts flipped bits
/// right where checksums and hashes prove them, gives segments their headers and names back, makes indexes anew, and moves files that the
/// store does not use to its quarantine. It never deletes anything and never makes up an event: what is lost stays lost, and is listed.
///
/// With --apply every file is first copied to --backup, read back and compared. --undo puts everything back as it was.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub(super) struct RepairArgs {
    /// Directory of the store. A batpak directory is never written: give --into to have a repaired copy.
    dir: PathBuf,
    /// Do what the plan says, after asking.
    #[arg(long, requires = "backup", conflicts_with_all = ["undo", "into"])]
    apply: bool,
    /// Where the copy of every file is to go before anything is touched: a directory that is empty or missing.
    #[arg(long, value_name = "BACKUP_DIR", requires = "apply")]
    backup: Option<PathBuf>,
    /// Do not ask; for scripts.
    #[arg(long, requires = "apply")]
    yes: bool,
    /// Put every file back as it was before the newest repair, to the last byte.
    #[arg(long, conflicts_with = "into")]
    undo: bool,
    /// Copy a damaged batpak directory into a new one that batpak 0.8.2 can open.
    #[arg(long, value_name = "COPY")]
    into: Option<PathBuf>,
    /// Print what there is to say as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// Plans, does or undoes a repair.
pub(super) fn repair(args: &RepairArgs) -> Outcome {
    let named = |error| failure::of_directory(&args.dir, &error);
    if args.undo {
        return undo(args);
    }
    let is_batpak = preview(&args.dir).is_ok_and(|preview| preview.format == StoreFormat::Batpak);
    if let Some(into) = &args.into {
        return copy_batpak(args, into);
    }
    if is_batpak && args.apply {
        let dir = args.dir.display();
        return Err(Ending::failed(format!(
            "{dir}: a batpak directory is never written; --into makes a repaired copy"
        )));
    }
    if is_batpak {
        let plan = plan_batpak_repair(&args.dir, &mut progress("read")).map_err(named)?;
        return tell(args, || batpak_json(&plan), || batpak_text(&args.dir, &plan));
    }
    let plan = plan_repair(&args.dir, &mut progress("read")).map_err(named)?;
    let Some(backup) = args.backup.as_ref().filter(|_| args.apply) else {
        return tell(args, || plan_json(&plan), || plan_text(&plan));
    };
    if !plan.is_needed() {
        return tell(args, || plan_json(&plan), || plan_text(&plan));
    }
    if !args.yes {
        ask(&plan, backup)?;
    }
    let options = RepairOptions { backup: backup.clone() };
    let report = apply_plan(&args.dir, &plan, &options, &mut progress("backed up")).map_err(named)?;
    let answer = || {
        json!({
            "repaired": true, "steps": report.steps, "journal": report.journal, "backup": report.backup,
            "files_backed_up": report.files, "bytes_backed_up": report.bytes,
        })
    };
    let text = || {
        format!(
            "Repaired {} in {}.\nThe {} ({} bytes) as they were: {}\nWhat was done and why: {}\nTo undo it: causeway repair {} --undo\n",
            args.dir.display(),
            counted(report.steps, "step"),
            counted(report.files, "file"),
            report.bytes,
            report.backup.display(),
            args.dir.join(&report.journal).display(),
            args.dir.display(),
        )
    };
    tell(args, answer, text)
}

fn undo(args: &RepairArgs) -> Outcome {
    let undone = undo_repair(&args.dir).map_err(|error| failure::of_directory(&args.dir, &error))?;
    let answer = || {
        json!({
            "undone": true, "restored": undone.restored, "removed": undone.removed,
            "digest": hash_text(&undone.digest), "backup": undone.backup,
        })
    };
    let text = || {
        format!(
            "Undone: every file of {} is as it was before the repair ({} put back, {} removed).\nThe backup is still at {}\n",
            args.dir.display(),
            undone.restored,
            undone.removed,
            undone.backup.display()
        )
    };
    tell(args, answer, text)
}

fn copy_batpak(args: &RepairArgs, into: &Path) -> Outcome {
    let events = repair_batpak(&args.dir, into, &mut progress("read"))
        .map_err(|error| failure::of_directory(&args.dir, &error))?;
    let answer = || json!({ "copied": true, "events": events, "into": into });
    let text = || {
        format!(
            "Copied {} of {} to {}, which batpak 0.8.2 can open.\nNothing was written in the original.\n",
            counted(events, "event"),
            args.dir.display(),
            into.display()
        )
    };
    tell(args, answer, text)
}

/// Asks on the terminal; anything but the word is a no.
fn ask(plan: &RepairPlan, backup: &Path) -> Outcome {
    if !io::stdin().is_terminal() {
        let message = "--apply asks on a terminal, and there is none; --yes does it without asking";
        return Err(Ending::failed(message));
    }
    let mut err = io::stderr().lock();
    write!(err, "{}", plan_text(plan))?;
    write!(err, "\nThe backup goes to {}.\nType \"{CONSENT}\" to have this done: ", backup.display())?;
    err.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    if answer.trim() == CONSENT { Ok(()) } else { Err(Ending::failed("nothing was done")) }
}

fn tell(args: &RepairArgs, json: impl Fn() -> Value, text: impl Fn() -> String) -> Outcome {
    let mut out = stdout().lock();
    if args.json {
        return print_json(&mut out, &json());
    }
    Ok(out.write_all(text().as_bytes())?)
}

fn plan_text(plan: &RepairPlan) -> String {
    let mut text = String::new();
    // Writing to a text succeeds.
    let _ = say_plan(&mut text, plan);
    text
}

fn say_plan(text: &mut String, plan: &RepairPlan) -> std::fmt::Result {
    let dir = plan.path.display();
    if let Some(journal) = &plan.unfinished {
        writeln!(text, "A repair was interrupted here ({journal}). Repair again, or undo it with --undo.\n")?;
    }
    if plan.steps.is_empty() {
        writeln!(text, "There is nothing to repair in {dir}.")?;
    } else {
        writeln!(text, "What would be done in {dir} (nothing has been written):")?;
    }
    for (number, step) in plan.steps.iter().enumerate() {
        writeln!(text, "\n{}. {}", number + 1, sentence(&step.to_string()))?;
        for finding in &step.findings {
            writeln!(text, "   why: {finding}")?;
        }
        writeln!(text, "   effect: {}", step.effect())?;
    }
    let (lost, notes): (Vec<&Finding>, Vec<&Finding>) =
        plan.remains.iter().partition(|finding| finding.class.is_damage());
    say_list(text, "What no repair mends:", &lost)?;
    if plan.lost_events > 0 {
        writeln!(
            text,
            "{} cannot be brought back from this directory; a backup may have them.",
            capital(&counted(plan.lost_events, "event"))
        )?;
    }
    say_list(text, "Worth knowing:", &notes)?;
    if plan.is_needed() {
        writeln!(
            text,
            "\nFirst {} ({} bytes) are copied to a backup and compared. What a file held before is kept in quarantine as well.\nTo do it: causeway repair {dir} --apply --backup BACKUP_DIR",
            counted(plan.files, "file"),
            plan.bytes,
        )?;
    }
    Ok(())
}

fn say_list(text: &mut String, title: &str, findings: &[&Finding]) -> std::fmt::Result {
    if findings.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n{title}")?;
    findings.iter().try_for_each(|finding| writeln!(text, "- {finding}"))
}

fn batpak_text(dir: &Path, plan: &BatpakRepairPlan) -> String {
    let mut text = String::new();
    for finding in &plan.findings {
        // Writing to a text succeeds.
        let _ = writeln!(text, "- {finding}");
    }
    let (dir, events) = (dir.display(), counted(plan.events, "event"));
    text + &match (&plan.obstacle, plan.is_needed) {
        (Some(obstacle), _) => format!(
            "No copy of {dir} can be made that batpak 0.8.2 reads: {obstacle}.\nInto a store of ours all of it can go: causeway import {dir} NEW_STORE\n"
        ),
        (None, true) => format!(
            "batpak 0.8.2 may not read all of this. A copy of {events} that it reads, the original untouched: causeway repair {dir} --into COPY\n"
        ),
        (None, false) => format!(
            "There is nothing to repair in {dir}: batpak 0.8.2 reads the {events} that can be shown.\n"
        ),
    }
}

fn plan_json(plan: &RepairPlan) -> Value {
    let steps: Vec<Value> = plan
        .steps
        .iter()
        .map(|step| {
            let why: Vec<Value> = step.findings.iter().map(finding_json).collect();
            json!({ "file": step.file, "what": step.to_string(), "effect": step.effect(), "why": why })
        })
        .collect();
    json!({
        "needed": plan.is_needed(), "steps": steps,
        "remains": plan.remains.iter().map(finding_json).collect::<Vec<_>>(),
        "mended_events": plan.mended_events, "lost_events": plan.lost_events,
        "files": plan.files, "bytes": plan.bytes, "digest": hash_text(&plan.digest),
        "interrupted": plan.unfinished,
    })
}

fn batpak_json(plan: &BatpakRepairPlan) -> Value {
    json!({
        "needed": plan.is_needed, "events": plan.events, "obstacle": plan.obstacle,
        "findings": plan.findings.iter().map(finding_json).collect::<Vec<_>>(),
    })
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "class": format!("{:?}", finding.class), "message": finding.message, "file": finding.file,
        "offset": finding.offset, "sequence": finding.sequence,
        "expected": finding.expected, "found": finding.found,
    })
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn sentence(text: &str) -> String {
    let mut text = capital(text);
    text.push('.');
    text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
