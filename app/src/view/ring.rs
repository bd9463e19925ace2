//! Owns walking a list that has no end: after the last comes the first.

/// The place so many steps on from another one, of so many places.
pub fn turned(at: usize, steps: isize, count: usize) -> usize {
    let ahead = steps.rem_euclid(count.max(1).cast_signed()).cast_unsigned();
    (at + ahead) % count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_the_last_comes_the_first_and_the_other_way_round() {
        assert_eq!((turned(2, 1, 3), turned(0, -1, 3), turned(1, -7, 3)), (0, 2, 0));
        assert_eq!(turned(0, 5, 0), 0);
    }
}
