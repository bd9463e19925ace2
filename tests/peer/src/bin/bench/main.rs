//! The benchmark: the same work by this store and by batpak 0.8.2, in turn, in one run. Prints a table; never fails because of time.
//!
//! `cargo run --release --manifest-path tests/peer/Cargo.toml --bin bench -- --events 100000`
//!
//! Other options: `--seed N` repeats a run's events, `--dir DIR` says where the stores are built (on the disk that is of interest).

#![expect(clippy::duplicate_mod, reason = "the measured work is compiled once against each engine")]

use std::path::PathBuf;
use std::process::ExitCode;

use crate::table::{Figures, Table};
use crate::workload::Workload;

mod cost;
mod ours;
mod table;
mod theirs;
mod workload;

struct Arguments {
    events: usize,
    seed: u64,
    directory: PathBuf,
}

fn arguments() -> Option<Arguments> {
    let mut arguments = Arguments { events: 100_000, seed: 1, directory: std::env::temp_dir() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--events" => arguments.events = words.next()?.parse().ok().filter(|events| *events >= 10_000)?,
            "--seed" => arguments.seed = words.next()?.parse().ok()?,
            "--dir" => arguments.directory = words.next()?.into(),
            _ => return None,
        }
    }
    Some(arguments)
}

fn main() -> ExitCode {
    let Some(arguments) = arguments() else {
        eprintln!("usage: bench [--events N] [--seed N] [--dir DIR]; at least 10000 events");
        return ExitCode::from(2);
    };
    let home = match tempfile::tempdir_in(&arguments.directory) {
        Ok(home) => home,
        Err(error) => {
            eprintln!("{}: {error}", arguments.directory.display());
            return ExitCode::FAILURE;
        }
    };
    let workload = Workload::new(arguments.seed, arguments.events);
    let ours = ours::subject::Subject::new(&home.path().join("ours"));
    let theirs = theirs::subject::Subject::new(&home.path().join("theirs"));
    println!(
        "{} events of {} bytes of payload, {} entities (Zipf), {} scopes, {} kinds, flows of {}; seed {}; in {}\n",
        arguments.events,
        workload::PAYLOAD_BYTES,
        workload::ENTITIES,
        workload::SCOPES,
        workload::KINDS,
        workload::FLOW,
        arguments.seed,
        arguments.directory.display(),
    );
    println!("{}", compare(&workload, arguments.seed, ours, theirs));
    ExitCode::SUCCESS
}

/// Each piece of work by the one and then by the other, so that both meet the machine in the same mood.
fn compare(
    workload: &Workload,
    seed: u64,
    mut ours: ours::subject::Subject,
    mut theirs: theirs::subject::Subject,
) -> Table {
    ours::subject::check_size(&workload.events[0].order);
    theirs::subject::check_size(&workload.events[0].order);
    let few = &workload.events[..workload.events.len().min(2_000)];
    let some = &workload.events[..workload.events.len() / 5];
    let mut table = Table::default();
    macro_rules! both {
        ($figures:path, $work:literal, $subject:ident => $measured:expr) => {{
            let one = {
                let $subject = &mut ours;
                $measured
            };
            let other = {
                let $subject = &mut theirs;
                $measured
            };
            table.add($work, $figures(one, other));
        }};
    }
    both!(Figures::Costs, "append, 1 thread, an event", it => it.append(workload));
    both!(Figures::Costs, "append, 8 threads, an event", it => it.append_by_threads(workload));
    both!(Figures::Costs, "append, fsync each, an event", it => it.append_durably(few));
    both!(Figures::Costs, "batches of 100, fsync each batch, an event", it => it.append_batches(some));
    both!(Figures::Costs, "get by id, an event", it => it.get(seed));
    both!(Figures::Costs, "page of 1,000 from the middle", it => it.page(0.5));
    both!(Figures::Costs, "page of 1,000 at the end", it => it.page(1.0));
    both!(Figures::Costs, "projection of the hottest entity", it => it.project());
    both!(Figures::Costs, "the same after one more event", it => it.project_again(workload));
    both!(Figures::Waits, "watch: append to delivered state, median", it => it.watch(workload));
    both!(Figures::Costs, "close", it => it.close());
    both!(Figures::Sizes, "on disk, an event", it => it.bytes_an_event());
    both!(Figures::Costs, "open after a clean close", it => it.open());
    ours.forget_to_close();
    theirs.forget_to_close();
    both!(Figures::Costs, "open after a drop without a close", it => it.open());
    table
}
