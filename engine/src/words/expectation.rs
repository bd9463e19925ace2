//! Owns what an append may expect of the stream that it goes to.

use std::fmt;

/// Where a stream must stand for an append to be accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StreamState {
    /// Anywhere.
    #[default]
    Any,
    /// The entity has no event yet.
    NoStream,
    /// The entity's last event has this stream sequence, first = 0.
    Exactly(u32),
}

impl StreamState {
    /// True if a stream whose last event has stream sequence `last` stands there; `None` is an entity without events.
    pub(crate) fn admits(self, last: Option<u32>) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => last.is_none(),
            Self::Exactly(sequence) => last == Some(sequence),
        }
    }
}

impl fmt::Display for StreamState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("anywhere"),
            Self::NoStream => f.write_str("without events"),
            Self::Exactly(sequence) => write!(f, "at sequence {sequence}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_without_events_is_told_from_one_with_a_single_event() {
        let (empty, first) = (None, Some(0));
        assert!(StreamState::NoStream.admits(empty) && !StreamState::NoStream.admits(first));
        assert!(StreamState::Exactly(0).admits(first) && !StreamState::Exactly(0).admits(empty));
        assert!(StreamState::Any.admits(empty) && StreamState::Any.admits(first));
    }
}
