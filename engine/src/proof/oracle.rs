//! Owns what a store was asked and what it promised in return, and comparing that with what it holds afterwards.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::path::Path;

use crate::disk::memory::MemoryDirectory;
use crate::event::EventPayload;
use crate::memory::live::LivePart;
use crate::memory::survey::{Segment, survey};
use crate::memory::walk::{Tail, walk};
use crate::proof::script::{Counted, KIND, stream_of};
use crate::store::{
    AppendReceipt, LogEvent, Open, ReceiptVerification, ReceiptVerificationError, Selection, Store,
    StoreState, VerifyLevel,
};
use crate::words::sync::{Arc, Mutex};

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
    /// Greater than the number of each event that was ever asked for.
    pub(super) next_number: u64,
    /// Number of each event, by its hash, that some compaction was told to remove.
    refused: HashMap<[u8; 32], u64>,
    /// Those that are removed for good.
    removed: HashSet<[u8; 32]>,
    /// Those that the newest compaction removes.
    pending: HashSet<[u8; 32]>,
    /// Stores beside this one that came of it, by name.
    pub(super) copies: BTreeMap<&'static str, Copy>,
}

/// What is known of a store that came of another one.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    /// Whoever asked for it was told that it is there.
    pub(super) is_complete: bool,
    /// It is there as a whole or not at all, also while it is made.
    pub(super) is_whole: bool,
    /// So many groups were asked of the other one, and their receipts are those of another store.
    pub(super) inherited: usize,
    pub(super) oracle: Oracle,
}

/// The notes that somebody takes about a store, or about a copy of it.
#[derive(Clone)]
pub(super) struct Notes {
    oracle: Arc<Mutex<Oracle>>,
    copy: Option<&'static str>,
}

impl Notes {
    pub(super) fn of(oracle: &Arc<Mutex<Oracle>>) -> Self {
        Self { oracle: Arc::clone(oracle), copy: None }
    }

    /// Notes about a copy.
    pub(super) fn about(&self, copy: &'static str) -> Self {
        assert!(self.copy.is_none(), "a copy of a copy has no notes");
        Self { copy: Some(copy), ..self.clone() }
    }

    pub(super) fn take<R>(&self, take: impl FnOnce(&mut Oracle) -> R) -> R {
        let mut oracle = self.oracle.lock();
        match self.copy {
            None => take(&mut oracle),
            Some(name) => {
                take(&mut oracle.copies.get_mut(name).expect("a copy is noted before it is made").oracle)
            }
        }
    }
}

/// Stands for the number of an event that compaction removed.
pub(super) const REMOVED: u64 = u64::MAX;

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
        self.next_number = numbers.iter().map(|number| number + 1).fold(self.next_number, u64::max);
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

    /// What a store does not show after a crash is lost for good.
    pub(super) fn forget_lost(&mut self, dump: &Dump) {
        let shown: HashSet<u64> =
            self.named(dump, "what is lost").iter().map(|(number, _)| *number).collect();
        self.groups.retain(|group| group.numbers.first().is_some_and(|number| shown.contains(number)));
    }

    /// The store was opened: what it shows is on stable storage, whether or not it was acknowledged.
    pub(super) fn settle(&mut self) {
        self.groups.iter_mut().for_each(|group| group.is_durable = true);
    }

    /// What a copy of the store holds that is made now: everything that was acknowledged, for good.
    pub(super) fn copied(&self) -> Self {
        let mut copied = Self { copies: BTreeMap::new(), ..self.clone() };
        // What failed is not there, or the copy fails too.
        copied.groups.retain(|group| group.acknowledged.is_some());
        copied.make_durable();
        copied
    }

    /// What is asked of a store that the events are imported into: each of them alone, and nothing is promised before all are there.
    pub(super) fn imported(&self) -> Self {
        let numbers = self.groups.iter().flat_map(|group| group.numbers.iter().copied());
        let mut imported = Self::default();
        numbers.for_each(|number| imported.ask(vec![number]));
        imported
    }

    /// Whoever asked for a copy was told that it is there, with everything in it.
    pub(super) fn complete(&mut self, name: &str) {
        let copy = self.copies.get_mut(name).expect("a copy is noted before it is made");
        copy.is_complete = true;
        copy.oracle.groups.iter_mut().for_each(|group| group.is_durable = true);
    }

    /// A compaction begins.
    pub(super) fn begin_compaction(&mut self) {
        self.pending.clear();
    }

    /// The compaction is told to remove an event.
    pub(super) fn refuse(&mut self, number: u64, hash: [u8; 32]) {
        self.refused.insert(hash, number);
        self.pending.insert(hash);
    }

    /// The compaction returned, and says that it did what it was told.
    pub(super) fn end_compaction(&mut self) {
        self.removed.extend(self.pending.drain());
    }

    /// The dump with the numbers of removed events. Panics unless those are removed that must be, and of what the newest compaction may
    /// have removed, of what becomes one segment, all or none is.
    fn named(&self, dump: &Dump, context: &str) -> Dump {
        let is_removed = |hash| dump.iter().any(|(number, found)| *number == REMOVED && found == hash);
        let held = dump.iter().map(|(_, hash)| hash);
        let undone = held.clone().find(|hash| self.removed.contains(*hash) && !is_removed(*hash));
        assert!(undone.is_none(), "{context}: a removed event is back");
        // Segments of different epochs do not become one.
        let mut by_epoch: BTreeMap<Option<u64>, bool> = BTreeMap::new();
        for hash in held.filter(|hash| self.pending.contains(*hash)) {
            let first = *by_epoch.entry(self.epoch_of(hash)).or_insert_with(|| is_removed(hash));
            assert_eq!(is_removed(hash), first, "{context}: half of a segment is compacted");
        }
        let named = dump.iter().map(|(number, hash)| match *number {
            REMOVED => (self.refused.get(hash).copied().expect("somebody was asked"), *hash),
            number => (number, *hash),
        });
        named.collect()
    }

    /// The epoch in which an event was acknowledged.
    fn epoch_of(&self, hash: &[u8; 32]) -> Option<u64> {
        let receipts = self.groups.iter().filter_map(|group| group.acknowledged.as_ref()).flatten();
        receipts.clone().find(|receipt| receipt.event_hash() == *hash).map(AppendReceipt::epoch)
    }

    /// Panics unless the store holds whole groups in order, everything that was promised, and nothing else.
    pub(super) fn check(&self, dump: &Dump, loss: Loss, context: &str) {
        let dump = &self.named(dump, context);
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

/// Panics unless the receipts of what the store holds are true, and it says of each other one that its event was lost.
pub(super) fn check_receipts(oracle: &Oracle, store: &Store<Open>, dump: &Dump, context: &str) {
    check_receipts_from(0, oracle, store, dump, context);
}

/// The same for the receipts of all groups but the first ones.
pub(super) fn check_receipts_from(
    first: usize,
    oracle: &Oracle,
    store: &Store<Open>,
    dump: &Dump,
    context: &str,
) {
    let held: HashSet<[u8; 32]> = dump.iter().map(|(_, hash)| *hash).collect();
    let groups = oracle.groups.iter().skip(first);
    for receipt in groups.filter_map(|group| group.acknowledged.as_ref()).flatten() {
        let verified = store.verify_append_receipt_detailed(receipt);
        let as_expected = if held.contains(&receipt.event_hash()) {
            verified == ReceiptVerification::UnsignedAccepted
        } else {
            matches!(verified.error(), Some(ReceiptVerificationError::LostInRecovery { .. }))
        };
        assert!(as_expected, "{context}: {verified:?} for {receipt:?}");
    }
}

/// The bad spots in the segments of a directory, those that others replaced left out.
pub(super) fn bad_spots(directory: &MemoryDirectory, context: &str) -> Vec<String> {
    let survey = survey(directory, Path::new("memory")).unwrap_or_else(|error| panic!("{context}: {error}"));
    let bad_spot = |segment: &Segment| {
        let (mut tail, mut live) = (Tail::start(segment), LivePart::new(segment.name, segment.name.first, 0));
        walk(&*segment.file, &mut tail, &mut live, &mut |_, _, _| {}).unwrap();
        tail.bad.map(|(at, reason)| format!("{} at {at}: {reason}", segment.name))
    };
    survey.segments.iter().filter_map(bad_spot).collect()
}

/// Panics if the store gives what it appends now an epoch and a sequence that it gave to another event before. The store holds other
/// events afterwards.
pub(super) fn check_signed_once(oracle: &Oracle, store: &Store<Open>, context: &str) {
    let receipts = oracle.groups.iter().filter_map(|group| group.acknowledged.as_ref()).flatten();
    let mut given: HashMap<(u64, u64), [u8; 32]> = HashMap::new();
    let places = receipts.map(|receipt| ((receipt.epoch(), receipt.sequence), receipt.event_hash()));
    for (place, hash) in places {
        assert!(given.insert(place, hash).is_none_or(|other| other == hash), "{context}: {place:?} twice");
    }
    for n in 0..4 {
        let receipt =
            store.append(&stream_of(n), KIND, &n).unwrap_or_else(|error| panic!("{context}: {error}"));
        let place = (receipt.epoch(), receipt.sequence);
        let is_new = given.insert(place, receipt.event_hash()).is_none();
        assert!(is_new, "{context}: epoch and sequence {place:?} were given before");
    }
}

/// Panics unless an event says what the one with its number was to say.
fn check_content(number: u64, event: &LogEvent, context: &str) {
    let payload = crate::encoding::to_json(&event.raw.payload).unwrap();
    let fields = payload.as_object().unwrap();
    let is_filler = |value: &serde_json::Value| value.as_str().unwrap().bytes().all(|byte| byte == b'x');
    let is_as_asked = fields.iter().all(|(name, value)| match name.as_str() {
        "n" => value.as_u64() == Some(number),
        "fill" => is_filler(value),
        _ => false,
    });
    let kind = event.raw.header.event_kind;
    let place = stream_of(number);
    let is_there =
        (event.raw.coordinate.entity(), event.raw.coordinate.scope()) == (place.entity(), place.scope());
    assert!(
        is_as_asked && is_there && [KIND, Counted::KIND].contains(&kind),
        "{context}: {number} says something else: {:?} {kind} {payload}",
        event.raw.coordinate
    );
}

/// What a store holds, [`REMOVED`] in place of the number where compaction removed an event. Panics unless every other event can be read
/// and every hash fits.
pub(super) fn dump<State: StoreState>(store: &Store<State>, context: &str) -> Dump {
    let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
    assert!(report.holds(), "{context}: {:?}", report.findings);
    assert_eq!(store.visible(), report.events, "{context}");
    shown(store, context)
}

/// The same of a store of which something is told that takes nothing from its events.
pub(super) fn shown<State: StoreState>(store: &Store<State>, context: &str) -> Dump {
    let mut dump = Dump::new();
    let everything = Selection { removed: true, ..Selection::default() };
    for (expected, (sequence, event)) in store.read_selected(&everything, 0..u64::MAX).enumerate() {
        assert_eq!(sequence, expected as u64, "{context}");
        let event = event.unwrap();
        if event.removed.is_some() {
            dump.push((REMOVED, event.raw.event_hash));
        } else if !event.raw.header.event_kind.is_reserved() {
            let payload = crate::encoding::to_json(&event.raw.payload).unwrap();
            let number = payload["n"].as_u64().unwrap();
            check_content(number, &event, context);
            dump.push((number, event.raw.event_hash));
        }
    }
    dump
}
