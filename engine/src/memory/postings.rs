//! Owns postings: ascending ordinals of the events that have something in common, in memory or as stored bytes.
//!
//! An ordinal is the distance of an event from the first of its part.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

/// Ascending ordinals.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Postings<'a> {
    /// In memory.
    Slice(&'a [u32]),
    /// As they stand in an index file, four little-endian bytes each.
    Bytes(&'a [u8]),
}

impl Postings<'_> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Slice(ordinals) => ordinals.len(),
            Self::Bytes(bytes) => bytes.len() / 4,
        }
    }

    pub(crate) fn get(&self, at: usize) -> Option<u32> {
        match self {
            Self::Slice(ordinals) => ordinals.get(at).copied(),
            Self::Bytes(bytes) => u32_at(bytes, at),
        }
    }

    pub(crate) fn last(&self) -> Option<u32> {
        self.len().checked_sub(1).and_then(|at| self.get(at))
    }

    /// Place of the first ordinal that is not smaller than `from`.
    pub(crate) fn seek(&self, from: u32) -> usize {
        match self {
            Self::Slice(ordinals) => ordinals.partition_point(|ordinal| *ordinal < from),
            Self::Bytes(_) => {
                let (mut low, mut high) = (0, self.len());
                while low < high {
                    let middle = low + (high - low) / 2;
                    if self.get(middle).is_some_and(|ordinal| ordinal < from) {
                        low = middle + 1;
                    } else {
                        high = middle;
                    }
                }
                low
            }
        }
    }

    pub(crate) fn contains(&self, ordinal: u32) -> bool {
        self.get(self.seek(ordinal)) == Some(ordinal)
    }
}

/// The `at`-th little-endian `u32` of `bytes`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let start = at.checked_mul(4)?;
    let word = bytes.get(start..start.checked_add(4)?)?;
    Some(u32::from_le_bytes(word.try_into().ok()?))
}

/// In which order ordinals or sequences are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Ascending,
    Descending,
}

/// Several postings as one sequence in order, without repetitions.
pub(crate) struct Union<'a> {
    lists: Vec<Postings<'a>>,
    /// The next ordinal of each list, as [`Union::rank`] has it, and where it stands.
    next: BinaryHeap<Reverse<(u32, usize, usize)>>,
    last: Option<u32>,
    order: Order,
}

impl<'a> Union<'a> {
    /// The ordinals of all lists: from `range.start` on upwards, or from below `range.end` on downwards. The other end is not looked at.
    pub(crate) fn new(lists: Vec<Postings<'a>>, range: &Range<u32>, order: Order) -> Self {
        let mut union = Self { lists: Vec::new(), next: BinaryHeap::new(), last: None, order };
        for (list, postings) in lists.iter().enumerate() {
            let at = match order {
                Order::Ascending => Some(postings.seek(range.start)),
                Order::Descending => postings.seek(range.end).checked_sub(1),
            };
            union.offer(postings, list, at);
        }
        union.lists = lists;
        union
    }

    fn offer(&mut self, postings: &Postings<'_>, list: usize, at: Option<usize>) {
        if let Some((at, ordinal)) = at.and_then(|at| Some((at, postings.get(at)?))) {
            self.next.push(Reverse((self.rank(ordinal), list, at)));
        }
    }

    /// Smaller for what comes first. Its own inverse.
    fn rank(&self, ordinal: u32) -> u32 {
        match self.order {
            Order::Ascending => ordinal,
            Order::Descending => !ordinal,
        }
    }
}

impl Iterator for Union<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            let Reverse((rank, list, at)) = self.next.pop()?;
            let following = match self.order {
                Order::Ascending => at.checked_add(1),
                Order::Descending => at.checked_sub(1),
            };
            if let Some(postings) = self.lists.get(list).copied() {
                self.offer(&postings, list, following);
            }
            if self.last.replace(rank) != Some(rank) {
                return Some(self.rank(rank));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_postings_are_read_like_those_in_memory() {
        let ordinals = [1_u32, 5, 9, 200];
        let bytes: Vec<u8> = ordinals.iter().flat_map(|ordinal| ordinal.to_le_bytes()).collect();
        for from in [0, 1, 2, 9, 200, 201] {
            assert_eq!(Postings::Slice(&ordinals).seek(from), Postings::Bytes(&bytes).seek(from), "{from}");
        }
        assert!(Postings::Bytes(&bytes).contains(9) && !Postings::Bytes(&bytes).contains(8));
        assert_eq!(Postings::Bytes(&bytes).last(), Some(200));
    }

    #[test]
    fn a_union_is_in_order_and_names_each_ordinal_once() {
        let lists = || vec![Postings::Slice(&[1, 4, 7]), Postings::Slice(&[2, 4, 8]), Postings::Slice(&[])];
        assert_eq!(Union::new(lists(), &(2..8), Order::Ascending).collect::<Vec<_>>(), [2, 4, 7, 8]);
        assert_eq!(Union::new(lists(), &(2..8), Order::Descending).collect::<Vec<_>>(), [7, 4, 2, 1]);
    }
}
