//! Owns projecting: the state that a fold makes of one entity's events. Never waits and never writes to the store.
//!
//! A call begins with a state in memory if it may, else with one of the cache that the store was opened with, else with nothing; then it
//! folds the events that the state does not hold.
//!
//! Invariants:
//! - the state at generation g holds exactly the first g events of the stream, whatever is appended meanwhile;
//! - a state is continued only if the fold allows it; what cannot be kept or read back is replayed, never refused.

use std::any::TypeId;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::derive::evidence::{ProjectionRunCacheStatus, ProjectionRunFreshnessStatus};
use crate::derive::fold::EventSourced;
use crate::derive::kept::{Binding, CacheKey, KeptStates, bind};
use crate::derive::outcome::{ProjectionOutcome, ProjectionSource};
use crate::derive::remembered::{Covered, Era, Key, Remembered};
use crate::derive::replay::replay;
use crate::memory::selection::Selection;
use crate::read::reader::Reader;
use crate::read::standing::StreamEnd;
use crate::words::error::StoreError;
use crate::words::kind::EventKind;

/// What a type needs to be projected: a fold whose state can be kept in serialised form. Every such type is one.
pub trait Projection: EventSourced + Serialize + DeserializeOwned + 'static {}

impl<T: EventSourced + Serialize + DeserializeOwned + 'static> Projection for T {}

/// How old a projected state may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// The state at the time of the call.
    #[default]
    Consistent,
    /// A kept state that was computed less than this long ago will do, though events may have followed. It comes with its own generation.
    ///
    /// The age of a state that another process cached is not known: such a state will not do.
    MaybeStale {
        /// The age in milliseconds.
        max_stale_ms: u64,
    },
}

/// The state of `entity`: what [`projection`] says, without where it comes from.
pub(crate) fn project<T: Projection>(
    reader: &Reader,
    kept: &KeptStates,
    entity: &str,
    freshness: Freshness,
) -> Result<Option<T>, StoreError> {
    projection(reader, kept, entity, freshness).map(|outcome| outcome.state)
}

/// The state of `entity` and its generation, or `None` if the generation is still `last_generation`.
pub(crate) fn project_if_changed<T: Projection>(
    reader: &Reader,
    kept: &KeptStates,
    entity: &str,
    last_generation: u64,
) -> Result<Option<(u64, Option<T>)>, StoreError> {
    if reader.generation(entity)?.unwrap_or(0) == last_generation {
        return Ok(None);
    }
    let outcome = projection(reader, kept, entity, Freshness::Consistent)?;
    Ok(Some((outcome.generation, outcome.state)))
}

/// The state of `entity` and where it comes from.
pub(crate) fn projection<T: Projection>(
    reader: &Reader,
    kept: &KeptStates,
    entity: &str,
    freshness: Freshness,
) -> Result<ProjectionOutcome<T>, StoreError> {
    let outcome = current(reader, kept, entity, freshness)?;
    reader.shared().watermarks.note_applied(TypeId::of::<T>(), entity, outcome.frontier);
    Ok(outcome)
}

fn current<T: Projection>(
    reader: &Reader,
    kept: &KeptStates,
    entity: &str,
    freshness: Freshness,
) -> Result<ProjectionOutcome<T>, StoreError> {
    let (era, begun_ns) = (kept.memory.era(), reader.clock().now_mono_ns());
    // Looked up before the end is read: otherwise a state that somebody else kept meanwhile would be too new to go on from.
    let remembered = kept.memory.get(&Key::of::<T>(entity));
    let frontier = reader.visible();
    let Some(end) = reader.stream_end(entity, frontier)? else { return Ok(nothing(frontier)) };
    let run = Run { reader, kept, entity, kinds: T::relevant_event_kinds(), frontier, end, era, begun_ns };
    let (start, cache_status) = run.start(remembered.as_deref(), freshness)?;
    run.finish(start, cache_status, freshness)
}

/// The state of `entity` as it was when the log ended before `end`. Keeps nothing: the newest state is the one that is asked for again.
pub(crate) fn projection_before<T: Projection>(
    reader: &Reader,
    kept: &KeptStates,
    entity: &str,
    end: u64,
) -> Result<ProjectionOutcome<T>, StoreError> {
    let (era, begun_ns) = (kept.memory.era(), reader.clock().now_mono_ns());
    let remembered = kept.memory.get(&Key::of::<T>(entity));
    let frontier = reader.visible().min(end);
    let Some(end) = reader.stream_end(entity, frontier)? else { return Ok(nothing(frontier)) };
    let run = Run { reader, kept, entity, kinds: T::relevant_event_kinds(), frontier, end, era, begun_ns };
    let start = match &remembered {
        Some(known) => run.judge(known, Trust::Memory, Freshness::Consistent)?,
        None => None,
    };
    run.replay(start.unwrap_or_default(), ProjectionRunCacheStatus::Bypassed).map(|(outcome, _)| outcome)
}

fn nothing<T>(frontier: u64) -> ProjectionOutcome<T> {
    ProjectionOutcome {
        state: None,
        generation: 0,
        applied_sequence: None,
        frontier,
        source: ProjectionSource::Replayed,
        events_folded: 0,
        cache_status: ProjectionRunCacheStatus::Bypassed,
        freshness: ProjectionRunFreshnessStatus::NotApplicable,
    }
}

/// One projection of one entity.
struct Run<'a> {
    reader: &'a Reader,
    kept: &'a KeptStates,
    entity: &'a str,
    kinds: &'static [EventKind],
    /// Exclusive end of what is looked at.
    frontier: u64,
    /// Where the stream stands there.
    end: StreamEnd,
    era: Era,
    begun_ns: i64,
}

/// What a run begins with; by default nothing.
struct Start<T> {
    state: Option<T>,
    covered: Covered,
    /// The state will do as it is, whatever followed.
    is_enough: bool,
    is_cached: bool,
}

impl<T> Default for Start<T> {
    fn default() -> Self {
        Self { state: None, covered: Covered::default(), is_enough: false, is_cached: false }
    }
}

/// Whose word a kept state is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// This process computed the state, and keeps it only to go on from it or to give it away stale.
    Memory,
    /// Somebody computed the state once. It may always be repeated, and is continued only if the configuration says so.
    Cache,
}

impl Run<'_> {
    /// The events of the entity that the fold takes.
    fn selection(&self) -> Selection {
        Selection { kinds: self.kinds.to_vec(), ..Selection::stream(self.entity) }
    }

    /// What to begin with: a state in memory, else one of the cache, else nothing.
    fn start<T: Projection>(
        &self,
        remembered: Option<&Remembered>,
        freshness: Freshness,
    ) -> Result<(Start<T>, ProjectionRunCacheStatus), StoreError> {
        if let Some(known) = remembered
            && let Some(start) = self.judge(known, Trust::Memory, freshness)?
        {
            let in_front_of_the_cache = self.kept.has_cache().then_some(ProjectionRunCacheStatus::Hit);
            return Ok((start, in_front_of_the_cache.unwrap_or(ProjectionRunCacheStatus::Bypassed)));
        }
        let Some(key) = self.kept.key::<T>(self.entity, self.kinds) else {
            return Ok((Start::default(), ProjectionRunCacheStatus::Bypassed));
        };
        let found = match self.kept.find(&key, self.reader, self.entity, self.frontier) {
            Ok(found) => found,
            Err(reason) => return Ok((Start::default(), ProjectionRunCacheStatus::Unavailable { reason })),
        };
        let start = match &found {
            Some(known) => self.judge(known, Trust::Cache, freshness)?,
            None => None,
        };
        Ok(match start {
            Some(start) => (start, ProjectionRunCacheStatus::Hit),
            None => (Start::default(), ProjectionRunCacheStatus::Miss),
        })
    }

    /// What a kept state is good for: enough as it is, something to go on from, or nothing.
    fn judge<T: Projection>(
        &self,
        known: &Remembered,
        trust: Trust,
        freshness: Freshness,
    ) -> Result<Option<Start<T>>, StoreError> {
        let covered = known.covered;
        if covered.generation > self.end.generation {
            return Ok(None);
        }
        let Ok(state) = known.decode::<T>() else { return Ok(None) };
        let is_cached = trust == Trust::Cache;
        let is_enough = covered.is_fresh_enough(freshness, self.begun_ns);
        // Events that made no state yet do not count: the fold must see them again.
        let continues = T::supports_incremental_apply()
            && (!is_cached || self.kept.continues_cached())
            && (state.is_some() || covered.events_folded == 0);
        let serves = is_enough
            || continues
            || is_cached && !self.reader.any(&self.selection(), covered.next()..self.frontier)?;
        Ok(serves.then_some(Start { state, covered, is_enough, is_cached }))
    }

    /// Folds what the start does not hold, and keeps what came of it.
    fn finish<T: Projection>(
        &self,
        start: Start<T>,
        cache_status: ProjectionRunCacheStatus,
        freshness: Freshness,
    ) -> Result<ProjectionOutcome<T>, StoreError> {
        if start.is_enough {
            return Ok(self.as_it_is(start, cache_status));
        }
        let is_news = self.end.generation > start.covered.generation;
        let may_remember = T::supports_incremental_apply() || freshness != Freshness::Consistent;
        let remembers = may_remember && T::serialises_whole() && (is_news || start.is_cached);
        let cached = if is_news { self.cache_place::<T>() } else { None };
        let (mut outcome, covered) = self.replay(start, cache_status)?;
        if !remembers && (cached.is_none() || covered.applied.is_none()) {
            return Ok(outcome);
        }
        let Some(result) = Remembered::new(outcome.state.as_ref(), covered) else { return Ok(outcome) };
        if let Some((key, binding)) = cached.filter(|_| covered.applied.is_some())
            && let Err(reason) = self.kept.put(&key, self.reader, self.entity, binding, &result)
        {
            outcome.cache_status = ProjectionRunCacheStatus::Unavailable { reason };
        }
        if remembers {
            self.kept.memory.put(Key::of::<T>(self.entity), result);
        }
        Ok(outcome)
    }

    /// Where the cache will keep the state, and what it will be bound to. Read before the events are, so that a log that changes
    /// meanwhile is noticed.
    fn cache_place<T: Projection>(&self) -> Option<(CacheKey, Binding)> {
        let key = self.kept.key::<T>(self.entity, self.kinds)?;
        let (binding, _) = bind(self.reader, self.entity, self.end.sequence)?;
        Some((key, binding))
    }

    fn as_it_is<T>(&self, start: Start<T>, cache_status: ProjectionRunCacheStatus) -> ProjectionOutcome<T> {
        let Covered { generation, applied, frontier, .. } = start.covered;
        let freshness = match (applied, generation == self.end.generation) {
            (None, _) => ProjectionRunFreshnessStatus::NotApplicable,
            (Some(_), true) => ProjectionRunFreshnessStatus::Fresh,
            (Some(_), false) => ProjectionRunFreshnessStatus::StaleAllowed,
        };
        ProjectionOutcome {
            state: start.state,
            generation,
            applied_sequence: applied,
            frontier,
            source: ProjectionSource::Remembered,
            events_folded: 0,
            cache_status,
            freshness,
        }
    }

    fn replay<T: Projection>(
        &self,
        start: Start<T>,
        cache_status: ProjectionRunCacheStatus,
    ) -> Result<(ProjectionOutcome<T>, Covered), StoreError> {
        let before = start.covered;
        let events = self.reader.events(self.selection(), before.next()..self.frontier);
        let replayed = replay(start.state, events.map(|(_, event)| event))?;
        let covered = Covered {
            generation: self.end.generation,
            sequence: self.end.sequence,
            frontier: self.frontier,
            events_folded: before.events_folded + replayed.events_folded,
            applied: replayed.applied.or(before.applied),
            computed_at_ns: Some(self.begun_ns),
            era: self.era,
        };
        let outcome = ProjectionOutcome {
            state: replayed.state,
            generation: covered.generation,
            applied_sequence: covered.applied,
            frontier: covered.frontier,
            source: match (before.generation, replayed.events_folded) {
                (0, _) => ProjectionSource::Replayed,
                (_, 0) => ProjectionSource::Remembered,
                (_, _) => ProjectionSource::Continued,
            },
            events_folded: replayed.events_folded,
            cache_status: match (covered.applied, cache_status) {
                // There was nothing that a cache could have kept.
                (None, ProjectionRunCacheStatus::Miss) => ProjectionRunCacheStatus::Bypassed,
                (_, cache_status) => cache_status,
            },
            freshness: match covered.applied {
                None => ProjectionRunFreshnessStatus::NotApplicable,
                Some(_) => ProjectionRunFreshnessStatus::Fresh,
            },
        };
        Ok((outcome, covered))
    }
}

impl Covered {
    fn is_fresh_enough(&self, freshness: Freshness, now_ns: i64) -> bool {
        let (Freshness::MaybeStale { max_stale_ms }, Some(computed_at_ns)) = (freshness, self.computed_at_ns)
        else {
            return false;
        };
        let age_ns = now_ns.saturating_sub(computed_at_ns);
        u64::try_from(age_ns).is_ok_and(|age_ns| age_ns < max_stale_ms.saturating_mul(1_000_000))
    }
}
