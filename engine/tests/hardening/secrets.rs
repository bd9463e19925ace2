//! A signing key never shows in anything that is printed.

use causeway::store::{ReadOnly, SigningKey, Store, StoreError};

use crate::{Home, append, config, fill, open};

fn hex(bytes: &[u8; 32]) -> String {
    format!("{:032x}{:032x}", half(&bytes[..16]), half(&bytes[16..]))
}

fn half(bytes: &[u8]) -> u128 {
    u128::from_be_bytes(bytes.try_into().unwrap())
}

/// Every text in which the seed could be read.
fn readings(seed: &[u8; 32]) -> Vec<String> {
    let hex = hex(seed);
    let decimal = seed[..6].iter().map(u8::to_string).collect::<Vec<_>>();
    vec![hex[..16].to_owned(), hex[48..].to_owned(), decimal.join(", "), decimal.join(",")]
}

#[test]
fn nothing_that_is_printed_or_written_shows_a_signing_key() {
    let mut seed = [0; 32];
    (0_u8..).zip(&mut seed).for_each(|(place, byte)| *byte = place.wrapping_mul(37).wrapping_add(201));
    let home = Home::new();
    let path = home.store();
    let keyed = config(&path).with_signing_key(SigningKey::from_bytes(seed));
    let mut printed = vec![format!("{keyed:?}"), format!("{:?}", SigningKey::from_bytes(seed))];
    let store = Store::open(keyed.clone()).unwrap();
    fill(&store, 40);
    let order = causeway::coordinate::Coordinate::new("order:1", "shop").unwrap();
    let receipt = store.append(&order, crate::KIND, &1).unwrap();
    printed.push(format!("{receipt:?}"));
    printed.push(serde_json::to_string(&receipt.claim()).unwrap());
    printed.push(format!("{store:?} {:?} {:?}", store.diagnostics(), store.open_report()));
    let locked = Store::open(keyed.clone()).unwrap_err();
    printed.push(format!("{locked} {locked:?}"));
    std::fs::remove_file(path.join("lock")).unwrap();
    let poisoned: StoreError =
        store.sync().and_then(|()| append(&store, 1)).and_then(|()| store.sync()).unwrap_err();
    printed.push(format!("{poisoned} {poisoned:?}"));
    drop(store);
    let store = Store::open(keyed.clone()).unwrap();
    store.close().unwrap();
    let reader = Store::<ReadOnly>::open_read_only(keyed).unwrap();
    printed.push(format!("{reader:?}"));
    let written = crate::names(&path).into_iter().map(|name| std::fs::read(path.join(name)).unwrap());
    let written: Vec<Vec<u8>> = written.collect();
    for reading in readings(&seed) {
        for text in &printed {
            assert!(!text.contains(&reading), "{text}");
        }
        assert!(written.iter().all(|bytes| !String::from_utf8_lossy(bytes).contains(&reading)));
    }
    assert!(written.iter().all(|bytes| !bytes.windows(16).any(|window| window == &seed[..16])));
    // The canary would be found: the same texts show what is public.
    let public = hex(&SigningKey::from_bytes(seed).verifying_key().to_bytes());
    let store = open(&path);
    let all = printed.join(" ") + &format!("{:?}", SigningKey::from_bytes(seed).verifying_key());
    assert!(all.contains(&public[..16]));
    drop(store);
}
