//! Owns the evidence that a stretch of a stream is what it was: a walk back along its links, each event hashed anew, as a report whose
//! body has one hash, however often it is made.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::memory::files::Sourced;
use crate::read::ancestry::{Lineage, Step, event_hash_after};
use crate::read::reader::Reader;
use crate::words::chain::compute_hash;
use crate::words::evidence::EvidenceReport;
use crate::words::id::EventId;

/// Version of [`ChainWalkReportBody`].
pub const CHAIN_WALK_REPORT_SCHEMA_VERSION: u16 = 1;

/// A BLAKE3 hash.
pub type ChainWalkHash = [u8; 32];

/// Where a walk begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainWalkStartRef {
    /// At the event with this id.
    EventId(u128),
    /// At the event of a receipt, which says what its content hash is.
    Receipt {
        /// Its id.
        event_id: u128,
        /// Its content hash.
        content_hash: ChainWalkHash,
    },
}

impl ChainWalkStartRef {
    fn event_id(self) -> u128 {
        match self {
            Self::EventId(event_id) | Self::Receipt { event_id, .. } => event_id,
        }
    }
}

/// How a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChainWalkMode {
    /// From each event to the one before it in its stream.
    Linear,
}

/// What is to be walked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainWalkRequest {
    /// Where it begins.
    pub start: ChainWalkStartRef,
    /// The last event that is checked, if it is to end before the first of the stream.
    pub end_event_id: Option<u128>,
    /// Most events that are checked.
    pub limit: usize,
    /// How it goes.
    pub mode: ChainWalkMode,
}

impl ChainWalkRequest {
    /// A walk to the first event of the stream, of at most `limit` events.
    pub fn linear(start: ChainWalkStartRef, limit: usize) -> Self {
        Self { start, end_event_id: None, limit, mode: ChainWalkMode::Linear }
    }
}

/// What a walk found wrong, or why it ended early.
///
/// Frames of ours do not store the hash of the event before; where it is asked for and nobody knows it, it is zeros.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ChainWalkFinding {
    /// A limit of 0 checks nothing.
    InvalidLimit {
        /// The limit.
        limit: usize,
    },
    /// No event has the id that the walk was to begin at.
    MissingStart {
        /// The id.
        event_id: u128,
    },
    /// Kept for programs written against batpak: what is missing is found as [`ChainWalkFinding::MissingParentLink`].
    MissingChainEntry {
        /// The id.
        event_id: u128,
    },
    /// The content hash of the receipt is not that of the event.
    StartHashMismatch {
        /// The event.
        event_id: u128,
        /// What the receipt says.
        expected: ChainWalkHash,
        /// What the event says.
        observed: ChainWalkHash,
    },
    /// A hash of an event is not that of what it says: of its payload, or of everything else and the event before it.
    EntryHashMismatch {
        /// The event.
        event_id: u128,
        /// The stored hash.
        expected: ChainWalkHash,
        /// The hash computed anew.
        observed: ChainWalkHash,
    },
    /// The event before is not there.
    MissingParentLink {
        /// The event whose predecessor is missing.
        child_event_id: u128,
        /// The hash that it should have.
        expected_parent_hash: ChainWalkHash,
    },
    /// Kept for programs written against batpak: the place in the stream decides what comes before.
    ParentHashAmbiguous {
        /// The event.
        child_event_id: u128,
        /// The hash that the one before should have.
        expected_parent_hash: ChainWalkHash,
        /// The one that was taken.
        selected_parent_event_id: u128,
        /// How many have the hash.
        matching_parent_count: u64,
    },
    /// Kept for programs written against batpak: what comes before has a smaller sequence by construction.
    OrderingRegression {
        /// The event.
        child_event_id: u128,
        /// The one before.
        parent_event_id: u128,
        /// Global sequence of the event.
        child_sequence: u64,
        /// Global sequence of the one before.
        parent_sequence: u64,
    },
    /// Kept for programs written against batpak: a stream has no cycles by construction.
    CycleDetected {
        /// The event that was met again.
        event_id: u128,
    },
    /// The event before cannot be read.
    StoppedEarlyReadFailure {
        /// The last event that could.
        event_id: u128,
        /// Why the one before could not.
        reason: String,
    },
    /// There is at least one more event before the last one that was checked.
    TruncatedByLimit {
        /// The limit.
        limit: usize,
        /// Event hash of the one before.
        next_parent_hash: ChainWalkHash,
    },
    /// The event at which the walk was to end was not met.
    EndNotReached {
        /// Its id.
        expected_end_event_id: u128,
    },
}

/// What was walked and found. Equal bodies have equal hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChainWalkReportBody {
    /// Version of this structure.
    pub schema_version: u16,
    /// How the walk went.
    pub mode: ChainWalkMode,
    /// Events that were checked.
    pub checked_count: u64,
    /// The first of them.
    pub first_ref: Option<u128>,
    /// The last of them.
    pub last_ref: Option<u128>,
    /// BLAKE3 over the checked events in the order of the walk: of each its id, 16 bytes big-endian, its event hash and the hash that it
    /// links to.
    pub walk_digest: ChainWalkHash,
    /// What was found, sorted.
    pub findings: Vec<ChainWalkFinding>,
}

/// The report of a walk.
pub type ChainWalkEvidenceReport = EvidenceReport<ChainWalkReportBody>;

/// Why there is no report.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChainWalkReportError {
    /// The body could not be encoded.
    #[error("the body of the report cannot be encoded: {message}")]
    BodyEncoding {
        /// Why.
        message: String,
    },
}

/// Walks, checks and reports. What cannot be read is a finding.
pub(crate) fn chain_walk_evidence(
    reader: &Reader,
    request: &ChainWalkRequest,
) -> Result<ChainWalkEvidenceReport, ChainWalkReportError> {
    let mut walk = Walk::default();
    walk.run(reader, request);
    EvidenceReport::seal(walk.into_body(request.mode), Vec::new())
        .map_err(|error| ChainWalkReportError::BodyEncoding { message: error.to_string() })
}

/// A walk under way.
#[derive(Default)]
struct Walk {
    checked_count: u64,
    first_ref: Option<u128>,
    last_ref: Option<u128>,
    digest: blake3::Hasher,
    findings: Vec<ChainWalkFinding>,
}

impl Walk {
    fn run(&mut self, reader: &Reader, request: &ChainWalkRequest) {
        let limit = request.limit;
        if limit == 0 {
            return self.findings.push(ChainWalkFinding::InvalidLimit { limit });
        }
        let event_id = request.start.event_id();
        match reader.find_frame(EventId::from(event_id)) {
            Ok(Some(anchor)) => {
                self.check_start(request.start, &anchor);
                self.go_back(Lineage::before(reader, &anchor), anchor, request);
            }
            Ok(None) => self.findings.push(ChainWalkFinding::MissingStart { event_id }),
            Err(error) => {
                let reason = error.to_string();
                self.findings.push(ChainWalkFinding::StoppedEarlyReadFailure { event_id, reason });
            }
        }
        if let Some(expected_end_event_id) = request.end_event_id.filter(|end| self.last_ref != Some(*end)) {
            self.findings.push(ChainWalkFinding::EndNotReached { expected_end_event_id });
        }
    }

    fn check_start(&mut self, start: ChainWalkStartRef, anchor: &Sourced) {
        let observed = anchor.event.header.content_hash;
        if let ChainWalkStartRef::Receipt { event_id, content_hash: expected } = start
            && expected != observed
        {
            self.findings.push(ChainWalkFinding::StartHashMismatch { event_id, expected, observed });
        }
    }

    fn go_back(&mut self, mut lineage: Lineage, anchor: Sourced, request: &ChainWalkRequest) {
        let mut child = anchor;
        loop {
            let event_id = id_of(&child);
            let step = lineage.step(&child);
            self.check(&child, &step);
            if request.end_event_id == Some(event_id) {
                return;
            }
            let parent = match step {
                Step::Parent { parent, .. } => *parent,
                Step::Genesis => return,
                Step::Missing { .. } => {
                    let expected_parent_hash = child.prev_hash.unwrap_or_default();
                    let child_event_id = event_id;
                    return self
                        .findings
                        .push(ChainWalkFinding::MissingParentLink { child_event_id, expected_parent_hash });
                }
                Step::Failed { error, .. } => {
                    let reason = error.to_string();
                    return self
                        .findings
                        .push(ChainWalkFinding::StoppedEarlyReadFailure { event_id, reason });
                }
            };
            if self.checked_count >= request.limit as u64 {
                let (limit, next_parent_hash) = (request.limit, parent.event.event_hash);
                return self.findings.push(ChainWalkFinding::TruncatedByLimit { limit, next_parent_hash });
            }
            child = parent;
        }
    }

    /// Counts an event, and computes its hashes anew.
    fn check(&mut self, child: &Sourced, step: &Step) {
        let (event_id, event) = (id_of(child), &child.event);
        self.checked_count += 1;
        self.first_ref = self.first_ref.or(Some(event_id));
        self.last_ref = Some(event_id);
        let parent_hash = match step {
            Step::Parent { parent, .. } => Some(parent.event.event_hash),
            Step::Genesis => Some([0; 32]),
            Step::Missing { .. } | Step::Failed { .. } => None,
        };
        let prev_hash = child.prev_hash.or(parent_hash).unwrap_or_default();
        self.digest.update(&event_id.to_be_bytes()).update(&event.event_hash).update(&prev_hash);
        // Of a removed event nothing is left that could be hashed.
        if child.removed.is_some() {
            return;
        }
        let mut compare = |expected: ChainWalkHash, observed: ChainWalkHash| {
            if expected != observed {
                self.findings.push(ChainWalkFinding::EntryHashMismatch { event_id, expected, observed });
            }
        };
        if event.payload_form == 0 {
            compare(event.header.content_hash, compute_hash(&event.payload));
        }
        match (child.prev_hash, parent_hash) {
            // A hash of another format is that of the payload and covers no link: the stored link is compared.
            (Some(stored), Some(parent_hash)) => compare(stored, parent_hash),
            (None, Some(parent_hash)) => compare(event.event_hash, event_hash_after(child, parent_hash)),
            (_, None) => {}
        }
    }

    fn into_body(mut self, mode: ChainWalkMode) -> ChainWalkReportBody {
        self.findings.sort_unstable();
        ChainWalkReportBody {
            schema_version: CHAIN_WALK_REPORT_SCHEMA_VERSION,
            mode,
            checked_count: self.checked_count,
            first_ref: self.first_ref,
            last_ref: self.last_ref,
            walk_digest: *self.digest.finalize().as_bytes(),
            findings: self.findings,
        }
    }
}

fn id_of(sourced: &Sourced) -> u128 {
    sourced.event.header.event_id.into()
}
