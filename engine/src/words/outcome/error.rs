//! Owns what [`Outcome::Err`](crate::words::outcome::Outcome::Err) says: a kind, a message, and what to undo.
//!
//! Invariant: whether trying again helps is a property of the kind and stands nowhere else.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::words::outcome::wait::CompensationAction;

/// What went wrong, by who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Something asked for does not exist.
    NotFound,
    /// Somebody else changed it first.
    Conflict,
    /// The input breaks a rule.
    Validation,
    /// A gate or a policy refused.
    PolicyRejection,
    /// It was given up on purpose.
    Cancelled,
    /// Storage failed.
    StorageError,
    /// It took too long.
    Timeout,
    /// It is not done yet.
    Pending,
    /// Something could not be encoded or decoded.
    Serialization,
    /// A defect of the program.
    Internal,
    /// Several outcomes were asked for one result.
    BatchCollapse,
    /// A kind of the application's own.
    Custom(u16),
}

impl ErrorKind {
    /// True if trying again may help: `StorageError` and `Timeout`.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::StorageError | Self::Timeout)
    }

    /// True if the request itself was at fault or taken back: `NotFound`, `Conflict`, `Validation`, `PolicyRejection` or
    /// `Cancelled`.
    pub fn is_domain(&self) -> bool {
        matches!(
            self,
            Self::NotFound | Self::Conflict | Self::Validation | Self::PolicyRejection | Self::Cancelled
        )
    }

    /// True if the machinery was at fault or is not done: `StorageError`, `Timeout`, `Pending`, `Serialization`, `Internal` or
    /// `BatchCollapse`. The application's own kinds are neither this nor [domain](ErrorKind::is_domain).
    pub fn is_operational(&self) -> bool {
        matches!(
            self,
            Self::StorageError
                | Self::Timeout
                | Self::Pending
                | Self::Serialization
                | Self::Internal
                | Self::BatchCollapse
        )
    }
}

/// Why an operation failed.
#[derive(Clone, Debug, PartialEq, Error, Serialize, Deserialize)]
#[error("[{kind:?}] {message}")]
pub struct OutcomeError {
    /// What went wrong.
    pub kind: ErrorKind,
    /// The same in words.
    pub message: String,
    /// What to do about what was done already.
    pub compensation: Option<CompensationAction>,
}

impl OutcomeError {
    /// An error with nothing to undo.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), compensation: None }
    }

    /// Says what to do about what was done already.
    #[must_use]
    pub fn with_compensation(self, action: CompensationAction) -> Self {
        Self { compensation: Some(action), ..self }
    }

    /// True if trying again may help; the kind decides.
    pub fn is_retryable(&self) -> bool {
        self.kind.is_retryable()
    }
}
