//! Threads that work on events: cursor workers and reactors.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::batpak::MultiEventReactor;
use crate::batpak::event::sourcing::{MultiDispatchError, MultiReactive, Reactive, TypedReactive};
use crate::batpak::prelude::*;
use crate::batpak::store::delivery::observation::IdempotencyKey;
use crate::batpak::store::index::IndexEntry;
use crate::batpak::store::{
    AtLeastOnce, CausationRef, CheckpointId, CursorWorkerAction, CursorWorkerConfig, CursorWorkerHandle,
    ObservedOnce, ReactionBatch, ReactorCanal, ReactorConfig, ReactorError, RestartPolicy,
    TypedReactorHandle,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::shared::{Deposited, Withdrawn, account, open};

/// Somebody was told of a payment.
#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[batpak(category = 0xE, type_id = 0x001)]
struct Notified {
    cents: u64,
}

fn outbound() -> Coordinate {
    Coordinate::new("mail:1", "post").unwrap()
}

fn worker_config(checkpoint_id: Option<CheckpointId>) -> CursorWorkerConfig {
    let mut config = CursorWorkerConfig::default();
    config.batch_size = 4;
    config.idle_sleep = Duration::from_millis(1);
    config.restart = RestartPolicy::Once;
    config.checkpoint_id = checkpoint_id;
    config
}

#[test]
fn a_worker_gets_every_event_in_order() -> Result<(), Box<dyn std::error::Error>> {
    let (_directory, store) = open();
    let store: Arc<Store> = Arc::new(store);
    for cents in 0..10 {
        store.append_typed(&account(), &Deposited { cents })?;
    }
    let (told, heard) = channel();
    let id = CheckpointId::new("worker")?;
    let handle: CursorWorkerHandle = store.cursor_worker(
        &Region::entity("account:1"),
        worker_config(Some(id.clone())),
        move |rows, _store, witness: Option<&AtLeastOnce>| {
            let clocks: Vec<u32> = rows.iter().map(IndexEntry::clock).collect();
            let observed = witness
                .map(|witness| ObservedOnce::new(witness.clone(), IdempotencyKey::from_bytes([7; 32])));
            let parts = observed.map(ObservedOnce::into_parts);
            let named =
                parts.map(|(witness, key)| (witness.checkpoint_id().as_str().to_owned(), key.as_bytes()[0]));
            let last = clocks.last() == Some(&9);
            told.send((clocks, named)).unwrap();
            if last { CursorWorkerAction::Stop } else { CursorWorkerAction::Continue }
        },
    )?;
    handle.join()?;
    let batches: Vec<_> = heard.iter().collect();
    assert!(
        batches.iter().all(|(clocks, named)| clocks.len() <= 4 && *named == Some(("worker".to_owned(), 7)))
    );
    let clocks: Vec<u32> = batches.into_iter().flat_map(|(clocks, _)| clocks).collect();
    assert_eq!(clocks, (0..10).collect::<Vec<_>>());
    Ok(())
}

#[test]
fn a_worker_that_rolls_back_stops_where_it_was() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let store: Arc<Store> = Arc::new(store);
    store.append_typed(&account(), &Deposited { cents: 1 })?;
    let handle =
        store.cursor_worker(&Region::entity("account:1"), worker_config(None), |_, _, witness| {
            assert!(witness.is_none());
            CursorWorkerAction::StopWithRollback
        })?;
    handle.join()?;
    let idle = store.cursor_worker(&Region::entity("nobody"), worker_config(None), |_, _, _| {
        CursorWorkerAction::Continue
    })?;
    idle.stop_and_join()
}

fn reactor_config() -> ReactorConfig {
    ReactorConfig {
        batch_size: 8,
        idle_sleep: Duration::from_millis(1),
        restart_policy: RestartPolicy::Once,
        checkpoint_id: None,
        canal: ReactorCanal::CursorGuaranteed,
    }
}

/// Tells somebody of each payment.
struct Mailer;

impl TypedReactive<Deposited> for Mailer {
    type Error = Infallible;

    fn react(
        &mut self,
        event: &StoredEvent<Deposited>,
        out: &mut ReactionBatch,
        _at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), Self::Error> {
        assert!(out.is_empty());
        let cents = event.event.payload.cents;
        out.push_typed(outbound(), &Notified { cents }, CausationRef::None).unwrap();
        out.push_typed_with_options(
            outbound(),
            &Notified { cents },
            AppendOptions::new(),
            CausationRef::PriorItem(0),
        )
        .unwrap();
        assert_eq!(out.len(), 2);
        Ok(())
    }
}

/// The events that answer, as soon as there are so many.
fn answers(store: &Store, count: usize) -> Vec<Notified> {
    let subscription = store.subscribe_lossy(&Region::entity("mail:1"));
    while store.by_fact_typed::<Notified>().len() < count {
        assert!(subscription.receiver().recv_timeout(Duration::from_mins(1)).is_ok());
    }
    let rows = store.by_fact_typed::<Notified>();
    rows.iter().map(|row| store.get(row.event_id().into()).unwrap().event.decode_typed().unwrap()).collect()
}

#[test]
fn a_reactor_answers_events_of_one_type() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let store: Arc<Store> = Arc::new(store);
    let handle: TypedReactorHandle<Infallible> = store.react_loop_typed::<Deposited, Mailer>(
        &Region::entity("account:1"),
        reactor_config(),
        Mailer,
    )?;
    let deposited = store.append_typed(&account(), &Deposited { cents: 5 })?;
    assert_eq!(answers(&store, 2), [Notified { cents: 5 }, Notified { cents: 5 }]);
    let causes: Vec<_> = store.by_entity("mail:1").iter().map(IndexEntry::causation_id).collect();
    assert_eq!(causes[0], Some(deposited.event_id.into()));
    assert_eq!(causes[1], Some(store.by_entity("mail:1")[0].event_id()));
    handle.stop();
    assert!(handle.join().is_ok());
    Ok(())
}

#[derive(Debug)]
struct Overdrawn;

impl std::fmt::Display for Overdrawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("overdrawn")
    }
}

impl std::error::Error for Overdrawn {}

/// Refuses everything.
struct Strict;

impl TypedReactive<Withdrawn> for Strict {
    type Error = Overdrawn;

    fn react(
        &mut self,
        _event: &StoredEvent<Withdrawn>,
        _out: &mut ReactionBatch,
        _at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), Self::Error> {
        Err(Overdrawn)
    }
}

#[test]
fn a_reactor_that_fails_says_why_when_it_is_joined() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let store: Arc<Store> = Arc::new(store);
    store.append_typed(&account(), &Withdrawn { cents: 5 })?;
    let handle = store.react_loop_typed(&Region::all(), reactor_config(), Strict)?;
    match handle.join() {
        Err(ReactorError::User(error)) => assert_eq!(error.to_string(), "overdrawn"),
        other => panic!("{other:?}"),
    }
    store.append(&account(), Deposited::KIND, &json!({"cents": "many"}))?;
    let handle = store.react_loop_typed::<Deposited, Mailer>(&Region::all(), reactor_config(), Mailer)?;
    match handle.join() {
        Err(ReactorError::Decode(TypedDecodeError::DecodeFailure { kind, .. })) => {
            assert_eq!(kind, Deposited::KIND);
        }
        other => panic!("{other:?}"),
    }
    Ok(())
}

/// Tells somebody of money that comes and of money that goes.
#[derive(Default, MultiEventReactor)]
#[batpak(input = JsonValueInput, error = Infallible)]
#[batpak(event = Deposited, handler = on_deposited)]
#[batpak(event = Withdrawn, handler = on_withdrawn)]
struct Clerk {
    seen: u64,
}

impl Clerk {
    #[expect(clippy::unnecessary_wraps, reason = "the derive asks for a result")]
    fn on_deposited(
        &mut self,
        event: &StoredEvent<Deposited>,
        out: &mut ReactionBatch,
        _at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), Infallible> {
        self.seen += 1;
        out.push_typed(outbound(), &Notified { cents: event.event.payload.cents }, CausationRef::None)
            .unwrap();
        Ok(())
    }

    #[expect(clippy::unnecessary_wraps, reason = "the derive asks for a result")]
    fn on_withdrawn(
        &mut self,
        _event: &StoredEvent<Withdrawn>,
        out: &mut ReactionBatch,
        _at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), Infallible> {
        out.push_typed(outbound(), &Notified { cents: self.seen }, CausationRef::None).unwrap();
        Ok(())
    }
}

#[test]
fn a_reactor_answers_events_of_several_types() -> Result<(), StoreError> {
    assert_eq!(Clerk::relevant_event_kinds().len(), 2);
    let (_directory, store) = open();
    let store: Arc<Store> = Arc::new(store);
    let handle = store.react_loop_multi(&Region::entity("account:1"), reactor_config(), Clerk::default())?;
    store.append_typed(&account(), &Deposited { cents: 5 })?;
    store.append_typed(&account(), &Withdrawn { cents: 5 })?;
    assert_eq!(answers(&store, 2), [Notified { cents: 5 }, Notified { cents: 1 }]);
    assert!(handle.stop_and_join().is_ok());
    Ok(())
}

/// The same over stored bytes, written by hand.
struct Counter;

impl MultiReactive<RawMsgpackInput> for Counter {
    type Error = Overdrawn;

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[Deposited::KIND]
    }

    fn dispatch(
        &mut self,
        event: &StoredEvent<Vec<u8>>,
        out: &mut ReactionBatch,
        _at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), MultiDispatchError<Self::Error>> {
        let deposited: Deposited = event.event.decode_typed().map_err(MultiDispatchError::Decode)?;
        if deposited.cents == 0 {
            return Err(MultiDispatchError::User(Overdrawn));
        }
        out.push_typed(outbound(), &Notified { cents: deposited.cents }, CausationRef::None).unwrap();
        Ok(())
    }
}

#[test]
fn a_reactor_over_stored_bytes_answers_too() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let store: Arc<Store> = Arc::new(store);
    store.append_typed(&account(), &Deposited { cents: 3 })?;
    let handle = store.react_loop_multi_raw(&Region::entity("account:1"), reactor_config(), Counter)?;
    assert_eq!(answers(&store, 1), [Notified { cents: 3 }]);
    store.append_typed(&account(), &Deposited { cents: 0 })?;
    assert!(matches!(handle.join(), Err(ReactorError::User(Overdrawn))));
    let lossy = ReactorConfig { canal: ReactorCanal::LossySubscription, ..reactor_config() };
    store
        .react_loop_multi_raw(&Region::entity("nobody"), lossy, Counter)?
        .stop_and_join()
        .map_err(|_| StoreError::WriterCrashed)
}

/// Says the same again, elsewhere.
struct Echo;

impl Reactive<Value> for Echo {
    fn react(&self, event: &Event<Value>) -> Vec<(Coordinate, EventKind, Value)> {
        vec![(outbound(), Notified::KIND, event.payload.clone())]
    }
}

#[test]
fn an_untyped_reactor_runs_as_long_as_its_store() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let store: Arc<Store> = Arc::new(store);
    let _thread = store.react_loop(&Region::entity("account:1"), Echo)?;
    store.append_typed(&account(), &Deposited { cents: 4 })?;
    assert_eq!(answers(&store, 1), [Notified { cents: 4 }]);
    Ok(())
}
