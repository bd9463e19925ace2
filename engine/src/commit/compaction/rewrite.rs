//! Owns writing the next generation of a run of segments: what is kept is copied byte for byte, what is not becomes a stub.
//!
//! Invariants:
//! - memory is bounded by what one segment's index takes, however many segments there are;
//! - a draft has its name, and counts, only when somebody gives it that; it was synced and read back before.

use std::collections::BTreeSet;
use std::io;
use std::ops::Range;

use crate::disk::frame::{self, FrameError, Mark, MarkPurpose, Record, Stub};
use crate::disk::segment::{SegmentHeader, SegmentName, TEMPORARY_SUFFIX, create_temporary};
use crate::disk::storage::{Directory, File};
use crate::memory::live::LivePart;
use crate::memory::sealed::SealedHeader;
use crate::memory::shared::Shared;
use crate::memory::survey::{Segment, remade_index};
use crate::memory::walk::{Tail, walk_past_damage};
use crate::words::catalogue::KindDescription;
use crate::words::config::SyncMode;
use crate::words::error::StoreError;
use crate::words::event::RemovalReason;
use crate::words::finding::{Finding, FindingClass};
use crate::words::kind::EventKind;
use crate::words::sync::Arc;

/// Bytes that are copied or written at once.
const STEP_BYTES: usize = 256 * 1024;

/// Says of the event at a sequence whether it is kept.
pub(crate) type Keeps<'k> = dyn FnMut(u64) -> Result<bool, StoreError> + 'k;

/// What all segments of one compaction have in common.
pub(super) struct Rewriting<'a> {
    pub(super) shared: &'a Shared,
    pub(super) directory: &'a dyn Directory,
    /// What becomes of an event that is not kept; `None` if all are.
    pub(super) reason: Option<RemovalReason>,
    /// Generation of what is written, greater than that of any source.
    pub(super) generation: u32,
    /// Segments are merged up to this length.
    pub(super) limit_bytes: u64,
}

/// A segment that is to be rewritten, and the exclusive end of its events.
pub(super) struct Source {
    pub(super) segment: Segment,
    pub(super) end: u64,
}

/// What is to be done with one frame; every other byte is copied.
struct Edit {
    offset: u64,
    len: u32,
    change: Change,
}

enum Change {
    /// The event becomes a stub.
    Remove,
    /// A mark is left out: the new segment ends with one of its own.
    LeaveOut,
    /// A description is left out if the new segment has it already.
    Describe(Box<KindDescription>),
}

/// A segment that was looked through.
pub(super) struct Examined {
    source: Source,
    edits: Vec<Edit>,
    /// Where the bytes to copy end.
    copy_end: u64,
    removed_events: u64,
    /// Bad spots; a segment that has some is not merged with others.
    spots: u64,
    print: Fingerprint,
}

/// What identifies the places of a run of events and what stands there, in whatever segments they lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Fingerprint(u128);

impl Fingerprint {
    fn add(&mut self, record: &Record<'_>) {
        let mut hasher = blake3::Hasher::new();
        let mut said = |sequence: u64, clock: u32, id: u128, entity: &str, hashes: [&[u8; 32]; 2]| {
            hasher.update(&sequence.to_le_bytes()).update(&clock.to_le_bytes()).update(&id.to_le_bytes());
            hasher.update(hashes[0]).update(hashes[1]).update(entity.as_bytes());
        };
        match record {
            Record::Event(view) => said(
                view.global_sequence,
                view.stream_sequence,
                view.event_id.into(),
                view.entity,
                [view.content_hash, view.event_hash],
            ),
            Record::Stub(stub) => said(
                stub.global_sequence,
                stub.stream_sequence,
                stub.event_id.into(),
                &stub.entity,
                [&stub.content_hash, &stub.event_hash],
            ),
            Record::Catalogue { .. } | Record::Mark(_) => return,
        }
        let print = hasher.finalize().as_bytes().first_chunk().copied().map_or(0, u128::from_le_bytes);
        self.0 = self.0.wrapping_add(print);
    }
}

/// Looks a segment through and asks for each event whether it is kept.
pub(super) fn examine(
    rewriting: &Rewriting<'_>,
    source: Source,
    keeps: &mut Keeps<'_>,
) -> Result<Examined, StoreError> {
    let segment = &source.segment;
    let mut scratch = LivePart::new(segment.name, segment.name.first, i64::MIN);
    let mut tail = Tail::start(segment);
    let (mut edits, mut removed_events) = (Vec::new(), 0);
    let mut print = Fingerprint::default();
    let mut asked = Ok(());
    let seen = &mut |offset, len, record: &Record<'_>| {
        print.add(record);
        let change = match record {
            Record::Event(view) if rewriting.reason.is_some() && may_go(view.kind) && asked.is_ok() => {
                let kept = keeps(view.global_sequence).unwrap_or_else(|error| {
                    asked = Err(error);
                    true
                });
                removed_events += u64::from(!kept);
                (!kept).then_some(Change::Remove)
            }
            Record::Event(_) | Record::Stub(_) => None,
            Record::Catalogue { description, .. } => Some(Change::Describe(Box::new(description.clone()))),
            Record::Mark(_) => Some(Change::LeaveOut),
        };
        edits.extend(change.map(|change| Edit { offset, len, change }));
    };
    let spots = walk_past_damage(segment, &mut tail, &mut scratch, Some(source.end), seen)?.count;
    asked?;
    let spots = spots + u64::from(spots == 0 && scratch.end() != source.end);
    let mut copy_end = tail.end_bytes;
    if spots > 0 {
        // Where something is damaged, everything but what is removed stays as it stands.
        edits.retain(|edit| matches!(edit.change, Change::Remove));
        copy_end = segment.len_bytes;
    }
    Ok(Examined { source, edits, copy_end, removed_events, spots, print })
}

/// The store's own events are never removed: they say what happened to the log.
fn may_go(kind: EventKind) -> bool {
    !kind.is_system()
}

impl Examined {
    /// What is damaged.
    pub(super) fn damage(&self) -> Option<Finding> {
        let (name, spots) = (self.source.segment.name, self.spots);
        let message =
            format!("the segment is damaged in {spots} places, and compaction kept them as they stand");
        (spots > 0).then(|| Finding::new(FindingClass::Frame, message).in_file(name))
    }
}

/// Segments that become one.
pub(super) struct Run<'a> {
    rewriting: &'a Rewriting<'a>,
    /// Not written yet: a segment that stays alone and loses nothing is left as it stands.
    waiting: Option<Examined>,
    output: Option<Output<'a>>,
    sources: Vec<Segment>,
    end: u64,
    bytes: u64,
    spots: u64,
    removed_events: u64,
    print: Fingerprint,
}

impl<'a> Run<'a> {
    pub(super) fn begin(rewriting: &'a Rewriting<'a>, first: Examined) -> Self {
        Self {
            rewriting,
            end: first.source.end,
            bytes: first.source.segment.len_bytes,
            spots: first.spots,
            removed_events: 0,
            print: Fingerprint::default(),
            waiting: Some(first),
            output: None,
            sources: Vec::new(),
        }
    }

    /// True if a segment can be merged with those before it. Recoveries and forks stay where they were: epoch and store id are those of
    /// a whole segment.
    pub(super) fn takes(&self, next: &Examined) -> bool {
        let segment = &next.source.segment;
        let newest = self.waiting.as_ref().map(|waiting| &waiting.source.segment).or(self.sources.last());
        self.spots + next.spots == 0
            && self.end == segment.name.first
            && segment.header.parent.is_none()
            && newest.is_some_and(|newest| {
                newest.header.store_id == segment.header.store_id
                    && newest.header.epoch == segment.header.epoch
            })
            && self.bytes + segment.len_bytes <= self.rewriting.limit_bytes
    }

    pub(super) fn add(&mut self, next: Examined) -> Result<(), StoreError> {
        self.end = next.source.end;
        self.bytes += next.source.segment.len_bytes;
        let waiting = self.waiting.take();
        waiting.into_iter().chain([next]).try_for_each(|source| self.write(source))
    }

    /// The draft of the new segment; `None` if nothing changes.
    pub(super) fn finish(mut self) -> Result<Option<Draft>, StoreError> {
        if let Some(alone) = self.waiting.take_if(|waiting| waiting.removed_events > 0) {
            self.write(alone)?;
        }
        let Some(mut output) = self.output.take() else { return Ok(None) };
        if self.spots == 0 {
            let mark = Mark { synced_through: self.end, purpose: MarkPurpose::Sealed };
            output.push(|bytes| mark.encode(bytes))?;
        }
        let segment = output.finish(self.end)?;
        let mut draft = Draft {
            segment,
            sources: std::mem::take(&mut self.sources),
            end: self.end,
            largest_time_before: i64::MIN,
            removed_events: self.removed_events,
        };
        let read_back = self.read_back(&mut draft);
        if let Err(error) = read_back {
            draft.discard(self.rewriting.directory);
            return Err(error);
        }
        Ok(Some(draft))
    }

    /// Copies a segment behind those before it.
    fn write(&mut self, examined: Examined) -> Result<(), StoreError> {
        let Examined { source: Source { segment, .. }, edits, copy_end, removed_events, print, .. } =
            examined;
        let output = match &mut self.output {
            Some(output) => output,
            None => self.output.insert(Output::create(self.rewriting, &segment)?),
        };
        let mut at = segment.frames_at;
        for edit in edits {
            output.copy(&*segment.file, at..edit.offset)?;
            at = edit.offset + u64::from(edit.len);
            match (edit.change, self.rewriting.reason) {
                (Change::LeaveOut, _) => {}
                (Change::Describe(description), _) if output.described.contains(&*description) => {}
                (Change::Describe(description), _) => {
                    output.described.insert(*description);
                    output.copy(&*segment.file, edit.offset..at)?;
                }
                (Change::Remove, Some(reason)) => {
                    let stub = stub(&segment, edit.offset, edit.len, reason)?;
                    output.push(|bytes| stub.encode(bytes))?;
                }
                (Change::Remove, None) => output.copy(&*segment.file, edit.offset..at)?,
            }
        }
        output.copy(&*segment.file, at..copy_end)?;
        self.removed_events += removed_events;
        self.print.0 = self.print.0.wrapping_add(print.0);
        self.sources.push(segment);
        Ok(())
    }

    /// Reads the new segment from its first frame to its last, compares it with its sources and writes its index.
    fn read_back(&self, draft: &mut Draft) -> Result<(), StoreError> {
        let (directory, name) = (self.rewriting.directory, draft.name());
        draft.largest_time_before = self.rewriting.shared.index.largest_time_before(name.first)?;
        let mut print = Fingerprint::default();
        let mut damage = Vec::new();
        let seen = &mut |_, _, record: &Record<'_>| print.add(record);
        let time = draft.largest_time_before;
        let (index, _) = remade_index(&draft.segment, time, Some(self.end), &mut damage, seen)?;
        let file = create_temporary(directory, &draft.temporary_index_name())?;
        file.write_at(&index, 0)?;
        file.sync(SyncMode::SyncAll)?;
        let end = SealedHeader::read(&*file).map(|header| header.end);
        if print != self.print || end != Some(self.end) || damage.is_empty() != (self.spots == 0) {
            let detail = format!("{name} does not read back as what it was made of");
            return Err(StoreError::CorruptSegment { segment_id: name.first, detail });
        }
        Ok(())
    }
}

/// What is left of the event in a frame.
fn stub(segment: &Segment, offset: u64, len: u32, reason: RemovalReason) -> Result<Stub, StoreError> {
    let mut bytes = vec![0; len as usize];
    let read = segment.file.read_at(&mut bytes, offset)?;
    let at = |error: FrameError| error.at(segment.name.first, offset);
    match frame::decode(bytes.get(..read).unwrap_or_default()).map_err(at)? {
        Record::Event(view) => Ok(Stub {
            reason,
            global_sequence: view.global_sequence,
            stream_sequence: view.stream_sequence,
            event_id: view.event_id,
            kind: view.kind,
            content_hash: *view.content_hash,
            event_hash: *view.event_hash,
            entity: view.entity.to_owned(),
        }),
        Record::Stub(stub) => Ok(stub),
        Record::Catalogue { .. } | Record::Mark(_) => {
            Err(at(FrameError::Malformed("an event stood here a moment ago")))
        }
    }
}

/// A segment that is being written under its temporary name. If it is not finished it is removed.
struct Output<'a> {
    directory: &'a dyn Directory,
    header: SegmentHeader,
    frames_at: u64,
    file: Arc<dyn File>,
    /// Where the buffered bytes go.
    at: u64,
    buffer: Vec<u8>,
    described: BTreeSet<KindDescription>,
    is_finished: bool,
}

impl<'a> Output<'a> {
    /// Begins the segment of which `first` is the first source.
    fn create(rewriting: &Rewriting<'a>, first: &Segment) -> Result<Self, StoreError> {
        let header = SegmentHeader {
            generation: rewriting.generation,
            created_us: rewriting.shared.clock.0.now_us(),
            replaced: Some((first.name.first, first.name.first + 1)),
            boot: rewriting.directory.boot(),
            ..first.header.clone()
        };
        let file = create_temporary(rewriting.directory, &header.name().temporary_name())?;
        let frames_at = header.encode().len() as u64;
        Ok(Self {
            directory: rewriting.directory,
            header,
            frames_at,
            file,
            at: frames_at,
            buffer: Vec::with_capacity(2 * STEP_BYTES),
            described: BTreeSet::new(),
            is_finished: false,
        })
    }

    /// Adds bytes at the end.
    fn push(&mut self, add: impl FnOnce(&mut Vec<u8>)) -> Result<(), StoreError> {
        add(&mut self.buffer);
        if self.buffer.len() >= STEP_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Adds bytes of another file at the end.
    fn copy(&mut self, from: &dyn File, range: Range<u64>) -> Result<(), StoreError> {
        let mut at = range.start;
        while at < range.end {
            let held = self.buffer.len();
            let step = (range.end - at).min(STEP_BYTES as u64);
            self.buffer.resize(held + step as usize, 0);
            let read = from.read_at(self.buffer.get_mut(held..).unwrap_or_default(), at)?;
            if (read as u64) < step {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            at += step;
            self.push(|_| {})?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.file.write_at(&self.buffer, self.at)?;
        self.at += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the header, which says that everything before `end` is replaced, and makes the segment durable.
    fn finish(mut self, end: u64) -> Result<Segment, StoreError> {
        self.flush()?;
        self.header.replaced = Some((self.header.first_sequence, end));
        self.file.write_at(&self.header.encode(), 0)?;
        self.file.sync(SyncMode::SyncAll)?;
        self.is_finished = true;
        Ok(Segment {
            name: self.header.name(),
            file: Arc::clone(&self.file),
            len_bytes: self.at,
            header: self.header.clone(),
            frames_at: self.frames_at,
            guessed: false,
        })
    }
}

impl Drop for Output<'_> {
    fn drop(&mut self) {
        if !self.is_finished {
            // What stays is removed at the next writable opening.
            let _ = self.directory.remove(&self.header.name().temporary_name());
        }
    }
}

/// A new segment that has no name yet.
pub(super) struct Draft {
    pub(super) segment: Segment,
    /// What it replaces, in order.
    pub(super) sources: Vec<Segment>,
    /// Exclusive end of its events.
    pub(super) end: u64,
    /// Greatest time before it.
    pub(super) largest_time_before: i64,
    pub(super) removed_events: u64,
}

impl Draft {
    pub(super) fn name(&self) -> SegmentName {
        self.segment.name
    }

    pub(super) fn temporary_index_name(&self) -> String {
        format!("{}{TEMPORARY_SUFFIX}", self.name().index_name())
    }

    /// Removes the files that have no name yet. What stays is removed at the next writable opening.
    pub(super) fn discard(&self, directory: &dyn Directory) {
        for name in [self.name().temporary_name(), self.temporary_index_name()] {
            let _ = directory.remove(&name);
        }
    }
}
