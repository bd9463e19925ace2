//! The verb that compacts a store.

use std::iter::Peekable;

use crate::commit::compaction::{
    CompactionConfig, CompactionReportBody, CompactionResult, RetentionPredicate, compact,
};
use crate::memory::selection::Selection;
use crate::read::entry::LogEvent;
use crate::read::reader::Reader;
use crate::read::streams::Events;
use crate::store::{Open, Store};
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::event::StoredEvent;

impl Store<Open> {
    /// Rewrites the sealed segments: small ones become one, up to 256 MiB or the size at which segments are sealed; and with
    /// [`CompactionStrategy::Retention`] or [`CompactionStrategy::Tombstone`], events that the predicate does not keep are removed,
    /// their payloads, scopes, extensions and times erased. The segment that is being written is not touched.
    ///
    /// What is left of a removed event keeps its place in the log and in its stream, its id, its entity and its hashes: no sequence, no
    /// generation, no receipt, no link of another event changes, and its idempotency key stays taken. Events of the store itself, and
    /// events whose payload cannot be shown as JSON, are kept unasked.
    ///
    /// Appends and reads go on meanwhile; the new segments count from one instant on. A crash leaves the old segments or the new ones.
    /// A failure changes nothing and is the outcome [`CompactionOutcome::Failed`]. The predicate runs in this thread and may use the
    /// store, except for compacting it: a second compaction at the same time fails.
    ///
    /// ```
    /// use causeway::store::segment::CompactionOutcome;
    /// use causeway::store::{CompactionConfig, CompactionStrategy, Store, StoreConfig};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// let store = Store::open(StoreConfig::new(directory.path()))?;
    /// let config = CompactionConfig {
    ///     strategy: CompactionStrategy::Tombstone(Box::new(|event| event.coordinate.entity() != "customer:7")),
    ///     min_segments: 0,
    /// };
    /// let (result, _report) = store.compact(&config)?;
    /// assert_eq!(result.outcome, CompactionOutcome::Performed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::Poisoned`] if the store takes no more events.
    ///
    /// [`CompactionStrategy::Retention`]: crate::store::CompactionStrategy::Retention
    /// [`CompactionStrategy::Tombstone`]: crate::store::CompactionStrategy::Tombstone
    /// [`CompactionOutcome::Failed`]: crate::store::segment::CompactionOutcome::Failed
    pub fn compact(
        &self,
        config: &CompactionConfig,
    ) -> Result<(CompactionResult, CompactionReportBody), StoreError> {
        let mut asked = config.strategy.removal().map(|(keeps, _)| Asked::new(&self.reader, keeps));
        let keeps = &mut |sequence| match &mut asked {
            Some(asked) => asked.keeps(sequence),
            None => Ok(true),
        };
        let compacted = compact(&self.half.writer, self.path(), config, keeps)?;
        if compacted.removed_events > 0 {
            self.kept.memory.clear();
        }
        Ok((compacted.result, compacted.report))
    }
}

/// Asks a predicate of one event after the other.
struct Asked<'a> {
    keeps: &'a RetentionPredicate,
    events: Peekable<Events>,
}

impl<'a> Asked<'a> {
    fn new(reader: &Reader, keeps: &'a RetentionPredicate) -> Self {
        Self { keeps, events: reader.events(Selection::default(), 0..u64::MAX).peekable() }
    }

    /// True unless the event at `sequence`, which lies behind the one before, can be shown and is not kept.
    fn keeps(&mut self, sequence: u64) -> Result<bool, StoreError> {
        while self.events.next_if(|(at, _)| *at < sequence).is_some() {}
        match self.events.next_if(|(at, _)| *at == sequence) {
            Some((_, Ok(event))) => Ok(shown(event).is_none_or(|event| (self.keeps)(&event))),
            Some((_, Err(error))) if !error.is_one_event() => Err(error),
            Some(_) | None => Ok(true),
        }
    }
}

/// The event as the predicate sees it, if its payload can be shown.
fn shown(event: LogEvent) -> Option<StoredEvent<serde_json::Value>> {
    if event.raw.payload_form != 0 {
        return None;
    }
    let payload = encoding::to_json(&event.raw.payload).ok()?;
    let stored = event.into_stored();
    Some(StoredEvent { coordinate: stored.coordinate, event: stored.event.map_payload(|_| payload) })
}
