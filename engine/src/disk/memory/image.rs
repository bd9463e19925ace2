//! Owns what a crash may leave: which of the unsynced sectors, sizes and names are on the disk. What was synced never changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::disk::memory::history::History;

/// What a power cut, or the death of a process, leaves.
///
/// Sectors, changes of names and files are counted in the order in which they were made; where a set of them is given as bits, the 65th
/// shares the bit of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum CrashImage {
    /// All issued writes and names: the process died, the machine did not.
    Kill,
    /// Only synced bytes under synced names.
    Strict,
    /// All names, only synced bytes.
    DirOk,
    /// All names and writes, but only the first half of the newest unsynced write.
    Torn,
    /// All names and file sizes, zeros in place of unsynced bytes.
    Zeros,
    /// All names and bytes, but file sizes as they were synced.
    Sizes,
    /// All names and file sizes, and those of the unsynced sectors whose bit is set.
    Sectors { kept: u64 },
    /// Everything, but one of the unsynced sectors holds what it held before it was last written.
    Stale { sector: usize },
    /// Those changes of names whose bit is set; unsynced bytes too, or none of them.
    Names { kept: u64, with_bytes: bool },
    /// Whatever chance says of each sector, size and name.
    Chance { seed: u64 },
}

impl CrashImage {
    /// Every image that leaves no choice.
    pub(crate) const ALL: [Self; 6] =
        [Self::Kill, Self::Strict, Self::DirOk, Self::Torn, Self::Zeros, Self::Sizes];
}

/// How many of the images are looked at that leave a choice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Breadth {
    /// Of so many things every subset.
    pub(crate) subsets_of: usize,
    /// Of more things so many subsets, by chance; and so many images of each other sort.
    pub(crate) sample: u64,
}

/// Everything in a directory that is not durable.
#[derive(Debug, Default)]
pub(super) struct Unsynced {
    /// By inode, which rises with the age of a file.
    pub(super) files: BTreeMap<u64, History>,
    /// Numbers of the changes of names, in order of their directories.
    pub(super) names: Vec<u64>,
}

impl Unsynced {
    /// The unsynced sectors in order, each with the number of its file.
    fn sectors(&self) -> impl Iterator<Item = (u64, usize)> {
        self.files.iter().flat_map(|(inode, file)| file.unsynced_sectors().map(|sector| (*inode, sector)))
    }

    /// The images that may differ from each other; `seed` gives the chance.
    pub(super) fn images(&self, breadth: Breadth, seed: u64) -> Vec<CrashImage> {
        let mut images = CrashImage::ALL.to_vec();
        let sectors: Vec<_> = self.sectors().collect();
        let sets = subsets(sectors.len(), breadth, seed);
        images.extend(sets.into_iter().map(|kept| CrashImage::Sectors { kept }));
        let was_rewritten =
            |(_, (inode, sector)): &(usize, &(u64, usize))| self.files[inode].before_last(*sector).is_some();
        let rewritten = sectors.iter().enumerate().filter(was_rewritten).take(breadth.sample as usize);
        images.extend(rewritten.map(|(sector, _)| CrashImage::Stale { sector }));
        for kept in subsets(self.names.len(), breadth, seed ^ 1) {
            images.extend([true, false].map(|with_bytes| CrashImage::Names { kept, with_bytes }));
        }
        if sectors.len() + self.names.len() > 1 {
            images.extend((0..breadth.sample).map(|n| CrashImage::Chance { seed: mixed(seed, n) }));
        }
        images
    }

    /// True if `image` keeps the change of a name that has this number.
    pub(super) fn keeps(&self, image: CrashImage, number: u64) -> bool {
        match image {
            CrashImage::Strict => false,
            CrashImage::Names { kept, .. } => {
                let place = self.names.iter().filter(|other| **other < number).count();
                is_set(kept, place)
            }
            CrashImage::Chance { seed } => mixed(seed, number).is_multiple_of(2),
            _ => true,
        }
    }

    /// The bytes of a file in any image that leaves whole sectors.
    pub(super) fn bytes(&self, image: CrashImage, inode: u64) -> Vec<u8> {
        let file = &self.files[&inode];
        let newest = file.newest();
        let place = |sector| self.sectors().position(|found| found == (inode, sector));
        let some = |seed: u64, what: u64| (mixed(mixed(seed, inode), what) % (newest as u64 + 1)) as usize;
        match image {
            CrashImage::Kill | CrashImage::Torn | CrashImage::Names { with_bytes: true, .. } => {
                file.bytes(newest, |_| newest)
            }
            CrashImage::Strict | CrashImage::DirOk | CrashImage::Names { with_bytes: false, .. } => {
                file.bytes(0, |_| 0)
            }
            CrashImage::Zeros => file.bytes(newest, |_| 0),
            CrashImage::Sizes => file.bytes(0, |_| newest),
            CrashImage::Sectors { kept } => {
                let is_kept = |sector| place(sector).is_some_and(|place| is_set(kept, place));
                file.bytes(newest, |sector| if is_kept(sector) { newest } else { 0 })
            }
            CrashImage::Stale { sector: stale } => file.bytes(newest, |sector| {
                let is_stale = place(sector) == Some(stale);
                is_stale.then(|| file.before_last(sector)).flatten().unwrap_or(newest)
            }),
            CrashImage::Chance { seed } => {
                file.bytes(some(seed, u64::MAX), |sector| some(seed, sector as u64))
            }
        }
    }
}

/// Subsets of so many things, as bits, all and none left out.
fn subsets(things: usize, breadth: Breadth, seed: u64) -> Vec<u64> {
    if things <= breadth.subsets_of {
        return (1..(1_u64 << things).saturating_sub(1)).collect();
    }
    (0..breadth.sample).map(|n| mixed(seed, n)).collect()
}

fn is_set(bits: u64, place: usize) -> bool {
    bits >> (place % 64) & 1 == 1
}

/// A number that looks like chance, and is the same for the same two.
fn mixed(one: u64, other: u64) -> u64 {
    let mut mixed = one.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ other.wrapping_add(0x632B_E59B_D9B4_E019);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
