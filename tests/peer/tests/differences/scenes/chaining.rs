//! Scenes of the hash chain.

use std::path::Path;

use super::{KIND, coordinate, open};

/// Whether two events with one payload have one event hash.
pub(crate) fn equal_payloads_have_one_hash(directory: &Path) -> bool {
    let store = open(directory);
    let hash = || {
        let receipt = store.append(&coordinate(), KIND, &1).expect("the event is appended");
        let event = store.get(receipt.event_id).expect("the event is there").event;
        event.hash_chain.expect("it is linked").event_hash
    };
    hash() == hash()
}
