//! Owns the reactor: a thread that hands events to a handler and appends its answers, those to one event as one group.
//!
//! Invariants:
//! - the answers to a batch are gathered before the first of them is appended, so that a handler that fails leaves nothing of its batch;
//! - with a checkpoint id, an event that is delivered again after its answers were appended changes nothing.

use std::time::Duration;

use thiserror::Error;

use crate::derive::canal::ReactorCanal;
use crate::derive::checkpoint::CheckpointId;
use crate::derive::feed::{CursorFeed, LossyFeed};
use crate::derive::observation::AtLeastOnce;
use crate::derive::reaction::{ReactionBatch, ReactionKeys};
use crate::read::entry::LogEvent;
use crate::store::Store;
use crate::store::react::dispatch::Dispatch;
use crate::store::react::work::{Failure, Running, Terms, start};
use crate::store::react::worker::{CursorWorkerAction, begin};
use crate::words::config::RestartPolicy;
use crate::words::decode::TypedDecodeError;
use crate::words::error::StoreError;
use crate::words::id::{CausationId, CorrelationId, EventId};
use crate::words::region::Region;
use crate::words::sync::Arc;

/// How a reactor works.
///
/// Events come at least once. Without a checkpoint id a reactor begins at the first event every time, and answers it anew. With one it
/// goes on where it was, and what it answered already is not appended again, even if the process ended between the answer and the saving
/// of the position: the answers get idempotency keys made of the checkpoint id, the event and their order. To let a reactor answer
/// everything anew, give it another checkpoint id. Answers to which the handler gave keys of its own keep those.
#[derive(Clone, Debug)]
pub struct ReactorConfig {
    /// Most events of a batch; 64 unless set, and 0 counts as 1. A handler that fails gives up the answers to its whole batch.
    pub batch_size: usize,
    /// Kept for programs written against batpak; has no effect, because an append wakes the reactor at once and nothing else does.
    pub idle_sleep: Duration,
    /// How often the reactor begins again after the handler panicked. The batch is delivered again then. Errors always end it.
    pub restart_policy: RestartPolicy,
    /// The name under which the position is saved after each batch. [`ReactorCanal::LossySubscription`] saves none.
    pub checkpoint_id: Option<CheckpointId>,
    /// Where the events come from.
    pub canal: ReactorCanal,
}

impl Default for ReactorConfig {
    fn default() -> Self {
        Self {
            batch_size: 64,
            idle_sleep: Duration::from_millis(10),
            restart_policy: RestartPolicy::default(),
            checkpoint_id: None,
            canal: ReactorCanal::default(),
        }
    }
}

/// Why a reactor gave up.
#[derive(Debug, Error)]
pub enum ReactorError<E: std::error::Error + Send + Sync + 'static> {
    /// The handler failed.
    #[error("the handler failed: {0}")]
    User(#[source] E),
    /// Reading an event, appending the answers or saving the position failed.
    #[error(transparent)]
    Store(StoreError),
    /// An event does not decode as the type that belongs to its kind.
    #[error("an event did not reach its handler: {0}")]
    Decode(#[source] TypedDecodeError),
    /// The handler panicked more often than the configuration allows.
    #[error("the handler panicked more often than it may")]
    RestartBudgetExhausted,
}

impl<E: std::error::Error + Send + Sync + 'static> From<StoreError> for ReactorError<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// A running reactor. Dropping it asks the reactor to stop; the reactor ends by itself when the store is closed.
#[derive(Debug)]
pub struct TypedReactorHandle<E: std::error::Error + Send + Sync + 'static> {
    running: Running<Failure<ReactorError<E>>>,
}

impl<E: std::error::Error + Send + Sync + 'static> TypedReactorHandle<E> {
    /// Asks the reactor to stop, and does not wait for it. A batch that is being handled is finished first.
    pub fn stop(&self) {
        self.running.stop();
    }

    /// Waits until the reactor ends by itself: it failed, somebody stopped it, or the store was closed.
    pub fn join(self) -> Result<(), ReactorError<E>> {
        self.running.join().map_err(|failure| match failure {
            Failure::Store(error) => ReactorError::Store(error),
            Failure::Handler(error) => error,
            Failure::Exhausted => ReactorError::RestartBudgetExhausted,
        })
    }

    /// Stops the reactor and waits until it ended.
    pub fn stop_and_join(self) -> Result<(), ReactorError<E>> {
        self.stop();
        self.join()
    }
}

/// Starts a reactor.
pub(super) fn react<D: Dispatch>(
    store: &Arc<Store>,
    region: &Region,
    config: ReactorConfig,
    mut dispatch: D,
) -> Result<TypedReactorHandle<D::Error>, StoreError> {
    let ReactorConfig { batch_size, idle_sleep: _, restart_policy, checkpoint_id, canal } = config;
    let terms = |witness| Terms { batch_size, restart: restart_policy, witness };
    let handle = move |events: Vec<LogEvent>, store: &Store, witness: Option<&AtLeastOnce>| {
        answer(&mut dispatch, events, store, witness)
    };
    let running = match canal {
        ReactorCanal::CursorGuaranteed => {
            let cursor = begin(store, region, checkpoint_id.as_ref());
            let feed = cursor.map(|cursor| CursorFeed::of_events(cursor.of_kinds(D::kinds())));
            start("reactor", store, feed, terms(checkpoint_id.map(AtLeastOnce::new)), handle)?
        }
        ReactorCanal::LossySubscription => {
            let feed = LossyFeed::new(&store.reader, region, D::kinds());
            start("reactor", store, Ok(feed), terms(None), handle)?
        }
    };
    Ok(TypedReactorHandle { running })
}

/// Hands every event of a batch to its handler, then appends the answers.
fn answer<D: Dispatch>(
    dispatch: &mut D,
    events: Vec<LogEvent>,
    store: &Store,
    witness: Option<&AtLeastOnce>,
) -> Result<CursorWorkerAction, ReactorError<D::Error>> {
    let mut answers = Vec::new();
    for event in events {
        let header = &event.raw.header;
        let source = Source { event: header.event_id, correlation: header.correlation_id };
        let mut reactions = ReactionBatch::default();
        dispatch.dispatch(event, &mut reactions, witness)?;
        if !reactions.is_empty() {
            answers.push((source, reactions));
        }
    }
    for (source, reactions) in answers {
        append(store, source, reactions, witness)?;
    }
    Ok(CursorWorkerAction::Continue)
}

/// The event that is reacted to.
#[derive(Clone, Copy, Debug)]
struct Source {
    event: EventId,
    correlation: CorrelationId,
}

/// Appends the answers to one event, unless they stand in the log already, or stood there before they were removed.
///
/// The group is atomic, so that the first key stands for all, and a handler that answers otherwise the second time is no conflict.
fn append(
    store: &Store,
    source: Source,
    reactions: ReactionBatch,
    witness: Option<&AtLeastOnce>,
) -> Result<(), StoreError> {
    let keys = witness.filter(|_| !reactions.has_keys());
    let keys = keys.map(|witness| ReactionKeys::new(witness.checkpoint_id(), source.event));
    if let Some(keys) = &keys {
        let first = EventId::from_u128(keys.key(0).into());
        if store.reader.find_kept_or_removed(first)?.is_some() {
            return Ok(());
        }
    }
    let (correlation, cause) = (source.correlation, CausationId::from(source.event));
    store.append_reaction_batch(correlation, cause, reactions.into_items(keys.as_ref())).map(drop)
}
