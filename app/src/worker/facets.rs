//! Owns the counts beside the table: entities, kinds and scopes.

use causeway::store::StoreError;

use crate::worker::handle::Handle;
use crate::worker::protocol::Facets;

/// Entities that are listed; with more of them a list helps nobody, and the filter does.
const ENTITIES_MAX: usize = 20_000;

/// The counts as they are now.
pub(crate) fn facets(handle: &Handle) -> Result<Facets, StoreError> {
    let mut entities = handle.entities()?;
    let mut kinds = handle.kinds()?;
    let mut scopes = handle.scopes()?;
    let entities_cut = entities.len() > ENTITIES_MAX;
    entities.truncate(ENTITIES_MAX);
    entities.sort_unstable();
    kinds.sort_unstable();
    scopes.sort_unstable();
    Ok(Facets { entities, kinds, scopes, entities_cut })
}
