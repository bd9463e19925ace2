//! Owns the program that does what it is told with one engine, and says in a line what came of each operation.
//!
//! This file is compiled once against each engine: `super::engine` is the crate under the name it has there, and nothing else differs.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::engine::coordinate::{Coordinate, KindFilter, Region};
use super::engine::event::{EventKind, JsonValueInput, RawMsgpackInput};
use super::engine::id::{CausationId, CorrelationId, EventId, IdempotencyKey};
use super::engine::outcome::Outcome;
use super::engine::store::index::IndexEntry;
use super::engine::store::{
    AppendOptions, AppendPositionHint, AppendReceipt, AppendTicket, BatchAppendItem, CausationRef, Cursor,
    ExtensionKey, Freshness, ProjectionWatcher, Store, StoreConfig, StoreError, Subscription,
};
use super::engine::{EventPayload, EventSourced};
use crate::operation::{Cause, Draft, ENTITIES, Extras, Kind, Operation, SCOPES, Shape, Wanted, keyed};

#[derive(Serialize, Deserialize, EventPayload)]
#[batpak(category = 1, type_id = 1)]
struct Placed {
    number: u64,
    note: String,
    parts: Vec<u8>,
}

#[derive(Serialize, Deserialize, EventPayload)]
#[batpak(category = 1, type_id = 2)]
struct Paid {
    cents: i64,
    by: Option<String>,
}

#[derive(Debug, Default, Serialize, Deserialize, EventSourced)]
#[batpak(input = JsonValueInput)]
#[batpak(event = Placed, handler = placed)]
#[batpak(event = Paid, handler = paid)]
struct Balance {
    orders: u64,
    numbers: u64,
    cents: i64,
}

impl Balance {
    fn placed(&mut self, event: &Placed) {
        self.orders += 1;
        self.numbers = self.numbers.rotate_left(7) ^ event.number ^ event.parts.len() as u64;
    }

    fn paid(&mut self, event: &Paid) {
        self.cents = self.cents.wrapping_mul(31).wrapping_add(event.cents);
    }
}

#[derive(Debug, Default, Serialize, Deserialize, EventSourced)]
#[batpak(input = RawMsgpackInput)]
#[batpak(event = Paid, handler = paid)]
struct Payers {
    names: Vec<String>,
}

impl Payers {
    fn paid(&mut self, event: &Paid) {
        self.names.extend(event.by.clone());
    }
}

/// Does everything in order and says what came of it.
pub(crate) fn answers(directory: &Path, operations: &[Operation]) -> Vec<String> {
    let mut program = Program::open(directory);
    operations.iter().map(|operation| program.answer(operation)).collect()
}

struct Program {
    directory: PathBuf,
    /// Microseconds since 1970; moves before each operation and stands still during it.
    time: Arc<AtomicI64>,
    store: Option<Arc<Store>>,
    /// Ids of the events that were appended here, in order, and their places in that order.
    ids: Vec<EventId>,
    names: HashMap<u128, usize>,
    watcher: Option<(usize, ProjectionWatcher<Balance>)>,
    /// The watched entity has an event that the watcher has not delivered.
    watched_moved: bool,
    cursor: Option<Cursor>,
    subscription: Option<Subscription>,
    /// Notifications that the subscription must hold.
    owed: usize,
    subscribed: Option<Region>,
}

impl Program {
    fn open(directory: &Path) -> Self {
        let mut program = Self {
            directory: directory.to_owned(),
            time: Arc::new(AtomicI64::new(1_700_000_000_000_000)),
            store: None,
            ids: Vec::new(),
            names: HashMap::new(),
            watcher: None,
            watched_moved: false,
            cursor: None,
            subscription: None,
            owed: 0,
            subscribed: None,
        };
        program.reopen();
        program
    }

    fn reopen(&mut self) {
        let time = Arc::clone(&self.time);
        let config = StoreConfig::new(&self.directory)
            .with_clock_fn(move || time.load(Ordering::Relaxed))
            .with_sync_every_n_events(1_000_000)
            .with_segment_max_bytes(64 * 1024);
        self.store = Some(Arc::new(Store::open(config).expect("the store opens")));
    }

    fn store(&self) -> &Arc<Store> {
        self.store.as_ref().expect("the store is open")
    }

    fn answer(&mut self, operation: &Operation) -> String {
        self.time.fetch_add(1_750, Ordering::Relaxed);
        match operation {
            Operation::Append(..)
            | Operation::AppendTyped(_)
            | Operation::Reaction { .. }
            | Operation::Batch(_)
            | Operation::KeyedBatch(_)
            | Operation::Submit(_)
            | Operation::TrySubmit(_)
            | Operation::SubmitBatch(_)
            | Operation::Outbox(_)
            | Operation::Fence(_) => self.write(operation),
            Operation::Ancestors { event, limit } => self.ancestors(*event, *limit),
            Operation::Get(event) => self.get(*event),
            Operation::GetUnknown(id) => {
                told(self.store().get(EventId::from(u128::from(*id))), |_| "found".into())
            }
            Operation::ReadRaw(event) => self.read_raw(*event),
            Operation::Query(wanted) => self.entries(&self.store().query(&region(wanted))),
            Operation::Page { wanted, after, limit } => {
                self.entries(&self.store().query_entries_after(&region(wanted), *after, *limit))
            }
            Operation::ByEntity(entity) => self.entries(&self.store().by_entity(ENTITIES[*entity])),
            Operation::ByScope(scope) => self.entries(&self.store().by_scope(SCOPES[*scope])),
            Operation::ByKind(Shape::Placed) => self.entries(&self.store().by_fact_typed::<Placed>()),
            Operation::ByKind(shape) => self.entries(&self.store().by_fact(kind(*shape))),
            Operation::Generation(entity) => {
                format!("{:?}", self.store().entity_generation(ENTITIES[*entity]))
            }
            Operation::Project(entity) => {
                told(self.store().project::<Balance>(ENTITIES[*entity], &Freshness::Consistent), |state| {
                    format!("{state:?}")
                })
            }
            Operation::ProjectRaw(entity) => {
                told(self.store().project::<Payers>(ENTITIES[*entity], &Freshness::Consistent), |state| {
                    format!("{state:?}")
                })
            }
            Operation::ProjectIfChanged { entity, last } => {
                let changed = self.store().project_if_changed::<Balance>(
                    ENTITIES[*entity],
                    *last,
                    &Freshness::Consistent,
                );
                told(changed, |changed| format!("{changed:?}"))
            }
            Operation::Watch(_) | Operation::WatchNext => self.watch(operation),
            Operation::Cursor(_) | Operation::CursorPoll(_) => self.pull(operation),
            Operation::Subscribe(_) | Operation::Receive => self.listen(operation),
            Operation::Stats => format!("{:?}", self.store().stats()),
            Operation::Sync => told(self.store().sync(), |()| "synced".into()),
            Operation::Reopen { close } => self.close_and_reopen(*close),
        }
    }

    fn write(&mut self, operation: &Operation) -> String {
        let store = Arc::clone(self.store());
        let receipts = match operation {
            Operation::Append(draft, extras) => {
                let options = self.options(extras);
                store
                    .append_with_options(&coordinate(draft), kind(draft.shape), &payload(draft), options)
                    .map(one)
            }
            Operation::AppendTyped(draft) => match draft.shape {
                Shape::Placed => store.append_typed(&coordinate(draft), &placed(draft)),
                _ => store.append_typed(&coordinate(draft), &paid(draft)),
            }
            .map(one),
            Operation::Reaction { draft, cause } => match self.event(*cause) {
                Some(id) => {
                    let (coordinate, payload) = (coordinate(draft), payload(draft));
                    let (correlation, causation) =
                        (CorrelationId::from(u128::from(id)), CausationId::from(u128::from(id)));
                    store
                        .append_reaction(&coordinate, kind(draft.shape), &payload, correlation, causation)
                        .map(one)
                }
                None => return "nothing to react to".into(),
            },
            Operation::Batch(items) => store.append_batch(self.batch(items)),
            Operation::KeyedBatch(keys) => {
                store.append_batch(keys.iter().map(|key| keyed_item(*key)).collect())
            }
            Operation::Submit(_)
            | Operation::TrySubmit(_)
            | Operation::SubmitBatch(_)
            | Operation::Outbox(_)
            | Operation::Fence(_) => self.submit(&store, operation),
            _ => unreachable!("only what writes comes here"),
        };
        match receipts {
            Ok(receipts) => self.take(&receipts),
            Err(error) => refused(&error),
        }
    }

    /// Asks for a commit in one of the ways whose answer comes later, and waits for it.
    fn submit(&self, store: &Store, operation: &Operation) -> Result<Vec<AppendReceipt>, StoreError> {
        match operation {
            Operation::Submit(draft) => {
                store.submit(&coordinate(draft), kind(draft.shape), &payload(draft))?.wait().map(one)
            }
            Operation::TrySubmit(draft) => {
                let outcome = store.try_submit(&coordinate(draft), kind(draft.shape), &payload(draft))?;
                match outcome {
                    Outcome::Ok(ticket) => ticket.wait().map(one),
                    _ => panic!("nobody else appends, and yet it was declined"),
                }
            }
            Operation::SubmitBatch(items) => store.submit_batch(self.batch(items))?.wait(),
            Operation::Outbox(drafts) => {
                let mut outbox = store.outbox();
                for draft in drafts {
                    outbox.stage(coordinate(draft), kind(draft.shape), &payload(draft))?;
                }
                outbox.flush()
            }
            Operation::Fence(drafts) => {
                let fence = store.begin_visibility_fence()?;
                let tickets: Result<Vec<_>, _> = drafts
                    .iter()
                    .map(|draft| fence.submit(&coordinate(draft), kind(draft.shape), &payload(draft)))
                    .collect();
                let tickets = tickets?;
                fence.commit()?;
                tickets.into_iter().map(AppendTicket::wait).collect()
            }
            _ => unreachable!("only what is submitted comes here"),
        }
    }

    fn ancestors(&self, event: u64, limit: usize) -> String {
        let Some(id) = self.event(event) else { return "nothing to walk from".into() };
        let ancestors = self.store().walk_ancestors(id, limit);
        let names = ancestors.iter().map(|stored| self.name(stored.event.header.event_id.into()));
        names.collect::<Vec<_>>().join(" ")
    }

    /// Notes what was appended, and tells the receipts.
    fn take(&mut self, receipts: &[AppendReceipt]) -> String {
        let mut lines = Vec::new();
        for receipt in receipts {
            let id = u128::from(receipt.event_id);
            let is_new = !self.names.contains_key(&id);
            if is_new {
                self.names.insert(id, self.ids.len());
                self.ids.push(receipt.event_id);
                self.note_new(receipt.event_id);
            }
            let Ok(stored) = self.store().get(receipt.event_id) else {
                lines.push("the event cannot be read".to_owned());
                continue;
            };
            lines.push(format!(
                "{} {} #{} {} {:?} {}",
                if is_new { "new" } else { "known" },
                self.name(id),
                receipt.sequence,
                receipt.content_hash == stored.event.header.content_hash,
                receipt.extensions.iter().map(|(key, value)| (key.as_str(), value)).collect::<Vec<_>>(),
                stored.event.header.position.sequence(),
            ));
        }
        lines.join("\n")
    }

    /// Whoever watches or listens is owed something.
    fn note_new(&mut self, id: EventId) {
        let Ok(stored) = self.store().get(id) else { return };
        let entity = stored.coordinate.entity();
        self.watched_moved |= self.watcher.as_ref().is_some_and(|(watched, _)| ENTITIES[*watched] == entity);
        let (scope, kind) = (stored.coordinate.scope(), stored.event.header.event_kind);
        if self.subscribed.as_ref().is_some_and(|region| region.matches_event(entity, scope, kind)) {
            self.owed += 1;
        }
    }

    fn options(&self, extras: &Extras) -> AppendOptions {
        let mut options = AppendOptions::new().with_flags(extras.flags);
        if let Some(expected) = extras.expected {
            options = options.with_cas(expected);
        }
        if let Some(key) = extras.key {
            options = options.with_idempotency(idempotency_key(key));
        }
        if let Some(id) = extras.correlation.and_then(|event| self.event(event)) {
            options = options.with_correlation(CorrelationId::from(u128::from(id)));
        }
        if let Some(id) = extras.causation.and_then(|event| self.event(event)) {
            options = options.with_causation(CausationId::from(u128::from(id)));
        }
        if let Some((lane, depth)) = extras.branch {
            options = options.with_position_hint(AppendPositionHint::new(lane, depth));
        }
        if let Some(byte) = extras.extension {
            let key = ExtensionKey::new("acme.trace").expect("the key is valid");
            options = options.with_extension(key, vec![byte, 200, 0]);
        }
        options
    }

    fn batch(&self, items: &[(Draft, Cause)]) -> Vec<BatchAppendItem> {
        let item = |(draft, cause): &(Draft, Cause)| {
            let cause = match cause {
                Cause::None => CausationRef::None,
                Cause::Event(event) => {
                    self.event(*event).map_or(CausationRef::None, |id| CausationRef::Absolute(id.into()))
                }
                Cause::Prior(item) => CausationRef::PriorItem(*item),
            };
            let (coordinate, payload) = (coordinate(draft), payload(draft));
            BatchAppendItem::new(coordinate, kind(draft.shape), &payload, AppendOptions::new(), cause)
                .expect("the payload encodes")
        };
        items.iter().map(item).collect()
    }

    fn get(&self, event: u64) -> String {
        let Some(id) = self.event(event) else { return "nothing to read".into() };
        told(self.store().get(id), |stored| {
            let header = &stored.event.header;
            format!(
                "{} {} {} {} {:?} {} {} {}",
                stored.coordinate,
                header.event_kind,
                header.timestamp_us,
                header.flags,
                header.causation_id.map(|id| self.name(id.into())),
                header.payload_size,
                self.name(header.correlation_id.into()),
                stored.event.payload,
            )
        })
    }

    fn read_raw(&self, event: u64) -> String {
        let Some(id) = self.event(event) else { return "nothing to read".into() };
        told(self.store().read_raw(id), |stored| {
            format!("{:?} {:?}", stored.event.payload, stored.event.header.content_hash)
        })
    }

    fn watch(&mut self, operation: &Operation) -> String {
        if let Operation::Watch(entity) = operation {
            let watcher = self.store().watch_projection(ENTITIES[*entity], Freshness::Consistent);
            (self.watcher, self.watched_moved) = (Some((*entity, watcher)), false);
            return "watching".into();
        }
        match &mut self.watcher {
            Some((_, watcher)) if self.watched_moved => {
                self.watched_moved = false;
                match watcher.recv() {
                    Ok((generation, state)) => format!("{generation} {state:?}"),
                    Err(error) => format!("failed: {error}"),
                }
            }
            _ => "nothing to wait for".into(),
        }
    }

    fn pull(&mut self, operation: &Operation) -> String {
        match operation {
            Operation::Cursor(wanted) => {
                self.cursor = Some(self.store().cursor_guaranteed(&region(wanted)));
                "at the beginning".into()
            }
            Operation::CursorPoll(max) => match self.cursor.as_mut().map(|cursor| cursor.poll_batch(*max)) {
                Some(entries) => self.entries(&entries),
                None => "no cursor".into(),
            },
            _ => unreachable!("only cursors come here"),
        }
    }

    fn listen(&mut self, operation: &Operation) -> String {
        if let Operation::Subscribe(wanted) = operation {
            let region = region(wanted);
            self.subscription = Some(self.store().subscribe_lossy(&region));
            (self.subscribed, self.owed) = (Some(region), 0);
            return "listening".into();
        }
        match &self.subscription {
            Some(subscription) if self.owed > 0 => {
                self.owed -= 1;
                subscription.recv().map_or("closed".into(), |told| {
                    let cause = told.causation_id.map(|id| self.name(id));
                    let (position, kind) = (told.position.sequence(), told.kind);
                    format!(
                        "{} #{} {} {kind} {position} {cause:?}",
                        self.name(told.event_id),
                        told.sequence,
                        told.coord
                    )
                })
            }
            _ => "nothing to receive".into(),
        }
    }

    fn close_and_reopen(&mut self, close: bool) -> String {
        (self.watcher, self.cursor, self.subscription) = (None, None, None);
        (self.subscribed, self.owed) = (None, 0);
        let store = self.store.take().and_then(Arc::into_inner).expect("nobody else holds the store");
        if close {
            store.close().expect("the store closes");
        } else {
            drop(store);
        }
        self.reopen();
        format!("{:?}", self.store().stats())
    }

    fn event(&self, number: u64) -> Option<EventId> {
        let count = self.ids.len() as u64;
        (count > 0).then(|| self.ids[(number % count) as usize])
    }

    fn name(&self, id: u128) -> String {
        self.names.get(&id).map_or("of the store".into(), |number| format!("e{number}"))
    }

    /// The time of an event; the engines read the clock for their own events at moments of their own.
    fn wall_ms(&self, entry: &IndexEntry) -> Option<u64> {
        self.names.contains_key(&entry.event_id()).then(|| entry.wall_ms())
    }

    fn entries(&self, entries: &[IndexEntry]) -> String {
        let line = |entry: &IndexEntry| {
            format!(
                "{} #{} {} {} {} {:?} {}/{} {} {:?} {} {}",
                self.name(entry.event_id()),
                entry.global_sequence(),
                entry.coord(),
                entry.event_kind(),
                entry.clock(),
                self.wall_ms(entry),
                entry.dag_lane(),
                entry.dag_depth(),
                self.name(entry.correlation_id()),
                entry.causation_id().map(|id| self.name(id)),
                entry.is_correlated(),
                entry.is_root_cause(),
            )
        };
        entries.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn told<T>(result: Result<T, StoreError>, tell: impl FnOnce(T) -> String) -> String {
    match result {
        Ok(value) => tell(value),
        Err(error) => refused(&error),
    }
}

/// What a refusal says to a program: the variant and its fields.
fn refused(error: &StoreError) -> String {
    match error {
        StoreError::NotFound(id) => format!("not found: {id:x}"),
        StoreError::SequenceMismatch { entity, expected, actual } => {
            format!("{entity} is at {actual}, not {expected}")
        }
        StoreError::IdempotencyPartialBatch { .. } => "partly known".into(),
        other => format!("refused: {other:?}"),
    }
}

fn one(receipt: AppendReceipt) -> Vec<AppendReceipt> {
    vec![receipt]
}

fn coordinate(draft: &Draft) -> Coordinate {
    Coordinate::new(ENTITIES[draft.entity], SCOPES[draft.scope]).expect("the names are valid")
}

fn kind(shape: Shape) -> EventKind {
    match shape {
        Shape::Placed => Placed::KIND,
        Shape::Paid => Paid::KIND,
        Shape::Untyped => EventKind::custom(2, 7),
    }
}

fn placed(draft: &Draft) -> Placed {
    let parts = (0..draft.number % 40).map(|part| (part * 7) as u8).collect();
    Placed { number: draft.number, note: format!("order {} – ok", draft.number % 1000), parts }
}

fn paid(draft: &Draft) -> Paid {
    let by = (!draft.number.is_multiple_of(3)).then(|| format!("payer {}", draft.number % 7));
    Paid { cents: draft.number as i64, by }
}

fn payload(draft: &Draft) -> Value {
    match draft.shape {
        Shape::Placed => serde_json::to_value(placed(draft)).expect("it is JSON"),
        Shape::Paid => serde_json::to_value(paid(draft)).expect("it is JSON"),
        Shape::Untyped => json!({
            "n": draft.number, "f": 0.5, "list": [1, "zwei", null, true], "map": { "x": -7 }, "text": "é".repeat((draft.number % 300) as usize)
        }),
    }
}

fn idempotency_key(key: u64) -> IdempotencyKey {
    IdempotencyKey::from(0x5EED_0000 + u128::from(key))
}

fn keyed_item(key: u64) -> BatchAppendItem {
    let draft = keyed(key);
    let options = AppendOptions::new().with_idempotency(idempotency_key(key));
    BatchAppendItem::new(coordinate(&draft), kind(draft.shape), &payload(&draft), options, CausationRef::None)
        .expect("the payload encodes")
}

fn region(wanted: &Wanted) -> Region {
    let mut region = wanted.prefix.map_or_else(Region::all, |entity| Region::entity(ENTITIES[entity]));
    if let Some(scope) = wanted.scope {
        region = region.with_scope(SCOPES[scope]);
    }
    match wanted.kind {
        Some(Kind::Exact(shape)) => region = region.with_fact(KindFilter::Exact(kind(shape))),
        Some(Kind::Category(category)) => region = region.with_fact_category(category),
        Some(Kind::Any) => region = region.with_fact(KindFilter::Any),
        None => {}
    }
    match wanted.clocks {
        Some(clocks) => region.with_clock_range(clocks),
        None => region,
    }
}
