//! Owns filling a new store with events that were committed elsewhere: they keep their ids and times, and nothing else is written.

use crate::commit::request::{Item, Request};
use crate::disk::frame::{MAX_EXTENSIONS, MAX_FRAME_LEN};
use crate::disk::real::RealDirectory;
use crate::disk::storage::Directory;
use crate::store::StoreConfig;
use crate::store::state::{Lifecycle, WritingHalf, open_in};
use crate::words::error::StoreError;
use crate::words::event::MAX_EXTENSION_KEY_LEN;
use crate::words::sync::Arc;

/// Events that wait for their write at most.
const CHUNK: usize = 512;
/// Bytes of payload and extensions from which they are written, however few they are.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes of payload and extensions together: what a frame holds, less its own part at its greatest.
const MAX_EVENT_BYTES: usize = MAX_FRAME_LEN as usize - 1024 * 1024;

/// A store that takes in events.
#[derive(Debug)]
pub(crate) struct Intake {
    half: WritingHalf,
    waiting: Vec<Item>,
    waiting_bytes: usize,
}

impl Intake {
    /// Begins a store in an empty or missing directory.
    pub(super) fn begin(config: StoreConfig) -> Result<Self, StoreError> {
        config.validate()?;
        let path = config.data_dir().to_path_buf();
        Self::begin_in(RealDirectory::create(&path)?, config)
    }

    /// The same in any storage.
    pub(crate) fn begin_in(directory: Arc<dyn Directory>, config: StoreConfig) -> Result<Self, StoreError> {
        let path = config.data_dir().to_path_buf();
        if let Some(entry) = directory.list()?.first() {
            let reason =
                format!("is not empty: {:?} is there, and an import needs an empty directory", entry.name);
            return Err(StoreError::DataDirMalformed { path, reason });
        }
        let (_, half, _) = open_in(directory, &path, config, Lifecycle::Silent)?;
        Ok(Self { half, waiting: Vec::with_capacity(CHUNK), waiting_bytes: 0 })
    }

    /// Takes the next event. True if it, and those before it, were written now.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] for an event that no frame can hold; nothing of it is written.
    pub(super) fn take(&mut self, item: Item) -> Result<bool, StoreError> {
        check(&item)?;
        self.waiting_bytes += item.size();
        self.waiting.push(item);
        let full = self.waiting.len() >= CHUNK || self.waiting_bytes >= CHUNK_BYTES;
        if full {
            self.commit()?;
        }
        Ok(full)
    }

    /// Commits each event as a group of its own, all with one write.
    fn commit(&mut self) -> Result<(), StoreError> {
        self.waiting_bytes = 0;
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

/// What the format cannot hold. Whoever committed the event elsewhere may have had other limits, or none.
fn check(item: &Item) -> Result<(), StoreError> {
    let extensions = &item.options.extensions;
    let reason = if item.size() > MAX_EVENT_BYTES {
        format!("the event has {} bytes, more than {MAX_EVENT_BYTES}", item.size())
    } else if extensions.len() > usize::from(MAX_EXTENSIONS) {
        format!("the event has more than {MAX_EXTENSIONS} extensions")
    } else if extensions.keys().any(|key| key.as_str().len() > MAX_EXTENSION_KEY_LEN) {
        format!("a key of an extension has more than {MAX_EXTENSION_KEY_LEN} bytes")
    } else {
        return Ok(());
    };
    Err(StoreError::Configuration(reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commit::options::{AppendOptions, CausationRef};
    use crate::words::coordinate::Coordinate;
    use crate::words::kind::EventKind;

    #[test]
    fn large_events_do_not_wait_until_there_are_many() {
        let home = tempfile::tempdir().unwrap();
        let mut intake = Intake::begin(StoreConfig::new(home.path().join("store"))).unwrap();
        let item = |len: usize| {
            let at = Coordinate::new("order:1", "shop").unwrap();
            let (kind, options) = (EventKind::custom(1, 1), AppendOptions::new());
            Item::untyped(at, kind, vec![0; len], options, CausationRef::None)
        };
        assert!(!intake.take(item(10)).unwrap());
        assert!(intake.take(item(CHUNK_BYTES)).unwrap());
        assert!(!intake.take(item(10)).unwrap(), "what was written does not count any more");
        intake.finish().unwrap();
    }
}
