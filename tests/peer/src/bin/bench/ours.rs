//! This store, as the benchmark sees it. Owns nothing but the names that the measured work is compiled against.

#[path = "subject.rs"]
pub(crate) mod subject;

mod engine {
    use std::path::PathBuf;

    pub(super) use causeway::coordinate::{Coordinate, Region};
    pub(super) use causeway::encoding::{from_bytes, to_bytes};
    pub(super) use causeway::event::{EventKind, EventSourced, ProjectionEvent, RawMsgpackInput};
    pub(super) use causeway::id::{CausationId, CorrelationId, EventId};
    pub(super) use causeway::store::{
        AppendOptions, BatchAppendItem, CausationRef, Freshness, Store, StoreConfig,
    };

    pub(super) fn config(directory: PathBuf) -> StoreConfig {
        StoreConfig::new(directory)
    }

    /// How many events there are on a page after a sequence.
    pub(super) fn page(store: &Store, after: u64, limit: usize) -> usize {
        store.query_entries_after(&Region::all(), Some(after), limit).len()
    }
}
