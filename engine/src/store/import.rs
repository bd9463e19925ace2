//! Owns importing: every event of a batpak directory that can be shown becomes an event of a new store.
//!
//! Ids, times, kinds, flags, coordinates, lanes, depths, correlations, causations, payload bytes, extensions and payload versions are
//! carried; positions and hashes are assigned anew. One extension, `causeway.origin`, says what they were.

use std::collections::HashSet;
use std::path::Path;

use serde::Serialize;

use crate::commit::options::{AppendOptions, AppendPositionHint, CausationRef};
use crate::commit::request::{Item, Origin};
use crate::memory::selection::Selection;
use crate::read::entry::LogEvent;
use crate::store::intake::Intake;
use crate::store::{ReadOnly, Store, StoreConfig};
use crate::words::encoding;
use crate::words::error::StoreError;
use crate::words::event::ExtensionKey;
use crate::words::finding::Finding;
use crate::words::format::{Progress, StoreFormat};
use crate::words::id::{EventId, v7_at};

/// Key of the extension that says where an imported event comes from.
const ORIGIN_KEY: &str = "causeway.origin";

/// What an import takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Also events that the program that wrote them hides.
    pub include_hidden: bool,
}

/// What an import did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ImportReport {
    /// Events that were written.
    pub imported: u64,
    /// Hidden events that were left out.
    pub hidden_left_out: u64,
    /// Places of the directory that no event can be read from.
    pub unreadable: u64,
    /// Events whose id an earlier event has; they got a fresh one.
    pub repeated_ids: u64,
    /// What is damaged or odd in the directory.
    pub findings: Vec<Finding>,
}

/// What an imported event was before.
#[derive(Serialize)]
struct Was<'a> {
    store: &'static str,
    segment: &'a str,
    offset: u64,
    sequence: u64,
    clock: u32,
    prev_hash: Hex<'a>,
    event_hash: Hex<'a>,
    content_hash: Hex<'a>,
    hidden: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
}

/// A hash in lower-case hexadecimal.
struct Hex<'a>(&'a [u8; 32]);

impl Serialize for Hex<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&blake3::Hash::from_bytes(*self.0).to_hex())
    }
}

/// Imports the directory `from` into the empty or missing directory of `config`. Tells events done and events in all.
///
/// # Errors
/// [`StoreError::DataDirMalformed`] if the target holds anything; an interrupted `Io` error if `progress` asked to stop: the
/// target then holds the first part.
pub fn import(
    from: &Path,
    config: StoreConfig,
    options: ImportOptions,
    progress: Progress<'_>,
) -> Result<ImportReport, StoreError> {
    let source = Store::<ReadOnly>::open_read_only(StoreConfig::new(from))?;
    if source.format() != StoreFormat::Batpak {
        let reason = "is no batpak directory; a store of this format is copied as it stands".to_owned();
        return Err(StoreError::DataDirMalformed { path: from.to_path_buf(), reason });
    }
    let mut intake = Intake::begin(config)?;
    let mut import = Import { options, ids: HashSet::new(), report: ImportReport::default() };
    let end = source.visible();
    let everything = Selection { hidden: true, ..Selection::default() };
    for (sequence, event) in source.read_selected(&everything, 0..end) {
        let written = match event {
            Ok(event) => match import.item(event)? {
                Some(item) => intake.take(item)?,
                None => false,
            },
            Err(error) if error.is_one_event() => {
                import.report.unreadable += 1;
                false
            }
            Err(error) => return Err(error),
        };
        if written && progress(sequence, end).is_break() {
            return Err(std::io::Error::from(std::io::ErrorKind::Interrupted).into());
        }
    }
    intake.finish()?;
    Ok(ImportReport { findings: source.findings(), ..import.report })
}

struct Import {
    options: ImportOptions,
    ids: HashSet<EventId>,
    report: ImportReport,
}

impl Import {
    fn item(&mut self, event: LogEvent) -> Result<Option<Item>, StoreError> {
        if event.hidden && !self.options.include_hidden {
            self.report.hidden_left_out += 1;
            return Ok(None);
        }
        let header = &event.raw.header;
        let mut event_id = header.event_id;
        let repeated = !self.ids.insert(event_id);
        if repeated {
            self.report.repeated_ids += 1;
            event_id = EventId::from_u128(v7_at(header.timestamp_us));
        }
        let was = Was {
            store: "batpak",
            segment: &event.segment,
            offset: event.place.offset(),
            sequence: event.raw.global_sequence,
            clock: header.position.sequence(),
            prev_hash: Hex(&event.prev_hash),
            event_hash: Hex(&event.raw.event_hash),
            content_hash: Hex(&header.content_hash),
            hidden: event.hidden,
            event_id: repeated.then(|| format!("{:032x}", u128::from(header.event_id))),
        };
        self.report.imported += 1;
        let origin = encoding::to_bytes(&was)?;
        let position = AppendPositionHint::new(header.position.lane(), header.position.depth());
        let mut options = AppendOptions::new()
            .with_correlation(header.correlation_id)
            .with_flags(header.flags)
            .with_position_hint(position);
        let causation = header.causation_id.map_or(CausationRef::None, CausationRef::absolute_typed);
        options.extensions = event.raw.extensions;
        options.extensions.insert(ExtensionKey::from_log(ORIGIN_KEY.to_owned()), origin);
        let (kind, payload_version) = (header.event_kind, header.payload_version);
        let kept =
            Origin { event_id, timestamp_us: header.timestamp_us, payload_form: event.raw.payload_form };
        let mut item = Item::untyped(event.raw.coordinate, kind, event.raw.payload, options, causation);
        item.payload_version = payload_version;
        item.origin = Some(kept);
        Ok(Some(item))
    }
}
