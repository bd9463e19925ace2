//! Owns the way from a proposal to a commit: evaluate, then commit by whatever the caller calls committing.
//!
//! Invariant: what is [`Committed`] was committed by a closure that told metadata which hold together, past gates or with an audit.

use crate::commit::receipt::AppendReceipt;
use crate::guard::bypass::{BypassAudit, BypassReason, BypassReceipt};
use crate::guard::denial::Denial;
use crate::guard::gate::GateSet;
use crate::guard::receipt::Receipt;
use crate::words::error::StoreError;

/// What is to be committed if the gates permit it.
#[derive(Debug)]
pub struct Proposal<T>(T);

impl<T> Proposal<T> {
    /// Proposes a payload.
    pub fn new(payload: T) -> Self {
        Self(payload)
    }

    /// The payload.
    pub fn payload(&self) -> &T {
        &self.0
    }

    /// Proposes something else instead.
    pub fn map<U, F: FnOnce(T) -> U>(self, f: F) -> Proposal<U> {
        Proposal(f(self.0))
    }

    pub(super) fn into_payload(self) -> T {
        self.0
    }
}

/// Where and as what something was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommitMetadata {
    event_id: u128,
    sequence: u64,
    hash: [u8; 32],
    is_genesis: bool,
}

impl CommitMetadata {
    /// Event id, place in the commit order and content hash.
    ///
    /// # Errors
    /// Those of [`CommitMetadata::validate`].
    pub fn new(event_id: u128, sequence: u64, hash: [u8; 32]) -> Result<Self, StoreError> {
        let metadata = Self { event_id, sequence, hash, is_genesis: false };
        metadata.validate()?;
        Ok(metadata)
    }

    /// The beginning of something, at sequence 0. An ordinary event at sequence 0 is no genesis.
    pub const fn genesis(event_id: u128, hash: [u8; 32]) -> Self {
        Self { event_id, sequence: 0, hash, is_genesis: true }
    }

    /// What a store answered to an append.
    ///
    /// # Errors
    /// Those of [`CommitMetadata::validate`].
    pub fn from_append_receipt(receipt: &AppendReceipt) -> Result<Self, StoreError> {
        Self::new(receipt.event_id.into(), receipt.sequence, receipt.content_hash)
    }

    /// Checks that the parts hold together.
    ///
    /// # Errors
    /// [`StoreError::InvalidCommitMetadata`] for a genesis at another sequence than 0.
    pub fn validate(&self) -> Result<(), StoreError> {
        if self.is_genesis && self.sequence != 0 {
            let reason = format!("a genesis cannot have sequence {}", self.sequence);
            return Err(StoreError::InvalidCommitMetadata { reason });
        }
        Ok(())
    }

    /// Names the event.
    pub const fn event_id(self) -> u128 {
        self.event_id
    }

    /// Its place in the commit order.
    pub const fn sequence(self) -> u64 {
        self.sequence
    }

    /// Its content hash.
    pub const fn hash(self) -> [u8; 32] {
        self.hash
    }

    /// True for a beginning.
    pub const fn is_genesis(self) -> bool {
        self.is_genesis
    }
}

/// A payload and what its commit told.
///
/// It is as good as the closure that committed: one that makes metadata up makes this up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed<T> {
    payload: T,
    metadata: CommitMetadata,
    bypass_audit: Option<BypassAudit>,
}

impl<T> Committed<T> {
    /// Commits a payload, and believes only metadata that hold together.
    fn by<E: From<StoreError>>(
        payload: T,
        bypass_audit: Option<BypassAudit>,
        commit_fn: impl FnOnce(&T) -> Result<CommitMetadata, E>,
    ) -> Result<Self, E> {
        let metadata = commit_fn(&payload)?;
        metadata.validate()?;
        Ok(Self { payload, metadata, bypass_audit })
    }

    /// The payload.
    pub fn payload(&self) -> &T {
        &self.payload
    }

    /// Names its event.
    pub fn event_id(&self) -> u128 {
        self.metadata.event_id
    }

    /// Its place in the commit order.
    pub fn sequence(&self) -> u64 {
        self.metadata.sequence
    }

    /// Its content hash.
    pub fn hash(&self) -> &[u8; 32] {
        &self.metadata.hash
    }

    /// Why it went past the gates; nothing if it passed them.
    pub fn bypass_audit(&self) -> Option<&BypassAudit> {
        self.bypass_audit.as_ref()
    }

    /// The payload alone.
    pub fn into_payload(self) -> T {
        self.payload
    }

    /// All of it.
    pub fn into_parts(self) -> (T, CommitMetadata, Option<BypassAudit>) {
        (self.payload, self.metadata, self.bypass_audit)
    }
}

/// Gates before a commit. What committing means says the caller; usually it appends to a store.
///
/// ```
/// use causeway::coordinate::Coordinate;
/// use causeway::event::EventKind;
/// use causeway::guard::GateSet;
/// use causeway::pipeline::{CommitMetadata, Committed, Pipeline, Proposal};
/// use causeway::store::{Store, StoreConfig, StoreError};
///
/// let directory = tempfile::tempdir()?;
/// let store = Store::open(StoreConfig::new(directory.path()))?;
/// let order = Coordinate::new("order:42", "shop")?;
///
/// let pipeline = Pipeline::new(GateSet::<u64>::new());
/// let receipt = pipeline.evaluate(&500, Proposal::new("buy"))?;
/// let committed: Committed<&str> = pipeline.commit(receipt, |payload| {
///     let receipt = store.append(&order, EventKind::DATA, payload)?;
///     CommitMetadata::from_append_receipt(&receipt)
/// })?;
/// assert_eq!(committed.sequence(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Pipeline<Ctx> {
    gates: GateSet<Ctx>,
}

impl<Ctx> Pipeline<Ctx> {
    /// A pipeline with these gates.
    pub fn new(gates: GateSet<Ctx>) -> Self {
        Self { gates }
    }

    /// Asks gate after gate until one refuses.
    ///
    /// # Errors
    /// The first refusal.
    pub fn evaluate<T>(&self, ctx: &Ctx, proposal: Proposal<T>) -> Result<Receipt<T>, Denial> {
        self.gates.evaluate(ctx, proposal)
    }

    /// Commits what passed the gates.
    ///
    /// # Errors
    /// What `commit_fn` says, and [`StoreError::InvalidCommitMetadata`] if it tells metadata that do not hold together.
    pub fn commit<T, E>(
        &self,
        receipt: Receipt<T>,
        commit_fn: impl FnOnce(&T) -> Result<CommitMetadata, E>,
    ) -> Result<Committed<T>, E>
    where
        E: From<StoreError>,
    {
        let (payload, _) = receipt.into_parts();
        Committed::by(payload, None, commit_fn)
    }

    /// Goes past the gates, for a reason that stays visible.
    pub fn bypass<T>(proposal: Proposal<T>, reason: &'static dyn BypassReason) -> BypassReceipt<T> {
        BypassReceipt::new(proposal.into_payload(), reason)
    }

    /// Commits what went past the gates; the reason goes with it.
    ///
    /// # Errors
    /// Those of [`Pipeline::commit`].
    pub fn commit_bypass<T, E>(
        receipt: BypassReceipt<T>,
        commit_fn: impl FnOnce(&T) -> Result<CommitMetadata, E>,
    ) -> Result<Committed<T>, E>
    where
        E: From<StoreError>,
    {
        let (payload, audit) = receipt.into_audited();
        Committed::by(payload, Some(audit), commit_fn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_of_a_genesis_in_the_middle_of_a_log_are_not_believed() {
        let odd = CommitMetadata { sequence: 7, ..CommitMetadata::genesis(1, [1; 32]) };
        let pipeline = Pipeline::new(GateSet::<()>::new());
        let receipt = pipeline.evaluate(&(), Proposal::new("x")).unwrap();
        let committed: Result<Committed<&str>, StoreError> = pipeline.commit(receipt, |_| Ok(odd));
        assert!(matches!(committed, Err(StoreError::InvalidCommitMetadata { .. })));
    }
}
