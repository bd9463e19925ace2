//! Owns checking a log against heads that were kept elsewhere: level V4, the only one that finds what a patient forger did.
//!
//! Invariants:
//! - nothing of the log is believed: each event is read from its frame and hashed anew, and no index is asked for a hash;
//! - a log holds to a head only if all that the head covers was read.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::care::head::{Head, HeadSignatureError};
use crate::disk::segment::StoreId;
use crate::memory::lineage::Lineage;
use crate::memory::selection::Selection;
use crate::read::entry::LogEvent;
use crate::read::reader::Reader;
use crate::words::chain::compute_hash;
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};
use crate::words::format::Progress;
use crate::words::merkle::MerkleTree;
use crate::words::signing::VerifyingKey;

/// Events between two calls of the progress function.
const PROGRESS_EVERY: u64 = 4096;

/// How a log stands to a head that was kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadCheck {
    /// The log begins with exactly what the head covers.
    Continues {
        /// A known key signed the head; without configured keys it needs no signature.
        signed: bool,
    },
    /// The log is older than the head: it was cut, or an older copy was put in its place.
    RolledBack {
        /// Number of events that the log has.
        end: u64,
        /// The epoch to which the log has come.
        epoch: u64,
    },
    /// The log is another than the one that the head covers: an event in this range is not what it was.
    Rewritten {
        /// From the end of the greatest other head that fits, or where a hash does not fit its event, to the end of this head.
        between: Range<u64>,
    },
    /// An event that the head covers cannot be read, so that nothing is shown.
    Unreadable {
        /// Its place in the commit order.
        sequence: u64,
    },
    /// The check was ended before it came to the end of what the head covers.
    Cancelled,
    /// The head is that of another store, and this one does not name it as a parent.
    OtherStore {
        /// The store of the head.
        store_id: StoreId,
    },
    /// The log is a fork of the head's store: another store, which goes on by itself. What both share fits the head, where the head covers
    /// no more than that.
    Fork {
        /// Number of events that both share, as the fork says.
        shared: u64,
    },
    /// Nobody is known to vouch for the head, so that nothing was compared.
    NotVouchedFor(HeadSignatureError),
}

impl HeadCheck {
    /// True if the log holds to the head.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Continues { .. })
    }

    /// What is wrong, said of a head that covers `size` events; `None` if the log holds to it.
    pub fn finding(&self, size: u64) -> Option<Finding> {
        let finding = |message: String| Finding::new(FindingClass::Head, message);
        Some(match self {
            Self::Continues { .. } => return None,
            Self::RolledBack { end, epoch } if *end < size => finding(format!(
                "the log has {end} events in epoch {epoch}, and the head covers {size}: it was cut, or is an older copy"
            ))
            .of_event(*end),
            Self::RolledBack { epoch, .. } => finding(format!(
                "the log has come to epoch {epoch} only, and the head is of a later one: it is an older copy"
            )),
            Self::Rewritten { between } => finding(format!(
                "history was rewritten: an event from here to #{} is not the one that the head covers",
                between.end.saturating_sub(1)
            ))
            .of_event(between.start),
            Self::Unreadable { sequence } => {
                finding("the event cannot be read, so that the head cannot be compared".to_owned())
                    .of_event(*sequence)
            }
            Self::Cancelled => finding("the check was ended before it came to the head's end".to_owned()),
            Self::OtherStore { store_id } => finding(format!("the head is that of another store, {store_id}")),
            Self::Fork { shared } => finding(format!(
                "the log is a fork of the head's store: another store, which shares its first {shared} events"
            )),
            Self::NotVouchedFor(error) => finding(error.to_string()),
        })
    }
}

/// Checks a log against heads, in one pass over what they cover. The answers have the order of the heads.
pub(crate) fn check_heads(
    reader: &Reader,
    heads: &[Head],
    progress: Progress<'_>,
) -> Result<Vec<HeadCheck>, StoreError> {
    let log = LogIdentity::of(reader)?;
    let checked: Vec<_> = heads.iter().map(|head| (head, log.check(head))).collect();
    let comparable = checked.iter().filter(|(_, check)| check.is_none()).map(|(head, _)| *head);
    let sizes: BTreeSet<u64> = comparable.clone().map(|head| head.size).collect();
    let pass = Pass::over(reader, &sizes, progress)?;
    let fitting: BTreeSet<u64> = comparable.filter(|head| pass.fits(head)).map(|head| head.size).collect();
    let checks = checked.into_iter().map(|(head, check)| {
        check.or_else(|| pass.check(head, &fitting)).unwrap_or_else(|| log.holding(head))
    });
    Ok(checks.collect())
}

/// What a log says of itself before any event of it is read.
struct LogIdentity<'a> {
    lineage: Lineage,
    store_id: StoreId,
    end: u64,
    keys: &'a [VerifyingKey],
}

impl<'a> LogIdentity<'a> {
    fn of(reader: &'a Reader) -> Result<Self, StoreError> {
        let lineage = reader.shared().lineage.lock().clone();
        let store_id = lineage.store_id().ok_or(StoreError::HeadsUnsupported)?;
        let keys = reader.shared().config.keys().verifiers();
        Ok(Self { lineage, store_id, end: reader.visible(), keys })
    }

    /// Why a head need not be compared with the events; `None` if it must be.
    fn check(&self, head: &Head) -> Option<HeadCheck> {
        if (head.signature.is_some() || !self.keys.is_empty())
            && let Err(error) = head.verify(self.keys)
        {
            return Some(HeadCheck::NotVouchedFor(error));
        }
        let mut epoch = head.epoch;
        if head.store_id != self.store_id {
            match self.lineage.forked_from(head.store_id) {
                None => return Some(HeadCheck::OtherStore { store_id: head.store_id }),
                Some(parent) if head.size > parent.size => {
                    return Some(HeadCheck::Fork { shared: parent.size });
                }
                // The epochs of a fork are its own.
                Some(_) => epoch = 0,
            }
        }
        let newest = self.lineage.newest();
        let is_older = head.size > self.end || epoch > newest;
        is_older.then_some(HeadCheck::RolledBack { end: self.end, epoch: newest })
    }

    /// The answer for a head that fits the events.
    fn holding(&self, head: &Head) -> HeadCheck {
        match self.lineage.forked_from(head.store_id) {
            Some(parent) if head.store_id != self.store_id => HeadCheck::Fork { shared: parent.size },
            Some(_) | None => HeadCheck::Continues { signed: head.signature.is_some() },
        }
    }
}

/// What was met on the way through the log.
#[derive(Default)]
struct Pass {
    /// The root at each size that was asked for and reached.
    roots: BTreeMap<u64, [u8; 32]>,
    /// The place behind which nothing can be compared, and what the heads behind it are told.
    stopped: Option<HeadCheck>,
}

impl Pass {
    /// Reads the log as far as the greatest of these sizes, and computes every hash anew.
    fn over(reader: &Reader, sizes: &BTreeSet<u64>, progress: Progress<'_>) -> Result<Self, StoreError> {
        let (mut pass, mut tree) = (Self::default(), MerkleTree::default());
        let end = sizes.last().copied().unwrap_or(0);
        let everything = Selection { removed: true, ..Selection::default() };
        let mut events = reader.events(everything, 0..end);
        while pass.stopped.is_none() {
            let sequence = tree.size();
            if sizes.contains(&sequence) {
                pass.roots.insert(sequence, tree.root());
            }
            if sequence == end {
                break;
            }
            if sequence.is_multiple_of(PROGRESS_EVERY) && progress(sequence, end).is_break() {
                pass.stopped = Some(HeadCheck::Cancelled);
                break;
            }
            match events.next() {
                Some((found, Ok(event))) if found == sequence && is_itself(&event) => {
                    tree.push(&event.raw.event_hash);
                }
                Some((found, Ok(_))) if found == sequence => {
                    pass.stopped = Some(HeadCheck::Rewritten { between: sequence..sequence + 1 });
                }
                Some((_, Err(error))) if !error.is_one_event() => return Err(error),
                Some(_) | None => pass.stopped = Some(HeadCheck::Unreadable { sequence }),
            }
        }
        Ok(pass)
    }

    fn fits(&self, head: &Head) -> bool {
        self.roots.get(&head.size) == Some(&head.root)
    }

    /// Why the events are not those that a head covers; `None` if they are. `fitting` are the sizes of the heads that they fit.
    fn check(&self, head: &Head, fitting: &BTreeSet<u64>) -> Option<HeadCheck> {
        if self.fits(head) {
            return None;
        }
        let after = fitting.range(..head.size).next_back().copied().unwrap_or(0);
        let rewritten = HeadCheck::Rewritten { between: after..head.size };
        let is_reached = self.roots.contains_key(&head.size);
        Some(self.stopped.clone().filter(|_| !is_reached).unwrap_or(rewritten))
    }
}

/// True if an event is what its hashes say. Of what compaction left of one this cannot be told: its hash stands for it.
fn is_itself(event: &LogEvent) -> bool {
    let raw = &event.raw;
    let is_plain = raw.payload_form == 0;
    event.removed.is_some()
        || (!is_plain || compute_hash(&raw.payload) == raw.header.content_hash)
            && event.computed_hash() == raw.event_hash
}
