//! Owns the bar at the bottom: what is selected, what runs, how fast events arrive, which zone times are in.

use egui::{Align, Layout, Sense, Ui, UiBuilder, WidgetInfo, vec2};

use crate::command::Command;
use crate::context::{StoreContext, ViewContext};
use crate::state::trust::Run;
use crate::theme::metrics::PADDING_TIGHT;
use crate::theme::{icons, type_roles};
use crate::view::{standing, text, times, trust};
use crate::widgets::badge::Tone;
use crate::widgets::sparkline::sparkline;
use crate::widgets::spinner::spinner;
use crate::widgets::{button, hairline, paint, tooltip};
use crate::worker::protocol::{OpenMode, Task};

/// Draws the bar of an open store.
pub(super) fn show(ctx: StoreContext<'_>, ui: &mut Ui) {
    strip(ctx.view, ui, |ui, left| if left { selection_ui(ctx, ui) } else { live_ui(ctx, ui) });
}

/// Draws the bar while no store is open.
pub(super) fn show_outside(ctx: ViewContext<'_>, ui: &mut Ui) {
    strip(ctx, ui, |ui, left| {
        if left {
            caption(ui, ctx, "No store open");
        } else {
            caption(ui, ctx, &format!("{} · offline", env!("CARGO_PKG_VERSION")));
            for command in [Command::ShowKeys, Command::ShowPalette, Command::CycleTheme] {
                if text_button(ui, ctx, command.text().0).clicked() {
                    ctx.commands.run(command);
                }
            }
        }
    });
}

/// Both ends of the bar, the left one first.
fn strip(ctx: ViewContext<'_>, ui: &mut Ui, mut add: impl FnMut(&mut Ui, bool)) {
    let bar = ui.max_rect();
    hairline::horizontal(ui.painter(), bar.x_range(), bar.top(), ctx.tokens.line);
    let room = bar.shrink2(vec2(PADDING_TIGHT, 0.0));
    let ends = [(true, Layout::left_to_right(Align::Center)), (false, Layout::right_to_left(Align::Center))];
    for (left, layout) in ends {
        ui.scope_builder(UiBuilder::new().max_rect(room).layout(layout), |ui| {
            ui.spacing_mut().item_spacing.x = 16.0;
            add(ui, left);
        });
    }
}

fn caption(ui: &mut Ui, ctx: ViewContext<'_>, words: &str) -> egui::Response {
    ui.label(type_roles::rich(words, type_roles::small()).color(ctx.tokens.text3))
}

/// Words in the bar that do something.
fn text_button(ui: &mut Ui, ctx: ViewContext<'_>, label: &str) -> egui::Response {
    let words = paint::whole_line(ui.painter(), label, type_roles::small(), egui::Color32::PLACEHOLDER);
    let (rect, response) = paint::allocate(ui, vec2(words.size().x, 20.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, label));
    let color = if response.hovered() { ctx.tokens.text } else { ctx.tokens.text2 };
    let at = egui::Align2::LEFT_CENTER.anchor_size(rect.left_center(), words.size());
    ui.painter().galley(at.min, words, color);
    crate::widgets::focus::ring(ui, &response, rect, crate::theme::metrics::RADIUS_CHIP);
    response
}

fn selection_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    if let Some((task, done, total)) = ctx.view.model.progress {
        progress_ui(ctx.view, ui, task, done, total);
        return;
    }
    let store = ctx.store;
    let mut words = match store.selected {
        Some(sequence) => format!("{} selected", text::sequence(sequence)),
        None => "Nothing selected".to_owned(),
    };
    if let Some(detail) = &store.detail
        && store.selected == Some(detail.row.sequence)
    {
        words += " · ";
        words += &text::counted(detail.correlation_count, "event");
        words += " in its conversation";
    }
    if let Some(lost) = &store.summary.position.lost {
        words += " · ";
        words += &standing::sentence(lost);
    }
    if store.summary.mode == OpenMode::Writable {
        words += " · this window holds the writer's lock";
    }
    caption(ui, ctx.view, &words);
}

fn progress_ui(ctx: ViewContext<'_>, ui: &mut Ui, task: Task, done: u64, total: u64) {
    let (what, how_far) = match task {
        Task::Open => ("Opening", format!("{} of {}", text::bytes(done), text::bytes(total))),
        Task::Filter => ("Filtering", format!("{} of {}", text::grouped(done), text::grouped(total))),
    };
    spinner(ui, what);
    caption(ui, ctx, &format!("{what} · {how_far} · {}", text::percent(done, total)));
    if button::small_icon(ui, icons::X, Command::Cancel.text().0).clicked() {
        ctx.commands.run(Command::Cancel);
    }
}

/// The check that runs: how far it is, and how it is paused and ended.
fn check_ui(ctx: StoreContext<'_>, ui: &mut Ui, run: &Run) {
    if button::small_icon(ui, icons::X, Command::StopVerifying.text().0).clicked() {
        ctx.view.commands.run(Command::StopVerifying);
    }
    let (icon, name) =
        if run.paused { (icons::PLAY, "Resume verifying") } else { (icons::PAUSE, "Pause verifying") };
    if button::small_icon(ui, icon, name).clicked() {
        ctx.view.commands.run(Command::PauseVerifying);
    }
    caption(ui, ctx.view, &trust::progress(run));
    if !run.paused {
        spinner(ui, "verifying");
    }
}

fn live_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let store = ctx.store;
    let zone = ctx.view.model.zone();
    let position = &store.summary.position;
    let name = times::zone_name(position.last_us.unwrap_or(ctx.view.model.now_us), zone);
    let zone_button = text_button(ui, ctx.view, &name);
    if zone_button.clicked() {
        ctx.view.commands.run(Command::ToggleUtc);
    }
    tooltip::hint(zone_button, Command::ToggleUtc.text().1);
    caption(ui, ctx.view, &text::bytes(position.bytes));
    let pending = position.events.saturating_sub(position.durable);
    let durable = match pending {
        0 => "all durable".to_owned(),
        some => format!("{} pending", text::grouped(some)),
    };
    let color = if pending == 0 { ctx.view.tokens.text3 } else { ctx.view.tokens.amber_text };
    ui.label(type_roles::rich(durable, type_roles::small()).color(color));
    if let Some(run) = &store.trust.run {
        ui.spacing_mut().item_spacing.x = 6.0;
        check_ui(ctx, ui, run);
        ui.spacing_mut().item_spacing.x = 16.0;
    }
    // What does not go on has no rate.
    if ui.available_width() > 420.0 && store.summary.position.lost.is_none() {
        let rate = store.rate.last().copied().unwrap_or(0.0);
        caption(ui, ctx.view, &text::rate(rate));
        if !store.rate.is_empty() {
            sparkline(ui, "events a second", &store.rate, Tone::Neutral);
        }
    }
}
