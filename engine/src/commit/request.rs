//! Owns what a caller asks to be committed, prepared as far as no lock is needed: encoded, hashed, checked against the limits.

use serde::Serialize;

use crate::commit::options::{AppendOptions, CausationRef};
use crate::words::catalogue::KindDescription;
use crate::words::chain::compute_hash;
use crate::words::config::StoreConfig;
use crate::words::coordinate::Coordinate;
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::event::{EncodedBytes, ExtensionKey, Extensions};
use crate::words::extension::{ReceiptExtensionKey, ReceiptExtensionNamespace, ReceiptExtensionValue};
use crate::words::id::{CausationId, CorrelationId, EventId, IdempotencyKey};
use crate::words::kind::EventKind;
use crate::words::payload::EventPayload;

/// Most extensions of one event.
const MAX_EXTENSIONS: usize = 1024;

/// One event of a batch.
///
/// Its options may expect something of its stream: items that come before it in the batch count. A gate among them is ignored.
#[derive(Clone, Debug)]
pub struct BatchAppendItem {
    item: Item,
}

impl BatchAppendItem {
    /// An event with any payload that serialises.
    pub fn new(
        coordinate: Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
        options: AppendOptions,
        causation: CausationRef,
    ) -> Result<Self, StoreError> {
        Ok(Self { item: Item::encoded(coordinate, kind, payload, options, causation)? })
    }

    /// An event with a typed payload.
    pub fn typed<T: EventPayload>(
        coordinate: Coordinate,
        payload: &T,
        options: AppendOptions,
        causation: CausationRef,
    ) -> Result<Self, StoreError> {
        Ok(Self { item: Item::typed(coordinate, payload, options, causation)? })
    }

    /// An event whose payload is encoded already.
    pub fn from_msgpack_bytes(
        coordinate: Coordinate,
        kind: EventKind,
        payload: Vec<u8>,
        options: AppendOptions,
        causation: CausationRef,
    ) -> Self {
        Self { item: Item::untyped(coordinate, kind, payload, options, causation) }
    }

    /// Entity and scope.
    pub fn coord(&self) -> &Coordinate {
        &self.item.coordinate
    }

    /// Type tag.
    pub fn kind(&self) -> EventKind {
        self.item.kind
    }

    /// The encoded payload.
    pub fn payload_bytes(&self) -> &[u8] {
        &self.item.payload
    }

    /// The options.
    pub fn options(&self) -> AppendOptions {
        self.item.options.clone()
    }

    /// What caused it.
    pub fn causation(&self) -> CausationRef {
        self.item.causation
    }

    /// Adds an extension, or replaces that with the same key.
    #[must_use]
    pub fn with_extension(mut self, key: ExtensionKey, bytes: impl Into<EncodedBytes>) -> Self {
        self.item.options = self.item.options.with_extension(key, bytes);
        self
    }

    /// Adds an extension of a typed namespace, or replaces that with the same key.
    #[must_use]
    pub fn with_receipt_extension<P: ReceiptExtensionNamespace>(
        mut self,
        key: ReceiptExtensionKey<P>,
        value: ReceiptExtensionValue<P>,
    ) -> Self {
        self.item.options = self.item.options.with_receipt_extension(key, value);
        self
    }

    /// Replaces all extensions.
    #[must_use]
    pub fn with_extensions(mut self, extensions: Extensions) -> Self {
        self.item.options = self.item.options.with_extensions(extensions);
        self
    }

    /// Makes it a member of a conversation, caused by an event unless it names a cause among the items.
    pub(crate) fn reacting(mut self, correlation: CorrelationId, causation: CausationId) -> Self {
        self.item.options.correlation_id = Some(correlation);
        if self.item.causation == CausationRef::None {
            self.item.causation = CausationRef::absolute_typed(causation);
        }
        self
    }

    /// Gives it this key in place of its own.
    pub(crate) fn keyed(mut self, key: IdempotencyKey) -> Self {
        self.item.options.idempotency_key = Some(key);
        self
    }

    pub(crate) fn into_item(self) -> Item {
        self.item
    }
}

/// One event that is to be committed.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) coordinate: Coordinate,
    pub(crate) kind: EventKind,
    pub(crate) payload: Vec<u8>,
    pub(crate) content_hash: [u8; 32],
    pub(crate) payload_version: u16,
    pub(crate) description: Option<KindDescription>,
    pub(crate) options: AppendOptions,
    pub(crate) causation: CausationRef,
    /// An event that another store committed before; keeps its id and time.
    pub(crate) origin: Option<Origin>,
}

/// What an imported event keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    pub(crate) event_id: EventId,
    pub(crate) timestamp_us: i64,
    pub(crate) payload_form: u8,
}

impl Item {
    pub(crate) fn untyped(
        coordinate: Coordinate,
        kind: EventKind,
        payload: Vec<u8>,
        options: AppendOptions,
        causation: CausationRef,
    ) -> Self {
        Self {
            coordinate,
            kind,
            content_hash: compute_hash(&payload),
            payload,
            payload_version: 0,
            description: None,
            options,
            causation,
            origin: None,
        }
    }

    /// With a payload that is to be encoded.
    pub(crate) fn encoded(
        coordinate: Coordinate,
        kind: EventKind,
        payload: &impl Serialize,
        options: AppendOptions,
        causation: CausationRef,
    ) -> Result<Self, StoreError> {
        Ok(Self::untyped(coordinate, kind, encoding::to_bytes(payload)?, options, causation))
    }

    pub(crate) fn typed<T: EventPayload>(
        coordinate: Coordinate,
        payload: &T,
        options: AppendOptions,
        causation: CausationRef,
    ) -> Result<Self, StoreError> {
        let mut item = Self::encoded(coordinate, T::KIND, payload, options, causation)?;
        item.payload_version = T::PAYLOAD_VERSION;
        item.description = T::description();
        Ok(item)
    }

    /// True if both say the same, options aside: then a key that both have tells of a repetition.
    pub(crate) fn is_same_event(&self, other: &Self) -> bool {
        self.coordinate.entity() == other.coordinate.entity()
            && self.kind == other.kind
            && self.content_hash == other.content_hash
    }

    /// Bytes of payload and extensions.
    pub(crate) fn size(&self) -> usize {
        let extensions = self.options.extensions.iter();
        self.payload.len() + extensions.map(|(key, value)| key.as_str().len() + value.len()).sum::<usize>()
    }

    /// What can be refused without looking at the store.
    fn check(&self, limit: usize) -> Result<(), StoreError> {
        if self.kind.is_reserved() {
            return Err(StoreError::ReservedKind { kind: self.kind });
        }
        self.check_size(limit)
    }

    /// The same, whoever the kind belongs to.
    fn check_size(&self, limit: usize) -> Result<(), StoreError> {
        self.coordinate.validate()?;
        let size = self.size();
        if size > limit {
            return Err(StoreError::Configuration(format!("the event has {size} bytes, more than {limit}")));
        }
        if self.options.extensions.len() > MAX_EXTENSIONS {
            return Err(StoreError::Configuration(format!("more than {MAX_EXTENSIONS} extensions")));
        }
        Ok(())
    }
}

/// Who asks, and so how an answer is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A caller, for one event.
    Single,
    /// A caller, for several: an error names the item.
    Batch,
    /// The store itself; no fence holds it up.
    Lifecycle,
    /// An import.
    Import,
}

/// Events that are committed together: all or none.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) items: Vec<Item>,
    /// Synced before anybody sees it.
    pub(crate) durable: bool,
    pub(crate) form: Form,
}

impl Request {
    /// One event.
    pub(crate) fn single(item: Item, config: &StoreConfig) -> Result<Self, StoreError> {
        item.check(config.single_append_max_bytes() as usize)?;
        Ok(Self::alone(item, config))
    }

    /// The trace of a denial: an event of the store's own that an application asks for.
    pub(crate) fn denial(item: Item, config: &StoreConfig) -> Result<Self, StoreError> {
        item.check_size(config.single_append_max_bytes() as usize)?;
        Ok(Self::alone(item, config))
    }

    fn alone(item: Item, config: &StoreConfig) -> Self {
        Self { items: vec![item], durable: config.sync().every_n_events <= 1, form: Form::Single }
    }

    /// The store's own event.
    pub(crate) fn lifecycle(item: Item) -> Self {
        Self { items: vec![item], durable: true, form: Form::Lifecycle }
    }

    /// Events that were committed elsewhere; nothing about them is refused for belonging to the store.
    pub(crate) fn imported(items: Vec<Item>) -> Self {
        Self { items, durable: false, form: Form::Import }
    }

    /// Several events. They are always synced before anybody sees them.
    pub(crate) fn batch(items: Vec<Item>, config: &StoreConfig) -> Result<Self, StoreError> {
        let (limits, single) = (config.batch(), config.single_append_max_bytes() as usize);
        let refused = |message: String| StoreError::BatchFailed {
            item_index: 0,
            source: Box::new(StoreError::Configuration(message)),
        };
        if items.len() > limits.max_size as usize {
            return Err(refused(format!("{} items, more than {}", items.len(), limits.max_size)));
        }
        let total: usize = items.iter().map(Item::size).sum();
        if total > limits.max_bytes as usize {
            return Err(refused(format!("{total} bytes, more than {}", limits.max_bytes)));
        }
        for (index, item) in items.iter().enumerate() {
            let size = item.size();
            if size > single {
                return Err(StoreError::BatchItemTooLarge { index, size, limit: single });
            }
            check_item(index, item, single)?;
        }
        check_keys(&items)?;
        Ok(Self { items, durable: true, form: Form::Batch })
    }
}

fn check_item(index: usize, item: &Item, limit: usize) -> Result<(), StoreError> {
    if let Err(error) = item.coordinate.validate() {
        return Err(StoreError::InvalidCoordinate { index: Some(index), reason: error.to_string() });
    }
    let checked = match item.causation {
        CausationRef::PriorItem(prior_idx) if prior_idx >= index => Err(StoreError::InvalidCausation {
            prior_idx,
            item_index: index,
            reason: "only an earlier item can be the cause".to_owned(),
        }),
        CausationRef::None | CausationRef::Absolute(_) | CausationRef::PriorItem(_) => item.check(limit),
    };
    checked.map_err(|source| StoreError::BatchFailed { item_index: index, source: Box::new(source) })
}

/// A batch has keys on all its items or on none, and none twice.
fn check_keys(items: &[Item]) -> Result<(), StoreError> {
    let mut keys: Vec<u128> =
        items.iter().filter_map(|item| item.options.idempotency_key).map(u128::from).collect();
    if !keys.is_empty() && keys.len() != items.len() {
        let reason = format!("{} of {} items have a key", keys.len(), items.len());
        return Err(StoreError::IdempotencyPartialBatch { reason });
    }
    keys.sort_unstable();
    match keys.windows(2).find(|pair| pair.first() == pair.last()).and_then(<[u128]>::first) {
        Some(key) => {
            Err(StoreError::Configuration(format!("idempotency key {key:032x} stands twice in the batch")))
        }
        None => Ok(()),
    }
}
