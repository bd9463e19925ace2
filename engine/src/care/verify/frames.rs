//! Owns level V1, and leads through the log: every byte of every segment is a frame with its checksum, in order and in whole groups, or it
//! is told.
//!
//! Invariant: what damage hit costs the frames that it hit, and the walk goes on behind them.

use std::ops::Range;

use crate::care::verify::chain::{At, Chains};
use crate::care::verify::{Subject, VerifyProgress, VerifyReport, Watched, derived, files, ids, of_frame};
use crate::disk::frame::{self, FrameError, MAX_FRAME_LEN, MIN_FRAME_LEN, MarkPurpose, Record};
use crate::disk::scan::Scanner;
use crate::memory::live::LivePart;
use crate::memory::lost::floor_behind;
use crate::memory::survey::{Segment, Survey, missing_events, survey};
use crate::memory::walk::{Seen, Tail, leave_holes, pass_damage, walk, walk_with};
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass, VerifyLevel};

/// Bytes between two calls of the progress function.
const PROGRESS_EVERY: u64 = 1024 * 1024;

/// Checks the segments of a log of ours that hold events of `places`; tells bytes done and bytes in all.
pub(super) fn check(
    subject: &Subject<'_>,
    places: &Range<u64>,
    report: &mut VerifyReport,
    progress: Watched<'_>,
) -> Result<(), StoreError> {
    let visible = subject.reader.visible();
    let mut survey = survey(subject.directory, subject.path)?;
    files::check(subject, &mut survey, report)?;
    let Survey { segments, .. } = survey;
    if report.level == VerifyLevel::Files {
        files::check_holes(subject, &segments, report);
        return Ok(());
    }
    let first_behind = |at: usize| segments.get(at + 1).map(|next: &Segment| next.name.first);
    let is_asked_for = |at: usize, segment: &Segment| {
        segment.name.first < places.end && first_behind(at).is_none_or(|behind| behind > places.start)
    };
    let asked: Vec<_> =
        segments.iter().enumerate().filter(|(at, segment)| is_asked_for(*at, segment)).collect();
    let first = asked.first().map_or(0, |(_, segment)| segment.name.first);
    report.checked = first..first;
    let mut walk = LogWalk {
        subject,
        bound: subject.is_written.then_some(visible),
        largest_time: i64::MIN,
        sight: Sight {
            chains: Chains::from(subject.reader, first)?,
            total_bytes: asked.iter().map(|(_, segment)| segment.len_bytes).sum(),
            done_bytes: 0,
            told_bytes: 0,
            report,
            progress,
            failed: None,
        },
    };
    for (at, segment) in asked {
        walk.segment(segment, first_behind(at))?;
        if walk.sight.report.cancelled {
            return Ok(());
        }
    }
    walk.sight.tell(walk.sight.total_bytes);
    if report.level >= VerifyLevel::Chain && !report.cancelled {
        let checked = report.checked.start..report.checked.end.min(visible);
        ids::check(subject.reader, &checked, report)?;
        derived::check_cursors(subject, report)?;
        derived::check_quarantine(subject, report)?;
    }
    Ok(())
}

/// A walk through all segments.
struct LogWalk<'a> {
    subject: &'a Subject<'a>,
    /// What somebody writes at or behind this sequence is not looked at.
    bound: Option<u64>,
    /// Greatest time of an event so far.
    largest_time: i64,
    sight: Sight<'a>,
}

/// What sees every frame.
struct Sight<'a> {
    chains: Chains<'a>,
    total_bytes: u64,
    /// Bytes of the segments before this one.
    done_bytes: u64,
    told_bytes: u64,
    report: &'a mut VerifyReport,
    progress: Watched<'a>,
    /// The first failure that is no damage.
    failed: Option<StoreError>,
}

/// A segment under way.
struct Course<'a> {
    segment: &'a Segment,
    /// Sequence at which the next segment begins, or that nobody looks behind.
    end: Option<u64>,
    next_sequence: u64,
    events: u64,
}

impl<'a> LogWalk<'a> {
    fn segment(&mut self, segment: &'a Segment, next: Option<u64>) -> Result<(), StoreError> {
        let stored = match self.sight.report.level {
            VerifyLevel::Files | VerifyLevel::Frames => None,
            _ => derived::stored_index(self.subject, segment, self.sight.report),
        };
        let largest = stored.as_ref().and_then(|index| index.largest_before).unwrap_or(self.largest_time);
        let mut live = LivePart::new(segment.name, segment.name.first, largest);
        let mut tail = Tail::start(segment);
        let mut course =
            Course { segment, end: next.or(self.bound), next_sequence: segment.name.first, events: 0 };
        let spots = self.frames(&mut course, &mut tail, &mut live, next)?;
        if self.sight.report.cancelled {
            return Ok(());
        }
        match next {
            Some(next) => self.ending(segment, &tail, &mut live, next),
            None => self.newest_ending(segment, &tail, &live),
        }
        let end = course.end.map_or(live.end(), |end| live.end().min(end));
        self.sight.report.events += end.saturating_sub(live.first);
        self.sight.report.checked.end = end.max(live.first);
        if let Some(index) = stored {
            derived::check_index(segment, &index, (&tail, &live), (spots, next), self.sight.report)?;
        }
        self.largest_time = self.largest_time.max(live.largest_time);
        self.sight.done_bytes += segment.len_bytes;
        Ok(())
    }

    /// Walks to the end of a segment, past every bad spot; returns how many there were.
    fn frames(
        &mut self,
        course: &mut Course<'a>,
        tail: &mut Tail,
        live: &mut LivePart,
        next: Option<u64>,
    ) -> Result<u64, StoreError> {
        let segment = course.segment;
        let mut scanner = Scanner::new(&*segment.file)?;
        let (mut spots, mut floor) = (0, None);
        loop {
            let sight = &mut self.sight;
            walk_with(&mut scanner, (&mut *tail, &mut *live), next, &mut |offset, len, record| {
                sight.see(course, offset, len, record);
            })?;
            self.sight.check()?;
            let Some((bad, _)) = tail.bad.clone() else { return Ok(spots) };
            let is_beyond = |bound: u64| next.is_none() && tail.next_sequence >= bound;
            if self.sight.report.cancelled || self.bound.is_some_and(is_beyond) {
                return Ok(spots);
            }
            if next.is_none() && self.bound.is_none() && is_growing(segment, tail)? {
                self.bound = Some(tail.next_sequence);
                continue;
            }
            spots += 1;
            if next.is_none() && Self::floor(&mut floor, segment, tail)? <= tail.next_sequence {
                // Nothing calls it synced: a crash may have left it, and recovery sets it aside with all that lies behind.
                let torn =
                    Finding { class: FindingClass::Note, ..bad_spot(segment, bad, tail.next_sequence)? };
                let message = format!("the log is torn here: {}", torn.message);
                self.sight.report.add(Finding { message, ..torn });
                return Ok(spots);
            }
            let (before, events) = (tail.next_sequence, course.events);
            let sight = &mut self.sight;
            let see: &mut Seen<'_> = &mut |offset, len, record| sight.see(course, offset, len, record);
            let goes_on = pass_damage(&mut scanner, segment, (tail, live), (next, see))?;
            self.sight.check()?;
            let missing = if goes_on { tail.next_sequence - before - (course.events - events) } else { 0 };
            self.sight.chains.unreadable += missing;
            course.next_sequence = tail.next_sequence;
            let finding = bad_spot(segment, bad, before + course.events - events)?;
            // What stands behind the last event of a segment that another one follows a crash may have left, too.
            let is_torn = !goes_on && next == Some(tail.next_sequence);
            // Zeros that took the place of no event were reserved and never written to.
            let is_gap = finding.class == FindingClass::Group && missing == 0 && goes_on;
            let class = if is_torn || is_gap { FindingClass::Note } else { finding.class };
            self.sight.report.add(told_missing(Finding { class, ..finding }, missing));
            if !goes_on {
                return Ok(spots);
            }
        }
    }

    /// Greatest sequence that any frame of the newest segment calls synced: looked for once, from its first bad spot on.
    fn floor(known: &mut Option<u64>, segment: &Segment, tail: &Tail) -> Result<u64, StoreError> {
        if let Some(floor) = known {
            return Ok(*floor);
        }
        Ok(*known.insert(floor_behind(segment, tail)?))
    }

    /// What a segment that another one follows must end with: its last event, and the mark of a seal.
    fn ending(&mut self, segment: &Segment, tail: &Tail, live: &mut LivePart, next: u64) {
        let readable = live.end();
        leave_holes(segment, tail, live, Some(next));
        self.sight.chains.unreadable += next.saturating_sub(readable);
        let about = |class, message: &str| of_frame(class, message, segment.name, tail.end_bytes);
        if readable > next {
            let finding = about(FindingClass::Place, "the segment holds events of the next one");
            self.sight.report.add(finding.of_event(next).compared(next, readable));
        } else if readable < next {
            self.sight.report.add(missing_events(&(readable..next)).in_file(segment.name).at(tail.end_bytes));
        } else if tail.bad.is_none() && tail.ends_with != Some(MarkPurpose::Sealed) && !segment.guessed {
            self.sight
                .report
                .add(about(FindingClass::Note, "the segment does not end with the mark of a seal"));
        }
    }

    /// The newest segment ends where the readers of the log say, or behind that.
    fn newest_ending(&mut self, segment: &Segment, tail: &Tail, live: &LivePart) {
        // A reader of a log that its writer cut meanwhile goes back.
        let visible = self.subject.reader.visible();
        let expected = self.bound.map_or(visible, |bound| bound.min(visible));
        if live.end() < expected {
            let gap = live.end()..expected;
            self.sight.report.add(missing_events(&gap).in_file(segment.name).at(tail.end_bytes));
        } else if tail.ends_with == Some(MarkPurpose::Sealed) && tail.bad.is_none() && self.bound.is_none() {
            let message = "the log ends with a sealed segment: the next one was not begun, or is gone";
            self.sight.report.add(of_frame(FindingClass::Note, message, segment.name, tail.end_bytes));
        }
    }
}

impl Sight<'_> {
    fn see(&mut self, course: &mut Course<'_>, offset: u64, len: u32, record: &Record<'_>) {
        if self.failed.is_some() || self.report.cancelled {
            return;
        }
        let at = At { segment: course.segment.name, offset };
        if let Some(sequence) = record.global_sequence() {
            course.events += 1;
            course.next_sequence = sequence + 1;
            if course.end.is_some_and(|end| sequence >= end) {
                return;
            }
            self.report.removed += u64::from(matches!(record, Record::Stub(_)));
            self.report.checked.end = self.report.checked.end.max(sequence);
        } else if let Some(synced) = record.synced_through().filter(|synced| *synced > course.next_sequence) {
            let message = "more events were on stable storage than stand before it";
            let finding = of_frame(FindingClass::Hole, message, at.segment, at.offset);
            self.report.add(finding.of_event(course.next_sequence).compared(synced, course.next_sequence));
        }
        if self.report.level >= VerifyLevel::Chain
            && let Err(error) = self.chains.check(record, at, self.report)
        {
            self.failed = Some(error);
        }
        let done = self.done_bytes + offset + u64::from(len);
        if done.saturating_sub(self.told_bytes) >= PROGRESS_EVERY {
            self.told_bytes = done;
            self.tell(done.min(self.total_bytes));
        }
    }

    /// Tells how much was read.
    fn tell(&mut self, done: u64) {
        let at = VerifyProgress { done, total: self.total_bytes, report: self.report };
        self.report.cancelled = (self.progress)(at).is_break();
    }

    fn check(&mut self) -> Result<(), StoreError> {
        self.failed.take().map_or(Ok(()), Err)
    }
}

/// True if the log goes on by now where it ended in something unfinished: somebody is writing it.
fn is_growing(segment: &Segment, tail: &Tail) -> Result<bool, StoreError> {
    let mut again = tail.clone();
    let mut scratch = LivePart::new(segment.name, tail.next_sequence, i64::MIN);
    walk(&*segment.file, &mut again, &mut scratch, &mut |_, _, _| {})?;
    Ok(again.end_bytes > tail.end_bytes)
}

fn told_missing(finding: Finding, missing: u64) -> Finding {
    if missing == 0 {
        return finding;
    }
    let events = if missing == 1 { "event" } else { "events" };
    let message = format!("{missing} {events} cannot be read: {}", finding.message);
    Finding { message, ..finding }
}

/// Says what is wrong with the bytes at a place where the frame of the event `sequence`, or another record, should stand.
fn bad_spot(segment: &Segment, offset: u64, sequence: u64) -> Result<Finding, StoreError> {
    let about = |class, message: &str| of_frame(class, message, segment.name, offset).of_event(sequence);
    let rest = segment.file.len()?.saturating_sub(offset);
    let mut word = [0; 4];
    segment.file.read_at(&mut word, offset)?;
    let len = match frame::frame_len(word) {
        Ok(len) => len,
        Err(FrameError::End) => return Ok(about(FindingClass::Group, "a group of events does not end")),
        Err(_) => {
            let finding = about(FindingClass::Frame, "no frame has such a length");
            let expected = format!("{MIN_FRAME_LEN} to {MAX_FRAME_LEN} bytes");
            return Ok(finding.compared(expected, format!("{} bytes", u32::from_le_bytes(word))));
        }
    };
    if u64::from(len) > rest {
        let finding = about(FindingClass::Frame, "the frame is longer than what is left of the file");
        return Ok(finding.compared(format!("{len} bytes"), format!("{rest} bytes")));
    }
    let mut bytes = vec![0; len as usize];
    let read = segment.file.read_at(&mut bytes, offset)?;
    bytes.truncate(read);
    Ok(match frame::decode(&bytes) {
        Err(FrameError::Crc) => {
            let (stored, computed) = frame::checksums(&bytes).unwrap_or_default();
            let finding = about(FindingClass::Frame, "the checksum of the frame does not fit its bytes");
            finding.compared(format!("{computed:08x}"), format!("{stored:08x}"))
        }
        Err(error) => about(FindingClass::Frame, &error.to_string()),
        Ok(record) => match record.global_sequence() {
            Some(found) if found != sequence => {
                let finding = about(FindingClass::Place, "the frame has another place in the log");
                finding.compared(sequence, found)
            }
            _ => about(FindingClass::Group, "the frame does not continue the group of events before it"),
        },
    })
}
