//! Owns when the worker is asked for another picture: three times as wide as what is seen, so that small movements need none.

use std::time::Duration;

use egui::Ui;

use super::TimelinePanel;
use super::areas::Areas;
use crate::command::Action;
use crate::context::StoreContext;
use crate::state::timeline::TimelineAction;
use crate::view::timeline::lanes::bucket_width;
use crate::view::timeline::scale::Scale;
use crate::worker::protocol::{LaneBy, RequestId, TimelineQuestion, Window};

/// New events make another picture worth while at most this often, seconds.
const ASK_SECONDS: f64 = 0.25;
/// A bar of the strip and the gap behind it, points.
pub(super) const STRIP_PITCH: f32 = 3.0;
/// A window begins and ends at whole multiples of so many buckets, so that neighbouring questions are the same.
const GRID: i128 = 64;

/// What was asked last.
#[derive(Debug, Default)]
pub(super) struct Asked {
    question: Option<TimelineQuestion>,
    /// Events and query that the answer is about.
    about: (u64, RequestId, bool),
    at: f64,
}

impl TimelinePanel {
    /// Asks for what is seen and not known.
    pub(super) fn ask(&mut self, ctx: StoreContext<'_>, ui: &Ui, areas: &Areas, scale: Option<&Scale>) {
        let store = ctx.store;
        let look = &store.timeline.look;
        let question = TimelineQuestion {
            axis: look.axis,
            window: scale.map(|scale| self.window(ctx, scale)),
            bins: ((areas.strip.width() / STRIP_PITCH) as usize).max(1),
            lanes: look.lanes,
            ranks: self.first_rank..self.first_rank + areas.rows(),
            focus: store.selected.filter(|_| look.lanes == LaneBy::Flow),
        };
        let about = (store.summary.position.events, ctx.view.model.asked.filter, store.matched.complete);
        // Without a picture it is asked again, for the store may be another one; what failed is not.
        let is_answered = scale.is_some() || store.timeline.failure.is_some();
        if self.asked.question.as_ref() == Some(&question) && self.asked.about == about && is_answered {
            return;
        }
        let now = ui.input(|input| input.time);
        let wait = self.asked.at + ASK_SECONDS - now;
        if self.asked.question.as_ref() == Some(&question) && wait > 0.0 {
            ui.ctx().request_repaint_after(Duration::from_secs_f64(wait));
            return;
        }
        self.asked = Asked { question: Some(question.clone()), about, at: now };
        ctx.view.commands.send(Action::Timeline(TimelineAction::Ask(question)));
    }

    /// The window of the last question while it covers what is seen, and a new one otherwise.
    fn window(&self, ctx: StoreContext<'_>, scale: &Scale) -> Window {
        let bucket = bucket_width(scale.place().per_point);
        let seen = scale.seen();
        let last = self.asked.question.as_ref().filter(|last| last.axis == ctx.store.timeline.look.axis);
        if let Some(window) = last.and_then(|last| last.window)
            && window.bucket == bucket
            && window.from as f64 <= seen.0
            && window.to as f64 >= seen.1
        {
            return window;
        }
        let step = i128::from(bucket) * GRID;
        let beside = seen.1 - seen.0;
        let from = ((seen.0 - beside) as i128).div_euclid(step) * step;
        let to = (((seen.1 + beside) as i128).div_euclid(step) + 1) * step;
        let whole = |value: i128| value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
        Window { from: whole(from), to: whole(to), bucket }
    }
}
