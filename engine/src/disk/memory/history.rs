//! Owns what one file was since it was synced: its length and each of its sectors, after each unsynced change.
//!
//! Invariant: what is put together from it is what a disk may hold after a power cut. A sector is old or new, never half of either, and
//! what was cut off does not come back once the cut is on the disk.

use std::collections::BTreeMap;
use std::ops::Range;

/// Bytes that a disk writes together or not at all.
pub(super) const SECTOR: usize = 512;
/// Bytes that a file system gives to a file together: where a file is cut within them, the rest of them is written as zeros.
const BLOCK: usize = 4096;

/// A change that the next sync makes durable.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Written { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    /// Makes the change, and returns which bytes it touched.
    pub(super) fn apply(&self, contents: &mut Vec<u8>) -> Range<usize> {
        match self {
            Self::Written { offset, bytes } => {
                let touched = *offset..offset + bytes.len();
                contents.resize(contents.len().max(touched.end), 0);
                contents[touched.clone()].copy_from_slice(bytes);
                touched
            }
            Self::Length(len) => {
                let touched = *len..contents.len();
                contents.resize(*len, 0);
                touched
            }
        }
    }
}

/// What a sector held from so many changes on.
#[derive(Debug)]
struct Version {
    since: usize,
    bytes: Vec<u8>,
}

/// A file cut short: nothing from this sector on was there any more after so many changes.
#[derive(Debug)]
struct Cut {
    since: usize,
    first_sector: usize,
}

/// The unsynced past of a file. Moments are counted in changes: 0 is what was synced.
#[derive(Debug)]
pub(super) struct History {
    durable: Vec<u8>,
    lengths: Vec<usize>,
    sectors: BTreeMap<usize, Vec<Version>>,
    cuts: Vec<Cut>,
}

impl History {
    pub(super) fn new(durable: Vec<u8>, changes: &[Change]) -> Self {
        let mut now = durable.clone();
        let (mut lengths, mut cuts) = (vec![durable.len()], Vec::new());
        let mut sectors: BTreeMap<usize, Vec<Version>> = BTreeMap::new();
        for (before, change) in changes.iter().enumerate() {
            let since = before + 1;
            let touched = change.apply(&mut now);
            if let Change::Length(len) = change {
                cuts.push(Cut { since, first_sector: len.next_multiple_of(BLOCK) / SECTOR });
            }
            for sector in touched.start / SECTOR..touched.end.div_ceil(SECTOR) {
                let synced = || vec![Version { since: 0, bytes: sector_of(&durable, sector) }];
                let versions = sectors.entry(sector).or_insert_with(synced);
                let bytes = sector_of(&now, sector);
                if versions.last().is_none_or(|version| version.bytes != bytes) {
                    versions.push(Version { since, bytes });
                }
            }
            lengths.push(now.len());
        }
        Self { durable, lengths, sectors, cuts }
    }

    /// The newest moment.
    pub(super) fn newest(&self) -> usize {
        self.lengths.len() - 1
    }

    /// The sectors that do not hold now what was synced, ascending.
    pub(super) fn unsynced_sectors(&self) -> impl Iterator<Item = usize> {
        let differs = |versions: &[Version]| {
            versions.first().map(|version| &version.bytes) != versions.last().map(|version| &version.bytes)
        };
        self.sectors.iter().filter(move |(_, versions)| differs(versions)).map(|(sector, _)| *sector)
    }

    /// The moment before a sector was last written, if it was written more than once.
    pub(super) fn before_last(&self, sector: usize) -> Option<usize> {
        let versions = self.sectors.get(&sector).filter(|versions| versions.len() > 2)?;
        versions.last().map(|version| version.since - 1)
    }

    /// The file with the length of one moment, and each sector as it was at a moment of its own.
    pub(super) fn bytes(&self, length_at: usize, mut at: impl FnMut(usize) -> usize) -> Vec<u8> {
        let len = self.lengths[length_at];
        let mut bytes = self.durable.clone();
        bytes.resize(len, 0);
        for (sector, versions) in &self.sectors {
            let at = self.possible(*sector, length_at, at(*sector));
            let version = versions.iter().rfind(|version| version.since <= at);
            let held = version.map_or(&[][..], |version| &version.bytes);
            let room = (sector * SECTOR).min(len)..((sector + 1) * SECTOR).min(len);
            let held = &held[..room.len()];
            bytes[room].copy_from_slice(held);
        }
        bytes
    }

    /// The moment nearest to `at` that a sector may show in a file with the length of another moment: it is on the same side of each cut
    /// that took it.
    fn possible(&self, sector: usize, length_at: usize, at: usize) -> usize {
        let took_it = self.cuts.iter().filter(|cut| cut.first_sector <= sector);
        took_it.fold(
            at,
            |at, cut| if cut.since <= length_at { at.max(cut.since) } else { at.min(cut.since - 1) },
        )
    }
}

/// A sector of a file, filled up with zeros.
fn sector_of(contents: &[u8], sector: usize) -> Vec<u8> {
    let start = (sector * SECTOR).min(contents.len());
    let mut bytes = contents[start..contents.len().min(start + SECTOR)].to_vec();
    bytes.resize(SECTOR, 0);
    bytes
}
