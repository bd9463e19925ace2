//! Owns testing single rows of a part by its columns, so that a question need not go through long lists of postings.
//!
//! Invariants:
//! - a row that is in no postings passes no test: its frame is damaged, or its event is hidden;
//! - a block of rows is passed over only if none of its times can lie in the range that is asked for.

use std::ops::Range;

use crate::memory::live::{BLOCK_LEN, Block, LivePart, NO_STREAM};
use crate::memory::postings::{Postings, u32_at};
use crate::memory::sealed::{SealedPart, Tag, block_at};
use crate::memory::selection::Selection;
use crate::words::error::StoreError;
use crate::words::region::in_namespace;
use crate::words::sync::Arc;

/// A column in memory or as stored bytes.
#[derive(Clone, Copy, Debug)]
enum Column<'a, T> {
    Slice(&'a [T]),
    Bytes(&'a [u8]),
}

impl Column<'_, u16> {
    fn get(&self, at: usize) -> Option<u16> {
        match self {
            Self::Slice(column) => column.get(at).copied(),
            Self::Bytes(bytes) => bytes.get(at * 2..)?.first_chunk().copied().map(u16::from_le_bytes),
        }
    }
}

impl Column<'_, i64> {
    fn get(&self, at: usize) -> Option<i64> {
        match self {
            Self::Slice(column) => column.get(at).copied(),
            Self::Bytes(bytes) => bytes.get(at * 8..)?.first_chunk().copied().map(i64::from_le_bytes),
        }
    }
}

impl Column<'_, Block> {
    fn get(&self, at: usize) -> Option<Block> {
        match self {
            Self::Slice(column) => column.get(at).copied(),
            Self::Bytes(bytes) => block_at(bytes, at),
        }
    }
}

/// How a row's stream is compared with the namespace that is asked for.
#[derive(Debug)]
enum Namespace<'a> {
    Any,
    /// Names in the order in which they came.
    Live {
        names: &'a [Arc<str>],
        prefix: &'a str,
    },
    /// Names in order, so that a namespace is a range of them.
    Sealed {
        own: Option<usize>,
        below: Range<usize>,
    },
}

/// The columns of a part and what a selection asks of each row.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    selection: &'a Selection,
    kinds: Column<'a, u16>,
    times: Column<'a, i64>,
    blocks: Column<'a, Block>,
    streams: Option<Postings<'a>>,
    namespace: Namespace<'a>,
    len: usize,
    /// No row has a smaller time than one before it.
    rises: bool,
}

/// Sections of a sealed part that its rows borrow from; those that the selection does not need are empty.
#[derive(Debug)]
pub(super) struct SealedSections {
    kinds: Arc<[u8]>,
    times: Arc<[u8]>,
    blocks: Arc<[u8]>,
    streams: Option<Arc<[u8]>>,
    own: Option<usize>,
    below: Range<usize>,
    len: usize,
    rises: bool,
}

impl SealedSections {
    /// Loads what the tests of a selection need.
    pub(super) fn load(part: &SealedPart, selection: &Selection) -> Result<Self, StoreError> {
        let section = |tag, wanted: bool| if wanted { part.section(tag) } else { Ok(Arc::from([])) };
        let (by_time, prefix) = (selection.time_us.is_some(), tested_namespace(selection));
        let (own, below) = match prefix {
            Some(prefix) => part.names(Tag::Streams)?.namespace(prefix),
            None => (None, 0..0),
        };
        let by_stream = by_time || prefix.is_some();
        Ok(Self {
            kinds: section(Tag::Kinds, selection.asks_for_kinds())?,
            times: section(Tag::Times, by_time)?,
            blocks: section(Tag::Blocks, by_time)?,
            streams: by_stream.then(|| part.section(Tag::StreamOfRow)).transpose()?,
            own,
            below,
            len: (part.header.end - part.header.first) as usize,
            rises: by_time && part.rises()?,
        })
    }
}

impl<'a> Rows<'a> {
    pub(super) fn live(part: &'a LivePart, selection: &'a Selection) -> Self {
        let (prefix, names) = (tested_namespace(selection), &part.stream_names);
        Self {
            selection,
            kinds: Column::Slice(&part.kinds),
            times: Column::Slice(&part.times),
            blocks: Column::Slice(&part.blocks),
            streams: (prefix.is_some() || selection.time_us.is_some())
                .then_some(Postings::Slice(&part.stream_of)),
            namespace: prefix.map_or(Namespace::Any, |prefix| Namespace::Live { names, prefix }),
            len: part.len(),
            rises: part.rises,
        }
    }

    pub(super) fn sealed(sections: &'a SealedSections, selection: &'a Selection) -> Self {
        let asks = tested_namespace(selection).is_some();
        let (own, below) = (sections.own, sections.below.clone());
        Self {
            selection,
            kinds: Column::Bytes(&sections.kinds),
            times: Column::Bytes(&sections.times),
            blocks: Column::Bytes(&sections.blocks),
            streams: sections.streams.as_deref().map(Postings::Bytes),
            namespace: if asks { Namespace::Sealed { own, below } } else { Namespace::Any },
            len: sections.len,
            rises: sections.rises,
        }
    }

    /// True if the columns of a row say what the selection asks of them.
    pub(super) fn pass(&self, ordinal: u32) -> bool {
        let at = ordinal as usize;
        let in_time = |range: &Range<i64>| self.times.get(at).is_some_and(|time| range.contains(&time));
        (!self.selection.asks_for_kinds()
            || self.kinds.get(at).is_some_and(|kind| self.selection.takes_kind(kind)))
            && self.selection.time_us.as_ref().is_none_or(in_time)
            && self.takes_stream(at)
    }

    fn takes_stream(&self, at: usize) -> bool {
        let Some(streams) = &self.streams else { return true };
        let Some(stream) = streams.get(at).filter(|stream| *stream != NO_STREAM) else { return false };
        let stream = stream as usize;
        match &self.namespace {
            Namespace::Any => true,
            Namespace::Live { names, prefix } => {
                names.get(stream).is_some_and(|name| in_namespace(prefix, name))
            }
            Namespace::Sealed { own, below } => *own == Some(stream) || below.contains(&stream),
        }
    }

    /// The rows outside of which no time lies in the range that is asked for. Costs a few looks if time never went back, up to one a block
    /// otherwise.
    pub(super) fn in_time(&self) -> Range<u32> {
        let Some(range) = &self.selection.time_us else { return 0..u32::MAX };
        if self.rises {
            let first =
                partition(0..self.len, |at| self.times.get(at).is_some_and(|time| time < range.start));
            let end =
                partition(first..self.len, |at| self.times.get(at).is_some_and(|time| time < range.end));
            return first as u32..end as u32;
        }
        let blocks = self.len.div_ceil(BLOCK_LEN);
        let first = partition(0..blocks, |block| {
            self.greatest_through(block).is_some_and(|greatest| greatest < range.start)
        });
        let last = (first..blocks).rev().find(|block| self.may_hold(*block));
        let end = last.map_or(first, |last| last + 1);
        (first * BLOCK_LEN) as u32..(end * BLOCK_LEN) as u32
    }

    /// True if a time of the block may lie in the range that is asked for.
    pub(super) fn may_hold(&self, block: usize) -> bool {
        let Some(range) = &self.selection.time_us else { return true };
        let is_early = self.greatest_through(block).is_some_and(|greatest| greatest < range.start);
        !is_early && self.smallest_of(block).is_none_or(|smallest| smallest < range.end)
    }

    /// Greatest time of the log up to the end of a block, where the next block tells it.
    fn greatest_through(&self, block: usize) -> Option<i64> {
        self.blocks.get(block + 1).map(|next| next.largest_before)
    }

    fn smallest_of(&self, block: usize) -> Option<i64> {
        let rows = block * BLOCK_LEN..((block + 1) * BLOCK_LEN).min(self.len);
        if self.blocks.get(block)?.ascending {
            return self.times.get(rows.start);
        }
        rows.filter_map(|at| self.times.get(at)).min()
    }
}

/// The namespace that rows are tested for. Who also wants what was removed lists its postings: no column has them.
fn tested_namespace(selection: &Selection) -> Option<&str> {
    selection.region.entity_prefix().filter(|_| !selection.removed)
}

/// The first place of which `before` is false.
fn partition(places: Range<usize>, before: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (places.start, places.end);
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

/// Greatest time of the rows of a block up to the one at `at`, where the clock stepped back in it; the smallest time there is otherwise.
pub(super) fn greatest_in_block(block: Block, at: usize, time: impl Fn(usize) -> Option<i64>) -> i64 {
    if block.ascending {
        return i64::MIN;
    }
    (at / BLOCK_LEN * BLOCK_LEN..=at).filter_map(time).fold(block.largest_before, i64::max)
}

/// The `at`-th number of a section of 64-bit numbers.
pub(super) fn i64_at(bytes: &[u8], at: usize) -> Option<i64> {
    let (low, high) = (u32_at(bytes, 2 * at)?, u32_at(bytes, 2 * at + 1)?);
    Some((u64::from(high) << 32 | u64::from(low)).cast_signed())
}
