//! Owns everything about one event: payload, bytes, hashes, neighbours in its stream, cause and effects.

use causeway::encoding;
use causeway::event::{HashChain, hash::compute_hash};
use causeway::id::EventId;
use causeway::store::{Finding, FindingClass, LogEvent, Selection, StoreError, StoreFormat};

use crate::worker::handle::Handle;
use crate::worker::protocol::{Detail, EventRow, RowCell};
use crate::worker::rows;

/// Bytes of a payload that travel to the interface.
const PAYLOAD_HEAD_MAX: usize = 64 * 1024;
/// Effects that are listed; the graph shows more.
const EFFECTS_MAX: usize = 20;

/// Everything about the event at `sequence`.
pub(crate) fn detail(handle: &Handle, sequence: u64) -> Result<Detail, StoreError> {
    let event = handle.event_at(sequence)?;
    let raw = &event.raw;
    let header = &raw.header;
    let effects = Selection::effects_of(header.event_id);
    let conversation = Selection::correlation(header.correlation_id);
    let cause = match header.causation_id {
        Some(cause) => handle.sequence_of(EventId::from(u128::from(cause)))?,
        None => None,
    };
    let (payload, content_holds) = match event.removed {
        Some(_) => (Err("it was removed, and its hash was kept".to_owned()), None),
        None => (
            encoding::to_json(&raw.payload).map_err(|error| error.to_string()),
            Some(compute_hash(&raw.payload) == header.content_hash),
        ),
    };
    let mut findings = event.findings.clone();
    if content_holds == Some(false) {
        let message = "the payload does not have the content hash of the header";
        findings.insert(0, Finding::new(FindingClass::ContentHash, message));
    }
    Ok(Detail {
        row: EventRow { sequence, cell: RowCell::Event(Box::new(rows::cell(handle, &event))) },
        flags: header.flags,
        lane: header.position.lane(),
        depth: header.position.depth(),
        payload_version: header.payload_version,
        payload,
        payload_head: raw.payload.iter().copied().take(PAYLOAD_HEAD_MAX).collect(),
        extensions: raw
            .extensions
            .iter()
            .map(|(key, value)| (key.as_str().to_owned(), value.clone()))
            .collect(),
        content_hash: header.content_hash,
        chain: HashChain { prev_hash: event.prev_hash, event_hash: raw.event_hash },
        chain_holds: chain_holds(handle, &event, content_holds),
        previous_in_stream: previous_in_stream(handle, &event)?,
        next_in_stream: next_in_stream(handle, &event)?,
        place: (event.segment.to_string(), event.place.offset(), event.place.length()),
        cause: cause.map(|cause| rows::row(handle, cause)),
        effects: handle
            .select(&effects, 0, EFFECTS_MAX)?
            .into_iter()
            .map(|effect| rows::row(handle, effect))
            .collect(),
        effect_count: handle.count(&effects)?,
        correlation_count: handle.count(&conversation)?,
        findings,
    })
}

/// Whether the event's hashes fit what it says; `None` where nothing can be computed anew.
fn chain_holds(handle: &Handle, event: &LogEvent, content_holds: Option<bool>) -> Option<bool> {
    match handle.format() {
        StoreFormat::Causeway { .. } => Some(content_holds? && event.computed_hash() == event.raw.event_hash),
        // A batpak hash covers the payload alone, and that was compared already.
        _ => None,
    }
}

fn next_in_stream(handle: &Handle, event: &LogEvent) -> Result<Option<u64>, StoreError> {
    let stream = Selection::stream(event.raw.coordinate.entity());
    Ok(handle.select(&stream, event.raw.global_sequence + 1, 1)?.first().copied())
}

fn previous_in_stream(handle: &Handle, event: &LogEvent) -> Result<Option<u64>, StoreError> {
    let stream = Selection::stream(event.raw.coordinate.entity());
    Ok(handle.select_before(&stream, event.raw.global_sequence, 1)?.first().copied())
}
