//! Owns the strip at the bottom: the whole store as bars by kind class, an axis, and where the selection is. A click jumps. Never loads bins.

use egui::{Align2, Color32, Layout, Mesh, Rect, Response, Role, Sense, Shape, Ui, WidgetInfo, pos2, vec2};

use super::{from_left, from_right, inside};
use crate::command::Action;
use crate::context::StoreContext;
use crate::state::damage::Wrong;
use crate::theme::metrics::{AXIS, PADDING_TIGHT, TIMELINE_HEAD};
use crate::theme::{KindClass, Theme, type_roles};
use crate::view::ticks::{self, Tick};
use crate::view::timeline::{self, Bar};
use crate::view::{rows, text, times};
use crate::widgets::segmented::segmented;
use crate::widgets::spinner::spinner;
use crate::widgets::tooltip::{Tip, float_frame};
use crate::widgets::{hairline, hatch, paint, section_header};
use crate::worker::protocol::{Target, TimeAxis, Timeline};

/// Height of the bars, points.
const BARS: f32 = 60.0;
/// Height of the whole strip, points.
pub(super) const HEIGHT: f32 = TIMELINE_HEAD + BARS + AXIS + 6.0;
/// A bar and the gap behind it, points.
const PITCH: f32 = 3.0;
/// A lower bar is neutral: the colours of its classes would be stripes that nobody can tell apart, points.
const COLOURS_FROM: f32 = 12.0;
/// From one label of the axis to the next, at least, points.
const LABEL_PITCH: f32 = 110.0;
/// Bars this far from the pointer are still hit, points.
const REACH: f32 = 6.0;

/// Damage is never narrower, points.
const DAMAGE_MIN: f32 = 4.0;
/// New events make the bars worth another look at most this often, seconds.
const ASK_SECONDS: f64 = 0.5;

/// Private state: the bars of the last timeline, and what was asked for.
#[derive(Debug, Default)]
pub(super) struct TimelinePanel {
    axis: TimeAxis,
    asked: Option<(TimeAxis, usize, u64)>,
    asked_at: f64,
    bars: Vec<Bar>,
    built_from: Option<(std::sync::Arc<Timeline>, usize)>,
}

impl TimelinePanel {
    /// Draws the strip.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let strip = ui.max_rect();
        let head = Rect::from_min_size(strip.min, vec2(strip.width(), TIMELINE_HEAD))
            .shrink2(vec2(PADDING_TIGHT, 0.0));
        self.head_ui(ctx, ui, head);
        let plot = Rect::from_min_size(
            pos2(strip.left() + PADDING_TIGHT, head.bottom()),
            vec2(strip.width() - 2.0 * PADDING_TIGHT, BARS),
        );
        let count = ((plot.width() / PITCH) as usize).max(1);
        // As wide as so many whole bars, so that every bar and every gap is as wide as the others.
        let plot = plot.round().with_max_x(plot.left().round() + count as f32 * PITCH);
        self.ask(ctx, ui, count);
        let Some(timeline) = ctx.store.timeline.as_ref().filter(|timeline| timeline.axis == self.axis) else {
            inside(ui, plot, Layout::default(), |ui| spinner(ui, "loading the timeline"));
            return;
        };
        let is_current = self
            .built_from
            .as_ref()
            .is_some_and(|(built, n)| std::sync::Arc::ptr_eq(built, timeline) && *n == count);
        if !is_current {
            self.bars = timeline::bars(timeline, count);
            self.built_from = Some((timeline.clone(), count));
        }
        let response = ui.interact(plot, ui.scope_id().with("bars"), Sense::click());
        let mut name = format!("timeline of {}", text::counted(ctx.store.summary.position.events, "event"));
        if !ctx.store.spots.is_empty() {
            name += ", damaged in ";
            name += &text::counted(ctx.store.spots.len() as u64, "place");
        }
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &name));
        let axis = ticks::ticks(
            timeline.axis,
            timeline.span,
            (plot.width() / LABEL_PITCH) as usize,
            ctx.view.model.zone(),
        );
        axis_ui(ctx, ui, plot, &axis);
        let hovered = self.hovered(&response, plot);
        bars_ui(ctx, ui, plot, &self.bars, hovered);
        damage_ui(ctx, ui, plot, timeline);
        cursor_ui(ctx, ui, plot, timeline);
        if let Some(bar) = hovered.and_then(|index| self.bars.get(index)) {
            tip_ui(ctx, ui, &response, bar, timeline);
            if response.clicked() {
                ctx.view.commands.send(Action::Jump(Target::Sequence(bar.first_sequence)));
            }
        }
    }

    fn ask(&mut self, ctx: StoreContext<'_>, ui: &Ui, count: usize) {
        // A thousandth of the store more is a pixel more: then the bars are worth another look.
        let events = ctx.store.summary.position.events;
        let ask = (self.axis, count, events - events % (events / 1_000 + 1));
        let Some(before) = self.asked else { return self.ask_now(ctx, ui, ask) };
        if (before.0, before.1) != (ask.0, ask.1) {
            self.ask_now(ctx, ui, ask);
        } else if before != ask {
            let wait = self.asked_at + ASK_SECONDS - ui.input(|input| input.time);
            if wait <= 0.0 {
                self.ask_now(ctx, ui, ask);
            } else {
                ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(wait));
            }
        }
    }

    fn ask_now(&mut self, ctx: StoreContext<'_>, ui: &Ui, ask: (TimeAxis, usize, u64)) {
        self.asked = Some(ask);
        self.asked_at = ui.input(|input| input.time);
        ctx.view.commands.send(Action::NeedTimeline(ask.0, ask.1));
    }

    fn head_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, head: Rect) {
        let t = ctx.view.tokens;
        inside(ui, head.with_max_x(head.left() + 150.0), from_left(), |ui| {
            let count = text::short_count(ctx.store.summary.position.events);
            section_header::fixed(ui, "Whole store", &count, |_| {});
        });
        let rest = head.with_min_x(head.left() + 150.0);
        inside(ui, rest, from_left(), |ui| {
            segmented(
                ui,
                "axis",
                &mut self.axis,
                &[(TimeAxis::Time, "Time"), (TimeAxis::Sequence, "Sequence")],
            );
        });
        inside(ui, rest, from_right(), |ui| {
            let Some((sequence, time)) = selected(ctx) else { return };
            if let Some(us) = time {
                let words = times::date_time(us, ctx.view.model.zone());
                ui.label(type_roles::rich(words, type_roles::table()).color(t.text));
            }
            ui.label(type_roles::rich(text::sequence(sequence), type_roles::table()).color(t.text2));
            ui.label(type_roles::rich("Cursor", type_roles::caption()).color(t.text3));
        });
    }

    fn hovered(&self, response: &Response, plot: Rect) -> Option<usize> {
        let pointer = response.hover_pos()?;
        let at = f64::from((pointer.x - plot.left()) / plot.width());
        let bar = timeline::bar_at(&self.bars, at, f64::from(REACH / plot.width()))?;
        self.bars.iter().position(|other| other.first_sequence == bar.first_sequence)
    }
}

/// The selected event's sequence, and its time if it is loaded.
fn selected(ctx: StoreContext<'_>) -> Option<(u64, Option<i64>)> {
    let sequence = ctx.store.selected?;
    let detail = ctx.store.detail.as_deref().filter(|detail| detail.row.sequence == sequence);
    Some((sequence, detail.and_then(|detail| rows::event_of(&detail.row)).map(|event| event.time_us)))
}

fn axis_ui(ctx: StoreContext<'_>, ui: &Ui, plot: Rect, axis: &[Tick]) {
    let t = ctx.view.tokens;
    let p = ui.painter();
    hairline::horizontal(p, plot.x_range(), plot.bottom(), t.line);
    for tick in axis {
        let x = plot.left() + (tick.at * f64::from(plot.width())) as f32;
        hairline::vertical(p, x, plot.top()..=plot.bottom() + 8.0, t.line_soft);
        hairline::vertical(p, x, plot.bottom()..=plot.bottom() + 8.0, t.line_strong);
        let at = pos2(x + 6.0, plot.bottom() + AXIS / 2.0 + 1.0);
        let words = paint::whole_line(p, &tick.label, type_roles::small(), t.text3);
        if at.x + words.size().x <= plot.right() + PADDING_TIGHT {
            paint::put(p, Align2::LEFT_CENTER, at, words);
        }
    }
}

fn bars_ui(ctx: StoreContext<'_>, ui: &Ui, plot: Rect, bars: &[Bar], hovered: Option<usize>) {
    let t = ctx.view.tokens;
    let neutral = paint::mix(t.panel, t.text3, 0.55);
    let mut mesh = Mesh::default();
    for (index, bar) in bars.iter().enumerate() {
        let left = (plot.left() + (bar.x.0 * f64::from(plot.width())) as f32).round();
        let right = (plot.left() + (bar.x.1 * f64::from(plot.width())) as f32).round();
        let right = (right - 1.0).max(left + 1.0);
        let mut y = plot.bottom();
        let height = (plot.height() - 4.0) * bar.height;
        if height < COLOURS_FROM {
            let color = if hovered == Some(index) { t.text3 } else { neutral };
            let whole = Rect::from_min_max(pos2(left, y - height), pos2(right, y));
            mesh.add_colored_rect(whole, color);
            continue;
        }
        for (class, share) in &bar.shares {
            let top = y - height * share;
            let color = bar_color(*class, hovered == Some(index), ctx);
            mesh.add_colored_rect(Rect::from_min_max(pos2(left, top), pos2(right, y)), color);
            y = top;
        }
    }
    ui.painter().add(Shape::mesh(mesh));
}

/// Marks are bright; a hundred bars of them would outshine the table, so they are dimmed until the pointer is there.
fn bar_color(class: KindClass, hovered: bool, ctx: StoreContext<'_>) -> Color32 {
    let t = ctx.view.tokens;
    let mark = t.kind(class).mark;
    match (hovered, t.theme) {
        (true, _) | (_, Theme::HighContrast) => mark,
        (false, Theme::Light) => paint::mix(t.panel, mark, 0.62),
        (false, Theme::Dark) => paint::mix(t.panel, mark, 0.58),
    }
}

/// Hatching where events cannot be read, and a rail from the first break of the chain on.
fn damage_ui(ctx: StoreContext<'_>, ui: &Ui, plot: Rect, timeline: &Timeline) {
    let t = ctx.view.tokens;
    let x = |at: f64| (plot.left() + (at * f64::from(plot.width())) as f32).round();
    let mut drawn = f32::NEG_INFINITY;
    for spot in ctx.store.spots.iter().filter(|spot| spot.wrong == Wrong::Unreadable) {
        let (start, end) = timeline::gap(timeline, &spot.places);
        let (left, right) = (x(start), x(end).max(x(start) + DAMAGE_MIN));
        // Thousands of gaps in a few points are one mark.
        if right > drawn {
            hatch::fill(ui.painter(), Rect::from_x_y_ranges(left..=right, plot.y_range()), t);
            hairline::vertical(ui.painter(), left, plot.y_range(), t.red);
            hairline::vertical(ui.painter(), right - 1.0, plot.y_range(), t.red);
            drawn = right;
        }
    }
    if let Some(first) = ctx.store.broken_from() {
        let left = x(timeline::place_of(timeline, first));
        let rail = Rect::from_min_max(pos2(left, plot.top()), pos2(plot.right(), plot.top() + 2.0));
        ui.painter().rect_filled(rail, 0, t.red);
        hairline::vertical(ui.painter(), left, plot.y_range(), t.red);
    }
}

fn cursor_ui(ctx: StoreContext<'_>, ui: &Ui, plot: Rect, timeline: &Timeline) {
    let t = ctx.view.tokens;
    let Some((sequence, time)) = selected(ctx) else { return };
    let Some(at) = timeline::cursor(timeline, sequence, time) else { return };
    let x = (plot.left() + (at * f64::from(plot.width())) as f32).round();
    hairline::vertical(ui.painter(), x, plot.y_range(), t.accent);
    let flag = vec![
        pos2(x - 4.5, plot.top() - 2.0),
        pos2(x + 5.5, plot.top() - 2.0),
        pos2(x + 0.5, plot.top() + 6.0),
    ];
    ui.painter().add(Shape::convex_polygon(flag, t.accent, egui::Stroke::NONE));
}

fn tip_ui(ctx: StoreContext<'_>, ui: &Ui, response: &Response, bar: &Bar, timeline: &Timeline) {
    let length = timeline.span.1 as f64 - timeline.span.0 as f64;
    let start = timeline.span.0 as f64 + bar.x.0 * length;
    let subject = match timeline.axis {
        TimeAxis::Time => times::date_time(start as i64, ctx.view.model.zone()),
        TimeAxis::Sequence => text::sequence(start as u64),
    };
    let title = text::counted(bar.events, "event");
    let facts = format!("{} · click to go there", timeline::bar_facts(bar));
    let Some(pointer) = response.hover_pos() else { return };
    egui::Area::new(ui.scope_id().with("tip"))
        .order(egui::Order::Tooltip)
        .pivot(Align2::CENTER_BOTTOM)
        .fixed_pos(pos2(pointer.x, response.rect.top() - 6.0))
        .constrain(true)
        .interactable(false)
        .show(ui.ctx(), |ui| {
            float_frame(ui).show(ui, |ui| {
                Tip { mark: None, title: &title, subject: &subject, facts: &facts }.body(ui);
            });
        });
}
