//! Owns the comparison of every fixture with what it is known to hold, field by field.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;

use serde_json::{Value, json};

use super::support::{
    case_path, damages, expected, files, io_kind, memory, open, open_settled, put, real_directory,
};
use crate::batpak::{BatpakEvent, BatpakStore, Damage, FooterKind, PeerOutcome};
use crate::disk::memory::MemoryDirectory;
use crate::words::encoding::to_json;
use crate::words::error::StoreError;

const WHOLE: [&str; 17] = [
    "shop-3k",
    "v010-lanes",
    "v010-rotated",
    "v010-signed",
    "v010-single",
    "v082-batches",
    "v082-causal",
    "v082-checkpoint",
    "v082-damaged-torn_payload",
    "v082-denial",
    "v082-drop",
    "v082-extensions_flags",
    "v082-fence",
    "v082-reopened",
    "v082-rotated",
    "v082-signed",
    "v082-single",
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// An event in the form of the fixtures' descriptions, payload aside.
fn described(event: &BatpakEvent) -> Value {
    let header = &event.event.header;
    let id = |id: u128| format!("{id:032x}");
    let extensions: Vec<_> =
        event.event.extensions.iter().map(|(key, value)| json!([key.as_str(), hex(value)])).collect();
    json!({
        "global_sequence": event.event.global_sequence,
        "entity": event.event.coordinate.entity(),
        "scope": event.event.coordinate.scope(),
        "header": {
            "event_id": id(header.event_id.into()),
            "correlation_id": id(header.correlation_id.into()),
            "causation_id": header.causation_id.map(|cause| id(cause.into())),
            "timestamp_us": header.timestamp_us,
            "wall_ms": header.position.wall_ms(),
            "counter": header.position.counter(),
            "depth": header.position.depth(),
            "lane": header.position.lane(),
            "sequence": header.position.sequence(),
            "payload_size": header.payload_size,
            "event_kind": header.event_kind.as_raw_u16(),
            "flags": header.flags,
            "content_hash": hex(&header.content_hash),
            "payload_version": event.payload_version,
        },
        "chain": { "prev_hash": hex(&event.prev_hash), "event_hash": hex(&event.event.event_hash) },
        "extensions": extensions,
        "segment_id": event.segment_id,
        "offset": event.offset,
        "length": event.frame_length,
    })
}

/// Equal but for the last bit of a fraction, which reading the description from text may change.
fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| is_same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| is_same(a, b)))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            a.to_bits().abs_diff(b.to_bits()) <= 1
        }
        _ => a == b,
    }
}

fn check_event(case: &str, store: &BatpakStore, index: u64, expected: &Value, is_hidden: bool) {
    let row = *store.row(index).unwrap();
    let event = store.read(index).unwrap();
    let mut want = expected.clone();
    let fields = want.as_object_mut().unwrap();
    let payload = fields.remove("payload").unwrap();
    let payload_hex = fields.remove("payload_hex");
    fields.entry("extensions").or_insert_with(|| json!([]));
    assert_eq!(described(&event), want, "{case} event {index}");
    let shown = to_json(&event.event.payload).unwrap();
    assert!(is_same(&shown, &payload), "{case} payload {index}: {shown} is not {payload}");
    if let Some(payload_hex) = payload_hex {
        assert_eq!(hex(&event.event.payload), payload_hex, "{case} bytes {index}");
    }
    assert_eq!(event.event.payload.len(), row.payload_size as usize, "{case} {index}");
    assert_eq!((event.hidden, row.hidden), (is_hidden, is_hidden), "{case} hidden {index}");
    assert_eq!(event.findings, [], "{case} event {index}");
    assert_eq!(event.event.payload_form, 0);

    let header = &event.event.header;
    assert_eq!((row.event_id, row.correlation_id), (header.event_id, header.correlation_id));
    assert_eq!((row.causation_id(), row.kind), (header.causation_id, header.event_kind));
    assert_eq!((row.timestamp_us, row.flags), (header.timestamp_us, header.flags));
    assert_eq!((row.clock, row.lane), (header.position.sequence(), header.position.lane()));
    assert_eq!((row.global_sequence, row.offset), (event.event.global_sequence, event.offset));
    assert_eq!((row.length, row.payload_version), (event.frame_length, header.payload_version));
    assert_eq!(store.entities().text(row.entity).unwrap().as_ref(), event.event.coordinate.entity());
    assert_eq!(store.scopes().text(row.scope).unwrap().as_ref(), event.event.coordinate.scope());
    assert_eq!(store.index_from(row.global_sequence), index);
}

fn check_segments(case: &str, store: &BatpakStore, expected: &Value) {
    let shown: Vec<_> = store
        .segments()
        .iter()
        .map(|segment| {
            json!({
                "id": segment.id,
                "created_ns": segment.created_ns,
                "size": segment.len_bytes,
                "frames": segment.frames,
                "frames_end": if segment.footer.is_some() { segment.frames_end } else { segment.len_bytes },
                "footer": segment.footer.map(|kind| match kind {
                    FooterKind::Sdx2 => "SDX2",
                    FooterKind::Sdx3 => "SDX3",
                }),
                "torn_at": (segment.frames_end < segment.len_bytes && segment.footer.is_none())
                    .then_some(segment.frames_end),
            })
        })
        .collect();
    assert_eq!(Value::from(shown), *expected, "{case}");
}

#[test]
fn every_field_of_every_event_is_what_the_published_crate_wrote() {
    for case in WHOLE {
        let expected = expected(case);
        let store = open_settled(real_directory(case));
        let visible = expected["events"].as_array().unwrap().iter().map(|event| (event, false));
        let hidden = expected["hidden_events"].as_array().unwrap().iter().map(|event| (event, true));
        let mut events: Vec<_> = visible.chain(hidden).collect();
        events.sort_by_key(|(event, _)| event["global_sequence"].as_u64().unwrap());
        assert_eq!(store.len(), events.len() as u64, "{case}");
        let name = |(event, _): &(&Value, bool)| event["entity"].as_str().unwrap().to_owned();
        let names: BTreeSet<_> = events.iter().map(name).collect();
        for (index, (event, is_hidden)) in events.into_iter().enumerate() {
            check_event(case, &store, index as u64, event, is_hidden);
        }
        let entities: BTreeSet<_> = store.entities().texts().iter().map(ToString::to_string).collect();
        assert_eq!(entities, names, "{case}");
        check_segments(case, &store, &expected["segments"]);
        if case != "v082-damaged-torn_payload" {
            assert_eq!(damages(&store), [], "{case}");
        }
    }
}

#[test]
fn hidden_ranges_are_told_as_they_stand() {
    let store = open(real_directory("v082-fence"));
    assert_eq!(store.hidden_ranges().ranges().first(), Some(&(6..8)));
    assert_eq!((store.hidden_ranges().ranges().len(), store.hidden_ranges().lanes().len()), (1, 0));
    assert_eq!(store.rows().iter().filter(|row| row.hidden).count(), 2);
}

#[test]
fn without_the_file_of_hidden_ranges_or_with_a_damaged_one_nothing_is_hidden() {
    let mut damaged = files("v082-fence");
    for (name, bytes) in &mut damaged {
        if name == "visibility_ranges.fbv" {
            bytes[20] ^= 1;
        }
    }
    let store = open(memory(&damaged));
    assert_eq!(damages(&store), [Damage::HiddenRanges { reason: "its checksum does not fit" }]);
    assert_eq!(store.rows().iter().filter(|row| row.hidden).count(), 0);
    damaged.retain(|(name, _)| name != "visibility_ranges.fbv");
    let store = open(memory(&damaged));
    assert_eq!(damages(&store), []);
    assert_eq!((store.len(), store.rows().iter().filter(|row| row.hidden).count()), (11, 0));
}

#[test]
fn a_second_version_of_the_hidden_ranges_may_hide_one_lane_only() {
    let mut files = files("v010-lanes");
    let body = rmp_serde::to_vec_named(&json!({
        "ranges": [{"start": 1, "end": 2}],
        "lane_ranges": [{"lane": 7, "ranges": [{"start": 0, "end": 11}]}],
    }));
    let body = body.unwrap();
    let mut bytes = b"FBATVR\x02\x00".to_vec();
    bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
    bytes.extend_from_slice(&body);
    files.push(("visibility_ranges.fbv".to_owned(), bytes));
    let store = open(memory(&files));
    assert_eq!(damages(&store), []);
    let of_lane = store.rows().iter().filter(|row| row.lane == 7).count();
    assert!(of_lane > 0 && of_lane < 11);
    for row in store.rows() {
        assert_eq!(row.hidden, row.lane == 7 || row.global_sequence == 1, "{row:?}");
    }
}

/// What a damaged fixture shows, by hand: how many events, and each finding with the bytes that it means.
fn check_damaged(case: &str, events: u64, findings: &[(u64, u64, u64, Damage)]) -> BatpakStore {
    let store = open_settled(real_directory(case));
    let found: Vec<_> = store
        .findings()
        .iter()
        .map(|finding| {
            let bytes = finding.bytes.unwrap();
            (finding.segment_id.unwrap(), bytes.offset, bytes.len_bytes, finding.damage.clone())
        })
        .collect();
    assert_eq!((store.len(), &*found), (events, findings), "{case}");
    store
}

#[test]
fn a_torn_last_frame_hides_only_itself() {
    let damage = Damage::TornTail { is_tolerated: true };
    assert_eq!((damage.outcome_0_8(), damage.outcome_0_10()), (PeerOutcome::Reads, PeerOutcome::Reads));
    check_damaged("v082-damaged-torn_payload", 6, &[(1, 4149, 469, damage)]);
}

#[test]
fn a_frame_with_a_wrong_checksum_hides_only_itself_and_keeps_its_number() {
    let damage = Damage::Checksum { is_last: false };
    assert_eq!(damage.outcome_0_8(), PeerOutcome::Refuses);
    let store = check_damaged("v082-damaged-crc_flip_mid_frame", 6, &[(1, 1595, 479, damage)]);
    let sequences: Vec<_> = store.rows().iter().map(|row| row.global_sequence).collect();
    assert_eq!(sequences, [0, 1, 3, 4, 5, 6]);
}

#[test]
fn zeros_behind_the_last_frame_hide_nothing() {
    let damage = Damage::ZeroTail;
    assert_eq!((damage.outcome_0_8(), damage.outcome_0_10()), (PeerOutcome::Refuses, PeerOutcome::Reads));
    check_damaged("v082-damaged-zero_tail_64", 7, &[(1, 4628, 64, damage)]);
}

#[test]
fn a_store_that_went_on_after_a_torn_frame_shows_both_sides_of_it() {
    let case = "v082-quirk-continued_after_torn_payload_no_index";
    let damage = Damage::TornTail { is_tolerated: false };
    assert_eq!(damage.outcome_0_8(), PeerOutcome::Refuses);
    let store = check_damaged(case, 10, &[(1, 4149, 469, damage)]);
    assert_eq!(store.rows().iter().filter(|row| row.segment == 1).count(), 4);
    let sequences: Vec<_> = store.rows().iter().map(|row| row.global_sequence).collect();
    assert_eq!(sequences, (0..10).collect::<Vec<_>>());
}

#[test]
fn opening_and_reading_writes_nothing_and_touches_no_file() {
    let list = |case: &str| {
        let mut seen: Vec<_> = walk_dir(case).collect();
        seen.sort();
        seen
    };
    for case in ["v082-fence", "v082-damaged-torn_payload", "v010-rotated"] {
        let before = list(case);
        let mut store = open_settled(real_directory(case));
        super::support::read_all(&store);
        store.refresh().unwrap();
        assert_eq!(list(case), before, "{case}");

        let dir = memory(&files(case));
        let calls = dir.operations().len();
        let store = open_settled(dir.clone());
        super::support::read_all(&store);
        let operations = dir.operations();
        assert!(operations.len() > calls);
        for operation in &operations[calls..] {
            assert!(operation.only_reads(), "{operation:?}");
        }
    }
}

/// The names, lengths and times of a fixture's files, seen behind the reader's back.
fn walk_dir(case: &str) -> impl Iterator<Item = (std::ffi::OsString, u64, i64, i64)> {
    std::fs::read_dir(case_path(case).join("store")).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let about = entry.metadata().unwrap();
        (entry.file_name(), about.len(), about.mtime(), about.mtime_nsec())
    })
}

#[test]
fn a_directory_is_recognised_by_its_segments() {
    let dir = MemoryDirectory::new();
    put(&*dir, "abc.fbat", b"x");
    put(&*dir, "index.fbati", b"x");
    assert!(!BatpakStore::detect(&*dir).unwrap());
    let refused = BatpakStore::open(dir.clone(), &mut |_, _| ControlFlow::Continue(()));
    assert!(matches!(refused, Err(StoreError::DataDirMalformed { .. })));
    put(&*dir, "000007.fbat", b"");
    assert!(BatpakStore::detect(&*dir).unwrap());
}

#[test]
fn opening_tells_its_progress_and_stops_when_asked() {
    let mut told = Vec::new();
    let mut note = |done, total| {
        told.push((done, total));
        ControlFlow::Continue(())
    };
    BatpakStore::open(real_directory("shop-3k"), &mut note).unwrap();
    let total = 1_308_781 + 794_835;
    assert!(told.is_sorted() && told.len() >= 3, "{told:?}");
    assert_eq!(told.last(), Some(&(total, total)));
    let stopped = BatpakStore::open(real_directory("shop-3k"), &mut |done, _| {
        if done > 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(io_kind(stopped.unwrap_err()), Some(std::io::ErrorKind::Interrupted));
}

#[test]
fn a_row_takes_at_most_112_bytes() {
    assert_eq!(size_of::<crate::batpak::Row>(), 112);
}
