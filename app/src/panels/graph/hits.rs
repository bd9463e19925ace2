//! Owns which node a place belongs to: a hash of cells, so that thousands of nodes cost no more than one.

use std::collections::HashMap;

use egui::Pos2;

use super::camera::Scene;
use crate::view::graph::Sheet;

/// Side of a cell in the graph, points.
const CELL: f32 = 32.0;
/// A node that is drawn smaller than this is found beside it as well, points.
const REACH: f32 = 3.0;

/// The nodes of a graph by where they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Hits(HashMap<(i32, i32), Vec<usize>>);

fn cell(at: f32) -> i32 {
    (at / CELL).floor() as i32
}

impl Hits {
    /// The nodes of a sheet.
    pub(super) fn of(sheet: &Sheet) -> Self {
        let mut cells: HashMap<(i32, i32), Vec<usize>> = HashMap::new();
        for (index, card) in sheet.cards.iter().enumerate() {
            let [x, y, width, height] = card.place;
            for column in cell(x)..=cell(x + width) {
                for row in cell(y)..=cell(y + height) {
                    cells.entry((column, row)).or_default().push(index);
                }
            }
        }
        Self(cells)
    }

    /// The node at a place of the screen; handles at right edges belong to their nodes.
    pub(super) fn at(&self, scene: &Scene<'_>, pos: Pos2) -> Option<usize> {
        let at = scene.in_graph(pos);
        let around = [(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)];
        around.into_iter().find_map(|(right, down)| {
            let found = self.0.get(&(cell(at.x) + right, cell(at.y) + down))?;
            found.iter().copied().find(|index| is_hit(scene, *index, pos))
        })
    }
}

fn is_hit(scene: &Scene<'_>, index: usize, pos: Pos2) -> bool {
    let rect = scene.rect(index);
    let reach = if rect.height() < 2.0 * REACH { REACH } else { 0.0 };
    let handle = if scene.sheet.cards[index].more > 0 { super::cards::HANDLE } else { 0.0 };
    rect.expand(reach).contains(pos) || pos.distance(rect.right_center()) <= handle
}
