//! Owns the region: one predicate that queries, subscriptions, cursors and watchers share.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::words::kind::EventKind;

/// Which kinds a [`Region`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum KindFilter {
    /// One kind.
    Exact(EventKind),
    /// Each kind of one category (0 to 15).
    Category(u8),
    /// Every kind.
    Any,
}

impl KindFilter {
    /// True if the filter takes `kind`.
    pub fn matches(self, kind: EventKind) -> bool {
        match self {
            Self::Exact(exact) => kind == exact,
            Self::Category(category) => kind.category() == category,
            Self::Any => true,
        }
    }
}

/// A set of events by entity namespace, scope, kind and place in the stream. All parts must hold.
///
/// The entity is a namespace: `Region::entity("a")` takes `a` and `a:b`, not `ab`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Region {
    entity: Option<String>,
    scope: Option<String>,
    kinds: Option<KindFilter>,
    clocks: Option<(u32, u32)>,
}

impl Region {
    /// Every event.
    pub fn all() -> Self {
        Self::default()
    }

    /// The events of an entity and of the entities below it, separated by `:`.
    pub fn entity(prefix: impl AsRef<str>) -> Self {
        Self { entity: Some(prefix.as_ref().to_owned()), ..Self::default() }
    }

    /// The events of one scope.
    pub fn scope(scope: impl AsRef<str>) -> Self {
        Self::default().with_scope(scope)
    }

    /// Keeps only the events of one scope.
    #[must_use]
    pub fn with_scope(mut self, scope: impl AsRef<str>) -> Self {
        self.scope = Some(scope.as_ref().to_owned());
        self
    }

    /// Keeps only the events whose kind the filter takes.
    #[must_use]
    pub fn with_fact(mut self, kinds: KindFilter) -> Self {
        self.kinds = Some(kinds);
        self
    }

    /// Keeps only the events whose kind has this category (0 to 15).
    #[must_use]
    pub fn with_fact_category(self, category: u8) -> Self {
        self.with_fact(KindFilter::Category(category))
    }

    /// Keeps only the events whose stream sequence lies in the range, both ends included.
    #[must_use]
    pub fn with_clock_range(mut self, range: (u32, u32)) -> Self {
        self.clocks = Some(range);
        self
    }

    /// The entity namespace, if one is asked for.
    pub fn entity_prefix(&self) -> Option<&str> {
        self.entity.as_deref()
    }

    /// The scope, if one is asked for.
    pub fn scope_value(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// The kind filter, if one is asked for.
    pub fn fact(&self) -> Option<&KindFilter> {
        self.kinds.as_ref()
    }

    /// The range of stream sequences, if one is asked for, both ends included.
    pub fn clock_range(&self) -> Option<(u32, u32)> {
        self.clocks
    }

    /// True if an event with this entity, scope and kind lies in the region. The clock range is not looked at.
    pub fn matches_event(&self, entity: &str, scope: &str, kind: EventKind) -> bool {
        self.entity.as_deref().is_none_or(|prefix| in_namespace(prefix, entity))
            && self.scope.as_deref().is_none_or(|wanted| wanted == scope)
            && self.kinds.is_none_or(|filter| filter.matches(kind))
    }

    pub(crate) fn takes_clock(&self, clock: u32) -> bool {
        self.clocks.is_none_or(|(first, last)| RangeInclusive::new(first, last).contains(&clock))
    }
}

/// True if `entity` is `prefix` itself or lies below it.
pub(crate) fn in_namespace(prefix: &str, entity: &str) -> bool {
    entity.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entity_region_takes_the_entity_and_what_lies_below_it() {
        let region = Region::entity("a");
        for (entity, expected) in [("a", true), ("a:b", true), ("a:b:c", true), ("ab", false), ("b:a", false)]
        {
            assert_eq!(region.matches_event(entity, "s", EventKind::DATA), expected, "{entity}");
        }
    }

    #[test]
    fn all_parts_of_a_region_must_hold() {
        let region = Region::entity("a").with_scope("s").with_fact(KindFilter::Exact(EventKind::DATA));
        assert!(region.matches_event("a", "s", EventKind::DATA));
        assert!(!region.matches_event("a", "t", EventKind::DATA));
        assert!(!region.matches_event("a", "s", EventKind::SYSTEM_INIT));
        assert!(region.with_clock_range((2, 3)).takes_clock(3));
    }
}
