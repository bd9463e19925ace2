//! Owns whose log this is: the id of the store, those that it was forked from, and where in the commit order each of its epochs began.
//!
//! Invariant: the numbers of the epochs ascend, and so do the sequences at which they began.

use crate::disk::segment::{Parent, SegmentHeader, StoreId};

/// Where an epoch began: a recovery had cut everything from there on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch {
    pub(crate) number: u64,
    pub(crate) first_sequence: u64,
}

/// The identity of a log. Without an id it is that of a directory of another format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lineage {
    store_id: Option<StoreId>,
    epochs: Vec<Epoch>,
    /// The stores that it was forked from, one after the other.
    parents: Vec<Parent>,
}

impl Lineage {
    /// The lineage that the headers of a log tell, in the order of their segments.
    pub(crate) fn of<'a>(headers: impl IntoIterator<Item = &'a SegmentHeader>) -> Self {
        let mut lineage = Self::default();
        for header in headers {
            lineage.take_in(header);
        }
        lineage
    }

    /// Takes in the header of a segment behind those that are known, or in place of the newest.
    pub(crate) fn take_in(&mut self, header: &SegmentHeader) {
        self.store_id = Some(header.store_id);
        if header.epoch > self.newest() {
            self.epochs.retain(|epoch| epoch.first_sequence < header.first_sequence);
            self.epochs.push(Epoch { number: header.epoch, first_sequence: header.first_sequence });
        }
        if let Some(parent) = header.parent.filter(|parent| !self.parents.contains(parent)) {
            self.parents.push(parent);
        }
    }

    pub(crate) fn store_id(&self) -> Option<StoreId> {
        self.store_id
    }

    /// How much of another store the log begins with, if it was forked from it.
    pub(crate) fn forked_from(&self, store_id: StoreId) -> Option<Parent> {
        self.parents.iter().find(|parent| parent.store_id == store_id).copied()
    }

    /// The epoch that lasts; 0 if there is none.
    pub(crate) fn newest(&self) -> u64 {
        self.epochs.last().map_or(0, |epoch| epoch.number)
    }

    /// The first epoch that began after the epoch `number`: the recovery before it cut what `number` had not made durable.
    pub(crate) fn next_after(&self, number: u64) -> Option<Epoch> {
        self.epochs.iter().find(|epoch| epoch.number > number).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(first_sequence: u64, epoch: u64) -> SegmentHeader {
        let store_id = StoreId([7; 16]);
        SegmentHeader {
            store_id,
            epoch,
            first_sequence,
            generation: 0,
            created_us: 0,
            replaced: None,
            parent: None,
            boot: None,
        }
    }

    #[test]
    fn an_epoch_begins_with_the_first_segment_that_names_it() {
        let headers = [header(0, 1), header(10, 1), header(20, 2), header(30, 2), header(40, 5)];
        let lineage = Lineage::of(&headers);
        let after = |number| lineage.next_after(number).map(|epoch| (epoch.number, epoch.first_sequence));
        assert_eq!((lineage.store_id(), lineage.newest()), (Some(StoreId([7; 16])), 5));
        assert_eq!(
            [after(0), after(1), after(2), after(4)],
            [Some((1, 0)), Some((2, 20)), Some((5, 40)), Some((5, 40))]
        );
        assert_eq!(after(5), None);
    }

    #[test]
    fn a_fork_of_a_fork_knows_all_that_it_was_forked_from() {
        let forked = |first_sequence, from: u8| {
            let parent = Parent { store_id: StoreId([from; 16]), size: first_sequence, root: [from; 32] };
            SegmentHeader {
                store_id: StoreId([from + 1; 16]),
                parent: Some(parent),
                ..header(first_sequence, 1)
            }
        };
        let lineage = Lineage::of(&[header(0, 1), forked(10, 7), forked(20, 8), forked(20, 8)]);
        let shared = |store| lineage.forked_from(StoreId([store; 16])).map(|parent| parent.size);
        assert_eq!([7, 8, 9].map(shared), [Some(10), Some(20), None]);
        assert_eq!((lineage.store_id(), lineage.parents.len()), (Some(StoreId([9; 16])), 2));
    }

    #[test]
    fn a_segment_that_takes_the_place_of_another_takes_its_epoch_away() {
        let mut lineage = Lineage::of(&[header(0, 1), header(10, 2)]);
        lineage.take_in(&header(10, 3));
        assert_eq!(lineage, Lineage::of(&[header(0, 1), header(10, 3)]));
    }
}
