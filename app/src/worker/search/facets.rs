//! Owns what the current result consists of: its most frequent kinds, entities and scopes, and the fields of its payloads, from a bounded
//! number of its events.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use causeway::event::EventKind;
use serde_json::Value;

use crate::state::query::path_text;
use crate::worker::decode::decode;
use crate::worker::handle::Handle;
use crate::worker::holes::Holes;
use crate::worker::search::Search;

/// Events that are looked at, evenly spread over the result.
const LOOKED_AT: u64 = 1_000;
/// Payloads that are decoded for the paths in them, and how much of each.
const DECODED: usize = 200;
const DECODED_BYTES: usize = 16 * 1024;
/// Names of each sort that are told, paths, and how deep these go.
const TOLD: usize = 12;
const PATHS: usize = 300;
const DEPTH: usize = 4;

/// What a result consists of, the most frequent first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultFacets {
    /// Kinds.
    pub kinds: Vec<(EventKind, u64)>,
    /// Namespaces of entities, or entities without one.
    pub entities: Vec<(Arc<str>, u64)>,
    /// Scopes.
    pub scopes: Vec<(Arc<str>, u64)>,
    /// Paths in payloads, as a query writes them without `payload.`.
    pub paths: Vec<(String, u64)>,
    /// False if the counts are estimated from a part of the result.
    pub is_exact: bool,
}

impl Search {
    /// What the result consists of as it is now.
    pub(crate) fn facets(&self, handle: &Handle, holes: &Holes) -> ResultFacets {
        let rows = self.found.as_ref().map_or_else(|| holes.rows(self.next), super::found::Found::len);
        let step = rows.div_ceil(LOOKED_AT).max(1);
        let mut counts = Counts::default();
        let mut row = 0;
        while row < rows {
            let place = self.sequences(row..row + 1, holes);
            let readable = place.first().filter(|place| holes.at(**place).is_none());
            if let Some(event) = readable.and_then(|place| handle.event_at(*place).ok()) {
                counts.add(&event);
            }
            row += step;
        }
        counts.told(step)
    }
}

#[derive(Default)]
struct Counts {
    kinds: HashMap<EventKind, u64>,
    entities: HashMap<Arc<str>, u64>,
    scopes: HashMap<Arc<str>, u64>,
    paths: HashMap<String, u64>,
    decoded: usize,
}

impl Counts {
    fn add(&mut self, event: &causeway::store::LogEvent) {
        let raw = &event.raw;
        *self.kinds.entry(raw.header.event_kind).or_default() += 1;
        let entity = raw.coordinate.entity();
        let space = entity.split_once(':').map_or(entity, |(space, _)| space);
        count(&mut self.entities, space);
        count(&mut self.scopes, raw.coordinate.scope());
        if self.decoded < DECODED && event.removed.is_none() {
            self.decoded += 1;
            if let Ok(decoded) = decode(raw.payload_form, &raw.payload, DECODED_BYTES) {
                self.add_paths(&decoded.value, &mut Vec::new());
            }
        }
    }

    fn add_paths(&mut self, value: &Value, path: &mut Vec<String>) {
        match value {
            Value::Object(fields) if path.len() < DEPTH => {
                for (name, inner) in fields.iter().take(PATHS) {
                    path.push(name.clone());
                    self.add_paths(inner, path);
                    path.pop();
                }
            }
            // Any element is meant where no number stands.
            Value::Array(items) if items.iter().any(Value::is_object) => {
                if let Some(first) = items.first() {
                    self.add_paths(first, path);
                }
            }
            _ if path.is_empty() => {}
            _ => {
                let path = path_text(path);
                if self.paths.len() < PATHS || self.paths.contains_key(&path) {
                    *self.paths.entry(path).or_default() += 1;
                }
            }
        }
    }

    /// The counts of all events, if each that was looked at stands for `step` of them.
    fn told(self, step: u64) -> ResultFacets {
        ResultFacets {
            kinds: most(self.kinds, step, TOLD),
            entities: most(self.entities, step, TOLD),
            scopes: most(self.scopes, step, TOLD),
            paths: most(self.paths, 1, PATHS),
            is_exact: step == 1,
        }
    }
}

fn count(counts: &mut HashMap<Arc<str>, u64>, name: &str) {
    if let Some(count) = counts.get_mut(name) {
        *count += 1;
    } else {
        counts.insert(name.into(), 1);
    }
}

fn most<T: Ord + Hash>(counts: HashMap<T, u64>, factor: u64, most: usize) -> Vec<(T, u64)> {
    let mut sorted: Vec<(T, u64)> = counts.into_iter().map(|(name, count)| (name, count * factor)).collect();
    sorted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sorted.truncate(most);
    sorted
}
