//! Owns the proof that a directory somebody else made costs little and breaks nothing: each is opened in a process of its own that may not
//! take more memory than it should.
//!
//! Memory is the greatest that the kernel ever saw the process use, and work is the bytes that it asked the kernel for: neither depends on
//! how busy the machine is. Both are known on Linux only; elsewhere the directories are opened without being measured.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs)]

mod bytes;
mod foreign;
mod logs;
mod visit;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::visit::{DIRECTORY, Visit};

/// What somebody made, and what is to become of it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) make: fn(&Path),
    pub(crate) expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// For reading and for writing.
    Opens,
    /// For reading; a writer refuses it.
    Reads,
    /// It is no store.
    Refused,
}

const MIB: u64 = 1024 * 1024;
/// Address space of the process, in KiB: 512 MiB besides two frames at their greatest.
const ADDRESS_SPACE_KIB: u64 = 1024 * 1024;
/// Files that the process may have open.
const DESCRIPTORS: u64 = 256;
/// Greatest frame, and the most of a file that is a segment.
const MAX_FRAME_BYTES: u64 = 256 * MIB;
const MAX_SEGMENT_BYTES: u64 = 4096 * MIB;
/// How often the bytes of a directory may be read: opened twice for reading and twice for writing, verified and dumped each time.
/// Each search behind damage puts bytes through checksums up to sixteen times.
const READINGS: u64 = 48;
/// What a small directory may cost besides.
const BESIDES_BYTES: u64 = 64 * MIB;

/// The greatest file of a directory, and all of them together, as far as they may be read.
fn sizes(directory: &Path) -> (u64, u64) {
    let files = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().metadata().unwrap());
    let lens: Vec<u64> =
        files.filter(fs::Metadata::is_file).map(|file| file.len().min(MAX_SEGMENT_BYTES)).collect();
    (lens.iter().copied().max().unwrap_or(0), lens.iter().sum())
}

/// Visits a directory in a process of its own.
fn visit(directory: &Path) -> Visit {
    let limits = format!("ulimit -v {ADDRESS_SPACE_KIB}; ulimit -n {DESCRIPTORS}; exec \"$0\" \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limits])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "visit::child", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory)
        // Each thread would reserve address space for an arena of its own.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let told = Visit::told_in(&text).filter(|_| output.status.success());
    told.unwrap_or_else(|| Visit {
        refusal: format!("{}\n{text}\n{}", output.status, String::from_utf8_lossy(&output.stderr)),
        failed: true,
        ..Visit::default()
    })
}

/// Visits what a case makes, and says what of it is not as it must be.
fn check(case: &Case, directory: &Path) -> (Visit, Vec<String>) {
    (case.make)(directory);
    let (greatest, all) = sizes(directory);
    let began = Instant::now();
    let visit = visit(directory);
    println!("{:>6} ms {visit} {}", began.elapsed().as_millis(), case.name);
    let found = match (visit.reads, visit.writes) {
        (true, true) => Expected::Opens,
        (true, false) => Expected::Reads,
        (false, _) => Expected::Refused,
    };
    let (memory, work) = (64 * MIB + 2 * greatest.min(MAX_FRAME_BYTES), all * READINGS + BESIDES_BYTES);
    let mut wrong = Vec::new();
    if visit.failed {
        wrong.push(format!("{}: {}", case.name, visit.refusal));
    }
    if found != case.expected {
        wrong.push(format!("{}: {found:?} and not {:?}: {}", case.name, case.expected, visit.refusal));
    }
    if visit.peak_bytes > memory {
        wrong.push(format!("{}: {} bytes of memory, {memory} allowed", case.name, visit.peak_bytes));
    }
    if visit.read_bytes > work {
        wrong.push(format!("{}: {} bytes were read, {work} allowed", case.name, visit.read_bytes));
    }
    (visit, wrong)
}

fn run(cases: &[Case], least: usize) {
    let (mut memory, mut work, mut wrong) = (0, 0, Vec::new());
    for case in cases {
        let home = tempfile::tempdir().unwrap();
        let (visit, found) = check(case, home.path());
        wrong.extend(found);
        memory = memory.max(visit.peak_bytes);
        work = work.max(visit.read_bytes);
    }
    let told = cases.len();
    println!(
        "G12 hostile directories within their memory: {told}, at least {least}; at most {} KiB",
        memory / 1024
    );
    println!(
        "G13 hostile directories within their work: {told}, at least {least}; at most {} KiB read",
        work / 1024
    );
    assert!(told >= least && wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_hostile_log_is_opened_or_refused_within_memory_and_work_that_its_length_bounds() {
    run(logs::CASES, 40);
}

#[test]
fn a_hostile_batpak_directory_is_shown_or_refused_within_memory_and_work_that_its_length_bounds() {
    run(foreign::CASES, 12);
}
