//! Owns the states that projections continue from, in memory and within a budget. Never decides whether a state may be used.
//!
//! Invariant: a state is kept in serialised form, so that nobody who got it can change what the next one continues from.

use std::any::TypeId;
use std::collections::HashMap;

use crate::derive::projection::Projection;
use crate::words::encoding;
use crate::words::sync::{Arc, Mutex};

/// Most memory that kept states take together, in bytes.
const BUDGET_BYTES: usize = 64 * 1024 * 1024;

/// What an entry takes besides its text and its state: key, record and their share of the table, in bytes.
const ENTRY_BYTES: usize = 160;

/// The last state of each projection of each entity, as far as the budget reaches.
///
/// Two tables take turns: a state that is used moves to the young one; when the young one has half the budget it becomes the old one,
/// and what the old one still held was not used for that long.
#[derive(Debug)]
pub(crate) struct ProjectionMemory {
    tables: Mutex<Tables>,
    half_bytes: usize,
}

impl Default for ProjectionMemory {
    fn default() -> Self {
        Self::with_budget(BUDGET_BYTES)
    }
}

#[derive(Debug, Default)]
struct Tables {
    young: HashMap<Key, Arc<Remembered>>,
    old: HashMap<Key, Arc<Remembered>>,
    young_bytes: usize,
    era: Era,
}

/// Counts how often everything was forgotten. A state is kept only in the era in which its computation began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Era(u64);

/// Whose state it is: the fold's type and the version of its serialised form, and the entity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) fold: TypeId,
    pub(super) schema_version: u64,
    pub(super) entity: Arc<str>,
}

/// A state and what is in it.
#[derive(Debug)]
pub(super) struct Remembered {
    /// The state, encoded; `None` if the events make none.
    pub(super) state: Option<Vec<u8>>,
    /// What is in it.
    pub(super) covered: Covered,
}

/// What a state covers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Covered {
    /// How many events of the stream, of whatever kind.
    pub(super) generation: u64,
    /// Global sequence of the last of them; nothing if there is none.
    pub(super) sequence: u64,
    /// Exclusive end of the commit order that was looked at.
    pub(super) frontier: u64,
    /// How many of them the fold took.
    pub(super) events_folded: u64,
    /// Global sequence of the last one that it took.
    pub(super) applied: Option<u64>,
    /// When it was computed, by the monotonic clock of this process; `None` if another process computed it.
    pub(super) computed_at_ns: Option<i64>,
    /// The era in which that began.
    pub(super) era: Era,
}

impl Covered {
    /// Where the events that it does not cover begin.
    pub(super) fn next(&self) -> u64 {
        if self.generation == 0 { 0 } else { self.sequence + 1 }
    }
}

impl Key {
    pub(super) fn of<T: Projection>(entity: &str) -> Self {
        Self { fold: TypeId::of::<T>(), schema_version: T::schema_version(), entity: entity.into() }
    }
}

impl Remembered {
    /// A state with what is in it; `None` if the state does not encode.
    pub(super) fn new<T: Projection>(state: Option<&T>, covered: Covered) -> Option<Self> {
        let state = state.map(encoding::to_bytes).transpose().ok()?;
        Some(Self { state, covered })
    }

    /// The state, if it still decodes; `None` if the events make none.
    pub(super) fn decode<T: Projection>(&self) -> Result<Option<T>, rmp_serde::decode::Error> {
        self.state.as_deref().map(encoding::from_bytes).transpose()
    }
}

impl ProjectionMemory {
    fn with_budget(budget_bytes: usize) -> Self {
        Self { tables: Mutex::default(), half_bytes: budget_bytes / 2 }
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<Remembered>> {
        let mut tables = self.tables.lock();
        if let Some(known) = tables.young.get(key) {
            return Some(Arc::clone(known));
        }
        let (key, known) = tables.old.remove_entry(key)?;
        tables.put(key, Arc::clone(&known), self.half_bytes);
        Some(known)
    }

    /// The era of this moment.
    pub(super) fn era(&self) -> Era {
        self.tables.lock().era
    }

    /// Keeps a state, unless a newer one of the same projection is there or everything was forgotten meanwhile.
    pub(super) fn put(&self, key: Key, state: Remembered) {
        let mut tables = self.tables.lock();
        if tables.era != state.covered.era {
            return;
        }
        let newest = tables.young.get(&key).or_else(|| tables.old.get(&key));
        if newest.is_none_or(|newest| newest.covered.generation <= state.covered.generation) {
            tables.old.remove(&key);
            tables.put(key, Arc::new(state), self.half_bytes);
        }
    }

    /// Forgets everything, and what is being computed too: the log changed other than by growing.
    pub(crate) fn clear(&self) {
        let mut tables = self.tables.lock();
        let era = Era(tables.era.0 + 1);
        *tables = Tables { era, ..Tables::default() };
    }
}

impl Tables {
    fn put(&mut self, key: Key, state: Arc<Remembered>, half_bytes: usize) {
        let bytes = size_bytes(&key, &state);
        if bytes > half_bytes {
            return;
        }
        if self.young_bytes + bytes > half_bytes {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += bytes;
        if let Some((key, replaced)) = self.young.get_key_value(&key) {
            self.young_bytes -= size_bytes(key, replaced);
        }
        self.young.insert(key, state);
    }
}

fn size_bytes(key: &Key, state: &Remembered) -> usize {
    ENTRY_BYTES + key.entity.len() + state.state.as_ref().map_or(0, Vec::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(entity: &str) -> Key {
        Key { fold: TypeId::of::<()>(), schema_version: 0, entity: entity.into() }
    }

    fn state(generation: u64, len: usize) -> Remembered {
        let covered = Covered { generation, ..Covered::default() };
        Remembered { state: Some(vec![0; len]), covered }
    }

    fn in_era(era: Era) -> Remembered {
        Remembered { state: None, covered: Covered { generation: 1, era, ..Covered::default() } }
    }

    fn generation(memory: &ProjectionMemory, entity: &str) -> Option<u64> {
        memory.get(&key(entity)).map(|known| known.covered.generation)
    }

    #[test]
    fn a_newer_state_replaces_an_older_one_and_never_the_reverse() {
        let memory = ProjectionMemory::default();
        memory.put(key("a"), state(2, 0));
        memory.put(key("a"), state(1, 0));
        assert_eq!(generation(&memory, "a"), Some(2));
        memory.put(key("a"), state(3, 0));
        assert_eq!(generation(&memory, "a"), Some(3));
    }

    #[test]
    fn forgetting_reaches_states_that_are_being_computed() {
        let memory = ProjectionMemory::default();
        let era = memory.era();
        memory.put(key("a"), in_era(era));
        memory.clear();
        memory.put(key("b"), in_era(era));
        assert_eq!((generation(&memory, "a"), generation(&memory, "b")), (None, None));
        memory.put(key("b"), in_era(memory.era()));
        assert_eq!(generation(&memory, "b"), Some(1));
    }

    #[test]
    fn states_that_nobody_uses_give_way_to_those_in_use() {
        let memory = ProjectionMemory::with_budget(20_000);
        memory.put(key("used"), state(1, 1_000));
        memory.put(key("unused"), state(1, 1_000));
        for number in 0..100 {
            memory.put(key(&number.to_string()), state(1, 1_000));
            assert_eq!(generation(&memory, "used"), Some(1));
        }
        assert_eq!(generation(&memory, "unused"), None);
        let tables = memory.tables.lock();
        assert!(tables.young.len() + tables.old.len() <= 20);
    }

    #[test]
    fn replacing_a_state_again_and_again_takes_no_room_from_others() {
        let memory = ProjectionMemory::with_budget(20_000);
        memory.put(key("quiet"), state(1, 1_000));
        for generation in 0..100 {
            memory.put(key("busy"), state(generation, 1_000));
        }
        assert_eq!(generation(&memory, "quiet"), Some(1));
    }

    #[test]
    fn a_state_greater_than_half_the_budget_is_not_kept() {
        let memory = ProjectionMemory::with_budget(20_000);
        memory.put(key("big"), state(1, 10_000));
        assert_eq!(generation(&memory, "big"), None);
    }
}
