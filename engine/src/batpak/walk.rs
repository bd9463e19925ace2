//! Owns the way through a segment from frame to frame, damage included; must never step over a whole frame that it can find.
//!
//! Floor 6. A footer is believed when the frames confirm it: it says where frames end and which global sequence an event has, and
//! never hides a frame.

use std::io;
use std::ops::ControlFlow;

use crate::batpak::finding::{Damage, Damaged};
use crate::batpak::frame::{FRAME_HEAD_BYTES, Frame, MAX_BODY_BYTES};
use crate::batpak::intake::{Batch, Intake};
use crate::batpak::row::{FooterNumbers, Row, Run, Segment};
use crate::batpak::segment::{self, Footer, HeaderError, SegmentEnd};
use crate::batpak::window::{Spot, Window};
use crate::words::error::StoreError;

/// How every frame of the published writer goes on after its head and the marker of its map.
const BODY_BEGINS: &[u8] = b"\xA5event";
const SEARCH_PIECE_BYTES: usize = 64 << 10;
const PROGRESS_STEP_BYTES: u64 = 1 << 20;

/// Told how many bytes of the segment were read; may ask to stop.
pub(crate) type Progress<'a> = &'a mut dyn FnMut(u64) -> ControlFlow<()>;

/// How to take the end of a segment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ending {
    pub(crate) is_last_segment: bool,
    /// False while the end may still be being written: then nothing is said about it.
    pub(crate) is_settled: bool,
}

/// A way through one segment.
pub(crate) struct Walk<'a, 'p> {
    pub(crate) window: &'a mut Window,
    pub(crate) intake: Intake<'a>,
    pub(crate) ending: Ending,
    pub(crate) progress: Progress<'p>,
}

/// What a damaged spot turned out to be.
enum Detour {
    /// Reading goes on there.
    Continue(u64),
    /// Nothing whole follows.
    Tail,
}

/// A spot without what it borrows from the window.
#[derive(Clone, Copy)]
enum Trouble {
    /// A frame of this length whose checksum does not fit, and what is known of its contents.
    Mismatch {
        length: u32,
        is_shaped: bool,
        was_event: bool,
    },
    NoFrame,
}

impl Walk<'_, '_> {
    /// Reads from the segment's mark to its end.
    pub(crate) fn run(mut self) -> Result<(), StoreError> {
        if self.intake.segment.mark.offset == 0 && !self.header()? {
            return Ok(());
        }
        let mark = self.intake.segment.mark;
        self.intake.segment.rewind(mark, self.intake.rows);
        let mut refused = None;
        match segment::read_end(self.window, self.intake.segment.start.offset)? {
            SegmentEnd::Footer(footer) => {
                if self.through_footer(&footer, &mut refused)? {
                    return Ok(());
                }
                let start = self.intake.segment.start;
                self.intake.segment.rewind(start, self.intake.rows);
                self.intake.batch = None;
                if refused.is_none() {
                    self.report_at_end(Damage::Footer { reason: "a frame reaches into it" });
                }
            }
            SegmentEnd::Malformed { offset, reason } => refused = Some((offset, Damage::Footer { reason })),
            SegmentEnd::Frames => {}
        }
        let reached = self.frames(None, self.window.len_bytes())?;
        self.end(reached, refused)
    }

    /// Reads the header; false if the file is too short for one and may still grow.
    fn header(&mut self) -> Result<bool, StoreError> {
        let header = segment::read_header(self.window)?;
        if header == Err(HeaderError::Short) && !self.ending.is_settled {
            return Ok(false);
        }
        let frames_start = match header {
            Ok(header) => {
                self.intake.segment.created_ns = Some(header.created_ns);
                if header.version != 1 {
                    self.report_at_end(Damage::SegmentVersion { found: header.version });
                }
                if header.segment_id != self.intake.segment.id {
                    self.report_at_end(Damage::HeaderId { found: header.segment_id });
                }
                header.frames_start
            }
            Err(HeaderError::Short | HeaderError::Damaged) => {
                self.report_at_end(Damage::Header);
                let end = self.window.len_bytes();
                self.search(0, end)?.unwrap_or(end)
            }
        };
        let segment = &mut *self.intake.segment;
        segment.start = segment.mark_at(frames_start, segment.first_row);
        segment.mark = segment.start;
        Ok(true)
    }

    /// Reads the frames before a footer; false if it is not to be believed. If frames end where it begins, `refused` says why.
    fn through_footer(
        &mut self,
        footer: &Footer,
        refused: &mut Option<(u64, Damage)>,
    ) -> Result<bool, StoreError> {
        let reached = self.frames(Some(footer), footer.offset)?;
        if reached != footer.offset {
            return Ok(false);
        }
        self.intake.end_batch(footer.offset, Some(footer));
        let segment = &mut *self.intake.segment;
        let rows = self.intake.rows.get(segment.first_row..).unwrap_or_default();
        match confirm(footer, rows, &segment.findings) {
            Ok(numbers) => {
                segment.footer = Some(footer.kind);
                segment.frames_end = footer.offset;
                segment.numbers = numbers;
                segment.mark = segment.mark_at(segment.len_bytes, self.intake.rows.len());
                Ok(true)
            }
            Err(reason) => {
                *refused = Some((footer.offset, Damage::FooterDiffers { reason }));
                Ok(false)
            }
        }
    }

    /// Reads frames up to `end`, over damage too; returns where it stopped: at `end`, at a tail, or behind `end`.
    fn frames(&mut self, footer: Option<&Footer>, end: u64) -> Result<u64, StoreError> {
        let file_end = self.window.len_bytes();
        let mut at = self.intake.segment.mark.offset;
        let mut reported = at;
        while at < end {
            if at - reported >= PROGRESS_STEP_BYTES {
                reported = at;
                if (self.progress)(at).is_break() {
                    return Err(cancelled());
                }
            }
            let trouble = match self.window.spot(at, file_end)? {
                Spot::Whole { length, body } => {
                    match Frame::decode(body) {
                        Ok(frame) => self.intake.frame(at, length, &frame, footer),
                        Err(error) => {
                            let damage = Damage::NoEvent { reason: error.to_string() };
                            self.intake.damaged_frame(at..at + u64::from(length), damage, false);
                        }
                    }
                    at += u64::from(length);
                    continue;
                }
                Spot::Mismatch { length, body } => {
                    let frame = Frame::decode(body).ok();
                    let is_shaped = frame.is_some();
                    let was_event = frame
                        .map_or_else(|| !Frame::resembles_marker(body), |frame| frame.marker().is_none());
                    Trouble::Mismatch { length, is_shaped, was_event }
                }
                Spot::NoFrame => Trouble::NoFrame,
            };
            match self.detour(at, end, trouble, footer)? {
                Detour::Continue(next) => at = next,
                Detour::Tail => return Ok(at),
            }
        }
        Ok(at)
    }

    /// Finds where reading goes on behind a damaged spot.
    fn detour(
        &mut self,
        at: u64,
        end: u64,
        trouble: Trouble,
        footer: Option<&Footer>,
    ) -> Result<Detour, StoreError> {
        let damage = Damage::Checksum { is_last: false };
        if let Some(row) = footer.and_then(|footer| footer.row_at(at)) {
            let next = at.saturating_add(u64::from(row.length));
            self.intake.damaged_frame(at..next, damage, true);
            return Ok(Detour::Continue(next));
        }
        if let Trouble::Mismatch { length, is_shaped: true, was_event } = trouble {
            let next = at.saturating_add(u64::from(length));
            if next < end || (next == end && footer.is_some()) {
                self.intake.damaged_frame(at..next, damage, was_event);
                return Ok(Detour::Continue(next));
            }
        }
        if let Some(next) = self.search(at + 1, end)? {
            match trouble {
                Trouble::Mismatch { length, was_event, .. } if at + u64::from(length) == next => {
                    self.intake.damaged_frame(at..next, damage, was_event);
                }
                _ => self.intake.damaged_bytes(at..next, Damage::NotAFrame),
            }
            return Ok(Detour::Continue(next));
        }
        if footer.is_some() {
            self.intake.damaged_bytes(at..end, Damage::NotAFrame);
            return Ok(Detour::Continue(end));
        }
        Ok(Detour::Tail)
    }

    /// The first whole frame from `at` on, found without knowing where frames begin.
    fn search(&mut self, mut at: u64, end: u64) -> Result<Option<u64>, StoreError> {
        let pattern_at = FRAME_HEAD_BYTES + 1;
        let least = pattern_at + BODY_BEGINS.len();
        let mut reported = at;
        while at.saturating_add(least as u64) <= end {
            let piece = self.window.bytes(at, SEARCH_PIECE_BYTES)?;
            if piece.len() < least {
                break;
            }
            let found = piece.windows(least).position(|bytes| looks_like_a_frame(bytes, pattern_at));
            let Some(skipped) = found else {
                let next = at + (piece.len() - least + 1) as u64;
                at = self.window.behind_hole(next)?;
                if at - reported >= PROGRESS_STEP_BYTES {
                    reported = at;
                    if (self.progress)(at).is_break() {
                        return Err(cancelled());
                    }
                }
                continue;
            };
            at += skipped as u64;
            if let Spot::Whole { body, .. } = self.window.spot(at, end)?
                && Frame::decode(body).is_ok()
            {
                return Ok(Some(at));
            }
            at += 1;
        }
        Ok(None)
    }

    /// Takes the end of a segment that has no footer.
    fn end(mut self, reached: u64, refused: Option<(u64, Damage)>) -> Result<(), StoreError> {
        let file_end = self.window.len_bytes();
        if !self.ending.is_settled && (reached < file_end || self.intake.batch.is_some()) {
            let Intake { segment, rows, batch, .. } = self.intake;
            let mark = batch.map_or_else(|| segment.mark_at(reached, rows.len()), |batch| batch.mark);
            let frames_end = segment.frames_end;
            segment.rewind(mark, rows);
            segment.frames_end = frames_end;
            return Ok(());
        }
        let batch_mark = self.intake.batch.as_ref().map(|batch| batch.mark);
        let mark = batch_mark.unwrap_or_else(|| self.intake.segment.mark_at(reached, self.intake.rows.len()));
        if reached < file_end {
            self.tail(reached, refused)?;
        }
        self.intake.end_batch(reached, None);
        self.intake.segment.mark = mark;
        Ok(())
    }

    /// Says what the bytes behind the last frame are.
    fn tail(&mut self, at: u64, refused: Option<(u64, Damage)>) -> Result<(), StoreError> {
        let file_end = self.window.len_bytes();
        let is_last_segment = self.ending.is_last_segment;
        let mut is_whole = false;
        let damage = match refused {
            Some((offset, damage)) if offset == at => damage,
            _ if self.window.zeros_end(at)? == file_end && file_end - at >= FRAME_HEAD_BYTES as u64 => {
                Damage::ZeroTail
            }
            _ => match self.window.spot(at, file_end)? {
                Spot::Mismatch { length, .. } if at + u64::from(length) == file_end => {
                    is_whole = true;
                    Damage::Checksum { is_last: is_last_segment }
                }
                _ => {
                    // Less than a frame's head is passed over by every version, wherever it stands.
                    let is_tolerated = is_last_segment || file_end - at < FRAME_HEAD_BYTES as u64;
                    Damage::TornTail { is_tolerated }
                }
            },
        };
        let frames_end = self.intake.segment.frames_end;
        if is_whole && self.intake.batch.as_ref().is_some_and(Batch::has_all_items) {
            self.intake.damaged_bytes(at..file_end, damage);
        } else {
            let segment_id = self.intake.segment.id;
            self.intake.segment.findings.push(Damaged::of_bytes(segment_id, at..file_end, damage));
        }
        self.intake.segment.frames_end = frames_end;
        Ok(())
    }

    fn report_at_end(&mut self, damage: Damage) {
        let segment: &mut Segment = self.intake.segment;
        segment.findings.push(Damaged::of_segment(segment.id, damage));
    }
}

/// Compares a footer with the rows of its segment; `findings` say where rows may be missing.
fn confirm(
    footer: &Footer,
    rows: &[Row],
    findings: &[Damaged],
) -> Result<Option<FooterNumbers>, &'static str> {
    let mut numbers = FooterNumbers { runs: Vec::new(), next: 0 };
    let mut confirmed = 0;
    for listed in &footer.rows {
        if listed.global_sequence < numbers.next || listed.global_sequence == u64::MAX {
            return Err("its sequences do not rise");
        }
        match rows.get(confirmed) {
            Some(row) if row.offset == listed.offset => {
                if row.length != listed.length || u128::from(row.event_id) != listed.event_id {
                    return Err("a row differs from its frame");
                }
                let continues = numbers.runs.last().is_some_and(|run| {
                    run.global_sequence.saturating_add((confirmed - run.row) as u64) == listed.global_sequence
                });
                if !continues {
                    numbers.runs.push(Run { row: confirmed, global_sequence: listed.global_sequence });
                }
                confirmed += 1;
            }
            _ if findings.iter().any(|finding| finding.covers(listed.offset, listed.length)) => {}
            _ => return Err("a row has no frame"),
        }
        numbers.next = listed.global_sequence + 1;
    }
    if confirmed < rows.len() {
        return Err("a frame has no row");
    }
    match (confirmed, footer.rows.len()) {
        (0, 0) => Ok(None),
        (0, _) => Err("no frame confirms it"),
        _ => Ok(Some(numbers)),
    }
}

fn looks_like_a_frame(bytes: &[u8], pattern_at: usize) -> bool {
    bytes.get(pattern_at..) == Some(BODY_BEGINS)
        && matches!(bytes.get(FRAME_HEAD_BYTES), Some(0x80..=0x8F))
        && (1..=u64::from(MAX_BODY_BYTES)).contains(&announced_length(bytes))
}

fn announced_length(bytes: &[u8]) -> u64 {
    bytes.iter().take(4).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn cancelled() -> StoreError {
    StoreError::Io(io::Error::new(io::ErrorKind::Interrupted, "opening was cancelled"))
}
