//! What a store does when others do to its files what nobody should: it says so, and never writes, reads or waits where it must not.
#![cfg(unix)]
#![allow(clippy::unwrap_used, missing_docs)]

mod files;
mod names;
mod places;
mod secrets;

use std::path::{Path, PathBuf};

use causeway::coordinate::{Coordinate, Region};
use causeway::event::EventKind;
use causeway::store::{Open, ReadOnly, Store, StoreConfig, StoreError, VerifyLevel};

const KIND: EventKind = EventKind::custom(1, 1);

/// A directory of a test's own, and the store in it.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn store(&self) -> PathBuf {
        self.path("store")
    }
}

fn config(path: &Path) -> StoreConfig {
    StoreConfig::new(path).with_segment_max_bytes(4096)
}

fn open(path: &Path) -> Store<Open> {
    Store::open(config(path)).unwrap()
}

fn follow(path: &Path) -> Store<ReadOnly> {
    Store::<ReadOnly>::open_read_only(config(path)).unwrap()
}

fn append(store: &Store<Open>, n: u64) -> Result<(), StoreError> {
    store.append(&Coordinate::new("order:1", "shop").unwrap(), KIND, &n).map(drop)
}

fn fill(store: &Store<Open>, count: u64) {
    (0..count).for_each(|n| append(store, n).unwrap());
}

fn verified<State: causeway::store::StoreState>(store: &Store<State>) -> usize {
    let report = store.verify(VerifyLevel::Chain, &mut |_, _| std::ops::ControlFlow::Continue(())).unwrap();
    assert!(report.holds(), "{report:?}");
    store.query(&Region::all()).len()
}

/// The names in a directory, in order.
fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn segments(path: &Path) -> Vec<PathBuf> {
    let names = names(path).into_iter().filter(|name| name.ends_with(".seg"));
    names.map(|name| path.join(name)).collect()
}

/// Random numbers that a seed repeats.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}
