//! What a store tells of itself at one moment, for the people who run it.

use std::path::PathBuf;

use crate::commit::writer::WriterPressure;
use crate::store::state::{Half, StoreState};
use crate::store::{RestartPolicy, Store};
use crate::words::finding::Finding;
use crate::words::report::OpenReport;
use crate::words::watermark::FrontierView;

/// How a store is set up and how it stands.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StoreDiagnostics {
    /// Events, those of the store itself included.
    pub event_count: usize,
    /// The next global sequence.
    pub global_sequence: u64,
    /// Exclusive end of what can be read, in global sequences.
    pub visible_sequence: u64,
    /// The store directory.
    pub data_dir: PathBuf,
    /// Size at which a segment is sealed, in bytes.
    pub segment_max_bytes: u64,
    /// Most files that are kept open for reading.
    pub fd_budget: usize,
    /// As it was configured; has no effect.
    pub restart_policy: RestartPolicy,
    /// How full the queue in front of the commit section is.
    pub writer_pressure: WriterPressure,
    /// How far the store has come.
    pub frontier: FrontierView,
    /// The name of the configured topology; has no effect.
    pub index_topology: &'static str,
    /// Always 0: the index has no tiles.
    pub tile_count: usize,
    /// What opening found and did.
    pub open_report: Option<OpenReport>,
    /// What is damaged or odd: found when the store was opened, and since.
    pub findings: Vec<Finding>,
}

impl<State: StoreState> Store<State> {
    /// How the store is set up and how it stands at this moment.
    pub fn diagnostics(&self) -> StoreDiagnostics {
        let (config, stats) = (&self.reader.shared().config, self.stats());
        StoreDiagnostics {
            event_count: stats.event_count,
            global_sequence: stats.global_sequence,
            visible_sequence: self.visible(),
            data_dir: self.path().to_path_buf(),
            segment_max_bytes: config.segment_max_bytes(),
            fd_budget: config.fd_budget(),
            restart_policy: config.writer().restart_policy,
            writer_pressure: self.half.pressure(),
            frontier: self.frontier(),
            index_topology: config.index().topology.label(),
            tile_count: 0,
            open_report: Some(self.open_report().clone()),
            findings: self.findings(),
        }
    }
}
