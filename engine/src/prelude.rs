//! The names that most programs need: `use causeway::prelude::*;`.

pub use crate::coordinate::{Coordinate, CoordinateError, KindFilter, Region};
pub use crate::event::{
    DecodeTyped, Event, EventHeader, EventKind, EventKindError, EventPayloadKindCollision,
    EventPayloadRegistryError, EventPayloadValidation, HashChain, JsonValueInput, ProjectionEvent,
    ProjectionInput, ProjectionPayload, RawMsgpackInput, ReplayLane, StoredEvent, TypedDecodeError,
    revalidate_event_payload_registry, validate_event_payload_registry,
};
pub use crate::id::EventId;
pub use crate::store::{
    AppendOptions, AppendReceipt, Closed, Freshness, Open, ReadOnly, ReceiptVerification,
    ReceiptVerificationError, Store, StoreConfig, StoreError, SyncMode,
};
pub use crate::{EventPayload, EventSourced};
