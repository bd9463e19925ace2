//! Owns what the store's errors mean to a person: the class, a sentence that says what and where, and what helps.

use std::io::ErrorKind;
use std::path::Path;

use causeway::coordinate::CoordinateError;
use causeway::store::StoreError;

use crate::worker::protocol::{Failure, FailureClass, FormField};

/// A failure that concerns a directory.
pub fn of_directory(path: &Path, error: &StoreError) -> Failure {
    let mut failure = of(error);
    if let StoreError::CorruptSegment { detail, .. } = error {
        // Nothing of the store is open, so that nothing beside the damage can be looked at.
        failure.message = sentence(detail);
        "Restore the segment from a copy; nothing in the directory was changed."
            .clone_into(&mut failure.advice);
    }
    let place = path.display().to_string();
    if !failure.message.contains(&place) {
        failure.message = format!("{place}: {}", failure.message);
    }
    failure
}

/// A failure in words.
pub fn of(error: &StoreError) -> Failure {
    let class = class(error);
    Failure { field: field(error), ..new(class, &sentence(&message(error)), advice(error, class)) }
}

/// A value that the user gave and that cannot be used.
pub fn refused(message: impl Into<String>) -> Failure {
    new(FailureClass::Refused, &message.into(), "")
}

/// Something that the user stopped.
pub fn cancelled(message: &str) -> Failure {
    new(FailureClass::Cancelled, message, "")
}

/// A failure that is about no field of a form.
pub(crate) fn new(class: FailureClass, message: &str, advice: &str) -> Failure {
    Failure { class, message: message.to_owned(), advice: advice.to_owned(), field: None }
}

/// The field of the append form that an error is about.
fn field(error: &StoreError) -> Option<FormField> {
    match error {
        StoreError::Coordinate(CoordinateError::EmptyScope | CoordinateError::ScopeTooLong { .. }) => {
            Some(FormField::Scope)
        }
        StoreError::Coordinate(_) => Some(FormField::Entity),
        StoreError::ReservedKind { .. } => Some(FormField::Kind),
        StoreError::SequenceMismatch { .. } | StoreError::StreamStateMismatch { .. } => {
            Some(FormField::Expected)
        }
        StoreError::Serialization(_) => Some(FormField::Payload),
        _ => None,
    }
}

/// Something that panicked.
pub(crate) fn unexpected(what: &str, said: &str) -> Failure {
    let message = format!("{what} failed unexpectedly: {said}.");
    new(FailureClass::Other, &message, "What is stored is not touched by this.")
}

/// What happened; the commonest answers of the operating system in plain words.
fn message(error: &StoreError) -> String {
    let io = match error {
        StoreError::Io(io) => io,
        StoreError::StreamStateMismatch { actual, .. } => return stream_text(*actual),
        // What names the directory itself says it as the rest of a sentence: the directory stands before it already.
        StoreError::DataDirMalformed { reason, .. } => return format!("it {reason}"),
        StoreError::StoreLocked { .. } => return "it is open for writing elsewhere".to_owned(),
        StoreError::NewerFormat { path, found, supported } => {
            let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            return format!(
                "its file {file} has format version {found}; this program reads up to {supported}"
            );
        }
        _ => return error.to_string(),
    };
    match io.kind() {
        ErrorKind::NotFound => "there is no such directory".to_owned(),
        ErrorKind::NotADirectory => "this is a file, not a directory".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// A stream that stands elsewhere, in the words of a form that counts events.
fn stream_text(actual: Option<u32>) -> String {
    let events = actual.map_or(0, |last| u64::from(last) + 1);
    let noun = if events == 1 { "event" } else { "events" };
    format!("the entity has {events} {noun} now")
}

fn sentence(text: &str) -> String {
    let mut text = text.trim_end_matches('.').to_owned();
    text.push('.');
    text
}

fn class(error: &StoreError) -> FailureClass {
    match error {
        StoreError::Io(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => FailureClass::NotAStore,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => FailureClass::Permission,
            _ => FailureClass::Other,
        },
        StoreError::StoreLocked { .. } => FailureClass::Locked,
        StoreError::DataDirMalformed { .. } => FailureClass::NotAStore,
        StoreError::NewerFormat { .. } => FailureClass::Newer,
        StoreError::CrcMismatch { .. }
        | StoreError::CorruptFrame { .. }
        | StoreError::UnreadableEvent { .. }
        | StoreError::CorruptSegment { .. } => FailureClass::Damaged,
        StoreError::Coordinate(_)
        | StoreError::Serialization(_)
        | StoreError::SequenceMismatch { .. }
        | StoreError::StreamStateMismatch { .. }
        | StoreError::Configuration(_)
        | StoreError::ReservedKind { .. }
        | StoreError::NotFound(_) => FailureClass::Refused,
        _ => FailureClass::Other,
    }
}

fn advice(error: &StoreError, class: FailureClass) -> &'static str {
    match class {
        // The message of a malformed directory says itself what to do.
        FailureClass::NotAStore if matches!(error, StoreError::DataDirMalformed { .. }) => "",
        FailureClass::NotAStore => "Choose the directory that holds the segment files.",
        FailureClass::Permission => "Ask its owner for the right to read it, or for a copy.",
        FailureClass::Locked => {
            "Open it for reading: that needs no lock, and it follows what the other program writes."
        }
        FailureClass::Newer => "A newer version of this program can read it.",
        // In a batpak directory a number that nobody used is no damage.
        FailureClass::Damaged if matches!(error, StoreError::UnreadableEvent { .. }) => {
            "Its frame is damaged, or nobody used the number; the events before and after it can be read."
        }
        FailureClass::Damaged => {
            "What lies before and behind the damage can still be read; verify the store to see how far it goes."
        }
        FailureClass::Refused | FailureClass::Cancelled | FailureClass::Other => "",
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use causeway::store::StoreLockMode;

    use super::*;

    #[test]
    fn an_error_becomes_a_class_and_a_sentence_that_names_the_place() {
        let path = Path::new("/data/shop");
        let check = |error: StoreError, class: FailureClass| {
            let failure = of_directory(path, &error);
            assert_eq!(failure.class, class, "{error}");
            assert!(
                failure.message.contains("/data/shop") && failure.message.ends_with('.'),
                "{}",
                failure.message
            );
        };
        check(io::Error::from(ErrorKind::PermissionDenied).into(), FailureClass::Permission);
        check(io::Error::from(ErrorKind::NotFound).into(), FailureClass::NotAStore);
        check(
            StoreError::StoreLocked { path: path.into(), mode: StoreLockMode::Mutable },
            FailureClass::Locked,
        );
        check(StoreError::NewerFormat { path: path.into(), found: 9, supported: 1 }, FailureClass::Newer);
        check(StoreError::CrcMismatch { segment_id: 0, offset: 4 }, FailureClass::Damaged);
    }
}
