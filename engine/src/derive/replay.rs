//! Owns replaying: events that were read in order, handed to a fold. Never decides which events, nor what to begin with.
//!
//! Invariant: a fold that can go on event by event never has all events in memory.

use crate::derive::fold::{ProjectionEvent, ProjectionInput};
use crate::derive::projection::Projection;
use crate::read::entry::LogEvent;
use crate::words::error::StoreError;
use crate::words::event::Event;

/// A state and what this replay added to it.
#[derive(Debug)]
pub(super) struct Replayed<T> {
    pub(super) state: Option<T>,
    /// How many events were folded.
    pub(super) events_folded: u64,
    /// Global sequence of the last of them.
    pub(super) applied: Option<u64>,
}

/// Folds events into a state, or from nothing. What was removed and stands there without its payload is no part of a state.
pub(super) fn replay<T: Projection>(
    mut state: Option<T>,
    events: impl Iterator<Item = Result<LogEvent, StoreError>>,
) -> Result<Replayed<T>, StoreError> {
    let (mut events_folded, mut applied) = (0, None);
    let mut opening = Vec::new();
    for event in events {
        let event = event?;
        if event.removed.is_some() {
            continue;
        }
        applied = Some(event.raw.global_sequence);
        events_folded += 1;
        let event = projection_event::<T>(event)?;
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
    Ok(Replayed { state, events_folded, applied })
}

/// Lets a fold that can go on event by event begin before all events are in memory. Asks again each time their number doubles.
fn opened_early<T: Projection>(opening: &[ProjectionEvent<T>]) -> Result<Option<T>, StoreError> {
    if !T::supports_incremental_apply() || !opening.len().is_power_of_two() {
        return Ok(None);
    }
    T::try_from_events(opening).map_err(StoreError::encoding)
}

fn projection_event<T: Projection>(event: LogEvent) -> Result<ProjectionEvent<T>, StoreError> {
    let chain = event.hash_chain();
    let raw = event.raw;
    if raw.payload_form != 0 {
        return Err(StoreError::encoding(format!(
            "event {} has payload form {}, which this version does not know",
            raw.global_sequence, raw.payload_form
        )));
    }
    Ok(Event::new(raw.header, T::Input::payload(raw.payload)?).with_hash_chain(chain))
}
