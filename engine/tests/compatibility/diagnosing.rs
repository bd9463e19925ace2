//! What a store tells of itself.

use crate::batpak::prelude::*;
use crate::batpak::store::cold_start::rebuild::{OpenIndexPath, OpenIndexReport};
use crate::batpak::store::{IndexTopology, StoreDiagnostics};

use crate::shared::open;

#[test]
fn diagnostics_tell_how_a_store_is_set_up() -> Result<(), StoreError> {
    let directory = tempfile::tempdir()?;
    let config =
        StoreConfig::new(directory.path()).with_fd_budget(16).with_index_topology(IndexTopology::aos());
    let store: Store = Store::open(config)?;
    let StoreDiagnostics { event_count, fd_budget, index_topology, segment_max_bytes, tile_count, .. } =
        store.diagnostics();
    assert_eq!((event_count, fd_budget, tile_count), (1, 16, 0));
    assert!(segment_max_bytes > 0 && !index_topology.is_empty());
    let report: OpenIndexReport = store.diagnostics().open_report.unwrap();
    assert!(matches!(report.path, OpenIndexPath::Rebuild | OpenIndexPath::Mmap | OpenIndexPath::Checkpoint));
    let (_directory, store) = open();
    assert_eq!(store.diagnostics().global_sequence, store.stats().global_sequence);
    Ok(())
}
