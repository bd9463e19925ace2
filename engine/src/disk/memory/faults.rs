//! Owns what all files and directories of one memory have in common: the count of calls, their log, and which of them fail.

use std::collections::VecDeque;
use std::fmt;
use std::io;

use crate::words::sync::{Arc, Mutex};

/// Greatest number of operations that the log keeps.
pub(crate) const MAX_OPERATIONS: usize = 65_536;

/// One storage call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    List,
    Open { name: String },
    OpenWritable { name: String },
    Create { name: String },
    RenameNew { from: String, to: String },
    RenameOver { from: String, to: String },
    Remove { name: String },
    Link { name: String },
    SyncDirectory,
    ListDirectories,
    IsEmpty,
    Subdirectory { name: String },
    CreateSubdirectory { name: String },
    RenameDirectory { from: String, to: String },
    RemoveDirectory { name: String },
    Lock { name: String },
    LockHolder { name: String },
    Len { name: String },
    Read { name: String, offset: u64, len: usize },
    Write { name: String, offset: u64, len: usize },
    SetLen { name: String, len: u64 },
    Sync { name: String },
}

impl Operation {
    /// True if the call only looks: it creates, writes, syncs and locks nothing.
    pub(crate) fn only_reads(&self) -> bool {
        match self {
            Self::List
            | Self::ListDirectories
            | Self::IsEmpty
            | Self::Open { .. }
            | Self::Subdirectory { .. }
            | Self::LockHolder { .. }
            | Self::Len { .. }
            | Self::Read { .. } => true,
            Self::OpenWritable { .. }
            | Self::Create { .. }
            | Self::RenameNew { .. }
            | Self::RenameOver { .. }
            | Self::Remove { .. }
            | Self::Link { .. }
            | Self::SyncDirectory
            | Self::CreateSubdirectory { .. }
            | Self::RenameDirectory { .. }
            | Self::RemoveDirectory { .. }
            | Self::Lock { .. }
            | Self::Write { .. }
            | Self::SetLen { .. }
            | Self::Sync { .. } => false,
        }
    }
}

/// Called before each storage call, with the number of calls that were made before it.
pub(super) type Observer = dyn Fn(u64) + Send + Sync;

/// What all files and directories of one memory share.
#[derive(Default)]
pub(super) struct World {
    state: Mutex<State>,
    observer: Mutex<Option<Arc<Observer>>>,
    /// How often the machine was started again.
    pub(super) boots: u64,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}

#[derive(Debug, Default)]
struct State {
    calls: u64,
    bytes_asked_for: u64,
    writes: u64,
    inodes: u64,
    operations: VecDeque<Operation>,
    faults: Vec<Fault>,
}

#[derive(Debug)]
struct Fault {
    call: u64,
    kind: io::ErrorKind,
    is_persistent: bool,
}

impl World {
    /// A memory of a machine that was started again so many times.
    pub(super) fn started(boots: u64) -> Arc<Self> {
        Arc::new(Self { boots, ..Self::default() })
    }

    /// Counts and logs a call; fails if it was to fail.
    pub(super) fn begin(&self, operation: Operation) -> io::Result<()> {
        let observer = self.observer.lock().clone();
        if let Some(observer) = observer {
            observer(self.calls());
        }
        let mut state = self.state.lock();
        state.calls += 1;
        if let Operation::Read { len, .. } = &operation {
            state.bytes_asked_for += *len as u64;
        }
        if state.operations.len() == MAX_OPERATIONS {
            state.operations.pop_front();
        }
        state.operations.push_back(operation);
        let call = state.calls;
        let hits = |fault: &&Fault| fault.call == call || fault.is_persistent && fault.call < call;
        match state.faults.iter().find(hits) {
            Some(fault) => Err(io::Error::new(fault.kind, format!("storage call {call} was made to fail"))),
            None => Ok(()),
        }
    }

    pub(super) fn fail_call(&self, call: u64, kind: io::ErrorKind, is_persistent: bool) {
        self.state.lock().faults.push(Fault { call, kind, is_persistent });
    }

    pub(super) fn observe(&self, observer: Option<Arc<Observer>>) {
        *self.observer.lock() = observer;
    }

    pub(super) fn calls(&self) -> u64 {
        self.state.lock().calls
    }

    pub(super) fn bytes_asked_for(&self) -> u64 {
        self.state.lock().bytes_asked_for
    }

    pub(super) fn operations(&self) -> Vec<Operation> {
        self.state.lock().operations.iter().cloned().collect()
    }

    /// A number for a file that no other file of this memory has.
    pub(super) fn next_inode(&self) -> u64 {
        let mut state = self.state.lock();
        state.inodes += 1;
        state.inodes
    }

    /// A number for a write, greater than that of all writes before.
    pub(super) fn next_write(&self) -> u64 {
        let mut state = self.state.lock();
        state.writes += 1;
        state.writes
    }
}
