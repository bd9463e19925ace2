//! Owns which events were found, a bit each or less: of ten million matches no more than some megabytes are kept.
//!
//! Invariants: blocks ascend and none is empty; `before` counts the matches before each block.

use std::ops::Range;

/// Places of one block.
pub(super) const BLOCK: u64 = 65_536;
const WORDS: usize = 1_024;
/// Matches of a block that are kept as a list; more of them take less room as bits.
const LISTED_MAX: usize = 4_096;

/// A set of places within one block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Places(Box<[u64; WORDS]>);

impl Places {
    pub(super) fn none() -> Self {
        Self(Box::new([0; WORDS]))
    }

    pub(super) fn insert(&mut self, place: u16) {
        self.0[usize::from(place) / 64] |= 1 << (place % 64);
    }

    /// Adds or takes away a run of places.
    pub(super) fn set(&mut self, run: Range<u32>, wanted: bool) {
        for (at, word) in self.0.iter_mut().enumerate() {
            let first = (at * 64) as u32;
            let (from, to) = (run.start.max(first), run.end.min(first + 64));
            if from < to {
                let mask = (u64::MAX >> (64 - (to - from))) << (from - first);
                if wanted {
                    *word |= mask;
                } else {
                    *word &= !mask;
                }
            }
        }
    }

    pub(super) fn keep(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(own, other)| *own &= other);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(own, other)| *own |= other);
    }

    pub(super) fn subtract(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0.iter()).for_each(|(own, other)| *own &= !other);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    pub(super) fn count(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn contains(&self, place: u16) -> bool {
        self.0[usize::from(place) / 64] >> (place % 64) & 1 == 1
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some((at * 64) as u16 + bit as u16)
            })
        })
    }
}

#[derive(Clone, Debug)]
enum Block {
    Listed(Vec<u16>),
    Marked(Places),
}

impl Block {
    fn len(&self) -> usize {
        match self {
            Self::Listed(places) => places.len(),
            Self::Marked(places) => places.count(),
        }
    }

    fn push(&mut self, place: u16) {
        match self {
            Self::Listed(places) if places.len() >= LISTED_MAX => {
                let mut marked = Places::none();
                places.iter().chain([&place]).for_each(|place| marked.insert(*place));
                *self = Self::Marked(marked);
            }
            Self::Listed(places) => places.push(place),
            Self::Marked(places) => places.insert(place),
        }
    }

    /// How many matches lie before a place, and whether it is one.
    fn rank(&self, place: u16) -> (usize, bool) {
        match self {
            Self::Listed(places) => match places.binary_search(&place) {
                Ok(at) => (at, true),
                Err(at) => (at, false),
            },
            Self::Marked(places) => {
                let word = usize::from(place) / 64;
                let whole: u32 = places.0[..word].iter().map(|word| word.count_ones()).sum();
                let partly = places.0[word] & ((1 << (place % 64)) - 1);
                ((whole + partly.count_ones()) as usize, places.contains(place))
            }
        }
    }

    fn truncate(&mut self, end: u32) {
        match self {
            Self::Listed(places) => places.truncate(places.partition_point(|place| u32::from(*place) < end)),
            Self::Marked(places) => places.set(end..BLOCK as u32, false),
        }
    }

    /// The matches from the one with this number on.
    fn from(&self, first: usize) -> Box<dyn Iterator<Item = u16> + '_> {
        match self {
            Self::Listed(places) => Box::new(places.get(first..).unwrap_or_default().iter().copied()),
            Self::Marked(places) => Box::new(places.iter().skip(first)),
        }
    }
}

/// Matches, ascending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    blocks: Vec<(u64, Block)>,
    before: Vec<u64>,
    count: u64,
}

impl Found {
    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.count
    }

    /// Adds a match behind all others.
    pub(super) fn push(&mut self, sequence: u64) {
        let (number, place) = (sequence / BLOCK, (sequence % BLOCK) as u16);
        if self.blocks.last().is_none_or(|(last, _)| *last != number) {
            self.blocks.push((number, Block::Listed(Vec::new())));
            self.before.push(self.count);
        }
        if let Some((_, block)) = self.blocks.last_mut() {
            block.push(place);
            self.count += 1;
        }
    }

    /// Adds the matches of a block, all of them behind those that are known.
    pub(super) fn extend(&mut self, number: u64, places: Places) {
        let count = places.count();
        let is_new = self.blocks.last().is_none_or(|(last, _)| *last != number);
        if is_new && count > LISTED_MAX {
            self.blocks.push((number, Block::Marked(places)));
            self.before.push(self.count);
            self.count += count as u64;
        } else {
            places.iter().for_each(|place| self.push(number * BLOCK + u64::from(place)));
        }
    }

    /// Forgets what lies at `end` and behind it.
    pub(super) fn truncate(&mut self, end: u64) {
        let (number, place) = (end / BLOCK, (end % BLOCK) as u32);
        self.blocks.truncate(self.blocks.partition_point(|(block, _)| *block <= number));
        if let Some((block, places)) = self.blocks.last_mut()
            && *block == number
        {
            places.truncate(place);
            if places.len() == 0 {
                self.blocks.pop();
            }
        }
        self.before.truncate(self.blocks.len());
        let last = self.blocks.last().map_or(0, |(_, block)| block.len() as u64);
        self.count = self.before.last().copied().unwrap_or_default() + last;
    }

    /// The number of a match among all, if it is one.
    pub(crate) fn row_of(&self, sequence: u64) -> Option<u64> {
        let at = self.blocks.binary_search_by_key(&(sequence / BLOCK), |(number, _)| *number).ok()?;
        let (rank, is_match) = self.blocks[at].1.rank((sequence % BLOCK) as u16);
        is_match.then(|| self.before[at] + rank as u64)
    }

    /// The first match at a place or behind it.
    pub(crate) fn first_from(&self, sequence: u64) -> Option<u64> {
        let at = self.blocks.partition_point(|(number, _)| *number < sequence / BLOCK);
        let (number, block) = self.blocks.get(at)?;
        let is_inside = *number == sequence / BLOCK;
        let rank = if is_inside { block.rank((sequence % BLOCK) as u16).0 } else { 0 };
        let row = self.before[at] + rank as u64;
        self.rows(row..row + 1).next()
    }

    /// The matches with these numbers; fewer if there are not so many.
    pub(crate) fn rows(&self, rows: Range<u64>) -> impl Iterator<Item = u64> + '_ {
        let first = self.before.partition_point(|before| *before <= rows.start).saturating_sub(1);
        let skipped = rows.start.saturating_sub(self.before.get(first).copied().unwrap_or_default());
        let wanted = rows.end.saturating_sub(rows.start) as usize;
        let blocks = self.blocks.get(first..).unwrap_or_default().iter().enumerate();
        blocks
            .flat_map(move |(at, (number, block))| {
                let skipped = if at == 0 { skipped as usize } else { 0 };
                block.from(skipped).map(move |place| number * BLOCK + u64::from(place))
            })
            .take(wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sparse at first, then one block that is nearly full, then a jump far ahead.
    fn sequences() -> Vec<u64> {
        let sparse = (0..1_000).map(|n| n * 97);
        let dense = (0..60_000).map(|n| 2 * BLOCK + n);
        sparse.chain(dense).chain([9 * BLOCK, (1 << 60) + 5]).collect()
    }

    #[test]
    fn matches_are_counted_found_by_number_and_numbered() {
        let mut found = Found::default();
        let all = sequences();
        for sequence in &all {
            found.push(*sequence);
        }
        assert_eq!(found.len(), all.len() as u64);
        assert_eq!(found.rows(0..u64::MAX).collect::<Vec<_>>(), all);
        for row in (0..all.len()).step_by(37).chain([all.len() - 1]) {
            assert_eq!(found.rows(row as u64..row as u64 + 3).next(), Some(all[row]));
            assert_eq!(found.row_of(all[row]), Some(row as u64));
            assert_eq!(found.first_from(all[row]), Some(all[row]));
            assert_eq!(found.first_from(all[row] + 1), all.get(row + 1).copied());
        }
        assert_eq!((found.row_of(1), found.row_of(8 * BLOCK)), (None, None));
        assert_eq!(found.rows(70_000..70_003).count(), 0);
    }

    #[test]
    fn a_result_that_is_cut_is_the_beginning_of_what_it_was() {
        let all = sequences();
        for end in [0, 1, 98, BLOCK, 2 * BLOCK, 2 * BLOCK + 30_001, 5 * BLOCK, 9 * BLOCK + 1, u64::MAX] {
            let mut found = Found::default();
            for sequence in &all {
                found.push(*sequence);
            }
            found.truncate(end);
            let kept: Vec<u64> = all.iter().copied().filter(|sequence| *sequence < end).collect();
            assert_eq!(found.rows(0..u64::MAX).collect::<Vec<_>>(), kept, "{end}");
            assert_eq!(found.len(), kept.len() as u64, "{end}");
        }
    }

    #[test]
    fn a_whole_block_is_taken_over_as_it_is() {
        let mut places = Places::none();
        places.set(10..60_000, true);
        places.set(100..200, false);
        let mut found = Found::default();
        found.push(5);
        found.extend(3, places.clone());
        assert_eq!(found.len(), 1 + places.count() as u64);
        assert_eq!(found.rows(0..2).collect::<Vec<_>>(), [5, 3 * BLOCK + 10]);
        assert_eq!(found.row_of(3 * BLOCK + 200), Some(91));
    }
}
