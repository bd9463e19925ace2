//! Owns sealing: the active segment ends, its index is encoded and stored beside it, and takes the live part's place.

use crate::commit::active::ActiveSegment;
use crate::commit::committer::Committer;
use crate::commit::stage::Stage;
use crate::disk::frame::MarkPurpose;
use crate::disk::segment::{SegmentHeader, TEMPORARY_SUFFIX};
use crate::disk::storage::Directory;
use crate::memory::cache::SectionCache;
use crate::memory::index::Index;
use crate::memory::live::LivePart;
use crate::memory::sealed::{Ending, SealedHeader, SealedPart, encode};
use crate::memory::survey::{Segment, stored_index};
use crate::words::config::SyncMode;
use crate::words::error::StoreError;
use crate::words::sync::Arc;

impl Committer {
    /// Seals the active segment and begins the next, if the active one is full and nothing is staged for it.
    pub(super) fn rotate_if_full(&mut self, stage: &Stage) -> Result<(), StoreError> {
        let full = self.active.end_bytes >= self.shared.config.rotation_bytes();
        if !full || !stage.is_empty() || self.next_sequence == self.active.header.first_sequence {
            return Ok(());
        }
        self.finish_active(MarkPurpose::Sealed)?;
        let part = self.seal(Ending::Sealed)?;
        self.begin_segment(part)
    }

    /// Ends the active segment with a mark; everything in it is on stable storage afterwards.
    pub(crate) fn finish_active(&mut self, purpose: MarkPurpose) -> Result<(), StoreError> {
        self.check_lock()?;
        let mode = self.shared.config.sync().mode;
        self.active.finish(self.next_sequence, purpose, mode)?;
        self.shared.watermarks.raise_durable(self.next_sequence);
        Ok(())
    }

    /// Encodes and stores the index of the active segment.
    pub(crate) fn seal(&self, ending: Ending) -> Result<Arc<SealedPart>, StoreError> {
        let sealing = Sealing {
            directory: &*self.directory,
            cache: &self.cache,
            ending,
            last_hash: self.last.0,
            last_clock: self.last.1,
        };
        seal_active(&self.shared.index, &self.active, &sealing)
    }

    fn begin_segment(&mut self, part: Arc<SealedPart>) -> Result<(), StoreError> {
        let header = SegmentHeader {
            first_sequence: self.next_sequence,
            generation: 0,
            created_us: self.shared.clock.0.now_us(),
            replaced: None,
            parent: None,
            boot: self.directory.boot(),
            ..self.active.header.clone()
        };
        let limit = self.shared.config.rotation_bytes();
        self.active = ActiveSegment::create(&*self.directory, header, limit, &self.poison)?;
        let live = LivePart::new(self.active.name(), self.next_sequence, self.largest_time);
        self.shared.index.seal(part, live);
        Ok(())
    }

    /// Fails, and lets nothing more be committed, if somebody replaced the lock file: two writers would not see each other.
    pub(crate) fn check_lock(&self) -> Result<(), StoreError> {
        match self.lock.as_ref().ok_or(StoreError::Closed)?.is_intact() {
            Ok(true) => return Ok(()),
            Ok(false) => self.poison.raise("the lock file was removed or replaced".to_owned()),
            Err(error) => self.poison.raise(format!("the lock file could not be looked at: {error}")),
        }
        self.poison.check()
    }
}

/// What the index of a segment needs to know besides its rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sealing<'a> {
    pub(crate) directory: &'a dyn Directory,
    pub(crate) cache: &'a Arc<SectionCache>,
    pub(crate) ending: Ending,
    pub(crate) last_hash: [u8; 32],
    pub(crate) last_clock: u32,
}

/// Encodes the index of the active segment, stores it, and returns it.
///
/// The file is a hint: if it cannot be stored, the index stays in memory and the failure is only the disk's.
pub(crate) fn seal_active(
    index: &Index,
    active: &ActiveSegment,
    sealing: &Sealing<'_>,
) -> Result<Arc<SealedPart>, StoreError> {
    let whole = match index.base_of_live() {
        Some(base) => {
            let mut whole = LivePart::from_sealed(&base)?;
            index.with_live(|live| whole.absorb(live));
            Some(whole)
        }
        None => None,
    };
    let sealed = |live: &LivePart| {
        let largest_before = live.blocks.first().map_or(i64::MIN, |block| block.largest_before);
        (encode(&header(active, live, sealing), live), largest_before)
    };
    let (bytes, largest_before) = match &whole {
        Some(whole) => sealed(whole),
        None => index.with_live(sealed),
    };
    let segment = segment_of(active);
    let stored = store(sealing.directory, &active.name().index_name(), &bytes);
    let part = stored
        .ok()
        .and_then(|()| stored_index(sealing.directory, &segment, largest_before, None, sealing.cache));
    // Reading goes on from memory where the file could not be written.
    let part = match part {
        Some(part) => Ok(part),
        None => SealedPart::from_bytes(bytes.into(), sealing.cache),
    };
    part.map(Arc::new).map_err(|error| StoreError::CorruptSegment {
        segment_id: active.header.first_sequence,
        detail: error.to_string(),
    })
}

/// The active segment as it stands when it has ended.
fn segment_of(active: &ActiveSegment) -> Segment {
    Segment {
        name: active.name(),
        file: Arc::clone(&active.file),
        len_bytes: active.end_bytes,
        frames_at: active.frames_at,
        header: active.header.clone(),
        guessed: false,
    }
}

/// Writes a derived file under its name, whole or not at all, also when the power fails.
pub(crate) fn store(directory: &dyn Directory, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let temporary = format!("{name}{TEMPORARY_SUFFIX}");
    if directory.open(&temporary).is_ok() {
        directory.remove(&temporary)?;
    }
    let file = directory.create(&temporary)?;
    file.write_at(bytes, 0)?;
    file.sync(SyncMode::SyncAll)?;
    directory.rename_over(&temporary, name)
}

fn header(active: &ActiveSegment, part: &LivePart, sealing: &Sealing<'_>) -> SealedHeader {
    let times = part.times.iter().copied();
    SealedHeader {
        store_id: active.header.store_id,
        first: part.first,
        end: part.end(),
        segment_bytes: active.end_bytes,
        synced_through: part.end(),
        epoch: active.header.epoch,
        times: (times.clone().min().unwrap_or(0), times.max().unwrap_or(0)),
        generation: active.header.generation,
        last_hash: sealing.last_hash,
        last_clock: sealing.last_clock,
        ending: sealing.ending,
    }
}
