//! Owns a directory that is filled beside its place and takes it when it is complete: at every instant there is all of it or none.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::real::RealDirectory;
use crate::disk::storage::Directory;
use crate::words::sync::Arc;

/// What the name of an unfinished directory ends in.
const SUFFIX: &str = ".unfinished";

/// A directory that has not its name yet. One that is never finished stays beside its place until the next attempt.
#[derive(Debug)]
pub(crate) struct UnfinishedDirectory {
    place: PathBuf,
    beside: PathBuf,
    pub(crate) directory: Arc<dyn Directory>,
}

impl UnfinishedDirectory {
    /// Begins a directory that is to stand at `place`, where nothing or an empty directory may be.
    pub(crate) fn begin(place: &Path) -> io::Result<Self> {
        match fs::read_dir(place) {
            Ok(mut entries) => {
                if entries.next().is_some() {
                    let message = format!("{} is not empty", place.display());
                    return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        // The name is taken apart, because a path may end in a slash.
        let no_name =
            || io::Error::new(io::ErrorKind::InvalidInput, format!("{} is no name", place.display()));
        let mut name = place.file_name().ok_or_else(no_name)?.to_owned();
        name.push(SUFFIX);
        let beside = place.with_file_name(name);
        let directory = RealDirectory::create(&beside)?;
        for left in directory.list()? {
            directory.remove(&left.name)?;
        }
        Ok(Self { place: place.to_owned(), beside, directory })
    }

    /// Where a file of this name stands for now.
    pub(crate) fn path_of(&self, name: &str) -> PathBuf {
        self.beside.join(name)
    }

    /// Gives the directory its name. Its files must have been synced before.
    pub(crate) fn finish(self) -> io::Result<()> {
        self.directory.sync()?;
        fs::rename(&self.beside, &self.place)?;
        let above = self.place.parent().filter(|above| !above.as_os_str().is_empty());
        RealDirectory::open(above.unwrap_or_else(|| Path::new(".")))?.sync()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_there_when_it_is_finished_and_not_before() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("copy");
        let unfinished = UnfinishedDirectory::begin(&place).unwrap();
        unfinished.directory.create("a").unwrap();
        assert!(!place.exists());
        unfinished.finish().unwrap();
        assert!(place.join("a").exists());
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_whose_path_ends_in_a_slash_is_the_place_without_it() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("copy/");
        UnfinishedDirectory::begin(&place).unwrap().finish().unwrap();
        let names: Vec<_> =
            fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["copy"]);
    }

    #[test]
    fn what_an_earlier_attempt_left_is_not_taken_for_a_part_of_the_next() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("copy");
        UnfinishedDirectory::begin(&place).unwrap().directory.create("old").unwrap();
        UnfinishedDirectory::begin(&place).unwrap().finish().unwrap();
        assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
    }

    #[test]
    fn a_place_that_holds_something_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("mine"), b"mine").unwrap();
        let error = UnfinishedDirectory::begin(home.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert!(home.path().join("mine").exists());
    }
}
