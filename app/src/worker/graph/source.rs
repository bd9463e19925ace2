//! Owns reading a graph without the worker's thread: for the command line, which waits for it.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use causeway::event::EventKind;
use causeway::id::EventId;
use causeway::store::Progress;

use super::words::CausalGraph;
use crate::state::kind_names;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::open;
use crate::worker::protocol::{Failure, OpenMode};

/// A store that graphs are read from.
pub(crate) struct Source {
    handle: Handle,
    names: HashMap<EventKind, String>,
}

impl Source {
    /// Opens a directory for reading.
    ///
    /// # Errors
    /// Those of opening.
    pub(crate) fn open(dir: &Path, progress: Progress<'_>) -> Result<Self, Failure> {
        let opened = Handle::open(dir, OpenMode::ReadOnly, progress);
        let (handle, summary) = open::summary(dir, opened, false)?;
        Ok(Self { handle, names: kind_names::merged(&summary.kind_names, &[]) })
    }

    /// Where an event is.
    ///
    /// # Errors
    /// Those of the index.
    pub(crate) fn sequence_of(&self, id: EventId) -> Result<Option<u64>, Failure> {
        self.handle.sequence_of(id).map_err(|error| failure::of(&error))
    }

    /// The graph around an event.
    ///
    /// # Errors
    /// Those of reading the event.
    pub(crate) fn around(&self, sequence: u64) -> Result<CausalGraph, Failure> {
        super::graph(&self.handle, sequence, &BTreeMap::new()).map_err(|error| failure::of(&error))
    }

    /// Names of kinds that the store or its directory gives.
    pub(crate) fn kind_names(&self) -> &HashMap<EventKind, String> {
        &self.names
    }
}
