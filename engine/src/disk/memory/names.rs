//! Owns the names of a directory in memory: those that are seen, those that are durable, and the changes in between.

use std::collections::BTreeMap;

use crate::disk::memory::MemoryDirectory;
use crate::disk::memory::files::Node;
use crate::words::sync::Arc;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    File(Arc<Node>),
    Directory(Arc<MemoryDirectory>),
}

impl Entry {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => Arc::ptr_eq(one, other),
            (Self::Directory(one), Self::Directory(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

/// A change of names, all of it durable or nothing.
#[derive(Clone, Debug)]
struct NameChange {
    /// Greater than that of all changes before, in whatever directory.
    number: u64,
    gone: Option<String>,
    here: Option<(String, Entry)>,
}

impl NameChange {
    fn apply(&self, names: &mut BTreeMap<String, Entry>) {
        if let Some(gone) = &self.gone {
            names.remove(gone);
        }
        if let Some((name, entry)) = &self.here {
            names.insert(name.clone(), entry.clone());
        }
    }

    /// True if the change is about a name or a file of an earlier one: no disk has it without the other.
    fn depends_on(&self, earlier: &Self) -> bool {
        let names = |change: &Self| {
            let here = change.here.as_ref().map(|(name, _)| name.clone());
            [change.gone.clone(), here]
        };
        let is_same_file = match (&self.here, &earlier.here) {
            (Some((_, one)), Some((_, other))) => one.is(other),
            _ => false,
        };
        is_same_file
            || names(self).iter().flatten().any(|name| names(earlier).iter().flatten().any(|n| n == name))
    }
}

/// The names of one directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    pub(super) live: BTreeMap<String, Entry>,
    durable: BTreeMap<String, Entry>,
    unsynced: Vec<NameChange>,
}

impl Names {
    /// Takes a name away and gives another one.
    pub(super) fn change(&mut self, number: u64, gone: Option<&str>, here: Option<(&str, Entry)>) {
        let here = here.map(|(name, entry)| (name.to_owned(), entry));
        let change = NameChange { number, gone: gone.map(str::to_owned), here };
        change.apply(&mut self.live);
        self.unsynced.push(change);
    }

    pub(super) fn synced(&mut self) {
        self.durable = self.live.clone();
        self.unsynced.clear();
    }

    /// Numbers of the unsynced changes, ascending.
    pub(super) fn unsynced(&self) -> impl Iterator<Item = u64> {
        self.unsynced.iter().map(|change| change.number)
    }

    /// Whatever a name stands for, or stood for since the names were synced.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        let since = self.unsynced.iter().filter_map(|change| change.here.as_ref().map(|(_, entry)| entry));
        self.durable.values().chain(since)
    }

    /// What a power cut leaves which spares the changes that `keeps` names, and takes what depends on the others too.
    pub(super) fn after(&self, mut keeps: impl FnMut(u64) -> bool) -> Self {
        let mut names = self.durable.clone();
        let mut lost: Vec<&NameChange> = Vec::new();
        for change in &self.unsynced {
            if keeps(change.number) && !lost.iter().any(|earlier| change.depends_on(earlier)) {
                change.apply(&mut names);
            } else {
                lost.push(change);
            }
        }
        Self { live: names.clone(), durable: names, unsynced: Vec::new() }
    }

    /// Lets each name stand for something else.
    pub(super) fn replace_entries(&mut self, mut other: impl FnMut(&Entry) -> Entry) {
        let since =
            self.unsynced.iter_mut().filter_map(|change| change.here.as_mut().map(|(_, entry)| entry));
        for entry in self.live.values_mut().chain(self.durable.values_mut()).chain(since) {
            *entry = other(entry);
        }
    }
}
