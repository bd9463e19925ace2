//! Owns what a projection tells besides the state: how far it reaches, where it comes from and how fresh it is.

use crate::derive::evidence::{ProjectionRunCacheStatus, ProjectionRunFreshnessStatus};

/// A projected state and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectionOutcome<T> {
    /// The state; `None` if there is no event that the fold takes, or the fold makes no state of them.
    pub state: Option<T>,
    /// How many events the state covers, of whatever kind: of the entity's stream, or of the region. 0 for an unknown entity.
    pub generation: u64,
    /// Global sequence of the newest event that was folded into the state; `None` if none was.
    pub applied_sequence: Option<u64>,
    /// Exclusive end, in global sequences, of what the state covers.
    pub frontier: u64,
    /// How the state came about.
    pub source: ProjectionSource,
    /// How many events this call folded.
    pub events_folded: u64,
    /// What became of the states that are kept, if the store was opened with a cache.
    pub cache_status: ProjectionRunCacheStatus,
    /// Whether the state is that of the moment.
    pub freshness: ProjectionRunFreshnessStatus,
}

/// How a projected state came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectionSource {
    /// All events were folded.
    Replayed,
    /// The events since an earlier state were folded into it.
    Continued,
    /// An earlier state was given as it was.
    Remembered,
}
