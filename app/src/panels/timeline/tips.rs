//! Owns what a mark or a bar says while the pointer rests on it.

use egui::{Align2, Order, Ui, pos2};

use super::lanes::Hovered;
use super::{Scene, lanes};
use crate::theme::KindMark;
use crate::view::timeline::words;
use crate::view::{text, times};
use crate::widgets::tooltip::{Tip, float_frame};
use crate::worker::protocol::TimeAxis;

/// Kind classes that a bar names.
const CLASSES_NAMED: usize = 3;

/// Shows the tip beside the pointer.
pub(super) fn show(scene: Scene<'_>, ui: &Ui, hovered: &Hovered) {
    let (lane, x) = match hovered {
        Hovered::Mark(lane, mark) => (*lane, mark.x),
        Hovered::Bar(lane, bar) => (*lane, f32::midpoint(bar.x.0, bar.x.1)),
    };
    let Some(key) = scene.picture.lanes.get(lane).map(|lane| &lane.key) else { return };
    let subject = words::lane_name(key, &scene.ctx.store.kind_names);
    let subject = crate::widgets::escape::visible(&subject).chars().take(60).collect::<String>();
    let place = scene.areas.lane(lane);
    let (mark, title, facts) = match hovered {
        Hovered::Mark(_, mark) => (Some(mark.look), lanes::mark_name(scene, mark), mark_facts(scene, mark)),
        Hovered::Bar(_, bar) => (None, text::counted(bar.events, "event"), bar_facts(scene, bar)),
    };
    egui::Area::new(ui.scope_id().with("tip"))
        .order(Order::Tooltip)
        .pivot(Align2::CENTER_BOTTOM)
        .fixed_pos(pos2(place.left() + x, place.top() - 4.0))
        .constrain(true)
        .interactable(false)
        .show(ui.ctx(), |ui| {
            float_frame(ui).show(ui, |ui| {
                Tip { mark, title: &title, subject: &subject, facts: &facts }.body(ui);
            });
        });
}

fn mark_facts(scene: Scene<'_>, mark: &crate::view::timeline::lanes::Mark) -> String {
    let time = times::clock(mark.event.time_us, scene.ctx.view.model.zone());
    let more = if mark.count > 1 { " · zoom in to tell them apart" } else { "" };
    format!("{time} · {}{more}", text::sequence(mark.event.sequence))
}

fn bar_facts(scene: Scene<'_>, bar: &crate::view::timeline::lanes::Bar) -> String {
    let from = match scene.picture.axis {
        TimeAxis::Time => times::clock(bar.from, scene.ctx.view.model.zone()),
        TimeAxis::Sequence => text::sequence(bar.from.unsigned_abs()),
    };
    let classes: Vec<String> = words::classes_of(bar)
        .into_iter()
        .take(CLASSES_NAMED)
        .map(|(class, count)| {
            format!("{} {}", KindMark::of(class).class.name(), text::grouped(u64::from(count)))
        })
        .collect();
    format!("from {from} · {} · click to go there", classes.join(", "))
}
