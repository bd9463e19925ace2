//! Owns the proof that foreign and hostile frames are read as the format allows, and that a payload is never taken for structure.

use serde::{Serialize, Serializer};
use serde_json::json;

use super::support::{damages, frame, header, memory, one_segment, open, open_settled, read_all};
use crate::batpak::{BatpakEvent, Damage, PeerOutcome};
use crate::words::chain::compute_hash;
use crate::words::encoding::{to_bytes, to_json};

/// A byte string, which serde would write as an array.
#[derive(Clone, Debug)]
struct Bin(Vec<u8>);

impl Serialize for Bin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

#[derive(Serialize)]
struct Header<I, H> {
    event_id: I,
    correlation_id: I,
    causation_id: Option<I>,
    timestamp_us: i64,
    position: Position,
    payload_size: u32,
    event_kind: u16,
    flags: u8,
    content_hash: H,
}

#[derive(Serialize)]
struct Position {
    wall_ms: u64,
    counter: u16,
    depth: u32,
    lane: u32,
    sequence: u32,
}

#[derive(Serialize)]
struct Event<I, H, P> {
    header: Header<I, H>,
    payload: P,
    hash_chain: Option<Chain<H>>,
}

#[derive(Serialize)]
struct Chain<H> {
    prev_hash: H,
    event_hash: H,
}

#[derive(Serialize)]
struct Body<I, H, P> {
    event: Event<I, H, P>,
    entity: &'static str,
    scope: &'static str,
    receipt_extensions: std::collections::BTreeMap<&'static str, Bin>,
}

/// An event of entity `order:1` with the id 7 and a payload of `size` bytes with that hash.
fn body<I: Clone, H: Clone, P>(id: I, hash: H, payload: P, size: usize) -> Body<I, H, P> {
    let position = Position { wall_ms: 1, counter: 0, depth: 4, lane: 3, sequence: 2 };
    let header = Header {
        event_id: id.clone(),
        correlation_id: id.clone(),
        causation_id: Some(id),
        timestamp_us: -5,
        position,
        payload_size: size as u32,
        event_kind: 0x1001,
        flags: 9,
        content_hash: hash.clone(),
    };
    let hash_chain = Some(Chain { prev_hash: hash.clone(), event_hash: hash });
    let event = Event { header, payload, hash_chain };
    Body { event, entity: "order:1", scope: "shop", receipt_extensions: [("a.b", Bin(vec![1, 200]))].into() }
}

fn id() -> [u8; 16] {
    7_u128.to_be_bytes()
}

fn segment(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = header(1);
    for body in frames {
        bytes.extend_from_slice(&frame(body));
    }
    bytes
}

fn only_event(body: Vec<u8>) -> BatpakEvent {
    let store = open(one_segment(&segment(&[body])));
    assert_eq!((store.len(), damages(&store)), (1, vec![]));
    store.read(0).unwrap()
}

#[test]
fn positional_arrays_byte_strings_and_number_arrays_all_read_the_same() {
    let payload = to_bytes(&json!({"a": [1, 200, 70_000]})).unwrap();
    let (hash, size) = (compute_hash(&payload), payload.len());
    let binary = body(Bin(id().to_vec()), Bin(hash.to_vec()), Bin(payload.clone()), size);
    let arrays = body(id(), hash, payload.clone(), size);
    let as_written = only_event(rmp_serde::to_vec_named(&binary).unwrap());
    assert_eq!(as_written.event.payload, payload);
    assert_eq!(as_written.findings, []);
    assert_eq!(as_written.event.header.flags, 9);
    assert_eq!(as_written.event.header.timestamp_us, -5);
    assert_eq!(u128::from(as_written.event.header.causation_id.unwrap()), 7);
    let extension = as_written.event.extensions.first_key_value().unwrap();
    assert_eq!((extension.0.as_str(), &**extension.1), ("a.b", &[1, 200][..]));
    for other in [rmp_serde::to_vec_named(&arrays), rmp_serde::to_vec(&arrays), rmp_serde::to_vec(&binary)] {
        let other = other.unwrap();
        let mut read = only_event(other);
        read.frame_length = as_written.frame_length;
        assert_eq!(read, as_written);
    }
}

#[test]
fn keys_may_stand_in_any_order_and_unknown_ones_are_passed_over() {
    // JSON objects come out sorted by their keys, which is another order than the writer's.
    let payload = to_bytes(&json!(5)).unwrap();
    let hash = compute_hash(&payload);
    let mut value = serde_json::to_value(body(id(), hash, payload, 1)).unwrap();
    value["event"]["header"]["unknown"] = json!([{"deep": [1, null, "x"]}]);
    value["event"]["header"]["payload_version"] = json!(3);
    value["zzz"] = json!(-1.5);
    let event = only_event(to_bytes(&value).unwrap());
    assert_eq!((event.payload_version, event.event.header.payload_version), (Some(3), 3));
    assert_eq!(to_json(&event.event.payload), Ok(json!(5)));
    assert_eq!(event.event.header.position.lane(), 3);

    let header = value["event"]["header"].as_object_mut().unwrap();
    header.remove("content_hash");
    value.as_object_mut().unwrap().remove("receipt_extensions");
    let event = only_event(to_bytes(&value).unwrap());
    assert_eq!(event.event.header.content_hash, [0; 32]);
    assert!(event.event.extensions.is_empty() && event.findings.is_empty());
}

#[test]
fn an_inline_payload_is_proven_by_its_hash_or_kept_with_a_finding() {
    for value in [json!({"a": 1, "b": [1, 2]}), json!([1, 2, 3]), json!("text"), json!(null), json!([])] {
        let stored = to_bytes(&value).unwrap();
        let proven = body(id(), compute_hash(&stored), value.clone(), stored.len());
        let unproven = body(id(), compute_hash(b"other order"), value.clone(), stored.len());
        let damages = [Damage::InlinePayloadProven, Damage::InlinePayload];
        for (body, damage) in [proven, unproven].into_iter().zip(damages) {
            let event = only_event(rmp_serde::to_vec_named(&body).unwrap());
            assert_eq!(event.event.payload, stored);
            assert_eq!(to_json(&event.event.payload).unwrap(), value);
            assert_eq!(event.findings.len(), 1);
            assert_eq!(event.findings[0].damage, damage);
            assert_eq!(damage.outcome_0_10(), PeerOutcome::EventUnreadable);
        }
    }
}

/// The bytes of a footer without rows that begins at `offset`.
fn forged_footer(offset: u64) -> Vec<u8> {
    let mut bytes = vec![0x90];
    bytes.extend_from_slice(&offset.to_le_bytes());
    bytes.extend_from_slice(&0_u32.to_le_bytes());
    bytes.extend_from_slice(b"SDX2");
    bytes
}

#[test]
fn a_footer_that_a_frame_carries_is_not_believed() {
    let payload = vec![0xC0];
    let hash = compute_hash(&payload);
    let first = rmp_serde::to_vec_named(&body(id(), hash, payload.clone(), 1)).unwrap();
    let mut second = body(8_u128.to_be_bytes(), hash, payload, 1);
    // The extension is the last thing in the frame, so the file ends like one with a footer, whose frames end after the first.
    let plain_len = segment(&[first.clone(), rmp_serde::to_vec_named(&second).unwrap()]).len() as u64;
    let footer_len = forged_footer(0).len() as u64;
    let offset = plain_len - 2;
    second.receipt_extensions.insert("a.b", Bin(forged_footer(offset)));
    let bytes = segment(&[first, rmp_serde::to_vec_named(&second).unwrap()]);
    assert_eq!(bytes.len() as u64, offset + footer_len, "the forged footer tiles the end of the file");
    let store = open_settled(one_segment(&bytes));
    assert_eq!(store.len(), 2);
    assert_eq!(damages(&store), [Damage::Footer { reason: "a frame reaches into it" }]);
    assert_eq!(store.segments()[0].footer, None);
    read_all(&store);
}

#[test]
fn a_forged_footer_at_the_end_of_a_torn_frame_is_not_believed() {
    let payload = vec![0xC0];
    let hash = compute_hash(&payload);
    let whole = rmp_serde::to_vec_named(&body(id(), hash, payload, 1)).unwrap();
    let mut bytes = segment(std::slice::from_ref(&whole));
    let torn_at = bytes.len();
    bytes.extend_from_slice(&frame(&whole)[..100]);
    bytes.extend_from_slice(&forged_footer(bytes.len() as u64));
    let store = open_settled(one_segment(&bytes));
    assert_eq!(store.len(), 1);
    assert_eq!(store.segments()[0].footer, None);
    assert_eq!(store.segments()[0].frames_end, torn_at as u64);
}

#[test]
fn a_frame_within_the_payload_of_a_damaged_frame_is_not_taken_for_an_event() {
    let hash = compute_hash(b"");
    let inner = frame(&rmp_serde::to_vec_named(&body(9_u128.to_be_bytes(), hash, Bin(vec![]), 0)).unwrap());
    let size = inner.len();
    let outer = rmp_serde::to_vec_named(&body(id(), hash, Bin(inner), size)).unwrap();
    let last = rmp_serde::to_vec_named(&body(8_u128.to_be_bytes(), hash, Bin(vec![]), 0)).unwrap();
    let mut bytes = segment(&[outer, last]);
    let frames_start = header(1).len();
    bytes[frames_start + 4] ^= 1;
    let store = open_settled(one_segment(&bytes));
    let ids: Vec<_> = store.rows().iter().map(|row| u128::from(row.event_id)).collect();
    assert_eq!(ids, [8]);
    assert_eq!(damages(&store), [Damage::Checksum { is_last: false }]);
}

#[test]
fn forged_lengths_inside_a_frame_are_refused_without_an_allocation() {
    for body in [
        &b"\x84\xA5event\xDD\xFF\xFF\xFF\xFF"[..],
        b"\x84\xA5event\x83\xA7payload\xC6\xFF\xFF\xFF\xFF\x00",
        b"\x84\xA5event\x83\xA7payload\xDF\xFF\xFF\xFF\xFF\x00",
        b"\xDF\xFF\xFF\xFF\xFF",
        b"\xDD\x00\x00\x00\x02\xDD\xFF\xFF\xFF\xFF",
        b"\xC1",
    ] {
        let store = open_settled(one_segment(&segment(&[body.to_vec()])));
        assert_eq!(store.len(), 0);
        assert!(matches!(damages(&store)[..], [Damage::NoEvent { .. }]), "{body:?}");
    }
    let deep = [b"\x81\xA5event".as_slice(), &vec![0x91; 1 << 20]].concat();
    assert_eq!(open_settled(one_segment(&segment(&[deep]))).len(), 0);
}

#[test]
fn a_segment_full_of_what_looks_like_frames_is_given_up_in_bounded_work() {
    // Each of the heads announces a body that reaches nearly to the end of the file.
    let mut bytes = header(1);
    let heads = 40_000;
    for place in 0..heads {
        let left = (heads - place) * 15 - 8;
        bytes.extend_from_slice(&(left as u32).to_be_bytes());
        bytes.extend_from_slice(b"crc!\x84\xA5event");
    }
    let store = open_settled(one_segment(&bytes));
    assert_eq!(store.len(), 0);
}

#[test]
fn heads_that_announce_the_rest_of_the_file_between_frames_hide_none_of_them() {
    let event = frame(&rmp_serde::to_vec_named(&body(id(), [0; 32], Bin(vec![]), 0)).unwrap());
    let events = 4_000;
    let step = event.len() + 8;
    let mut bytes = header(1);
    for place in 0..events {
        let left = (events - place) * step - 8;
        bytes.extend_from_slice(&(left as u32).to_be_bytes());
        bytes.extend_from_slice(b"crc!");
        bytes.extend_from_slice(&event);
    }
    let store = open(one_segment(&bytes));
    assert_eq!(store.len(), events as u64);
    assert_eq!(damages(&store), vec![Damage::NotAFrame; events]);
}

#[test]
fn names_that_no_writer_accepts_and_missing_chains_are_shown_and_told() {
    let payload = vec![0xC0];
    let hash = compute_hash(&payload);
    let mut odd = body(id(), hash, payload, 1);
    odd.entity = "../etc";
    odd.event.hash_chain = None;
    let bytes = segment(&[rmp_serde::to_vec_named(&odd).unwrap()]);
    let store = open(one_segment(&bytes));
    assert_eq!(store.len(), 1);
    assert_eq!(damages(&store), [Damage::ChainMissing, Damage::Coordinate { text: "../etc".to_owned() }]);
    assert_eq!(store.read(0).unwrap().event.coordinate.entity(), "../etc");
}

#[test]
fn an_event_whose_id_came_before_is_shown_too() {
    let payload = vec![0xC0];
    let hash = compute_hash(&payload);
    let of = |id: u128| rmp_serde::to_vec_named(&body(id.to_be_bytes(), hash, payload.clone(), 1)).unwrap();
    let store = open(one_segment(&segment(&[of(7), of(8), of(7), of(9), of(7)])));
    assert_eq!(store.len(), 5);
}

#[test]
fn headers_and_names_that_the_published_crate_minds_less_or_more_are_told() {
    let event = frame(&rmp_serde::to_vec_named(&body(id(), [0; 32], Bin(vec![]), 0)).unwrap());
    let with = |mut bytes: Vec<u8>| {
        bytes.extend_from_slice(&event);
        bytes
    };
    let files = |name: &str, bytes: Vec<u8>| open(memory(&[(name.to_owned(), bytes)]));
    assert_eq!(damages(&files("000001.fbat", with(header(2)))), [Damage::HeaderId { found: 2 }]);
    assert_eq!(damages(&files("1.fbat", with(header(1)))), [Damage::FileName]);
    let mut newer = header(1);
    let at = newer.windows(8).position(|bytes| bytes == b"version\x01").unwrap();
    newer[at + 7] = 2;
    let store = files("000001.fbat", with(newer));
    assert_eq!((store.len(), damages(&store)), (1, vec![Damage::SegmentVersion { found: 2 }]));
    let both = [("1.fbat".to_owned(), with(header(1))), ("000001.fbat".to_owned(), with(header(1)))];
    let store = open(memory(&both));
    assert_eq!((store.len(), damages(&store)), (1, vec![Damage::SegmentTwice { name: "1.fbat".to_owned() }]));
}
