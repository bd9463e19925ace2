//! The verbs that write. Each makes a request; one place commits it.

use serde::Serialize;

use crate::commit::receipt::AppendReceipt;
use crate::commit::request::{AppendOptions, BatchAppendItem, CausationRef, Item, Request};
use crate::store::{Open, Store};
use crate::words::coordinate::Coordinate;
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::id::{CausationId, CorrelationId};
use crate::words::kind::EventKind;
use crate::words::payload::EventPayload;

impl Store<Open> {
    /// Appends an event and returns when it is visible.
    pub fn append(
        &self,
        coordinate: &Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
    ) -> Result<AppendReceipt, StoreError> {
        self.append_with_options(coordinate, kind, payload, AppendOptions::default())
    }

    /// Appends an event with a typed payload.
    pub fn append_typed<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
    ) -> Result<AppendReceipt, StoreError> {
        self.append_typed_with_options(coordinate, payload, AppendOptions::default())
    }

    /// Appends an event with options.
    pub fn append_with_options(
        &self,
        coordinate: &Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
        options: AppendOptions,
    ) -> Result<AppendReceipt, StoreError> {
        let bytes = encoding::to_bytes(payload)?;
        self.commit_one(Item::untyped(coordinate.clone(), kind, bytes, options, CausationRef::None))
    }

    /// Appends an event with a typed payload and options.
    pub fn append_typed_with_options<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
        options: AppendOptions,
    ) -> Result<AppendReceipt, StoreError> {
        self.commit_one(Item::typed(coordinate.clone(), payload, options, CausationRef::None)?)
    }

    /// Appends an event that another one caused, in the same conversation.
    pub fn append_reaction(
        &self,
        coordinate: &Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
        correlation: CorrelationId,
        causation: CausationId,
    ) -> Result<AppendReceipt, StoreError> {
        let options = AppendOptions::new().with_correlation(correlation).with_causation(causation);
        self.append_with_options(coordinate, kind, payload, options)
    }

    /// Appends a typed event that another one caused, in the same conversation.
    pub fn append_reaction_typed<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
        correlation: CorrelationId,
        causation: CausationId,
    ) -> Result<AppendReceipt, StoreError> {
        let options = AppendOptions::new().with_correlation(correlation).with_causation(causation);
        self.append_typed_with_options(coordinate, payload, options)
    }

    /// Appends several events as one: all become visible at one instant, or none does. Returns when they are on stable storage.
    pub fn append_batch(&self, items: Vec<BatchAppendItem>) -> Result<Vec<AppendReceipt>, StoreError> {
        let items = items.into_iter().map(BatchAppendItem::into_item).collect();
        self.half.writer.submit(Request::batch(items, &self.half.shared.config)?)
    }

    /// Returns when everything that was appended before is on stable storage.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.half.writer.sync()
    }

    fn commit_one(&self, item: Item) -> Result<AppendReceipt, StoreError> {
        let receipts = self.half.writer.submit(Request::single(item, &self.half.shared.config)?)?;
        receipts.into_iter().next().ok_or(StoreError::WriterCrashed)
    }
}
