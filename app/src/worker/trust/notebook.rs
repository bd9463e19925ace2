//! Owns the file beside the settings in which the notes of a store stand, and finding their events.
//!
//! Invariants:
//! - the store is never written: a file of ours takes the notes, named after the store's identity;
//! - the file is replaced as a whole, and one that cannot be read stays where it is.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use causeway::event::hash::compute_hash;
use causeway::store::StoreFormat;

use crate::state::notes::{Note, Notebook};
use crate::worker::digits::hash_text;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::protocol::Failure;
use crate::worker::small_file;
use crate::worker::trust::words::Found;

/// Where the notes of stores stand, below the directory of the settings.
const DIRECTORY: &str = "notes";

/// Names a store wherever it lies. A batpak directory has no identity, so that its first event stands for it.
fn name(handle: &Handle) -> String {
    match handle.format() {
        StoreFormat::Causeway { .. } => handle.identity(),
        _ => match handle.event_at(0) {
            Ok(first) => format!("batpak-{:032x}", u128::from(first.raw.header.event_id)),
            Err(_) => format!("batpak-{}", hash_text(&compute_hash(handle.identity().as_bytes()))),
        },
    }
}

fn file(handle: &Handle, home: &Path) -> PathBuf {
    home.join(DIRECTORY).join(format!("{}.json", name(handle)))
}

/// The notes of a store, and which of their events are there.
pub(crate) fn read(handle: &Handle, home: &Path) -> Result<Found, Failure> {
    let path = file(handle, home);
    let named =
        |problem: String| failure::refused(format!("Notes in {} cannot be read: {problem}.", path.display()));
    let text = match small_file::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::default()),
        Err(error) => return Err(named(error.to_string())),
    };
    let mut found = Found::default();
    for note in Notebook::parse(&text).map_err(named)?.notes {
        match place(handle, &note) {
            Some(sequence) => found.notes.push((sequence, note)),
            None => found.gone.push(note),
        }
    }
    Ok(found)
}

/// Where the event of a note stands. Only the very event counts, not another one with its id.
fn place(handle: &Handle, note: &Note) -> Option<u64> {
    let is_it = |sequence: &u64| {
        handle.event_at(*sequence).is_ok_and(|event| hash_text(&event.raw.event_hash) == note.event_hash)
    };
    let by_id = note.id().and_then(|id| handle.sequence_of(id).ok().flatten());
    by_id.filter(is_it)
}

/// Replaces the notes of a store.
pub(super) fn write(handle: &Handle, home: &Path, book: &Notebook) -> Result<(), Failure> {
    let path = file(handle, home);
    let replace = || {
        if let Ok(text) = small_file::read(&path)
            && Notebook::parse(&text).is_err()
        {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "what stands there is no notebook"));
        }
        fs::create_dir_all(home.join(DIRECTORY))?;
        let new = path.with_extension("json.new");
        let mut file = fs::File::create(&new)?;
        file.write_all(book.text().as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &path)
    };
    replace()
        .map_err(|error| failure::refused(format!("Notes in {} cannot be saved: {error}.", path.display())))
}
