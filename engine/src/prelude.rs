//! The names that most programs need: `use causeway::prelude::*;`.

pub use crate::coordinate::{Coordinate, CoordinateError, KindFilter, Region};
pub use crate::event::{
    DecodeTyped, Event, EventHeader, EventKind, EventKindError, EventPayload, HashChain, StoredEvent,
    TypedDecodeError,
};
pub use crate::id::EventId;
pub use crate::store::{
    AppendOptions, AppendReceipt, Closed, Open, ReadOnly, Store, StoreConfig, StoreError, SyncMode,
};
