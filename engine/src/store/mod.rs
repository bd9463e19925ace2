//! The door: the store as its users see it. Every method is a few lines over the floors below.

mod append;
mod compact;
mod copies;
mod derived;
mod diagnostics;
mod evidence;
mod fence;
mod heads;
mod import;
pub(crate) mod intake;
pub(crate) mod lines;
mod outbox;
mod preview;
mod react;
mod read;
mod receipts;
pub mod repair;
pub(crate) mod state;
mod submit;
mod verify;
mod waiting;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::care::log_tree::LogTree;
use crate::derive::kept::KeptStates;
use crate::derive::remembered::ProjectionMemory;
use crate::disk::storage::Directory;
use crate::read::reader::Reader;
use crate::store::state::{FollowingHalf, Half, WritingHalf};
use crate::words::sync::{Arc, Mutex};

pub use crate::care::chain_walk::{
    CHAIN_WALK_REPORT_SCHEMA_VERSION, ChainWalkEvidenceReport, ChainWalkFinding, ChainWalkHash,
    ChainWalkMode, ChainWalkReportBody, ChainWalkReportError, ChainWalkRequest, ChainWalkStartRef,
};
pub use crate::care::copy::ForkReport;
pub use crate::care::head::{Head, HeadParseError, HeadSignature, HeadSignatureError};
pub use crate::care::head_check::HeadCheck;
pub use crate::care::jsonl::EventLine;
pub use crate::care::read_walk::{
    READ_WALK_REPORT_SCHEMA_VERSION, ReadWalkDroppedCount, ReadWalkEvidenceReport, ReadWalkFinding,
    ReadWalkFreshnessIntent, ReadWalkFrontierKind, ReadWalkHash, ReadWalkInputFrontier, ReadWalkProofRef,
    ReadWalkProofRefs, ReadWalkReplayMode, ReadWalkReportBody, ReadWalkReportError, ReadWalkRequest,
    ReadWalkSourceRef,
};
pub use crate::care::snapshot_report::{
    SNAPSHOT_EVIDENCE_REPORT_SCHEMA_VERSION, SnapshotEvidenceHash, SnapshotEvidenceReport,
    SnapshotFenceTokenRef, SnapshotFileKind, SnapshotFinding, SnapshotReportBody, SnapshotWatermarkRef,
    snapshot_report_body_hash,
};
pub use crate::care::verify::{BrokenLink, VerifyProgress, VerifyReport};
pub use crate::commit::claim::{
    ReceiptClaim, ReceiptVerification, ReceiptVerificationError, verify_receipt_claim,
    verify_receipt_claim_of,
};
pub use crate::commit::compaction::{
    COMPACTION_REPORT_SCHEMA_VERSION, CompactionConfig, CompactionEvidenceHash, CompactionEvidenceReport,
    CompactionReportBody, CompactionReportFinding, CompactionStrategy, CompactionStrategyShape,
    RetentionPredicate, compaction_strategy_shape,
};
pub use crate::commit::options::{AppendOptions, AppendPositionHint, CausationRef};
pub use crate::commit::receipt::{AppendReceipt, DenialReceipt};
pub use crate::commit::request::BatchAppendItem;
pub use crate::commit::ticket::{AppendTicket, BatchAppendTicket};
pub use crate::commit::writer::WriterPressure;
pub use crate::derive::region::RegionWatcher;
pub use crate::derive::wait::WatchStop;
pub use crate::disk::segment::StoreId;
pub use crate::disk::storage::LockHolder;
pub use crate::memory::hub::Notification;
pub use crate::memory::locate::Columns;
pub use crate::memory::selection::Selection;
pub use crate::read::ancestry::{AncestorBoundary, AncestorWalk};
pub use crate::read::entry::{IndexEntry, LogEvent};
pub use crate::store::diagnostics::StoreDiagnostics;
pub use crate::store::fence::VisibilityFence;
pub use crate::store::import::{ImportOptions, ImportReport, import};
pub use crate::store::lines::import_jsonl;
pub use crate::store::outbox::Outbox;
pub use crate::store::preview::{StorePreview, lock_holder, preview};
pub use crate::store::read::StoreStats;
pub use crate::store::state::{Closed, Open, ReadOnly, StoreState};
pub use crate::words::clock::{Clock, SystemClock};
pub use crate::words::config::{
    BatchConfig, IndexConfig, IndexTopology, RestartPolicy, StoreConfig, SyncConfig, SyncMode, WriterConfig,
};
pub use crate::words::error::{StoreError, StoreLockMode};
pub use crate::words::event::{EncodedBytes, ExtensionKey, ExtensionKeyError, Extensions};
pub use crate::words::evidence::EvidenceReport;
pub use crate::words::expectation::StreamState;
pub use crate::words::extension::{
    ReceiptExtensionKey, ReceiptExtensionNamespace, ReceiptExtensionValue, SIGNING_DOWNGRADE_SCHEMA_VERSION,
    SigningDowngradeBody, SigningDowngradeReason, SigningExtensionNamespace,
};
pub use crate::words::finding::{Finding, FindingClass, VerifyLevel};
pub use crate::words::format::{Progress, StoreFormat};
pub use crate::words::merkle::{ConsistencyProof, InclusionProof, ProofError};
pub use crate::words::position::{DiskPos, HlcPoint};
pub use crate::words::report::{OpenIndexPath, OpenReport, OpenReportObserver};
pub use crate::words::signing::{SigningKey, VerifyingKey, VerifyingKeyError};
pub use crate::words::watermark::{DurabilityGate, FrontierView, WatermarkKind};

pub use delivery::canal::{Canal, CanalBatch, CanalClosed, CanalHandle, CanalItem, ReactorCanal};
pub use delivery::cursor::{
    Cursor, CursorCheckpoint, CursorGapConfig, CursorWorkerAction, CursorWorkerConfig, CursorWorkerHandle,
    GapObservation,
};
pub use delivery::observation::{
    AtLeastOnce, CheckpointId, CheckpointIdError, IdempotencyKey, MAX_CHECKPOINT_ID_LEN, ObservedOnce,
};
pub use delivery::subscription::{ScanSubscriptionOps, Subscription, SubscriptionOps};
pub use projection::{
    CacheCapabilities, CacheMeta, CursorWatcherError, Freshness, NativeCache, NoCache, Projection,
    ProjectionCache, ProjectionOutcome, ProjectionSource, ProjectionWatcher, WatcherError,
};
pub use projection_run::{
    PROJECTION_RUN_REPORT_SCHEMA_VERSION, ProjectionEvidenceRegistry, ProjectionRunCacheStatus,
    ProjectionRunCheckpointRef, ProjectionRunEvidenceReport, ProjectionRunFinding,
    ProjectionRunFreshnessStatus, ProjectionRunFrontierKind, ProjectionRunHash, ProjectionRunInputFrontier,
    ProjectionRunOutputHash, ProjectionRunReplayMode, ProjectionRunReportBody, ProjectionRunReportError,
    ProjectionRunRequestedFreshness, ProjectionSourceRef,
};
pub use reaction::ReactionBatch;
pub use reactor_typed::{ReactorConfig, ReactorError, TypedReactorHandle};

/// Events as they come: pushed and lossy, or pulled in order.
pub mod delivery {
    /// What both have in common.
    pub mod canal {
        pub use crate::derive::canal::{
            Canal, CanalBatch, CanalClosed, CanalHandle, CanalItem, ReactorCanal,
        };
    }

    /// Pulled in order.
    pub mod cursor {
        pub use crate::derive::checkpoint::CursorCheckpoint;
        pub use crate::derive::cursor::Cursor;
        pub use crate::derive::gap::{CursorGapConfig, GapObservation};
        pub use crate::store::react::worker::{CursorWorkerAction, CursorWorkerConfig, CursorWorkerHandle};
    }

    /// Names of saved positions, and what handlers are told of them.
    pub mod observation {
        pub use crate::derive::checkpoint::{CheckpointId, CheckpointIdError, MAX_CHECKPOINT_ID_LEN};
        pub use crate::derive::observation::{AtLeastOnce, IdempotencyKey, ObservedOnce};
    }

    /// Pushed and lossy.
    pub mod subscription {
        pub use crate::derive::subscription::{ScanSubscriptionOps, Subscription, SubscriptionOps};
    }
}

/// Manifests of backups, and the proof that a restored copy holds what they say.
pub mod backup_envelope {
    pub use crate::care::backup::{
        BACKUP_MANIFEST_BODY_SCHEMA_VERSION, BackupEnvelopeFinding, BackupManifestBody, BackupSegmentRef,
        RESTORE_PROOF_REPORT_SCHEMA_VERSION, RestoreProofEvidenceReport, RestoreProofHash,
        RestoreProofReportBody, SegmentBytesDigest, audit_backup_manifest_segments,
        backup_manifest_body_bytes, backup_manifest_body_hash, backup_segments,
        normalize_backup_manifest_body, restore_proof_evidence_report, restore_proof_report_body,
        restore_proof_report_body_hash, sort_backup_segment_refs,
    };
}

/// Evidence that a stretch of a stream is what it was.
pub mod chain_walk {
    pub use crate::care::chain_walk::{
        CHAIN_WALK_REPORT_SCHEMA_VERSION, ChainWalkEvidenceReport, ChainWalkFinding, ChainWalkHash,
        ChainWalkMode, ChainWalkReportBody, ChainWalkReportError, ChainWalkRequest, ChainWalkStartRef,
    };
}

/// Evidence of a query.
pub mod read_walk {
    pub use crate::care::read_walk::{
        READ_WALK_REPORT_SCHEMA_VERSION, ReadWalkDroppedCount, ReadWalkEvidenceReport, ReadWalkFinding,
        ReadWalkFreshnessIntent, ReadWalkFrontierKind, ReadWalkHash, ReadWalkInputFrontier, ReadWalkProofRef,
        ReadWalkProofRefs, ReadWalkReplayMode, ReadWalkReportBody, ReadWalkReportError, ReadWalkRequest,
        ReadWalkSourceRef,
    };
}

/// Rows of metadata.
pub mod index {
    pub use crate::read::entry::IndexEntry;
    pub use crate::words::position::DiskPos;
}

/// What reactors answer with.
pub mod reaction {
    pub use crate::derive::reaction::ReactionBatch;
}

/// Reactors that run.
pub mod reactor_typed {
    pub use crate::store::react::reactor::{ReactorConfig, ReactorError, TypedReactorHandle};
}

/// What became of segments.
pub mod segment {
    pub use crate::commit::compaction::{CompactionOutcome, CompactionResult};
}

/// What opening tells.
pub mod cold_start {
    /// How opening found out what the store holds.
    pub mod rebuild {
        pub use crate::words::report::{OpenIndexPath, OpenReport as OpenIndexReport};
    }
}

/// How far a store has come.
pub mod stats {
    pub use crate::commit::writer::WriterPressure;
    pub use crate::store::diagnostics::StoreDiagnostics;
    pub use crate::store::read::StoreStats;
    pub use crate::words::position::HlcPoint;
    pub use crate::words::watermark::{FrontierView, WatermarkKind};
}

/// States derived from events.
pub mod projection {
    pub use crate::derive::cache::{CacheCapabilities, CacheMeta, NoCache, ProjectionCache};
    pub use crate::derive::native_cache::NativeCache;
    pub use crate::derive::outcome::{ProjectionOutcome, ProjectionSource};
    pub use crate::derive::projection::{Freshness, Projection};
    pub use watch::{CursorWatcherError, ProjectionWatcher, WatcherError};

    /// Waiting for states to change.
    pub mod watch {
        pub use crate::derive::watch::{CursorWatcherError, ProjectionWatcher, WatcherError};
    }
}

/// Reports on how states came about.
pub mod projection_run {
    pub use crate::derive::evidence::{
        PROJECTION_RUN_REPORT_SCHEMA_VERSION, ProjectionRunCacheStatus, ProjectionRunCheckpointRef,
        ProjectionRunEvidenceReport, ProjectionRunFinding, ProjectionRunFreshnessStatus,
        ProjectionRunFrontierKind, ProjectionRunHash, ProjectionRunInputFrontier, ProjectionRunOutputHash,
        ProjectionRunReplayMode, ProjectionRunReportBody, ProjectionRunReportError,
        ProjectionRunRequestedFreshness, ProjectionSourceRef,
    };
    pub use crate::store::evidence::ProjectionEvidenceRegistry;
}

/// An open store: one directory, one writer, any number of readers.
///
/// ```
/// use causeway::coordinate::Coordinate;
/// use causeway::event::EventKind;
/// use causeway::store::{Store, StoreConfig};
///
/// let directory = tempfile::tempdir()?;
/// let store = Store::open(StoreConfig::new(directory.path()))?;
/// let order = Coordinate::new("order:42", "shop")?;
/// let receipt = store.append(&order, EventKind::custom(1, 1), &serde_json::json!({"total": 129.9}))?;
/// assert_eq!(receipt.sequence, 1); // sequence 0 says that the store was opened
/// assert_eq!(store.get(receipt.event_id)?.event.payload["total"], 129.9);
/// store.close()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Store<State: StoreState = Open> {
    pub(crate) reader: Reader,
    pub(crate) half: State::Half,
    about: About,
    kept: Arc<KeptStates>,
    tree: Mutex<LogTree>,
}

/// What does not change while a store is open.
#[derive(Clone, Debug)]
pub(crate) struct About {
    pub(crate) path: PathBuf,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) identity: String,
    pub(crate) format: StoreFormat,
    pub(crate) report: OpenReport,
}

impl Store<Open> {
    /// Opens a directory for writing; creates the store if the directory is empty or missing.
    ///
    /// The first event of a new store, at sequence 0, says that it was opened; so does one event of each later opening.
    ///
    /// # Errors
    /// [`StoreError::StoreLocked`] if it is open for writing elsewhere, [`StoreError::DataDirMalformed`] if the directory holds
    /// something else, [`StoreError::NewerFormat`] if a newer version wrote it, [`StoreError::EventPayloadRegistry`] if two payload
    /// types claim one kind and the configuration says to refuse that.
    pub fn open(config: StoreConfig) -> Result<Self, StoreError> {
        Self::open_with_cache(config, Box::new(NoCache))
    }

    /// Opens a directory for writing, with a [`NativeCache`] at `cache_path` for projected states.
    ///
    /// # Errors
    /// [`StoreError::CacheFailed`] if the cache cannot be opened, and those of [`Store::open`].
    pub fn open_with_native_cache(
        config: StoreConfig,
        cache_path: impl AsRef<Path>,
    ) -> Result<Self, StoreError> {
        Self::open_with_cache(config, Box::new(NativeCache::open(cache_path)?))
    }

    /// Opens a directory for writing, with a cache that keeps projected states when the store is closed.
    ///
    /// A projection begins with a state in memory, else with one of the cache, else with the first event. States of the cache are checked
    /// against the log: one that is damaged, or of another store or history, is not used.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    pub fn open_with_cache(config: StoreConfig, cache: Box<dyn ProjectionCache>) -> Result<Self, StoreError> {
        state::open_for_writing(config).map(|parts| Self::writing(parts, cache))
    }

    pub(crate) fn writing(
        (reader, half, about): (Reader, WritingHalf, About),
        cache: Box<dyn ProjectionCache>,
    ) -> Self {
        let kept = Arc::new(KeptStates::new(&reader, &about.identity, Arc::default(), cache));
        Self { reader, half, about, kept, tree: Mutex::default() }
    }

    /// Closes the store: everything is on stable storage and indexed when it returns, and the last event says so.
    ///
    /// A store that threads share, workers and reactors among them, is closed by [`Store::close_shared`].
    pub fn close(self) -> Result<Closed, StoreError> {
        self.kept.sync();
        self.half.close()
    }
}

impl Store<ReadOnly> {
    /// Opens a directory for reading: a store of ours or a batpak directory, whoever writes it meanwhile.
    ///
    /// No lock is taken and no byte is written. What another process writes becomes visible by itself.
    ///
    /// # Errors
    /// [`StoreError::DataDirMalformed`] if the directory holds neither.
    pub fn open_read_only(config: StoreConfig) -> Result<Self, StoreError> {
        Self::open_read_only_with_cache(config, Box::new(NoCache))
    }

    /// Opens a directory for reading, with a [`NativeCache`] at `cache_path` for projected states.
    ///
    /// # Errors
    /// [`StoreError::CacheFailed`] if the cache cannot be opened, and those of [`Store::open_read_only`].
    pub fn open_read_only_with_native_cache(
        config: StoreConfig,
        cache_path: impl AsRef<Path>,
    ) -> Result<Self, StoreError> {
        Self::open_read_only_with_cache(config, Box::new(NativeCache::open(cache_path)?))
    }

    /// Opens a directory for reading, with a cache for projected states. The cache is all that is written.
    ///
    /// # Errors
    /// Those of [`Store::open_read_only`].
    pub fn open_read_only_with_cache(
        config: StoreConfig,
        cache: Box<dyn ProjectionCache>,
    ) -> Result<Self, StoreError> {
        let memory = Arc::default();
        let parts = state::open_for_reading(config, &memory, &mut |_, _| ControlFlow::Continue(()))?;
        Ok(Self::following(parts, memory, cache))
    }

    /// Opens a directory for reading and tells how far it has come, in bytes done and bytes in all; `Break` ends it.
    ///
    /// Only a batpak directory takes long enough to tell anything.
    pub fn open_read_only_with_progress(
        config: StoreConfig,
        progress: Progress<'_>,
    ) -> Result<Self, StoreError> {
        let memory = Arc::default();
        let parts = state::open_for_reading(config, &memory, progress)?;
        Ok(Self::following(parts, memory, Box::new(NoCache)))
    }

    pub(crate) fn following(
        (reader, half, about): (Reader, FollowingHalf, About),
        memory: Arc<ProjectionMemory>,
        cache: Box<dyn ProjectionCache>,
    ) -> Self {
        let kept = Arc::new(KeptStates::new(&reader, &about.identity, memory, cache));
        Self { reader, half, about, kept, tree: Mutex::default() }
    }

    /// Takes in what another process wrote, at once instead of at the next step of the following thread. True if there was something.
    pub fn refresh(&self) -> Result<bool, StoreError> {
        self.half.step()
    }

    /// The sequence to which the view went back when the files shrank or were replaced, since this was last asked.
    pub fn take_rollback(&self) -> Option<u64> {
        self.half.take_rollback()
    }
}

impl<State: StoreState> Store<State> {
    /// The store directory.
    pub fn path(&self) -> &Path {
        &self.about.path
    }

    /// Names the store wherever it lies: 32 hexadecimal digits, or its path for a batpak directory.
    pub fn identity(&self) -> &str {
        &self.about.identity
    }

    /// Which program's format the directory has.
    pub fn format(&self) -> StoreFormat {
        self.about.format
    }

    /// What opening found and did.
    pub fn open_report(&self) -> &OpenReport {
        &self.about.report
    }

    /// What is damaged or odd: found when the store was opened, and since. [`Store::verify`] looks for more.
    pub fn findings(&self) -> Vec<Finding> {
        let mut findings = self.half.findings();
        if !self.half.stands_at(self.path()) {
            let message = format!(
                "{} is another directory now, or gone; the store goes on in the one that was opened",
                self.path().display()
            );
            findings.push(Finding::new(FindingClass::Note, message));
        }
        findings
    }

    /// Size of the segments in bytes.
    pub fn size_bytes(&self) -> Result<u64, StoreError> {
        self.half.size_bytes()
    }
}
