//! Heads kept elsewhere: whoever holds one finds out when history was rewritten, and can be shown that an event is in the log.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::fs;
use std::path::Path;

use causeway::prelude::*;
use causeway::store::{ConsistencyProof, Head, HeadCheck, InclusionProof, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x9, type_id = 2)]
struct Measured {
    celsius: f64,
}

fn measure(store: &Store, day: std::ops::Range<u32>) -> Result<(), Box<dyn std::error::Error>> {
    let sensor = Coordinate::new("sensor:roof", "weather")?;
    for hour in day {
        store.append_typed(&sensor, &Measured { celsius: 20.0 + f64::from(hour % 7) })?;
    }
    Ok(store.sync()?)
}

/// Somebody who was sent heads and proofs, and has neither the store nor a reason to trust it.
fn auditor(key: VerifyingKey, sent: [&str; 4]) -> Result<(), Box<dyn std::error::Error>> {
    let [monday, tuesday, inclusion, consistency] = sent;
    let (monday, tuesday): (Head, Head) = (monday.parse()?, tuesday.parse()?);
    monday.verify(&[key])?;
    tuesday.verify(&[key])?;
    let inclusion: InclusionProof = serde_json::from_str(inclusion)?;
    tuesday.verify_inclusion(&inclusion)?;
    let consistency: ConsistencyProof = serde_json::from_str(consistency)?;
    tuesday.verify_consistency(&monday, &consistency)?;
    println!("{} hashes show that tuesday's log begins with monday's", consistency.path.len());

    // A proof fits one event at one place.
    let elsewhere = InclusionProof { sequence: inclusion.sequence - 1, ..inclusion };
    assert!(tuesday.verify_inclusion(&elsewhere).is_err());
    Ok(())
}

/// A copy of a store that nobody writes.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        fs::copy(&path, to.join(path.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let home = tempfile::tempdir()?;
    let (place, backup) = (home.path().join("weather.store"), home.path().join("backup"));
    // A real key is 32 bytes of a real random source, kept outside the store.
    let key = SigningKey::from_bytes([7; 32]);
    let public = key.verifying_key();
    let config = || StoreConfig::new(&place).with_signing_key(key.clone());

    let store = Store::open(config())?;
    measure(&store, 0..24)?;
    let monday = store.head()?.to_string(); // To be kept where nobody who writes the store can change it.
    store.close()?;
    copy(&place, &backup)?;

    let store = Store::open(config())?;
    measure(&store, 24..48)?;
    let tuesday = store.head()?.to_string();
    let (older, newer): (Head, Head) = (monday.parse()?, tuesday.parse()?);
    let inclusion = serde_json::to_string(&store.prove_inclusion(30, newer.size)?)?;
    let consistency = serde_json::to_string(&store.prove_consistency(older.size, newer.size)?)?;
    auditor(public, [&monday, &tuesday, &inclusion, &consistency])?;

    // The store holds to every head that was ever taken of it.
    assert_eq!(store.check_head(&older)?, HeadCheck::Continues { signed: true });
    assert_eq!(store.check_head(&newer)?, HeadCheck::Continues { signed: true });

    // Somebody puts monday's copy in place of it, and goes on with other values. Each hash is right, and the head tells.
    let instead = Store::open(StoreConfig::new(&backup).with_verifying_key(public))?;
    measure(&instead, 100..150)?;
    assert_eq!(instead.check_head(&older)?, HeadCheck::Continues { signed: true });
    let check =
        instead.check_heads(&[older.clone(), newer], &mut |_, _| std::ops::ControlFlow::Continue(()))?;
    println!("tuesday's head against the copy: {:?}", check[1]);
    assert!(matches!(&check[1], HeadCheck::Rewritten { between } if between.start == older.size));
    Ok(())
}
