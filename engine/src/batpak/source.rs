//! Owns showing a batpak directory through the same index and reads as a store of ours, and following it.
//!
//! Floor 6. Invariants:
//! - a row of the index is an event of the directory; its offset is the event's place in commit order plus one;
//! - hidden events are found by their sequence only, never by what they say.

use std::ops::ControlFlow;
use std::time::Duration;

use crate::batpak::{BatpakStore, Damaged, Row};
use crate::disk::segment::SegmentName;
use crate::disk::storage::{DirEntry, Directory};
use crate::memory::files::{EventSource, Sourced, Window};
use crate::memory::hub::Notification;
use crate::memory::index::Index;
use crate::memory::live::{self, LivePart};
use crate::memory::selection::Place;
use crate::memory::shared::Shared;
use crate::read::follow::Followed;
use crate::words::config::StoreConfig;
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::event::EventHeader;
use crate::words::finding::{Finding, FindingClass};
use crate::words::position::{DagPosition, DiskPos};
use crate::words::sync::{Arc, AtomicU64, Ordering, RwLock};

/// Numbers that no event has, before events are numbered by their place instead: a damaged footer could claim any.
const MOST_GAPS: u64 = 1_000_000;
/// How often an unfinished end is looked at again.
const RECHECK_END_EVERY: Duration = Duration::from_millis(250);
/// Every event of a directory stands in one part.
const WHOLE: SegmentName = SegmentName { first: 0, generation: 0 };

/// Reads events of a batpak directory.
#[derive(Debug)]
struct BatpakSource {
    store: RwLock<BatpakStore>,
    frames_read: AtomicU64,
}

/// Follows a batpak directory.
#[derive(Debug)]
pub(crate) struct BatpakFollower {
    directory: Arc<dyn Directory>,
    source: Arc<BatpakSource>,
    seen: Vec<DirEntry>,
    looked_ns: i64,
    /// Rows that the index holds.
    indexed: u64,
    by_place: bool,
}

impl BatpakFollower {
    /// Reads a directory. `progress` is told the bytes read and the bytes in all.
    pub(crate) fn open(
        directory: Arc<dyn Directory>,
        config: StoreConfig,
        progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<(Arc<Shared>, Self), StoreError> {
        let seen = listing(&*directory)?;
        let store = BatpakStore::open(Arc::clone(&directory), progress)?;
        let by_place = has_too_many_gaps(&store);
        let mut live = LivePart::new(WHOLE, 0, i64::MIN);
        index_rows(&store, 0, by_place, &mut live, |_, _, _| {});
        let indexed = store.len();
        let source = Arc::new(BatpakSource { store: RwLock::new(store), frames_read: AtomicU64::new(0) });
        let end = live.end();
        let index = Index::new(Vec::new(), live);
        let shared = Shared::new(config, index, Box::new(Arc::clone(&source)), None, end, Arc::default());
        let looked_ns = shared.clock.0.now_mono_ns();
        let follower = Self { directory, source, seen, looked_ns, indexed, by_place };
        Ok((Arc::new(shared), follower))
    }

    /// What is damaged or odd.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let store = self.source.store.read();
        let message =
            "the directory's footers number events with large gaps; they are numbered by their place here";
        let numbered = self.by_place.then(|| Finding::new(FindingClass::Note, message));
        let told = |damaged: &Damaged| {
            let segment_id = damaged.segment_id;
            damaged.finding(segment_id.map(|id| store.file_name(id)).as_deref())
        };
        store.findings().iter().map(told).chain(numbered).collect()
    }

    /// Takes in what was written since the last step.
    pub(crate) fn step(&mut self, shared: &Shared) -> Result<Followed, StoreError> {
        let listing = listing(&*self.directory)?;
        let now_ns = shared.clock.0.now_mono_ns();
        let unfinished = self.source.store.read().unfinished_end().is_some();
        let recheck =
            unfinished && now_ns.saturating_sub(self.looked_ns) >= RECHECK_END_EVERY.as_nanos() as i64;
        if listing == self.seen && !recheck {
            return Ok(Followed::default());
        }
        self.looked_ns = now_ns;
        let refresh = self.source.store.write().refresh()?;
        self.seen = listing;
        if let Some(place) = refresh.rolled_back_to {
            return Ok(self.index_anew(shared, place));
        }
        if refresh.new_events == 0 {
            return Ok(Followed::default());
        }
        self.take_in(shared);
        Ok(Followed { moved: true, ..Followed::default() })
    }

    fn take_in(&mut self, shared: &Shared) {
        let store = self.source.store.read();
        let mut notifications = Vec::new();
        let listened = !shared.hub.is_empty();
        let end = shared.index.update(|live| {
            index_rows(&store, self.indexed, self.by_place, live, |sequence, coordinate, header| {
                if listened {
                    notifications.push(Notification::new(sequence, coordinate, header));
                }
            });
            live.end()
        });
        self.indexed = store.len();
        drop(store);
        shared.watermarks.set_visible(end);
        shared.watermarks.raise_durable(end);
        for notification in &notifications {
            shared.hub.publish(notification);
        }
    }

    /// Events changed or went away: indexes everything anew.
    fn index_anew(&mut self, shared: &Shared, place: u64) -> Followed {
        let store = self.source.store.read();
        self.by_place = has_too_many_gaps(&store);
        let mut live = LivePart::new(WHOLE, 0, i64::MIN);
        index_rows(&store, 0, self.by_place, &mut live, |_, _, _| {});
        self.indexed = store.len();
        let common = store.row(place).map_or(live.end(), |row| number(row, place, self.by_place));
        drop(store);
        let end = live.end();
        shared.watermarks.set_visible(common.min(end).min(shared.visible()));
        shared.index.replace(Vec::new(), live);
        shared.note_rewrite();
        shared.watermarks.set_visible(end);
        shared.watermarks.lower_durable(end);
        shared.watermarks.raise_durable(end);
        Followed { moved: true, read_anew_from: Some(common), rolled_back_to: Some(common) }
    }
}

fn listing(directory: &dyn Directory) -> Result<Vec<DirEntry>, StoreError> {
    let mut entries = directory.list()?;
    entries.sort_unstable();
    Ok(entries)
}

fn has_too_many_gaps(store: &BatpakStore) -> bool {
    store.rows().last().is_some_and(|row| row.global_sequence > store.len() + MOST_GAPS)
}

fn number(row: &Row, place: u64, by_place: bool) -> u64 {
    if by_place { place } else { row.global_sequence }
}

/// Adds the rows from a place on to the index. `shown` sees each that is not hidden.
fn index_rows(
    store: &BatpakStore,
    from: u64,
    by_place: bool,
    live: &mut LivePart,
    mut shown: impl FnMut(u64, &Coordinate, &EventHeader),
) {
    for place in from..store.len() {
        let Some(row) = store.row(place) else { break };
        let sequence = number(row, place, by_place);
        while live.end() < sequence {
            live.push_damaged();
        }
        let offset = place as u32 + 1;
        let texts = (store.entities().text(row.entity), store.scopes().text(row.scope));
        let ((Some(entity), Some(scope)), false) = (texts, row.hidden) else {
            live.push_columns(offset, row.timestamp_us, row.kind.as_raw_u16());
            continue;
        };
        let header = header(row);
        // The hash of a stream's newest event is read from its frame when somebody asks.
        live.push(&live::Row { offset, header: &header, entity, scope, event_hash: &[0; 32] });
        shown(sequence, &Coordinate::from_log(Arc::clone(entity), Arc::clone(scope)), &header);
    }
}

fn header(row: &Row) -> EventHeader {
    let wall_ms = u64::try_from(row.timestamp_us / 1_000).unwrap_or(0);
    EventHeader::new_typed(
        row.event_id,
        row.correlation_id,
        row.causation_id(),
        row.timestamp_us,
        DagPosition::with_hlc(wall_ms, 0, 0, row.lane, row.clock),
        row.payload_size,
        row.kind,
    )
    .with_flags(row.flags)
}

impl EventSource for Arc<BatpakSource> {
    fn read(&self, place: Place, window: &mut Window) -> Result<Sourced, StoreError> {
        let index = u64::from(place.offset).saturating_sub(1);
        self.frames_read.fetch_add(1, Ordering::Relaxed);
        let store = self.store.read();
        let found = if window.with_payload() { store.read(index)? } else { store.read_header(index)? };
        let mut event = found.event;
        if has_too_many_gaps(&store) {
            event.global_sequence = index;
        }
        let file: Arc<str> = store.file_name(found.segment_id).into();
        let told = |damaged: &Damaged| damaged.finding(Some(&file)).of_event(event.global_sequence);
        let findings = found.findings.iter().map(told).collect();
        Ok(Sourced {
            event,
            segment: file,
            place: DiskPos::new(found.segment_id, found.offset, found.frame_length),
            prev_hash: Some(found.prev_hash),
            hidden: found.hidden,
            findings,
            removed: None,
        })
    }

    fn is_dense(&self) -> bool {
        false
    }

    fn frames_read(&self) -> u64 {
        self.frames_read.load(Ordering::Relaxed)
    }
}
