//! Owns the evidence of a query: what was asked, of which view of the log, and how much of the answer was given, as a report whose body
//! has one hash, however often it is made.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::derive::projection::Freshness;
use crate::memory::selection::Selection;
use crate::read::entry::IndexEntry;
use crate::read::reader::Reader;
use crate::read::streams::readable;
use crate::words::error::StoreError;
use crate::words::evidence::EvidenceReport;
use crate::words::region::{KindFilter, Region};

/// Version of [`ReadWalkReportBody`].
pub const READ_WALK_REPORT_SCHEMA_VERSION: u16 = 1;

/// A BLAKE3 hash.
pub type ReadWalkHash = [u8; 32];

/// What is asked.
#[derive(Clone, Debug)]
pub struct ReadWalkRequest {
    /// Which events.
    pub region: Region,
    /// Most of them that are returned.
    pub limit: Option<usize>,
    /// Whether the report names the returned events with their hashes.
    pub include_proof_refs: bool,
    /// What the caller would put up with. Noted, and nothing else: a query always sees what is visible.
    pub freshness_intent: Freshness,
}

impl ReadWalkRequest {
    /// Every event of a region, without naming them in the report.
    pub fn full(region: Region) -> Self {
        Self { region, limit: None, include_proof_refs: false, freshness_intent: Freshness::Consistent }
    }
}

/// A part of the region that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReadWalkSourceRef {
    /// An entity and those below it.
    EntityPrefix {
        /// The entity.
        prefix: String,
    },
    /// A scope.
    Scope {
        /// The scope.
        scope: String,
    },
    /// One kind.
    FactExact {
        /// Its category.
        category: u8,
        /// Its type.
        type_id: u16,
    },
    /// The kinds of one category.
    FactCategory {
        /// The category.
        category: u8,
    },
    /// Places in streams, both ends included.
    ClockRange {
        /// The first.
        start_clock: u32,
        /// The last.
        end_clock: u32,
    },
}

/// Which view of the log was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReadWalkReplayMode {
    /// What is visible now.
    Current,
}

/// What the caller would put up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReadWalkFreshnessIntent {
    /// Only what is visible now.
    Consistent,
    /// Something older.
    MaybeStale {
        /// By how much, in milliseconds.
        max_stale_ms: u64,
    },
}

/// What bounds the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReadWalkFrontierKind {
    /// What is visible.
    Visible,
}

/// The newest event of the view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReadWalkInputFrontier {
    /// What bounds the view.
    pub kind: ReadWalkFrontierKind,
    /// Wall time of the event, in milliseconds since 1970.
    pub wall_ms: u64,
    /// Its global sequence.
    pub global_sequence: u64,
}

/// How many events the limit kept back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReadWalkDroppedCount {
    /// So many.
    Known(u64),
    /// There was no limit.
    NotApplicable,
}

/// A returned event and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReadWalkProofRef {
    /// Names the event.
    pub event_id: u128,
    /// Its global sequence.
    pub global_sequence: u64,
    /// Its event hash.
    pub event_hash: ReadWalkHash,
}

/// The returned events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReadWalkProofRefs {
    /// These, in commit order.
    Known(Vec<ReadWalkProofRef>),
    /// Nobody asked for them.
    NotApplicable,
}

/// What is worth knowing of the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReadWalkFinding {
    /// There is no event that bounds the view, or it cannot be read.
    InputFrontierUnknown,
    /// The limit kept events back.
    LimitedResults {
        /// How many.
        dropped_count: u64,
    },
    /// Kept for programs written against batpak: every row of an answer comes from its frame.
    MissingBackingEntry {
        /// The event.
        event_id: u128,
    },
}

/// What was asked and answered. Equal bodies have equal hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadWalkReportBody {
    /// Version of this structure.
    pub schema_version: u16,
    /// What was asked for.
    pub source_refs: Vec<ReadWalkSourceRef>,
    /// Which view was read.
    pub replay_mode: ReadWalkReplayMode,
    /// What the caller would have put up with.
    pub freshness_intent: ReadWalkFreshnessIntent,
    /// The newest event of the view.
    pub input_frontier: Option<ReadWalkInputFrontier>,
    /// Most events that were to be returned.
    pub requested_limit: Option<u64>,
    /// Events of the region in the view, damaged ones left out.
    pub matched_count: u64,
    /// Events that were returned.
    pub returned_count: u64,
    /// Events that the limit kept back.
    pub dropped_limited_count: ReadWalkDroppedCount,
    /// The returned events.
    pub proof_refs: ReadWalkProofRefs,
    /// What is worth knowing, sorted.
    pub findings: Vec<ReadWalkFinding>,
}

/// The report of a query.
pub type ReadWalkEvidenceReport = EvidenceReport<ReadWalkReportBody>;

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadWalkReportError {
    /// The body could not be encoded.
    #[error("the body of the report cannot be encoded: {message}")]
    BodyEncoding {
        /// Why.
        message: String,
    },
}

/// Queries and reports. A query that fails returns no event, and the diagnostics say why.
pub(crate) fn read_walk(
    reader: &Reader,
    request: &ReadWalkRequest,
) -> Result<(Vec<IndexEntry>, ReadWalkEvidenceReport), ReadWalkReportError> {
    let visible = reader.visible();
    let mut diagnostics = Vec::new();
    let (entries, matched_count) = match query(reader, request, visible) {
        Ok(answer) => answer,
        Err(error) => {
            diagnostics.push(error.to_string());
            (Vec::new(), 0)
        }
    };
    let body = body(request, frontier(reader, visible), &entries, matched_count);
    let report = EvidenceReport::seal(body, diagnostics)
        .map_err(|error| ReadWalkReportError::BodyEncoding { message: error.to_string() })?;
    Ok((entries, report))
}

/// The events of a view that are returned, and how many there are.
fn query(
    reader: &Reader,
    request: &ReadWalkRequest,
    visible: u64,
) -> Result<(Vec<IndexEntry>, u64), StoreError> {
    let limit = request.limit.unwrap_or(usize::MAX);
    let selection = Selection::region(request.region.clone());
    let mut all = readable(reader.entries(selection, 0..visible));
    let entries = all.by_ref().take(limit).collect::<Result<Vec<_>, _>>()?;
    let rest: u64 = all.map(|entry| entry.map(|_| 1)).sum::<Result<u64, _>>()?;
    let matched = entries.len() as u64 + rest;
    Ok((entries, matched))
}

fn frontier(reader: &Reader, visible: u64) -> Option<ReadWalkInputFrontier> {
    let global_sequence = visible.checked_sub(1)?;
    let wall_ms = reader.header_at(global_sequence).ok()?.position.wall_ms();
    Some(ReadWalkInputFrontier { kind: ReadWalkFrontierKind::Visible, wall_ms, global_sequence })
}

fn body(
    request: &ReadWalkRequest,
    input_frontier: Option<ReadWalkInputFrontier>,
    entries: &[IndexEntry],
    matched_count: u64,
) -> ReadWalkReportBody {
    let returned_count = entries.len() as u64;
    let dropped_count = matched_count - returned_count;
    let limited = (dropped_count > 0).then_some(ReadWalkFinding::LimitedResults { dropped_count });
    let unknown = input_frontier.is_none().then_some(ReadWalkFinding::InputFrontierUnknown);
    let proof_ref = |entry: &IndexEntry| ReadWalkProofRef {
        event_id: entry.event_id(),
        global_sequence: entry.global_sequence(),
        event_hash: *entry.event_hash(),
    };
    ReadWalkReportBody {
        schema_version: READ_WALK_REPORT_SCHEMA_VERSION,
        source_refs: source_refs(&request.region),
        replay_mode: ReadWalkReplayMode::Current,
        freshness_intent: match request.freshness_intent {
            Freshness::Consistent => ReadWalkFreshnessIntent::Consistent,
            Freshness::MaybeStale { max_stale_ms } => ReadWalkFreshnessIntent::MaybeStale { max_stale_ms },
        },
        input_frontier,
        requested_limit: request.limit.map(|limit| limit as u64),
        matched_count,
        returned_count,
        dropped_limited_count: match request.limit {
            Some(_) => ReadWalkDroppedCount::Known(dropped_count),
            None => ReadWalkDroppedCount::NotApplicable,
        },
        proof_refs: if request.include_proof_refs {
            ReadWalkProofRefs::Known(entries.iter().map(proof_ref).collect())
        } else {
            ReadWalkProofRefs::NotApplicable
        },
        findings: unknown.into_iter().chain(limited).collect(),
    }
}

fn source_refs(region: &Region) -> Vec<ReadWalkSourceRef> {
    let entity =
        region.entity_prefix().map(|prefix| ReadWalkSourceRef::EntityPrefix { prefix: prefix.to_owned() });
    let scope = region.scope_value().map(|scope| ReadWalkSourceRef::Scope { scope: scope.to_owned() });
    let fact = region.fact().and_then(|filter| match *filter {
        KindFilter::Exact(kind) => {
            Some(ReadWalkSourceRef::FactExact { category: kind.category(), type_id: kind.type_id() })
        }
        KindFilter::Category(category) => Some(ReadWalkSourceRef::FactCategory { category }),
        KindFilter::Any => None,
    });
    let clocks = region
        .clock_range()
        .map(|(start_clock, end_clock)| ReadWalkSourceRef::ClockRange { start_clock, end_clock });
    entity.into_iter().chain(scope).chain(fact).chain(clocks).collect()
}
