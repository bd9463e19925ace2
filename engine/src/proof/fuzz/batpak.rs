//! Owns the targets of batpak directories: a segment with its footer, the list of hidden ranges, the note of a compaction.

use std::ops::ControlFlow;

use crate::batpak::{BatpakStore, Frame, HiddenRanges, Marker};
use crate::disk::memory::MemoryDirectory;
use crate::disk::storage::Directory;
use crate::proof::fuzz::logs::put;
use crate::proof::fuzz::samples;
use crate::words::sync::Arc;

fn open(directory: &Arc<MemoryDirectory>) -> BatpakStore {
    let storage: Arc<dyn Directory> = Arc::<MemoryDirectory>::clone(directory);
    let mut store =
        BatpakStore::open(storage, &mut |_, _| ControlFlow::Continue(())).expect("damage is no error");
    // After two more looks an end that is not whole counts as torn.
    store.refresh().unwrap();
    store.refresh().unwrap();
    store
}

/// Reads everything; the numbers never fall.
fn read(store: &BatpakStore) {
    let mut next = 0;
    for index in 0..store.len() {
        let row = store.row(index).unwrap();
        assert!(row.global_sequence >= next, "sequences rise");
        next = row.global_sequence.saturating_add(1);
        let event = store.read(index).expect("a row was read before");
        assert_eq!(event.event.global_sequence, row.global_sequence);
    }
    assert!(store.findings().iter().all(|damaged| !damaged.damage.to_string().is_empty()));
}

/// How many events a reader shows who walks whole frames from the header and stops at the first that is none: none of a batch without end.
fn plainly(bytes: &[u8]) -> u64 {
    let big = |at: usize| Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?) as usize);
    let (mut at, mut shown, mut waiting, mut in_batch) = (8 + big(4).unwrap_or_default(), 0, 0, false);
    while let Some(len) = big(at).filter(|len| *len > 0) {
        let (Some(body), Some(checksum)) = (bytes.get(at + 8..at + 8 + len), big(at + 4)) else { break };
        let Ok(frame) = Frame::decode(body) else { break };
        if crc32fast::hash(body) as usize != checksum {
            break;
        }
        match frame.marker() {
            Some(Marker::Begin(_)) => (waiting, in_batch) = (0, true),
            Some(Marker::Commit) => (shown, waiting, in_batch) = (shown + waiting, 0, false),
            None if in_batch => waiting += 1,
            None => shown += 1,
        }
        at += 8 + len;
    }
    shown
}

/// A segment is shown with all damage: never fewer events than whoever walks it plainly, and the same each time.
pub(super) fn segment(bytes: &[u8]) {
    let directory = MemoryDirectory::new();
    put(&directory, "000001.fbat", bytes);
    let store = open(&directory);
    read(&store);
    let again = open(&directory);
    assert_eq!(again.rows(), store.rows());
    if bytes.starts_with(b"FBAT") && store.findings().is_empty() {
        assert!(store.len() >= plainly(bytes), "{} events, {} plainly", store.len(), plainly(bytes));
    }
}

/// A list of hidden ranges hides what it says, or nothing with a finding.
pub(super) fn hidden(bytes: &[u8]) {
    let directory = MemoryDirectory::new();
    put(&directory, "visibility_ranges.fbv", bytes);
    let entries = directory.list().unwrap();
    let (hidden, finding) = HiddenRanges::read(&*directory, &entries).unwrap();
    let hides = |sequence| hidden.hides(sequence, 0);
    let hides_any = [0, 1, 7, u64::MAX - 1, u64::MAX].into_iter().any(hides);
    assert!(
        !(hides_any && crc32fast::hash(bytes.get(12..).unwrap_or_default()).to_le_bytes() != bytes[8..12])
    );
    assert!(finding.is_none_or(|damaged| !damaged.damage.to_string().is_empty()));
}

/// Whatever a note of a compaction says, segments are shown or named.
pub(super) fn marker(bytes: &[u8]) {
    let (present, note) = bytes.split_first().unwrap_or((&7, &[]));
    let directory = MemoryDirectory::new();
    let segment = samples::small_batpak_segment();
    put(&directory, "000009.fbat", segment);
    for (bit, name) in
        ["000001.fbat", "000002.fbat", "000003.fbat", "000002.fbat.compact-src"].iter().enumerate()
    {
        if present >> bit & 1 == 1 {
            put(&directory, name, segment);
        }
    }
    put(&directory, "compaction.pending.json", note);
    let store = open(&directory);
    read(&store);
    let unread = serde_json::from_slice::<serde_json::Value>(note).is_err();
    assert!(!unread || !store.findings().is_empty(), "a note that cannot be read is told");
}
