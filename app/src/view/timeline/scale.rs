//! Owns where a value of the axis lies on the screen, with long gaps folded to a few points.
//!
//! Invariants:
//! - a later value never lies further left, and every point has a value;
//! - what is folded lies within a gap, so that no event is ever folded away.

use crate::state::timeline::Place;

/// A gap that is longer than this is folded, points.
const FOLDED_FROM: f64 = 40.0;
/// What is left of a folded stretch, points.
pub const FOLD: f64 = 14.0;
/// A gap stays open so far beside its events, so that their marks have room, points.
const MARGIN: f64 = 11.0;
/// Room beside the first and the last event when the whole store is shown, points.
const ROOM: f64 = 10.0;

/// A folded stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fold {
    /// The gap: the values of the events beside it.
    pub gap: (i64, i64),
    /// Where the folded stretch begins and ends, values.
    pub values: (f64, f64),
    /// Where it lies, points from the left end of the view.
    pub x: (f64, f64),
}

/// How values lie on a line of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Scale {
    place: Place,
    width: f64,
    folds: Vec<Fold>,
}

impl Scale {
    /// The scale of a place. `gaps` are those that may be folded, ascending.
    pub fn new(place: Place, width: f64, gaps: &[(i64, i64)]) -> Self {
        let pp = place.per_point;
        let stretches: Vec<((i64, i64), f64, f64)> = gaps
            .iter()
            .filter_map(|gap| Some((*gap, inner(*gap, pp)?)))
            .map(|(gap, (from, to))| (gap, from, to))
            .collect();
        let first_after = stretches.partition_point(|(_, _, to)| *to <= place.start);
        let mut folds = vec![Fold { gap: (0, 0), values: (0.0, 0.0), x: (0.0, 0.0) }; stretches.len()];
        // Rightwards from the left end of the view, then leftwards from it: each is exact where it is looked at.
        let (mut value, mut x) = (place.start, 0.0);
        for (fold, (gap, from, to)) in folds.iter_mut().zip(&stretches).skip(first_after) {
            let squeeze = FOLD / (to - from);
            let left = if *from >= value { x + (from - value) / pp } else { x - (value - from) * squeeze };
            *fold = Fold { gap: *gap, values: (*from, *to), x: (left, left + FOLD) };
            (value, x) = (*to, left + FOLD);
        }
        let (mut value, mut x) = match folds.get(first_after) {
            Some(next) if next.values.0 < place.start => (next.values.0, next.x.0),
            _ => (place.start, 0.0),
        };
        for (fold, (gap, from, to)) in folds.iter_mut().zip(&stretches).take(first_after).rev() {
            let right = x - (value - to) / pp;
            *fold = Fold { gap: *gap, values: (*from, *to), x: (right - FOLD, right) };
            (value, x) = (*from, right - FOLD);
        }
        Self { place, width, folds }
    }

    /// The scale that shows all values from `span.0` to `span.1`.
    pub fn whole(span: (i64, i64), width: f64, gaps: &[(i64, i64)]) -> Self {
        let width = width.max(1.0);
        let room = (width - 2.0 * ROOM).max(width / 2.0);
        let length = (span.1 as f64 - span.0 as f64).max(1.0);
        let mut per_point = length / room;
        // More gaps are folded the closer one looks, so that the place is found step by step.
        for _ in 0..12 {
            let inners: Vec<f64> =
                gaps.iter().filter_map(|gap| inner(*gap, per_point)).map(|(from, to)| to - from).collect();
            let open = length - inners.iter().sum::<f64>();
            let points = room - FOLD * inners.len() as f64;
            let next = open / points;
            if points < room / 4.0 || next <= 0.0 || (next - per_point).abs() < per_point * 1e-6 {
                break;
            }
            per_point = next;
        }
        let per_point = per_point.max(least_per_point(span.0 as f64));
        Self::new(Place { start: span.0 as f64 - ROOM * per_point, per_point }, width, gaps)
    }

    /// The part of the axis.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Width of the view, points.
    pub fn width(&self) -> f64 {
        self.width
    }

    /// The folded stretches that can be seen.
    pub fn folds(&self) -> &[Fold] {
        let start = self.folds.partition_point(|fold| fold.x.1 <= 0.0);
        let end = self.folds.partition_point(|fold| fold.x.0 < self.width);
        self.folds.get(start..end).unwrap_or_default()
    }

    /// Where a value lies, points from the left end of the view.
    pub fn x(&self, value: f64) -> f64 {
        let at = self.folds.partition_point(|fold| fold.values.1 <= value);
        let pp = self.place.per_point;
        if let Some(fold) = self.folds.get(at).filter(|fold| fold.values.0 < value) {
            let share = (value - fold.values.0) / (fold.values.1 - fold.values.0);
            return fold.x.0 + share * FOLD;
        }
        let (from, x) = self.anchor(at, |fold| fold.values.1);
        x + (value - from) / pp
    }

    /// The value at a point.
    pub fn value(&self, x: f64) -> f64 {
        let at = self.folds.partition_point(|fold| fold.x.1 <= x);
        if let Some(fold) = self.folds.get(at).filter(|fold| fold.x.0 < x) {
            let share = (x - fold.x.0) / FOLD;
            return fold.values.0 + share * (fold.values.1 - fold.values.0);
        }
        let (from, anchor) = self.anchor(at, |fold| fold.values.1);
        from + (x - anchor) * self.place.per_point
    }

    /// A known pair of value and point in the open stretch before the fold number `at`.
    fn anchor(&self, at: usize, end: impl Fn(&Fold) -> f64) -> (f64, f64) {
        let before = at.checked_sub(1).and_then(|before| self.folds.get(before));
        let after = self.folds.get(at);
        let start = self.place.start;
        match (before, after) {
            // The left end of the view is the most exact anchor of the stretch that it lies in.
            (before, after)
                if before.is_none_or(|fold| fold.values.1 <= start)
                    && after.is_none_or(|fold| fold.values.0 >= start) =>
            {
                (start, 0.0)
            }
            (Some(before), _) => (end(before), before.x.1),
            (None, Some(after)) => (after.values.0, after.x.0),
            (None, None) => (start, 0.0),
        }
    }

    /// The values at both ends of the view.
    pub fn seen(&self) -> (f64, f64) {
        (self.value(0.0), self.value(self.width))
    }

    /// The place so many points further right.
    pub fn panned(&self, points: f64) -> Place {
        Place { start: self.value(points), ..self.place }
    }

    /// The place in which a point is `factor` times as much of the axis, and the value at `x` stays where it is.
    pub fn zoomed(&self, x: f64, factor: f64, gaps: &[(i64, i64)]) -> Place {
        let value = self.value(x);
        self.around(value, x, self.place.per_point * factor, gaps)
    }

    /// The place that shows a value at the point `x`.
    pub fn around(&self, value: f64, x: f64, per_point: f64, gaps: &[(i64, i64)]) -> Place {
        let least = least_per_point(value);
        let per_point = per_point.clamp(least, f64::from(u32::MAX) * 1e9);
        let here = Self::new(Place { start: value, per_point }, self.width, gaps);
        Place { start: here.value(-x), per_point }
    }
}

/// What of a gap is folded at this zoom, if it is.
fn inner(gap: (i64, i64), per_point: f64) -> Option<(f64, f64)> {
    let (from, to) = (gap.0 as f64, gap.1 as f64);
    let margin = MARGIN * per_point;
    ((to - from) > FOLDED_FROM * per_point).then_some((from + margin, to - margin))
}

/// Closer than this the numbers have no room for parts of a point.
fn least_per_point(value: f64) -> f64 {
    (value.abs() * f64::EPSILON).max(1e-3)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random numbers that are always the same.
    struct Random(u64);

    impl Random {
        fn below(&mut self, end: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % end
        }
    }

    fn gaps(random: &mut Random) -> Vec<(i64, i64)> {
        let mut at = 1_795_440_726_000_000_i64 + random.below(1_000_000).cast_signed();
        (0..random.below(40))
            .map(|_| {
                let from = at + random.below(90_000_000).cast_signed();
                at = from + 1 + random.below(9_000_000_000).cast_signed();
                (from, at)
            })
            .collect()
    }

    #[test]
    fn a_later_value_lies_further_right_and_every_point_leads_back_to_its_value() {
        let seed = 0x7131;
        println!("seed {seed:#x}");
        let mut random = Random(seed);
        for _ in 0..300 {
            let gaps = gaps(&mut random);
            let first = gaps.first().map_or(1_795_440_726_000_000, |gap| gap.0);
            let last = gaps.last().map_or(first + 1, |gap| gap.1);
            let share = random.below(1000) as f64 / 1000.0;
            let start = first as f64 + share * (last - first) as f64;
            let per_point = 10f64.powf(random.below(80) as f64 / 10.0);
            let scale = Scale::new(Place { start, per_point }, 1200.0, &gaps);
            assert!(scale.x(start).abs() < 0.01, "{:?}", scale.x(start));
            let mut before = f64::NEG_INFINITY;
            for step in -400..=1600_i32 {
                let x = f64::from(step) + 0.25;
                let value = scale.value(x);
                assert!(value >= before, "{value} after {before} at {x}");
                before = value;
                // A microsecond is the finest that times tell.
                let blur = 0.01 + 0.5 / per_point;
                assert!((scale.x(value) - x).abs() < blur, "{} instead of {x}", scale.x(value));
            }
        }
    }

    #[test]
    fn folded_gaps_take_fourteen_points_and_never_hide_an_event() {
        let scale =
            Scale::new(Place { start: 0.0, per_point: 1.0 }, 500.0, &[(100, 10_000), (10_100, 10_130)]);
        assert_eq!(scale.folds().len(), 1);
        assert!((scale.x(10_000.0) - (100.0 + 2.0 * MARGIN + FOLD)).abs() < 1e-9);
        assert!((scale.x(100.0) - 100.0).abs() < 1e-9);
        assert!((scale.x(10_130.0) - scale.x(10_100.0) - 30.0).abs() < 1e-9);
    }

    #[test]
    fn the_whole_store_fits_with_or_without_gaps() {
        for gaps in [vec![], vec![(1_000, 500_000), (600_000, 990_000)]] {
            let scale = Scale::whole((0, 1_000_000), 800.0, &gaps);
            assert!(scale.x(0.0) > 0.0 && scale.x(1_000_000.0) < 800.0, "{:?}", scale.x(1_000_000.0));
            assert!(scale.x(1_000_000.0) > 700.0, "{:?}", scale.x(1_000_000.0));
        }
        let one = Scale::whole((5, 5), 800.0, &[]);
        assert!((0.0..800.0).contains(&one.x(5.0)));
        assert!(Scale::whole((i64::MIN, i64::MAX), 800.0, &[]).x(0.0).is_finite());
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer_and_panning_moves_by_points() {
        let gaps = [(1_000, 9_000)];
        let scale = Scale::new(Place { start: 0.0, per_point: 10.0 }, 600.0, &gaps);
        let value = scale.value(40.0);
        let closer = Scale::new(scale.zoomed(40.0, 0.5, &gaps), 600.0, &gaps);
        assert!((closer.x(value) - 40.0).abs() < 1e-6);
        let moved = Scale::new(scale.panned(25.0), 600.0, &gaps);
        assert!((moved.x(value) - 15.0).abs() < 1e-6);
        let there = Scale::new(scale.zoomed(40.0, 1e-30, &gaps), 600.0, &gaps);
        assert!(there.place().per_point >= 1e-3);
    }
}
