//! The verbs that write. Each makes a request; one place commits it.

use serde::Serialize;

use crate::commit::options::AppendOptions;
use crate::commit::receipt::{AppendReceipt, DenialReceipt};
use crate::commit::request::{BatchAppendItem, Item, Request};
use crate::commit::ticket::only;
use crate::guard::denial::Denial;
use crate::guard::gate::GateSet;
use crate::store::submit::{typed, untyped};
use crate::store::{Open, Store};
use crate::words::coordinate::Coordinate;
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
    ///
    /// # Errors
    /// [`StoreError::SequenceMismatch`] or [`StoreError::StreamStateMismatch`] if the stream is not where the options expect it;
    /// [`StoreError::IdempotencyConflict`] if their key belongs to another event; [`StoreError::WaitTimeout`] if the event is committed
    /// and their gate was not passed.
    pub fn append_with_options(
        &self,
        coordinate: &Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
        options: AppendOptions,
    ) -> Result<AppendReceipt, StoreError> {
        self.commit_one(untyped(coordinate, kind, payload, options)?)
    }

    /// Appends an event with a typed payload and options.
    pub fn append_typed_with_options<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
        options: AppendOptions,
    ) -> Result<AppendReceipt, StoreError> {
        self.commit_one(typed(coordinate, payload, options)?)
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
        self.append_with_options(coordinate, kind, payload, AppendOptions::reaction(correlation, causation))
    }

    /// Appends a typed event that another one caused, in the same conversation.
    pub fn append_reaction_typed<T: EventPayload>(
        &self,
        coordinate: &Coordinate,
        payload: &T,
        correlation: CorrelationId,
        causation: CausationId,
    ) -> Result<AppendReceipt, StoreError> {
        self.append_typed_with_options(coordinate, payload, AppendOptions::reaction(correlation, causation))
    }

    /// Appends several events as one: all become visible at one instant, or none does. Returns when they are on stable storage.
    ///
    /// # Errors
    /// [`StoreError::BatchFailed`] names the item that was refused; [`StoreError::BatchSyncFailed`] if nothing became visible because
    /// the disk failed.
    pub fn append_batch(&self, items: Vec<BatchAppendItem>) -> Result<Vec<AppendReceipt>, StoreError> {
        self.append_batch_with_options(items, AppendOptions::default())
    }

    /// Appends several events as one. Of the options only the gate counts: it waits for the last event.
    ///
    /// # Errors
    /// Those of [`append_batch`](Self::append_batch); [`StoreError::WaitTimeout`] if the batch is committed and the gate was not passed.
    #[expect(clippy::needless_pass_by_value, reason = "the signature that users of batpak know")]
    pub fn append_batch_with_options(
        &self,
        items: Vec<BatchAppendItem>,
        options: AppendOptions,
    ) -> Result<Vec<AppendReceipt>, StoreError> {
        let items = items.into_iter().map(BatchAppendItem::into_item).collect();
        let receipts = self.half.writer.submit(Request::batch(items, &self.half.shared.config)?)?;
        if let (Some(gate), Some(last)) = (options.gate, receipts.last()) {
            self.half.writer.pass(gate, last.sequence)?;
        }
        Ok(receipts)
    }

    /// Appends several events as one, all in the same conversation. The cause of an item that names none is `causation`.
    pub fn append_reaction_batch(
        &self,
        correlation: CorrelationId,
        causation: CausationId,
        items: Vec<BatchAppendItem>,
    ) -> Result<Vec<AppendReceipt>, StoreError> {
        self.append_batch(items.into_iter().map(|item| item.reacting(correlation, causation)).collect())
    }

    /// What appending these items would be answered now, as one event or as a batch; nothing is written.
    ///
    /// Sequences, clocks and content hashes are those that the events would get; fresh ids, and so event hashes, are of this call
    /// only. The place on disk is not told, and nothing is signed or durable.
    ///
    /// ```
    /// # use causeway::{coordinate::Coordinate, event::EventKind};
    /// use causeway::store::{AppendOptions, BatchAppendItem, CausationRef, Store, StoreConfig, StreamState};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Store::open(StoreConfig::new(directory.path()))?;
    /// let (order, placed) = (Coordinate::new("order:42", "shop")?, EventKind::custom(1, 1));
    /// let first = AppendOptions::new().with_expected_state(StreamState::NoStream);
    /// let item = BatchAppendItem::new(order.clone(), placed, &"placed", first, CausationRef::None)?;
    /// assert!(store.dry_run(vec![item.clone()]).is_ok());
    /// assert_eq!(store.entity_generation("order:42"), None);
    /// store.append(&order, placed, &"placed by somebody else")?;
    /// assert!(store.dry_run(vec![item]).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn dry_run(&self, items: Vec<BatchAppendItem>) -> Result<Vec<AppendReceipt>, StoreError> {
        let mut items: Vec<Item> = items.into_iter().map(BatchAppendItem::into_item).collect();
        let config = &self.half.shared.config;
        let request = match (items.pop(), items.is_empty()) {
            (Some(only), true) => Request::single(only, config)?,
            (last, _) => {
                items.extend(last);
                Request::batch(items, config)?
            }
        };
        self.half.writer.rehearse(request)
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
        let item = untyped(coordinate, EventKind::SYSTEM_DENIAL, &trace, options)?;
        self.commit_alone(Request::denial(item, &self.half.shared.config)?).map(DenialReceipt::from)
    }

    fn commit_one(&self, item: Item) -> Result<AppendReceipt, StoreError> {
        self.commit_alone(Request::single(item, &self.half.shared.config)?)
    }

    fn commit_alone(&self, request: Request) -> Result<AppendReceipt, StoreError> {
        let gate = request.items.first().and_then(|item| item.options.gate);
        let receipt = only(self.half.writer.submit(request)?)?;
        if let Some(gate) = gate {
            self.half.writer.pass(gate, receipt.sequence)?;
        }
        Ok(receipt)
    }
}
