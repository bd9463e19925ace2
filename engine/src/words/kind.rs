//! Owns the kind of an event: a category of 4 bits and a type of 12.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The type tag of a payload. The upper four bits are its category, the lower twelve its type.
///
/// Categories 0x0 (system) and 0xD (effect) belong to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventKind(u16);

/// Why a category and a type do not make a kind for an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EventKindError {
    /// The category does not fit four bits.
    #[error("category {category:#x} is greater than 0xF")]
    CategoryOutOfRange {
        /// The refused category.
        category: u8,
    },
    /// Category 0x0 belongs to the store.
    #[error("category 0x0 is reserved for the store's own events")]
    ReservedSystemCategory,
    /// Category 0xD belongs to the store.
    #[error("category 0xD is reserved for effects")]
    ReservedEffectCategory,
    /// The type does not fit twelve bits.
    #[error("type {type_id:#x} is greater than 0xFFF")]
    TypeIdOutOfRange {
        /// The refused type.
        type_id: u16,
    },
}

const SYSTEM: u8 = 0x0;
const EFFECT: u8 = 0xD;

impl EventKind {
    /// A payload without a type of its own.
    pub const DATA: Self = Self(0x1000);
    /// System: initialised.
    pub const SYSTEM_INIT: Self = Self(0x0001);
    /// System: shut down.
    pub const SYSTEM_SHUTDOWN: Self = Self(0x0002);
    /// System: still alive.
    pub const SYSTEM_HEARTBEAT: Self = Self(0x0003);
    /// System: configuration changed.
    pub const SYSTEM_CONFIG_CHANGE: Self = Self(0x0004);
    /// System: checkpoint.
    pub const SYSTEM_CHECKPOINT: Self = Self(0x0005);
    /// System: a batch begins (batpak directories only).
    pub const SYSTEM_BATCH_BEGIN: Self = Self(0x0006);
    /// System: a batch is complete (batpak directories only).
    pub const SYSTEM_BATCH_COMMIT: Self = Self(0x0007);
    /// System: the store was opened for writing.
    pub const SYSTEM_OPEN_COMPLETED: Self = Self(0x0008);
    /// System: the store was closed cleanly.
    pub const SYSTEM_CLOSE_COMPLETED: Self = Self(0x0009);
    /// System: a gate denied a proposal.
    pub const SYSTEM_DENIAL: Self = Self(0x000F);
    /// System: the event that stood here was removed.
    pub const TOMBSTONE: Self = Self(0x0FFE);
    /// Effect: an error.
    pub const EFFECT_ERROR: Self = Self(0xD001);
    /// Effect: a retry.
    pub const EFFECT_RETRY: Self = Self(0xD002);
    /// Effect: an acknowledgement.
    pub const EFFECT_ACK: Self = Self(0xD004);
    /// Effect: back-pressure.
    pub const EFFECT_BACKPRESSURE: Self = Self(0xD005);
    /// Effect: a cancellation.
    pub const EFFECT_CANCEL: Self = Self(0xD006);
    /// Effect: a conflict.
    pub const EFFECT_CONFLICT: Self = Self(0xD007);

    /// Makes a kind of an application, usable in constants.
    ///
    /// # Panics
    /// For the reserved categories 0x0 and 0xD, a category above 0xF and a type above 0xFFF. [`EventKind::try_custom`] returns
    /// the error instead.
    pub const fn custom(category: u8, type_id: u16) -> Self {
        match Self::try_custom(category, type_id) {
            Ok(kind) => kind,
            Err(EventKindError::CategoryOutOfRange { .. }) => panic!("category is greater than 0xF"),
            Err(EventKindError::ReservedSystemCategory) => panic!("category 0x0 is reserved"),
            Err(EventKindError::ReservedEffectCategory) => panic!("category 0xD is reserved"),
            Err(EventKindError::TypeIdOutOfRange { .. }) => panic!("type is greater than 0xFFF"),
        }
    }

    /// Makes a kind of an application, or says why it cannot be one.
    pub const fn try_custom(category: u8, type_id: u16) -> Result<Self, EventKindError> {
        if category > 0xF {
            return Err(EventKindError::CategoryOutOfRange { category });
        }
        if category == SYSTEM {
            return Err(EventKindError::ReservedSystemCategory);
        }
        if category == EFFECT {
            return Err(EventKindError::ReservedEffectCategory);
        }
        if type_id > 0x0FFF {
            return Err(EventKindError::TypeIdOutOfRange { type_id });
        }
        Ok(Self((category as u16) << 12 | type_id))
    }

    /// The kind with these sixteen bits, reserved or not, as it stands in a log.
    pub const fn from_raw_u16(raw: u16) -> Self {
        Self(raw)
    }

    /// Category and type in sixteen bits.
    pub const fn as_raw_u16(self) -> u16 {
        self.0
    }

    /// The category, 0 to 15.
    pub const fn category(self) -> u8 {
        (self.0 >> 12) as u8
    }

    /// The type within the category, 0 to 4,095.
    pub const fn type_id(self) -> u16 {
        self.0 & 0x0FFF
    }

    /// True for the store's own events.
    pub const fn is_system(self) -> bool {
        self.category() == SYSTEM
    }

    /// True for effects.
    pub const fn is_effect(self) -> bool {
        self.category() == EFFECT
    }

    /// True for the two categories that applications may not append.
    pub(crate) const fn is_reserved(self) -> bool {
        self.is_system() || self.is_effect()
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0x{:04X}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_holds_its_category_and_type() {
        let kind = EventKind::custom(0xF, 0x001);
        assert_eq!((kind.category(), kind.type_id(), kind.to_string().as_str()), (0xF, 1, "0xF001"));
    }

    #[test]
    fn reserved_and_impossible_kinds_are_refused_with_their_reason() {
        assert_eq!(EventKind::try_custom(16, 0), Err(EventKindError::CategoryOutOfRange { category: 16 }));
        assert_eq!(EventKind::try_custom(0, 1), Err(EventKindError::ReservedSystemCategory));
        assert_eq!(EventKind::try_custom(0xD, 1), Err(EventKindError::ReservedEffectCategory));
        assert_eq!(
            EventKind::try_custom(1, 0x1000),
            Err(EventKindError::TypeIdOutOfRange { type_id: 0x1000 })
        );
    }
}
