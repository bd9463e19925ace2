//! Owns what is said of a directory, before and after it is opened: what it holds, who wrote it, how its kinds are called.

use std::path::Path;

use causeway::event::EventKind;
use causeway::store::{self, LockHolder, StoreError, StoreFormat as Format};

use crate::state::kind_names;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::protocol::{Failure, Position, Preview, StoreFormat, Summary};
use crate::worker::small_file;

/// The file beside or in a directory that names its kinds.
const KIND_NAMES_FILE: &str = "kinds.json";

/// What a directory holds.
pub(crate) fn preview(path: &Path) -> Result<Preview, Failure> {
    let found = store::preview(path).map_err(|error| failure::of_directory(path, &error))?;
    Ok(Preview {
        path: path.to_owned(),
        format: format(found.format),
        bytes: found.bytes,
        segments: found.segments,
        events: found.events,
        span_us: found.span_us,
        holder: found.holder.map(named),
        findings: found.findings,
    })
}

/// What is known of a store that was just opened.
pub(crate) fn summary(
    path: &Path,
    opened: Result<Handle, StoreError>,
    is_demo: bool,
) -> Result<(Handle, Summary), Failure> {
    let handle = opened.map_err(|error| failure::of_directory(path, &error))?;
    let mode = handle.mode();
    let summary = Summary {
        path: path.to_owned(),
        identity: handle.identity(),
        format: format(handle.format()),
        mode,
        demo: is_demo,
        kind_names: names_of_kinds(&handle, path),
        position: position(&handle),
    };
    Ok((handle, summary))
}

/// Where a store stands.
pub(crate) fn position(handle: &Handle) -> Position {
    let events = handle.visible();
    let last = handle.columns(events.saturating_sub(1)..events).ok();
    Position {
        events,
        durable: handle.durable(),
        last_us: last.and_then(|columns| columns.times_us.last().copied()),
        bytes: handle.size_bytes().unwrap_or_default(),
        holder: None,
        rolled_back_to: None,
        lost: None,
    }
}

fn format(format: Format) -> StoreFormat {
    match format {
        Format::Causeway { version } => StoreFormat::Causeway { version },
        _ => StoreFormat::Batpak,
    }
}

/// The writer in the words of the interface.
pub(crate) fn named(holder: LockHolder) -> (u32, Option<String>) {
    (holder.process_id, holder.program)
}

/// Names from a file beside the store, then from the log, which knows better.
fn names_of_kinds(handle: &Handle, path: &Path) -> Vec<(EventKind, String)> {
    let beside = path.parent().map(|parent| parent.join(KIND_NAMES_FILE));
    let files = [Some(path.join(KIND_NAMES_FILE)), beside];
    // A file that is no list of names is somebody else's.
    let from_file = files.into_iter().flatten().find_map(|file| {
        let text = small_file::read(&file).ok()?;
        kind_names::parse_json(&text).ok()
    });
    // A log whose descriptions cannot be read still has its numbers.
    let described = handle.kind_descriptions().unwrap_or_default();
    let from_log = described.into_iter().map(|description| (description.kind, description.name));
    from_file.into_iter().flatten().chain(from_log).collect()
}
