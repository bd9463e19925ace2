//! The visibility fence: the verbs of whoever alone may append for a while.

use serde::Serialize;

use crate::commit::committer::Committer;
use crate::commit::options::AppendOptions;
use crate::commit::request::{BatchAppendItem, Item, Request};
use crate::commit::ticket::{AppendTicket, BatchAppendTicket};
use crate::store::outbox::Outbox;
use crate::store::state::WritingHalf;
use crate::store::submit::{typed, untyped};
use crate::store::{Open, Store};
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::id::{CausationId, CorrelationId};
use crate::words::kind::EventKind;
use crate::words::payload::EventPayload;

impl Store<Open> {
    /// Opens a fence: what is submitted to it becomes visible all at once when it is committed, or never.
    ///
    /// Meanwhile nobody else appends; reading goes on. What was submitted before is committed first. Nothing of the fence is written
    /// before its commit, so that one which is cancelled or dropped leaves no trace.
    ///
    /// ```
    /// # use causeway::{coordinate::Coordinate, event::EventKind};
    /// use causeway::store::{Store, StoreConfig};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Store::open(StoreConfig::new(directory.path()))?;
    /// let (order, placed) = (Coordinate::new("order:42", "shop")?, EventKind::custom(1, 1));
    /// let fence = store.begin_visibility_fence()?;
    /// let ticket = fence.submit(&order, placed, &"placed")?;
    /// assert_eq!(store.entity_generation("order:42"), None);
    /// fence.commit()?;
    /// assert_eq!(ticket.wait()?.sequence, 1);
    /// assert_eq!(store.entity_generation("order:42"), Some(1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::VisibilityFenceActive`] if one is open already.
    pub fn begin_visibility_fence(&self) -> Result<VisibilityFence<'_>, StoreError> {
        self.half.writer.open_fence()?;
        Ok(VisibilityFence { half: &self.half, is_over: false })
    }
}

/// The only way to append while it is open. Dropping it cancels it.
///
/// What it holds is kept in memory, up to
/// [`visibility_fence_max_bytes`](crate::store::StoreConfig::with_visibility_fence_max_bytes). A request is accepted or refused at once,
/// by the stream as it stands with what the fence holds; its ticket is answered when the fence ends, or at once if its keys were
/// committed before the fence.
#[derive(Debug)]
pub struct VisibilityFence<'a> {
    half: &'a WritingHalf,
    is_over: bool,
}

impl VisibilityFence<'_> {
    /// Submits an event.
    ///
    /// # Errors
    /// [`StoreError::VisibilityFenceFull`] if the fence would hold too much; whatever an append is refused for.
    pub fn submit(
        &self,
        coordinate: &Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
    ) -> Result<AppendTicket, StoreError> {
        self.half.hold(untyped(coordinate, kind, payload, AppendOptions::default())?)
    }

    /// Submits an event with a typed payload.
    pub fn submit_typed<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
    ) -> Result<AppendTicket, StoreError> {
        self.half.hold(typed(coordinate, payload, AppendOptions::default())?)
    }

    /// Submits an event that another one caused, in the same conversation.
    pub fn submit_reaction(
        &self,
        coordinate: &Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
        correlation: CorrelationId,
        causation: CausationId,
    ) -> Result<AppendTicket, StoreError> {
        self.half.hold(untyped(coordinate, kind, payload, AppendOptions::reaction(correlation, causation))?)
    }

    /// Submits a typed event that another one caused, in the same conversation.
    pub fn submit_reaction_typed<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
        correlation: CorrelationId,
        causation: CausationId,
    ) -> Result<AppendTicket, StoreError> {
        self.half.hold(typed(coordinate, payload, AppendOptions::reaction(correlation, causation))?)
    }

    /// Submits several events; the limits of a batch hold, and an item's cause among the items is one of this batch.
    pub fn submit_batch(&self, items: Vec<BatchAppendItem>) -> Result<BatchAppendTicket, StoreError> {
        self.half.hold_batch(items.into_iter().map(BatchAppendItem::into_item).collect())
    }

    /// Collects events that are submitted to the fence as one batch.
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox::of_fence(self.half)
    }

    /// Commits everything that was submitted, as one group, and returns when it is on stable storage and visible.
    ///
    /// # Errors
    /// Those of a batch; then nothing of the fence is committed, and each ticket says why.
    pub fn commit(mut self) -> Result<(), StoreError> {
        self.end(Committer::commit_fence)
    }

    /// Drops everything that was submitted: each ticket is answered with [`StoreError::VisibilityFenceCancelled`].
    pub fn cancel(mut self) -> Result<(), StoreError> {
        self.end(Committer::cancel_fence)
    }

    fn end(&mut self, end: impl FnOnce(&mut Committer) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.is_over = true;
        self.half.writer.end_fence(end)
    }
}

impl Drop for VisibilityFence<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            // It cannot be over already: only this value ends it while the store is open.
            let _ = self.end(Committer::cancel_fence);
        }
    }
}

impl WritingHalf {
    fn hold(&self, item: Item) -> Result<AppendTicket, StoreError> {
        let (request, (ticket, reply)) =
            (Request::single(item, &self.shared.config)?, AppendTicket::issue(&self.writer));
        self.writer.with_committer(|committer| committer.hold(request, reply))?;
        Ok(ticket)
    }

    pub(super) fn hold_batch(&self, items: Vec<Item>) -> Result<BatchAppendTicket, StoreError> {
        let (request, (ticket, reply)) =
            (Request::batch(items, &self.shared.config)?, BatchAppendTicket::issue(&self.writer));
        self.writer.with_committer(|committer| committer.hold(request, reply))?;
        Ok(ticket)
    }
}
