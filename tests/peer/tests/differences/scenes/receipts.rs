//! Scenes of receipts.

use std::path::Path;

use super::engine::id::{EventId, IdempotencyKey};
use super::engine::store::{AppendOptions, AppendReceipt, ExtensionKey, SigningKey, Store};
use super::{KIND, config, coordinate};

fn signed(directory: &Path, keys: &[u8]) -> Store {
    let keys = keys.iter().map(|seed| SigningKey::from_bytes([*seed; 32]));
    Store::open(keys.fold(config(directory), |config, key| config.with_signing_key(key)))
        .expect("the store opens")
}

fn append(store: &Store) -> AppendReceipt {
    let key = ExtensionKey::new("acme.trace").expect("the key is valid");
    let options = AppendOptions::new().with_idempotency(IdempotencyKey::from(7)).with_extension(key, [1, 2]);
    store.append_with_options(&coordinate(), KIND, &1, options).expect("the event is appended")
}

/// What is said of a receipt, as it is and as its fields came over a wire.
fn judged(store: &Store, receipt: &AppendReceipt) -> [String; 2] {
    let wire = store.verify_append_receipt_wire_detailed(
        receipt.event_id,
        receipt.sequence,
        receipt.content_hash,
        receipt.key_id,
        receipt.signature,
        receipt.extensions.clone(),
    );
    assert_eq!(wire.is_valid(), wire.error().is_none());
    [store.verify_append_receipt_detailed(receipt), wire].map(|verified| format!("{verified:?}"))
}

/// What is said of a receipt that was changed in many ways, by a store that signs and by one that does not.
pub(crate) fn changed_receipts(directory: &Path) -> Vec<[String; 2]> {
    let changes: [fn(&mut AppendReceipt); 12] = [
        |_| {},
        |receipt| receipt.event_id = EventId::from(8),
        |receipt| receipt.sequence += 1,
        |receipt| receipt.content_hash[31] ^= 1,
        |receipt| receipt.extensions.clear(),
        |receipt| receipt.key_id = [0; 32],
        |receipt| receipt.key_id[0] ^= 1,
        |receipt| receipt.signature = None,
        |receipt| receipt.signature = Some([9; 64]),
        |receipt| (receipt.key_id, receipt.signature) = ([0; 32], None),
        |receipt| (receipt.sequence, receipt.content_hash, receipt.signature) = (9, [9; 32], None),
        |receipt| (receipt.event_id, receipt.sequence) = (EventId::from(8), 9),
    ];
    let mut said = Vec::new();
    for (name, keys) in [("signed", &[1_u8, 2][..]), ("unsigned", &[])] {
        let store = signed(&directory.join(name), keys);
        let receipt = append(&store);
        for change in changes {
            let mut changed = receipt.clone();
            change(&mut changed);
            said.push(judged(&store, &changed));
        }
    }
    said
}

/// What is said of a receipt by a store with these keys, if it was signed with key 1.
pub(crate) fn keys_come_and_go(directory: &Path) -> Vec<[String; 2]> {
    let receipt = append(&signed(directory, &[1]));
    let later: [&[u8]; 4] = [&[1], &[1, 2], &[2], &[]];
    later.iter().map(|keys| judged(&signed(directory, keys), &receipt)).collect()
}

/// True if a retry with another key is answered with a receipt of that key.
pub(crate) fn retry_is_signed_anew(directory: &Path) -> bool {
    let first = append(&signed(directory, &[1]));
    let store = signed(directory, &[1, 2]);
    let again = append(&store);
    store.verify_append_receipt(&again) && again.key_id != first.key_id
}

/// True if a store takes the receipt of another one, with the same key and the same event at the same place, for its own.
pub(crate) fn receipt_of_another_store(directory: &Path) -> bool {
    let (here, there) = (signed(&directory.join("here"), &[1]), signed(&directory.join("there"), &[1]));
    let (_, receipt) = (append(&here), append(&there));
    judged(&here, &receipt)[1] == "Signed"
}

/// Why texts are no extension keys.
pub(crate) fn refused_extension_keys(_: &Path) -> Vec<String> {
    let texts = ["", "ä.b", "a", ".b", "a.", "a.b.c", "batpak.x", "batpak.x.y", "batpak", "acme.x"];
    let long = [256, 257].map(|len| format!("a.{}", "x".repeat(len - 2)));
    let texts = texts.into_iter().map(str::to_owned).chain(long);
    texts.map(|text| format!("{:?}", ExtensionKey::new(text).map(|_| ()))).collect()
}
