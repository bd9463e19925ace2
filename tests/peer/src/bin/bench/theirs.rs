//! batpak 0.8.2, as the benchmark sees it. Owns nothing but the names that the measured work is compiled against.

#[path = "subject.rs"]
pub(crate) mod subject;

mod engine {
    use std::path::PathBuf;

    pub(super) use batpak::coordinate::{Coordinate, Region};
    pub(super) use batpak::encoding::{from_bytes, to_bytes};
    pub(super) use batpak::event::EventKind;
    pub(super) use batpak::event::sourcing::{EventSourced, ProjectionEvent, RawMsgpackInput};
    pub(super) use batpak::id::{CausationId, CorrelationId, EventId};
    pub(super) use batpak::store::projection::Freshness;
    pub(super) use batpak::store::{AppendOptions, BatchAppendItem, CausationRef, Store, StoreConfig};

    /// Its own way to fold only what is new is off unless asked for.
    pub(super) fn config(directory: PathBuf) -> StoreConfig {
        StoreConfig::new(directory).with_incremental_projection(true)
    }

    /// How many events there are on a page after a sequence.
    pub(super) fn page(store: &Store, after: u64, limit: usize) -> usize {
        store.query_entries_after(&Region::all(), Some(after), limit).len()
    }
}
