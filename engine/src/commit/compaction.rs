//! Owns compaction: sealed segments become fewer, and events that are not kept become stubs in their places.
//!
//! Invariants:
//! - everything stays as it was until each new segment is whole, synced, read back and named; then all take their places at one instant;
//! - a segment goes only when the names of those that replace it are durable, and first the one that begins where its successor does;
//! - damage is copied as it stands, and told.

mod report;
mod rewrite;

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::commit::committer::Committer;
pub use crate::commit::compaction::report::{
    COMPACTION_REPORT_SCHEMA_VERSION, CompactionEvidenceHash, CompactionEvidenceReport, CompactionReportBody,
    CompactionReportFinding, CompactionStrategyShape, compaction_strategy_shape,
};
use crate::commit::compaction::report::{Observed, report};
use crate::commit::compaction::rewrite::{Draft, Keeps, Rewriting, Run, Source, examine};
use crate::commit::writer::Writer;
use crate::disk::segment::SegmentName;
use crate::disk::storage::Directory;
use crate::memory::cache::SectionCache;
use crate::memory::sealed::SealedPart;
use crate::memory::shared::Shared;
use crate::memory::survey::{stored_index, survey};
use crate::words::error::StoreError;
use crate::words::event::{RemovalReason, StoredEvent};
use crate::words::finding::{Finding, FindingClass};
use crate::words::sync::Arc;

/// Segments are not merged beyond this many bytes, or beyond the size at which they are sealed if that is greater.
const MERGED_BYTES: u64 = 256 * 1024 * 1024;

/// Says of an event whether it is kept. The store's own events are kept unasked.
pub type RetentionPredicate = Box<dyn Fn(&StoredEvent<Value>) -> bool + Send>;

/// What compaction does with the events of sealed segments.
#[non_exhaustive]
pub enum CompactionStrategy {
    /// Keeps them all.
    Merge,
    /// Removes those that the predicate does not keep: reads pass over their places.
    Retention(RetentionPredicate),
    /// Removes those that the predicate does not keep: reads show an event of kind [`EventKind::TOMBSTONE`] in their places.
    ///
    /// [`EventKind::TOMBSTONE`]: crate::event::EventKind::TOMBSTONE
    Tombstone(RetentionPredicate),
}

impl CompactionStrategy {
    /// Whom to ask, if anybody, and what becomes of what is not kept.
    pub(crate) fn removal(&self) -> Option<(&RetentionPredicate, RemovalReason)> {
        match self {
            Self::Merge => None,
            Self::Retention(keeps) => Some((keeps, RemovalReason::Retention)),
            Self::Tombstone(keeps) => Some((keeps, RemovalReason::Tombstone)),
        }
    }
}

/// How a store is compacted.
pub struct CompactionConfig {
    /// What is done with the events.
    pub strategy: CompactionStrategy,
    /// With fewer sealed segments nothing is done.
    pub min_segments: usize,
}

impl Default for CompactionConfig {
    /// Merges when there are two sealed segments or more.
    fn default() -> Self {
        Self { strategy: CompactionStrategy::Merge, min_segments: 2 }
    }
}

/// How a compaction ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CompactionOutcome {
    /// Everything is as it was asked for, and on stable storage.
    Performed,
    /// There were fewer sealed segments than asked for.
    Skipped,
    /// Nothing was changed.
    Failed {
        /// What went wrong.
        reason: String,
    },
}

/// What a compaction did.
#[derive(Debug)]
pub struct CompactionResult {
    /// How it ended.
    pub outcome: CompactionOutcome,
    /// Segments that were removed because others took their places.
    pub segments_removed: usize,
    /// How much smaller the segments became, in bytes.
    pub bytes_reclaimed: u64,
}

/// A compaction that ended.
pub(crate) struct Compacted {
    pub(crate) result: CompactionResult,
    pub(crate) report: CompactionReportBody,
    /// Events that became stubs.
    pub(crate) removed_events: u64,
}

/// What a compaction works on.
struct Workshop {
    shared: Arc<Shared>,
    directory: Arc<dyn Directory>,
    cache: Arc<SectionCache>,
    active: SegmentName,
}

/// Compacts the sealed segments of the store at `path`, while others append and read. `keeps` is asked for each event that may go.
///
/// # Errors
/// If nothing may be committed any more. Any other failure is the outcome.
pub(crate) fn compact(
    writer: &Writer,
    path: &Path,
    config: &CompactionConfig,
    keeps: &mut Keeps<'_>,
) -> Result<Compacted, StoreError> {
    let workshop = writer.with_committer(|committer| {
        committer.poison.check()?;
        Ok::<_, StoreError>(Workshop {
            shared: Arc::clone(&committer.shared),
            directory: Arc::clone(&committer.directory),
            cache: Arc::clone(&committer.cache),
            active: committer.active.name(),
        })
    })?;
    let turn = writer.replacing.try_lock();
    let parts = workshop.sealed_parts();
    let sources = parts.iter().map(|part| part.header.first).collect();
    let mut observed = Observed::new(workshop.active.first, sources);
    let mut result =
        CompactionResult { outcome: CompactionOutcome::Skipped, segments_removed: 0, bytes_reclaimed: 0 };
    let mut removed_events = 0;
    if turn.is_none() {
        let reason = "another compaction is under way".to_owned();
        result.outcome = CompactionOutcome::Failed { reason };
    } else if parts.len() >= config.min_segments {
        let drafts = workshop.drafts(path, &parts, config, keeps);
        match drafts.and_then(|drafts| workshop.replace(writer, &drafts).map(|()| drafts)) {
            Ok(drafts) => {
                result = workshop.clear_away(writer, &drafts);
                removed_events = drafts.iter().map(|draft| draft.removed_events).sum();
                observed.note(&drafts);
            }
            Err(error) => result.outcome = CompactionOutcome::Failed { reason: error.to_string() },
        }
    }
    let report = report(config, &observed, &result).map_err(StoreError::encoding)?;
    Ok(Compacted { result, report, removed_events })
}

impl Workshop {
    /// The parts that are not written any more.
    fn sealed_parts(&self) -> Vec<Arc<SealedPart>> {
        let mut parts = self.shared.index.sealed_parts();
        parts.retain(|part| part.segment_name() != self.active);
        parts
    }

    /// Writes what is to take the place of the parts, under temporary names. If that fails nothing of it stays.
    fn drafts(
        &self,
        path: &Path,
        parts: &[Arc<SealedPart>],
        config: &CompactionConfig,
        keeps: &mut Keeps<'_>,
    ) -> Result<Vec<Draft>, StoreError> {
        let rewriting = Rewriting {
            shared: &self.shared,
            directory: &*self.directory,
            reason: config.strategy.removal().map(|(_, reason)| reason),
            generation: parts.iter().map(|part| part.header.generation).max().map_or(1, |newest| newest + 1),
            limit_bytes: self.shared.config.rotation_bytes().max(MERGED_BYTES),
        };
        if !(SegmentName { first: 0, generation: rewriting.generation }).is_possible() {
            let detail = "its generation is the last one".to_owned();
            return Err(StoreError::CorruptSegment { segment_id: self.active.first, detail });
        }
        let mut drafts = Vec::new();
        let written = self.write_drafts(path, parts, &rewriting, keeps, &mut drafts);
        if let Err(error) = written {
            self.discard(&drafts, 0);
            return Err(error);
        }
        Ok(drafts)
    }

    fn write_drafts(
        &self,
        path: &Path,
        parts: &[Arc<SealedPart>],
        rewriting: &Rewriting<'_>,
        keeps: &mut Keeps<'_>,
        drafts: &mut Vec<Draft>,
    ) -> Result<(), StoreError> {
        let segments = survey(&*self.directory, path)?.segments;
        let mut open: Option<Run<'_>> = None;
        for part in parts {
            let found = segments.iter().find(|segment| segment.name == part.segment_name());
            let segment = found.cloned().ok_or_else(|| StoreError::CorruptSegment {
                segment_id: part.header.first,
                detail: "it is not in the directory any more".to_owned(),
            })?;
            if segment.guessed {
                let message = "the segment was not compacted, because its header is damaged";
                self.shared.note(Finding::new(FindingClass::Header, message).in_file(segment.name));
                continue;
            }
            let source = examine(rewriting, Source { segment, end: part.header.end }, keeps)?;
            if let Some(damage) = source.damage() {
                self.shared.note(damage);
            }
            open = match open {
                Some(mut run) if run.takes(&source) => {
                    run.add(source)?;
                    Some(run)
                }
                before => {
                    if let Some(run) = before {
                        drafts.extend(run.finish()?);
                    }
                    Some(Run::begin(rewriting, source))
                }
            };
        }
        if let Some(run) = open {
            drafts.extend(run.finish()?);
        }
        Ok(())
    }

    /// Gives the drafts their names and lets them count. If that fails everything is as before.
    fn replace(&self, writer: &Writer, drafts: &[Draft]) -> Result<(), StoreError> {
        let mut named = 0;
        let replaced = writer.with_committer(|committer| self.swap(committer, drafts, &mut named));
        if replaced.is_err() {
            self.discard(drafts, named);
        }
        replaced
    }

    /// Nobody else creates a segment meanwhile: whose directory sync failed could not be told. Counts the drafts that have their names.
    fn swap(&self, committer: &mut Committer, drafts: &[Draft], named: &mut usize) -> Result<(), StoreError> {
        committer.poison.check()?;
        committer.check_lock()?;
        for draft in drafts {
            self.directory.rename_new(&draft.name().temporary_name(), &draft.name().to_string())?;
            *named += 1;
            self.directory.rename_over(&draft.temporary_index_name(), &draft.name().index_name())?;
        }
        self.directory.sync()?;
        let index = |draft: &Draft| {
            let (end, largest_time) = (Some(draft.end), draft.largest_time_before);
            let part = stored_index(&*self.directory, &draft.segment, largest_time, end, &self.cache);
            part.map(Arc::new).ok_or_else(|| StoreError::CorruptSegment {
                segment_id: draft.name().first,
                detail: "its new index cannot be read".to_owned(),
            })
        };
        let parts = drafts.iter().map(index).collect::<Result<Vec<_>, _>>()?;
        self.shared.index.replace_sealed(&parts);
        if drafts.iter().any(|draft| draft.removed_events > 0) {
            self.shared.note_rewrite();
        }
        Ok(())
    }

    /// Removes drafts, of which the first `named` have their names: what else has such a name is not ours to remove. One that stays does
    /// no harm: it says what its sources say.
    fn discard(&self, drafts: &[Draft], named: usize) {
        for draft in drafts.iter().take(named) {
            for name in [draft.name().to_string(), draft.name().index_name()] {
                let _ = self.directory.remove(&name);
            }
        }
        for draft in drafts {
            draft.discard(&*self.directory);
        }
        let _ = self.directory.sync();
    }

    /// Removes what was replaced.
    fn clear_away(&self, writer: &Writer, drafts: &[Draft]) -> CompactionResult {
        let (mut segments_removed, mut bytes_before) = (0, 0_u64);
        for source in drafts.iter().flat_map(|draft| &draft.sources) {
            match self.directory.remove(&source.name.to_string()) {
                Ok(()) => segments_removed += 1,
                Err(error) => {
                    let message = format!(
                        "the segment was compacted and could not be removed before the next opening: {error}"
                    );
                    self.shared.note(Finding::new(FindingClass::Note, message).in_file(source.name));
                }
            }
            bytes_before += source.len_bytes;
            // An index whose segment is gone is removed at the next writable opening at the latest.
            let _ = self.directory.remove(&source.name.index_name());
        }
        self.shared.source.forget();
        if let Err(error) = writer.with_committer(|_| self.directory.sync()) {
            let message = format!("the removal of compacted segments could not be synced: {error}");
            self.shared.note(Finding::new(FindingClass::Note, message));
        }
        let bytes_after: u64 = drafts.iter().map(|draft| draft.segment.len_bytes).sum();
        let bytes_reclaimed = bytes_before.saturating_sub(bytes_after);
        CompactionResult { outcome: CompactionOutcome::Performed, segments_removed, bytes_reclaimed }
    }
}
