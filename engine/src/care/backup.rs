//! Owns the manifest of a backup: which segments it holds and what their bytes hash to, and the proof that a restored copy holds the same.
//!
//! A manifest is kept apart from the backup. It says that the bytes are the same, not that they are good: that is what verifying says.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::disk::real::RealDirectory;
use crate::disk::segment::SegmentName;
use crate::disk::storage::File;
use crate::words::encoding;
use crate::words::error::StoreError;

/// Version of [`BackupManifestBody`].
pub const BACKUP_MANIFEST_BODY_SCHEMA_VERSION: u32 = 1;
/// Version of [`RestoreProofReportBody`].
pub const RESTORE_PROOF_REPORT_SCHEMA_VERSION: u32 = 1;

/// Bytes that are hashed at a time.
const PIECE_BYTES: usize = 1024 * 1024;

/// BLAKE3 of the bytes of a segment.
pub type SegmentBytesDigest = [u8; 32];
/// Hash of a [`RestoreProofReportBody`].
pub type RestoreProofHash = [u8; 32];

/// One segment of a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BackupSegmentRef {
    /// First global sequence of the segment.
    pub segment_id: u64,
    /// BLAKE3 of its bytes.
    pub bytes_digest: SegmentBytesDigest,
}

/// What a backup holds. Its hash does not depend on the order of the segments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupManifestBody {
    /// [`BACKUP_MANIFEST_BODY_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Names the backup; the caller's choice.
    pub backup_id: [u8; 32],
    /// The caller's own numbering of how backups are laid out.
    pub layout_revision: u32,
    /// The caller's own numbering of the tools that made it.
    pub tooling_revision: u32,
    /// The segments.
    pub segments: Vec<BackupSegmentRef>,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum BackupEnvelopeFinding {
    /// The manifest has another version.
    UnsupportedManifestBodySchemaVersion {
        /// Its version.
        observed: u32,
        /// The version that is understood.
        expected: u32,
    },
    /// A segment is listed twice.
    DuplicateSegmentRef {
        /// First global sequence of the segment.
        segment_id: u64,
        /// BLAKE3 of its bytes.
        bytes_digest: SegmentBytesDigest,
    },
    /// A segment is listed with two digests.
    InconsistentSegmentId {
        /// First global sequence of the segment.
        segment_id: u64,
        /// The smaller digest.
        first_digest: SegmentBytesDigest,
        /// The greater one.
        second_digest: SegmentBytesDigest,
    },
    /// A segment of the manifest is not there.
    MissingExpectedSegment {
        /// First global sequence of the segment.
        segment_id: u64,
    },
    /// A segment is there that the manifest does not list.
    UnexpectedObservedSegment {
        /// First global sequence of the segment.
        segment_id: u64,
    },
    /// A segment has other bytes.
    SegmentBytesDigestMismatch {
        /// First global sequence of the segment.
        segment_id: u64,
        /// What the manifest says.
        expected: SegmentBytesDigest,
        /// What is there.
        observed: SegmentBytesDigest,
    },
}

/// Whether a copy holds what a manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreProofReportBody {
    /// [`RESTORE_PROOF_REPORT_SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Hash of the manifest.
    pub manifest_body_hash: SegmentBytesDigest,
    /// What is there, sorted.
    pub observed_segments_sorted: Vec<BackupSegmentRef>,
    /// What does not fit, sorted; empty if the copy is whole.
    pub findings: Vec<BackupEnvelopeFinding>,
}

impl RestoreProofReportBody {
    /// True if the copy holds what the manifest says, and nothing else.
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }
}

/// The segments of a directory and what their bytes hash to, in order. Reads all of them.
///
/// A store that is being written changes meanwhile: take a snapshot and describe that.
pub fn backup_segments(directory: &Path) -> Result<Vec<BackupSegmentRef>, StoreError> {
    let directory = RealDirectory::open(directory)?;
    let mut segments = Vec::new();
    for entry in directory.list()? {
        if let Some(name) = SegmentName::parse(&entry.name) {
            let bytes_digest = digest(&*directory.open(&entry.name)?)?;
            segments.push(BackupSegmentRef { segment_id: name.first, bytes_digest });
        }
    }
    segments.sort_unstable();
    Ok(segments)
}

/// BLAKE3 of a file's bytes.
pub(crate) fn digest(file: &dyn File) -> io::Result<SegmentBytesDigest> {
    let (mut hasher, mut piece, mut at) = (blake3::Hasher::new(), vec![0; PIECE_BYTES], 0);
    loop {
        let read = file.read_at(&mut piece, at)?;
        hasher.update(&piece[..read]);
        at += read as u64;
        if read < piece.len() {
            return Ok(*hasher.finalize().as_bytes());
        }
    }
}

/// Sorts segments as a manifest's hash does: by segment, then by digest.
pub fn sort_backup_segment_refs(segments: &mut [BackupSegmentRef]) {
    segments.sort_unstable();
}

/// The manifest with its segments sorted.
pub fn normalize_backup_manifest_body(body: &BackupManifestBody) -> BackupManifestBody {
    let mut body = body.clone();
    sort_backup_segment_refs(&mut body.segments);
    body
}

/// The bytes that are hashed: MessagePack of the sorted manifest.
pub fn backup_manifest_body_bytes(body: &BackupManifestBody) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    encoding::to_bytes(&normalize_backup_manifest_body(body))
}

/// The hash of a manifest.
pub fn backup_manifest_body_hash(
    body: &BackupManifestBody,
) -> Result<SegmentBytesDigest, rmp_serde::encode::Error> {
    Ok(*blake3::hash(&backup_manifest_body_bytes(body)?).as_bytes())
}

/// What a manifest says twice.
pub fn audit_backup_manifest_segments(body: &BackupManifestBody) -> Vec<BackupEnvelopeFinding> {
    let sorted = normalize_backup_manifest_body(body).segments;
    let same_segment = sorted.windows(2).filter_map(|pair| match pair {
        [first, second] if first.segment_id == second.segment_id => Some((*first, *second)),
        _ => None,
    });
    let finding = |(first, second): (BackupSegmentRef, BackupSegmentRef)| {
        let segment_id = first.segment_id;
        if first == second {
            return BackupEnvelopeFinding::DuplicateSegmentRef {
                segment_id,
                bytes_digest: first.bytes_digest,
            };
        }
        let (first_digest, second_digest) = (first.bytes_digest, second.bytes_digest);
        BackupEnvelopeFinding::InconsistentSegmentId { segment_id, first_digest, second_digest }
    };
    same_segment.map(finding).collect()
}

/// Compares what is there with what a manifest says.
pub fn restore_proof_report_body(
    expected_manifest: &BackupManifestBody,
    observed_segments: &[BackupSegmentRef],
) -> Result<RestoreProofReportBody, rmp_serde::encode::Error> {
    let expected = normalize_backup_manifest_body(expected_manifest).segments;
    let mut observed = observed_segments.to_vec();
    sort_backup_segment_refs(&mut observed);
    let mut findings = audit_backup_manifest_segments(expected_manifest);
    if expected_manifest.schema_version != BACKUP_MANIFEST_BODY_SCHEMA_VERSION {
        findings.push(BackupEnvelopeFinding::UnsupportedManifestBodySchemaVersion {
            observed: expected_manifest.schema_version,
            expected: BACKUP_MANIFEST_BODY_SCHEMA_VERSION,
        });
    }
    findings.extend(compare(&expected, &observed));
    findings.sort();
    Ok(RestoreProofReportBody {
        schema_version: RESTORE_PROOF_REPORT_SCHEMA_VERSION,
        manifest_body_hash: backup_manifest_body_hash(expected_manifest)?,
        observed_segments_sorted: observed,
        findings,
    })
}

fn compare(expected: &[BackupSegmentRef], observed: &[BackupSegmentRef]) -> Vec<BackupEnvelopeFinding> {
    let by_id = |segments: &[BackupSegmentRef]| -> BTreeMap<u64, SegmentBytesDigest> {
        segments.iter().map(|segment| (segment.segment_id, segment.bytes_digest)).collect()
    };
    let (expected, observed) = (by_id(expected), by_id(observed));
    let of_expected =
        expected.iter().filter_map(|(&segment_id, &expected)| match observed.get(&segment_id) {
            None => Some(BackupEnvelopeFinding::MissingExpectedSegment { segment_id }),
            Some(&observed) if observed == expected => None,
            Some(&observed) => {
                Some(BackupEnvelopeFinding::SegmentBytesDigestMismatch { segment_id, expected, observed })
            }
        });
    let unexpected = observed.keys().filter(|segment_id| !expected.contains_key(segment_id));
    let of_observed =
        unexpected.map(|&segment_id| BackupEnvelopeFinding::UnexpectedObservedSegment { segment_id });
    of_expected.chain(of_observed).collect()
}

/// The hash of a report: findings are sorted first.
pub fn restore_proof_report_body_hash(
    report: &RestoreProofReportBody,
) -> Result<RestoreProofHash, rmp_serde::encode::Error> {
    let mut sorted = report.clone();
    sorted.findings.sort();
    Ok(*blake3::hash(&encoding::to_bytes(&sorted)?).as_bytes())
}

/// A report with its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreProofEvidenceReport {
    /// The report.
    pub body: RestoreProofReportBody,
    /// Its hash.
    pub body_hash: RestoreProofHash,
}

/// Compares what is there with what a manifest says, and hashes the answer.
pub fn restore_proof_evidence_report(
    expected_manifest: &BackupManifestBody,
    observed_segments: &[BackupSegmentRef],
) -> Result<RestoreProofEvidenceReport, rmp_serde::encode::Error> {
    let body = restore_proof_report_body(expected_manifest, observed_segments)?;
    Ok(RestoreProofEvidenceReport { body_hash: restore_proof_report_body_hash(&body)?, body })
}
