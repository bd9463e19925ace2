//! Owns the words that pass between the interface and the threads that check whether a store can be trusted. Plain data.

use std::ops::Range;
use std::sync::Arc;

use causeway::store::{Finding, VerifyLevel};

use crate::worker::protocol::{Failure, RequestId, VerifyView};

/// What the interface asks about the trust that the open store deserves.
#[allow(missing_docs, reason = "each variant says what its fields are")]
#[derive(Clone, Debug, PartialEq)]
pub enum TrustRequest {
    /// Check a part of the store, in place of what is being checked.
    Verify { id: RequestId, check: Check },
    /// Let the check rest, or go on with it.
    Pause(bool),
    /// End the check.
    Stop,
}

/// What is to be checked, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// How thoroughly.
    pub level: VerifyLevel,
    /// Which events.
    pub part: Part,
    /// Nobody asked for it: it takes half of the time at most, so that it disturbs nobody.
    pub by_itself: bool,
}

/// Which events are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The segments that hold these places of the commit order; all of them to `u64::MAX`.
    Places(Range<u64>),
    /// The stream of one entity.
    Stream(Arc<str>),
}

impl Part {
    /// The whole store.
    pub const WHOLE: Self = Self::Places(0..u64::MAX);
}

/// What the threads tell the interface.
#[allow(missing_docs, reason = "each variant says what its fields are")]
#[derive(Clone, Debug)]
pub enum TrustUpdate {
    /// How far a check has come.
    Verifying { id: RequestId, reached: Reached },
    /// A check ended.
    Verified { id: RequestId, report: Result<VerifyView, Failure> },
}

/// How far a check has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// How much was read, of `total`.
    pub done: u64,
    /// How much there is to read.
    pub total: u64,
    /// The places that were checked so far.
    pub checked: Range<u64>,
    /// What was found so far.
    pub findings: Arc<Vec<Finding>>,
}
