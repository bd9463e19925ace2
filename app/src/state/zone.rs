//! Owns the zone that times are shown in. Never asks the machine for it; the program does that once, at start.

use jiff::tz::TimeZone;

/// A time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(pub TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(TimeZone::UTC);
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}
