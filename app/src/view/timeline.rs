//! Owns the bars of the timeline: bins of the whole store, stacked by kind class. Never knows points on a screen.

use std::ops::Range;

use super::text;
use crate::theme::{KindClass, kind_class};
use crate::worker::protocol::{TimeAxis, Timeline};

/// Bins beside each other that are drawn as one bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// Where it starts and ends, 0 to 1 of the axis.
    pub x: (f64, f64),
    /// Height, 0 to 1; a bar with one event is never invisible.
    pub height: f32,
    /// Share of each class, in the order of the classes; together 1.
    pub shares: Vec<(KindClass, f32)>,
    /// Events in it.
    pub events: u64,
    /// Sequence of its first event.
    pub first_sequence: u64,
}

/// A bar with one event is at least this high.
const HEIGHT_MIN: f32 = 0.06;

/// The bars of a timeline, at most `count_max`, empty ones left out.
pub fn bars(timeline: &Timeline, count_max: usize) -> Vec<Bar> {
    let bins = timeline.bins.len();
    let merge = bins.div_ceil(count_max.max(1)).max(1);
    let groups: Vec<(usize, [u64; KindClass::COUNT], u64)> = timeline
        .bins
        .chunks(merge)
        .enumerate()
        .map(|(i, chunk)| {
            let classes = by_class(chunk);
            (i * merge, classes, classes.iter().sum())
        })
        .collect();
    let highest = groups.iter().map(|group| group.2).max().unwrap_or(0);
    let bar = |(first, classes, events): (usize, [u64; KindClass::COUNT], u64)| Bar {
        x: (first as f64 / bins as f64, (first + merge).min(bins) as f64 / bins as f64),
        height: (events as f32 / highest as f32).max(HEIGHT_MIN),
        shares: KindClass::ALL
            .into_iter()
            .zip(classes)
            .filter(|(_, count)| *count > 0)
            .map(|(class, count)| (class, count as f32 / events as f32))
            .collect(),
        events,
        first_sequence: timeline
            .first_sequence
            .get(first..(first + merge).min(bins))
            .and_then(<[u64]>::first)
            .copied()
            .unwrap_or(0),
    };
    groups.into_iter().filter(|group| group.2 > 0).map(bar).collect()
}

fn by_class(bins: &[[u32; 16]]) -> [u64; KindClass::COUNT] {
    let mut classes = [0; KindClass::COUNT];
    for bin in bins {
        for (category, count) in (0u8..).zip(bin) {
            classes[kind_class(category) as usize] += u64::from(*count);
        }
    }
    classes
}

/// Where the selected event lies, 0 to 1 of the axis; `None` if it lies outside.
pub fn cursor(timeline: &Timeline, sequence: u64, time_us: Option<i64>) -> Option<f64> {
    let value = match timeline.axis {
        TimeAxis::Time => time_us?,
        TimeAxis::Sequence => i64::try_from(sequence).ok()?,
    };
    let (first, last) = timeline.span;
    if !(first..=last).contains(&value) {
        return None;
    }
    let length = last.abs_diff(first);
    Some(if length == 0 { 0.5 } else { value.abs_diff(first) as f64 / length as f64 })
}

/// Where a place of the commit order lies, 0 to 1 of the axis. On the axis of time it lies where the bin of the next event begins.
pub fn place_of(timeline: &Timeline, sequence: u64) -> f64 {
    if timeline.axis == TimeAxis::Sequence {
        let length = timeline.span.1.abs_diff(timeline.span.0).max(1);
        return (sequence as f64 / length as f64).clamp(0.0, 1.0);
    }
    let bins = timeline.first_sequence.len().max(1);
    // An empty bin says where the next one begins, so that the last of those that begin here is the one that holds it.
    let bin = timeline.first_sequence.partition_point(|first| *first <= sequence).saturating_sub(1);
    bin as f64 / bins as f64
}

/// Where places at which nothing can be read lie, 0 to 1 of the axis: from the end of what is before them to what comes after.
pub fn gap(timeline: &Timeline, places: &Range<u64>) -> (f64, f64) {
    let start = place_of(timeline, places.start);
    let end = place_of(timeline, places.end);
    let bin = match timeline.axis {
        TimeAxis::Time => 1.0 / timeline.first_sequence.len().max(1) as f64,
        TimeAxis::Sequence => 0.0,
    };
    ((start + bin).min(end), end)
}

/// The bar at a place of the axis, or the nearest within `reach` of it.
pub fn bar_at(bars: &[Bar], at: f64, reach: f64) -> Option<&Bar> {
    let distance = |bar: &Bar| (bar.x.0 - at).max(at - bar.x.1).max(0.0);
    bars.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).filter(|bar| distance(bar) <= reach)
}

/// What a bar says when the pointer rests on it.
pub fn bar_facts(bar: &Bar) -> String {
    format!("from {}", text::sequence(bar.first_sequence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(counts: &[(u8, u32)]) -> Timeline {
        let bins = counts
            .iter()
            .map(|(category, count)| {
                let mut bin = [0; 16];
                bin[usize::from(*category)] = *count;
                bin
            })
            .collect();
        let first_sequence = (0..counts.len() as u64).map(|i| i * 10).collect();
        Timeline { axis: TimeAxis::Sequence, span: (0, 400), bins, first_sequence }
    }

    #[test]
    fn bins_that_do_not_fit_share_a_bar_and_empty_ones_have_none() {
        let found = bars(&timeline(&[(1, 6), (2, 2), (1, 0), (1, 0), (3, 4), (3, 0)]), 3);
        let events: Vec<u64> = found.iter().map(|bar| bar.events).collect();
        assert_eq!(events, [8, 4]);
        assert_eq!(found[0].shares, [(KindClass::Teal, 0.75), (KindClass::Violet, 0.25)]);
        assert_eq!((found[0].height, found[1].height), (1.0, 0.5));
        assert_eq!(found[1].first_sequence, 40);
    }

    #[test]
    fn a_single_event_beside_a_million_is_still_seen() {
        let found = bars(&timeline(&[(1, 1_000_000), (1, 1)]), 100);
        assert!(found[1].height >= HEIGHT_MIN);
        assert!(bars(&Timeline::default(), 10).is_empty());
    }

    #[test]
    fn the_cursor_is_where_the_selection_is_or_nowhere() {
        let timeline = timeline(&[(1, 1); 4]);
        assert_eq!(cursor(&timeline, 100, None), Some(0.25));
        assert_eq!(cursor(&timeline, 401, None), None);
        let by_time = Timeline { axis: TimeAxis::Time, ..timeline };
        assert_eq!(cursor(&by_time, 1, None), None);
    }

    #[test]
    fn the_pointer_finds_the_nearest_bar_within_reach() {
        let found = bars(&timeline(&[(1, 1), (1, 0), (1, 0), (1, 1)]), 100);
        assert_eq!(bar_at(&found, 0.3, 0.1).map(|bar| bar.first_sequence), Some(0));
        assert!(bar_at(&found, 0.5, 0.1).is_none());
    }
}
