//! Owns the hostile batpak directories. They are only read, so none opens for writing.

use std::fs;
use std::path::Path;

use crate::bytes::{put, sparse};
use crate::{Case, Expected};

const FIRST: &str = "000001.fbat";

fn fixture() -> Vec<u8> {
    fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/batpak/v010-single/store/000001.fbat"))
        .unwrap()
}

/// A header alone: its frames are what the case puts behind it.
fn header() -> Vec<u8> {
    let bytes = fixture();
    let len = u32::from_be_bytes(bytes[4..8].try_into().unwrap()) as usize;
    bytes[..8 + len].to_vec()
}

fn frame(body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32).to_be_bytes()[..], &crc32fast::hash(body).to_be_bytes(), body].concat()
}

/// The frames of the fixture, without its footer.
fn frames() -> Vec<u8> {
    let bytes = fixture();
    let footer = u64::from_le_bytes(bytes[bytes.len() - 16..bytes.len() - 8].try_into().unwrap()) as usize;
    bytes[..footer].to_vec()
}

fn trailer(offset: u64, count: u32, magic: [u8; 4]) -> Vec<u8> {
    [&offset.to_le_bytes()[..], &count.to_le_bytes(), &magic].concat()
}

fn hidden(body: &[u8]) -> Vec<u8> {
    [&b"FBATVR\x01\0"[..], &crc32fast::hash(body).to_le_bytes(), body].concat()
}

const fn reads(name: &'static str, make: fn(&Path)) -> Case {
    Case { name, make, expected: Expected::Reads }
}

pub(crate) const CASES: &[Case] = &[
    reads("a good batpak directory", |at| put(at, FIRST, &fixture())),
    reads("a footer of 4 billion rows", |at| {
        let frames = frames();
        let end = frames.len() as u64;
        put(at, FIRST, &[frames, trailer(end, u32::MAX, *b"SDX2")].concat());
    }),
    reads("a footer that begins at the end of all", |at| {
        put(at, FIRST, &[frames(), trailer(u64::MAX, 1, *b"SDX3")].concat());
    }),
    reads("a footer with a list of 4 billion names", |at| {
        let frames = frames();
        let end = frames.len() as u64;
        put(at, FIRST, &[frames, vec![0xDD, 0xFF, 0xFF, 0xFF, 0xFF], trailer(end, 0, *b"SDX2")].concat());
    }),
    reads("a footer that takes in every frame", |at| {
        let start = header().len() as u64;
        put(at, FIRST, &[frames(), trailer(start, 0, *b"SDX2")].concat());
    }),
    reads("a frame of 4 GB", |at| {
        put(at, FIRST, &[header(), vec![0xFF; 64], frames()[header().len()..].to_vec()].concat());
    }),
    reads("a header of 4 GB", |at| put(at, FIRST, &[&b"FBAT"[..], &[0xFF; 4], &frames()[8..]].concat())),
    reads("a frame 100,000 levels deep", |at| {
        let deep = frame(&[vec![0x91; 100_000], vec![0xC0]].concat());
        put(at, FIRST, &[header(), deep, frames()[header().len()..].to_vec()].concat());
    }),
    reads("a frame with a map of 4 billion entries", |at| {
        put(at, FIRST, &[header(), frame(&[0xDF, 0xFF, 0xFF, 0xFF, 0xFF]), frame(&[0x80])].concat());
    }),
    reads("a megabyte that looks like frames", |at| {
        let bait = [&500_000_u32.to_be_bytes()[..], &[0; 4], b"\x83\xA5event"].concat();
        put(at, FIRST, &[frames(), bait.repeat(70_000)].concat());
    }),
    reads("a directory inside a payload", |at| {
        let inside = fixture();
        put(at, FIRST, &[frames(), frame(&inside), inside].concat());
    }),
    reads("a segment of 1 TB", |at| sparse(at, FIRST, &frames(), 1 << 40)),
    reads("2,000 segments", |at| (1..=2_000).for_each(|n| put(at, &format!("{n:06}.fbat"), &header()))),
    reads("10,000 empty segments", |at| (1..=10_000).for_each(|n| put(at, &format!("{n:06}.fbat"), &[]))),
    reads("a segment at the end of all", |at| {
        put(at, FIRST, &fixture());
        put(at, &format!("{}.fbat", u64::MAX), &fixture());
    }),
    reads("hidden ranges of 4 billion entries", |at| {
        put(at, FIRST, &fixture());
        put(at, "visibility_ranges.fbv", &hidden(&[0x92, 0xDD, 0xFF, 0xFF, 0xFF, 0xFF, 0x90]));
    }),
    reads("hidden ranges of 1 TB", |at| {
        put(at, FIRST, &fixture());
        sparse(at, "visibility_ranges.fbv", b"FBATVR\x01\0", 1 << 40);
    }),
    reads("a note of a compaction that is deep", |at| {
        put(at, FIRST, &fixture());
        put(at, "compaction.pending.json", &vec![b'['; 1_000_000]);
    }),
    reads("a note of a compaction of 150,000 sources", |at| {
        put(at, FIRST, &fixture());
        let sources: Vec<String> = (0..150_000).map(|n| n.to_string()).collect();
        let note = format!("{{\"merged_id\":9,\"source_segment_ids\":[{}]}}", sources.join(","));
        put(at, "compaction.pending.json", note.as_bytes());
    }),
    reads("a snapshot that lies", |at| {
        put(at, FIRST, &fixture());
        put(at, "index.fbati", &[0xFF; 4_096]);
        put(at, "index.ckpt", &[0xFF; 4_096]);
    }),
];
