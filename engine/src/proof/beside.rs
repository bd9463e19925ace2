//! Owns what the scripts do beside a store, and to its files while it is closed; and checking what a crash left there.

use std::path::PathBuf;

use crate::derive::native_cache::NativeCache;
use crate::disk::memory::MemoryDirectory;
use crate::disk::segment::{INDEX_SUFFIX, SegmentName};
use crate::disk::storage::{Directory, File};
use crate::disk::unfinished::Place;
use crate::proof::oracle::{Copy, Loss, Notes, Oracle, check_receipts_from, check_signed_once, dump};
use crate::proof::script::{CACHE, FORK, Highest, IMPORT, SNAPSHOT, Script, Step, follow, open, open_with};
use crate::store::intake::Intake;
use crate::store::lines::take_all;
use crate::store::{Freshness, Open, ProjectionCache, Selection, Store, StoreError};
use crate::words::sync::Arc;

/// Behind the end of a log, so that no frame that ends in zeros is touched, stand so many of them.
const ZEROS_BEFORE_GARBAGE: u64 = 16;

fn place(directory: &Arc<MemoryDirectory>, name: &str) -> Place {
    Place {
        above: Arc::<MemoryDirectory>::clone(directory),
        name: name.to_owned(),
        path: PathBuf::from(name),
    }
}

/// A cache of files below the store's directory.
pub(super) fn cache(directory: &Arc<MemoryDirectory>) -> Result<Box<dyn ProjectionCache>, StoreError> {
    Ok(Box::new(NativeCache::in_storage(directory.create_subdirectory(CACHE)?)?))
}

/// Makes the copy that a step says.
pub(super) fn copy(
    store: &Store<Open>,
    step: Step,
    directory: &Arc<MemoryDirectory>,
    script: Script,
    notes: &Notes,
) -> Result<(), StoreError> {
    let name = match step {
        Step::Snapshot => SNAPSHOT,
        Step::Fork => FORK,
        _ => IMPORT,
    };
    notes.take(|oracle| {
        let copied = if name == IMPORT { oracle.imported() } else { oracle.copied() };
        let inherited = if name == FORK { copied.groups.len() } else { 0 };
        let copy = Copy { is_complete: false, is_whole: name != IMPORT, inherited, oracle: copied };
        oracle.copies.insert(name, copy);
    });
    match step {
        Step::Snapshot => store.snapshot_to(&place(directory, name)).map(drop)?,
        Step::Fork => store.fork_to(&place(directory, name)).map(drop)?,
        _ => import(store, directory, script)?,
    }
    notes.take(|oracle| {
        oracle.complete(name);
        if name != IMPORT {
            oracle.make_durable();
        }
    });
    Ok(())
}

fn import(store: &Store<Open>, directory: &Arc<MemoryDirectory>, script: Script) -> Result<(), StoreError> {
    let mut lines = Vec::new();
    store.export_jsonl(&Selection::default(), &mut lines)?;
    let target = directory.create_subdirectory(IMPORT)?;
    directory.sync()?;
    take_all(&mut lines.as_slice(), Intake::begin_in(target, script.config())?).map(drop)
}

/// Deletes every index.
pub(super) fn lose_indexes(directory: &MemoryDirectory) -> Result<(), StoreError> {
    for entry in directory.list()? {
        if entry.name.ends_with(INDEX_SUFFIX) {
            directory.remove(&entry.name)?;
        }
    }
    Ok(())
}

/// Writes what no writer finished behind the end of the newest segment, durably.
pub(super) fn tear(directory: &MemoryDirectory) -> Result<(), StoreError> {
    let segments = directory.list()?.into_iter().filter_map(|entry| SegmentName::parse(&entry.name));
    let Some(newest) = segments.max() else { return Ok(()) };
    let file: Arc<dyn File> = directory.open_writable(&newest.to_string())?;
    let mut bytes = vec![0; file.len()? as usize];
    file.read_at(&mut bytes, 0)?;
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |at| at as u64 + 1);
    file.write_at(&[0xEE; 100], end + ZEROS_BEFORE_GARBAGE)?;
    Ok(file.sync(crate::words::config::SyncMode::SyncAll)?)
}

/// Checks each copy that a crash left, and what is computed with the help of a cache. The store is not open.
pub(super) fn check_beside(
    directory: &Arc<MemoryDirectory>,
    oracle: &Oracle,
    (script, loss): (Script, Loss),
    context: &str,
) {
    for (name, copy) in &oracle.copies {
        let context = format!("{context}, {name}");
        if let Some(below) = directory.below(name) {
            check_copy(&below, copy, (script, loss), &context);
        } else {
            assert!(!copy.is_complete, "{context}: it is gone");
            check_next_attempt(directory, name, script, &context);
        }
    }
    if let Some(below) = directory.below(CACHE) {
        let cache = NativeCache::in_storage(below).unwrap_or_else(|error| panic!("{context}: {error}"));
        let project = |store: Store<Open>| store.project::<Highest>("order:0", &Freshness::Consistent);
        let with = project(open_with(directory, script.config(), Box::new(cache)).unwrap());
        let without = project(open(directory, script.config()).unwrap());
        let number = |state: Result<Option<Highest>, StoreError>| state.unwrap().map(|state| state.0);
        assert_eq!(number(with), number(without), "{context}: the cache changes what is computed");
    }
}

/// A copy holds what the store held, and what it promised by itself.
fn check_copy(directory: &Arc<MemoryDirectory>, copy: &Copy, (script, loss): (Script, Loss), context: &str) {
    if copy.is_whole {
        let reader = follow(directory, script.config()).unwrap_or_else(|error| panic!("{context}: {error}"));
        copy.oracle.check(&dump(&reader, context), loss, context);
    }
    let opened = || open(directory, script.config()).unwrap_or_else(|error| panic!("{context}: {error}"));
    let store = opened();
    let first = dump(&store, context);
    copy.oracle.check(&first, loss, context);
    check_receipts_from(copy.inherited, &copy.oracle, &store, &first, context);
    drop(store);
    let store = opened();
    assert_eq!(dump(&store, context), first, "{context}: the second opening shows something else");
    check_signed_once(&copy.oracle, &store, context);
}

/// The next attempt to make a copy succeeds, and removes what the one that died left.
fn check_next_attempt(directory: &Arc<MemoryDirectory>, name: &str, script: Script, context: &str) {
    let store = open(directory, script.config()).unwrap();
    store.snapshot_to(&place(directory, name)).unwrap_or_else(|error| panic!("{context}: {error}"));
    let names = directory.list_directories().unwrap();
    assert!(!names.iter().any(|name| name.ends_with(".unfinished")), "{context}: {names:?}");
}
