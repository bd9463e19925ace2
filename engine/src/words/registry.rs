//! Owns the registry of payload types: every derived type in the program, and the check that no two claim one kind.
//!
//! Invariants:
//! - what is found depends on the types that are linked and on nothing else: neither on their order nor on who asks, so nothing is kept.

use std::fmt;

use crate::words::config::EventPayloadValidation;
use crate::words::finding::{Finding, FindingClass};
use crate::words::kind::EventKind;

/// A payload type that the derive found: what it submits.
#[doc(hidden)]
#[derive(Debug)]
pub struct RegisteredPayload {
    kind: EventKind,
    type_name: &'static str,
}

impl RegisteredPayload {
    #[doc(hidden)]
    pub const fn new(kind: EventKind, type_name: &'static str) -> Self {
        Self { kind, type_name }
    }
}

inventory::collect!(RegisteredPayload);

/// Two payload types with one kind: an event of it would be decoded as either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPayloadKindCollision {
    /// Category of the kind.
    pub category: u8,
    /// Type of the kind within its category.
    pub type_id: u16,
    /// Path of one type; the first in the order of the alphabet.
    pub first_type_name: &'static str,
    /// Path of the other.
    pub second_type_name: &'static str,
}

impl fmt::Display for EventPayloadKindCollision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { category, type_id, first_type_name, second_type_name } = self;
        write!(
            f,
            "kind 0x{category:X}{type_id:03X} is claimed by {first_type_name} and by {second_type_name}"
        )
    }
}

/// Payload types of this program claim kinds of each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPayloadRegistryError {
    collisions: Vec<EventPayloadKindCollision>,
}

impl EventPayloadRegistryError {
    /// An error that names these collisions.
    ///
    /// # Panics
    /// If there are none: that is no error.
    pub fn new(collisions: Vec<EventPayloadKindCollision>) -> Self {
        assert!(!collisions.is_empty(), "an error about collisions names at least one");
        Self { collisions }
    }

    /// The collisions, by kind and then by name. A kind with n types makes n - 1 of them.
    pub fn collisions(&self) -> &[EventPayloadKindCollision] {
        &self.collisions
    }
}

impl fmt::Display for EventPayloadRegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, collision) in self.collisions.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{collision}")?;
        }
        Ok(())
    }
}

impl std::error::Error for EventPayloadRegistryError {}

/// Checks that no two payload types of this program claim one kind. Knows the types that derive `EventPayload`, in every crate that is
/// linked; a generic type counts once.
///
/// Opening a store checks this too, as [`StoreConfig::with_event_payload_validation`] says.
///
/// [`StoreConfig::with_event_payload_validation`]: crate::store::StoreConfig::with_event_payload_validation
pub fn validate_event_payload_registry() -> Result<(), EventPayloadRegistryError> {
    let registered = inventory::iter::<RegisteredPayload>.into_iter();
    match collisions(registered.map(|payload| (payload.kind, payload.type_name))) {
        collisions if collisions.is_empty() => Ok(()),
        collisions => Err(EventPayloadRegistryError::new(collisions)),
    }
}

/// Checks anew, as [`validate_event_payload_registry`] always does: kept for programs written against batpak, which remembers.
pub fn revalidate_event_payload_registry() -> Result<(), EventPayloadRegistryError> {
    validate_event_payload_registry()
}

/// What opening a store says of the registry: findings, or a refusal.
pub(crate) fn findings(
    validation: EventPayloadValidation,
) -> Result<Vec<Finding>, EventPayloadRegistryError> {
    match validation {
        EventPayloadValidation::Silent => Ok(Vec::new()),
        EventPayloadValidation::FailFast => validate_event_payload_registry().map(|()| Vec::new()),
        EventPayloadValidation::Warn => {
            let collisions = validate_event_payload_registry().err().map(|error| error.collisions);
            let told = |collision: EventPayloadKindCollision| {
                Finding::new(FindingClass::Note, collision.to_string())
            };
            Ok(collisions.into_iter().flatten().map(told).collect())
        }
    }
}

fn collisions(types: impl Iterator<Item = (EventKind, &'static str)>) -> Vec<EventPayloadKindCollision> {
    let mut types: Vec<_> = types.collect();
    types.sort_unstable();
    let same_kind = types.chunk_by(|left, right| left.0 == right.0);
    let pairs = same_kind.flat_map(|claims| claims.windows(2));
    let collision = |pair: &[(EventKind, &'static str)]| match *pair {
        [(kind, first_type_name), (_, second_type_name)] => Some(EventPayloadKindCollision {
            category: kind.category(),
            type_id: kind.type_id(),
            first_type_name,
            second_type_name,
        }),
        _ => None,
    };
    pairs.filter_map(collision).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_further_type_of_a_kind_is_a_collision_whatever_the_order() {
        let [one, two] = [EventKind::custom(1, 7), EventKind::custom(2, 7)];
        let types = [(two, "b::Two"), (one, "c"), (one, "a"), (two, "a::Two"), (one, "b")];
        let described: Vec<_> =
            collisions(types.into_iter()).iter().map(EventPayloadKindCollision::to_string).collect();
        assert_eq!(
            described,
            [
                "kind 0x1007 is claimed by a and by b",
                "kind 0x1007 is claimed by b and by c",
                "kind 0x2007 is claimed by a::Two and by b::Two"
            ]
        );
        assert_eq!(collisions(types.into_iter().take(2)), []);
    }

    #[test]
    #[should_panic(expected = "names at least one")]
    fn no_collisions_are_no_error() {
        let _ = EventPayloadRegistryError::new(Vec::new());
    }
}
