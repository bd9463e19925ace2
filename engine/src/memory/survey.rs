//! Owns finding out what a directory holds: its segments, in order, and the index of each.
//!
//! Nothing is written here. What is damaged becomes a finding and a hole; the rest stays readable.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::disk::frame::{self, MARK_LEN, Mark, MarkPurpose, Record};
use crate::disk::prefix::Prefix;
use crate::disk::scan::Scanner;
use crate::disk::segment::{
    FORK_NAME, FORMAT_VERSION, INDEX_SUFFIX, MAX_SEGMENT_BYTES, Parent, SEGMENT_SUFFIX, SegmentError,
    SegmentHeader, SegmentName, StoreId, TEMPORARY_SUFFIX,
};
use crate::disk::storage::{DirEntry, Directory, File};
use crate::memory::cache::SectionCache;
use crate::memory::generations::choose_generations;
use crate::memory::lineage::Lineage;
use crate::memory::live::LivePart;
use crate::memory::lost::gone;
use crate::memory::sealed::{Ending, SealedHeader, SealedPart, encode};
use crate::memory::walk::{Seen, Tail, walk_past_damage};
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};
use crate::words::planted::PlantedBug;
use crate::words::sync::Arc;

/// How often a directory is looked at anew because its writer replaced segments meanwhile.
const MOST_LOOKS: u32 = 8;

/// One segment of a directory.
#[derive(Clone, Debug)]
pub(crate) struct Segment {
    pub(crate) name: SegmentName,
    pub(crate) file: Arc<dyn File>,
    pub(crate) len_bytes: u64,
    pub(crate) header: SegmentHeader,
    /// Where the first frame stands.
    pub(crate) frames_at: u64,
    /// The header was damaged and is guessed from the name and the other segments.
    pub(crate) guessed: bool,
}

/// What a directory holds.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// In order of their first sequence.
    pub(crate) segments: Vec<Segment>,
    /// Segments that a higher generation replaces.
    pub(crate) superseded: Vec<SegmentName>,
    /// Files that nobody needs: those that were not finished, and indexes whose segment does not count or is gone.
    pub(crate) leftovers: Vec<String>,
    /// In a fork, the header of its own first segment as it was when the fork was made.
    pub(crate) fork: Option<SegmentHeader>,
    pub(crate) findings: Vec<Finding>,
}

impl Survey {
    /// Takes in what says whose a fork is.
    fn read_fork(&mut self, directory: &dyn Directory) -> Result<(), StoreError> {
        match SegmentHeader::read(&*directory.open(FORK_NAME)?) {
            Ok((header, _)) => self.fork = Some(header),
            Err(error) => {
                let message = format!("what says whose the fork is cannot be read: {error}");
                self.findings.push(Finding::new(FindingClass::Header, message).in_file(FORK_NAME));
            }
        }
        Ok(())
    }

    /// Why nothing may be written: what is there belongs to the parent of a fork, and what belonged to the fork is gone.
    pub(crate) fn lost_itself(&self) -> Option<String> {
        let fork = self.fork.as_ref()?;
        let is_own = |segment: &Segment| segment.header.store_id == fork.store_id;
        (!self.segments.iter().any(is_own)).then(|| {
            format!(
                "is the fork {}, and of its own segments, from sequence {} on, none is left: what is there belongs to its parent",
                fork.store_id, fork.first_sequence
            )
        })
    }
}

/// Lists the segments of a directory and reads their headers.
pub(crate) fn survey(directory: &dyn Directory, path: &Path) -> Result<Survey, StoreError> {
    let mut listed = directory.list()?;
    for _ in 1..MOST_LOOKS {
        let survey = survey_of(directory, path, &listed);
        // A listing is no picture of one instant: a segment that its writer replaced meanwhile may be in it, or missing with its successor.
        let again = directory.list()?;
        if segment_names(&again).eq(segment_names(&listed)) {
            return survey;
        }
        listed = again;
    }
    survey_of(directory, path, &listed)
}

/// The segments in a listing, in order.
fn segment_names(listed: &[DirEntry]) -> impl Iterator<Item = SegmentName> {
    let names: BTreeSet<_> = listed.iter().filter_map(|entry| SegmentName::parse(&entry.name)).collect();
    names.into_iter()
}

fn survey_of(directory: &dyn Directory, path: &Path, listed: &[DirEntry]) -> Result<Survey, StoreError> {
    let mut survey = Survey::default();
    let mut names = Vec::new();
    let mut indexes = BTreeSet::new();
    for entry in listed {
        if let Some(name) = SegmentName::parse(&entry.name) {
            names.push((name, entry.len_bytes));
        } else if entry.name.ends_with(SEGMENT_SUFFIX) {
            let message = "no store gives a segment this name, so it is not read";
            survey.findings.push(Finding::new(FindingClass::File, message).in_file(&entry.name));
        } else if entry.name.ends_with(TEMPORARY_SUFFIX) {
            survey.leftovers.push(entry.name.clone());
        } else if entry.name.ends_with(INDEX_SUFFIX) {
            indexes.insert(entry.name.clone());
        } else if entry.name == FORK_NAME {
            survey.read_fork(directory)?;
        }
    }
    names.sort_unstable();
    let mut unreadable = Vec::new();
    let newest = names.last().map(|(name, _)| *name);
    for (name, len_bytes) in names {
        let text = name.to_string();
        let file =
            if Some(name) == newest { directory.open(&text)? } else { directory.open_resting(&text)? };
        if len_bytes > MAX_SEGMENT_BYTES {
            let message = format!(
                "it has {len_bytes} bytes, and no segment more than {MAX_SEGMENT_BYTES}: the rest is not read"
            );
            survey.findings.push(Finding::new(FindingClass::File, message).in_file(name));
        }
        let len_bytes = len_bytes.min(MAX_SEGMENT_BYTES);
        match SegmentHeader::read(&*file) {
            Ok((header, frames_at)) => {
                check_name(name, &header, &mut survey.findings);
                survey.segments.push(Segment { name, file, len_bytes, header, frames_at, guessed: false });
            }
            Err(SegmentError::NewerFormat { found }) => {
                let path = path.join(name.to_string());
                return Err(StoreError::NewerFormat { path, found, supported: FORMAT_VERSION });
            }
            Err(SegmentError::Io(error)) => return Err(error.into()),
            Err(error) => unreadable.push((name, file, len_bytes, error.to_string())),
        }
    }
    for (name, file, len_bytes, reason) in unreadable {
        let known = known_identity(directory, &survey, name);
        let Some(segment) = guess(name, file, len_bytes, known)? else {
            let detail = format!("the header of {name}, the only segment, cannot be read: {reason}");
            return Err(StoreError::CorruptSegment { segment_id: name.first, detail });
        };
        let message = format!("the header is damaged: {reason}");
        survey.findings.push(Finding::new(FindingClass::Header, message).in_file(name).at(0));
        survey.segments.push(segment);
    }
    survey.segments.sort_by_key(|segment| segment.name);
    check_identity(&survey, path)?;
    choose_generations(&mut survey)?;
    let lost =
        survey.lost_itself().map(|lost| Finding::new(FindingClass::Hole, format!("the directory {lost}")));
    survey.findings.extend(lost);
    for segment in &survey.segments {
        indexes.remove(&segment.name.index_name());
    }
    let newest = survey.segments.last().map(|segment| segment.name);
    survey.findings.extend(gone(directory, indexes.iter(), newest));
    survey.leftovers.extend(indexes);
    Ok(survey)
}

fn check_name(name: SegmentName, header: &SegmentHeader, findings: &mut Vec<Finding>) {
    if header.name() != name {
        let finding = Finding::new(FindingClass::Header, "the segment says of itself that it is another");
        findings.push(finding.in_file(name).at(0).compared(name, header.name()));
    }
}

/// What is known of the log that a segment belongs to, whose header is damaged.
#[derive(Clone, Copy, Debug)]
struct Known {
    store_id: StoreId,
    epoch: u64,
    parent: Option<Parent>,
}

/// A segment whose header is damaged: its frames are searched, and the rest is what is known of the log, or what is left.
fn guess(
    name: SegmentName,
    file: Arc<dyn File>,
    len_bytes: u64,
    known: Option<Known>,
) -> Result<Option<Segment>, StoreError> {
    let found = Scanner::new(&*file)?.resync(0, name.first)?;
    let left = || found.map(|_| Known { store_id: written_id(&*file), epoch: 1, parent: None });
    let Some(Known { store_id, epoch, parent }) = known.or_else(left) else { return Ok(None) };
    let header = SegmentHeader {
        store_id,
        epoch,
        first_sequence: name.first,
        generation: name.generation,
        created_us: 0,
        replaced: None,
        parent,
        boot: None,
    };
    Ok(Some(Segment { name, file, len_bytes, header, frames_at: found.unwrap_or(len_bytes), guessed: true }))
}

/// The store id where a segment header has it, whether or not the header is good.
fn written_id(file: &dyn File) -> StoreId {
    let mut id = [0; 16];
    // What cannot be read stays zero: it is a guess in any case.
    let _ = file.read_at(&mut id, 16);
    StoreId(id)
}

/// Whose log a segment belongs to that cannot say it itself: that of the fork, if it is one of its own; else its index knows, or the
/// other segments. The epoch is the greatest that any of them names.
fn known_identity(directory: &dyn Directory, survey: &Survey, unreadable: SegmentName) -> Option<Known> {
    let fork = survey.fork.as_ref().filter(|fork| fork.first_sequence <= unreadable.first);
    let index = directory.open(&unreadable.index_name()).ok().and_then(|file| SealedHeader::read(&*file));
    let index = index
        .filter(|index| (index.first, index.generation) == (unreadable.first, unreadable.generation))
        .map(|index| (index.store_id, index.epoch));
    let fork_is = fork.map(|fork| (fork.store_id, fork.epoch));
    let headers = survey.segments.iter().map(|segment| (segment.header.store_id, segment.header.epoch));
    let newest = headers.clone().max_by_key(|(_, epoch)| *epoch);
    let (store_id, epoch) = fork_is.or(index).or(newest)?;
    let told = headers.chain(fork_is).chain(index).filter(|(said, _)| *said == store_id);
    Some(Known {
        store_id,
        epoch: told.map(|(_, epoch)| epoch).max().unwrap_or(epoch),
        parent: fork.filter(|fork| fork.first_sequence == unreadable.first).and_then(|fork| fork.parent),
    })
}

/// All segments belong to one store; a fork begins with those of its parent. A header that is guessed tells nothing, and what it said
/// may have been that a fork begins there.
fn check_identity(survey: &Survey, path: &Path) -> Result<(), StoreError> {
    let is_fork_of = |child: StoreId, parent: StoreId| {
        let fork = survey.fork.as_ref().filter(|fork| fork.store_id == child);
        fork.and_then(|fork| fork.parent).is_some_and(|said| said.store_id == parent)
    };
    let mut before = None;
    for Segment { name, header, guessed, .. } in &survey.segments {
        if *guessed {
            before = None;
            continue;
        }
        let found = header.store_id;
        let expected = before.replace(found).unwrap_or(found);
        let forked_here = |parent: Parent| parent.store_id == expected && parent.size == name.first;
        if found != expected && !header.parent.is_some_and(forked_here) && !is_fork_of(found, expected) {
            return Err(StoreError::DataDirMalformed {
                path: path.to_path_buf(),
                reason: format!(
                    "holds segments of different stores: {name} belongs to {found}, others to {expected}"
                ),
            });
        }
    }
    Ok(())
}

/// Whose log the segments are; a header that is guessed tells nothing.
pub(crate) fn lineage(segments: &[Segment]) -> Lineage {
    Lineage::of(segments.iter().filter(|segment| !segment.guessed).map(|segment| &segment.header))
}

/// The stored index of a segment, if it describes just this segment. `largest_time` is the greatest time before it, `end` the sequence
/// at which the next segment begins, if there is one.
pub(crate) fn stored_index(
    directory: &dyn Directory,
    segment: &Segment,
    largest_time: i64,
    end: Option<u64>,
    cache: &Arc<SectionCache>,
) -> Option<SealedPart> {
    let file = directory.open_resting(&segment.name.index_name()).ok()?;
    // The segment may grow behind what the index describes.
    let described = Segment { file: Prefix::of(&segment.file, segment.len_bytes), ..segment.clone() };
    let remake =
        move || Ok(remade_index(&described, largest_time, end, &mut Vec::new(), &mut |_, _, _| {})?.0.into());
    let part = SealedPart::open(file, Box::new(remake), cache).ok()?;
    let header = &part.header;
    let covers_all = header.segment_bytes == segment.len_bytes || PlantedBug::IndexBelieved.is_planted();
    let fits = header.store_id == segment.header.store_id
        && part.segment_name() == segment.name
        && covers_all
        && end.is_none_or(|end| header.end <= end);
    fits.then_some(part)
}

/// The stored index of the newest segment, if the store was closed cleanly: the mark that ends the log must be there too, for nothing is
/// written behind anything else on the word of an index.
pub(crate) fn closed_index(
    directory: &dyn Directory,
    segment: &Segment,
    largest_time: i64,
    cache: &Arc<SectionCache>,
) -> Option<SealedPart> {
    let part = stored_index(directory, segment, largest_time, None, cache)?;
    let mut mark = [0; MARK_LEN];
    let read = segment.file.read_at(&mut mark, segment.len_bytes.checked_sub(MARK_LEN as u64)?).ok()?;
    let record = frame::decode(mark.get(..read)?).ok()?;
    let is_closed = matches!(record, Record::Mark(Mark { purpose: MarkPurpose::Closed, .. }));
    (part.header.ending.is_clean() && is_closed).then_some(part)
}

/// Says that no segment holds these sequences.
pub(crate) fn missing_events(gap: &Range<u64>) -> Finding {
    let (first, last) = (gap.start, gap.end.saturating_sub(1));
    let message = format!("no segment holds the events from sequence {first} to {last}");
    Finding::new(FindingClass::Hole, message).of_event(first)
}

/// Says that bytes of a segment, behind those that `tail` read, are no frame.
pub(crate) fn damaged_at(segment: &Segment, tail: &Tail, offset: u64, reason: &str) -> Finding {
    let message = format!("the segment is damaged: {reason}");
    Finding::new(FindingClass::Frame, message).in_file(segment.name).at(offset).of_event(tail.next_sequence)
}

/// Makes the index of a segment that is not written any more anew, in memory; also returns its bytes and how many frames were read.
pub(crate) fn rebuilt_index(
    segment: &Segment,
    largest_time: i64,
    end: Option<u64>,
    cache: &Arc<SectionCache>,
    findings: &mut Vec<Finding>,
) -> Result<(SealedPart, Vec<u8>, u64), StoreError> {
    let (bytes, frames) = remade_index(segment, largest_time, end, findings, &mut |_, _, _| {})?;
    let part = SealedPart::from_bytes(bytes.clone().into(), cache).map_err(|error| {
        StoreError::CorruptSegment { segment_id: segment.name.first, detail: error.to_string() }
    })?;
    Ok((part, bytes, frames))
}

/// The bytes of a segment's index, made anew from its frames, and how many frames were read.
pub(crate) fn remade_index(
    segment: &Segment,
    largest_time: i64,
    end: Option<u64>,
    findings: &mut Vec<Finding>,
    seen: &mut Seen<'_>,
) -> Result<(Vec<u8>, u64), StoreError> {
    let mut live = LivePart::new(segment.name, segment.name.first, largest_time);
    let mut tail = Tail::start(segment);
    let spots = walk_past_damage(segment, &mut tail, &mut live, end, seen)?;
    if let Some((offset, sequence)) = spots.first {
        let holes = live.offsets.iter().filter(|offset| **offset == 0).count();
        let message =
            format!("the segment is damaged in {} places; {holes} events cannot be read", spots.count);
        let finding = Finding::new(FindingClass::Frame, message);
        findings.push(finding.in_file(segment.name).at(offset).of_event(sequence));
    }
    Ok((index_of(segment, &live, &tail), tail.frames))
}

/// The bytes of the index of a segment that was walked to its end.
pub(crate) fn index_of(segment: &Segment, live: &LivePart, tail: &Tail) -> Vec<u8> {
    encode(&header_of(segment, live, tail), live)
}

/// What the index of a segment that was walked to its end says of it.
pub(crate) fn header_of(segment: &Segment, live: &LivePart, tail: &Tail) -> SealedHeader {
    let times = live.times.iter().copied();
    SealedHeader {
        store_id: segment.header.store_id,
        first: live.first,
        end: live.end(),
        segment_bytes: segment.len_bytes,
        synced_through: live.end(),
        epoch: segment.header.epoch,
        times: (times.clone().min().unwrap_or(0), times.max().unwrap_or(0)),
        generation: segment.name.generation,
        last_hash: tail.last.0,
        last_clock: tail.last.1,
        ending: match tail.ends_with {
            Some(MarkPurpose::Closed) => Ending::Closed,
            Some(MarkPurpose::Sealed) | None => Ending::Sealed,
        },
    }
}

/// An empty directory, or one without segments, in words.
pub(crate) fn no_store(path: &Path) -> StoreError {
    StoreError::DataDirMalformed {
        path: PathBuf::from(path),
        reason: "holds no segments of a store".to_owned(),
    }
}
