//! Owns counting groups of events and the causation between them, slice by slice: the newest events of a conversation or of a result.

use std::collections::VecDeque;

use causeway::store::{Selection, StoreError};

use super::words::{GroupBy, GroupGraph, Over};
use crate::view::graph::Tally;
use crate::worker::activity::Work;
use crate::worker::handle::Handle;
use crate::worker::protocol::RequestId;

/// Events that are looked at, the newest ones.
const EVENTS_MAX: usize = 50_000;
/// Events of one slice.
const SLICE: usize = 512;

/// Groups that are being counted.
pub(crate) struct Gathering {
    id: RequestId,
    waiting: VecDeque<u64>,
    tally: Tally,
    total: u64,
    /// Held until the answer is on its way.
    work: Work,
}

impl Gathering {
    /// Begins to count. `result` gives the newest events of the current result, oldest first, and how many there are.
    pub(crate) fn begin(
        handle: &Handle,
        (id, focus): (RequestId, u64),
        (over, by): (Over, GroupBy),
        result: impl FnOnce(usize) -> (Vec<u64>, u64),
        work: Work,
    ) -> Result<Self, StoreError> {
        let (newest, total) = match over {
            Over::Result => result(EVENTS_MAX),
            Over::Conversation => {
                let correlation = handle.event_at(focus)?.raw.header.correlation_id;
                let conversation = Selection::correlation(correlation);
                let mut newest = handle.select_before(&conversation, u64::MAX, EVENTS_MAX)?;
                newest.reverse();
                (newest, handle.count(&conversation)?)
            }
        };
        Ok(Self { id, waiting: newest.into(), tally: Tally::new(by), total, work })
    }

    /// Looks at one slice more; true when everything was looked at.
    pub(crate) fn step(&mut self, handle: &Handle) -> bool {
        for sequence in self.waiting.drain(..self.waiting.len().min(SLICE)) {
            match handle.event_at(sequence) {
                Ok(event) => {
                    let (header, place) = (&event.raw.header, &event.raw.coordinate);
                    let causation = header.causation_id.map(u128::from);
                    let id = (u128::from(header.event_id), causation);
                    let names = (place.entity(), place.scope());
                    self.tally.add(sequence, names, header.event_kind, header.timestamp_us, id);
                }
                Err(_) => self.tally.add_unreadable(),
            }
        }
        self.waiting.is_empty()
    }

    /// What was counted.
    pub(crate) fn finish(self) -> (RequestId, GroupGraph, Work) {
        (self.id, self.tally.finish(self.total), self.work)
    }
}
