//! Owns writing events from the command line: one that a person gives, or the demonstration's.

use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use causeway::event::EventKind;
use causeway::id::{CorrelationId, EventId};
use causeway::store::{Open, Store, StoreConfig};
use clap::Args;
use serde::Serialize;
use serde_json::Value;

use crate::cli::{Ending, Outcome, hash_text, id_text, print_json};
use crate::state::{kind_names, query};
use crate::worker::protocol::Draft;
use crate::worker::{append, demo, failure, small_file};

#[derive(Debug, Args)]
pub(super) struct AppendArgs {
    /// Directory of the store; it is created if it is not there.
    dir: PathBuf,
    /// Whose stream the event extends.
    #[arg(long)]
    entity: String,
    /// The context it happens in.
    #[arg(long)]
    scope: String,
    /// Its kind: a number such as 0xF001, or a name that the store knows.
    #[arg(long)]
    kind: String,
    /// Its payload.
    #[arg(long, value_name = "JSON")]
    json: String,
    /// Id of the event that caused it; it then belongs to the same conversation.
    #[arg(long, value_name = "ID")]
    caused_by: Option<String>,
}

#[derive(Serialize)]
struct Receipt {
    sequence: u64,
    id: String,
    clock: u32,
    content_hash: String,
    durable: bool,
}

/// Appends an event and prints its receipt once it is on stable storage.
pub(super) fn append(args: &AppendArgs) -> Outcome {
    let payload: Value =
        serde_json::from_str(&args.json).map_err(|error| Ending::failed(format!("--json: {error}")))?;
    let store =
        Store::open(StoreConfig::new(&args.dir)).map_err(|error| failure::of_directory(&args.dir, &error))?;
    let draft = Draft {
        entity: args.entity.clone(),
        scope: args.scope.clone(),
        kind: kind(&store, &args.dir, &args.kind)?,
        payload,
        expected: None,
        reaction_to: args.caused_by.as_deref().map(|id| cause(&store, id)).transpose()?,
    };
    let receipt = append::append_to(&store, &draft)?;
    // Closing writes everything to stable storage, whatever the receipt said.
    store.close().map_err(|error| failure::of_directory(&args.dir, &error))?;
    let receipt = Receipt {
        sequence: receipt.sequence,
        id: id_text(receipt.event_id),
        clock: receipt.clock,
        content_hash: hash_text(&receipt.content_hash),
        durable: true,
    };
    print_json(&mut stdout().lock(), &receipt)
}

fn kind(store: &Store<Open>, dir: &Path, word: &str) -> Result<EventKind, Ending> {
    if let Some(kind) = query::number(word) {
        return Ok(kind);
    }
    let described = store.kind_descriptions().map_err(|error| failure::of(&error))?;
    let from_log = described.into_iter().map(|description| (description.kind, description.name));
    let file = small_file::read(&dir.join("kinds.json")).ok();
    let from_file = file.and_then(|text| kind_names::parse_json(&text).ok()).unwrap_or_default();
    from_file
        .into_iter()
        .chain(from_log)
        .find(|(_, name)| name == word)
        .map(|(kind, _)| kind)
        .ok_or_else(|| Ending::failed(format!("--kind: {} has no kind called {word:?}", dir.display())))
}

fn cause(store: &Store<Open>, text: &str) -> Result<(EventId, CorrelationId), Ending> {
    let digits = text.strip_prefix("event:").unwrap_or(text);
    let id = u128::from_str_radix(digits, 16).map(EventId::from).map_err(|_| {
        Ending::failed(format!("--caused-by: {text:?} is not an id of 32 hexadecimal digits"))
    })?;
    let found = store.sequence_of(id).map_err(|error| failure::of(&error))?;
    let sequence =
        found.ok_or_else(|| Ending::failed(format!("--caused-by: no event has the id {digits}")))?;
    let event = store.event_at(sequence).map_err(|error| failure::of(&error))?;
    Ok((id, event.raw.header.correlation_id))
}

/// Creates a store with the beginning of the demonstration.
pub(super) fn create_demo(dir: &Path, events: u32, damaged: bool) -> Outcome {
    let of_directory = |error| failure::of_directory(dir, &error);
    if dir.exists() {
        return Err(Ending::failed(format!("{}: something is there already", dir.display())));
    }
    if damaged {
        demo::create_damaged(dir, events).map_err(of_directory)?;
    } else {
        demo::create(dir, events).map_err(of_directory)?;
    }
    writeln!(stdout(), "created {} events={events} damaged={damaged}", dir.display())?;
    Ok(())
}

/// Feeds a directory with the demonstration until the program is interrupted or nobody reads what it prints.
pub(super) fn feed(dir: &Path, events: u32, per_second: f64) -> Outcome {
    let (store, mut story) = demo::open(dir, events).map_err(|error| failure::of_directory(dir, &error))?;
    let mut out = stdout().lock();
    let mut told = Ok(());
    let fed = demo::feed(&store, &mut story, per_second, |receipt| {
        let line = match receipt {
            None => writeln!(out, "feeding events={}", store.visible()),
            Some(receipt) => writeln!(out, "appended sequence={}", receipt.sequence),
        };
        told = line.and_then(|()| out.flush());
        told.is_ok()
    });
    fed.map_err(|error| failure::of_directory(dir, &error))?;
    Ok(told?)
}
