//! Owns the engine driver: a program that appends, dumps or holds a store and says each step on its output, a line of JSON each.
//!
//! This file is compiled once against each engine: `crate::engine` is the engine, under the public names that they share, and
//! the one thing they tell differently.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use causeway_tests::protocol::{self, DumpEnd, DumpedEvent, Line, Mode, Numbered, Options, hex};
use serde_json::Value;

use crate::engine::{
    self, AppendOptions, AppendReceipt, BatchAppendItem, CausationRef, CompactionConfig, CompactionOutcome,
    CompactionStrategy, Coordinate, Event, EventId, EventKind, IdempotencyKey, IndexEntry, ReadOnly, Region,
    Store, StoreConfig, StoreError,
};

/// Why a driver gives up: at which stage, and what was said.
struct GivesUp {
    stage: &'static str,
    class: String,
    message: String,
}

impl GivesUp {
    fn at(stage: &'static str) -> impl Fn(StoreError) -> Self {
        move |error| Self { stage, class: class(&error), message: error.to_string() }
    }

    fn usage(message: impl Into<String>) -> Self {
        Self { stage: "usage", class: "Usage".to_owned(), message: message.into() }
    }
}

/// Runs the command line and returns the exit code: 0, or 2 after an error line.
pub(crate) fn run() -> ExitCode {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        let _ = io::stdout().write_all(protocol::usage().as_bytes());
        return ExitCode::SUCCESS;
    }
    match command(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(GivesUp { stage, class, message }) => {
            say(&Line::Error { stage: stage.to_owned(), class, msg: message });
            ExitCode::from(2)
        }
    }
}

fn command(words: &[OsString]) -> Result<(), GivesUp> {
    let [command, directory, rest @ ..] = words else {
        return Err(GivesUp::usage(protocol::usage()));
    };
    let rest: Vec<String> = rest.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let options = Options::parse(&rest).map_err(GivesUp::usage)?;
    let directory = Path::new(directory);
    match &*command.to_string_lossy() {
        "append-loop" => append_loop(directory, &options),
        "compact" => compact(directory, &options),
        "dump" if options.rw => {
            let store = Store::open(config(directory, &options)).map_err(GivesUp::at("open"))?;
            dump(&store, directory, &options);
            finish(store, &options)
        }
        "dump" => {
            let store = Store::<ReadOnly>::open_read_only(config(directory, &options))
                .map_err(GivesUp::at("open"))?;
            dump(&store, directory, &options);
            Ok(())
        }
        "hold" => {
            let store = Store::open(config(directory, &options)).map_err(GivesUp::at("open"))?;
            say(&Line::Open);
            std::thread::sleep(Duration::from_millis(options.ms));
            finish(store, &options)?;
            say(&Line::Closed);
            Ok(())
        }
        other => Err(GivesUp::usage(format!("{other:?} is no command"))),
    }
}

fn config(directory: &Path, options: &Options) -> StoreConfig {
    let mut config = StoreConfig::new(directory);
    if let Some(bytes) = options.seg {
        config = config.with_segment_max_bytes(bytes);
    }
    if let Some(events) = options.every {
        config = config.with_sync_every_n_events(events);
    }
    if let Some(now_us) = options.clock {
        config = config.with_clock_fn(move || now_us);
    }
    config.with_batch_max_size(u32::try_from(options.bsz).unwrap_or(u32::MAX).max(256))
}

/// Closes the store, or ends the process with the store open, as a program does that forgets to close.
fn finish(store: Store, options: &Options) -> Result<(), GivesUp> {
    if !options.close {
        say(&Line::Exit);
        std::process::exit(0);
    }
    store.close().map(drop).map_err(GivesUp::at("close"))
}

fn append_loop(directory: &Path, options: &Options) -> Result<(), GivesUp> {
    let store = Arc::new(Store::open(config(directory, options)).map_err(GivesUp::at("open"))?);
    say(&Line::Open);
    let compactor = (options.compact > 0).then(|| Compactor::start(&store, options));
    for (place, numbers) in (1..).zip(options.operations()) {
        say(&Line::Try { n: numbers.clone() });
        match append(&store, &numbers, options) {
            Ok(durable) => say(&Line::Ack { n: numbers, durable }),
            Err(error) => {
                say(&Line::Err { n: numbers, class: class(&error), msg: error.to_string() });
                if !options.keepgoing {
                    break;
                }
                if options.resync {
                    store.sync().map_err(GivesUp::at("sync"))?;
                }
            }
        }
        if let Some(compactor) = compactor.as_ref().filter(|_| place % options.compact == 0) {
            compactor.call();
        }
        if options.pause_us > 0 {
            std::thread::sleep(Duration::from_micros(options.pause_us));
        }
    }
    if let Some(compactor) = compactor {
        compactor.finish();
    }
    let store = Arc::into_inner(store).ok_or_else(|| GivesUp::usage("the store is still shared"))?;
    finish(store, options)?;
    say(&Line::Closed);
    Ok(())
}

/// A thread that compacts the store when it is called.
struct Compactor {
    calls: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Compactor {
    fn start(store: &Arc<Store>, options: &Options) -> Self {
        let (calls, called) = sync_channel(1);
        let (store, options) = (Arc::clone(store), options.clone());
        let thread = std::thread::spawn(move || {
            for () in called {
                let line = compacted(&store, &options).unwrap_or_else(|error| failed(error.to_string()));
                say(&line);
            }
        });
        Self { calls, thread }
    }

    /// Asks for a compaction; one that is asked for while another waits is the same.
    fn call(&self) {
        let _ = self.calls.try_send(());
    }

    fn finish(self) {
        drop(self.calls);
        // A panic in the thread was reported by its own hook.
        let _ = self.thread.join();
    }
}

fn compact(directory: &Path, options: &Options) -> Result<(), GivesUp> {
    let store = Store::open(config(directory, options)).map_err(GivesUp::at("open"))?;
    say(&Line::Open);
    let line = compacted(&store, options).map_err(GivesUp::at("compact"))?;
    say(&line);
    finish(store, options)?;
    say(&Line::Closed);
    Ok(())
}

/// Compacts, and tells how that ended.
fn compacted(store: &Store, options: &Options) -> Result<Line, StoreError> {
    let strategy = if options.retain {
        CompactionStrategy::Retention(Box::new(|stored| {
            stored.event.payload.get("n").and_then(Value::as_u64).is_none_or(|n| n % 2 == 0)
        }))
    } else {
        CompactionStrategy::Merge
    };
    let (result, _) = store.compact(&CompactionConfig { strategy, min_segments: options.min })?;
    let ended = |outcome: &str| Line::Compacted {
        outcome: outcome.to_owned(),
        removed: result.segments_removed as u64,
        reclaimed: result.bytes_reclaimed,
        msg: None,
    };
    Ok(match &result.outcome {
        CompactionOutcome::Performed => ended("performed"),
        CompactionOutcome::Failed { reason } => failed(reason.clone()),
        _ => ended("skipped"),
    })
}

fn failed(reason: String) -> Line {
    Line::Compacted { outcome: "failed".to_owned(), removed: 0, reclaimed: 0, msg: Some(reason) }
}

/// Appends the events of one operation and tells whether they are durable.
fn append(store: &Store, numbers: &[u64], options: &Options) -> Result<bool, StoreError> {
    let receipts = commit(store, numbers, options)?;
    if options.readback {
        for receipt in &receipts {
            store.get(receipt.event_id)?;
        }
    }
    if options.sync {
        store.sync()?;
        return Ok(true);
    }
    Ok(receipts.iter().all(|receipt| engine::is_durable(receipt, numbers.len())))
}

/// Commits the events of one operation together.
fn commit(store: &Store, numbers: &[u64], options: &Options) -> Result<Vec<AppendReceipt>, StoreError> {
    let kind = EventKind::custom(protocol::KIND.0, protocol::KIND.1);
    let payload = |n: u64| Numbered::new(n, options.pad);
    if options.mode == Mode::Fence {
        let fence = store.begin_visibility_fence()?;
        let submit = |n: &u64| fence.submit(&coordinate(*n)?, kind, &payload(*n));
        let tickets = numbers.iter().map(submit).collect::<Result<Vec<_>, _>>()?;
        fence.commit()?;
        let mut receipts = Vec::new();
        for ticket in tickets {
            receipts.push(ticket.wait()?);
        }
        return Ok(receipts);
    }
    if let [n] = *numbers {
        let options = append_options(n, options);
        return Ok(vec![store.append_with_options(&coordinate(n)?, kind, &payload(n), options)?]);
    }
    let item = |n: &u64| {
        let options = append_options(*n, options);
        BatchAppendItem::new(coordinate(*n)?, kind, &payload(*n), options, CausationRef::None)
    };
    store.append_batch(numbers.iter().map(item).collect::<Result<_, _>>()?)
}

fn coordinate(n: u64) -> Result<Coordinate, StoreError> {
    Ok(Coordinate::new(protocol::entity(n), protocol::SCOPE)?)
}

fn append_options(n: u64, options: &Options) -> AppendOptions {
    let plain = AppendOptions::new();
    if options.idem { plain.with_idempotency(IdempotencyKey::from(u128::from(n) + 1)) } else { plain }
}

/// What a dump reads, whichever way the store was opened.
trait Reads {
    fn entries(&self) -> Vec<IndexEntry>;
    fn raw(&self, id: EventId) -> Result<Event<Vec<u8>>, StoreError>;
    fn json(&self, id: EventId) -> Result<Value, StoreError>;
}

macro_rules! reads {
    ($($store:ty),+) => {$(
        impl Reads for $store {
            fn entries(&self) -> Vec<IndexEntry> {
                self.query(&Region::all())
            }

            fn raw(&self, id: EventId) -> Result<Event<Vec<u8>>, StoreError> {
                Ok(self.read_raw(id)?.event)
            }

            fn json(&self, id: EventId) -> Result<Value, StoreError> {
                Ok(self.get(id)?.event.payload)
            }
        }
    )+};
}

reads!(Store, Store<ReadOnly>);

fn dump(store: &impl Reads, directory: &Path, options: &Options) {
    let mut heads = HashMap::new();
    let mut end =
        DumpEnd { events: 0, unreadable: 0, hash_bad: 0, link_bad: 0, path: PathBuf::from(directory) };
    for entry in store.entries() {
        let event = dumped(store, &entry);
        let head = heads.insert(event.entity.clone(), (event.clock, event.hash.clone()));
        let (next, head) = head.map_or((0, hex(&[0; 32])), |(clock, hash)| (clock.saturating_add(1), hash));
        end.events += 1;
        end.unreadable += u64::from(!event.read);
        end.hash_bad += u64::from(!event.hash_ok);
        // What stands between two events of a stream and is not told was removed: the link to it cannot be checked.
        end.link_bad += u64::from(event.prev != head && event.clock == next);
        if !options.quiet {
            say(&Line::Ev(Box::new(event)));
        }
    }
    say(&Line::End(end));
}

fn dumped(store: &impl Reads, entry: &IndexEntry) -> DumpedEvent {
    let id = EventId::from(entry.event_id());
    let stored = store.raw(id);
    let number = store.json(id).ok().and_then(|payload| payload.get("n").and_then(Value::as_u64));
    let content = stored.as_ref().ok().map(|event| engine::compute_hash(&event.payload));
    let said = stored.as_ref().ok().map(|event| event.header.content_hash);
    DumpedEvent {
        seq: entry.global_sequence(),
        id: format!("{:032x}", entry.event_id()),
        entity: entry.coord().entity().to_owned(),
        scope: entry.coord().scope().to_owned(),
        kind: entry.event_kind().as_raw_u16(),
        clock: entry.clock(),
        wall: entry.wall_ms(),
        n: number,
        hash: hex(&entry.hash_chain().event_hash),
        prev: hex(&entry.hash_chain().prev_hash),
        content: content.map(|hash| hex(&hash)).unwrap_or_default(),
        read: stored.is_ok(),
        hash_ok: content.is_some() && content == said,
        err: stored.err().map(|error| error.to_string()),
    }
}

/// The variant's name: what a test may compare.
fn class(error: &StoreError) -> String {
    let text = format!("{error:?}");
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
}

/// Writes one line and flushes it, so that whoever reads knows it before anything else happens.
fn say(line: &Line) {
    let mut text = serde_json::to_string(line).expect("lines are plain data");
    text.push('\n');
    let mut stdout = io::stdout().lock();
    if stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).is_err() {
        // Nobody listens any more.
        std::process::exit(3);
    }
}
