//! Owns how the user looks at the timeline, and the picture of it that the worker sent last.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::state::asked::Asked;
use crate::worker::protocol::{Failure, LaneBy, RequestId, TimeAxis, Timeline, TimelineQuestion};

/// Gaps that stay open though gaps are folded.
const UNFOLDED_MAX: usize = 64;

/// The timeline of the open store.
#[derive(Clone, Debug, Default)]
pub struct TimelineState {
    /// How the user looks at it. Written by `run`; saved for each store.
    pub look: TimelineLook,
    /// What it shows. Written by `apply`.
    pub picture: Option<Arc<Timeline>>,
    /// Why the last question has no answer. Written by `apply`.
    pub failure: Option<Failure>,
}

/// How the user looks at the timeline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TimelineLook {
    /// What the axis counts.
    pub axis: TimeAxis,
    /// What the lanes are.
    pub lanes: LaneBy,
    /// Times for which nothing happened take little room.
    pub fold_gaps: bool,
    /// Bars grow with the logarithm of the count.
    pub log_scale: bool,
    /// The part that is seen; the whole store, as it grows, without it.
    pub place: Option<Place>,
    /// Gaps that stay open though gaps are folded.
    pub unfolded: Vec<(i64, i64)>,
    /// The two events whose distance is measured.
    pub pins: [Option<u64>; 2],
}

impl Default for TimelineLook {
    fn default() -> Self {
        Self {
            axis: TimeAxis::default(),
            lanes: LaneBy::default(),
            fold_gaps: true,
            log_scale: false,
            place: None,
            unfolded: Vec::new(),
            pins: [None; 2],
        }
    }
}

/// A part of the axis as it lies on a screen: where it starts, and how much of the axis a point is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The value at the left end.
    pub start: f64,
    /// Values a point, more than 0.
    pub per_point: f64,
}

/// What can be done with the timeline.
#[derive(Clone, Debug, PartialEq)]
pub enum TimelineAction {
    /// Ask for what is to be shown.
    Ask(TimelineQuestion),
    /// Count something else on the axis.
    Axis(TimeAxis),
    /// Show other lanes.
    Lanes(LaneBy),
    /// Fold gaps, or show them as long as they are.
    FoldGaps(bool),
    /// Let bars grow with the logarithm of the count, or with the count.
    LogScale(bool),
    /// Show a part; the whole store without one.
    Go(Option<Place>),
    /// Leave this gap open.
    Unfold((i64, i64)),
    /// Pin an event: the first, then the second, then the first anew. A pinned one is taken away.
    Pin(u64),
}

impl TimelineState {
    /// Takes an answer of the worker.
    pub fn take(&mut self, asked: &mut Asked, id: RequestId, answer: Result<Arc<Timeline>, Failure>) {
        let Some((_, _, answered)) = asked.timeline.as_mut().filter(|(waiting, ..)| *waiting == id) else {
            return;
        };
        match answer {
            Ok(timeline) => {
                *answered = timeline.complete;
                self.picture = Some(timeline);
                self.failure = None;
            }
            Err(failure) => {
                *answered = true;
                self.failure = Some(failure);
            }
        }
    }
}

impl TimelineLook {
    /// Looks at it in another way. A question changes nothing here.
    pub fn change(&mut self, action: &TimelineAction) {
        match *action {
            TimelineAction::Ask(_) => {}
            TimelineAction::Axis(axis) => {
                // A part of one axis is none of another.
                *self = Self { axis, place: None, unfolded: Vec::new(), ..self.clone() };
            }
            TimelineAction::Lanes(lanes) => self.lanes = lanes,
            TimelineAction::FoldGaps(fold) => {
                self.fold_gaps = fold;
                self.unfolded.clear();
            }
            TimelineAction::LogScale(log) => self.log_scale = log,
            TimelineAction::Go(place) => self.place = place,
            TimelineAction::Unfold(gap) => {
                self.unfolded.push(gap);
                let extra = self.unfolded.len().saturating_sub(UNFOLDED_MAX);
                self.unfolded.drain(..extra);
            }
            TimelineAction::Pin(sequence) => self.pins = pinned(self.pins, sequence),
        }
    }
}

fn pinned(pins: [Option<u64>; 2], sequence: u64) -> [Option<u64>; 2] {
    match pins {
        [Some(a), b] if a == sequence => [b, None],
        [a, Some(b)] if b == sequence => [a, None],
        [Some(a), None] => [Some(a), Some(sequence)],
        [None, _] | [Some(_), Some(_)] => [Some(sequence), None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_set_one_after_the_other_and_taken_away_by_setting_them_again() {
        let mut pins = [None; 2];
        let mut seen = Vec::new();
        for sequence in [5, 9, 7, 7, 3, 4, 4] {
            pins = pinned(pins, sequence);
            seen.push(pins);
        }
        let expected = [
            [Some(5), None],
            [Some(5), Some(9)],
            [Some(7), None],
            [None, None],
            [Some(3), None],
            [Some(3), Some(4)],
            [Some(3), None],
        ];
        assert_eq!(seen, expected);
    }

    #[test]
    fn another_axis_shows_the_whole_store_and_keeps_everything_else() {
        let mut look = TimelineLook { lanes: LaneBy::Kind, log_scale: true, ..TimelineLook::default() };
        look.change(&TimelineAction::Go(Some(Place { start: 1.0, per_point: 2.0 })));
        look.change(&TimelineAction::Unfold((1, 9)));
        look.change(&TimelineAction::Axis(TimeAxis::Sequence));
        assert_eq!(
            (look.place, look.unfolded.len(), look.lanes, look.log_scale),
            (None, 0, LaneBy::Kind, true)
        );
    }

    #[test]
    fn an_answer_to_an_older_question_is_no_picture() {
        let question = TimelineQuestion {
            axis: TimeAxis::Time,
            window: None,
            bins: 1,
            lanes: LaneBy::Entity,
            ranks: 0..1,
            focus: None,
        };
        let mut asked = Asked::default();
        asked.timeline = Some((RequestId(2), question, false));
        let mut state = TimelineState::default();
        state.take(&mut asked, RequestId(1), Ok(Arc::default()));
        assert!(state.picture.is_none());
        state.take(
            &mut asked,
            RequestId(2),
            Ok(Arc::new(Timeline { complete: true, ..Timeline::default() })),
        );
        assert!(state.picture.is_some() && asked.timeline.is_some_and(|(.., answered)| answered));
    }
}
