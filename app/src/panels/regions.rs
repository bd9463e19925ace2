//! Owns the way of the keyboard from panel to panel: F6 gives the next one the focus, Tab goes on inside it.

use std::collections::HashMap;

use egui::{Context, EventFilter, Id, Rect, Role, Sense, Ui, WidgetInfo};

use crate::theme::metrics::RADIUS_CHIP;
use crate::view::ring::turned;
use crate::widgets::focus;

/// Where the panels of a frame are kept until the next one.
fn kept() -> Id {
    Id::unique("regions")
}

/// Panels that were drawn, in the order of the screen: from the left to the right, from the top to the bottom.
type Drawn = Vec<(Id, Rect)>;

/// Private state: how many panels the focus is to go on.
#[derive(Debug, Default)]
pub(super) struct Regions {
    steps: isize,
}

/// Says that a panel lies here. To be called before what lies in it is drawn, so that Tab goes on into it.
pub(super) fn region(ui: &Ui, name: &str, place: Rect) {
    let id = Id::unique(("region", name));
    let response = ui.interact(place, id, Sense::focusable_noninteractive());
    response.widget_info(|| WidgetInfo::labeled(Role::Pane, true, name));
    if response.has_focus() {
        // The arrows go on walking the rows.
        let filter = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
        let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Middle, kept()));
        focus::ring_on(ui, &response, &painter, place.shrink(4.0), RADIUS_CHIP);
    }
    ui.data_mut(|data| data.get_temp_mut_or_default::<Drawn>(kept()).push((id, place)));
}

impl Regions {
    /// Gives the focus to the panel so many after the present one, when this frame is drawn.
    pub(super) fn step(&mut self, steps: isize) {
        self.steps += steps;
    }

    /// Moves the focus, once everything is drawn.
    pub(super) fn give_focus(&mut self, ctx: &Context) {
        let mut drawn: Drawn = ctx.data_mut(|data| std::mem::take(data.get_temp_mut_or_default(kept())));
        let steps = std::mem::take(&mut self.steps);
        if steps == 0 || drawn.is_empty() {
            return;
        }
        drawn.sort_by(|(_, a), (_, b)| {
            (a.min.x, a.min.y).partial_cmp(&(b.min.x, b.min.y)).unwrap_or(std::cmp::Ordering::Equal)
        });
        let places: HashMap<Id, usize> = drawn.iter().enumerate().map(|(at, (id, _))| (*id, at)).collect();
        let focused = ctx.memory(egui::Memory::focused);
        let inside = focused
            .and_then(|focused| ctx.read_response(focused))
            .and_then(|response| drawn.iter().position(|(_, place)| place.contains(response.rect.center())));
        let present = focused.and_then(|focused| places.get(&focused).copied()).or(inside);
        let next = match present {
            Some(at) => turned(at, steps, drawn.len()),
            None if steps > 0 => 0,
            None => drawn.len() - 1,
        };
        ctx.memory_mut(|memory| memory.request_focus(drawn[next].0));
        ctx.request_repaint();
    }
}
