//! Owns the derived index of a segment: how it is stored, and reading it section by section.
//!
//! Invariants:
//! - opening reads the header only; a section is read when it is first needed, checked, and kept within the cache's budget;
//! - a section that is damaged is made anew from the segment, in memory;
//! - nothing here is believed: an ordinal leads to a frame, and the frame decides.

mod check;
mod encode;
mod shape;

use std::ops::Range;

use thiserror::Error;

use crate::disk::bytes::Reader;
use crate::disk::frame::{self, FIXED_STUB_LEN, Record};
use crate::disk::segment::{SegmentName, StoreId};
use crate::disk::storage::File;
use crate::memory::cache::SectionCache;
use crate::memory::live::{BLOCK_LEN, Block, LivePart, fingerprint};
use crate::memory::postings::{Places, Postings, u32_at};
pub(crate) use crate::memory::sealed::check::{CheckedIndex, check_index};
pub(crate) use crate::memory::sealed::encode::encode;
use crate::words::catalogue::KindDescription;
use crate::words::error::StoreError;
use crate::words::sync::{Arc, Mutex, Numbers, OnceLock};

const MAGIC: &[u8; 8] = b"CWINDEX1";
const FIXED_LEN: usize = 128;
const TABLE_ROW_LEN: usize = 24;
const MAX_SECTIONS: u32 = 64;
const NAME_ROW_LEN: usize = 16;
const KIND_ROW_LEN: usize = 12;
const BLOCK_ROW_LEN: usize = 16;

/// Sections of an index file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Tag {
    Offsets = 1,
    Times = 2,
    Kinds = 3,
    Ids = 4,
    Streams = 5,
    Scopes = 6,
    ByKind = 7,
    Correlations = 8,
    Causations = 9,
    Catalogue = 10,
    Blocks = 11,
    /// Only where retention removed something, as the next.
    Removed = 12,
    RemovedStreams = 13,
    /// The stream of each row, as a place among the names. Not stored: made from the postings and kept like a section.
    StreamOfRow = 1_000,
}

/// How a segment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Ending {
    /// It was sealed, and another follows; or a crash ended it.
    Sealed = 0,
    /// With a mark of a clean close.
    Closed = 1,
    /// With a mark of a clean close, and the last event says that the store was closed.
    ClosedByEvent = 2,
}

impl Ending {
    /// True if nothing of the segment needs to be examined.
    pub(crate) fn is_clean(self) -> bool {
        self != Self::Sealed
    }
}

/// What an index says about its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SealedHeader {
    pub(crate) store_id: StoreId,
    pub(crate) first: u64,
    pub(crate) end: u64,
    pub(crate) segment_bytes: u64,
    pub(crate) synced_through: u64,
    pub(crate) epoch: u64,
    pub(crate) times: (i64, i64),
    pub(crate) generation: u32,
    pub(crate) last_hash: [u8; 32],
    pub(crate) last_clock: u32,
    pub(crate) ending: Ending,
}

/// Why a file is not a usable index. The segment answers for itself then.
#[derive(Debug, Error)]
#[error("index: {0}")]
pub(crate) struct IndexError(&'static str);

#[derive(Clone, Copy, Debug)]
struct Section {
    tag: u32,
    crc: u32,
    offset: u64,
    len: u64,
}

enum Backing {
    File { file: Arc<dyn File>, remake: Box<Remake>, remade: Mutex<Option<Arc<[u8]>>> },
    Memory(Arc<[u8]>),
}

/// Makes the index anew from its segment.
pub(crate) type Remake = dyn Fn() -> Result<Arc<[u8]>, StoreError> + Send + Sync;

impl std::fmt::Debug for Backing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File { file, .. } => file.fmt(f),
            Self::Memory(bytes) => write!(f, "{} bytes in memory", bytes.len()),
        }
    }
}

/// The index of a segment that does not change any more.
#[derive(Debug)]
pub(crate) struct SealedPart {
    pub(crate) header: SealedHeader,
    sections: Vec<Section>,
    backing: Backing,
    cache: Arc<SectionCache>,
    key: u64,
    rises: OnceLock<bool>,
}

/// A kind, the place of its first posting among those of all kinds, and their number.
pub(crate) type KindRow = (u16, u32, u32);

/// A text column of an index: names and the postings of each.
pub(crate) struct Names {
    bytes: Arc<[u8]>,
}

impl SealedHeader {
    /// The header of an index file, if it is good.
    pub(crate) fn read(file: &dyn File) -> Option<Self> {
        read_head(file).ok().map(|(header, _)| header)
    }
}

impl SealedPart {
    /// Opens an index file by its header. Should a section turn out to be damaged, `remake` makes all of it anew.
    pub(crate) fn open(
        file: Arc<dyn File>,
        remake: Box<Remake>,
        cache: &Arc<SectionCache>,
    ) -> Result<Self, IndexError> {
        let (header, sections) = read_head(&*file)?;
        Ok(Self::assemble(header, sections, Backing::File { file, remake, remade: Mutex::new(None) }, cache))
    }

    /// Takes an index that was just encoded and need not, or cannot, be stored.
    pub(crate) fn from_bytes(bytes: Arc<[u8]>, cache: &Arc<SectionCache>) -> Result<Self, IndexError> {
        let (header, sections) = decode_head(&bytes, bytes.len() as u64)?;
        Ok(Self::assemble(header, sections, Backing::Memory(bytes), cache))
    }

    fn assemble(
        header: SealedHeader,
        sections: Vec<Section>,
        backing: Backing,
        cache: &Arc<SectionCache>,
    ) -> Self {
        static KEYS: Numbers = Numbers::new();
        let key = KEYS.next();
        Self { header, sections, backing, cache: Arc::clone(cache), key, rises: OnceLock::new() }
    }

    pub(crate) fn segment_name(&self) -> SegmentName {
        SegmentName { first: self.header.first, generation: self.header.generation }
    }

    /// The bytes of a section, checked.
    pub(crate) fn section(&self, tag: Tag) -> Result<Arc<[u8]>, StoreError> {
        let key = (self.key, tag as u32);
        if let Some(bytes) = self.cache.get(key) {
            return Ok(bytes);
        }
        let bytes = match &self.backing {
            _ if tag == Tag::StreamOfRow => Some(self.stream_of_row()?),
            Backing::Memory(all) => section_in(all, &self.sections, tag),
            Backing::File { file, remake, remade } => {
                match section_of(&**file, (&self.header, &self.sections), tag) {
                    Some(bytes) => Some(bytes),
                    None => remade_section(&**remake, &mut remade.lock(), tag)?,
                }
            }
        };
        let bytes = bytes.ok_or_else(|| StoreError::CorruptSegment {
            segment_id: self.header.first,
            detail: format!("section {tag:?} of its index cannot be made"),
        })?;
        self.cache.put(key, &bytes);
        Ok(bytes)
    }

    fn stream_of_row(&self) -> Result<Arc<[u8]>, StoreError> {
        let mut column = vec![u8::MAX; self.section(Tag::Offsets)?.len()];
        for (stream, (_, postings)) in self.names(Tag::Streams)?.iter().enumerate() {
            for ordinal in (0..postings.len()).filter_map(|at| postings.get(at)) {
                if let Some(row) = column.get_mut(ordinal as usize * 4..).and_then(<[u8]>::first_chunk_mut) {
                    *row = (stream as u32).to_le_bytes();
                }
            }
        }
        Ok(column.into())
    }

    pub(crate) fn names(&self, tag: Tag) -> Result<Names, StoreError> {
        Ok(Names { bytes: self.section(tag)? })
    }

    /// The places of what retention removed, ascending, as stored; `None` if it removed nothing.
    pub(crate) fn removed(&self) -> Result<Option<Arc<[u8]>>, StoreError> {
        (self.removed_count() > 0).then(|| self.section(Tag::Removed)).transpose()
    }

    /// How many events retention removed. Reads nothing.
    pub(crate) fn removed_count(&self) -> u64 {
        let section = self.sections.iter().find(|section| section.tag == Tag::Removed as u32);
        section.map_or(0, |section| section.len / 4)
    }

    /// The streams of what retention removed; `None` if it removed nothing.
    pub(crate) fn removed_streams(&self) -> Result<Option<Names>, StoreError> {
        (self.removed_count() > 0).then(|| self.names(Tag::RemovedStreams)).transpose()
    }

    /// Looks at every place of a stream, those that retention emptied included.
    pub(crate) fn with_places<R>(
        &self,
        entity: &str,
        look: impl FnOnce(Places<'_>) -> R,
    ) -> Result<R, StoreError> {
        let (names, removed) = (self.names(Tag::Streams)?, self.removed_streams()?);
        let none = Postings::Slice(&[]);
        Ok(look(Places {
            events: names.find(entity).unwrap_or(none),
            removed: removed.as_ref().and_then(|names| names.find(entity)).unwrap_or(none),
        }))
    }

    /// Ordinals whose id, correlation or cause may be `id`, ascending.
    pub(crate) fn candidates(&self, tag: Tag, id: u128) -> Result<Vec<u32>, StoreError> {
        let bytes = self.section(tag)?;
        let wanted = fingerprint(id);
        let pair = |at: usize| Some((u32_at(&bytes, 2 * at)?, u32_at(&bytes, 2 * at + 1)?));
        let start = partition(bytes.len() / 8, |at| pair(at).is_some_and(|(found, _)| found < wanted));
        Ok((start..)
            .map_while(pair)
            .take_while(|(found, _)| *found == wanted)
            .map(|(_, ordinal)| ordinal)
            .collect())
    }

    /// The kinds with the section's bytes range of their postings: kind, first, count.
    pub(crate) fn kind_rows(&self) -> Result<(Arc<[u8]>, Vec<KindRow>), StoreError> {
        let bytes = self.section(Tag::ByKind)?;
        let count = u32_at(&bytes, 0).unwrap_or(0) as usize;
        let mut rows = Vec::new();
        let mut reader = Reader::new(bytes.get(4..).unwrap_or_default());
        for _ in 0..count.min(bytes.len() / KIND_ROW_LEN) {
            let (Ok(kind), Ok(_), Ok(first), Ok(len)) =
                (reader.u16(), reader.u16(), reader.u32(), reader.u32())
            else {
                break;
            };
            rows.push((kind, first, len));
        }
        Ok((bytes, rows))
    }

    /// Postings of a kind row within the bytes that came with it.
    pub(crate) fn kind_postings(bytes: &[u8], rows: usize, first: u32, count: u32) -> Postings<'_> {
        let start = 4 + rows * KIND_ROW_LEN + first as usize * 4;
        Postings::Bytes(bytes.get(start..start + count as usize * 4).unwrap_or_default())
    }

    /// What came before the block that holds a row.
    pub(crate) fn block(&self, ordinal: u32) -> Result<Option<Block>, StoreError> {
        Ok(block_at(&self.section(Tag::Blocks)?, ordinal as usize / BLOCK_LEN))
    }

    /// True if no row has a smaller time than one before it, in this part or an earlier one.
    pub(crate) fn rises(&self) -> Result<bool, StoreError> {
        let bytes = self.section(Tag::Blocks)?;
        let mut blocks = (0..).map_while(|at| block_at(&bytes, at));
        Ok(*self.rises.get_or_init(|| blocks.all(|block| block.ascending)))
    }

    pub(crate) fn catalogue(&self) -> Result<Vec<KindDescription>, StoreError> {
        let bytes = self.section(Tag::Catalogue)?;
        let mut rest: &[u8] = &bytes;
        let mut descriptions = Vec::new();
        while let Some(word) = rest.first_chunk::<4>() {
            let Ok(len) = frame::frame_len(*word) else { break };
            let Some((record, after)) = rest.split_at_checked(len as usize) else { break };
            if let Ok(Record::Catalogue { description, .. }) = frame::decode(record) {
                descriptions.push(description);
            }
            rest = after;
        }
        Ok(descriptions)
    }
}

impl Names {
    pub(crate) fn count(&self) -> usize {
        let room = self.bytes.len().saturating_sub(8) / NAME_ROW_LEN;
        (u32_at(&self.bytes, 0).unwrap_or(0) as usize).min(room)
    }

    fn row(&self, at: usize) -> Option<[usize; 4]> {
        let mut reader = Reader::new(self.bytes.get(8 + at * NAME_ROW_LEN..)?);
        Some(
            [reader.u32().ok()?, reader.u32().ok()?, reader.u32().ok()?, reader.u32().ok()?]
                .map(|n| n as usize),
        )
    }

    fn text_start(&self) -> usize {
        8 + self.count() * NAME_ROW_LEN
    }

    /// The `at`-th name in bytewise order and its postings.
    pub(crate) fn get(&self, at: usize) -> Option<(&str, Postings<'_>)> {
        let [text, len, first, count] = self.row(at)?;
        let text_start = self.text_start();
        let name = self.bytes.get(text_start + text..text_start + text + len)?;
        let postings_start = text_start + u32_at(&self.bytes, 1)? as usize + first * 4;
        let postings = self.bytes.get(postings_start..postings_start + count * 4)?;
        Some((std::str::from_utf8(name).ok()?, Postings::Bytes(postings)))
    }

    fn text(&self, at: usize) -> Option<&[u8]> {
        let [text, len, ..] = self.row(at)?;
        self.bytes.get(self.text_start() + text..)?.get(..len)
    }

    /// Place of the first name that is not smaller than `name`.
    pub(crate) fn seek(&self, name: &str) -> usize {
        partition(self.count(), |at| self.text(at).is_some_and(|found| found < name.as_bytes()))
    }

    pub(crate) fn find(&self, name: &str) -> Option<Postings<'_>> {
        self.get(self.seek(name)).filter(|(found, _)| *found == name).map(|(_, postings)| postings)
    }

    /// Places of the names in a namespace: of the one that is its own, if there is one, and of those below it.
    pub(crate) fn namespace(&self, prefix: &str) -> (Option<usize>, Range<usize>) {
        let own = self.seek(prefix);
        let own = self.text(own).is_some_and(|found| found == prefix.as_bytes()).then_some(own);
        // Nothing sorts between what begins with `prefix:` and `prefix;`, the next character.
        (own, self.seek(&format!("{prefix}:"))..self.seek(&format!("{prefix};")))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Postings<'_>)> {
        (0..self.count()).map_while(|at| self.get(at))
    }
}

/// The `at`-th block of a section of them.
pub(crate) fn block_at(bytes: &[u8], at: usize) -> Option<Block> {
    let mut reader = Reader::new(bytes.get(at.checked_mul(BLOCK_ROW_LEN)?..)?);
    let (largest_before, ascending) = (reader.i64().ok()?, reader.u64().ok()? == 1);
    Some(Block { largest_before, ascending })
}

/// The greatest time before a segment, in microseconds since 1970, as its stored index has it.
pub(crate) fn largest_time_before(stored: &dyn File) -> Option<i64> {
    let (header, sections) = read_head(stored).ok()?;
    block_at(&section_of(stored, (&header, &sections), Tag::Blocks)?, 0).map(|block| block.largest_before)
}

/// True if a stored index says what one says that was just made of the frames, but for how the segment ends: that the last event tells
/// of a clean close, frames do not say.
pub(crate) fn says_the_same(stored: &dyn File, made: &[u8]) -> std::io::Result<bool> {
    if stored.len()? != made.len() as u64 {
        return Ok(false);
    }
    let mut bytes = vec![0; made.len()];
    if stored.read_at(&mut bytes, 0)? != made.len() {
        return Ok(false);
    }
    let (Ok((header, sections)), Ok((expected, _))) =
        (decode_head(&bytes, bytes.len() as u64), decode_head(made, made.len() as u64))
    else {
        return Ok(false);
    };
    let head_len = FIXED_LEN + sections.len() * TABLE_ROW_LEN + 4;
    let is_same = |range: Range<usize>| bytes.get(range.clone()) == made.get(range);
    let is_same_head = SealedHeader { ending: expected.ending, ..header } == expected;
    Ok(is_same_head && is_same(FIXED_LEN..head_len - 4) && is_same(head_len..made.len()))
}

/// A section of an index file, if its bytes are what they were and can be what they say. Nothing is allocated for a length that cannot be.
fn section_of(
    file: &dyn File,
    (header, sections): (&SealedHeader, &[Section]),
    tag: Tag,
) -> Option<Arc<[u8]>> {
    let section = sections.iter().find(|section| section.tag == tag as u32)?;
    if section.len > shape::most_bytes(tag, header) {
        return None;
    }
    let mut bytes = vec![0; usize::try_from(section.len).ok()?];
    let read = file.read_at(&mut bytes, section.offset).ok()?;
    let is_whole = read == bytes.len() && crc32fast::hash(&bytes) == section.crc;
    (is_whole && shape::fits(tag, &bytes, header)).then(|| bytes.into())
}

/// A section of an index that is in memory.
fn section_in(all: &[u8], sections: &[Section], tag: Tag) -> Option<Arc<[u8]>> {
    let section = sections.iter().find(|section| section.tag == tag as u32)?;
    let start = usize::try_from(section.offset).ok()?;
    Some(Arc::from(all.get(start..start.checked_add(usize::try_from(section.len).ok()?)?)?))
}

/// A section of an index whose file is damaged.
fn remade_section(
    remake: &Remake,
    remade: &mut Option<Arc<[u8]>>,
    tag: Tag,
) -> Result<Option<Arc<[u8]>>, StoreError> {
    let all = match remade {
        Some(all) => Arc::clone(all),
        None => Arc::clone(remade.insert(remake()?)),
    };
    let made = decode_head(&all, all.len() as u64).ok();
    let section = made.and_then(|(_, sections)| section_in(&all, &sections, tag));
    Ok(section.or_else(|| match tag {
        // The damaged index says that retention removed something, and the segment does not.
        Tag::Removed => Some(Arc::from([])),
        Tag::RemovedStreams => Some(Arc::from([0; 8])),
        _ => None,
    }))
}

fn partition(len: usize, mut before: impl FnMut(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

fn read_head(file: &dyn File) -> Result<(SealedHeader, Vec<Section>), IndexError> {
    let unreadable = |_| IndexError("cannot be read");
    let mut head = vec![0; FIXED_LEN + MAX_SECTIONS as usize * TABLE_ROW_LEN + 4];
    let len = file.read_at(&mut head, 0).map_err(unreadable)?;
    head.truncate(len);
    decode_head(&head, file.len().map_err(unreadable)?)
}

fn decode_head(bytes: &[u8], file_len: u64) -> Result<(SealedHeader, Vec<Section>), IndexError> {
    let short = |_| IndexError("the header ends early");
    let mut reader = Reader::new(bytes);
    if reader.array::<8>().map_err(short)? != MAGIC {
        return Err(IndexError("not an index"));
    }
    let store_id = StoreId(*reader.array::<16>().map_err(short)?);
    let [first, end, segment_bytes, synced_through, epoch] = {
        let mut next = || reader.u64().map_err(short);
        [next()?, next()?, next()?, next()?, next()?]
    };
    let times = (reader.i64().map_err(short)?, reader.i64().map_err(short)?);
    let generation = reader.u32().map_err(short)?;
    let count = reader.u32().map_err(short)?;
    let last_hash = *reader.array::<32>().map_err(short)?;
    let last_clock = reader.u32().map_err(short)?;
    let ending = match reader.u8().map_err(short)? {
        2 => Ending::ClosedByEvent,
        1 => Ending::Closed,
        _ => Ending::Sealed,
    };
    reader.take(3).map_err(short)?;
    // A segment cannot hold more events than this, whatever they are.
    let most = segment_bytes / FIXED_STUB_LEN as u64;
    if count > MAX_SECTIONS || end.checked_sub(first).is_none_or(|rows| rows > most) {
        return Err(IndexError("impossible header"));
    }
    let mut sections = Vec::with_capacity(count as usize);
    for _ in 0..count {
        let (tag, crc) = (reader.u32().map_err(short)?, reader.u32().map_err(short)?);
        let (offset, len) = (reader.u64().map_err(short)?, reader.u64().map_err(short)?);
        if offset.checked_add(len).is_none_or(|section_end| section_end > file_len) {
            return Err(IndexError("a section lies outside the file"));
        }
        sections.push(Section { tag, crc, offset, len });
    }
    let covered = FIXED_LEN + count as usize * TABLE_ROW_LEN;
    let crc = reader.u32().map_err(short)?;
    if bytes.get(..covered).map(crc32fast::hash) != Some(crc) {
        return Err(IndexError("checksum mismatch in the header"));
    }
    let header = SealedHeader {
        store_id,
        first,
        end,
        segment_bytes,
        synced_through,
        epoch,
        times,
        generation,
        last_hash,
        last_clock,
        ending,
    };
    Ok((header, sections))
}

impl LivePart {
    /// Takes a sealed index apart again, so that the segment can go on growing. Heads are not known.
    pub(crate) fn from_sealed(part: &SealedPart) -> Result<Self, StoreError> {
        let largest_before = part.block(0)?.map_or(i64::MIN, |block| block.largest_before);
        let mut live = Self::new(part.segment_name(), part.header.first, largest_before);
        let (offsets, times, kinds) =
            (part.section(Tag::Offsets)?, part.section(Tag::Times)?, part.section(Tag::Kinds)?);
        let rows = offsets.chunks_exact(4).zip(times.chunks_exact(8)).zip(kinds.chunks_exact(2));
        for ((offset, time), kind) in rows {
            live.push_columns(
                offset.try_into().map_or(0, u32::from_le_bytes),
                time.try_into().map_or(0, i64::from_le_bytes),
                kind.try_into().map_or(0, u16::from_le_bytes),
            );
        }
        let all = |postings: Postings<'_>| (0..postings.len()).filter_map(|at| postings.get(at)).collect();
        for (name, postings) in part.names(Tag::Streams)?.iter() {
            live.insert_stream(name.into(), all(postings));
        }
        for (name, postings) in part.names(Tag::Scopes)?.iter() {
            live.scopes.insert(name.into(), all(postings));
        }
        let (bytes, kind_rows) = part.kind_rows()?;
        for (kind, first, count) in &kind_rows {
            let postings = SealedPart::kind_postings(&bytes, kind_rows.len(), *first, *count);
            live.by_kind.insert(*kind, all(postings));
        }
        for (tag, table) in [
            (Tag::Ids, &mut live.ids),
            (Tag::Correlations, &mut live.correlations),
            (Tag::Causations, &mut live.causations),
        ] {
            let bytes = part.section(tag)?;
            let mut at = 0;
            while let (Some(print), Some(ordinal)) = (u32_at(&bytes, at), u32_at(&bytes, at + 1)) {
                table.entry(print).or_default().push(ordinal);
                at += 2;
            }
        }
        if let (Some(removed), Some(streams)) = (part.removed()?, part.removed_streams()?) {
            live.removed.extend((0..).map_while(|at| u32_at(&removed, at)));
            for (name, postings) in streams.iter() {
                let ordinals = (0..postings.len()).filter_map(|at| postings.get(at)).collect();
                live.removed_streams.insert(name.into(), ordinals);
            }
        }
        part.catalogue()?.iter().for_each(|description| live.describe(description));
        Ok(live)
    }
}
