//! Heads: what they cover, what is proved by them, and how a store stands to heads that were kept elsewhere.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use causeway::coordinate::Coordinate;
use causeway::event::EventKind;
use causeway::id::EventId;
use causeway::store::{
    CompactionConfig, CompactionStrategy, ConsistencyProof, Head, HeadCheck, HeadSignatureError,
    InclusionProof, Open, ProofError, ReadOnly, SigningKey, Store, StoreConfig, StoreError, StoreState,
};
use serde_json::json;
use tempfile::TempDir;

const PLACED: EventKind = EventKind::custom(1, 1);

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes([seed; 32])
}

/// Nothing is synced but on request, and segments are short.
fn config(path: &Path) -> StoreConfig {
    StoreConfig::new(path)
        .with_segment_max_bytes(20_000)
        .with_sync_every_n_events(u32::MAX)
        .with_sync_every(Duration::MAX)
        .with_follow_interval(Duration::MAX)
}

fn open(path: &Path) -> Store<Open> {
    Store::open(config(path)).unwrap()
}

fn read(path: &Path) -> Store<ReadOnly> {
    Store::open_read_only(config(path)).unwrap()
}

fn append(store: &Store<Open>, numbers: std::ops::Range<u64>) {
    for n in numbers {
        let at = Coordinate::new(format!("order:{}", n % 5), "shop").unwrap();
        store.append(&at, PLACED, &json!({ "n": n })).unwrap();
    }
}

/// A closed store of about so many events, and its head.
fn closed_store(events: u64) -> (TempDir, Head) {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    append(&store, 0..events);
    store.sync().unwrap();
    let head = store.head().unwrap();
    store.close().unwrap();
    (place, head)
}

fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
        }
    }
    to
}

fn segments(path: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "seg")).collect();
    found.sort();
    found
}

fn check<State: StoreState>(store: &Store<State>, head: &Head) -> HeadCheck {
    store.check_head(head).unwrap()
}

const HOLDS: HeadCheck = HeadCheck::Continues { signed: false };

#[test]
fn a_head_covers_what_is_on_stable_storage_and_nothing_else() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    append(&store, 0..3);
    store.sync().unwrap();
    append(&store, 3..7);
    assert!(store.durable() < store.visible());
    let head = store.head().unwrap();
    assert_eq!((head.size, head.epoch, head.store_id.to_string()), (4, 1, store.identity().to_owned()));
    store.sync().unwrap();
    let later = store.head().unwrap();
    assert_eq!(later.size, store.visible());
    assert!(later.root != head.root && later.time_us >= head.time_us);
    for kept in [&head, &later] {
        assert_eq!(check(&store, kept), HOLDS);
        assert_eq!(check(&read(place.path()), kept), HOLDS);
    }
}

#[test]
fn heads_and_proofs_are_the_same_however_the_store_is_open_and_whatever_was_asked_before() {
    let (place, head) = closed_store(2_300);
    let (fresh, warm) = (read(place.path()), open(place.path()));
    let root_of = |head: &Head| (head.size, head.root);
    assert_eq!(fresh.head().unwrap().size, 2_302, "it was opened and closed too");
    assert_eq!(warm.prove_consistency(head.size, head.size).unwrap().path, Vec::<[u8; 32]>::new());
    for (old, new) in [(1, 2_301), (1_024, 2_048), (1_000, 2_100), (2_047, 2_049), (2_048, 2_302), (0, 5)] {
        let proof = warm.prove_consistency(old, new).unwrap();
        assert_eq!(proof, fresh.prove_consistency(old, new).unwrap(), "{old} {new}");
        assert_eq!(read(place.path()).prove_consistency(old, new).unwrap(), proof, "{old} {new}");
    }
    let early = Store::open_read_only(config(place.path())).unwrap();
    let proof = early.prove_inclusion(5, 9).unwrap();
    assert_eq!((proof.sequence, proof.size), (5, 9));
    assert_eq!(root_of(&early.head().unwrap()), root_of(&fresh.head().unwrap()));
    assert_eq!(fresh.prove_inclusion(5, 9).unwrap(), proof);
}

#[test]
fn every_event_is_proved_by_its_head_and_every_head_by_the_later_ones() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let mut heads = Vec::new();
    for round in 0..9 {
        append(&store, round * 300..(round + 1) * 300 - round);
        store.sync().unwrap();
        heads.push(store.head().unwrap());
    }
    let newest = heads.last().unwrap();
    for (at, head) in heads.iter().enumerate() {
        for sequence in [0, head.size / 2, head.size - 1] {
            let proof = store.prove_inclusion(sequence, head.size).unwrap();
            assert_eq!(head.verify_inclusion(&proof), Ok(()), "{sequence} of {}", head.size);
            let event = store.event_at(sequence).unwrap();
            assert_eq!(proof.event_hash, event.raw.event_hash);
            let by_id = store.prove_inclusion_of(event.raw.header.event_id, head.size);
            assert_eq!(by_id.unwrap(), proof);
            let moved = InclusionProof { sequence: sequence ^ 1, ..proof.clone() };
            assert!(head.verify_inclusion(&moved).is_err());
            let is_other = head.size != newest.size;
            assert_eq!(newest.verify_inclusion(&proof).is_err(), is_other);
        }
        for later in &heads[at..] {
            let proof = store.prove_consistency(head.size, later.size).unwrap();
            assert_eq!(later.verify_consistency(head, &proof), Ok(()));
            let forged = Head { root: [7; 32], ..head.clone() };
            assert_eq!(later.verify_consistency(&forged, &proof), Err(ProofError::Root));
            let text = serde_json::to_string(&proof).unwrap();
            assert_eq!(serde_json::from_str::<ConsistencyProof>(&text).unwrap(), proof);
        }
    }
    let everything = store.check_heads(&heads, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(everything, vec![HOLDS; heads.len()]);
}

#[test]
fn what_is_not_in_the_log_is_not_proved() {
    let (place, head) = closed_store(5);
    let store = read(place.path());
    let end = store.visible();
    let refused = |proof: Result<InclusionProof, StoreError>| match proof.unwrap_err() {
        StoreError::NoSuchSequence { sequence, end } => (sequence, end),
        other => panic!("{other}"),
    };
    assert_eq!(refused(store.prove_inclusion(head.size, head.size)), (head.size, head.size));
    assert_eq!(refused(store.prove_inclusion(0, end + 1)), (end + 1, end));
    assert_eq!(refused(store.prove_inclusion(0, 0)), (0, 0));
    assert!(matches!(store.prove_consistency(3, 2), Err(StoreError::NoSuchSequence { sequence: 3, end: 2 })));
    let unknown = store.prove_inclusion_of(EventId::from(7), 1);
    assert!(matches!(unknown, Err(StoreError::NotFound(7))));
}

#[test]
fn a_further_head_and_a_proof_cost_no_more_reads_on_a_long_log() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(config(place.path()).with_segment_max_bytes(64 << 20)).unwrap();
    append(&store, 0..10_000);
    store.sync().unwrap();
    store.head().unwrap();
    append(&store, 10_000..10_010);
    store.sync().unwrap();
    let before = store.frames_read();
    let head = store.head().unwrap();
    assert_eq!(store.frames_read() - before, 10);
    let before = store.frames_read();
    store.prove_inclusion(5_000, head.size).unwrap();
    assert!(store.frames_read() - before <= 1_024);
    let before = store.frames_read();
    store.prove_consistency(3_333, 7_777).unwrap();
    assert!(store.frames_read() - before <= 2_048);
}

#[test]
fn a_signed_head_is_known_by_its_key_and_prints_no_secret() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(config(place.path()).with_signing_key(key(7))).unwrap();
    append(&store, 0..3);
    store.sync().unwrap();
    let head = store.head().unwrap();
    let text = head.to_string();
    assert_eq!(text.parse::<Head>().unwrap(), head);
    assert!(!text.contains('\n') && !text.contains(&"07".repeat(8)), "{text}");
    assert!(!format!("{head:?} {store:?}").contains("7, 7, 7, 7"));
    let public = key(7).verifying_key();
    assert_eq!(head.verify(&[key(8).verifying_key(), public]), Ok(()));
    assert_eq!(head.verify(&[key(8).verifying_key()]), Err(HeadSignatureError::UnknownKey));
    assert_eq!(check(&store, &head), HeadCheck::Continues { signed: true });
    let not_vouched = |head: &Head| match check(&store, head) {
        HeadCheck::NotVouchedFor(error) => error,
        other => panic!("{other:?}"),
    };
    let changed = [
        Head { epoch: 2, ..head.clone() },
        Head { size: 3, ..head.clone() },
        Head { root: [1; 32], ..head.clone() },
        Head { time_us: head.time_us + 1, ..head.clone() },
        Head { store_id: causeway::store::StoreId::from_bytes([1; 16]), ..head.clone() },
    ];
    for changed in changed {
        assert_eq!(not_vouched(&changed), HeadSignatureError::Invalid, "{changed}");
    }
    assert_eq!(not_vouched(&Head { signature: None, ..head.clone() }), HeadSignatureError::Unsigned);
    drop(store);
    let without_keys = check(&read(place.path()), &head);
    assert_eq!(without_keys, HeadCheck::NotVouchedFor(HeadSignatureError::UnknownKey));
    let half = text.split(r#","signature""#).next().unwrap().to_owned() + "}";
    assert!(half.parse::<Head>().unwrap_err().to_string().contains("signature of the head"), "{half}");
}

#[test]
fn compaction_changes_no_head() {
    let (place, head) = closed_store(600);
    let store = open(place.path());
    let keeps = |divisor: u64| -> causeway::store::RetentionPredicate {
        Box::new(move |event| event.event.payload["n"].as_u64().is_none_or(|n| !n.is_multiple_of(divisor)))
    };
    for strategy in [CompactionStrategy::Retention(keeps(3)), CompactionStrategy::Tombstone(keeps(5))] {
        store.compact(&CompactionConfig { strategy, min_segments: 0 }).unwrap();
        assert_eq!(check(&store, &head), HOLDS);
        assert_eq!(check(&read(place.path()), &head), HOLDS);
    }
    assert!(matches!(store.event_at(1), Err(StoreError::Removed { .. })));
    for sequence in [0, 1, 6, 400] {
        let proof = store.prove_inclusion(sequence, head.size).unwrap();
        assert_eq!(head.verify_inclusion(&proof), Ok(()), "{sequence}");
    }
    store.close().unwrap();
    let proof = read(place.path()).prove_consistency(head.size, head.size + 1).unwrap();
    assert_eq!((proof.old_size, proof.new_size), (head.size, head.size + 1));
}

#[test]
fn an_older_copy_and_a_cut_log_are_rolled_back() {
    let (place, early) = closed_store(40);
    let older = copy(place.path());
    let store = open(place.path());
    append(&store, 40..300);
    store.sync().unwrap();
    let head = store.head().unwrap();
    store.close().unwrap();
    let copied = read(older.path());
    let end = copied.visible();
    assert_eq!(check(&copied, &head), HeadCheck::RolledBack { end, epoch: 1 });
    assert_eq!(check(&copied, &early), HOLDS);
    let newest = segments(place.path()).pop().unwrap();
    fs::remove_file(&newest).unwrap();
    let cut = check(&read(place.path()), &head);
    let HeadCheck::RolledBack { end, .. } = cut else { panic!("{cut:?}") };
    let finding = cut.finding(head.size).unwrap();
    assert_eq!(finding.sequence, Some(end));
    assert!(finding.message.contains("it was cut, or is an older copy"), "{finding}");
}

#[test]
fn a_copy_of_before_a_recovery_is_known_by_its_epoch() {
    let (place, _) = closed_store(40);
    let older = copy(place.path());
    drop(open(older.path())); // It goes on for an event, and knows nothing of what comes next.
    drop(open(place.path()));
    let newest = segments(place.path()).pop().unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end + 1..][..40].fill(0xEE);
    fs::write(&newest, bytes).unwrap();
    let recovered = open(place.path());
    assert!(recovered.open_report().quarantined.is_some());
    let head = recovered.head().unwrap();
    assert_eq!(head.epoch, 2);
    assert_eq!(check(&recovered, &head), HOLDS);
    let ahead = open(older.path());
    append(&ahead, 40..80);
    let end = ahead.visible();
    assert_eq!(check(&ahead, &head), HeadCheck::RolledBack { end, epoch: 1 });
    let finding = check(&ahead, &head).finding(head.size).unwrap();
    assert!(finding.message.contains("older copy"), "{finding}");
}

#[test]
fn a_fork_is_another_store_that_says_what_it_shares() {
    let (place, head) = closed_store(30);
    let store = open(place.path());
    let home = tempfile::tempdir().unwrap();
    let (once, twice) = (home.path().join("once"), home.path().join("twice"));
    let report = store.fork(&once).unwrap();
    append(&store, 30..40);
    store.sync().unwrap();
    let beyond = store.head().unwrap();
    let fork = open(&once);
    append(&fork, 30..50);
    fork.sync().unwrap();
    let own = fork.head().unwrap();
    let second = fork.fork(&twice).unwrap();
    for shares in [&head, &beyond] {
        assert_eq!(check(&fork, shares), HeadCheck::Fork { shared: report.events });
        assert_eq!(check(&read(&twice), shares), HeadCheck::Fork { shared: report.events });
    }
    assert_eq!(check(&fork, &own), HOLDS);
    assert_eq!(check(&read(&twice), &own), HeadCheck::Fork { shared: second.events });
    assert_eq!(check(&store, &own), HeadCheck::OtherStore { store_id: own.store_id });
    let forged = Head { root: [7; 32], ..head.clone() };
    assert_eq!(check(&fork, &forged), HeadCheck::Rewritten { between: 0..head.size });
    let (other, _) = closed_store(30);
    assert_eq!(check(&read(other.path()), &head), HeadCheck::OtherStore { store_id: head.store_id });
}

#[test]
fn several_heads_tell_between_which_of_them_history_was_rewritten() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    let mut heads = Vec::new();
    for round in 0..4 {
        append(&store, round * 10..(round + 1) * 10);
        store.sync().unwrap();
        heads.push(store.head().unwrap());
    }
    // As if the events between the second and the third head had been others then.
    for head in &mut heads[2..] {
        head.root[0] ^= 1;
    }
    heads.reverse();
    let checks = store.check_heads(&heads, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let between = |end: u64| HeadCheck::Rewritten { between: 21..end };
    assert_eq!(checks, [between(41), between(31), HOLDS, HOLDS]);
    let ended = store.check_heads(&heads, &mut |_, _| ControlFlow::Break(())).unwrap();
    assert_eq!(ended, vec![HeadCheck::Cancelled; 4]);
}

#[test]
fn what_cannot_be_read_is_not_called_whole_and_nothing_is_stated_over_it() {
    let (place, head) = closed_store(300);
    let event = read(place.path()).event_at(150).unwrap();
    let segment = place.path().join(&*event.segment);
    let mut bytes = fs::read(&segment).unwrap();
    bytes[event.place.offset() as usize + 70] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let damaged = read(place.path());
    assert_eq!(check(&damaged, &head), HeadCheck::Unreadable { sequence: 150 });
    assert!(damaged.head().unwrap_err().is_one_event());
    let early = Head { size: 100, root: [0; 32], ..head.clone() };
    assert_eq!(check(&damaged, &early), HeadCheck::Rewritten { between: 0..100 });
    assert_eq!(damaged.prove_inclusion(3, 100).unwrap().size, 100, "what lies before can be proved");
}

#[test]
fn neither_a_head_nor_a_fork_states_a_root_over_events_that_no_segment_holds() {
    let (place, head) = closed_store(300);
    let missing = segments(place.path()).remove(1);
    let first: u64 =
        missing.file_stem().unwrap().to_str().unwrap().split('-').next().unwrap().parse().unwrap();
    fs::remove_file(missing).unwrap();
    let store = open(place.path());
    let refused =
        |error: StoreError| matches!(error, StoreError::UnreadableEvent { sequence } if sequence == first);
    assert!(refused(store.head().unwrap_err()));
    assert_eq!(check(&store, &head), HeadCheck::Unreadable { sequence: first });
    let home = tempfile::tempdir().unwrap();
    assert!(refused(store.fork(&home.path().join("fork")).unwrap_err()));
    assert!(!home.path().join("fork").exists());
}

#[test]
fn a_follower_takes_heads_of_what_its_writer_made_durable() {
    let place = tempfile::tempdir().unwrap();
    let store = open(place.path());
    append(&store, 0..5);
    let reader = read(place.path());
    assert_eq!(reader.head().unwrap().size, 1, "nothing says yet that the others are on stable storage");
    store.sync().unwrap();
    append(&store, 5..6);
    reader.refresh().unwrap();
    let head = reader.head().unwrap();
    assert_eq!(head.size, 6);
    assert_eq!(check(&store, &head), HOLDS);
    append(&store, 6..400);
    store.close().unwrap();
    let later = read(place.path()).head().unwrap();
    assert_eq!(later.size, 402);
}

#[test]
fn a_batpak_directory_has_no_heads() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/batpak/v082-single/store");
    let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(fixture)).unwrap();
    let (_place, head) = closed_store(1);
    let refusals = [
        store.head().err(),
        store.prove_inclusion(0, 1).err(),
        store.prove_consistency(0, 1).err(),
        store.check_head(&head).err(),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Some(StoreError::HeadsUnsupported)), "{refusal:?}");
    }
}
