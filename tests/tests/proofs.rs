//! A stranger's checker, which knows the format and none of our code, agrees with the store about heads and proofs, and with nobody who
//! changed something.
#![allow(clippy::unwrap_used, missing_docs)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use causeway::coordinate::Coordinate;
use causeway::event::EventKind;
use causeway::id::IdempotencyKey;
use causeway::store::{
    AppendOptions, AppendPositionHint, BatchAppendItem, CausationRef, CompactionConfig, CompactionStrategy,
    ExtensionKey, Head, Open, SigningKey, Store, StoreConfig,
};
use causeway_tests::protocol::hex;
use serde_json::{Value, json};

const PLACED: EventKind = EventKind::custom(1, 1);
/// Verdicts that must be asked for at least.
const LEAST: u64 = 80;

/// The checker and a place for the files that it reads.
struct Stranger {
    place: tempfile::TempDir,
    asked: u64,
}

impl Stranger {
    fn file(&self, name: &str, said: &impl serde::Serialize) -> String {
        let path = self.place.path().join(name);
        fs::write(&path, serde_json::to_vec(said).unwrap()).unwrap();
        path.display().to_string()
    }

    /// What it answers, and whether that is that it holds.
    fn ask(&mut self, arguments: &[&str]) -> (bool, String) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("proofs/check.py");
        let output = Command::new("python3").arg("-B").arg(script).args(arguments).output().unwrap();
        self.asked += 1;
        let said = String::from_utf8(output.stdout).unwrap();
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 1)), "{code:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(code == Some(0), said.starts_with("holds: "), "{said}");
        (code == Some(0), said)
    }

    #[track_caller]
    fn agrees(&mut self, arguments: &[&str]) {
        let (holds, said) = self.ask(arguments);
        assert!(holds, "{arguments:?}: {said}");
    }

    #[track_caller]
    fn refuses(&mut self, arguments: &[&str], because: &str) {
        let (holds, said) = self.ask(arguments);
        assert!(!holds && said.contains(because), "{arguments:?}: {said}");
    }
}

fn open(path: &Path) -> Store<Open> {
    let config = StoreConfig::new(path)
        .with_segment_max_bytes(6_000)
        .with_sync_every(Duration::MAX)
        .with_signing_key(SigningKey::from_bytes([9; 32]));
    Store::open(config).unwrap()
}

/// Everything that an event can say, in a few segments.
fn fill(store: &Store<Open>, numbers: std::ops::Range<u64>) {
    for n in numbers {
        let at = Coordinate::new(format!("order:{}", n % 4), format!("läden:{}", n % 3)).unwrap();
        let mut options = AppendOptions::new();
        if n % 5 == 0 {
            options = options
                .with_idempotency(IdempotencyKey::from_u128(u128::from(n) + 1))
                .with_position_hint(AppendPositionHint::new(2, 3))
                .with_flags(0b1011)
                .with_extension(ExtensionKey::new("acme.trace").unwrap(), vec![n as u8; 5])
                .with_extension(ExtensionKey::new("acme.zone").unwrap(), Vec::new());
        }
        let fill = "x".repeat(if n % 11 == 0 { 2_500 } else { 20 });
        let receipt =
            store.append_with_options(&at, PLACED, &json!({ "n": n, "fill": fill }), options).unwrap();
        if n % 7 == 0 {
            let cause = CausationRef::absolute_typed(receipt.event_id.into());
            let item =
                |cause| BatchAppendItem::new(at.clone(), PLACED, &json!(n), AppendOptions::new(), cause);
            store
                .append_batch(vec![item(cause).unwrap(), item(CausationRef::PriorItem(0)).unwrap()])
                .unwrap();
        }
    }
    store.sync().unwrap();
}

/// True if there is a Python 3; says loudly if there is none.
fn has_python() -> bool {
    let is_there =
        Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !is_there {
        eprintln!("LEFT OUT: no python3 here, so that no stranger checked heads and proofs");
    }
    is_there
}

#[test]
fn a_stranger_finds_true_proofs_true_and_changed_ones_not() {
    if !has_python() {
        return;
    }
    let mut stranger = Stranger { place: tempfile::tempdir().unwrap(), asked: 0 };
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("store");
    let store = open(&path);
    let mut heads = Vec::new();
    for round in 0..4 {
        fill(&store, round * 13..(round + 1) * 13);
        heads.push(store.head().unwrap());
    }
    let key = hex(&SigningKey::from_bytes([9; 32]).verifying_key().to_bytes());
    let other = hex(&SigningKey::from_bytes([8; 32]).verifying_key().to_bytes());
    let newest = heads.last().unwrap().clone();
    let file = stranger.file("newest", &newest);
    stranger.agrees(&["--key", &other, "--key", &key, "head", &file]);
    stranger.refuses(&["--key", &other, "head", &file], "unknown key");
    check_heads(&mut stranger, &newest, &key);
    check_inclusion(&mut stranger, &store, &newest);
    check_consistency(&mut stranger, &store, &heads);
    check_directory(&mut stranger, &store, &path, &heads);
    eprintln!("G16 verdicts of a stranger: {}, at least {LEAST}", stranger.asked);
    assert!(stranger.asked >= LEAST);
}

/// The same with one digit of a text, or a number, changed.
fn changed(said: &Value, field: &str) -> Value {
    let mut said = said.clone();
    let value = &mut said[field];
    *value = match value.take() {
        Value::Number(number) => (number.as_i64().unwrap() + 1).into(),
        Value::String(text) => {
            let digit = if text.starts_with('0') { "1" } else { "0" };
            format!("{digit}{}", &text[1..]).into()
        }
        Value::Array(mut path) => {
            path.pop();
            Value::Array(path)
        }
        other => panic!("{other}"),
    };
    said
}

fn check_heads(stranger: &mut Stranger, head: &Head, key: &str) {
    let said = serde_json::to_value(head).unwrap();
    for field in ["store_id", "epoch", "size", "root", "time_us", "signature"] {
        let file = stranger.file("changed", &changed(&said, field));
        stranger.refuses(&["--key", key, "head", &file], "the signature does not fit");
    }
    let file = stranger.file("changed", &changed(&said, "key_id"));
    stranger.refuses(&["--key", key, "head", &file], "unknown key");
    let file = stranger.file("unsigned", &Head { signature: None, ..head.clone() });
    stranger.refuses(&["--key", key, "head", &file], "not signed");
    stranger.agrees(&["head", &file]);
}

fn check_inclusion(stranger: &mut Stranger, store: &Store<Open>, head: &Head) {
    let head_file = stranger.file("head", head);
    for sequence in (0..head.size).step_by(7).chain([head.size - 1]) {
        let proof = store.prove_inclusion(sequence, head.size).unwrap();
        let file = stranger.file("proof", &proof);
        stranger.agrees(&["inclusion", &head_file, &file]);
        if sequence % 3 == 0 {
            let said = serde_json::to_value(&proof).unwrap();
            for field in ["sequence", "event_hash", "size", "path"] {
                let file = stranger.file("changed", &changed(&said, field));
                stranger.refuses(&["inclusion", &head_file, &file], "does not hold");
            }
        }
    }
}

fn check_consistency(stranger: &mut Stranger, store: &Store<Open>, heads: &[Head]) {
    for (at, old) in heads.iter().enumerate() {
        for new in &heads[at..] {
            let proof = store.prove_consistency(old.size, new.size).unwrap();
            let files =
                [stranger.file("old", old), stranger.file("new", new), stranger.file("proof", &proof)];
            stranger.agrees(&["consistency", &files[0], &files[1], &files[2]]);
            let forged = stranger.file("forged", &Head { root: [3; 32], ..old.clone() });
            stranger.refuses(&["consistency", &forged, &files[1], &files[2]], "does not hold");
            if old.size < new.size {
                let said = serde_json::to_value(&proof).unwrap();
                for field in ["old_size", "new_size", "path"] {
                    let file = stranger.file("changed", &changed(&said, field));
                    stranger.refuses(&["consistency", &files[0], &files[1], &file], "does not hold");
                }
            }
        }
    }
}

/// The bytes of the directory themselves: as they are, compacted, and changed.
fn check_directory(stranger: &mut Stranger, store: &Store<Open>, path: &Path, heads: &[Head]) {
    let files: Vec<String> = heads.iter().map(|head| stranger.file(&head.size.to_string(), head)).collect();
    let directory = path.display().to_string();
    for file in &files {
        stranger.agrees(&["store", &directory, file]);
    }
    let keeps = |divisor: u64| -> causeway::store::RetentionPredicate {
        Box::new(move |event| event.event.payload["n"].as_u64().is_none_or(|n| !n.is_multiple_of(divisor)))
    };
    for strategy in [CompactionStrategy::Retention(keeps(3)), CompactionStrategy::Tombstone(keeps(4))] {
        store.compact(&CompactionConfig { strategy, min_segments: 0 }).unwrap();
        for file in &files {
            stranger.agrees(&["store", &directory, file]);
        }
    }
    let newest = files.last().unwrap();
    let (holds, said) = stranger.ask(&["store", &directory, newest]);
    assert!(holds && !said.contains(" 0 of them removed"), "{said}");
    let forged = stranger.file("forged", &Head { root: [3; 32], ..heads[0].clone() });
    stranger.refuses(&["store", &directory, &forged], "history was rewritten");
    // One byte of an event that is still there, with the checksum of its frame made right again.
    let kept = |sequence: &u64| store.event_at(*sequence).is_ok_and(|event| event.removed.is_none());
    let event = store.event_at((1..heads[0].size).find(kept).unwrap()).unwrap();
    let segment = path.join(&*event.segment);
    let (at, len) = (event.place.offset() as usize, event.place.length() as usize);
    for byte in [30, 44, 65, 100, 130, len - 1] {
        let whole = fs::read(&segment).unwrap();
        let mut bytes = whole.clone();
        bytes[at + byte] ^= 1;
        let frame = &bytes[at..at + len];
        let crc = crc32(&[&frame[..4], &frame[8..]].concat());
        bytes[at + 4..at + 8].copy_from_slice(&crc.to_le_bytes());
        fs::write(&segment, &bytes).unwrap();
        stranger.refuses(&["store", &directory, newest], "does not hold");
        bytes[at + 4] ^= 1;
        fs::write(&segment, &bytes).unwrap();
        stranger.refuses(&["store", &directory, newest], "is damaged");
        fs::write(&segment, &whole).unwrap();
    }
    let segments = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let last: PathBuf =
        segments.filter(|path| path.extension().is_some_and(|end| end == "seg")).max().unwrap();
    fs::remove_file(last).unwrap();
    stranger.refuses(&["store", &directory, newest], "the head covers");
}

/// CRC-32/ISO-HDLC.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}
