//! Owns writing files as FORMAT.md describes them, with every number as somebody wants it and every checksum right.

use std::fs;
use std::path::Path;

pub(crate) fn put(directory: &Path, name: &str, bytes: &[u8]) {
    fs::write(directory.join(name), bytes).unwrap();
}

/// A file that is long and takes no room.
pub(crate) fn sparse(directory: &Path, name: &str, start: &[u8], len: u64) {
    put(directory, name, start);
    fs::OpenOptions::new().write(true).open(directory.join(name)).unwrap().set_len(len).unwrap();
}

pub(crate) fn segment_name(first: u64, generation: u32) -> String {
    format!("{first:020}-{generation}.seg")
}

/// What a segment says of itself.
pub(crate) struct Header {
    pub(crate) first: u64,
    pub(crate) generation: u32,
    pub(crate) epoch: u64,
    pub(crate) created_us: i64,
    pub(crate) replaced: (u64, u64),
    pub(crate) sections: Vec<u8>,
}

impl Header {
    pub(crate) fn new(first: u64) -> Self {
        Self { first, generation: 0, epoch: 1, created_us: 0, replaced: (0, 0), sections: Vec::new() }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = b"CAUSEWAY\x01\0\0\0".to_vec();
        out.extend((84 + self.sections.len() as u32).to_le_bytes());
        out.extend([7; 16]);
        out.extend(self.epoch.to_le_bytes());
        out.extend(self.first.to_le_bytes());
        out.extend(self.generation.to_le_bytes());
        out.extend([0; 4]);
        out.extend(self.created_us.to_le_bytes());
        out.extend(self.replaced.0.to_le_bytes());
        out.extend(self.replaced.1.to_le_bytes());
        out.extend(&self.sections);
        let checksum = crc32fast::hash(&out);
        out.extend(checksum.to_le_bytes());
        out
    }
}

pub(crate) fn frame(record_type: u8, record: &[u8]) -> Vec<u8> {
    let len = (9 + record.len() as u32).to_le_bytes();
    let body = [&[record_type], record].concat();
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&len);
    hasher.update(&body);
    [&len[..], &hasher.finalize().to_le_bytes(), &body].concat()
}

/// An event with every field as it is wanted.
pub(crate) struct Event {
    pub(crate) presence: u8,
    pub(crate) unsynced: u32,
    pub(crate) sequence: u64,
    pub(crate) clock: u32,
    pub(crate) time_us: i64,
    pub(crate) entity: Vec<u8>,
    pub(crate) scope: Vec<u8>,
    pub(crate) optional: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

impl Event {
    pub(crate) fn new(sequence: u64) -> Self {
        Self {
            presence: 0,
            unsynced: u32::MAX,
            sequence,
            clock: sequence as u32,
            time_us: 1_700_000_000_000_000,
            entity: b"order:1".to_vec(),
            scope: b"shop".to_vec(),
            optional: Vec::new(),
            payload: vec![0x80],
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = vec![self.presence];
        out.extend(self.unsynced.to_le_bytes());
        out.extend(self.sequence.to_le_bytes());
        out.extend(self.clock.to_le_bytes());
        out.extend((u128::from(self.sequence) + 1).to_le_bytes());
        out.extend(self.time_us.to_le_bytes());
        out.extend(0x1001_u16.to_le_bytes());
        out.extend([0, 0, 0, 0]);
        out.extend((self.entity.len() as u16).to_le_bytes());
        out.extend((self.scope.len() as u16).to_le_bytes());
        out.extend(blake3::hash(&self.payload).as_bytes());
        out.extend([5; 32]);
        for part in [&self.optional, &self.entity, &self.scope, &self.payload] {
            out.extend(part);
        }
        frame(1, &out)
    }
}

pub(crate) fn events(range: std::ops::Range<u64>) -> Vec<u8> {
    range.flat_map(|sequence| Event::new(sequence).bytes()).collect()
}

pub(crate) fn mark(synced_through: u64, purpose: u8) -> Vec<u8> {
    frame(4, &[&synced_through.to_le_bytes()[..], &[purpose]].concat())
}

/// A catalogue record that says it has `count` fields.
pub(crate) fn catalogue(version: u16, name: &[u8], count: u16, fields: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 8];
    out.extend(0x1001_u16.to_le_bytes());
    out.extend(version.to_le_bytes());
    out.extend((name.len() as u16).to_le_bytes());
    out.extend(name);
    out.extend(count.to_le_bytes());
    out.extend(fields);
    frame(3, &out)
}

/// An index with sections as they are wanted.
pub(crate) struct Index {
    pub(crate) end: u64,
    pub(crate) segment_bytes: u64,
    pub(crate) count: Option<u32>,
    pub(crate) ending: u8,
    pub(crate) sections: Vec<(u32, Vec<u8>)>,
    /// In place of where the sections lie and how long they are.
    pub(crate) place: Option<(u64, u64)>,
}

pub(crate) fn words(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

impl Index {
    /// A good index of a closed segment with so many events of one stream, each in a frame of so many bytes from byte 84 on.
    pub(crate) fn of(rows: u32, frame_bytes: u32, segment_bytes: u64) -> Self {
        let all: Vec<u32> = (0..rows).collect();
        let names = |name: &[u8]| {
            let table = words(&[1, name.len() as u32, 0, name.len() as u32, 0, rows]);
            [&table, name, &words(&all)].concat()
        };
        let offsets: Vec<u32> = all.iter().map(|row| 84 + row * frame_bytes).collect();
        let kinds = [&words(&[1]), &[1, 16, 0, 0][..], &words(&[0, rows]), &words(&all)].concat();
        let mut ids: Vec<[u32; 2]> =
            all.iter().map(|row| [crc32fast::hash(&(u128::from(*row) + 1).to_le_bytes()), *row]).collect();
        ids.sort_unstable();
        let block = [&i64::MIN.to_le_bytes()[..], &1_u64.to_le_bytes()].concat();
        let sections = vec![
            (1, words(&offsets)),
            (2, all.iter().flat_map(|_| 1_700_000_000_000_000_i64.to_le_bytes()).collect()),
            (3, all.iter().flat_map(|_| 0x1001_u16.to_le_bytes()).collect()),
            (4, words(ids.as_flattened())),
            (5, names(b"order:1")),
            (6, names(b"shop")),
            (7, kinds),
            (8, Vec::new()),
            (9, Vec::new()),
            (10, Vec::new()),
            (11, block.repeat(rows.div_ceil(1_024) as usize)),
        ];
        Self { end: u64::from(rows), segment_bytes, count: None, ending: 2, sections, place: None }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut out = b"CWINDEX1".to_vec();
        out.extend([7; 16]);
        for number in [0, self.end, self.segment_bytes, self.end, 1, 0, 0] {
            out.extend(number.to_le_bytes());
        }
        out.extend(0_u32.to_le_bytes());
        out.extend(self.count.unwrap_or(self.sections.len() as u32).to_le_bytes());
        out.extend([5; 32]);
        out.extend((self.end as u32).wrapping_sub(1).to_le_bytes());
        out.extend([self.ending, 0, 0, 0]);
        let mut offset = (128 + self.sections.len() * 24 + 4) as u64;
        for (tag, bytes) in &self.sections {
            let (at, len) = self.place.unwrap_or((offset, bytes.len() as u64));
            out.extend(tag.to_le_bytes());
            out.extend(crc32fast::hash(bytes).to_le_bytes());
            out.extend(at.to_le_bytes());
            out.extend(len.to_le_bytes());
            offset += bytes.len() as u64;
        }
        let checksum = crc32fast::hash(&out);
        out.extend(checksum.to_le_bytes());
        self.sections.iter().for_each(|(_, bytes)| out.extend(bytes));
        out
    }
}
