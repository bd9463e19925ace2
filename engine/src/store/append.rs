//! The verbs that write. Each makes a request; one place commits it.

use serde::Serialize;

use crate::commit::receipt::{AppendReceipt, DenialReceipt};
use crate::commit::request::{AppendOptions, BatchAppendItem, CausationRef, Item, Request};
use crate::guard::denial::Denial;
use crate::guard::gate::GateSet;
use crate::store::{Open, Store};
use crate::words::coordinate::Coordinate;
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::id::{CausationId, CorrelationId};
use crate::words::kind::EventKind;
use crate::words::payload::EventPayload;
use crate::words::typestate::{StateMarker, Transition};

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

    /// Appends what a state change says.
    pub fn apply_transition<From: StateMarker, To: StateMarker, P: EventPayload>(
        &self,
        coordinate: &Coordinate,
        transition: Transition<From, To, P>,
    ) -> Result<AppendReceipt, StoreError> {
        self.append_typed(coordinate, &transition.into_payload())
    }

    /// Appends the trace of a denial to the stream of the entity that the proposal was for, as an event of kind
    /// [`EventKind::SYSTEM_DENIAL`] with a [`DenialPayload`](crate::guard::DenialPayload).
    ///
    /// `gate_set` and `failing` are those of the evaluation; the options count as for every append.
    #[expect(clippy::too_many_arguments, reason = "the signature that users of batpak know")]
    pub fn append_denial<Ctx>(
        &self,
        coordinate: &Coordinate,
        proposed_kind: EventKind,
        gate_set: &GateSet<Ctx>,
        failing: &Denial,
        proposed_content_hash: Option<[u8; 32]>,
        pipeline_id: Option<String>,
        options: AppendOptions,
    ) -> Result<DenialReceipt, StoreError> {
        let trace = gate_set.trace_denial(failing, proposed_kind, proposed_content_hash, pipeline_id);
        let bytes = encoding::to_bytes(&trace)?;
        let (coordinate, kind) = (coordinate.clone(), EventKind::SYSTEM_DENIAL);
        let item = Item::untyped(coordinate, kind, bytes, options, CausationRef::None);
        self.commit_alone(Request::denial(item, &self.half.shared.config)?).map(DenialReceipt::from)
    }

    fn commit_one(&self, item: Item) -> Result<AppendReceipt, StoreError> {
        self.commit_alone(Request::single(item, &self.half.shared.config)?)
    }

    fn commit_alone(&self, request: Request) -> Result<AppendReceipt, StoreError> {
        self.half.writer.submit(request)?.into_iter().next().ok_or(StoreError::WriterCrashed)
    }
}
