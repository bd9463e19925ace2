//! Owns what can be changed in the settings.

use super::Command;
use crate::state::settings::Density;
use crate::theme::Theme;

/// A change of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Other colours.
    Theme(Theme),
    /// Other rows.
    Density(Density),
    /// Times in UTC, or in the local zone.
    Utc(bool),
    /// Nothing moves by itself, or it may.
    ReducedMotion(bool),
    /// How large everything is, in percent.
    Scale(u16),
    /// The next keys that are pressed become those of a command; `None` stops waiting for them.
    RecordKeys(Option<Command>),
    /// A command has no keys.
    NoKeys(Command),
    /// A command has its usual keys again; `None` means all commands.
    UsualKeys(Option<Command>),
}
