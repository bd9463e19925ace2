//! Scenes of reading.

use std::collections::BTreeMap;
use std::path::Path;

use super::{KIND, coordinate, open, variant};

/// A map with an integer as its key, read as JSON.
pub(crate) fn integer_keys(directory: &Path) -> Result<String, String> {
    let store = open(directory);
    let payload = BTreeMap::from([(1, "one")]);
    let receipt = store.append(&coordinate(), KIND, &payload).expect("the event is appended");
    let read = store.get(receipt.event_id);
    read.map(|stored| stored.event.payload.to_string()).map_err(|error| variant(&error))
}
