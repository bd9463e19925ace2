//! Owns the events of one lane within a window: each one while they are few, counted in buckets from then on.

use crate::worker::protocol::{Bucket, LaneEvent, LaneMarks, TimeAxis, Window};

/// Events that are told one by one.
const EVENTS_MAX: usize = 2_048;

/// Marks that grow with the store.
pub(super) struct Strip {
    pub(super) axis: TimeAxis,
    pub(super) window: Window,
    /// The first place that is not in it.
    pub(super) next: u64,
    marks: LaneMarks,
}

impl Strip {
    /// A strip that holds nothing of what lies before `next`.
    pub(super) fn new(axis: TimeAxis, window: Window, next: u64) -> Self {
        Self { axis, window, next, marks: LaneMarks::Events(Vec::new()) }
    }

    /// Adds an event, if it lies within the window.
    pub(super) fn add(&mut self, event: LaneEvent) {
        let value = event.value(self.axis);
        if value < self.window.from || value >= self.window.to {
            return;
        }
        match &mut self.marks {
            LaneMarks::Events(events) if events.len() < EVENTS_MAX => events.push(event),
            LaneMarks::Events(events) => {
                let mut buckets = Vec::new();
                for event in events.drain(..).chain([event]) {
                    count(&mut buckets, event, self.axis, self.window.bucket);
                }
                self.marks = LaneMarks::Buckets(buckets);
            }
            LaneMarks::Buckets(buckets) => count(buckets, event, self.axis, self.window.bucket),
        }
    }

    /// What it holds so far.
    pub(super) fn marks(&self) -> LaneMarks {
        self.marks.clone()
    }
}

fn count(buckets: &mut Vec<Bucket>, event: LaneEvent, axis: TimeAxis, width: u64) {
    let at = event.value(axis).div_euclid(i64::try_from(width.max(1)).unwrap_or(i64::MAX));
    let found = match buckets.last() {
        Some(last) if last.at == at => Ok(buckets.len() - 1),
        Some(last) if last.at < at => Err(buckets.len()),
        // The clock went back.
        _ => buckets.binary_search_by_key(&at, |bucket| bucket.at),
    };
    let index = found.unwrap_or_else(|index| {
        buckets.insert(index, Bucket { at, first: event.sequence, counts: [0; 16] });
        index
    });
    let bucket = &mut buckets[index];
    bucket.first = bucket.first.min(event.sequence);
    bucket.counts[usize::from(event.kind.category() & 15)] += 1;
}
