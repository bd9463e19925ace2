//! Owns [`Outcome`]: a result that can also say "again later", "waiting", "given up" and "several of these".
//!
//! Invariants:
//! - every combinator that takes a value distributes over [`Outcome::Batch`], however deeply batches are nested;
//! - [`Outcome::and_then`] is lawful: `ok` is its identity on both sides, and it is associative.

pub(crate) mod combine;
pub(crate) mod error;
#[cfg(test)]
mod laws;
pub(crate) mod wait;

use serde::{Deserialize, Serialize};

use crate::words::outcome::error::{ErrorKind, OutcomeError};
use crate::words::outcome::wait::WaitCondition;
use crate::words::wire::u128_bytes;

/// How an operation ended, or why it has not ended yet.
///
/// Encoded as `{"type": .., "data": ..}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
#[non_exhaustive]
pub enum Outcome<T> {
    /// It succeeded with a value.
    Ok(T),
    /// It failed.
    Err(OutcomeError),
    /// It may succeed when it is tried again.
    Retry {
        /// How long to wait before that, in milliseconds.
        after_ms: u64,
        /// Which attempt this was; the first is 1.
        attempt: u32,
        /// How many attempts there are in all.
        max_attempts: u32,
        /// Why this one did not succeed.
        reason: String,
    },
    /// It waits for something.
    Pending {
        /// What it waits for.
        condition: WaitCondition,
        /// Names this wait to whoever resumes it.
        #[serde(with = "u128_bytes")]
        resume_token: u128,
    },
    /// It was given up on purpose.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// Several operations ended, each in its own way.
    Batch(Vec<Outcome<T>>),
}

impl<T> Outcome<T> {
    /// Success with this value.
    pub fn ok(val: T) -> Self {
        Self::Ok(val)
    }

    /// Failure with this error.
    pub fn err(e: OutcomeError) -> Self {
        Self::Err(e)
    }

    /// Given up, for this reason.
    pub fn cancelled(reason: impl Into<String>) -> Self {
        Self::Cancelled { reason: reason.into() }
    }

    /// To be tried again after `after_ms` milliseconds; `attempt` counts from 1.
    pub fn retry(after_ms: u64, attempt: u32, max_attempts: u32, reason: impl Into<String>) -> Self {
        Self::Retry { after_ms, attempt, max_attempts, reason: reason.into() }
    }

    /// Waiting for `condition`.
    pub fn pending(condition: WaitCondition, resume_token: u128) -> Self {
        Self::Pending { condition, resume_token }
    }

    /// True for [`Outcome::Ok`].
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Ok(_))
    }

    /// True for [`Outcome::Err`].
    pub fn is_err(&self) -> bool {
        matches!(self, Self::Err(_))
    }

    /// True for [`Outcome::Retry`].
    pub fn is_retry(&self) -> bool {
        matches!(self, Self::Retry { .. })
    }

    /// True for [`Outcome::Pending`].
    pub fn is_pending(&self) -> bool {
        matches!(self, Self::Pending { .. })
    }

    /// True for [`Outcome::Cancelled`].
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled { .. })
    }

    /// True for [`Outcome::Batch`].
    pub fn is_batch(&self) -> bool {
        matches!(self, Self::Batch(_))
    }

    /// True if nothing more will come of it: `Ok`, `Err` or `Cancelled`.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Ok(_) | Self::Err(_) | Self::Cancelled { .. })
    }

    /// Changes the value.
    ///
    /// ```
    /// use causeway::outcome::Outcome;
    ///
    /// let both = Outcome::Batch(vec![Outcome::ok(1), Outcome::ok(2)]).map(|number| number * 10);
    /// assert_eq!(both, Outcome::Batch(vec![Outcome::ok(10), Outcome::ok(20)]));
    /// ```
    pub fn map<U, F: FnOnce(T) -> U + Clone>(self, f: F) -> Outcome<U> {
        self.and_then(|value| Outcome::Ok(f(value)))
    }

    /// Goes on with the value; every other outcome stays as it is.
    ///
    /// In a batch each value goes on by itself, and its outcome takes its place.
    pub fn and_then<U, F: FnOnce(T) -> Outcome<U> + Clone>(self, f: F) -> Outcome<U> {
        match self {
            Self::Ok(value) => f(value),
            Self::Err(error) => Outcome::Err(error),
            Self::Retry { after_ms, attempt, max_attempts, reason } => {
                Outcome::Retry { after_ms, attempt, max_attempts, reason }
            }
            Self::Pending { condition, resume_token } => Outcome::Pending { condition, resume_token },
            Self::Cancelled { reason } => Outcome::Cancelled { reason },
            Self::Batch(outcomes) => {
                Outcome::Batch(outcomes.into_iter().map(|outcome| outcome.and_then(f.clone())).collect())
            }
        }
    }

    /// Changes the error.
    #[must_use]
    pub fn map_err<F: FnOnce(OutcomeError) -> OutcomeError + Clone>(self, f: F) -> Self {
        self.or_else(|error| Self::Err(f(error)))
    }

    /// Goes on from the error; every other outcome stays as it is.
    #[must_use]
    pub fn or_else<F: FnOnce(OutcomeError) -> Outcome<T> + Clone>(self, f: F) -> Outcome<T> {
        match self {
            Self::Err(error) => f(error),
            Self::Batch(outcomes) => {
                Self::Batch(outcomes.into_iter().map(|outcome| outcome.or_else(f.clone())).collect())
            }
            other @ (Self::Ok(_) | Self::Retry { .. } | Self::Pending { .. } | Self::Cancelled { .. }) => {
                other
            }
        }
    }

    /// Looks at the value.
    #[must_use]
    pub fn inspect<F: FnOnce(&T) + Clone>(self, f: F) -> Self {
        self.map(|value| {
            f(&value);
            value
        })
    }

    /// Looks at the error.
    #[must_use]
    pub fn inspect_err<F: FnOnce(&OutcomeError) + Clone>(self, f: F) -> Self {
        self.map_err(|error| {
            f(&error);
            error
        })
    }

    /// Goes on with the value if `pred` holds of it.
    #[must_use]
    pub fn and_then_if<F: Fn(&T) -> bool + Clone, G: FnOnce(T) -> Outcome<T> + Clone>(
        self,
        pred: F,
        f: G,
    ) -> Outcome<T> {
        self.and_then(|value| if pred(&value) { f(value) } else { Self::Ok(value) })
    }

    /// The value, or an error that says why there is none.
    ///
    /// # Errors
    /// The error of [`Outcome::Err`] as it is. Whatever else is no value becomes an error of a kind of its own:
    /// [`ErrorKind::Timeout`] for `Retry`, [`ErrorKind::Pending`], [`ErrorKind::Cancelled`], and
    /// [`ErrorKind::BatchCollapse`] for a batch, whatever it holds.
    pub fn into_result(self) -> Result<T, OutcomeError> {
        let (kind, message) = match self {
            Self::Ok(value) => return Ok(value),
            Self::Err(error) => return Err(error),
            Self::Retry { after_ms, attempt, max_attempts, reason } => {
                let message =
                    format!("attempt {attempt} of {max_attempts}, again in {after_ms} ms: {reason}");
                (ErrorKind::Timeout, message)
            }
            Self::Pending { condition, .. } => (ErrorKind::Pending, format!("waits for {condition:?}")),
            Self::Cancelled { reason } => (ErrorKind::Cancelled, reason),
            Self::Batch(outcomes) => {
                (ErrorKind::BatchCollapse, format!("{} outcomes are not one result", outcomes.len()))
            }
        };
        Err(OutcomeError::new(kind, message))
    }

    /// The value, or `default`.
    pub fn unwrap_or(self, default: T) -> T {
        self.into_result().unwrap_or(default)
    }

    /// The value, or what `f` makes.
    pub fn unwrap_or_else<F: FnOnce() -> T>(self, f: F) -> T {
        self.into_result().unwrap_or_else(|_| f())
    }
}

impl<T> Outcome<Outcome<T>> {
    /// Takes one layer off.
    pub fn flatten(self) -> Outcome<T> {
        self.and_then(|inner| inner)
    }
}
