//! Owns the proof that no crash makes a head false: a head covers what is on stable storage, and that survives.

use serde_json::json;

use crate::disk::memory::{CrashImage, MemoryDirectory};
use crate::proof::compaction::compact;
use crate::proof::crash::wrecks;
use crate::proof::figures::tell;
use crate::proof::oracle::{Notes, Oracle};
use crate::proof::script::{KIND, Step, config, item, open, stream_of};
use crate::store::{AppendOptions, Head, HeadCheck, Open, Store, StoreConfig};
use crate::words::sync::{Arc, Mutex};

fn small() -> StoreConfig {
    config(3, 1_000)
}

/// Heads as they were taken, each with the number of storage calls before.
type Kept = Vec<(u64, Head)>;

fn keep(kept: &mut Kept, directory: &MemoryDirectory, store: &Store<Open>) {
    let head = store.head().unwrap();
    kept.push((directory.calls(), head));
}

/// Appends, batches, closes, dies, compacts, and takes a head after each step.
fn live(directory: &Arc<MemoryDirectory>, kept: &mut Kept) {
    let mut n = 0;
    for round in 0..3 {
        let store = open(directory, small()).unwrap();
        for _ in 0..5 {
            store.append(&stream_of(n), KIND, &json!({ "n": n, "fill": "x".repeat(60) })).unwrap();
            keep(kept, directory, &store);
            n += 1;
        }
        let batch = (n..n + 3).map(|n| item(n, AppendOptions::new())).collect();
        store.append_batch(batch).unwrap();
        keep(kept, directory, &store);
        n += 3;
        if round == 1 {
            compact(&store, Step::Retain(3), &Notes::of(&Arc::default())).unwrap();
            keep(kept, directory, &store);
            store.close().unwrap();
        }
    }
}

fn check_all(store: &Store<Open>, heads: &[Head], context: &str) {
    let checks = store.check_heads(heads, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    for (head, check) in heads.iter().zip(checks) {
        assert_eq!(check, HeadCheck::Continues { signed: false }, "{context}: {head}");
    }
}

#[test]
fn whenever_the_power_fails_every_head_that_was_taken_before_stays_true() {
    let (directory, mut kept) = (MemoryDirectory::new(), Kept::new());
    let oracle: Arc<Mutex<Oracle>> = Arc::default();
    let wrecks = wrecks(&directory, &oracle, || live(&directory, &mut kept));
    let (mut compared, mut recovered) = (0, 0);
    for wreck in wrecks.distinct {
        let context = format!("{:?} after call {}", wreck.image, wreck.after_call);
        let before = kept.iter().filter(|(calls, _)| *calls <= wreck.after_call);
        let mut heads: Vec<Head> = before.map(|(_, head)| head.clone()).collect();
        let store = open(&wreck.directory, small()).unwrap();
        check_all(&store, &heads, &context);
        let newest = store.head().unwrap();
        recovered += u64::from(heads.last().is_some_and(|head| head.epoch < newest.epoch));
        heads.push(newest);
        store.append(&stream_of(0), KIND, &json!({ "n": 1_000 })).unwrap();
        let again = wreck.directory.crash(CrashImage::Strict);
        check_all(&open(&again, small()).unwrap(), &heads, &format!("{context}, and once more"));
        compared += heads.len() as u64;
    }
    println!("{recovered} crashes after which an epoch began");
    assert!(recovered > 0);
    tell("G2", "heads held to after a crash", compared, 1_000);
}
