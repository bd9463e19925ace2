//! Owns the evidence of a projection run: a report whose body says nothing but what follows from the run, and the hash of that body.
//!
//! Invariant: equal runs over equal logs have equal bodies; what may differ, such as the words of an error, stands outside the body.

use std::any::type_name;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::derive::kept::KeptStates;
use crate::derive::outcome::ProjectionOutcome;
use crate::derive::projection::{Freshness, Projection, projection};
use crate::read::reader::Reader;
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::evidence::EvidenceReport;

/// Version of the form of [`ProjectionRunReportBody`].
pub const PROJECTION_RUN_REPORT_SCHEMA_VERSION: u16 = 1;

/// Why parts of a body are missing: in fixed words, so that the body does not depend on how an error is put.
const PROJECTION_FAILED: &str = "projection_failed";
const CACHE_FAILED: &str = "cache_failed";
const ENCODING_FAILED: &str = "encoding_failed";

/// A BLAKE3 hash in a report.
pub type ProjectionRunHash = [u8; 32];

/// What kept states did for a run, in a store that was opened with a cache.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProjectionRunCacheStatus {
    /// A kept state was the result, or the run went on from it.
    Hit,
    /// There was no kept state that fits.
    Miss,
    /// There is no cache, or nothing that it could have kept.
    Bypassed,
    /// The cache failed; the events were replayed instead.
    Unavailable {
        /// What it said.
        reason: String,
    },
}

/// Whether the result is the state of the moment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProjectionRunFreshnessStatus {
    /// It is.
    Fresh,
    /// It is a kept state that the caller accepts though events followed.
    StaleAllowed,
    /// There is no event that the fold takes.
    NotApplicable,
    /// The run failed.
    Unavailable {
        /// Why.
        reason: String,
    },
}

/// How old the caller accepts the state to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProjectionRunRequestedFreshness {
    /// The state of the moment.
    Consistent,
    /// A kept state of less than this age.
    MaybeStale {
        /// The age in milliseconds.
        max_stale_ms: u64,
    },
}

/// How far the run was to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProjectionRunReplayMode {
    /// To the end of what is visible.
    Current,
}

/// Which end of the log bounds the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProjectionRunFrontierKind {
    /// That of what is visible.
    Visible,
}

/// A saved position that the run used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProjectionRunCheckpointRef {
    /// Runs use none.
    NotApplicable,
}

/// What the result hashes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProjectionRunOutputHash {
    /// BLAKE3 of the state in the payload encoding.
    Known(ProjectionRunHash),
    /// There is no state.
    NotApplicable,
    /// The state cannot be hashed.
    Unavailable {
        /// Why.
        reason: String,
    },
}

/// What the fold reads.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProjectionSourceRef {
    /// The stream of an entity.
    Entity {
        /// The entity.
        entity: String,
    },
    /// A kind that the fold takes.
    RelevantKind {
        /// Category of the kind.
        category: u8,
        /// Type within the category.
        type_id: u16,
    },
}

/// What stands out about a run.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProjectionRunFinding {
    /// Nobody knows how fresh the result is.
    ObservedFreshnessUnavailable,
    /// Nobody knows how far the input reached.
    InputFrontierUnknown,
    /// The result has no hash.
    OutputHashUnavailable,
    /// The cache could not be asked.
    CacheStatusUnavailable,
    /// Every event that counts was visible as a whole. Stands in every report.
    PartialVisibilityNotApplicable,
    /// The run failed.
    ProjectionFailed,
    /// The result is a kept state though events followed.
    StaleUsed,
}

/// How far the input of a run reached: the newest event that the fold took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProjectionRunInputFrontier {
    /// Which end of the log bounds the input.
    pub kind: ProjectionRunFrontierKind,
    /// Wall time of the event in milliseconds since 1970.
    pub wall_ms: u64,
    /// Its global sequence.
    pub global_sequence: u64,
}

/// What a run did, and nothing that could differ between two equal runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProjectionRunReportBody {
    /// [`PROJECTION_RUN_REPORT_SCHEMA_VERSION`].
    pub schema_version: u16,
    /// Name of the fold's type, a colon and the entity.
    pub projection_id: String,
    /// The entity, then the kinds that the fold takes.
    pub source_refs: Vec<ProjectionSourceRef>,
    /// How far the run was to go.
    pub replay_mode: ProjectionRunReplayMode,
    /// How old the caller accepts the state to be.
    pub requested_freshness: ProjectionRunRequestedFreshness,
    /// Whether the result is the state of the moment.
    pub observed_freshness: ProjectionRunFreshnessStatus,
    /// How far the input reached; `None` if there was none, or nobody knows.
    pub input_frontier: Option<ProjectionRunInputFrontier>,
    /// What the result hashes to.
    pub output_hash: ProjectionRunOutputHash,
    /// What kept states did for the run.
    pub cache_status: ProjectionRunCacheStatus,
    /// Always [`ProjectionRunCheckpointRef::NotApplicable`].
    pub checkpoint_ref: ProjectionRunCheckpointRef,
    /// What stands out, in the order of [`ProjectionRunFinding`].
    pub findings: Vec<ProjectionRunFinding>,
}

/// The report of a run.
pub type ProjectionRunEvidenceReport = EvidenceReport<ProjectionRunReportBody>;

/// Why there is no state with a report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProjectionRunReportError {
    /// The body does not encode.
    #[error("report of a projection run: {message}")]
    BodyEncoding {
        /// What the encoder says.
        message: String,
    },
    /// The run failed; the report says so.
    #[error("projection run: {source}")]
    ProjectionFailed {
        /// Why.
        source: StoreError,
        /// The report of the failed run.
        report: Box<ProjectionRunEvidenceReport>,
    },
}

/// Projects `entity` and reports on it.
pub(crate) fn project_run_evidence<T: Projection>(
    reader: &Reader,
    kept: &KeptStates,
    entity: &str,
    freshness: Freshness,
) -> Result<(Option<T>, ProjectionRunEvidenceReport), ProjectionRunReportError> {
    let run = projection::<T>(reader, kept, entity, freshness)
        .and_then(|outcome| Ok((input_frontier(reader, &outcome)?, outcome)));
    match run {
        Ok((frontier, outcome)) => {
            let (body, diagnostics) = body_of(entity, freshness, frontier, &outcome);
            let report = seal(body, diagnostics)?;
            Ok((outcome.state, report))
        }
        Err(source) => {
            let report = seal(body_of_failure::<T>(entity, freshness), vec![source.to_string()])?;
            Err(ProjectionRunReportError::ProjectionFailed { source, report: Box::new(report) })
        }
    }
}

fn input_frontier<T>(
    reader: &Reader,
    outcome: &ProjectionOutcome<T>,
) -> Result<Option<ProjectionRunInputFrontier>, StoreError> {
    let Some(global_sequence) = outcome.applied_sequence else { return Ok(None) };
    let wall_ms = reader.event_at(global_sequence)?.raw.header.position.wall_ms();
    Ok(Some(ProjectionRunInputFrontier {
        kind: ProjectionRunFrontierKind::Visible,
        wall_ms,
        global_sequence,
    }))
}

/// The body of a run, and in words what failed in it.
fn body_of<T: Projection>(
    entity: &str,
    freshness: Freshness,
    input_frontier: Option<ProjectionRunInputFrontier>,
    outcome: &ProjectionOutcome<T>,
) -> (ProjectionRunReportBody, Vec<String>) {
    let (mut findings, mut diagnostics) = (Vec::new(), Vec::new());
    let output_hash = match outcome.state.as_ref().map(encoding::to_bytes) {
        None => ProjectionRunOutputHash::NotApplicable,
        Some(Ok(bytes)) => ProjectionRunOutputHash::Known(blake3::hash(&bytes).into()),
        Some(Err(error)) => {
            findings.push(ProjectionRunFinding::OutputHashUnavailable);
            diagnostics.push(error.to_string());
            ProjectionRunOutputHash::Unavailable { reason: ENCODING_FAILED.to_owned() }
        }
    };
    let cache_status = match &outcome.cache_status {
        ProjectionRunCacheStatus::Unavailable { reason } => {
            findings.push(ProjectionRunFinding::CacheStatusUnavailable);
            diagnostics.push(reason.clone());
            ProjectionRunCacheStatus::Unavailable { reason: CACHE_FAILED.to_owned() }
        }
        status => status.clone(),
    };
    findings.push(ProjectionRunFinding::PartialVisibilityNotApplicable);
    if outcome.freshness == ProjectionRunFreshnessStatus::StaleAllowed {
        findings.push(ProjectionRunFinding::StaleUsed);
    }
    let observed_freshness = outcome.freshness.clone();
    let asked = body_of_failure::<T>(entity, freshness);
    let body = ProjectionRunReportBody {
        observed_freshness,
        input_frontier,
        output_hash,
        cache_status,
        findings,
        ..asked
    };
    (body, diagnostics)
}

/// The body of a run of which nothing is known but what was asked for.
fn body_of_failure<T: Projection>(entity: &str, freshness: Freshness) -> ProjectionRunReportBody {
    let kinds = T::relevant_event_kinds()
        .iter()
        .map(|kind| ProjectionSourceRef::RelevantKind { category: kind.category(), type_id: kind.type_id() });
    let entity_ref = ProjectionSourceRef::Entity { entity: entity.to_owned() };
    let reason = PROJECTION_FAILED.to_owned();
    ProjectionRunReportBody {
        schema_version: PROJECTION_RUN_REPORT_SCHEMA_VERSION,
        projection_id: format!("{}:{entity}", type_name::<T>()),
        source_refs: std::iter::once(entity_ref).chain(kinds).collect(),
        replay_mode: ProjectionRunReplayMode::Current,
        requested_freshness: match freshness {
            Freshness::Consistent => ProjectionRunRequestedFreshness::Consistent,
            Freshness::MaybeStale { max_stale_ms } => {
                ProjectionRunRequestedFreshness::MaybeStale { max_stale_ms }
            }
        },
        observed_freshness: ProjectionRunFreshnessStatus::Unavailable { reason: reason.clone() },
        input_frontier: None,
        output_hash: ProjectionRunOutputHash::Unavailable { reason: reason.clone() },
        cache_status: ProjectionRunCacheStatus::Unavailable { reason },
        checkpoint_ref: ProjectionRunCheckpointRef::NotApplicable,
        findings: vec![
            ProjectionRunFinding::ObservedFreshnessUnavailable,
            ProjectionRunFinding::InputFrontierUnknown,
            ProjectionRunFinding::OutputHashUnavailable,
            ProjectionRunFinding::CacheStatusUnavailable,
            ProjectionRunFinding::PartialVisibilityNotApplicable,
            ProjectionRunFinding::ProjectionFailed,
        ],
    }
}

/// Puts the hash beside the body.
fn seal(
    body: ProjectionRunReportBody,
    diagnostics: Vec<String>,
) -> Result<ProjectionRunEvidenceReport, ProjectionRunReportError> {
    EvidenceReport::seal(body, diagnostics)
        .map_err(|error| ProjectionRunReportError::BodyEncoding { message: error.to_string() })
}
