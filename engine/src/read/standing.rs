//! Owns where a stream stands: how many events it has before a place of the commit order, and which is the newest of them. Reads at
//! most one frame for each question.

use std::ops::Range;

use crate::memory::postings::Order;
use crate::memory::selection::Selection;
use crate::read::entry::LogEvent;
use crate::read::reader::Reader;
use crate::words::error::StoreError;

/// Sequences that one question to the index returns at most.
const PAGE: usize = 4096;

/// The newest event of a stream before a place of the commit order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamEnd {
    /// How many events the stream has up to it, itself included.
    pub(crate) generation: u64,
    /// Its global sequence.
    pub(crate) sequence: u64,
}

impl Reader {
    /// Where the stream of exactly `entity` stands before `end`, which must be visible; `None` if it has no event there.
    pub(crate) fn stream_end(&self, entity: &str, end: u64) -> Result<Option<StreamEnd>, StoreError> {
        let index = &self.shared().index;
        let Some(newest) = index.newest_of(entity, end)? else { return Ok(None) };
        let sequence = newest.sequence;
        let generation = match newest.head {
            _ if !self.shared().source.is_dense() => index.count_of(entity, end)?,
            Some(head) => u64::from(head.clock) + 1,
            None => u64::from(self.header_at(sequence)?.position.sequence()) + 1,
        };
        Ok(Some(StreamEnd { generation, sequence }))
    }

    /// The place of the commit order before which the stream of `entity` has its first `generation` events; the end if it has fewer.
    pub(crate) fn end_of_generation(&self, entity: &str, generation: u64) -> Result<u64, StoreError> {
        let visible = self.visible();
        let newest = self.stream_end(entity, visible)?.map_or(0, |end| end.generation);
        match u32::try_from(generation) {
            Ok(clock) if generation < newest => self.sequence_of_clock(entity, clock),
            Ok(_) | Err(_) => Ok(visible),
        }
    }

    /// How many events the stream of an event has up to it, itself included.
    pub(crate) fn generation_at(&self, event: &LogEvent) -> Result<u64, StoreError> {
        if self.shared().source.is_dense() {
            return Ok(u64::from(event.raw.header.position.sequence()) + 1);
        }
        self.shared().index.count_of(event.raw.coordinate.entity(), event.raw.global_sequence + 1)
    }

    /// True if the index knows an event in the range that the selection takes.
    pub(crate) fn any(&self, selection: &Selection, range: Range<u64>) -> Result<bool, StoreError> {
        let mut found = Vec::new();
        self.shared().index.select(selection, range, (1, Order::Ascending), &mut found)?;
        Ok(!found.is_empty())
    }

    /// How many events in the range the selection takes, as far as the index can tell without reading a frame.
    pub(crate) fn count_in(&self, selection: &Selection, range: Range<u64>) -> Result<u64, StoreError> {
        let (mut count, mut from) = (0, range.start);
        let (index, mut page) = (&self.shared().index, Vec::new());
        loop {
            page.clear();
            index.select(selection, from..range.end, (PAGE, Order::Ascending), &mut page)?;
            count += page.len() as u64;
            match page.last() {
                Some(last) if page.len() == PAGE => from = last + 1,
                _ => return Ok(count),
            }
        }
    }
}
