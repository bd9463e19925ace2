//! Owns what a snapshot says of itself: a report whose body has one hash, however often it is computed.

use serde::{Deserialize, Serialize};

use crate::care::copy::{CopiedFile, Extent};
use crate::words::encoding;
use crate::words::evidence::EvidenceReport;

/// Version of [`SnapshotReportBody`].
pub const SNAPSHOT_EVIDENCE_REPORT_SCHEMA_VERSION: u16 = 1;

/// Hash of a report body: BLAKE3 of its MessagePack form.
pub type SnapshotEvidenceHash = [u8; 32];

/// Which view of the log was copied: its exclusive end in sequences. Nothing is fenced meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SnapshotFenceTokenRef {
    /// The next sequence when the copy began.
    pub token: u64,
}

/// Where the copied log ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SnapshotWatermarkRef {
    /// First global sequence of the newest segment.
    pub segment_id: u64,
    /// Bytes of it that were copied.
    pub offset: u64,
}

/// What kind of file a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SnapshotFileKind {
    /// A segment.
    Segment,
    /// Kept for programs written against batpak: there is no such file here.
    VisibilityRanges,
    /// Kept for programs written against batpak: there is no such file here.
    PendingCompactionMarker,
}

/// What is odd about a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum SnapshotFinding {
    /// Kept for programs written against batpak: a snapshot never removes what is there.
    DestinationCleared {
        /// Files that were removed.
        artifact_count: usize,
    },
    /// The bytes of a file were not hashed.
    CopyByteHashUnavailable {
        /// Why.
        reason: String,
        /// What kind of file.
        file_kind: SnapshotFileKind,
    },
    /// Kept for programs written against batpak: nothing is fenced here.
    FenceTokenCancelled,
}

/// What was copied. Equal bodies have equal hashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotReportBody {
    /// Version of this structure.
    pub schema_version: u16,
    /// Hash over names, lengths and contents of the copied files.
    pub snapshot_id: SnapshotEvidenceHash,
    /// Which view of the log was copied.
    pub fence_token: SnapshotFenceTokenRef,
    /// Where it ended.
    pub source_watermark: SnapshotWatermarkRef,
    /// First global sequences of the copied segments, ascending.
    pub copied_segment_ids_sorted: Vec<u64>,
    /// Always false: there is no such file here.
    pub copied_visibility_ranges_present: bool,
    /// Always false: there is no such file here.
    pub copied_pending_compaction_marker_present: bool,
    /// BLAKE3 of the destination's path.
    pub destination_path_digest: SnapshotEvidenceHash,
    /// What is odd, sorted.
    pub findings: Vec<SnapshotFinding>,
}

impl SnapshotReportBody {
    pub(crate) fn new(extent: &Extent, copied: &[CopiedFile], destination: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for file in copied {
            hasher.update(&(file.name.len() as u64).to_le_bytes());
            hasher.update(file.name.as_bytes());
            hasher.update(&file.len_bytes.to_le_bytes());
            hasher.update(&file.digest);
        }
        let (segment_id, offset) = extent.ends_at();
        Self {
            schema_version: SNAPSHOT_EVIDENCE_REPORT_SCHEMA_VERSION,
            snapshot_id: *hasher.finalize().as_bytes(),
            fence_token: SnapshotFenceTokenRef { token: extent.end },
            source_watermark: SnapshotWatermarkRef { segment_id, offset },
            copied_segment_ids_sorted: copied.iter().map(|file| file.first).collect(),
            copied_visibility_ranges_present: false,
            copied_pending_compaction_marker_present: false,
            destination_path_digest: *blake3::hash(destination).as_bytes(),
            findings: Vec::new(),
        }
    }

    /// The hash of the body.
    pub fn body_hash(&self) -> Result<SnapshotEvidenceHash, rmp_serde::encode::Error> {
        snapshot_report_body_hash(self)
    }
}

/// The hash of a report body: findings are sorted first.
pub fn snapshot_report_body_hash(
    body: &SnapshotReportBody,
) -> Result<SnapshotEvidenceHash, rmp_serde::encode::Error> {
    let mut sorted = body.clone();
    sorted.findings.sort();
    Ok(*blake3::hash(&encoding::to_bytes(&sorted)?).as_bytes())
}

/// The report of a snapshot.
pub type SnapshotEvidenceReport = EvidenceReport<SnapshotReportBody>;
