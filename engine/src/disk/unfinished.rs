//! Owns a directory that is filled beside its place and takes it when it is complete: at every instant there is all of it or none.
//!
//! Invariants:
//! - whoever fills a directory has it for itself: its name is drawn, and a lock in it is held until it has its place;
//! - only what an attempt that is over has left is removed: its name is one that was drawn, nobody holds its lock, and nothing is in it
//!   but files that a copy has.

use std::io;
use std::path::{Path, PathBuf};

use crate::disk::real::RealDirectory;
use crate::disk::segment::{FORK_NAME, SegmentName};
use crate::disk::storage::{Directory, LOCK_NAME, Lock};
use crate::words::sync::Arc;

/// What the name of an unfinished directory ends in.
const SUFFIX: &str = ".unfinished";
/// How often a name is drawn: somebody who clears away may take a directory for left before its lock is held.
const MOST_DRAWS: u32 = 8;

/// Where a directory is to stand.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) above: Arc<dyn Directory>,
    pub(crate) name: String,
    /// As errors name it.
    pub(crate) path: PathBuf,
}

impl Place {
    /// The place that a path names; the directory above it is created where it is missing.
    pub(crate) fn at(path: &Path) -> io::Result<Self> {
        let (above, name) = RealDirectory::above(path)?;
        Ok(Self { above, name, path: path.to_owned() })
    }
}

/// A directory that has not its place yet. If it is not finished it is removed.
#[derive(Debug)]
pub(crate) struct UnfinishedDirectory {
    place: Place,
    /// Its name for now.
    name: String,
    pub(crate) directory: Arc<dyn Directory>,
    /// `None` when it has its place.
    lock: Option<Box<dyn Lock>>,
}

impl UnfinishedDirectory {
    /// Begins a directory that is to stand at `place`, where nothing or an empty directory may be.
    pub(crate) fn begin(place: Place) -> io::Result<Self> {
        if let Some(there) = place.above.subdirectory(&place.name)?
            && !there.is_empty()?
        {
            return Err(not_empty(&place));
        }
        clear_away(&place)?;
        let mut failed = io::Error::from(io::ErrorKind::WouldBlock);
        for _ in 0..MOST_DRAWS {
            let name = format!("{}.{}{SUFFIX}", place.name, uuid::Uuid::new_v4().simple());
            match begin_as(&*place.above, &name) {
                Ok(Some((directory, lock))) => return Ok(Self { place, name, directory, lock: Some(lock) }),
                Ok(None) => {}
                Err(error) => failed = error,
            }
            // Somebody may have removed it; what stays is removed by the next attempt.
            let _ = place.above.remove_directory(&name);
        }
        Err(failed)
    }

    /// Gives the directory its place. Its files must have been synced before.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.directory.sync()?;
        self.place.above.rename_directory(&self.name, &self.place.name).map_err(|error| {
            match error.kind() {
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists => not_empty(&self.place),
                _ => error,
            }
        })?;
        self.lock = None;
        self.place.above.sync()
    }
}

impl Drop for UnfinishedDirectory {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // What stays is removed by the next attempt, when the lock is given back.
            let _ = remove(&*self.place.above, &self.name, &*self.directory);
        }
    }
}

/// A directory and the lock on it.
type LockedDirectory = (Arc<dyn Directory>, Box<dyn Lock>);

/// Creates a directory and locks it; `None` if somebody else has it.
fn begin_as(above: &dyn Directory, name: &str) -> io::Result<Option<LockedDirectory>> {
    let directory = above.create_subdirectory(name)?;
    let lock = directory.lock(LOCK_NAME)?;
    Ok(lock.map(|lock| (directory, lock)))
}

fn not_empty(place: &Place) -> io::Error {
    io::Error::new(io::ErrorKind::AlreadyExists, format!("{} is not empty", place.path.display()))
}

/// Removes what attempts that are over have left beside a place.
fn clear_away(place: &Place) -> io::Result<()> {
    for name in place.above.list_directories()? {
        let drawn = name.strip_prefix(&place.name).and_then(|rest| rest.strip_prefix('.'));
        let drawn = drawn.and_then(|rest| rest.strip_suffix(SUFFIX));
        let is_lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if drawn.is_some_and(|drawn| drawn.len() == 32 && drawn.bytes().all(is_lower_hex)) {
            // What cannot be removed is in nobody's way.
            let _ = remove_if_left(&*place.above, &name);
        }
    }
    Ok(())
}

fn remove_if_left(above: &dyn Directory, name: &str) -> io::Result<()> {
    let Some(directory) = above.subdirectory(name)? else { return Ok(()) };
    let is_ours = |name: &str| name == LOCK_NAME || name == FORK_NAME || SegmentName::is_or_becomes(name);
    let others = !directory.list_directories()?.is_empty()
        || !directory.list()?.iter().all(|entry| is_ours(&entry.name));
    if others {
        return Ok(());
    }
    match directory.lock(LOCK_NAME)? {
        Some(_lock) => remove(above, name, &*directory),
        None => Ok(()),
    }
}

/// Removes a directory with its files; the lock, which whoever calls holds, goes last.
fn remove(above: &dyn Directory, name: &str, directory: &dyn Directory) -> io::Result<()> {
    for left in directory.list()? {
        if left.name != LOCK_NAME {
            directory.remove(&left.name)?;
        }
    }
    directory.remove(LOCK_NAME)?;
    above.remove_directory(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::memory::{CrashImage, MemoryDirectory};

    fn place(above: &Arc<MemoryDirectory>) -> Place {
        Place { above: Arc::<MemoryDirectory>::clone(above), name: "copy".to_owned(), path: "copy".into() }
    }

    fn begin(above: &Arc<MemoryDirectory>) -> io::Result<UnfinishedDirectory> {
        UnfinishedDirectory::begin(place(above))
    }

    #[test]
    fn a_directory_is_there_when_it_is_finished_and_not_before() {
        let above = MemoryDirectory::new();
        let unfinished = begin(&above).unwrap();
        unfinished.directory.create("a").unwrap();
        assert!(above.subdirectory("copy").unwrap().is_none());
        unfinished.finish().unwrap();
        assert!(above.subdirectory("copy").unwrap().unwrap().open("a").is_ok());
        assert_eq!(above.list_directories().unwrap(), ["copy"]);
    }

    #[test]
    fn a_place_whose_path_ends_in_a_slash_is_the_place_without_it() {
        let home = tempfile::tempdir().unwrap();
        let place = Place::at(&home.path().join("copy/")).unwrap();
        assert_eq!(place.name, "copy");
        UnfinishedDirectory::begin(place).unwrap().finish().unwrap();
        let names: Vec<_> =
            std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["copy"]);
        assert!(Place::at(Path::new("..")).is_err());
    }

    #[test]
    fn of_two_who_fill_the_same_place_one_has_it_and_neither_loses_a_file_to_the_other() {
        let above = MemoryDirectory::new();
        let (first, second) = (begin(&above).unwrap(), begin(&above).unwrap());
        for (unfinished, name) in [(&first, "1"), (&second, "2")] {
            unfinished.directory.create(name).unwrap();
        }
        let third = begin(&above).unwrap();
        first.finish().unwrap();
        assert_eq!(second.finish().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        drop(third);
        let names: Vec<String> = above.files().into_keys().collect();
        assert_eq!(names, ["copy/1", "copy/lock"]);
        assert_eq!(above.list_directories().unwrap(), ["copy"]);
    }

    #[test]
    fn what_an_attempt_that_died_has_left_goes_and_is_no_part_of_the_next() {
        let above = MemoryDirectory::new();
        let died = begin(&above).unwrap();
        died.directory.create(&SegmentName { first: 0, generation: 0 }.to_string()).unwrap();
        let above = above.crash(CrashImage::Kill);
        assert_eq!(above.list_directories().unwrap().len(), 1);
        begin(&above).unwrap().finish().unwrap();
        assert_eq!(above.list_directories().unwrap(), ["copy"]);
        assert_eq!(above.files().len(), 1);
    }

    #[test]
    fn a_directory_of_a_user_is_left_alone_whatever_its_name() {
        let above = MemoryDirectory::new();
        let drawn = format!("copy.{:032x}{SUFFIX}", 7);
        for name in ["copy.unfinished", &drawn] {
            above.create_subdirectory(name).unwrap().create("mine").unwrap();
        }
        begin(&above).unwrap().finish().unwrap();
        let names: Vec<String> = above.files().into_keys().collect();
        assert_eq!(
            names,
            [format!("{drawn}/mine"), "copy.unfinished/mine".to_owned(), "copy/lock".to_owned()]
        );
    }

    #[test]
    fn a_place_that_holds_something_is_left_alone() {
        let above = MemoryDirectory::new();
        above.create_subdirectory("copy").unwrap().create("mine").unwrap();
        assert_eq!(begin(&above).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(above.files().len(), 1);
    }
}
