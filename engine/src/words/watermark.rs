//! Owns the words for how far a store has come, and for waiting until it has come further. Plain values.

use std::fmt;
use std::time::Duration;

use crate::words::position::HlcPoint;

/// How far something has come in the commit order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WatermarkKind {
    /// What is known to be on stable storage.
    Durable,
    /// What every projection that this process keeps has taken in.
    Applied,
    /// What may be read.
    Visible,
}

impl fmt::Display for WatermarkKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Durable => "durable",
            Self::Applied => "applied",
            Self::Visible => "visible",
        })
    }
}

/// What an append waits for after its commit.
///
/// The event is committed whether or not the watermark reaches it in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DurabilityGate {
    /// The watermark that must reach the event.
    pub kind: WatermarkKind,
    /// Longest time to wait.
    pub timeout: Duration,
}

/// Every watermark of a store at one moment: the last event that each has reached.
///
/// `durable` and `visible` are both behind `written`, and `applied` is behind `visible`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrontierView {
    /// The last event that has a place in the commit order. No place is given to what is not written.
    pub accepted_hlc: HlcPoint,
    /// The last event whose frame is written.
    pub written_hlc: HlcPoint,
    /// The last event that is known to be on stable storage.
    pub durable_hlc: HlcPoint,
    /// The last event that may be read.
    pub visible_hlc: HlcPoint,
    /// The last event that every projection which this process keeps has taken in; where there is none, the last one of the opening.
    pub applied_hlc: HlcPoint,
    /// The last event that subscribers are told of: what becomes visible is told in the same step.
    pub emitted_hlc: HlcPoint,
    /// Events that are visible and not durable; negative while a group that is durable already is about to be shown.
    pub visible_minus_durable_seq: i64,
    /// Age of the oldest event that is not durable, in milliseconds by the store's clock.
    pub oldest_pending_write_age_ms: Option<u64>,
}
