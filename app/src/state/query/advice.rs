//! Owns why a query finds nothing, as far as names tell it, and what would find something.

use std::collections::HashMap;

use causeway::event::EventKind;

use crate::state::query::nearest::nearest;
use crate::state::query::{KindWord, Name, Query, Term};
use crate::worker::protocol::Facets;

/// Why nothing is found, and what to ask instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What names nothing, without a full stop: `kind:OrderPlcaed matches no kind`.
    pub reason: String,
    /// What was probably meant: its name, how many events it stands for, and the query that asks for it.
    pub instead: Option<(String, u64, Query)>,
}

/// The first part of a query that names something which is not there.
#[allow(clippy::implicit_hasher, reason = "the names of kinds are kept in one type of map")]
pub fn why_empty(query: &Query, names: &HashMap<EventKind, String>, facets: &Facets) -> Option<Advice> {
    query.parts().iter().find_map(|part| match part {
        Query::Is(Term::Kind(words)) => no_kind(query, words, names, facets),
        Query::Is(Term::Entity(wanted)) if !facets.entities_cut => {
            let entities: Vec<(&str, u64)> =
                facets.entities.iter().map(|(name, count)| (&**name, *count)).collect();
            no_name(query, "entity", wanted, &entities, Term::entity)
        }
        Query::Is(Term::Scope(wanted)) => {
            let scopes: Vec<(&str, u64)> =
                facets.scopes.iter().map(|(name, count)| (&**name, *count)).collect();
            no_name(query, "scope", wanted, &scopes, Term::scope)
        }
        _ => None,
    })
}

fn no_kind(
    query: &Query,
    words: &[KindWord],
    names: &HashMap<EventKind, String>,
    facets: &Facets,
) -> Option<Advice> {
    let counts: HashMap<EventKind, u64> = facets.kinds.iter().copied().collect();
    if words.iter().any(|word| word.kinds.iter().any(|kind| counts.contains_key(kind))) {
        return None;
    }
    let word = words.first()?;
    let written = &word.name.text;
    let present = counts.iter().filter_map(|(kind, count)| Some((*kind, names.get(kind)?, *count)));
    let present: Vec<_> = present.collect();
    let near = nearest(written, present.iter().map(|(_, name, _)| name.as_str()));
    let reason = if word.kinds.is_empty() {
        format!("kind:{written} matches no kind")
    } else {
        format!("No event is of kind {written}")
    };
    let meant = near.and_then(|near| present.iter().find(|(_, name, _)| *name == near));
    let instead =
        meant.map(|(kind, name, count)| ((*name).clone(), *count, query.with(Term::kind(*kind, names))));
    Some(Advice { reason, instead })
}

fn no_name(
    query: &Query,
    what: &str,
    wanted: &[Name],
    known: &[(&str, u64)],
    term: impl Fn(String) -> Term,
) -> Option<Advice> {
    let below = |name: &str, known: &str| known.strip_prefix(name).is_some_and(|rest| rest.starts_with(':'));
    let is_there = |name: &Name| {
        known.iter().any(|(known, _)| name.fits(known) || (what == "entity" && below(&name.text, known)))
    };
    if wanted.iter().any(is_there) {
        return None;
    }
    let written = &wanted.first()?.text;
    // A namespace is a name as well.
    let spaces = known.iter().map(|(name, _)| name.split_once(':').map_or(*name, |(space, _)| space));
    let near = nearest(written, known.iter().map(|(name, _)| *name).chain(spaces))?.to_owned();
    let matches = |name: &&(&str, u64)| name.0 == near || below(&near, name.0);
    let count = known.iter().filter(matches).map(|(_, count)| count).sum();
    let instead = Some((near.clone(), count, query.with(term(near))));
    Some(Advice { reason: format!("{what}:{written} matches no {what}"), instead })
}
