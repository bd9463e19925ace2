//! Owns the commit section: what happens, one after the other, between a request and its receipts.
//!
//! Invariants:
//! - the order is: look up, expect and stage, write, sync, index, publish, answer; nothing is visible before it is written, and
//!   nothing of a batch before it is synced;
//! - after a failed sync, or a write that could not be undone, nothing more is committed: the store is poisoned.

use crate::commit::active::ActiveSegment;
use crate::commit::fence::Fence;
use crate::commit::poison::Poison;
use crate::commit::receipt::{AppendReceipt, Issuer, Witness};
use crate::commit::request::{Form, Item, Request};
use crate::commit::stage::{Stage, StagedEvent, Start};
use crate::disk::segment::SegmentHeader;
use crate::disk::storage::{Directory, Lock};
use crate::memory::cache::SectionCache;
use crate::memory::files::Window;
use crate::memory::hub::Notification;
use crate::memory::live::Head;
use crate::memory::shared::Shared;
use crate::words::catalogue::KindDescription;
use crate::words::error::StoreError;
use crate::words::position::DiskPos;
use crate::words::sync::Arc;

/// Answer to a request: a receipt for each of its events.
pub(crate) type Answer = Result<Vec<AppendReceipt>, StoreError>;

/// A write is not made larger than this by requests that could as well have one of their own, in bytes.
const WRITE_BYTES: usize = 4 * 1024 * 1024;

/// Whoever holds this commits, for all who wait.
#[derive(Debug)]
pub(crate) struct Committer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) directory: Arc<dyn Directory>,
    pub(crate) cache: Arc<SectionCache>,
    pub(crate) active: ActiveSegment,
    /// Given back when the store is closed: nothing is committed from then on.
    pub(crate) lock: Option<Box<dyn Lock>>,
    pub(crate) next_sequence: u64,
    pub(crate) largest_time: i64,
    /// Newest event of the log: its hash and stream sequence.
    pub(crate) last: ([u8; 32], u32),
    /// Newest event of one stream, known without reading its frame.
    pub(crate) known_head: Option<(Arc<str>, Head)>,
    pub(crate) poison: Arc<Poison>,
    /// Open: nobody else appends.
    pub(crate) fence: Option<Fence>,
}

/// A staged group and where its answer goes.
struct Waiting<T> {
    tag: T,
    events: usize,
    form: Form,
}

/// Why what was staged is not committed.
#[derive(Debug)]
pub(super) enum Failure {
    Write(StoreError),
    Sync(StoreError),
}

impl Failure {
    /// The failure as a group of this form is told it.
    pub(super) fn told_to(&self, form: Form, item_count: usize) -> StoreError {
        match self {
            Self::Sync(error) if form == Form::Batch => {
                StoreError::BatchSyncFailed { item_count, source: Box::new(repeat(error)) }
            }
            Self::Write(error) | Self::Sync(error) => repeat(error),
        }
    }
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
            let (events, form) = (request.items.len(), request.form);
            durable |= request.durable;
            match self.stage(&mut stage, request) {
                Ok(None) => waiting.push(Waiting { tag, events, form }),
                Ok(Some(receipts)) => answer(tag, Ok(receipts)),
                Err(error) => answer(tag, Err(error)),
            }
        }
        self.flush(&stage, durable, &mut waiting, &mut answer);
    }

    /// What a request would be answered, without committing it.
    ///
    /// Where its frames would lie is not told: that depends on what is described and sealed before them.
    pub(crate) fn rehearse(&mut self, request: Request) -> Answer {
        self.admit(&request)?;
        if let Some(receipts) = self.look_up(&request.items)? {
            return Ok(receipts);
        }
        let mut stage = Stage::new(self.largest_time);
        self.stage_aside(&mut stage, request)?;
        let issuer = Issuer { signer: None, ..self.issuer() };
        let receipts = stage.events.iter().map(|event| event.receipt(issuer, 0, false));
        Ok(receipts.map(|receipt| AppendReceipt { place: DiskPos::default(), ..receipt }).collect())
    }

    /// Looks up, expects and stages one request. `Some` answers it without a write: all its events are known.
    fn stage(
        &mut self,
        stage: &mut Stage,
        request: Request,
    ) -> Result<Option<Vec<AppendReceipt>>, StoreError> {
        self.admit(&request)?;
        if let Some(receipts) = self.look_up(&request.items)? {
            return Ok(Some(receipts));
        }
        self.rotate_if_full(stage)?;
        let start = self.start()?;
        let before = stage.savepoint();
        self.describe(stage, request.items.iter());
        let known = self.known_head.take();
        let staged = stage.push_group(request.items, start, |entity| match &known {
            Some((name, head)) if **name == *entity => Ok(Some(*head)),
            Some(_) | None => self.shared.head_before(entity, self.next_sequence),
        });
        if staged.is_err() {
            let dropped = stage.roll_back(before);
            self.forget_descriptions(&dropped);
        }
        staged.map(|()| None).map_err(|refused| refused.told_to(request.form))
    }

    /// Expects and stages one request in a stage that is not written as it is: nothing is sealed or described for it.
    pub(super) fn stage_aside(&self, stage: &mut Stage, request: Request) -> Result<(), StoreError> {
        let (start, before) = (self.start()?, stage.savepoint());
        let head_of = |entity: &str| self.shared.head_before(entity, self.next_sequence);
        stage.push_group(request.items, start, head_of).map_err(|refused| {
            stage.roll_back(before);
            refused.told_to(request.form)
        })
    }

    /// Fails if nothing is committed any more, or not what somebody else than the fence asks for.
    fn admit(&self, request: &Request) -> Result<(), StoreError> {
        self.check_open()?;
        match &self.fence {
            Some(_) if request.form != Form::Lifecycle => Err(StoreError::VisibilityFenceActive),
            Some(_) | None => Ok(()),
        }
    }

    /// Fails if nothing is committed any more.
    pub(super) fn check_open(&self) -> Result<(), StoreError> {
        self.poison.check()?;
        self.lock.as_ref().map(|_| ()).ok_or(StoreError::Closed)
    }

    /// Where the next event goes.
    pub(super) fn start(&self) -> Result<Start, StoreError> {
        Ok(Start {
            next_sequence: self.next_sequence,
            synced_through: self.shared.durable(),
            segment_bytes: self.active.end_bytes,
            now_us: self.now_us()?,
        })
    }

    /// True if what is staged must be committed before this request can be looked at.
    fn must_flush_before(&self, stage: &Stage, request: &Request) -> bool {
        let full = stage.bytes.len() >= WRITE_BYTES
            || self.active.end_bytes + stage.bytes.len() as u64 >= self.shared.config.rotation_bytes();
        let known =
            |item: &Item| item.options.idempotency_key.is_some_and(|key| stage.place_of(key).is_some());
        !stage.is_empty() && (full || request.items.iter().any(known))
    }

    /// The receipts of events that have the request's keys already.
    pub(super) fn look_up(&self, items: &[Item]) -> Result<Option<Vec<AppendReceipt>>, StoreError> {
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

    pub(super) fn describe<'a>(&mut self, stage: &mut Stage, items: impl Iterator<Item = &'a Item>) {
        for description in items.filter_map(|item| item.description.as_ref()) {
            if self.active.described.insert((description.kind, description.version)) {
                stage.describe(description.clone(), self.shared.durable());
            }
        }
    }

    /// Commits what is staged and answers it.
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
        match self.write(stage, durable) {
            Ok(()) => {
                let mut events = stage.events.iter();
                for group in waiting.drain(..) {
                    let receipts = events.by_ref().take(group.events).map(|event| self.receipt(event));
                    answer(group.tag, Ok(receipts.collect()));
                }
            }
            Err(failure) => {
                for group in waiting.drain(..) {
                    answer(group.tag, Err(failure.told_to(group.form, group.events)));
                }
            }
        }
    }

    /// Writes, syncs, indexes and publishes what is staged.
    pub(super) fn write(&mut self, stage: &Stage, durable: bool) -> Result<(), Failure> {
        let is_due = durable || self.is_sync_due(stage);
        // Before anything is written: what two writers write at the same place is lost.
        let checked = if is_due { self.check_lock() } else { Ok(()) };
        let written = checked.and_then(|()| self.active.write(&stage.bytes)).map_err(Failure::Write);
        let outcome =
            written.and_then(|()| if is_due { self.sync_with(stage).map_err(Failure::Sync) } else { Ok(()) });
        match outcome {
            Ok(()) => {
                self.index(stage);
                self.publish(stage);
            }
            Err(_) => self.forget_descriptions(&stage.descriptions),
        }
        outcome
    }

    /// The receipt of an event that was just committed.
    pub(super) fn receipt(&self, event: &StagedEvent) -> AppendReceipt {
        let durable = event.global_sequence < self.shared.durable();
        event.receipt(self.issuer(), self.active.header.first_sequence, durable)
    }

    /// True if more events would be unsynced than the configuration allows.
    fn is_sync_due(&self, stage: &Stage) -> bool {
        let unsynced = self.next_sequence + stage.events.len() as u64 - self.shared.durable();
        unsynced >= u64::from(self.shared.config.sync().every_n_events.max(1))
    }

    /// Syncs everything that is written, with what is staged.
    fn sync_with(&self, stage: &Stage) -> Result<(), StoreError> {
        self.active.sync(self.shared.config.sync().mode)?;
        self.shared.watermarks.raise_durable(self.next_sequence + stage.events.len() as u64);
        Ok(())
    }

    fn index(&mut self, stage: &Stage) {
        self.shared.index.update(|live| {
            for event in &stage.events {
                live.push(&event.row());
            }
            stage.descriptions.iter().for_each(|description| live.describe(description));
            self.largest_time = live.largest_time;
        });
        self.next_sequence += stage.events.len() as u64;
        if let Some(event) = stage.events.last() {
            self.last = (event.event_hash, event.header.position.sequence());
        }
    }

    fn publish(&self, stage: &Stage) {
        self.shared.watermarks.set_visible(self.next_sequence);
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
            self.check_lock()?;
            self.active.sync(self.shared.config.sync().mode)?;
            self.shared.watermarks.raise_durable(self.next_sequence);
        }
        Ok(())
    }

    fn now_us(&self) -> Result<i64, StoreError> {
        match self.shared.clock.0.now_us() {
            timestamp_us if timestamp_us < 0 => {
                Err(StoreError::InvalidClock { timestamp_us, reason: "it lies before 1970".to_owned() })
            }
            now_us => Ok(now_us),
        }
    }

    pub(super) fn forget_descriptions(&mut self, descriptions: &[KindDescription]) {
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
