//! Owns the tidy tree: one column a step, trees as near to each other as they go, a cause in the middle of its effects. O(n).

use super::{Link, PITCH_X, PITCH_Y, Placed};

/// Places nodes whose causes come before them; columns are `depths`, and what `is_on_way` stands in one row.
pub(super) fn arrange(placed: &mut [Placed], depths: &[usize], is_on_way: &[bool]) {
    let mut below: Vec<Vec<usize>> = vec![Vec::new(); placed.len()];
    let mut roots = Vec::new();
    for (i, node) in placed.iter().enumerate() {
        match node.parent {
            Some((parent, _)) => below[parent].push(i),
            None => roots.push(i),
        }
    }
    let mut relative = vec![0.0; placed.len()];
    let mut contours: Vec<Contour> = (0..placed.len()).map(|_| Contour::default()).collect();
    for i in (0..placed.len()).rev() {
        let mut all = pack(&below[i], &mut relative, &mut contours);
        let middle = middle(&below[i], placed, is_on_way, &relative);
        for effect in &below[i] {
            relative[*effect] -= middle;
        }
        all.shift -= middle;
        let here = -all.shift;
        all.columns.push((here, here));
        contours[i] = all;
    }
    pack(&roots, &mut relative, &mut contours);
    for (i, depth) in depths.iter().enumerate() {
        let above = placed[i].parent.map_or(0.0, |(parent, _)| placed[parent].y);
        placed[i].y = relative[i] + above;
        placed[i].x = *depth as f32 * PITCH_X;
    }
}

/// Where a cause stands: beside the effect that lies on the way to the focus, so that the way is straight; else in the middle of its
/// effects. What only the conversation joins to it does not move it.
fn middle(below: &[usize], placed: &[Placed], is_on_way: &[bool], relative: &[f32]) -> f32 {
    let is_effect = |at: &&usize| matches!(placed[**at].parent, Some((_, Link::Causation)));
    let on_way = below.iter().filter(is_effect).find(|effect| is_on_way[**effect]);
    let first = below.iter().find(is_effect).or(below.first());
    let last = below.iter().rev().find(is_effect).or(below.last());
    match (on_way, first, last) {
        (Some(effect), ..) => relative[*effect],
        (None, Some(first), Some(last)) => f32::midpoint(relative[*first], relative[*last]).round(),
        _ => 0.0,
    }
}

/// Upper and lower edge of a tree in each of its columns, the last column first; `shift` is still to be added to all.
#[derive(Default)]
struct Contour {
    columns: Vec<(f32, f32)>,
    shift: f32,
}

impl Contour {
    /// How far `below` must move down so that it does not touch `self`.
    fn distance(&self, below: &Self) -> f32 {
        let pairs = self.columns.iter().rev().zip(below.columns.iter().rev());
        let need = pairs.map(|(up, down)| up.1 + self.shift + PITCH_Y - (down.0 + below.shift));
        need.fold(f32::NEG_INFINITY, f32::max)
    }

    /// Takes over a tree that lies below this one. Costs the length of the shorter one.
    fn merge(&mut self, mut below: Self) {
        let below_is_longer = below.columns.len() > self.columns.len();
        if below_is_longer {
            std::mem::swap(self, &mut below);
        }
        let by = below.shift - self.shift;
        for (mine, theirs) in self.columns.iter_mut().rev().zip(below.columns.iter().rev()) {
            mine.0 = mine.0.min(theirs.0 + by);
            mine.1 = mine.1.max(theirs.1 + by);
        }
    }
}

/// Puts trees below each other, as near as they go, and says where their heads are.
fn pack(trees: &[usize], relative: &mut [f32], contours: &mut [Contour]) -> Contour {
    let mut all = Contour::default();
    for tree in trees {
        let mut next = std::mem::take(&mut contours[*tree]);
        let down = if all.columns.is_empty() { 0.0 } else { all.distance(&next) };
        next.shift += down;
        relative[*tree] = down;
        all.merge(next);
    }
    all
}
