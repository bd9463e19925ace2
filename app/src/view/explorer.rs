//! Owns the tree of entities: names split at `:` (and at `/`, which other programs use), counted, opened level by level, filtered by a text.
//!
//! Only what is open is built: a store may have a hundred thousand entities.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::widgets::escape;

/// Rows under one node before the rest is summed up in one row.
const SHOWN_MAX: usize = 500;

/// A row of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntityRow {
    /// What it says.
    pub label: String,
    /// The name or the beginning of names that it stands for; what the filter takes.
    pub name: String,
    /// Depth, 0 is the first level.
    pub depth: u8,
    /// Events below it.
    pub events: u64,
    /// Whether its children are shown; `None` if it has none.
    pub open: Option<bool>,
    /// Rows that are left out here; such a row stands for nothing else.
    pub left_out: u64,
}

/// One name beneath a level.
struct Node<'a> {
    /// Its length in the whole name.
    end: usize,
    whole: &'a str,
    events: u64,
    below: Vec<(&'a str, u64)>,
}

/// The rows of the tree of `entities` that contain `filter`, with the nodes in `open` unfolded. While filtering, everything is unfolded.
pub fn entity_rows(entities: &[(Arc<str>, u64)], open: &HashSet<String>, filter: &str) -> Vec<EntityRow> {
    let filter = filter.trim().to_lowercase();
    let names: Vec<(&str, u64)> = entities
        .iter()
        .filter(|(name, _)| filter.is_empty() || name.to_lowercase().contains(&filter))
        .map(|(name, events)| (&**name, *events))
        .collect();
    let mut out = Vec::new();
    level(&names, 0, 0, &|name| !filter.is_empty() || open.contains(name), &mut out);
    out
}

/// How many first-level names there are.
pub fn first_level_count(entities: &[(Arc<str>, u64)]) -> u64 {
    let heads: HashSet<&str> = entities.iter().map(|(name, _)| &name[..segment_end(name, 0)]).collect();
    heads.len() as u64
}

/// Where the segment that starts at `start` ends.
fn segment_end(name: &str, start: usize) -> usize {
    name[start..].find([':', '/']).map_or(name.len(), |at| start + at)
}

/// Levels beyond this depth stay one name: a hostile name must not become a staircase.
const DEPTH_MAX: u8 = 4;

fn level(
    names: &[(&str, u64)],
    start: usize,
    depth: u8,
    is_open: &impl Fn(&str) -> bool,
    out: &mut Vec<EntityRow>,
) {
    let nodes = group(names, start, depth);
    let left_out = nodes.len().saturating_sub(SHOWN_MAX) as u64;
    for node in nodes.into_iter().take(SHOWN_MAX) {
        let name = &node.whole[..node.end];
        let open = (!node.below.is_empty()).then(|| is_open(name));
        out.push(EntityRow {
            label: escape::visible(if open.is_none() { name } else { &name[start..] }).into_owned(),
            name: name.to_owned(),
            depth,
            events: node.events,
            open,
            left_out: 0,
        });
        if open == Some(true) {
            level(&node.below, node.end + 1, depth + 1, is_open, out);
        }
    }
    if left_out > 0 {
        out.push(EntityRow {
            label: String::new(),
            name: String::new(),
            depth,
            events: 0,
            open: None,
            left_out,
        });
    }
}

/// Names by their segment from `start`, in the order in which they come.
fn group<'a>(names: &[(&'a str, u64)], start: usize, depth: u8) -> Vec<Node<'a>> {
    let mut nodes: Vec<Node<'a>> = Vec::new();
    let mut index: HashMap<&str, usize> = HashMap::new();
    for (whole, events) in names {
        let end = if depth >= DEPTH_MAX { whole.len() } else { segment_end(whole, start) };
        let at = *index.entry(&whole[start..end]).or_insert_with(|| {
            nodes.push(Node { end, whole, events: 0, below: Vec::new() });
            nodes.len() - 1
        });
        nodes[at].events += events;
        if end < whole.len() {
            nodes[at].below.push((whole, *events));
        }
    }
    nodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entities(names: &[(&str, u64)]) -> Vec<(Arc<str>, u64)> {
        names.iter().map(|(name, events)| (Arc::from(*name), *events)).collect()
    }

    fn shown(rows: &[EntityRow]) -> Vec<String> {
        rows.iter()
            .map(|row| format!("{}{} {}", " ".repeat(usize::from(row.depth)), row.label, row.events))
            .collect()
    }

    #[test]
    fn names_are_gathered_under_what_they_begin_with_and_opened_on_demand() {
        let all = entities(&[("order", 1), ("order-x:1", 5), ("order:41", 2), ("order:42", 3)]);
        assert_eq!(shown(&entity_rows(&all, &HashSet::new(), "")), ["order 6", "order-x 5"]);
        let open = HashSet::from(["order".to_owned()]);
        let rows = entity_rows(&all, &open, "");
        assert_eq!(shown(&rows), ["order 6", " order:41 2", " order:42 3", "order-x 5"]);
        assert_eq!(rows[1].name, "order:41");
        assert_eq!(first_level_count(&all), 2);
    }

    #[test]
    fn a_filter_unfolds_what_it_finds() {
        let all = entities(&[("agent/run-1", 1), ("order:41", 2)]);
        assert_eq!(shown(&entity_rows(&all, &HashSet::new(), " RUN ")), ["agent 1", " agent/run-1 1"]);
        assert!(entity_rows(&all, &HashSet::new(), "nothing").is_empty());
    }

    #[test]
    fn a_crowd_is_cut_and_said_to_be_cut() {
        let names: Vec<(Arc<str>, u64)> =
            (0..SHOWN_MAX + 3).map(|i| (Arc::from(format!("e{i}")), 1)).collect();
        let rows = entity_rows(&names, &HashSet::new(), "");
        assert_eq!(rows.last().map(|row| row.left_out), Some(3));
    }

    #[test]
    fn hostile_names_neither_panic_nor_hide() {
        let all = entities(&[("", 1), (":", 1), ("::::::::::", 1), ("a\u{202e}:b", 1), ("/ü/", 1)]);
        let open: HashSet<String> =
            all.iter().map(|(name, _)| name.to_string()).chain([String::new()]).collect();
        let rows = entity_rows(&all, &open, "");
        assert!(rows.iter().all(|row| row.depth <= DEPTH_MAX));
        assert!(rows.iter().any(|row| row.label.contains("\\u{202e}")));
        entity_rows(&all, &open, ":");
    }
}
