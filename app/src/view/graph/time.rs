//! Owns the axis of time: what happened later stands further right, idle time is drawn shorter, and nothing covers anything.

use std::collections::BTreeMap;

use super::{Moment, NODE_WIDTH, PITCH_X, PITCH_Y, Placed};
use crate::worker::protocol::CausalGraph;

/// Time that is as wide as this is idle, points: more of it is not drawn.
const IDLE: f32 = 2.0 * PITCH_X;
/// Between a node and the next one in its row, points.
const GAP: f32 = 24.0;
/// From one moment that is named to the next, points.
const NAMED: f32 = 120.0;

/// Places nodes by their times and says which moments the axis names.
pub(super) fn arrange(graph: &CausalGraph, placed: &mut [Placed]) -> Vec<Moment> {
    let time_of = |node: &Placed| graph.time_of(node.place.first());
    let mut times: Vec<i64> = placed.iter().filter_map(time_of).collect();
    times.sort_unstable();
    times.dedup();
    let scale = Scale::of(&times);
    for i in 0..placed.len() {
        // Whoever cannot be read stands beside what it hangs under.
        let beside = placed[i].parent.map_or(0.0, |(parent, _)| placed[parent].x + NODE_WIDTH + GAP);
        placed[i].x = time_of(&placed[i]).map_or(beside, |us| scale.x(us));
    }
    let mut rows = Rows::default();
    for i in 0..placed.len() {
        // Trees never share rows: each stands in a hull of its own.
        let wanted =
            placed[i].parent.map_or(rows.0.len(), |(parent, _)| (placed[parent].y / PITCH_Y) as usize);
        placed[i].y = rows.take(wanted, placed[i].x) as f32 * PITCH_Y;
    }
    scale.moments
}

/// Where times stand.
struct Scale {
    /// Places of the times at which something happened.
    places: BTreeMap<i64, f32>,
    moments: Vec<Moment>,
}

impl Scale {
    fn of(times: &[i64]) -> Self {
        let mut scale = Self { places: BTreeMap::new(), moments: Vec::new() };
        let steps: Vec<u64> = times.windows(2).map(|pair| pair[0].abs_diff(pair[1])).collect();
        // The middle step is as wide as a node, so that most can be told apart and none is far away.
        let mut sorted = steps.clone();
        sorted.sort_unstable();
        let middle = sorted.get(sorted.len() / 2).copied().unwrap_or(1).max(1);
        let width = |step: u64| PITCH_X * step as f32 / middle as f32;
        let mut x = 0.0;
        let mut named = f32::NEG_INFINITY;
        for (i, us) in times.iter().enumerate() {
            let wide = i.checked_sub(1).map_or(0.0, |before| width(steps[before]));
            x = (x + wide.min(IDLE)).round();
            scale.places.insert(*us, x);
            if x - named >= NAMED {
                named = x;
                scale.moments.push(Moment { x, us: *us, shortened: wide > IDLE });
            }
        }
        scale
    }

    fn x(&self, us: i64) -> f32 {
        self.places.get(&us).copied().unwrap_or(0.0)
    }
}

/// Rows of nodes: from where to where each is taken.
#[derive(Default)]
struct Rows(Vec<BTreeMap<i32, i32>>);

impl Rows {
    /// Takes the first free room at `x` from row `wanted` on.
    fn take(&mut self, wanted: usize, x: f32) -> usize {
        let from = x.floor() as i32;
        let to = (x + NODE_WIDTH + GAP).ceil() as i32;
        let is_free = |row: &BTreeMap<i32, i32>| {
            let before = row.range(..to).next_back();
            before.is_none_or(|(_, end)| *end <= from)
        };
        let found = (wanted..self.0.len()).find(|row| is_free(&self.0[*row])).unwrap_or(self.0.len());
        if found == self.0.len() {
            self.0.push(BTreeMap::new());
        }
        self.0[found].insert(from, to);
        found
    }
}
