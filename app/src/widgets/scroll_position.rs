//! Where a list of up to `u64::MAX` rows is scrolled to: a row and the points of it that are hidden.
//!
//! Never a length in points over the whole list: at ten million rows an f32 is sixteen points coarse.

/// What a position is measured against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Rows in the list.
    pub row_count: u64,
    /// Height of one row, points, above zero.
    pub row_height: f32,
    /// Height of the view, points.
    pub view_height: f32,
}

impl Extent {
    /// How many rows fit, with the fraction.
    fn rows_in_view(self) -> f64 {
        f64::from(self.view_height.max(0.0)) / f64::from(self.row_height)
    }

    /// Whether everything is in view.
    pub fn fits(self) -> bool {
        self.row_count as f64 <= self.rows_in_view()
    }

    /// The position at which the last row ends at the bottom of the view.
    fn end(self) -> ScrollPosition {
        let touched = self.rows_in_view().ceil() as u64;
        if self.fits() {
            return ScrollPosition::default();
        }
        let hidden = touched as f64 * f64::from(self.row_height) - f64::from(self.view_height.max(0.0));
        ScrollPosition { first_row: self.row_count.saturating_sub(touched), offset: hidden.max(0.0) as f32 }
    }

    /// Rows above the view when it is scrolled to the end.
    fn rows_above_end(self) -> f64 {
        (self.row_count as f64 - self.rows_in_view()).max(0.0)
    }
}

/// The first row in view and how many points of it are above the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct ScrollPosition {
    /// First row in view.
    pub first_row: u64,
    /// Hidden part of the first row, points, below the row height.
    pub offset: f32,
}

impl ScrollPosition {
    /// The start of the list.
    pub const START: Self = Self { first_row: 0, offset: 0.0 };

    /// The end of the list.
    pub fn end(extent: Extent) -> Self {
        extent.end()
    }

    /// Whether the last row is in view.
    pub fn is_at_end(self, extent: Extent) -> bool {
        self >= extent.end()
    }

    /// This position, moved back to the end if it lies behind it.
    #[must_use]
    pub fn clamped(self, extent: Extent) -> Self {
        let end = extent.end();
        if self > end { end } else { self }
    }

    /// This position moved by `points`, down is positive.
    #[must_use]
    pub fn moved(self, points: f32, extent: Extent) -> Self {
        let target = f64::from(self.offset) + f64::from(points);
        let height = f64::from(extent.row_height);
        let rows = (target / height).floor();
        // Of a move over more rows than f64 can tell apart only the row is known.
        let offset = (target - rows * height).clamp(0.0, height) as f32;
        let first_row = if rows < 0.0 {
            match self.first_row.checked_sub((-rows) as u64) {
                Some(row) => row,
                None => return Self::START,
            }
        } else {
            self.first_row.saturating_add(rows as u64)
        };
        // Rounding to f32 may reach the row height itself, which is the next row.
        if offset >= extent.row_height {
            return Self { first_row: first_row.saturating_add(1), offset: 0.0 }.clamped(extent);
        }
        Self { first_row, offset }.clamped(extent)
    }

    /// The position with `row` at the top of the view, or as near as the end allows.
    pub fn at_row(row: u64, extent: Extent) -> Self {
        Self { first_row: row, offset: 0.0 }.clamped(extent)
    }

    /// The nearest position at which the whole of `row` is in view.
    #[must_use]
    pub fn showing(self, row: u64, extent: Extent) -> Self {
        let row = row.min(extent.row_count.saturating_sub(1));
        if Self::at_row(row, extent) <= self {
            return Self::at_row(row, extent);
        }
        let lowest = Extent { row_count: row.saturating_add(1), ..extent }.end();
        if lowest > self { lowest.clamped(extent) } else { self }
    }

    /// The position with `row` in the middle of the view.
    pub fn centered(row: u64, extent: Extent) -> Self {
        let half = (extent.view_height - extent.row_height).max(0.0) / 2.0;
        Self { first_row: row, offset: 0.0 }.moved(-half, extent)
    }

    /// How far down the list this is, 0 to 1.
    pub fn fraction(self, extent: Extent) -> f64 {
        let above = extent.rows_above_end();
        if above <= 0.0 {
            return 0.0;
        }
        let here = self.first_row as f64 + f64::from(self.offset) / f64::from(extent.row_height);
        (here / above).clamp(0.0, 1.0)
    }

    /// The position a fraction down the list; 1 is exactly the end.
    pub fn from_fraction(fraction: f64, extent: Extent) -> Self {
        if fraction >= 1.0 {
            return extent.end();
        }
        let rows = fraction.max(0.0) * extent.rows_above_end();
        let offset = (rows.fract() * f64::from(extent.row_height)) as f32;
        Self { first_row: rows as u64, offset: offset.min(extent.row_height * 0.999) }.clamped(extent)
    }

    /// The rows that are at least partly in view.
    pub fn visible(self, extent: Extent) -> std::ops::Range<u64> {
        let covered = f64::from(self.offset) + f64::from(extent.view_height.max(0.0));
        let touched = (covered / f64::from(extent.row_height)).ceil() as u64;
        self.first_row.min(extent.row_count)..self.first_row.saturating_add(touched).min(extent.row_count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(row_count: u64) -> Extent {
        Extent { row_count, row_height: 22.0, view_height: 517.0 }
    }

    #[test]
    fn every_row_of_huge_lists_can_be_put_at_the_top_exactly() {
        for row_count in [10_000_000, 16_777_217, u64::from(u32::MAX) * 9] {
            let e = extent(row_count);
            for row in [0, 1, 9_999_901, row_count / 3, row_count / 2 + 1, row_count - 24] {
                let position = ScrollPosition::at_row(row, e);
                assert_eq!(position, ScrollPosition { first_row: row, offset: 0.0 });
                assert_eq!(position.visible(e), row..row + 24);
            }
        }
    }

    #[test]
    fn the_wheel_walks_row_by_row_however_far_down_it_is() {
        let e = extent(12_000_000);
        let mut position = ScrollPosition::at_row(11_000_000, e);
        for row in 11_000_001..11_002_000 {
            position = position.moved(22.0, e);
            assert_eq!(position, ScrollPosition { first_row: row, offset: 0.0 });
        }
        for _ in 0..44 {
            position = position.moved(-0.5, e);
        }
        assert_eq!(position, ScrollPosition { first_row: 11_001_998, offset: 0.0 });
    }

    #[test]
    fn the_end_shows_the_last_row_whole_and_nothing_behind_it() {
        for row_count in [1, 23, 24, 10_000_001, u64::MAX] {
            let e = extent(row_count);
            let end = ScrollPosition::end(e);
            assert_eq!(end.visible(e).end, row_count);
            assert_eq!(end.moved(1000.0, e), end);
            if !e.fits() {
                let rows = (end.visible(e).end - end.first_row) as f32;
                assert!((rows * 22.0 - end.offset - 517.0).abs() < 0.01, "{row_count}");
            }
            assert_eq!(ScrollPosition::START.moved(-50.0, e), ScrollPosition::START);
        }
    }

    #[test]
    fn dragging_reaches_start_middle_and_end() {
        let e = extent(10_000_000);
        assert_eq!(ScrollPosition::from_fraction(0.0, e), ScrollPosition::START);
        assert_eq!(ScrollPosition::from_fraction(1.0, e), ScrollPosition::end(e));
        for fraction in [0.000_01, 0.25, 0.5, 0.999_999] {
            let back = ScrollPosition::from_fraction(fraction, e).fraction(e);
            assert!((back - fraction).abs() < 1e-9, "{fraction} came back as {back}");
        }
    }

    #[test]
    fn showing_a_row_moves_no_further_than_it_must() {
        let e = extent(10_000_000);
        let here = ScrollPosition::at_row(5_000_000, e);
        assert_eq!(here.showing(5_000_010, e), here);
        assert_eq!(here.showing(4_999_999, e).first_row, 4_999_999);
        let below = here.showing(5_000_023, e);
        assert_eq!(below.visible(e), 5_000_000..5_000_024);
        assert!((24.0 * 22.0 - below.offset - 517.0).abs() < 0.01);
        assert_eq!(here.showing(u64::MAX, e), ScrollPosition::end(e));
    }

    /// A generator whose numbers are the same for the same seed.
    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state ^ (*state >> 29)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    #[test]
    fn whatever_is_done_to_a_list_of_any_length_its_rows_stay_in_view_and_its_ends_hold() {
        let mut cases = 0;
        for seed in 1..=40_u64 {
            let mut state = seed;
            for row_count in [0, 1, 24, 10_000_000, u64::from(u32::MAX) + 7, u64::MAX / 2 + 3, u64::MAX] {
                let e =
                    Extent { view_height: 1.0 + (random(&mut state) % 2_000) as f32, ..extent(row_count) };
                let mut position = ScrollPosition::START;
                for _ in 0..200 {
                    position = match random(&mut state) % 6 {
                        0 => position.moved((random(&mut state) % 100_000) as f32 - 50_000.0, e),
                        1 => position.moved(-(random(&mut state) as f32), e),
                        2 => position.showing(random(&mut state), e),
                        3 => ScrollPosition::centered(random(&mut state) % row_count.max(1), e),
                        4 => ScrollPosition::from_fraction(random(&mut state) as f64 / u64::MAX as f64, e),
                        _ => ScrollPosition::at_row(random(&mut state), e),
                    };
                    cases += 1;
                    let seen = position.visible(e);
                    let what = format!("seed {seed}, {row_count} rows, {position:?}");
                    assert!(position <= ScrollPosition::end(e), "{what}");
                    assert!((0.0..e.row_height).contains(&position.offset), "{what}");
                    assert!(seen.end <= row_count && seen.start <= seen.end, "{what}");
                    assert!(row_count == 0 || !seen.is_empty(), "{what}");
                    assert!(seen.end - seen.start <= (e.view_height / e.row_height) as u64 + 2, "{what}");
                }
                let row = random(&mut state) % row_count.max(1);
                assert!(row_count == 0 || position.showing(row, e).visible(e).contains(&row), "seed {seed}");
            }
        }
        println!("{cases} positions of lists, seeds 1 to 40");
    }

    #[test]
    fn a_list_that_fits_does_not_scroll() {
        let e = extent(5);
        assert!(e.fits());
        assert_eq!(ScrollPosition::START.moved(300.0, e), ScrollPosition::START);
        assert_eq!(ScrollPosition::START.visible(e), 0..5);
        assert_eq!(ScrollPosition::START.visible(extent(0)), 0..0);
    }
}
