//! Owns the memory that loaded index sections take: least recently used ones go when the budget is spent.

use std::collections::HashMap;

use crate::words::sync::{Arc, Mutex};

/// Names a section: the index it belongs to and its tag.
pub(crate) type SectionKey = (u64, u32);

/// Sections of sealed indexes that are in memory.
#[derive(Debug)]
pub(crate) struct SectionCache {
    budget_bytes: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    sections: HashMap<SectionKey, (Arc<[u8]>, u64)>,
    bytes: u64,
    tick: u64,
}

impl SectionCache {
    pub(crate) fn new(budget_bytes: u64) -> Self {
        Self { budget_bytes, state: Mutex::new(State::default()) }
    }

    pub(crate) fn get(&self, key: SectionKey) -> Option<Arc<[u8]>> {
        let mut state = self.state.lock();
        state.tick += 1;
        let tick = state.tick;
        let (bytes, used) = state.sections.get_mut(&key)?;
        *used = tick;
        Some(Arc::clone(bytes))
    }

    /// Keeps a section, and lets go of others until the budget holds. A section larger than the budget stays until the next comes.
    pub(crate) fn put(&self, key: SectionKey, bytes: &Arc<[u8]>) {
        let mut state = self.state.lock();
        state.tick += 1;
        let tick = state.tick;
        if let Some((old, _)) = state.sections.insert(key, (Arc::clone(bytes), tick)) {
            state.bytes -= old.len() as u64;
        }
        state.bytes += bytes.len() as u64;
        while state.bytes > self.budget_bytes && state.sections.len() > 1 {
            let oldest = state.sections.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| *key);
            let Some((bytes, _)) = oldest.and_then(|key| state.sections.remove(&key)) else { break };
            state.bytes -= bytes.len() as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_that_was_not_used_for_longest_goes_first() {
        let cache = SectionCache::new(25);
        let section: Arc<[u8]> = Arc::from([0_u8; 10]);
        cache.put((1, 1), &section);
        cache.put((1, 2), &section);
        assert!(cache.get((1, 1)).is_some());
        cache.put((1, 3), &section);
        assert!(cache.get((1, 2)).is_none());
        assert!(cache.get((1, 1)).is_some() && cache.get((1, 3)).is_some());
    }
}
