//! Owns what the tests of the batpak reader share: fixtures, copies of them in memory, and a writer of small segments.

use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;

use serde_json::Value;

use crate::batpak::{BatpakStore, Damage};
use crate::disk::memory::MemoryDirectory;
use crate::disk::real::RealDirectory;
use crate::disk::storage::Directory;
use crate::words::config::SyncMode;
use crate::words::sync::Arc;

/// Where a fixture lies.
pub(super) fn case_path(case: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/batpak")).join(case)
}

/// The directory that the published crate wrote.
pub(super) fn real_directory(case: &str) -> Arc<dyn Directory> {
    RealDirectory::open(&case_path(case).join("store")).unwrap()
}

/// What the directory is known to hold.
pub(super) fn expected(case: &str) -> Value {
    let text = read(&*RealDirectory::open(&case_path(case)).unwrap(), "expected.json");
    serde_json::from_slice(&text).unwrap()
}

pub(super) fn read(dir: &dyn Directory, name: &str) -> Vec<u8> {
    let file = dir.open(name).unwrap();
    let mut bytes = vec![0; file.len().unwrap() as usize];
    assert_eq!(file.read_at(&mut bytes, 0).unwrap(), bytes.len());
    bytes
}

/// Every file of a fixture's store.
pub(super) fn files(case: &str) -> Vec<(String, Vec<u8>)> {
    let dir = real_directory(case);
    let mut files: Vec<_> =
        dir.list().unwrap().into_iter().map(|entry| (entry.name.clone(), read(&*dir, &entry.name))).collect();
    files.sort();
    files
}

/// A directory in memory with these files.
pub(super) fn memory(files: &[(String, Vec<u8>)]) -> Arc<MemoryDirectory> {
    let dir = MemoryDirectory::new();
    for (name, bytes) in files {
        put(&*dir, name, bytes);
    }
    dir
}

/// A directory in memory with one segment.
pub(super) fn one_segment(bytes: &[u8]) -> Arc<MemoryDirectory> {
    memory(&[("000001.fbat".to_owned(), bytes.to_vec())])
}

/// Creates a file.
pub(super) fn put(dir: &dyn Directory, name: &str, bytes: &[u8]) {
    let file = dir.create(name).unwrap();
    file.write_at(bytes, 0).unwrap();
    file.sync(SyncMode::SyncData).unwrap();
}

/// Adds bytes to the end of a file.
pub(super) fn append(dir: &dyn Directory, name: &str, bytes: &[u8]) {
    let file = dir.open_writable(name).unwrap();
    let end = file.len().unwrap();
    file.write_at(bytes, end).unwrap();
}

pub(super) fn open(dir: Arc<dyn Directory>) -> BatpakStore {
    BatpakStore::open(dir, &mut |_, _| ControlFlow::Continue(())).unwrap()
}

/// Opens and looks twice more, as somebody does who wants to know whether the end is torn.
pub(super) fn open_settled(dir: Arc<dyn Directory>) -> BatpakStore {
    let mut store = open(dir);
    store.refresh().unwrap();
    store.refresh().unwrap();
    store
}

pub(super) fn damages(store: &BatpakStore) -> Vec<Damage> {
    store.findings().iter().map(|finding| finding.damage.clone()).collect()
}

/// Offset and event id of every event that is shown, in order, by segment id.
pub(super) fn shown(store: &BatpakStore) -> Vec<(u64, u64, u128)> {
    let id = |place: u32| store.segments()[place as usize].id;
    store.rows().iter().map(|row| (id(row.segment), row.offset, u128::from(row.event_id))).collect()
}

/// Reads every event; each must be readable.
pub(super) fn read_all(store: &BatpakStore) {
    for index in 0..store.len() {
        store.read(index).unwrap();
    }
}

/// The offsets at which frames begin, and the end of the last, found by following lengths only.
pub(super) fn frame_offsets(bytes: &[u8], frames_end: usize) -> Vec<usize> {
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    let mut offsets = vec![8 + word(4)];
    while *offsets.last().unwrap() < frames_end {
        let at = *offsets.last().unwrap();
        offsets.push(at + 8 + word(at));
    }
    offsets
}

/// A segment header as the published crate writes it.
pub(super) fn header(segment_id: u64) -> Vec<u8> {
    let mut body = Vec::new();
    rmp::encode::write_map_len(&mut body, 4).unwrap();
    for (key, value) in [("version", 1), ("flags", 0), ("created_ns", 5), ("segment_id", segment_id)] {
        rmp::encode::write_str(&mut body, key).unwrap();
        rmp::encode::write_uint(&mut body, value).unwrap();
    }
    let mut bytes = b"FBAT".to_vec();
    bytes.extend_from_slice(&(body.len() as u32).to_be_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

/// A body between its length, its checksum and nothing.
pub(super) fn frame(body: &[u8]) -> Vec<u8> {
    let mut bytes = (body.len() as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(&crc32fast::hash(body).to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

/// Frames with other contents than their writer gave them, and a checksum that fits.
pub(super) fn reseal(frame: &mut [u8]) {
    let crc = crc32fast::hash(&frame[8..]);
    frame[4..8].copy_from_slice(&crc.to_be_bytes());
}

/// Numbers that look random and are the same for the same seed.
pub(super) struct Dice(u64);

impl Dice {
    /// The seed is printed, so that a failure can be repeated.
    pub(super) fn new(seed: u64) -> Self {
        println!("seed {seed}");
        Self(seed)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound as u64) as usize
    }
}

/// The kind of an error that opening gives.
pub(super) fn io_kind(error: crate::words::error::StoreError) -> Option<io::ErrorKind> {
    match error {
        crate::words::error::StoreError::Io(error) => Some(error.kind()),
        _ => None,
    }
}
