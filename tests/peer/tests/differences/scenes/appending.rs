//! Scenes of appending.

use std::path::Path;

use super::engine::event::EventKind;
use super::engine::id::IdempotencyKey;
use super::engine::store::{AppendOptions, BatchAppendItem, CausationRef, Store};
use super::{KIND, config, coordinate, item, open, variant};

fn keyed(key: u128) -> AppendOptions {
    AppendOptions::new().with_idempotency(IdempotencyKey::from(key))
}

/// The sequence that a retry is answered with.
pub(crate) fn retry_with_key_and_expectation(directory: &Path) -> Result<u64, String> {
    let store = open(directory);
    let options = keyed(7).with_cas(0);
    store.append_with_options(&coordinate(), KIND, &1, options.clone()).map_err(|error| variant(&error))?;
    store.append(&coordinate(), KIND, &2).map_err(|error| variant(&error))?;
    let again = store.append_with_options(&coordinate(), KIND, &1, options);
    again.map(|receipt| receipt.sequence).map_err(|error| variant(&error))
}

/// How many events a batch with the same key twice appends.
pub(crate) fn key_twice_in_a_batch(directory: &Path) -> Result<usize, String> {
    let store = open(directory);
    let receipts = store.append_batch(vec![item(1, keyed(7)), item(2, keyed(7))]);
    receipts.map(|receipts| receipts.len()).map_err(|error| variant(&error))
}

/// The sequence that a used key is answered with when it comes with another event.
pub(crate) fn key_used_for_another_event(directory: &Path) -> Result<u64, String> {
    let store = open(directory);
    store.append_with_options(&coordinate(), KIND, &1, keyed(7)).map_err(|error| variant(&error))?;
    let other = store.append_with_options(&coordinate(), EventKind::custom(1, 2), &2, keyed(7));
    other.map(|receipt| receipt.sequence).map_err(|error| variant(&error))
}

/// The flags of an item that was appended with flags 2.
pub(crate) fn flags_of_a_batch_item(directory: &Path) -> u8 {
    let store = open(directory);
    let items = vec![item(1, AppendOptions::new().with_flags(2))];
    let receipts = store.append_batch(items).expect("the batch is appended");
    store.get(receipts[0].event_id).expect("the event is there").event.header.flags
}

/// The sequence of an event of a kind that is the store's own.
pub(crate) fn kind_of_the_store(directory: &Path) -> Result<u64, String> {
    let store = open(directory);
    let appended = store.append(&coordinate(), EventKind::SYSTEM_BATCH_BEGIN, &1);
    appended.map(|receipt| receipt.sequence).map_err(|error| variant(&error))
}

/// The sequence of an event without a key where commits are shared.
pub(crate) fn group_commit_without_a_key(directory: &Path) -> Result<u64, String> {
    let store = Store::open(config(directory).with_group_commit_max_batch(8)).expect("the store opens");
    let appended = store.append(&coordinate(), KIND, &1);
    appended.map(|receipt| receipt.sequence).map_err(|error| variant(&error))
}

/// The sequence of the event after one event and a batch that is refused.
pub(crate) fn number_after_a_refused_batch(directory: &Path) -> u64 {
    let store = open(directory);
    store.append(&coordinate(), KIND, &1).expect("the event is appended");
    refused_batch(&store);
    store.append(&coordinate(), KIND, &2).expect("the event is appended").sequence
}

/// A batch that is refused because an item names itself as its cause.
pub(super) fn refused_batch(store: &Store) {
    let cause = CausationRef::PriorItem(1);
    let second = BatchAppendItem::new(coordinate(), KIND, &3, AppendOptions::new(), cause);
    let items = vec![item(2, AppendOptions::new()), second.expect("a number encodes")];
    assert!(store.append_batch(items).is_err());
}
