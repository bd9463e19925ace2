//! Owns the commit section: what happens, one after the other, between a request and its receipts.
//!
//! Invariants:
//! - the order is: look up, expect, stage, write, sync, index, publish, answer; nothing is visible before it is written, and nothing
//!   of a batch before it is synced;
//! - after a failed sync, or a write that could not be undone, nothing more is committed: the store is poisoned.

use crate::commit::active::ActiveSegment;
use crate::commit::poison::Poison;
use crate::commit::receipt::{AppendReceipt, Issuer, Witness};
use crate::commit::request::{Item, Request};
use crate::commit::seal::{Sealing, seal_active};
use crate::commit::stage::{Stage, Start};
use crate::disk::frame::MarkPurpose;
use crate::disk::segment::SegmentHeader;
use crate::disk::storage::{Directory, Lock};
use crate::memory::cache::SectionCache;
use crate::memory::files::Window;
use crate::memory::hub::Notification;
use crate::memory::live::{Head, LivePart};
use crate::memory::sealed::{Ending, SealedPart};
use crate::memory::shared::Shared;
use crate::words::catalogue::KindDescription;
use crate::words::error::StoreError;
use crate::words::id::EventId;
use crate::words::sync::Arc;

/// Answer to a request: a receipt for each of its events.
pub(crate) type Answer = Result<Vec<AppendReceipt>, StoreError>;

/// Whoever holds this commits, for all who wait.
#[derive(Debug)]
pub(crate) struct Committer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) cache: Arc<SectionCache>,
    pub(crate) active: ActiveSegment,
    pub(crate) lock: Box<dyn Lock>,
    pub(crate) next_sequence: u64,
    pub(crate) largest_time: i64,
    /// Newest event of the log: its hash and stream sequence.
    pub(crate) last: ([u8; 32], u32),
    /// Newest event of one stream, known without reading its frame.
    pub(crate) known_head: Option<(Arc<str>, Head)>,
    pub(crate) poison: Arc<Poison>,
}

/// A staged group and where its answer goes.
struct Waiting<T> {
    tag: T,
    events: usize,
}

impl Committer {
    /// Commits requests in order, with as few writes and syncs as their order allows. Each is answered once, under its tag.
    pub(crate) fn commit<T>(&mut self, requests: Vec<(T, Request)>, mut answer: impl FnMut(T, Answer)) {
        let mut stage = Stage::new(self.largest_time);
        let mut waiting: Vec<Waiting<T>> = Vec::new();
        let mut durable = false;
        for (tag, request) in requests {
            if self.must_flush_before(&stage, &request) {
                self.flush(&stage, durable, &mut waiting, &mut answer);
                stage = Stage::new(self.largest_time);
                durable = false;
            }
            let events = request.items.len();
            durable |= request.durable;
            match self.stage(&mut stage, request) {
                Ok(None) => waiting.push(Waiting { tag, events }),
                Ok(Some(receipts)) => answer(tag, Ok(receipts)),
                Err(error) => answer(tag, Err(error)),
            }
        }
        self.flush(&stage, durable, &mut waiting, &mut answer);
    }

    /// Looks up, expects and stages one request. `Some` answers it without a write: all its events are known.
    fn stage(
        &mut self,
        stage: &mut Stage,
        request: Request,
    ) -> Result<Option<Vec<AppendReceipt>>, StoreError> {
        self.poison.check()?;
        if let Some(receipts) = self.look_up(&request.items)? {
            return Ok(Some(receipts));
        }
        self.expect(stage, &request.items)?;
        self.rotate_if_full(stage)?;
        let now_us = self.now_us()?;
        let before = stage.savepoint();
        self.describe(stage, &request.items);
        let start = Start {
            next_sequence: self.next_sequence,
            synced_through: self.shared.durable(),
            segment_bytes: self.active.end_bytes,
            now_us,
        };
        let known = self.known_head.take();
        let staged = stage.push_group(request.items, start, |entity| match &known {
            Some((name, head)) if **name == *entity => Ok(Some(*head)),
            Some(_) | None => self.shared.head_before(entity, self.next_sequence),
        });
        if staged.is_err() {
            let dropped = stage.roll_back(before);
            self.forget_descriptions(&dropped);
        }
        staged.map(|()| None)
    }

    /// True if what is staged must be committed before this request can be looked at.
    fn must_flush_before(&self, stage: &Stage, request: &Request) -> bool {
        let full = self.active.end_bytes + stage.bytes.len() as u64 >= self.shared.config.rotation_bytes();
        let known = |item: &Item| {
            item.options.idempotency_key.is_some_and(|key| stage.holds_id(EventId::from_u128(key.into())))
        };
        !stage.is_empty() && (full || request.items.iter().any(known))
    }

    /// The receipts of events that have the request's keys already.
    fn look_up(&self, items: &[Item]) -> Result<Option<Vec<AppendReceipt>>, StoreError> {
        let mut receipts = Vec::new();
        for item in items {
            let Some(key) = item.options.idempotency_key else { return Ok(None) };
            receipts.extend(self.known(item, key.into())?);
        }
        match receipts.len() {
            0 => Ok(None),
            known if known == items.len() => Ok(Some(receipts)),
            known => {
                let reason = format!("{known} of {} keys are known", items.len());
                Err(StoreError::IdempotencyPartialBatch { reason })
            }
        }
    }

    fn known(&self, item: &Item, key: u128) -> Result<Option<AppendReceipt>, StoreError> {
        let index = &self.shared.index;
        for sequence in index.id_candidates(key, self.next_sequence) {
            let located = index.locate_one(sequence?)?;
            let found = match self.shared.read(&located, &mut Window::headers()) {
                Err(StoreError::UnreadableEvent { .. }) => continue,
                read => read?,
            };
            let (sequence, kind) = (located.sequence, found.kind());
            let event = found.event;
            if u128::from(event.header.event_id) != key {
                continue;
            }
            let same = event.coordinate.entity() == item.coordinate.entity()
                && kind == item.kind
                && event.header.content_hash == item.content_hash;
            if !same {
                return Err(StoreError::IdempotencyConflict { key, sequence });
            }
            return Ok(Some(self.issuer().issue(Witness {
                event_id: event.header.event_id,
                sequence,
                stream_sequence: event.header.position.sequence(),
                content_hash: event.header.content_hash,
                event_hash: event.event_hash,
                extensions: event.extensions,
                place: found.place,
                durable: sequence < self.shared.durable(),
            })));
        }
        Ok(None)
    }

    /// In whose name receipts are given now, also those of events that were committed long ago.
    fn issuer(&self) -> Issuer<'_> {
        let SegmentHeader { store_id, epoch, .. } = self.active.header;
        Issuer { store_id, epoch, signer: self.shared.config.keys().signer() }
    }

    fn expect(&self, stage: &Stage, items: &[Item]) -> Result<(), StoreError> {
        for item in items {
            let Some(expected) = item.options.expected_sequence else { continue };
            let entity = item.coordinate.entity();
            let head = match stage.head(entity) {
                Some(head) => Some(head),
                None => self.shared.head_before(entity, self.next_sequence)?,
            };
            let actual = head.map_or(0, |head| head.clock);
            if actual != expected {
                return Err(StoreError::SequenceMismatch { entity: entity.to_owned(), expected, actual });
            }
        }
        Ok(())
    }

    fn describe(&mut self, stage: &mut Stage, items: &[Item]) {
        for description in items.iter().filter_map(|item| item.description.as_ref()) {
            if self.active.described.insert((description.kind, description.version)) {
                stage.describe(description.clone(), self.shared.durable());
            }
        }
    }

    /// Writes, syncs, indexes, publishes and answers what is staged.
    fn flush<T>(
        &mut self,
        stage: &Stage,
        durable: bool,
        waiting: &mut Vec<Waiting<T>>,
        answer: &mut impl FnMut(T, Answer),
    ) {
        if stage.is_empty() {
            return;
        }
        let outcome = self.active.write(&stage.bytes).and_then(|()| self.sync_if_due(stage, durable));
        match outcome {
            Ok(()) => {
                self.index(stage);
                self.publish(stage);
                let segment = self.active.header.first_sequence;
                let mut events = stage.events.iter();
                for group in waiting.drain(..) {
                    let is_durable = |sequence| sequence < self.shared.durable();
                    let receipts = events.by_ref().take(group.events);
                    let receipts = receipts.map(|event| {
                        event.receipt(self.issuer(), segment, is_durable(event.global_sequence))
                    });
                    answer(group.tag, Ok(receipts.collect()));
                }
            }
            Err(error) => {
                self.forget_descriptions(&stage.descriptions);
                for group in waiting.drain(..) {
                    answer(group.tag, Err(repeat(&error)));
                }
            }
        }
    }

    /// Syncs if a request asks for it, or if more events would be unsynced than the configuration allows.
    fn sync_if_due(&mut self, stage: &Stage, durable: bool) -> Result<(), StoreError> {
        let written = self.next_sequence + stage.events.len() as u64;
        let unsynced = written - self.shared.durable();
        if durable || unsynced >= u64::from(self.shared.config.sync().every_n_events.max(1)) {
            self.active.sync(self.shared.config.sync().mode)?;
            self.shared.raise_durable(written);
        }
        Ok(())
    }

    fn index(&mut self, stage: &Stage) {
        self.shared.index.update(|live| {
            for event in &stage.events {
                live.push(&event.row());
            }
            live.catalogue.extend(stage.descriptions.iter().cloned());
            self.largest_time = live.largest_time;
        });
        self.next_sequence += stage.events.len() as u64;
        if let Some(event) = stage.events.last() {
            self.last = (event.event_hash, event.header.position.sequence());
        }
    }

    fn publish(&self, stage: &Stage) {
        self.shared.set_visible(self.next_sequence);
        if self.shared.hub.is_empty() {
            return;
        }
        for event in &stage.events {
            let notification =
                Notification::new(event.global_sequence, &event.item.coordinate, &event.header);
            self.shared.hub.publish(&notification);
        }
    }

    /// Syncs everything that is written.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        self.poison.check()?;
        if self.shared.durable() < self.next_sequence {
            self.active.sync(self.shared.config.sync().mode)?;
            self.shared.raise_durable(self.next_sequence);
        }
        Ok(())
    }

    /// Seals the active segment and begins the next, if the active one is full and nothing is staged for it.
    fn rotate_if_full(&mut self, stage: &Stage) -> Result<(), StoreError> {
        let full = self.active.end_bytes >= self.shared.config.rotation_bytes();
        if !full || !stage.is_empty() || self.next_sequence == self.active.header.first_sequence {
            return Ok(());
        }
        self.finish_active(MarkPurpose::Sealed)?;
        let part = self.seal(Ending::Sealed)?;
        self.begin_segment(part)
    }

    /// Ends the active segment with a mark; everything in it is on stable storage afterwards.
    pub(crate) fn finish_active(&mut self, purpose: MarkPurpose) -> Result<(), StoreError> {
        self.check_lock()?;
        let mode = self.shared.config.sync().mode;
        self.active.finish(self.next_sequence, purpose, mode)?;
        self.shared.raise_durable(self.next_sequence);
        Ok(())
    }

    /// Encodes and stores the index of the active segment.
    pub(crate) fn seal(&self, ending: Ending) -> Result<Arc<SealedPart>, StoreError> {
        let sealing = Sealing {
            directory: &*self.directory,
            cache: &self.cache,
            ending,
            last_hash: self.last.0,
            last_clock: self.last.1,
        };
        seal_active(&self.shared.index, &self.active, &sealing)
    }

    fn begin_segment(&mut self, part: Arc<SealedPart>) -> Result<(), StoreError> {
        let header = SegmentHeader {
            first_sequence: self.next_sequence,
            generation: 0,
            created_us: self.shared.clock.0.now_us(),
            replaced: None,
            parent: None,
            ..self.active.header.clone()
        };
        let limit = self.shared.config.rotation_bytes();
        self.active = ActiveSegment::create(&*self.directory, header, limit, &self.poison)?;
        let live = LivePart::new(self.active.name(), self.next_sequence, self.largest_time);
        self.shared.index.seal(part, live);
        Ok(())
    }

    /// Fails if somebody replaced the lock file: two writers would not see each other.
    pub(crate) fn check_lock(&mut self) -> Result<(), StoreError> {
        if self.lock.is_intact()? {
            return Ok(());
        }
        self.poison.raise("the lock file was replaced".to_owned());
        self.poison.check()
    }

    fn now_us(&self) -> Result<i64, StoreError> {
        match self.shared.clock.0.now_us() {
            timestamp_us if timestamp_us < 0 => {
                Err(StoreError::InvalidClock { timestamp_us, reason: "it lies before 1970".to_owned() })
            }
            now_us => Ok(now_us),
        }
    }

    fn forget_descriptions(&mut self, descriptions: &[KindDescription]) {
        for description in descriptions {
            self.active.described.remove(&(description.kind, description.version));
        }
    }
}

/// The same failure for everybody who waited for the same write.
fn repeat(error: &StoreError) -> StoreError {
    match error {
        StoreError::Io(error) => StoreError::Io(std::io::Error::new(error.kind(), error.to_string())),
        StoreError::Poisoned { reason } => StoreError::Poisoned { reason: reason.clone() },
        other => StoreError::Configuration(other.to_string()),
    }
}
