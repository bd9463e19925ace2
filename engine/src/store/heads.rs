//! The verbs of heads: taking them, proving by them, and checking the store against those that were kept elsewhere.

use std::ops::ControlFlow;

use crate::care::head::Head;
use crate::care::head_check::{self, HeadCheck};
use crate::care::log_tree;
use crate::store::Store;
use crate::store::state::StoreState;
use crate::words::error::StoreError;
use crate::words::format::Progress;
use crate::words::id::EventId;
use crate::words::merkle::{ConsistencyProof, InclusionProof};

impl<State: StoreState> Store<State> {
    /// The head of the log at this moment, signed if the store has a signing key: the Merkle root over every event that is on stable
    /// storage. Keep it where nobody who writes the store can change it; [`Store::check_heads`] compares it later.
    ///
    /// The first head that an open store is asked for reads all its events, each further one those that came since.
    ///
    /// # Errors
    /// The error of the first event that cannot be read: no head covers what is damaged. [`StoreError::HeadsUnsupported`] for a batpak
    /// directory.
    pub fn head(&self) -> Result<Head, StoreError> {
        log_tree::head(&self.reader, &mut self.tree.lock())
    }

    /// Proves that the event at `sequence` is among the first `size` of the log, to whoever holds a head of that size: with
    /// [`Head::verify_inclusion`], or by the rules of FORMAT.md, section 8.
    ///
    /// # Errors
    /// [`StoreError::NoSuchSequence`] if the event is not among so many, or the store has not so many.
    pub fn prove_inclusion(&self, sequence: u64, size: u64) -> Result<InclusionProof, StoreError> {
        log_tree::prove_inclusion(&self.reader, &mut self.tree.lock(), sequence, size)
    }

    /// [`Store::prove_inclusion`] of the event with this id, or of what compaction left of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if no event has the id, and those of [`Store::prove_inclusion`].
    pub fn prove_inclusion_of(&self, id: EventId, size: u64) -> Result<InclusionProof, StoreError> {
        let event = self.reader.find_kept_or_removed(id)?.ok_or(StoreError::NotFound(id.into()))?;
        self.prove_inclusion(event.raw.global_sequence, size)
    }

    /// Proves that the first `old_size` events of the log are what they were when a head of that size was taken, to whoever holds it and
    /// one of `new_size`: with [`Head::verify_consistency`], or by the rules of FORMAT.md, section 8.
    ///
    /// # Errors
    /// [`StoreError::NoSuchSequence`] if the store has not so many events, or the old size is the greater one.
    pub fn prove_consistency(&self, old_size: u64, new_size: u64) -> Result<ConsistencyProof, StoreError> {
        log_tree::prove_consistency(&self.reader, &mut self.tree.lock(), old_size, new_size)
    }

    /// Says how the log stands to a head that was kept elsewhere. [`Store::check_heads`] for several of them.
    ///
    /// # Errors
    /// Those of [`Store::check_heads`].
    pub fn check_head(&self, head: &Head) -> Result<HeadCheck, StoreError> {
        let mut checks =
            self.check_heads(std::slice::from_ref(head), &mut |_, _| ControlFlow::Continue(()))?;
        // There is one answer for the one head.
        Ok(checks.pop().unwrap_or(HeadCheck::Cancelled))
    }

    /// Says how the log stands to heads that were kept elsewhere, an answer for each in their order. Reads every event that they cover and
    /// computes each hash anew; tells events done and events in all, and `Break` ends it. Several heads tell better than one where history
    /// was rewritten.
    ///
    /// Without configured keys heads need no signature, and with keys they do.
    ///
    /// # Errors
    /// [`StoreError::HeadsUnsupported`] for a batpak directory.
    pub fn check_heads(&self, heads: &[Head], progress: Progress<'_>) -> Result<Vec<HeadCheck>, StoreError> {
        head_check::check_heads(&self.reader, heads, progress)
    }
}
