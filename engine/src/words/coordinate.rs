//! Owns the coordinate: the entity whose stream an event extends, and the scope it happened in.
//!
//! Invariants:
//! - a `Coordinate` in hand is valid: both parts are checked when it is made and when it is deserialised;
//! - the stream is named by the entity alone; the scope is a label that cuts across streams.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

/// Greatest length of an entity or a scope, in bytes.
pub const MAX_COORDINATE_COMPONENT_LEN: usize = 1024;

/// An entity and a scope: where an event belongs.
///
/// ```
/// use causeway::coordinate::Coordinate;
///
/// let order = Coordinate::new("order:42", "shop")?;
/// assert_eq!(order.to_string(), "order:42@shop");
/// # Ok::<(), causeway::coordinate::CoordinateError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Coordinate {
    entity: Arc<str>,
    scope: Arc<str>,
}

/// Why a text cannot be an entity or a scope.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CoordinateError {
    /// The entity is the empty text.
    #[error("entity is empty")]
    EmptyEntity,
    /// The scope is the empty text.
    #[error("scope is empty")]
    EmptyScope,
    /// The entity is longer than [`MAX_COORDINATE_COMPONENT_LEN`].
    #[error("entity has {len} bytes, more than {max}")]
    EntityTooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// The scope is longer than [`MAX_COORDINATE_COMPONENT_LEN`].
    #[error("scope has {len} bytes, more than {max}")]
    ScopeTooLong {
        /// Its length in bytes.
        len: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// A zero byte.
    #[error("entity or scope contains a zero byte")]
    NulByte,
    /// A control character.
    #[error("entity or scope contains a control character")]
    ControlChar,
    /// A `/` or `..`, which would read as a path.
    #[error("entity or scope contains \"/\" or \"..\"")]
    PathTraversal,
    /// A `|` or `=`, which separate parts in saved cursor positions.
    #[error("entity or scope contains \"|\" or \"=\"")]
    ForbiddenSeparator,
}

impl Coordinate {
    /// Makes a coordinate from an entity and a scope.
    pub fn new(entity: impl AsRef<str>, scope: impl AsRef<str>) -> Result<Self, CoordinateError> {
        let (entity, scope) = (entity.as_ref(), scope.as_ref());
        check(entity, scope)?;
        Ok(Self { entity: entity.into(), scope: scope.into() })
    }

    /// The entity: it names the stream.
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// The scope: the context the event belongs to.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// Checks both parts again. Always `Ok` for a value made by this crate.
    pub fn validate(&self) -> Result<(), CoordinateError> {
        check(&self.entity, &self.scope)
    }

    /// A coordinate for names that were read from a log, where they stand whatever they contain.
    pub(crate) fn from_log(entity: Arc<str>, scope: Arc<str>) -> Self {
        Self { entity, scope }
    }

    pub(crate) fn shared_entity(&self) -> Arc<str> {
        Arc::clone(&self.entity)
    }
}

impl fmt::Display for Coordinate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.entity, self.scope)
    }
}

impl<'de> Deserialize<'de> for Coordinate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Parts {
            entity: String,
            scope: String,
        }
        let parts = Parts::deserialize(deserializer)?;
        Self::new(parts.entity, parts.scope).map_err(serde::de::Error::custom)
    }
}

fn check(entity: &str, scope: &str) -> Result<(), CoordinateError> {
    let max = MAX_COORDINATE_COMPONENT_LEN;
    if entity.is_empty() {
        return Err(CoordinateError::EmptyEntity);
    }
    if scope.is_empty() {
        return Err(CoordinateError::EmptyScope);
    }
    if entity.len() > max {
        return Err(CoordinateError::EntityTooLong { len: entity.len(), max });
    }
    if scope.len() > max {
        return Err(CoordinateError::ScopeTooLong { len: scope.len(), max });
    }
    check_characters(entity)?;
    check_characters(scope)
}

fn check_characters(text: &str) -> Result<(), CoordinateError> {
    if text.contains('\0') {
        return Err(CoordinateError::NulByte);
    }
    if text.bytes().any(|byte| byte < 0x20 || byte == 0x7F) {
        return Err(CoordinateError::ControlChar);
    }
    if text.contains('/') || text.contains("..") {
        return Err(CoordinateError::PathTraversal);
    }
    if text.contains(['|', '=']) {
        return Err(CoordinateError::ForbiddenSeparator);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_are_checked_in_a_fixed_order() {
        let long = "x".repeat(MAX_COORDINATE_COMPONENT_LEN + 1);
        assert_eq!(Coordinate::new("", ""), Err(CoordinateError::EmptyEntity));
        assert_eq!(Coordinate::new("a", ""), Err(CoordinateError::EmptyScope));
        assert!(matches!(Coordinate::new(&long, &long), Err(CoordinateError::EntityTooLong { .. })));
        assert!(matches!(Coordinate::new("a/b", &long), Err(CoordinateError::ScopeTooLong { .. })));
        assert_eq!(Coordinate::new("a\0/", "b"), Err(CoordinateError::NulByte));
        assert_eq!(Coordinate::new("a\u{7f}", "b"), Err(CoordinateError::ControlChar));
        assert_eq!(Coordinate::new("a", "b.."), Err(CoordinateError::PathTraversal));
        assert_eq!(Coordinate::new("a", "b|c"), Err(CoordinateError::ForbiddenSeparator));
        assert!(Coordinate::new("茶器 *:1", "店").is_ok());
    }

    #[test]
    fn a_deserialised_coordinate_is_checked_like_a_new_one() {
        let good: Coordinate = serde_json::from_str(r#"{"entity":"a","scope":"b"}"#).expect("valid");
        assert_eq!(good.to_string(), "a@b");
        assert!(serde_json::from_str::<Coordinate>(r#"{"entity":"a/b","scope":"b"}"#).is_err());
    }
}
