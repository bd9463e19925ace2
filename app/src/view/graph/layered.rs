//! Owns the layout of a graph that is no forest: layers by Gansner's ranks, few crossings, by the crate rust-sugiyama.
//!
//! Invariants: nodes of a layer never touch; the same graph gives the same layout; no more than `NODES_MAX` nodes, for the crate knows
//! no limit of time.

use std::collections::BTreeMap;

use rust_sugiyama::configure::Config;

use super::PITCH_Y;

/// More nodes stand in one column each under the other.
const NODES_MAX: usize = 2_000;

/// Layer and upper edge of each of `count` nodes; no edge may join a node to itself.
pub(super) fn layered(count: usize, edges: &[(usize, usize)]) -> Vec<(usize, f32)> {
    let mut out: Vec<(usize, f32)> = (0..count).map(|i| (0, i as f32 * PITCH_Y)).collect();
    if count > NODES_MAX {
        return out;
    }
    let size = (f64::from(PITCH_Y), f64::from(PITCH_Y));
    let vertices: Vec<(u32, (f64, f64))> = (0..count).map(|i| (i as u32, size)).collect();
    let edges: Vec<(u32, u32)> = edges.iter().map(|(from, to)| (*from as u32, *to as u32)).collect();
    let config = Config { vertex_spacing: 0.0, transpose: count <= 300, ..Config::default() };
    let mut parts = rust_sugiyama::from_vertices_and_edges(&vertices, &edges, &config);
    // The part with the largest group first; a part is told by its first node.
    parts.sort_by_key(|(nodes, ..)| nodes.iter().map(|(node, _)| *node).min());
    let mut top = 0.0;
    for (nodes, ..) in parts {
        let mut layers: BTreeMap<i64, Vec<(f32, usize)>> = BTreeMap::new();
        for (node, (across, along)) in nodes {
            layers.entry(along.round() as i64).or_default().push((across.round() as f32, node));
        }
        let first = layers.values().flatten().map(|(y, _)| *y).fold(f32::INFINITY, f32::min);
        let mut bottom = top;
        for (layer, mut column) in layers.into_values().enumerate() {
            column.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let mut free = top;
            for (y, node) in column {
                let y = (top + y - first).max(free);
                out[node] = (layer, y);
                free = y + PITCH_Y;
            }
            bottom = f32::max(bottom, free);
        }
        top = bottom;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_of_a_layer_never_touch_rings_end_and_the_same_graph_gives_the_same_layout() {
        for seed in 1..12_u64 {
            println!("seed {seed}");
            let mut state = seed;
            let mut random = |below: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % below
            };
            let count = 2 + random(40);
            let mut edges: Vec<(usize, usize)> =
                (0..count * 2).map(|_| (random(count), random(count))).filter(|(a, b)| a != b).collect();
            edges.sort_unstable();
            edges.dedup();
            let laid = layered(count, &edges);
            assert_eq!(laid, layered(count, &edges));
            for (i, a) in laid.iter().enumerate() {
                let apart = |b: &(usize, f32)| a.0 != b.0 || (a.1 - b.1).abs() >= PITCH_Y;
                assert!(laid[..i].iter().all(apart), "{i} {laid:?}");
            }
        }
    }

    #[test]
    fn causes_stand_left_of_their_effects() {
        let laid = layered(4, &[(0, 1), (1, 2), (0, 2), (2, 3)]);
        assert_eq!(laid.iter().map(|(layer, _)| *layer).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }
}
