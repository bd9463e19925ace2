//! Owns iterating over events: a selection in commit order, and the stream of one entity.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use crate::memory::files::Window;
use crate::memory::selection::Selection;
use crate::read::entry::LogEvent;
use crate::read::reader::Reader;
use crate::words::error::StoreError;
use crate::words::event::RawEvent;
use crate::words::id::EventId;
use crate::words::sync::Arc;

/// Sequences asked from the index at once.
const PAGE: usize = 1024;
/// Streams whose newest hash an iteration remembers.
const REMEMBERED_STREAMS: usize = 4096;

/// Events that a selection takes, in commit order. Damaged ones come as errors, and the iteration goes on.
#[derive(Debug)]
pub(crate) struct Events {
    reader: Reader,
    selection: Selection,
    left: Range<u64>,
    page: VecDeque<u64>,
    window: Window,
    hashes: HashMap<Arc<str>, (u32, [u8; 32])>,
    /// Numbers that nobody used come as unreadable events, instead of not at all.
    tells_unused: bool,
}

impl Events {
    pub(crate) fn new(reader: Reader, selection: Selection, range: Range<u64>) -> Self {
        Self {
            reader,
            selection,
            left: range,
            page: VecDeque::new(),
            window: Window::ahead(),
            hashes: HashMap::new(),
            tells_unused: false,
        }
    }

    /// Numbers that nobody used come as unreadable events too.
    pub(crate) fn telling_unused(mut self) -> Self {
        self.tells_unused = true;
        self
    }

    /// The events without the damaged ones.
    pub(crate) fn readable(self) -> impl Iterator<Item = Result<LogEvent, StoreError>> {
        self.filter_map(|(_, event)| match event {
            Err(error) if error.is_one_event() => None,
            other => Some(other),
        })
    }

    fn fill(&mut self) -> Result<(), StoreError> {
        let mut page = Vec::new();
        let index = &self.reader.shared().index;
        index.select(&self.selection, self.left.clone(), PAGE, &mut page)?;
        self.left.start = match page.last() {
            Some(last) if page.len() == PAGE => last + 1,
            _ => self.left.end,
        };
        self.page.extend(page);
        Ok(())
    }

    fn read(&mut self, sequence: u64) -> Result<LogEvent, StoreError> {
        let hashes = &self.hashes;
        let event = self.reader.read_at(sequence, &mut self.window, |entity, clock| {
            hashes.get(entity).filter(|(known, _)| *known == clock).map(|(_, hash)| *hash)
        })?;
        if self.hashes.len() >= REMEMBERED_STREAMS {
            self.hashes.clear();
        }
        let clock = event.raw.header.position.sequence();
        self.hashes.insert(event.raw.coordinate.shared_entity(), (clock, event.raw.event_hash));
        Ok(event)
    }

    /// False for an event that the index proposed by a checksum of its ids and that has other ids, for a hidden one and for one that
    /// retention removed.
    fn confirms(&self, event: &LogEvent) -> bool {
        let header = &event.raw.header;
        let cause = header.causation_id.map(u128::from);
        (self.selection.hidden || !event.hidden)
            && (self.selection.removed || !event.is_passed_over())
            && self.selection.correlation.is_none_or(|id| header.correlation_id == id)
            && self.selection.cause.is_none_or(|id: EventId| cause == Some(id.into()))
    }
}

impl Iterator for Events {
    type Item = (u64, Result<LogEvent, StoreError>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(sequence) = self.page.pop_front() else {
                if self.left.is_empty() {
                    return None;
                }
                if let Err(error) = self.fill() {
                    let at = self.left.start;
                    self.left.start = self.left.end;
                    return Some((at, Err(error)));
                }
                continue;
            };
            let event = self.read(sequence);
            let is_unused = matches!(event, Err(StoreError::UnreadableEvent { .. }))
                && !self.reader.shared().source.is_dense();
            if is_unused && !self.tells_unused {
                continue;
            }
            if event.as_ref().is_ok_and(|event| !self.confirms(event)) {
                continue;
            }
            return Some((sequence, event));
        }
    }
}

/// The stream of one entity, oldest first: each event with the hash of the one before. Removed events have no payload and are left out.
#[derive(Debug)]
pub(crate) struct StreamIter {
    events: Events,
}

impl StreamIter {
    pub(crate) fn new(events: Events) -> Self {
        Self { events }
    }
}

impl Iterator for StreamIter {
    type Item = Result<(RawEvent, [u8; 32]), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        let is_kept = |event: &Result<LogEvent, StoreError>| {
            event.as_ref().map_or(true, |event| event.removed.is_none())
        };
        let (_, event) = self.events.by_ref().find(|(_, event)| is_kept(event))?;
        Some(event.map(|event| (event.raw, event.prev_hash)))
    }
}
