//! Owns what a visibility fence holds: events that become visible together, or never.
//!
//! Invariants:
//! - nothing of a fence is written before it is committed, so that a cancelled one burns nothing;
//! - nobody else appends meanwhile: the places that events got when they were staged are those that they are committed at;
//! - what a fence holds is bounded.

use crate::commit::committer::{Committer, Failure};
use crate::commit::receipt::AppendReceipt;
use crate::commit::request::{Form, Item, Request};
use crate::commit::stage::Stage;
use crate::commit::ticket::Reply;
use crate::words::error::StoreError;

/// Events that wait to become visible.
#[derive(Debug)]
pub(crate) struct Fence {
    staged: Stage,
    waiting: Vec<Held>,
    /// Size of the frames of all events, in bytes.
    bytes: u64,
}

/// A request whose answer waits for the end of the fence.
#[derive(Debug)]
struct Held {
    reply: Reply,
    /// Places of its events among those of the fence.
    places: Vec<usize>,
}

/// What is known of a request as soon as it is made.
enum Outcome {
    /// Its events were committed before the fence.
    Known(Vec<AppendReceipt>),
    /// Its events have these places among those of the fence.
    Held(Vec<usize>),
}

impl Fence {
    /// The places of events that have the request's keys already, if all have.
    fn look_up(&self, items: &[Item]) -> Result<Option<Vec<usize>>, StoreError> {
        let mut places = Vec::new();
        for item in items {
            let Some(key) = item.options.idempotency_key else { return Ok(None) };
            let Some(place) = self.staged.place_of(key) else { continue };
            let Some(staged) = self.staged.events.get(place) else { continue };
            if !staged.item.is_same_event(item) {
                return Err(StoreError::IdempotencyConflict {
                    key: key.into(),
                    sequence: staged.global_sequence,
                });
            }
            places.push(place);
        }
        match places.len() {
            0 => Ok(None),
            known if known == items.len() => Ok(Some(places)),
            known => {
                let reason = format!("{known} of {} keys are known to the fence", items.len());
                Err(StoreError::IdempotencyPartialBatch { reason })
            }
        }
    }
}

impl Committer {
    /// From now on only the fence takes events.
    pub(crate) fn open_fence(&mut self) -> Result<(), StoreError> {
        self.check_open()?;
        if self.fence.is_some() {
            return Err(StoreError::VisibilityFenceActive);
        }
        self.fence = Some(Fence { staged: Stage::new(self.largest_time), waiting: Vec::new(), bytes: 0 });
        Ok(())
    }

    /// Takes a request into the fence, or refuses it at once. What is taken in is answered when the fence ends.
    pub(crate) fn hold(&mut self, request: Request, reply: Reply) -> Result<(), StoreError> {
        let mut fence = self.fence.take().ok_or(StoreError::VisibilityFenceNotActive)?;
        let outcome = self.hold_in(&mut fence, request);
        let held = outcome.map(|outcome| match outcome {
            Outcome::Known(receipts) => reply.send(Ok(receipts)),
            Outcome::Held(places) => fence.waiting.push(Held { reply, places }),
        });
        self.fence = Some(fence);
        held
    }

    fn hold_in(&mut self, fence: &mut Fence, request: Request) -> Result<Outcome, StoreError> {
        self.check_open()?;
        if let Some(receipts) = self.look_up(&request.items)? {
            return Ok(Outcome::Known(receipts));
        }
        if let Some(places) = fence.look_up(&request.items)? {
            return Ok(Outcome::Held(places));
        }
        let before = fence.staged.savepoint();
        let first = fence.staged.events.len();
        self.stage_aside(&mut fence.staged, request)?;
        let bytes = fence.bytes + fence.staged.bytes.len() as u64;
        let limit = self.shared.config.visibility_fence_max_bytes();
        if bytes > limit {
            fence.staged.roll_back(before);
            return Err(StoreError::VisibilityFenceFull { bytes, limit });
        }
        fence.bytes = bytes;
        // The frames are encoded anew when it is known how many there are.
        fence.staged.bytes.clear();
        Ok(Outcome::Held((first..fence.staged.events.len()).collect()))
    }

    /// Commits everything that the fence holds as one group, and answers it.
    pub(crate) fn commit_fence(&mut self) -> Result<(), StoreError> {
        let Fence { staged, waiting, .. } = self.fence.take().ok_or(StoreError::VisibilityFenceNotActive)?;
        let item_count = staged.events.len();
        match self.write_fence(staged) {
            Ok(stage) => {
                for Held { reply, places } in waiting {
                    let events = places.iter().filter_map(|place| stage.events.get(*place));
                    reply.send(Ok(events.map(|event| self.receipt(event)).collect()));
                }
                Ok(())
            }
            Err(failure) => {
                for Held { reply, .. } in waiting {
                    reply.send(Err(failure.told_to(Form::Batch, item_count)));
                }
                Err(failure.told_to(Form::Batch, item_count))
            }
        }
    }

    fn write_fence(&mut self, staged: Stage) -> Result<Stage, Failure> {
        let mut stage = Stage::new(self.largest_time);
        if staged.is_empty() {
            return Ok(stage);
        }
        self.check_open().and_then(|()| self.rotate_if_full(&stage)).map_err(Failure::Write)?;
        let start = self.start().map_err(Failure::Write)?;
        self.describe(&mut stage, staged.events.iter().map(|event| &event.item));
        let head_of = |entity: &str| self.shared.head_before(entity, self.next_sequence);
        if let Err(error) = stage.push_staged(staged.events, start, head_of) {
            self.forget_descriptions(&stage.descriptions);
            return Err(Failure::Write(error));
        }
        self.write(&stage, true).map(|()| stage)
    }

    /// Drops everything that the fence holds.
    pub(crate) fn cancel_fence(&mut self) -> Result<(), StoreError> {
        let fence = self.fence.take().ok_or(StoreError::VisibilityFenceNotActive)?;
        for Held { reply, .. } in fence.waiting {
            reply.send(Err(StoreError::VisibilityFenceCancelled));
        }
        Ok(())
    }
}
