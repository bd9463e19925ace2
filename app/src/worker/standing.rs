//! Owns whether the directory that is shown is still the one that was opened, and who writes it. Never reads the store.

use std::fs;
use std::path::{Path, PathBuf};

use causeway::store;

use crate::worker::open::named;
use crate::worker::protocol::{Lost, OpenMode};

/// Who writes a store: process id and program.
pub(crate) type Holder = (u32, Option<String>);

/// The directory as it was when it was opened, and the last writer that was seen.
#[derive(Debug)]
pub(crate) struct Standing {
    path: PathBuf,
    mode: OpenMode,
    identity: Option<(u64, u64)>,
    writer: Option<Holder>,
}

impl Standing {
    /// The directory as it is now.
    pub(crate) fn of(path: &Path, mode: OpenMode) -> Self {
        let identity = fs::metadata(path).ok().and_then(|found| identity(&found));
        Self { path: path.to_owned(), mode, identity, writer: None }
    }

    /// Who else writes the directory, and why it may not go on as it did.
    pub(crate) fn look(&mut self) -> (Option<Holder>, Option<Lost>) {
        let found = match fs::metadata(&self.path) {
            Ok(found) => found,
            Err(error) => return (None, Some(Lost::Directory(system_words(&error)))),
        };
        if self.identity.is_some() && identity(&found) != self.identity {
            return (None, Some(Lost::Replaced));
        }
        if self.mode == OpenMode::Writable {
            return (None, None);
        }
        match store::lock_holder(&self.path) {
            Ok(Some(holder)) => {
                self.writer = Some(named(holder));
                (self.writer.clone(), None)
            }
            Ok(None) => (None, self.writer.clone().map(|(process, program)| Lost::Writer(process, program))),
            Err(error) => (None, Some(Lost::Directory(error.to_string()))),
        }
    }
}

/// What the system says, without its number.
fn system_words(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "it is not there any more".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// Device and number of a directory; another directory under the same name has others.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "other systems tell neither")]
fn identity(found: &fs::Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((found.dev(), found.ino()))
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Option<(u64, u64)> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_was_removed_or_replaced_is_told_from_the_one_that_was_opened() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store");
        fs::create_dir(&path).unwrap();
        let mut standing = Standing::of(&path, OpenMode::ReadOnly);
        assert_eq!(standing.look(), (None, None));
        fs::rename(&path, home.path().join("elsewhere")).unwrap();
        assert_eq!(standing.look().1, Some(Lost::Directory("it is not there any more".to_owned())));
        fs::create_dir(&path).unwrap();
        assert_eq!(standing.look(), (None, Some(Lost::Replaced)));
    }

    #[test]
    fn a_writer_that_was_seen_is_missed_when_it_ends() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("store");
        let writer = store::Store::open(store::StoreConfig::new(&path)).unwrap();
        let mut standing = Standing::of(&path, OpenMode::ReadOnly);
        let (holder, lost) = standing.look();
        let (process, program) = holder.expect("this process writes it");
        assert_eq!((process, lost), (std::process::id(), None));
        writer.close().unwrap();
        assert_eq!(standing.look(), (None, Some(Lost::Writer(process, program))));
    }
}
