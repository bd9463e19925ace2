//! An embedded event store: one directory, one writer, any number of readers, no async runtime.
#![cfg_attr(any(test, fuzzing), allow(clippy::unwrap_used, clippy::print_stdout))]
// The fuzz targets use a part of what the other proofs use.
#![cfg_attr(all(fuzzing, not(test)), allow(dead_code, unused_imports))]

extern crate self as causeway;

mod batpak;
mod care;
mod commit;
mod derive;
mod disk;
mod memory;
#[cfg(any(test, fuzzing))]
mod proof;
mod read;
mod words;

pub use causeway_macros::{EventPayload, EventSourced, MultiEventReactor};

pub use crate::encoding as canonical;
pub use crate::event::{EventPayload, EventSourced, MultiReactive};

/// What the derives' code refers to.
#[doc(hidden)]
pub mod __private {
    pub use inventory;
    pub use serde::de::DeserializeOwned;
    pub use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub use crate::derive::fold::are_distinct;
    pub use crate::derive::reactive::with_payload;
    pub use crate::words::registry::RegisteredPayload;
    pub use crate::words::typestate::SealedState;
}

/// Entities, scopes, regions and positions.
pub mod coordinate {
    pub use crate::words::coordinate::{Coordinate, CoordinateError, MAX_COORDINATE_COMPONENT_LEN};
    pub use crate::words::position::DagPosition;
    pub use crate::words::region::{KindFilter, Region};
}

/// Events, kinds and payloads.
pub mod event {
    pub use crate::words::catalogue::{FieldDescription, KindDescription};
    pub use crate::words::event::{
        Event, EventHeader, HashChain, RawEvent, Removal, RemovalReason, StoredEvent,
    };
    pub use decode::{DecodeSource, DecodeTyped, StoredPayload, TypedDecodeError};
    pub use kind::{EventKind, EventKindError};
    pub use payload::{
        EventPayload, EventPayloadKindCollision, EventPayloadRegistryError, EventPayloadValidation,
        revalidate_event_payload_registry, validate_event_payload_registry,
    };
    pub use sourcing::{
        EventSourced, JsonValueInput, MultiDispatchError, MultiReactive, ProjectionEvent, ProjectionInput,
        ProjectionPayload, RawMsgpackInput, Reactive, ReplayLane, TypedReactive,
    };

    /// From an event to a typed payload.
    pub mod decode {
        pub use crate::words::decode::{DecodeSource, StoredPayload, TypedDecodeError};
        pub use crate::words::payload::DecodeTyped;
    }

    /// Type tags of payloads.
    pub mod kind {
        pub use crate::words::kind::{EventKind, EventKindError};
    }

    /// Typed payloads, and the check that no two claim one kind.
    pub mod payload {
        pub use crate::words::config::EventPayloadValidation;
        pub use crate::words::payload::EventPayload;
        pub use crate::words::registry::{
            EventPayloadKindCollision, EventPayloadRegistryError, revalidate_event_payload_registry,
            validate_event_payload_registry,
        };
    }

    /// Flags of an event header.
    pub mod header {
        pub use crate::words::event::{EventHeader, FLAG_REPLAY, FLAG_REQUIRES_ACK, FLAG_TRANSACTIONAL};
    }

    /// Folds of events into states, and answers to events.
    pub mod sourcing {
        pub use crate::derive::fold::{
            EventSourced, JsonValueInput, ProjectionEvent, ProjectionInput, ProjectionPayload,
            RawMsgpackInput, ReplayLane,
        };
        pub use crate::derive::reactive::{MultiDispatchError, MultiReactive, Reactive, TypedReactive};
    }

    /// Content hashes, and chains of them.
    pub mod hash {
        pub use crate::words::chain::{compute_hash, verify_chain};
        pub use crate::words::event::HashChain;
    }
}

/// Identifiers.
pub mod id {
    #[doc(hidden)]
    pub use crate::words::id::parse_id;
    pub use crate::words::id::{
        CausationId, CorrelationId, EntityIdType, EventId, IdempotencyKey, ParseIdError, generate_v7_id,
        generate_v7_id_with_clock,
    };
}

/// The payload encoding.
pub mod encoding {
    pub use crate::words::encoding::{
        DecodeError, MAX_DEPTH, MAX_NODES, from_bytes, to_bytes, to_json, to_json_head,
    };
}

/// Wire forms for `#[serde(with = "..")]`.
pub mod wire {
    pub use crate::words::wire::{option_u128_bytes, u128_bytes, vec_u128_bytes};
}

/// Results that can also say "again later", "waiting", "given up" and "several of these".
pub mod outcome {
    pub use crate::words::outcome::Outcome;
    pub use combine::{join_all, join_any, zip};
    pub use error::{ErrorKind, OutcomeError};
    pub use wait::{CompensationAction, WaitCondition};

    /// Several outcomes into one.
    pub mod combine {
        pub use crate::words::outcome::combine::{join_all, join_any, zip};
    }

    /// Why an operation failed.
    pub mod error {
        pub use crate::words::outcome::error::{ErrorKind, OutcomeError};
    }

    /// What is waited for, and what is to be undone.
    pub mod wait {
        pub use crate::words::outcome::wait::{CompensationAction, WaitCondition};
    }
}

/// Changes of state that the compiler knows.
pub mod typestate {
    pub use transition::{StateMarker, Transition};

    /// From one state to another.
    pub mod transition {
        pub use crate::words::typestate::{StateMarker, Transition};
    }
}

pub mod guard;

/// From a proposal past the gates to a commit.
pub mod pipeline {
    pub use crate::guard::pipeline::{CommitMetadata, Committed, Pipeline, Proposal};
    pub use bypass::{BypassAudit, BypassReason, BypassReceipt};

    /// Past the gates without being asked.
    pub mod bypass {
        pub use crate::guard::bypass::{BypassAudit, BypassReason, BypassReceipt};
    }
}

pub mod store;

/// What `tests/fuzz` runs.
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::proof::fuzz::{TARGETS, Target};
}

pub mod prelude;
