//! Owns which known word was probably meant by one that nobody knows.

/// The word that differs least, if it differs little enough to be a slip of the fingers.
pub(super) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    if word.is_empty() {
        return None;
    }
    let tolerated = (word.chars().count() / 3).max(1);
    known
        .map(|name| {
            let lower = name.to_lowercase();
            let distance = if lower.starts_with(&word) { 0 } else { edit_distance(&word, &lower, tolerated) };
            (distance, name)
        })
        .filter(|(distance, _)| *distance <= tolerated)
        .min()
        .map(|(_, name)| name)
}

/// How many characters must be inserted, removed, replaced or swapped with their neighbour; words whose lengths differ by more than
/// `most` are not looked at closely.
fn edit_distance(a: &str, b: &str, most: usize) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let apart = a.len().abs_diff(b.len());
    if apart > most {
        return apart;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut cost = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}
