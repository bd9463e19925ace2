//! Owns the saved position of a cursor: its name, its content and its file below `cursors/`. Moves no cursor.
//!
//! Invariants:
//! - a file is replaced as a whole or not at all, so that a crash leaves the old position or the new one;
//! - losing a new position repeats deliveries and loses none; therefore its file is synced before it gets its name, and the name is not.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::disk::real::RealDirectory;
use crate::disk::storage::{Directory, File};
use crate::words::config::SyncMode;
use crate::words::error::StoreError;
use crate::words::region::Region;
use crate::words::sync::Arc;

/// Greatest length of a checkpoint id, in bytes.
pub const MAX_CHECKPOINT_ID_LEN: usize = 1024;

/// Directory of the saved positions, below the store's.
pub(crate) const CURSORS: &str = "cursors";
/// Ending of the name of a saved position.
pub(crate) const SAVED_SUFFIX: &str = ".json";
/// Longest file name made of the id itself; a longer one is made of its hash.
const MAX_PLAIN_NAME_LEN: usize = 200;
/// Most bytes that a saved position takes: a region's names are not bounded, a file read at once is.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Names the saved position of one consumer.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CheckpointId(String);

/// Why a text cannot name a saved position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CheckpointIdError {
    /// It is empty.
    #[error("checkpoint id is empty")]
    Empty,
    /// It is longer than [`MAX_CHECKPOINT_ID_LEN`].
    #[error("checkpoint id has {len} bytes, more than {max}")]
    TooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// It contains a zero byte.
    #[error("checkpoint id contains a zero byte")]
    NulByte,
    /// It contains a control character.
    #[error("checkpoint id contains a control character")]
    ControlChar,
    /// It contains `/` or `..`, which would read as a path.
    #[error("checkpoint id contains \"/\" or \"..\"")]
    PathTraversal,
    /// It contains `|` or `=`, which separate the parts of a region's identity.
    #[error("checkpoint id contains \"|\" or \"=\"")]
    ForbiddenSeparator,
}

impl CheckpointId {
    /// Makes a name; it follows the rules of entities and scopes.
    pub fn new(value: impl Into<String>) -> Result<Self, CheckpointIdError> {
        let value = value.into();
        let refused = [
            (value.is_empty(), CheckpointIdError::Empty),
            (
                value.len() > MAX_CHECKPOINT_ID_LEN,
                CheckpointIdError::TooLong { len: value.len(), max: MAX_CHECKPOINT_ID_LEN },
            ),
            (value.contains('\0'), CheckpointIdError::NulByte),
            (value.contains(|c: char| c.is_ascii_control()), CheckpointIdError::ControlChar),
            (value.contains('/') || value.contains(".."), CheckpointIdError::PathTraversal),
            (value.contains(['|', '=']), CheckpointIdError::ForbiddenSeparator),
        ];
        match refused.into_iter().find(|(holds, _)| *holds) {
            Some((_, error)) => Err(error),
            None => Ok(Self(value)),
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A file name that no other id has. The id stands in it as far as that is safe everywhere.
    fn file_name(&self) -> String {
        let mut name = String::new();
        for byte in self.0.bytes() {
            match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => name.push(char::from(byte)),
                _ => write!(name, "%{byte:02x}").expect("writing to a String succeeds"),
            }
        }
        if name.len() > MAX_PLAIN_NAME_LEN {
            name = format!("~{}", blake3::hash(self.0.as_bytes()).to_hex());
        }
        format!("{name}{SAVED_SUFFIX}")
    }

    /// The file of the position, as errors name it.
    fn path(&self) -> PathBuf {
        Path::new(CURSORS).join(self.file_name())
    }
}

/// The saved position of a cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorCheckpoint {
    /// Global sequence of the last event that was delivered.
    pub position: u64,
    /// False as long as nothing was delivered: then `position` means nothing.
    pub started: bool,
    /// A number that differs between processes: tells which one saved the position.
    pub process_boot_ns: Option<u64>,
    /// The region that the cursor reads; a cursor of another region refuses the position.
    pub region_identity: Option<String>,
}

/// A region as text: equal for equal regions only, and readable.
pub(crate) fn region_identity(region: &Region) -> String {
    let text = |part: Option<&str>| part.map_or_else(|| "*".to_owned(), |part| format!("{part:?}"));
    let kinds = region.fact().map_or_else(|| "*".to_owned(), |kinds| format!("{kinds:?}"));
    let clocks =
        region.clock_range().map_or_else(|| "*".to_owned(), |(first, last)| format!("{first}..={last}"));
    let (entity, scope) = (text(region.entity_prefix()), text(region.scope_value()));
    format!("entity={entity}|scope={scope}|fact={kinds}|clock={clocks}")
}

/// The saved position of `id` in a store, checked against the region it is to be used for.
pub(crate) fn resume(
    directory: &dyn Directory,
    id: &CheckpointId,
    region: &Region,
) -> Result<Option<CursorCheckpoint>, StoreError> {
    let checkpoint = match load(directory, id) {
        Ok(Some(checkpoint)) => checkpoint,
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(StoreError::CursorCheckpointCorrupt { path: id.path(), reason: error.to_string() });
        }
        Err(error) => return Err(error.into()),
    };
    let expected = region_identity(region);
    match &checkpoint.region_identity {
        Some(stored) if *stored == expected => Ok(Some(checkpoint)),
        stored => {
            let stored = stored.clone();
            Err(StoreError::CursorCheckpointRegionMismatch { path: id.path(), stored, expected })
        }
    }
}

/// The file of a saved position: what it says, and BLAKE3 of that in hexadecimal digits.
#[derive(Serialize, Deserialize)]
struct Saved {
    checkpoint: CursorCheckpoint,
    blake3: String,
}

/// The files of all saved positions of a store, in the order of their names, each with its position or why it cannot be read.
pub(crate) fn saved_in(
    directory: &dyn Directory,
) -> io::Result<Vec<(String, Result<CursorCheckpoint, String>)>> {
    let Some(cursors) = directory.subdirectory(CURSORS)? else { return Ok(Vec::new()) };
    let mut names: Vec<String> = cursors.list()?.into_iter().map(|entry| entry.name).collect();
    names.retain(|name| name.ends_with(SAVED_SUFFIX));
    names.sort_unstable();
    let read = |name: String| match cursors.open(&name).and_then(|file| CursorCheckpoint::read(&*file)) {
        Ok(checkpoint) => Ok((format!("{CURSORS}/{name}"), Ok(checkpoint))),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Ok((format!("{CURSORS}/{name}"), Err(error.to_string())))
        }
        Err(error) => Err(error),
    };
    names.into_iter().map(read).collect()
}

/// The saved position of `id` in the store at `data_dir`.
pub(super) fn load_from(data_dir: &Path, id: &CheckpointId) -> io::Result<Option<CursorCheckpoint>> {
    load(&*RealDirectory::open(data_dir)?, id)
}

/// Saves the position of `id` in the store at `data_dir`.
pub(super) fn save_to(data_dir: &Path, id: &CheckpointId, checkpoint: &CursorCheckpoint) -> io::Result<()> {
    save(&*RealDirectory::open(data_dir)?, id, checkpoint)
}

fn load(directory: &dyn Directory, id: &CheckpointId) -> io::Result<Option<CursorCheckpoint>> {
    let Some(cursors) = directory.subdirectory(CURSORS)? else { return Ok(None) };
    let file = match cursors.open(&id.file_name()) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    CursorCheckpoint::read(&*file).map(Some)
}

impl CursorCheckpoint {
    /// The bytes of a file that holds the position.
    pub(crate) fn to_file(&self) -> serde_json::Result<Vec<u8>> {
        let blake3 = blake3::hash(&serde_json::to_vec(self)?).to_hex().to_string();
        serde_json::to_vec(&Saved { checkpoint: self.clone(), blake3 })
    }

    /// The position that a file holds, every byte of which must be as it was written; an error of kind `InvalidData` if it is not.
    pub(crate) fn read(file: &dyn File) -> io::Result<Self> {
        let damaged = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
        let len_bytes = file.len()?;
        if len_bytes > MAX_FILE_BYTES {
            return Err(damaged(format!("{len_bytes} bytes are more than a saved position takes")));
        }
        let mut bytes = vec![0; usize::try_from(len_bytes).unwrap_or_default()];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        let saved: Saved = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        if saved.checkpoint.to_file()? != bytes {
            return Err(damaged("it does not fit its hash".to_owned()));
        }
        Ok(saved.checkpoint)
    }
}

/// Saves a position in place of the one before.
pub(crate) fn save(
    directory: &dyn Directory,
    id: &CheckpointId,
    checkpoint: &CursorCheckpoint,
) -> io::Result<()> {
    let cursors: Arc<dyn Directory> = directory.create_subdirectory(CURSORS)?;
    let name = id.file_name();
    let new = format!("{name}.new");
    match cursors.remove(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let file = cursors.create(&new)?;
    file.write_at(&checkpoint.to_file()?, 0)?;
    file.sync(SyncMode::SyncAll)?;
    cursors.rename_over(&new, &name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::memory::MemoryDirectory;
    use crate::words::region::KindFilter;

    fn id(text: &str) -> CheckpointId {
        CheckpointId::new(text).unwrap()
    }

    fn checkpoint(position: u64, region: &Region) -> CursorCheckpoint {
        let region_identity = Some(region_identity(region));
        CursorCheckpoint { position, started: true, process_boot_ns: None, region_identity }
    }

    #[test]
    fn a_checkpoint_id_follows_the_rules_of_coordinates() {
        for (text, expected) in [
            (String::new(), CheckpointIdError::Empty),
            ("a".repeat(1025), CheckpointIdError::TooLong { len: 1025, max: 1024 }),
            ("a\0".to_owned(), CheckpointIdError::NulByte),
            ("a\n".to_owned(), CheckpointIdError::ControlChar),
            ("a/b".to_owned(), CheckpointIdError::PathTraversal),
            ("..".to_owned(), CheckpointIdError::PathTraversal),
            ("a=b".to_owned(), CheckpointIdError::ForbiddenSeparator),
        ] {
            assert_eq!(CheckpointId::new(text), Err(expected));
        }
        assert_eq!(id("Ä projector:1.").as_str(), "Ä projector:1.");
    }

    #[test]
    fn different_ids_have_different_file_names_that_are_safe_everywhere() {
        let long = "A".repeat(1024);
        let texts = ["a", "A", "a.", "%61", "CON", "~", &long, &long.replacen('A', "a", 1)];
        let names: std::collections::BTreeSet<_> =
            texts.iter().map(|text| id(text).file_name().to_lowercase()).collect();
        assert_eq!(names.len(), texts.len());
        assert!(names.iter().all(|name| name.is_ascii() && name.len() <= 210), "{names:?}");
    }

    #[test]
    fn different_regions_have_different_identities() {
        let regions = [
            Region::all(),
            Region::entity("*"),
            Region::entity("a"),
            Region::scope("a"),
            Region::entity("a\"|scope=\"a"),
            Region::entity("a").with_scope("a"),
            Region::all().with_fact_category(1),
            Region::all().with_fact(KindFilter::Any),
            Region::all().with_clock_range((0, 1)),
        ];
        let identities: std::collections::BTreeSet<_> = regions.iter().map(region_identity).collect();
        assert_eq!(identities.len(), regions.len());
    }

    #[test]
    fn a_saved_position_replaces_the_one_before_and_nothing_else() {
        let directory = MemoryDirectory::new();
        let region = Region::entity("a");
        assert_eq!(load(&*directory, &id("x")).unwrap(), None);
        save(&*directory, &id("y"), &checkpoint(9, &region)).unwrap();
        for position in 1..3 {
            save(&*directory, &id("x"), &checkpoint(position, &region)).unwrap();
            let saved = resume(&*directory, &id("x"), &region).unwrap();
            assert_eq!(saved, Some(checkpoint(position, &region)));
        }
        assert_eq!(load(&*directory, &id("y")).unwrap(), Some(checkpoint(9, &region)));
    }

    #[test]
    fn a_position_of_another_region_is_refused() {
        let directory = MemoryDirectory::new();
        save(&*directory, &id("x"), &checkpoint(1, &Region::entity("a"))).unwrap();
        let refusal = resume(&*directory, &id("x"), &Region::entity("b")).unwrap_err();
        assert!(matches!(refusal, StoreError::CursorCheckpointRegionMismatch { .. }), "{refusal}");
    }

    #[test]
    fn a_damaged_position_is_refused_and_not_taken_for_none() {
        let directory = MemoryDirectory::new();
        let cursors = directory.create_subdirectory(CURSORS).unwrap();
        cursors.create(&id("x").file_name()).unwrap().write_at(b"{\"position\"", 0).unwrap();
        let refusal = resume(&*directory, &id("x"), &Region::all()).unwrap_err();
        assert!(matches!(refusal, StoreError::CursorCheckpointCorrupt { .. }), "{refusal}");
    }
}
