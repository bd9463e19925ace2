//! Owns level V2 of single events: the payload fits the content hash, and what the event says and follows fits the event hash.
//!
//! Invariant: the newest event of so many streams is remembered and of no more; that of the others is read again.

use std::collections::HashMap;

use crate::care::verify::{BrokenLink, VerifyReport, of_frame};
use crate::disk::frame::{EventView, Record, Stub};
use crate::disk::segment::SegmentName;
use crate::memory::files::Window;
use crate::memory::live::Head;
use crate::read::reader::Reader;
use crate::words::chain::{Link, compute_hash};
use crate::words::coordinate::Coordinate;
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};
use crate::words::hex::to_hex;
use crate::words::sync::Arc;

/// Streams whose newest event is remembered: about 300 MB.
const REMEMBERED_STREAMS: usize = 2_000_000;

/// Runs of unreadable places that are asked for at once.
const HOLES_AT_ONCE: usize = 4096;

/// The newest event of a stream, and how many events had been unreadable when it was met.
#[derive(Clone, Copy, Debug)]
struct Newest {
    head: Head,
    unreadable: u64,
}

/// Where a frame lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    pub(super) segment: SegmentName,
    pub(super) offset: u64,
}

/// The chains of all streams, as far as they were read.
pub(super) struct Chains<'a> {
    reader: &'a Reader,
    newest: HashMap<Arc<str>, Newest>,
    /// Some streams were forgotten, or never met: the log is asked for their newest event.
    forgot: bool,
    /// Events so far that nobody can read: each may have been of any stream.
    pub(super) unreadable: u64,
}

impl<'a> Chains<'a> {
    /// The chains from the event `first` on: what stands before it is taken for granted.
    pub(super) fn from(reader: &'a Reader, first: u64) -> Result<Self, StoreError> {
        let (mut unreadable, mut looked_at) = (0, 0);
        while looked_at < first {
            let (holes, until) = reader.shared().index.unreadable(looked_at..first, HOLES_AT_ONCE)?;
            unreadable += holes.iter().map(|hole| hole.end - hole.start).sum::<u64>();
            looked_at = until.max(looked_at + 1);
        }
        Ok(Self { reader, newest: HashMap::new(), forgot: first > 0, unreadable })
    }

    /// Checks an event or what is left of one. Other records are no part of a chain.
    pub(super) fn check(
        &mut self,
        record: &Record<'_>,
        at: At,
        report: &mut VerifyReport,
    ) -> Result<(), StoreError> {
        match record {
            Record::Event(event) => self.check_event(event, at, report),
            Record::Stub(stub) => self.check_stub(stub, at, report),
            Record::Catalogue { .. } | Record::Mark(_) => Ok(()),
        }
    }

    fn check_event(
        &mut self,
        event: &EventView<'_>,
        at: At,
        report: &mut VerifyReport,
    ) -> Result<(), StoreError> {
        let sequence = event.global_sequence;
        let about = |class, message: &str| of_frame(class, message, at.segment, at.offset).of_event(sequence);
        let content_hash = compute_hash(event.payload);
        if content_hash != *event.content_hash {
            let finding = about(FindingClass::ContentHash, "the payload does not fit its content hash");
            report.add(finding.compared(to_hex(&content_hash), to_hex(event.content_hash)));
        }
        if let Err(error) = Coordinate::new(event.entity, event.scope) {
            report.add(about(FindingClass::Note, &format!("no append takes its coordinate: {error}")));
        }
        let before = self.before(event.entity, sequence)?;
        let prev_hash = before.map_or([0; 32], |newest| newest.head.event_hash);
        let computed = event_hash(event, &prev_hash);
        let fits = computed == *event.event_hash;
        match self.place(before, event.stream_sequence) {
            Place::Next | Place::Behind if fits => {}
            Place::Next => report.add_broken(
                about(FindingClass::EventHash, "the event does not fit its event hash"),
                BrokenLink { sequence, expected: computed, found: *event.event_hash },
            ),
            Place::Behind => {
                let message = "the event before it in its stream cannot be read, so that its own hash cannot be checked";
                report.add(about(FindingClass::Link, message));
            }
            Place::Wrong { expected } => {
                let finding = about(FindingClass::Place, "the event has another place in its stream");
                report.add(finding.compared(expected, event.stream_sequence));
            }
        }
        self.remember(event.entity, event.stream_sequence, *event.event_hash);
        Ok(())
    }

    /// A stub keeps place and hash of its event; its own hash covered what is gone.
    fn check_stub(&mut self, stub: &Stub, at: At, report: &mut VerifyReport) -> Result<(), StoreError> {
        let before = self.before(&stub.entity, stub.global_sequence)?;
        if let Place::Wrong { expected } = self.place(before, stub.stream_sequence) {
            let message = "what is left of a removed event has another place in its stream";
            let finding: Finding = of_frame(FindingClass::Place, message, at.segment, at.offset);
            report.add(finding.of_event(stub.global_sequence).compared(expected, stub.stream_sequence));
        }
        self.remember(&stub.entity, stub.stream_sequence, stub.event_hash);
        Ok(())
    }

    /// The event before a sequence in a stream.
    fn before(&self, entity: &str, sequence: u64) -> Result<Option<Newest>, StoreError> {
        if let Some(newest) = self.newest.get(entity) {
            return Ok(Some(*newest));
        }
        if !self.forgot {
            return Ok(None);
        }
        let head = self.reader.shared().head_in(&mut Window::headers(), entity, sequence)?;
        Ok(head.map(|head| Newest { head, unreadable: 0 }))
    }

    /// Whether a place in a stream follows the event before it, or could do so if the unreadable events since were of that stream.
    fn place(&self, before: Option<Newest>, clock: u32) -> Place {
        let expected = before.map_or(0, |newest| newest.head.clock.wrapping_add(1));
        let unreadable = self.unreadable - before.map_or(0, |newest| newest.unreadable);
        match clock.checked_sub(expected) {
            Some(0) => Place::Next,
            Some(missing) if u64::from(missing) <= unreadable => Place::Behind,
            Some(_) | None => Place::Wrong { expected },
        }
    }

    fn remember(&mut self, entity: &str, clock: u32, event_hash: [u8; 32]) {
        let newest = Newest { head: Head { clock, event_hash }, unreadable: self.unreadable };
        if let Some(known) = self.newest.get_mut(entity) {
            *known = newest;
            return;
        }
        if self.newest.len() >= REMEMBERED_STREAMS {
            self.newest.clear();
            self.forgot = true;
        }
        self.newest.insert(entity.into(), newest);
    }
}

/// How an event stands to the one before it in its stream.
enum Place {
    Next,
    Behind,
    Wrong { expected: u32 },
}

fn event_hash(event: &EventView<'_>, prev_hash: &[u8; 32]) -> [u8; 32] {
    let link = Link {
        prev_hash,
        global_sequence: event.global_sequence,
        header: &event.header(0),
        payload_form: event.payload_form,
        entity: event.entity,
        scope: event.scope,
        extensions: &event.extensions.to_extensions(),
    };
    link.hash()
}
