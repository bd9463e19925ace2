//! Owns following a store that another process writes: nothing is locked, nothing is written.
//!
//! Invariants:
//! - only complete groups become visible; a short end is "being written" until it is whole;
//! - if the files shrink or are replaced, everything is read anew; only if something that was shown is gone the view went back.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::disk::frame::{MarkPurpose, Record};
use crate::disk::segment::{SegmentHeader, SegmentName};
use crate::disk::storage::Directory;
use crate::memory::cache::SectionCache;
use crate::memory::files::SegmentFiles;
use crate::memory::hub::Notification;
use crate::memory::index::Index;
use crate::memory::lineage::Lineage;
use crate::memory::live::LivePart;
use crate::memory::lost::cut_short;
use crate::memory::sealed::SealedPart;
use crate::memory::shared::Shared;
use crate::memory::survey::{
    Segment, Survey, closed_index, damaged_at, lineage, missing_events, no_store, rebuilt_index,
    stored_index, survey,
};
use crate::memory::walk::{Tail, walk, walk_past_damage};
use crate::words::config::StoreConfig;
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};
use crate::words::sync::Arc;

/// How often the directory itself is looked at: for new segments, and for files that shrank or were replaced.
const LOOK_AROUND_EVERY: Duration = Duration::from_millis(100);

/// What a step of following brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Followed {
    /// True if something new became visible.
    pub(crate) moved: bool,
    /// Set if the files changed behind what was read: the sequence up to which the events are those of before, but for what
    /// compaction removed. Nobody was told of those behind it.
    pub(crate) read_anew_from: Option<u64>,
    /// Set if some of them were taken back: the same sequence.
    pub(crate) rolled_back_to: Option<u64>,
}

/// The end of a store that is followed.
#[derive(Debug)]
pub(crate) struct Follower {
    directory: Arc<dyn Directory>,
    path: PathBuf,
    cache: Arc<SectionCache>,
    end: End,
    looked_ns: i64,
}

/// The newest segment and how far it was read.
#[derive(Debug)]
struct End {
    segment: Segment,
    tail: Tail,
    largest_time: i64,
}

/// A log as it was found.
struct Log {
    sealed: Vec<Arc<SealedPart>>,
    live: LivePart,
    end: End,
    findings: Vec<Finding>,
    frames: u64,
    lineage: Lineage,
}

impl Log {
    /// The sequence up to which this log is the one whose newest segment had the header `before`: a recovery that cut something began
    /// a segment with a later epoch there.
    fn agrees_with(&self, before: &SegmentHeader) -> u64 {
        if self.end.segment.header.store_id != before.store_id {
            return 0;
        }
        self.lineage.next_after(before.epoch).map_or(u64::MAX, |epoch| epoch.first_sequence)
    }
}

impl Follower {
    /// Opens the log for reading.
    pub(crate) fn open(
        directory: Arc<dyn Directory>,
        config: StoreConfig,
        path: &Path,
    ) -> Result<(Arc<Shared>, Self), StoreError> {
        let cache = Arc::new(SectionCache::new(config.index_cache_bytes()));
        let log = read_log(&*directory, path, &cache)?;
        let files = SegmentFiles::new(Arc::clone(&directory), config.fd_budget());
        files.count_frames(log.frames);
        let durable = log.end.tail.synced_through;
        let index = Index::new(log.sealed, log.live);
        let shared = Arc::new(Shared::new(config, index, Box::new(files), None, durable, Arc::default()));
        *shared.lineage.lock() = log.lineage;
        let missing = shared.index.missing();
        for finding in log.findings.into_iter().chain(missing.iter().map(missing_events)) {
            shared.note(finding);
        }
        let path = path.to_path_buf();
        let looked_ns = shared.clock.0.now_mono_ns();
        Ok((shared, Self { directory, path, cache, end: log.end, looked_ns }))
    }

    /// Store id and epoch, as the newest segment says.
    pub(crate) fn header(&self) -> &SegmentHeader {
        &self.end.segment.header
    }

    /// Takes in what was written since the last step.
    pub(crate) fn step(&mut self, shared: &Shared) -> Result<Followed, StoreError> {
        let before = shared.visible();
        let now_ns = shared.clock.0.now_mono_ns();
        let due = now_ns.saturating_sub(self.looked_ns) >= LOOK_AROUND_EVERY.as_nanos() as i64;
        if due {
            self.looked_ns = now_ns;
            if self.was_replaced(shared)? {
                return self.start_over(shared);
            }
        }
        self.take_in(shared)?;
        if due || self.end.tail.ends_with == Some(MarkPurpose::Sealed) {
            while let Some(next) = self.next_segment()? {
                if next.header.epoch != self.end.segment.header.epoch {
                    self.take_in(shared)?;
                }
                if next.name.first != self.end.tail.next_sequence {
                    return self.start_over(shared);
                }
                self.move_on(shared, next)?;
                self.take_in(shared)?;
            }
        }
        Ok(Followed { moved: shared.visible() != before, ..Followed::default() })
    }

    /// The next step looks around, however short ago that was.
    pub(crate) fn look_around(&mut self) {
        self.looked_ns = i64::MIN;
    }

    /// True if a segment that was read is gone or has a successor, if the newest one is shorter than what was read of it, or if another
    /// file has its name.
    fn was_replaced(&self, shared: &Shared) -> Result<bool, StoreError> {
        let listed = self.directory.list()?;
        let there: BTreeSet<_> = listed.iter().filter_map(|entry| SegmentName::parse(&entry.name)).collect();
        let mut known: BTreeSet<_> =
            shared.index.sealed_parts().iter().map(|part| part.segment_name()).collect();
        known.insert(self.end.segment.name);
        let newest = self.end.segment.name.first;
        let is_new =
            |name: &&SegmentName| name.generation > 0 && name.first < newest && !known.contains(name);
        if !known.is_subset(&there) || there.iter().any(|name| is_new(&name)) {
            return Ok(true);
        }
        let name = self.end.segment.name.to_string();
        let Ok(file) = self.directory.open(&name) else { return Ok(true) };
        let same = file.identity()? == self.end.segment.file.identity()?;
        Ok(!same || file.len()? < self.end.tail.end_bytes)
    }

    /// Reads the new frames of the newest segment and makes them visible.
    fn take_in(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let mut word = [0; 4];
        let read = self.end.segment.file.read_at(&mut word, self.end.tail.end_bytes)?;
        if read < word.len() || word == [0; 4] {
            return Ok(());
        }
        let first = self.end.tail.next_sequence;
        let mut fresh = LivePart::new(self.end.segment.name, first, self.end.largest_time);
        let mut notifications = Vec::new();
        let listened = !shared.hub.is_empty();
        walk(&*self.end.segment.file, &mut self.end.tail, &mut fresh, &mut |_, _, record| {
            if let (Record::Event(view), true) = (record, listened) {
                let coordinate = Coordinate::from_log(view.entity.into(), view.scope.into());
                notifications.push(Notification::new(view.global_sequence, &coordinate, &view.header(0)));
            }
        })?;
        self.end.largest_time = fresh.largest_time;
        shared.index.update(|live| live.absorb(&fresh));
        shared.watermarks.set_visible(self.end.tail.next_sequence);
        shared.watermarks.raise_durable(self.end.tail.synced_through.min(self.end.tail.next_sequence));
        for notification in &notifications {
            shared.hub.publish(notification);
        }
        Ok(())
    }

    /// The segment behind the newest one, if the writer began it.
    fn next_segment(&self) -> Result<Option<Segment>, StoreError> {
        let newer = |entry: &crate::disk::storage::DirEntry| {
            SegmentName::parse(&entry.name).is_some_and(|name| name > self.end.segment.name)
        };
        if !self.directory.list()?.iter().any(newer) {
            return Ok(None);
        }
        let Survey { segments, .. } = survey(&*self.directory, &self.path)?;
        Ok(segments.into_iter().find(|segment| segment.name > self.end.segment.name))
    }

    /// The newest segment is complete: its index takes the live part's place, and the next segment is the newest.
    fn move_on(&mut self, shared: &Shared, next: Segment) -> Result<(), StoreError> {
        let old = &self.end.segment;
        let ended = Segment { len_bytes: old.file.len()?, ..old.clone() };
        let largest_before = shared.index.largest_time_before(ended.name.first)?;
        let end = Some(next.name.first);
        let part = match stored_index(&*self.directory, &ended, largest_before, end, &self.cache) {
            Some(part) => part,
            None => rebuilt_index(&ended, largest_before, end, &self.cache, &mut Vec::new())?.0,
        };
        let live = LivePart::new(next.name, next.name.first, self.end.largest_time);
        shared.index.seal(Arc::new(part), live);
        shared.watermarks.raise_durable(next.name.first);
        shared.lineage.lock().take_in(&next.header);
        self.end.tail = Tail::start(&next);
        self.end.segment = next;
        Ok(())
    }

    /// The files changed behind what was read: reads everything anew.
    fn start_over(&mut self, shared: &Shared) -> Result<Followed, StoreError> {
        let before = shared.visible();
        let log = read_log(&*self.directory, &self.path, &self.cache)?;
        let end = log.live.end();
        let common = before.min(end).min(log.agrees_with(self.header()));
        shared.watermarks.set_visible(common);
        shared.watermarks.lower_durable(log.end.tail.synced_through);
        shared.source.forget();
        shared.index.replace(log.sealed, log.live);
        *shared.lineage.lock() = log.lineage;
        shared.watermarks.raise_durable(log.end.tail.synced_through.min(end));
        shared.watermarks.set_visible(end);
        shared.note_rewrite();
        for finding in log.findings.into_iter().chain(shared.index.missing().iter().map(missing_events)) {
            shared.note(finding);
        }
        self.end = log.end;
        let rolled_back_to = (common < before).then_some(common);
        if let Some(common) = rolled_back_to {
            let message =
                format!("the files were cut or replaced by their writer; read again from sequence {common}");
            shared.note(Finding::new(FindingClass::Note, message).of_event(common));
        }
        Ok(Followed { moved: end != before, read_anew_from: Some(common), rolled_back_to })
    }
}

/// Reads what a directory holds, the newest segment by its frames unless it was closed cleanly.
fn read_log(directory: &dyn Directory, path: &Path, cache: &Arc<SectionCache>) -> Result<Log, StoreError> {
    let Survey { mut segments, mut findings, .. } = survey(directory, path)?;
    let lineage = lineage(&segments);
    let Some(last) = segments.pop() else { return Err(no_store(path)) };
    let mut sealed = Vec::new();
    let (mut largest_time, mut frames) = (i64::MIN, 0);
    let ends: Vec<u64> =
        segments.iter().skip(1).map(|segment| segment.name.first).chain([last.name.first]).collect();
    for (segment, end) in segments.iter().zip(ends) {
        let part = if let Some(part) = stored_index(directory, segment, largest_time, Some(end), cache) {
            part
        } else {
            let (part, _, read) = rebuilt_index(segment, largest_time, Some(end), cache, &mut findings)?;
            frames += read;
            part
        };
        largest_time = largest_time.max(part.header.times.1);
        sealed.push(Arc::new(part));
    }
    let mut tail = Tail::start(&last);
    let mut live = LivePart::new(last.name, last.name.first, largest_time);
    if let Some(part) = closed_index(directory, &last, largest_time, cache) {
        tail.end_bytes = part.header.segment_bytes;
        tail.next_sequence = part.header.end;
        tail.synced_through = part.header.end;
        largest_time = largest_time.max(part.header.times.1);
        live = LivePart::new(last.name, part.header.end, largest_time);
        sealed.push(Arc::new(part));
    } else {
        read_newest(&last, &mut tail, &mut live, &mut findings)?;
        findings.extend(cut_short(directory, &last, live.end()));
        frames += tail.frames;
        largest_time = live.largest_time;
    }
    let end = End { segment: last, tail, largest_time };
    Ok(Log { sealed, live, end, findings, frames, lineage })
}

/// Reads the newest segment. A bad spot that readable frames follow is damage and is passed; otherwise it is the end so far.
fn read_newest(
    segment: &Segment,
    tail: &mut Tail,
    live: &mut LivePart,
    findings: &mut Vec<Finding>,
) -> Result<(), StoreError> {
    walk(&*segment.file, tail, live, &mut |_, _, _| {})?;
    let Some((offset, reason)) = tail.bad.clone() else { return Ok(()) };
    let mut beyond = tail.clone();
    let mut rest = LivePart::new(segment.name, tail.next_sequence, live.largest_time);
    walk_past_damage(segment, &mut beyond, &mut rest, None, &mut |_, _, _| {})?;
    if beyond.synced_through > tail.next_sequence || (segment.guessed && beyond.frames > tail.frames) {
        findings.push(damaged_at(segment, tail, offset, &reason));
        live.absorb(&rest);
        *tail = beyond;
    } else {
        let message = format!(
            "the log ends with unfinished bytes ({reason}); its writer may be at work, or a crash left them"
        );
        findings.push(Finding::new(FindingClass::Note, message).in_file(segment.name).at(offset));
    }
    Ok(())
}
