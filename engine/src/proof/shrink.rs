//! Owns making a list that fails shorter: parts are left out as long as it still fails.

/// The list without whatever can be left out, in halves, quarters and so on, until no single element can.
pub(super) fn shrunk<T: Clone>(mut list: Vec<T>, mut fails: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut step = list.len().div_ceil(2);
    while step > 0 {
        let (mut at, before) = (0, list.len());
        while at < list.len() {
            let end = list.len().min(at + step);
            let without = [&list[..at], &list[end..]].concat();
            if fails(&without) {
                list = without;
            } else {
                at = end;
            }
        }
        // What was left out may have been what the elements before it were there for.
        step = if step == 1 && list.len() < before { 1 } else { step / 2 };
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_shrinks_to_what_makes_it_fail_and_nothing_more() {
        for culprits in [vec![], vec![0], vec![99], vec![3, 17, 18, 64], (40..60).collect()] {
            let mut tried = 0;
            let list = shrunk((0..100).collect(), |list: &[u32]| {
                tried += 1;
                culprits.iter().all(|culprit| list.contains(culprit))
            });
            assert_eq!(list, culprits);
            assert!(tried < 500, "{tried} lists were tried");
        }
    }

    #[test]
    fn what_is_needed_only_beside_something_else_goes_with_it() {
        // While there is a b it takes an a.
        let fails = |list: &[char]| list.contains(&'x') && (!list.contains(&'b') || list.contains(&'a'));
        assert_eq!(shrunk("abxab".chars().collect(), fails), ['x']);
    }
}
