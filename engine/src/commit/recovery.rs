//! Owns opening for writing: what a crash left is examined, cut or kept, and the segment that grows is found or made.
//!
//! Invariants:
//! - nothing below the durable floor is ever cut; what is cut was copied to quarantine and synced before;
//! - an epoch lasts as long as it is certain that nothing written in it was lost: no two events ever have the same epoch and sequence;
//! - when it returns, everything that can be read is on stable storage.

use std::ops::Range;
use std::path::Path;

use crate::commit::active::{ActiveSegment, Grown};
use crate::commit::poison::Poison;
use crate::commit::seal::store;
use crate::disk::frame::MarkPurpose;
use crate::disk::segment::{
    SegmentHeader, SegmentName, StoreId, TEMPORARY_SUFFIX, create_segment, create_temporary, replace_segment,
};
use crate::disk::storage::{BootId, Directory, File};
use crate::memory::cache::SectionCache;
use crate::memory::index::Index;
use crate::memory::lineage::Lineage;
use crate::memory::live::LivePart;
use crate::memory::lost::{cut_short, floor_behind};
use crate::memory::sealed::{Ending, SealedPart};
use crate::memory::survey::{
    Segment, Survey, closed_index, lineage, missing_events, rebuilt_index, stored_index, survey,
};
use crate::memory::walk::{Tail, walk};
use crate::words::config::{StoreConfig, SyncMode};
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};
use crate::words::planted::PlantedBug;
use crate::words::report::{OpenIndexPath, OpenReport};
use crate::words::sync::Arc;

/// Directory of what recovery cut off.
pub(crate) const QUARANTINE: &str = "quarantine";
/// Bytes of a segment that are copied at once.
const STEP_BYTES: u64 = 1024 * 1024;

/// A log that is ready to grow.
#[derive(Debug)]
pub(crate) struct Recovered {
    pub(crate) index: Index,
    pub(crate) active: ActiveSegment,
    pub(crate) next_sequence: u64,
    pub(crate) largest_time: i64,
    pub(crate) last: ([u8; 32], u32),
    /// The last event says that the store was closed.
    pub(crate) closed_by_event: bool,
    pub(crate) lineage: Lineage,
    pub(crate) report: OpenReport,
}

/// The parts of a log before the segment that grows.
struct Sealed<'a> {
    directory: &'a dyn Directory,
    config: &'a StoreConfig,
    cache: &'a Arc<SectionCache>,
    poison: &'a Arc<Poison>,
    boot: Option<BootId>,
    parts: Vec<Arc<SealedPart>>,
    largest_time: i64,
    lineage: Lineage,
    report: OpenReport,
}

/// Opens the log in `directory`, whose lock the caller holds.
pub(crate) fn recover(
    directory: &dyn Directory,
    path: &Path,
    config: &StoreConfig,
    cache: &Arc<SectionCache>,
    poison: &Arc<Poison>,
) -> Result<Recovered, StoreError> {
    let survey = survey(directory, path)?;
    if let Some(reason) = survey.lost_itself() {
        return Err(StoreError::DataDirMalformed { path: path.to_path_buf(), reason });
    }
    let Survey { mut segments, superseded, leftovers, findings, .. } = survey;
    if !superseded.is_empty() {
        // Whoever compacted may have died before the names of the new segments were durable.
        directory.sync()?;
    }
    for name in superseded.iter().map(SegmentName::to_string).chain(leftovers) {
        directory.remove(&name)?;
    }
    let mut sealed = Sealed {
        directory,
        config,
        cache,
        poison,
        boot: directory.boot(),
        parts: Vec::new(),
        largest_time: i64::MIN,
        lineage: lineage(&segments),
        report: OpenReport { findings, ..OpenReport::default() },
    };
    let Some(last) = segments.pop() else { return sealed.begin_store() };
    let firsts = segments.iter().skip(1).map(|segment| segment.name.first).chain([last.name.first]);
    let ends: Vec<u64> = firsts.collect();
    for (segment, end) in segments.iter().zip(ends) {
        sealed.add(segment, Some(end))?;
    }
    sealed.open_last(&last)
}

impl Sealed<'_> {
    /// Adds the index of a segment that is not written any more; makes it anew where it is missing.
    fn add(&mut self, segment: &Segment, end: Option<u64>) -> Result<(), StoreError> {
        let part = match stored_index(self.directory, segment, self.largest_time, end, self.cache) {
            Some(part) => part,
            None => self.rebuild(segment, end)?,
        };
        self.largest_time = self.largest_time.max(part.header.times.1);
        self.parts.push(Arc::new(part));
        Ok(())
    }

    fn rebuild(&mut self, segment: &Segment, end: Option<u64>) -> Result<SealedPart, StoreError> {
        let (part, bytes, frames) =
            rebuilt_index(segment, self.largest_time, end, self.cache, &mut self.report.findings)?;
        self.report.frames_read += frames;
        // The index is a hint: reading goes on from memory where it cannot be stored.
        let _ = store(self.directory, &segment.name.index_name(), &bytes);
        Ok(part)
    }

    /// The first segment of a store that does not exist yet.
    fn begin_store(self) -> Result<Recovered, StoreError> {
        let header = SegmentHeader {
            store_id: StoreId(*uuid::Uuid::new_v4().as_bytes()),
            epoch: 1,
            first_sequence: 0,
            generation: 0,
            created_us: self.config.clock().now_us(),
            replaced: None,
            parent: None,
            boot: self.boot,
        };
        self.continue_in(header, 0, ([0; 32], 0))
    }

    /// Begins a new segment behind everything that is there.
    fn continue_in(
        self,
        header: SegmentHeader,
        next_sequence: u64,
        last: ([u8; 32], u32),
    ) -> Result<Recovered, StoreError> {
        let born = create_segment(self.directory, &header)?;
        self.begin(header, born, next_sequence, last)
    }

    /// Begins a segment that has just got its name.
    fn begin(
        self,
        header: SegmentHeader,
        born: (Arc<dyn File>, u64),
        next_sequence: u64,
        last: ([u8; 32], u32),
    ) -> Result<Recovered, StoreError> {
        let limit = self.config.rotation_bytes();
        let active = ActiveSegment::begin(self.directory, header, born, limit, self.poison)?;
        let live = LivePart::new(active.name(), next_sequence, self.largest_time);
        Ok(self.finish(active, live, last))
    }

    fn finish(mut self, active: ActiveSegment, live: LivePart, last: ([u8; 32], u32)) -> Recovered {
        let next_sequence = live.end();
        self.report.events = next_sequence;
        self.lineage.take_in(&active.header);
        let largest_time = self.largest_time.max(live.largest_time);
        let index = Index::new(self.parts, live);
        for gap in index.missing() {
            self.report.damaged_events += gap.end - gap.start;
            self.report.findings.push(missing_events(&gap));
        }
        Recovered {
            index,
            active,
            next_sequence,
            largest_time,
            last,
            closed_by_event: false,
            lineage: self.lineage,
            report: self.report,
        }
    }

    /// Opens the newest segment: by its index if the store was closed cleanly, by its frames otherwise.
    fn open_last(mut self, segment: &Segment) -> Result<Recovered, StoreError> {
        let closed = closed_index(self.directory, segment, self.largest_time, self.cache);
        if let Some(part) = closed {
            (self.report.clean, self.report.path) = (true, OpenIndexPath::Checkpoint);
            let ending = part.header.ending;
            self.largest_time = self.largest_time.max(part.header.times.1);
            let last = (part.header.last_hash, part.header.last_clock);
            let (end_bytes, end) = (part.header.segment_bytes, part.header.end);
            let described = part.catalogue()?;
            self.parts.push(Arc::new(part));
            let file = self.directory.open_writable(&segment.name.to_string())?;
            let mut active = self.adopt(segment, file, (end_bytes, end_bytes));
            active.described.extend(described.iter().map(|kind| (kind.kind, kind.version)));
            let live = LivePart::new(segment.name, end, self.largest_time);
            let mut recovered = self.finish(active, live, last);
            recovered.closed_by_event = ending == Ending::ClosedByEvent;
            return Ok(recovered);
        }
        // Whoever began the segment may have died before its name was durable.
        self.directory.sync()?;
        let mut live = LivePart::new(segment.name, segment.name.first, self.largest_time);
        let mut tail = Tail::start(segment);
        walk(&*segment.file, &mut tail, &mut live, &mut |_, _, _| {})?;
        self.report.frames_read += tail.frames;
        let Some((_, reason)) = tail.bad.clone() else {
            if segment.guessed {
                return self.leave_damaged(segment, "its header cannot be read");
            }
            self.report.findings.extend(cut_short(self.directory, segment, tail.next_sequence));
            return match tail.ends_with {
                Some(MarkPurpose::Sealed) => self.go_on_behind(segment, &tail, &live),
                Some(MarkPurpose::Closed) => self.resume(segment, &tail, live),
                None if self.is_still_running(segment) => self.resume(segment, &tail, live),
                None => self.end_here(segment, &tail, &live),
            };
        };
        let floor = floor_behind(segment, &tail)?;
        if floor > tail.next_sequence || segment.guessed {
            return self.leave_damaged(segment, &reason);
        }
        if PlantedBug::TornTailLeft.is_planted() {
            return self.resume(segment, &tail, live);
        }
        self.report.findings.extend(cut_short(self.directory, segment, tail.next_sequence));
        self.set_aside(segment, tail.end_bytes)?;
        let torn = Finding::new(FindingClass::Recovered, format!("the log was torn: {reason}"));
        self.report.findings.push(torn.in_file(segment.name).at(tail.end_bytes).of_event(tail.next_sequence));
        self.end_here(segment, &tail, &live)
    }

    /// True if the operating system in which the segment was begun still runs: whatever was written to it since is there.
    fn is_still_running(&self, segment: &Segment) -> bool {
        self.boot.is_some() && self.boot == segment.header.boot
    }

    fn adopt(
        &self,
        segment: &Segment,
        file: Arc<dyn File>,
        (end_bytes, allocated_bytes): (u64, u64),
    ) -> ActiveSegment {
        let grown = Grown { file, frames_at: segment.frames_at, end_bytes, allocated_bytes };
        ActiveSegment::adopt(segment.header.clone(), grown, self.config.rotation_bytes(), self.poison)
    }

    /// Goes on writing where the frames end.
    fn resume(self, segment: &Segment, tail: &Tail, live: LivePart) -> Result<Recovered, StoreError> {
        let file = self.directory.open_writable(&segment.name.to_string())?;
        make_durable(&*file, segment, tail, &live)?;
        let allocated_bytes = segment.len_bytes.max(tail.end_bytes);
        let mut active = self.adopt(segment, file, (tail.end_bytes, allocated_bytes));
        active.described.extend(live.catalogue.iter().map(|kind| (kind.kind, kind.version)));
        Ok(self.finish(active, live, tail.last))
    }

    /// The newest segment was ended and the next was not begun. If a recovery cut it, that was not told to anybody yet: the next segment
    /// has the next epoch in any case.
    fn go_on_behind(
        mut self,
        segment: &Segment,
        tail: &Tail,
        live: &LivePart,
    ) -> Result<Recovered, StoreError> {
        let file = self.directory.open_writable(&segment.name.to_string())?;
        make_durable(&*file, segment, tail, live)?;
        file.set_len(tail.end_bytes)?;
        file.sync(SyncMode::SyncAll)?;
        let ended = Segment { len_bytes: tail.end_bytes, ..segment.clone() };
        self.add(&ended, Some(tail.next_sequence))?;
        let header = self.next_header(segment, tail.next_sequence);
        self.continue_in(header, tail.next_sequence, tail.last)
    }

    /// Bytes below the durable floor are damaged: nothing is cut, and writing goes on in a new segment.
    fn leave_damaged(mut self, segment: &Segment, reason: &str) -> Result<Recovered, StoreError> {
        let message = format!("the segment is damaged below what was synced: {reason}");
        self.report.findings.push(Finding::new(FindingClass::Frame, message).in_file(segment.name));
        // What can be read of it may have been written and never synced.
        self.directory.open_writable(&segment.name.to_string())?.sync(SyncMode::SyncAll)?;
        let part = self.rebuild(segment, None)?;
        if part.header.end == segment.name.first {
            self.set_aside(segment, 0)?;
            return self.begin_again(segment, (part.header.last_hash, part.header.last_clock));
        }
        let offsets = part.section(crate::memory::sealed::Tag::Offsets)?;
        let holes = offsets.chunks_exact(4).filter(|offset| offset.iter().all(|byte| *byte == 0)).count();
        self.report.damaged_events += holes as u64;
        self.largest_time = self.largest_time.max(part.header.times.1);
        let (end, last) = (part.header.end, (part.header.last_hash, part.header.last_clock));
        self.parts.push(Arc::new(part));
        let header = self.next_header(segment, end);
        self.continue_in(header, end, last)
    }

    /// What was written last may be lost: it was torn and is in quarantine, or a power cut took it without a trace. The segment ends
    /// where its frames do, and the next one has the next epoch.
    fn end_here(self, segment: &Segment, tail: &Tail, live: &LivePart) -> Result<Recovered, StoreError> {
        if tail.next_sequence == segment.name.first {
            return self.begin_again(segment, tail.last);
        }
        let file = self.directory.open_writable(&segment.name.to_string())?;
        make_durable(&*file, segment, tail, live)?;
        // The mark is durable before torn bytes are cut: a crash in between finds the segment ended, or torn as before, and never cut
        // without a word.
        let mut ended = self.adopt(segment, file, (tail.end_bytes, segment.len_bytes));
        ended.mark(tail.next_sequence, MarkPurpose::Sealed, SyncMode::SyncAll)?;
        let end = Tail { end_bytes: ended.end_bytes, ..tail.clone() };
        self.go_on_behind(segment, &end, live)
    }

    /// No event can be read in the newest segment: it is in quarantine, and a new one takes its name. It begins where the old one did,
    /// so that the parent of a fork stays known.
    fn begin_again(self, segment: &Segment, last: ([u8; 32], u32)) -> Result<Recovered, StoreError> {
        let first = segment.name.first;
        let header = SegmentHeader { parent: segment.header.parent, ..self.next_header(segment, first) };
        let born = replace_segment(self.directory, &header)?;
        if header.name() != segment.name {
            self.directory.remove(&segment.name.to_string())?;
        }
        self.begin(header, born, first, last)
    }

    /// The header of a segment behind another one, in the next epoch.
    fn next_header(&self, segment: &Segment, first_sequence: u64) -> SegmentHeader {
        SegmentHeader {
            epoch: segment.header.epoch.saturating_add(1),
            first_sequence,
            generation: 0,
            created_us: self.config.clock().now_us(),
            replaced: None,
            parent: None,
            boot: self.boot,
            ..segment.header.clone()
        }
    }

    /// Copies the bytes from `from` on to quarantine, and tells of it.
    fn set_aside(&mut self, segment: &Segment, from: u64) -> Result<(), StoreError> {
        let (name, bytes) = self.quarantine(segment, from)?;
        let message = format!("{bytes} bytes at the end were moved to {QUARANTINE}/{name}");
        let moved = Finding::new(FindingClass::Recovered, message);
        self.report.findings.push(moved.in_file(segment.name).at(from));
        self.report.cut_bytes = bytes;
        self.report.quarantined = Some(format!("{QUARANTINE}/{name}"));
        Ok(())
    }

    /// Copies the bytes from `from` on, without the zeros at their end, to a file of their own. Holds no more of them than one step.
    fn quarantine(&self, segment: &Segment, from: u64) -> Result<(String, u64), StoreError> {
        let (file, mut end) = (&*segment.file, from);
        let mut data = file.next_data(from)?;
        while data < segment.len_bytes {
            let step = data..segment.len_bytes.min(data + STEP_BYTES);
            in_steps(file, step.clone(), |at, bytes| {
                if let Some(last) = bytes.iter().rposition(|byte| *byte != 0) {
                    end = at + last as u64 + 1;
                }
                Ok(())
            })?;
            // What the file system knows to be a hole need not be read.
            data = file.next_data(step.end)?;
        }
        let mut hasher = blake3::Hasher::new();
        in_steps(file, from..end, |_, bytes| {
            hasher.update(bytes);
            Ok(())
        })?;
        let name = format!("{}-{from}-{}.bin", segment.name, hasher.finalize().to_hex());
        let directory = self.directory.create_subdirectory(QUARANTINE)?;
        // It has its name when it is whole and durable: a crash leaves no file that says of itself what it does not hold.
        let temporary = format!("{name}{TEMPORARY_SUFFIX}");
        let kept = create_temporary(&*directory, &temporary)?;
        in_steps(file, from..end, |at, bytes| Ok(kept.write_at(bytes, at - from)?))?;
        kept.sync(SyncMode::SyncAll)?;
        directory.rename_over(&temporary, &name)?;
        directory.sync()?;
        self.directory.sync()?;
        Ok((name, end - from))
    }
}

/// Makes what was read durable. What no group records as synced is written once more before: pages that a failed sync of the process
/// before left clean are dirty again then. Groups tell of events, and not of a mark behind them: so that is from the last synced event on.
fn make_durable(file: &dyn File, segment: &Segment, tail: &Tail, live: &LivePart) -> Result<(), StoreError> {
    let synced = tail.synced_through.saturating_sub(live.first) as usize;
    let from = match synced.checked_sub(1) {
        Some(last) => live.offsets.get(last).map_or(tail.end_bytes, |offset| u64::from(*offset)),
        None => segment.frames_at,
    };
    rewrite(file, from, tail.end_bytes)
}

/// Writes the same bytes once more, and syncs.
fn rewrite(file: &dyn File, from: u64, to: u64) -> Result<(), StoreError> {
    in_steps(file, from..to, |at, bytes| Ok(file.write_at(bytes, at)?))?;
    file.sync(SyncMode::SyncAll)?;
    Ok(())
}

/// Shows the bytes of a range, one step after the other, each with its offset.
fn in_steps(
    file: &dyn File,
    range: Range<u64>,
    mut show: impl FnMut(u64, &[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut bytes = vec![0; (range.end.saturating_sub(range.start)).min(STEP_BYTES) as usize];
    let mut at = range.start;
    while at < range.end {
        let wanted = (range.end - at).min(STEP_BYTES) as usize;
        let read = file.read_at(&mut bytes[..wanted], at)?;
        if read == 0 {
            break;
        }
        show(at, &bytes[..read])?;
        at += read as u64;
    }
    Ok(())
}
