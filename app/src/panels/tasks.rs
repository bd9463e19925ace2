//! Owns the list of what runs now: the long work of the worker, and projections that catch up. Never starts anything.

use egui::{Align2, CornerRadius, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::theme::metrics::{PADDING, PROJECTION_ROW};
use crate::theme::{icons, type_roles};
use crate::view::text;
use crate::widgets::empty_state::EmptyState;
use crate::widgets::{button, hairline, paint};
use crate::worker::protocol::{FoldStatus, Task};

/// Where the state of a task begins, points from the left.
const STATE: f32 = 260.0;
/// Length of a bar, points.
const BAR: f32 = 160.0;

/// Draws the list.
pub(super) fn show(ctx: StoreContext<'_>, ui: &mut Ui) {
    let model = ctx.view.model;
    let catching_up = || {
        let all = ctx.store.projections.iter();
        all.filter(|projection| projection.status == FoldStatus::CatchingUp)
    };
    let verifying = ctx.store.trust.run.as_ref();
    if model.progress.is_none() && verifying.is_none() && catching_up().next().is_none() {
        let advice = "Verifying, filtering and projections that catch up are listed here while they run";
        EmptyState { reason: "Nothing runs", advice, link: None }.show(ui);
        return;
    }
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        if let Some((task, done, total)) = model.progress
            && row_ui(ctx, ui, name_of(task), (done, total), "Cancel")
        {
            ctx.view.commands.run(Command::Cancel);
        }
        if let Some(run) = verifying
            && row_ui(
                ctx,
                ui,
                "Verifying",
                (run.reached.done, run.reached.total),
                Command::StopVerifying.text().0,
            )
        {
            ctx.view.commands.run(Command::StopVerifying);
        }
        let end = ctx.store.summary.position.events;
        for projection in catching_up() {
            let name = format!("Projection {}", projection.spec.id);
            if row_ui(
                ctx,
                ui,
                &name,
                (projection.generation, end),
                &format!("Stop projection {}", projection.spec.id),
            ) {
                ctx.view.commands.send(Action::Unwatch(projection.spec.id));
            }
        }
    });
}

/// What a task is called.
fn name_of(task: Task) -> &'static str {
    match task {
        Task::Open => "Opening",
        Task::Filter => "Filtering",
    }
}

/// One task with its bar; true if it is to end.
fn row_ui(ctx: StoreContext<'_>, ui: &mut Ui, name: &str, (done, total): (u64, u64), stop: &str) -> bool {
    let t = ctx.view.tokens;
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), PROJECTION_ROW), Sense::hover());
    let how_far = text::percent(done, total);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {how_far}")));
    let (p, y) = (ui.painter(), rect.center().y);
    paint::text(p, Align2::LEFT_CENTER, pos2(rect.left() + PADDING, y), name, type_roles::body(), t.text);
    let bar = Rect::from_min_size(pos2(rect.left() + STATE, y - 2.0), vec2(BAR, 4.0));
    let share = (done as f64 / total.max(1) as f64).clamp(0.0, 1.0) as f32;
    p.rect_filled(bar, CornerRadius::same(2), t.line_strong);
    p.rect_filled(bar.with_max_x(bar.left() + BAR * share), CornerRadius::same(2), t.accent);
    let words = pos2(bar.right() + 12.0, y);
    paint::text(p, Align2::LEFT_CENTER, words, &how_far, type_roles::caption(), t.text3);
    hairline::horizontal(p, rect.x_range(), rect.bottom() - 1.0, t.line_soft);
    let place = Rect::from_center_size(pos2(bar.right() + 90.0, y), vec2(22.0, 22.0));
    super::inside(ui, place, super::from_left(), |ui| button::small_icon(ui, icons::X, stop).clicked())
}
