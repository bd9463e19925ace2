//! Owns how lanes, bars and distances are named.

use std::collections::HashMap;

use causeway::event::EventKind;

use crate::state::zone::Zone;
use crate::theme::KindMark;
use crate::view::timeline::lanes::{Bar, Shown};
use crate::view::{text, times};
use crate::worker::protocol::{LaneBy, LaneKey, TimeAxis};

/// What the lanes can be, in the order of the list.
pub const LANES: [(LaneBy, &str); 5] = [
    (LaneBy::Entity, "by entity"),
    (LaneBy::Kind, "by kind"),
    (LaneBy::Scope, "by scope"),
    (LaneBy::Correlation, "by conversation"),
    (LaneBy::Flow, "of the flow"),
];

/// The name of a lane.
pub fn lane_name(key: &LaneKey, names: &HashMap<EventKind, String>) -> String {
    match key {
        LaneKey::Entity(name) | LaneKey::Scope(name) => name.to_string(),
        LaneKey::Kind(kind) => names.get(kind).cloned().unwrap_or_else(|| kind.to_string()),
        LaneKey::Correlation(id) => text::id_tail(*id),
    }
}

/// The mark before the name of a lane of one kind.
pub fn lane_mark(key: &LaneKey) -> Option<KindMark> {
    match key {
        LaneKey::Kind(kind) => Some(KindMark::of_category(kind.category())),
        _ => None,
    }
}

/// A value of the axis.
pub fn value(axis: TimeAxis, value: f64, zone: &Zone) -> String {
    match axis {
        TimeAxis::Time => times::full(value as i64, zone),
        TimeAxis::Sequence => text::sequence(value.max(0.0) as u64),
    }
}

/// A length on the axis.
pub fn length(axis: TimeAxis, length: f64) -> String {
    match axis {
        TimeAxis::Time => text::duration_us(length.max(0.0) as u64),
        TimeAxis::Sequence => text::counted(length.max(0.0) as u64, "event"),
    }
}

/// What a screen reader says of a lane: `order:42, 12,044 events in view`.
pub fn lane_label(name: &str, total: u64, shown: &Shown) -> String {
    let seen: u64 = match shown {
        Shown::Marks(marks) => marks.iter().map(|mark| u64::from(mark.count)).sum(),
        Shown::Bars(bars) => bars.iter().map(|bar| bar.events).sum(),
    };
    format!("lane {name}, {}, {} in view", text::counted(total, "event"), text::grouped(seen))
}

/// What a bar holds, most first: `OrderPaid 7, OrderPlaced 5`.
pub fn classes_of(bar: &Bar) -> Vec<(crate::theme::KindClass, u32)> {
    let mut classes: Vec<_> =
        crate::theme::KindClass::ALL.into_iter().zip(bar.classes).filter(|(_, count)| *count > 0).collect();
    classes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    classes
}
