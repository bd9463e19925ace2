//! Owns importing lines of JSON: each becomes an event of a new store, with its id, its time and everything else that it says.

use std::collections::HashSet;
use std::io::{self, BufRead, Read};

use crate::care::jsonl::{EventLine, malformed, number};
use crate::commit::options::{AppendOptions, AppendPositionHint, CausationRef};
use crate::commit::request::{Item, Origin};
use crate::store::StoreConfig;
use crate::store::intake::Intake;
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::id::{CorrelationId, EventId};
use crate::words::kind::EventKind;

/// Longest line that is read, in bytes: an event at its greatest, in the longest way to write it.
const MAX_LINE_BYTES: u64 = 512 * 1024 * 1024;

/// Imports lines as [`Store::export_jsonl`](crate::store::Store::export_jsonl) writes them into the empty or missing directory of `config`,
/// and returns how many events there were.
///
/// Sequences and hashes are assigned anew. Those of a whole store's export come out as they were, so that its receipts still hold.
///
/// # Errors
/// [`StoreError::DataDirMalformed`] if the directory holds anything; [`StoreError::InvalidLine`] for a line that is no event: what was
/// read before it has been imported then.
pub fn import_jsonl(lines: &mut impl BufRead, config: StoreConfig) -> Result<u64, StoreError> {
    take_all(lines, Intake::begin(config)?)
}

/// Fills a store with the events of all lines.
pub(crate) fn take_all(lines: &mut impl BufRead, mut intake: Intake) -> Result<u64, StoreError> {
    let imported = take_lines(lines, &mut intake);
    intake.finish()?;
    imported
}

/// Reads to the end, or to the first line that is no event, and returns how many events there were.
fn take_lines(lines: &mut impl BufRead, intake: &mut Intake) -> Result<u64, StoreError> {
    let (mut imported, mut line, mut ids) = (0_u64, Vec::new(), HashSet::new());
    while read_line(lines, &mut line)? {
        imported += 1;
        let refused = |source| StoreError::InvalidLine { line: imported, source: Box::new(source) };
        let (id, item) = item(&line).map_err(refused)?;
        if !ids.insert(id) {
            return Err(refused(malformed(format!("{id} stands in an earlier line too"))));
        }
        intake.take(item).map_err(refused)?;
    }
    Ok(imported)
}

/// Reads the next line; false at the end.
fn read_line(lines: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let read = lines.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', line)?;
    if read as u64 == MAX_LINE_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than any event"));
    }
    Ok(read > 0)
}

/// The event of a line, and its id.
pub(crate) fn item(line: &[u8]) -> Result<(EventId, Item), StoreError> {
    let line: EventLine = serde_json::from_slice(line).map_err(|error| malformed(error.to_string()))?;
    let coordinate = Coordinate::new(&line.entity, &line.scope)?;
    let origin =
        Origin { event_id: line.event_id()?, timestamp_us: line.time_us, payload_form: line.payload_form };
    let mut options = AppendOptions::new()
        .with_correlation(CorrelationId::from_u128(number(&line.correlation)?))
        .with_flags(line.flags)
        .with_position_hint(AppendPositionHint::new(line.lane, line.depth));
    options.extensions = line.stored_extensions()?;
    let causation = line.causation.as_deref().map(number).transpose()?;
    let causation = causation.map_or(CausationRef::None, CausationRef::Absolute);
    let payload = line.stored_payload()?;
    let mut item = Item::untyped(coordinate, kind(&line.kind)?, payload, options, causation);
    item.payload_version = line.payload_version;
    item.origin = Some(origin);
    Ok((origin.event_id, item))
}

fn kind(text: &str) -> Result<EventKind, StoreError> {
    let digits = text.strip_prefix("0x").and_then(|digits| u16::from_str_radix(digits, 16).ok());
    digits.map(EventKind::from_raw_u16).ok_or_else(|| malformed(format!("{text:?} is not a kind")))
}
