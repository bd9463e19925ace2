//! Owns filling a new store with events that were committed elsewhere: they keep their ids and times, and nothing else is written.

use crate::commit::request::{Item, Request};
use crate::disk::real::RealDirectory;
use crate::store::StoreConfig;
use crate::store::state::{Lifecycle, WritingHalf, open_in};
use crate::words::error::StoreError;

/// Events committed with one write.
const CHUNK: usize = 512;

/// A store that takes in events.
#[derive(Debug)]
pub(super) struct Intake {
    half: WritingHalf,
    waiting: Vec<Item>,
}

impl Intake {
    /// Begins a store in an empty or missing directory.
    pub(super) fn begin(config: StoreConfig) -> Result<Self, StoreError> {
        config.validate()?;
        let path = config.data_dir().to_path_buf();
        let directory = RealDirectory::create(&path)?;
        if let Some(entry) = directory.list()?.first() {
            let reason =
                format!("is not empty: {:?} is there, and an import needs an empty directory", entry.name);
            return Err(StoreError::DataDirMalformed { path, reason });
        }
        let (_, half, _) = open_in(directory, &path, config, Lifecycle::Silent)?;
        Ok(Self { half, waiting: Vec::with_capacity(CHUNK) })
    }

    /// Takes the next event. True if it, and those before it, were written now.
    pub(super) fn take(&mut self, item: Item) -> Result<bool, StoreError> {
        self.waiting.push(item);
        let full = self.waiting.len() >= CHUNK;
        if full {
            self.commit()?;
        }
        Ok(full)
    }

    /// Commits each event as a group of its own, all with one write.
    fn commit(&mut self) -> Result<(), StoreError> {
        let items = std::mem::replace(&mut self.waiting, Vec::with_capacity(CHUNK));
        let requests = items.into_iter().map(|item| ((), Request::imported(vec![item]))).collect();
        let mut failed = None;
        self.half.writer.with_committer(|committer| {
            committer.commit(requests, |(), answer| {
                if let Err(error) = answer {
                    failed.get_or_insert(error);
                }
            });
        });
        failed.map_or(Ok(()), Err)
    }

    /// Writes what is left, and closes the store.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        self.commit()?;
        self.half.close().map(drop)
    }
}
