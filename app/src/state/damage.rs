//! Owns which places of the commit order something is wrong with, from everything that was found so far. Never decides what can be read.

use std::collections::HashSet;
use std::ops::Range;

use causeway::store::{Finding, FindingClass};

use crate::worker::protocol::Damage;

/// What is wrong with a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Nothing can be read there.
    Unreadable,
    /// It can be read, and does not fit its hashes or the event before it: from here on the chain proves nothing.
    Broken,
}

/// Places that something is wrong with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Which.
    pub places: Range<u64>,
    /// What.
    pub wrong: Wrong,
    /// In words.
    pub words: String,
}

/// What a class of findings says about the event it names; `None` if it says nothing about what can be read or trusted.
pub fn wrong(class: FindingClass) -> Option<Wrong> {
    match class {
        FindingClass::Hole | FindingClass::Frame | FindingClass::Group => Some(Wrong::Unreadable),
        FindingClass::Place
        | FindingClass::ContentHash
        | FindingClass::EventHash
        | FindingClass::Link
        | FindingClass::Id => Some(Wrong::Broken),
        _ => None,
    }
}

/// True if a finding says that an event cannot be checked, because the one before it cannot be read: that is no break.
pub fn is_unchecked(finding: &Finding) -> bool {
    finding.class == FindingClass::Link && finding.expected.is_none()
}

/// Places in the order of the log, each once: runs that cannot be read, and what findings name beside them.
pub fn spots(damage: &Damage, verified: &[Finding]) -> Vec<Spot> {
    let mut out: Vec<Spot> = damage
        .holes
        .iter()
        .map(|run| Spot { places: run.clone(), wrong: Wrong::Unreadable, words: "cannot be read".to_owned() })
        .collect();
    let holes = out.len();
    // An event that misses the one before it in its stream cannot be checked; where events cannot be read, that is no break of the chain.
    let found = || damage.findings.iter().chain(verified);
    // A frame that does not hold what its checksum says is in no run as long as nobody but a check read it.
    let unreadable = found().filter(|finding| wrong(finding.class) == Some(Wrong::Unreadable));
    let unreadable = unreadable.filter_map(|finding| finding.sequence);
    let first_hole = damage.holes.iter().map(|run| run.start).chain(unreadable).min().unwrap_or(u64::MAX);
    let displaced: HashSet<u64> = found()
        .filter(|finding| finding.class == FindingClass::Place)
        .filter_map(|finding| finding.sequence.filter(|sequence| *sequence > first_hole))
        .collect();
    let follows_a_hole = |class, sequence: u64| {
        matches!(class, FindingClass::Place | FindingClass::EventHash | FindingClass::Link)
            && displaced.contains(&sequence)
    };
    for finding in found() {
        let (Some(sequence), Some(wrong)) = (finding.sequence, wrong(finding.class)) else { continue };
        if follows_a_hole(finding.class, sequence) || (is_unchecked(finding) && sequence > first_hole) {
            continue;
        }
        let known = out[..holes].partition_point(|spot| spot.places.end <= sequence);
        if !out[..holes].get(known).is_some_and(|spot| spot.places.contains(&sequence)) {
            out.push(Spot { places: sequence..sequence + 1, wrong, words: finding.message.clone() });
        }
    }
    out.sort_by_key(|spot| spot.places.start);
    out.dedup_by(|next, first| next.places.start == first.places.start);
    out
}

/// The spot that a place belongs to.
pub fn spot_at(spots: &[Spot], sequence: u64) -> Option<&Spot> {
    let spot = spots.get(spots.partition_point(|spot| spot.places.end <= sequence))?;
    spot.places.contains(&sequence).then_some(spot)
}

/// The first place that can be read and does not fit: from there on the chain proves nothing.
pub fn broken_from(spots: &[Spot]) -> Option<u64> {
    spots.iter().find(|spot| spot.wrong == Wrong::Broken).map(|spot| spot.places.start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_named_once_and_a_run_takes_its_findings_in() {
        let damage = Damage { holes: vec![4..6, 9..1_000], ..Damage::default() };
        let found = [
            Finding::new(FindingClass::Frame, "damaged frame").of_event(5),
            Finding::new(FindingClass::Link, "the link does not fit").of_event(2_000).compared("a", "b"),
            Finding::new(FindingClass::EventHash, "the event hash does not fit").of_event(2_000),
            Finding::new(FindingClass::ContentHash, "the payload does not fit").of_event(7),
            Finding::new(FindingClass::Derived, "the index does not agree").of_event(8),
        ];
        let spots = spots(&damage, &found);
        let places: Vec<_> = spots.iter().map(|spot| (spot.places.clone(), spot.wrong)).collect();
        assert_eq!(
            places,
            [
                (4..6, Wrong::Unreadable),
                (7..8, Wrong::Broken),
                (9..1_000, Wrong::Unreadable),
                (2_000..2_001, Wrong::Broken),
            ]
        );
        assert_eq!(broken_from(&spots), Some(7));
        assert_eq!(spot_at(&spots, 500).map(|spot| spot.places.start), Some(9));
        assert_eq!(spot_at(&spots, 8), None);
    }

    #[test]
    fn a_frame_that_only_a_check_found_damaged_is_no_break_of_the_chain_of_the_events_behind_it() {
        let found = [
            Finding::new(FindingClass::Frame, "the checksum does not fit").of_event(5),
            Finding::new(FindingClass::Link, "its own hash cannot be checked").of_event(7),
        ];
        let spots = spots(&Damage::default(), &found);
        assert_eq!(spots.iter().map(|spot| spot.places.start).collect::<Vec<_>>(), [5]);
        assert_eq!(broken_from(&spots), None);
    }

    #[test]
    fn an_event_that_misses_the_one_before_it_in_a_hole_is_no_break_of_the_chain() {
        let damage = Damage { holes: std::iter::once(4..6).collect(), ..Damage::default() };
        let found = [
            Finding::new(FindingClass::EventHash, "the event does not fit").of_event(9),
            Finding::new(FindingClass::Place, "it has place 3 instead of 2").of_event(9),
            Finding::new(FindingClass::EventHash, "the event does not fit").of_event(12),
            Finding::new(FindingClass::Link, "its own hash cannot be checked").of_event(10),
        ];
        assert_eq!(broken_from(&spots(&damage, &found)), Some(12));
        assert_eq!(
            broken_from(&spots(&Damage::default(), &found)),
            Some(9),
            "nothing is missing that explains it"
        );
    }
}
