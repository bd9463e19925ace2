//! Owns the graph as an indented list: what the text export prints, and what the list beside the picture shows.

use super::{CardLook, LineKind, Sheet};

/// One line of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeLine {
    /// How deep it lies; the first level is 0.
    pub depth: usize,
    /// Index of its card.
    pub card: usize,
    /// What it says, in front of the card's own words.
    pub relation: &'static str,
}

/// A graph of events as an indented list: each node below what it hangs under.
pub fn tree_lines(sheet: &Sheet) -> Vec<TreeLine> {
    let mut depths: Vec<usize> = Vec::with_capacity(sheet.cards.len());
    let mut only_correlated = vec![false; sheet.cards.len()];
    let correlations = sheet.lines.iter().filter(|line| line.kind == LineKind::Correlation);
    correlations.for_each(|line| only_correlated[line.to] = true);
    let line = |(card, node): (usize, &super::Card)| {
        let depth = node.parent.map_or(0, |parent| depths.get(parent).map_or(0, |depth| depth + 1));
        depths.push(depth);
        let relation = match (only_correlated[card], node.look) {
            (true, _) => "same conversation: ",
            (false, CardLook::Group) => "",
            (false, _) if depth > 0 => "caused ",
            (false, _) => "",
        };
        TreeLine { depth, card, relation }
    };
    sheet.cards.iter().enumerate().map(line).collect()
}
