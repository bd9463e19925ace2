//! Owns iterating over events: a selection in commit order, from either end.
//!
//! Invariants:
//! - the index is asked for a page of sequences at a time, and frames that lie near each other are read together;
//! - what was asked for and is not there comes as an error of one event, and the iteration goes on.

use std::collections::{HashMap, VecDeque};
use std::ops::Range;

use crate::memory::files::{Sourced, Window};
use crate::memory::locate::Located;
use crate::memory::postings::Order;
use crate::memory::selection::Selection;
use crate::read::entry::{IndexEntry, LogEvent};
use crate::read::reader::Reader;
use crate::words::error::StoreError;
use crate::words::sync::Arc;

/// Sequences asked from the index at once: first, and at most. Each page is twice the one before, since nobody says how many will be taken.
const PAGE: (usize, usize) = (64, 1024);
/// Streams whose newest hash an iteration remembers.
const REMEMBERED_STREAMS: usize = 65_536;

/// The end of an iteration at which an event is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Front,
    Back,
}

/// Frames of the events that a selection takes, from either end.
#[derive(Debug)]
struct Walk {
    reader: Reader,
    selection: Selection,
    /// Sequences that the index was not asked about yet, once it is known where the selection begins and ends.
    left: Range<u64>,
    is_narrowed: bool,
    page: usize,
    /// Located events before `left`, ascending.
    front: VecDeque<Located>,
    /// Located events behind `left`, ascending.
    back: VecDeque<Located>,
    front_window: Window,
    back_window: Window,
    /// What is passed over comes as unreadable events, instead of not at all.
    tells_gaps: bool,
}

impl Walk {
    fn new(reader: Reader, selection: Selection, left: Range<u64>) -> Self {
        Self {
            reader,
            selection,
            left,
            is_narrowed: false,
            page: PAGE.0,
            front: VecDeque::new(),
            back: VecDeque::new(),
            front_window: Window::headers(),
            back_window: Window::headers(),
            tells_gaps: false,
        }
    }

    /// Asks for as many sequences at once as will be taken.
    fn for_page(self, limit: usize) -> Self {
        Self { page: limit.clamp(1, PAGE.1), ..self }
    }

    /// Lets what is passed over come as unreadable events: hidden and removed ones, and numbers that nobody used.
    fn telling_gaps(mut self) -> Self {
        (self.tells_gaps, self.selection.hidden, self.selection.removed) = (true, true, true);
        self
    }

    fn with_payloads(self) -> Self {
        Self { front_window: Window::whole(), back_window: Window::whole(), ..self }
    }

    /// The next event at a side that the selection takes.
    fn step(&mut self, side: Side) -> Option<(u64, Result<Sourced, StoreError>)> {
        loop {
            let located = match self.take(side) {
                Ok(located) => located?,
                Err(error) => {
                    let at = self.left.start;
                    self.left.start = self.left.end;
                    return Some((at, Err(error)));
                }
            };
            let event = self.read(side, &located);
            let is_unused = matches!(event, Err(StoreError::UnreadableEvent { .. }))
                && !self.reader.shared().source.is_dense()
                && !self.tells_gaps;
            let is_other = event.as_ref().is_ok_and(|found| !self.selection.confirms(found));
            if is_unused || is_other {
                continue;
            }
            let sequence = located.sequence;
            let is_gap = |found: &Sourced| self.tells_gaps && (found.hidden || found.is_passed_over());
            return match event {
                Ok(found) if is_gap(&found) => {
                    Some((sequence, Err(StoreError::UnreadableEvent { sequence })))
                }
                event => Some((sequence, event)),
            };
        }
    }

    fn take(&mut self, side: Side) -> Result<Option<Located>, StoreError> {
        loop {
            let taken = match side {
                Side::Front => self.front.pop_front(),
                Side::Back => self.back.pop_back(),
            };
            if taken.is_some() {
                return Ok(taken);
            }
            if self.left.is_empty() {
                // The other side has taken all from the index; what it has not handed out comes last here.
                return Ok(match side {
                    Side::Front => self.back.pop_front(),
                    Side::Back => self.front.pop_back(),
                });
            }
            self.fill(side)?;
        }
    }

    fn fill(&mut self, side: Side) -> Result<(), StoreError> {
        if !self.is_narrowed {
            self.left = self.reader.narrowed(&self.selection, self.left.clone())?;
            self.is_narrowed = true;
        }
        let order = match side {
            Side::Front => Order::Ascending,
            Side::Back => Order::Descending,
        };
        let index = &self.reader.shared().index;
        let mut page = Vec::new();
        index.select(&self.selection, self.left.clone(), (self.page, order), &mut page)?;
        let located = index.locate(&page)?;
        let last = page.last().copied().filter(|_| page.len() == self.page);
        self.page = (self.page * 2).min(PAGE.1);
        match side {
            Side::Front => {
                self.left.start = last.map_or(self.left.end, |last| last + 1);
                self.front.extend(located);
            }
            Side::Back => {
                self.left.end = last.unwrap_or(self.left.start);
                for located in located {
                    self.back.push_front(located);
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, side: Side, located: &Located) -> Result<Sourced, StoreError> {
        let waiting = self.front.iter().chain(&self.back);
        let window = match side {
            Side::Front => &mut self.front_window,
            Side::Back => &mut self.back_window,
        };
        if located.place.is_some_and(|place| !window.holds(place)) {
            let own = std::iter::once(located);
            match side {
                Side::Front => window.plan(own.chain(waiting).filter_map(|next| next.place)),
                Side::Back => window.plan(own.chain(waiting.rev()).filter_map(|next| next.place)),
            }
        }
        self.reader.read_located(located, window)
    }
}

/// Frames of the events that a selection takes, whole, and as their source has them.
#[derive(Debug)]
pub(crate) struct Frames {
    walk: Walk,
}

impl Frames {
    pub(crate) fn new(reader: &Reader, selection: Selection, range: Range<u64>) -> Self {
        Self { walk: Walk::new(reader.clone(), selection, range).with_payloads() }
    }
}

impl Iterator for Frames {
    type Item = (u64, Result<Sourced, StoreError>);

    fn next(&mut self) -> Option<Self::Item> {
        self.walk.step(Side::Front)
    }
}

impl DoubleEndedIterator for Frames {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.walk.step(Side::Back)
    }
}

/// Events that a selection takes, in commit order. Damaged ones come as errors, and the iteration goes on.
#[derive(Debug)]
pub(crate) struct Events {
    walk: Walk,
    hashes: HashMap<Arc<str>, (u32, [u8; 32])>,
}

impl Events {
    pub(crate) fn new(reader: Reader, selection: Selection, range: Range<u64>) -> Self {
        let walk = Walk::new(reader, selection, range).with_payloads();
        Self { walk, hashes: HashMap::new() }
    }

    /// What is passed over comes as unreadable events: hidden and removed ones, and numbers that nobody used.
    pub(crate) fn telling_gaps(self) -> Self {
        Self { walk: self.walk.telling_gaps(), ..self }
    }

    fn step(&mut self, side: Side) -> Option<(u64, Result<LogEvent, StoreError>)> {
        let (sequence, sourced) = self.walk.step(side)?;
        Some((sequence, sourced.and_then(|sourced| self.linked(side, sourced))))
    }

    /// An event with the hash that it links to, which is remembered if the event before it in its stream came before it here too.
    fn linked(&mut self, side: Side, sourced: Sourced) -> Result<LogEvent, StoreError> {
        let event = &sourced.event;
        let clock = event.header.position.sequence();
        let newest = (clock, event.event_hash);
        let before = if let Some(known) = self.hashes.get_mut(event.coordinate.entity()) {
            Some(std::mem::replace(known, newest))
        } else {
            if self.hashes.len() >= REMEMBERED_STREAMS {
                self.hashes.clear();
            }
            self.hashes.insert(event.coordinate.shared_entity(), newest)
        };
        let known = before.filter(|(before, _)| before.checked_add(1) == Some(clock)).map(|(_, hash)| hash);
        let window = match side {
            Side::Front => &mut self.walk.front_window,
            Side::Back => &mut self.walk.back_window,
        };
        self.walk.reader.linked(sourced, known, window)
    }
}

impl Iterator for Events {
    type Item = (u64, Result<LogEvent, StoreError>);

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Side::Front)
    }
}

impl DoubleEndedIterator for Events {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(Side::Back)
    }
}

/// The same events without their payloads.
#[derive(Debug)]
pub(crate) struct Entries {
    walk: Walk,
}

impl Entries {
    pub(crate) fn new(reader: Reader, selection: Selection, range: Range<u64>) -> Self {
        Self { walk: Walk::new(reader, selection, range) }
    }

    /// The same events, of which `limit` will be taken.
    pub(crate) fn page(self, limit: usize) -> Self {
        Self { walk: self.walk.for_page(limit) }
    }

    /// What is passed over comes as unreadable events: hidden and removed ones, and numbers that nobody used.
    pub(crate) fn telling_gaps(self) -> Self {
        Self { walk: self.walk.telling_gaps() }
    }

    fn step(&mut self, side: Side) -> Option<(u64, Result<IndexEntry, StoreError>)> {
        let (sequence, sourced) = self.walk.step(side)?;
        Some((sequence, sourced.map(|sourced| IndexEntry::read(sourced, self.walk.reader.shared()))))
    }
}

impl Iterator for Entries {
    type Item = (u64, Result<IndexEntry, StoreError>);

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Side::Front)
    }
}

impl DoubleEndedIterator for Entries {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(Side::Back)
    }
}

/// Leaves out events whose frame is damaged.
pub(crate) fn readable<T>(
    events: impl DoubleEndedIterator<Item = (u64, Result<T, StoreError>)>,
) -> impl DoubleEndedIterator<Item = Result<T, StoreError>> {
    events.filter_map(|(_, event)| match event {
        Err(error) if error.is_one_event() => None,
        other => Some(other),
    })
}
