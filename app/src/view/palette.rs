//! Owns what the palette finds for what is typed: commands, places, entities and kinds, the nearest first.
//!
//! `>` finds commands only, `#` a sequence, `@` entities, `kind:` kinds, and an id of 32 digits the event itself.

use std::sync::Arc;

use causeway::event::EventKind;
use causeway::id::EventId;

use crate::command::Command;
use crate::state::model::StoreModel;
use crate::worker::protocol::Target;

/// Most entities or kinds that are listed.
const LISTED_MAX: usize = 50;
/// Entities and kinds are found without their sign from so many letters on, and so many of them.
const LETTERS_MIN: usize = 3;
const BESIDE_MAX: usize = 4;

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A command.
    Command(Command),
    /// A place in the store.
    Go(Target),
    /// An entity and how many events it has.
    Entity(Arc<str>, u64),
    /// A kind, its name, and how many events it has.
    Kind(EventKind, String, u64),
}

/// What is found for what was typed.
pub fn found(typed: &str, store: Option<&StoreModel>) -> Vec<Found> {
    let typed = typed.trim();
    let lower = typed.to_lowercase();
    if let Some(rest) = lower.strip_prefix('>') {
        return commands(rest.trim());
    }
    if let Some(rest) = lower.strip_prefix('@') {
        return store.map_or_else(Vec::new, |store| entities(rest, store, LISTED_MAX));
    }
    if let Some(rest) = lower.strip_prefix("kind:") {
        return store.map_or_else(Vec::new, |store| kinds(rest, store, LISTED_MAX));
    }
    let place = store.and_then(|_| target(typed)).map(Found::Go);
    if typed.starts_with('#') {
        return place.into_iter().collect();
    }
    let mut all: Vec<Found> = place.into_iter().collect();
    all.extend(commands(&lower));
    if let Some(store) = store.filter(|_| lower.chars().count() >= LETTERS_MIN) {
        all.extend(entities(&lower, store, BESIDE_MAX));
        all.extend(kinds(&lower, store, BESIDE_MAX));
    }
    all
}

/// A sequence with or without `#` and commas, or an id with or without `event:`.
pub fn target(typed: &str) -> Option<Target> {
    let typed = typed.trim();
    let digits: String = typed.trim_start_matches('#').chars().filter(|c| *c != ',').collect();
    let id = typed.strip_prefix("event:").unwrap_or(typed);
    if id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return u128::from_str_radix(id, 16).ok().map(|id| Target::Id(EventId::from_u128(id)));
    }
    digits.parse().ok().map(Target::Sequence)
}

/// The commands whose name, or else whose id, holds the typed letters in this order, the nearest first.
fn commands(typed: &str) -> Vec<Found> {
    let offered = Command::ALL.iter().copied().filter(|command| *command != Command::ShowPalette);
    let mut found: Vec<(usize, Command)> = offered
        .filter_map(|command| {
            let by_name = distance(&command.text().0.to_lowercase(), typed);
            let by_id = command.id().find(typed).map(|at| at + 50);
            Some((by_name.into_iter().chain(by_id).min()?, command))
        })
        .collect();
    found.sort_by_key(|found| found.0);
    found.into_iter().map(|found| Found::Command(found.1)).collect()
}

/// The entities whose name holds what was typed: those that begin with it first, then those with most events.
fn entities(typed: &str, store: &StoreModel, most: usize) -> Vec<Found> {
    let mut found: Vec<(bool, &(Arc<str>, u64))> = store
        .facets
        .entities
        .iter()
        .filter_map(|entity| {
            let name = entity.0.to_lowercase();
            name.contains(typed).then(|| (!name.starts_with(typed), entity))
        })
        .collect();
    found.sort_by_key(|(late, (_, events))| (*late, std::cmp::Reverse(*events)));
    found.into_iter().take(most).map(|(_, (name, events))| Found::Entity(name.clone(), *events)).collect()
}

/// The kinds whose name or number holds what was typed, those with most events first.
fn kinds(typed: &str, store: &StoreModel, most: usize) -> Vec<Found> {
    let mut found: Vec<Found> = store
        .facets
        .kinds
        .iter()
        .map(|(kind, events)| (*kind, store.kind_name(*kind), *events))
        .filter(|(kind, name, _)| {
            name.to_lowercase().contains(typed) || kind.to_string().to_lowercase().contains(typed)
        })
        .map(|(kind, name, events)| Found::Kind(kind, name, events))
        .collect();
    found.sort_by_key(|found| {
        std::cmp::Reverse(if let Found::Kind(_, _, events) = found { *events } else { 0 })
    });
    found.truncate(most);
    found
}

/// How far apart the letters of `typed` are in `name`; `None` if they are not in it.
fn distance(name: &str, typed: &str) -> Option<usize> {
    if let Some(at) = name.find(typed) {
        return Some(at);
    }
    let mut rest = name.char_indices();
    let mut sum = 100;
    let mut before = 0;
    for letter in typed.chars().filter(|letter| !letter.is_whitespace()) {
        let (at, _) = rest.by_ref().find(|(_, other)| *other == letter)?;
        sum += at - before;
        before = at;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn a_command_is_found_by_a_part_of_its_name_by_its_letters_or_by_its_id() {
        assert_eq!(found("verify", None).first(), Some(&Found::Command(Command::Verify)));
        assert_eq!(found(">csgr", None).first(), Some(&Found::Command(Command::ShowGraph)));
        assert_eq!(found("layout.audit", None).first(), Some(&Found::Command(Command::LayoutAudit)));
        assert!(found("zzzz", None).is_empty());
        assert_eq!(found("", None).len(), Command::ALL.len() - 1);
    }

    #[test]
    fn signs_find_places_entities_and_kinds_and_nothing_without_a_store() {
        let model = fixture::store();
        let store = model.store.as_ref();
        assert_eq!(found("#9,811,992", store), [Found::Go(Target::Sequence(9_811_992))]);
        let id = EventId::from_u128(0xA7F3);
        assert_eq!(found(&format!("{:032x}", 0xA7F3), store)[0], Found::Go(Target::Id(id)));
        assert!(matches!(&found("@order", store)[0], Found::Entity(name, _) if name.starts_with("order")));
        assert!(matches!(&found("kind:placed", store)[0], Found::Kind(_, name, _) if name == "OrderPlaced"));
        assert!(found("orderpl", store).iter().any(|found| matches!(found, Found::Kind(..))));
        for typed in ["#1", "@order", "kind:placed"] {
            assert!(found(typed, None).is_empty(), "{typed}");
        }
    }

    #[test]
    fn a_place_is_given_as_a_sequence_or_as_an_id() {
        assert_eq!(target(" #9,811,992 "), Some(Target::Sequence(9_811_992)));
        let id = EventId::from_u128(0xA7F3);
        assert_eq!(target(&id.to_string()), Some(Target::Id(id)));
        assert_eq!(target(&format!("{:032x}", 0xA7F3)), Some(Target::Id(id)));
        assert_eq!(target("9.8"), None);
        assert_eq!(target(""), None);
    }
}
