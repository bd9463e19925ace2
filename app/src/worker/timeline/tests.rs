//! The sums against naive counts, over random logs whose clock may step back, as they grow and shrink.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use causeway::event::EventKind;
use causeway::store::{Columns, Selection, StoreError};

use super::blocks::{Blocks, Log, Source};
use super::gaps::gaps;
use super::overview::Overview;
use super::postings::Postings;
use super::pyramid::Pyramid;
use crate::worker::holes::Holes;
use crate::worker::protocol::{LaneEvent, LaneKey, LaneMarks, TimeAxis, Window};

const SEED: u64 = 0x5EED_0719;
const AXES: [TimeAxis; 2] = [TimeAxis::Time, TimeAxis::Sequence];

/// Random numbers that are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }
}

/// A log that is held in memory.
#[derive(Default)]
struct Written {
    events: Vec<LaneEvent>,
    time_us: i64,
}

impl Written {
    /// Writes on: bursts, pauses, and now and then a clock that goes back.
    fn grow(&mut self, random: &mut Random, count: u64, steps_back: bool) {
        for _ in 0..count {
            let step = match random.below(400) {
                0 => 1 + random.below(40_000_000).cast_signed(),
                1 if steps_back => -random.below(30_000_000).cast_signed(),
                2..100 => 0,
                _ => random.below(900).cast_signed(),
            };
            self.time_us += step;
            let sequence = self.events.len() as u64;
            let kind = EventKind::custom(1 + random.below(6) as u8, 1);
            self.events.push(LaneEvent { sequence, time_us: self.time_us, kind });
        }
    }
}

impl Source for Written {
    fn columns(&self, range: Range<u64>) -> Result<Columns, StoreError> {
        let events = &self.events[range.start as usize..range.end as usize];
        Ok(Columns {
            times_us: events.iter().map(|event| event.time_us).collect(),
            kinds: events.iter().map(|event| event.kind).collect(),
        })
    }

    fn select(&self, selection: &Selection, from: u64, limit: usize) -> Result<Vec<u64>, StoreError> {
        let takes = |event: &&LaneEvent| event.sequence >= from && selection.kinds.contains(&event.kind);
        Ok(self.events.iter().filter(takes).map(|event| event.sequence).take(limit).collect())
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_hours(1)
}

fn pyramid_of(log: Log<'_>, blocks: &mut Blocks, pyramid: &mut Pyramid) {
    blocks.each(log, pyramid.next()..log.end, |event| pyramid.push(event)).unwrap();
}

/// Everything that a pyramid says.
fn told(pyramid: &Pyramid) -> (Vec<(super::pyramid::Node, bool)>, Vec<LaneEvent>, usize) {
    let mut nodes = Vec::new();
    pyramid.walk(|node, is_leaf| {
        nodes.push((*node, is_leaf));
        true
    });
    (nodes, pyramid.tail().to_vec(), pyramid.jumps().len())
}

#[test]
fn parts_of_the_whole_hold_what_a_naive_count_finds() {
    println!("seed {SEED:#x}");
    let mut random = Random(SEED);
    for round in 0..24 {
        let mut written = Written::default();
        let count = random.below(6_000);
        written.grow(&mut random, count, round % 2 == 0);
        let holes = Holes::default();
        let log = Log { source: &written, holes: &holes, end: written.events.len() as u64 };
        let (mut blocks, mut pyramid) = (Blocks::default(), Pyramid::default());
        pyramid_of(log, &mut blocks, &mut pyramid);
        let back = written.events.windows(2).filter(|pair| pair[1].time_us < pair[0].time_us).count();
        assert_eq!(pyramid.jumps().len(), back, "round {round}: each step back is told once");
        for axis in AXES {
            let bins = 1 + random.below(300) as usize;
            let mut overview = Overview::of(&pyramid, axis, bins);
            assert!(overview.advance(log, &mut blocks, soon()).unwrap());
            let (first, last) = overview.span;
            let mut naive = vec![[0_u32; 16]; bins];
            for event in &written.events {
                let width = i128::from(last) - i128::from(first) + 1;
                let at = i128::from(event.value(axis) - first) * bins as i128 / width;
                naive[at as usize][usize::from(event.kind.category())] += 1;
            }
            assert_eq!(overview.bins, naive, "round {round}, {axis:?}");
            assert!(overview.first_sequences(log.end).is_sorted() || !pyramid.jumps().is_empty());
        }
    }
}

#[test]
fn lanes_hold_what_a_naive_count_finds_in_any_window() {
    println!("seed {SEED:#x}");
    let mut random = Random(SEED ^ 1);
    let mut checked = [0_u32; 2];
    for round in 0..12 {
        let mut written = Written::default();
        written.grow(&mut random, 40_000, round % 2 == 0);
        let holes = Holes::default();
        let log = Log { source: &written, holes: &holes, end: written.events.len() as u64 };
        let (mut blocks, mut pyramid) = (Blocks::default(), Pyramid::default());
        pyramid_of(log, &mut blocks, &mut pyramid);
        let kind = EventKind::custom(2, 1);
        let mut lane =
            Postings::new(LaneKey::Kind(kind), Selection { kinds: vec![kind], ..Selection::default() });
        assert!(lane.extend(log, soon()).unwrap());
        for axis in AXES {
            let (first, last) = pyramid.span(axis).unwrap();
            let from = first + random.below(last.abs_diff(first)).cast_signed();
            let to = from + 1 + random.below(last.abs_diff(from) * 2).cast_signed();
            let window = Window { from, to, bucket: 1 << random.below(16) };
            let places = pyramid.places(axis, &(from..to));
            assert!(lane.mark(log, &mut blocks, (axis, window, &places), soon()).unwrap());
            let inside = |event: &&LaneEvent| event.kind == kind && (from..to).contains(&event.value(axis));
            let expected: Vec<LaneEvent> = written.events.iter().filter(inside).copied().collect();
            match lane.lane().marks {
                LaneMarks::Events(events) => {
                    assert_eq!(events, expected, "round {round}");
                    checked[0] += 1;
                }
                LaneMarks::Buckets(buckets) => {
                    let mut naive: BTreeMap<i64, u32> = BTreeMap::new();
                    for event in &expected {
                        *naive
                            .entry(event.value(axis).div_euclid(window.bucket.cast_signed()))
                            .or_default() += 1;
                    }
                    let found: BTreeMap<i64, u32> =
                        buckets.iter().map(|bucket| (bucket.at, bucket.counts[2])).collect();
                    assert_eq!(found, naive, "round {round}, {axis:?}");
                    checked[1] += 1;
                }
            }
        }
    }
    assert!(checked.iter().all(|count| *count > 0), "both ways are taken: {checked:?}");
}

#[test]
fn growing_and_going_back_leaves_what_one_look_at_the_rest_finds() {
    println!("seed {SEED:#x}");
    let mut random = Random(SEED ^ 2);
    let mut written = Written::default();
    let (mut blocks, mut pyramid) = (Blocks::default(), Pyramid::default());
    let kind = EventKind::custom(3, 1);
    let selection = Selection { kinds: vec![kind], ..Selection::default() };
    let mut lane = Postings::new(LaneKey::Kind(kind), selection.clone());
    let holes = Holes::default();
    for round in 0..60 {
        if round % 3 == 2 {
            let end = random.below(written.events.len() as u64 + 1);
            written.events.truncate(end as usize);
            written.time_us = written.events.last().map_or(0, |event| event.time_us);
            blocks.rewind(end);
            pyramid.rewind(end);
            lane.rewind(end);
        }
        let more = random.below(5_000);
        written.grow(&mut random, more, true);
        let log = Log { source: &written, holes: &holes, end: written.events.len() as u64 };
        pyramid_of(log, &mut blocks, &mut pyramid);
        assert!(lane.extend(log, soon()).unwrap());
        let mut anew = Pyramid::default();
        pyramid_of(log, &mut Blocks::default(), &mut anew);
        assert_eq!(told(&pyramid), told(&anew), "round {round}");
        let window = Window { from: i64::MIN, to: i64::MAX, bucket: 1 << 20 };
        let places = 0..log.end;
        lane.mark(log, &mut blocks, (TimeAxis::Time, window, &places), soon()).unwrap();
        let total = written.events.iter().filter(|event| event.kind == kind).count() as u64;
        assert_eq!(lane.lane().total, total, "round {round}");
        let marked: u64 = match lane.lane().marks {
            LaneMarks::Events(events) => events.len() as u64,
            LaneMarks::Buckets(buckets) => buckets.iter().map(|bucket| u64::from(bucket.counts[3])).sum(),
        };
        assert_eq!(marked, total, "round {round}");
    }
}

#[test]
fn idle_times_are_found_wherever_they_are_and_none_that_an_earlier_clock_filled() {
    println!("seed {SEED:#x}");
    let mut random = Random(SEED ^ 3);
    let mut found_some = 0;
    for round in 0..20 {
        let mut written = Written::default();
        written.grow(&mut random, 12_000, round % 2 == 0);
        let holes = Holes::default();
        let log = Log { source: &written, holes: &holes, end: written.events.len() as u64 };
        let (mut blocks, mut pyramid) = (Blocks::default(), Pyramid::default());
        pyramid_of(log, &mut blocks, &mut pyramid);
        let window = Window { from: i64::MIN / 4, to: i64::MAX / 4, bucket: 1 << 19 };
        let found = gaps(log, &mut blocks, &pyramid, window).unwrap();
        let mut times: Vec<i64> = written.events.iter().map(|event| event.time_us).collect();
        times.sort_unstable();
        let usual = pyramid.usual_step_us(&(0..log.end)).unwrap();
        let least = (20 * usual).max(20 << 19).cast_signed();
        let naive: Vec<(i64, i64)> =
            times.windows(2).map(|pair| (pair[0], pair[1])).filter(|(a, b)| b - a > least).collect();
        // A clock that went back and passed an idle time anew ends it earlier than the commit order says.
        let missed = naive.iter().filter(|gap| !found.contains(gap)).count();
        assert!(found.iter().all(|gap| naive.contains(gap)), "round {round}: {found:?} of {naive:?}");
        assert!(missed == 0 || !pyramid.jumps().is_empty(), "round {round}");
        found_some += found.len();
    }
    assert!(found_some > 10);
}
