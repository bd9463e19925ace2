//! The outbox: collects events in memory that are to be appended as one batch.

use serde::Serialize;

use crate::commit::options::{AppendOptions, CausationRef};
use crate::commit::receipt::AppendReceipt;
use crate::commit::request::{BatchAppendItem, Item, Request};
use crate::commit::ticket::BatchAppendTicket;
use crate::store::state::WritingHalf;
use crate::store::{Open, Store};
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::kind::EventKind;
use crate::words::payload::EventPayload;

impl Store<Open> {
    /// Collects events that are appended as one batch. What is not flushed is never written.
    ///
    /// ```
    /// # use causeway::{coordinate::Coordinate, event::EventKind};
    /// use causeway::store::{Store, StoreConfig};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Store::open(StoreConfig::new(directory.path()))?;
    /// let (order, placed) = (Coordinate::new("order:42", "shop")?, EventKind::custom(1, 1));
    /// let mut outbox = store.outbox();
    /// outbox.stage(order.clone(), placed, &"placed")?.stage(order, placed, &"placed again")?;
    /// assert_eq!(outbox.flush()?.len(), 2);
    /// assert!(outbox.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn outbox(&self) -> Outbox<'_> {
        Outbox { half: &self.half, is_fenced: false, items: Vec::new() }
    }
}

/// Events that are to be appended as one batch. Dropping it drops what is not flushed.
#[derive(Debug)]
pub struct Outbox<'a> {
    half: &'a WritingHalf,
    /// Goes through the fence that is open.
    is_fenced: bool,
    items: Vec<Item>,
}

impl<'a> Outbox<'a> {
    pub(super) fn of_fence(half: &'a WritingHalf) -> Self {
        Self { half, is_fenced: true, items: Vec::new() }
    }

    /// Adds an event.
    pub fn stage(
        &mut self,
        coordinate: Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
    ) -> Result<&mut Self, StoreError> {
        self.stage_with_options(coordinate, kind, payload, AppendOptions::default())
    }

    /// Adds an event with options; a gate among them is ignored.
    pub fn stage_with_options(
        &mut self,
        coordinate: Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
        options: AppendOptions,
    ) -> Result<&mut Self, StoreError> {
        self.stage_with_options_and_causation(coordinate, kind, payload, options, CausationRef::None)
    }

    /// Adds an event that another one caused, perhaps one of this outbox.
    pub fn stage_with_causation(
        &mut self,
        coordinate: Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
        causation: CausationRef,
    ) -> Result<&mut Self, StoreError> {
        self.stage_with_options_and_causation(coordinate, kind, payload, AppendOptions::default(), causation)
    }

    /// Adds an event with options that another one caused.
    pub fn stage_with_options_and_causation(
        &mut self,
        coordinate: Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
        options: AppendOptions,
        causation: CausationRef,
    ) -> Result<&mut Self, StoreError> {
        self.items.push(Item::encoded(coordinate, kind, payload, options, causation)?);
        Ok(self)
    }

    /// Adds an event with a typed payload.
    pub fn stage_typed<T: EventPayload>(
        &mut self,
        coordinate: Coordinate,
        payload: &T,
    ) -> Result<&mut Self, StoreError> {
        self.stage_typed_with_options(coordinate, payload, AppendOptions::default())
    }

    /// Adds an event with a typed payload and options; a gate among them is ignored.
    pub fn stage_typed_with_options<T: EventPayload>(
        &mut self,
        coordinate: Coordinate,
        payload: &T,
        options: AppendOptions,
    ) -> Result<&mut Self, StoreError> {
        self.stage_typed_with_options_and_causation(coordinate, payload, options, CausationRef::None)
    }

    /// Adds an event with a typed payload that another one caused, perhaps one of this outbox.
    pub fn stage_typed_with_causation<T: EventPayload>(
        &mut self,
        coordinate: Coordinate,
        payload: &T,
        causation: CausationRef,
    ) -> Result<&mut Self, StoreError> {
        self.stage_typed_with_options_and_causation(coordinate, payload, AppendOptions::default(), causation)
    }

    /// Adds an event with a typed payload and options that another one caused.
    pub fn stage_typed_with_options_and_causation<T: EventPayload>(
        &mut self,
        coordinate: Coordinate,
        payload: &T,
        options: AppendOptions,
        causation: CausationRef,
    ) -> Result<&mut Self, StoreError> {
        self.items.push(Item::typed(coordinate, payload, options, causation)?);
        Ok(self)
    }

    /// Adds an event that is prepared already.
    pub fn push_item(&mut self, item: BatchAppendItem) -> &mut Self {
        self.items.push(item.into_item());
        self
    }

    /// Appends everything that was added as one batch; the outbox is empty afterwards, also if that fails.
    ///
    /// # Errors
    /// Those of a batch. [`StoreError::VisibilityFenceActive`] for the outbox of a fence, which keeps its events: its receipts come
    /// when the fence is committed, and [`submit_flush`](Self::submit_flush) gives a ticket for them.
    pub fn flush(&mut self) -> Result<Vec<AppendReceipt>, StoreError> {
        if self.is_fenced {
            return Err(StoreError::VisibilityFenceActive);
        }
        self.half.writer.submit(Request::batch(std::mem::take(&mut self.items), &self.half.shared.config)?)
    }

    /// Submits everything that was added as one batch; the outbox is empty afterwards, also if that fails.
    pub fn submit_flush(&mut self) -> Result<BatchAppendTicket, StoreError> {
        let items = std::mem::take(&mut self.items);
        if self.is_fenced { self.half.hold_batch(items) } else { self.half.enqueue_batch(items) }
    }

    /// Number of events that were added since the last flush.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True if nothing was added since the last flush.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
