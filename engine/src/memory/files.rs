//! Owns reading frames out of segments: the files that are open for it, and a window of bytes read ahead.

use std::collections::HashMap;

use crate::disk::frame::{self, FrameError, Record, Stub};
use crate::disk::segment::SegmentName;
use crate::disk::storage::{Directory, File};
use crate::memory::selection::Place;
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::event::{EventHeader, Extensions, RawEvent, Removal};
use crate::words::id::CorrelationId;
use crate::words::kind::EventKind;
use crate::words::position::DagPosition;
use crate::words::sync::{Arc, AtomicU64, Mutex, Ordering};

/// Bytes read at once for a single event.
const SINGLE_READ: usize = 4 * 1024;
/// Bytes read at once when many events are read in order.
const AHEAD_READ: usize = 256 * 1024;

/// An event as its source has it.
#[derive(Clone, Debug)]
pub(crate) struct Sourced {
    pub(crate) event: RawEvent,
    /// The file it lies in.
    pub(crate) segment: String,
    pub(crate) offset: u64,
    pub(crate) length: u32,
    /// Stored by sources that keep it; derived otherwise.
    pub(crate) prev_hash: Option<[u8; 32]>,
    /// The program that wrote it hides it.
    pub(crate) hidden: bool,
    /// What is damaged or odd about it.
    pub(crate) findings: Vec<String>,
    /// Set if this is what compaction left of the event.
    pub(crate) removed: Option<Removal>,
}

impl Sourced {
    /// The type tag that the event was appended with.
    pub(crate) fn kind(&self) -> EventKind {
        self.removed.map_or(self.event.header.event_kind, |removal| removal.kind)
    }
}

/// Where events are read from: our own segments, or a directory of another format.
pub(crate) trait EventSource: std::fmt::Debug + Send + Sync {
    /// Reads the event at a place. `window` holds what was read before.
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

/// Bytes of a segment that were read together.
#[derive(Debug)]
pub(crate) struct Window {
    segment: Option<SegmentName>,
    start: u64,
    bytes: Vec<u8>,
    ahead: usize,
}

impl Window {
    /// For one event.
    pub(crate) fn single() -> Self {
        Self { segment: None, start: 0, bytes: Vec::new(), ahead: SINGLE_READ }
    }

    /// For many events in order.
    pub(crate) fn ahead() -> Self {
        Self { ahead: AHEAD_READ, ..Self::single() }
    }

    fn held(&self, place: Place, len: usize) -> Option<&[u8]> {
        if self.segment != Some(place.segment) {
            return None;
        }
        let at = u64::from(place.offset).checked_sub(self.start)? as usize;
        self.bytes.get(at..at.checked_add(len)?)
    }

    /// `len` bytes at a place, from the window or from the file.
    fn bytes_at(&mut self, file: &dyn File, place: Place, len: usize) -> Result<&[u8], StoreError> {
        if self.held(place, len).is_none() {
            self.segment = None;
            self.bytes.resize(len.max(self.ahead), 0);
            let read = file.read_at(&mut self.bytes, u64::from(place.offset))?;
            self.bytes.truncate(read);
            self.start = u64::from(place.offset);
            self.segment = Some(place.segment);
        }
        let available = self.bytes.len();
        self.held(place, len).ok_or_else(|| {
            let needed = len as u64;
            FrameError::Truncated { needed, available: available as u64 }
                .at(place.segment.first, u64::from(place.offset))
        })
    }
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
    by_name: HashMap<SegmentName, (Arc<dyn File>, u64)>,
    tick: u64,
}

impl SegmentFiles {
    pub(crate) fn new(directory: Arc<dyn Directory>, budget: usize) -> Self {
        Self { directory, budget, open: Mutex::new(Files::default()), frames_read: AtomicU64::new(0) }
    }

    fn file(&self, name: SegmentName) -> Result<Arc<dyn File>, StoreError> {
        let mut files = self.open.lock();
        files.tick += 1;
        let tick = files.tick;
        if let Some((file, used)) = files.by_name.get_mut(&name) {
            *used = tick;
            return Ok(Arc::clone(file));
        }
        if files.by_name.len() >= self.budget {
            let oldest = files.by_name.iter().min_by_key(|(_, (_, used))| *used).map(|(name, _)| *name);
            oldest.and_then(|name| files.by_name.remove(&name));
        }
        let file = self.directory.open(&name.to_string())?;
        files.by_name.insert(name, (Arc::clone(&file), tick));
        Ok(file)
    }

    pub(crate) fn count_frames(&self, count: u64) {
        self.frames_read.fetch_add(count, Ordering::Relaxed);
    }
}

impl EventSource for SegmentFiles {
    fn read(&self, place: Place, window: &mut Window) -> Result<Sourced, StoreError> {
        let file = self.file(place.segment)?;
        let at = |error: FrameError| error.at(place.segment.first, u64::from(place.offset));
        let word = window.bytes_at(&*file, place, 4)?.first_chunk::<4>().copied().unwrap_or_default();
        let length = frame::frame_len(word).map_err(at)?;
        let bytes = window.bytes_at(&*file, place, length as usize)?;
        self.count_frames(1);
        let (event, removed) = match frame::decode(bytes).map_err(at)? {
            Record::Event(view) => (view.to_raw(0), None),
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
            segment: place.segment.to_string(),
            offset: u64::from(place.offset),
            length,
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
