//! Owns the timeline: the whole store as a strip, and lanes over the part of it that the user looks at. Never counts events.
//!
//! Invariants:
//! - a frame costs by the points and lanes that are seen, and nothing is laid out anew while nothing changed;
//! - until the worker has counted anew, the last picture is drawn at the new place.

mod areas;
mod arrows;
mod ask;
mod axis;
mod head;
mod input;
mod lanes;
mod marks;
mod strip;
mod tips;

use std::sync::Arc;

use egui::{Layout, Sense, Ui};

use super::inside;
use crate::command::Command;
use crate::context::StoreContext;
use crate::theme::metrics::{AXIS, OVERVIEW, PADDING, TIMELINE_HEAD, TIMELINE_LANE};
use crate::view::timeline::scale::Scale;
use crate::widgets::spinner::spinner;
use crate::worker::protocol::Timeline;
use areas::Areas;

/// Height of the timeline as a dock, with five lanes, points.
pub(super) const HEIGHT: f32 = TIMELINE_HEAD + OVERVIEW + AXIS + 5.0 * TIMELINE_LANE + 4.0;

/// Private state: what was asked, what was laid out, and what the pointer is doing.
#[derive(Debug, Default)]
pub(super) struct TimelinePanel {
    asked: ask::Asked,
    /// Commands that wait for the next frame: only drawing knows how wide a view is.
    waiting: Vec<Command>,
    /// Rank of the uppermost lane.
    first_rank: usize,
    /// Part of a lane that was scrolled, points.
    scrolled: f32,
    drawn: lanes::Drawn,
    strip: strip::Strip,
    drag: Option<input::Drag>,
    /// A part that was chosen by dragging, values.
    range: Option<(f64, f64)>,
}

/// What the parts of the timeline are drawn from.
#[derive(Clone, Copy)]
struct Scene<'a> {
    ctx: StoreContext<'a>,
    picture: &'a Arc<Timeline>,
    scale: &'a Scale,
    areas: Areas,
    /// Gaps that may be folded.
    gaps: &'a [(i64, i64)],
}

impl TimelinePanel {
    /// Remembers a command of the timeline for the next frame; others are none of its business.
    pub(super) fn run(&mut self, command: Command) {
        if command.id().starts_with("timeline.") {
            self.waiting.push(command);
        }
    }

    /// Draws the timeline.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let areas = Areas::of(ui.max_rect());
        let state = &ctx.store.timeline;
        let picture = state.picture.as_ref().filter(|picture| picture.axis == state.look.axis);
        let gaps = foldable(ctx, picture.map_or(&[][..], |picture| &picture.gaps));
        let scale = picture.map(|picture| self.scale(ctx, picture, &areas, &gaps));
        self.ask(ctx, ui, &areas, scale.as_ref());
        head::show(self, ctx, ui, areas.head, scale.as_ref());
        let (Some(picture), Some(scale)) = (picture, scale) else {
            self.waiting.clear();
            return nothing_ui(ctx, ui, &areas);
        };
        let scene = Scene { ctx, picture, scale: &scale, areas, gaps: &gaps };
        self.run_commands(scene, ui);
        // What lies on the lanes is registered later, so that it is hit first.
        let lanes =
            ui.interact(areas.axis.union(areas.lanes), ui.scope_id().with("lanes"), Sense::click_and_drag());
        self.strip_ui(scene, ui);
        let hovered = self.lanes_ui(scene, ui);
        axis::show(scene, ui);
        self.input_ui(scene, ui, &lanes, hovered);
    }

    /// The scale of the part that is looked at.
    fn scale(&self, ctx: StoreContext<'_>, picture: &Timeline, areas: &Areas, gaps: &[(i64, i64)]) -> Scale {
        let width = f64::from(areas.lanes.width());
        match ctx.store.timeline.look.place {
            Some(place) => Scale::new(place, width, gaps),
            None => Scale::whole(picture.span, width, gaps),
        }
    }
}

/// Gaps that may be folded, as the user wants it.
fn foldable(ctx: StoreContext<'_>, gaps: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let look = &ctx.store.timeline.look;
    let open = |gap: &&(i64, i64)| look.fold_gaps && !look.unfolded.contains(gap);
    gaps.iter().filter(open).copied().collect()
}

/// Before the first picture, and when there is none.
fn nothing_ui(ctx: StoreContext<'_>, ui: &mut Ui, areas: &Areas) {
    let place = areas.below.shrink(PADDING);
    inside(ui, place, Layout::default(), |ui| match &ctx.store.timeline.failure {
        Some(failure) => {
            let words = format!("The timeline cannot be drawn: {} {}", failure.message, failure.advice);
            ui.label(
                crate::theme::type_roles::rich(words, crate::theme::type_roles::body())
                    .color(ctx.view.tokens.red_text),
            );
        }
        None => {
            spinner(ui, "loading the timeline");
        }
    });
}
