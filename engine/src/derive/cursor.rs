//! Owns the cursor: events of a region pulled in order from the first on, with a position of its own.
//!
//! Invariants:
//! - the position moves only over events that were handed out, or that a caller declared covered;
//! - a cursor does not keep the store open, and a wake-up that is lost delays nothing: the next pull finds what is there.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use crate::derive::canal::{Canal, CanalBatch};
use crate::derive::checkpoint::{self, CheckpointId, CursorCheckpoint};
use crate::derive::gap::{CursorGapConfig, GapObservation, Gaps, Skipped};
use crate::derive::wait::{Patience, Waited, wait};
use crate::disk::storage::Directory;
use crate::memory::hub::Inbox;
use crate::memory::postings::Order;
use crate::memory::selection::Selection;
use crate::read::entry::{IndexEntry, LogEvent};
use crate::read::reader::{Reader, WeakReader};
use crate::words::error::StoreError;
use crate::words::kind::EventKind;
use crate::words::region::Region;
use crate::words::sync::Arc;

/// Pulls the events of a region in commit order: history first, then what is appended.
///
/// At least once within the life of the cursor; with a saved position, across restarts too.
#[derive(Debug)]
pub struct Cursor {
    reader: WeakReader,
    region: Region,
    /// Of the region's events only those of these kinds; empty means every kind.
    kinds: Vec<EventKind>,
    /// Global sequence of the last event handed out.
    after: Option<u64>,
    /// Everything before this sequence was looked at and handed out, so that no pull looks at it again.
    scanned: u64,
    /// What was passed over since the last event handed out.
    skipped: Skipped,
    /// Wakes a waiting pull; made when somebody waits for the first time.
    inbox: Option<Inbox>,
    /// The name under which the position is saved.
    checkpoint: Option<CheckpointId>,
    gaps: Gaps,
}

impl Cursor {
    /// A cursor before the first event of `region`.
    pub(crate) fn new(reader: &Reader, region: &Region) -> Self {
        Self {
            reader: reader.downgrade(),
            region: region.clone(),
            kinds: Vec::new(),
            after: None,
            scanned: 0,
            skipped: Skipped::default(),
            inbox: None,
            checkpoint: None,
            gaps: Gaps::default(),
        }
    }

    /// A cursor where `id` was last saved; before the first event if it never was.
    ///
    /// A position beyond the end of the log was saved for events that a crash took back: the cursor goes on from the end.
    pub(crate) fn resume(reader: &Reader, region: &Region, id: CheckpointId) -> Result<Self, StoreError> {
        let mut cursor = Self::new(reader, region);
        let directory = writable(reader)?;
        if let Some(saved) = checkpoint::resume(&*directory, &id, region)?.filter(|saved| saved.started) {
            cursor.after = reader.visible().checked_sub(1).map(|last| last.min(saved.position));
        }
        cursor.checkpoint = Some(id);
        Ok(cursor)
    }

    /// Hands out events of these kinds only; none means every kind. The position is still one in the region.
    pub(crate) fn of_kinds(mut self, kinds: &[EventKind]) -> Self {
        self.kinds = kinds.to_vec();
        self
    }

    /// Sets whether the cursor observes what it passes over.
    #[must_use]
    pub fn with_gap_config(mut self, config: CursorGapConfig) -> Self {
        self.gaps = Gaps::new(config);
        self
    }

    /// Takes the gaps that were observed, oldest first.
    pub fn take_gaps(&mut self) -> Vec<GapObservation> {
        self.gaps.take()
    }

    /// The gaps, for somebody who does not hold the cursor.
    pub(crate) fn gaps(&self) -> Gaps {
        self.gaps.clone()
    }

    /// The next event, or `None` if there is none yet, the store is closed or the index cannot be read.
    /// [`Cursor::try_poll_batch`] tells which.
    pub fn poll(&mut self) -> Option<IndexEntry> {
        self.poll_batch(1).pop()
    }

    /// Up to `max` next events, oldest first; none also if the store is closed or the index cannot be read.
    pub fn poll_batch(&mut self, max: usize) -> Vec<IndexEntry> {
        self.try_poll_batch(max).unwrap_or_default()
    }

    /// Up to `max` next events, oldest first. After an error the position is where it was.
    pub fn try_poll_batch(&mut self, max: usize) -> Result<Vec<IndexEntry>, StoreError> {
        self.poll_with(max, |reader, selection, range, tells_gaps| {
            let entries = reader.entries(selection, range).page(max);
            if tells_gaps { entries.telling_gaps() } else { entries }
        })
    }

    /// Up to `max` next events with their payloads, oldest first. After an error the position is where it was.
    pub(super) fn poll_events(&mut self, max: usize) -> Result<Vec<LogEvent>, StoreError> {
        self.poll_with(max, |reader, selection, range, tells_gaps| {
            let events = reader.events(selection, range);
            if tells_gaps { events.telling_gaps() } else { events }
        })
    }

    fn poll_with<T, I: Iterator<Item = (u64, Result<T, StoreError>)>>(
        &mut self,
        max: usize,
        read: impl FnOnce(&Reader, Selection, Range<u64>, bool) -> I,
    ) -> Result<Vec<T>, StoreError> {
        let reader = self.reader.upgrade().ok_or(StoreError::Closed)?;
        let observes = self.gaps.are_observed();
        let selection = Selection { kinds: self.kinds.clone(), ..Selection::region(self.region.clone()) };
        let visible = reader.visible();
        let mut events = read(&reader, selection, self.next_sequence().max(self.scanned)..visible, observes);
        let (mut polled, mut gaps, mut skipped) = (Vec::new(), Vec::new(), self.skipped.clone());
        let (mut expected, mut last) = (self.next_sequence(), self.after);
        while polled.len() < max {
            let Some((sequence, event)) = events.next() else { break };
            match event {
                Ok(event) => {
                    gaps.extend(skipped.end_at(expected, sequence));
                    (expected, last) = (sequence + 1, Some(sequence));
                    polled.push(event);
                }
                Err(error) if !error.is_one_event() => return Err(error),
                Err(_) if observes => skipped.push(sequence),
                Err(_) => {}
            }
        }
        for gap in gaps {
            self.gaps.push(gap);
        }
        if reader.only_grows() {
            self.skipped = skipped;
            if polled.len() < max {
                self.scanned = visible;
            }
        }
        self.after = last;
        Ok(polled)
    }

    fn next_sequence(&self) -> u64 {
        self.after.map_or(0, |sequence| sequence.saturating_add(1))
    }

    /// Global sequence of the last event handed out; `None` before the first.
    pub fn position(&self) -> Option<u64> {
        self.after
    }

    /// The saved position of `id` in the store at `data_dir`, or `None` if there is none.
    ///
    /// # Errors
    /// `InvalidData` for a file that is there and does not decode.
    pub fn load_checkpoint(data_dir: &Path, id: &CheckpointId) -> io::Result<Option<CursorCheckpoint>> {
        checkpoint::load_from(data_dir, id)
    }

    /// Saves a position as that of `id` in the store at `data_dir`, in place of the one before.
    pub fn save_checkpoint(
        data_dir: &Path,
        id: &CheckpointId,
        checkpoint: &CursorCheckpoint,
    ) -> io::Result<()> {
        checkpoint::save_to(data_dir, id, checkpoint)
    }

    /// Declares everything before `end` handed out.
    pub(super) fn skip_to(&mut self, end: u64) {
        self.after = self.after.max(end.checked_sub(1));
    }

    /// Sets the position back to where it was once: what was handed out since is handed out again.
    pub(super) fn rewind(&mut self, position: Option<u64>) {
        (self.after, self.scanned, self.skipped) = (position, 0, Skipped::default());
    }

    /// True if an event of exactly `entity` lies behind the position. Reads the index only.
    pub(super) fn finds_event_of(&self, entity: &str) -> Result<bool, StoreError> {
        let reader = self.reader.upgrade().ok_or(StoreError::Closed)?;
        let sequences = self.next_sequence()..reader.visible();
        Ok(!reader.select(&Selection::stream(entity), sequences, (1, Order::Ascending))?.is_empty())
    }

    /// Saves the position, if it has a name.
    pub(super) fn save_position(&self) -> Result<(), StoreError> {
        let Some(id) = &self.checkpoint else { return Ok(()) };
        let reader = self.reader.upgrade().ok_or(StoreError::Closed)?;
        let checkpoint = CursorCheckpoint {
            position: self.after.unwrap_or_default(),
            started: self.after.is_some(),
            process_boot_ns: Some(reader.clock().process_boot_ns()),
            region_identity: Some(checkpoint::region_identity(&self.region)),
        };
        checkpoint::save(&*writable(&reader)?, id, &checkpoint)
            .map_err(|source| StoreError::CheckpointWriteFailed { id: id.as_str().to_owned(), source })
    }

    /// Waits until `look` finds something.
    pub(super) fn wait_until<I>(
        &mut self,
        patience: &Patience,
        mut look: impl FnMut(&mut Self) -> Result<Option<I>, StoreError>,
    ) -> Result<Waited<I>, StoreError> {
        loop {
            if let Some(found) = look(self)? {
                return Ok(Waited::Got(found));
            }
            // Who begins to listen looks again: an event may have come between the look and the listening.
            let Some(inbox) = &self.inbox else {
                let reader = self.reader.upgrade().ok_or(StoreError::Closed)?;
                self.inbox = Some(reader.subscribe(&self.region, 1));
                continue;
            };
            match wait(&inbox.receiver, patience) {
                Waited::Got(_) => {}
                Waited::Expired => return Ok(Waited::Expired),
                Waited::Stopped => return Ok(Waited::Stopped),
                Waited::Closed => return Ok(Waited::Closed),
            }
        }
    }
}

/// Where positions are saved.
fn writable(reader: &Reader) -> Result<Arc<dyn Directory>, StoreError> {
    reader.directory().ok_or_else(|| {
        StoreError::Configuration(
            "a store that is open for reading only saves no cursor positions".to_owned(),
        )
    })
}

impl Canal for Cursor {
    type Item = IndexEntry;
    type Error = StoreError;

    fn pull_batch(&mut self, max: usize, deadline: Duration) -> Result<CanalBatch<IndexEntry>, StoreError> {
        if max == 0 {
            return Ok(CanalBatch::Empty);
        }
        let look = |cursor: &mut Self| {
            let entries = cursor.try_poll_batch(max)?;
            Ok((!entries.is_empty()).then_some(entries))
        };
        match self.wait_until(&Patience::of(deadline), look)? {
            Waited::Got(entries) => Ok(entries.into_iter().collect()),
            Waited::Expired | Waited::Stopped => Ok(CanalBatch::Empty),
            Waited::Closed => Err(StoreError::Closed),
        }
    }
}
