//! Owns reading frames out of segments: the files that are open for it, and a window of bytes read ahead.

use std::collections::HashMap;
use std::ops::Range;

use crate::disk::frame::{self, FrameError, Record, Stub};
use crate::disk::segment::SegmentName;
use crate::disk::storage::{Directory, File};
use crate::memory::selection::Place;
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::event::{EventHeader, Extensions, RawEvent, Removal, RemovalReason};
use crate::words::finding::Finding;
use crate::words::id::CorrelationId;
use crate::words::kind::EventKind;
use crate::words::position::{DagPosition, DiskPos};
use crate::words::sync::{Arc, AtomicU64, Mutex, Ordering};

/// Bytes read at once for a single event whose length nobody knows yet.
const SINGLE_READ: u64 = 4 * 1024;
/// Most bytes read at once ahead of the event that is needed.
const AHEAD_READ: u64 = 256 * 1024;
/// Bytes between two wanted frames that are cheaper read than passed over.
const GAP: u64 = 4 * 1024;
/// Names that a window remembers of each sort.
const REMEMBERED_NAMES: usize = 4;

/// An event as its source has it.
#[derive(Clone, Debug)]
pub(crate) struct Sourced {
    pub(crate) event: RawEvent,
    /// The file it lies in.
    pub(crate) segment: Arc<str>,
    /// Where in it.
    pub(crate) place: DiskPos,
    /// Stored by sources that keep it; derived otherwise.
    pub(crate) prev_hash: Option<[u8; 32]>,
    /// The program that wrote it hides it.
    pub(crate) hidden: bool,
    /// What is damaged or odd about it.
    pub(crate) findings: Vec<Finding>,
    /// Set if this is what compaction left of the event.
    pub(crate) removed: Option<Removal>,
}

impl Sourced {
    /// True if reads pass over it: retention removed it.
    pub(crate) fn is_passed_over(&self) -> bool {
        self.removed.is_some_and(|removal| removal.reason == RemovalReason::Retention)
    }

    /// The type tag that the event was appended with.
    pub(crate) fn kind(&self) -> EventKind {
        self.removed.map_or(self.event.header.event_kind, |removal| removal.kind)
    }
}

/// Where events are read from: our own segments, or a directory of another format.
pub(crate) trait EventSource: std::fmt::Debug + Send + Sync {
    /// Reads the event at a place, as much of it as `window` is for. `window` holds what was read before.
    fn read(&self, place: Place, window: &mut Window) -> Result<Sourced, StoreError>;

    /// Frames that were read so far.
    fn frames_read(&self) -> u64;

    /// True if only damage leaves a gap in sequences and in places of a stream. Other writers burn numbers and begin streams anew.
    fn is_dense(&self) -> bool {
        true
    }

    /// Lets go of what is kept of the files: a follower saw that they were replaced.
    fn forget(&self) {}
}

/// What a series of reads has in common: how much of each event is wanted, bytes that were read together, names that come again.
#[derive(Debug)]
pub(crate) struct Window {
    /// Payloads are wanted too.
    with_payload: bool,
    segment: Option<(SegmentName, Arc<str>)>,
    start: u64,
    bytes: Vec<u8>,
    /// Bytes that are read at once when a frame among them is needed.
    planned: Range<u64>,
    entities: Names,
    scopes: Names,
}

/// The names that were met last.
#[derive(Debug, Default)]
struct Names {
    names: [Option<Arc<str>>; REMEMBERED_NAMES],
    next: usize,
}

impl Names {
    fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(name) = self.names.iter().flatten().find(|name| &***name == text) {
            return Arc::clone(name);
        }
        let name: Arc<str> = text.into();
        if let Some(place) = self.names.get_mut(self.next % REMEMBERED_NAMES) {
            *place = Some(Arc::clone(&name));
        }
        self.next = self.next.wrapping_add(1);
        name
    }
}

impl Window {
    /// For whole events.
    pub(crate) fn whole() -> Self {
        Self {
            with_payload: true,
            segment: None,
            start: 0,
            bytes: Vec::new(),
            planned: 0..0,
            entities: Names::default(),
            scopes: Names::default(),
        }
    }

    /// For events without their payloads, which stay empty. Frames are checked all the same.
    pub(crate) fn headers() -> Self {
        Self { with_payload: false, ..Self::whole() }
    }

    /// True if payloads are wanted.
    pub(crate) fn with_payload(&self) -> bool {
        self.with_payload
    }

    /// True if the frame at a place can be read without reading the file.
    pub(crate) fn holds(&self, place: Place) -> bool {
        self.held(place, (place.room as usize).max(1)).is_some()
    }

    /// Learns which frames will be wanted, in the order up or down in which they are: those that lie near each other are read together.
    pub(crate) fn plan(&mut self, mut places: impl Iterator<Item = Place>) {
        let Some(first) = places.next() else { return };
        let mut planned = extent(first);
        for place in places.take_while(|place| place.segment == first.segment) {
            let next = extent(place);
            let (start, end) = (planned.start.min(next.start), planned.end.max(next.end));
            let gap = next.start.saturating_sub(planned.end).max(planned.start.saturating_sub(next.end));
            if gap > GAP || end - start > AHEAD_READ {
                break;
            }
            planned = start..end;
        }
        self.planned = planned;
    }

    fn held(&self, place: Place, len: usize) -> Option<&[u8]> {
        if self.segment.as_ref().map(|(name, _)| *name) != Some(place.segment) {
            return None;
        }
        let at = u64::from(place.offset).checked_sub(self.start)? as usize;
        self.bytes.get(at..at.checked_add(len)?)
    }

    /// `len` bytes at a place, from the window or from the file.
    fn bytes_at(&mut self, files: &SegmentFiles, place: Place, len: usize) -> Result<&[u8], StoreError> {
        if self.held(place, len).is_none() {
            let frame = u64::from(place.offset)..u64::from(place.offset) + len as u64;
            let is_planned = self.planned.start <= frame.start && frame.end <= self.planned.end;
            let room = extent(place);
            let wanted = if is_planned { self.planned.clone() } else { room.start..room.end.max(frame.end) };
            self.segment = None;
            let (file, name) = files.file(place.segment)?;
            // Nothing large is made room for on the word of a length alone.
            let rest =
                if len as u64 > AHEAD_READ { file.len()?.saturating_sub(frame.start) } else { u64::MAX };
            if len as u64 > rest {
                let error = FrameError::Truncated { needed: len as u64, available: rest };
                return Err(error.at(place.segment.first, frame.start));
            }
            self.bytes.resize((wanted.end - wanted.start) as usize, 0);
            let read = file.read_at(&mut self.bytes, wanted.start)?;
            self.bytes.truncate(read);
            self.start = wanted.start;
            self.segment = Some((place.segment, name));
        }
        let available = self.bytes.len();
        self.held(place, len).ok_or_else(|| {
            let needed = len as u64;
            FrameError::Truncated { needed, available: available as u64 }
                .at(place.segment.first, u64::from(place.offset))
        })
    }
}

/// The bytes that a frame takes, as far as the index knows.
fn extent(place: Place) -> Range<u64> {
    let room = match u64::from(place.room) {
        0 => SINGLE_READ,
        room => room.min(AHEAD_READ),
    };
    u64::from(place.offset)..u64::from(place.offset) + room
}

/// Our own segments.
#[derive(Debug)]
pub(crate) struct SegmentFiles {
    directory: Arc<dyn Directory>,
    budget: usize,
    open: Mutex<Files>,
    frames_read: AtomicU64,
}

#[derive(Debug, Default)]
struct Files {
    by_name: HashMap<SegmentName, OpenFile>,
    tick: u64,
}

/// A file, its name, and when it was used last.
type OpenFile = (Arc<dyn File>, Arc<str>, u64);

impl SegmentFiles {
    pub(crate) fn new(directory: Arc<dyn Directory>, budget: usize) -> Self {
        Self { directory, budget, open: Mutex::new(Files::default()), frames_read: AtomicU64::new(0) }
    }

    fn file(&self, name: SegmentName) -> Result<(Arc<dyn File>, Arc<str>), StoreError> {
        let mut files = self.open.lock();
        files.tick += 1;
        let tick = files.tick;
        if let Some((file, text, used)) = files.by_name.get_mut(&name) {
            *used = tick;
            return Ok((Arc::clone(file), Arc::clone(text)));
        }
        if files.by_name.len() >= self.budget {
            let oldest = files.by_name.iter().min_by_key(|(_, (_, _, used))| *used).map(|(name, _)| *name);
            oldest.and_then(|name| files.by_name.remove(&name));
        }
        let text: Arc<str> = name.to_string().into();
        let file = self.directory.open(&text)?;
        files.by_name.insert(name, (Arc::clone(&file), Arc::clone(&text), tick));
        Ok((file, text))
    }

    pub(crate) fn count_frames(&self, count: u64) {
        self.frames_read.fetch_add(count, Ordering::Relaxed);
    }
}

impl EventSource for SegmentFiles {
    fn read(&self, place: Place, window: &mut Window) -> Result<Sourced, StoreError> {
        let at = |error: FrameError| error.at(place.segment.first, u64::from(place.offset));
        let word = window.bytes_at(self, place, 4)?.first_chunk::<4>().copied().unwrap_or_default();
        let length = frame::frame_len(word).map_err(at)?;
        window.bytes_at(self, place, length as usize)?;
        self.count_frames(1);
        let Window { with_payload, segment, start, bytes, entities, scopes, .. } = window;
        let from = (u64::from(place.offset) - *start) as usize;
        let bytes = bytes.get(from..from + length as usize).unwrap_or_default();
        let (event, removed) = match frame::decode(bytes).map_err(at)? {
            Record::Event(view) => {
                let coordinate =
                    Coordinate::from_log(entities.shared(view.entity), scopes.shared(view.scope));
                let payload = if *with_payload { view.payload.to_vec() } else { Vec::new() };
                (view.to_raw(coordinate, payload), None)
            }
            Record::Stub(stub) => {
                let removal = Removal { reason: stub.reason, kind: stub.kind };
                (removed_event(stub), Some(removal))
            }
            Record::Catalogue { .. } | Record::Mark(_) => {
                return Err(at(FrameError::Malformed("the index points to a frame that is not an event")));
            }
        };
        Ok(Sourced {
            event,
            segment: segment.as_ref().map_or_else(|| "".into(), |(_, name)| Arc::clone(name)),
            place: DiskPos::new(place.segment.first, u64::from(place.offset), length),
            prev_hash: None,
            hidden: false,
            findings: Vec::new(),
            removed,
        })
    }

    fn frames_read(&self) -> u64 {
        self.frames_read.load(Ordering::Relaxed)
    }

    fn forget(&self) {
        self.open.lock().by_name.clear();
    }
}

/// What is left of a removed event, shown as an event without payload.
fn removed_event(stub: Stub) -> RawEvent {
    let position = DagPosition::child(stub.stream_sequence);
    let correlation = CorrelationId::from(stub.event_id);
    let mut header =
        EventHeader::new_typed(stub.event_id, correlation, None, 0, position, 0, EventKind::TOMBSTONE);
    header.content_hash = stub.content_hash;
    RawEvent {
        global_sequence: stub.global_sequence,
        coordinate: Coordinate::from_log(stub.entity.into(), "".into()),
        header,
        extensions: Extensions::new(),
        payload_form: 0,
        payload: Vec::new(),
        event_hash: stub.event_hash,
    }
}
