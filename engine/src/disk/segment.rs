//! Owns segment files: their names, their headers and their birth. Knows nothing of the frames behind the header.
//!
//! Floor 1. Invariant: a file that has a segment's name has a whole, synced header.

use std::fmt;
use std::io;

use thiserror::Error;

use crate::disk::bytes::{EndsEarly, Reader};
use crate::disk::storage::{BootId, Directory, File};
use crate::words::config::SyncMode;
use crate::words::sync::Arc;

/// The version of the format that this program writes, and the greatest that it reads.
pub(crate) const FORMAT_VERSION: u16 = 1;
/// Greatest global sequence that a segment begins with, and greatest epoch: whoever counts on from there never overflows.
const MAX_COUNT: u64 = i64::MAX as u64;
/// Greatest generation.
const MAX_GENERATION: u32 = i32::MAX as u32;
/// Bytes of a segment that are read at most: an index has offsets of 32 bits.
pub(crate) const MAX_SEGMENT_BYTES: u64 = u32::MAX as u64;
/// Greatest length of a segment header in bytes.
pub(crate) const MAX_HEADER_LEN: u32 = 65_536;
/// Ending of the name of a segment.
pub(crate) const SEGMENT_SUFFIX: &str = ".seg";
/// Ending of the name of a segment's index.
pub(crate) const INDEX_SUFFIX: &str = ".idx";
/// Ending of the name of a file that is being born.
pub(crate) const TEMPORARY_SUFFIX: &str = ".tmp";
/// Name of the file that says, in the directory of a fork, what the header of its own first segment says.
pub(crate) const FORK_NAME: &str = "fork";

const MAGIC: [u8; 8] = *b"CAUSEWAY";
const FIXED_LEN: usize = 80;
const CRC_LEN: usize = 4;
const MIN_HEADER_LEN: u32 = (FIXED_LEN + CRC_LEN) as u32;
const PARENT_TAG: u16 = 1;
const PARENT_LEN: u16 = 56;
const BOOT_TAG: u16 = 2;
const BOOT_LEN: u16 = 16;
/// A reader that does not know a section with this tag or a greater one must not read the file.
const FIRST_CRITICAL_TAG: u16 = 0x8000;

/// Names a store: random, and the same in all its segments and receipts. Its text form is 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StoreId(pub(crate) [u8; 16]);

impl StoreId {
    /// The id that these bytes are.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id as bytes.
    pub const fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

/// Name of a segment file: first global sequence and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SegmentName {
    pub(crate) first: u64,
    pub(crate) generation: u32,
}

impl SegmentName {
    /// The name that a file name tells, if it is spelled exactly as this crate spells it.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let (first, generation) = name.strip_suffix(SEGMENT_SUFFIX)?.split_once('-')?;
        let parsed = Self { first: first.parse().ok()?, generation: generation.parse().ok()? };
        (parsed.to_string() == name && parsed.is_possible()).then_some(parsed)
    }

    /// True if a segment may have this name: one that may not is neither read nor given.
    pub(crate) fn is_possible(self) -> bool {
        self.first <= MAX_COUNT && self.generation <= MAX_GENERATION
    }

    /// True for the name of a segment, and for the one that it has while it is being born.
    pub(crate) fn is_or_becomes(name: &str) -> bool {
        Self::parse(name.strip_suffix(TEMPORARY_SUFFIX).unwrap_or(name)).is_some()
    }

    /// Name of the file while it is being born.
    pub(crate) fn temporary_name(&self) -> String {
        format!("{self}{TEMPORARY_SUFFIX}")
    }

    /// Name of the segment's index file.
    pub(crate) fn index_name(&self) -> String {
        format!("{:020}-{}{INDEX_SUFFIX}", self.first, self.generation)
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}-{}{SEGMENT_SUFFIX}", self.first, self.generation)
    }
}

/// The store that another one was forked from, and how much of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parent {
    pub(crate) store_id: StoreId,
    /// Number of events that the fork shares with it.
    pub(crate) size: u64,
    /// Merkle root over them.
    pub(crate) root: [u8; 32],
}

/// What a segment says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) store_id: StoreId,
    /// Rises by one after each recovery that cut a tail.
    pub(crate) epoch: u64,
    pub(crate) first_sequence: u64,
    pub(crate) generation: u32,
    pub(crate) created_us: i64,
    /// First global sequence and exclusive end of what the segment replaces; `None` exactly in generation 0.
    pub(crate) replaced: Option<(u64, u64)>,
    pub(crate) parent: Option<Parent>,
    /// The run of the operating system in which the segment was begun, if the system told.
    pub(crate) boot: Option<BootId>,
}

/// Why a file is not a segment that can be read.
#[derive(Debug, Error)]
pub(crate) enum SegmentError {
    /// The file does not begin like a segment.
    #[error("the file is not a segment")]
    NotASegment,
    /// A newer program wrote it.
    #[error("the segment has format version {found}")]
    NewerFormat { found: u16 },
    /// The header has a section that must be understood and is not.
    #[error("the segment needs a reader that understands section {tag:#06x}")]
    UnknownSection { tag: u16 },
    /// The header breaks a rule of the format.
    #[error("{0}")]
    Damaged(&'static str),
    /// The file could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<EndsEarly> for SegmentError {
    fn from(_: EndsEarly) -> Self {
        Self::Damaged("the segment ends inside its header")
    }
}

impl SegmentHeader {
    /// Name of the file that the header belongs in.
    pub(crate) fn name(&self) -> SegmentName {
        SegmentName { first: self.first_sequence, generation: self.generation }
    }

    /// The header as it stands at the start of the file.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut sections = self.parent.as_ref().map_or_else(Vec::new, encode_parent);
        if let Some(boot) = self.boot {
            push_section(&mut sections, BOOT_TAG, BOOT_LEN, &[&boot.0]);
        }
        let (replaced_first, replaced_end) = self.replaced.unwrap_or_default();
        let len = (FIXED_LEN + sections.len() + CRC_LEN) as u32;
        let mut out = Vec::with_capacity(len as usize);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&len.to_le_bytes());
        out.extend_from_slice(&self.store_id.0);
        out.extend_from_slice(&self.epoch.to_le_bytes());
        out.extend_from_slice(&self.first_sequence.to_le_bytes());
        out.extend_from_slice(&self.generation.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&self.created_us.to_le_bytes());
        out.extend_from_slice(&replaced_first.to_le_bytes());
        out.extend_from_slice(&replaced_end.to_le_bytes());
        out.extend_from_slice(&sections);
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        out
    }

    /// Reads the header of a segment file; also returns its length, which is where the frames begin.
    ///
    /// Magic, version, header length and checksum stand at the same places in every version: a damaged version is not taken for a newer one.
    pub(crate) fn read(file: &dyn File) -> Result<(Self, u64), SegmentError> {
        let mut start = [0; 16];
        let read = file.read_at(&mut start, 0)?;
        let mut reader = Reader::new(start.get(..read).unwrap_or_default());
        if reader.array().ok() != Some(&MAGIC) {
            return Err(SegmentError::NotASegment);
        }
        let version = reader.u16()?;
        reader.u16()?;
        let len = reader.u32()?;
        if !(MIN_HEADER_LEN..=MAX_HEADER_LEN).contains(&len) {
            return Err(SegmentError::Damaged("the length of the segment header is out of range"));
        }
        let mut bytes = vec![0; len as usize];
        let read = file.read_at(&mut bytes, 0)?;
        bytes.truncate(read);
        if read < len as usize {
            return Err(EndsEarly.into());
        }
        let (covered, checksum) = bytes.split_last_chunk::<CRC_LEN>().ok_or(EndsEarly)?;
        if crc32fast::hash(covered) != u32::from_le_bytes(*checksum) {
            return Err(SegmentError::Damaged("the checksum of the segment header does not fit"));
        }
        match version {
            FORMAT_VERSION => Ok((Self::decode(covered)?, u64::from(len))),
            0 => Err(SegmentError::Damaged("the segment has no format version")),
            found => Err(SegmentError::NewerFormat { found }),
        }
    }

    /// Reads a header without its checksum; magic, version, length and checksum have been checked.
    fn decode(covered: &[u8]) -> Result<Self, SegmentError> {
        let mut reader = Reader::new(covered);
        reader.take(10)?;
        let reserved = reader.u16()?;
        reader.u32()?;
        let store_id = StoreId(*reader.array()?);
        let (epoch, first_sequence) = (reader.u64()?, reader.u64()?);
        let generation = reader.u32()?;
        if reserved != 0 || reader.u32()? != 0 {
            return Err(SegmentError::Damaged("a reserved field of the segment header is not 0"));
        }
        if epoch > MAX_COUNT || !(SegmentName { first: first_sequence, generation }).is_possible() {
            return Err(SegmentError::Damaged("a number of the segment header is impossible"));
        }
        let created_us = reader.i64()?;
        let replaced = match (generation, reader.u64()?, reader.u64()?) {
            (0, 0, 0) => None,
            (1.., first, end) if first < end && first <= MAX_COUNT => Some((first, end)),
            _ => return Err(SegmentError::Damaged("the replaced range does not fit the generation")),
        };
        let (parent, boot) = read_sections(&mut reader)?;
        Ok(Self { store_id, epoch, first_sequence, generation, created_us, replaced, parent, boot })
    }
}

fn encode_parent(parent: &Parent) -> Vec<u8> {
    let mut out = Vec::new();
    let size = parent.size.to_le_bytes();
    push_section(&mut out, PARENT_TAG, PARENT_LEN, &[&parent.store_id.0, &size, &parent.root]);
    out
}

fn push_section(out: &mut Vec<u8>, tag: u16, len: u16, parts: &[&[u8]]) {
    out.extend_from_slice(&tag.to_le_bytes());
    out.extend_from_slice(&len.to_le_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn read_sections(reader: &mut Reader<'_>) -> Result<(Option<Parent>, Option<BootId>), SegmentError> {
    let (mut parent, mut boot) = (None, None);
    while !reader.rest().is_empty() {
        let tag = reader.u16()?;
        let section = reader.short()?;
        match tag {
            PARENT_TAG if parent.is_none() && section.len() == usize::from(PARENT_LEN) => {
                let mut section = Reader::new(section);
                let store_id = StoreId(*section.array()?);
                parent = Some(Parent { store_id, size: section.u64()?, root: *section.array()? });
            }
            PARENT_TAG => {
                return Err(SegmentError::Damaged("the section that names the parent is malformed"));
            }
            BOOT_TAG => match section.try_into() {
                Ok(id) if boot.is_none() => boot = Some(BootId(id)),
                Ok(_) | Err(_) => {
                    return Err(SegmentError::Damaged("the section that names the boot is malformed"));
                }
            },
            FIRST_CRITICAL_TAG.. => return Err(SegmentError::UnknownSection { tag }),
            _ => {}
        }
    }
    Ok((parent, boot))
}

/// Creates the segment that `header` describes and returns it with the length of its header.
///
/// It is complete and durable when it gets its name; the name itself is durable when the caller has synced the directory. If its
/// birth fails no segment exists.
pub(crate) fn create_segment(
    directory: &dyn Directory,
    header: &SegmentHeader,
) -> io::Result<(Arc<dyn File>, u64)> {
    bear_segment(directory, header, |from, to| directory.rename_new(from, to))
}

/// The same in place of a segment of that name: at every instant there is the one or the other.
pub(crate) fn replace_segment(
    directory: &dyn Directory,
    header: &SegmentHeader,
) -> io::Result<(Arc<dyn File>, u64)> {
    bear_segment(directory, header, |from, to| directory.rename_over(from, to))
}

fn bear_segment(
    directory: &dyn Directory,
    header: &SegmentHeader,
    name_it: impl FnOnce(&str, &str) -> io::Result<()>,
) -> io::Result<(Arc<dyn File>, u64)> {
    if !header.name().is_possible() {
        return Err(io::Error::other(format!("no segment can be {}: the log is full", header.name())));
    }
    let (name, temporary) = (header.name().to_string(), header.name().temporary_name());
    let file = create_temporary(directory, &temporary)?;
    let bytes = header.encode();
    let written = file
        .write_at(&bytes, 0)
        .and_then(|()| file.sync(SyncMode::SyncAll))
        .and_then(|()| name_it(&temporary, &name));
    if let Err(error) = written {
        // The first failure is the one to report; a temporary file that stays is removed at the next writable open.
        let _ = directory.remove(&temporary);
        return Err(error);
    }
    Ok((file, bytes.len() as u64))
}

/// Creates a file that gets its name when it is whole, in place of one that was not finished before.
pub(crate) fn create_temporary(directory: &dyn Directory, name: &str) -> io::Result<Arc<dyn File>> {
    match directory.create(name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            directory.remove(name)?;
            directory.create(name)
        }
        created => created,
    }
}

#[cfg(test)]
mod tests;
