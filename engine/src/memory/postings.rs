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

/// The places of a stream within a part: those of its events, and those that retention emptied. No ordinal is in both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'a> {
    pub(crate) events: Postings<'a>,
    pub(crate) removed: Postings<'a>,
}

impl Places<'_> {
    /// How many there are before `cut`.
    pub(crate) fn count_before(&self, cut: u32) -> usize {
        self.events.seek(cut) + self.removed.seek(cut)
    }

    /// The greatest ordinal.
    pub(crate) fn last(&self) -> Option<u32> {
        let last = |list: &Postings<'_>| list.len().checked_sub(1).and_then(|at| list.get(at));
        last(&self.events).max(last(&self.removed))
    }

    /// The greatest ordinal before `cut`.
    pub(crate) fn newest_before(&self, cut: u32) -> Option<u32> {
        let newest = |list: &Postings<'_>| list.seek(cut).checked_sub(1).and_then(|at| list.get(at));
        newest(&self.events).max(newest(&self.removed))
    }

    /// The `n`-th ordinal, counted from 0.
    pub(crate) fn get(&self, n: usize) -> Option<u32> {
        if self.removed.len() == 0 {
            return self.events.get(n);
        }
        // The number of events among the first n places, as the two lists merge: one of them lies before what the others leave over.
        let (mut low, mut high) = (n.saturating_sub(self.removed.len()), n.min(self.events.len()));
        while low < high {
            let middle = low + (high - low) / 2;
            let is_among = self
                .events
                .get(middle)
                .is_some_and(|event| self.removed.get(n - middle - 1).is_none_or(|removed| event < removed));
            if is_among {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        match (self.events.get(low), self.removed.get(n - low)) {
            (Some(event), Some(removed)) => Some(event.min(removed)),
            (event, removed) => event.or(removed),
        }
    }
}

/// The ordinals of a span that are not in `removed`, ascending.
pub(crate) fn present(removed: Postings<'_>, span: Range<u32>) -> impl Iterator<Item = u32> {
    let mut next = span.start;
    let mut at = removed.seek(next);
    std::iter::from_fn(move || {
        // A run of removed ordinals is passed at once, however long it is.
        while removed.get(at) == Some(next) {
            let run = run_len(&removed, at, next);
            at += run;
            next += run as u32;
        }
        let ordinal = next;
        next = next.checked_add(1)?;
        (ordinal < span.end).then_some(ordinal)
    })
}

/// The same, descending.
pub(crate) fn present_back(removed: Postings<'_>, span: Range<u32>) -> impl Iterator<Item = u32> {
    let mut end = span.end;
    let mut at = removed.seek(end);
    std::iter::from_fn(move || {
        while let Some(last) = at.checked_sub(1)
            && removed.get(last).is_some_and(|ordinal| ordinal.checked_add(1) == Some(end))
        {
            let run = run_len_back(&removed, last, end - 1);
            at -= run;
            end -= run as u32;
        }
        end = end.checked_sub(1)?;
        (end >= span.start).then_some(end)
    })
}

/// How many ordinals up to the `at`-th, which is `last`, follow each other without a gap.
fn run_len_back(list: &Postings<'_>, at: usize, last: u32) -> usize {
    let (mut low, mut high) = (1, at + 1);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if list.get(at + 1 - middle) == last.checked_sub(middle as u32 - 1) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// How many ordinals from the `at`-th on, which is `first`, follow each other without a gap.
fn run_len(list: &Postings<'_>, at: usize, first: u32) -> usize {
    let (mut low, mut high) = (1, list.len() - at);
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if list.get(at + middle - 1) == first.checked_add(middle as u32 - 1) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
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
    }

    #[test]
    fn places_of_a_stream_are_those_of_its_events_and_of_what_was_removed() {
        for split in 0..256_u32 {
            let all = [0_u32, 3, 4, 7, 8, 9, 20, 31];
            let part = |is_removed: bool| -> Vec<u32> {
                let numbered = all.iter().enumerate();
                numbered
                    .filter(|(bit, _)| (split >> bit & 1 == 1) == is_removed)
                    .map(|(_, ordinal)| *ordinal)
                    .collect()
            };
            let (events, removed) = (part(false), part(true));
            let places = Places { events: Postings::Slice(&events), removed: Postings::Slice(&removed) };
            let found: Vec<u32> = (0..10).map_while(|n| places.get(n)).collect();
            assert_eq!(found, all, "{events:?} and {removed:?}");
            assert_eq!(places.last(), all.last().copied(), "{events:?} and {removed:?}");
            for cut in 0..40 {
                let newest = all.iter().copied().rfind(|ordinal| *ordinal < cut);
                assert_eq!(places.newest_before(cut), newest, "{events:?} and {removed:?} before {cut}");
            }
        }
    }

    #[test]
    fn what_was_removed_is_not_present() {
        for removed in [&[][..], &[0], &[5], &[0, 1, 2], &[2, 3, 4, 7], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]] {
            for span in [0..10, 2..8, 3..4, 9..9] {
                let expected: Vec<u32> = span.clone().filter(|at| !removed.contains(at)).collect();
                let found: Vec<u32> = present(Postings::Slice(removed), span.clone()).collect();
                assert_eq!(found, expected, "{removed:?} in {span:?}");
                let mut back: Vec<u32> = present_back(Postings::Slice(removed), span.clone()).collect();
                back.reverse();
                assert_eq!(back, expected, "{removed:?} in {span:?}, from the end");
            }
        }
    }

    #[test]
    fn a_union_is_in_order_and_names_each_ordinal_once() {
        let lists = || vec![Postings::Slice(&[1, 4, 7]), Postings::Slice(&[2, 4, 8]), Postings::Slice(&[])];
        assert_eq!(Union::new(lists(), &(2..8), Order::Ascending).collect::<Vec<_>>(), [2, 4, 7, 8]);
        assert_eq!(Union::new(lists(), &(2..8), Order::Descending).collect::<Vec<_>>(), [7, 4, 2, 1]);
    }
}
