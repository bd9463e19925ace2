//! Owns the report of a compaction: what it looked at, what it did and what came of it, as values that hash the same everywhere.

use serde::{Deserialize, Serialize};

use crate::commit::compaction::rewrite::Draft;
use crate::commit::compaction::{CompactionConfig, CompactionOutcome, CompactionResult, CompactionStrategy};
use crate::disk::storage::File;
use crate::words::encoding;

/// Version of the form of a [`CompactionReportBody`].
pub const COMPACTION_REPORT_SCHEMA_VERSION: u16 = 1;

/// BLAKE3 of the MessagePack form of a report.
pub type CompactionEvidenceHash = [u8; 32];

/// Bytes that are hashed at once.
const STEP_BYTES: usize = 256 * 1024;

/// What a compaction does with events, without the predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CompactionStrategyShape {
    /// Keeps them all.
    Merge,
    /// Removes some, and reads pass over their places.
    Retention,
    /// Removes some, and reads show tombstones in their places.
    Tombstone,
}

/// The shape of a strategy.
pub fn compaction_strategy_shape(strategy: &CompactionStrategy) -> CompactionStrategyShape {
    match strategy {
        CompactionStrategy::Merge => CompactionStrategyShape::Merge,
        CompactionStrategy::Retention(_) => CompactionStrategyShape::Retention,
        CompactionStrategy::Tombstone(_) => CompactionStrategyShape::Tombstone,
    }
}

/// What did not go as it was to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum CompactionReportFinding {
    /// The compaction was given up before anything counted.
    PreSwapRollback {
        /// What went wrong.
        reason: String,
    },
    /// The new segments count, and their bytes could not be read for the report.
    OutputSegmentHashUnavailable {
        /// What went wrong.
        reason: String,
    },
}

/// What a compaction looked at, did and brought. Segments are named by the global sequence at which they begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactionReportBody {
    /// Version of this form.
    pub schema_version: u16,
    /// BLAKE3 of the MessagePack form of the other fields, findings and output hash left out.
    pub compaction_id: [u8; 32],
    /// First sealed segment.
    pub input_segment_id_low: Option<u64>,
    /// Last sealed segment.
    pub input_segment_id_high: Option<u64>,
    /// What was done with events.
    pub strategy_shape: CompactionStrategyShape,
    /// With fewer sealed segments nothing is done.
    pub min_segments_threshold: usize,
    /// The segment that was being written.
    pub active_segment_id: u64,
    /// Sealed segments there were.
    pub sealed_segment_count: usize,
    /// All of them, ascending.
    pub source_segment_ids_sorted: Vec<u64>,
    /// The first new segment, if there is one.
    pub merged_segment_id: Option<u64>,
    /// BLAKE3 of the bytes of the new segments, in their order.
    pub output_segment_bytes_hash: Option<[u8; 32]>,
    /// How it ended.
    pub outcome: CompactionOutcome,
    /// Segments that were removed because others took their places.
    pub segments_removed: usize,
    /// How much smaller the segments became, in bytes.
    pub bytes_reclaimed: u64,
    /// What did not go as it was to, sorted.
    pub findings: Vec<CompactionReportFinding>,
}

impl CompactionReportBody {
    /// BLAKE3 of the MessagePack form of the whole report.
    pub fn body_hash(&self) -> Result<[u8; 32], rmp_serde::encode::Error> {
        let mut sorted = self.clone();
        sorted.findings.sort();
        hash_of(&sorted)
    }
}

/// A report with its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactionEvidenceReport {
    /// The report.
    pub body: CompactionReportBody,
    /// Its hash.
    pub body_hash: CompactionEvidenceHash,
}

impl CompactionEvidenceReport {
    /// Hashes a report.
    pub fn from_body(body: CompactionReportBody) -> Result<Self, rmp_serde::encode::Error> {
        let body_hash = body.body_hash()?;
        Ok(Self { body, body_hash })
    }
}

/// What a compaction saw of the segments.
#[derive(Debug)]
pub(super) struct Observed {
    active: u64,
    sources: Vec<u64>,
    merged: Option<u64>,
    output: Option<Result<[u8; 32], String>>,
}

impl Observed {
    /// The segment that is being written, and the sealed ones before it.
    pub(super) fn new(active: u64, sources: Vec<u64>) -> Self {
        Self { active, sources, merged: None, output: None }
    }

    /// Takes down what was written.
    pub(super) fn note(&mut self, drafts: &[Draft]) {
        self.merged = drafts.first().map(|draft| draft.name().first);
        let mut hasher = blake3::Hasher::new();
        let hashed = drafts.iter().try_for_each(|draft| hash_file(&*draft.segment.file, &mut hasher));
        let hash = hashed.map(|()| *hasher.finalize().as_bytes()).map_err(|error| error.to_string());
        self.output = self.merged.map(|_| hash);
    }
}

fn hash_file(file: &dyn File, hasher: &mut blake3::Hasher) -> std::io::Result<()> {
    let mut bytes = vec![0; STEP_BYTES];
    let mut at = 0;
    loop {
        let read = file.read_at(&mut bytes, at)?;
        if read == 0 {
            return Ok(());
        }
        hasher.update(bytes.get(..read).unwrap_or_default());
        at += read as u64;
    }
}

/// The report of a compaction that ended.
pub(super) fn report(
    config: &CompactionConfig,
    observed: &Observed,
    result: &CompactionResult,
) -> Result<CompactionReportBody, rmp_serde::encode::Error> {
    let mut findings = Vec::new();
    if let CompactionOutcome::Failed { reason } = &result.outcome {
        findings.push(CompactionReportFinding::PreSwapRollback { reason: reason.clone() });
    }
    let mut body = CompactionReportBody {
        schema_version: COMPACTION_REPORT_SCHEMA_VERSION,
        compaction_id: [0; 32],
        input_segment_id_low: observed.sources.first().copied(),
        input_segment_id_high: observed.sources.last().copied(),
        strategy_shape: compaction_strategy_shape(&config.strategy),
        min_segments_threshold: config.min_segments,
        active_segment_id: observed.active,
        sealed_segment_count: observed.sources.len(),
        source_segment_ids_sorted: observed.sources.clone(),
        merged_segment_id: observed.merged,
        output_segment_bytes_hash: None,
        outcome: result.outcome.clone(),
        segments_removed: result.segments_removed,
        bytes_reclaimed: result.bytes_reclaimed,
        findings: Vec::new(),
    };
    body.compaction_id = hash_of(&body)?;
    match &observed.output {
        Some(Ok(hash)) => body.output_segment_bytes_hash = Some(*hash),
        Some(Err(reason)) => {
            findings.push(CompactionReportFinding::OutputSegmentHashUnavailable { reason: reason.clone() });
        }
        None => {}
    }
    findings.sort();
    body.findings = findings;
    Ok(body)
}

fn hash_of(body: &CompactionReportBody) -> Result<[u8; 32], rmp_serde::encode::Error> {
    Ok(*blake3::hash(&encoding::to_bytes(body)?).as_bytes())
}
