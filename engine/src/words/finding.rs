//! Owns what can be said about a log that is not as its writer left it: what, where, what was expected and what was found.
//!
//! A finding never decides anything and never hides an event: it stands beside what can be read.

use std::fmt;

/// How thoroughly a log is checked. Each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum VerifyLevel {
    /// V0: names, sizes and headers of the files, and that no segment is missing. Reads no frame.
    Files,
    /// V1: also the checksum and the shape of each frame, and that groups are whole.
    Frames,
    /// V2: also content hashes, event hashes, links, places in the streams, ids, and that derived files agree with the frames. The log
    /// is consistent in itself: whoever can write it can still rewrite all of it.
    #[default]
    Chain,
    /// V3: also the receipts that were given. Still consistent in itself only.
    Receipts,
    /// V4: also that the log continues one whose signed head was kept elsewhere. Tamper-evident up to that head.
    Head,
}

impl VerifyLevel {
    /// The level's short name: `V0` to `V4`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Files => "V0",
            Self::Frames => "V1",
            Self::Chain => "V2",
            Self::Receipts => "V3",
            Self::Head => "V4",
        }
    }

    /// What a log that holds at this level is called.
    pub fn claim(self) -> &'static str {
        match self {
            Self::Files => "files in place",
            Self::Frames => "frames intact",
            Self::Chain | Self::Receipts => "internally consistent",
            Self::Head => "tamper-evident",
        }
    }
}

/// What is not as it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FindingClass {
    /// A file has a name, type or size that none of the store's files has.
    File,
    /// A segment's header cannot be read, or contradicts the file's name or the other segments.
    Header,
    /// Events are missing with the segments that held them.
    Hole,
    /// Bytes of a segment are no frame, or a frame's checksum does not fit.
    Frame,
    /// A group of events does not end, or does not continue.
    Group,
    /// An event does not have the place in the log or in its stream that it must have.
    Place,
    /// A payload does not fit its content hash.
    ContentHash,
    /// An event does not fit its event hash.
    EventHash,
    /// An event does not name the event before it in its stream.
    Link,
    /// Two events have the same id.
    Id,
    /// A derived file, which may be deleted at any time, does not agree with the frames.
    Derived,
    /// The position that a consumer saved cannot be read, or lies outside of the log.
    Cursor,
    /// A receipt contradicts the log.
    Receipt,
    /// The log does not continue the one whose head was kept.
    Head,
    /// Opening recovered from a crash; nothing durable was lost.
    Recovered,
    /// Something worth knowing that takes nothing from any event.
    Note,
}

impl FindingClass {
    /// True if it tells of something that is wrong now; false for what was mended or is only worth knowing.
    pub fn is_damage(self) -> bool {
        !matches!(self, Self::Recovered | Self::Note)
    }
}

/// Something about a log that is not as its writer left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing it is.
    pub class: FindingClass,
    /// Name of the file that it is about.
    pub file: Option<String>,
    /// Where in the file, in bytes.
    pub offset: Option<u64>,
    /// Global sequence of the first event that it concerns.
    pub sequence: Option<u64>,
    /// What should stand there by all that is around it: a value, a hash or checksum computed anew.
    pub expected: Option<String>,
    /// What stands there instead.
    pub found: Option<String>,
    /// All of it as a sentence without a full stop, the place left out.
    pub message: String,
}

impl Finding {
    /// A finding that names no place yet.
    pub fn new(class: FindingClass, message: impl Into<String>) -> Self {
        Self {
            class,
            file: None,
            offset: None,
            sequence: None,
            expected: None,
            found: None,
            message: message.into(),
        }
    }

    /// Names the file.
    #[must_use]
    pub fn in_file(self, file: impl fmt::Display) -> Self {
        Self { file: Some(file.to_string()), ..self }
    }

    /// Names the byte of the file.
    #[must_use]
    pub fn at(self, offset: u64) -> Self {
        Self { offset: Some(offset), ..self }
    }

    /// Names the first event that it concerns.
    #[must_use]
    pub fn of_event(self, sequence: u64) -> Self {
        Self { sequence: Some(sequence), ..self }
    }

    /// Says what was expected and what was found.
    #[must_use]
    pub fn compared(self, expected: impl fmt::Display, found: impl fmt::Display) -> Self {
        Self { expected: Some(expected.to_string()), found: Some(found.to_string()), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(sequence) = self.sequence {
            write!(f, "#{sequence}: ")?;
        }
        f.write_str(&self.message)?;
        if let (Some(expected), Some(found)) = (&self.expected, &self.found) {
            write!(f, ", expected {expected}, found {found}")?;
        }
        match (&self.file, self.offset) {
            (Some(file), Some(offset)) => write!(f, " ({file} at byte {offset})"),
            (Some(file), None) => write!(f, " ({file})"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_a_sentence_with_its_place() {
        let finding =
            Finding::new(FindingClass::Link, "the link does not fit").of_event(7).compared("aa", "bb");
        let placed = finding.in_file("00000000000000000000-0.seg").at(84);
        assert_eq!(
            placed.to_string(),
            "#7: the link does not fit, expected aa, found bb (00000000000000000000-0.seg at byte 84)"
        );
        assert_eq!(Finding::new(FindingClass::Hole, "events are missing").to_string(), "events are missing");
    }

    #[test]
    fn only_the_level_with_a_head_is_called_tamper_evident() {
        use VerifyLevel::{Chain, Files, Frames, Head, Receipts};
        let claims = [Files, Frames, Chain, Receipts].map(VerifyLevel::claim);
        assert!(!claims.contains(&Head.claim()));
        assert!(Files < Frames && Frames < Chain && Chain < Receipts && Receipts < Head);
    }
}
