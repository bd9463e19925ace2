//! Snapshots with their evidence.

use crate::batpak::prelude::*;
use crate::batpak::store::{
    SNAPSHOT_EVIDENCE_REPORT_SCHEMA_VERSION, SnapshotEvidenceHash, SnapshotEvidenceReport,
    SnapshotFenceTokenRef, SnapshotFileKind, SnapshotFinding, SnapshotReportBody, SnapshotWatermarkRef,
    snapshot_report_body_hash,
};

use crate::shared::{Deposited, account, open};

#[test]
fn a_snapshot_is_a_store_and_tells_what_was_copied() -> Result<(), Box<dyn std::error::Error>> {
    let (_directory, store) = open();
    let store: Store = store;
    store.append_typed(&account(), &Deposited { cents: 5 })?;
    let copies = tempfile::tempdir()?;
    let report: SnapshotEvidenceReport = store.snapshot_with_evidence(&copies.path().join("copy"))?;
    let body: &SnapshotReportBody = &report.body;
    assert_eq!(body.schema_version, SNAPSHOT_EVIDENCE_REPORT_SCHEMA_VERSION);
    assert_eq!(body.copied_segment_ids_sorted.len(), 1);
    let hash: SnapshotEvidenceHash = body.body_hash()?;
    assert_eq!((hash, snapshot_report_body_hash(body)?), (report.body_hash, report.body_hash));
    let SnapshotFenceTokenRef { token } = body.fence_token;
    let SnapshotWatermarkRef { segment_id, offset } = body.source_watermark;
    assert!(offset > 0 && body.copied_segment_ids_sorted.contains(&segment_id), "{token}");
    let unhashed = |finding: &&SnapshotFinding| {
        matches!(
            finding,
            SnapshotFinding::CopyByteHashUnavailable { file_kind: SnapshotFileKind::Segment, .. }
        )
    };
    assert!(body.findings.iter().filter(unhashed).count() <= body.copied_segment_ids_sorted.len());
    let cancelled = |finding: &&SnapshotFinding| matches!(finding, SnapshotFinding::FenceTokenCancelled);
    assert!(body.findings.iter().filter(cancelled).count() <= 1);
    let copy = Store::open_read_only(StoreConfig::new(copies.path().join("copy")))?;
    assert_eq!(copy.by_fact_typed::<Deposited>().len(), 1);
    Ok(())
}
