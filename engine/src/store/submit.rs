//! The verbs that submit: what they append is committed soon, and a ticket tells how that went.

use serde::Serialize;

use crate::commit::background::Background;
use crate::commit::options::{AppendOptions, CausationRef};
use crate::commit::request::{BatchAppendItem, Item, Request};
use crate::commit::ticket::{AppendTicket, BatchAppendTicket};
use crate::commit::writer::WriterPressure;
use crate::store::state::WritingHalf;
use crate::store::{Open, Store};
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::id::{CausationId, CorrelationId};
use crate::words::kind::EventKind;
use crate::words::outcome::Outcome;
use crate::words::payload::EventPayload;

/// When to try again what was declined, in milliseconds.
const RETRY_AFTER_MS: u64 = 10;

impl Store<Open> {
    /// Submits an event and returns at once; the ticket waits for the receipt.
    ///
    /// Events are committed in the order in which they are submitted and appended. If too many wait, this commits them first.
    ///
    /// ```
    /// # use causeway::{coordinate::Coordinate, event::EventKind};
    /// use causeway::store::{Store, StoreConfig, StoreError};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Store::open(StoreConfig::new(directory.path()))?;
    /// let order = Coordinate::new("order:42", "shop")?;
    /// let tickets: Vec<_> =
    ///     (0..3).map(|n| store.submit(&order, EventKind::custom(1, 1), &n)).collect::<Result<_, StoreError>>()?;
    /// for (ticket, sequence) in tickets.into_iter().zip(1..) {
    ///     assert_eq!(ticket.wait()?.sequence, sequence);
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// What can be told without looking at the log, [`StoreError::VisibilityFenceActive`] included; the ticket tells the rest.
    pub fn submit(
        &self,
        coordinate: &Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
    ) -> Result<AppendTicket, StoreError> {
        self.half.enqueue(untyped(coordinate, kind, payload, AppendOptions::default())?)
    }

    /// Submits an event with a typed payload.
    pub fn submit_typed<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
    ) -> Result<AppendTicket, StoreError> {
        self.half.enqueue(typed(coordinate, payload, AppendOptions::default())?)
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
        let options = AppendOptions::reaction(correlation, causation);
        self.half.enqueue(untyped(coordinate, kind, payload, options)?)
    }

    /// Submits a typed event that another one caused, in the same conversation.
    pub fn submit_reaction_typed<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
        correlation: CorrelationId,
        causation: CausationId,
    ) -> Result<AppendTicket, StoreError> {
        self.half.enqueue(typed(coordinate, payload, AppendOptions::reaction(correlation, causation))?)
    }

    /// Submits several events that are committed as one.
    pub fn submit_batch(&self, items: Vec<BatchAppendItem>) -> Result<BatchAppendTicket, StoreError> {
        self.half.enqueue_batch(items.into_iter().map(BatchAppendItem::into_item).collect())
    }

    /// Submits an event, unless too many wait already or a visibility fence is open.
    ///
    /// Too many are
    /// [`writer_pressure_retry_threshold_pct`](crate::store::StoreConfig::with_writer_pressure_retry_threshold_pct) percent of the
    /// queue: then the outcome is [`Outcome::Retry`]. While a fence is open it is [`Outcome::Cancelled`].
    pub fn try_submit(
        &self,
        coordinate: &Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
    ) -> Result<Outcome<AppendTicket>, StoreError> {
        self.unless_pressed(|| self.submit(coordinate, kind, payload))
    }

    /// Submits an event with a typed payload, unless too many wait already or a visibility fence is open.
    pub fn try_submit_typed<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
    ) -> Result<Outcome<AppendTicket>, StoreError> {
        self.unless_pressed(|| self.submit_typed(coordinate, payload))
    }

    /// Submits an event that another one caused, unless too many wait already or a visibility fence is open.
    pub fn try_submit_reaction(
        &self,
        coordinate: &Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
        correlation: CorrelationId,
        causation: CausationId,
    ) -> Result<Outcome<AppendTicket>, StoreError> {
        self.unless_pressed(|| self.submit_reaction(coordinate, kind, payload, correlation, causation))
    }

    /// Submits a typed event that another one caused, unless too many wait already or a visibility fence is open.
    pub fn try_submit_reaction_typed<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
        correlation: CorrelationId,
        causation: CausationId,
    ) -> Result<Outcome<AppendTicket>, StoreError> {
        self.unless_pressed(|| self.submit_reaction_typed(coordinate, payload, correlation, causation))
    }

    /// Submits several events that are committed as one, unless too many wait already or a visibility fence is open.
    pub fn try_submit_batch(
        &self,
        items: Vec<BatchAppendItem>,
    ) -> Result<Outcome<BatchAppendTicket>, StoreError> {
        self.unless_pressed(|| self.submit_batch(items))
    }

    /// How many appends wait to be committed.
    pub fn writer_pressure(&self) -> WriterPressure {
        self.half.writer.pressure()
    }

    fn unless_pressed<T>(
        &self,
        submit: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<Outcome<T>, StoreError> {
        let fenced =
            || Outcome::cancelled("a visibility fence is open: only what is submitted to it is taken");
        if self.half.writer.has_fence() {
            return Ok(fenced());
        }
        let WriterPressure { queue_len, capacity } = self.writer_pressure();
        let threshold_pct = usize::from(self.half.shared.config.writer().pressure_retry_threshold_pct);
        if queue_len.saturating_mul(100) >= capacity.saturating_mul(threshold_pct) {
            let reason = format!("{queue_len} of {capacity} places in the queue are taken");
            return Ok(Outcome::retry(RETRY_AFTER_MS, 1, 1, reason));
        }
        match submit() {
            Err(StoreError::VisibilityFenceActive) => Ok(fenced()),
            submitted => submitted.map(Outcome::Ok),
        }
    }
}

impl WritingHalf {
    /// Queues an event whose answer comes later.
    fn enqueue(&self, item: Item) -> Result<AppendTicket, StoreError> {
        let request = Request::single(item, &self.shared.config)?;
        let (ticket, reply) = AppendTicket::issue(&self.writer);
        self.commit_in_background()?;
        self.writer.enqueue(request, reply)?;
        Ok(ticket)
    }

    /// Queues a batch whose answer comes later.
    pub(super) fn enqueue_batch(&self, items: Vec<Item>) -> Result<BatchAppendTicket, StoreError> {
        let request = Request::batch(items, &self.shared.config)?;
        let (ticket, reply) = BatchAppendTicket::issue(&self.writer);
        self.commit_in_background()?;
        self.writer.enqueue(request, reply)?;
        Ok(ticket)
    }

    fn commit_in_background(&self) -> Result<(), StoreError> {
        let mut committing = self.committing.lock();
        if committing.is_none() {
            *committing = Some(Background::committing(&self.writer)?);
        }
        Ok(())
    }
}

/// A single event that is to be submitted.
pub(super) fn untyped(
    coordinate: &Coordinate,
    kind: EventKind,
    payload: &impl Serialize,
    options: AppendOptions,
) -> Result<Item, StoreError> {
    Item::encoded(coordinate.clone(), kind, payload, options, CausationRef::None)
}

/// A single event with a typed payload that is to be submitted.
pub(super) fn typed<T: EventPayload>(
    coordinate: &Coordinate,
    payload: &T,
    options: AppendOptions,
) -> Result<Item, StoreError> {
    Item::typed(coordinate.clone(), payload, options, CausationRef::None)
}
