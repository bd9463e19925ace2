//! Real stores that are always the same to the byte, and what befalls them: bits that flip, files that are cut, payloads that somebody
//! edits and gives the right checksum.
#![allow(dead_code, reason = "each test program uses a part")]

use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use causeway::event::hash::compute_hash;
use causeway::store::{StoreConfig, import_jsonl};
use serde_json::{Value, json};

/// 2026-11-23 13:32:04.871 UTC.
const START_US: i64 = 1_795_440_724_871_000;

/// A shop of so many orders of four events each: placed, requested, captured, packed; each caused by the one before. Segments hold
/// about four kilobytes.
pub(crate) fn shop(directory: &Path, orders: u64) {
    let config = StoreConfig::new(directory).with_segment_max_bytes(4_096);
    let lines: String = (0..orders).flat_map(order).collect();
    import_jsonl(&mut Cursor::new(lines), config).expect("the lines are events");
    let names = json!({"0x1001": "OrderPlaced", "0x2001": "PaymentRequested", "0x2002": "PaymentCaptured", "0x3001": "ParcelPacked"});
    fs::write(directory.join("kinds.json"), names.to_string()).expect("the directory takes a file");
}

fn order(order: u64) -> Vec<String> {
    let entity = |name: &str| format!("{name}:{}", 8_841 + order);
    let steps = [
        (
            entity("order"),
            "0x1001",
            json!({"items": order % 4 + 1, "total": 4_980 + 310 * order, "city": "Köln"}),
        ),
        (entity("payment"), "0x2001", json!({"amount": 4_980 + 310 * order, "method": "Lastschrift"})),
        (entity("payment"), "0x2002", json!({"amount": 4_980 + 310 * order, "settled": true})),
        (entity("parcel"), "0x3001", json!({"weight_kg": 0.84, "shelf": "Lager Nord, Regal C-12"})),
    ];
    let root = 4 * order;
    steps
        .into_iter()
        .zip(0..)
        .map(|((entity, kind, payload), step)| {
            let causation = (step > 0).then(|| id(root + step - 1));
            let time_us = START_US + (9_400 * order.cast_signed() + 731 * step.cast_signed()) * 1_000;
            line(root + step, &entity, kind, time_us, &[("payload", payload)], (id(root), causation))
        })
        .collect()
}

/// An event as a line that can be imported.
pub(crate) fn line(
    number: u64,
    entity: &str,
    kind: &str,
    time_us: i64,
    payload: &[(&str, Value)],
    (correlation, causation): (String, Option<String>),
) -> String {
    let mut line = json!({
        "sequence": number, "id": id(number), "entity": entity, "scope": "shop", "kind": kind, "time_us": time_us,
        "clock": 0, "correlation": correlation, "causation": causation, "prev_hash": "", "event_hash": "",
        "content_hash": "", "flags": 0, "lane": 0, "depth": 0,
    });
    for (name, value) in payload {
        line[*name] = value.clone();
    }
    format!("{line}\n")
}

/// Ids that look like ids and are always the same.
pub(crate) fn id(number: u64) -> String {
    let mixed = u128::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    format!("{:032x}", (0x019A_B0D4_u128 << 96) | (mixed >> 32))
}

/// A store with one event of each payload, as it is to be stored; `time_us` tells when it happened.
pub(crate) fn of_payloads(directory: &Path, payloads: &[Vec<u8>], time_us: impl Fn(u64) -> i64) {
    let lines: String = payloads
        .iter()
        .zip(0..)
        .map(|(payload, number)| {
            let digits = payload.iter().fold(String::new(), |mut digits, byte| {
                write!(digits, "{byte:02x}").expect("a string takes it");
                digits
            });
            line(
                number,
                &format!("item:{number}"),
                "0x1001",
                time_us(number),
                &[("payload_bytes", digits.into())],
                (id(number), None),
            )
        })
        .collect();
    import_jsonl(&mut Cursor::new(lines), StoreConfig::new(directory)).expect("the lines are events");
}

/// The segments of a store, oldest first.
pub(crate) fn segments(directory: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(directory)
        .expect("the directory is there")
        .map(|entry| entry.expect("it is listed").path());
    let mut segments: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|end| end == "seg")).collect();
    segments.sort();
    segments
}

/// Removes what only makes opening quicker, so that opening reads every frame.
pub(crate) fn forget_indexes(directory: &Path) {
    for segment in segments(directory) {
        let index = segment.with_extension("idx");
        if index.exists() {
            fs::remove_file(index).expect("it is a file");
        }
    }
}

/// A frame: where it lies, and the sequence of its event if it is one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) offset: usize,
    pub(crate) len: usize,
    pub(crate) sequence: Option<u64>,
}

/// The frames of a segment.
pub(crate) fn frames(bytes: &[u8]) -> Vec<Frame> {
    let mut offset = number(bytes, 12) as usize;
    let mut frames = Vec::new();
    while offset + 4 <= bytes.len() && number(bytes, offset) > 0 {
        let len = number(bytes, offset) as usize;
        let is_event = bytes[offset + 8] == 1;
        let sequence = is_event.then(|| u64::from(number(bytes, offset + 14)));
        frames.push(Frame { offset, len, sequence });
        offset += len;
    }
    frames
}

fn number(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

/// Where the frame of an event lies.
pub(crate) fn find(directory: &Path, sequence: u64) -> (PathBuf, Frame) {
    segments(directory)
        .into_iter()
        .find_map(|path| {
            let bytes = fs::read(&path).expect("a segment is a file");
            let frame = frames(&bytes).into_iter().find(|frame| frame.sequence == Some(sequence))?;
            Some((path, frame))
        })
        .expect("the event is there")
}

/// Flips a bit in the middle of an event's frame.
pub(crate) fn flip(directory: &Path, sequence: u64) {
    let (path, frame) = find(directory, sequence);
    let mut bytes = fs::read(&path).expect("a segment is a file");
    bytes[frame.offset + frame.len / 2] ^= 0x10;
    fs::write(path, bytes).expect("a segment is a file");
}

/// Changes an event's frame and gives it the right checksum, as somebody does who means to.
pub(crate) fn edit(directory: &Path, sequence: u64, change: impl FnOnce(&mut [u8])) {
    let (path, frame) = find(directory, sequence);
    let mut bytes = fs::read(&path).expect("a segment is a file");
    let place = &mut bytes[frame.offset..frame.offset + frame.len];
    change(place);
    seal(place);
    fs::write(path, bytes).expect("a segment is a file");
}

fn seal(frame: &mut [u8]) {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&frame[..4]);
    crc.update(&frame[8..]);
    let crc = crc.finalize().to_le_bytes();
    frame[4..8].copy_from_slice(&crc);
}

/// An event as nobody could append it: any name, any payload, any time.
#[derive(Clone, Debug)]
pub(crate) struct Forged {
    pub(crate) entity: Vec<u8>,
    pub(crate) time_us: i64,
    pub(crate) payload: Vec<u8>,
}

/// A store of one segment with these events: the header is that of a real one, the frames are as the format says.
pub(crate) fn forge<'f>(directory: &Path, events: impl IntoIterator<Item = &'f Forged>) {
    of_payloads(directory, &[vec![0xc0]], |_| START_US);
    forget_indexes(directory);
    let segment = segments(directory).remove(0);
    let real = fs::read(&segment).expect("a segment is a file");
    let mut bytes = real[..number(&real, 12) as usize].to_vec();
    for (sequence, event) in (0..).zip(events) {
        bytes.extend(forged_frame(sequence, event));
    }
    fs::write(segment, bytes).expect("a segment is a file");
}

/// A store of so many segments with an event each.
pub(crate) fn forge_segments(directory: &Path, count: u64) {
    of_payloads(directory, &[vec![0xc0]], |_| START_US);
    forget_indexes(directory);
    (0..count).for_each(|sequence| forge_segment_at(directory, sequence));
}

/// Adds a segment with one event at a place of the commit order to a store that has a first segment.
pub(crate) fn forge_segment_at(directory: &Path, sequence: u64) {
    let mut bytes = fs::read(&segments(directory)[0]).expect("a segment is a file");
    let end = number(&bytes, 12) as usize;
    bytes.truncate(end);
    bytes[40..48].copy_from_slice(&sequence.to_le_bytes());
    let crc = crc32fast::hash(&bytes[..end - 4]).to_le_bytes();
    bytes[end - 4..].copy_from_slice(&crc);
    let event = Forged { entity: b"item:1".to_vec(), time_us: START_US, payload: vec![0xc0] };
    bytes.extend(forged_frame(sequence, &event));
    fs::write(directory.join(format!("{sequence:020}-0.seg")), bytes).expect("the directory takes a file");
}

fn forged_frame(sequence: u64, event: &Forged) -> Vec<u8> {
    let mut frame = vec![0; 124];
    frame[8] = 1;
    frame[10..14].copy_from_slice(&u32::MAX.to_le_bytes());
    frame[14..22].copy_from_slice(&sequence.to_le_bytes());
    frame[26..42].copy_from_slice(&u128::from(sequence + 1).to_le_bytes());
    frame[42..50].copy_from_slice(&event.time_us.to_le_bytes());
    frame[50..52].copy_from_slice(&0x1001_u16.to_le_bytes());
    frame[56..58].copy_from_slice(&(event.entity.len() as u16).to_le_bytes());
    frame[58..60].copy_from_slice(&4_u16.to_le_bytes());
    frame[60..92].copy_from_slice(&compute_hash(&event.payload));
    frame.extend(&event.entity);
    frame.extend(b"shop");
    frame.extend(&event.payload);
    let len = (frame.len() as u32).to_le_bytes();
    frame[..4].copy_from_slice(&len);
    seal(&mut frame);
    frame
}
