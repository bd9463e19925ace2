//! Owns checking receipts against the log: the event is there as the receipt says, and a known key signed that.
//!
//! Invariants:
//! - the log is not believed either: the hashes of the event are computed anew from what was read;
//! - where a frame lies is not compared: a receipt outlives compaction.

use crate::commit::claim::{ReceiptClaim, ReceiptVerification, ReceiptVerificationError};
use crate::memory::lineage::{Epoch, Lineage};
use crate::read::entry::LogEvent;
use crate::read::reader::Reader;
use crate::words::chain::compute_hash;
use crate::words::event::Extensions;
use crate::words::id::EventId;
use crate::words::kind::EventKind;

/// What a receipt says without its store, its epoch and its event hash: what batpak's users send over a wire.
#[derive(Debug)]
pub(crate) struct Acknowledgement {
    pub(crate) event_id: EventId,
    pub(crate) sequence: u64,
    pub(crate) content_hash: [u8; 32],
    pub(crate) key_id: [u8; 32],
    pub(crate) signature: Option<[u8; 64]>,
    pub(crate) extensions: Extensions,
}

/// Checks a claim against the log: first what it says of the event, then its signature.
pub(crate) fn verify_claim(reader: &Reader, claim: &ReceiptClaim) -> ReceiptVerification {
    verify(reader, claim, |event| compare(reader, event, claim))
}

/// Checks the claim of a denial: so must the event be.
pub(crate) fn verify_denial(reader: &Reader, claim: &ReceiptClaim) -> ReceiptVerification {
    verify(reader, claim, |event| match event.raw.header.event_kind {
        EventKind::SYSTEM_DENIAL | EventKind::TOMBSTONE => compare(reader, event, claim),
        _ => Err(ReceiptVerificationError::DenialKindMismatch),
    })
}

fn verify(
    reader: &Reader,
    claim: &ReceiptClaim,
    compare: impl Fn(&LogEvent) -> Result<(), ReceiptVerificationError>,
) -> ReceiptVerification {
    let lineage = reader.shared().lineage.lock().clone();
    let keys = reader.shared().config.keys().verifiers();
    if lineage.store_id() != Some(claim.store_id) {
        return invalid(ReceiptVerificationError::OtherStore { store_id: claim.store_id });
    }
    if claim.epoch > lineage.newest() {
        return invalid(ReceiptVerificationError::LaterEpoch { epoch: claim.epoch });
    }
    match find(reader, claim.event_id).and_then(|event| compare(&event)) {
        Ok(()) => claim.check_signature(keys),
        Err(error) => match lost(&lineage, claim) {
            // A receipt that is false besides is not excused by a recovery.
            Some(epoch) if claim.check_signature(keys).is_valid() => {
                invalid(ReceiptVerificationError::LostInRecovery { epoch: epoch.number })
            }
            Some(_) | None => invalid(error),
        },
    }
}

/// Checks an acknowledgement: what it lacks is taken from the log. It holds if it does so for one of the store's epochs.
pub(crate) fn verify_acknowledgement(reader: &Reader, said: Acknowledgement) -> ReceiptVerification {
    let lineage = reader.shared().lineage.lock().clone();
    let Some(store_id) = lineage.store_id() else {
        let reason = "the receipts of a batpak directory have a cover of batpak's own".to_owned();
        return invalid(ReceiptVerificationError::CoverBuildFailed { reason });
    };
    let event = match find(reader, said.event_id) {
        Ok(event) => event,
        Err(error) => return invalid(error),
    };
    let mut claim = ReceiptClaim {
        store_id,
        epoch: lineage.newest(),
        event_id: said.event_id,
        sequence: said.sequence,
        content_hash: said.content_hash,
        event_hash: event.raw.event_hash,
        extensions: said.extensions,
        key_id: said.key_id,
        signature: said.signature,
    };
    if let Err(error) = compare(reader, &event, &claim) {
        return invalid(error);
    }
    let keys = reader.shared().config.keys().verifiers();
    let verified = claim.check_signature(keys);
    while verified == invalid(ReceiptVerificationError::InvalidSignature) && claim.epoch > 1 {
        claim.epoch -= 1;
        if claim.check_signature(keys).is_valid() {
            return ReceiptVerification::Signed;
        }
    }
    verified
}

fn invalid(error: ReceiptVerificationError) -> ReceiptVerification {
    ReceiptVerification::Invalid(error)
}

/// The first epoch that began after the receipt was given, at or before its event: the recovery cut it.
fn lost(lineage: &Lineage, claim: &ReceiptClaim) -> Option<Epoch> {
    lineage.next_after(claim.epoch).filter(|epoch| epoch.first_sequence <= claim.sequence)
}

fn find(reader: &Reader, id: EventId) -> Result<LogEvent, ReceiptVerificationError> {
    match reader.find_kept_or_removed(id) {
        Ok(event) => event.ok_or(ReceiptVerificationError::MissingCommittedEvent),
        Err(error) => Err(ReceiptVerificationError::UnreadableEvent { reason: error.to_string() }),
    }
}

/// Says what of a claim is not so in the log. What compaction left of a removed event does not tell its extensions.
fn compare(reader: &Reader, event: &LogEvent, claim: &ReceiptClaim) -> Result<(), ReceiptVerificationError> {
    let raw = &event.raw;
    if raw.global_sequence != claim.sequence {
        return Err(ReceiptVerificationError::SequenceMismatch);
    }
    let is_removed = event.removed.is_some();
    let payload_fits =
        is_removed || raw.payload_form != 0 || compute_hash(&raw.payload) == raw.header.content_hash;
    if raw.header.content_hash != claim.content_hash || !payload_fits {
        return Err(ReceiptVerificationError::ContentHashMismatch);
    }
    if !is_removed && raw.extensions != claim.extensions {
        return Err(ReceiptVerificationError::ExtensionsMismatch);
    }
    let link_fits = is_removed || event.computed_hash() == raw.event_hash || !follows_readable(reader, event);
    if raw.event_hash != claim.event_hash || !link_fits {
        return Err(ReceiptVerificationError::EventHashMismatch);
    }
    Ok(())
}

/// True if the event before this one in its stream can be read, so that its hash is known.
fn follows_readable(reader: &Reader, event: &LogEvent) -> bool {
    let raw = &event.raw;
    let Some(before) = raw.header.position.sequence().checked_sub(1) else { return true };
    let newest = reader.shared().index.newest_of(raw.coordinate.entity(), raw.global_sequence);
    let previous = newest.ok().flatten().and_then(|newest| reader.header_at(newest.sequence).ok());
    previous.is_some_and(|previous| previous.position.sequence() == before)
}
