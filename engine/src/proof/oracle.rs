//! Owns what a store was asked and what it promised in return, and comparing that with what it holds afterwards.

use std::collections::HashSet;
use std::ops::ControlFlow;

use crate::store::{AppendReceipt, Open, ReceiptVerification, ReceiptVerificationError, Store, StoreState};

/// What one append asked for: one event, or several that belong together.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The number in the payload of each event.
    pub(super) numbers: Vec<u64>,
    /// Its receipts, if it was acknowledged.
    pub(super) acknowledged: Option<Vec<AppendReceipt>>,
    pub(super) is_durable: bool,
}

/// Everything that was asked of a store so far, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Oracle {
    pub(super) groups: Vec<Group>,
}

/// What a store holds, its own lifecycle events left out: number and event hash of each event.
pub(super) type Dump = Vec<(u64, [u8; 32])>;

/// How much may be missing of what was acknowledged but not called durable, in events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// The process died and the machine did not.
    Nothing,
    /// At most so many.
    Window(u64),
}

impl Oracle {
    pub(super) fn ask(&mut self, numbers: Vec<u64>) {
        self.groups.push(Group { numbers, acknowledged: None, is_durable: false });
    }

    /// The group that begins with this number was acknowledged.
    pub(super) fn acknowledge(&mut self, number: u64, receipts: Vec<AppendReceipt>, is_durable: bool) {
        let mut groups = self.groups.iter_mut().rev();
        let group = groups.find(|group| group.numbers.first() == Some(&number)).expect("it was asked before");
        group.acknowledged = Some(receipts);
        if is_durable {
            self.make_durable();
        }
    }

    /// Everything that was acknowledged so far is on stable storage, says the store.
    pub(super) fn make_durable(&mut self) {
        for group in self.groups.iter_mut().filter(|group| group.acknowledged.is_some()) {
            group.is_durable = true;
        }
    }

    /// Panics unless the store holds whole groups in order, everything that was promised, and nothing else.
    pub(super) fn check(&self, dump: &Dump, loss: Loss, context: &str) {
        let mut rest = dump.as_slice();
        let mut missing = 0;
        for group in &self.groups {
            let is_here = rest.first().is_some_and(|(number, _)| Some(number) == group.numbers.first());
            if !is_here {
                assert!(!group.is_durable, "{context}: durable {:?} is lost: {dump:?}", group.numbers);
                missing += group.acknowledged.as_ref().map_or(0, |_| group.numbers.len() as u64);
                continue;
            }
            assert!(
                missing == 0,
                "{context}: {:?} is there and an acknowledged one before it is not",
                group.numbers
            );
            let (found, after) = rest.split_at_checked(group.numbers.len()).unwrap_or((rest, &[]));
            let numbers: Vec<u64> = found.iter().map(|(number, _)| *number).collect();
            assert_eq!(numbers, group.numbers, "{context}: a torn group");
            if let Some(receipts) = &group.acknowledged {
                assert!(
                    found.iter().map(|(_, hash)| *hash).eq(receipts.iter().map(AppendReceipt::event_hash)),
                    "{context}: {numbers:?} is not what its receipt said"
                );
            }
            rest = after;
        }
        assert!(rest.is_empty(), "{context}: events that nobody appended: {rest:?}");
        let limit = match loss {
            Loss::Nothing => 0,
            Loss::Window(events) => events,
        };
        assert!(missing <= limit, "{context}: {missing} acknowledged events are lost, more than {limit}");
    }
}

/// Panics unless the receipts of what the store holds are true, and it says of the others that their events are lost or unknown.
pub(super) fn check_receipts(oracle: &Oracle, store: &Store<Open>, dump: &Dump, context: &str) {
    let held: HashSet<[u8; 32]> = dump.iter().map(|(_, hash)| *hash).collect();
    for receipt in oracle.groups.iter().filter_map(|group| group.acknowledged.as_ref()).flatten() {
        let verified = store.verify_append_receipt_detailed(receipt);
        let as_expected = if held.contains(&receipt.event_hash()) {
            verified == ReceiptVerification::UnsignedAccepted
        } else {
            use ReceiptVerificationError::{LostInRecovery, MissingCommittedEvent};
            matches!(verified.error(), Some(LostInRecovery { .. } | MissingCommittedEvent))
        };
        assert!(as_expected, "{context}: {verified:?} for {receipt:?}");
    }
}

/// What a store holds. Panics unless every event can be read and every hash fits.
pub(super) fn dump<State: StoreState>(store: &Store<State>, context: &str) -> Dump {
    let report = store.verify(&mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.holds(), "{context}: {:?}", report.problems);
    let mut dump = Dump::new();
    for (expected, (sequence, event)) in store.read_range(0..u64::MAX).enumerate() {
        assert_eq!(sequence, expected as u64, "{context}");
        let event = event.unwrap();
        if !event.raw.header.event_kind.is_reserved() {
            let payload = crate::encoding::to_json(&event.raw.payload).unwrap();
            dump.push((payload["n"].as_u64().unwrap(), event.raw.event_hash));
        }
    }
    assert_eq!(store.visible(), report.events, "{context}");
    dump
}
