//! Owns what a lane shows at a zoom: marks while its events have room, bars stacked by kind class where they do not.

use crate::theme::{KindClass, KindMark, kind_class};
use crate::view::timeline::scale::Scale;
use crate::worker::protocol::{Bucket, LaneEvent, LaneMarks, TimeAxis};

/// Events with this much room each are marks, points.
const ROOM_FOR_MARKS: f64 = 8.0;
/// Marks closer than this are one, points.
const FOLDED_BELOW: f64 = 4.0;
/// A bar and the gap behind it are at least so wide, points.
const PITCH: f64 = 2.0;
/// A bar with one event is at least this high, 0 to 1.
const HEIGHT_MIN: f32 = 0.12;

/// What a lane shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// Events one by one, or a few that lie on each other.
    Marks(Vec<Mark>),
    /// Events counted.
    Bars(Vec<Bar>),
}

/// One event, or several that lie closer to each other than marks are wide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Points from the left end of the view.
    pub x: f32,
    /// The first of them.
    pub event: LaneEvent,
    /// How many.
    pub count: u32,
    /// What it looks like.
    pub look: KindMark,
}

/// Events beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Left and right side, points from the left end of the view.
    pub x: (f32, f32),
    /// 0 to 1.
    pub height: f32,
    /// Events of each kind class.
    pub classes: [u32; KindClass::COUNT],
    /// Events in it.
    pub events: u64,
    /// Sequence of the first.
    pub first: u64,
    /// The value at which it begins.
    pub from: i64,
}

/// The bucket width to ask for at a zoom: a power of two, so that neighbouring zooms share their buckets.
pub fn bucket_width(per_point: f64) -> u64 {
    let wanted = (per_point * PITCH).clamp(1.0, 1e18);
    (wanted.ceil() as u64).next_power_of_two()
}

/// What a lane shows on a scale.
pub fn shown(marks: &LaneMarks, axis: TimeAxis, bucket: u64, scale: &Scale, log: bool) -> Shown {
    match marks {
        LaneMarks::Events(events) => {
            let seen = seen_events(events, axis, scale);
            if (seen.len() as f64) * ROOM_FOR_MARKS <= scale.width() {
                Shown::Marks(folded(&seen, scale, axis))
            } else {
                let buckets = counted(events, axis, bucket);
                Shown::Bars(bars(&buckets, bucket, scale, log))
            }
        }
        LaneMarks::Buckets(buckets) => Shown::Bars(bars(buckets, bucket, scale, log)),
    }
}

/// Events in view and a little beside it, by their place on the axis.
fn seen_events(events: &[LaneEvent], axis: TimeAxis, scale: &Scale) -> Vec<LaneEvent> {
    let from = scale.value(-8.0);
    let to = scale.value(scale.width() + 8.0);
    let is_seen = |event: &&LaneEvent| (from..to).contains(&(event.value(axis) as f64));
    let mut seen: Vec<LaneEvent> = events.iter().filter(is_seen).copied().collect();
    seen.sort_by_key(|event| (event.value(axis), event.sequence));
    seen
}

fn folded(events: &[LaneEvent], scale: &Scale, axis: TimeAxis) -> Vec<Mark> {
    let mut marks: Vec<Mark> = Vec::new();
    for event in events {
        let x = scale.x(event.value(axis) as f64);
        match marks.last_mut().filter(|last| x - f64::from(last.x) < FOLDED_BELOW) {
            Some(last) => last.count += 1,
            None => marks.push(Mark {
                x: x as f32,
                event: *event,
                count: 1,
                look: KindMark::of_category(event.kind.category()),
            }),
        }
    }
    marks
}

fn counted(events: &[LaneEvent], axis: TimeAxis, width: u64) -> Vec<Bucket> {
    let width = i64::try_from(width.max(1)).unwrap_or(i64::MAX);
    let mut sorted = events.to_vec();
    sorted.sort_by_key(|event| (event.value(axis), event.sequence));
    let mut buckets: Vec<Bucket> = Vec::new();
    for event in sorted {
        let at = event.value(axis).div_euclid(width);
        if buckets.last().is_none_or(|last| last.at != at) {
            buckets.push(Bucket { at, first: event.sequence, counts: [0; 16] });
        }
        if let Some(bucket) = buckets.last_mut() {
            bucket.first = bucket.first.min(event.sequence);
            bucket.counts[usize::from(event.kind.category() & 15)] += 1;
        }
    }
    buckets
}

/// Buckets as bars. Those too narrow to be seen are joined in pairs, pairs of pairs and so on, so that panning moves bars and never
/// changes them.
fn bars(buckets: &[Bucket], width: u64, scale: &Scale, log: bool) -> Vec<Bar> {
    let mut joined = 0_u32;
    let point = width.max(1) as f64 / scale.place().per_point;
    while point * f64::from(joined).exp2() < PITCH && joined < 40 {
        joined += 1;
    }
    let groups: Vec<(i64, u64, [u32; KindClass::COUNT])> = buckets
        .chunk_by(|a, b| a.at >> joined == b.at >> joined)
        .map(|chunk| summed(chunk, joined))
        .collect();
    let level = |events: u64| if log { (1.0 + events as f64).log2() as f32 } else { events as f32 };
    let events_of = |classes: &[u32; KindClass::COUNT]| classes.iter().map(|count| u64::from(*count)).sum();
    let highest = groups.iter().map(|(.., classes)| level(events_of(classes))).fold(1.0_f32, f32::max);
    let step = i128::from(width.max(1)) << joined;
    let mut out = Vec::new();
    for (at, first, classes) in groups {
        let from = i128::from(at) * step;
        let x = (scale.x(from as f64), scale.x((from + step) as f64));
        if x.1 < 0.0 || x.0 > scale.width() {
            continue;
        }
        let events = events_of(&classes);
        let height = (level(events) / highest).max(HEIGHT_MIN);
        let from = i64::try_from(from).unwrap_or(if at < 0 { i64::MIN } else { i64::MAX });
        out.push(Bar { x: (x.0 as f32, x.1 as f32), height, classes, events, first, from });
    }
    out
}

fn summed(chunk: &[Bucket], joined: u32) -> (i64, u64, [u32; KindClass::COUNT]) {
    let mut classes = [0_u32; KindClass::COUNT];
    for bucket in chunk {
        for (category, count) in (0_u8..).zip(bucket.counts) {
            let sum = &mut classes[kind_class(category) as usize];
            *sum = sum.saturating_add(count);
        }
    }
    let first = chunk.iter().map(|bucket| bucket.first).min().unwrap_or(0);
    (chunk.first().map_or(0, |bucket| bucket.at >> joined), first, classes)
}

#[cfg(test)]
mod tests {
    use causeway::event::EventKind;

    use super::*;
    use crate::state::timeline::Place;

    fn event(sequence: u64, time_us: i64) -> LaneEvent {
        LaneEvent { sequence, time_us, kind: EventKind::custom(1 + (sequence % 2) as u8, 1) }
    }

    fn scale(start: f64, per_point: f64) -> Scale {
        Scale::new(Place { start, per_point }, 100.0, &[])
    }

    #[test]
    fn a_few_events_are_marks_and_those_on_each_other_one_mark_with_a_count() {
        let events = LaneMarks::Events(vec![event(0, 10), event(1, 12), event(2, 60), event(3, 900)]);
        let Shown::Marks(marks) = shown(&events, TimeAxis::Time, 2, &scale(0.0, 1.0), false) else {
            panic!("four events have room");
        };
        let found: Vec<_> = marks.iter().map(|mark| (mark.event.sequence, mark.count, mark.x)).collect();
        assert_eq!(found, [(0, 2, 10.0), (2, 1, 60.0)]);
    }

    #[test]
    fn many_events_are_bars_whose_sums_are_their_number() {
        let events = LaneMarks::Events((0..80).map(|i| event(i, i.cast_signed())).collect());
        let Shown::Bars(bars) = shown(&events, TimeAxis::Time, 2, &scale(0.0, 1.0), false) else {
            panic!("eighty events have no room for marks");
        };
        assert_eq!(bars.iter().map(|bar| bar.events).sum::<u64>(), 80);
        assert!(bars.windows(2).all(|pair| pair[0].x.1 <= pair[1].x.0));
        assert!(bars.iter().all(|bar| bar.classes[0] == 1 && bar.classes[1] == 1));
    }

    #[test]
    fn bars_join_when_one_zooms_out_and_never_change_when_one_pans() {
        let bucket = |at: i64| Bucket { at, first: at.unsigned_abs(), counts: [1; 16] };
        let buckets = LaneMarks::Buckets((0..1000).map(bucket).collect());
        let at = |start: f64, per_point: f64| {
            let shown = shown(&buckets, TimeAxis::Sequence, 2, &scale(start, per_point), false);
            let Shown::Bars(bars) = shown else { panic!("buckets are bars") };
            bars
        };
        assert!(at(0.0, 1.0).iter().all(|bar| bar.events == 16));
        let far = at(0.0, 8.0);
        assert!(far.iter().all(|bar| bar.events == 128), "{far:?}");
        let moved = at(40.0, 8.0);
        assert!(moved.iter().all(|bar| far.iter().any(|other| other.first == bar.first) || bar.x.0 > 80.0));
    }

    #[test]
    fn widths_of_buckets_are_powers_of_two_and_never_nothing() {
        assert_eq!(
            (bucket_width(1e-9), bucket_width(1.0), bucket_width(3.0), bucket_width(1e30)),
            (1, 2, 8, 1 << 60)
        );
    }
}
