//! Owns what feeds a thread that works on events: batches from a cursor, or from a subscription. Handles no event.
//!
//! Invariants:
//! - a feed does not keep the store open;
//! - from a cursor, what is not committed comes again.

use crate::derive::cursor::Cursor;
use crate::derive::subscription::Subscription;
use crate::derive::wait::{Patience, Waited, wait};
use crate::memory::hub::Notification;
use crate::read::entry::{IndexEntry, LogEvent};
use crate::read::reader::{Reader, WeakReader};
use crate::words::error::StoreError;
use crate::words::kind::EventKind;
use crate::words::region::Region;

/// Where a thread gets its events from, a batch at a time.
pub(crate) trait Feed: Send + 'static {
    /// What stands for an event.
    type Item;

    /// Waits for events and returns up to `max` of them.
    fn next(&mut self, max: usize, patience: &Patience) -> Result<Waited<Vec<Self::Item>>, StoreError>;

    /// Takes the events handed out so far for handled.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Hands out again what was not committed; false if this feed cannot.
    fn rewind(&mut self) -> bool;
}

/// How a cursor is polled for what stands for an event.
type Poll<I> = fn(&mut Cursor, usize) -> Result<Vec<I>, StoreError>;

/// Every event, at least once.
#[derive(Debug)]
pub(crate) struct CursorFeed<I> {
    cursor: Cursor,
    committed: Option<u64>,
    poll: Poll<I>,
}

impl CursorFeed<IndexEntry> {
    /// Hands out metadata; no payload is read.
    pub(crate) fn of_entries(cursor: Cursor) -> Self {
        Self { committed: cursor.position(), cursor, poll: Cursor::try_poll_batch }
    }
}

impl CursorFeed<LogEvent> {
    /// Hands out events with their payloads.
    pub(crate) fn of_events(cursor: Cursor) -> Self {
        Self { committed: cursor.position(), cursor, poll: Cursor::poll_events }
    }
}

impl<I: 'static> Feed for CursorFeed<I> {
    type Item = I;

    fn next(&mut self, max: usize, patience: &Patience) -> Result<Waited<Vec<I>>, StoreError> {
        let poll = self.poll;
        self.cursor.wait_until(patience, |cursor| {
            let items = poll(cursor, max)?;
            Ok((!items.is_empty()).then_some(items))
        })
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.cursor.save_position()?;
        self.committed = self.cursor.position();
        Ok(())
    }

    fn rewind(&mut self) -> bool {
        self.cursor.rewind(self.committed);
        true
    }
}

/// What is appended from now on, as far as the buffer holds it.
#[derive(Debug)]
pub(crate) struct LossyFeed {
    reader: WeakReader,
    subscription: Subscription,
    /// Only events of these kinds; empty means every kind.
    kinds: Vec<EventKind>,
}

impl LossyFeed {
    pub(crate) fn new(reader: &Reader, region: &Region, kinds: &[EventKind]) -> Self {
        let capacity = reader.shared().config.broadcast_capacity();
        Self {
            reader: reader.downgrade(),
            subscription: Subscription::new(reader.subscribe(region, capacity)),
            kinds: kinds.to_vec(),
        }
    }

    /// Reads the events that notifications tell of; what was damaged meanwhile is lost.
    fn read(&self, told: impl Iterator<Item = Notification>) -> Result<Vec<LogEvent>, StoreError> {
        let reader = self.reader.upgrade().ok_or(StoreError::Closed)?;
        told.filter(|told| self.kinds.is_empty() || self.kinds.contains(&told.kind))
            .map(|told| reader.event_at(told.sequence))
            .filter(|event| !event.as_ref().is_err_and(StoreError::is_one_event))
            .collect()
    }
}

impl Feed for LossyFeed {
    type Item = LogEvent;

    fn next(&mut self, max: usize, patience: &Patience) -> Result<Waited<Vec<LogEvent>>, StoreError> {
        loop {
            let first = match wait(self.subscription.receiver(), patience) {
                Waited::Got(first) => first,
                Waited::Expired => return Ok(Waited::Expired),
                Waited::Stopped => return Ok(Waited::Stopped),
                Waited::Closed => return Ok(Waited::Closed),
            };
            let more = self.subscription.receiver().try_iter().take(max.saturating_sub(1));
            let events = self.read(std::iter::once(first).chain(more))?;
            if !events.is_empty() {
                return Ok(Waited::Got(events));
            }
        }
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn rewind(&mut self) -> bool {
        false
    }
}
