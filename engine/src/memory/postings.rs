//! Owns postings: ascending ordinals of the events that have something in common, in memory or as stored bytes.
//!
//! An ordinal is the distance of an event from the first of its part.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

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

/// Several postings as one ascending sequence without repetitions.
pub(crate) struct Union<'a> {
    lists: Vec<Postings<'a>>,
    next: BinaryHeap<Reverse<(u32, usize, usize)>>,
    last: Option<u32>,
}

impl<'a> Union<'a> {
    /// The ordinals of all lists from `from` on.
    pub(crate) fn new(lists: Vec<Postings<'a>>, from: u32) -> Self {
        let next = lists
            .iter()
            .enumerate()
            .filter_map(|(list, postings)| {
                let at = postings.seek(from);
                Some(Reverse((postings.get(at)?, list, at)))
            })
            .collect();
        Self { lists, next, last: None }
    }
}

impl Iterator for Union<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            let Reverse((ordinal, list, at)) = self.next.pop()?;
            if let Some(following) = self.lists.get(list).and_then(|postings| postings.get(at + 1)) {
                self.next.push(Reverse((following, list, at + 1)));
            }
            if self.last.replace(ordinal) != Some(ordinal) {
                return Some(ordinal);
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
    fn a_union_is_ascending_and_names_each_ordinal_once() {
        let lists = vec![Postings::Slice(&[1, 4, 7]), Postings::Slice(&[2, 4, 8]), Postings::Slice(&[])];
        assert_eq!(Union::new(lists, 2).collect::<Vec<_>>(), [2, 4, 7, 8]);
    }
}
