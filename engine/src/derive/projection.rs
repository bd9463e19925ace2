//! Owns projecting: the state that a fold makes of one entity's events. Never waits and never writes to the store.
//!
//! Invariants:
//! - the state at generation g holds exactly the first g events of the stream, whatever is appended meanwhile;
//! - a state is continued only if the fold allows it; what cannot be kept or read back is replayed, never refused.

use std::any::TypeId;
use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::derive::fold::{EventSourced, ProjectionEvent, ProjectionInput};
use crate::derive::remembered::{Covered, Key, ProjectionMemory, Remembered};
use crate::read::reader::Reader;
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::event::{Event, HashChain, RawEvent};

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
    /// A state computed less than this long ago will do, though events may have followed.
    MaybeStale {
        /// The age in milliseconds.
        max_stale_ms: u64,
    },
}

/// A projected state and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectionOutcome<T> {
    /// The state; `None` if the entity has no event that the fold takes, or the fold makes no state of them.
    pub state: Option<T>,
    /// How many events of the entity's stream the state covers, of whatever kind; 0 for an unknown entity.
    pub generation: u64,
    /// How the state came about.
    pub source: ProjectionSource,
    /// How many events this call folded.
    pub events_folded: u64,
}

/// How a projected state came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectionSource {
    /// All events of the entity were folded.
    Replayed,
    /// The events since an earlier state were folded into it.
    Continued,
    /// An earlier state was given as it was.
    Remembered,
}

/// The state of `entity`: what [`projection`] says, without where it comes from.
pub(crate) fn project<T: Projection>(
    reader: &Reader,
    memory: &ProjectionMemory,
    entity: &str,
    freshness: Freshness,
) -> Result<Option<T>, StoreError> {
    projection(reader, memory, entity, freshness).map(|outcome| outcome.state)
}

/// The state of `entity` and its generation, or `None` if the generation is still `last_generation`.
pub(crate) fn project_if_changed<T: Projection>(
    reader: &Reader,
    memory: &ProjectionMemory,
    entity: &str,
    last_generation: u64,
) -> Result<Option<(u64, Option<T>)>, StoreError> {
    if reader.generation(entity)?.unwrap_or(0) == last_generation {
        return Ok(None);
    }
    let outcome = projection(reader, memory, entity, Freshness::Consistent)?;
    Ok(Some((outcome.generation, outcome.state)))
}

/// The state of `entity` and where it comes from.
pub(crate) fn projection<T: Projection>(
    reader: &Reader,
    memory: &ProjectionMemory,
    entity: &str,
    freshness: Freshness,
) -> Result<ProjectionOutcome<T>, StoreError> {
    let (era, now_ns) = (memory.era(), reader.clock().now_mono_ns());
    let key = Key { fold: TypeId::of::<T>(), schema_version: T::schema_version(), entity: entity.into() };
    // Looked up before the generation is read: otherwise a state that somebody else kept meanwhile would be too new to go on from.
    let known = memory.get(&key);
    let end = reader.shared().visible();
    let Some(generation) = reader.generation(entity)? else {
        let source = ProjectionSource::Replayed;
        reader.shared().watermarks.note_applied(TypeId::of::<T>(), entity, end);
        return Ok(ProjectionOutcome { state: None, generation: 0, source, events_folded: 0 });
    };
    let known = known.filter(|known| known.covered.generation <= generation);
    if let Some(known) = &known
        && known.is_fresh_enough(freshness, now_ns)
        && let Ok(state) = known.decode()
    {
        let (generation, source) = (known.covered.generation, ProjectionSource::Remembered);
        return Ok(ProjectionOutcome { state, generation, source, events_folded: 0 });
    }
    let base = known.as_deref().and_then(Base::continuing).unwrap_or_default();
    let (source, covered) = (base.source(), base.covered);
    let (state, events_folded) =
        fold(base.state, events::<T>(reader, entity, covered.generation..generation)?)?;
    let is_kept = T::supports_incremental_apply() || freshness != Freshness::Consistent;
    if is_kept && generation > covered.generation {
        let events_folded = covered.events_folded + events_folded;
        let covered = Covered { generation, events_folded, computed_at_ns: now_ns, era };
        remember(memory, key, state.as_ref(), covered);
    }
    reader.shared().watermarks.note_applied(TypeId::of::<T>(), entity, end);
    Ok(ProjectionOutcome { state, generation, source, events_folded })
}

/// What a fold starts from.
struct Base<T> {
    state: Option<T>,
    covered: Covered,
}

impl<T> Default for Base<T> {
    fn default() -> Self {
        Self { state: None, covered: Covered::default() }
    }
}

impl<T: Projection> Base<T> {
    /// A kept state, if the fold may go on from it. Events without a state do not count: the fold must see them again.
    fn continuing(known: &Remembered) -> Option<Self> {
        let state = T::supports_incremental_apply().then(|| known.decode())?.ok()?;
        let covered = known.covered;
        (state.is_some() || covered.events_folded == 0).then_some(Self { state, covered })
    }

    fn source(&self) -> ProjectionSource {
        match self.covered.generation {
            0 => ProjectionSource::Replayed,
            1.. => ProjectionSource::Continued,
        }
    }
}

impl Remembered {
    fn is_fresh_enough(&self, freshness: Freshness, now_ns: i64) -> bool {
        match freshness {
            Freshness::Consistent => false,
            Freshness::MaybeStale { max_stale_ms } => {
                let age_ns = now_ns.saturating_sub(self.covered.computed_at_ns);
                u64::try_from(age_ns).is_ok_and(|age_ns| age_ns < max_stale_ms.saturating_mul(1_000_000))
            }
        }
    }

    fn decode<T: Projection>(&self) -> Result<Option<T>, rmp_serde::decode::Error> {
        self.state.as_deref().map(encoding::from_bytes).transpose()
    }
}

/// The events of the stream between two generations that the fold takes, oldest first.
///
/// The stream is dense, so generation g is reached before the event with stream sequence g.
fn events<'a, T: Projection>(
    reader: &'a Reader,
    entity: &'a str,
    range: Range<u64>,
) -> Result<impl Iterator<Item = Result<ProjectionEvent<T>, StoreError>> + 'a, StoreError> {
    let stream = match u32::try_from(range.start) {
        Ok(first) if !range.is_empty() => Some(reader.stream(entity, first, T::relevant_event_kinds())?),
        Ok(_) | Err(_) => None,
    };
    let in_range = move |read: &Result<(RawEvent, [u8; 32]), StoreError>| match read {
        Ok((raw, _)) => u64::from(raw.header.position.sequence()) < range.end,
        Err(_) => true,
    };
    Ok(stream.into_iter().flatten().take_while(in_range).map(|read| read.and_then(projection_event::<T>)))
}

pub(super) fn projection_event<T: Projection>(
    (raw, prev_hash): (RawEvent, [u8; 32]),
) -> Result<ProjectionEvent<T>, StoreError> {
    if raw.payload_form != 0 {
        return Err(StoreError::encoding(format!(
            "event {} has payload form {}, which this version does not know",
            raw.global_sequence, raw.payload_form
        )));
    }
    let chain = HashChain { prev_hash, event_hash: raw.event_hash };
    Ok(Event::new(raw.header, T::Input::payload(raw.payload)?).with_hash_chain(chain))
}

/// Folds events into a state, or from nothing; returns the new state and how many events went into it.
pub(super) fn fold<T: Projection>(
    mut state: Option<T>,
    events: impl Iterator<Item = Result<ProjectionEvent<T>, StoreError>>,
) -> Result<(Option<T>, u64), StoreError> {
    let mut events_folded = 0;
    let mut opening = Vec::new();
    for event in events {
        let event = event?;
        events_folded += 1;
        if let Some(state) = &mut state {
            state.try_apply_event(&event).map_err(StoreError::encoding)?;
        } else {
            opening.push(event);
            state = opened_early(&opening)?;
        }
    }
    if state.is_none() && !opening.is_empty() {
        state = T::try_from_events(&opening).map_err(StoreError::encoding)?;
    }
    Ok((state, events_folded))
}

/// Lets a fold that can go on event by event begin before all events are in memory. Asks again each time their number doubles.
fn opened_early<T: Projection>(opening: &[ProjectionEvent<T>]) -> Result<Option<T>, StoreError> {
    if !T::supports_incremental_apply() || !opening.len().is_power_of_two() {
        return Ok(None);
    }
    T::try_from_events(opening).map_err(StoreError::encoding)
}

/// Keeps a state for the next call; one that does not encode is not kept.
fn remember<T: Projection>(memory: &ProjectionMemory, key: Key, state: Option<&T>, covered: Covered) {
    if let Ok(state) = state.map(encoding::to_bytes).transpose() {
        memory.put(key, Remembered { state, covered });
    }
}
