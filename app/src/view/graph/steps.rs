//! Owns how arrow keys move in the graph: between causes and effects, and between those who stand beside each other.

use super::Sheet;

/// A direction on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To the cause.
    Left,
    /// To the nearest effect.
    Right,
    /// To the one above.
    Up,
    /// To the one below.
    Down,
}

/// The card that a key leads to from another one, if there is one that way.
pub fn step(sheet: &Sheet, from: usize, way: Way) -> Option<usize> {
    let here = sheet.cards.get(from)?;
    let [x, y, ..] = here.place;
    let height = |index: &usize| (sheet.cards[*index].place[1] - y).abs();
    let all = 0..sheet.cards.len();
    match way {
        Way::Left => here.parent.or_else(|| all.filter(|i| sheet.cards[*i].place[0] < x).min_by(by(height))),
        Way::Right => {
            let effects = all.clone().filter(|i| sheet.cards[*i].parent == Some(from));
            effects.min_by(by(height)).or_else(|| {
                let groups = sheet.lines.iter().filter(|line| line.from == from && line.to != from);
                groups.map(|line| line.to).min_by(by(height))
            })
        }
        // The nearest in the same column, and among these brothers and cousins come as they stand.
        Way::Up => column(sheet, x).filter(|i| sheet.cards[*i].place[1] < y).min_by(by(height)),
        Way::Down => column(sheet, x).filter(|i| sheet.cards[*i].place[1] > y).min_by(by(height)),
    }
}

fn column(sheet: &Sheet, x: f32) -> impl Iterator<Item = usize> + '_ {
    (0..sheet.cards.len()).filter(move |i| (sheet.cards[*i].place[0] - x).abs() < 1.0)
}

fn by(height: impl Fn(&usize) -> f32) -> impl Fn(&usize, &usize) -> std::cmp::Ordering {
    move |a, b| height(a).total_cmp(&height(b))
}
