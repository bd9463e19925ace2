//! Owns damage in two places at once: what is shown is what it was, and what is lost is told.

use super::{Files, Honest, open_all};
use crate::disk::segment::{INDEX_SUFFIX, SEGMENT_SUFFIX, SegmentName};
use crate::proof::figures::{share, tell};
use crate::proof::random::Random;

const SECTOR: usize = 512;

/// What is done to the files of a store.
#[derive(Clone, Copy, Debug)]
enum Harm {
    TwoFlips,
    TwoFlipsInOneFile,
    ZeroedSector,
    SwappedSectors,
    /// A sector with the bytes of another file.
    StraySector,
    /// A sector as it was before anything was written to it, and those behind it are new.
    StaleSector,
    TwoCuts,
    CutAndFlip,
    SegmentAndIndex,
    SwappedSegments,
    IndexOfAnother,
}

const HARMS: [Harm; 11] = [
    Harm::TwoFlips,
    Harm::TwoFlipsInOneFile,
    Harm::ZeroedSector,
    Harm::SwappedSectors,
    Harm::StraySector,
    Harm::StaleSector,
    Harm::TwoCuts,
    Harm::CutAndFlip,
    Harm::SegmentAndIndex,
    Harm::SwappedSegments,
    Harm::IndexOfAnother,
];

/// Picks what is hit.
struct Hand<'a> {
    random: &'a mut Random,
    names: Vec<String>,
    segments: Vec<String>,
}

impl Hand<'_> {
    fn below(&mut self, limit: usize) -> usize {
        self.random.below(limit.max(1) as u64) as usize
    }

    fn file(&mut self) -> String {
        let at = self.below(self.names.len());
        self.names[at].clone()
    }

    fn segment(&mut self) -> String {
        let at = self.below(self.segments.len());
        self.segments[at].clone()
    }

    fn flip(&mut self, files: &mut Files, name: &str) {
        let bytes = files.get_mut(name).unwrap();
        if !bytes.is_empty() {
            let bit = self.below(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    fn cut(&mut self, files: &mut Files, name: &str) {
        let bytes = files.get_mut(name).unwrap();
        let len = self.below(bytes.len());
        bytes.truncate(len);
    }

    /// Where a sector of a file lies.
    fn sector(&mut self, bytes: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(bytes.len().div_ceil(SECTOR)) * SECTOR;
        start..(start + SECTOR).min(bytes.len())
    }

    fn harm(&mut self, files: &mut Files, harm: Harm) {
        let (one, other) = (self.file(), self.file());
        match harm {
            Harm::TwoFlips => [&one, &other].into_iter().for_each(|name| self.flip(files, name)),
            Harm::TwoFlipsInOneFile => [&one, &one].into_iter().for_each(|name| self.flip(files, name)),
            Harm::TwoCuts => [&one, &other].into_iter().for_each(|name| self.cut(files, name)),
            Harm::CutAndFlip => {
                self.cut(files, &one);
                self.flip(files, &other);
            }
            Harm::ZeroedSector | Harm::StaleSector => {
                let name = self.segment();
                let sector = self.sector(&files[&name]);
                files.get_mut(&name).unwrap()[sector].fill(0);
            }
            Harm::SwappedSectors => {
                let (left, right) = (self.sector(&files[&one]), self.sector(&files[&one]));
                let bytes = files.get_mut(&one).unwrap();
                let len = left.len().min(right.len());
                for at in 0..len {
                    bytes.swap(left.start + at, right.start + at);
                }
            }
            Harm::StraySector => {
                let (from, to) = (self.sector(&files[&other]), self.sector(&files[&one]));
                let stray = files[&other][from].to_vec();
                let bytes = &mut files.get_mut(&one).unwrap()[to];
                let len = bytes.len().min(stray.len());
                bytes[..len].copy_from_slice(&stray[..len]);
            }
            Harm::SegmentAndIndex => {
                let name = self.segment();
                let index = SegmentName::parse(&name).unwrap().index_name();
                self.flip(files, &name);
                if files.contains_key(&index) {
                    self.flip(files, &index);
                }
            }
            Harm::SwappedSegments => {
                let (one, other) = (self.segment(), self.segment());
                let bytes = files[&one].clone();
                let swapped = files.insert(other, bytes).unwrap();
                files.insert(one, swapped);
            }
            Harm::IndexOfAnother => {
                let (one, other) = (self.segment(), self.segment());
                let [one, other] = [one, other].map(|name| SegmentName::parse(&name).unwrap().index_name());
                if let Some(bytes) = files.get(&other).cloned() {
                    files.insert(one, bytes);
                }
            }
        }
    }
}

/// True if all that changed is in files that claim nothing, or is an index that was not there: a missing one is none the worse.
fn claims_nothing(honest: &Honest, files: &Files) -> bool {
    let is_same = |name: &String| honest.files.get(name) == files.get(name);
    files.keys().all(|name| is_same(name) || name == "lock")
}

fn harm_everything(is_closed: bool, cases: u64) -> u64 {
    let mut random = Random::new(if is_closed { 11 } else { 13 });
    let honest = Honest::new(is_closed, 1);
    let names: Vec<String> = honest.damageable().cloned().collect();
    let ends_with =
        |suffix: &str| names.iter().filter(|name| name.ends_with(suffix)).cloned().collect::<Vec<_>>();
    let segments = ends_with(SEGMENT_SUFFIX);
    assert!(!ends_with(INDEX_SUFFIX).is_empty());
    let mut done = 0;
    while done < cases {
        let harm = HARMS[done as usize % HARMS.len()];
        let mut files = honest.files.clone();
        Hand { random: &mut random, names: names.clone(), segments: segments.clone() }.harm(&mut files, harm);
        let context = format!("closed {is_closed}, case {done}, {harm:?}");
        done += 1;
        let seen = open_all(&honest, &files, &context);
        let (lost, _) = seen.lost(&honest);
        let is_told =
            if lost.is_empty() { !seen.told.is_empty() } else { seen.is_told(&honest, honest.newest()) };
        let is_excused =
            if lost.is_empty() { is_harmless(&honest, &files) } else { honest.is_shorter_log(&seen.read) };
        assert!(is_told || is_excused, "{context}: {lost:?} lost, {:?}", seen.told);
    }
    done
}

/// True if nothing that claims anything changed: the note in the lock, or zeros behind the end of the newest segment.
fn is_harmless(honest: &Honest, files: &Files) -> bool {
    let without_zeros = |files: &Files| {
        let mut files = files.clone();
        if let (false, Some(newest)) = (honest.is_closed, files.get_mut(honest.newest())) {
            newest.truncate(newest.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1));
        }
        files
    };
    claims_nothing(honest, files) || {
        let (mut one, mut other) = (without_zeros(&honest.files), without_zeros(files));
        one.remove("lock");
        other.remove("lock");
        one == other
    }
}

#[test]
fn damage_in_two_places_at_once_changes_no_event_and_loses_none_in_silence() {
    let cases = share(1_000, 25_000);
    let done = harm_everything(true, cases) + harm_everything(false, cases);
    tell("G8", "double faults", done, share(2_000, 50_000));
}
