//! Owns the head of the timeline: axis, lanes, folding, and the cursor, the pins or the chosen part at the right.

use egui::{Popup, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::TimelinePanel;
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::panels::{from_left, from_right, inside};
use crate::state::timeline::TimelineAction;
use crate::theme::metrics::{BADGE, PADDING_TIGHT, RADIUS_CHIP};
use crate::theme::{icons, type_roles};
use crate::view::timeline::scale::Scale;
use crate::view::timeline::words;
use crate::view::{text, times};
use crate::widgets::button;
use crate::widgets::segmented::segmented;
use crate::widgets::select::menu_row;
use crate::widgets::toggle::switch;
use crate::widgets::{focus, paint};
use crate::worker::protocol::TimeAxis;

/// Below this width the switch for the scale of bars is in the palette only, points.
const WIDE: f32 = 900.0;

/// Draws the head.
pub(super) fn show(
    panel: &mut TimelinePanel,
    ctx: StoreContext<'_>,
    ui: &mut Ui,
    head: Rect,
    scale: Option<&Scale>,
) {
    let place = head.shrink2(vec2(PADDING_TIGHT, 0.0));
    let look = &ctx.store.timeline.look;
    let send = |action| ctx.view.commands.send(Action::Timeline(action));
    let left = inside(ui, place, from_left(), |ui| {
        ui.spacing_mut().item_spacing.x = 12.0;
        let mut axis = look.axis;
        let choices = [(TimeAxis::Sequence, "Sequence"), (TimeAxis::Time, "Time")];
        if segmented(ui, "axis", &mut axis, &choices).changed() {
            panel.range = None;
            send(TimelineAction::Axis(axis));
        }
        lanes_ui(panel, ctx, ui);
        if look.axis == TimeAxis::Time {
            let mut fold = look.fold_gaps;
            if switch(ui, &mut fold, "Fold gaps").changed() {
                send(TimelineAction::FoldGaps(fold));
            }
        }
        if head.width() >= WIDE {
            let mut log = look.log_scale;
            if switch(ui, &mut log, "Log scale").changed() {
                send(TimelineAction::LogScale(log));
            }
        }
        ui.cursor().left()
    });
    inside(ui, place.with_min_x(left.min(place.right())), from_right(), |ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        match (panel.range, scale) {
            (Some(range), Some(scale)) => range_ui(panel, ctx, ui, range, scale),
            _ => cursor_ui(ctx, ui),
        }
    });
}

/// `Lanes by entity`, which opens a list.
fn lanes_ui(panel: &mut TimelinePanel, ctx: StoreContext<'_>, ui: &mut Ui) {
    let t = ctx.view.tokens;
    let chosen = ctx.store.timeline.look.lanes;
    let name = words::LANES.iter().find(|(by, _)| *by == chosen).map_or("", |(_, name)| *name);
    let lead = paint::whole_line(ui.painter(), "Lanes", type_roles::body(), t.text3);
    let label = paint::whole_line(ui.painter(), name, type_roles::body_medium(), t.text);
    let width = lead.size().x + label.size().x + 6.0 + 22.0;
    let (rect, response) = paint::allocate(ui, vec2(width, BADGE), Sense::click());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::ComboBox, true, "Lanes");
        info.current_text_value = Some(name.to_owned());
        info
    });
    if response.hovered() {
        ui.painter().rect_filled(rect.expand2(vec2(4.0, 0.0)), RADIUS_CHIP, t.hover);
    }
    let y = rect.center().y;
    let at = paint::put(ui.painter(), egui::Align2::LEFT_CENTER, pos2(rect.left(), y), lead);
    let at = paint::put(ui.painter(), egui::Align2::LEFT_CENTER, pos2(at.right() + 6.0, y), label);
    paint::icon(ui.painter(), pos2(at.right() + 11.0, y), icons::CARET_DOWN, 10.0, t.text2);
    focus::ring(ui, &response, rect, RADIUS_CHIP);
    Popup::menu(&response).width(180.0).gap(4.0).show(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for (by, name) in words::LANES {
            if menu_row(ui, name, by == chosen).clicked() && by != chosen {
                panel.first_rank = 0;
                ctx.view.commands.send(Action::Timeline(TimelineAction::Lanes(by)));
            }
        }
    });
}

/// What a chosen part can be used for; from the right.
fn range_ui(panel: &mut TimelinePanel, ctx: StoreContext<'_>, ui: &mut Ui, range: (f64, f64), scale: &Scale) {
    let t = ctx.view.tokens;
    let axis = ctx.store.timeline.look.axis;
    if button::small_icon(ui, icons::X, "Let go of the part").clicked() {
        panel.range = None;
    }
    if button::small_icon(ui, icons::MAGNIFYING_GLASS_PLUS, "Zoom to the part").clicked() {
        let per_point = (range.1 - range.0) / scale.width().max(1.0);
        let place = scale.around(range.0, 0.0, per_point, &[]);
        ctx.view.commands.send(Action::Timeline(TimelineAction::Go(Some(place))));
        panel.range = None;
    }
    let words = words::length(axis, range.1 - range.0);
    ui.label(type_roles::rich(words, type_roles::table()).color(t.text));
    ui.label(type_roles::rich("Part", type_roles::caption()).color(t.text3));
}

/// The selected event and the distance of the pins; from the right.
fn cursor_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let t = ctx.view.tokens;
    if let Some((sequence, time)) = super::marks::selected(ctx) {
        if let Some(us) = time {
            let words = times::clock(us, ctx.view.model.zone());
            ui.label(type_roles::rich(words, type_roles::table()).color(t.text));
        }
        ui.label(type_roles::rich(text::sequence(sequence), type_roles::table()).color(t.text2));
        ui.label(type_roles::rich("Cursor", type_roles::caption()).color(t.text3));
    }
    let Some(words) = pins_words(ctx) else { return };
    ui.add_space(12.0);
    if button::small_icon(ui, icons::X, "Take the pins away").clicked() {
        for pin in ctx.store.timeline.look.pins.into_iter().flatten() {
            ctx.view.commands.send(Action::Timeline(TimelineAction::Pin(pin)));
        }
    }
    ui.label(type_roles::rich(words, type_roles::table()).color(t.text))
        .on_hover_text(format!("{} pins the selected event", Command::TimelinePin.keys()));
}

/// `A #9,811,981 to B #9,811,992: 11 events, +1.78 s`.
fn pins_words(ctx: StoreContext<'_>) -> Option<String> {
    let [Some(a), b] = ctx.store.timeline.look.pins else { return None };
    let Some(b) = b else { return Some(format!("A {}", text::sequence(a))) };
    let mut words = format!(
        "A {} to B {}: {}",
        text::sequence(a),
        text::sequence(b),
        text::counted(a.abs_diff(b), "event")
    );
    if let (Some(from), Some(to)) = (super::marks::time_of(ctx, a), super::marks::time_of(ctx, b)) {
        words += ", ";
        words += &text::delta_us(from, to);
    }
    Some(words)
}
