//! Owns what each view is drawn by, wherever it lies. Never knows where it lies.

use egui::Ui;

use super::{append, events, findings, graph, memory, projections, tasks, timeline};
use crate::context::StoreContext;
use crate::state::route::View;
use crate::widgets::failed_view::FailedViews;

/// The panels that can lie in the middle, and which of them failed.
#[derive(Default)]
pub(super) struct Views {
    pub(super) events: events::EventTable,
    pub(super) graph: graph::GraphPanel,
    pub(super) projections: projections::Projections,
    pub(super) append: append::AppendForm,
    pub(super) findings: findings::FindingsPanel,
    pub(super) timeline: timeline::TimelinePanel,
    pub(super) failed: FailedViews,
}

impl Views {
    /// Draws a view into the room that is left; if it fails, an error stands in its place.
    pub(super) fn show(&mut self, view: View, ctx: StoreContext<'_>, ui: &mut Ui) {
        let failed = &mut self.failed;
        match view {
            View::Events => failed.guard(ui, "event table", |ui| self.events.show(ctx, ui)),
            View::Graph => failed.guard(ui, "causal graph", |ui| self.graph.show(ctx, ui)),
            View::Projections => failed.guard(ui, "projections", |ui| self.projections.show(ctx, ui)),
            View::Append => failed.guard(ui, "append form", |ui| self.append.show(ctx, ui)),
            View::Findings => failed.guard(ui, "findings", |ui| self.findings.show(ctx, ui)),
            View::Timeline => failed.guard(ui, "timeline", |ui| self.timeline.show(ctx, ui)),
            View::Tasks => failed.guard(ui, "tasks", |ui| tasks::show(ctx, ui)),
            View::Memory => failed.guard(ui, "memory", |ui| memory::show(ctx, ui)),
        }
    }
}
