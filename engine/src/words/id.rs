//! Owns the identifiers: newtypes over 128 bits, time-ordered (UUID version 7) when the store makes them.

use std::cmp::Ordering;
use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::str::FromStr;

use thiserror::Error;

use crate::words::clock::{Clock, SystemClock};

const KEY_CONTEXT: &str = "causeway idempotency key 1";

/// What all identifiers can do.
pub trait EntityIdType: Copy + Clone + Eq + Hash + Debug + Display + FromStr + Send + Sync + 'static {
    /// The word before the colon in the text form, as in `event:0001...`.
    const ENTITY_NAME: &'static str;

    /// The identifier with this value.
    fn new(id: u128) -> Self;

    /// Its value.
    fn as_u128(&self) -> u128;

    /// A new identifier of this moment.
    fn now_v7() -> Self;

    /// The zero identifier, which names nothing.
    fn nil() -> Self;

    /// A new identifier of the moment that `clock` tells.
    fn now_v7_with_clock(clock: &dyn Clock) -> Self {
        Self::new(generate_v7_id_with_clock(clock))
    }
}

/// Why a text is not an identifier.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text:?} is not an id of the form {name}:<32 hexadecimal digits>")]
pub struct ParseIdError {
    /// The word that the text should begin with.
    pub name: &'static str,
    /// The refused text.
    pub text: String,
}

/// A new UUID version 7 of this moment.
pub fn generate_v7_id() -> u128 {
    generate_v7_id_with_clock(&SystemClock::new())
}

/// A new UUID version 7 of the moment that `clock` tells.
pub fn generate_v7_id_with_clock(clock: &dyn Clock) -> u128 {
    v7_at(clock.now_us())
}

/// A new UUID version 7 of `time_us`; a time before 1970 counts as 1970.
pub(crate) fn v7_at(time_us: i64) -> u128 {
    let time_us = u64::try_from(time_us).unwrap_or(0);
    let (seconds, rest_us) = (time_us / 1_000_000, time_us % 1_000_000);
    let nanoseconds = u32::try_from(rest_us).unwrap_or(0) * 1_000;
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanoseconds)).as_u128()
}

#[doc(hidden)]
pub fn parse_id(name: &'static str, text: &str) -> Result<u128, ParseIdError> {
    let refused = || ParseIdError { name, text: text.to_owned() };
    let digits = text.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')).ok_or_else(refused)?;
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(refused());
    }
    u128::from_str_radix(digits, 16).map_err(|_| refused())
}

impl From<ParseIdError> for String {
    fn from(error: ParseIdError) -> Self {
        error.to_string()
    }
}

/// Declares an identifier type: `define_entity_id!(OrderId, "order")`.
///
/// It prints as `order:` and 32 hexadecimal digits and reads that back. `define_entity_id!(OrderId, "order", serde)` is an
/// identifier that can also stand in a payload, as 16 big-endian bytes.
#[macro_export]
macro_rules! define_entity_id {
    ($(#[$meta:meta])* $name:ident, $entity:literal, serde) => {
        $crate::define_entity_id!($(#[$meta])* $name, $entity);

        impl $crate::__private::Serialize for $name {
            fn serialize<S: $crate::__private::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::wire::u128_bytes::serialize(&self.0, serializer)
            }
        }

        impl<'de> $crate::__private::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::wire::u128_bytes::deserialize(deserializer).map(Self)
            }
        }
    };
    ($(#[$meta:meta])* $name:ident, $entity:literal) => {
        $(#[$meta])*
        #[doc = concat!("\n\nIts text form is `", $entity, ":` and 32 hexadecimal digits.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(u128);

        impl $crate::id::EntityIdType for $name {
            const ENTITY_NAME: &'static str = $entity;
            fn new(id: u128) -> Self {
                Self(id)
            }
            fn as_u128(&self) -> u128 {
                self.0
            }
            fn now_v7() -> Self {
                Self($crate::id::generate_v7_id())
            }
            fn nil() -> Self {
                Self(0)
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                write!(f, "{}:{:032x}", $entity, self.0)
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::id::ParseIdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::id::parse_id($entity, text).map(Self)
            }
        }

        impl From<u128> for $name {
            fn from(id: u128) -> Self {
                Self(id)
            }
        }

        impl From<$name> for u128 {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

/// Declares an identifier of the store: one that is stored, ordered, and usable in constants.
macro_rules! define_store_id {
    ($(#[$meta:meta])* $name:ident, $entity:literal) => {
        define_entity_id!($(#[$meta])* $name, $entity, serde);

        impl $name {
            /// The identifier with this value.
            pub const fn from_u128(id: u128) -> Self {
                Self(id)
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                self.0.cmp(&other.0)
            }
        }
    };
}

define_store_id!(
    /// Names one event.
    EventId,
    "event"
);
define_store_id!(
    /// Names the conversation that an event belongs to; by default that of its own id.
    CorrelationId,
    "correlation"
);
define_store_id!(
    /// Names the event that caused another.
    CausationId,
    "causation"
);
define_store_id!(
    /// Makes an append repeatable: the key becomes the event's id, and a second append with it writes nothing.
    IdempotencyKey,
    "idempotency"
);

impl IdempotencyKey {
    /// The key of an operation: the same domain and parts make the same key in every program and at every time.
    ///
    /// `domain` keeps operations apart that have the same parts. The parts are told apart by their lengths, so that no two lists
    /// run into each other.
    ///
    /// ```
    /// use causeway::id::IdempotencyKey;
    ///
    /// let key = IdempotencyKey::for_operation("payments.charge", &[b"order:42", b"attempt:1"]);
    /// assert_eq!(key, IdempotencyKey::for_operation("payments.charge", &[b"order:42", b"attempt:1"]));
    /// assert_ne!(key, IdempotencyKey::for_operation("payments.charge", &[b"order:42a", b"ttempt:1"]));
    /// ```
    pub fn for_operation(domain: &str, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(KEY_CONTEXT);
        for part in [domain.as_bytes()].iter().chain(parts) {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        let mut id = [0; 16];
        hasher.finalize_xof().fill(&mut id);
        Self(uuid::Builder::from_custom_bytes(id).into_uuid().as_u128())
    }
}

impl From<EventId> for CausationId {
    fn from(id: EventId) -> Self {
        Self(id.0)
    }
}

impl From<EventId> for CorrelationId {
    fn from(id: EventId) -> Self {
        Self(id.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_form_of_an_id_reads_back_and_nothing_else_does() {
        let id = EventId::from_u128(0x01a0_c451);
        assert_eq!(id.to_string(), format!("event:{:032x}", 0x01a0_c451));
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in [
            "",
            "event:",
            "event:12",
            "causation:00000000000000000000000000000001",
            "event:+0000000000000000000000000000001",
        ] {
            assert!(text.parse::<EventId>().is_err(), "{text}");
        }
    }

    #[test]
    fn ids_made_later_sort_later() {
        assert!(v7_at(1_000_000) < v7_at(2_000_000));
    }
}
