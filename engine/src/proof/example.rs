//! The worked example of FORMAT.md, computed anew.

use std::path::Path;

use crate::care::head::Head;
use crate::store::{ReadOnly, Store, StoreConfig, StoreId};
use crate::words::hex::to_hex;
use crate::words::merkle::{MerkleTree, leaf, node};
use crate::words::signing::SigningKey;

/// The section of FORMAT.md that strangers read.
fn section() -> &'static str {
    include_str!("../../FORMAT.md").split("\n## 8. ").nth(1).expect("there is a section 8")
}

#[test]
fn the_worked_example_of_the_format_is_what_is_computed() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1/closed");
    let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(fixture)).unwrap();
    let hash = |sequence| store.event_at(sequence).unwrap().raw.event_hash;
    let hashes = [hash(0), hash(1), hash(2)];
    let leaves = hashes.map(|hash| leaf(&hash));
    let mut tree = MerkleTree::default();
    for hash in &hashes {
        tree.push(hash);
    }
    let key = SigningKey::from_bytes([7; 32]);
    let store_id = store.reader.shared().lineage.lock().store_id().unwrap();
    let of_all = store.head().unwrap();
    let head =
        Head { size: 3, root: tree.root(), time_us: 1_700_000_000_000_000, ..of_all.clone() }.signed(&key);
    let signature = head.signature.unwrap();
    let inclusion = store.prove_inclusion(1, 3).unwrap();
    let consistency = store.prove_consistency(2, 3).unwrap();
    assert_eq!(
        (inclusion.path.as_slice(), inclusion.event_hash),
        ([leaves[0], leaves[2]].as_slice(), hashes[1])
    );
    assert_eq!(consistency.path, [leaves[2]]);
    assert_eq!((head.verify(&[key.verifying_key()]), head.verify_inclusion(&inclusion)), (Ok(()), Ok(())));
    let lines = [
        ("event hash 0", to_hex(&hashes[0])),
        ("event hash 1", to_hex(&hashes[1])),
        ("event hash 2", to_hex(&hashes[2])),
        ("leaf 0", to_hex(&leaves[0])),
        ("leaf 1", to_hex(&leaves[1])),
        ("leaf 2", to_hex(&leaves[2])),
        ("root of 2", to_hex(&node(&leaves[0], &leaves[1]))),
        ("root of 3", to_hex(&head.root)),
        ("root of all", to_hex(&of_all.root)),
        ("store id", to_hex(&store_id.0)),
        ("cover", to_hex(&head.cover())),
        ("public key", to_hex(&key.verifying_key().to_bytes())),
        ("key id", to_hex(&signature.key_id)),
    ];
    let (half, rest) = signature.bytes.split_at(32);
    let signature = [("signature", to_hex(half)), ("", to_hex(rest))];
    let line = |(name, hex): (&str, String)| [format!("{name:<14}{hex}"), "\n".to_owned()];
    let expected: String = lines.into_iter().chain(signature).flat_map(line).collect();
    assert!(section().contains(&expected), "the example must be:\n{expected}");
    let sizes = format!("`size` {} ", of_all.size);
    assert!(section().contains(&sizes), "{sizes}");
}

#[test]
fn a_text_is_a_head_only_if_every_field_is_there_and_has_its_length() {
    let head = Head {
        store_id: StoreId([0xAB; 16]),
        epoch: 3,
        size: u64::MAX,
        root: [1; 32],
        time_us: -5,
        signature: None,
    };
    let signed = head.clone().signed(&SigningKey::from_bytes([1; 32]));
    for head in [&head, &signed] {
        let text = head.to_string();
        assert_eq!(&text.parse::<Head>().unwrap(), head);
        assert_eq!(&text.to_uppercase().to_lowercase().parse::<Head>().unwrap(), head);
        for field in ["store_id", "epoch", "size", "root", "time_us"] {
            assert!(text.replace(field, "other").parse::<Head>().is_err(), "without {field}");
        }
    }
    let text = signed.to_string();
    for field in ["key_id", "signature"] {
        let refused = text.replace(field, "other").parse::<Head>().unwrap_err().to_string();
        assert!(refused.contains(&format!("{field} of the head")), "{refused}");
    }
    assert!(text.replace("abab", "ab").parse::<Head>().is_err());
    assert!("".parse::<Head>().unwrap_err().to_string().starts_with("no head: "));
}
