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
    IsIntact { name: String },
    Identity { name: String },
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
            | Self::IsIntact { .. }
            | Self::Identity { .. }
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

/// What a storage call does instead of succeeding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails. A write has written so many eighths of its bytes; any other call has done nothing.
    Failed { kind: io::ErrorKind, eighths: u8 },
    /// A read or a write does only so many eighths of what it was asked for, at least one byte, and says so. Any other call succeeds.
    Short { eighths: u8 },
}

impl From<io::ErrorKind> for Fault {
    /// A call that fails half way.
    fn from(kind: io::ErrorKind) -> Self {
        Self::Failed { kind, eighths: 4 }
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
    changes: u64,
    inodes: u64,
    operations: VecDeque<Operation>,
    faults: Vec<Planned>,
}

/// A fault and when it strikes.
#[derive(Debug)]
struct Planned {
    call: u64,
    fault: Fault,
    is_persistent: bool,
}

impl World {
    /// What is the same after a crash: no number is given twice.
    pub(super) fn after(&self, is_started_anew: bool) -> Arc<Self> {
        let State { changes, inodes, .. } = *self.state.lock();
        let state = Mutex::new(State { changes, inodes, ..State::default() });
        Arc::new(Self { state, observer: Mutex::default(), boots: self.boots + u64::from(is_started_anew) })
    }

    /// Counts and logs a call; fails if it was to fail.
    pub(super) fn begin(&self, operation: Operation) -> io::Result<()> {
        match self.count(operation) {
            (call, Some(Fault::Failed { kind, .. })) => Err(made_to_fail(call, kind)),
            (_, Some(Fault::Short { .. }) | None) => Ok(()),
        }
    }

    /// The same for a read or a write of so many bytes; also says how many of them it moves.
    pub(super) fn begin_transfer(&self, operation: Operation, len: usize) -> (usize, io::Result<()>) {
        let part = |eighths: u8| len * usize::from(eighths) / 8;
        match self.count(operation) {
            (call, Some(Fault::Failed { kind, eighths })) => (part(eighths), Err(made_to_fail(call, kind))),
            (_, Some(Fault::Short { eighths })) => (part(eighths).max(1).min(len), Ok(())),
            (_, None) => (len, Ok(())),
        }
    }

    /// Counts and logs a call; returns its number, and what was planned for it.
    fn count(&self, operation: Operation) -> (u64, Option<Fault>) {
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
        let hits = |planned: &&Planned| planned.call == call || planned.is_persistent && planned.call < call;
        (call, state.faults.iter().find(hits).map(|planned| planned.fault))
    }

    pub(super) fn plan(&self, call: u64, fault: Fault, is_persistent: bool) {
        self.state.lock().faults.push(Planned { call, fault, is_persistent });
    }

    pub(super) fn has_faults(&self) -> bool {
        let state = self.state.lock();
        state.faults.iter().any(|planned| planned.is_persistent || planned.call > state.calls)
    }

    pub(super) fn end_faults(&self) {
        self.state.lock().faults.clear();
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

    /// A number for a change of bytes or names, greater than that of all changes before.
    pub(super) fn next_change(&self) -> u64 {
        let mut state = self.state.lock();
        state.changes += 1;
        state.changes
    }
}

fn made_to_fail(call: u64, kind: io::ErrorKind) -> io::Error {
    io::Error::new(kind, format!("storage call {call} was made to fail"))
}
