//! Owns where the columns of the event table are, for any width: which ones fit, and how wide each is. Never paints a cell.

use super::lanes::LANES_MAX;
use crate::state::table::{Column, TableView, TimeMode};

/// From one lane to the next, points.
pub const LANE_PITCH: f32 = 11.0;
/// Centre of the first lane, points from the left.
pub const LANE_FIRST: f32 = 14.0;
/// At the right end: the scroll bar, and above it the button that chooses columns.
pub const END_STRIP: f32 = 24.0;

/// A table of this width or more has room between its columns, points.
const ROOMY: f32 = 760.0;
/// What goes first when the table is too narrow for all that is wanted.
const FOLDING_ORDER: [Column; 11] = [
    Column::Flags,
    Column::Cause,
    Column::Clock,
    Column::Size,
    Column::Scope,
    Column::Correlation,
    Column::Summary,
    Column::Time,
    Column::Flow,
    Column::Lock,
    Column::Entity,
];

/// What the widths are computed from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room {
    /// Of the table, points.
    pub width: f32,
    /// Lanes in use.
    pub lanes: usize,
    /// The largest sequence of the store, which has the most digits.
    pub last_sequence: u64,
}

/// Where the cells of one column are, points from the left of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// Which column.
    pub column: Column,
    /// Left end of what it shows.
    pub left: f32,
    /// Right end of what it shows.
    pub right: f32,
}

/// Where everything in a row is.
#[derive(Clone, Debug, PartialEq)]
pub struct Columns {
    /// Width of the lanes; 0 if they are not shown.
    pub gutter: f32,
    /// The other columns, from left to right.
    pub cells: Vec<Cell>,
    /// What the user wants to see and what finds no room.
    pub folded: Vec<Column>,
    /// Between two columns.
    pub gap: f32,
}

/// A column that is to be placed.
#[derive(Clone, Copy)]
struct Wanted {
    column: Column,
    /// It needs at least so much.
    least: f32,
    /// It takes at most so much; infinite for what takes the rest.
    most: f32,
    /// Part of the room that is to be shared.
    share: f32,
}

impl Columns {
    /// The columns of a table.
    pub fn place(view: &TableView, room: Room) -> Self {
        let roomy = room.width >= ROOMY;
        let gap = if roomy { 14.0 } else { 9.0 };
        let lanes = gutter(room, roomy);
        let mut wanted: Vec<Wanted> = view
            .columns
            .iter()
            .filter(|choice| choice.shown)
            .map(|choice| wanted(choice.column, choice.width.map(f32::from), view.time, room, lanes))
            .collect();
        let end = room.width - END_STRIP;
        let folded = fold(&mut wanted, end, gap);
        let gutter = if wanted.iter().any(|wanted| wanted.column == Column::Flow) { lanes } else { 0.0 };
        wanted.retain(|wanted| wanted.column != Column::Flow);
        let left = if gutter > 0.0 { gutter } else { LANE_FIRST - gap };
        let widths = share_out(&wanted, end - left - gap * wanted.len() as f32);
        let mut at = left;
        let mut cells = Vec::with_capacity(wanted.len());
        for (wanted, width) in wanted.iter().zip(widths) {
            at += gap;
            // What a user made too wide is cut off at the end rather than drawn over the scroll bar.
            let (left, right) = (at.min(end), (at + width).min(end));
            cells.push(Cell { column: wanted.column, left, right });
            at += width;
        }
        Self { gutter, cells, folded, gap }
    }

    /// Where a column is, if it is shown.
    pub fn cell(&self, column: Column) -> Option<Cell> {
        self.cells.iter().copied().find(|cell| cell.column == column)
    }

    /// Left end of the first column that holds words instead of numbers: where a row says what it is not.
    pub fn words_left(&self) -> f32 {
        let words =
            |column| matches!(column, Column::Entity | Column::Kind | Column::Summary | Column::Scope);
        self.cells.iter().find(|cell| words(cell.column)).map_or(self.gutter + self.gap, |cell| cell.left)
    }

    /// Right end of the last column that holds words: before the padlock, if it comes last.
    pub fn words_right(&self) -> f32 {
        match self.cells.last() {
            Some(last) if last.column == Column::Lock => last.left - self.gap / 2.0,
            Some(last) => last.right,
            None => self.gutter,
        }
    }

    /// Centre of a lane, points from the left of the table.
    pub fn lane(&self, lane: usize) -> f32 {
        (LANE_FIRST + lane as f32 * LANE_PITCH).min(self.gutter - 7.0)
    }

    /// By how many places `column` moves when it is let go at `x`, points from the left of the table. Places are those of all columns,
    /// shown or not, as [`TableView`] lists them.
    pub fn places_to(&self, view: &TableView, column: Column, x: f32) -> isize {
        let index = |column| view.columns.iter().position(|choice| choice.column == column);
        let (Some(from), Some(before)) = (index(column), self.cells.iter().find(|cell| x < cell.centre()))
        else {
            return view.columns.len().cast_signed();
        };
        let Some(to) = index(before.column) else { return 0 };
        let places = to.cast_signed() - from.cast_signed();
        // Taking it out moves everything behind it one place to the left.
        if places > 0 { places - 1 } else { places }
    }
}

impl Cell {
    /// Its middle, points from the left of the table.
    pub fn centre(self) -> f32 {
        f32::midpoint(self.left, self.right)
    }
}

/// Width of the lanes. Two widths only, so that the columns stay where they are while lanes come and go.
fn gutter(room: Room, roomy: bool) -> f32 {
    let usual = if roomy { 8 } else { 5 };
    let lanes = if room.lanes <= usual { usual } else { LANES_MAX + 1 };
    (LANE_FIRST + (lanes - 1) as f32 * LANE_PITCH + 7.0).min(room.width * 0.2).round()
}

fn wanted(column: Column, width: Option<f32>, time: TimeMode, room: Room, lanes: f32) -> Wanted {
    let fixed = |width: f32| (width, width, 0.0);
    let (least, most, share) = match column {
        Column::Flow => return Wanted { column, least: lanes, most: lanes, share: 0.0 },
        Column::Sequence => fixed(digits_width(room.last_sequence)),
        Column::Time if time == TimeMode::Clock => fixed(82.0),
        Column::Time => fixed(76.0),
        Column::Entity => (76.0, 150.0, 0.24),
        Column::Kind => (104.0, 168.0, 0.28),
        Column::Summary => (140.0, f32::INFINITY, 0.48),
        Column::Scope => (52.0, 96.0, 0.1),
        Column::Correlation => fixed(40.0),
        Column::Clock => fixed(46.0),
        Column::Cause => fixed(digits_width(room.last_sequence) + 8.0),
        Column::Size => fixed(50.0),
        Column::Flags => fixed(72.0),
        Column::Lock => fixed(16.0),
    };
    match width {
        Some(width) => Wanted { column, least: width, most: width, share: 0.0 },
        None => Wanted { column, least, most, share },
    }
}

/// What the digits of a sequence take with their commas, points.
fn digits_width(sequence: u64) -> f32 {
    let digits = sequence.checked_ilog10().unwrap_or(0) + 1;
    let commas = (digits - 1) / 3;
    (digits as f32 * 7.6 + commas as f32 * 4.0).max(40.0).ceil()
}

/// Takes away what finds no room, the least important first.
fn fold(wanted: &mut Vec<Wanted>, end: f32, gap: f32) -> Vec<Column> {
    let mut folded = Vec::new();
    for column in FOLDING_ORDER {
        let needed: f32 = wanted.iter().map(|wanted| wanted.least + gap).sum();
        if needed <= end {
            break;
        }
        if wanted.iter().any(|wanted| wanted.column == column) {
            wanted.retain(|wanted| wanted.column != column);
            folded.push(column);
        }
    }
    folded
}

/// Gives each column its width: what is shared goes by shares within bounds, and what is left to the one that takes the rest.
fn share_out(wanted: &[Wanted], width: f32) -> Vec<f32> {
    let fixed: f32 = wanted.iter().filter(|wanted| wanted.share == 0.0).map(|wanted| wanted.least).sum();
    let rest = (width - fixed).max(0.0);
    let shares: f32 = wanted.iter().map(|wanted| wanted.share).sum();
    let takes_rest = wanted.iter().position(|wanted| wanted.most.is_infinite());
    let mut widths: Vec<f32> = wanted
        .iter()
        .map(|wanted| match (wanted.share > 0.0, takes_rest) {
            (false, _) => wanted.least,
            (true, Some(_)) => (rest * wanted.share).clamp(wanted.least, wanted.most).round(),
            // Without a summary names share all there is.
            (true, None) => (rest * wanted.share / shares).max(wanted.least).floor(),
        })
        .collect();
    if let Some(at) = takes_rest {
        let others: f32 = widths.iter().sum::<f32>() - widths[at];
        widths[at] = (width - others).max(wanted[at].least).floor();
    }
    let taken: f32 = widths.iter().sum();
    if taken > width && taken > 0.0 {
        // The bounds of several columns may add up to more than there is: those that can give, give.
        let over = taken - width;
        let slack: f32 = shrinkable(wanted, &widths).sum();
        if slack > 0.0 {
            let part = (over / slack).min(1.0);
            let less: Vec<f32> = shrinkable(wanted, &widths).map(|slack| slack * part).collect();
            for (width, less) in widths.iter_mut().zip(less) {
                *width -= less;
            }
        }
    }
    widths
}

/// How much each column can give.
fn shrinkable<'a>(wanted: &'a [Wanted], widths: &'a [f32]) -> impl Iterator<Item = f32> + 'a {
    wanted.iter().zip(widths).map(|(wanted, width)| (width - wanted.least).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::table::TableAction;

    fn room(width: f32) -> Room {
        Room { width, lanes: 6, last_sequence: 9_812_004 }
    }

    fn everything() -> TableView {
        let mut view = TableView::default();
        for (column, _) in Column::ALL {
            view.change(&TableAction::Show(column, true));
        }
        view
    }

    #[test]
    fn columns_keep_their_order_and_stay_inside_at_any_width() {
        for view in [TableView::default(), everything()] {
            for width in [180.0, 300.0, 420.0, 520.0, 640.0, 760.0, 880.0, 1400.0, 3000.0] {
                for lanes in [0, 6, 13] {
                    let columns = Columns::place(&view, Room { lanes, ..room(width) });
                    let edges: Vec<f32> =
                        columns.cells.iter().flat_map(|cell| [cell.left, cell.right]).collect();
                    assert!(edges.windows(2).all(|pair| pair[0] <= pair[1]), "{width}: {columns:?}");
                    assert!(edges.last().is_none_or(|last| *last <= width), "{width}: {columns:?}");
                    let shown =
                        columns.cells.len() + columns.folded.len() + usize::from(columns.gutter > 0.0);
                    assert_eq!(shown, view.columns.iter().filter(|choice| choice.shown).count());
                }
            }
        }
    }

    #[test]
    fn the_table_of_a_small_window_gives_up_what_matters_least_and_says_what() {
        let wide = Columns::place(&TableView::default(), room(840.0));
        assert_eq!(wide.folded, []);
        let small = Columns::place(&TableView::default(), room(554.0));
        assert_eq!(small.folded, [Column::Correlation, Column::Summary]);
        let names = [Column::Sequence, Column::Time, Column::Entity, Column::Kind, Column::Lock];
        assert_eq!(small.cells.iter().map(|cell| cell.column).collect::<Vec<_>>(), names);
        let all = Columns::place(&everything(), room(1_000.0));
        assert!(all.folded.contains(&Column::Flags) && all.cell(Column::Summary).is_some());
    }

    #[test]
    fn a_width_of_the_user_holds_and_the_summary_takes_the_rest() {
        let mut view = TableView::default();
        view.change(&TableAction::Width(Column::Entity, Some(220)));
        let columns = Columns::place(&view, room(1_400.0));
        let entity = columns.cell(Column::Entity).unwrap();
        assert_eq!((entity.right - entity.left) as u32, 220);
        assert!((columns.cells.last().unwrap().right - (1_400.0 - END_STRIP)).abs() < 1.0);
    }

    #[test]
    fn a_column_is_let_go_between_two_others() {
        let mut view = TableView::default();
        let columns = Columns::place(&view, room(1_400.0));
        let entity = columns.cell(Column::Entity).unwrap();
        let places = columns.places_to(&view, Column::Kind, entity.left + 1.0);
        view.change(&TableAction::Move(Column::Kind, places));
        let moved = Columns::place(&view, room(1_400.0));
        assert!(moved.cell(Column::Kind).unwrap().left < moved.cell(Column::Entity).unwrap().left);
        let places = moved.places_to(&view, Column::Sequence, 5_000.0);
        view.change(&TableAction::Move(Column::Sequence, places));
        assert_eq!(view.columns.last().unwrap().column, Column::Sequence);
        let here = moved.cell(Column::Time).unwrap();
        assert_eq!(moved.places_to(&TableView::default(), Column::Time, here.left + 1.0), 0);
    }

    #[test]
    fn a_table_without_lanes_or_with_columns_far_too_wide_is_still_drawn() {
        let mut view = TableView::default();
        view.change(&TableAction::Show(Column::Flow, false));
        assert!(Columns::place(&view, room(840.0)).gutter == 0.0);
        view.change(&TableAction::Width(Column::Kind, Some(900)));
        let columns = Columns::place(&view, room(500.0));
        assert!(columns.cells.iter().all(|cell| cell.right <= 500.0 && cell.left <= cell.right));
    }
}
