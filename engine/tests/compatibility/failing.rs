//! Errors as programs tell them apart.

use crate::batpak::coordinate::CoordinateError;
use crate::batpak::prelude::*;
use crate::batpak::store::delivery::cursor::CursorCheckpoint;
use crate::batpak::store::{CheckpointId, Cursor};
use std::fs;
use std::io::ErrorKind;
use std::sync::Arc;

use crate::shared::{Balance, Deposited, account, open};

/// What a program does about an error.
#[derive(Debug, PartialEq)]
enum Advice {
    FixTheRequest(String),
    TryAgain,
    LookAtTheDisk(u64),
    OpenAgain,
    GiveUp,
}

fn advice(error: &StoreError) -> Advice {
    match error {
        StoreError::Coordinate(reason) => Advice::FixTheRequest(reason.to_string()),
        StoreError::Serialization(reason) => Advice::FixTheRequest(reason.to_string()),
        StoreError::Configuration(reason) => Advice::FixTheRequest(reason.clone()),
        StoreError::NotFound(id) => Advice::FixTheRequest(id.to_string()),
        StoreError::SequenceMismatch { .. }
        | StoreError::VisibilityFenceActive
        | StoreError::VisibilityFenceNotActive
        | StoreError::VisibilityFenceCancelled
        | StoreError::IdempotencyRequired
        | StoreError::WaitTimeout { .. } => Advice::TryAgain,
        StoreError::CrcMismatch { segment_id, .. } | StoreError::CorruptSegment { segment_id, .. } => {
            Advice::LookAtTheDisk(*segment_id)
        }
        StoreError::Io(error) if error.kind() == ErrorKind::Interrupted => Advice::TryAgain,
        StoreError::CacheFailed(error) if error.to_string().is_empty() => Advice::TryAgain,
        StoreError::CheckpointWriteFailed { id, .. } => Advice::FixTheRequest(id.clone()),
        StoreError::WriterCrashed => Advice::OpenAgain,
        _ => Advice::GiveUp,
    }
}

#[test]
fn every_error_leads_to_an_advice() {
    let crc = StoreError::CrcMismatch { segment_id: 7, offset: 40 };
    assert_eq!(advice(&crc), Advice::LookAtTheDisk(7));
    assert_eq!(
        advice(&StoreError::CorruptSegment { segment_id: 8, detail: "no header".to_owned() }),
        Advice::LookAtTheDisk(8)
    );
    assert_eq!(advice(&std::io::Error::from(ErrorKind::Interrupted).into()), Advice::TryAgain);
    assert_eq!(advice(&StoreError::CacheFailed("full".into())), Advice::GiveUp);
    assert_eq!(
        advice(&CoordinateError::EmptyEntity.into()),
        Advice::FixTheRequest(CoordinateError::EmptyEntity.to_string())
    );
    assert_eq!(advice(&StoreError::Serialization("odd".into())), Advice::FixTheRequest("odd".to_owned()));
    assert_eq!(advice(&StoreError::IdempotencyRequired), Advice::TryAgain);
    assert_eq!(advice(&StoreError::WriterCrashed), Advice::OpenAgain);
    let source = std::io::Error::from(ErrorKind::PermissionDenied);
    let unsaved = StoreError::CheckpointWriteFailed { id: "reader".to_owned(), source };
    assert_eq!(advice(&unsaved), Advice::FixTheRequest("reader".to_owned()));
    let message: Box<dyn std::error::Error + Send + Sync> = Box::new(StoreError::NotFound(7));
    assert!(!message.to_string().is_empty());
}

/// A payload that never encodes.
struct Never;

impl serde::Serialize for Never {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("never"))
    }
}

#[test]
fn what_cannot_be_encoded_is_refused() {
    let (_directory, store) = open();
    let keyed_by_pairs = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert!(store.append(&account(), EventKind::DATA, &keyed_by_pairs).is_ok());
    match store.append(&account(), EventKind::DATA, &Never) {
        Err(StoreError::Serialization(source)) => assert!(source.to_string().contains("never")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_saved_position_that_is_not_one_stops_the_watcher() -> Result<(), Box<dyn std::error::Error>> {
    let (directory, store) = open();
    let store: Arc<Store> = Arc::new(store);
    store.append_typed(&account(), &Deposited { cents: 1 })?;
    let (odd, other) = (CheckpointId::new("odd")?, CheckpointId::new("other")?);
    let elsewhere = CursorCheckpoint {
        position: 1,
        started: true,
        process_boot_ns: None,
        region_identity: Some("x".to_owned()),
    };
    Cursor::save_checkpoint(directory.path(), &odd, &elsewhere)?;
    for file in fs::read_dir(directory.path().join("cursors"))? {
        fs::write(file?.path(), b"nonsense")?;
    }
    Cursor::save_checkpoint(directory.path(), &other, &elsewhere)?;
    let watch = |id| {
        store.watch_projection_with_cursor::<Balance>("account:1", Freshness::Consistent, Some(id)).map(drop)
    };
    match watch(odd) {
        Err(StoreError::CursorCheckpointCorrupt { path, .. }) => {
            assert!(path.to_string_lossy().contains("odd"));
        }
        told => panic!("{told:?}"),
    }
    match watch(other) {
        Err(StoreError::CursorCheckpointRegionMismatch { expected, stored, .. }) => {
            let stored: Option<String> = stored;
            assert!(expected.contains("account:1") && stored.as_deref() == Some("x"));
        }
        told => panic!("{told:?}"),
    }
    Ok(())
}
