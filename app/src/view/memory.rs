//! Owns what the interface holds of a store, counted from what it holds and not asked of the system.

use std::mem::size_of;

use super::text;
use crate::state::model::StoreModel;
use crate::worker::protocol::{EventCell, EventRow, RowCell};

/// A thing that takes memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What it is.
    pub name: &'static str,
    /// How many of them.
    pub count: String,
    /// About how many bytes.
    pub bytes: u64,
}

/// What is held of a store, in the order of the screen.
pub fn held(store: &StoreModel) -> Vec<Held> {
    let rows = store.rows.values().map(row_bytes).sum();
    let detail = store
        .detail
        .as_ref()
        .map_or(0, |detail| detail.payload_head.len() * 3 + detail.effects.len() * size_of::<EventRow>());
    let facets = &store.facets;
    let names = facets
        .entities
        .iter()
        .chain(&facets.scopes)
        .map(|(name, _)| name.len() + size_of::<(usize, usize, u64)>());
    let facet_count = facets.entities.len() + facets.kinds.len() + facets.scopes.len();
    let found = store.found_by_verifying().len() + store.damage.findings.len();
    [
        ("Rows of the table", text::counted(store.rows.len() as u64, "row"), rows),
        ("Selected event", text::counted(u64::from(store.detail.is_some()), "event"), detail as u64),
        (
            "Entities, kinds and scopes",
            text::counted(facet_count as u64, "name"),
            names.sum::<usize>() as u64,
        ),
        (
            "Findings",
            text::counted(found as u64, "finding"),
            (found * size_of::<causeway::store::Finding>()) as u64,
        ),
    ]
    .into_iter()
    .map(|(name, count, bytes)| Held { name, count, bytes })
    .collect()
}

fn row_bytes(row: &EventRow) -> u64 {
    let cell = match &row.cell {
        RowCell::Event(cell) => size_of::<EventCell>() + cell.summary.len(),
        RowCell::Damaged { reason, .. } => reason.len(),
        RowCell::Removed => 0,
    };
    (size_of::<(u64, EventRow)>() + cell) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn more_rows_are_more_memory() {
        let mut model = fixture::store();
        let store = model.store.as_mut().unwrap();
        let before = held(store);
        assert!(before.iter().all(|held| held.name != "Rows of the table" || held.bytes > 10_000));
        store.rows.clear();
        assert_eq!((held(store)[0].bytes, before[0].count.as_str()), (0, "60 rows"));
    }
}
