//! Owns the name of a directory's format.

use std::fmt;

/// Which program's format a directory has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreFormat {
    /// Our own.
    Causeway {
        /// Its version.
        version: u16,
    },
    /// batpak's; always read-only.
    Batpak,
}

impl fmt::Display for StoreFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Causeway { version } => write!(f, "Causeway {version}"),
            Self::Batpak => f.write_str("batpak"),
        }
    }
}

/// Told how much is done and how much there is in all; `Break` cancels.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64) -> std::ops::ControlFlow<()>;
