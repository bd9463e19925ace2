//! Floor 5: states derived from events, and their delivery to those who wait for them. Never writes an event.

pub(crate) mod fold;
