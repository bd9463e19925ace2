//! Owns the end of a writer's trust in its disk: after a failed sync nothing more is committed until the store is opened anew.
//!
//! Invariant: the operating system tells of each failed write-back once, to whoever syncs next. So syncs wait for each other, and none
//! succeeds after one that failed.

use crate::disk::storage::File;
use crate::memory::watermarks::Signal;
use crate::words::config::SyncMode;
use crate::words::error::StoreError;
use crate::words::planted::PlantedBug;
use crate::words::sync::{Arc, Mutex};

/// Whether, and why, nothing more is committed.
#[derive(Debug, Default)]
pub(crate) struct Poison {
    /// Held while a sync is under way.
    syncing: Mutex<()>,
    reason: Mutex<Option<String>>,
    /// Wakes whoever waits for something that will not happen any more.
    pub(crate) raised: Arc<Signal>,
}

impl Poison {
    /// Fails if something went wrong earlier.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match &*self.reason.lock() {
            Some(reason) => Err(StoreError::Poisoned { reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Nothing more is to be committed. The first reason stays.
    pub(crate) fn raise(&self, reason: String) {
        self.reason.lock().get_or_insert(reason);
        self.raised.wake();
    }

    /// Makes a file's contents durable, or poisons the store.
    pub(crate) fn sync(&self, file: &dyn File, mode: SyncMode) -> Result<(), StoreError> {
        let _turn = self.syncing.lock();
        self.check()?;
        let again =
            |error| if PlantedBug::FailedSyncRetried.is_planted() { file.sync(mode) } else { Err(error) };
        file.sync(mode).or_else(again).map_err(|error| {
            self.raise(format!("a sync failed: {error}"));
            StoreError::Io(error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::memory::MemoryDirectory;
    use crate::disk::storage::Directory;

    #[test]
    fn after_a_failed_sync_no_other_sync_succeeds() {
        let directory = MemoryDirectory::new();
        let file = directory.create("a").unwrap();
        let poison = Poison::default();
        directory.fail_call(directory.calls() + 1, std::io::ErrorKind::Other, false);
        assert!(matches!(poison.sync(&*file, SyncMode::SyncAll), Err(StoreError::Io(_))));
        assert!(matches!(poison.sync(&*file, SyncMode::SyncAll), Err(StoreError::Poisoned { .. })));
        assert!(poison.check().is_err());
    }
}
