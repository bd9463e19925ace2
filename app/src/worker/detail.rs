//! Owns everything about one event: payload, bytes, hashes, neighbours in its stream, cause and effects.

use causeway::event::{HashChain, hash::compute_hash};
use causeway::id::EventId;
use causeway::store::{LogEvent, Selection, StoreError, StoreFormat};

use crate::worker::decode::decode;
use crate::worker::handle::Handle;
use crate::worker::protocol::{Detail, EventRow, RowCell, Undecoded};
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
    let (payload, content_computed) = match event.removed {
        Some(_) => {
            let reason = "the payload was removed, and its hash was kept".to_owned();
            (Err(vec![Undecoded { decoder: "Any", reason }]), None)
        }
        None => (decode(raw.payload_form, &raw.payload, PAYLOAD_HEAD_MAX), Some(compute_hash(&raw.payload))),
    };
    Ok(Detail {
        row: EventRow {
            sequence,
            cell: RowCell::Event(Box::new(rows::cell(handle, &event, &rows::Summaries::new()))),
        },
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
        content_computed,
        chain: HashChain { prev_hash: event.prev_hash, event_hash: raw.event_hash },
        event_computed: event_computed(handle, &event),
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
        findings: event.findings.clone(),
    })
}

/// The event hash computed anew; `None` where nothing can be: an event that was removed, and a batpak event, whose hash is that of its
/// payload alone.
fn event_computed(handle: &Handle, event: &LogEvent) -> Option<[u8; 32]> {
    match handle.format() {
        StoreFormat::Causeway { .. } if event.removed.is_none() => Some(event.computed_hash()),
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
