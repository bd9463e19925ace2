//! Owns where an event lies on the timeline, as far as the interface knows its time.

use super::Scene;
use crate::context::StoreContext;
use crate::view::rows;
use crate::worker::protocol::{EventCell, LaneKey, LaneMarks, TimeAxis};

/// The selected event's sequence, and its time if it is known.
pub(super) fn selected(ctx: StoreContext<'_>) -> Option<(u64, Option<i64>)> {
    let sequence = ctx.store.selected?;
    Some((sequence, time_of(ctx, sequence)))
}

/// The time of an event, from whatever the interface knows of it.
pub(super) fn time_of(ctx: StoreContext<'_>, sequence: u64) -> Option<i64> {
    let detail = ctx.store.detail.as_deref().filter(|detail| detail.row.sequence == sequence);
    if let Some(event) = detail.and_then(|detail| rows::event_of(&detail.row)) {
        return Some(event.time_us);
    }
    let picture = ctx.store.timeline.picture.as_deref()?;
    for lane in &picture.lanes {
        if let LaneMarks::Events(events) = &lane.marks
            && let Ok(at) = events.binary_search_by_key(&sequence, |event| event.sequence)
        {
            return Some(events[at].time_us);
        }
    }
    ctx.store
        .rows
        .values()
        .find(|row| row.sequence == sequence)
        .and_then(rows::event_of)
        .map(|event| event.time_us)
}

/// Where an event lies on the axis; `None` if its time is not known.
pub(super) fn value_of(scene: Scene<'_>, sequence: u64) -> Option<f64> {
    match scene.picture.axis {
        TimeAxis::Time => time_of(scene.ctx, sequence).map(|us| us as f64),
        TimeAxis::Sequence => Some(sequence as f64),
    }
}

/// Where an event lies, points on the screen; `None` if its time is not known or it is not seen.
pub(super) fn x_of(scene: Scene<'_>, sequence: u64) -> Option<f32> {
    let x = scene.areas.lanes.left() + scene.scale.x(value_of(scene, sequence)?) as f32;
    scene.areas.lanes.x_range().contains(x).then_some(x.round())
}

/// The lane that an event stands in, among those that are seen.
pub(super) fn lane_of(scene: Scene<'_>, event: &EventCell) -> Option<usize> {
    let is_its = |key: &LaneKey| match key {
        LaneKey::Entity(entity) => *entity == event.entity,
        LaneKey::Kind(kind) => *kind == event.kind,
        LaneKey::Scope(scope) => *scope == event.scope,
        LaneKey::Correlation(id) => *id == event.correlation,
    };
    let rows = scene.areas.rows();
    scene.picture.lanes.iter().take(rows).position(|lane| is_its(&lane.key))
}
