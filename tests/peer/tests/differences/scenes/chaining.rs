//! Scenes of the hash chain.

use std::path::Path;

use super::engine::event::hash::verify_chain;
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

/// Whether the link of a stored event is that of a chain over payloads alone.
pub(crate) fn links_cover_the_payload_alone(directory: &Path) -> bool {
    let store = open(directory);
    let receipt = store.append(&coordinate(), KIND, &1).expect("the event is appended");
    let event = store.read_raw(receipt.event_id).expect("the event is there").event;
    verify_chain(&event.payload, &event.hash_chain.expect("it is linked"), &[0; 32])
}
