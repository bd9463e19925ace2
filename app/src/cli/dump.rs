//! Owns printing events: one line of JSON each, in commit order.

use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;

use causeway::encoding;
use causeway::store::{LogEvent, ReadOnly, Selection, Store, StoreConfig};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::cli::{Ending, Outcome, hash_text, id_text, print_json};
use crate::worker::failure;

#[derive(Debug, Args)]
pub(super) struct DumpArgs {
    /// Directory of the store.
    dir: PathBuf,
    /// Print also the events that the program which wrote the directory hides.
    #[arg(long)]
    hidden: bool,
}

/// An event as it is printed; the order of the fields is the order in the line.
#[derive(Serialize)]
struct Line<'a> {
    sequence: u64,
    id: String,
    entity: &'a str,
    scope: &'a str,
    kind: String,
    time_us: i64,
    clock: u32,
    correlation: String,
    causation: Option<String>,
    prev_hash: String,
    event_hash: String,
    content_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_error: Option<String>,
    flags: u8,
    lane: u32,
    depth: u32,
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
            Ok(event) => print_json(&mut out, &line(&event))?,
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

fn line(event: &LogEvent) -> Line<'_> {
    let raw = &event.raw;
    let header = &raw.header;
    let (payload, payload_error) = match encoding::to_json(&raw.payload) {
        Ok(payload) => (Some(payload), None),
        Err(error) => (None, Some(error.to_string())),
    };
    Line {
        sequence: raw.global_sequence,
        id: id_text(header.event_id),
        entity: raw.coordinate.entity(),
        scope: raw.coordinate.scope(),
        kind: header.event_kind.to_string(),
        time_us: header.timestamp_us,
        clock: header.position.sequence(),
        correlation: id_text(header.correlation_id),
        causation: header.causation_id.map(id_text),
        prev_hash: hash_text(&event.prev_hash),
        event_hash: hash_text(&raw.event_hash),
        content_hash: hash_text(&header.content_hash),
        payload,
        payload_error,
        flags: header.flags,
        lane: header.position.lane(),
        depth: header.position.depth(),
    }
}
