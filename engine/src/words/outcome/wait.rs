//! Owns what an outcome waits for, and what an error asks to be undone. The store keeps both as data and acts on neither.

use serde::{Deserialize, Serialize};

use crate::words::wire::{u128_bytes, vec_u128_bytes};

/// What a pending outcome waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WaitCondition {
    /// A moment.
    Timeout {
        /// That moment, in milliseconds since 1970.
        resume_at_ms: u64,
    },
    /// An event.
    Event {
        /// Its id.
        #[serde(with = "u128_bytes")]
        event_id: u128,
    },
    /// All of these.
    All(Vec<WaitCondition>),
    /// One of these.
    Any(Vec<WaitCondition>),
    /// Something that only the application understands.
    Custom {
        /// Which sort of thing.
        tag: u16,
        /// Its parameters.
        data: Vec<u8>,
    },
}

/// What to do about what was done before an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CompensationAction {
    /// Reverse the effects of events.
    Rollback {
        /// Their ids.
        #[serde(with = "vec_u128_bytes")]
        event_ids: Vec<u128>,
    },
    /// Tell somebody.
    Notify {
        /// Whom.
        #[serde(with = "u128_bytes")]
        target_id: u128,
        /// What.
        message: String,
    },
    /// Give resources back.
    Release {
        /// Their ids.
        #[serde(with = "vec_u128_bytes")]
        resource_ids: Vec<u128>,
    },
    /// Something that only the application understands.
    Custom {
        /// Which sort of thing.
        action_type: String,
        /// Its parameters.
        data: Vec<u8>,
    },
}
