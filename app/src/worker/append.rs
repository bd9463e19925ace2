//! Owns appending one event that a person wrote.

use std::time::Instant;

use causeway::coordinate::Coordinate;
use causeway::id::CausationId;
use causeway::store::{AppendOptions, Open, Store, StreamState};

use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::protocol::{Draft, Failure, FormField, ReceiptView};

/// Appends an event to a store that is open for writing.
///
/// # Errors
/// When the store is open for reading only, or refuses the event.
pub(crate) fn append(handle: &Handle, draft: &Draft) -> Result<ReceiptView, Failure> {
    match handle {
        Handle::Writer(store) => append_to(store, draft),
        Handle::Reader(_) => Err(Failure {
            advice: "Open it for writing first.".to_owned(),
            ..failure::refused("The store is open for reading.")
        }),
    }
}

/// Where a stream of so many events stands.
fn expected_state(events: u64) -> Result<StreamState, Failure> {
    let Some(last) = events.checked_sub(1) else { return Ok(StreamState::NoStream) };
    u32::try_from(last).map(StreamState::Exactly).map_err(|_| Failure {
        field: Some(FormField::Expected),
        ..failure::refused("No stream has so many events.")
    })
}

/// Appends an event.
///
/// # Errors
/// When the store refuses the event.
pub fn append_to(store: &Store<Open>, draft: &Draft) -> Result<ReceiptView, Failure> {
    let started = Instant::now();
    let coordinate =
        Coordinate::new(&draft.entity, &draft.scope).map_err(|error| failure::of(&error.into()))?;
    let mut options = AppendOptions::new();
    if let Some((cause, correlation)) = draft.reaction_to {
        options = options.with_causation(CausationId::from(cause)).with_correlation(correlation);
    }
    if let Some(events) = draft.expected {
        options = options.with_expected_state(expected_state(events)?);
    }
    let receipt = store
        .append_with_options(&coordinate, draft.kind, &draft.payload, options)
        .map_err(|error| failure::of(&error))?;
    Ok(ReceiptView {
        event_id: receipt.event_id,
        sequence: receipt.sequence,
        clock: receipt.stream_sequence(),
        content_hash: receipt.content_hash,
        durable: receipt.is_durable(),
        elapsed_us: started.elapsed().as_micros() as u64,
    })
}
