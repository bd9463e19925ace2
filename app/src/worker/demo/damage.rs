//! Owns a demonstration store that is damaged on purpose, so that a person can see what damage looks like before it matters.
//!
//! The store stands under its name when it is complete and damaged: a directory that is only half of that is never met.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use causeway::store::{LogEvent, ReadOnly, Store, StoreConfig, StoreError};

use crate::worker::demo::create;

/// A single bit of this event, in parts of all events, is flipped: a checksum finds it, and a repair can prove what stood there.
const FLIPPED_AT: (u64, u64) = (2, 5);
/// From this event on, in parts of all events, the bytes of some events are overwritten with zeros: nothing brings them back.
const ERASED_AT: (u64, u64) = (7, 10);
/// How many are overwritten.
const ERASED: u64 = 7;

/// Creates a store of so many demonstration events and damages it in two places, unless something is there already.
///
/// # Errors
/// Those of appending and of the file system.
pub fn create_damaged(path: &Path, events: u32) -> Result<(), StoreError> {
    if path.exists() {
        return Ok(());
    }
    let unfinished = path.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    create(&unfinished, events)?;
    let store = Store::open_read_only(StoreConfig::new(&unfinished))?;
    let flipped = store.event_at(part(&store, FLIPPED_AT))?;
    let first = part(&store, ERASED_AT);
    let erased =
        (first..first + ERASED).map(|sequence| store.event_at(sequence)).collect::<Result<Vec<_>, _>>()?;
    drop(store);
    flip(&unfinished, &flipped)?;
    for event in &erased {
        change(&unfinished, event, |bytes| bytes.fill(0))?;
    }
    Ok(fs::rename(&unfinished, path)?)
}

fn part(store: &Store<ReadOnly>, (part, of): (u64, u64)) -> u64 {
    store.visible() / of * part
}

/// Flips a bit in the last text of the payload, which stands before the end of the frame.
fn flip(dir: &Path, event: &LogEvent) -> Result<(), StoreError> {
    let payload = &event.raw.payload;
    change(dir, event, |bytes| {
        let at = bytes.windows(payload.len()).position(|window| window == payload.as_slice());
        if let Some(byte) = at.and_then(|at| bytes.get_mut(at + payload.len() - 1)) {
            *byte ^= 0x10;
        }
    })
}

/// Changes the bytes of an event's frame in place.
fn change(dir: &Path, event: &LogEvent, change: impl FnOnce(&mut [u8])) -> Result<(), StoreError> {
    let file: PathBuf = dir.join(&*event.segment);
    let mut file = OpenOptions::new().read(true).write(true).open(file)?;
    let mut bytes = vec![0; event.place.length() as usize];
    file.seek(SeekFrom::Start(event.place.offset()))?;
    file.read_exact(&mut bytes)?;
    change(&mut bytes);
    file.seek(SeekFrom::Start(event.place.offset()))?;
    Ok(file.write_all(&bytes)?)
}

#[cfg(test)]
mod tests {
    use causeway::store::VerifyLevel;

    use super::*;

    #[test]
    fn the_damage_is_found_where_it_was_done_and_nowhere_else() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("damaged");
        create_damaged(&path, 1_000).unwrap();
        let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(&path)).unwrap();
        let visible = store.visible();
        let lost: Vec<u64> = (0..visible).filter(|sequence| store.event_at(*sequence).is_err()).collect();
        let first = visible / ERASED_AT.1 * ERASED_AT.0;
        let expected: Vec<u64> =
            [visible / FLIPPED_AT.1 * FLIPPED_AT.0].into_iter().chain(first..first + ERASED).collect();
        assert_eq!(lost, expected);
        let report =
            store.verify(VerifyLevel::Chain, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap();
        assert!(!report.holds());
        assert!(!home.path().join("damaged.unfinished").exists());
    }
}
