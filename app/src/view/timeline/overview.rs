//! Owns the strip of the whole store: bars, and where a place of the commit order lies in it.

use std::ops::Range;

use crate::worker::protocol::{TimeAxis, Timeline};

/// A bar with one event is at least this high, 0 to 1.
const HEIGHT_MIN: f32 = 0.08;

/// Heights of the parts, 0 to 1; a part with one event is never invisible.
pub fn heights(timeline: &Timeline) -> Vec<f32> {
    let sums: Vec<u64> =
        timeline.bins.iter().map(|bin| bin.iter().map(|count| u64::from(*count)).sum()).collect();
    let highest = sums.iter().max().copied().unwrap_or(0).max(1) as f32;
    let height = |sum: &u64| if *sum == 0 { 0.0 } else { (*sum as f32 / highest).max(HEIGHT_MIN) };
    sums.iter().map(height).collect()
}

/// Where a value lies, 0 to 1 of the whole.
pub fn share(timeline: &Timeline, value: f64) -> f64 {
    let (first, last) = (timeline.span.0 as f64, timeline.span.1 as f64);
    if last <= first { 0.5 } else { ((value - first) / (last - first)).clamp(0.0, 1.0) }
}

/// The value at a share of the whole.
pub fn value(timeline: &Timeline, share: f64) -> f64 {
    let (first, last) = (timeline.span.0 as f64, timeline.span.1 as f64);
    first + share.clamp(0.0, 1.0) * (last - first)
}

/// The value at which a place of the commit order lies. On the axis of time it is that of the part that holds the place.
pub fn value_of_place(timeline: &Timeline, sequence: u64) -> f64 {
    if timeline.axis == TimeAxis::Sequence {
        return sequence as f64;
    }
    let bins = timeline.first_sequence.len().max(1);
    // An empty part says where the next one begins, so that the last of those that begin here is the one that holds it.
    let bin = timeline.first_sequence.partition_point(|first| *first <= sequence).saturating_sub(1);
    value(timeline, bin as f64 / bins as f64)
}

/// Where places at which nothing can be read lie, in values: from the end of what is before them to what comes after.
pub fn values_of_gap(timeline: &Timeline, places: &Range<u64>) -> (f64, f64) {
    let start = value_of_place(timeline, places.start);
    let end = value_of_place(timeline, places.end);
    if timeline.axis == TimeAxis::Sequence {
        return (start, end);
    }
    let bin = (timeline.span.1 as f64 - timeline.span.0 as f64) / timeline.first_sequence.len().max(1) as f64;
    ((start + bin).min(end), end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(axis: TimeAxis, counts: &[u32]) -> Timeline {
        let bins = counts
            .iter()
            .map(|count| {
                let mut bin = [0; 16];
                bin[1] = *count;
                bin
            })
            .collect();
        let first_sequence = (0..counts.len() as u64).map(|i| i * 10).collect();
        Timeline { axis, span: (0, 400), bins, first_sequence, ..Timeline::default() }
    }

    #[test]
    fn a_single_event_beside_a_million_is_still_seen_and_an_empty_part_is_not() {
        let heights = heights(&timeline(TimeAxis::Time, &[1_000_000, 1, 0]));
        assert_eq!((heights[0], heights[2]), (1.0, 0.0));
        assert!(heights[1] >= HEIGHT_MIN);
    }

    #[test]
    fn shares_and_values_lead_to_each_other() {
        let timeline = timeline(TimeAxis::Time, &[1; 4]);
        assert_eq!((share(&timeline, 100.0), value(&timeline, 0.25)), (0.25, 100.0));
        assert_eq!((share(&timeline, -9.0), share(&timeline, 900.0)), (0.0, 1.0));
    }

    #[test]
    fn a_gap_in_the_commit_order_lies_behind_the_part_before_it() {
        let by_time = timeline(TimeAxis::Time, &[1; 4]);
        assert_eq!(values_of_gap(&by_time, &(12..30)), (200.0, 300.0));
        let by_sequence = timeline(TimeAxis::Sequence, &[1; 4]);
        assert_eq!(values_of_gap(&by_sequence, &(12..30)), (12.0, 30.0));
    }
}
